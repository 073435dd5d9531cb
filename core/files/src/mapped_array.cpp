#include "mapped_array.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "dlpack.hpp"
#include "io/npy.hpp"
#include "io/strided.hpp"
#include "metatensor/arrays.hpp"

namespace mts::files {

namespace {

using metatensor::DataArrayBase;

/// Contiguous row-major elements of any type that can be in a file. Memory of a file can not be
/// written to; all other memory was allocated by this class.
class MappedArray final : public DataArrayBase {
public:
    /// Elements in memory that is not ours
    MappedArray(
        std::shared_ptr<const void> owner,
        const uint8_t* data,
        DLDataType dtype,
        std::vector<uintptr_t> shape
    )
        : shape_(std::move(shape)), dtype_(dtype), element_size_(io::npy_type_size(dtype)),
          owner_(std::move(owner)), data_(data) {}

    /// New memory, not initialized
    MappedArray(DLDataType dtype, std::vector<uintptr_t> shape)
        : shape_(std::move(shape)), dtype_(dtype), element_size_(io::npy_type_size(dtype)) {
        allocate();
    }

    /// Copies have their own memory
    MappedArray(const MappedArray& other)
        : DataArrayBase(other), shape_(other.shape_), dtype_(other.dtype_),
          element_size_(other.element_size_) {
        allocate();
        std::copy_n(other.data_, byte_size(), writable_);
    }
    MappedArray& operator=(const MappedArray&) = delete;

    mts_data_origin_t origin() const override {
        static const auto origin =
            metatensor::details::register_data_origin("metatensor::files::MappedArray");
        return origin;
    }
    DLDevice device() const override { return CPU_DEVICE; }
    DLDataType dtype() const override { return dtype_; }
    const std::vector<uintptr_t>& shape() const& override { return shape_; }

    DLManagedTensorVersioned*
    as_dlpack(DLDevice device, const int64_t* stream, DLPackVersion max_version) override {
        metatensor::details::check_cpu_dlpack_export(device, stream, max_version);
        if (!is_aligned()) {
            auto* tensor = MappedArray(*this).as_dlpack(device, stream, max_version);
            tensor->flags = DLPACK_FLAG_BITMASK_IS_COPIED;
            return tensor;
        }
        auto* tensor = metatensor::details::export_cpu_dlpack(
            std::const_pointer_cast<void>(owner_),
            const_cast<uint8_t*>(data_),
            dtype_,
            shape_,
            metatensor::details::row_major_strides(shape_)
        );
        tensor->flags = writable_ == nullptr ? DLPACK_FLAG_BITMASK_READ_ONLY : 0;
        return tensor;
    }

    std::unique_ptr<DataArrayBase> from_dlpack(DLManagedTensorVersioned* dl_tensor) const override {
        const auto tensor = DLPackTensor(dl_tensor);
        auto shape = std::vector<uintptr_t>();
        for (size_t axis = 0; axis < tensor.ndim(); axis++) {
            shape.push_back(tensor.size(axis));
        }
        auto result = std::make_unique<MappedArray>(tensor.dtype(), std::move(shape));
        if (tensor.count() > 0) {
            io::StridedElements(tensor, result->element_size_)
                .gather(result->writable_, tensor.count());
        }
        return result;
    }

    std::unique_ptr<DataArrayBase> copy(DLDevice device) const override {
        if (!same_device(device, CPU_DEVICE)) {
            throw metatensor::Error("the data of files can only be copied to CPU");
        }
        return std::make_unique<MappedArray>(*this);
    }

    std::unique_ptr<DataArrayBase>
    create(std::vector<uintptr_t> shape, metatensor::MtsArray fill_value) const override {
        const auto fill = DLPackTensor(fill_value.as_dlpack(CPU_DEVICE, nullptr, DLPACK_VERSION));
        if (fill.ndim() != 0 || !same_dtype(fill.dtype(), dtype_)) {
            throw metatensor::Error(
                "`fill_value` must be an array without dimensions, and with the type of this array"
            );
        }
        auto result = std::make_unique<MappedArray>(dtype_, std::move(shape));
        for (size_t i = 0; i < result->byte_size(); i += element_size_) {
            std::memcpy(result->writable_ + i, fill.data(), element_size_);
        }
        return result;
    }

    void reshape(const std::vector<uintptr_t>& shape) override {
        metatensor::details::check_reshape(shape_, shape);
        shape_ = shape;
    }

    void swap_axes(uintptr_t axis_1, uintptr_t axis_2) override {
        metatensor::details::check_swap_axes(shape_, axis_1, axis_2);
        auto shape = shape_;
        auto strides = metatensor::details::row_major_strides(shape_);
        std::swap(shape[axis_1], shape[axis_2]);
        std::swap(strides[axis_1], strides[axis_2]);

        auto swapped = MappedArray(dtype_, shape);
        if (byte_size() > 0) {
            const auto tensor = DLPackTensor(
                metatensor::details::export_cpu_dlpack(
                    nullptr, const_cast<uint8_t*>(data_), dtype_, shape, strides
                )
            );
            io::StridedElements(tensor, element_size_).gather(swapped.writable_, tensor.count());
        }
        shape_ = std::move(swapped.shape_);
        owner_ = std::move(swapped.owner_);
        data_ = swapped.data_;
        writable_ = swapped.writable_;
    }

    void move_data(const DataArrayBase& input, std::vector<mts_data_movement_t> moves) override {
        const auto& source = dynamic_cast<const MappedArray&>(input);
        check_moves(source, moves);
        if (moves.empty() || byte_size() == 0) {
            return;
        }
        auto line_in = source.shape_.back() * element_size_;
        auto line_out = shape_.back() * element_size_;
        auto lines = byte_size() / shape_.front() / line_out;
        for (const auto& move : moves) {
            const auto* from = source.data_ + move.sample_in * lines * line_in +
                               move.properties_start_in * element_size_;
            auto* to = writable_ + move.sample_out * lines * line_out +
                       move.properties_start_out * element_size_;
            for (size_t line = 0; line < lines; line++) {
                std::memcpy(to, from, move.properties_length * element_size_);
                from += line_in;
                to += line_out;
            }
        }
    }

private:
    size_t byte_size() const { return metatensor::details::element_count(shape_) * element_size_; }

    bool is_aligned() const {
        auto alignment = dtype_.code == kDLComplex ? element_size_ / 2 : element_size_;
        return reinterpret_cast<uintptr_t>(data_) % alignment == 0;
    }

    void allocate() {
        auto memory = std::shared_ptr<uint8_t[]>(new uint8_t[byte_size()]);
        writable_ = memory.get();
        data_ = writable_;
        owner_ = std::move(memory);
    }

    void
    check_moves(const MappedArray& input, const std::vector<mts_data_movement_t>& moves) const {
        if (writable_ == nullptr) {
            throw metatensor::Error("can not change the data of a file");
        }
        const auto& in = input.shape_;
        auto is_compatible = same_dtype(input.dtype_, dtype_) && shape_.size() >= 2 &&
                             in.size() == shape_.size() &&
                             std::equal(shape_.begin() + 1, shape_.end() - 1, in.begin() + 1);
        if (!is_compatible) {
            throw metatensor::Error(
                "can not move data from an array with shape " +
                metatensor::details::shape_name(in) + " to an array with shape " +
                metatensor::details::shape_name(shape_)
            );
        }
        auto in_range = [](size_t start, size_t length, size_t size) {
            return start <= size && length <= size - start;
        };
        for (const auto& move : moves) {
            if (move.sample_in >= in.front() || move.sample_out >= shape_.front() ||
                !in_range(move.properties_start_in, move.properties_length, in.back()) ||
                !in_range(move.properties_start_out, move.properties_length, shape_.back())) {
                throw metatensor::Error("can not move data outside of an array");
            }
        }
    }

    std::vector<uintptr_t> shape_;
    DLDataType dtype_;
    size_t element_size_;
    std::shared_ptr<const void> owner_;
    const uint8_t* data_ = nullptr;
    /// the same memory if it is ours
    uint8_t* writable_ = nullptr;
};

} // namespace

ArrayHandle new_mapped_array(DLManagedTensorVersioned* tensor) {
    auto owner = std::shared_ptr<DLManagedTensorVersioned>(tensor, [](auto* pointer) {
        pointer->deleter(pointer);
    });
    const auto& content = tensor->dl_tensor;
    auto shape = std::vector<uintptr_t>(content.shape, content.shape + content.ndim);
    const auto* data = static_cast<const uint8_t*>(content.data);
    auto array =
        std::make_unique<MappedArray>(std::move(owner), data, content.dtype, std::move(shape));
    return ArrayHandle(DataArrayBase::to_mts_array(std::move(array)).release());
}

} // namespace mts::files
