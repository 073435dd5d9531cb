#include "io/zip_directory.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include "io/bytes.hpp"
#include "io/errors.hpp"
#include "io/zip_format.hpp"

namespace mts::io {

namespace {

// The last record is at the end of most archives; there can be a comment after it.
constexpr size_t FIRST_CHUNK_BYTES = 1024;
constexpr size_t SEARCH_CHUNK_BYTES = 65536;

// The signature of the last record can also appear in other places, but not by accident this often.
constexpr size_t MAX_CANDIDATES = 1024;

uint16_t get_16(const uint8_t* record, size_t field) {
    return load_little_endian<uint16_t>(record + field);
}

uint32_t get_32(const uint8_t* record, size_t field) {
    return load_little_endian<uint32_t>(record + field);
}

uint64_t get_64(const uint8_t* record, size_t field) {
    return load_little_endian<uint64_t>(record + field);
}

bool has_signature(Source& source, uint64_t offset, uint32_t signature) {
    if (source.size() < sizeof(uint32_t) || offset > source.size() - sizeof(uint32_t)) {
        return false;
    }
    uint8_t bytes[sizeof(uint32_t)];
    source.read_at(offset, bytes, sizeof(bytes));
    return get_32(bytes, 0) == signature;
}

// What the end records say of the directory
struct EndRecords {
    uint64_t count;
    uint64_t directory_size;
    /// relative to the start of the archive
    uint64_t directory_offset;
    bool several_disks;
    /// where the first of the end records is; the directory should be just before
    uint64_t start;
};

std::optional<EndRecords> read_end(Source& source, uint64_t offset) {
    if (source.size() - offset < zip::end::SIZE) {
        return std::nullopt;
    }
    uint8_t record[zip::end::SIZE];
    source.read_at(offset, record, sizeof(record));
    if (get_16(record, zip::end::COMMENT_LENGTH) > source.size() - offset - zip::end::SIZE) {
        return std::nullopt;
    }
    auto disk = get_16(record, zip::end::DISK);
    auto directory_disk = get_16(record, zip::end::DIRECTORY_DISK);
    return EndRecords{
        .count = get_16(record, zip::end::COUNT),
        .directory_size = get_32(record, zip::end::DIRECTORY_SIZE),
        .directory_offset = get_32(record, zip::end::DIRECTORY_OFFSET),
        .several_disks = disk != directory_disk || (disk != 0 && disk != zip::IN_ZIP64_16) ||
                         get_16(record, zip::end::DISK_COUNT) != get_16(record, zip::end::COUNT),
        .start = offset,
    };
}

// Read the ZIP64 end records that come before the end record at `end_offset`, if there are some
std::optional<EndRecords> read_end64(Source& source, uint64_t end_offset) {
    if (end_offset < zip::locator64::SIZE + zip::end64::SIZE) {
        return std::nullopt;
    }
    auto locator_offset = end_offset - zip::locator64::SIZE;
    if (!has_signature(source, locator_offset, zip::locator64::SIGNATURE)) {
        return std::nullopt;
    }
    uint8_t locator[zip::locator64::SIZE];
    source.read_at(locator_offset, locator, sizeof(locator));

    // The position in the locator is wrong if something was put in front of the archive.
    auto last_possible = locator_offset - zip::end64::SIZE;
    auto offset = get_64(locator, zip::locator64::END64_OFFSET);
    if (offset > last_possible || !has_signature(source, offset, zip::end64::SIGNATURE)) {
        offset = last_possible;
        if (!has_signature(source, offset, zip::end64::SIGNATURE)) {
            return std::nullopt;
        }
    }

    uint8_t record[zip::end64::SIZE];
    source.read_at(offset, record, sizeof(record));
    return EndRecords{
        .count = get_64(record, zip::end64::COUNT),
        .directory_size = get_64(record, zip::end64::DIRECTORY_SIZE),
        .directory_offset = get_64(record, zip::end64::DIRECTORY_OFFSET),
        .several_disks =
            get_32(record, zip::end64::DISK) != 0 ||
            get_32(record, zip::end64::DIRECTORY_DISK) != 0 ||
            get_64(record, zip::end64::DISK_COUNT) != get_64(record, zip::end64::COUNT),
        .start = offset,
    };
}

// Is there a directory starting at `start`?
std::optional<ZipDirectory> directory_at(Source& source, const EndRecords& end, uint64_t start) {
    if (start > end.start || end.directory_size > end.start - start ||
        start < end.directory_offset || end.count > end.directory_size / zip::central::SIZE) {
        return std::nullopt;
    }
    if (end.count > 0 && !has_signature(source, start, zip::central::SIGNATURE)) {
        return std::nullopt;
    }
    return ZipDirectory{
        .start = start,
        .size = end.directory_size,
        .count = end.count,
        .archive_start = start - end.directory_offset,
    };
}

// The directory that goes with an end record at `offset`, if this is really an end record
std::optional<ZipDirectory> directory_before(Source& source, uint64_t offset) {
    auto end = read_end(source, offset);
    if (!end.has_value()) {
        return std::nullopt;
    }
    if (auto end64 = read_end64(source, offset)) {
        end = end64;
    }

    auto directory = std::optional<ZipDirectory>();
    if (end->directory_size <= end->start) {
        directory = directory_at(source, *end, end->start - end->directory_size);
    }
    if (!directory.has_value()) {
        directory = directory_at(source, *end, end->directory_offset);
    }
    if (directory.has_value() && end->several_disks) {
        throw serialization_error("ZIP archives made of several files are not supported");
    }
    return directory;
}

} // namespace

ZipDirectory find_zip_directory(Source& source) {
    // Signatures that start in one chunk can end in the next one.
    constexpr size_t OVERLAP = sizeof(zip::end::SIGNATURE) - 1;

    auto chunk =
        std::vector<uint8_t>(std::min<uint64_t>(source.size(), SEARCH_CHUNK_BYTES + OVERLAP));
    auto end = source.size();
    auto search_bytes = FIRST_CHUNK_BYTES;
    size_t candidates = 0;
    while (end > 0 && candidates < MAX_CANDIDATES) {
        auto start = end > search_bytes ? end - search_bytes : 0;
        auto chunk_size = std::min<uint64_t>(end + OVERLAP, source.size()) - start;
        source.read_at(start, chunk.data(), chunk_size);

        for (auto at = static_cast<ptrdiff_t>(chunk_size - OVERLAP) - 1; at >= 0; at--) {
            if (chunk[static_cast<size_t>(at)] == 'P' &&
                get_32(chunk.data(), static_cast<size_t>(at)) == zip::end::SIGNATURE) {
                auto directory = directory_before(source, start + static_cast<uint64_t>(at));
                if (directory.has_value()) {
                    return *directory;
                }
                candidates += 1;
            }
        }
        end = start;
        search_bytes = SEARCH_CHUNK_BYTES;
    }
    throw serialization_error("this is not a ZIP archive, or it is not complete");
}

} // namespace mts::io
