// Loading from archives and headers that are made to break the reader: this always gives an error,
// or a valid object, without using much more memory than the size of the file

#include "damage.hpp"

using namespace io_support;
using damage::check_load;

namespace {

constexpr size_t MAX_COMPRESSION_RATIO = 1032;

/// The same, for bytes that are not a valid block
void check_refused(const Bytes& bytes, size_t max_expansion = 1) {
    check_load(bytes, max_expansion);
    CHECK(!load_block(bytes));
    CHECK(last_status() != MTS_INTERNAL_ERROR);
}

Bytes npy_values(const std::string& shape, const std::string& type = "<f8") {
    auto header = "{'descr': '" + type + "', 'fortran_order': False, 'shape': " + shape + ", }";
    return npy(header, Bytes(32));
}

/// The archive of a block, with ZIP64 values wherever they are possible
Bytes zip64_block() {
    auto members = block_members(npy(VALUES_HEADER, Bytes(32)));
    auto archive = Bytes();
    auto directory = Bytes();
    for (const auto& member : members) {
        auto offset = archive.size();
        auto append_header = [&](Bytes& output, uint32_t signature, size_t made_by) {
            append(output, 4, signature);
            append(output, made_by, 45);
            append(output, 2, 45);
            append(output, 8, 0);
            append(output, 4, member.crc);
            append(output, 8, ~uint64_t{0});
            append(output, 2, member.name.size());
        };
        append_header(archive, 0x04034b50, 0);
        append(archive, 2, 20);
        append(archive, member.name);
        append(archive, 4, 0x00100001);
        append(archive, 8, member.content.size());
        append(archive, 8, member.content.size());
        archive.insert(archive.end(), member.content.begin(), member.content.end());

        append_header(directory, 0x02014b50, 2);
        append(directory, 2, 28);
        append(directory, 8, 0);
        append(directory, 2, 0);
        append(directory, 4, 0xffffffff);
        append(directory, member.name);
        append(directory, 4, 0x00180001);
        append(directory, 8, member.content.size());
        append(directory, 8, member.content.size());
        append(directory, 8, offset);
    }

    auto directory_offset = archive.size();
    archive.insert(archive.end(), directory.begin(), directory.end());
    auto end_offset = archive.size();
    append(archive, 4, 0x06064b50);
    append(archive, 8, 44);
    append(archive, 4, 0x002d002d);
    append(archive, 8, 0);
    append(archive, 8, members.size());
    append(archive, 8, members.size());
    append(archive, 8, directory.size());
    append(archive, 8, directory_offset);
    append(archive, 4, 0x07064b50);
    append(archive, 4, 0);
    append(archive, 8, end_offset);
    append(archive, 4, 1);
    append(archive, 4, 0x06054b50);
    append(archive, 4, 0);
    append(archive, 8, ~uint64_t{0});
    append(archive, 4, 0xffffffff);
    append(archive, 2, 0);
    return archive;
}

void test_zip64() {
    const auto original = zip64_block();
    CHECK(load_block(original) != nullptr);

    for (size_t byte = 0; byte < original.size(); byte++) {
        for (int bit = 0; bit < 8; bit++) {
            auto bytes = original;
            bytes[byte] ^= static_cast<uint8_t>(1 << bit);
            check_load(bytes);
        }
    }
    for (size_t byte = 0; byte + 8 <= original.size(); byte++) {
        for (uint64_t value : {uint64_t{0}, ~uint64_t{0} >> 1, ~uint64_t{0}, ~uint64_t{0} - 100}) {
            auto bytes = original;
            set(bytes, byte, 8, value);
            check_load(bytes);
        }
    }
}

// No two members can use the same bytes
void test_overlaps() {
    const auto archive = zip(block_members(npy(VALUES_HEADER, Bytes(32))));
    const auto members = unzip(archive);
    auto first_entry = get(archive, archive.size() - 6, 4);
    constexpr size_t ENTRY_SIZE = 46;
    constexpr size_t OFFSET = 42;

    // all entries of the directory for the same member
    auto bytes = archive;
    auto entry = first_entry;
    for (const auto& member : members) {
        set(bytes, entry + OFFSET, 4, 0);
        entry += ENTRY_SIZE + member.name.size();
    }
    check_refused(bytes);

    // the first member contains the others
    bytes = archive;
    for (size_t size : {first_entry - 40, first_entry, archive.size()}) {
        set(bytes, first_entry + 20, 4, size);
        set(bytes, first_entry + 24, 4, size);
        check_refused(bytes);
    }

    // a member that is in the directory, or after it
    for (size_t offset : {first_entry, first_entry + 10, archive.size() - 22, archive.size()}) {
        bytes = archive;
        set(bytes, first_entry + OFFSET, 4, offset);
        check_refused(bytes);
    }
}

void test_shapes() {
    for (const auto* shape : {
             "(2, 3)",
             "(2, 1000000)",
             "(1000000000, 1000000000)",
             "(2, 9223372036854775807)",
             "(4611686018427387904, 4)",
             "(4294967296, 4294967296)",
             "(18446744073709551615, 18446744073709551615)",
             "(2, 18446744073709551616)",
             "(2, 99999999999999999999999999999999999999999999)",
             "(0, 9223372036854775807, 9223372036854775807)",
             "(0, 2305843009213693951, 2)",
             "(-2, -2)",
             "(2, 2.0)",
             "(2, 2e0)",
             "(2, 0x2)",
             "(2, +2)",
             "(2, 2, 2)",
             "(4,)",
             "()",
             "4",
         }) {
        check_refused(zip(block_members(npy_values(shape))));
    }

    auto many_axes = std::string("(2, 2");
    for (int i = 0; i < 20000; i++) {
        many_axes += ", 1";
    }
    check_refused(zip(block_members(npy_values(many_axes + ")"))));
}

void test_types() {
    for (const auto* type : {
             "|O",   "|V8",  "<U2",   "|S8",  "<M8[ns]", "<m8", "<f16", "<f3",  "<i16", "<c4",
             "<f-8", "<f 8", "<f8.0", "f8",   "<",       "",    "<<f8", "<f88", "|f8",  "<b2",
             "@f8",  "!f8",  "<g",    "<f8>", "<e",      "<O",  "obj",  "int",  "<i04", "\\x3cf8",
         }) {
        check_refused(zip(block_members(npy_values("(2, 2)", type))));
    }
}

void test_headers() {
    const auto valid = npy(VALUES_HEADER, Bytes(32));
    constexpr size_t LENGTH_OFFSET = 8;
    for (size_t length = 0; length < 0x10000; length += 7) {
        if (length == get(valid, LENGTH_OFFSET, 2)) {
            continue;
        }
        auto bytes = valid;
        set(bytes, LENGTH_OFFSET, 2, length);
        check_refused(zip(block_members(bytes)));
    }
    for (uint8_t version : {2, 3}) {
        for (uint64_t length : {0xffffffffU, 0x80000000U, 0x7fffffffU, 0x10000U}) {
            auto bytes = Bytes{0x93, 'N', 'U', 'M', 'P', 'Y', version, 0};
            append(bytes, 4, length);
            append(bytes, VALUES_HEADER);
            check_refused(zip(block_members(bytes)));
        }
    }

    // nothing is recursive in the parser
    for (const auto* nested :
         {"(", "[", "{", "[(", "'", "\"", "-", "\\", "{'descr': ", "[('a', "}) {
        auto text = std::string();
        while (text.size() < 50000) {
            text += nested;
        }
        check_refused(zip(block_members(npy(text, Bytes(32)))));
        check_refused(zip(block_members(npy("{'descr': " + text, Bytes(32)))));
        check_refused(zip(block_members(npy("{'shape': " + text, Bytes(32)))));
    }
}

void test_labels_with_many_dimensions() {
    auto header = std::string("{'descr': [");
    for (int i = 0; i < 50000; i++) {
        header += "('a" + std::to_string(i) + "','<i4'),";
    }
    header += "], 'fortran_order': False, 'shape': (0,), }\n";
    auto bytes = Bytes{0x93, 'N', 'U', 'M', 'P', 'Y', 2, 0};
    append(bytes, 4, header.size());
    append(bytes, header);
    CHECK(load_labels(bytes) != nullptr);
    check_load(bytes);

    // one row which is not there
    const auto shape = std::string("(0,)");
    auto at = std::search(bytes.begin(), bytes.end(), shape.begin(), shape.end());
    at[1] = '1';
    CHECK(!load_labels(bytes));
    CHECK_EQ(last_status(), MTS_IO_ERROR);
    check_load(bytes);
}

/// Only members with known names are looked at, and nothing is ever written
void test_names() {
    for (const auto& name : {
             std::string("../../values.npy"),
             std::string("/values.npy"),
             std::string("./values.npy"),
             std::string("C:\\values.npy"),
             std::string("values.npy\0", 11),
             std::string("values.npy/"),
             std::string("VALUES.NPY"),
             std::string("\xff\xfe"),
             std::string(),
             std::string(65535, 'a'),
         }) {
        auto members = block_members(npy(VALUES_HEADER, Bytes(32)));
        members.emplace_back(name, Bytes(10));
        CHECK(load_block(zip(members)) != nullptr);
        members.pop_back();
        members[0].name = name;
        check_refused(zip(members));
    }

    for (const auto& parameter : {
             std::string("\xff"),
             std::string("a\0b", 3),
             std::string(".."),
             std::string(),
             std::string(60000, 'a'),
         }) {
        auto members = block_members(npy(VALUES_HEADER, Bytes(32)));
        members.emplace_back(
            "gradients/" + parameter + "/values.npy", npy(VALUES_HEADER, Bytes(32))
        );
        members.emplace_back(
            "gradients/" + parameter + "/samples.npy", saved(labels({"sample"}, {0, 1}))
        );
        check_load(zip(members));
    }
}

void test_deep_gradients() {
    auto members = block_members(npy(VALUES_HEADER, Bytes(32)));
    auto prefix = std::string();
    while (prefix.size() + 50 < 0xffff) {
        prefix += "gradients/g/";
        if (prefix.size() < 12 * 1000) {
            members.emplace_back(prefix + "values.npy", npy(VALUES_HEADER, Bytes(32)));
        }
    }
    members.emplace_back(prefix + "samples.npy", saved(labels({"sample"}, {0, 1})));
    check_refused(zip(members));
    for (size_t i = members.size() - 2; i >= 3; i--) {
        auto name = members[i].name;
        name.replace(name.size() - 10, 10, "samples.npy");
        members.emplace_back(name, saved(labels({"sample"}, {0, 1})));
    }
    check_refused(zip(members));
}

/// DEFLATE data for `matches` times 258 copies of a byte, with the fixed code
Bytes deflated_run(uint8_t byte, size_t matches) {
    auto bytes = Bytes();
    size_t used = 0;
    auto put = [&](uint32_t value, int count) {
        for (int i = 0; i < count; i++) {
            if (used++ % 8 == 0) {
                bytes.push_back(0);
            }
            bytes.back() |= static_cast<uint8_t>(((value >> i) & 1) << ((used - 1) % 8));
        }
    };
    auto put_code = [&](uint32_t code, int count) {
        for (int i = count - 1; i >= 0; i--) {
            put(code >> i, 1);
        }
    };
    put(1, 1);
    put(1, 2);
    put_code(0x30U + byte, 8);
    for (size_t i = 0; i < matches; i++) {
        put_code(0xc5, 8); // length 258
        put_code(0, 5);    // distance 1
    }
    put_code(0, 7);
    return bytes;
}

void test_bombs() {
    constexpr size_t MATCHES = 20000;
    const auto compressed = deflated_run(0, MATCHES);
    const auto size = 258 * MATCHES + 1;

    // the right size, and the right checksum
    auto bomb = Member("samples.npy", Bytes(size));
    bomb.content = compressed;
    bomb.method = 8;
    auto members = block_members(npy(VALUES_HEADER, Bytes(32)));
    members[1] = bomb;
    check_refused(zip(members), MAX_COMPRESSION_RATIO);

    for (const auto* name : {"keys.npy", "values.npy", "info.json"}) {
        members = {Member("keys.npy", saved(labels({"key"}, {})))};
        bomb.name = name;
        members.push_back(bomb);
        check_refused(zip(members), MAX_COMPRESSION_RATIO);
    }

    // sizes in the directory that are not those of the data: what is allocated is limited by the
    // number of compressed bytes
    for (uint64_t claimed : {size_t{0}, size - 1, size + 1, 1000 * compressed.size()}) {
        bomb.name = "values.npy";
        bomb.uncompressed_size = claimed;
        members = block_members({});
        members[0] = bomb;
        check_refused(zip(members), MAX_COMPRESSION_RATIO);
    }

    // a shape that needs more than what these compressed bytes can give
    auto small = Member("values.npy", npy_values("(1000000, 100)"));
    small.method = 8;
    small.uncompressed_size = 0x7fffffff;
    members[0] = small;
    check_refused(zip(members));
}

void test_info() {
    const auto keys = Member("keys.npy", saved(labels({"key"}, {})));
    for (const auto* nested : {"[", "{\"a\":", "[{\"a\":", "\"", "-", "1", "\\u"}) {
        auto text = std::string();
        while (text.size() < 200000) {
            text += nested;
        }
        for (const auto& json : {text, "{\"a\": " + text}) {
            auto bytes = zip({keys, Member("info.json", Bytes(json.begin(), json.end()))});
            check_load(bytes);
            CHECK(!load_tensor(bytes));
            CHECK_EQ(last_status(), MTS_SERIALIZATION_ERROR);
        }
    }
}

} // namespace

int main() {
    test_zip64();
    test_overlaps();
    test_shapes();
    test_types();
    test_headers();
    test_labels_with_many_dimensions();
    test_names();
    test_deep_gradients();
    test_bombs();
    test_info();
    CHECK_EQ(live_arrays.load(), 0);
}
