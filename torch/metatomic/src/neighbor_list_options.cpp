#include <algorithm>
#include <cmath>
#include <tuple>

#include "internal/json.hpp"
#include "internal/units.hpp"
#include "metatomic/torch/system.hpp"
#include "metatomic/torch/units.hpp"

namespace metatomic_torch {

NeighborListOptionsHolder::NeighborListOptionsHolder(
    double cutoff, bool full_list, bool strict, std::string requestor
)
    : cutoff_(cutoff), full_list_(full_list), strict_(strict) {
    add_requestor(std::move(requestor));
}

void NeighborListOptionsHolder::set_length_unit(std::string length_unit) {
    details::check_unit(length_unit, "length", "the cutoff of a neighbor list");
    length_unit_ = std::move(length_unit);
}

double NeighborListOptionsHolder::engine_cutoff(const std::string& engine_length_unit) const {
    return cutoff_ * unit_conversion_factor(length_unit_, engine_length_unit);
}

void NeighborListOptionsHolder::add_requestor(std::string requestor) {
    auto already_there =
        std::find(requestors_.begin(), requestors_.end(), requestor) != requestors_.end();
    if (requestor.empty() || already_there) {
        return;
    }
    requestors_.push_back(std::move(requestor));
}

static const char* python_bool(bool value) {
    return value ? "True" : "False";
}

std::string NeighborListOptionsHolder::str() const {
    return "NeighborListOptions(cutoff=" + std::to_string(cutoff_) +
           ", full_list=" + python_bool(full_list_) + ", strict=" + python_bool(strict_) + ")";
}

std::string NeighborListOptionsHolder::repr() const {
    std::string result = "NeighborListOptions\n";
    result += "    cutoff: " + std::to_string(cutoff_);
    if (!length_unit_.empty()) {
        result += " " + length_unit_;
    }
    result += "\n";
    result += std::string("    full_list: ") + python_bool(full_list_) + "\n";
    result += std::string("    strict: ") + python_bool(strict_) + "\n";

    if (!requestors_.empty()) {
        result += "    requested by:\n";
        for (const auto& requestor : requestors_) {
            result += "        - " + requestor + "\n";
        }
    }
    return result;
}

std::string NeighborListOptionsHolder::to_json() const {
    return details::write_json({
        {"class", "NeighborListOptions"},
        {"cutoff", details::double_to_bits(cutoff_)},
        {"full_list", full_list_},
        {"length_unit", length_unit_},
        {"requestors", requestors_},
        {"strict", strict_},
    });
}

NeighborListOptions NeighborListOptionsHolder::from_json(const std::string& json) {
    auto reader = details::JsonReader(json, "NeighborListOptions");
    auto options = torch::make_intrusive<NeighborListOptionsHolder>(
        details::double_from_bits(reader.required<int64_t>("cutoff", "an integer")),
        reader.required<bool>("full_list", "a boolean"),
        reader.required<bool>("strict", "a boolean")
    );

    options->set_length_unit(reader.optional<std::string>("length_unit", "a string").value_or(""));

    auto requestors = reader.optional<std::vector<std::string>>("requestors", "a list of strings");
    for (auto& requestor : requestors.value_or(std::vector<std::string>())) {
        options->add_requestor(std::move(requestor));
    }
    return options;
}

bool nl_options_compare::operator()(
    const NeighborListOptions& lhs, const NeighborListOptions& rhs
) const {
    // NaN goes after all other cutoffs: the order must be total for std::map to work
    auto sort_key = [](const NeighborListOptions& options) {
        auto is_nan = std::isnan(options->cutoff());
        return std::make_tuple(
            options->strict(), options->full_list(), is_nan, is_nan ? 0.0 : options->cutoff()
        );
    };
    return sort_key(lhs) < sort_key(rhs);
}

} // namespace metatomic_torch
