#pragma once

#include <cstdint>
#include <span>

#include "labels.hpp"

namespace mts {

/// Position of each entry of `searched` in `labels`, or -1. Both have the same dimensions.
void find_entries(const Labels& labels, const Labels& searched, std::span<std::int64_t> positions);

// Set operations. The mappings are filled with the position in the result of each entry of the
// inputs, or -1. They have one element for each entry of an input, or can be empty if they are not
// needed.

LabelsRef labels_union(
    const Labels& first,
    const Labels& second,
    std::span<std::int64_t> first_mapping,
    std::span<std::int64_t> second_mapping
);

LabelsRef labels_intersection(
    const Labels& first,
    const Labels& second,
    std::span<std::int64_t> first_mapping,
    std::span<std::int64_t> second_mapping
);

LabelsRef
labels_difference(const Labels& first, const Labels& second, std::span<std::int64_t> first_mapping);

} // namespace mts
