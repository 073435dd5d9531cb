#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "arrays.hpp"
#include "block.hpp"
#include "errors.hpp"
#include "io_fwd.hpp"
#include "labels.hpp"

namespace metatensor {
namespace details {

/// Range over the `(key, value)` pairs of the global information of a `TensorMap`, in the order in
/// which the keys were added. It is valid until this information changes, or the end of the map.
class TensorMapInfo {
public:
    class iterator {
    public:
        using value_type = std::pair<std::string_view, std::string_view>;
        using reference = value_type;
        using pointer = void;
        using difference_type = std::ptrdiff_t;
        using iterator_category = std::forward_iterator_tag;

        iterator() = default;

        reference operator*() const {
            const char* value = nullptr;
            check_status(mts_tensormap_get_info(tensor_, *key_, &value));
            return {*key_, value != nullptr ? value : ""};
        }

        iterator& operator++() {
            ++key_;
            return *this;
        }

        iterator operator++(int) {
            auto previous = *this;
            ++key_;
            return previous;
        }

        friend bool operator==(const iterator& first, const iterator& second) {
            return first.key_ == second.key_;
        }

        friend bool operator!=(const iterator& first, const iterator& second) {
            return !(first == second);
        }

    private:
        friend class TensorMapInfo;

        iterator(const mts_tensormap_t* tensor, const char* const* key)
            : tensor_(tensor), key_(key) {}

        const mts_tensormap_t* tensor_ = nullptr;
        const char* const* key_ = nullptr;
    };

    explicit TensorMapInfo(const mts_tensormap_t* tensor) : tensor_(tensor) {
        check_status(mts_tensormap_info_keys(tensor_, &keys_, &count_));
    }

    iterator begin() const { return {tensor_, keys_}; }
    iterator end() const { return {tensor_, keys_ + count_}; }

private:
    const mts_tensormap_t* tensor_ = nullptr;
    const char* const* keys_ = nullptr;
    uintptr_t count_ = 0;
    [[maybe_unused]] std::array<unsigned char, 8> reserved_ = {};
};

} // namespace details

/// List of blocks, each one identified by an entry of the keys, with some global information.
///
/// A tensor map either owns its data, or is a view of another one. Tensor maps can be moved but not
/// copied, use `clone()` for this. Tensor maps which have been moved from or released have no data:
/// they can be destroyed and assigned, and throw in all other functions.
class TensorMap final {
    template <typename T>
    using EnableIfFillValue =
        std::enable_if_t<std::is_arithmetic_v<T> && !std::is_same_v<T, bool>, bool>;

public:
    /// Create a tensor map.
    ///
    /// @param keys labels with one entry for each block
    /// @param blocks blocks, which must not be views. They are always consumed.
    TensorMap(Labels keys, std::vector<TensorBlock> blocks)
        : TensorMap(create(keys, std::move(blocks)), false) {}

    /// Take ownership of a C tensor map.
    [[deprecated("use TensorMap::unsafe_from_ptr instead")]]
    explicit TensorMap(mts_tensormap_t* tensor)
        : TensorMap(tensor, false) {}

    ~TensorMap() {
        if (!is_view_) {
            mts_tensormap_free(tensor_);
        }
    }

    TensorMap(const TensorMap&) = delete;
    TensorMap& operator=(const TensorMap&) = delete;

    TensorMap(TensorMap&& other) noexcept
        : tensor_(std::exchange(other.tensor_, nullptr)),
          is_view_(std::exchange(other.is_view_, true)) {}

    TensorMap& operator=(TensorMap&& other) noexcept {
        TensorMap moved(std::move(other));
        std::swap(tensor_, moved.tensor_);
        std::swap(is_view_, moved.is_view_);
        return *this;
    }

    /// Copy this tensor map, with all its blocks and information.
    TensorMap clone() const { return from_result(mts_tensormap_copy(this->as_mts_tensormap_t())); }

    /// Copy the keys and the metadata of all the blocks, without their data and without the global
    /// information. See `TensorBlock::clone_metadata_only`.
    TensorMap clone_metadata_only() const {
        auto keys = this->keys();
        std::vector<TensorBlock> blocks;
        const auto count = keys.count();
        blocks.reserve(count);
        for (size_t index = 0; index < count; index++) {
            blocks.emplace_back(this->block_view(index).clone_metadata_only());
        }
        return TensorMap(std::move(keys), std::move(blocks));
    }

    /// Is this tensor map a view of one owned by something else?
    bool is_view() const { return is_view_; }

    /// Device of all the blocks. A tensor map without blocks is on CPU.
    DLDevice device() const {
        DLDevice device = details::CPU_DEVICE;
        details::check_status(mts_tensormap_device(this->as_mts_tensormap_t(), &device));
        return device;
    }

    /// Data type of all the blocks. It is `double` for a tensor map without blocks.
    DLDataType dtype() const {
        DLDataType dtype = {};
        details::check_status(mts_tensormap_dtype(this->as_mts_tensormap_t(), &dtype));
        return dtype;
    }

    /// Keys of this tensor map, with one entry for each block.
    Labels keys() const {
        const auto* keys = mts_tensormap_keys(this->as_mts_tensormap_t());
        details::check_pointer(keys);
        return Labels::unsafe_from_ptr(keys);
    }

    /// View of the block corresponding to the entry of the keys at `index`, valid as long as the
    /// tensor map. Throws if there are not enough blocks.
    TensorBlock block_by_id(uintptr_t index) & { return this->block_view(index); }

    TensorBlock block_by_id(uintptr_t index) && = delete;

    /// Merge blocks by moving some dimensions of the keys to the properties.
    ///
    /// @param keys_to_move dimensions of the keys to move, as labels or names. Without entries in
    ///        these labels, the properties of each merged block are those of the blocks it comes
    ///        from. With entries, all blocks get the same properties, for these entries.
    /// @param fill_value array without dimensions, with the dtype of the blocks: value of the
    ///        elements which exist in none of the initial blocks
    /// @param sort_samples sort the merged samples, or keep them in the order of the blocks
    TensorMap
    keys_to_properties(const Labels& keys_to_move, MtsArray fill_value, bool sort_samples) const {
        return from_result(mts_tensormap_keys_to_properties(
            this->as_mts_tensormap_t(),
            keys_to_move.as_mts_labels_t(),
            std::move(fill_value).release(),
            sort_samples
        ));
    }

    TensorMap keys_to_properties(
        const std::vector<std::string>& keys_to_move, MtsArray fill_value, bool sort_samples
    ) const {
        return this->keys_to_properties(Labels(keys_to_move), std::move(fill_value), sort_samples);
    }

    TensorMap keys_to_properties(
        const std::string& key_to_move, MtsArray fill_value, bool sort_samples
    ) const {
        const auto keys_to_move = std::vector<std::string>{key_to_move};
        return this->keys_to_properties(keys_to_move, std::move(fill_value), sort_samples);
    }

    /// Same as above, with a number as the fill value. Its type `T` must correspond to the dtype of
    /// the blocks, even if there is nothing to fill.
    template <typename T = double, EnableIfFillValue<T> = true>
    TensorMap keys_to_properties(
        const Labels& keys_to_move, T fill_value = T{}, bool sort_samples = true
    ) const {
        return this->keys_to_properties(keys_to_move, scalar_array(fill_value), sort_samples);
    }

    template <typename T = double, EnableIfFillValue<T> = true>
    TensorMap keys_to_properties(
        const std::vector<std::string>& keys_to_move, T fill_value = T{}, bool sort_samples = true
    ) const {
        return this->keys_to_properties(keys_to_move, scalar_array(fill_value), sort_samples);
    }

    template <typename T = double, EnableIfFillValue<T> = true>
    TensorMap keys_to_properties(
        const std::string& key_to_move, T fill_value = T{}, bool sort_samples = true
    ) const {
        return this->keys_to_properties(key_to_move, scalar_array(fill_value), sort_samples);
    }

    /// Merge blocks by moving some dimensions of the keys to the samples.
    ///
    /// @param keys_to_move dimensions of the keys to move, as labels without entries or names
    /// @param fill_value array without dimensions, with the dtype of the blocks: value of the
    ///        elements which exist in none of the initial blocks
    /// @param sort_samples sort the merged samples, or keep them in the order of the blocks
    TensorMap
    keys_to_samples(const Labels& keys_to_move, MtsArray fill_value, bool sort_samples) const {
        return from_result(mts_tensormap_keys_to_samples(
            this->as_mts_tensormap_t(),
            keys_to_move.as_mts_labels_t(),
            std::move(fill_value).release(),
            sort_samples
        ));
    }

    TensorMap keys_to_samples(
        const std::vector<std::string>& keys_to_move, MtsArray fill_value, bool sort_samples
    ) const {
        return this->keys_to_samples(Labels(keys_to_move), std::move(fill_value), sort_samples);
    }

    TensorMap
    keys_to_samples(const std::string& key_to_move, MtsArray fill_value, bool sort_samples) const {
        const auto keys_to_move = std::vector<std::string>{key_to_move};
        return this->keys_to_samples(keys_to_move, std::move(fill_value), sort_samples);
    }

    /// Same as above, with a number as the fill value. Its type `T` must correspond to the dtype of
    /// the blocks, even if there is nothing to fill.
    template <typename T = double, EnableIfFillValue<T> = true>
    TensorMap keys_to_samples(
        const Labels& keys_to_move, T fill_value = T{}, bool sort_samples = true
    ) const {
        return this->keys_to_samples(keys_to_move, scalar_array(fill_value), sort_samples);
    }

    template <typename T = double, EnableIfFillValue<T> = true>
    TensorMap keys_to_samples(
        const std::vector<std::string>& keys_to_move, T fill_value = T{}, bool sort_samples = true
    ) const {
        return this->keys_to_samples(keys_to_move, scalar_array(fill_value), sort_samples);
    }

    template <typename T = double, EnableIfFillValue<T> = true>
    TensorMap keys_to_samples(
        const std::string& key_to_move, T fill_value = T{}, bool sort_samples = true
    ) const {
        return this->keys_to_samples(key_to_move, scalar_array(fill_value), sort_samples);
    }

    /// Move component dimensions to the properties, one after the other, in all blocks.
    TensorMap components_to_properties(const std::vector<std::string>& dimensions) const {
        std::vector<const char*> names;
        names.reserve(dimensions.size());
        for (const auto& dimension : dimensions) {
            names.push_back(dimension.c_str());
        }
        return from_result(mts_tensormap_components_to_properties(
            this->as_mts_tensormap_t(), names.data(), names.size()
        ));
    }

    TensorMap components_to_properties(const std::string& dimension) const {
        return this->components_to_properties(std::vector<std::string>{dimension});
    }

    /// Set the global information stored under `key`, replacing any previous value.
    void set_info(const std::string& key, const std::string& value) {
        details::check_status(
            mts_tensormap_set_info(this->as_mts_tensormap_t(), key.c_str(), value.c_str())
        );
    }

    /// Get the global information stored under `key`, or `nullopt` if there is none.
    std::optional<std::string> get_info(const std::string& key) const {
        const char* value = nullptr;
        details::check_status(
            mts_tensormap_get_info(this->as_mts_tensormap_t(), key.c_str(), &value)
        );
        if (value == nullptr) {
            return std::nullopt;
        }
        return value;
    }

    /// All the global information, for `for (auto [key, value] : tensor.info())`. This is valid as
    /// long as the tensor map lives and its information does not change.
    details::TensorMapInfo info() const {
        return details::TensorMapInfo(this->as_mts_tensormap_t());
    }

    /// Load a tensor map from a file, see `io::load`.
    static TensorMap load(
        const std::string& path,
        mts_create_array_callback_t create_array = details::default_create_array
    ) {
        return io::load(path, create_array);
    }

    /// Load a tensor map from memory, see `io::load_buffer`.
    static TensorMap load_buffer(
        const uint8_t* buffer,
        size_t buffer_count,
        mts_create_array_callback_t create_array = details::default_create_array
    ) {
        return io::load_buffer(buffer, buffer_count, create_array);
    }

    template <typename Buffer, typename = typename Buffer::value_type>
    static TensorMap load_buffer(
        const Buffer& buffer,
        mts_create_array_callback_t create_array = details::default_create_array
    ) {
        return io::load_buffer(buffer, create_array);
    }

    /// Save this tensor map to a file, see `io::save`.
    void save(const std::string& path) const { io::save(path, *this); }

    /// Save this tensor map to memory, see `io::save_buffer`.
    std::vector<uint8_t> save_buffer() const { return io::save_buffer(*this); }

    template <typename Buffer>
    Buffer save_buffer() const {
        return io::save_buffer<Buffer>(*this);
    }

    /// Pointer to the C tensor map, still owned by this instance.
    mts_tensormap_t* as_mts_tensormap_t() & {
        this->check_not_released();
        return tensor_;
    }

    const mts_tensormap_t* as_mts_tensormap_t() const& {
        this->check_not_released();
        return tensor_;
    }

    const mts_tensormap_t* as_mts_tensormap_t() const&& = delete;

    /// Take ownership of a C tensor map.
    static TensorMap unsafe_from_ptr(mts_tensormap_t* tensor) { return TensorMap(tensor, false); }

    /// Create a view of a C tensor map, which must stay alive for as long as the view.
    static TensorMap unsafe_view_from_ptr(mts_tensormap_t* tensor) {
        return TensorMap(tensor, true);
    }

    /// Give the C tensor map to the caller, who must use `mts_tensormap_free`. Throws if this is a
    /// view.
    mts_tensormap_t* release() {
        this->check_not_released();
        if (is_view_) {
            throw Error("can not call TensorMap::release on this tensor map: it is a view");
        }
        is_view_ = true;
        return std::exchange(tensor_, nullptr);
    }

private:
    TensorMap(mts_tensormap_t* tensor, bool is_view)
        : tensor_(tensor), is_view_(is_view || tensor == nullptr) {}

    static mts_tensormap_t* create(const Labels& keys, std::vector<TensorBlock> blocks) {
        const auto* keys_pointer = keys.as_mts_labels_t();

        std::vector<mts_block_t*> pointers;
        pointers.reserve(blocks.size());
        for (auto& block : blocks) {
            auto* pointer = block.as_mts_block_t();
            if (block.is_view()) {
                throw Error(
                    "can not use this TensorBlock in a new TensorMap: it is a view of a "
                    "block inside of a TensorMap or another TensorBlock"
                );
            }
            pointers.push_back(pointer);
        }

        auto* tensor = mts_tensormap(keys_pointer, pointers.data(), pointers.size());
        for (size_t index = 0; index < blocks.size(); index++) {
            // the library sets the pointers to null when taking the blocks, even if it fails later
            if (pointers[index] == nullptr) {
                blocks[index].release();
            }
        }
        details::check_pointer(tensor);
        return tensor;
    }

    static TensorMap from_result(mts_tensormap_t* tensor) {
        details::check_pointer(tensor);
        return TensorMap(tensor, false);
    }

    template <typename T>
    static MtsArray scalar_array(T value) {
        return DataArrayBase::to_mts_array(
            std::make_unique<SimpleDataArray<T>>(std::vector<uintptr_t>{}, value)
        );
    }

    TensorBlock block_view(uintptr_t index) const {
        this->check_not_released();
        mts_block_t* block = nullptr;
        details::check_status(mts_tensormap_block_by_id(tensor_, &block, index));
        return TensorBlock::unsafe_view_from_ptr(block);
    }

    void check_not_released() const {
        if (tensor_ == nullptr) {
            throw Error("this TensorMap has been released or moved from, it can not be used");
        }
    }

    mts_tensormap_t* tensor_ = nullptr;
    bool is_view_ = true;
    [[maybe_unused]] std::array<unsigned char, 16> reserved_ = {};
};

} // namespace metatensor
