#pragma once

#include "error.hpp"

namespace mts::io {

// Errors from pieces of their message, like `invalid_parameter`

/// The input ends too early, has a wrong checksum, or can not be read or written at all
template <typename... Parts>
Error io_error(const Parts&... parts) {
    return Error(MTS_IO_ERROR, text(parts...));
}

/// The content does not follow the format
template <typename... Parts>
Error serialization_error(const Parts&... parts) {
    return Error(MTS_SERIALIZATION_ERROR, text(parts...));
}

} // namespace mts::io
