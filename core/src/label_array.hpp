#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "array.hpp"
#include "dlpack.hpp"
#include "metatensor.h"
#include "ref.hpp"
#include "rows.hpp"

namespace mts {

/// Values of labels in memory of the library, shared by arrays, DLPack tensors and labels
class LabelMatrix final : public RefCounted {
public:
    /// `size` columns, row-major. The number of rows is `values.size() / size`, 0 if `size` is 0
    LabelMatrix(std::vector<std::int32_t> values, std::size_t size);

    Rows rows() const noexcept { return {values_.data(), shape_[0], shape_[1]}; }
    /// Number of rows and of columns
    std::span<const std::uintptr_t> shape() const noexcept { return shape_; }

    /// A new array of the library (origin `metatensor.Labels`) using a matrix, to be released by
    /// the caller
    static mts_array_t to_array(Ref<const LabelMatrix> matrix);
    /// A new read-only DLPack tensor using a matrix, without copy
    static DLManagedTensorVersioned* to_dlpack(Ref<const LabelMatrix> matrix);
    /// The matrix used by an array of the library; NULL for other arrays
    static Ref<const LabelMatrix> from_array(const Array& array);

private:
    std::vector<std::int32_t> values_;
    std::uintptr_t shape_[2];
};

/// The values of labels on CPU, and what keeps them alive: memory of the library, or an array of
/// the user which is used in place
class CpuRows {
public:
    explicit CpuRows(Ref<const LabelMatrix> matrix)
        : matrix_(std::move(matrix)), rows_(matrix_->rows()) {}
    /// Reads a two-dimensional tensor of 32-bit integers, without copy if it is contiguous
    explicit CpuRows(DLPackTensor tensor);

    Rows rows() const noexcept { return rows_; }

private:
    Ref<const LabelMatrix> matrix_;
    std::optional<DLPackTensor> tensor_;
    Rows rows_;
};

} // namespace mts
