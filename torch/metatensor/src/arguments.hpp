#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <torch/script.h>

#include "metatensor/torch/array.hpp"

// Conversion of the arguments that TorchScript declares as `Any`.

namespace metatensor_torch::details {

/// Name of the type of a value, as it would be written in Python.
std::string type_name(const torch::IValue& value);

/// Does this value contain an instance of the given class?
template <typename Holder>
bool is_instance(const torch::IValue& value) {
    return value.isCustomClass() &&
           *value.type() == *torch::getCustomClassType<torch::intrusive_ptr<Holder>>();
}

/// The core library takes text up to the first null character: refuse what it would cut.
///
/// @throws c10::ValueError if there is such a character
const std::string& checked_text(const std::string& text, const std::string& argument_name);

/// Convert a tensor with any integer dtype to 32-bit integers, without copy if it already is.
/// Tensors without elements can have any dtype.
///
/// @throws c10::ValueError for other tensors
torch::Tensor to_int32(torch::Tensor values, const std::string& argument_name);

/// Read all elements of a tensor of integers on any device, in row-major order. This also works
/// for tensors created inside of `torch.func` transforms.
std::vector<int32_t> read_int32(const torch::Tensor& values);

/// Elements of a list or a tuple.
std::vector<torch::IValue> sequence_elements(const torch::IValue& sequence);

/// Convert a device or a string to a device, and None to nothing.
///
/// @throws c10::TypeError for anything else
std::optional<torch::Device>
normalize_device(const torch::IValue& device, const std::string& context);

struct ToArguments {
    std::optional<torch::Dtype> dtype;
    std::optional<torch::Device> device;
};

/// Parse the arguments of `to()`: dtype and device are positional (in any order) or keywords.
///
/// @param method name of the method, used in error messages
ToArguments parse_to_arguments(
    const std::string& method,
    const torch::IValue& positional_1,
    const torch::IValue& positional_2,
    std::optional<torch::Dtype> dtype,
    std::optional<torch::Device> device,
    const std::optional<std::string>& arrays
);

} // namespace metatensor_torch::details
