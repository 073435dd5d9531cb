#include "labels_select.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <vector>

#include "error.hpp"
#include "labels_sets.hpp"
#include "row_packing.hpp"
#include "text.hpp"

namespace mts {

/// Position in `labels` of each dimension of `selection`
static std::vector<std::size_t> selected_columns(const Labels& labels, const Labels& selection) {
    std::vector<std::size_t> columns;
    for (const std::string& name : selection.names()) {
        const auto column = labels.names().find(name);
        if (!column) {
            throw invalid_parameter(
                "the dimension '",
                name,
                "' of the selection is not one of the labels: (",
                labels.names().to_text(),
                ")"
            );
        }
        columns.push_back(*column);
    }
    return columns;
}

/// Selection with the dimensions of the labels: entries in the order of the selection
static std::size_t
select_entries(const Labels& labels, const Labels& selection, std::span<std::uint64_t> selected) {
    std::vector<std::int64_t> positions(selection.count());
    find_entries(labels, selection, positions);

    std::size_t count = 0;
    for (std::int64_t position : positions) {
        if (position < 0) {
            continue;
        }
        if (count == selected.size()) {
            throw invalid_parameter("the selection contains the same entry more than once");
        }
        selected[count] = static_cast<std::uint64_t>(position);
        count++;
    }
    return count;
}

/// Entries of a selection as flags, one for each row that could be one of them
template <std::size_t Width>
class EntryFlags {
public:
    EntryFlags(Rows entries, RowPacking packing)
        : packing_(std::move(packing)), flags_(packing_.capacity() + 1) {
        for (std::size_t i = 0; i < entries.count; i++) {
            flags_[slot(entries[i])] = 1;
        }
        flags_.back() = 0;
    }

    /// 1 for the rows that are entries, 0 for the others
    void find_all(Rows searched, std::span<std::uint8_t> found) const noexcept {
        for (std::size_t i = 0; i < searched.count; i++) {
            found[i] = flags_[slot(searched[i])];
        }
    }

private:
    /// The last slot is for all rows without a key
    std::size_t slot(const std::int32_t* row) const noexcept {
        return std::min(packing_.key<Width>(row), packing_.capacity());
    }

    RowPacking packing_;
    std::vector<std::uint8_t> flags_;
};

constexpr std::size_t BATCH = 1024;

/// Selection with other dimensions than the labels: entries in the order of the labels.
/// `find_all` tells which rows of a batch, made of these columns, are selected.
template <typename FindAll>
static std::size_t select_projected(
    Rows rows,
    std::span<const std::size_t> columns,
    std::span<std::uint64_t> selected,
    FindAll&& find_all
) {
    std::vector<std::int32_t> projected(std::min(BATCH, rows.count) * columns.size());
    std::array<std::uint8_t, BATCH> found;

    std::size_t count = 0;
    for (std::size_t start = 0; start < rows.count; start += BATCH) {
        const std::size_t length = std::min(BATCH, rows.count - start);
        std::int32_t* value = projected.data();
        for (std::size_t i = start; i < start + length; i++) {
            for (std::size_t column : columns) {
                *value = rows[i][column];
                value++;
            }
        }

        find_all(Rows{projected.data(), length, columns.size()}, found);
        for (std::size_t i = 0; i < length; i++) {
            selected[count] = start + i;
            count += found[i];
        }
    }
    return count;
}

static std::size_t select_projected(
    Rows rows,
    const Labels& selection,
    std::span<const std::size_t> columns,
    std::span<std::uint64_t> selected
) {
    RowPacking packing(selection.rows());
    if (packing.capacity() != 0 && packing.capacity() <= rows.count) {
        return with_static_width(columns.size(), [&](auto width) {
            const EntryFlags<width()> entries(selection.rows(), std::move(packing));
            return select_projected(rows, columns, selected, [&](Rows searched, auto& found) {
                entries.find_all(searched, found);
            });
        });
    }

    const RowIndex& entries = selection.index();
    return select_projected(rows, columns, selected, [&](Rows searched, auto& found) {
        std::array<std::int64_t, BATCH> positions;
        entries.find_all(searched, positions);
        for (std::size_t i = 0; i < searched.count; i++) {
            found[i] = positions[i] >= 0 ? 1 : 0;
        }
    });
}

std::size_t
labels_select(const Labels& labels, const Labels& selection, std::span<std::uint64_t> selected) {
    const bool both = labels.count() != 0 && selection.count() != 0;
    if (both && !same_device(labels.device(), selection.device())) {
        throw invalid_parameter(
            "the selection must be on the same device as the labels: ",
            to_text(selection.device()),
            " and ",
            to_text(labels.device())
        );
    }
    const std::vector<std::size_t> columns = selected_columns(labels, selection);

    if (columns.empty()) {
        std::iota(selected.begin(), selected.end(), std::uint64_t{0});
        return selected.size();
    }
    if (!both) {
        return 0;
    }
    if (labels.names() == selection.names()) {
        return select_entries(labels, selection, selected);
    }
    return select_projected(labels.rows(), selection, columns, selected);
}

} // namespace mts
