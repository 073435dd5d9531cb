#include "labels_select.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <vector>

#include "error.hpp"
#include "labels_sets.hpp"
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

/// Selection with other dimensions than the labels: entries in the order of the labels
static std::size_t select_projected(
    Rows rows,
    const Labels& selection,
    std::span<const std::size_t> columns,
    std::span<std::uint64_t> selected
) {
    constexpr std::size_t BATCH = 1024;
    std::vector<std::int32_t> projected(std::min(BATCH, rows.count) * columns.size());
    std::array<std::int64_t, BATCH> positions;

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

        selection.index().find_all({projected.data(), length, columns.size()}, positions);
        for (std::size_t i = 0; i < length; i++) {
            selected[count] = start + i;
            count += positions[i] >= 0 ? 1 : 0;
        }
    }
    return count;
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
