#include "io/info_json.hpp"

#include <algorithm>
#include <vector>

#include <nlohmann/json.hpp>

#include "io/errors.hpp"

namespace mts::io {

namespace {

void append_escaped(std::string& json, std::string_view value) {
    constexpr std::string_view HEX_DIGITS = "0123456789abcdef";

    json += '"';
    for (auto character : value) {
        auto code = static_cast<unsigned char>(character);
        switch (character) {
        case '"':
            json += "\\\"";
            break;
        case '\\':
            json += "\\\\";
            break;
        case '\b':
            json += "\\b";
            break;
        case '\f':
            json += "\\f";
            break;
        case '\n':
            json += "\\n";
            break;
        case '\r':
            json += "\\r";
            break;
        case '\t':
            json += "\\t";
            break;
        default:
            if (code < 0x20) {
                json += "\\u00";
                json += HEX_DIGITS[code >> 4];
                json += HEX_DIGITS[code & 0xf];
            } else {
                json += character;
            }
        }
    }
    json += '"';
}

// Receives the events of the parser: one object, with pairs of strings
class InfoBuilder final : public nlohmann::json_sax<nlohmann::json> {
public:
    explicit InfoBuilder(Info& info) : info_(info) {}

    const std::string& problem() const { return problem_; }

    bool start_object(size_t /*size*/) override {
        if (inside_) {
            return not_a_string();
        }
        inside_ = true;
        return true;
    }

    bool key(string_t& key) override {
        key_ = key;
        return check_no_nul(key);
    }

    bool string(string_t& value) override {
        if (!inside_) {
            return not_an_object();
        }
        if (!check_no_nul(value)) {
            return false;
        }
        info_.set(key_, value);
        return true;
    }

    bool end_object() override { return true; }

    bool null() override { return unexpected(); }
    bool boolean(bool /*value*/) override { return unexpected(); }
    bool number_integer(number_integer_t /*value*/) override { return unexpected(); }
    bool number_unsigned(number_unsigned_t /*value*/) override { return unexpected(); }
    bool number_float(number_float_t /*value*/, const string_t& /*text*/) override {
        return unexpected();
    }
    bool binary(binary_t& /*value*/) override { return unexpected(); }
    bool start_array(size_t /*size*/) override { return unexpected(); }
    bool end_array() override { return unexpected(); }

    bool parse_error(
        size_t /*position*/, const std::string& /*token*/, const nlohmann::json::exception& error
    ) override {
        problem_ = error.what();
        return false;
    }

private:
    bool unexpected() { return inside_ ? not_a_string() : not_an_object(); }

    bool not_an_object() {
        problem_ = "it should be an object";
        return false;
    }

    bool not_a_string() {
        problem_ = text("the value for '", key_, "' should be a string");
        return false;
    }

    bool check_no_nul(std::string_view value) {
        if (value.find('\0') == std::string_view::npos) {
            return true;
        }
        problem_ = "it contains a NUL character";
        return false;
    }

    Info& info_;
    bool inside_ = false;
    std::string key_;
    std::string problem_;
};

} // namespace

std::string info_to_json(const Info& info) {
    auto keys = std::vector<std::string_view>(info.keys(), info.keys() + info.size());
    std::ranges::sort(keys);

    auto json = std::string("{");
    std::string_view separator = "\n  ";
    for (auto key : keys) {
        const auto& value = *info.find(key);
        if (!is_utf8(value)) {
            throw serialization_error("the information for '", key, "' is not valid UTF-8");
        }
        json += separator;
        append_escaped(json, key);
        json += ": ";
        append_escaped(json, value);
        separator = ",\n  ";
    }
    json += "\n}";
    return json;
}

void info_from_json(std::string_view json, Info& info) {
    if (!is_utf8(json)) {
        throw io_error("the text is not valid UTF-8");
    }
    if (json.starts_with("\xef\xbb\xbf")) {
        throw serialization_error("invalid JSON: the text starts with a byte order mark");
    }
    auto builder = InfoBuilder(info);
    if (!nlohmann::json::sax_parse(json, &builder)) {
        throw serialization_error("invalid JSON: ", builder.problem());
    }
}

void read_info(InputStream& input, Info& info) {
    auto json = std::string(input.remaining(), '\0');
    input.read(json.data(), json.size());
    input.finish();
    info_from_json(json, info);
}

} // namespace mts::io
