#include "arguments.hpp"

#include <utility>

#include "dlpack.hpp"
#include "plain_tensors.hpp"

namespace metatensor_torch::details {

std::string type_name(const torch::IValue& value) {
    return value.type()->annotation_str();
}

std::vector<torch::IValue> sequence_elements(const torch::IValue& sequence) {
    if (sequence.isTuple()) {
        const auto& tuple = sequence.toTupleRef().elements();
        return std::vector<torch::IValue>(tuple.begin(), tuple.end());
    }
    return sequence.toListRef().vec();
}

const std::string& checked_text(const std::string& text, const std::string& argument_name) {
    TORCH_CHECK_VALUE(
        text.find('\0') == std::string::npos,
        "`",
        argument_name,
        "` contains a null character after '",
        text.c_str(),
        "'"
    );
    return text;
}

std::vector<std::string>
normalize_names(const torch::IValue& names, const std::string& argument_name) {
    if (names.isString()) {
        return {checked_text(names.toStringRef(), argument_name)};
    }
    TORCH_CHECK_TYPE(
        names.isList() || names.isTuple(),
        "`",
        argument_name,
        "` must be a string, a list of strings or a tuple of strings, got ",
        type_name(names)
    );

    auto result = std::vector<std::string>();
    for (const auto& name : sequence_elements(names)) {
        TORCH_CHECK_TYPE(
            name.isString(),
            "`",
            argument_name,
            "` must be a ",
            names.isTuple() ? "tuple" : "list",
            " of strings, got an element with type ",
            type_name(name)
        );
        result.emplace_back(checked_text(name.toStringRef(), argument_name));
    }
    return result;
}

torch::Tensor to_int32(torch::Tensor values, const std::string& argument_name) {
    if (values.numel() == 0 &&
        (values.scalar_type() != torch::kInt32 || values.layout() != torch::kStrided)) {
        return torch::empty(
            values.sizes(), torch::TensorOptions().dtype(torch::kInt32).device(values.device())
        );
    }
    TORCH_CHECK_VALUE(
        torch::can_cast(values.scalar_type(), torch::kInt32),
        "`",
        argument_name,
        "` must be a tensor of integers, got a tensor with dtype ",
        values.scalar_type()
    );
    return values.to(torch::kInt32);
}

std::vector<int32_t> read_int32(const torch::Tensor& values) {
    auto count = values.numel();
    auto result = std::vector<int32_t>(static_cast<size_t>(count));
    if (!has_data(values) && !values.is_meta()) {
        auto flat = values.reshape({count});
        for (int64_t i = 0; i < count; i++) {
            result[i] = flat[i].item<int32_t>();
        }
        return result;
    }

    auto guard = PlainTensorsGuard();
    auto cpu = values.to(torch::kCPU, torch::kInt32).resolve_neg().contiguous();
    const auto* data = cpu.const_data_ptr<int32_t>();
    std::copy(data, data + count, result.begin());
    return result;
}

std::optional<torch::Device>
normalize_device(const torch::IValue& device, const std::string& context) {
    if (device.isNone()) {
        return std::nullopt;
    }
    if (device.isDevice()) {
        return device.toDevice();
    }
    TORCH_CHECK_TYPE(
        device.isString(),
        "the device in ",
        context,
        " must be a torch.device or a string, got ",
        type_name(device)
    );
    return torch::Device(device.toStringRef());
}

namespace {

/// Integers stand for dtypes in TorchScript, which accepts any of them.
torch::Dtype checked_dtype(int64_t code, const std::string& method) {
    TORCH_CHECK_VALUE(
        0 <= code && code < static_cast<int64_t>(torch::ScalarType::Undefined),
        "unexpected integer in `",
        method,
        "`: ",
        code,
        " is not a dtype"
    );
    return static_cast<torch::Dtype>(code);
}

} // namespace

ToArguments parse_to_arguments(
    const std::string& method,
    const torch::IValue& positional_1,
    const torch::IValue& positional_2,
    std::optional<torch::Dtype> dtype,
    std::optional<torch::Device> device,
    const std::optional<std::string>& arrays
) {
    if (dtype.has_value()) {
        checked_dtype(static_cast<int64_t>(*dtype), method);
    }
    for (const auto& argument : {positional_1, positional_2}) {
        if (argument.isNone()) {
            continue;
        }
        if (argument.isInt()) {
            TORCH_CHECK_VALUE(!dtype.has_value(), "can not give a dtype twice to `", method, "`");
            dtype = checked_dtype(argument.toInt(), method);
            continue;
        }
        TORCH_CHECK_TYPE(
            argument.isDevice() || argument.isString(),
            "unexpected type in `",
            method,
            "`: expected a device, a string or a dtype, got ",
            type_name(argument)
        );
        TORCH_CHECK_VALUE(!device.has_value(), "can not give a device twice to `", method, "`");
        device = normalize_device(argument, method);
    }

    TORCH_CHECK_VALUE(
        !arrays.has_value() || *arrays == "torch",
        "`arrays` must be None or 'torch' in `",
        method,
        "`, got '",
        arrays.value_or(""),
        "'"
    );
    return {dtype, device};
}

} // namespace metatensor_torch::details
