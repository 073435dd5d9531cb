#include "internal/labels_checks.hpp"

#include "internal/plain_data.hpp"
#include "internal/text.hpp"

namespace metatomic_torch::details {

const std::vector<std::string>& neighbors_sample_names() {
    static const std::vector<std::string> NAMES = {
        "first_atom", "second_atom", "cell_shift_a", "cell_shift_b", "cell_shift_c"
    };
    return NAMES;
}

bool is_range(const metatensor_torch::Labels& labels, const std::string& name, int64_t count) {
    if (labels->size() != 1 || labels->count() != count || labels->names()[0] != name) {
        return false;
    }
    if (!has_data(labels->values())) {
        return true;
    }

    const auto values = labels->as_metatensor().values_cpu();
    for (int64_t i = 0; i < count; i++) {
        if (values(i, 0) != i) {
            return false;
        }
    }
    return true;
}

std::string describe(const metatensor_torch::Labels& labels) {
    constexpr int64_t MAX_ENTRIES = 4;
    if (!has_data(labels->values())) {
        return c10::str(format_list(labels->names()), " with ", labels->count(), " entries");
    }
    return c10::str("\n", labels->print(MAX_ENTRIES, /* indent */ 0));
}

} // namespace metatomic_torch::details
