#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "arrays.hpp"
#include "errors.hpp"
#include "io_fwd.hpp"
#include "labels.hpp"

namespace metatensor {

/// Values, the labels of each of their axes, and gradients of these values.
///
/// A block either owns its data, or is a view of a block which is part of a `TensorMap` or of
/// another block. Blocks can be moved but not copied, use `clone()` for this. Blocks which have
/// been moved from or released have no data: they can be destroyed and assigned, and throw in all
/// other functions.
class TensorBlock final {
public:
    /// Create a block.
    ///
    /// @param values array with one axis for the samples, one for each of the components, and one
    ///               for the properties. It is always consumed.
    /// @param samples description of the first axis
    /// @param components description of the axes in the middle, each one with a single dimension
    /// @param properties description of the last axis
    TensorBlock(
        std::unique_ptr<DataArrayBase> values,
        const Labels& samples,
        const std::vector<Labels>& components,
        const Labels& properties
    )
        : TensorBlock(create(std::move(values), samples, components, properties), false) {}

    ~TensorBlock() {
        if (!is_view_) {
            mts_block_free(block_);
        }
    }

    TensorBlock(const TensorBlock&) = delete;
    TensorBlock& operator=(const TensorBlock&) = delete;

    TensorBlock(TensorBlock&& other) noexcept
        : block_(std::exchange(other.block_, nullptr)),
          is_view_(std::exchange(other.is_view_, true)) {}

    TensorBlock& operator=(TensorBlock&& other) noexcept {
        TensorBlock moved(std::move(other));
        std::swap(block_, moved.block_);
        std::swap(is_view_, moved.is_view_);
        return *this;
    }

    /// Copy this block, with its values and all its gradients.
    TensorBlock clone() const {
        auto* copy = mts_block_copy(this->as_mts_block_t());
        details::check_pointer(copy);
        return TensorBlock(copy, false);
    }

    /// Copy this block without its data: all the values, including these of the gradients, are
    /// replaced by an `EmptyDataArray` with the same shape and dtype.
    TensorBlock clone_metadata_only() const {
        auto result = TensorBlock(
            details::create_empty_array(this->values_shape(), this->dtype()),
            this->samples(),
            this->components(),
            this->properties()
        );
        for (const auto& parameter : this->gradients_list()) {
            result.add_gradient(parameter, this->gradient(parameter).clone_metadata_only());
        }
        return result;
    }

    /// Is this block a view of a block owned by something else?
    bool is_view() const { return is_view_; }

    /// Device where the values live.
    DLDevice device() const {
        DLDevice device = details::CPU_DEVICE;
        details::check_status(mts_block_device(this->as_mts_block_t(), &device));
        return device;
    }

    /// Data type of the values.
    DLDataType dtype() const {
        DLDataType dtype = {};
        details::check_status(mts_block_dtype(this->as_mts_block_t(), &dtype));
        return dtype;
    }

    /// Values of this block on `device`, through DLPack: they are shared with the block or copied,
    /// depending on the array. Throws if the data type of the values is not the one of `T`.
    /// `stream` is the stream on which the data will be used, as defined by DLPack.
    template <typename T = double>
    DLPackArray<T> values(DLDevice device = details::CPU_DEVICE, const int64_t* stream = nullptr) {
        return this->mts_array().as_dlpack_array<T>(
            device, stream, details::SUPPORTED_DLPACK_VERSION
        );
    }

    /// View of the array containing the values, valid as long as the block.
    MtsArray mts_array() { return this->values_view(); }

    /// Shape of the values.
    std::vector<uintptr_t> values_shape() const { return this->values_view().shape(); }

    /// Labels of the first axis of the values.
    Labels samples() const { return this->labels(0); }

    /// Labels of the axes of the values between the samples and the properties.
    std::vector<Labels> components() const {
        std::vector<Labels> components;
        const auto dimensions = this->values_shape().size();
        for (size_t axis = 1; axis + 1 < dimensions; axis++) {
            components.emplace_back(this->labels(axis));
        }
        return components;
    }

    /// Labels of the last axis of the values.
    Labels properties() const { return this->labels(this->values_shape().size() - 1); }

    /// Labels of the given axis of the values. Throws if there is no such axis.
    Labels labels(uintptr_t axis) const {
        const auto* labels = mts_block_labels(this->as_mts_block_t(), axis);
        details::check_pointer(labels);
        return Labels::unsafe_from_ptr(labels);
    }

    /// Add the gradient of the values with respect to `parameter`.
    ///
    /// The first dimension of the gradient's samples must be `sample`: the position of the sample
    /// of this block of which it is the gradient. Its components are some of its own, then those of
    /// this block; and its properties are the same as here.
    ///
    /// `gradient` is always consumed. Throws if this block is a view.
    void add_gradient(const std::string& parameter, TensorBlock gradient) {
        auto* block = this->as_mts_block_t();
        if (is_view_) {
            throw Error(
                "can not call TensorBlock::add_gradient on this block: it is a view of a "
                "block inside of a TensorMap or another TensorBlock"
            );
        }
        details::check_status(mts_block_add_gradient(block, parameter.c_str(), gradient.release()));
    }

    /// Parameters for which there is a gradient, in the order in which they were added.
    std::vector<std::string> gradients_list() const {
        const char* const* parameters = nullptr;
        uintptr_t count = 0;
        details::check_status(
            mts_block_gradients_list(this->as_mts_block_t(), &parameters, &count)
        );
        return {parameters, parameters + count};
    }

    /// View of the gradient with respect to `parameter`, valid until other gradients are added to
    /// this block, or its end. Throws if there is no such gradient.
    TensorBlock gradient(const std::string& parameter) const {
        this->as_mts_block_t();
        mts_block_t* gradient = nullptr;
        details::check_status(mts_block_gradient(block_, parameter.c_str(), &gradient));
        return TensorBlock(gradient, true);
    }

    /// Load a block from a file, see `io::load_block`.
    static TensorBlock load(
        const std::string& path,
        mts_create_array_callback_t create_array = details::default_create_array
    ) {
        return io::load_block(path, create_array);
    }

    /// Load a block from memory, see `io::load_block_buffer`.
    static TensorBlock load_buffer(
        const uint8_t* buffer,
        size_t buffer_count,
        mts_create_array_callback_t create_array = details::default_create_array
    ) {
        return io::load_block_buffer(buffer, buffer_count, create_array);
    }

    template <typename Buffer, typename = typename Buffer::value_type>
    static TensorBlock load_buffer(
        const Buffer& buffer,
        mts_create_array_callback_t create_array = details::default_create_array
    ) {
        return io::load_block_buffer(buffer, create_array);
    }

    /// Save this block to a file, see `io::save`.
    void save(const std::string& path) const { io::save(path, *this); }

    /// Save this block to memory, see `io::save_buffer`.
    std::vector<uint8_t> save_buffer() const { return io::save_buffer(*this); }

    template <typename Buffer>
    Buffer save_buffer() const {
        return io::save_buffer<Buffer>(*this);
    }

    /// Pointer to the C block, still owned by this instance.
    mts_block_t* as_mts_block_t() & {
        this->check_not_released();
        return block_;
    }

    const mts_block_t* as_mts_block_t() const& {
        this->check_not_released();
        return block_;
    }

    const mts_block_t* as_mts_block_t() const&& = delete;

    /// Take ownership of a C block.
    static TensorBlock unsafe_from_ptr(mts_block_t* block) { return TensorBlock(block, false); }

    /// Create a view of a C block, which must stay alive for as long as the view.
    static TensorBlock unsafe_view_from_ptr(mts_block_t* block) { return TensorBlock(block, true); }

    /// Give the C block to the caller, who must use `mts_block_free`. Throws if this is a view.
    mts_block_t* release() {
        this->check_not_released();
        if (is_view_) {
            throw Error(
                "can not call TensorBlock::release on this block: it is a view of a block "
                "inside of a TensorMap or another TensorBlock"
            );
        }
        is_view_ = true;
        return std::exchange(block_, nullptr);
    }

private:
    TensorBlock(mts_block_t* block, bool is_view)
        : block_(block), is_view_(is_view || block == nullptr) {}

    static mts_block_t* create(
        std::unique_ptr<DataArrayBase> values,
        const Labels& samples,
        const std::vector<Labels>& components,
        const Labels& properties
    ) {
        std::vector<const mts_labels_t*> component_pointers;
        component_pointers.reserve(components.size());
        for (const auto& component : components) {
            component_pointers.push_back(component.as_mts_labels_t());
        }

        const auto* sample_pointer = samples.as_mts_labels_t();
        const auto* property_pointer = properties.as_mts_labels_t();
        auto* block = mts_block(
            DataArrayBase::to_mts_array(std::move(values)).release(),
            sample_pointer,
            component_pointers.data(),
            component_pointers.size(),
            property_pointer
        );
        details::check_pointer(block);
        return block;
    }

    MtsArray values_view() const {
        this->check_not_released();
        mts_array_t array = {};
        details::check_status(mts_block_data(block_, &array));
        return MtsArray(array);
    }

    void check_not_released() const {
        if (block_ == nullptr) {
            throw Error(
                "this TensorBlock has been released, it might have been moved into a "
                "TensorMap or another TensorBlock; it can not be used anymore"
            );
        }
    }

    mts_block_t* block_ = nullptr;
    bool is_view_ = true;
    [[maybe_unused]] std::array<unsigned char, 16> reserved_ = {};
};

} // namespace metatensor
