#pragma once

#include <torch/library.h>

namespace metatomic_torch::details {

/// Register all TorchScript classes
void register_classes(torch::Library& m);

/// Register all TorchScript operators, which use the classes in their schemas
void register_operators(torch::Library& m);

} // namespace metatomic_torch::details
