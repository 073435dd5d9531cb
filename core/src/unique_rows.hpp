#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace mts {

/// The different rows of a matrix
struct UniqueRows {
    /// row-major matrix
    std::vector<std::int32_t> values;
    std::size_t count = 0;
    /// position in `values` of each row of the original matrix
    std::vector<std::size_t> mapping;
};

/// The different rows of a row-major matrix with `size` columns, in order of first occurrence
UniqueRows unique_rows(std::vector<std::int32_t> values, std::size_t size);

/// Same as `unique_rows`, in lexicographic order
UniqueRows sorted_unique_rows(std::vector<std::int32_t> values, std::size_t size);

/// Same as `unique_rows`, for rows that are known to be all different
UniqueRows all_rows(std::vector<std::int32_t> values, std::size_t size);

} // namespace mts
