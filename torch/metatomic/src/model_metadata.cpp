#include <algorithm>
#include <array>
#include <map>

#include "internal/json.hpp"
#include "metatomic/torch/model.hpp"

namespace metatomic_torch {

namespace {

/// Section of the references, in the order used for printing
struct ReferenceSection {
    const char* key;
    /// what the references are about
    const char* subject;
};

constexpr std::array<ReferenceSection, 3> REFERENCE_SECTIONS = {{
    {"model", "this specific model"},
    {"architecture", "the architecture of this model"},
    {"implementation", "the implementation of this model"},
}};

bool is_reference_section(const std::string& key) {
    return std::any_of(
        REFERENCE_SECTIONS.begin(), REFERENCE_SECTIONS.end(), [&](const auto& section) {
            return key == section.key;
        }
    );
}

} // namespace

ModelMetadataHolder::ModelMetadataHolder(
    std::string name,
    std::string description,
    std::vector<std::string> authors,
    torch::Dict<std::string, std::vector<std::string>> references,
    torch::Dict<std::string, std::string> extra
)
    : name(std::move(name)), description(std::move(description)), authors(std::move(authors)),
      references(std::move(references)), extra(std::move(extra)) {
    validate();
}

void ModelMetadataHolder::validate() const {
    for (const auto& author : authors) {
        TORCH_CHECK_VALUE(!author.empty(), "there is an empty author in the ModelMetadata");
    }

    for (const auto& item : references) {
        const auto& key = item.key();
        TORCH_CHECK_VALUE(
            is_reference_section(key),
            "unknown key in the references of ModelMetadata: expected 'implementation', "
            "'architecture' or 'model', got '",
            key,
            "'"
        );
        for (const auto& reference : item.value()) {
            TORCH_CHECK_VALUE(
                !reference.empty(),
                "there is an empty reference in the '",
                key,
                "' section of the references of ModelMetadata"
            );
        }
    }
}

// ---------------------------------------------------------------------------------------------- //
// printing

/// Remove the text of the first line from `text`: up to the last space before `limit`
static std::string take_line(std::string& text, size_t limit) {
    if (text.size() <= limit) {
        return std::exchange(text, "");
    }

    auto space = text.rfind(' ', limit - 1);
    if (space == std::string::npos || space == 0) {
        throw std::runtime_error(
            "can not print ModelMetadata: there is no place to break a line of at most " +
            std::to_string(limit) + " characters in '" + text + "'"
        );
    }

    auto line = text.substr(0, space);
    text = text.substr(space + 1);
    return line;
}

/// Format `text` as a sequence of lines, with `prefix` before the first one, and an indentation of
/// `indent` spaces before the others
static std::string wrap_lines(const std::string& prefix, std::string text, size_t indent) {
    constexpr size_t MAX_WIDTH = 80;
    std::replace_if(
        text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' '
    );

    auto result = prefix + take_line(text, MAX_WIDTH - indent) + "\n";
    while (!text.empty()) {
        result += std::string(indent, ' ') + take_line(text, MAX_WIDTH - indent) + "\n";
    }
    return result;
}

static std::string underlined(const std::string& title, char underline) {
    return title + "\n" + std::string(title.size(), underline) + "\n";
}

static std::string
print_references(const torch::Dict<std::string, std::vector<std::string>>& references) {
    std::string result;
    for (const auto& section : REFERENCE_SECTIONS) {
        auto it = references.find(section.key);
        if (it == references.end()) {
            continue;
        }

        const auto entries = it->value();
        if (entries.empty() && section.key == std::string("implementation")) {
            continue;
        }

        result += std::string("- about ") + section.subject + ":\n";
        for (const auto& entry : entries) {
            result += wrap_lines("  * ", entry, 4);
        }
    }
    return result;
}

std::string ModelMetadataHolder::print() const {
    validate();

    auto title = name.empty() ? "This is an unamed model" : "This is the " + name + " model";
    auto result = underlined(title, '=');

    if (!description.empty()) {
        result += "\n" + wrap_lines("", description, 0);
    }

    if (!authors.empty()) {
        result += "\n" + underlined("Model authors", '-') + "\n";
        for (const auto& author : authors) {
            result += wrap_lines("- ", author, 2);
        }
    }

    auto references_text = print_references(references);
    if (!references_text.empty()) {
        result += "\n" + underlined("Model references", '-') + "\n";
        result += "Please cite the following references when using this model:\n";
        result += references_text;
    }
    return result;
}

// ---------------------------------------------------------------------------------------------- //
// JSON

template <typename T>
static std::map<std::string, T> dict_to_map(const torch::Dict<std::string, T>& dict) {
    std::map<std::string, T> result;
    for (const auto& item : dict) {
        result.emplace(item.key(), item.value());
    }
    return result;
}

std::string ModelMetadataHolder::to_json() const {
    return details::write_json({
        {"authors", authors},
        {"class", "ModelMetadata"},
        {"description", description},
        {"extra", dict_to_map(extra)},
        {"name", name},
        {"references", dict_to_map(references)},
    });
}

ModelMetadata ModelMetadataHolder::from_json(std::string_view json) {
    using Strings = std::vector<std::string>;

    auto reader = details::JsonReader(json, "ModelMetadata");
    auto metadata = torch::make_intrusive<ModelMetadataHolder>();
    metadata->name = reader.optional<std::string>("name", "a string").value_or("");
    metadata->description = reader.optional<std::string>("description", "a string").value_or("");
    metadata->authors =
        reader.optional<Strings>("authors", "a list of strings").value_or(Strings());

    auto references = reader.optional<std::map<std::string, Strings>>(
        "references", "an object containing lists of strings"
    );
    for (const auto& [key, entries] : references.value_or(std::map<std::string, Strings>())) {
        // other sections can come from newer versions
        if (is_reference_section(key)) {
            metadata->references.insert(key, entries);
        }
    }

    auto extra = reader.optional<std::map<std::string, std::string>>(
        "extra", "an object containing strings"
    );
    for (const auto& [key, value] : extra.value_or(std::map<std::string, std::string>())) {
        metadata->extra.insert(key, value);
    }

    metadata->validate();
    return metadata;
}

} // namespace metatomic_torch
