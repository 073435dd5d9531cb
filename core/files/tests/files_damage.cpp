// Damaged files: this always gives an error, or a valid object

#include <initializer_list>

#include "files_support.hpp"

using namespace files_support;

// Each case is a file, which takes time: only one byte out of so many is damaged
constexpr size_t STEP = 7;

// Use everything that can be used in a file. What loads normally must work in all other ways.
static void use_everything(const std::string& path, const Bytes& bytes) {
    auto block = load_block(bytes);
    auto tensor = load_tensor(bytes);
    auto file = open(path);
    if (block != nullptr || tensor != nullptr) {
        CHECK(file != nullptr);
    }
    if (file == nullptr) {
        return;
    }

    auto samples = labels({"s"}, {1, 0});
    auto read_tensor =
        own(mts_file_read_tensormap(file.get(), nullptr, nullptr, nullptr, create_array));
    auto mapped_tensor = own(mts_file_map_tensormap(file.get(), nullptr, nullptr, nullptr));
    auto some_samples =
        own(mts_file_read_tensormap(file.get(), nullptr, samples.get(), nullptr, create_array));
    CHECK_EQ(read_tensor != nullptr, tensor != nullptr);
    if (tensor != nullptr) {
        CHECK(mapped_tensor != nullptr);
        CHECK_EQ(saved(read_tensor), saved(tensor));
        CHECK_EQ(saved(mapped_tensor), saved(tensor));
    }
    if (mapped_tensor != nullptr) {
        CHECK(!saved(mapped_tensor).empty());
    }

    auto read_block = own(mts_file_read_block(file.get(), nullptr, nullptr, create_array));
    auto mapped_block = own(mts_file_map_block(file.get(), nullptr, nullptr));
    auto last_sample = own(mts_file_read_samples(file.get(), 0, 1, 1, create_array));
    CHECK_EQ(read_block != nullptr, block != nullptr);
    if (block != nullptr) {
        CHECK(mapped_block != nullptr);
        CHECK_EQ(saved(mapped_block), saved(block));
    }
    if (mapped_block != nullptr) {
        CHECK(!saved(mapped_block).empty());
    }
}

static void test_truncation(const TemporaryFolder& folder) {
    auto bytes = saved(full_tensor());
    for (size_t size = 0; size < bytes.size(); size += STEP) {
        auto path = folder.file("file", slice(bytes, 0, size));
        CHECK(open(path) == nullptr);
        CHECK(is_format_error(last_status()));
    }
}

static void test_bit_flips(const TemporaryFolder& folder) {
    for (const auto& original : {saved(simple_block()), saved(full_tensor())}) {
        for (size_t byte = 0; byte < original.size(); byte += STEP) {
            auto bytes = original;
            bytes[byte] ^= static_cast<uint8_t>(1 << (byte % 8));
            use_everything(folder.file("file", bytes), bytes);
            CHECK_EQ(live_arrays.load(), 0);
        }
    }
}

// Damage that the checksums can not see
static void test_bit_flips_in_content(const TemporaryFolder& folder) {
    for (const auto& original : unzip(saved(full_tensor()))) {
        for (size_t byte = 0; byte < original.content.size(); byte += STEP) {
            auto members = unzip(saved(full_tensor()));
            for (auto& member : members) {
                if (member.name == original.name) {
                    member.content[byte] ^= static_cast<uint8_t>(1 << (byte % 7));
                    member.crc = crc32(member.content);
                }
            }
            auto bytes = zip(members);
            use_everything(folder.file("file", bytes), bytes);
            CHECK_EQ(live_arrays.load(), 0);
        }
    }
}

// The values are not read, so nobody looks at their checksum: only the loader of everything does
static void test_checksums(const TemporaryFolder& folder) {
    auto original = saved(simple_block());
    auto members = unzip(original);
    members[0].content.back() ^= 1;
    auto bytes = zip(members);
    auto file = open(folder.file("file", bytes));
    CHECK_NULL(load_block(bytes).get(), "checksum");
    CHECK_NULL(mts_file_read_block(file.get(), nullptr, nullptr, create_array), "checksum");
    CHECK(own(mts_file_read_samples(file.get(), 0, 1, 1, create_array)) != nullptr);
    CHECK(own(mts_file_map_block(file.get(), nullptr, nullptr)) != nullptr);

    // labels are always read
    members = unzip(original);
    members[1].content.back() ^= 1;
    auto bad_labels = open(folder.file("file", zip(members)));
    CHECK_NULL(
        mts_file_map_block(bad_labels.get(), nullptr, nullptr), "in 'samples.npy': the checksum"
    );
}

int main() {
    auto folder = TemporaryFolder();
    test_truncation(folder);
    test_bit_flips(folder);
    test_bit_flips_in_content(folder);
    test_checksums(folder);
    CHECK_EQ(live_arrays.load(), 0);
}
