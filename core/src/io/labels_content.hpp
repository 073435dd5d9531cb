#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "io/input_stream.hpp"

namespace mts::io {

/// What is stored in a file for labels. Nothing is known about the names, and rows can be there
/// several times.
struct LabelsContent {
    std::vector<std::string> names;
    size_t count;
    /// `count` rows of one value for each name
    std::vector<int32_t> values;
};

/// Read the content of labels in the NPY format
LabelsContent read_labels_content(InputStream& input);

} // namespace mts::io
