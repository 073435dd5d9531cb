#include "labels.hpp"

#include <algorithm>
#include <cstring>
#include <memory>

#include "error.hpp"
#include "text.hpp"

namespace mts {

Labels::Labels(Names names, Array values, std::size_t count, DLDevice device)
    : names_(std::move(names)), values_(std::move(values)), count_(count), device_(device) {}

LabelsRef Labels::without_dimensions() {
    auto matrix = Ref<const LabelMatrix>::make(std::vector<std::int32_t>(), 0);
    Array values(LabelMatrix::to_array(std::move(matrix)));
    return LabelsRef::make(Names(), std::move(values), 0, CPU_DEVICE);
}

LabelsRef Labels::create(Names names, Array values, Uniqueness uniqueness) {
    const auto shape = values.shape();
    if (names.size() == 0) {
        if (std::find(shape.begin(), shape.end(), 0) == shape.end()) {
            throw invalid_parameter(
                "labels without dimensions must be empty, got values of shape (",
                to_text(shape),
                ")"
            );
        }
        return without_dimensions();
    }

    if (shape.size() != 2) {
        throw invalid_parameter(
            "the values of labels need 2 axes, got ", shape.size(), ": shape (", to_text(shape), ")"
        );
    }
    if (shape[1] != names.size()) {
        throw invalid_parameter(
            "labels with the dimensions (",
            names.to_text(),
            ") need values with ",
            names.size(),
            " columns, got ",
            shape[1]
        );
    }

    const std::size_t count = shape[0];
    const DLDevice device = values.device();
    if (count != 0) {
        const DLDataType dtype = values.dtype();
        if (!same_dtype(dtype, INT32_DTYPE)) {
            throw invalid_parameter(
                "the values of labels must be 32-bit integers (i32), got ", to_text(dtype)
            );
        }
    }

    auto labels = LabelsRef::make(std::move(names), std::move(values), count, device);
    if (uniqueness == Uniqueness::Check) {
        labels->check_unique();
    }
    return labels;
}

LabelsRef Labels::create(Names names, std::vector<std::int32_t> values, Uniqueness uniqueness) {
    if (names.size() == 0) {
        return without_dimensions();
    }
    const auto matrix = Ref<const LabelMatrix>::make(std::move(values), names.size());
    const std::size_t count = matrix->rows().count;
    Array array(LabelMatrix::to_array(matrix));
    auto labels = LabelsRef::make(std::move(names), std::move(array), count, CPU_DEVICE);
    if (uniqueness == Uniqueness::Check) {
        labels->check_unique();
    }
    return labels;
}

LabelsRef Labels::derive(Names names, std::vector<std::int32_t> values) const {
    if (names.size() == 0) {
        return without_dimensions();
    }
    if (LabelMatrix::from_array(values_)) {
        return create(std::move(names), std::move(values), Uniqueness::Known);
    }

    auto matrix = Ref<const LabelMatrix>::make(std::move(values), names.size());
    const std::size_t count = matrix->rows().count;
    Array array = values_.from_dlpack(LabelMatrix::to_dlpack(matrix));
    if (!same_device(device_, CPU_DEVICE)) {
        array = array.copy(device_);
    }
    auto labels = LabelsRef::make(std::move(names), std::move(array), count, device_);
    labels->cpu_.set(std::make_unique<CpuRows>(std::move(matrix)));
    return labels;
}

void Labels::check_unique() const {
    if (count_ == 0 || is_sorted()) {
        return;
    }

    auto index = std::make_unique<RowIndex>(rows());
    if (const auto duplicate = index->duplicate()) {
        throw invalid_parameter(
            "entries of labels must be unique, got [",
            to_text(rows().row(*duplicate)),
            "] more than once for the dimensions (",
            names_.to_text(),
            ")"
        );
    }
    index_.set(std::move(index));
}

Rows Labels::rows() const {
    if (count_ == 0) {
        return {nullptr, 0, size()};
    }
    const CpuRows& cpu = cpu_.get_or([&] {
        if (auto matrix = LabelMatrix::from_array(values_)) {
            return CpuRows(std::move(matrix));
        }
        if (device_.device_type == kDLExtDev) {
            throw invalid_parameter(
                "the values of these labels (",
                names_.to_text(),
                ") are needed, but there is no data on their device ",
                to_text(device_)
            );
        }
        CpuRows cpu(values_.as_dlpack());
        if (cpu.rows().count != count_ || cpu.rows().size != size()) {
            throw invalid_parameter(
                "the data of labels must have the shape (",
                count_,
                ", ",
                size(),
                "), got (",
                cpu.rows().count,
                ", ",
                cpu.rows().size,
                ")"
            );
        }
        return cpu;
    });
    return cpu.rows();
}

bool Labels::is_sorted() const {
    Order order = order_.load(std::memory_order_relaxed);
    if (order == Order::Unknown) {
        order = strictly_increasing(rows()) ? Order::Sorted : Order::Unsorted;
        order_.store(order, std::memory_order_relaxed);
    }
    return order == Order::Sorted;
}

const RowIndex& Labels::index() const {
    return index_.get_or([&] { return RowIndex(rows()); });
}

std::int64_t Labels::position(const std::int32_t* row) const {
    constexpr std::size_t SMALL_COUNT = 16;
    if (count_ > SMALL_COUNT) {
        return index().find(row);
    }

    const Rows all = rows();
    for (std::size_t i = 0; i < all.count; i++) {
        if (same_rows<0>(all[i], row, all.size)) {
            return static_cast<std::int64_t>(i);
        }
    }
    return -1;
}

bool Labels::operator==(const Labels& other) const {
    if (this == &other) {
        return true;
    }
    if (count_ != other.count_ || !same_device(device_, other.device_) || names_ != other.names_) {
        return false;
    }
    if (count_ == 0 || device_.device_type == kDLExtDev) {
        return true;
    }
    return std::memcmp(rows().data, other.rows().data, count_ * size() * sizeof(std::int32_t)) == 0;
}

} // namespace mts
