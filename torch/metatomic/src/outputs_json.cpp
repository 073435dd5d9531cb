#include "internal/outputs_json.hpp"

namespace metatomic_torch::details {

nlohmann::json outputs_to_json(const torch::Dict<std::string, ModelOutput>& outputs) {
    auto result = nlohmann::json::object();
    for (const auto& item : outputs) {
        result[item.key()] = nlohmann::json::parse(item.value()->to_json());
    }
    return result;
}

torch::Dict<std::string, ModelOutput> outputs_from_json(const JsonReader& reader, const char* key) {
    torch::Dict<std::string, ModelOutput> result;

    const auto* outputs = reader.find(key);
    if (outputs == nullptr) {
        return result;
    }
    if (!outputs->is_object()) {
        reader.invalid_value(key, "an object");
    }

    for (const auto& [name, output] : outputs->items()) {
        result.insert(name, ModelOutputHolder::from_json(output.dump()));
    }
    return result;
}

} // namespace metatomic_torch::details
