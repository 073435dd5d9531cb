#pragma once

#include <string>

#include <c10/core/ScalarType.h>

namespace metatomic_torch::details {

/// Python name of a dtype, like `torch.float32`
inline std::string dtype_name(c10::ScalarType dtype) {
    return "torch." + std::string(c10::getDtypeNames(dtype).first);
}

} // namespace metatomic_torch::details
