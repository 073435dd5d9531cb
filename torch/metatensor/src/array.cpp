#include "metatensor/torch/array.hpp"

#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>

#include "data_movement.hpp"
#include "dlpack.hpp"
#include "merge.hpp"
#include "torch_arrays.hpp"

namespace metatensor_torch {

mts_data_origin_t TORCH_DATA_ORIGIN = 0;

namespace {

std::vector<int64_t> to_signed(const std::vector<uintptr_t>& shape) {
    return {shape.begin(), shape.end()};
}

bool same_device(DLDevice first, DLDevice second) {
    return first.device_type == second.device_type && first.device_id == second.device_id;
}

void check_stream(DLDevice device, const int64_t* stream) {
    if (stream == nullptr) {
        return;
    }
    TORCH_CHECK_VALUE(
        device.device_type != kDLCPU, "there are no streams for CPU data, `stream` should be null"
    );
    TORCH_CHECK_VALUE(
        device.device_type != kDLCUDA || *stream == 0,
        "only the default CUDA stream can be used to export data, got stream ",
        *stream
    );
}

} // namespace

TorchDataArray::TorchDataArray(torch::Tensor tensor) : tensor_(std::move(tensor)) {
    this->update_shape();
}

void TorchDataArray::update_shape() {
    auto sizes = tensor_.sizes();
    shape_.assign(sizes.begin(), sizes.end());
}

mts_data_origin_t details::torch_data_origin() {
    static std::once_flag REGISTERED;
    std::call_once(REGISTERED, [] {
        metatensor::details::check_status(
            mts_register_data_origin("metatensor_torch::TorchDataArray", &TORCH_DATA_ORIGIN)
        );
    });
    return TORCH_DATA_ORIGIN;
}

mts_data_origin_t TorchDataArray::origin() const {
    return details::torch_data_origin();
}

DLDevice TorchDataArray::device() const {
    if (!tensor_.has_storage()) {
        return {kDLExtDev, 0};
    }
    return details::torch_device_to_dlpack(tensor_.device());
}

DLDataType TorchDataArray::dtype() const {
    return details::torch_dtype_to_dlpack(tensor_.scalar_type());
}

DLManagedTensorVersioned*
TorchDataArray::as_dlpack(DLDevice device, const int64_t* stream, DLPackVersion max_version) {
    if (max_version.major != details::DLPACK_VERSION.major) {
        throw metatensor::Error(
            "can not export data for DLPack version " + std::to_string(max_version.major) + "." +
            std::to_string(max_version.minor) + ", the supported version is " +
            std::to_string(details::DLPACK_VERSION.major) + "." +
            std::to_string(details::DLPACK_VERSION.minor)
        );
    }

    auto own_device = this->device();
    check_stream(own_device, stream);
    if (!tensor_.has_storage() || same_device(device, own_device)) {
        return details::tensor_to_dlpack(tensor_);
    }
    return details::tensor_to_dlpack(tensor_.to(dlpack_device_to_torch(device)));
}

std::unique_ptr<metatensor::DataArrayBase>
TorchDataArray::from_dlpack(DLManagedTensorVersioned* dl_tensor) const {
    return std::make_unique<TorchDataArray>(details::tensor_from_dlpack(dl_tensor));
}

std::unique_ptr<metatensor::DataArrayBase> TorchDataArray::copy(DLDevice device) const {
    if (same_device(device, this->device())) {
        return std::make_unique<TorchDataArray>(tensor_.clone());
    }
    return std::make_unique<TorchDataArray>(
        tensor_.to(dlpack_device_to_torch(device), tensor_.scalar_type(), false, /*copy=*/true)
    );
}

std::unique_ptr<metatensor::DataArrayBase>
TorchDataArray::create(std::vector<uintptr_t> shape, metatensor::MtsArray fill_value) const {
    auto fill_dtype = details::dlpack_dtype_to_torch(fill_value.dtype());
    if (fill_dtype != tensor_.scalar_type()) {
        throw std::runtime_error(
            std::string("the fill value of a new array must have the dtype of the array, ") +
            torch::toString(tensor_.scalar_type()) + ", got " + torch::toString(fill_dtype)
        );
    }
    auto fill_ndim = fill_value.shape().size();
    if (fill_ndim != 0) {
        throw std::runtime_error(
            "the fill value of a new array must be a 0-dimensional array, got " +
            std::to_string(fill_ndim) + " dimensions"
        );
    }

    if (auto merged = details::create_merged_array(tensor_, to_signed(shape), fill_value)) {
        return merged;
    }

    auto* dl_fill = fill_value.as_dlpack(details::DLPACK_CPU, nullptr, details::DLPACK_VERSION);
    auto fill = details::tensor_from_dlpack(dl_fill);
    return std::make_unique<TorchDataArray>(
        torch::full(to_signed(shape), fill.item(), tensor_.options().requires_grad(false))
    );
}

const std::vector<uintptr_t>& TorchDataArray::shape() const& {
    return shape_;
}

void TorchDataArray::reshape(const std::vector<uintptr_t>& shape) {
    tensor_ = tensor_.reshape(to_signed(shape));
    this->update_shape();
}

void TorchDataArray::swap_axes(uintptr_t axis_1, uintptr_t axis_2) {
    tensor_ = tensor_.swapaxes(static_cast<int64_t>(axis_1), static_cast<int64_t>(axis_2));
    this->update_shape();
}

void TorchDataArray::move_data(
    const metatensor::DataArrayBase& input, std::vector<mts_data_movement_t> moves
) {
    const auto& input_tensor = dynamic_cast<const TorchDataArray&>(input).tensor();
    if (moves.empty() || tensor_.is_meta()) {
        return;
    }

    for (const auto& movement : details::group_movements(input_tensor, std::move(moves))) {
        details::move_into(tensor_, movement);
    }
}

} // namespace metatensor_torch
