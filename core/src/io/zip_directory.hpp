#pragma once

#include <cstdint>

#include "io/source.hpp"

namespace mts::io {

/// Location of the central directory of a ZIP archive
struct ZipDirectory {
    /// Where the directory is. This is known to be inside of the source.
    uint64_t start;
    uint64_t size;
    /// Number of entries
    uint64_t count;
    /// Where the archive starts in the source: offsets found in the archive are relative to this
    uint64_t archive_start;
};

/// Find the directory of the archive, starting from the end of `source`
ZipDirectory find_zip_directory(Source& source);

} // namespace mts::io
