#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "io/input_stream.hpp"
#include "io/npy_header_parser.hpp"
#include "metatensor.h"
#include "names.hpp"

namespace mts::io {

// Writing

/// Complete header of a `.npy` file with an array. Types that can not be stored in files are a
/// SERIALIZATION error. If the header is written at `position`, what follows it is at a multiple of
/// `alignment` (a power of two), thanks to additional spaces in the header if needed.
std::string npy_array_header(
    DLDataType dtype, std::span<const uintptr_t> shape, uint64_t position = 0, size_t alignment = 1
);

/// Complete header of a `.npy` file with labels: `count` entries
std::string npy_labels_header(const Names& names, size_t count);

/// Number of bytes of an element, for types that can be stored in files
size_t npy_type_size(DLDataType dtype);

// Reading

/// Read a header, up to the first byte of the data
NpyHeader read_npy_header(InputStream& input);

/// Does this source start with a valid header?
bool has_npy_header(Source& source);

/// Type of the elements of an array
struct NpyType {
    DLDataType dtype;
    /// number of bytes of one element
    size_t size;
    /// should the bytes of each number be put in reverse order?
    bool swapped;
};

/// Check that a header is one for an array of numbers, and get their type
NpyType npy_array_type(const NpyHeader& header);

/// Labels described by a header
struct NpyLabelsType {
    std::vector<std::string> names;
    size_t count;
    /// should the bytes of each number be put in reverse order?
    bool swapped;
};

/// Check that a header is one for labels
NpyLabelsType npy_labels_type(const NpyHeader& header);

/// Number of bytes of an array with this shape, after checking that there are enough `available`
uint64_t npy_data_size(std::span<const uintptr_t> shape, size_t element_size, uint64_t available);

} // namespace mts::io
