#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "array.hpp"
#include "labels.hpp"
#include "metatensor.h"

namespace mts {

/// Values, labels of each axis, and gradients
class Block {
public:
    struct Gradient {
        std::string parameter;
        std::unique_ptr<Block> block;
    };

    /// Throws if labels and values do not match
    Block(Array values, LabelsRef samples, std::vector<LabelsRef> components, LabelsRef properties);

    const Array& values() const noexcept { return values_; }
    const LabelsRef& samples() const noexcept { return samples_; }
    const std::vector<LabelsRef>& components() const noexcept { return components_; }
    const LabelsRef& properties() const noexcept { return properties_; }

    /// Adds a gradient, after checking that it is one for this block
    void add_gradient(std::string parameter, std::unique_ptr<Block> gradient);
    /// Gradients in the order in which they were added
    const std::vector<Gradient>& gradients() const noexcept { return gradients_; }
    /// The gradient with respect to a parameter, or NULL
    Block* find_gradient(std::string_view parameter) const noexcept;
    /// Parameters of the gradients, for C; NULL if there are none
    const char* const* parameters() const noexcept {
        return parameters_.empty() ? nullptr : parameters_.data();
    }

    /// Copies values and gradients, shares labels
    std::unique_ptr<Block> copy() const;

    /// Moves the component called `dimension` to the properties, here and in the gradients. If this
    /// fails, the block is not usable anymore.
    void component_to_properties(std::string_view dimension);

    /// Is this block owned by another block or by a tensor map?
    bool is_owned() const noexcept { return owned_; }
    void set_owned() noexcept { owned_ = true; }

private:
    Block() = default;
    void check_sizes() const;
    void check_devices() const;
    void check_gradient(std::string_view parameter, const Block& gradient) const;
    void attach_gradient(std::string parameter, std::unique_ptr<Block> gradient);
    /// Number of levels of gradients inside of this block
    std::size_t height() const noexcept;
    void set_level(std::size_t level) noexcept;
    std::size_t find_component(std::string_view dimension) const;
    void merge_component(std::string_view dimension, const LabelsRef& new_properties);

    Array values_;
    LabelsRef samples_;
    std::vector<LabelsRef> components_;
    LabelsRef properties_;
    std::vector<Gradient> gradients_;
    std::vector<const char*> parameters_;
    /// 0 for blocks, 1 for their gradients, 2 for gradients of gradients...
    std::size_t level_ = 0;
    bool owned_ = false;
};

inline mts_block_t* to_handle(std::unique_ptr<Block> block) noexcept {
    return reinterpret_cast<mts_block_t*>(block.release());
}
inline mts_block_t* to_handle(Block* block) noexcept {
    return reinterpret_cast<mts_block_t*>(block);
}
inline Block& from_handle(mts_block_t* block) noexcept {
    return *reinterpret_cast<Block*>(block);
}
inline const Block& from_handle(const mts_block_t* block) noexcept {
    return *reinterpret_cast<const Block*>(block);
}

} // namespace mts
