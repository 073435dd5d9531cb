#include "metatensor/torch/tensor.hpp"

#include <algorithm>
#include <stdexcept>

#include "arguments.hpp"
#include "buffers.hpp"
#include "merge.hpp"
#include "metatensor/torch/misc.hpp"
#include "text.hpp"
#include "torch_arrays.hpp"
#include "views.hpp"

namespace metatensor_torch {

namespace {

using BlockPointers = std::vector<TensorBlockHolder*>;

void check_same_device(const LabelsHolder& keys, const BlockPointers& blocks) {
    if (blocks.empty()) {
        return;
    }
    auto device = blocks[0]->device();
    TORCH_CHECK_VALUE(
        device == keys.device(),
        "can not create a TensorMap with keys and blocks on different devices: the keys are "
        "on ",
        keys.device(),
        " and the blocks are on ",
        device
    );
}

BlockPointers pointers(const std::vector<TensorBlock>& blocks) {
    auto result = BlockPointers();
    result.reserve(blocks.size());
    for (const auto& block : blocks) {
        result.push_back(block.get());
    }
    return result;
}

/// Labels giving the names of dimensions to move.
///
/// @param names names, or Labels
metatensor::Labels keys_to_move_labels(const torch::IValue& names) {
    if (details::is_instance<LabelsHolder>(names)) {
        return names.toCustomClass<LabelsHolder>()->as_metatensor();
    }
    return metatensor::Labels(details::normalize_names(names, "keys_to_move"));
}

} // namespace

TensorMapHolder::TensorMapHolder(Labels keys, std::vector<TensorBlock> blocks)
    : tensor_(std::move(create(*keys, pointers(blocks))->tensor_)) {}

TensorMapHolder::TensorMapHolder(metatensor::TensorMap tensor, torch::IValue parent)
    : tensor_(std::move(tensor)), parent_(std::move(parent)) {}

TensorMap
TensorMapHolder::create(const LabelsHolder& keys, const std::vector<TensorBlockHolder*>& blocks) {
    check_same_device(keys, blocks);
    auto core_blocks = std::vector<metatensor::TensorBlock>();
    core_blocks.reserve(blocks.size());
    for (auto* block : blocks) {
        core_blocks.emplace_back(block->release_to_map());
    }
    return from_metatensor(metatensor::TensorMap(keys.as_metatensor(), std::move(core_blocks)));
}

TensorMap TensorMapHolder::copy(bool deep) {
    if (deep) {
        return from_metatensor(tensor_.clone());
    }
    return this->to();
}

Labels TensorMapHolder::keys() const {
    return LabelsHolder::from_metatensor(tensor_.keys());
}

TensorBlock TensorMapHolder::block_by_id(TensorMap self, int64_t index) {
    TORCH_CHECK(index >= 0, "block index can not be negative, got ", index);
    auto count = details::block_count(self);
    TORCH_CHECK_INDEX(
        index < count,
        "block index ",
        index,
        " is out of range for a TensorMap with ",
        count,
        " block(s)"
    );
    return details::block_view(self, static_cast<uintptr_t>(index));
}

std::vector<std::tuple<LabelsEntry, TensorBlock>> TensorMapHolder::items(TensorMap self) {
    auto keys = self->keys();
    auto count = keys->count();
    auto result = std::vector<std::tuple<LabelsEntry, TensorBlock>>();
    result.reserve(count);
    for (int64_t i = 0; i < count; i++) {
        result.emplace_back(
            torch::make_intrusive<LabelsEntryHolder>(keys, i), details::block_view(self, i)
        );
    }
    return result;
}

TensorMap TensorMapHolder::keys_to_properties(
    torch::IValue keys_to_move, torch::Scalar fill_value, bool sort_samples
) const {
    auto merge = details::Merge();
    auto result = tensor_.keys_to_properties(
        keys_to_move_labels(keys_to_move),
        merge.fill_value(fill_value, this->scalar_type()),
        sort_samples
    );
    merge.finish();
    return from_metatensor(std::move(result));
}

TensorMap TensorMapHolder::keys_to_samples(
    torch::IValue keys_to_move, torch::Scalar fill_value, bool sort_samples
) const {
    auto merge = details::Merge();
    auto result = tensor_.keys_to_samples(
        keys_to_move_labels(keys_to_move),
        merge.fill_value(fill_value, this->scalar_type()),
        sort_samples
    );
    merge.finish();
    return from_metatensor(std::move(result));
}

TensorMap TensorMapHolder::components_to_properties(torch::IValue dimensions) const {
    TORCH_CHECK(
        dimensions.isString() || dimensions.isList() || dimensions.isTuple(),
        "`dimensions` must be a string, a list of strings or a tuple of strings, got ",
        details::type_name(dimensions)
    );
    return from_metatensor(
        tensor_.components_to_properties(details::normalize_names(dimensions, "dimensions"))
    );
}

namespace {

/// First block of a tensor map, if there is one.
torch::optional<metatensor::TensorBlock> first_block(metatensor::TensorMap& tensor) {
    if (tensor.keys().count() == 0) {
        return torch::nullopt;
    }
    return tensor.block_by_id(0);
}

} // namespace

std::vector<std::string> TensorMapHolder::sample_names() {
    auto block = first_block(tensor_);
    return block ? details::core_names(block->samples()) : std::vector<std::string>();
}

std::vector<std::string> TensorMapHolder::component_names() {
    auto result = std::vector<std::string>();
    if (auto block = first_block(tensor_)) {
        for (const auto& component : block->components()) {
            result.emplace_back(component.names()[0]);
        }
    }
    return result;
}

std::vector<std::string> TensorMapHolder::property_names() {
    auto block = first_block(tensor_);
    return block ? details::core_names(block->properties()) : std::vector<std::string>();
}

std::string TensorMapHolder::print(int64_t max_keys) const {
    auto keys = this->keys();
    auto count = keys->count();
    auto n_printed = max_keys < 0 ? count : std::min(count, max_keys);

    auto result = "TensorMap with " + std::to_string(count) + (count == 1 ? " block" : " blocks");
    result += "\n    keys: " + details::names_to_string(keys->names());
    result += "\n    blocks:";

    auto table = details::print_table(keys->values().narrow(0, 0, n_printed));
    auto total_width = size_t(0);
    for (auto longest : table.longest) {
        total_width += 2 + longest;
    }
    auto& tensor = const_cast<metatensor::TensorMap&>(tensor_);
    for (size_t i = 0; i < table.rows.size(); i++) {
        result += "\n      ";
        for (size_t column = 0; column < table.longest.size(); column++) {
            result += details::centered(table.rows[i][column], 2 + table.longest[column]);
        }
        result += "  => TensorBlock with shape ";
        result += details::shape_to_string(tensor.block_by_id(i).values_shape());
    }
    if (n_printed < count) {
        result += "\n      " + std::string(total_width, ' ') + " ...";
    }
    return result;
}

torch::Device TensorMapHolder::device() const {
    return this->keys()->device();
}

torch::Dtype TensorMapHolder::scalar_type() const {
    auto block = first_block(const_cast<metatensor::TensorMap&>(tensor_));
    if (!block) {
        return c10::get_default_dtype_as_scalartype();
    }
    return TensorBlockHolder(std::move(*block), torch::IValue()).scalar_type();
}

TensorMap TensorMapHolder::to(
    torch::optional<torch::Dtype> dtype, torch::optional<torch::Device> device, bool non_blocking
) const {
    auto keys = this->keys();
    auto to_device = device.value_or(keys->device());

    auto& tensor = const_cast<metatensor::TensorMap&>(tensor_);
    auto blocks = std::vector<TensorBlock>();
    for (int64_t i = 0; i < keys->count(); i++) {
        // this temporary view does not outlive its parent
        auto block = TensorBlockHolder(tensor.block_by_id(i), torch::IValue());
        blocks.emplace_back(block.to(dtype, to_device, non_blocking));
    }
    auto result = torch::make_intrusive<TensorMapHolder>(
        keys->to(to_device, non_blocking), std::move(blocks)
    );
    for (const auto& [key, value] : tensor_.info()) {
        result->tensor_.set_info(std::string(key), std::string(value));
    }
    return result;
}

TensorMap TensorMapHolder::to_positional(
    torch::IValue positional_1,
    torch::IValue positional_2,
    torch::optional<torch::Dtype> dtype,
    torch::optional<torch::Device> device,
    torch::optional<std::string> arrays,
    bool non_blocking
) const {
    auto arguments = details::parse_to_arguments(
        "TensorMap.to", positional_1, positional_2, dtype, device, arrays
    );
    return this->to(arguments.dtype, arguments.device, non_blocking);
}

metatensor::TensorMap TensorMapHolder::release() {
    if (this->is_view()) {
        throw std::runtime_error(
            "can not release this TensorMap: it is a view of data owned by something else. Use "
            "`copy()` to get a map that owns its data"
        );
    }
    // this throws if the map was already released
    return metatensor::TensorMap::unsafe_from_ptr(tensor_.release());
}

TensorMap TensorMapHolder::from_metatensor(metatensor::TensorMap tensor) {
    return torch::make_intrusive<TensorMapHolder>(std::move(tensor), torch::IValue());
}

TensorMap
TensorMapHolder::view_from_metatensor(metatensor::TensorMap tensor, torch::IValue parent) {
    TORCH_CHECK_VALUE(!parent.isNone(), "the parent of a TensorMap view can not be None");
    TORCH_CHECK_VALUE(tensor.is_view(), "can not use a TensorMap that owns its data as a view");
    return torch::make_intrusive<TensorMapHolder>(std::move(tensor), std::move(parent));
}

TensorMap TensorMapHolder::load(const std::string& path) {
    return from_metatensor(metatensor::io::load(path, details::create_torch_array));
}

TensorMap TensorMapHolder::load_buffer(torch::Tensor buffer) {
    auto bytes = details::checked_buffer(buffer);
    return from_metatensor(
        metatensor::io::load_buffer(bytes.data(), bytes.size(), details::create_torch_array)
    );
}

void TensorMapHolder::save(const std::string& path) const {
    metatensor::io::save(path, tensor_);
}

torch::Tensor TensorMapHolder::save_buffer() const {
    return details::buffer_tensor(metatensor::io::save_buffer(tensor_));
}

void TensorMapHolder::set_info(std::string key, std::string value) {
    tensor_.set_info(details::checked_text(key, "key"), details::checked_text(value, "value"));
}

torch::optional<std::string> TensorMapHolder::get_info(std::string key) const {
    return tensor_.get_info(key);
}

torch::Dict<std::string, std::string> TensorMapHolder::info() const {
    auto result = torch::Dict<std::string, std::string>();
    for (const auto& [key, value] : tensor_.info()) {
        result.insert(std::string(key), std::string(value));
    }
    return result;
}

} // namespace metatensor_torch
