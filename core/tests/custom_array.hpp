#pragma once

#include <metatensor.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

/// Array type as users could write it: doubles with any strides, so that transposing an array does
/// not touch its data. It can be told to throw in any of its functions.
class CustomArray : public metatensor::DataArrayBase {
public:
    /// Number of arrays which currently exist.
    static inline std::atomic<int> live_count = 0;

    /// Called by all the functions with their name, to throw exceptions.
    static inline std::function<void(const std::string&)> on_call = [](const std::string&) {};

    /// Column-major array filled with `value`.
    explicit CustomArray(std::vector<uintptr_t> shape, double value = 0.0)
        : shape_(std::move(shape)), strides_(shape_.size()) {
        int64_t stride = 1;
        for (size_t axis = 0; axis < shape_.size(); axis++) {
            strides_[axis] = stride;
            stride *= static_cast<int64_t>(shape_[axis]);
        }
        data_ = std::make_shared<std::vector<double>>(static_cast<size_t>(stride), value);
        live_count++;
    }

    CustomArray(const CustomArray& other)
        : DataArrayBase(other), shape_(other.shape_), strides_(other.strides_),
          data_(std::make_shared<std::vector<double>>(*other.data_)) {
        live_count++;
    }

    CustomArray& operator=(const CustomArray&) = delete;

    ~CustomArray() override { live_count--; }

    static mts_data_origin_t custom_origin() {
        static const auto origin = metatensor::details::register_data_origin("CustomArray");
        return origin;
    }

    /// Element at this index in row-major order.
    double& at(size_t index) {
        int64_t offset = 0;
        for (size_t axis = shape_.size(); axis-- > 0;) {
            offset += static_cast<int64_t>(index % shape_[axis]) * strides_[axis];
            index /= shape_[axis];
        }
        return (*data_)[static_cast<size_t>(offset)];
    }

    double at(size_t index) const { return const_cast<CustomArray*>(this)->at(index); }

    size_t count() const { return metatensor::details::element_count(shape_); }

    mts_data_origin_t origin() const override {
        on_call("origin");
        return custom_origin();
    }

    DLDevice device() const override {
        on_call("device");
        return {kDLCPU, 0};
    }

    DLDataType dtype() const override {
        on_call("dtype");
        return metatensor::details::dtype_of<double>();
    }

    DLManagedTensorVersioned*
    as_dlpack(DLDevice device, const int64_t* stream, DLPackVersion max_version) override {
        on_call("as_dlpack");
        metatensor::details::check_cpu_dlpack_export(device, stream, max_version);
        return metatensor::details::export_cpu_dlpack(
            data_, data_->data(), metatensor::details::dtype_of<double>(), shape_, strides_
        );
    }

    std::unique_ptr<DataArrayBase> from_dlpack(DLManagedTensorVersioned* tensor) const override {
        const metatensor::DLPackArray<double> array(tensor);
        on_call("from_dlpack");
        return std::make_unique<CustomArray>(array.shape());
    }

    std::unique_ptr<DataArrayBase> copy(DLDevice /*device*/) const override {
        on_call("copy");
        return std::make_unique<CustomArray>(*this);
    }

    std::unique_ptr<DataArrayBase>
    create(std::vector<uintptr_t> shape, metatensor::MtsArray fill_value) const override {
        on_call("create");
        const auto fill = fill_value.as_dlpack_array<double>({kDLCPU, 0}, nullptr, {1, 3});
        return std::make_unique<CustomArray>(std::move(shape), fill());
    }

    using DataArrayBase::shape;
    const std::vector<uintptr_t>& shape() const& override {
        on_call("shape");
        return shape_;
    }

    void reshape(const std::vector<uintptr_t>& shape) override {
        on_call("reshape");
        CustomArray reshaped(shape);
        for (size_t index = 0; index < this->count(); index++) {
            reshaped.at(index) = this->at(index);
        }
        shape_ = reshaped.shape_;
        strides_ = reshaped.strides_;
        data_ = reshaped.data_;
    }

    void swap_axes(uintptr_t axis_1, uintptr_t axis_2) override {
        on_call("swap_axes");
        std::swap(shape_[axis_1], shape_[axis_2]);
        std::swap(strides_[axis_1], strides_[axis_2]);
    }

    void move_data(const DataArrayBase& input, std::vector<mts_data_movement_t> moves) override {
        on_call("move_data");
        const auto& source = dynamic_cast<const CustomArray&>(input);
        const auto components_in = source.count() / (source.shape_.front() * source.shape_.back());
        for (const auto& move : moves) {
            for (size_t component = 0; component < components_in; component++) {
                const auto row_in = move.sample_in * components_in + component;
                const auto row_out = move.sample_out * components_in + component;
                for (size_t i = 0; i < move.properties_length; i++) {
                    this->at(row_out * shape_.back() + move.properties_start_out + i) =
                        source.at(row_in * source.shape_.back() + move.properties_start_in + i);
                }
            }
        }
    }

private:
    std::vector<uintptr_t> shape_;
    std::vector<int64_t> strides_;
    std::shared_ptr<std::vector<double>> data_;
};
