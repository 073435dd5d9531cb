#include "tensor.hpp"

#include <utility>

#include "error.hpp"
#include "origin.hpp"
#include "text.hpp"

namespace mts {

static void check_same_names(const Labels& labels, const Labels& expected, std::string_view kind) {
    if (labels.names() != expected.names()) {
        throw invalid_parameter(
            "all blocks of a tensor map must have the same names for the ",
            kind,
            ", got (",
            labels.names().to_text(),
            ") and (",
            expected.names().to_text(),
            ")"
        );
    }
}

/// Checks that samples and components have the same names in two blocks, and then in their
/// gradients, which have the properties of the block. `where` says which gradient this is, for
/// messages.
static void check_same_structure(const Block& block, const Block& first, const std::string& where) {
    check_same_names(*block.samples(), *first.samples(), text("samples", where));

    if (block.components().size() != first.components().size()) {
        throw invalid_parameter(
            "all blocks of a tensor map must have the same number of components",
            where,
            ", got ",
            block.components().size(),
            " and ",
            first.components().size()
        );
    }
    for (std::size_t i = 0; i < block.components().size(); i++) {
        check_same_names(*block.components()[i], *first.components()[i], text("components", where));
    }
    check_same_names(*block.properties(), *first.properties(), text("properties", where));

    if (block.gradients().size() != first.gradients().size()) {
        throw invalid_parameter(
            "all blocks of a tensor map must have the same gradients",
            where,
            ", got ",
            block.gradients().size(),
            " and ",
            first.gradients().size(),
            " gradients"
        );
    }
    for (const Block::Gradient& expected : first.gradients()) {
        const Block* gradient = block.find_gradient(expected.parameter);
        if (gradient == nullptr) {
            throw invalid_parameter(
                "all blocks of a tensor map must have the same gradients",
                where,
                ", but one of them has no gradient with respect to '",
                expected.parameter,
                "'"
            );
        }
        const std::string path =
            text(" of the gradient with respect to '", expected.parameter, "'", where);
        check_same_structure(*gradient, *expected.block, path);
    }
}

static void check_same_arrays(const std::vector<std::unique_ptr<Block>>& blocks) {
    const mts_data_origin_t first_origin = blocks[0]->values().origin();
    const DLDevice first_device = blocks[0]->values().device();
    const DLDataType first_dtype = blocks[0]->values().dtype();
    for (std::size_t i = 1; i < blocks.size(); i++) {
        const mts_data_origin_t origin = blocks[i]->values().origin();
        if (origin != first_origin) {
            throw invalid_parameter(
                "all blocks of a tensor map must have the same data origin, got ",
                origin_name(first_origin),
                " and ",
                origin_name(origin)
            );
        }
        const DLDevice device = blocks[i]->values().device();
        if (!same_device(device, first_device)) {
            throw invalid_parameter(
                "all blocks of a tensor map must be on the same device, got ",
                to_text(first_device),
                " and ",
                to_text(device)
            );
        }
        const DLDataType dtype = blocks[i]->values().dtype();
        if (!same_dtype(dtype, first_dtype)) {
            throw invalid_parameter(
                "all blocks of a tensor map must have the same dtype, got ",
                to_text(first_dtype),
                " and ",
                to_text(dtype)
            );
        }
    }
}

TensorMap::TensorMap(LabelsRef keys, std::vector<std::unique_ptr<Block>> blocks)
    : keys_(std::move(keys)), blocks_(std::move(blocks)) {
    if (blocks_.size() != keys_->count()) {
        throw invalid_parameter(
            "expected one block for each entry of the keys (",
            keys_->count(),
            "), got ",
            blocks_.size(),
            " blocks"
        );
    }
    if (blocks_.empty()) {
        return;
    }

    check_same_arrays(blocks_);
    if (!same_device(keys_->device(), device())) {
        throw invalid_parameter(
            "the keys of a tensor map must be on the same device as its blocks, got ",
            to_text(keys_->device()),
            " and ",
            to_text(device())
        );
    }
    for (const auto& block : blocks_) {
        check_same_structure(*block, *blocks_[0], "");
        block->set_owned();
    }
}

DLDevice TensorMap::device() const {
    return blocks_.empty() ? CPU_DEVICE : blocks_[0]->values().device();
}

DLDataType TensorMap::dtype() const {
    return blocks_.empty() ? DLDataType{kDLFloat, 64, 1} : blocks_[0]->values().dtype();
}

std::unique_ptr<TensorMap> TensorMap::copy() const {
    std::unique_ptr<TensorMap> result(new TensorMap());
    result->keys_ = keys_;
    result->blocks_.reserve(blocks_.size());
    for (const auto& block : blocks_) {
        result->blocks_.push_back(block->copy());
        result->blocks_.back()->set_owned();
    }
    result->info_ = info_;
    return result;
}

std::unique_ptr<TensorMap>
TensorMap::components_to_properties(std::span<const std::string_view> dimensions) const {
    std::unique_ptr<TensorMap> result = copy();
    for (const auto& block : result->blocks_) {
        for (std::string_view dimension : dimensions) {
            block->component_to_properties(dimension);
        }
    }
    return result;
}

} // namespace mts
