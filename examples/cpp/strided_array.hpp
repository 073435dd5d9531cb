#pragma once

#include <metatensor.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include "index.hpp"

/// Numbers in CPU memory with any strides: the matrices of many libraries, or one member of the
/// structures in a `std::vector`. New arrays are in column-major order, as in Fortran: this is all
/// the same for metatensor.
///
/// DLPack has strides too, so other libraries can use the memory of these arrays directly, and
/// exchanging two axes does not touch the data.
template <typename T>
class StridedArray final : public metatensor::DataArrayBase {
public:
    /// Array where all the elements have the same value.
    explicit StridedArray(Index shape, T value = T{})
        : shape_(std::move(shape)), strides_(shape_.size()) {
        int64_t stride = 1;
        for (size_t axis = 0; axis < shape_.size(); axis++) {
            strides_[axis] = stride;
            stride *= static_cast<int64_t>(shape_[axis]);
        }
        auto memory = std::make_shared<std::vector<T>>(element_count(shape_), value);
        data_ = std::shared_ptr<T>(memory, memory->data());
    }

    /// Array in existing memory. `data` points to the first element, and keeps the memory alive;
    /// `strides` are numbers of elements.
    StridedArray(Index shape, std::vector<int64_t> strides, std::shared_ptr<T> data)
        : shape_(std::move(shape)), strides_(std::move(strides)), data_(std::move(data)) {}

    T get(const Index& index) const { return data_.get()[strided_offset(strides_, index)]; }
    void set(const Index& index, T value) { data_.get()[strided_offset(strides_, index)] = value; }

    const T* data() const { return data_.get(); }

    /// Arrays that can exchange data with `move_data` have the same origin. The name is up to us.
    mts_data_origin_t origin() const override {
        static const auto origin = [] {
            mts_data_origin_t result = 0;
            metatensor::details::check_status(
                mts_register_data_origin("example.StridedArray", &result)
            );
            return result;
        }();
        return origin;
    }

    DLDevice device() const override { return {kDLCPU, 0}; }

    DLDataType dtype() const override { return metatensor::details::dtype_of<T>(); }

    using DataArrayBase::shape;
    const std::vector<uintptr_t>& shape() const& override { return shape_; }

    /// No copy: the tensor and this array share the memory, which lives as long as one of them.
    DLManagedTensorVersioned*
    as_dlpack(DLDevice device, const int64_t* stream, DLPackVersion max_version) override {
        if (device.device_type != kDLCPU || stream != nullptr || max_version.major != 1) {
            throw std::invalid_argument("StridedArray only gives CPU memory, for DLPack 1.x");
        }

        auto exported = std::make_unique<Exported>();
        exported->data = data_;
        exported->shape.assign(shape_.begin(), shape_.end());
        exported->strides = strides_;

        auto& tensor = exported->tensor;
        tensor.version = {1, 0};
        tensor.manager_ctx = exported.get();
        tensor.deleter = [](DLManagedTensorVersioned* self) {
            delete static_cast<Exported*>(self->manager_ctx);
        };
        tensor.dl_tensor.data = data_.get();
        tensor.dl_tensor.device = device;
        tensor.dl_tensor.ndim = static_cast<int32_t>(shape_.size());
        tensor.dl_tensor.dtype = this->dtype();
        tensor.dl_tensor.shape = exported->shape.data();
        tensor.dl_tensor.strides = exported->strides.data();
        return &exported.release()->tensor;
    }

    /// Only used for the values of labels, when metatensor makes labels from others: `T` is then
    /// the type of both.
    std::unique_ptr<DataArrayBase> from_dlpack(DLManagedTensorVersioned* dl_tensor) const override {
        // takes ownership, and throws if the elements are not of type `T`
        const metatensor::DLPackArray<T> input(dl_tensor);
        if (input.device().device_type != kDLCPU) {
            throw std::invalid_argument("StridedArray can only read CPU memory");
        }

        auto result = std::make_unique<StridedArray>(input.shape());
        for (size_t position = 0; position < element_count(result->shape_); position++) {
            const auto index = row_major_index(result->shape_, position);
            result->set(index, input.data()[strided_offset(input.strides(), index)]);
        }
        return result;
    }

    std::unique_ptr<DataArrayBase> copy(DLDevice device) const override {
        if (device.device_type != kDLCPU) {
            throw std::invalid_argument("StridedArray can only be copied to CPU");
        }
        auto result = std::make_unique<StridedArray>(shape_);
        for (size_t position = 0; position < element_count(shape_); position++) {
            const auto index = row_major_index(shape_, position);
            result->set(index, this->get(index));
        }
        return result;
    }

    std::unique_ptr<DataArrayBase>
    create(std::vector<uintptr_t> shape, metatensor::MtsArray fill_value) const override {
        // the fill value can be any kind of array, with the type of this one
        const auto fill = fill_value.as_dlpack_array<T>({kDLCPU, 0}, nullptr, {1, 3});
        return std::make_unique<StridedArray>(std::move(shape), fill());
    }

    void reshape(const std::vector<uintptr_t>& shape) override {
        if (element_count(shape) != element_count(shape_)) {
            throw std::invalid_argument("can not reshape to another number of elements");
        }
        // the elements stay in row-major order, in which they are not in memory
        StridedArray reshaped(shape);
        for (size_t position = 0; position < element_count(shape); position++) {
            reshaped.set(
                row_major_index(shape, position), this->get(row_major_index(shape_, position))
            );
        }
        *this = std::move(reshaped);
    }

    void swap_axes(uintptr_t axis_1, uintptr_t axis_2) override {
        std::swap(shape_.at(axis_1), shape_.at(axis_2));
        std::swap(strides_.at(axis_1), strides_.at(axis_2));
    }

    void move_data(const DataArrayBase& input, std::vector<mts_data_movement_t> moves) override {
        const auto& source = dynamic_cast<const StridedArray&>(input);
        for_each_move(shape_, moves, [&](const Index& from, const Index& to) {
            this->set(to, source.get(from));
        });
    }

private:
    /// A DLPack tensor, and all that it needs to keep.
    struct Exported {
        DLManagedTensorVersioned tensor = {};
        std::shared_ptr<T> data;
        std::vector<int64_t> shape;
        std::vector<int64_t> strides;
    };

    Index shape_;
    std::vector<int64_t> strides_;
    std::shared_ptr<T> data_;
};

/// Function that creates arrays for the functions that load data: their `as_dlpack` must give
/// access to memory that can be written to. Exceptions must not leave it, since C code calls it.
inline mts_status_t create_strided_array(
    const uintptr_t* shape, uintptr_t shape_count, DLDataType dtype, mts_array_t* array
) {
    return metatensor::details::catch_exceptions([&] {
        if (dtype.code != kDLFloat || dtype.bits != 64 || dtype.lanes != 1) {
            throw std::invalid_argument("this program only uses arrays of double");
        }
        auto data = std::make_unique<StridedArray<double>>(Index(shape, shape + shape_count));
        *array = metatensor::DataArrayBase::to_mts_array(std::move(data)).release();
    });
}
