#include "io/labels_io.hpp"

#include <cstdint>
#include <utility>

#include "io/labels_content.hpp"
#include "io/npy.hpp"

namespace mts::io {

namespace {

// `Output` is a `Sink` or a `ZipMemberOutput`
template <typename Output>
void write_content(Output& output, const std::string& header, Rows rows) {
    output.write(header.data(), header.size());
    if (rows.count > 0) {
        output.write(rows.data, rows.count * rows.size * sizeof(int32_t));
    }
}

} // namespace

void write_labels(Sink& sink, const Labels& labels) {
    write_content(sink, npy_labels_header(labels.names(), labels.count()), labels.rows());
}

void write_labels(ZipWriter& archive, std::string_view name, const Labels& labels) {
    auto rows = labels.rows();
    auto header = npy_labels_header(labels.names(), rows.count);
    auto size = header.size() + rows.count * rows.size * sizeof(int32_t);
    archive.add(name, size, [&](ZipMemberOutput& output) { write_content(output, header, rows); });
}

LabelsRef read_labels(InputStream& input) {
    auto content = read_labels_content(input);
    return Labels::create(
        Names(std::move(content.names)), std::move(content.values), Uniqueness::Check
    );
}

} // namespace mts::io
