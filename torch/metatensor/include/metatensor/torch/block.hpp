#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include <torch/script.h>

#include <metatensor.hpp>

#include "metatensor/torch/exports.h"
#include "metatensor/torch/labels.hpp"

namespace metatensor_torch {

class TensorBlockHolder;

/// TorchScript manipulates TensorBlock through this pointer
using TensorBlock = torch::intrusive_ptr<TensorBlockHolder>;

/// Values described by labels along each axis (samples, any number of components, properties), and
/// gradients of these values.
class METATENSOR_TORCH_EXPORT TensorBlockHolder final : public torch::CustomClassHolder {
public:
    /// The tensor and labels are shared with this block, nothing is copied.
    ///
    /// @throws metatensor::Error if the labels do not describe the data, or are on another device
    TensorBlockHolder(
        torch::Tensor data, Labels samples, std::vector<Labels> components, Labels properties
    );

    /// Take a block of the core library. `parent` is the object that owns the memory of a view; it
    /// is kept alive by this object.
    TensorBlockHolder(metatensor::TensorBlock block, torch::IValue parent);

    ~TensorBlockHolder() override = default;

    /// A block that is not a view and has its own copy of the values and gradients (`deep`), or
    /// shares them with this block. Labels are always shared.
    TensorBlock copy(bool deep = true) const;

    /// @throws c10::ValueError if the values are not a `TorchDataArray`
    torch::Tensor values() const;

    /// Labels of an axis: 0 for the samples, then components, then properties.
    Labels labels(uintptr_t axis) const;

    Labels samples() const { return this->labels(0); }

    std::vector<Labels> components() const {
        auto n_axes = block_.values_shape().size();
        auto result = std::vector<Labels>();
        for (uintptr_t axis = 1; axis + 1 < n_axes; axis++) {
            result.emplace_back(this->labels(axis));
        }
        return result;
    }

    Labels properties() const { return this->labels(block_.values_shape().size() - 1); }

    /// Number of samples.
    int64_t len() const { return static_cast<int64_t>(block_.values_shape()[0]); }

    at::IntArrayRef shape() const { return this->values().sizes(); }

    /// Add a gradient of the values with respect to `parameter`, with the same values and labels as
    /// `gradient`. Gradients can not be added to a view.
    void add_gradient(const std::string& parameter, TensorBlock gradient);

    /// Parameters for which there is a gradient, in the order in which they were added.
    std::vector<std::string> gradients_list() const { return block_.gradients_list(); }

    bool has_gradient(const std::string& parameter) const;

    /// View of one gradient. This takes a pointer because the view keeps its parent alive.
    static TensorBlock gradient(TensorBlock self, const std::string& parameter);
    static std::vector<std::tuple<std::string, TensorBlock>> gradients(TensorBlock self);

    torch::Device device() const { return this->values().device(); }
    torch::Dtype scalar_type() const { return this->values().scalar_type(); }

    /// Is this block owned by something else: a tensor map, or the block of which it is a gradient?
    bool is_view() const { return !parent_.isNone(); }

    /// Did a tensor map take this block out of this object?
    bool is_taken() const;

    /// Move the values, all gradients, and all labels to the given device; convert the values and
    /// gradients to the given dtype. Tensors which do not change are shared with this block.
    TensorBlock
    to(torch::optional<torch::Dtype> dtype = torch::nullopt,
       torch::optional<torch::Device> device = torch::nullopt,
       bool non_blocking = false) const;

    /// `to` for TorchScript, where dtype and device can also be positional, in any order.
    TensorBlock to_positional(
        torch::IValue positional_1,
        torch::IValue positional_2,
        torch::optional<torch::Dtype> dtype,
        torch::optional<torch::Device> device,
        torch::optional<std::string> arrays,
        bool non_blocking = false
    ) const;

    std::string repr() const;

    static TensorBlock load(const std::string& path);
    static TensorBlock load_buffer(torch::Tensor buffer);
    void save(const std::string& path) const;
    torch::Tensor save_buffer() const;

    /// Take the block of the core library out of this object, which can not be used anymore.
    ///
    /// @throws std::runtime_error if this block is a view
    /// @throws metatensor::Error if the block was already released
    metatensor::TensorBlock release();

    metatensor::TensorBlock& as_metatensor() { return block_; }
    const metatensor::TensorBlock& as_metatensor() const { return block_; }

    static TensorBlock from_metatensor(metatensor::TensorBlock block);

    /// @throws c10::ValueError if `parent` is None or `block` is not a view
    static TensorBlock view_from_metatensor(metatensor::TensorBlock block, torch::IValue parent);

private:
    friend class TensorMapHolder;

    /// The same as `release()`, for a tensor map. Views of the gradients stay valid.
    metatensor::TensorBlock release_to_map();

    // This layout is part of the ABI: inline functions are compiled into other libraries
    metatensor::TensorBlock block_;
    torch::IValue parent_;
    // chain of parameters, separated by '/', that leads to this gradient; empty for other blocks
    std::string parameter_;
    // are there views of the gradients, which the user got from this block?
    std::atomic<bool> has_gradient_views_ = false;
    // did a tensor map take this block? What views of its gradients need is then in `parent_`
    bool is_taken_ = false;
    // no member after `parameter_` can need a destructor: the one which is compiled into a library
    // is also used for objects created by other versions of this library
    void* reserved_[3] = {nullptr};
};

} // namespace metatensor_torch
