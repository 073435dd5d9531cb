#pragma once

#include <cstddef>
#include <vector>

#include "rows.hpp"

namespace mts {

/// Positions of the rows in lexicographic order; equal rows stay in their original order
std::vector<std::size_t> sorted_order(Rows rows);

} // namespace mts
