#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "internal/npy.hpp"
#include "internal/zip.hpp"
#include "metatomic/torch/misc.hpp"

namespace metatomic_torch {

using metatensor_torch::TensorBlock;
using metatensor_torch::TensorMap;

// ---------------------------------------------------------------------------------------------- //
// System -> bytes

static std::string_view tensor_bytes(const torch::Tensor& tensor) {
    return {static_cast<const char*>(tensor.const_data_ptr()), tensor.nbytes()};
}

static std::string save_floats(const torch::Tensor& tensor) {
    return details::write_npy(tensor.detach().to(torch::kCPU, torch::kFloat64));
}

static std::string pair_path(size_t i, const std::string& name) {
    return "pairs/" + std::to_string(i) + "/" + name;
}

static const std::string DATA_PREFIX = "data/";

static std::vector<uint8_t> save_bytes(const System& system) {
    auto zip = details::ZipWriter();
    zip.add("positions.npy", save_floats(system->positions()));
    zip.add("cell.npy", save_floats(system->cell()));
    zip.add("types.npy", details::write_npy(system->types().to(torch::kCPU)));
    zip.add("pbc.npy", details::write_npy(system->pbc().to(torch::kCPU)));

    auto neighbor_lists = system->known_neighbor_lists();
    for (size_t i = 0; i < neighbor_lists.size(); i++) {
        const auto& options = neighbor_lists[i];
        auto neighbors = metatensor_torch::save_buffer(system->get_neighbor_list(options));
        zip.add(pair_path(i, "options.json"), options->to_json());
        zip.add(pair_path(i, "data.mts"), tensor_bytes(neighbors));
    }

    auto names = system->known_data();
    std::sort(names.begin(), names.end());
    for (const auto& name : names) {
        auto data = metatensor_torch::save_buffer(system->get_data(name));
        zip.add(DATA_PREFIX + name + ".mts", tensor_bytes(data));
    }
    return std::move(zip).finish();
}

// ---------------------------------------------------------------------------------------------- //
// bytes -> System

/// Copy bytes to a new tensor, where they are correctly aligned for any kind of data
static torch::Tensor bytes_tensor(std::string_view bytes) {
    auto tensor = torch::empty({static_cast<int64_t>(bytes.size())}, torch::kUInt8);
    if (!bytes.empty()) {
        std::memcpy(tensor.mutable_data_ptr(), bytes.data(), bytes.size());
    }
    return tensor;
}

static void load_neighbor_lists(const System& system, const details::ZipReader& zip) {
    for (size_t i = 0; zip.contains(pair_path(i, "options.json")); i++) {
        auto options = NeighborListOptionsHolder::from_json(
            std::string(zip.read(pair_path(i, "options.json")))
        );
        auto neighbors =
            metatensor_torch::load_block_buffer(bytes_tensor(zip.read(pair_path(i, "data.mts"))));
        system->add_neighbor_list(std::move(options), std::move(neighbors));
    }
}

static void load_data(const System& system, const details::ZipReader& zip) {
    for (const auto& [path, content] : zip.files()) {
        if (path.compare(0, DATA_PREFIX.size(), DATA_PREFIX) != 0) {
            continue;
        }

        auto extension = path.rfind('.');
        if (extension == std::string::npos) {
            throw std::runtime_error("'" + path + "' has no extension in the ZIP archive");
        }
        auto name = path.substr(DATA_PREFIX.size(), extension - DATA_PREFIX.size());

        // whoever added this data to the saved system already got the warning for deprecated names
        system->add_data(
            std::move(name),
            metatensor_torch::load_buffer(bytes_tensor(content)),
            /* override */ false,
            SystemHolder::private_warn_on_deprecated{false}
        );
    }
}

static System load_bytes(std::string_view bytes) {
    auto zip = details::ZipReader(bytes);
    auto system = torch::make_intrusive<SystemHolder>(
        details::read_npy(zip.read("types.npy")),
        details::read_npy(zip.read("positions.npy")),
        details::read_npy(zip.read("cell.npy")),
        details::read_npy(zip.read("pbc.npy"))
    );
    load_neighbor_lists(system, zip);
    load_data(system, zip);
    return system;
}

// ---------------------------------------------------------------------------------------------- //
// files

static void check_extension(const std::string& path) {
    constexpr std::string_view EXTENSION = ".mta";
    if (path.size() < EXTENSION.size() ||
        path.compare(path.size() - EXTENSION.size(), EXTENSION.size(), EXTENSION) != 0) {
        throw std::runtime_error("the path to a System should end with '.mta', got '" + path + "'");
    }
}

[[noreturn]] static void file_error(const std::string& action, const std::string& path) {
    auto reason = errno == 0 ? std::string("unknown error") : std::string(std::strerror(errno));
    throw std::runtime_error("could not " + action + " '" + path + "': " + reason);
}

static std::string random_suffix() {
    std::random_device random;
    std::ostringstream suffix;
    suffix << "." << std::hex << random() << random() << ".tmp";
    return suffix.str();
}

void save(const std::string& path, const System& system) {
    check_extension(path);
    auto bytes = save_bytes(system);

    // the file is either written completely or left as it was
    auto temporary_path = path + random_suffix();
    errno = 0;
    auto file = std::ofstream(temporary_path, std::ios::binary);
    file.write(
        reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size())
    );
    file.close();
    if (!file || std::rename(temporary_path.c_str(), path.c_str()) != 0) {
        auto saved_errno = errno;
        std::remove(temporary_path.c_str());
        errno = saved_errno;
        file_error("write to", path);
    }
}

System load_system(const std::string& path) {
    check_extension(path);

    std::error_code error;
    auto size = std::filesystem::file_size(path, error);
    if (error) {
        throw std::runtime_error("could not read '" + path + "': " + error.message());
    }

    auto bytes = std::string(size, '\0');
    errno = 0;
    auto file = std::ifstream(path, std::ios::binary);
    if (!file.read(bytes.data(), static_cast<std::streamsize>(size))) {
        file_error("read", path);
    }

    try {
        return load_bytes(bytes);
    } catch (const std::runtime_error& error) {
        throw std::runtime_error("could not load a System from '" + path + "': " + error.what());
    }
}

torch::Tensor save_buffer(const System& system) {
    auto* bytes = new std::vector<uint8_t>(save_bytes(system));
    return torch::from_blob(
        bytes->data(),
        {static_cast<int64_t>(bytes->size())},
        [bytes](void*) { delete bytes; },
        torch::kUInt8
    );
}

System load_system_buffer(const uint8_t* buffer, size_t count) {
    return load_bytes({reinterpret_cast<const char*>(buffer), count});
}

System load_system_buffer(const std::vector<uint8_t>& buffer) {
    return load_system_buffer(buffer.data(), buffer.size());
}

System load_system_buffer(const torch::Tensor& buffer) {
    if (buffer.scalar_type() != torch::kUInt8 || buffer.dim() != 1) {
        throw std::runtime_error(
            c10::str(
                "the buffer for a System must be a 1-dimensional tensor of uint8, got a ",
                buffer.dim(),
                "-dimensional tensor of ",
                c10::getDtypeNames(buffer.scalar_type()).first
            )
        );
    }
    auto contiguous = buffer.to(torch::kCPU).contiguous();
    return load_system_buffer(contiguous.const_data_ptr<uint8_t>(), contiguous.nbytes());
}

} // namespace metatomic_torch
