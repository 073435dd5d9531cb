#include "io/zip_writer.hpp"

#include <algorithm>
#include <limits>

#include "io/bytes.hpp"
#include "io/crc32.hpp"
#include "io/errors.hpp"
#include "io/zip_format.hpp"

namespace mts::io {

namespace {

constexpr uint16_t VERSION_NEEDED = 20;
constexpr uint16_t VERSION_NEEDED_ZIP64 = 46;
constexpr uint16_t VERSION_MADE_BY = 0x032e; // Unix, 4.6
constexpr uint16_t TIME = 0x0000;            // midnight
constexpr uint16_t DATE = 0x2821;            // 2000-01-01: the same content gives the same bytes
constexpr uint32_t ATTRIBUTES = 0x81a40000;  // regular file, mode 0644

// sizes of the content before and after compression
constexpr uint16_t LOCAL_ZIP64_EXTRA_SIZE = 16;

// Data is checksummed and written by pieces that stay in the caches of the processor in between.
constexpr size_t CHUNK_BYTES = size_t{1} << 18;

uint16_t flags(std::string_view name) {
    auto is_ascii = std::all_of(name.begin(), name.end(), [](unsigned char c) { return c < 0x80; });
    return is_ascii ? 0 : zip::UTF8_FLAG;
}

// What local headers and the entries of the directory have in common
void append_common(std::string& record, std::string_view name, uint32_t crc) {
    append_little_endian(record, VERSION_NEEDED);
    append_little_endian(record, flags(name));
    append_little_endian(record, zip::STORED);
    append_little_endian(record, TIME);
    append_little_endian(record, DATE);
    append_little_endian(record, crc);
}

std::string local_header(std::string_view name, uint64_t size, uint32_t crc) {
    auto record = std::string();
    append_little_endian(record, zip::local::SIGNATURE);
    append_common(record, name, crc);
    append_little_endian(record, zip::IN_ZIP64_32);
    append_little_endian(record, zip::IN_ZIP64_32);
    append_little_endian(record, static_cast<uint16_t>(name.size()));
    append_little_endian<uint16_t>(record, zip::EXTRA_HEADER_SIZE + LOCAL_ZIP64_EXTRA_SIZE);
    record += name;
    append_little_endian(record, zip::ZIP64_EXTRA);
    append_little_endian(record, LOCAL_ZIP64_EXTRA_SIZE);
    append_little_endian(record, size);
    append_little_endian(record, size);
    return record;
}

// `value`, or the mark of values that are too large for the field
template <typename T>
T saturated(uint64_t value) {
    constexpr auto MAX = std::numeric_limits<T>::max();
    return value > MAX ? MAX : static_cast<T>(value);
}

} // namespace

void ZipMemberOutput::write(const void* data, size_t count) {
    const auto* bytes = static_cast<const uint8_t*>(data);
    while (count > 0) {
        auto chunk = std::min(count, CHUNK_BYTES);
        crc_ = crc32(crc_, bytes, chunk);
        if (sink_ != nullptr) {
            sink_->write(bytes, chunk);
        }
        bytes += chunk;
        count -= chunk;
        size_ += chunk;
    }
}

uint64_t ZipWriter::content_position(std::string_view name) const {
    return sink_.position() + zip::local::SIZE + name.size() + zip::EXTRA_HEADER_SIZE +
           LOCAL_ZIP64_EXTRA_SIZE;
}

void ZipWriter::add(std::string_view name, uint64_t size, const Content& content) {
    if (name.size() > std::numeric_limits<uint16_t>::max()) {
        throw serialization_error(
            "names in archives are limited to 65535 bytes, '",
            name.substr(0, 64),
            "...' has ",
            name.size()
        );
    }

    uint32_t crc = 0;
    if (!sink_.can_overwrite()) {
        auto checksum = ZipMemberOutput(nullptr);
        content(checksum);
        crc = checksum.crc();
    }

    auto offset = sink_.position();
    auto header = local_header(name, size, crc);
    sink_.reserve(header.size() + size);
    sink_.write(header.data(), header.size());

    auto output = ZipMemberOutput(&sink_);
    content(output);
    if (output.size() != size) {
        throw Error(MTS_INTERNAL_ERROR, text("wrong size for the member '", name, "'"));
    }
    if (sink_.can_overwrite()) {
        uint8_t bytes[sizeof(uint32_t)];
        store_little_endian(bytes, output.crc());
        sink_.overwrite(offset + zip::local::CRC, bytes, sizeof(bytes));
    }
    add_to_directory(name, size, offset, output.crc());
}

void ZipWriter::add_to_directory(
    std::string_view name, uint64_t size, uint64_t offset, uint32_t crc
) {
    auto extra = std::string();
    for (auto value : {size, size, offset}) {
        if (value > zip::IN_ZIP64_32) {
            append_little_endian(extra, value);
        }
    }
    if (!extra.empty()) {
        auto values = std::move(extra);
        extra.clear();
        append_little_endian(extra, zip::ZIP64_EXTRA);
        append_little_endian(extra, static_cast<uint16_t>(values.size()));
        extra += values;
    }

    constexpr uint16_t NO_COMMENT = 0;
    constexpr uint16_t DISK = 0;
    constexpr uint16_t INTERNAL_ATTRIBUTES = 0;

    append_little_endian(directory_, zip::central::SIGNATURE);
    append_little_endian(directory_, VERSION_MADE_BY);
    append_common(directory_, name, crc);
    append_little_endian(directory_, saturated<uint32_t>(size));
    append_little_endian(directory_, saturated<uint32_t>(size));
    append_little_endian(directory_, static_cast<uint16_t>(name.size()));
    append_little_endian(directory_, static_cast<uint16_t>(extra.size()));
    append_little_endian(directory_, NO_COMMENT);
    append_little_endian(directory_, DISK);
    append_little_endian(directory_, INTERNAL_ATTRIBUTES);
    append_little_endian(directory_, ATTRIBUTES);
    append_little_endian(directory_, saturated<uint32_t>(offset));
    directory_ += name;
    directory_ += extra;
    count_ += 1;
}

void ZipWriter::finish() {
    constexpr uint16_t DISK = 0;
    constexpr uint16_t NO_COMMENT = 0;

    auto offset = sink_.position();
    sink_.write(directory_.data(), directory_.size());

    auto records = std::string();
    if (count_ > zip::IN_ZIP64_16 || directory_.size() > zip::IN_ZIP64_32 ||
        offset > zip::IN_ZIP64_32) {
        // the stored size does not include the signature and the size itself
        constexpr uint64_t STORED_SIZE = zip::end64::SIZE - 12;
        constexpr uint32_t DISK_64 = 0;
        constexpr uint32_t NUMBER_OF_DISKS = 1;

        append_little_endian(records, zip::end64::SIGNATURE);
        append_little_endian(records, STORED_SIZE);
        append_little_endian(records, VERSION_NEEDED_ZIP64);
        append_little_endian(records, VERSION_NEEDED_ZIP64);
        append_little_endian(records, DISK_64);
        append_little_endian(records, DISK_64);
        append_little_endian(records, count_);
        append_little_endian(records, count_);
        append_little_endian<uint64_t>(records, directory_.size());
        append_little_endian(records, offset);

        append_little_endian(records, zip::locator64::SIGNATURE);
        append_little_endian(records, DISK_64);
        append_little_endian(records, offset + directory_.size());
        append_little_endian(records, NUMBER_OF_DISKS);
    }

    append_little_endian(records, zip::end::SIGNATURE);
    append_little_endian(records, DISK);
    append_little_endian(records, DISK);
    append_little_endian(records, saturated<uint16_t>(count_));
    append_little_endian(records, saturated<uint16_t>(count_));
    append_little_endian(records, saturated<uint32_t>(directory_.size()));
    append_little_endian(records, saturated<uint32_t>(offset));
    append_little_endian(records, NO_COMMENT);
    sink_.write(records.data(), records.size());
}

} // namespace mts::io
