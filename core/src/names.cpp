#include "names.hpp"

#include <algorithm>
#include <utility>

#include "error.hpp"

namespace mts {

static bool is_identifier(std::string_view name) {
    auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    auto is_valid = [&](char c) { return is_letter(c) || is_digit(c) || c == '_'; };
    return !name.empty() && !is_digit(name[0]) && std::all_of(name.begin(), name.end(), is_valid);
}

static std::vector<std::string>
from_c_strings(const char* const* names, std::size_t count, std::string_view parameter) {
    std::vector<std::string> result;
    if (count > 0) {
        check_not_null(names, parameter);
    }
    result.reserve(count);
    for (std::size_t i = 0; i < count; i++) {
        result.emplace_back(check_utf8(names[i], parameter));
    }
    return result;
}

/// A name that is used twice, or NULL
static const std::string* find_duplicate(const std::vector<std::string>& names) {
    constexpr std::size_t SMALL_SIZE = 16;
    if (names.size() <= SMALL_SIZE) {
        for (auto name = names.begin(); name != names.end(); name++) {
            if (std::find(names.begin(), name, *name) != name) {
                return &*name;
            }
        }
        return nullptr;
    }

    std::vector<const std::string*> sorted;
    for (const std::string& name : names) {
        sorted.push_back(&name);
    }
    std::sort(sorted.begin(), sorted.end(), [](auto* a, auto* b) { return *a < *b; });
    const auto duplicate =
        std::adjacent_find(sorted.begin(), sorted.end(), [](auto* a, auto* b) { return *a == *b; });
    return duplicate == sorted.end() ? nullptr : *duplicate;
}

Names::Names(std::vector<std::string> names) : names_(std::move(names)) {
    for (const std::string& name : names_) {
        if (!is_identifier(name)) {
            throw invalid_parameter(
                "'",
                name,
                "' is not a valid name for a dimension of labels: names contain ASCII "
                "letters, digits and underscores, and do not start with a digit"
            );
        }
    }

    if (const std::string* duplicate = find_duplicate(names_)) {
        throw invalid_parameter(
            "the dimensions of labels must be different, got '", *duplicate, "' twice"
        );
    }

    set_c_strings();
}

Names::Names(const char* const* names, std::size_t count, std::string_view parameter)
    : Names(from_c_strings(names, count, parameter)) {}

Names::Names(const Names& other) : names_(other.names_) {
    set_c_strings();
}

Names& Names::operator=(Names other) noexcept {
    names_.swap(other.names_);
    c_strings_.swap(other.c_strings_);
    return *this;
}

void Names::set_c_strings() {
    c_strings_.reserve(names_.size());
    for (const std::string& name : names_) {
        c_strings_.push_back(name.c_str());
    }
}

std::optional<std::size_t> Names::find(std::string_view name) const noexcept {
    const auto found = std::find(names_.begin(), names_.end(), name);
    if (found == names_.end()) {
        return std::nullopt;
    }
    return static_cast<std::size_t>(found - names_.begin());
}

std::string Names::to_text() const {
    std::string result;
    for (const std::string& name : names_) {
        result += (result.empty() ? "" : ", ") + name;
    }
    return result;
}

} // namespace mts
