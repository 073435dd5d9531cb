#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "../errors.hpp"
#include "mts_array.hpp"

namespace metatensor {

/// Base class of the C++ array types that can be used as the values of blocks and labels.
///
/// To use your own arrays with metatensor, derive from this class, override all the virtual
/// functions, and give a `std::unique_ptr` of your type to `TensorBlock`, or the result of
/// `to_mts_array` to `Labels`. The functions can throw any exception: it comes back unchanged in
/// the code which called metatensor. They can be called from different threads at the same time,
/// and arrays can be destroyed by another thread than the one which created them.
class METATENSOR_VISIBLE DataArrayBase {
public:
    virtual ~DataArrayBase() = default;

    /// Origin of this array: an identifier for this kind of array, obtained once from
    /// `mts_register_data_origin`. Arrays with the same origin can exchange data.
    virtual mts_data_origin_t origin() const = 0;

    /// Device where the data lives.
    virtual DLDevice device() const = 0;

    /// Data type of the elements.
    virtual DLDataType dtype() const = 0;

    /// Export the data to `device` as a DLPack tensor, owned by the caller.
    ///
    /// @param device where the exported data must be; the array can throw if it can not go there
    /// @param stream stream on which the data will be used, as defined by DLPack for this device.
    ///               This should be null on CPU.
    /// @param max_version highest version of DLPack that the caller can read
    virtual DLManagedTensorVersioned*
    as_dlpack(DLDevice device, const int64_t* stream, DLPackVersion max_version) = 0;

    /// Create an array with the origin of this one and the data (with its own dtype) of
    /// `dl_tensor`. This takes ownership of `dl_tensor`, even when throwing.
    virtual std::unique_ptr<DataArrayBase>
    from_dlpack(DLManagedTensorVersioned* dl_tensor) const = 0;

    /// Copy the data to `device`, in a new array with the same origin and dtype.
    virtual std::unique_ptr<DataArrayBase> copy(DLDevice device) const = 0;

    /// Create an array with this `shape` and the origin, dtype and device of this one.
    ///
    /// @param shape shape of the new array
    /// @param fill_value value of all the elements, as an array without dimensions and with the
    ///                   same dtype as this one. It can have another origin.
    virtual std::unique_ptr<DataArrayBase>
    create(std::vector<uintptr_t> shape, MtsArray fill_value) const = 0;

    /// Shape of the array. The reference must be valid until the array is modified.
    virtual const std::vector<uintptr_t>& shape() const& = 0;

    const std::vector<uintptr_t>& shape() && = delete;

    /// Change the shape, keeping the same elements in row-major order.
    virtual void reshape(const std::vector<uintptr_t>& shape) = 0;

    /// Transpose two axes of the array.
    virtual void swap_axes(uintptr_t axis_1, uintptr_t axis_2) = 0;

    /// Copy data from `input`, an array with the same origin, to this array: for each move,
    /// `self[sample_out, ..., properties_start_out + i] = input[sample_in, ...,
    /// properties_start_in + i]`, with `i` going from 0 to `properties_length`.
    virtual void move_data(const DataArrayBase& input, std::vector<mts_data_movement_t> moves) = 0;

    /// Give an array to C code. The `ptr` of the result is the `DataArrayBase*` itself. Throws if
    /// `data` is null.
    static MtsArray to_mts_array(std::unique_ptr<DataArrayBase> data);

protected:
    DataArrayBase() = default;
    DataArrayBase(const DataArrayBase&) = default;
    DataArrayBase& operator=(const DataArrayBase&) = default;
    DataArrayBase(DataArrayBase&&) noexcept = default;
    DataArrayBase& operator=(DataArrayBase&&) noexcept = default;
};

namespace details {

/// Register `name` as an origin of data, and return the corresponding identifier.
inline mts_data_origin_t register_data_origin(const char* name) {
    mts_data_origin_t origin = 0;
    check_status(mts_register_data_origin(name, &origin));
    return origin;
}

/// The functions of `mts_array_t` for a pointer to `DataArrayBase`.
struct DataArrayCallbacks {
    static void destroy(void* array) { delete static_cast<DataArrayBase*>(array); }

    static mts_status_t origin(const void* array, mts_data_origin_t* origin) {
        return catch_exceptions([&] { *origin = get(array).origin(); });
    }

    static mts_status_t device(const void* array, DLDevice* device) {
        return catch_exceptions([&] { *device = get(array).device(); });
    }

    static mts_status_t dtype(const void* array, DLDataType* dtype) {
        return catch_exceptions([&] { *dtype = get(array).dtype(); });
    }

    static mts_status_t as_dlpack(
        void* array,
        DLManagedTensorVersioned** tensor,
        DLDevice device,
        const int64_t* stream,
        DLPackVersion max_version
    ) {
        return catch_exceptions([&] {
            *tensor = get(array).as_dlpack(device, stream, max_version);
        });
    }

    static mts_status_t
    from_dlpack(const void* array, DLManagedTensorVersioned* tensor, mts_array_t* new_array) {
        return catch_exceptions([&] { give(get(array).from_dlpack(tensor), new_array); });
    }

    static mts_status_t shape(const void* array, const uintptr_t** shape, uintptr_t* shape_count) {
        return catch_exceptions([&] {
            const auto& array_shape = get(array).shape();
            *shape = array_shape.empty() ? nullptr : array_shape.data();
            *shape_count = array_shape.size();
        });
    }

    static mts_status_t reshape(void* array, const uintptr_t* shape, uintptr_t shape_count) {
        return catch_exceptions([&] { get(array).reshape({shape, shape + shape_count}); });
    }

    static mts_status_t swap_axes(void* array, uintptr_t axis_1, uintptr_t axis_2) {
        return catch_exceptions([&] { get(array).swap_axes(axis_1, axis_2); });
    }

    static mts_status_t create(
        const void* array,
        const uintptr_t* shape,
        uintptr_t shape_count,
        mts_array_t fill_value,
        mts_array_t* new_array
    ) {
        // `fill_value` belongs to this function, so it needs an owner before anything can throw
        MtsArray fill(fill_value);
        return catch_exceptions([&] {
            give(get(array).create({shape, shape + shape_count}, std::move(fill)), new_array);
        });
    }

    static mts_status_t copy(const void* array, DLDevice device, mts_array_t* new_array) {
        return catch_exceptions([&] { give(get(array).copy(device), new_array); });
    }

    static mts_status_t move_data(
        void* output,
        const void* input,
        const mts_data_movement_t* movements,
        uintptr_t movements_count
    ) {
        return catch_exceptions([&] {
            get(output).move_data(get(input), {movements, movements + movements_count});
        });
    }

private:
    static const DataArrayBase& get(const void* array) {
        return *static_cast<const DataArrayBase*>(array);
    }

    static DataArrayBase& get(void* array) { return *static_cast<DataArrayBase*>(array); }

    static void give(std::unique_ptr<DataArrayBase> data, mts_array_t* new_array) {
        *new_array = DataArrayBase::to_mts_array(std::move(data)).release();
    }
};

} // namespace details

inline MtsArray DataArrayBase::to_mts_array(std::unique_ptr<DataArrayBase> data) {
    if (data == nullptr) {
        throw Error("expected an array, got a null pointer to `DataArrayBase`");
    }

    using Callbacks = details::DataArrayCallbacks;
    mts_array_t array = {};
    array.destroy = Callbacks::destroy;
    array.origin = Callbacks::origin;
    array.device = Callbacks::device;
    array.dtype = Callbacks::dtype;
    array.as_dlpack = Callbacks::as_dlpack;
    array.from_dlpack = Callbacks::from_dlpack;
    array.shape = Callbacks::shape;
    array.reshape = Callbacks::reshape;
    array.swap_axes = Callbacks::swap_axes;
    array.create = Callbacks::create;
    array.copy = Callbacks::copy;
    array.move_data = Callbacks::move_data;
    array.ptr = data.release();
    return MtsArray(array);
}

} // namespace metatensor
