#include "unique_rows.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "row_index.hpp"
#include "row_sort.hpp"
#include "rows.hpp"

namespace mts {

static Rows as_rows(const std::vector<std::int32_t>& values, std::size_t size) {
    return {values.data(), size == 0 ? 0 : values.size() / size, size};
}

UniqueRows all_rows(std::vector<std::int32_t> values, std::size_t size) {
    const std::size_t count = as_rows(values, size).count;
    UniqueRows result = {std::move(values), count, std::vector<std::size_t>(count)};
    std::iota(result.mapping.begin(), result.mapping.end(), std::size_t{0});
    return result;
}

UniqueRows unique_rows(std::vector<std::int32_t> values, std::size_t size) {
    const Rows rows = as_rows(values, size);
    if (strictly_increasing(rows)) {
        return all_rows(std::move(values), size);
    }

    // unique rows are moved to the front of `values`
    UniqueRows result = {{}, 0, first_occurrences(rows)};
    for (std::size_t i = 0; i < rows.count; i++) {
        std::size_t& position = result.mapping[i];
        if (position != i) {
            position = result.mapping[position];
            continue;
        }
        if (result.count != i) {
            std::copy_n(rows[i], size, values.data() + result.count * size);
        }
        position = result.count;
        result.count++;
    }
    values.resize(result.count * size);
    result.values = std::move(values);
    return result;
}

UniqueRows sorted_unique_rows(std::vector<std::int32_t> values, std::size_t size) {
    const Rows rows = as_rows(values, size);
    if (strictly_increasing(rows)) {
        return all_rows(std::move(values), size);
    }

    UniqueRows result;
    result.values.reserve(values.size());
    result.mapping.resize(rows.count);
    const std::int32_t* previous = nullptr;
    for (std::size_t i : sorted_order(rows)) {
        if (previous == nullptr || !same_rows<0>(previous, rows[i], size)) {
            result.values.insert(result.values.end(), rows[i], rows[i] + size);
            result.count++;
            previous = rows[i];
        }
        result.mapping[i] = result.count - 1;
    }
    return result;
}

} // namespace mts
