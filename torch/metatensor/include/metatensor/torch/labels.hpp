#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <torch/script.h>

#include <metatensor.hpp>

#include "metatensor/torch/exports.h"

namespace metatensor_torch {

class LabelsHolder;
class LabelsEntryHolder;

namespace details {
class BlockValues;
}

/// TorchScript manipulates Labels and LabelsEntry through these pointers. `==` on pointers compares
/// identities, use `*a == *b` to compare the content.
using Labels = torch::intrusive_ptr<LabelsHolder>;
using LabelsEntry = torch::intrusive_ptr<LabelsEntryHolder>;

/// A set of unique entries, each made of one 32-bit integer per named dimension. Labels are
/// immutable: all functions return new objects.
class METATENSOR_TORCH_EXPORT LabelsHolder final : public torch::CustomClassHolder {
public:
    /// @param names string, list of strings or tuple of strings: names of the dimensions
    /// @param values 2-D tensor of integers, with one row per entry and one column per dimension.
    ///        A tensor of 32-bit integers is used without any copy, and must not be modified.
    /// @throws c10::TypeError, c10::ValueError, metatensor::Error
    LabelsHolder(torch::IValue names, torch::Tensor values);

    /// Same as above, without checking that the entries are unique.
    LabelsHolder(torch::IValue names, torch::Tensor values, metatensor::assume_unique);

    /// Take existing labels. If their values are a `TorchDataArray` the tensor is used as it is;
    /// otherwise `values()` aliases the memory of the array.
    explicit LabelsHolder(metatensor::Labels labels);

    ~LabelsHolder() override = default;
    LabelsHolder(const LabelsHolder&) = default;
    LabelsHolder& operator=(const LabelsHolder&) = default;
    LabelsHolder(LabelsHolder&&) = default;
    LabelsHolder& operator=(LabelsHolder&&) = default;

    /// Labels with the given rows.
    ///
    /// @throws c10::ValueError if a row does not have one value per name
    static Labels create(
        std::vector<std::string> names, const std::vector<std::initializer_list<int32_t>>& values
    );

    /// One dimension named `_`, one entry with value 0.
    static Labels single();

    /// No entries.
    static Labels empty(torch::IValue names);

    /// One dimension, with entries from 0 to `end` (excluded).
    static Labels range(std::string name, int64_t end);

    /// Names of the dimensions.
    std::vector<std::string> names() const { return names_; }

    /// The values: a tensor of 32-bit integers with shape `(count(), size())`, always the same one.
    torch::Tensor values() const { return values_; }

    torch::Device device() const { return values_.device(); }

    /// Number of entries.
    int64_t count() const { return values_.size(0); }

    /// Number of dimensions.
    int64_t size() const { return values_.size(1); }

    /// New labels with one more dimension at the end. `values` holds one integer per entry.
    Labels append(std::string name, torch::Tensor values) const;

    /// New labels with one more dimension, before the dimension `index`.
    Labels insert(int64_t index, std::string name, torch::Tensor values) const;

    /// New labels with the dimensions in another order; negative indexes count from the last one.
    Labels permute(std::vector<int64_t> dimensions_indexes) const;

    /// New labels without one of the dimensions.
    Labels remove(std::string name) const;

    /// New labels with another name for a dimension, sharing the values of these ones.
    Labels rename(std::string old_name, std::string new_name) const;

    /// Move the labels to another device, given as a string, a device, or None (the current one).
    Labels to(torch::IValue device, bool non_blocking = false) const;
    Labels to(torch::Device device, bool non_blocking = false) const;

    /// The values of a single dimension, as a view in `values()`.
    torch::Tensor column(std::string dimension);

    /// Position of an entry, if it is in these labels. The entry is a LabelsEntry, or one integer
    /// per dimension in a 1-D tensor, list or tuple.
    torch::optional<int64_t> position(torch::IValue entry) const;

    /// Print up to `max_entries` entries (all of them if it is negative), with `indent` spaces
    /// before each line but the first.
    std::string print(int64_t max_entries, int64_t indent) const;
    std::string str() const;
    std::string repr() const;

    /// The labels of the core library.
    ///
    /// @throws metatensor::Error if the labels were released
    const metatensor::Labels& as_metatensor() const;

    /// Take the labels of the core library out of this object. Names and values can still be
    /// accessed, everything else throws. The labels of a block, which all the users of this block
    /// share, are cloned instead.
    metatensor::Labels release();

    static Labels from_metatensor(metatensor::Labels labels);

    /// Set operations. Both sets need the same names, and need to be on the same device. A mapping
    /// contains the position in the output of each entry of one of the inputs, or -1.
    Labels set_union(const Labels& other) const;
    Labels set_intersection(const Labels& other) const;
    Labels set_difference(const Labels& other) const;
    std::tuple<Labels, torch::Tensor, torch::Tensor> union_and_mapping(const Labels& other) const;
    std::tuple<Labels, torch::Tensor, torch::Tensor>
    intersection_and_mapping(const Labels& other) const;
    std::tuple<Labels, torch::Tensor> difference_and_mapping(const Labels& other) const;

    /// Positions (64-bit integers) of the entries that match one of the entries in `selection`.
    torch::Tensor select(const Labels& selection) const;

    static Labels load(const std::string& path);
    static Labels load_buffer(torch::Tensor buffer);
    void save(const std::string& path) const;
    torch::Tensor save_buffer() const;

private:
    friend class details::BlockValues;

    void check_same_set(const Labels& other, const char* operation) const;
    int64_t dimension_index(const std::string& name) const;

    // This layout is part of the ABI: inline functions are compiled into other libraries
    std::vector<std::string> names_;
    torch::Tensor values_;
    metatensor::Labels labels_;
    // did a block give out this object, and will it give it out again?
    bool is_shared_ = false;
    void* reserved_[3] = {nullptr};
};

inline bool operator==(const LabelsHolder& lhs, const LabelsHolder& rhs) {
    return lhs.as_metatensor() == rhs.as_metatensor();
}
inline bool operator!=(const LabelsHolder& lhs, const LabelsHolder& rhs) {
    return !(lhs == rhs);
}

inline bool operator==(const LabelsHolder& lhs, const metatensor::Labels& rhs) {
    return lhs.as_metatensor() == rhs;
}
inline bool operator!=(const LabelsHolder& lhs, const metatensor::Labels& rhs) {
    return !(lhs == rhs);
}

inline bool operator==(const metatensor::Labels& lhs, const LabelsHolder& rhs) {
    return lhs == rhs.as_metatensor();
}
inline bool operator!=(const metatensor::Labels& lhs, const LabelsHolder& rhs) {
    return !(lhs == rhs);
}

/// One entry of some labels.
class METATENSOR_TORCH_EXPORT LabelsEntryHolder final : public torch::CustomClassHolder {
public:
    /// @throws c10::IndexError if `index` is out of range; negative values count from the last
    /// entry
    LabelsEntryHolder(Labels labels, int64_t index);

    /// Names of the dimensions.
    std::vector<std::string> names() const { return labels_->names(); }

    /// The values: a 1-D tensor of 32-bit integers, view in the values of the labels.
    torch::Tensor values() const { return values_; }

    torch::Device device() const { return values_.device(); }

    /// Number of dimensions.
    int64_t size() const { return values_.size(0); }

    /// Value of one dimension, given by its index or its name.
    int32_t operator[](int64_t index) const { return values_[index].item<int32_t>(); }
    int32_t operator[](const std::string& name) const;
    int64_t getitem(torch::IValue index) const;

    /// `(name=value, ...)`
    std::string print() const;
    std::string repr() const;

private:
    // This layout is part of the ABI: inline functions are compiled into other libraries
    torch::Tensor values_;
    Labels labels_;
    void* reserved_[4] = {nullptr};
};

/// Entries are equal if their names (in the same order) and values are.
inline bool operator==(const LabelsEntryHolder& lhs, const LabelsEntryHolder& rhs) {
    return lhs.names() == rhs.names() && torch::equal(lhs.values(), rhs.values());
}
inline bool operator!=(const LabelsEntryHolder& lhs, const LabelsEntryHolder& rhs) {
    return !(lhs == rhs);
}

} // namespace metatensor_torch
