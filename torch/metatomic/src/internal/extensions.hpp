#pragma once

#include <string>
#include <vector>

namespace metatomic_torch::details {

/// A shared library used by an exported model: a TorchScript extension, or one of its dependencies
struct Extension {
    /// name of the library, without any prefix or extension
    std::string name;
    /// path of the library when exporting the model, which can be relative to the prefix of the
    /// Python environment
    std::string path;
};

/// Parse the list of extensions stored in exported models as JSON
/// @throws std::runtime_error if the JSON is not valid
std::vector<Extension> parse_extensions(const std::string& json);

/// Is there a library matching this extension in `loaded_libraries`?
bool is_loaded(const Extension& extension, const std::vector<std::string>& loaded_libraries);

/// Load the library for an `extension`, or emit a warning if this is not possible.
///
/// @param extension library to load
/// @param kind what is being loaded, used in messages: `extension` or `dependency`
/// @param directory directory in which extensions were collected with the model, or an empty string
void load_extension(
    const Extension& extension, const std::string& kind, const std::string& directory
);

} // namespace metatomic_torch::details
