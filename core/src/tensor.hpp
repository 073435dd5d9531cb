#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "block.hpp"
#include "info.hpp"
#include "labels.hpp"
#include "metatensor.h"

namespace mts {

/// One block per entry of the keys, and global information
class TensorMap {
public:
    /// Throws if the blocks do not fit with the keys or with each other
    TensorMap(LabelsRef keys, std::vector<std::unique_ptr<Block>> blocks);

    const LabelsRef& keys() const noexcept { return keys_; }
    const std::vector<std::unique_ptr<Block>>& blocks() const noexcept { return blocks_; }
    Info& info() noexcept { return info_; }
    const Info& info() const noexcept { return info_; }

    DLDevice device() const;
    DLDataType dtype() const;

    /// Copies blocks and information, shares the keys
    std::unique_ptr<TensorMap> copy() const;

    /// Copy where the components called `dimensions` are moved to the properties, one after the
    /// other
    std::unique_ptr<TensorMap>
    components_to_properties(std::span<const std::string_view> dimensions) const;

private:
    TensorMap() = default;

    LabelsRef keys_;
    std::vector<std::unique_ptr<Block>> blocks_;
    Info info_;
};

inline mts_tensormap_t* to_handle(std::unique_ptr<TensorMap> tensor) noexcept {
    return reinterpret_cast<mts_tensormap_t*>(tensor.release());
}
inline TensorMap& from_handle(mts_tensormap_t* tensor) noexcept {
    return *reinterpret_cast<TensorMap*>(tensor);
}
inline const TensorMap& from_handle(const mts_tensormap_t* tensor) noexcept {
    return *reinterpret_cast<const TensorMap*>(tensor);
}

} // namespace mts
