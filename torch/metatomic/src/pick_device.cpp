#include <algorithm>
#include <map>

#include <torch/cuda.h>
#include <torch/mps.h>

#include "internal/text.hpp"
#include "metatomic/torch/misc.hpp"

namespace metatomic_torch {

/// Devices that a model can declare. Devices that are not listed here (such as `meta` or `cpu:0`)
/// are ignored with a warning.
static const std::map<std::string, torch::DeviceType> KNOWN_DEVICES = {
    {"cpu", torch::DeviceType::CPU},
    {"cuda", torch::DeviceType::CUDA},
    {"hip", torch::DeviceType::HIP},
    {"hpu", torch::DeviceType::HPU},
    {"ideep", torch::DeviceType::IDEEP},
    {"ipu", torch::DeviceType::IPU},
    {"meta", torch::DeviceType::Meta},
    {"mkldnn", torch::DeviceType::MKLDNN},
    {"mps", torch::DeviceType::MPS},
    {"mtia", torch::DeviceType::MTIA},
    {"opencl", torch::DeviceType::OPENCL},
    {"opengl", torch::DeviceType::OPENGL},
    {"ve", torch::DeviceType::VE},
    {"vulkan", torch::DeviceType::Vulkan},
    {"xla", torch::DeviceType::XLA},
    {"xpu", torch::DeviceType::XPU},
};

static std::string ascii_lower(std::string string) {
    for (auto& c : string) {
        if (c >= 'A' && c <= 'Z') {
            c = static_cast<char>(c - 'A' + 'a');
        }
    }
    return string;
}

static bool is_available(torch::DeviceType device) {
    switch (device) {
    case torch::DeviceType::CUDA:
        return torch::cuda::is_available();
    case torch::DeviceType::MPS:
        return torch::mps::is_available();
    case torch::DeviceType::HIP:
        return torch::hasHIP();
    default:
        // torch has no uniform way to ask for these: using them will fail later if they are missing
        return true;
    }
}

static torch::Device parse_device(const std::string& device) {
    try {
        return torch::Device(device);
    } catch (const c10::Error& error) {
        C10_THROW_ERROR(
            ValueError, "invalid device '" + device + "': " + error.what_without_backtrace()
        );
    }
}

torch::DeviceType
pick_device(std::vector<std::string> model_devices, torch::optional<std::string> desired_device) {
    std::vector<torch::DeviceType> available;
    for (const auto& name : model_devices) {
        auto it = KNOWN_DEVICES.find(ascii_lower(name));
        if (it == KNOWN_DEVICES.end()) {
            TORCH_WARN("ignoring the unknown device '", name, "' in the devices of the model");
        } else if (is_available(it->second)) {
            available.push_back(it->second);
        }
    }

    TORCH_CHECK_VALUE(
        !available.empty(),
        "none of the devices supported by the model is available: ",
        details::format_list(model_devices)
    );
    if (!desired_device || desired_device->empty()) {
        return available[0];
    }

    auto desired_type = parse_device(ascii_lower(*desired_device)).type();
    TORCH_CHECK_VALUE(
        std::find(available.begin(), available.end(), desired_type) != available.end(),
        "can not use the requested device '",
        *desired_device,
        "': it is not available, or not one of the devices supported by the model: ",
        details::format_list(model_devices)
    );
    return desired_type;
}

} // namespace metatomic_torch
