#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <iostream>

#include <caffe2/serialize/inline_container.h>

#include "internal/extensions.hpp"
#include "internal/shared_libraries.hpp"
#include "metatomic/torch/misc.hpp"
#include "metatomic/torch/version.h"

namespace metatomic_torch {

using caffe2::serialize::PyTorchStreamReader;

static const std::string METADATA_RECORD = "extra/model-metadata";
static const std::string VERSION_RECORD = "extra/metatomic-version";
static const std::string EXTENSIONS_RECORD = "extra/extensions";
static const std::string DEPENDENCIES_RECORD = "extra/extensions-deps";

static std::string read_record(PyTorchStreamReader& archive, const std::string& name) {
    auto [data, size] = archive.getRecord(name);
    return {static_cast<const char*>(data.get()), size};
}

static std::vector<details::Extension>
read_extensions(PyTorchStreamReader& archive, const std::string& record) {
    if (!archive.hasRecord(record)) {
        return {};
    }
    return details::parse_extensions(read_record(archive, record));
}

ModelMetadata read_model_metadata(std::string path) {
    auto archive = PyTorchStreamReader(path);
    TORCH_CHECK_VALUE(
        archive.hasRecord(METADATA_RECORD),
        "could not find the metadata of a model in the file at '",
        path,
        "'"
    );
    return ModelMetadataHolder::from_json(read_record(archive, METADATA_RECORD));
}

/// Check that there is a record with the version of metatomic used to export the model
static void check_has_version(PyTorchStreamReader& archive, const std::string& path) {
    TORCH_CHECK_VALUE(
        archive.hasRecord(VERSION_RECORD),
        "the file at '",
        path,
        "' is not a metatomic model: it does not contain the version of metatomic"
    );
}

struct MajorMinor {
    int major;
    int minor;
};

static MajorMinor parse_version(const std::string& version) {
    MajorMinor result = {};
    const auto* end = version.data() + version.size();

    auto parsed_major = std::from_chars(version.data(), end, result.major);
    if (parsed_major.ec == std::errc() && parsed_major.ptr != end && *parsed_major.ptr == '.') {
        auto parsed_minor = std::from_chars(parsed_major.ptr + 1, end, result.minor);
        if (parsed_minor.ec == std::errc()) {
            return result;
        }
    }
    C10_THROW_ERROR(ValueError, "invalid version of metatomic: '" + version + "'");
}

void check_atomistic_model(std::string path) {
    auto archive = PyTorchStreamReader(path);
    check_has_version(archive, path);

    auto recorded_version = read_record(archive, VERSION_RECORD);
    auto recorded = parse_version(recorded_version);
    auto is_compatible = recorded.major == METATOMIC_TORCH_VERSION_MAJOR &&
                         (recorded.major != 0 || recorded.minor == METATOMIC_TORCH_VERSION_MINOR);
    if (!is_compatible) {
        TORCH_WARN(
            "the model at '",
            path,
            "' was exported with metatomic version ",
            recorded_version,
            ", which is not compatible with the current version (",
            METATOMIC_TORCH_VERSION,
            "); it might not run correctly"
        );
    }

    auto loaded_libraries = details::get_loaded_libraries();
    for (const auto& extension : read_extensions(archive, EXTENSIONS_RECORD)) {
        if (!details::is_loaded(extension, loaded_libraries)) {
            TORCH_WARN(
                "the model at '",
                path,
                "' was exported with the extension '",
                extension.name,
                "' (from '",
                extension.path,
                "'), which is not currently loaded"
            );
        }
    }
}

static void load_extensions(
    const std::vector<details::Extension>& extensions,
    const std::string& kind,
    const std::string& directory,
    const std::vector<std::string>& loaded_libraries
) {
    for (const auto& extension : extensions) {
        if (!details::is_loaded(extension, loaded_libraries)) {
            details::load_extension(extension, kind, directory);
        } else if (std::getenv("METATOMIC_DEBUG_EXTENSIONS_LOADING") != nullptr) {
            std::cerr << "the " << kind << " '" << extension.name << "' is already loaded"
                      << std::endl;
        }
    }
}

void load_model_extensions(std::string path, torch::optional<std::string> extensions_directory) {
    auto archive = PyTorchStreamReader(path);
    check_has_version(archive, path);

    auto extensions = read_extensions(archive, EXTENSIONS_RECORD);
    auto end = std::remove_if(extensions.begin(), extensions.end(), [](const auto& extension) {
        return extension.name == "metatensor_torch";
    });
    extensions.erase(end, extensions.end());

    auto directory = extensions_directory.value_or("");
    auto loaded_libraries = details::get_loaded_libraries();
    load_extensions(
        read_extensions(archive, DEPENDENCIES_RECORD), "dependency", directory, loaded_libraries
    );
    load_extensions(extensions, "extension", directory, loaded_libraries);
}

metatensor_torch::Module
load_atomistic_model(std::string path, torch::optional<std::string> extensions_directory) {
    load_model_extensions(path, std::move(extensions_directory));
    check_atomistic_model(path);

    try {
        return metatensor_torch::Module(torch::jit::load(path));
    } catch (const std::exception& error) {
        auto message = std::string(error.what());
        auto is_missing_extension =
            message.find("Unknown type name '__torch__.torch.classes.") != std::string::npos ||
            message.find("Unknown builtin op") != std::string::npos;
        if (!is_missing_extension) {
            throw;
        }
        throw std::runtime_error(
            "failed to load the model at '" + path + "': " + message +
            "\nThis is likely because a TorchScript extension used by the model is not available: "
            "make sure that all the extensions used to export the model are installed, or give "
            "the right `extensions_directory`."
        );
    }
}

} // namespace metatomic_torch
