#include "script_block.hpp"

#include <memory>
#include <utility>

#include "block_values.hpp"

namespace metatensor_torch::details {

using torch::IValue;

TensorBlock new_block(
    const torch::Tensor& values,
    const Borrowed<LabelsHolder>& samples,
    const BorrowedList<LabelsHolder>& components,
    const Borrowed<LabelsHolder>& properties
) {
    auto array = std::make_unique<BlockValues>(values);
    auto labels = CoreLabels();
    auto add_axis = [&](const Borrowed<LabelsHolder>& axis) {
        array->remember_labels(labels.size(), axis);
        labels.push_back(axis->as_metatensor().as_mts_labels_t());
    };

    add_axis(samples);
    for (size_t i = 0; i < components.size(); i++) {
        add_axis(components[i]);
    }
    add_axis(properties);
    return TensorBlockHolder::from_metatensor(core_block(std::move(array), labels));
}

ScriptValue<Labels> labels_object(const metatensor::TensorBlock& block, uintptr_t axis) {
    if (auto* values = block_values(block)) {
        return {values->labels_object(block, axis)};
    }
    return {IValue(LabelsHolder::from_metatensor(block.labels(axis)))};
}

namespace {

size_t count_axes(const metatensor::TensorBlock& block) {
    const auto* values = block_values(block);
    return values != nullptr ? values->shape().size() : block.values_shape().size();
}

} // namespace

ScriptValue<Labels> samples_object(const Borrowed<TensorBlockHolder>& block) {
    return labels_object(block->as_metatensor(), 0);
}

ScriptValue<std::vector<Labels>> components_objects(const Borrowed<TensorBlockHolder>& block) {
    static const auto TYPE = torch::getCustomClassType<Labels>();
    const auto& core = block->as_metatensor();
    auto result = c10::impl::GenericList(TYPE);
    auto n_axes = count_axes(core);
    result.reserve(n_axes - 2);
    for (size_t axis = 1; axis + 1 < n_axes; axis++) {
        result.push_back(labels_object(core, axis).value);
    }
    return {std::move(result)};
}

ScriptValue<Labels> properties_object(const Borrowed<TensorBlockHolder>& block) {
    const auto& core = block->as_metatensor();
    return labels_object(core, count_axes(core) - 1);
}

} // namespace metatensor_torch::details
