#include "labels_sets.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

#include "error.hpp"
#include "text.hpp"

namespace mts {

static void check_same_space(const Labels& first, const Labels& second) {
    if (first.names() != second.names()) {
        throw invalid_parameter(
            "can not combine labels with different dimensions: (",
            first.names().to_text(),
            ") and (",
            second.names().to_text(),
            ")"
        );
    }
    if (first.count() != 0 && second.count() != 0 &&
        !same_device(first.device(), second.device())) {
        throw invalid_parameter(
            "can not combine labels on different devices: ",
            to_text(first.device()),
            " and ",
            to_text(second.device())
        );
    }
}

/// Position of the first row that is not smaller than `row`, at `start` or after
template <std::size_t Width>
static std::size_t lower_bound(Rows rows, std::size_t start, const std::int32_t* row) {
    std::size_t end = rows.count;
    while (start < end) {
        const std::size_t middle = start + (end - start) / 2;
        if (compare_rows<Width>(rows[middle], row, rows.size) < 0) {
            start = middle + 1;
        } else {
            end = middle;
        }
    }
    return start;
}

/// `find_entries` for rows that are strictly increasing: both are read once from start to end,
/// unless most of `rows` can be skipped
static void find_sorted(Rows rows, Rows searched, std::span<std::int64_t> positions) {
    const bool skip = searched.count < rows.count / 32;
    with_static_width(rows.size, [&](auto width) {
        std::size_t i = 0;
        for (std::size_t j = 0; j < searched.count; j++) {
            if (skip) {
                i = lower_bound<width()>(rows, i, searched[j]);
            }
            while (i < rows.count && compare_rows<width()>(rows[i], searched[j], rows.size) < 0) {
                i++;
            }
            const bool found =
                i < rows.count && same_rows<width()>(rows[i], searched[j], rows.size);
            positions[j] = found ? static_cast<std::int64_t>(i) : -1;
        }
    });
}

void find_entries(const Labels& labels, const Labels& searched, std::span<std::int64_t> positions) {
    if (labels.is_sorted() && searched.is_sorted()) {
        find_sorted(labels.rows(), searched.rows(), positions);
        return;
    }
    if (labels.has_index() || labels.count() <= searched.count()) {
        labels.index().find_all(searched.rows(), positions);
        return;
    }

    // it is faster to index the smaller set, and to look for the entries of the larger one
    std::vector<std::int64_t> inverse(labels.count());
    searched.index().find_all(labels.rows(), inverse);
    std::fill(positions.begin(), positions.end(), -1);
    for (std::size_t i = 0; i < inverse.size(); i++) {
        if (inverse[i] >= 0) {
            positions[static_cast<std::size_t>(inverse[i])] = static_cast<std::int64_t>(i);
        }
    }
}

/// A mapping that was asked for, or temporary memory of the same size
class MappingMemory {
public:
    MappingMemory(std::span<std::int64_t> wanted, std::size_t count) : mapping_(wanted) {
        if (wanted.empty()) {
            memory_.resize(count);
            mapping_ = memory_;
        }
    }

    std::span<std::int64_t> get() const noexcept { return mapping_; }

private:
    std::vector<std::int64_t> memory_;
    std::span<std::int64_t> mapping_;
};

static void append_row(std::vector<std::int32_t>& values, Rows rows, std::size_t i) {
    values.insert(values.end(), rows[i], rows[i] + rows.size);
}

/// The labels with the entries of `source` for which `mapping` is not negative, with the same kind
/// of array as `like`. `mapping` is updated to contain the positions of these entries in the
/// result.
static LabelsRef
keep_mapped(const Labels& like, const Labels& source, std::span<std::int64_t> mapping) {
    std::int64_t kept = 0;
    for (std::int64_t& position : mapping) {
        if (position >= 0) {
            position = kept;
            kept++;
        }
    }
    if (&like == &source && static_cast<std::size_t>(kept) == source.count()) {
        return LabelsRef::share(&like);
    }

    const Rows rows = source.rows();
    std::vector<std::int32_t> values;
    values.reserve(static_cast<std::size_t>(kept) * rows.size);
    for (std::size_t i = 0; i < rows.count; i++) {
        if (mapping[i] >= 0) {
            append_row(values, rows, i);
        }
    }
    return like.derive(like.names(), std::move(values));
}

LabelsRef labels_union(
    const Labels& first,
    const Labels& second,
    std::span<std::int64_t> first_mapping,
    std::span<std::int64_t> second_mapping
) {
    check_same_space(first, second);
    const Rows first_rows = first.rows();
    const Rows second_rows = second.rows();

    const MappingMemory memory(second_mapping, second.count());
    const std::span<std::int64_t> positions = memory.get();
    find_entries(first, second, positions);
    std::iota(first_mapping.begin(), first_mapping.end(), std::int64_t{0});

    const auto added = static_cast<std::size_t>(std::count(positions.begin(), positions.end(), -1));
    if (added == 0) {
        return LabelsRef::share(&first);
    }

    std::vector<std::int32_t> values;
    values.reserve((first_rows.count + added) * first_rows.size);
    values.assign(first_rows.data, first_rows.data + first_rows.count * first_rows.size);
    auto next = static_cast<std::int64_t>(first_rows.count);
    for (std::size_t i = 0; i < second_rows.count; i++) {
        if (positions[i] < 0) {
            append_row(values, second_rows, i);
            positions[i] = next;
            next++;
        }
    }
    return first.derive(first.names(), std::move(values));
}

LabelsRef labels_intersection(
    const Labels& first,
    const Labels& second,
    std::span<std::int64_t> first_mapping,
    std::span<std::int64_t> second_mapping
) {
    check_same_space(first, second);

    // the result has the order of the smaller set
    const bool swapped = second.count() < first.count();
    const Labels& small = swapped ? second : first;
    const Labels& large = swapped ? first : second;
    const std::span<std::int64_t> large_mapping = swapped ? first_mapping : second_mapping;
    const MappingMemory small_memory(swapped ? second_mapping : first_mapping, small.count());
    const std::span<std::int64_t> small_mapping = small_memory.get();

    find_entries(large, small, small_mapping);
    if (!large_mapping.empty()) {
        std::fill(large_mapping.begin(), large_mapping.end(), -1);
        std::int64_t next = 0;
        for (std::int64_t position : small_mapping) {
            if (position >= 0) {
                large_mapping[static_cast<std::size_t>(position)] = next;
                next++;
            }
        }
    }
    return keep_mapped(first, small, small_mapping);
}

LabelsRef labels_difference(
    const Labels& first, const Labels& second, std::span<std::int64_t> first_mapping
) {
    check_same_space(first, second);

    const MappingMemory memory(first_mapping, first.count());
    const std::span<std::int64_t> mapping = memory.get();
    find_entries(second, first, mapping);
    for (std::int64_t& position : mapping) {
        position = position < 0 ? 0 : -1;
    }
    return keep_mapped(first, first, mapping);
}

} // namespace mts
