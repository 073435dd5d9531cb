#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "array.hpp"
#include "label_array.hpp"
#include "lazy.hpp"
#include "metatensor.h"
#include "names.hpp"
#include "ref.hpp"
#include "row_index.hpp"
#include "rows.hpp"

namespace mts {

class Labels;
using LabelsRef = Ref<const Labels>;

/// Should the uniqueness of the rows be checked, or is it known already?
enum class Uniqueness { Check, Known };

/// Immutable set of labels: names of the dimensions, and one row of integers per entry.
///
/// The values stay in the array where they are. What is derived from them (values on CPU, index of
/// the rows) is computed when it is first needed; this is thread-safe.
class Labels final : public RefCounted {
public:
    /// Labels using an array of the user
    static LabelsRef create(Names names, Array values, Uniqueness uniqueness);
    /// Labels on CPU, in an array of the library. `values` are `names.size()` columns, row-major.
    static LabelsRef create(Names names, std::vector<std::int32_t> values, Uniqueness uniqueness);
    /// Labels with the same kind of array and the same device as these, and rows that are known to
    /// be unique
    LabelsRef derive(Names names, std::vector<std::int32_t> values) const;

    const Names& names() const noexcept { return names_; }
    /// Number of dimensions
    std::size_t size() const noexcept { return names_.size(); }
    /// Number of entries
    std::size_t count() const noexcept { return count_; }
    DLDevice device() const noexcept { return device_; }
    const Array& values() const noexcept { return values_; }

    /// The values on CPU. Throws if there are some, but without data.
    Rows rows() const;
    /// Are the rows in strictly increasing order?
    bool is_sorted() const;
    const RowIndex& index() const;
    /// Was the index already needed?
    bool has_index() const noexcept { return index_.get() != nullptr; }
    /// Index of the entry equal to these `size()` values, or -1
    std::int64_t position(const std::int32_t* row) const;

    /// Same dimensions, device and rows, in the same order. Without data, rows are not compared.
    bool operator==(const Labels& other) const;

private:
    friend class Ref<const Labels>;
    Labels(Names names, Array values, std::size_t count, DLDevice device);
    ~Labels() = default;

    enum class Order { Unknown, Sorted, Unsorted };

    static LabelsRef without_dimensions();
    void check_unique() const;

    Names names_;
    Array values_;
    std::size_t count_;
    DLDevice device_;
    Lazy<CpuRows> cpu_;
    mutable std::atomic<Order> order_{Order::Unknown};
    Lazy<RowIndex> index_;
};

/// Handles of the C interface: each one counts as a reference
inline const mts_labels_t* to_handle(LabelsRef labels) noexcept {
    return reinterpret_cast<const mts_labels_t*>(std::move(labels).leak());
}
inline const Labels& from_handle(const mts_labels_t* labels) noexcept {
    return *reinterpret_cast<const Labels*>(labels);
}
inline LabelsRef share_handle(const mts_labels_t* labels) noexcept {
    return LabelsRef::share(&from_handle(labels));
}

} // namespace mts
