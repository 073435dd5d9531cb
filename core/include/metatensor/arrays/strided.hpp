#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace metatensor {
namespace details {

/// Goes through the elements of a strided array in row-major order, giving their offsets.
class StridedOffsets {
public:
    StridedOffsets(std::vector<size_t> shape, std::vector<int64_t> strides)
        : shape_(std::move(shape)), strides_(std::move(strides)), index_(shape_.size(), 0) {}

    /// Offset of the current element; then go to the next one.
    int64_t next() {
        const auto offset = offset_;
        for (size_t axis = shape_.size(); axis-- > 0;) {
            index_[axis] += 1;
            offset_ += strides_[axis];
            if (index_[axis] < shape_[axis]) {
                break;
            }
            offset_ -= static_cast<int64_t>(shape_[axis]) * strides_[axis];
            index_[axis] = 0;
        }
        return offset;
    }

private:
    std::vector<size_t> shape_;
    std::vector<int64_t> strides_;
    std::vector<size_t> index_;
    int64_t offset_ = 0;
};

} // namespace details
} // namespace metatensor
