#pragma once

#include <string>
#include <vector>

namespace metatomic_torch::details {

/// Text for a list of strings, like `[a, b, c]`
inline std::string
format_list(const std::vector<std::string>& strings, const std::string& separator = ", ") {
    std::string result = "[";
    for (const auto& string : strings) {
        if (result.size() > 1) {
            result += separator;
        }
        result += string;
    }
    return result + "]";
}

} // namespace metatomic_torch::details
