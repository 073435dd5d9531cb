#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "rows.hpp"

namespace mts {

/// Finds rows of a matrix by their values.
class RowIndex {
public:
    /// Index of `rows`, the memory of which must outlive the index. Rows that are equal to a
    /// previous one are not part of the index.
    explicit RowIndex(Rows rows);
    RowIndex(RowIndex&&) noexcept;
    ~RowIndex();

    /// Position of a row, or -1
    std::int64_t find(const std::int32_t* row) const;
    /// Positions of many rows with the same number of columns, or -1
    void find_all(Rows searched, std::span<std::int64_t> positions) const;

    /// Position of the first row that is equal to one before it, if there is one
    std::optional<std::size_t> duplicate() const noexcept { return duplicate_; }

    /// Where the values of rows are remembered
    class Table;

private:
    std::size_t size_;
    std::unique_ptr<Table> table_;
    std::optional<std::size_t> duplicate_;
};

/// For each row, the position of the first row with the same values
std::vector<std::size_t> first_occurrences(Rows rows);

} // namespace mts
