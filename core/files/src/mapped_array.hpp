#pragma once

#include "handles.hpp"
#include "metatensor.h"

namespace mts::files {

/// An array with the memory of a contiguous, row-major tensor on CPU, which is consumed. The array
/// can not be written to, but arrays made from it can.
ArrayHandle new_mapped_array(DLManagedTensorVersioned* tensor);

} // namespace mts::files
