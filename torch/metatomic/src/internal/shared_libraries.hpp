#pragma once

#include <string>
#include <vector>

namespace metatomic_torch {
namespace details {

/// Get the paths of all shared libraries currently loaded in this process
std::vector<std::string> get_loaded_libraries();

} // namespace details
} // namespace metatomic_torch
