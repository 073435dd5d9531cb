#include <algorithm>
#include <mutex>
#include <set>

#include "internal/json.hpp"
#include "internal/text.hpp"
#include "internal/units.hpp"
#include "internal/warnings.hpp"
#include "metatomic/torch/model.hpp"

namespace metatomic_torch {

ModelOutputHolder::ModelOutputHolder() = default;

ModelOutputHolder::ModelOutputHolder(
    std::string quantity,
    std::string unit,
    std::string sample_kind,
    std::vector<std::string> explicit_gradients,
    std::string description
)
    : description(std::move(description)), explicit_gradients(std::move(explicit_gradients)) {
    // the quantity comes first: it is not used to validate the unit given to constructors
    set_quantity(std::move(quantity));
    set_unit(std::move(unit));
    set_sample_kind(std::move(sample_kind));
}

ModelOutputHolder::ModelOutputHolder(
    std::string quantity,
    std::string unit,
    const char* sample_kind,
    std::vector<std::string> explicit_gradients,
    std::string description
)
    : ModelOutputHolder(
          std::move(quantity),
          std::move(unit),
          std::string(sample_kind),
          std::move(explicit_gradients),
          std::move(description)
      ) {}

static std::string kind_from_per_atom(bool per_atom) {
    return per_atom ? "atom" : "system";
}

ModelOutputHolder::ModelOutputHolder(
    std::string quantity,
    std::string unit,
    bool per_atom,
    std::vector<std::string> explicit_gradients,
    std::string description
)
    : ModelOutputHolder(
          std::move(quantity),
          std::move(unit),
          kind_from_per_atom(per_atom),
          std::move(explicit_gradients),
          std::move(description)
      ) {}

/// Get the sample kind from the different ways to give it
static std::string select_sample_kind(
    const torch::IValue& per_atom_or_sample_kind,
    torch::optional<bool> per_atom,
    const torch::optional<std::string>& sample_kind
) {
    if (per_atom_or_sample_kind.isBool()) {
        TORCH_CHECK_VALUE(
            !per_atom, "`per_atom` was given twice to ModelOutput: by position and by name"
        );
        return kind_from_per_atom(per_atom_or_sample_kind.toBool());
    }

    if (per_atom_or_sample_kind.isString()) {
        TORCH_CHECK_VALUE(
            !sample_kind, "`sample_kind` was given twice to ModelOutput: by position and by name"
        );
        return per_atom_or_sample_kind.toStringRef();
    }

    TORCH_CHECK_VALUE(
        per_atom_or_sample_kind.isNone(),
        "the third positional argument of ModelOutput must be a string (`sample_kind`) or a "
        "boolean (`per_atom`), got ",
        per_atom_or_sample_kind.type()->str()
    );
    TORCH_CHECK_VALUE(
        !per_atom || !sample_kind,
        "only one of `per_atom` and `sample_kind` can be given to ModelOutput"
    );
    return per_atom ? kind_from_per_atom(*per_atom) : sample_kind.value_or("system");
}

ModelOutputHolder::ModelOutputHolder(
    std::string quantity,
    std::string unit,
    torch::IValue per_atom_or_sample_kind,
    std::vector<std::string> explicit_gradients,
    std::string description,
    torch::optional<bool> per_atom,
    torch::optional<std::string> sample_kind
)
    : ModelOutputHolder(
          std::move(quantity),
          std::move(unit),
          select_sample_kind(per_atom_or_sample_kind, per_atom, sample_kind),
          std::move(explicit_gradients),
          std::move(description)
      ) {}

/// Warn when using an unknown quantity, once for each one
static void warn_unknown_quantity(const std::string& quantity) {
    static std::mutex mutex;
    static std::set<std::string> already_warned;

    {
        auto guard = std::lock_guard(mutex);
        if (!already_warned.insert(quantity).second) {
            return;
        }
    }
    TORCH_WARN(
        "unknown quantity '",
        quantity,
        "', the unit of this output can not be validated; known quantities are ",
        details::format_list(details::known_dimensions())
    );
}

void ModelOutputHolder::set_quantity(std::string quantity) {
    if (!quantity.empty()) {
        METATOMIC_WARN_DEPRECATION_ONCE(
            "the `quantity` of ModelOutput is deprecated, the name of the output is used instead"
        );

        if (details::is_known_dimension(quantity)) {
            details::check_unit(unit_, quantity, "the output of a model");
        } else {
            warn_unknown_quantity(quantity);
        }
    }
    quantity_ = std::move(quantity);
}

void ModelOutputHolder::set_unit(std::string unit) {
    details::check_unit(unit, /* dimension */ "", "the output of a model");
    unit_ = std::move(unit);
}

void ModelOutputHolder::set_per_atom(bool per_atom) {
    METATOMIC_WARN_DEPRECATION_ONCE(
        "setting the `per_atom` attribute of ModelOutput is deprecated, set `sample_kind` instead"
    );
    set_sample_kind(kind_from_per_atom(per_atom));
}

bool ModelOutputHolder::get_per_atom() const {
    METATOMIC_WARN_DEPRECATION_ONCE(
        "the `per_atom` attribute of ModelOutput is deprecated, use `sample_kind` instead"
    );
    auto kind = sample_kind();
    TORCH_CHECK_VALUE(
        kind == "atom" || kind == "system",
        "`per_atom` is not defined for outputs with sample kind '",
        kind,
        "', use `sample_kind` instead"
    );
    return kind == "atom";
}

std::string ModelOutputHolder::sample_kind() const {
    return sample_kind_.value_or(kind_from_per_atom(per_atom));
}

void ModelOutputHolder::set_sample_kind(std::string sample_kind) {
    static const std::vector<std::string> SAMPLE_KINDS = {"atom", "atom_pair", "system"};
    auto is_valid =
        std::find(SAMPLE_KINDS.begin(), SAMPLE_KINDS.end(), sample_kind) != SAMPLE_KINDS.end();
    TORCH_CHECK_VALUE(
        is_valid,
        "invalid sample kind for ModelOutput: '",
        sample_kind,
        "', supported sample kinds are ",
        details::format_list(SAMPLE_KINDS, /* separator */ " ")
    );

    per_atom = sample_kind == "atom";
    sample_kind_ = torch::nullopt;
    if (sample_kind == "atom_pair") {
        sample_kind_ = std::move(sample_kind);
    }
}

std::string ModelOutputHolder::to_json() const {
    return details::write_json({
        {"class", "ModelOutput"},
        {"description", description},
        {"explicit_gradients", explicit_gradients},
        {"sample_kind", sample_kind()},
        {"unit", unit_},
    });
}

ModelOutput ModelOutputHolder::from_json(std::string_view json) {
    auto reader = details::JsonReader(json, "ModelOutput");

    auto output = torch::make_intrusive<ModelOutputHolder>();
    output->description = reader.optional<std::string>("description", "a string").value_or("");
    output->explicit_gradients =
        reader.optional<std::vector<std::string>>("explicit_gradients", "a list of strings")
            .value_or(std::vector<std::string>());
    output->set_unit(reader.optional<std::string>("unit", "a string").value_or(""));

    auto sample_kind = reader.optional<std::string>("sample_kind", "a string");
    if (!sample_kind) {
        // older versions stored `per_atom` instead of the sample kind
        auto per_atom = reader.optional<bool>("per_atom", "a boolean");
        sample_kind = kind_from_per_atom(per_atom.value_or(false));
    }
    output->set_sample_kind(*std::move(sample_kind));
    return output;
}

} // namespace metatomic_torch
