#include "metadata.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

#include "errors.hpp"

namespace bindings {

namespace {

bool equal_text(const char* first, const char* second) {
    return std::strcmp(first, second) == 0;
}

std::span<const char* const> names_of(const mts_labels_t* labels) {
    const char* const* names = nullptr;
    uintptr_t count = 0;
    check_status(mts_labels_dimensions(labels, &names, &count));
    return {names, count};
}

mts_array_t entries_of(const mts_labels_t* labels) {
    auto entries = mts_array_t{};
    check_status(mts_labels_values(labels, &entries));
    return entries;
}

std::span<const uintptr_t> shape_of(const mts_array_t& array) {
    const uintptr_t* shape = nullptr;
    uintptr_t count = 0;
    check_status(array.shape(array.ptr, &shape, &count));
    return {shape, count};
}

using EqualLabels = bool (*)(const mts_labels_t*, const mts_labels_t*);

bool equal_axes(mts_block_t* first, mts_block_t* second, uintptr_t count, EqualLabels equal) {
    for (uintptr_t axis = 0; axis < count; axis++) {
        auto labels = labels_of_axis(first, axis);
        if (!equal(labels.get(), labels_of_axis(second, axis).get())) {
            return false;
        }
    }
    return true;
}

/// Do labels that have the same names have the same entries? This reads as little memory as
/// possible: for many small labels, most of the time is spent waiting for it.
bool equal_entries(const mts_labels_t* first, const mts_labels_t* second) {
    if (first == second) {
        return true;
    }
    const int32_t* values = nullptr;
    const int32_t* other_values = nullptr;
    uintptr_t count = 0;
    uintptr_t other_count = 0;
    uintptr_t size = 0;
    uintptr_t other_size = 0;
    check_status(mts_labels_values_cpu(first, &values, &count, &size));
    check_status(mts_labels_values_cpu(second, &other_values, &other_count, &other_size));
    if (count != other_count || size != other_size) {
        return false;
    }
    auto bytes = count * size * sizeof(int32_t);
    return values == other_values || bytes == 0 || std::memcmp(values, other_values, bytes) == 0;
}

bool have_same_parameters(const mts_block_t* first, const mts_block_t* second) {
    auto parameters = gradient_parameters(first);
    auto others = gradient_parameters(second);
    auto is_in_others = [&](const char* parameter) {
        return std::ranges::any_of(others, [&](const char* other) {
            return equal_text(parameter, other);
        });
    };
    return parameters.size() == others.size() && std::ranges::all_of(parameters, is_in_others);
}

mts_block_t* gradient_of(mts_block_t* block, const char* parameter) {
    mts_block_t* gradient = nullptr;
    check_status(mts_block_gradient(block, parameter, &gradient));
    return gradient;
}

mts_block_t* block_at(mts_tensormap_t* tensor, uintptr_t index) {
    mts_block_t* block = nullptr;
    check_status(mts_tensormap_block_by_id(tensor, &block, index));
    return block;
}

/// The blocks of two tensor maps with the same keys, or their gradients with respect to one
/// parameter
class BlockPairs {
public:
    BlockPairs(mts_tensormap_t* first, mts_tensormap_t* second, const char* parameter = nullptr)
        : first_(first), second_(second), parameter_(parameter) {}

    /// All the blocks of a tensor map have the same number of axes, and the same names: these are
    /// compared in the first pair only.
    bool have_same_labels(uintptr_t blocks_count) const {
        auto axes = axes_count(get(first_, 0));
        if (axes != axes_count(get(second_, 0))) {
            return false;
        }
        for (uintptr_t i = 0; i < blocks_count; i++) {
            auto equal = i == 0 ? equal_labels : equal_entries;
            if (!equal_axes(get(first_, i), get(second_, i), axes, equal)) {
                return false;
            }
        }
        return true;
    }

private:
    mts_block_t* get(mts_tensormap_t* tensor, uintptr_t index) const {
        auto* block = block_at(tensor, index);
        return parameter_ == nullptr ? block : gradient_of(block, parameter_);
    }

    mts_tensormap_t* first_;
    mts_tensormap_t* second_;
    const char* parameter_;
};

} // namespace

mts_array_t values_array(mts_block_t* block) {
    auto array = mts_array_t{};
    check_status(mts_block_data(block, &array));
    return array;
}

uintptr_t axes_count(mts_block_t* block) {
    return shape_of(values_array(block)).size();
}

OwnedLabels labels_of_axis(const mts_block_t* block, uintptr_t axis) {
    return OwnedLabels(check_pointer(mts_block_labels(block, axis)));
}

std::span<const char* const> gradient_parameters(const mts_block_t* block) {
    const char* const* parameters = nullptr;
    uintptr_t count = 0;
    check_status(mts_block_gradients_list(block, &parameters, &count));
    return {parameters, count};
}

bool equal_labels(const mts_labels_t* first, const mts_labels_t* second) {
    if (first == second) {
        return true;
    }
    if (!std::ranges::equal(names_of(first), names_of(second), equal_text)) {
        return false;
    }
    auto first_entries = entries_of(first);
    auto second_entries = entries_of(second);
    auto count = shape_of(first_entries)[0];
    if (count != shape_of(second_entries)[0]) {
        return false;
    }
    auto size = names_of(first).size();
    if (count * size == 0 || first_entries.ptr == second_entries.ptr) {
        return true;
    }
    const int32_t* first_values = nullptr;
    const int32_t* second_values = nullptr;
    check_status(mts_labels_values_cpu(first, &first_values, &count, &size));
    check_status(mts_labels_values_cpu(second, &second_values, &count, &size));
    return std::memcmp(first_values, second_values, count * size * sizeof(int32_t)) == 0;
}

bool equal_metadata(mts_tensormap_t* first, mts_tensormap_t* second) {
    auto first_keys = OwnedLabels(check_pointer(mts_tensormap_keys(first)));
    auto second_keys = OwnedLabels(check_pointer(mts_tensormap_keys(second)));
    if (!equal_labels(first_keys.get(), second_keys.get())) {
        return false;
    }
    auto count = shape_of(entries_of(first_keys.get()))[0];
    if (count == 0) {
        return true;
    }

    // all the blocks of a tensor map have the same gradients
    const auto* first_block = block_at(first, 0);
    if (!have_same_parameters(first_block, block_at(second, 0)) ||
        !BlockPairs(first, second).have_same_labels(count)) {
        return false;
    }
    return std::ranges::all_of(gradient_parameters(first_block), [&](const char* parameter) {
        return BlockPairs(first, second, parameter).have_same_labels(count);
    });
}

mts_block_t* new_block_like(mts_block_t* block, ArrayGuard& values) {
    auto count = axes_count(block);
    auto owned = std::vector<OwnedLabels>();
    auto labels = std::vector<const mts_labels_t*>();
    owned.reserve(count);
    labels.reserve(count);
    for (uintptr_t axis = 0; axis < count; axis++) {
        owned.push_back(labels_of_axis(block, axis));
        labels.push_back(owned.back().get());
    }
    return check_pointer(
        mts_block(values.release(), labels.front(), labels.data() + 1, count - 2, labels.back())
    );
}

} // namespace bindings
