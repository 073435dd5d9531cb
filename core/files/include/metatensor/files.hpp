#pragma once

/// C++17 interface of libmetatensor_files, over the C interface of `files.h`: reading parts of
/// files, using the data of files without reading it, and writing files that are made for this.
///
/// Programs that include this header have to be linked to `metatensor::files`.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include <metatensor.hpp>

#include "files.h"

namespace metatensor {
namespace files {

/// Which parts of a tensor map or of a block to read; everything where nothing is set. Selections
/// have some or all of the dimensions of what they select, see `Labels::select`.
struct Selection {
    /// Blocks of a tensor map
    std::optional<Labels> keys = std::nullopt;
    /// Samples in each block
    std::optional<Labels> samples = std::nullopt;
    /// Properties in each block
    std::optional<Labels> properties = std::nullopt;
};

/// What can be in a file
enum class Content : int32_t {
    Labels = MTS_FILE_LABELS,
    TensorBlock = MTS_FILE_BLOCK,
    TensorMap = MTS_FILE_TENSORMAP,
};

/// An open file. What was read of its structure and of its labels is kept for all the functions
/// below, which can be used from several threads at the same time. What comes from a file stays
/// valid when the file is closed.
class File final {
public:
    /// Open the file at `path`.
    explicit File(const std::string& path) : file_(mts_file_open(path.c_str())) {
        details::check_pointer(file_);
    }

    ~File() { mts_file_close(file_); }

    File(const File&) = delete;
    File& operator=(const File&) = delete;

    File(File&& other) noexcept : file_(std::exchange(other.file_, nullptr)) {}

    File& operator=(File&& other) noexcept {
        File moved(std::move(other));
        std::swap(file_, moved.file_);
        return *this;
    }

    /// What is in this file.
    Content content() const {
        mts_file_content_t content = MTS_FILE_LABELS;
        details::check_status(mts_file_content(file_, &content));
        return static_cast<Content>(content);
    }

    /// The keys of the tensor map in this file.
    Labels keys() const {
        const auto* keys = mts_file_keys(file_);
        details::check_pointer(keys);
        return Labels::unsafe_from_ptr(keys);
    }

    /// Read parts of the tensor map in this file, see `mts_file_read_tensormap`.
    TensorMap load(
        const Selection& selection = {},
        mts_create_array_callback_t create_array = details::default_create_array
    ) const {
        auto* tensor = mts_file_read_tensormap(
            file_,
            pointer(selection.keys),
            pointer(selection.samples),
            pointer(selection.properties),
            create_array
        );
        details::check_pointer(tensor);
        return TensorMap::unsafe_from_ptr(tensor);
    }

    /// Read parts of the block in this file. Throws if there are `keys` in the selection.
    TensorBlock load_block(
        const Selection& selection = {},
        mts_create_array_callback_t create_array = details::default_create_array
    ) const {
        if (selection.keys.has_value()) {
            throw Error("a selection of keys can not be used with a file that contains a block");
        }
        auto* block = mts_file_read_block(
            file_, pointer(selection.samples), pointer(selection.properties), create_array
        );
        details::check_pointer(block);
        return TensorBlock::unsafe_from_ptr(block);
    }

    /// Read `count` consecutive samples of one block, and their gradients.
    ///
    /// @param first position of the first sample
    /// @param count number of samples
    /// @param block position of the block in the tensor map
    /// @param create_array function that creates the arrays, see `metatensor::io`
    TensorBlock load_samples(
        uintptr_t first,
        uintptr_t count,
        uintptr_t block = 0,
        mts_create_array_callback_t create_array = details::default_create_array
    ) const {
        auto* samples = mts_file_read_samples(file_, block, first, count, create_array);
        details::check_pointer(samples);
        return TensorBlock::unsafe_from_ptr(samples);
    }

    /// The tensor map in this file, with arrays that use the memory of the file and can not be
    /// written to, see `mts_file_map_tensormap`. Only `keys` can be selected: this throws if there
    /// is something else in the selection.
    TensorMap map(const Selection& selection = {}) const {
        if (selection.samples.has_value() || selection.properties.has_value()) {
            throw Error("samples and properties can not be selected in mapped files");
        }
        auto* tensor = mts_file_map_tensormap(file_, pointer(selection.keys), nullptr, nullptr);
        details::check_pointer(tensor);
        return TensorMap::unsafe_from_ptr(tensor);
    }

    /// The block in this file, with arrays that use the memory of the file.
    TensorBlock map_block() const {
        auto* block = mts_file_map_block(file_, nullptr, nullptr);
        details::check_pointer(block);
        return TensorBlock::unsafe_from_ptr(block);
    }

    /// The C file, still owned by this instance.
    const mts_file_t* as_mts_file_t() const { return file_; }

private:
    static const mts_labels_t* pointer(const std::optional<Labels>& labels) {
        return labels.has_value() ? labels->as_mts_labels_t() : nullptr;
    }

    mts_file_t* file_ = nullptr;
};

/// Save `tensor` to the file at `path`, with aligned data: see `mts_tensormap_save_aligned`.
inline void save_aligned(const std::string& path, const TensorMap& tensor) {
    details::check_status(mts_tensormap_save_aligned(path.c_str(), tensor.as_mts_tensormap_t()));
}

/// Save `block` to the file at `path`, with aligned data.
inline void save_aligned(const std::string& path, const TensorBlock& block) {
    details::check_status(mts_block_save_aligned(path.c_str(), block.as_mts_block_t()));
}

} // namespace files
} // namespace metatensor
