#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <torch/script.h>

#include <metatensor/torch.hpp>

#include "metatomic/torch/exports.h"
#include "metatomic/torch/model.hpp"
#include "metatomic/torch/system.hpp"

namespace metatomic_torch {

/// Get the version of the library in use, as "major.minor.patch"
METATOMIC_TORCH_EXPORT std::string version();

/// Select the device on which to run a model.
///
/// @param model_devices devices supported by the model, in order of preference
/// @param desired_device device requested by the user (like `"cuda"` or `"cuda:1"`); if there is
///        none, use the first device supported by the model which is available
///
/// @throws c10::ValueError if the device is not supported by the model, or not available
METATOMIC_TORCH_EXPORT torch::DeviceType pick_device(
    std::vector<std::string> model_devices,
    torch::optional<std::string> desired_device = torch::nullopt
);

/// Select the output of a model to use for a quantity.
///
/// @param requested_output name of the quantity, without variant
/// @param outputs all the outputs of the model
/// @param desired_variant variant requested by the user; if there is none, use the output without
///        variant
/// @return the name of the output, `requested_output` or `requested_output/desired_variant`
///
/// @throws c10::ValueError if the model does not have this output
METATOMIC_TORCH_EXPORT std::string pick_output(
    std::string requested_output,
    torch::Dict<std::string, ModelOutput> outputs,
    torch::optional<std::string> desired_variant = torch::nullopt
);

/// Read the metadata of the exported model at `path`, without loading the model.
///
/// @throws c10::ValueError if the file is a TorchScript archive without metadata
METATOMIC_TORCH_EXPORT ModelMetadata read_model_metadata(std::string path);

/// Check that the file at `path` is an exported atomistic model, and warn if it was exported with
/// an incompatible version of metatomic, or if the TorchScript extensions it needs are not loaded.
///
/// @throws c10::ValueError if the file is not an atomistic model
METATOMIC_TORCH_EXPORT void check_atomistic_model(std::string path);

/// Load the TorchScript extensions, and their dependencies, used by the exported model at `path`.
/// Extensions that are already loaded are left alone; a warning is emitted for those which can not
/// be loaded.
///
/// @param path path to the exported model
/// @param extensions_directory directory in which extensions were collected with the model, if any
METATOMIC_TORCH_EXPORT void
load_model_extensions(std::string path, torch::optional<std::string> extensions_directory);

/// Load the exported model at `path`, after the TorchScript extensions it uses.
///
/// @param path path to the exported model
/// @param extensions_directory directory in which extensions were collected with the model, if any
METATOMIC_TORCH_EXPORT metatensor_torch::Module load_atomistic_model(
    std::string path, torch::optional<std::string> extensions_directory = torch::nullopt
);

/// Save a system to the file at `path`, which must have the `.mta` extension. All floating point
/// data of the system itself is stored as 64-bit floats, data and neighbor lists keep their dtype.
METATOMIC_TORCH_EXPORT void save(const std::string& path, const System& system);

/// Load a system from the `.mta` file at `path`. The system is on CPU, with 64-bit floats.
METATOMIC_TORCH_EXPORT System load_system(const std::string& path);

/// Same as `save`, to an in-memory buffer: a 1-dimensional tensor of uint8
METATOMIC_TORCH_EXPORT torch::Tensor save_buffer(const System& system);

/// Same as `load_system`, from an in-memory buffer
METATOMIC_TORCH_EXPORT System load_system_buffer(const uint8_t* buffer, size_t count);
METATOMIC_TORCH_EXPORT System load_system_buffer(const std::vector<uint8_t>& buffer);
/// The tensor must be 1-dimensional, with uint8 dtype
METATOMIC_TORCH_EXPORT System load_system_buffer(const torch::Tensor& buffer);

} // namespace metatomic_torch
