#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "labels.hpp"

namespace mts {

/// Finds the entries of `labels` that match one of `selection`, and stores their positions at the
/// start of `selected`, which has room for one position per entry of `labels`. Returns their
/// number.
std::size_t
labels_select(const Labels& labels, const Labels& selection, std::span<std::uint64_t> selected);

} // namespace mts
