#include "internal/json.hpp"

#include <cstring>
#include <limits>
#include <stdexcept>

namespace metatomic_torch::details {

std::string write_json(const nlohmann::json& data) {
    try {
        return data.dump(/* indent */ 4, ' ', /* ensure_ascii */ true);
    } catch (const nlohmann::json::exception& error) {
        throw std::runtime_error(std::string("could not write data as JSON: ") + error.what());
    }
}

nlohmann::json parse_json(std::string_view text, const std::string& what) {
    try {
        return nlohmann::json::parse(text);
    } catch (const nlohmann::json::exception& error) {
        throw std::runtime_error("invalid JSON for " + what + ": " + error.what());
    }
}

int64_t double_to_bits(double value) {
    static_assert(sizeof(double) == sizeof(int64_t));
    int64_t bits = 0;
    std::memcpy(&bits, &value, sizeof(double));
    return bits;
}

double double_from_bits(int64_t bits) {
    double value = 0;
    std::memcpy(&value, &bits, sizeof(double));
    return value;
}

bool convert_json(const nlohmann::json& data, bool& value) {
    if (!data.is_boolean()) {
        return false;
    }
    value = data.get<bool>();
    return true;
}

bool convert_json(const nlohmann::json& data, int64_t& value) {
    constexpr uint64_t MAX_INT64 = std::numeric_limits<int64_t>::max();
    if (!data.is_number_integer() ||
        (data.is_number_unsigned() && data.get<uint64_t>() > MAX_INT64)) {
        return false;
    }
    value = data.get<int64_t>();
    return true;
}

bool convert_json(const nlohmann::json& data, std::string& value) {
    if (!data.is_string()) {
        return false;
    }
    value = data.get<std::string>();
    return true;
}

JsonReader::JsonReader(std::string_view text, std::string class_name)
    : data_(parse_json(text, class_name)), class_name_(std::move(class_name)) {
    if (!data_.is_object()) {
        throw std::runtime_error("invalid JSON for " + class_name_ + ": expected an object");
    }

    if (required<std::string>("class", "a string") != class_name_) {
        invalid_value("class", "\"" + class_name_ + "\"");
    }
}

const nlohmann::json* JsonReader::find(const char* key) const {
    auto it = data_.find(key);
    return it == data_.end() ? nullptr : &*it;
}

void JsonReader::invalid_value(const char* key, const std::string& expected) const {
    const auto* data = find(key);
    auto found = data == nullptr ? "nothing" : std::string(data->type_name());
    throw std::runtime_error(
        "invalid JSON for " + class_name_ + ": expected " + expected + " for '" + key + "', got " +
        found
    );
}

} // namespace metatomic_torch::details
