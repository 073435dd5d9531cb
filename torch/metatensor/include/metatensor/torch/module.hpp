#pragma once

#include <utility>

#include <torch/script.h>

#include "metatensor/torch/exports.h"

namespace metatensor_torch {

/// A scripted module whose attributes can contain metatensor data: `to` moves this data together
/// with the parameters and buffers.
///
/// In the module and in each of its submodules, the attributes listed in the attribute
/// `_mts_buffer_names` are moved. Modules without this attribute were created by older versions:
/// there, all attributes that contain metatensor data are moved, and a warning is emitted.
class METATENSOR_TORCH_EXPORT Module : public torch::jit::Module {
public:
    // inline: libraries built with this header then work with every release of this one
    Module(torch::jit::Module module) : torch::jit::Module(std::move(module)) {}

    /// Move the module to the given device, converting floating point values to the given dtype.
    ///
    /// @throws c10::ValueError if a dict or list mixes metatensor and other data
    void to(at::Device device, at::ScalarType dtype, bool non_blocking = false);
    void to(at::ScalarType dtype, bool non_blocking = false);
    void to(at::Device device, bool non_blocking = false);
};

} // namespace metatensor_torch
