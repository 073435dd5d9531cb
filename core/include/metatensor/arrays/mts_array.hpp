#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "../errors.hpp"
#include "dlpack_array.hpp"

namespace metatensor {

/// Owner of a C `mts_array_t`, or view of one if its `destroy` function is null.
///
/// The functions of an `mts_array_t` can be null if the array does not support them; the methods
/// below throw an error naming the missing one. `MtsArray({})` creates an empty array, where all of
/// them are null.
class MtsArray final {
public:
    /// Take ownership of `array`.
    explicit MtsArray(mts_array_t array) : array_(array) {}

    ~MtsArray() {
        if (array_.destroy != nullptr) {
            array_.destroy(array_.ptr);
        }
    }

    /// Deep copy of the data of `other` on its own device. The new array owns its data, even if
    /// `other` is a view.
    MtsArray(const MtsArray& other) : array_{} {
        const auto copy = require(other.array_.copy, "copy");
        details::check_status(copy(other.array_.ptr, other.device(), &array_));
    }

    MtsArray& operator=(const MtsArray& other) {
        if (this != &other) {
            *this = MtsArray(other);
        }
        return *this;
    }

    MtsArray(MtsArray&& other) noexcept : array_(std::exchange(other.array_, mts_array_t{})) {}

    MtsArray& operator=(MtsArray&& other) noexcept {
        MtsArray moved(std::move(other));
        std::swap(array_, moved.array_);
        return *this;
    }

    /// Give the array, and its ownership, to the caller. This instance becomes empty.
    mts_array_t release() && { return std::exchange(array_, mts_array_t{}); }

    /// Non-owning view of the array, valid as long as this instance.
    mts_array_t as_mts_array_t() const {
        auto view = array_;
        view.destroy = nullptr;
        return view;
    }

    /// Origin of the data, as registered with `mts_register_data_origin`.
    mts_data_origin_t origin() const {
        mts_data_origin_t origin = 0;
        const auto get_origin = require(array_.origin, "origin");
        details::check_status(get_origin(array_.ptr, &origin));
        return origin;
    }

    /// Device where the data lives.
    DLDevice device() const {
        DLDevice device = details::CPU_DEVICE;
        const auto get_device = require(array_.device, "device");
        details::check_status(get_device(array_.ptr, &device));
        return device;
    }

    /// Data type of the elements.
    DLDataType dtype() const {
        DLDataType dtype = {};
        const auto get_dtype = require(array_.dtype, "dtype");
        details::check_status(get_dtype(array_.ptr, &dtype));
        return dtype;
    }

    /// Export the data to `device` as a DLPack tensor, owned by the caller.
    ///
    /// @param device where the exported data must be; it is copied there if needed
    /// @param stream stream on which the data will be used, as defined by DLPack for this device
    /// @param max_version highest version of DLPack that the caller can read
    DLManagedTensorVersioned*
    as_dlpack(DLDevice device, const int64_t* stream, DLPackVersion max_version) {
        DLManagedTensorVersioned* tensor = nullptr;
        const auto export_dlpack = require(array_.as_dlpack, "as_dlpack");
        details::check_status(export_dlpack(array_.ptr, &tensor, device, stream, max_version));
        return tensor;
    }

    /// Same as `as_dlpack`, but the result owns the DLPack tensor. Throws if the data type of this
    /// array is not the one of `T`.
    template <typename T>
    DLPackArray<T>
    as_dlpack_array(DLDevice device, const int64_t* stream, DLPackVersion max_version) {
        return DLPackArray<T>(this->as_dlpack(device, stream, max_version));
    }

    /// Create a new array, with the same origin as this one, from a DLPack tensor. The tensor is
    /// always consumed.
    MtsArray from_dlpack(DLManagedTensorVersioned* tensor) {
        details::DLPackOwner owner(tensor);
        MtsArray result({});
        const auto import_dlpack = require(array_.from_dlpack, "from_dlpack");
        details::check_status(import_dlpack(array_.ptr, owner.release(), &result.array_));
        return result;
    }

    /// Create a new array with this `shape`, and the origin, data type and device of this one.
    ///
    /// @param shape shape of the new array
    /// @param fill_value value of all the elements, as an array without dimensions and with the
    ///                   same data type as this one. It is always consumed.
    MtsArray create(const std::vector<uintptr_t>& shape, MtsArray fill_value) const {
        MtsArray result({});
        const auto create_array = require(array_.create, "create");
        details::check_status(create_array(
            array_.ptr, shape.data(), shape.size(), std::move(fill_value).release(), &result.array_
        ));
        return result;
    }

    /// Shape of the array.
    std::vector<uintptr_t> shape() const {
        const uintptr_t* shape = nullptr;
        uintptr_t count = 0;
        const auto get_shape = require(array_.shape, "shape");
        details::check_status(get_shape(array_.ptr, &shape, &count));
        return {shape, shape + count};
    }

    /// Change the shape of the array, keeping the same elements in row-major order.
    void reshape(const std::vector<uintptr_t>& shape) {
        const auto reshape_array = require(array_.reshape, "reshape");
        details::check_status(reshape_array(array_.ptr, shape.data(), shape.size()));
    }

    /// Transpose two axes of the array.
    void swap_axes(uintptr_t axis_1, uintptr_t axis_2) {
        const auto swap = require(array_.swap_axes, "swap_axes");
        details::check_status(swap(array_.ptr, axis_1, axis_2));
    }

    /// Copy data from `input`, which must have the same origin, to this array: for each move,
    /// `self[sample_out, ..., properties_start_out + i] = input[sample_in, ...,
    /// properties_start_in + i]`, with `i` going from 0 to `properties_length`.
    void move_data(const MtsArray& input, std::vector<mts_data_movement_t> moves) {
        const auto move = require(array_.move_data, "move_data");
        details::check_status(move(array_.ptr, input.array_.ptr, moves.data(), moves.size()));
    }

private:
    template <typename Function>
    static Function require(Function function, const char* name) {
        if (function == nullptr) {
            throw Error("this array does not support `mts_array_t." + std::string(name) + "`");
        }
        return function;
    }

    mts_array_t array_;
    [[maybe_unused]] std::array<unsigned char, 24> reserved_ = {};
};

} // namespace metatensor
