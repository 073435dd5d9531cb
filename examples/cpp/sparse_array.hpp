#pragma once

#include <metatensor.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include "index.hpp"

/// Numbers of which most are the same: only the other ones are stored, by their position in
/// row-major order. Merging blocks leaves many holes; here, they do not use any memory.
///
/// There is no memory with all of the numbers, so `as_dlpack` has to make some. What is written to
/// it is lost: data can not be loaded into these arrays.
class SparseArray final : public metatensor::DataArrayBase {
public:
    /// Array where all the elements have the same value.
    explicit SparseArray(Index shape, double value = 0.0)
        : shape_(std::move(shape)), default_(value) {}

    double get(const Index& index) const {
        const auto found = stored_.find(row_major_position(shape_, index));
        return found == stored_.end() ? default_ : found->second;
    }

    void set(const Index& index, double value) {
        const auto position = row_major_position(shape_, index);
        if (value == default_) {
            stored_.erase(position);
        } else {
            stored_[position] = value;
        }
    }

    /// How many numbers are stored.
    size_t stored_count() const { return stored_.size(); }

    /// Arrays that can exchange data with `move_data` have the same origin. The name is up to us.
    mts_data_origin_t origin() const override {
        static const auto origin = [] {
            mts_data_origin_t result = 0;
            metatensor::details::check_status(
                mts_register_data_origin("example.SparseArray", &result)
            );
            return result;
        }();
        return origin;
    }

    DLDevice device() const override { return {kDLCPU, 0}; }

    DLDataType dtype() const override { return metatensor::details::dtype_of<double>(); }

    using DataArrayBase::shape;
    const std::vector<uintptr_t>& shape() const& override { return shape_; }

    /// A copy of all the numbers, in row-major order.
    DLManagedTensorVersioned*
    as_dlpack(DLDevice device, const int64_t* stream, DLPackVersion max_version) override {
        // let an array that does have memory do the work
        metatensor::SimpleDataArray<double> dense(shape_, default_);
        for (const auto& [position, value] : stored_) {
            dense.data()[position] = value;
        }
        auto* tensor = dense.as_dlpack(device, stream, max_version);
        tensor->flags |= DLPACK_FLAG_BITMASK_IS_COPIED;
        return tensor;
    }

    /// These arrays are not used for labels, which are the only ones that need this.
    std::unique_ptr<DataArrayBase> from_dlpack(DLManagedTensorVersioned* dl_tensor) const override {
        // the tensor belongs to this function, even when it throws
        const metatensor::DLPackArray<double> input(dl_tensor);
        throw std::logic_error("SparseArray can not be used for labels");
    }

    std::unique_ptr<DataArrayBase> copy(DLDevice device) const override {
        if (device.device_type != kDLCPU) {
            throw std::invalid_argument("SparseArray can only be copied to CPU");
        }
        return std::make_unique<SparseArray>(*this);
    }

    std::unique_ptr<DataArrayBase>
    create(std::vector<uintptr_t> shape, metatensor::MtsArray fill_value) const override {
        // the fill value can be any kind of array, with the type of this one
        const auto fill = fill_value.as_dlpack_array<double>({kDLCPU, 0}, nullptr, {1, 3});
        return std::make_unique<SparseArray>(std::move(shape), fill());
    }

    void reshape(const std::vector<uintptr_t>& shape) override {
        if (element_count(shape) != element_count(shape_)) {
            throw std::invalid_argument("can not reshape to another number of elements");
        }
        // positions in row-major order stay what they are
        shape_ = shape;
    }

    void swap_axes(uintptr_t axis_1, uintptr_t axis_2) override {
        auto shape = shape_;
        std::swap(shape.at(axis_1), shape.at(axis_2));
        std::map<size_t, double> stored;
        for (const auto& [position, value] : stored_) {
            auto index = row_major_index(shape_, position);
            std::swap(index[axis_1], index[axis_2]);
            stored[row_major_position(shape, index)] = value;
        }
        shape_ = std::move(shape);
        stored_ = std::move(stored);
    }

    void move_data(const DataArrayBase& input, std::vector<mts_data_movement_t> moves) override {
        const auto& source = dynamic_cast<const SparseArray&>(input);
        for_each_move(shape_, moves, [&](const Index& from, const Index& to) {
            this->set(to, source.get(from));
        });
    }

private:
    Index shape_;
    double default_;
    std::map<size_t, double> stored_;
};
