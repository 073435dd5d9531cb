#include "internal/extensions.hpp"

#include <cstdlib>
#include <filesystem>
#include <iostream>

#include <dlfcn.h>

#include <c10/util/Exception.h>
#include <c10/util/StringUtil.h>

#include "internal/json.hpp"

namespace metatomic_torch::details {

/// When this environment variable is set, everything tried to load an extension is traced
static constexpr const char* TRACE_VARIABLE = "METATENSOR_DEBUG_EXTENSIONS_LOADING";
/// When this environment variable is set, users already know how to debug the loading of extensions
static constexpr const char* NO_HINT_VARIABLE = "METATOMIC_DEBUG_EXTENSIONS_LOADING";

#if defined(__APPLE__)
static constexpr const char* LIBRARY_EXTENSION = ".dylib";
#else
static constexpr const char* LIBRARY_EXTENSION = ".so";
#endif

std::vector<Extension> parse_extensions(const std::string& json) {
    auto data = parse_json(json, "the extensions of a model");
    if (!data.is_array()) {
        throw std::runtime_error("invalid JSON for the extensions of a model: expected a list");
    }

    std::vector<Extension> extensions;
    for (const auto& item : data) {
        Extension extension;
        auto is_valid = item.is_object() && item.contains("name") && item.contains("path") &&
                        convert_json(item["name"], extension.name) &&
                        convert_json(item["path"], extension.path);
        if (!is_valid) {
            throw std::runtime_error(
                "invalid JSON for the extensions of a model: expected an object with the 'name' "
                "and 'path' of each one"
            );
        }
        extensions.push_back(std::move(extension));
    }
    return extensions;
}

bool is_loaded(const Extension& extension, const std::vector<std::string>& loaded_libraries) {
    for (const auto& path : loaded_libraries) {
        auto file_name = std::filesystem::path(path).filename().string();
        if (file_name.find(extension.name) != std::string::npos) {
            return true;
        }
    }
    return false;
}

/// Load a library, which stays loaded until the end of the process
static bool load_library(const std::string& path) {
    auto is_debug = std::getenv(TRACE_VARIABLE) != nullptr;
    if (is_debug) {
        std::cerr << "trying to load the library '" << path << "'" << std::endl;
    }

    if (dlopen(path.c_str(), RTLD_LAZY) != nullptr) {
        return true;
    }

    const auto* error = dlerror();
    if (is_debug) {
        std::cerr << "failed to load '" << path << "': " << (error ? error : "unknown error")
                  << std::endl;
    }
    return false;
}

void load_extension(
    const Extension& extension, const std::string& kind, const std::string& directory
) {
    std::vector<std::filesystem::path> candidates;
    if (std::filesystem::path(extension.path).is_absolute()) {
        candidates.emplace_back(extension.path);
    }
    if (!directory.empty()) {
        candidates.push_back(std::filesystem::path(directory) / extension.path);
    }

    std::string tried;
    for (const auto& candidate : candidates) {
        tried += "\n - " + candidate.string();

        std::error_code ignored;
        if (std::filesystem::exists(candidate, ignored) && load_library(candidate.string())) {
            return;
        }
    }

    // anywhere the system looks for libraries
    for (const auto& name : {extension.name, "lib" + extension.name + LIBRARY_EXTENSION}) {
        tried += "\n - " + name;
        if (load_library(name)) {
            return;
        }
    }

    std::string hint;
    if (std::getenv(NO_HINT_VARIABLE) == nullptr) {
        hint = c10::str(
            "\nSet the environment variables ",
            NO_HINT_VARIABLE,
            " and ",
            TRACE_VARIABLE,
            " to know why each one could not be loaded"
        );
    }
    TORCH_WARN(
        "could not load the ",
        kind,
        " '",
        extension.name,
        "', which is used by this model. Tried the following:",
        tried,
        hint
    );
}

} // namespace metatomic_torch::details
