#include "keys_to_properties.hpp"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include "checked.hpp"
#include "error.hpp"
#include "merge.hpp"

namespace mts {

static bool have_same_samples(const MergePlan& plan) {
    return std::all_of(plan.sources.begin(), plan.sources.end(), [&](const MergeSource& source) {
        return *source.block->samples() == *plan.first().samples();
    });
}

/// New samples: the different samples of all blocks
static void add_samples(MergePlan& plan, bool sort) {
    const LabelsRef& first = plan.first().samples();
    if (have_same_samples(plan) && (!sort || first->is_sorted())) {
        plan.samples = first;
        plan.sample_mapping.resize(first->count());
        std::iota(plan.sample_mapping.begin(), plan.sample_mapping.end(), std::size_t{0});
        return;
    }

    std::vector<std::int32_t> values;
    values.reserve(checked_multiply(plan.samples_count(), first->size()));
    for (const MergeSource& source : plan.sources) {
        const Rows samples = source.block->samples()->rows();
        append_row(values, {samples.data, samples.count * samples.size});
    }
    UniqueRows rows = sort ? sorted_unique_rows(std::move(values), first->size())
                           : unique_rows(std::move(values), first->size());
    plan.set_samples(first->names(), std::move(rows));
}

static void append_properties(
    std::vector<std::int32_t>& values, std::span<const std::int32_t> moved, Rows properties
) {
    for (std::size_t i = 0; i < properties.count; i++) {
        append_row(values, moved);
        append_row(values, properties.row(i));
    }
}

/// New properties: those of all blocks, with the moved dimensions before the original ones
static void add_properties(MergePlan& plan, const Names& moved) {
    const LabelsRef& first = plan.first().properties();
    std::vector<std::int32_t> values;
    std::size_t start = 0;
    for (MergeSource& source : plan.sources) {
        const Rows properties = source.block->properties()->rows();
        append_properties(values, source.moved, properties);
        source.properties = {{0, start, properties.count}};
        start += properties.count;
    }
    plan.properties = first->derive(concatenate(moved, first->names()), std::move(values));
}

/// New properties: those of the blocks (all the same) for each one of the entries to move
static void add_requested_properties(MergePlan& plan, const Labels& keys_to_move) {
    const LabelsRef& first = plan.first().properties();
    const Rows properties = first->rows();
    const Rows entries = keys_to_move.rows();
    for (MergeSource& source : plan.sources) {
        if (*source.block->properties() != *first) {
            throw invalid_parameter(
                "can not merge blocks with different properties when `keys_to_move` has entries; "
                "use "
                "labels without entries to get the properties of each block"
            );
        }
        const std::int64_t position = keys_to_move.position(source.moved.data());
        if (position >= 0) {
            const std::size_t start = static_cast<std::size_t>(position) * properties.count;
            source.properties = {{0, start, properties.count}};
        }
    }

    Names names = concatenate(keys_to_move.names(), first->names());
    std::vector<std::int32_t> values;
    values.reserve(
        checked_multiply(checked_multiply(entries.count, properties.count), names.size())
    );
    for (std::size_t i = 0; i < entries.count; i++) {
        append_properties(values, entries.row(i), properties);
    }
    plan.properties = first->derive(std::move(names), std::move(values));
}

std::unique_ptr<TensorMap> keys_to_properties(
    const TensorMap& tensor, const Labels& keys_to_move, const Array& fill_value, bool sort_samples
) {
    check_has_blocks(tensor);
    return merge_blocks(tensor, keys_to_move.names(), fill_value, [&](MergePlan& plan) {
        add_samples(plan, sort_samples);
        if (keys_to_move.count() == 0) {
            add_properties(plan, keys_to_move.names());
        } else {
            add_requested_properties(plan, keys_to_move);
        }
    });
}

} // namespace mts
