// The exact bytes of saved objects

#include <string>
#include <vector>

#include "io_support.hpp"

using namespace io_support;

static void test_labels() {
    auto expected = Bytes();
    append(expected, std::string("\x93NUMPY\x01\x00\x76\x00", 10));
    append(expected, "{ 'descr': [('a', '<i4'), ('b', '<i4'), ], ");
    append(expected, "'fortran_order': False, 'shape': (2, ) }");
    append(expected, std::string(128 - 1 - expected.size(), ' ') + "\n");
    for (int32_t value : {0, 1, -2, 3}) {
        append(expected, 4, static_cast<uint32_t>(value));
    }
    CHECK(saved(labels({"a", "b"}, {0, 1, -2, 3})) == expected);
}

static void test_block() {
    auto bytes = saved(simple_block());
    CHECK_EQ(bytes.size(), 812U);
    CHECK(
        slice(bytes, 0, 60) ==
        from_hex(
            "504b0304 1400 0000 0000 0000 2128 b73f09d2 ffffffff ffffffff 0a00 1400"
            "76616c7565732e6e7079 0100 1000 a000000000000000 a000000000000000"
        )
    );
    CHECK(
        slice(bytes, 617, 617 + 46) ==
        from_hex(
            "504b0102 2e03 1400 0000 0000 0000 2128 b73f09d2 a0000000 a0000000 0a00 0000"
            "0000 0000 0000 0000a481 00000000"
        )
    );
    CHECK(
        slice(bytes, 812 - 22, 812) ==
        from_hex("504b0506 0000 0000 0300 0300 ad000000 69020000 0000")
    );
}

static void test_empty_tensor() {
    CHECK_EQ(saved(tensor({})).size(), 262U);
}

static void test_full_tensor() {
    struct Expected {
        size_t offset;
        std::string name;
        size_t size;
        uint32_t crc;
    };
    const auto pos = std::string("blocks/0/gradients/pos/");
    const auto expected = std::vector<Expected>{
        {0, "keys.npy", 132, 0xb9a69ce9},
        {190, "blocks/0/values.npy", 144, 0x693e2bb1},
        {403, "blocks/0/samples.npy", 136, 0xa76b942e},
        {609, "blocks/0/properties.npy", 136, 0xf563c46f},
        {818, "blocks/0/gradients/A/values.npy", 136, 0xc0cb40e7},
        {1035, "blocks/0/gradients/A/samples.npy", 132, 0xa2f77bc1},
        {1249, pos + "values.npy", 176, 0xf7b0f211},
        {1508, pos + "samples.npy", 144, 0x14729fd7},
        {1736, pos + "components/0.npy", 140, 0x1aa469f2},
        {1965, pos + "gradients/n/values.npy", 152, 0xc6764d7b},
        {2212, pos + "gradients/n/samples.npy", 132, 0x1a4b1ca4},
        {2440, pos + "gradients/n/components/0.npy", 140, 0x1aa469f2},
        {2681, "info.json", 39, 0x867c459e},
    };

    auto bytes = saved(full_tensor());
    CHECK_EQ(bytes.size(), 3789U);
    auto members = unzip(bytes);
    CHECK_EQ(members.size(), expected.size());
    for (size_t i = 0; i < expected.size(); i++) {
        CHECK_EQ(members[i].offset, expected[i].offset);
        CHECK_EQ(members[i].name, expected[i].name);
        CHECK_EQ(members[i].content.size(), expected[i].size);
        CHECK_EQ(members[i].crc, expected[i].crc);
        CHECK_EQ(crc32(members[i].content), expected[i].crc);
    }

    auto info = std::string("{\n  \"a\": \"line\\n\\\"q\\\" \xc3\xa9\",\n  \"z\": \"1\"\n}");
    CHECK(members.back().content == Bytes(info.begin(), info.end()));
}

// There is at least one space at the end of headers, and their size is a multiple of 64.
static void test_header_padding() {
    for (size_t length = 1; length < 200; length++) {
        auto name = std::string(length, 'n');
        auto bytes = saved(labels({name.c_str()}, {}));

        auto dict =
            "{ 'descr': [('" + name + "', '<i4'), ], 'fortran_order': False, 'shape': (0, ) }";
        CHECK_EQ(bytes.size(), 64 * ((10 + dict.size() + 1) / 64 + 1));
        CHECK_EQ(get(bytes, 8, 2), bytes.size() - 10);
        CHECK(slice(bytes, 10, 10 + dict.size()) == Bytes(dict.begin(), dict.end()));
        CHECK_EQ(bytes[bytes.size() - 2], ' ');
        CHECK_EQ(bytes.back(), '\n');
    }
}

// Names can be so long that version 1.0 of the NPY format can not store the size of the header.
static void test_long_names() {
    for (size_t length : {65400, 65450, 65460, 65470, 65480, 65500, 65536, 200000}) {
        auto name = std::string(length, 'n');
        auto original = labels({name.c_str()}, {3, 4});
        auto bytes = saved(original);

        auto dict_size = length + std::string("{ 'descr': [('', '<i4'), ], ").size() +
                         std::string("'fortran_order': False, 'shape': (2, ) }").size();
        if (10 + dict_size + 1 < 65536 - 64) {
            CHECK_EQ(bytes[6], 1);
            CHECK_EQ(get(bytes, 8, 2) + 10 + 8, bytes.size());
        } else if (10 + dict_size + 1 >= 65536) {
            CHECK_EQ(bytes[6], 2);
            CHECK_EQ(get(bytes, 8, 4) + 12 + 8, bytes.size());
            CHECK_EQ((bytes.size() - 8) % 64, 0U);
        }
        CHECK(saved(load_labels(bytes)) == bytes);
    }
}

int main() {
    test_labels();
    test_block();
    test_empty_tensor();
    test_full_tensor();
    test_header_padding();
    test_long_names();
    CHECK_EQ(live_arrays.load(), 0);
}
