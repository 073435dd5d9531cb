#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "../errors.hpp"
#include "data_array.hpp"
#include "dlpack_array.hpp"
#include "dtype.hpp"
#include "mts_array.hpp"
#include "shape.hpp"

namespace metatensor {

/// Array with a shape and a dtype but no data, for blocks where only the metadata matters. The
/// functions that need data always throw.
template <typename T = double>
class METATENSOR_VISIBLE EmptyDataArray : public DataArrayBase {
    static_assert(std::is_arithmetic_v<T>, "EmptyDataArray only contains arithmetic types");

public:
    EmptyDataArray(std::vector<uintptr_t> shape) : shape_(std::move(shape)) {}

    mts_data_origin_t origin() const override {
        static const auto origin = details::register_data_origin("metatensor::EmptyDataArray");
        return origin;
    }

    DLDevice device() const override { return details::CPU_DEVICE; }

    DLDataType dtype() const override { return details::dtype_of<T>(); }

    using DataArrayBase::shape;
    const std::vector<uintptr_t>& shape() const& override { return shape_; }

    void reshape(const std::vector<uintptr_t>& shape) override {
        details::check_reshape(shape_, shape);
        shape_ = shape;
    }

    void swap_axes(uintptr_t axis_1, uintptr_t axis_2) override {
        details::check_swap_axes(shape_, axis_1, axis_2);
        std::swap(shape_[axis_1], shape_[axis_2]);
    }

    std::unique_ptr<DataArrayBase> copy(DLDevice device) const override {
        if (device.device_type != kDLCPU) {
            throw Error("EmptyDataArray can only be copied to CPU");
        }
        return std::make_unique<EmptyDataArray>(*this);
    }

    /// Create an empty array with this shape, without looking at `fill_value`.
    std::unique_ptr<DataArrayBase> create(
        std::vector<uintptr_t> shape, MtsArray /*fill_value*/
    ) const override {
        return std::make_unique<EmptyDataArray>(std::move(shape));
    }

    DLManagedTensorVersioned* as_dlpack(
        DLDevice /*device*/, const int64_t* /*stream*/, DLPackVersion /*max_version*/
    ) override {
        throw no_data("as_dlpack");
    }

    std::unique_ptr<DataArrayBase> from_dlpack(DLManagedTensorVersioned* dl_tensor) const override {
        const details::DLPackOwner owner(dl_tensor);
        throw no_data("from_dlpack");
    }

    void move_data(
        const DataArrayBase& /*input*/, std::vector<mts_data_movement_t> /*moves*/
    ) override {
        throw no_data("move_data");
    }

private:
    static Error no_data(const std::string& function) {
        return Error("can not call `" + function + "` on an EmptyDataArray, it contains no data");
    }

    std::vector<uintptr_t> shape_;
};

namespace details {

/// Create an `EmptyDataArray` with this shape and dtype.
inline std::unique_ptr<DataArrayBase>
create_empty_array(std::vector<uintptr_t> shape, DLDataType dtype) {
    return dispatch_dtype(dtype, [&](auto tag) -> std::unique_ptr<DataArrayBase> {
        using T = typename decltype(tag)::type;
        return std::make_unique<EmptyDataArray<T>>(std::move(shape));
    });
}

} // namespace details
} // namespace metatensor
