#include "internal/labels_checks.hpp"

#include "internal/text.hpp"

namespace metatomic_torch::details {

const std::vector<std::string>& neighbors_sample_names() {
    static const std::vector<std::string> NAMES = {
        "first_atom", "second_atom", "cell_shift_a", "cell_shift_b", "cell_shift_c"
    };
    return NAMES;
}

bool is_range(const metatensor_torch::Labels& labels, const std::string& name, int64_t count) {
    if (labels->names() != std::vector<std::string>{name} || labels->count() != count) {
        return false;
    }

    auto values = labels->values();
    if (values.device().is_meta()) {
        return true;
    }
    auto expected = torch::arange(count, values.options()).reshape({-1, 1});
    return torch::equal(values, expected);
}

std::string describe(const metatensor_torch::Labels& labels) {
    constexpr int64_t MAX_ENTRIES = 4;
    if (labels->device().is_meta()) {
        return c10::str(format_list(labels->names()), " with ", labels->count(), " entries");
    }
    return "\n" + labels->print(MAX_ENTRIES, /* indent */ 0);
}

} // namespace metatomic_torch::details
