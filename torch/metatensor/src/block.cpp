#include "metatensor/torch/block.hpp"

#include <algorithm>
#include <stdexcept>

#include "arguments.hpp"
#include "block_values.hpp"
#include "buffers.hpp"
#include "metatensor/torch/array.hpp"
#include "metatensor/torch/misc.hpp"
#include "script_block.hpp"
#include "text.hpp"
#include "torch_arrays.hpp"
#include "views.hpp"

namespace metatensor_torch {

namespace {

metatensor::TensorBlock core_block(
    torch::Tensor values,
    const Labels& samples,
    const std::vector<Labels>& components,
    const Labels& properties
) {
    auto labels = details::CoreLabels();
    labels.push_back(samples->as_metatensor().as_mts_labels_t());
    for (const auto& component : components) {
        labels.push_back(component->as_metatensor().as_mts_labels_t());
    }
    labels.push_back(properties->as_metatensor().as_mts_labels_t());
    return details::core_block(std::make_unique<details::BlockValues>(std::move(values)), labels);
}

} // namespace

TensorBlockHolder::TensorBlockHolder(
    torch::Tensor data, Labels samples, std::vector<Labels> components, Labels properties
)
    : block_(core_block(std::move(data), samples, components, properties)) {}

TensorBlockHolder::TensorBlockHolder(metatensor::TensorBlock block, torch::IValue parent)
    : block_(std::move(block)), parent_(std::move(parent)) {}

torch::Tensor TensorBlockHolder::values() const {
    if (const auto* values = details::block_values(block_)) {
        return values->tensor();
    }
    // the core library only gives access to arrays of mutable blocks
    auto array = const_cast<metatensor::TensorBlock&>(block_).mts_array();
    const auto* tensor = details::array_to_tensor(array);
    TORCH_CHECK_VALUE(
        tensor != nullptr,
        "the values of this block are not a torch tensor managed by metatensor-torch, they can not "
        "be accessed"
    );
    return *tensor;
}

Labels TensorBlockHolder::labels(uintptr_t axis) const {
    return details::labels_object(block_, axis).value.toCustomClass<LabelsHolder>();
}

TensorBlock TensorBlockHolder::copy(bool deep) const {
    if (deep) {
        return from_metatensor(block_.clone());
    }
    return this->to();
}

void TensorBlockHolder::add_gradient(const std::string& parameter, TensorBlock gradient) {
    block_.add_gradient(parameter, gradient->copy(/*deep=*/false)->release());
}

bool TensorBlockHolder::has_gradient(const std::string& parameter) const {
    auto parameters = block_.gradients_list();
    return std::find(parameters.begin(), parameters.end(), parameter) != parameters.end();
}

TensorBlock TensorBlockHolder::gradient(TensorBlock self, const std::string& parameter) {
    auto gradient = torch::make_intrusive<TensorBlockHolder>(
        self->block_.gradient(parameter), details::owner_of_views(self)
    );
    self->has_gradient_views_ = true;
    gradient->parameter_ =
        self->parameter_.empty() ? parameter : self->parameter_ + "/" + parameter;
    return gradient;
}

std::vector<std::tuple<std::string, TensorBlock>> TensorBlockHolder::gradients(TensorBlock self) {
    auto result = std::vector<std::tuple<std::string, TensorBlock>>();
    for (const auto& parameter : self->gradients_list()) {
        result.emplace_back(parameter, gradient(self, parameter));
    }
    return result;
}

TensorBlock TensorBlockHolder::to(
    torch::optional<torch::Dtype> dtype, torch::optional<torch::Device> device, bool non_blocking
) const {
    auto values = this->values();
    auto to_device = device.value_or(values.device());

    auto components = std::vector<Labels>();
    for (const auto& component : this->components()) {
        components.emplace_back(component->to(to_device, non_blocking));
    }
    auto result = torch::make_intrusive<TensorBlockHolder>(
        values.to(to_device, dtype.value_or(values.scalar_type()), non_blocking),
        this->samples()->to(to_device, non_blocking),
        std::move(components),
        this->properties()->to(to_device, non_blocking)
    );

    for (const auto& parameter : block_.gradients_list()) {
        // this temporary view does not outlive its parent
        auto gradient = TensorBlockHolder(block_.gradient(parameter), torch::IValue());
        result->block_.add_gradient(parameter, gradient.to(dtype, device, non_blocking)->release());
    }
    return result;
}

TensorBlock TensorBlockHolder::to_positional(
    torch::IValue positional_1,
    torch::IValue positional_2,
    torch::optional<torch::Dtype> dtype,
    torch::optional<torch::Device> device,
    torch::optional<std::string> arrays,
    bool non_blocking
) const {
    auto arguments = details::parse_to_arguments(
        "TensorBlock.to", positional_1, positional_2, dtype, device, arrays
    );
    return this->to(arguments.dtype, arguments.device, non_blocking);
}

std::string TensorBlockHolder::repr() const {
    auto names = [](const Labels& labels) { return details::names_to_string(labels->names()); };

    auto result = std::string("TensorBlock");
    if (!parameter_.empty()) {
        result += " gradient for '" + parameter_ + "',";
    }
    result += " with shape " + details::shape_to_string(block_.values_shape());
    result += "\n    samples: " + names(this->samples());

    auto component_names = std::vector<std::string>();
    for (const auto& component : this->components()) {
        component_names.emplace_back(component->names()[0]);
    }
    if (!component_names.empty()) {
        result += "\n    components: " + details::names_to_string(component_names);
    }
    result += "\n    properties: " + names(this->properties());

    auto parameters = block_.gradients_list();
    if (parameters.empty()) {
        return result;
    }

    auto longest = size_t(0);
    for (const auto& parameter : parameters) {
        longest = std::max(longest, parameter.size());
    }
    result += "\n\n    gradients:";
    for (const auto& parameter : parameters) {
        result += "\n        " + parameter + std::string(longest - parameter.size(), ' ');
        result += " => TensorBlock with shape ";
        result += details::shape_to_string(block_.gradient(parameter).values_shape());
    }
    return result;
}

metatensor::TensorBlock TensorBlockHolder::release() {
    if (this->is_view() && !is_taken_) {
        throw std::runtime_error(
            "can not release this TensorBlock: it is a view inside of a TensorMap or of another "
            "TensorBlock. Use `copy()` to get a block that owns its data"
        );
    }
    // this throws if the block was already released
    return metatensor::TensorBlock::unsafe_from_ptr(block_.release());
}

metatensor::TensorBlock TensorBlockHolder::release_to_map() {
    if (!has_gradient_views_ || this->is_view()) {
        return this->release();
    }
    // the map could be refused, or destroyed before the views
    auto copy = this->copy(/*deep=*/false)->release();
    auto kept = from_metatensor(this->release());
    parent_ = details::owner_of_views(kept);
    is_taken_ = true;
    return copy;
}

bool TensorBlockHolder::is_taken() const {
    return is_taken_;
}

TensorBlock TensorBlockHolder::from_metatensor(metatensor::TensorBlock block) {
    return torch::make_intrusive<TensorBlockHolder>(std::move(block), torch::IValue());
}

TensorBlock
TensorBlockHolder::view_from_metatensor(metatensor::TensorBlock block, torch::IValue parent) {
    TORCH_CHECK_VALUE(!parent.isNone(), "the parent of a TensorBlock view can not be None");
    TORCH_CHECK_VALUE(block.is_view(), "can not use a TensorBlock that owns its data as a view");
    return torch::make_intrusive<TensorBlockHolder>(std::move(block), std::move(parent));
}

TensorBlock TensorBlockHolder::load(const std::string& path) {
    return from_metatensor(metatensor::io::load_block(path, details::create_torch_array));
}

TensorBlock TensorBlockHolder::load_buffer(torch::Tensor buffer) {
    auto bytes = details::checked_buffer(buffer);
    return from_metatensor(
        metatensor::io::load_block_buffer(bytes.data(), bytes.size(), details::create_torch_array)
    );
}

void TensorBlockHolder::save(const std::string& path) const {
    metatensor::io::save(path, block_);
}

torch::Tensor TensorBlockHolder::save_buffer() const {
    return details::buffer_tensor(metatensor::io::save_buffer(block_));
}

} // namespace metatensor_torch
