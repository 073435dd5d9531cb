#pragma once

#include <string_view>

#include "io/input_stream.hpp"
#include "io/sink.hpp"
#include "io/zip_writer.hpp"
#include "labels.hpp"

namespace mts::io {

/// Write labels in the NPY format
void write_labels(Sink& sink, const Labels& labels);

/// Add labels to an archive, in the NPY format
void write_labels(ZipWriter& archive, std::string_view name, const Labels& labels);

/// Read labels in the NPY format
LabelsRef read_labels(InputStream& input);

} // namespace mts::io
