#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "dlpack.hpp"

namespace mts::io {

/// Access to the elements of a tensor with any strides, in row-major order
class StridedElements {
public:
    /// `tensor` must outlive this object
    StridedElements(const DLPackTensor& tensor, size_t element_size);

    /// Copy the next elements, at most `max_count` of them, to `destination`. Returns how many.
    size_t gather(uint8_t* destination, size_t max_count);

    /// Copy `count` elements from `source` to the next elements of the tensor. There must be as
    /// many.
    void scatter(const uint8_t* source, size_t count);

private:
    struct Axis {
        size_t size;
        /// bytes between two elements
        ptrdiff_t step;
        size_t index;
    };

    /// Elements of the tensor that are regularly spaced
    struct Run {
        uint8_t* start;
        size_t count;
        ptrdiff_t step;
    };

    Run next_run(size_t max_count);

    size_t element_size_;
    /// Elements that have not been visited
    size_t remaining_;
    /// Where the next element is
    uint8_t* next_;
    /// Without axes of size 1, and with consecutive axes merged where possible; the last one is the
    /// fastest one
    std::vector<Axis> axes_;
};

} // namespace mts::io
