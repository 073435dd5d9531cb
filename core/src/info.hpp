#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace mts {

/// Named strings, in the order in which they were first set. Keys and values do not move in memory
/// when others are set.
class Info {
public:
    Info() = default;
    Info(const Info& other);
    Info(Info&&) noexcept = default;
    Info& operator=(Info other) noexcept;

    void set(std::string_view key, std::string_view value);
    /// The value, or NULL if there is none
    const std::string* find(std::string_view key) const;

    std::size_t size() const noexcept { return keys_.size(); }
    /// All keys; NULL if there are none
    const char* const* keys() const noexcept { return keys_.empty() ? nullptr : keys_.data(); }
    /// Puts the keys in lexicographic order of their bytes
    void sort();

private:
    std::unordered_map<std::string, std::string> values_;
    std::vector<const char*> keys_;
};

} // namespace mts
