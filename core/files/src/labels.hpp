#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "handles.hpp"
#include "io/labels_content.hpp"
#include "rows.hpp"

// Labels of libmetatensor, made from what is in a file and from parts of other labels. Their values
// are in the arrays that libmetatensor uses for labels that it loads itself.

namespace mts::files {

/// Labels with this content, after checking it
LabelsHandle new_labels(io::LabelsContent content);

/// Labels with the same dimensions as `labels`, and `rows` which are known to be unique
LabelsHandle derived_labels(const mts_labels_t* labels, std::vector<int32_t> rows);

/// The entries of `labels` at some positions, which are all different
LabelsHandle pick(const mts_labels_t* labels, std::span<const uint64_t> positions);

/// The values of labels on CPU, valid as long as the labels
Rows rows(const mts_labels_t* labels);

/// Positions of some entries of labels; nothing for all of them, in their order
using Positions = std::optional<std::vector<uint64_t>>;

/// The entries of `labels` that match `selection`, which can be NULL. Errors mention `parameter`,
/// where the selection comes from.
Positions
select(const mts_labels_t* labels, const mts_labels_t* selection, std::string_view parameter);

/// The same, with positions in increasing order
Positions select_in_order(
    const mts_labels_t* labels, const mts_labels_t* selection, std::string_view parameter
);

} // namespace mts::files
