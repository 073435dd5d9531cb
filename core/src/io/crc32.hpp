#pragma once

#include <cstddef>
#include <cstdint>

namespace mts::io {

/// CRC-32 as used by ZIP (polynomial 0x04C11DB7, reflected). Pass the result of a previous call as
/// `crc` to continue over more data; start with 0.
///
/// Uses the carry-less multiplication or CRC instructions of the processor when it has them.
uint32_t crc32(uint32_t crc, const void* data, size_t size);

/// The same, with the implementation that works on any processor
uint32_t crc32_portable(uint32_t crc, const void* data, size_t size);

} // namespace mts::io
