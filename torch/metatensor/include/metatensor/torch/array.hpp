#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <torch/script.h>

#include <metatensor.hpp>

#include "metatensor/torch/exports.h"

namespace metatensor_torch {

/// Data origin of `TorchDataArray`, 0 until the first array is asked for its origin.
extern mts_data_origin_t TORCH_DATA_ORIGIN;

/// The torch device that corresponds to a DLPack device.
///
/// @throws c10::ValueError if torch has no such device
torch::Device dlpack_device_to_torch(DLDevice device);

/// A `torch::Tensor` as an array of the core library. All operations go through torch, and are thus
/// recorded by autograd.
///
/// Tensors without storage (meta tensors, and tensors created inside of a `torch.func` transform)
/// are on the DLPack device `kDLExtDev`; their data is never read.
class METATENSOR_TORCH_EXPORT TorchDataArray : public metatensor::DataArrayBase {
public:
    /// Share the data of `tensor`, without any copy.
    TorchDataArray(torch::Tensor tensor);

    ~TorchDataArray() override = default;
    TorchDataArray(const TorchDataArray&) = default;
    TorchDataArray& operator=(const TorchDataArray&) = default;
    TorchDataArray(TorchDataArray&&) noexcept = default;
    TorchDataArray& operator=(TorchDataArray&&) noexcept = default;

    /// The tensor given to the constructor, or what `reshape` and `swap_axes` made of it.
    torch::Tensor tensor() { return tensor_; }
    const torch::Tensor& tensor() const { return tensor_; }

    /// Registered as `metatensor_torch::TorchDataArray`.
    mts_data_origin_t origin() const override;
    DLDevice device() const override;
    DLDataType dtype() const override;

    /// Export the tensor, keeping its strides, to `device`. Nothing is copied if the data already
    /// is on this device; the export keeps the data alive in any case.
    ///
    /// @param stream must be null for CPU data; for CUDA data null or a pointer to 0 (the default
    ///        stream) are accepted
    /// @param max_version the major version must be 1
    DLManagedTensorVersioned*
    as_dlpack(DLDevice device, const int64_t* stream, DLPackVersion max_version) override;

    /// New array that takes ownership of `dl_tensor`, without any copy. Its dtype and device are
    /// these of `dl_tensor`, and have nothing to do with these of this array.
    std::unique_ptr<metatensor::DataArrayBase>
    from_dlpack(DLManagedTensorVersioned* dl_tensor) const override;

    /// New array with its own copy of the data on the given device, part of the autograd graph.
    std::unique_ptr<metatensor::DataArrayBase> copy(DLDevice device) const override;

    /// New array with the dtype and device of this one, filled with `fill_value`.
    ///
    /// @throws std::runtime_error if `fill_value` is not 0-dimensional, or has another dtype
    std::unique_ptr<metatensor::DataArrayBase>
    create(std::vector<uintptr_t> shape, metatensor::MtsArray fill_value) const override;

    const std::vector<uintptr_t>& shape() const& override;
    void reshape(const std::vector<uintptr_t>& shape) override;
    void swap_axes(uintptr_t axis_1, uintptr_t axis_2) override;

    /// Copy parts of `input`, which must be a `TorchDataArray`, into this array. Each move copies
    /// `properties_length` properties of one sample; destinations should not overlap.
    void move_data(
        const metatensor::DataArrayBase& input, std::vector<mts_data_movement_t> moves
    ) override;

private:
    void update_shape();

    std::vector<uintptr_t> shape_;
    torch::Tensor tensor_;
};

namespace details {

/// Get a list of names out of a string, a list of strings or a tuple of strings.
///
/// @param names value to convert
/// @param argument_name name of the argument, used in error messages
/// @throws c10::TypeError for anything else
std::vector<std::string>
normalize_names(const torch::IValue& names, const std::string& argument_name);

} // namespace details

} // namespace metatensor_torch
