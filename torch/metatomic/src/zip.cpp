#include "internal/zip.hpp"

#include <array>
#include <limits>
#include <stdexcept>

#include "internal/bytes.hpp"

namespace metatomic_torch::details {

static constexpr uint32_t LOCAL_HEADER = 0x04034b50;
static constexpr uint32_t CENTRAL_HEADER = 0x02014b50;
static constexpr uint32_t END_OF_DIRECTORY = 0x06054b50;
static constexpr uint32_t ZIP64_END_OF_DIRECTORY = 0x06064b50;
static constexpr uint32_t ZIP64_LOCATOR = 0x07064b50;
static constexpr uint16_t ZIP64_EXTRA = 0x0001;

static constexpr size_t LOCAL_HEADER_SIZE = 30;
static constexpr size_t END_OF_DIRECTORY_SIZE = 22;
static constexpr size_t ZIP64_END_OF_DIRECTORY_SIZE = 56;
static constexpr size_t ZIP64_LOCATOR_SIZE = 20;

static constexpr uint16_t VERSION_2_0 = 20;
/// first version of the format with 64-bit sizes and offsets
static constexpr uint16_t VERSION_4_5 = 45;

static constexpr uint16_t ENCRYPTED_FLAG = 1 << 0;
static constexpr uint16_t UTF8_NAMES_FLAG = 1 << 11;
static constexpr uint16_t STORED = 0;
static constexpr uint16_t MIDNIGHT = 0;
static constexpr uint16_t FIRST_JANUARY_1980 = (1 << 5) | 1;

/// When a value is too large for its field, the field is set to its maximum, and the actual value
/// is stored in a ZIP64 record
static constexpr uint16_t MAX_16 = std::numeric_limits<uint16_t>::max();
static constexpr uint32_t MAX_32 = std::numeric_limits<uint32_t>::max();

template <typename T>
static T saturate(uint64_t value) {
    return value >= std::numeric_limits<T>::max() ? std::numeric_limits<T>::max()
                                                  : static_cast<T>(value);
}

static uint32_t compute_crc32(std::string_view data) {
    static const auto TABLE = [] {
        std::array<uint32_t, 256> table = {};
        for (uint32_t byte = 0; byte < 256; byte++) {
            auto value = byte;
            for (int bit = 0; bit < 8; bit++) {
                value = (value & 1) ? (value >> 1) ^ 0xEDB88320 : value >> 1;
            }
            table[byte] = value;
        }
        return table;
    }();

    auto crc = MAX_32;
    for (auto c : data) {
        crc = TABLE[(crc ^ static_cast<uint8_t>(c)) & 0xFF] ^ (crc >> 8);
    }
    return ~crc;
}

// ---------------------------------------------------------------------------------------------- //
// writer

void ZipWriter::add(const std::string& name, std::string_view content) {
    if (name.size() > MAX_16) {
        throw std::runtime_error("this name is too long for a ZIP archive: '" + name + "'");
    }

    entries_.push_back({name, compute_crc32(content), content.size(), buffer_.size()});
    const auto& entry = entries_.back();
    auto is_large = entry.size >= MAX_32;

    write_integer(buffer_, LOCAL_HEADER);
    write_integer(buffer_, is_large ? VERSION_4_5 : VERSION_2_0);
    write_integer(buffer_, UTF8_NAMES_FLAG);
    write_integer(buffer_, STORED);
    write_integer(buffer_, MIDNIGHT);
    write_integer(buffer_, FIRST_JANUARY_1980);
    write_integer(buffer_, entry.crc32);
    write_integer(buffer_, saturate<uint32_t>(entry.size)); // compressed size
    write_integer(buffer_, saturate<uint32_t>(entry.size)); // uncompressed size
    write_integer(buffer_, static_cast<uint16_t>(name.size()));
    write_integer(buffer_, static_cast<uint16_t>(is_large ? 20 : 0));
    write_bytes(buffer_, name);
    if (is_large) {
        write_integer(buffer_, ZIP64_EXTRA);
        write_integer(buffer_, static_cast<uint16_t>(2 * sizeof(uint64_t)));
        write_integer(buffer_, entry.size); // uncompressed size
        write_integer(buffer_, entry.size); // compressed size
    }
    write_bytes(buffer_, content);
}

void ZipWriter::write_central_header(const Entry& entry) {
    std::vector<uint8_t> large_values;
    if (entry.size >= MAX_32) {
        write_integer(large_values, entry.size); // uncompressed size
        write_integer(large_values, entry.size); // compressed size
    }
    if (entry.header_offset >= MAX_32) {
        write_integer(large_values, entry.header_offset);
    }
    auto is_large = !large_values.empty();

    write_integer(buffer_, CENTRAL_HEADER);
    write_integer(buffer_, is_large ? VERSION_4_5 : VERSION_2_0); // made by
    write_integer(buffer_, is_large ? VERSION_4_5 : VERSION_2_0); // needed
    write_integer(buffer_, UTF8_NAMES_FLAG);
    write_integer(buffer_, STORED);
    write_integer(buffer_, MIDNIGHT);
    write_integer(buffer_, FIRST_JANUARY_1980);
    write_integer(buffer_, entry.crc32);
    write_integer(buffer_, saturate<uint32_t>(entry.size)); // compressed size
    write_integer(buffer_, saturate<uint32_t>(entry.size)); // uncompressed size
    write_integer(buffer_, static_cast<uint16_t>(entry.name.size()));
    write_integer(buffer_, static_cast<uint16_t>(is_large ? 4 + large_values.size() : 0));
    write_integer(buffer_, uint16_t(0)); // comment length
    write_integer(buffer_, uint16_t(0)); // disk number
    write_integer(buffer_, uint16_t(0)); // internal attributes
    write_integer(buffer_, uint32_t(0)); // external attributes
    write_integer(buffer_, saturate<uint32_t>(entry.header_offset));
    write_bytes(buffer_, entry.name);
    if (is_large) {
        write_integer(buffer_, ZIP64_EXTRA);
        write_integer(buffer_, static_cast<uint16_t>(large_values.size()));
        buffer_.insert(buffer_.end(), large_values.begin(), large_values.end());
    }
}

std::vector<uint8_t> ZipWriter::finish() && {
    uint64_t start = buffer_.size();
    for (const auto& entry : entries_) {
        write_central_header(entry);
    }
    uint64_t end = buffer_.size();
    uint64_t count = entries_.size();

    if (count >= MAX_16 || start >= MAX_32 || end - start >= MAX_32) {
        write_integer(buffer_, ZIP64_END_OF_DIRECTORY);
        write_integer(buffer_, uint64_t(ZIP64_END_OF_DIRECTORY_SIZE - 12)); // size after this field
        write_integer(buffer_, VERSION_4_5);                                // made by
        write_integer(buffer_, VERSION_4_5);                                // needed
        write_integer(buffer_, uint32_t(0));                                // disk number
        write_integer(buffer_, uint32_t(0));                                // directory disk
        write_integer(buffer_, count);                                      // on this disk
        write_integer(buffer_, count);                                      // in total
        write_integer(buffer_, end - start);
        write_integer(buffer_, start);

        write_integer(buffer_, ZIP64_LOCATOR);
        write_integer(buffer_, uint32_t(0)); // disk number
        write_integer(buffer_, end);
        write_integer(buffer_, uint32_t(1)); // number of disks
    }

    write_integer(buffer_, END_OF_DIRECTORY);
    write_integer(buffer_, uint16_t(0)); // disk number
    write_integer(buffer_, uint16_t(0)); // directory disk
    write_integer(buffer_, saturate<uint16_t>(count));
    write_integer(buffer_, saturate<uint16_t>(count));
    write_integer(buffer_, saturate<uint32_t>(end - start));
    write_integer(buffer_, saturate<uint32_t>(start));
    write_integer(buffer_, uint16_t(0)); // comment length
    return std::move(buffer_);
}

// ---------------------------------------------------------------------------------------------- //
// reader

namespace {

struct Directory {
    uint64_t count;
    uint64_t size;
    uint64_t start;
};

struct CentralHeader {
    std::string name;
    uint16_t flags;
    uint16_t method;
    uint32_t crc32;
    uint64_t compressed_size;
    uint64_t size;
    uint64_t header_offset;
};

BytesReader reader_at(std::string_view archive, uint64_t offset) {
    auto reader = BytesReader(archive);
    reader.take(offset);
    return reader;
}

/// Find the last record of the archive, which can be followed by a comment
size_t find_end_of_directory(std::string_view archive) {
    for (size_t comment = 0; comment <= MAX_16; comment++) {
        if (END_OF_DIRECTORY_SIZE + comment > archive.size()) {
            break;
        }
        auto position = archive.size() - END_OF_DIRECTORY_SIZE - comment;
        auto reader = reader_at(archive, position);
        if (reader.read<uint32_t>() != END_OF_DIRECTORY) {
            continue;
        }
        reader.take(END_OF_DIRECTORY_SIZE - 6);
        if (reader.read<uint16_t>() == comment) {
            return position;
        }
    }
    throw std::runtime_error("this is not a ZIP archive, or it is truncated");
}

Directory read_zip64_directory(std::string_view archive, size_t end_of_directory) {
    if (end_of_directory < ZIP64_LOCATOR_SIZE) {
        throw std::runtime_error("the ZIP64 locator is missing");
    }
    auto locator = reader_at(archive, end_of_directory - ZIP64_LOCATOR_SIZE);
    if (locator.read<uint32_t>() != ZIP64_LOCATOR) {
        throw std::runtime_error("the ZIP64 locator is missing");
    }
    locator.take(sizeof(uint32_t)); // disk number

    auto reader = reader_at(archive, locator.read<uint64_t>());
    if (reader.read<uint32_t>() != ZIP64_END_OF_DIRECTORY) {
        throw std::runtime_error("the ZIP64 record is missing");
    }
    // record size, two versions, two disk numbers, and the number of files on this disk
    reader.take(8 + 2 + 2 + 4 + 4 + 8);

    Directory directory = {};
    directory.count = reader.read<uint64_t>();
    directory.size = reader.read<uint64_t>();
    directory.start = reader.read<uint64_t>();
    return directory;
}

Directory read_directory(std::string_view archive) {
    auto position = find_end_of_directory(archive);
    auto reader = reader_at(archive, position);
    // signature, two disk numbers, and the number of files on this disk
    reader.take(4 + 2 + 2 + 2);

    Directory directory = {};
    directory.count = reader.read<uint16_t>();
    directory.size = reader.read<uint32_t>();
    directory.start = reader.read<uint32_t>();
    if (directory.count == MAX_16 || directory.size == MAX_32 || directory.start == MAX_32) {
        return read_zip64_directory(archive, position);
    }
    return directory;
}

/// Replace the values which do not fit in 32-bit by the ones in the extra field
void read_zip64_extra(std::string_view extra, CentralHeader& header) {
    auto reader = BytesReader(extra);
    while (reader.remaining() != 0) {
        auto id = reader.read<uint16_t>();
        auto field = BytesReader(reader.take(reader.read<uint16_t>()));
        if (id != ZIP64_EXTRA) {
            continue;
        }
        for (auto* value : {&header.size, &header.compressed_size, &header.header_offset}) {
            if (*value == MAX_32) {
                *value = field.read<uint64_t>();
            }
        }
    }
}

CentralHeader read_central_header(BytesReader& reader) {
    if (reader.read<uint32_t>() != CENTRAL_HEADER) {
        throw std::runtime_error("the central directory of the ZIP archive is corrupted");
    }
    reader.take(2 + 2); // versions: made by and needed

    CentralHeader header = {};
    header.flags = reader.read<uint16_t>();
    header.method = reader.read<uint16_t>();
    reader.take(2 + 2); // time and date
    header.crc32 = reader.read<uint32_t>();
    header.compressed_size = reader.read<uint32_t>();
    header.size = reader.read<uint32_t>();
    auto name_size = reader.read<uint16_t>();
    auto extra_size = reader.read<uint16_t>();
    auto comment_size = reader.read<uint16_t>();
    reader.take(2 + 2 + 4); // disk number, internal and external attributes
    header.header_offset = reader.read<uint32_t>();
    header.name = reader.take(name_size);
    read_zip64_extra(reader.take(extra_size), header);
    reader.take(comment_size);
    return header;
}

std::string_view read_content(std::string_view archive, const CentralHeader& header) {
    if (header.flags & ENCRYPTED_FLAG) {
        throw std::runtime_error("'" + header.name + "' is encrypted in the ZIP archive");
    }
    if (header.method != STORED || header.compressed_size != header.size) {
        throw std::runtime_error("'" + header.name + "' is compressed in the ZIP archive");
    }

    auto reader = reader_at(archive, header.header_offset);
    if (reader.read<uint32_t>() != LOCAL_HEADER) {
        throw std::runtime_error("the header of '" + header.name + "' is missing");
    }
    reader.take(LOCAL_HEADER_SIZE - 8);
    auto name_size = reader.read<uint16_t>();
    auto extra_size = reader.read<uint16_t>();
    reader.take(name_size);
    reader.take(extra_size);

    auto content = reader.take(header.size);
    if (compute_crc32(content) != header.crc32) {
        throw std::runtime_error(
            "the content of '" + header.name + "' is corrupted in the ZIP archive"
        );
    }
    return content;
}

} // namespace

ZipReader::ZipReader(std::string_view archive) {
    auto directory = read_directory(archive);
    auto reader = BytesReader(reader_at(archive, directory.start).take(directory.size));
    uint64_t total_size = 0;
    for (uint64_t i = 0; i < directory.count; i++) {
        auto header = read_central_header(reader);

        // without overlap, a small archive can not claim to contain many large files
        if (header.size > archive.size() - total_size) {
            throw std::runtime_error("the files in the ZIP archive are too large for its size");
        }
        total_size += header.size;

        auto inserted = files_.emplace(header.name, read_content(archive, header)).second;
        if (!inserted) {
            throw std::runtime_error(
                "'" + header.name + "' is present multiple times in the ZIP archive"
            );
        }
    }
}

std::string_view ZipReader::read(const std::string& name) const {
    auto it = files_.find(name);
    if (it == files_.end()) {
        throw std::runtime_error("'" + name + "' is missing from the ZIP archive");
    }
    return it->second;
}

} // namespace metatomic_torch::details
