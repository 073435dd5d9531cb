#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "array.hpp"
#include "block.hpp"
#include "labels.hpp"
#include "names.hpp"
#include "tensor.hpp"
#include "unique_rows.hpp"

namespace mts {

/// Consecutive properties of a block that stay consecutive in the merged block
struct PropertyRange {
    std::size_t start_in;
    std::size_t start_out;
    std::size_t length;
};

/// A block to be merged with others
struct MergeSource {
    const Block* block = nullptr;
    /// Values of the moved dimensions of the keys for this block
    std::vector<std::int32_t> moved;
    /// Position of its first sample in `MergePlan::sample_mapping`
    std::size_t first_sample = 0;
    /// Where its properties go; empty if its data is not part of the result
    std::vector<PropertyRange> properties;
};

/// The blocks to be merged in a single one, the new labels, and where each piece of data goes
struct MergePlan {
    std::vector<MergeSource> sources;
    LabelsRef samples;
    /// Position in `samples` of the samples of the sources
    std::vector<std::size_t> sample_mapping;
    LabelsRef properties;

    const Block& first() const noexcept { return *sources[0].block; }

    /// Number of samples of all sources
    std::size_t samples_count() const noexcept;

    /// Sets new samples, where `rows` comes from the samples of all sources, one after the other
    void set_samples(Names names, UniqueRows rows);
};

/// Merges the blocks that only differ by the values of the dimensions `moved` of the keys.
/// `add_labels` sets samples and properties in the plan of each group of blocks.
std::unique_ptr<TensorMap> merge_blocks(
    const TensorMap& tensor,
    const Names& moved,
    const Array& fill_value,
    const std::function<void(MergePlan&)>& add_labels
);

/// Throws if there is nothing to merge
void check_has_blocks(const TensorMap& tensor);

/// The names `first`, followed by the names `second`
Names concatenate(const Names& first, const Names& second);

/// Appends one row to a row-major matrix
inline void append_row(std::vector<std::int32_t>& values, std::span<const std::int32_t> row) {
    values.insert(values.end(), row.begin(), row.end());
}

} // namespace mts
