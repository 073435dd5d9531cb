#include "text.hpp"

namespace mts {

static const char* device_name(DLDeviceType type) {
    switch (type) {
    case kDLCPU:
        return "CPU";
    case kDLCUDA:
        return "CUDA";
    case kDLCUDAHost:
        return "CUDAHost";
    case kDLOpenCL:
        return "OpenCL";
    case kDLVulkan:
        return "Vulkan";
    case kDLMetal:
        return "Metal";
    case kDLVPI:
        return "VPI";
    case kDLROCM:
        return "ROCM";
    case kDLROCMHost:
        return "ROCMHost";
    case kDLExtDev:
        return "ExtDev";
    case kDLCUDAManaged:
        return "CUDAManaged";
    case kDLOneAPI:
        return "OneAPI";
    case kDLWebGPU:
        return "WebGPU";
    case kDLHexagon:
        return "Hexagon";
    case kDLMAIA:
        return "MAIA";
    case kDLTrn:
        return "Trn";
    default:
        return nullptr;
    }
}

std::string to_text(DLDevice device) {
    const char* name = device_name(device.device_type);
    if (name == nullptr) {
        return text(
            "unknown device ", static_cast<std::int32_t>(device.device_type), ":", device.device_id
        );
    }
    return text(name, ":", device.device_id);
}

static std::string scalar_dtype_name(DLDataType dtype) {
    switch (dtype.code) {
    case kDLInt:
        return text("i", +dtype.bits);
    case kDLUInt:
        return text("u", +dtype.bits);
    case kDLFloat:
        return text("f", +dtype.bits);
    case kDLBfloat:
        return text("bf", +dtype.bits);
    case kDLComplex:
        return text("complex", +dtype.bits);
    case kDLBool:
        return dtype.bits == 8 ? "bool" : text("bool", +dtype.bits);
    default:
        return text("unknown dtype (code ", +dtype.code, ", ", +dtype.bits, " bits)");
    }
}

std::string to_text(DLDataType dtype) {
    std::string name = scalar_dtype_name(dtype);
    return dtype.lanes == 1 ? name : text(name, "x", dtype.lanes);
}

template <typename T>
static std::string comma_separated(std::span<const T> numbers) {
    std::string result;
    for (T number : numbers) {
        if (!result.empty()) {
            result += ", ";
        }
        result += std::to_string(number);
    }
    return result;
}

std::string to_text(std::span<const std::uintptr_t> shape) {
    return comma_separated(shape);
}

std::string to_text(std::span<const std::int32_t> values) {
    return comma_separated(values);
}

/// Number of bytes of the UTF-8 sequence at the start of `bytes`, 0 if it is not valid
static std::size_t utf8_sequence(std::string_view bytes) {
    auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };

    const unsigned char lead = byte(0);
    if (lead < 0x80) {
        return 1;
    }
    const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || bytes.size() < length) {
        return 0;
    }
    for (std::size_t i = 1; i < length; i++) {
        if ((byte(i) & 0xC0) != 0x80) {
            return 0;
        }
    }

    const bool overlong = (lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xF0 && byte(1) < 0x90);
    const bool surrogate = lead == 0xED && byte(1) > 0x9F;
    const bool too_large = lead == 0xF4 && byte(1) > 0x8F;
    return overlong || surrogate || too_large ? 0 : length;
}

bool is_utf8(std::string_view bytes) {
    while (!bytes.empty()) {
        const std::size_t length = utf8_sequence(bytes);
        if (length == 0) {
            return false;
        }
        bytes.remove_prefix(length);
    }
    return true;
}

} // namespace mts
