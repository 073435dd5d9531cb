// Compressed archives

#include <vector>

#include "io_support.hpp"

using namespace io_support;

// A block compressed by zlib: (20, 30) values with a dynamic Huffman code, samples with the fixed
// code, properties stored
static std::vector<Member> compressed_members() {
    auto compressed = [](const char* name, const char* hex, uint64_t size, uint32_t crc) {
        auto member = Member(name, from_hex(hex));
        member.method = 8;
        member.uncompressed_size = size;
        member.crc = crc;
        return member;
    };
    return {
        compressed(
            "values.npy",
            "2d92bb4e5b411086bd735bc453b83b417261922e4229d325a2a14885ac60448170644385788abc70"
            "be7f1c5b3e677766fecbccf8efcfbb1fb7bfc6eadbea7d79d89f7e1f97afebe5e6ed7ad9ac97c7c3"
            "f1f5b87bb93f1c1ff68a7fdf3d9ff6c44f4fbb3f7bee9f3e6f37eb2fdbabcdfae332ca32664caf9a"
            "e9118353f0493d4c6fee4ec22333f90daad2334a978a52aa4a751dbee03a2637b38099af8593b0ca"
            "7473980615e6cdd90cc00d1a04a989161ac239eaae30c894b57644043f00a6ada04546baa1a8a58b"
            "066df7a1bbb8625a953cb8214c4501ce104aca6ac2a45172d98e5c2a4ae934a101cc58ca85cdff47"
            "94c856bb420d5733f51cf28493e2247953bb1260024e3d2f6b119777b4351392e809a6b81485873e"
            "f06c719e098066645b5552a7916a744e1144caddec4da1d2a05277a30466b6465ecbc51323177a54"
            "f61eaa37ab4ef5196cc5ce956eab10ee3c206f528d4173e9d1f51f016776a1a67a4fcc189d7f",
            672,
            0xcab9df43
        ),
        compressed(
            "samples.npy",
            "9bec17ea1b10c9c8e0c250ad9e925a9c5ca46ea510ada15eacaea3a06e9369a2ae190b64a4e51795"
            "1425e6c5e717a5a48214b825e614a702c58b33120b52817c0d23031d4d1d855a2e06206004622620"
            "660662162066056236206607620e20e6046290426e20e601625e20e603627e201600624120160262"
            "61200600",
            158,
            0x63ee6f4f
        ),
        compressed(
            "properties.npy",
            "01c60039ff934e554d5059010044007b276465736372273a205b282770272c20273c693427295d2c"
            "2027666f727472616e5f6f72646572273a2046616c73652c20277368617065273a202833302c292c"
            "207d0a00000000010000000200000003000000040000000500000006000000070000000800000009"
            "0000000a0000000b0000000c0000000d0000000e0000000f00000010000000110000001200000013"
            "0000001400000015000000160000001700000018000000190000001a0000001b0000001c0000001d"
            "000000",
            198,
            0xa8b6c219
        ),
    };
}

static Bytes compressed_values() {
    auto values = Bytes();
    uint32_t state = 1;
    for (int i = 0; i < 600; i++) {
        state = (state * 1103515245 + 12345) % 0x80000000;
        auto bits = (state >> 16) & 0xff;
        uint8_t ones = 0;
        for (; bits != 0; bits >>= 1) {
            ones = static_cast<uint8_t>(ones + (bits & 1));
        }
        values.push_back(ones);
    }
    return values;
}

static void test_compressed() {
    auto loaded = load_block(zip(compressed_members()));
    CHECK_NOT_NULL(loaded.get());
    auto values = mts_array_t{};
    CHECK_SUCCESS(mts_block_data(loaded.get(), &values));
    CHECK_EQ(static_cast<TestArray*>(values.ptr)->data, compressed_values());
}

static void test_damaged_compressed() {
    const auto original = compressed_members();
    for (size_t i = 0; i < original.size(); i++) {
        for (size_t size = 0; size < original[i].content.size(); size++) {
            auto members = original;
            members[i].content.resize(size);
            CHECK(!load_block(zip(members)));
            CHECK(is_format_error(last_status()));
        }
        for (size_t byte = 0; byte < original[i].content.size(); byte++) {
            for (int bit = 0; bit < 8; bit++) {
                auto members = original;
                members[i].content[byte] ^= static_cast<uint8_t>(1 << bit);
                load_everything(zip(members));
            }
        }
        // other sizes than the one of the content
        for (uint64_t size : {0, 10, 100, 157, 159, 500, 100000}) {
            auto members = original;
            members[i].uncompressed_size = size;
            CHECK(!load_block(zip(members)));
            CHECK(is_format_error(last_status()));
        }
    }
}

// Each one breaks a rule of DEFLATE
static void test_invalid_compressed() {
    const auto invalid = std::vector<Bytes>{
        {},
        {0x07},                               // type of block 3
        {0x01, 0x00, 0x01, 0x00, 0x00},       // length of a stored block and its complement
        {0x01, 0x10, 0x00, 0xef, 0xff, 'a'},  // stored block that ends too early
        {0x03},                               // fixed code, without the end of the block
        {0x63, 0x00, 0x42, 0x00, 0x00},       // distance before the start of the data
        {0x05, 0x00},                         // dynamic code that ends in its header
        {0xfd, 0xff, 0xff, 0xff},             // too many symbols
        {0x05, 0xc0, 0x81, 0x00, 0x00, 0x00}, // code lengths that do not make a code
    };
    for (const auto& content : invalid) {
        auto members = compressed_members();
        members[0].content = content;
        members[0].uncompressed_size = content.size() + 1;
        CHECK(!load_block(zip(members)));
        CHECK_EQ(last_status(), MTS_IO_ERROR);
    }

    // no compression is this good
    auto members = compressed_members();
    members[0].uncompressed_size = 0x7fffffff;
    CHECK(!load_block(zip(members)));
    CHECK_EQ(last_status(), MTS_SERIALIZATION_ERROR);
}

int main() {
    test_compressed();
    test_damaged_compressed();
    test_invalid_compressed();
    CHECK_EQ(live_arrays.load(), 0);
}
