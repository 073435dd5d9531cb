#include "io/labels_content.hpp"

#include <utility>

#include "io/bytes.hpp"
#include "io/npy.hpp"

namespace mts::io {

LabelsContent read_labels_content(InputStream& input) {
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
    return {std::move(type.names), type.count, std::move(values)};
}

} // namespace mts::io
