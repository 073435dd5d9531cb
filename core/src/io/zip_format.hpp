#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

// The parts of the ZIP format that are needed to read and to write archives. Everything is
// little-endian. A record is described by its size without variable parts, and the offset of its
// fields from its start.

namespace mts::io::zip {

inline constexpr uint16_t STORED = 0;
inline constexpr uint16_t DEFLATED = 8;

inline constexpr uint16_t ENCRYPTED_FLAG = 0x0001;
inline constexpr uint16_t UTF8_FLAG = 0x0800;

/// Values of 16 and 32-bit fields that are too large for them, and stored in a ZIP64 record instead
inline constexpr uint16_t IN_ZIP64_16 = std::numeric_limits<uint16_t>::max();
inline constexpr uint32_t IN_ZIP64_32 = std::numeric_limits<uint32_t>::max();

/// Extra field with ZIP64 values: this identifier, the size of what follows (16 bits each), values
/// of 64 bits
inline constexpr uint16_t ZIP64_EXTRA = 0x0001;
inline constexpr size_t EXTRA_HEADER_SIZE = 4;

/// What comes before the data of each member; then the name and the extra fields
namespace local {
inline constexpr uint32_t SIGNATURE = 0x04034b50;
inline constexpr size_t CRC = 14;
inline constexpr size_t NAME_LENGTH = 26;
inline constexpr size_t EXTRA_LENGTH = 28;
inline constexpr size_t SIZE = 30;
} // namespace local

/// Entry of the central directory, one per member; then the name, the extra fields and a comment
namespace central {
inline constexpr uint32_t SIGNATURE = 0x02014b50;
inline constexpr size_t FLAGS = 8;
inline constexpr size_t METHOD = 10;
inline constexpr size_t CRC = 16;
inline constexpr size_t COMPRESSED_SIZE = 20;
inline constexpr size_t UNCOMPRESSED_SIZE = 24;
inline constexpr size_t NAME_LENGTH = 28;
inline constexpr size_t EXTRA_LENGTH = 30;
inline constexpr size_t COMMENT_LENGTH = 32;
inline constexpr size_t DISK = 34;
inline constexpr size_t OFFSET = 42;
inline constexpr size_t SIZE = 46;
} // namespace central

/// Last record of an archive; then a comment
namespace end {
inline constexpr uint32_t SIGNATURE = 0x06054b50;
inline constexpr size_t DISK = 4;
inline constexpr size_t DIRECTORY_DISK = 6;
inline constexpr size_t DISK_COUNT = 8;
inline constexpr size_t COUNT = 10;
inline constexpr size_t DIRECTORY_SIZE = 12;
inline constexpr size_t DIRECTORY_OFFSET = 16;
inline constexpr size_t COMMENT_LENGTH = 20;
inline constexpr size_t SIZE = 22;
} // namespace end

/// The same with larger fields
namespace end64 {
inline constexpr uint32_t SIGNATURE = 0x06064b50;
inline constexpr size_t DISK = 16;
inline constexpr size_t DIRECTORY_DISK = 20;
inline constexpr size_t DISK_COUNT = 24;
inline constexpr size_t COUNT = 32;
inline constexpr size_t DIRECTORY_SIZE = 40;
inline constexpr size_t DIRECTORY_OFFSET = 48;
inline constexpr size_t SIZE = 56;
} // namespace end64

/// Just before the end record if there is an end64 record: where that one is
namespace locator64 {
inline constexpr uint32_t SIGNATURE = 0x07064b50;
inline constexpr size_t END64_OFFSET = 8;
inline constexpr size_t SIZE = 20;
} // namespace locator64

} // namespace mts::io::zip
