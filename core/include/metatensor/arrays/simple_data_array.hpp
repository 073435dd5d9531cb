#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "../errors.hpp"
#include "data_array.hpp"
#include "dlpack_array.hpp"
#include "dlpack_export.hpp"
#include "dtype.hpp"
#include "mts_array.hpp"
#include "ndarray.hpp"
#include "shape.hpp"
#include "strided.hpp"

namespace metatensor {
namespace details {

/// Origin shared by `SimpleDataArray` with any type of elements.
inline mts_data_origin_t simple_data_array_origin() {
    static const auto origin = register_data_origin("metatensor::SimpleDataArray");
    return origin;
}

} // namespace details

/// Dense row-major array in CPU memory, for any arithmetic type.
template <typename T, typename = std::enable_if_t<std::is_arithmetic_v<T>>>
class METATENSOR_VISIBLE SimpleDataArray : public DataArrayBase {
public:
    /// Type used to store the elements.
    using storage_t = std::conditional_t<std::is_same_v<T, bool>, uint8_t, T>;

    /// Create an array with this `shape`, where all elements have the same `value`.
    SimpleDataArray(std::vector<uintptr_t> shape, T value = T{})
        : shape_(std::move(shape)), strides_(details::row_major_strides(shape_)),
          data_(
              std::make_shared<Storage>(
                  details::element_count(shape_), static_cast<storage_t>(value)
              )
          ) {}

    /// Create an array with this `shape` from its elements in row-major order. Throws if `data`
    /// does not contain the number of elements corresponding to the shape.
    SimpleDataArray(std::vector<uintptr_t> shape, std::vector<storage_t> data)
        : shape_(std::move(shape)), strides_(details::row_major_strides(shape_)),
          data_(std::make_shared<Storage>(std::move(data))) {
        if (data_->size() != details::element_count(shape_)) {
            throw Error(
                "an array with shape " + details::shape_name(shape_) + " contains " +
                std::to_string(details::element_count(shape_)) + " elements, got " +
                std::to_string(data_->size())
            );
        }
    }

    ~SimpleDataArray() override = default;

    /// Copies have their own data.
    SimpleDataArray(const SimpleDataArray& other)
        : DataArrayBase(other), shape_(other.shape_), strides_(other.strides_),
          data_(std::make_shared<Storage>(*other.data_)) {}

    SimpleDataArray& operator=(const SimpleDataArray& other) {
        return *this = SimpleDataArray(other);
    }

    SimpleDataArray(SimpleDataArray&&) noexcept = default;
    SimpleDataArray& operator=(SimpleDataArray&&) noexcept = default;

    /// Access the `SimpleDataArray` inside of an `MtsArray`, which can be a view: the reference is
    /// valid as long as the array behind it. Throws if `array` has another origin, and
    /// `std::bad_cast` if its elements have another type.
    static SimpleDataArray& from_mts_array(MtsArray& array) {
        return dynamic_cast<SimpleDataArray&>(*get_data_array(array));
    }

    static const SimpleDataArray& from_mts_array(const MtsArray& array) {
        return dynamic_cast<const SimpleDataArray&>(*get_data_array(array));
    }

    /// View of the data, which must not be used after this array is modified or destroyed.
    NDArray<storage_t> view() { return NDArray<storage_t>(this->data(), shape_); }

    /// View of the data. It gives mutable access, since a view stored in a variable which is not
    /// const always uses the mutable version of the indexing operator.
    NDArray<storage_t> view() const {
        return NDArray<storage_t>(const_cast<storage_t*>(this->data()), shape_);
    }

    /// Pointer to the elements, in row-major order.
    storage_t* data() { return data_->data(); }
    const storage_t* data() const { return std::as_const(*data_).data(); }

    /// Strides of the array, in elements.
    const std::vector<int64_t>& strides() const { return strides_; }

    /// Always true: the data is contiguous and in row-major order.
    bool is_contiguous() const { return true; }

    mts_data_origin_t origin() const override { return details::simple_data_array_origin(); }

    DLDevice device() const override { return details::CPU_DEVICE; }

    DLDataType dtype() const override { return details::dtype_of<T>(); }

    using DataArrayBase::shape;
    const std::vector<uintptr_t>& shape() const& override { return shape_; }

    /// Export the data without copying it. The tensor is writable, shares the memory of this array
    /// and keeps it alive. Throws for another device than CPU, for a stream that is not null, and
    /// for unsupported versions of DLPack.
    DLManagedTensorVersioned*
    as_dlpack(DLDevice device, const int64_t* stream, DLPackVersion max_version) override {
        details::check_cpu_dlpack_export(device, stream, max_version);
        return details::export_cpu_dlpack(data_, data_->data(), this->dtype(), shape_, strides_);
    }

    /// Create a `SimpleDataArray` with a copy of the data in a DLPack tensor on CPU, which can have
    /// any of the dtypes supported by `details::dispatch_dtype`.
    std::unique_ptr<DataArrayBase> from_dlpack(DLManagedTensorVersioned* dl_tensor) const override;

    std::unique_ptr<DataArrayBase> copy(DLDevice device) const override {
        if (device.device_type != kDLCPU) {
            throw Error("SimpleDataArray can only be copied to CPU");
        }
        return std::make_unique<SimpleDataArray>(*this);
    }

    std::unique_ptr<DataArrayBase>
    create(std::vector<uintptr_t> shape, MtsArray fill_value) const override {
        const auto fill = fill_value.as_dlpack_array<T>(
            details::CPU_DEVICE, nullptr, details::SUPPORTED_DLPACK_VERSION
        );
        if (!fill.shape().empty()) {
            throw Error(
                "fill_value must be an array without dimensions, got an array with shape " +
                details::shape_name(fill.shape())
            );
        }
        return std::make_unique<SimpleDataArray>(std::move(shape), fill());
    }

    void reshape(const std::vector<uintptr_t>& shape) override {
        details::check_reshape(shape_, shape);
        auto strides = details::row_major_strides(shape);
        shape_ = shape;
        strides_ = std::move(strides);
    }

    void swap_axes(uintptr_t axis_1, uintptr_t axis_2) override;

    void move_data(const DataArrayBase& input, std::vector<mts_data_movement_t> moves) override;

private:
    using Storage = std::vector<storage_t>;

    static DataArrayBase* get_data_array(const MtsArray& array) {
        if (array.origin() != details::simple_data_array_origin()) {
            throw Error("this array is not a `metatensor::SimpleDataArray`, it has another origin");
        }
        return static_cast<DataArrayBase*>(array.as_mts_array_t().ptr);
    }

    /// Throw unless all the moves are possible, for `move_data` to change everything or nothing.
    void
    check_moves(const SimpleDataArray& input, const std::vector<mts_data_movement_t>& moves) const;

    std::vector<uintptr_t> shape_;
    std::vector<int64_t> strides_;
    /// Shared with the DLPack tensors created by `as_dlpack`. Never null, except after a move.
    std::shared_ptr<Storage> data_;
    [[maybe_unused]] std::array<unsigned char, 16> reserved_ = {};
};

namespace details {

/// Create a `SimpleDataArray` with a copy of the data in `dl_tensor`, which is always consumed.
inline std::unique_ptr<DataArrayBase> copy_cpu_dlpack(DLManagedTensorVersioned* dl_tensor) {
    if (dl_tensor == nullptr) {
        throw Error("expected a DLPack tensor, got a null pointer");
    }
    const DLPackOwner owner(dl_tensor);
    check_dlpack_version(dl_tensor->version);

    const auto& tensor = dl_tensor->dl_tensor;
    if (tensor.device.device_type != kDLCPU) {
        throw Error("can not create a SimpleDataArray from a DLPack tensor which is not on CPU");
    }

    return dispatch_dtype(tensor.dtype, [&](auto tag) -> std::unique_ptr<DataArrayBase> {
        using T = typename decltype(tag)::type;
        using storage_t = typename SimpleDataArray<T>::storage_t;

        const auto shape = dlpack_shape(tensor);
        const auto* input = dlpack_data<storage_t>(tensor);
        std::vector<storage_t> data(element_count(shape));
        if (input == nullptr && !data.empty()) {
            throw Error("invalid DLPack tensor: there are elements but no data");
        }

        const auto strides = dlpack_strides(tensor, shape);
        if (is_row_major(shape, strides)) {
            std::copy_n(input, data.size(), data.begin());
        } else {
            StridedOffsets offsets(shape, strides);
            for (auto& value : data) {
                value = input[offsets.next()];
            }
        }
        std::vector<uintptr_t> array_shape(shape.begin(), shape.end());
        return std::make_unique<SimpleDataArray<T>>(std::move(array_shape), std::move(data));
    });
}

/// Function to create the arrays when loading data, for the functions of `metatensor::io`. It
/// creates a `SimpleDataArray` filled with zeros.
inline mts_status_t default_create_array(
    const uintptr_t* shape, uintptr_t shape_count, DLDataType dtype, mts_array_t* array
) {
    return catch_exceptions([&] {
        auto data = dispatch_dtype(dtype, [&](auto tag) -> std::unique_ptr<DataArrayBase> {
            using T = typename decltype(tag)::type;
            std::vector<uintptr_t> array_shape(shape, shape + shape_count);
            return std::make_unique<SimpleDataArray<T>>(std::move(array_shape));
        });
        *array = DataArrayBase::to_mts_array(std::move(data)).release();
    });
}

} // namespace details

template <typename T, typename Enable>
std::unique_ptr<DataArrayBase>
SimpleDataArray<T, Enable>::from_dlpack(DLManagedTensorVersioned* dl_tensor) const {
    return details::copy_cpu_dlpack(dl_tensor);
}

template <typename T, typename Enable>
void SimpleDataArray<T, Enable>::swap_axes(uintptr_t axis_1, uintptr_t axis_2) {
    details::check_swap_axes(shape_, axis_1, axis_2);

    auto swapped_shape = shape_;
    std::swap(swapped_shape[axis_1], swapped_shape[axis_2]);
    auto swapped_strides = strides_;
    std::swap(swapped_strides[axis_1], swapped_strides[axis_2]);

    // the data goes to new storage, since DLPack tensors might be using the current one
    auto swapped = std::make_shared<Storage>(data_->size());
    details::StridedOffsets offsets(swapped_shape, std::move(swapped_strides));
    for (auto& value : *swapped) {
        value = (*data_)[static_cast<size_t>(offsets.next())];
    }

    strides_ = details::row_major_strides(swapped_shape);
    shape_ = std::move(swapped_shape);
    data_ = std::move(swapped);
}

template <typename T, typename Enable>
void SimpleDataArray<T, Enable>::move_data(
    const DataArrayBase& input, std::vector<mts_data_movement_t> moves
) {
    const auto& source = dynamic_cast<const SimpleDataArray&>(input);
    if (moves.empty()) {
        return;
    }
    this->check_moves(source, moves);

    const auto properties_in = source.shape_.back();
    const auto properties_out = shape_.back();
    size_t components = 1;
    for (size_t axis = 1; axis + 1 < shape_.size(); axis++) {
        components *= shape_[axis];
    }

    for (const auto& move : moves) {
        const auto* from = source.data() + move.sample_in * components * properties_in;
        auto* to = this->data() + move.sample_out * components * properties_out;
        for (size_t component = 0; component < components; component++) {
            std::copy_n(
                from + component * properties_in + move.properties_start_in,
                move.properties_length,
                to + component * properties_out + move.properties_start_out
            );
        }
    }
}

template <typename T, typename Enable>
void SimpleDataArray<T, Enable>::check_moves(
    const SimpleDataArray& input, const std::vector<mts_data_movement_t>& moves
) const {
    const auto& shape_in = input.shape_;
    const bool compatible = shape_.size() >= 2 && shape_in.size() == shape_.size() &&
                            std::equal(shape_.begin() + 1, shape_.end() - 1, shape_in.begin() + 1);
    if (!compatible) {
        throw Error(
            "can not move data from an array with shape " + details::shape_name(shape_in) +
            " to an array with shape " + details::shape_name(shape_)
        );
    }

    auto in_range = [](size_t start, size_t length, size_t size) {
        return start <= size && length <= size - start;
    };
    for (const auto& move : moves) {
        if (move.sample_in >= shape_in.front() || move.sample_out >= shape_.front() ||
            !in_range(move.properties_start_in, move.properties_length, shape_in.back()) ||
            !in_range(move.properties_start_out, move.properties_length, shape_.back())) {
            throw Error(
                "data movement out of bounds: from an array with shape " +
                details::shape_name(shape_in) + " to an array with shape " +
                details::shape_name(shape_)
            );
        }
    }
}

} // namespace metatensor
