#include "io/labels_io.hpp"

#include <cstdint>
#include <utility>
#include <vector>

#include "io/bytes.hpp"
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
    auto type = npy_labels_type(read_npy_header(input));
    // an axis for the dimensions, as in the values of the labels
    uintptr_t shape[2] = {type.count, type.names.size()};
    auto size = npy_data_size(shape, sizeof(int32_t), input.remaining());

    auto values = std::vector<int32_t>(size / sizeof(int32_t));
    input.read(values.data(), size);
    input.finish();
    if (type.swapped) {
        for (auto& value : values) {
            value = static_cast<int32_t>(byte_swapped(static_cast<uint32_t>(value)));
        }
    }
    return Labels::create(Names(std::move(type.names)), std::move(values), Uniqueness::Check);
}

} // namespace mts::io
