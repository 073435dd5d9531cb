#include "buffers.hpp"

#include <memory>
#include <utility>

namespace metatensor_torch::details {

c10::ArrayRef<uint8_t> checked_buffer(const torch::Tensor& buffer) {
    TORCH_CHECK_VALUE(
        buffer.scalar_type() == torch::kUInt8,
        "`buffer` must be a tensor of uint8, got a tensor with dtype ",
        buffer.scalar_type()
    );
    TORCH_CHECK_VALUE(
        buffer.device().is_cpu(), "`buffer` must be on CPU, got a tensor on ", buffer.device()
    );
    TORCH_CHECK_VALUE(
        buffer.dim() == 1,
        "`buffer` must be a 1-dimensional tensor, got ",
        buffer.dim(),
        " dimension(s)"
    );
    TORCH_CHECK_VALUE(buffer.is_contiguous(), "`buffer` must be a contiguous tensor");
    return {buffer.const_data_ptr<uint8_t>(), static_cast<size_t>(buffer.numel())};
}

torch::Tensor buffer_tensor(std::vector<uint8_t> bytes) {
    auto owner = std::make_shared<std::vector<uint8_t>>(std::move(bytes));
    return torch::from_blob(
        owner->data(),
        {static_cast<int64_t>(owner->size())},
        [owner](void*) mutable { owner.reset(); },
        torch::TensorOptions().dtype(torch::kUInt8)
    );
}

} // namespace metatensor_torch::details
