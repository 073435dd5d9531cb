#include "merge.hpp"

#include <iterator>
#include <utility>

#include "block_values.hpp"
#include "data_movement.hpp"
#include "plain_tensors.hpp"
#include "torch_arrays.hpp"

namespace metatensor_torch::details {

/// Array of a merged block. Until `finish()` it contains the fill value everywhere, without memory
/// for all the elements.
class MergedArray final : public BlockValues {
public:
    explicit MergedArray(torch::Tensor placeholder) : BlockValues(std::move(placeholder)) {}

    void move_data(
        const metatensor::DataArrayBase& input, std::vector<mts_data_movement_t> moves
    ) override {
        if (finished_) {
            TorchDataArray::move_data(input, std::move(moves));
            return;
        }
        const auto& input_tensor = dynamic_cast<const TorchDataArray&>(input).tensor();
        auto movements = group_movements(input_tensor, std::move(moves));
        std::move(movements.begin(), movements.end(), std::back_inserter(movements_));
    }

    void finish() {
        auto result = moved(this->tensor(), std::exchange(movements_, {}));
        static_cast<TorchDataArray&>(*this) = TorchDataArray(std::move(result));
        finished_ = true;
    }

private:
    std::vector<DataMovement> movements_;
    bool finished_ = false;
};

namespace {

/// 0-dimensional array, also inside of dispatch modes
torch::Tensor cpu_scalar(const torch::Scalar& value, torch::Dtype dtype) {
    auto guard = PlainTensorsGuard();
    return torch::full({}, value, torch::TensorOptions().dtype(dtype).device(torch::kCPU));
}

/// The fill value as an array, by which `Merge` is recognized.
class MergeFillValue final : public TorchDataArray {
public:
    MergeFillValue(
        const torch::Scalar& value, torch::Dtype dtype, std::vector<MergedArray*>& arrays
    )
        : TorchDataArray(cpu_scalar(value, dtype)), value_(value), arrays_(arrays) {}

    std::unique_ptr<MergedArray>
    create_array(const torch::Tensor& like, const std::vector<int64_t>& shape) {
        if (!filled_.defined()) {
            auto options = like.options().requires_grad(false);
            filled_ = torch::full({}, value_, options);
        }
        auto array = std::make_unique<MergedArray>(filled_.expand(shape));
        arrays_.push_back(array.get());
        return array;
    }

private:
    torch::Scalar value_;
    std::vector<MergedArray*>& arrays_;
    /// the fill value on the device of the blocks, once it is known
    torch::Tensor filled_;
};

} // namespace

metatensor::MtsArray Merge::fill_value(const torch::Scalar& value, torch::Dtype dtype) {
    return metatensor::DataArrayBase::to_mts_array(
        std::make_unique<MergeFillValue>(value, dtype, arrays_)
    );
}

void Merge::finish() {
    for (auto* array : arrays_) {
        array->finish();
    }
}

std::unique_ptr<metatensor::DataArrayBase> create_merged_array(
    const torch::Tensor& like,
    const std::vector<int64_t>& shape,
    const metatensor::MtsArray& fill_value
) {
    if (fill_value.origin() != torch_data_origin()) {
        return nullptr;
    }
    auto* array = static_cast<metatensor::DataArrayBase*>(fill_value.as_mts_array_t().ptr);
    auto* merge_fill_value = dynamic_cast<MergeFillValue*>(array);
    if (merge_fill_value == nullptr) {
        return nullptr;
    }
    return merge_fill_value->create_array(like, shape);
}

} // namespace metatensor_torch::details
