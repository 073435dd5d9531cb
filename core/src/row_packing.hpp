#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "rows.hpp"

namespace mts {

/// Packs rows into single integers, in the same order as the rows: the values of each column are
/// counted from their minimum, and columns are digits of a number in mixed radix.
class RowPacking {
public:
    /// Key of the rows that can not be packed
    static constexpr std::uint64_t NO_KEY = std::numeric_limits<std::uint64_t>::max();

    /// Packing for these rows. Look at `capacity()` to know if it is usable.
    explicit RowPacking(Rows rows);

    /// All keys are smaller than this; 0 if the rows do not fit in 64 bits
    std::uint64_t capacity() const noexcept { return capacity_; }

    /// Key of a row, `NO_KEY` if one of its values is not between the extrema of its column
    template <std::size_t Width>
    std::uint64_t key(const std::int32_t* row) const noexcept {
        const std::size_t width = Width == 0 ? columns_.size() : Width;
        const Column* columns = columns_.data();
        std::uint64_t key = 0;
        bool valid = true;
        for (std::size_t i = 0; i < width; i++) {
            const std::uint32_t offset = static_cast<std::uint32_t>(row[i]) - columns[i].minimum;
            valid = valid && offset < columns[i].range;
            key += offset * columns[i].stride;
        }
        return valid ? key : NO_KEY;
    }

private:
    struct Column {
        std::uint32_t minimum;
        std::uint64_t range;
        std::uint64_t stride;
    };

    std::vector<Column> columns_;
    std::uint64_t capacity_ = 0;
};

} // namespace mts
