#pragma once

#include <string>
#include <string_view>

#include "metatensor.h"

namespace mts {

/// Identifier of a data origin, which is registered if its name is not known yet
mts_data_origin_t register_origin(std::string_view name);

/// Name of a data origin
std::string origin_name(mts_data_origin_t origin);

} // namespace mts
