#pragma once

#include <string>
#include <string_view>

#include "info.hpp"
#include "io/input_stream.hpp"

namespace mts::io {

/// Text of a JSON object with all the keys and values of `info`
std::string info_to_json(const Info& info);

/// Add to `info` all the keys and values of a JSON object, where all values must be strings
void info_from_json(std::string_view json, Info& info);

/// The same for the complete content of `input`
void read_info(InputStream& input, Info& info);

} // namespace mts::io
