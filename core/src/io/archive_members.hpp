#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "io/errors.hpp"
#include "io/zip_reader.hpp"

// The names of the members of archives with a block or a tensor map. All members of a block have
// names that start with the prefix of the block.

namespace mts::io {

inline constexpr const char* KEYS = "keys.npy";
inline constexpr const char* INFO = "info.json";
inline constexpr const char* VALUES = "values.npy";
inline constexpr const char* SAMPLES = "samples.npy";
inline constexpr const char* PROPERTIES = "properties.npy";

/// Axes of the values of all blocks: samples and properties
inline constexpr size_t MIN_AXES = 2;

/// Reading gradients of gradients is recursive, and files can contain anything: stop before the
/// stack overflows. Blocks can not have this many levels of gradients.
inline constexpr size_t MAX_GRADIENT_DEPTH = 100;

/// Prefix of one block of a tensor map
std::string block_prefix(size_t index);

/// Labels of a component, in the block with this prefix
std::string component_name(const std::string& prefix, size_t component);

/// Prefix of a gradient of the block with this prefix
std::string gradient_prefix(const std::string& prefix, std::string_view parameter);

/// The parameters of the gradients of the block with this prefix, in the order of the archive.
/// Names that are not valid UTF-8, or contain NUL, are an error.
std::vector<std::string> find_gradients(const ZipReader& archive, const std::string& prefix);

/// Call `read` with the content of a member; errors mention which member this is
template <typename Read>
auto read_member(const ZipReader& archive, const std::string& name, Read read) {
    auto input = archive.open(name);
    try {
        return read(*input);
    } catch (const Error& error) {
        throw Error(error.status(), text("in '", name, "': ", error.message()));
    }
}

} // namespace mts::io
