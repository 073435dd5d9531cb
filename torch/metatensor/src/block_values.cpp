#include "block_values.hpp"

#include <utility>

namespace metatensor_torch::details {

using c10::ivalue::Object;
using torch::IValue;

BlockValues::~BlockValues() {
    this->forget_labels();
}

std::unique_ptr<metatensor::DataArrayBase> BlockValues::copy(DLDevice device) const {
    auto copied = TorchDataArray::copy(device);
    return std::make_unique<BlockValues>(static_cast<const TorchDataArray&>(*copied).tensor());
}

// The core library replaces the labels of a block when it moves components to the properties, which
// changes the shape of the values

void BlockValues::reshape(const std::vector<uintptr_t>& shape) {
    this->forget_labels();
    TorchDataArray::reshape(shape);
}

void BlockValues::swap_axes(uintptr_t axis_1, uintptr_t axis_2) {
    this->forget_labels();
    TorchDataArray::swap_axes(axis_1, axis_2);
}

IValue BlockValues::labels_object(const metatensor::TensorBlock& block, uintptr_t axis) {
    if (axis < MAX_AXES) {
        if (auto* remembered = labels_[axis].load(std::memory_order_acquire)) {
            return IValue(torch::intrusive_ptr<Object>::reclaim_copy(remembered));
        }
    }
    auto holder = LabelsHolder::from_metatensor(block.labels(axis));
    holder->is_shared_ = true;
    auto result = IValue(std::move(holder));
    this->remember(axis, result.toObjectRef());
    return result;
}

void BlockValues::remember_labels(uintptr_t axis, const Borrowed<LabelsHolder>& labels) {
    if (labels->is_shared_) {
        this->remember(axis, labels.object());
    }
}

void BlockValues::remember(uintptr_t axis, Object& object) {
    if (axis >= MAX_AXES) {
        return;
    }
    auto owned = torch::intrusive_ptr<Object>::reclaim_copy(&object);
    Object* none = nullptr;
    if (labels_[axis].compare_exchange_strong(none, owned.get(), std::memory_order_acq_rel)) {
        owned.release();
    }
}

void BlockValues::forget_labels() {
    for (auto& labels : labels_) {
        torch::intrusive_ptr<Object>::reclaim(labels.load(std::memory_order_acquire));
        labels.store(nullptr, std::memory_order_release);
    }
}

BlockValues* block_values(const metatensor::TensorBlock& block) {
    // the core library only gives access to arrays of mutable blocks
    auto* core = const_cast<mts_block_t*>(block.as_mts_block_t());
    auto array = mts_array_t{};
    metatensor::details::check_status(mts_block_data(core, &array));
    if (array.origin != metatensor::details::DataArrayCallbacks::origin) {
        return nullptr; // not even an array written in C++
    }
    return dynamic_cast<BlockValues*>(static_cast<metatensor::DataArrayBase*>(array.ptr));
}

metatensor::TensorBlock core_block(std::unique_ptr<BlockValues> values, const CoreLabels& labels) {
    // the constructor of `metatensor::TensorBlock` would need a copy of all the labels
    auto* block = mts_block(
        metatensor::DataArrayBase::to_mts_array(std::move(values)).release(),
        labels.front(),
        labels.data() + 1,
        labels.size() - 2,
        labels.back()
    );
    metatensor::details::check_pointer(block);
    return metatensor::TensorBlock::unsafe_from_ptr(block);
}

} // namespace metatensor_torch::details
