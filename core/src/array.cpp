#include "array.hpp"

#include "error.hpp"
#include "text.hpp"

namespace mts {

/// Calls one entry of an array, after checking that it exists
template <typename Entry, typename... Args>
static void call(Entry entry, std::string_view name, Args... args) {
    if (entry == nullptr) {
        throw invalid_parameter("this array can not be used here: `", name, "` is NULL");
    }
    check_callback(entry(args...), name);
}

mts_data_origin_t Array::origin() const {
    mts_data_origin_t origin = 0;
    call(raw_.origin, "mts_array_t.origin", raw_.ptr, &origin);
    return origin;
}

DLDevice Array::device() const {
    DLDevice device = {};
    call(raw_.device, "mts_array_t.device", raw_.ptr, &device);
    return device;
}

DLDataType Array::dtype() const {
    DLDataType dtype = {};
    call(raw_.dtype, "mts_array_t.dtype", raw_.ptr, &dtype);
    return dtype;
}

std::span<const std::uintptr_t> Array::shape() const {
    const std::uintptr_t* shape = nullptr;
    std::uintptr_t count = 0;
    call(raw_.shape, "mts_array_t.shape", raw_.ptr, &shape, &count);
    if (shape == nullptr && count != 0) {
        throw invalid_parameter("`mts_array_t.shape` gave a NULL shape with ", count, " axes");
    }
    return {shape, count};
}

DLPackTensor Array::as_dlpack() const {
    DLManagedTensorVersioned* tensor = nullptr;
    call(
        raw_.as_dlpack,
        "mts_array_t.as_dlpack",
        raw_.ptr,
        &tensor,
        CPU_DEVICE,
        nullptr,
        DLPACK_VERSION
    );
    return DLPackTensor(tensor);
}

Array Array::from_dlpack(DLManagedTensorVersioned* tensor) const {
    if (raw_.from_dlpack == nullptr && tensor->deleter != nullptr) {
        tensor->deleter(tensor);
    }
    mts_array_t result = {};
    call(raw_.from_dlpack, "mts_array_t.from_dlpack", raw_.ptr, tensor, &result);
    return Array(result);
}

void Array::reshape(std::span<const std::uintptr_t> shape) {
    call(raw_.reshape, "mts_array_t.reshape", raw_.ptr, shape.data(), shape.size());
}

void Array::swap_axes(std::size_t axis_1, std::size_t axis_2) {
    call(raw_.swap_axes, "mts_array_t.swap_axes", raw_.ptr, axis_1, axis_2);
}

Array Array::create(std::span<const std::uintptr_t> shape, const Array& fill_value) const {
    mts_array_t result = {};
    call(
        raw_.create,
        "mts_array_t.create",
        raw_.ptr,
        shape.data(),
        shape.size(),
        fill_value.view(),
        &result
    );
    return Array(result);
}

Array Array::copy(DLDevice device) const {
    mts_array_t result = {};
    call(raw_.copy, "mts_array_t.copy", raw_.ptr, device, &result);
    return Array(result);
}

void Array::move_data(const Array& input, std::span<const mts_data_movement_t> movements) {
    call(
        raw_.move_data,
        "mts_array_t.move_data",
        raw_.ptr,
        input.raw_.ptr,
        movements.data(),
        movements.size()
    );
}

} // namespace mts
