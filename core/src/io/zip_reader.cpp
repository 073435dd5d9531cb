#include "io/zip_reader.hpp"

#include <algorithm>

#include "io/bytes.hpp"
#include "io/crc32.hpp"
#include "io/errors.hpp"
#include "io/inflate.hpp"
#include "io/zip_directory.hpp"
#include "io/zip_format.hpp"

namespace mts::io {

namespace {

// Data is read and checksummed by pieces that stay in the caches of the processor in between.
constexpr size_t CHUNK_BYTES = size_t{1} << 18;

// The best that DEFLATE can do is 258 bytes with 2 bits.
constexpr uint64_t MAX_COMPRESSION_RATIO = 258 * 8 / 2;

uint16_t get_16(const char* record, size_t field) {
    return load_little_endian<uint16_t>(record + field);
}

uint32_t get_32(const char* record, size_t field) {
    return load_little_endian<uint32_t>(record + field);
}

// Bytes of the source between two positions, copied in sequence
class Range {
public:
    Range(Source& source, uint64_t start, uint64_t size)
        : source_(source), position_(start), end_(start + size) {}

    size_t read(uint8_t* destination, size_t max_count) {
        auto count = static_cast<size_t>(std::min<uint64_t>(max_count, end_ - position_));
        source_.read_at(position_, destination, count);
        position_ += count;
        return count;
    }

private:
    Source& source_;
    uint64_t position_;
    uint64_t end_;
};

// Content of a member: counts the bytes, and checks their checksum at the end
class MemberStream : public InputStream {
public:
    explicit MemberStream(const ZipReader::Member& member)
        : expected_crc_(member.crc), remaining_(member.uncompressed_size) {}

    uint64_t remaining() const override { return remaining_; }

    void read(void* destination, size_t count) override {
        auto* bytes = static_cast<uint8_t*>(destination);
        while (count > 0) {
            auto chunk = std::min(count, CHUNK_BYTES);
            if (chunk > remaining_ || read_some(bytes, chunk) != chunk) {
                throw io_error("the data ends too early");
            }
            crc_ = crc32(crc_, bytes, chunk);
            bytes += chunk;
            count -= chunk;
            remaining_ -= chunk;
        }
    }

    void finish() override {
        if (remaining_ > 0) {
            throw serialization_error("there are ", remaining_, " unexpected bytes at the end");
        }
        uint8_t next = 0;
        if (read_some(&next, 1) != 0) {
            throw io_error("the data is longer than its size in the directory of the archive");
        }
        if (crc_ != expected_crc_) {
            throw io_error("the checksum of the data is wrong");
        }
    }

protected:
    // Read up to `count` bytes of the content
    virtual size_t read_some(uint8_t* destination, size_t count) = 0;

private:
    uint32_t expected_crc_;
    uint32_t crc_ = 0;
    uint64_t remaining_;
};

class StoredStream final : public MemberStream {
public:
    StoredStream(const ZipReader::Member& member, Range data) : MemberStream(member), data_(data) {}

private:
    size_t read_some(uint8_t* destination, size_t count) override {
        return data_.read(destination, count);
    }

    Range data_;
};

class DeflatedStream final : public MemberStream {
public:
    DeflatedStream(const ZipReader::Member& member, Range data)
        : MemberStream(member), inflater_([data](uint8_t* destination, size_t count) mutable {
              return data.read(destination, count);
          }) {}

private:
    size_t read_some(uint8_t* destination, size_t count) override {
        return inflater_.read(destination, count);
    }

    Inflater inflater_;
};

// Replace the values that are in the ZIP64 extra field of an entry of the directory, if there is
// one
void read_zip64_extra(std::string_view extra, ZipReader::Member& member) {
    while (extra.size() >= zip::EXTRA_HEADER_SIZE) {
        auto identifier = get_16(extra.data(), 0);
        auto size = get_16(extra.data(), 2);
        extra.remove_prefix(zip::EXTRA_HEADER_SIZE);
        auto content = extra.substr(0, size);
        extra.remove_prefix(content.size());
        if (identifier != zip::ZIP64_EXTRA) {
            continue;
        }

        for (auto* value : {&member.uncompressed_size, &member.compressed_size, &member.offset}) {
            if (*value != zip::IN_ZIP64_32) {
                continue;
            }
            if (content.size() < sizeof(uint64_t)) {
                throw serialization_error("a ZIP64 value is missing for '", member.name, "'");
            }
            *value = load_little_endian<uint64_t>(content.data());
            content.remove_prefix(sizeof(uint64_t));
        }
        return;
    }
}

// Read one entry at the start of `directory`, which is then moved to the next entry
ZipReader::Member read_entry(std::string_view& directory) {
    const auto* record = directory.data();
    if (directory.size() < zip::central::SIZE || get_32(record, 0) != zip::central::SIGNATURE) {
        throw serialization_error("the directory of the archive is not valid");
    }
    size_t name_size = get_16(record, zip::central::NAME_LENGTH);
    size_t extra_size = get_16(record, zip::central::EXTRA_LENGTH);
    size_t comment_size = get_16(record, zip::central::COMMENT_LENGTH);
    if (name_size + extra_size + comment_size > directory.size() - zip::central::SIZE) {
        throw serialization_error("the directory of the archive is not valid");
    }
    auto disk = get_16(record, zip::central::DISK);
    if (disk != 0 && disk != zip::IN_ZIP64_16) {
        throw serialization_error("ZIP archives made of several files are not supported");
    }

    directory.remove_prefix(zip::central::SIZE);
    auto member = ZipReader::Member{
        .name = directory.substr(0, name_size),
        .flags = get_16(record, zip::central::FLAGS),
        .method = get_16(record, zip::central::METHOD),
        .crc = get_32(record, zip::central::CRC),
        .compressed_size = get_32(record, zip::central::COMPRESSED_SIZE),
        .uncompressed_size = get_32(record, zip::central::UNCOMPRESSED_SIZE),
        .offset = get_32(record, zip::central::OFFSET),
    };
    read_zip64_extra(directory.substr(name_size, extra_size), member);
    directory.remove_prefix(name_size + extra_size + comment_size);
    return member;
}

// A name for messages, which have to be text without zeros
std::string printable(std::string_view name) {
    auto is_unusual = [](unsigned char c) { return c < 0x20 || c > 0x7e; };
    auto result = std::string(name);
    std::replace_if(result.begin(), result.end(), is_unusual, '?');
    return result;
}

// First byte of the data of a member
uint64_t data_start(Source& source, const ZipReader::Member& member) {
    auto available = member.end - member.offset;
    if (available >= zip::local::SIZE) {
        char record[zip::local::SIZE];
        source.read_at(member.offset, record, sizeof(record));

        size_t name_size = get_16(record, zip::local::NAME_LENGTH);
        size_t extra_size = get_16(record, zip::local::EXTRA_LENGTH);
        auto header_size = zip::local::SIZE + name_size + extra_size;
        if (get_32(record, 0) == zip::local::SIGNATURE && header_size <= available &&
            member.compressed_size <= available - header_size) {
            return member.offset + header_size;
        }
    }
    throw serialization_error(
        "the header of the member '", printable(member.name), "' is not valid"
    );
}

} // namespace

ZipReader::ZipReader(Source& source)
    : source_(source), directory_(std::make_shared<Directory>(source)) {}

ZipReader::Directory::Directory(Source& source) {
    auto directory = find_zip_directory(source);
    bytes.resize(directory.size);
    source.read_at(directory.start, bytes.data(), bytes.size());
    read(directory.count, directory.archive_start, directory.start);
    set_ends(directory.start);
    sort_by_name();
}

void ZipReader::Directory::read(uint64_t count, uint64_t archive_start, uint64_t directory_start) {
    auto entries = std::string_view(bytes.data(), bytes.size());
    for (uint64_t i = 0; i < count; i++) {
        auto member = read_entry(entries);
        if (member.offset >= directory_start - archive_start) {
            throw serialization_error(
                "the position of the member '", printable(member.name), "' is wrong"
            );
        }
        member.offset += archive_start;
        member.index = members.size();
        members.push_back(member);
    }
    if (!entries.empty()) {
        throw serialization_error("the directory of the archive has more entries than announced");
    }
}

// Members are not allowed to overlap: a small archive could otherwise give any amount of data.
void ZipReader::Directory::set_ends(uint64_t directory_start) {
    std::sort(members.begin(), members.end(), [](const Member& a, const Member& b) {
        return a.offset != b.offset ? a.offset < b.offset : a.index < b.index;
    });
    auto end = directory_start;
    for (auto member = members.rbegin(); member != members.rend(); ++member) {
        member->end = end;
        end = member->offset;
    }
}

void ZipReader::Directory::sort_by_name() {
    std::sort(members.begin(), members.end(), [](const Member& a, const Member& b) {
        // the last of several members with the same name is the one to use
        auto order = a.name.compare(b.name);
        return order != 0 ? order < 0 : a.index > b.index;
    });
    auto same_name = [](const Member& a, const Member& b) { return a.name == b.name; };
    members.erase(std::unique(members.begin(), members.end(), same_name), members.end());
}

const ZipReader::Member* ZipReader::find(std::string_view name) const {
    const auto& members = directory_->members;
    auto member = std::lower_bound(
        members.begin(), members.end(), name, [](const Member& candidate, std::string_view target) {
            return candidate.name < target;
        }
    );
    return member != members.end() && member->name == name ? &*member : nullptr;
}

std::span<const ZipReader::Member> ZipReader::starting_with(std::string_view prefix) const {
    const auto& members = directory_->members;
    auto start = [&](const Member& member) { return member.name.substr(0, prefix.size()); };
    auto first = std::partition_point(members.begin(), members.end(), [&](const Member& member) {
        return start(member) < prefix;
    });
    auto last = std::partition_point(first, members.end(), [&](const Member& member) {
        return start(member) == prefix;
    });
    return {first, last};
}

// The member with this name, after checking that we can read it
const ZipReader::Member& ZipReader::find_readable(std::string_view name) const {
    const auto* member = find(name);
    if (member == nullptr) {
        throw serialization_error("the member '", name, "' is missing from the archive");
    }
    if ((member->flags & zip::ENCRYPTED_FLAG) != 0) {
        throw serialization_error("the member '", name, "' is encrypted");
    }
    bool is_possible = false;
    switch (member->method) {
    case zip::STORED:
        is_possible = member->compressed_size == member->uncompressed_size;
        break;
    case zip::DEFLATED:
        is_possible = member->uncompressed_size / MAX_COMPRESSION_RATIO <= member->compressed_size;
        break;
    default:
        throw serialization_error(
            "the member '", name, "' uses the unsupported compression method ", member->method
        );
    }
    if (!is_possible) {
        throw serialization_error("the size of the member '", name, "' is wrong");
    }
    return *member;
}

std::unique_ptr<InputStream> ZipReader::open(std::string_view name) const {
    const auto& member = find_readable(name);
    auto data = Range(source_, data_start(source_, member), member.compressed_size);
    if (member.method == zip::STORED) {
        return std::make_unique<StoredStream>(member, data);
    }
    return std::make_unique<DeflatedStream>(member, data);
}

std::optional<uint64_t> ZipReader::stored_position(std::string_view name) const {
    const auto& member = find_readable(name);
    if (member.method != zip::STORED) {
        return std::nullopt;
    }
    return data_start(source_, member);
}

} // namespace mts::io
