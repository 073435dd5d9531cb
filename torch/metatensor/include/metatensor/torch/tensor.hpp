#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include <torch/script.h>

#include <metatensor.hpp>

#include "metatensor/torch/block.hpp"
#include "metatensor/torch/exports.h"
#include "metatensor/torch/labels.hpp"

namespace metatensor_torch {

class TensorMapHolder;

/// TorchScript manipulates TensorMap through this pointer
using TensorMap = torch::intrusive_ptr<TensorMapHolder>;

/// Blocks identified by keys.
///
/// Functions that return blocks take `self` as a pointer, because these blocks are views which keep
/// the tensor map alive.
class METATENSOR_TORCH_EXPORT TensorMapHolder final : public torch::CustomClassHolder {
public:
    /// The blocks are moved into the map: they can not be used anymore, even if this throws. Views
    /// of their gradients stay valid.
    ///
    /// @throws c10::ValueError if keys and blocks are on different devices
    /// @throws metatensor::Error if the blocks are views, or are not compatible with one another
    TensorMapHolder(Labels keys, std::vector<TensorBlock> blocks);

    /// Take a tensor map of the core library. `parent` is the object that owns the memory of a
    /// view; it is kept alive by this object.
    TensorMapHolder(metatensor::TensorMap tensor, torch::IValue parent);

    ~TensorMapHolder() override = default;

    /// Same as the constructor, with objects that the caller keeps alive during the call.
    static TensorMap
    create(const LabelsHolder& keys, const std::vector<TensorBlockHolder*>& blocks);

    /// A map with its own copy of the values and gradients (`deep`), or sharing them with this map.
    TensorMap copy(bool deep = true);

    Labels keys() const;

    /// @throws c10::IndexError if `index` is too large; there are no negative indexes
    static TensorBlock block_by_id(TensorMap self, int64_t index);

    /// The only block whose key matches a selection: values for some of the dimensions of the keys.
    ///
    /// @throws c10::ValueError if there is no such block, or several ones
    static TensorBlock block(TensorMap self, const std::map<std::string, int32_t>& selection);
    static TensorBlock block(TensorMap self, Labels selection);
    static TensorBlock block(TensorMap self, LabelsEntry selection);

    /// `block` for TorchScript: `index` is any of the selections above, an integer or None.
    static TensorBlock block_torch(TensorMap self, torch::IValue index);

    static std::vector<TensorBlock>
    blocks_by_id(TensorMap self, const std::vector<int64_t>& indices);

    /// All blocks, or all blocks whose key matches a selection.
    static std::vector<TensorBlock> blocks(TensorMap self);
    static std::vector<TensorBlock>
    blocks(TensorMap self, const std::map<std::string, int32_t>& selection);
    static std::vector<TensorBlock> blocks(TensorMap self, Labels selection);
    static std::vector<TensorBlock> blocks(TensorMap self, LabelsEntry selection);

    /// `blocks` for TorchScript: `index` is any of the selections above, integers or None.
    static std::vector<TensorBlock> blocks_torch(TensorMap self, torch::IValue index);

    /// Merge blocks, moving key dimensions (a string, list or tuple of strings, or Labels) to the
    /// properties. Missing values are set to `fill_value`.
    TensorMap keys_to_properties(
        torch::IValue keys_to_move, torch::Scalar fill_value = 0, bool sort_samples = true
    ) const;

    /// Merge blocks, moving key dimensions to the samples.
    TensorMap keys_to_samples(
        torch::IValue keys_to_move, torch::Scalar fill_value = 0, bool sort_samples = true
    ) const;

    /// Move components (a string, or list or tuple of strings) to the properties.
    TensorMap components_to_properties(torch::IValue dimensions) const;

    /// Names of the dimensions of samples, components and properties, which are the same for all
    /// blocks; empty if there are no blocks.
    std::vector<std::string> sample_names();
    std::vector<std::string> component_names();
    std::vector<std::string> property_names();

    /// All keys and blocks.
    static std::vector<std::tuple<LabelsEntry, TensorBlock>> items(TensorMap self);

    /// Print the map with up to `max_keys` keys (all of them if it is negative).
    std::string print(int64_t max_keys) const;

    torch::Device device() const;

    /// dtype of the blocks; torch's default dtype if there are none.
    torch::Dtype scalar_type() const;

    /// Is this map owned by something else?
    bool is_view() const { return !parent_.isNone(); }

    /// Move everything to the given device; convert the values and gradients to the given dtype.
    /// Tensors which do not change are shared with this map.
    TensorMap
    to(torch::optional<torch::Dtype> dtype = torch::nullopt,
       torch::optional<torch::Device> device = torch::nullopt,
       bool non_blocking = false) const;

    /// `to` for TorchScript, where dtype and device can also be positional, in any order.
    TensorMap to_positional(
        torch::IValue positional_1,
        torch::IValue positional_2,
        torch::optional<torch::Dtype> dtype,
        torch::optional<torch::Device> device,
        torch::optional<std::string> arrays,
        bool non_blocking = false
    ) const;

    metatensor::TensorMap& as_metatensor() { return tensor_; }
    const metatensor::TensorMap& as_metatensor() const { return tensor_; }

    /// Take the tensor map of the core library out of this object, which can not be used anymore.
    ///
    /// @throws std::runtime_error if this map is a view
    /// @throws metatensor::Error if the map was already released
    metatensor::TensorMap release();

    static TensorMap from_metatensor(metatensor::TensorMap tensor);

    /// @throws c10::ValueError if `parent` is None or `tensor` is not a view
    static TensorMap view_from_metatensor(metatensor::TensorMap tensor, torch::IValue parent);

    static TensorMap load(const std::string& path);
    static TensorMap load_buffer(torch::Tensor buffer);
    void save(const std::string& path) const;
    torch::Tensor save_buffer() const;

    /// Global information about the data, kept by all functions that derive a new map from this
    /// one.
    void set_info(std::string key, std::string value);
    torch::optional<std::string> get_info(std::string key) const;
    torch::Dict<std::string, std::string> info() const;

private:
    // This layout is part of the ABI: inline functions are compiled into other libraries
    metatensor::TensorMap tensor_;
    torch::IValue parent_;
    void* reserved_[4] = {nullptr};
};

} // namespace metatensor_torch
