#include "info.hpp"

#include <algorithm>
#include <utility>

namespace mts {

Info::Info(const Info& other) {
    for (const char* key : other.keys_) {
        set(key, *other.find(key));
    }
}

Info& Info::operator=(Info other) noexcept {
    values_.swap(other.values_);
    keys_.swap(other.keys_);
    return *this;
}

void Info::set(std::string_view key, std::string_view value) {
    std::string new_value(value);
    keys_.reserve(keys_.size() + 1);
    const auto [position, inserted] = values_.try_emplace(std::string(key));
    position->second = std::move(new_value);
    if (inserted) {
        keys_.push_back(position->first.c_str());
    }
}

const std::string* Info::find(std::string_view key) const {
    const auto found = values_.find(std::string(key));
    return found == values_.end() ? nullptr : &found->second;
}

void Info::sort() {
    std::sort(keys_.begin(), keys_.end(), [](std::string_view a, std::string_view b) {
        return a < b;
    });
}

} // namespace mts
