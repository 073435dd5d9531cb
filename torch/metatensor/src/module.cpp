#include "metatensor/torch/module.hpp"

#include <optional>
#include <utility>
#include <vector>

#include "arguments.hpp"
#include "metatensor/torch/block.hpp"
#include "metatensor/torch/labels.hpp"
#include "metatensor/torch/tensor.hpp"

namespace metatensor_torch {

namespace {

struct Target {
    std::optional<torch::Device> device;
    std::optional<torch::Dtype> dtype;
    bool non_blocking;
};

enum class Content {
    // empty containers, possibly nested
    Empty,
    // metatensor data, or containers of metatensor data
    Metatensor,
    Other,
};

struct MovedValue {
    Content content;
    torch::IValue value;
};

/// Content of all the elements of a container.
class ContainerContent {
public:
    void add(const MovedValue& element) {
        has_metatensor_ |= element.content == Content::Metatensor;
        has_other_ |= element.content == Content::Other;
        if (element.content == Content::Metatensor && !metatensor_type_) {
            metatensor_type_ = element.value.type();
        }
    }

    void refuse_mixed(const char* container) const {
        TORCH_CHECK_VALUE(
            !has_metatensor_ || !has_other_,
            "can not move a ",
            container,
            " that mixes metatensor data with something else"
        );
    }

    Content content() const {
        if (has_metatensor_) {
            return Content::Metatensor;
        }
        return has_other_ ? Content::Other : Content::Empty;
    }

    /// Type to use for the elements of the container. `declared` is wrong for some of the
    /// containers created by older versions.
    torch::TypePtr element_type(const torch::TypePtr& declared) const {
        if (metatensor_type_->isSubtypeOf(*declared)) {
            return declared;
        }
        return metatensor_type_;
    }

private:
    bool has_metatensor_ = false;
    bool has_other_ = false;
    torch::TypePtr metatensor_type_ = nullptr;
};

MovedValue move_value(const torch::IValue& value, const Target& target);

MovedValue move_list(const torch::IValue& value, const Target& target) {
    auto list = value.toList();
    auto elements = std::vector<torch::IValue>();
    auto all = ContainerContent();
    for (size_t i = 0; i < list.size(); i++) {
        auto moved = move_value(list.get(i), target);
        all.add(moved);
        elements.emplace_back(std::move(moved.value));
    }

    all.refuse_mixed("list");
    if (all.content() != Content::Metatensor) {
        return {all.content(), value};
    }
    auto result = c10::impl::GenericList(all.element_type(list.elementType()));
    for (auto& element : elements) {
        result.emplace_back(std::move(element));
    }
    return {Content::Metatensor, result};
}

MovedValue move_dict(const torch::IValue& value, const Target& target) {
    auto dict = value.toGenericDict();
    auto elements = std::vector<std::pair<torch::IValue, torch::IValue>>();
    auto all = ContainerContent();
    for (const auto& entry : dict) {
        auto moved = move_value(entry.value(), target);
        all.add(moved);
        elements.emplace_back(entry.key(), std::move(moved.value));
    }

    all.refuse_mixed("dict");
    if (all.content() != Content::Metatensor) {
        return {all.content(), value};
    }
    auto result = c10::impl::GenericDict(dict.keyType(), all.element_type(dict.valueType()));
    for (auto& [key, element] : elements) {
        result.insert(std::move(key), std::move(element));
    }
    return {Content::Metatensor, result};
}

MovedValue move_tuple(const torch::IValue& value, const Target& target) {
    auto elements = std::vector<torch::IValue>();
    auto all = ContainerContent();
    for (const auto& element : value.toTupleRef().elements()) {
        auto moved = move_value(element, target);
        all.add(moved);
        elements.emplace_back(std::move(moved.value));
    }

    if (all.content() != Content::Metatensor) {
        return {all.content(), value};
    }
    return {Content::Metatensor, c10::ivalue::Tuple::create(std::move(elements))};
}

MovedValue move_value(const torch::IValue& value, const Target& target) {
    if (details::is_instance<LabelsHolder>(value)) {
        if (!target.device) {
            return {Content::Metatensor, value};
        }
        auto labels = value.toCustomClass<LabelsHolder>();
        return {Content::Metatensor, labels->to(*target.device, target.non_blocking)};
    }
    if (details::is_instance<TensorBlockHolder>(value)) {
        auto block = value.toCustomClass<TensorBlockHolder>();
        return {Content::Metatensor, block->to(target.dtype, target.device, target.non_blocking)};
    }
    if (details::is_instance<TensorMapHolder>(value)) {
        auto tensor = value.toCustomClass<TensorMapHolder>();
        return {Content::Metatensor, tensor->to(target.dtype, target.device, target.non_blocking)};
    }
    if (value.isList()) {
        return move_list(value, target);
    }
    if (value.isGenericDict()) {
        return move_dict(value, target);
    }
    if (value.isTuple()) {
        return move_tuple(value, target);
    }
    return {Content::Other, value};
}

/// Move one attribute in place. Returns true if there was metatensor data in it.
bool move_attribute(torch::jit::Module& module, const std::string& name, const Target& target) {
    auto moved = move_value(module.attr(name), target);
    if (moved.content != Content::Metatensor) {
        return false;
    }

    auto type = module.type();
    auto actual_type = moved.value.type();
    if (!actual_type->isSubtypeOf(*type->getAttribute(name))) {
        type->unsafeChangeAttributeType(name, actual_type);
    }
    module._ivalue()->setAttr(name, std::move(moved.value));
    return true;
}

void move_one_module(torch::jit::Module module, const Target& target) {
    if (module.hasattr("_mts_buffer_names")) {
        for (const torch::IValue& name : module.attr("_mts_buffer_names").toListRef()) {
            // TorchScript drops empty containers that are not used, but not their names
            if (module.hasattr(name.toStringRef())) {
                move_attribute(module, name.toStringRef(), target);
            }
        }
        return;
    }

    auto names = std::vector<std::string>();
    for (const auto& attribute : module.named_attributes(/*recurse=*/false)) {
        names.emplace_back(attribute.name);
    }
    auto moved = false;
    for (const auto& name : names) {
        moved |= move_attribute(module, name, target);
    }
    if (moved) {
        TORCH_WARN_ONCE(
            "moved all the metatensor data of a module without registered metatensor buffers. "
            "This module was exported with an old version of metatensor, please export it again"
        );
    }
}

void move_modules(const torch::jit::Module& root, const Target& target) {
    for (const auto& module : root.modules()) {
        move_one_module(module, target);
    }
}

} // namespace

void Module::to(at::Device device, at::ScalarType dtype, bool non_blocking) {
    torch::jit::Module::to(device, dtype, non_blocking);
    move_modules(*this, {device, dtype, non_blocking});
}

void Module::to(at::ScalarType dtype, bool non_blocking) {
    torch::jit::Module::to(dtype, non_blocking);
    move_modules(*this, {std::nullopt, dtype, non_blocking});
}

void Module::to(at::Device device, bool non_blocking) {
    torch::jit::Module::to(device, non_blocking);
    move_modules(*this, {device, std::nullopt, non_blocking});
}

} // namespace metatensor_torch
