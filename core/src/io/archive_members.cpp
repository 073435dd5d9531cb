#include "io/archive_members.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "text.hpp"

namespace mts::io {

std::string block_prefix(size_t index) {
    return text("blocks/", index, "/");
}

std::string component_name(const std::string& prefix, size_t component) {
    return text(prefix, "components/", component, ".npy");
}

std::string gradient_prefix(const std::string& prefix, std::string_view parameter) {
    return text(prefix, "gradients/", parameter, "/");
}

// A gradient is everything that is between `gradients/` and the next `/` in the name of a member,
// if there are samples below.
std::vector<std::string> find_gradients(const ZipReader& archive, const std::string& prefix) {
    auto first_members = std::map<std::string_view, size_t>();
    auto start = prefix + "gradients/";
    for (const auto& member : archive.starting_with(start)) {
        auto path = member.name.substr(start.size());
        auto slash = path.find('/');
        if (slash == std::string_view::npos || !path.substr(slash).ends_with("/samples.npy")) {
            continue;
        }
        auto [gradient, _] = first_members.try_emplace(path.substr(0, slash), member.index);
        gradient->second = std::min(gradient->second, member.index);
    }

    auto ordered = std::vector<std::pair<size_t, std::string_view>>();
    for (const auto& [parameter, index] : first_members) {
        ordered.emplace_back(index, parameter);
    }
    std::ranges::sort(ordered);

    auto parameters = std::vector<std::string>();
    for (const auto& [index, parameter] : ordered) {
        if (!is_utf8(parameter)) {
            throw serialization_error("the name of a gradient is not valid UTF-8");
        }
        if (parameter.find('\0') != std::string_view::npos) {
            throw serialization_error("the name of a gradient contains a NUL character");
        }
        parameters.emplace_back(parameter);
    }
    return parameters;
}

} // namespace mts::io
