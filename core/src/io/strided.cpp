#include "io/strided.hpp"

#include <algorithm>
#include <cstring>

namespace mts::io {

namespace {

template <size_t SIZE>
void copy_fixed_size(
    uint8_t* destination,
    ptrdiff_t destination_step,
    const uint8_t* source,
    ptrdiff_t source_step,
    size_t count
) {
    for (size_t i = 0; i < count; i++) {
        std::memcpy(destination, source, SIZE);
        destination += destination_step;
        source += source_step;
    }
}

// Copy `count` elements, where the next element is `*_step` bytes after the previous one
void copy_elements(
    uint8_t* destination,
    ptrdiff_t destination_step,
    const uint8_t* source,
    ptrdiff_t source_step,
    size_t count,
    size_t element_size
) {
    auto contiguous = static_cast<ptrdiff_t>(element_size);
    if (destination_step == contiguous && source_step == contiguous) {
        std::memcpy(destination, source, count * element_size);
        return;
    }
    switch (element_size) {
    case 1:
        return copy_fixed_size<1>(destination, destination_step, source, source_step, count);
    case 2:
        return copy_fixed_size<2>(destination, destination_step, source, source_step, count);
    case 4:
        return copy_fixed_size<4>(destination, destination_step, source, source_step, count);
    case 8:
        return copy_fixed_size<8>(destination, destination_step, source, source_step, count);
    default:
        return copy_fixed_size<16>(destination, destination_step, source, source_step, count);
    }
}

} // namespace

StridedElements::StridedElements(const DLPackTensor& tensor, size_t element_size)
    : element_size_(element_size), remaining_(tensor.count()),
      next_(static_cast<uint8_t*>(tensor.data())) {
    for (size_t axis = 0; axis < tensor.ndim(); axis++) {
        auto size = tensor.size(axis);
        auto step =
            static_cast<ptrdiff_t>(tensor.strides()[axis]) * static_cast<ptrdiff_t>(element_size);
        if (size == 1) {
            continue;
        }
        if (!axes_.empty() && axes_.back().step == step * static_cast<ptrdiff_t>(size)) {
            axes_.back() = {axes_.back().size * size, step, 0};
        } else {
            axes_.push_back({size, step, 0});
        }
    }
    if (axes_.empty()) {
        axes_.push_back({1, static_cast<ptrdiff_t>(element_size), 0});
    }
}

StridedElements::Run StridedElements::next_run(size_t max_count) {
    auto& last = axes_.back();
    auto count = std::min({last.size - last.index, remaining_, max_count});
    auto run = Run{next_, count, last.step};

    remaining_ -= count;
    last.index += count;
    next_ += static_cast<ptrdiff_t>(count) * last.step;
    if (remaining_ == 0) {
        return run;
    }
    for (auto axis = axes_.size() - 1; axes_[axis].index == axes_[axis].size; axis--) {
        next_ -= static_cast<ptrdiff_t>(axes_[axis].size) * axes_[axis].step;
        axes_[axis].index = 0;
        axes_[axis - 1].index += 1;
        next_ += axes_[axis - 1].step;
    }
    return run;
}

size_t StridedElements::gather(uint8_t* destination, size_t max_count) {
    size_t total = 0;
    while (total < max_count && remaining_ > 0) {
        auto run = next_run(max_count - total);
        copy_elements(
            destination + total * element_size_,
            static_cast<ptrdiff_t>(element_size_),
            run.start,
            run.step,
            run.count,
            element_size_
        );
        total += run.count;
    }
    return total;
}

void StridedElements::scatter(const uint8_t* source, size_t count) {
    while (count > 0) {
        auto run = next_run(count);
        copy_elements(
            run.start,
            run.step,
            source,
            static_cast<ptrdiff_t>(element_size_),
            run.count,
            element_size_
        );
        source += run.count * element_size_;
        count -= run.count;
    }
}

} // namespace mts::io
