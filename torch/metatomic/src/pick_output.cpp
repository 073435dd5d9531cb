#include <algorithm>

#include "metatomic/torch/misc.hpp"

namespace metatomic_torch {

/// List all `names` on separate lines, with the corresponding descriptions
static std::string list_outputs(
    const std::vector<std::string>& names, const torch::Dict<std::string, ModelOutput>& outputs
) {
    size_t width = 0;
    for (const auto& name : names) {
        width = std::max(width, name.size());
    }

    std::string result;
    for (const auto& name : names) {
        result += " - '" + name + "'" + std::string(width - name.size(), ' ') + ": " +
                  outputs.at(name)->description + "\n";
    }
    return result;
}

std::string pick_output(
    std::string requested_output,
    torch::Dict<std::string, ModelOutput> outputs,
    torch::optional<std::string> desired_variant
) {
    auto prefix = requested_output + "/";
    std::vector<std::string> candidates;
    for (const auto& item : outputs) {
        const auto& name = item.key();
        if (name == requested_output || name.compare(0, prefix.size(), prefix) == 0) {
            candidates.push_back(name);
        }
    }
    TORCH_CHECK_VALUE(
        !candidates.empty(), "this model does not have any output for '", requested_output, "'"
    );

    if (desired_variant) {
        auto name = prefix + *desired_variant;
        TORCH_CHECK_VALUE(
            outputs.contains(name),
            "this model does not have the variant '",
            *desired_variant,
            "' of the output '",
            requested_output,
            "'; available outputs are:\n",
            list_outputs(candidates, outputs)
        );
        return name;
    }

    TORCH_CHECK_VALUE(
        outputs.contains(requested_output),
        "this model has multiple variants of the output '",
        requested_output,
        "', but none of them is the default. Please pick one of the following:\n",
        list_outputs(candidates, outputs)
    );
    return requested_output;
}

} // namespace metatomic_torch
