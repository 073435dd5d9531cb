#include "merge.hpp"

#include <algorithm>
#include <limits>
#include <span>
#include <string>
#include <utility>

#include "checked.hpp"
#include "error.hpp"
#include "text.hpp"

namespace mts {

void check_has_blocks(const TensorMap& tensor) {
    if (tensor.blocks().empty()) {
        throw invalid_parameter("there are no keys to move in an empty tensor map");
    }
}

Names concatenate(const Names& first, const Names& second) {
    std::vector<std::string> names(first.begin(), first.end());
    names.insert(names.end(), second.begin(), second.end());
    return Names(std::move(names));
}

std::size_t MergePlan::samples_count() const noexcept {
    std::size_t count = 0;
    for (const MergeSource& source : sources) {
        count += source.block->samples()->count();
    }
    return count;
}

void MergePlan::set_samples(Names names, UniqueRows rows) {
    samples = first().samples()->derive(std::move(names), std::move(rows.values));
    sample_mapping = std::move(rows.mapping);

    std::size_t first_sample = 0;
    for (MergeSource& source : sources) {
        source.first_sample = first_sample;
        first_sample += source.block->samples()->count();
    }
}

namespace {

/// The new keys, and the blocks that are merged for each of them
struct KeyGroups {
    LabelsRef keys;
    std::vector<MergePlan> plans;
};

std::vector<std::size_t> moved_columns(const Names& keys, const Names& moved) {
    std::vector<std::size_t> columns;
    for (const std::string& name : moved) {
        const auto column = keys.find(name);
        if (!column) {
            throw invalid_parameter(
                "can not move '",
                name,
                "', it is not one of the dimensions of the keys: (",
                keys.to_text(),
                ")"
            );
        }
        columns.push_back(*column);
    }
    return columns;
}

/// The values in `row` for some of the columns
std::vector<std::int32_t>
project(const std::int32_t* row, const std::vector<std::size_t>& columns) {
    std::vector<std::int32_t> values;
    for (std::size_t column : columns) {
        values.push_back(row[column]);
    }
    return values;
}

KeyGroups group_blocks(const TensorMap& tensor, const Names& moved) {
    const Labels& keys = *tensor.keys();
    const std::vector<std::size_t> moved_to = moved_columns(keys.names(), moved);

    std::vector<std::string> names;
    std::vector<std::size_t> remaining;
    for (std::size_t column = 0; column < keys.size(); column++) {
        if (!moved.contains(keys.names()[column])) {
            names.push_back(keys.names()[column]);
            remaining.push_back(column);
        }
    }

    const Rows rows = keys.rows();
    std::vector<std::int32_t> values;
    for (std::size_t i = 0; i < rows.count; i++) {
        if (remaining.empty()) {
            values.push_back(0);
        } else {
            append_row(values, project(rows[i], remaining));
        }
    }
    if (remaining.empty()) {
        names.emplace_back("_");
    }

    UniqueRows unique = unique_rows(std::move(values), names.size());
    KeyGroups groups;
    groups.plans.resize(unique.count);
    for (std::size_t i = 0; i < rows.count; i++) {
        MergeSource source;
        source.block = tensor.blocks()[i].get();
        source.moved = project(rows[i], moved_to);
        groups.plans[unique.mapping[i]].sources.push_back(std::move(source));
    }
    groups.keys = keys.derive(Names(std::move(names)), std::move(unique.values));
    return groups;
}

void check_same_components(const Block& block, const Block& first, std::string_view what) {
    const bool same = std::equal(
        block.components().begin(),
        block.components().end(),
        first.components().begin(),
        first.components().end(),
        [](const LabelsRef& a, const LabelsRef& b) { return *a == *b; }
    );
    if (!same) {
        throw invalid_parameter(
            "can not merge blocks with different components in the ",
            what,
            ": call `components_to_properties` first"
        );
    }
}

Error different_gradients() {
    // tensor maps only contain blocks with the same gradients, but some can be added later
    return invalid_parameter("can not merge blocks that do not all have the same gradients");
}

void check_can_merge(const MergePlan& plan) {
    for (const MergeSource& source : plan.sources) {
        if (source.block->gradients().size() != plan.first().gradients().size()) {
            throw different_gradients();
        }
        for (const Block::Gradient& gradient : source.block->gradients()) {
            if (!gradient.block->gradients().empty()) {
                throw invalid_parameter(
                    "can not merge blocks with gradients of gradients, there are some for '",
                    gradient.parameter,
                    "'"
                );
            }
        }
        check_same_components(*source.block, plan.first(), "values");
    }
}

void check_fill_value(const Array& fill_value, DLDataType expected) {
    const DLDataType dtype = fill_value.dtype();
    if (!same_dtype(dtype, expected)) {
        throw invalid_parameter(
            "the fill value must have the same dtype as the values, got ",
            to_text(dtype),
            " and ",
            to_text(expected)
        );
    }
    const auto shape = fill_value.shape();
    if (!shape.empty()) {
        throw invalid_parameter(
            "the fill value must be a scalar, an array without axes; got the shape (",
            to_text(shape),
            ")"
        );
    }
    const DLDevice device = fill_value.device();
    if (device.device_type != kDLCPU) {
        throw invalid_parameter("the fill value must be on CPU, got ", to_text(device));
    }
}

/// Creates the values of a merged block
Array create_values(
    const Block& first, std::size_t samples, std::size_t properties, const Array& fill_value
) {
    check_fill_value(fill_value, first.values().dtype());
    std::vector<std::uintptr_t> shape = {samples};
    for (const LabelsRef& component : first.components()) {
        shape.push_back(component->count());
    }
    shape.push_back(properties);
    return first.values().create(shape, fill_value);
}

/// Moves the data of one block. `samples` is the new position of each of its samples.
void move_data(
    Array& output,
    const Block& block,
    std::span<const std::size_t> samples,
    const std::vector<PropertyRange>& properties
) {
    std::vector<mts_data_movement_t> movements;
    movements.reserve(checked_multiply(samples.size(), properties.size()));
    for (std::size_t i = 0; i < samples.size(); i++) {
        for (const PropertyRange& range : properties) {
            if (range.length == 0) {
                continue;
            }
            movements.push_back({i, samples[i], range.start_in, range.start_out, range.length});
        }
    }
    if (!movements.empty()) {
        output.move_data(block.values(), movements);
    }
}

std::unique_ptr<Block> merge_values(const MergePlan& plan, const Array& fill_value) {
    Array values =
        create_values(plan.first(), plan.samples->count(), plan.properties->count(), fill_value);
    const std::span<const std::size_t> mapping = plan.sample_mapping;
    for (const MergeSource& source : plan.sources) {
        const std::size_t count = source.block->samples()->count();
        move_data(
            values, *source.block, mapping.subspan(source.first_sample, count), source.properties
        );
    }
    return std::make_unique<Block>(
        std::move(values), plan.samples, plan.first().components(), plan.properties
    );
}

/// The gradients of all sources with respect to one parameter
std::vector<const Block*> find_gradients(const MergePlan& plan, const std::string& parameter) {
    std::vector<const Block*> gradients;
    for (const MergeSource& source : plan.sources) {
        const Block* gradient = source.block->find_gradient(parameter);
        if (gradient == nullptr) {
            throw different_gradients();
        }
        gradients.push_back(gradient);

        const Block& first = *gradients[0];
        if (gradient->samples()->names() != first.samples()->names()) {
            throw invalid_parameter(
                "can not merge gradients with different samples dimensions: (",
                gradient->samples()->names().to_text(),
                ") and (",
                first.samples()->names().to_text(),
                ")"
            );
        }
        check_same_components(
            *gradient, first, text("gradients with respect to '", parameter, "'")
        );
    }
    return gradients;
}

/// The samples of all gradients one after the other, where `sample` is the position in the merged
/// block
std::vector<std::int32_t>
reindexed_samples(const MergePlan& plan, const std::vector<const Block*>& gradients) {
    if (plan.samples->count() > std::numeric_limits<std::int32_t>::max()) {
        throw invalid_parameter("too many samples for gradients: ", plan.samples->count());
    }

    std::vector<std::int32_t> values;
    for (std::size_t i = 0; i < gradients.size(); i++) {
        const MergeSource& source = plan.sources[i];
        const std::size_t samples_count = source.block->samples()->count();
        const Rows rows = gradients[i]->samples()->rows();
        for (std::size_t j = 0; j < rows.count; j++) {
            // this was checked when the gradient was added, but the memory is not ours
            const auto sample = static_cast<std::size_t>(rows[j][0]);
            if (sample >= samples_count) {
                throw invalid_parameter("invalid value for 'sample' in gradients: ", rows[j][0]);
            }
            const std::size_t merged = plan.sample_mapping[source.first_sample + sample];
            values.push_back(static_cast<std::int32_t>(merged));
            append_row(values, rows.row(j).subspan(1));
        }
    }
    return values;
}

std::unique_ptr<Block>
merge_gradients(const MergePlan& plan, const std::string& parameter, const Array& fill_value) {
    const std::vector<const Block*> gradients = find_gradients(plan, parameter);
    const Block& first = *gradients[0];

    UniqueRows rows =
        sorted_unique_rows(reindexed_samples(plan, gradients), first.samples()->size());
    Array values = create_values(first, rows.count, plan.properties->count(), fill_value);

    std::span<const std::size_t> mapping = rows.mapping;
    for (std::size_t i = 0; i < gradients.size(); i++) {
        const std::size_t count = gradients[i]->samples()->count();
        move_data(values, *gradients[i], mapping.first(count), plan.sources[i].properties);
        mapping = mapping.subspan(count);
    }
    return std::make_unique<Block>(
        std::move(values),
        first.samples()->derive(first.samples()->names(), std::move(rows.values)),
        first.components(),
        plan.properties
    );
}

} // namespace

std::unique_ptr<TensorMap> merge_blocks(
    const TensorMap& tensor,
    const Names& moved,
    const Array& fill_value,
    const std::function<void(MergePlan&)>& add_labels
) {
    KeyGroups groups = group_blocks(tensor, moved);

    std::vector<std::unique_ptr<Block>> blocks;
    for (MergePlan& plan : groups.plans) {
        check_can_merge(plan);
        add_labels(plan);

        std::unique_ptr<Block> block = merge_values(plan, fill_value);
        for (const Block::Gradient& gradient : plan.first().gradients()) {
            block->add_gradient(
                gradient.parameter, merge_gradients(plan, gradient.parameter, fill_value)
            );
        }
        blocks.push_back(std::move(block));
    }

    auto result = std::make_unique<TensorMap>(std::move(groups.keys), std::move(blocks));
    result->info() = tensor.info();
    result->info().sort();
    return result;
}

} // namespace mts
