#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <torch/script.h>

// Text representation shared by the classes.

namespace metatensor_torch::details {

/// `(1, 2, 3)`
std::string shape_to_string(const std::vector<uintptr_t>& shape);

/// `[a, b]`
std::string names_to_string(const std::vector<std::string>& names);

/// Labels do not change, but users who do not care can replace what their tensor of values
/// contains.
///
/// @throws c10::Error if the number of columns in the values is not the one of names any more
void check_unchanged(size_t n_names, size_t n_columns);

/// `(a=1, b=2)`
std::string
entry_to_string(const std::vector<std::string>& names, const std::vector<int32_t>& values);

/// `text` in the middle of `width` characters; the right side gets the additional space if any.
std::string centered(const std::string& text, size_t width);

/// A table of integers, printed in columns.
struct PrintedTable {
    /// printed values: `rows[i][j]` is in row `i` and column `j`
    std::vector<std::vector<std::string>> rows;
    /// number of characters in the longest value of each column
    std::vector<size_t> longest;
};

/// Print a 2-D tensor of integers.
PrintedTable print_table(const torch::Tensor& values);

} // namespace metatensor_torch::details
