#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mts {

/// The names of the dimensions of labels: valid identifiers, all different
class Names {
public:
    Names() = default;
    /// Throws if a name is not valid, or is used twice
    explicit Names(std::vector<std::string> names);
    /// Same for the arguments of a C function. NULL names are errors that mention `parameter`.
    Names(const char* const* names, std::size_t count, std::string_view parameter);

    Names(const Names& other);
    Names(Names&&) noexcept = default;
    Names& operator=(Names other) noexcept;

    std::size_t size() const noexcept { return names_.size(); }
    const std::string& operator[](std::size_t i) const noexcept { return names_[i]; }
    auto begin() const noexcept { return names_.begin(); }
    auto end() const noexcept { return names_.end(); }
    /// Position of a name
    std::optional<std::size_t> find(std::string_view name) const noexcept;
    bool contains(std::string_view name) const noexcept { return find(name).has_value(); }
    /// NULL if there are no names
    const char* const* c_strings() const noexcept {
        return c_strings_.empty() ? nullptr : c_strings_.data();
    }

    bool operator==(const Names& other) const noexcept { return names_ == other.names_; }

    /// Text for messages: `first, second`
    std::string to_text() const;

private:
    void set_c_strings();

    std::vector<std::string> names_;
    std::vector<const char*> c_strings_;
};

} // namespace mts
