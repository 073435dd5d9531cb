#include "metatensor/torch/misc.hpp"

#include <memory>
#include <utility>

#include "block_values.hpp"
#include "dlpack.hpp"
#include "metatensor/torch/array.hpp"
#include "metatensor/torch/version.h"
#include "plain_tensors.hpp"

namespace metatensor_torch {

std::string version() {
    return METATENSOR_TORCH_VERSION;
}

TensorMap load(const std::string& path) {
    return TensorMapHolder::load(path);
}

TensorBlock load_block(const std::string& path) {
    return TensorBlockHolder::load(path);
}

Labels load_labels(const std::string& path) {
    return LabelsHolder::load(path);
}

TensorMap load_buffer(torch::Tensor buffer) {
    return TensorMapHolder::load_buffer(std::move(buffer));
}

TensorBlock load_block_buffer(torch::Tensor buffer) {
    return TensorBlockHolder::load_buffer(std::move(buffer));
}

Labels load_labels_buffer(torch::Tensor buffer) {
    return LabelsHolder::load_buffer(std::move(buffer));
}

void save(const std::string& path, TensorMap tensor) {
    tensor->save(path);
}

void save(const std::string& path, TensorBlock block) {
    block->save(path);
}

void save(const std::string& path, Labels labels) {
    labels->save(path);
}

torch::Tensor save_buffer(TensorMap tensor) {
    return tensor->save_buffer();
}

torch::Tensor save_buffer(TensorBlock block) {
    return block->save_buffer();
}

torch::Tensor save_buffer(Labels labels) {
    return labels->save_buffer();
}

mts_status_t details::create_torch_array(
    const uintptr_t* shape_ptr, uintptr_t shape_count, DLDataType dtype, mts_array_t* array
) {
    return metatensor::details::catch_exceptions([&] {
        auto guard = PlainTensorsGuard();
        auto shape = std::vector<int64_t>(shape_ptr, shape_ptr + shape_count);
        auto options = torch::TensorOptions().dtype(dlpack_dtype_to_torch(dtype));
        auto tensor = torch::zeros(shape, options.device(torch::kCPU));
        auto values = std::make_unique<BlockValues>(std::move(tensor));
        *array = metatensor::DataArrayBase::to_mts_array(std::move(values)).release();
    });
}

} // namespace metatensor_torch
