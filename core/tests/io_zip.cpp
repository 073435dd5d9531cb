// Variants of the ZIP format, and archives that do not contain what they should

#include <functional>
#include <string>
#include <vector>

#include "io_support.hpp"

using namespace io_support;

static void test_missing_members() {
    const auto original = unzip(saved(full_tensor()));
    for (size_t i = 0; i < original.size(); i++) {
        auto members = original;
        members.erase(members.begin() + static_cast<ptrdiff_t>(i));
        auto loaded = load_tensor(zip(members));
        // without any samples, there is no gradient
        if (original[i].name == "info.json" ||
            original[i].name == "blocks/0/gradients/A/samples.npy" ||
            original[i].name == "blocks/0/gradients/pos/gradients/n/samples.npy") {
            CHECK_NOT_NULL(loaded.get());
        } else {
            CHECK(!loaded);
            CHECK_EQ(last_status(), MTS_SERIALIZATION_ERROR);
            CHECK(check::contains(check::last_error_message(), original[i].name));
        }
    }
}

static void test_order_and_other_members() {
    auto bytes = saved(full_tensor());
    auto members = unzip(bytes);
    auto shuffled = std::vector<Member>(members.rbegin(), members.rend());
    shuffled.emplace_back("blocks/", Bytes());
    shuffled.emplace_back("blocks/1/values.npy", Bytes(3));
    shuffled.emplace_back("blocks/0/gradients/empty/values.npy", Bytes(3));
    shuffled.emplace_back("blocks/0/gradients/samples.npy", Bytes(3));
    shuffled.emplace_back("README", Bytes(3));
    CHECK_EQ(saved(load_tensor(zip(shuffled))), bytes);

    // the last member with a name is the one to use
    members.insert(members.begin(), Member("keys.npy", Bytes(12)));
    CHECK_EQ(saved(load_tensor(zip(members))), bytes);
    members.emplace_back("keys.npy", Bytes(12));
    CHECK(!load_tensor(zip(members)));
}

// The same archive with all values of the directory in ZIP64 fields, and ZIP64 end records
static Bytes with_zip64_directory(const Bytes& archive) {
    auto end = archive.size() - 22;
    auto directory = get(archive, end + 16, 4);
    auto result = slice(archive, 0, directory);

    auto entry = directory;
    const auto members = unzip(archive);
    for (const auto& member : members) {
        auto header = slice(archive, entry, entry + 46);
        set(header, 20, 8, ~uint64_t{0});
        set(header, 30, 2, 4 + 2 + 4 + 24);
        set(header, 42, 4, 0xffffffff);
        result.insert(result.end(), header.begin(), header.end());
        append(result, member.name);
        append(result, 4, 0x00020099); // another extra field, to be ignored
        append(result, 2, 0);
        append(result, 2, 1);
        append(result, 2, 24);
        append(result, 8, member.content.size());
        append(result, 8, member.content.size());
        append(result, 8, member.offset);
        entry += 46 + member.name.size();
    }

    auto end64 = result.size();
    append(result, 4, 0x06064b50);
    append(result, 8, 44);
    append(result, 2, 45);
    append(result, 2, 45);
    append(result, 8, 0);
    append(result, 8, members.size());
    append(result, 8, members.size());
    append(result, 8, end64 - directory);
    append(result, 8, directory);
    append(result, 4, 0x07064b50);
    append(result, 4, 0);
    append(result, 8, end64);
    append(result, 4, 1);
    append(result, 4, 0x06054b50);
    append(result, 4, 0);
    append(result, 8, ~uint64_t{0});
    append(result, 4, 0xffffffff);
    append(result, 2, 0);
    return result;
}

static void test_zip64_directory() {
    auto expected = saved(full_tensor());
    auto bytes = with_zip64_directory(expected);
    CHECK_EQ(saved(load_tensor(bytes)), expected);

    auto before = Bytes(1000, 'P');
    before.insert(before.end(), bytes.begin(), bytes.end());
    CHECK_EQ(saved(load_tensor(before)), expected);

    for (size_t size = 0; size < bytes.size(); size++) {
        CHECK(!load_tensor(slice(bytes, 0, size)));
    }
    for (size_t byte = get(expected, expected.size() - 6, 4); byte < bytes.size(); byte++) {
        for (int bit = 0; bit < 8; bit++) {
            auto damaged = bytes;
            damaged[byte] ^= static_cast<uint8_t>(1 << bit);
            load_everything(damaged);
        }
    }
}

// With something in front of an archive, offsets can be relative to the start of the file as well
static void test_offsets_from_the_start_of_the_file() {
    auto bytes = saved(full_tensor());
    auto shifted = Bytes(77, '#');
    shifted.insert(shifted.end(), bytes.begin(), bytes.end());

    auto end = shifted.size() - 22;
    auto entry = get(shifted, end + 16, 4) + 77;
    set(shifted, end + 16, 4, entry);
    for (const auto& member : unzip(bytes)) {
        set(shifted, entry + 42, 4, member.offset + 77);
        entry += 46 + member.name.size();
    }
    CHECK_EQ(saved(load_tensor(shifted)), bytes);
}

static void test_bytes_around_archives() {
    auto bytes = saved(full_tensor());
    auto padding = Bytes(100000, 'P');
    auto before = padding;
    before.insert(before.end(), bytes.begin(), bytes.end());
    CHECK_EQ(saved(load_tensor(before)), bytes);

    auto after = bytes;
    after.insert(after.end(), padding.begin(), padding.end());
    CHECK_EQ(saved(load_tensor(after)), bytes);

    auto comment = bytes;
    set(comment, comment.size() - 2, 2, 300);
    comment.insert(comment.end(), 300, '*');
    CHECK_EQ(saved(load_tensor(comment)), bytes);
    comment.resize(comment.size() - 1);
    CHECK(!load_tensor(comment));

    auto signatures = Bytes();
    while (signatures.size() < 100000) {
        append(signatures, 4, 0x06054b50);
    }
    signatures.resize(200000);
    load_everything(signatures);
}

static void test_member_attributes() {
    auto status = [](const std::function<void(Member&)>& change) {
        auto members = block_members(npy(VALUES_HEADER, Bytes(32)));
        change(members[1]);
        return load_block(zip(members)) ? MTS_SUCCESS : last_status();
    };
    CHECK_SUCCESS(status([](Member&) {}));
    CHECK_SUCCESS(status([](Member& member) { member.flags = 0x0800; }));
    CHECK_SUCCESS(status([](Member& member) { member.flags = 0x0008; }));
    CHECK_STATUS(status([](Member& member) { member.flags = 0x0001; }), MTS_SERIALIZATION_ERROR);
    CHECK_STATUS(status([](Member& member) { member.method = 12; }), MTS_SERIALIZATION_ERROR);
    CHECK_STATUS(status([](Member& member) { member.crc += 1; }), MTS_IO_ERROR);
    CHECK_STATUS(
        status([](Member& member) { member.uncompressed_size += 1; }), MTS_SERIALIZATION_ERROR
    );
    CHECK_STATUS(
        status([](Member& member) { member.name = "Samples.npy"; }), MTS_SERIALIZATION_ERROR
    );
}

static void test_wrong_directory() {
    const auto original = saved(simple_block());
    auto status = [&](size_t field, size_t size, int change) {
        auto bytes = original;
        auto offset = original.size() - 22 + field;
        set(bytes, offset, size, get(bytes, offset, size) + static_cast<uint64_t>(change));
        return load_block(bytes) ? MTS_SUCCESS : last_status();
    };
    CHECK_SUCCESS(status(10, 2, 0));
    for (int change : {-1, 1}) {
        // disks, number of entries, size and offset of the directory
        for (size_t field : {4, 6, 8, 10}) {
            CHECK_STATUS(status(field, 2, change), MTS_SERIALIZATION_ERROR);
        }
        for (size_t field : {12, 16}) {
            CHECK_STATUS(status(field, 4, change), MTS_SERIALIZATION_ERROR);
        }
    }
}

// A small archive where many members share the same bytes would give a lot of data.
static void test_overlapping_members() {
    auto bytes = saved(simple_block());
    auto first_entry = get(bytes, bytes.size() - 22 + 16, 4);
    auto second_entry = first_entry + 46 + sizeof("values.npy") - 1;
    // `samples.npy` starts where `values.npy` starts
    set(bytes, second_entry + 42, 4, 0);
    CHECK(!load_block(bytes));
    CHECK_EQ(last_status(), MTS_SERIALIZATION_ERROR);

    // `values.npy` ends after the start of `samples.npy`
    bytes = saved(simple_block());
    auto size = get(bytes, first_entry + 20, 4) + 1;
    set(bytes, first_entry + 20, 4, size);
    set(bytes, first_entry + 24, 4, size);
    CHECK(!load_block(bytes));
    CHECK_EQ(last_status(), MTS_SERIALIZATION_ERROR);
}

static void test_many_levels_of_gradients() {
    auto members = block_members(npy(VALUES_HEADER, Bytes(32)));
    auto prefix = std::string();
    for (int level = 0; level < 300; level++) {
        prefix += "gradients/g/";
        members.emplace_back(prefix + "values.npy", npy(VALUES_HEADER, Bytes(32)));
        members.emplace_back(prefix + "samples.npy", saved(range("sample", 2)));
    }
    CHECK(!load_block(zip(members)));
    CHECK_EQ(last_status(), MTS_SERIALIZATION_ERROR);
    CHECK_EQ(live_arrays.load(), 0);
}

static void test_gradient_name_is_not_utf8() {
    auto members = block_members(npy(VALUES_HEADER, Bytes(32)));
    members.emplace_back("gradients/\xff/values.npy", npy(VALUES_HEADER, Bytes(32)));
    members.emplace_back("gradients/\xff/samples.npy", saved(range("sample", 2)));
    CHECK(!load_block(zip(members)));
    CHECK_EQ(last_status(), MTS_SERIALIZATION_ERROR);
}

int main() {
    test_missing_members();
    test_order_and_other_members();
    test_zip64_directory();
    test_offsets_from_the_start_of_the_file();
    test_bytes_around_archives();
    test_member_attributes();
    test_wrong_directory();
    test_overlapping_members();
    test_many_levels_of_gradients();
    test_gradient_name_is_not_utf8();
    CHECK_EQ(live_arrays.load(), 0);
}
