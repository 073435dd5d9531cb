// Loading from damaged bytes: this always gives an error, or a valid object, without using much
// more memory than the size of the bytes

#include "damage.hpp"

using namespace io_support;
using damage::check_load;

static void test_truncation() {
    auto bytes = saved(range("a", 4));
    for (size_t size = 0; size < bytes.size(); size++) {
        CHECK(!load_labels(slice(bytes, 0, size)));
        CHECK(is_format_error(last_status()));
    }

    bytes = saved(full_tensor());
    for (size_t size = 0; size < bytes.size(); size++) {
        CHECK(!load_tensor(slice(bytes, 0, size)));
        CHECK_EQ(last_status(), MTS_SERIALIZATION_ERROR);
        CHECK_EQ(live_arrays.load(), 0);
    }
}

// Missing bytes at the start can not be seen from the end of the archive, but offsets are wrong.
static void test_missing_start() {
    auto bytes = saved(simple_block());
    for (size_t start = 1; start < bytes.size(); start++) {
        CHECK(!load_block(slice(bytes, start, bytes.size())));
        CHECK(is_format_error(last_status()));
    }
}

static void test_bit_flips() {
    for (const auto& original :
         {saved(range("a", 4)), saved(simple_block()), saved(full_tensor())}) {
        for (size_t byte = 0; byte < original.size(); byte++) {
            for (int bit = 0; bit < 8; bit++) {
                auto bytes = original;
                bytes[byte] ^= static_cast<uint8_t>(1 << bit);
                check_load(bytes);
            }
        }
    }
}

// All values that matter for the sizes and offsets in headers
static void test_wrong_fields() {
    auto original = saved(simple_block());
    for (size_t byte = 0; byte + 8 <= original.size(); byte++) {
        for (uint64_t value :
             {uint64_t{0}, uint64_t{0x7fffffff}, ~uint64_t{0}, uint64_t{original.size()}}) {
            for (size_t size : {2, 4, 8}) {
                auto bytes = original;
                set(bytes, byte, size, value);
                check_load(bytes);
            }
        }
    }
}

// Damage that the checksums can not see
static void test_bit_flips_in_content() {
    const auto original = unzip(saved(full_tensor()));
    for (size_t i = 0; i < original.size(); i++) {
        for (size_t byte = 0; byte < original[i].content.size(); byte++) {
            for (int bit = 0; bit < 8; bit++) {
                auto members = original;
                auto content = original[i].content;
                content[byte] ^= static_cast<uint8_t>(1 << bit);
                members[i] = Member(original[i].name, content);
                check_load(zip(members));
            }
        }
    }
}

int main() {
    test_truncation();
    test_missing_start();
    test_bit_flips();
    test_wrong_fields();
    test_bit_flips_in_content();
    CHECK_EQ(live_arrays.load(), 0);
}
