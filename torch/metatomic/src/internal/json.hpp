#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace metatomic_torch::details {

/// Text of `data` in the form used for all classes: indented by 4 spaces, sorted keys, only ASCII
std::string write_json(const nlohmann::json& data);

/// Parse JSON text, using `what` to describe it in error messages
/// @throws std::runtime_error if the text is not valid JSON
nlohmann::json parse_json(std::string_view text, const std::string& what);

/// Doubles are stored in JSON as the 64-bit integer with the same bits, to be sure to get the exact
/// same value back, including infinity and NaN
int64_t double_to_bits(double value);
double double_from_bits(int64_t bits);

/// Convert `data` to the type of `value`, without any change of type: for example booleans are not
/// integers. Returns false if `data` has another type.
bool convert_json(const nlohmann::json& data, bool& value);
bool convert_json(const nlohmann::json& data, int64_t& value);
bool convert_json(const nlohmann::json& data, std::string& value);

template <typename T>
bool convert_json(const nlohmann::json& data, std::vector<T>& value) {
    if (!data.is_array()) {
        return false;
    }
    for (const auto& item : data) {
        T converted{};
        if (!convert_json(item, converted)) {
            return false;
        }
        value.push_back(std::move(converted));
    }
    return true;
}

template <typename T>
bool convert_json(const nlohmann::json& data, std::map<std::string, T>& value) {
    if (!data.is_object()) {
        return false;
    }
    for (const auto& [key, item] : data.items()) {
        if (!convert_json(item, value[key])) {
            return false;
        }
    }
    return true;
}

/// Reader for a JSON object which describes an instance of one of our classes. All errors are
/// `std::runtime_error`, with the name of the class and of the key.
class JsonReader {
public:
    /// Parse the JSON `text`, which must be an object with `class_name` as its `"class"`
    JsonReader(std::string_view text, std::string class_name);

    /// Get the value for an optional `key`, or nothing if it is missing
    template <typename T>
    std::optional<T> optional(const char* key, const char* expected_type) const {
        const auto* data = find(key);
        if (data == nullptr) {
            return std::nullopt;
        }

        T value{};
        if (!convert_json(*data, value)) {
            invalid_value(key, expected_type);
        }
        return value;
    }

    /// Get the value for a required `key`
    template <typename T>
    T required(const char* key, const char* expected_type) const {
        auto value = optional<T>(key, expected_type);
        if (!value) {
            invalid_value(key, expected_type);
        }
        return *std::move(value);
    }

    /// Get the JSON value for this key, or nullptr if it is missing
    const nlohmann::json* find(const char* key) const;

    [[noreturn]] void invalid_value(const char* key, const std::string& expected) const;

private:
    nlohmann::json data_;
    std::string class_name_;
};

} // namespace metatomic_torch::details
