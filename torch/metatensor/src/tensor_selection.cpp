#include <map>

#include "arguments.hpp"
#include "metatensor/torch/tensor.hpp"
#include "plain_tensors.hpp"
#include "text.hpp"
#include "views.hpp"

// Selection of blocks in a TensorMap. All kinds of selections are converted to Labels on the device
// of the map, which the core library then looks for in the keys.

namespace metatensor_torch {

namespace {

using Selection = std::map<std::string, int32_t>;

Labels selection_labels(const TensorMap& tensor, const Selection& selection) {
    auto names = std::vector<std::string>();
    auto values = std::vector<int32_t>();
    for (const auto& [name, value] : selection) {
        names.push_back(name);
        values.push_back(value);
    }
    auto row = details::plain_tensor(values).unsqueeze(0).to(tensor->device());
    return torch::make_intrusive<LabelsHolder>(
        std::move(names), std::move(row), metatensor::assume_unique{}
    );
}

Labels selection_labels(const TensorMap& tensor, const LabelsEntry& selection) {
    return torch::make_intrusive<LabelsHolder>(
        selection->names(),
        selection->values().unsqueeze(0).to(tensor->device()),
        metatensor::assume_unique{}
    );
}

Labels selection_labels(const TensorMap& tensor, const Labels& selection) {
    TORCH_CHECK_VALUE(
        selection->count() == 1,
        "blocks can only be selected with Labels containing exactly one entry, got ",
        selection->count(),
        " entries"
    );
    return selection->to(tensor->device());
}

Selection selection_from_dict(const torch::IValue& dict) {
    auto selection = Selection();
    for (const auto& entry : dict.toGenericDict()) {
        TORCH_CHECK_TYPE(
            entry.key().isString() && entry.value().isInt(),
            "blocks can only be selected with a dict from str to int, got an entry from ",
            details::type_name(entry.key()),
            " to ",
            details::type_name(entry.value())
        );
        selection.emplace(entry.key().toStringRef(), static_cast<int32_t>(entry.value().toInt()));
    }
    return selection;
}

TensorBlock only_block(const TensorMap& tensor, const Labels& selection) {
    auto matching = tensor->as_metatensor().keys().select(selection->as_metatensor());
    if (matching.size() == 1) {
        return details::block_view(tensor, matching[0]);
    }

    auto printed = LabelsEntryHolder(selection, 0).print();
    TORCH_CHECK_VALUE(!matching.empty(), "no block matches the selection ", printed);
    C10_THROW_ERROR(
        ValueError,
        std::to_string(matching.size()) + " blocks match the selection " + printed +
            ", only one was expected. Use `blocks` to get all of them"
    );
}

std::vector<TensorBlock> all_blocks(const TensorMap& tensor, const Labels& selection) {
    auto result = std::vector<TensorBlock>();
    for (auto index : tensor->as_metatensor().keys().select(selection->as_metatensor())) {
        result.emplace_back(details::block_view(tensor, index));
    }
    return result;
}

} // namespace

TensorBlock TensorMapHolder::block(TensorMap self, const Selection& selection) {
    return only_block(self, selection_labels(self, selection));
}

TensorBlock TensorMapHolder::block(TensorMap self, Labels selection) {
    return only_block(self, selection_labels(self, selection));
}

TensorBlock TensorMapHolder::block(TensorMap self, LabelsEntry selection) {
    return only_block(self, selection_labels(self, selection));
}

TensorBlock TensorMapHolder::block_torch(TensorMap self, torch::IValue index) {
    if (index.isNone()) {
        auto count = self->keys()->count();
        TORCH_CHECK_VALUE(
            count == 1,
            "a selection is required to get a block of a TensorMap, unless there is exactly one: "
            "this one has ",
            count,
            " blocks"
        );
        return block_by_id(self, 0);
    }
    if (index.isInt()) {
        return block_by_id(self, index.toInt());
    }
    if (index.isGenericDict()) {
        return block(self, selection_from_dict(index));
    }
    if (details::is_instance<LabelsHolder>(index)) {
        return block(self, index.toCustomClass<LabelsHolder>());
    }
    if (details::is_instance<LabelsEntryHolder>(index)) {
        return block(self, index.toCustomClass<LabelsEntryHolder>());
    }
    C10_THROW_ERROR(
        TypeError,
        "a block can be selected with an int, a dict from str to int, Labels or a LabelsEntry, "
        "got " +
            details::type_name(index)
    );
}

std::vector<TensorBlock>
TensorMapHolder::blocks_by_id(TensorMap self, const std::vector<int64_t>& indices) {
    auto result = std::vector<TensorBlock>();
    for (auto index : indices) {
        result.emplace_back(block_by_id(self, index));
    }
    return result;
}

std::vector<TensorBlock> TensorMapHolder::blocks(TensorMap self) {
    auto result = std::vector<TensorBlock>();
    auto count = details::block_count(self);
    result.reserve(count);
    for (int64_t index = 0; index < count; index++) {
        result.emplace_back(details::block_view(self, index));
    }
    return result;
}

std::vector<TensorBlock> TensorMapHolder::blocks(TensorMap self, const Selection& selection) {
    return all_blocks(self, selection_labels(self, selection));
}

std::vector<TensorBlock> TensorMapHolder::blocks(TensorMap self, Labels selection) {
    return all_blocks(self, selection_labels(self, selection));
}

std::vector<TensorBlock> TensorMapHolder::blocks(TensorMap self, LabelsEntry selection) {
    return all_blocks(self, selection_labels(self, selection));
}

std::vector<TensorBlock> TensorMapHolder::blocks_torch(TensorMap self, torch::IValue index) {
    if (index.isNone()) {
        return blocks(self);
    }
    if (index.isIntList()) {
        return blocks_by_id(self, index.toIntVector());
    }
    if (index.isInt()) {
        return {block_by_id(self, index.toInt())};
    }
    if (index.isGenericDict()) {
        try {
            return blocks(self, selection_from_dict(index));
        } catch (const c10::TypeError& e) {
            // unlike `block`, wrong types of selections have always been value errors here
            C10_THROW_ERROR(ValueError, e.msg());
        }
    }
    if (details::is_instance<LabelsHolder>(index)) {
        return blocks(self, index.toCustomClass<LabelsHolder>());
    }
    if (details::is_instance<LabelsEntryHolder>(index)) {
        return blocks(self, index.toCustomClass<LabelsEntryHolder>());
    }

    auto message = "blocks can be selected with an int, a list of int, a dict from str to int, "
                   "Labels or a LabelsEntry, got " +
                   details::type_name(index);
    if (index.isCustomClass()) {
        C10_THROW_ERROR(TypeError, message);
    }
    C10_THROW_ERROR(ValueError, message);
}

} // namespace metatensor_torch
