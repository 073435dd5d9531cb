#pragma once

#include <optional>
#include <string_view>

#include "io/source.hpp"

namespace mts::io {

/// The kinds of objects that can be in a file
enum class ContentKind { Labels, TensorBlock, TensorMap };

/// Recognize the kind of object in a source, if it is one of them. `path` is where the content
/// comes from, empty for buffers.
std::optional<ContentKind> find_content_kind(Source& source, std::string_view path);

} // namespace mts::io
