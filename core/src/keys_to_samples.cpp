#include "keys_to_samples.hpp"

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "checked.hpp"
#include "error.hpp"
#include "merge.hpp"

namespace mts {

/// New samples: those of all blocks, with the moved dimensions after the original ones
static void add_samples(MergePlan& plan, const Names& moved, bool sort) {
    Names names = concatenate(plan.first().samples()->names(), moved);
    std::vector<std::int32_t> values;
    values.reserve(checked_multiply(plan.samples_count(), names.size()));
    for (const MergeSource& source : plan.sources) {
        const Rows samples = source.block->samples()->rows();
        for (std::size_t i = 0; i < samples.count; i++) {
            append_row(values, samples.row(i));
            append_row(values, source.moved);
        }
    }

    // all rows are different, since the moved values are different for all blocks
    UniqueRows rows = sort ? sorted_unique_rows(std::move(values), names.size())
                           : all_rows(std::move(values), names.size());
    plan.set_samples(std::move(names), std::move(rows));
}

/// As few ranges as possible for moving properties to these new positions
static std::vector<PropertyRange> as_ranges(std::span<const std::size_t> mapping) {
    std::vector<PropertyRange> ranges;
    for (std::size_t i = 0; i < mapping.size(); i++) {
        if (!ranges.empty() && mapping[i] == ranges.back().start_out + ranges.back().length) {
            ranges.back().length++;
        } else {
            ranges.push_back({i, mapping[i], 1});
        }
    }
    return ranges;
}

/// New properties: the union of those of all blocks, in order of first occurrence
static void add_properties(MergePlan& plan) {
    const LabelsRef& first = plan.first().properties();
    const bool all_same =
        std::all_of(plan.sources.begin(), plan.sources.end(), [&](const MergeSource& source) {
            return *source.block->properties() == *first;
        });
    if (all_same) {
        plan.properties = first;
        for (MergeSource& source : plan.sources) {
            source.properties = {{0, 0, first->count()}};
        }
        return;
    }

    std::vector<std::int32_t> values;
    for (const MergeSource& source : plan.sources) {
        const Rows rows = source.block->properties()->rows();
        append_row(values, {rows.data, rows.count * rows.size});
    }
    UniqueRows unique = unique_rows(std::move(values), first->size());

    std::span<const std::size_t> mapping = unique.mapping;
    for (MergeSource& source : plan.sources) {
        const std::size_t count = source.block->properties()->count();
        source.properties = as_ranges(mapping.first(count));
        mapping = mapping.subspan(count);
    }
    plan.properties = first->derive(first->names(), std::move(unique.values));
}

std::unique_ptr<TensorMap> keys_to_samples(
    const TensorMap& tensor, const Labels& keys_to_move, const Array& fill_value, bool sort_samples
) {
    check_has_blocks(tensor);
    if (keys_to_move.count() != 0) {
        throw invalid_parameter(
            "`keys_to_move` must only contain names of dimensions for `keys_to_samples`, got ",
            keys_to_move.count(),
            " entries"
        );
    }

    const Names& moved = keys_to_move.names();
    return merge_blocks(tensor, moved, fill_value, [&](MergePlan& plan) {
        add_samples(plan, moved, sort_samples);
        add_properties(plan);
    });
}

} // namespace mts
