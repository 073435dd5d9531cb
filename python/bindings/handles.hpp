#pragma once

#include <cstddef>
#include <string>
#include <utility>

#include <nanobind/nanobind.h>

#include <metatensor.h>

/// The content of the Python objects: handles of the C interface, and what keeps them valid.

namespace bindings {

namespace nb = nanobind;

/// Content of a `Labels` object
class LabelsObject {
public:
    /// Takes ownership of `labels`. `empty_values` are the values of labels without dimensions:
    /// their array in the C interface is never the one that the user has given.
    explicit LabelsObject(const mts_labels_t* labels, nb::object empty_values = {})
        : labels_(labels), empty_values_(std::move(empty_values)) {}
    LabelsObject(const LabelsObject&) = delete;
    ~LabelsObject() { mts_labels_free(labels_); }

    /// The handle; raises `RuntimeError` after `release()`
    const mts_labels_t* get() const;
    const mts_labels_t* release();
    bool is_released() const noexcept { return labels_ == nullptr; }
    /// List of str, always the same one
    nb::object names() const;
    /// Not valid if the values are those of the handle
    const nb::object& empty_values() const noexcept { return empty_values_; }

private:
    const mts_labels_t* labels_;
    mutable nb::object names_;
    nb::object empty_values_;
};

/// Content of a `TensorMap` object
class TensorObject {
public:
    /// Takes ownership of `tensor`, except if there is an `owner`, which is then kept alive
    explicit TensorObject(mts_tensormap_t* tensor, nb::object owner = {})
        : tensor_(tensor), owner_(std::move(owner)) {}
    TensorObject(const TensorObject&) = delete;
    ~TensorObject();

    /// The handle; raises `ValueError` after `release()`
    mts_tensormap_t* get() const;
    mts_tensormap_t* release();
    bool is_view() const noexcept { return owner_.is_valid(); }
    bool is_released() const noexcept { return tensor_ == nullptr; }
    /// Number of blocks
    std::size_t size() const;

private:
    static constexpr auto UNKNOWN_SIZE = static_cast<std::size_t>(-1);

    mts_tensormap_t* tensor_;
    nb::object owner_;
    mutable std::size_t size_ = UNKNOWN_SIZE;
};

/// Content of a `TensorBlock` object
class BlockObject {
public:
    /// An owning block
    explicit BlockObject(mts_block_t* block) : block_(block) {}
    /// A block which lives in `owner`. `gradient_path` is the name of the gradient, with the names
    /// of the gradients that contain it: `a/b`.
    BlockObject(mts_block_t* block, nb::object owner, std::string gradient_path = "");
    BlockObject(const BlockObject&) = delete;
    ~BlockObject();

    /// The handle; raises `ValueError` if this block, or what it is a view of, was released or
    /// moved
    mts_block_t* get() const;
    /// Gives up ownership; raises `RuntimeError` for views
    mts_block_t* release();
    bool is_view() const noexcept { return owner_.is_valid(); }
    bool is_released() const noexcept;
    const std::string& gradient_path() const noexcept { return gradient_path_; }

private:
    mts_block_t* block_;
    nb::object owner_;
    // content of `owner_`, if it is one of ours
    const BlockObject* owner_block_ = nullptr;
    const TensorObject* owner_tensor_ = nullptr;
    std::string gradient_path_;
};

/// New instances of the Python classes, which own what they are given. They accept `NULL`, and then
/// raise the last error.
nb::object new_labels(const mts_labels_t* labels);
nb::object new_block(mts_block_t* block);
nb::object new_tensor(mts_tensormap_t* tensor);

/// New instances which do not own anything, but keep `owner` alive
nb::object new_block_view(mts_block_t* block, nb::object owner, std::string gradient_path = "");
nb::object new_tensor_view(mts_tensormap_t* tensor, nb::object owner);

/// Was `__init__` of this object never called, or did it fail?
inline bool is_uninitialized(nb::handle object) {
    return nb::inst_check(object) && !nb::inst_ready(object);
}

/// Content of a Python object; raises `TypeError` for anything else than the right class
LabelsObject& labels_object(nb::handle labels);
BlockObject& block_object(nb::handle block);
TensorObject& tensor_object(nb::handle tensor);

} // namespace bindings
