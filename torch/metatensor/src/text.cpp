#include "text.hpp"

#include <algorithm>

#include "arguments.hpp"

namespace metatensor_torch::details {

namespace {

/// `opening`, then `print(i)` for `i < count` separated by commas, then `closing`.
template <typename Print>
std::string enclosed(char opening, size_t count, const Print& print, char closing) {
    auto result = std::string(1, opening);
    for (size_t i = 0; i < count; i++) {
        if (i != 0) {
            result += ", ";
        }
        result += print(i);
    }
    result += closing;
    return result;
}

} // namespace

std::string shape_to_string(const std::vector<uintptr_t>& shape) {
    auto print = [&](size_t i) { return std::to_string(shape[i]); };
    return enclosed('(', shape.size(), print, ')');
}

std::string names_to_string(const std::vector<std::string>& names) {
    auto print = [&](size_t i) { return names[i]; };
    return enclosed('[', names.size(), print, ']');
}

void check_unchanged(size_t n_names, size_t n_columns) {
    TORCH_CHECK(
        n_names == n_columns,
        "the values of these labels were changed: there are ",
        n_columns,
        " columns for ",
        n_names,
        " names"
    );
}

std::string
entry_to_string(const std::vector<std::string>& names, const std::vector<int32_t>& values) {
    check_unchanged(names.size(), values.size());
    auto print = [&](size_t i) { return names[i] + "=" + std::to_string(values[i]); };
    return enclosed('(', names.size(), print, ')');
}

std::string centered(const std::string& text, size_t width) {
    auto spaces = width > text.size() ? width - text.size() : 0;
    auto left = spaces / 2;
    return std::string(left, ' ') + text + std::string(spaces - left, ' ');
}

PrintedTable print_table(const torch::Tensor& values) {
    auto n_rows = static_cast<size_t>(values.size(0));
    auto n_columns = static_cast<size_t>(values.size(1));
    auto data = read_int32(values);

    auto table = PrintedTable();
    table.longest.resize(n_columns, 0);
    for (size_t row = 0; row < n_rows; row++) {
        auto& printed = table.rows.emplace_back();
        for (size_t column = 0; column < n_columns; column++) {
            printed.emplace_back(std::to_string(data[row * n_columns + column]));
            table.longest[column] = std::max(table.longest[column], printed.back().size());
        }
    }
    return table;
}

} // namespace metatensor_torch::details
