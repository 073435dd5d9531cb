#include "selected_values.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "block_building.hpp"
#include "data_reader.hpp"
#include "io/archive_members.hpp"
#include "io/array_io.hpp"
#include "io/strided.hpp"

namespace mts::files {

namespace {

ArrayHandle read_everything(
    const OpenFile& file, const StoredArray& stored, mts_create_array_callback_t create_array
) {
    auto source = file.source();
    return io::read_member(
        file.archive().through(source), stored.member, [&](io::InputStream& input) {
            auto layout = io::read_array_layout(input, io::MIN_AXES);
            auto array = created_array(layout.shape, layout.type.dtype, create_array);
            io::fill_array(input, layout, array.view());
            return array;
        }
    );
}

/// A sample to read, and where it goes
struct SelectedRow {
    uint64_t from;
    uint64_t to;
};

/// Samples in the order of the file
std::vector<SelectedRow> selected_rows(const Positions& samples, size_t count) {
    auto rows = std::vector<SelectedRow>(samples.has_value() ? samples->size() : count);
    for (size_t i = 0; i < rows.size(); i++) {
        rows[i] = {samples.has_value() ? (*samples)[i] : i, i};
    }
    if (samples.has_value() && !std::ranges::is_sorted(*samples)) {
        std::ranges::sort(rows, {}, &SelectedRow::from);
    }
    return rows;
}

/// The pieces of one sample with the selected properties, as bytes from the start of the sample
std::vector<Piece> pieces_of_row(const StoredArray& stored, const Positions& properties) {
    if (!properties.has_value()) {
        return {{0, 0, stored.row_size()}};
    }
    auto element_size = stored.layout.type.size;
    auto line_size = stored.layout.shape.back() * element_size;
    auto selected_line_size = properties->size() * element_size;
    auto lines = line_size == 0 ? 0 : stored.row_size() / line_size;

    auto pieces = std::vector<Piece>();
    for (size_t line = 0; line < lines; line++) {
        for (size_t i = 0; i < properties->size(); i++) {
            auto from = line * line_size + (*properties)[i] * element_size;
            auto to = line * selected_line_size + i * element_size;
            if (!pieces.empty() && pieces.back().from + pieces.back().size == from &&
                pieces.back().to + pieces.back().size == to) {
                pieces.back().size += element_size;
            } else {
                pieces.push_back({from, to, element_size});
            }
        }
    }
    return pieces;
}

/// Read the selected elements to `result`, where they are contiguous and row-major
void read_selected(
    const OpenFile& file,
    const StoredArray& stored,
    const Positions& samples,
    const Positions& properties,
    uint8_t* result
) {
    auto row_size = stored.row_size();
    auto pieces = pieces_of_row(stored, properties);
    auto selected_row_size = size_t{0};
    for (const auto& piece : pieces) {
        selected_row_size += piece.size;
    }

    auto data = open_data(file, stored);
    auto reader = PiecesReader(*data, result);
    for (auto row : selected_rows(samples, stored.layout.shape.front())) {
        for (const auto& piece : pieces) {
            reader.add({
                row.from * row_size + piece.from,
                row.to * selected_row_size + piece.to,
                piece.size,
            });
        }
    }
    reader.finish();
}

} // namespace

ArrayHandle read_values(
    const OpenFile& file,
    const StoredArray& stored,
    const Positions& samples,
    const Positions& properties,
    mts_create_array_callback_t create_array
) {
    if (!samples.has_value() && !properties.has_value()) {
        return read_everything(file, stored, create_array);
    }

    const auto& type = stored.layout.type;
    auto shape = stored.layout.shape;
    if (samples.has_value()) {
        shape.front() = samples->size();
    }
    if (properties.has_value()) {
        shape.back() = properties->size();
    }
    auto array = created_array(shape, type.dtype, create_array);
    if (std::ranges::find(shape, uintptr_t{0}) != shape.end()) {
        return array;
    }

    auto memory = io::writable_memory(array.view(), shape, type.dtype);
    auto buffer = std::vector<uint8_t>();
    auto* elements = static_cast<uint8_t*>(memory.data());
    if (!memory.is_contiguous()) {
        buffer.resize(memory.count() * type.size);
        elements = buffer.data();
    }
    read_selected(file, stored, samples, properties, elements);
    io::to_native(type, elements, memory.count());
    if (!memory.is_contiguous()) {
        io::StridedElements(memory, type.size).scatter(elements, memory.count());
    }
    return array;
}

} // namespace mts::files
