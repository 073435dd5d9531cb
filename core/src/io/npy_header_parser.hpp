#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mts::io {

/// What the header of a `.npy` file says about the data that follows
struct NpyHeader {
    struct Field {
        std::string name;
        std::string type;
    };

    /// Type of the elements, for example `<f8`; empty if they are structures
    std::string type;
    /// Fields of the elements if they are structures
    std::optional<std::vector<Field>> fields;
    bool fortran_order = false;
    /// Size of each axis, at least one
    std::vector<uintptr_t> shape;
};

/// Parse the text of a header: a Python dictionary, then padding and a newline
NpyHeader parse_npy_header(std::string_view text);

} // namespace mts::io
