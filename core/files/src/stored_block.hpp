#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "handles.hpp"
#include "io/array_io.hpp"
#include "io/zip_reader.hpp"

namespace mts::files {

/// An array in a file
struct StoredArray {
    /// name of the member
    std::string member;
    io::ArrayLayout layout;
    /// position in the file of the first element; nothing for compressed data
    std::optional<uint64_t> position;

    /// Number of bytes of one sample
    size_t row_size() const;
};

struct StoredGradient;

/// A block in a file: its labels, and where its values are
struct StoredBlock {
    StoredArray values;
    LabelsHandle samples;
    std::vector<LabelsHandle> components;
    LabelsHandle properties;
    /// in the order of the file
    std::vector<StoredGradient> gradients;
};

struct StoredGradient {
    std::string parameter;
    StoredBlock block;
    /// are the rows of this gradient in the order of the samples that they belong to?
    bool is_sorted;
};

/// Read everything about the block with this prefix but its values. All the rules of blocks and
/// gradients are checked.
StoredBlock read_stored_block(const io::ZipReader& archive, const std::string& prefix);

} // namespace mts::files
