#include "stored_block.hpp"

#include <memory>
#include <utility>

#include "block_building.hpp"
#include "io/archive_members.hpp"
#include "io/errors.hpp"
#include "io/labels_content.hpp"
#include "labels.hpp"

namespace mts::files {

namespace {

StoredArray read_stored_array(const io::ZipReader& archive, std::string member) {
    auto layout = io::read_member(archive, member, [&](io::InputStream& input) {
        auto size = input.remaining();
        auto array_layout = io::read_array_layout(input, io::MIN_AXES);
        if (input.remaining() != array_layout.size) {
            throw io::serialization_error(
                "there are ", input.remaining() - array_layout.size, " unexpected bytes at the end"
            );
        }
        return std::pair(std::move(array_layout), size - input.remaining());
    });
    auto position = archive.stored_position(member);
    if (position.has_value()) {
        *position += layout.second;
    }
    return {std::move(member), std::move(layout.first), position};
}

LabelsHandle read_labels(const io::ZipReader& archive, const std::string& member) {
    return io::read_member(archive, member, [](io::InputStream& input) {
        return new_labels(io::read_labels_content(input));
    });
}

// Are the values of the first dimension of the labels in increasing order?
bool has_sorted_column(const mts_labels_t* labels) {
    auto all = rows(labels);
    for (size_t i = 1; i < all.count; i++) {
        if (all[i][0] < all[i - 1][0]) {
            return false;
        }
    }
    return true;
}

StoredBlock read(
    const io::ZipReader& archive, const std::string& prefix, LabelsHandle properties, size_t depth
) {
    if (depth > io::MAX_GRADIENT_DEPTH) {
        throw io::serialization_error(
            "there are more than ", io::MAX_GRADIENT_DEPTH, " levels of gradients"
        );
    }

    auto block = StoredBlock();
    block.values = read_stored_array(archive, prefix + io::VALUES);
    block.samples = read_labels(archive, prefix + io::SAMPLES);
    for (size_t i = 0; i + io::MIN_AXES < block.values.layout.shape.size(); i++) {
        block.components.push_back(read_labels(archive, io::component_name(prefix, i)));
    }
    if (depth == 0) {
        properties = read_labels(archive, prefix + io::PROPERTIES);
    }
    block.properties = properties;
    for (auto& parameter : io::find_gradients(archive, prefix)) {
        auto gradient =
            read(archive, io::gradient_prefix(prefix, parameter), properties, depth + 1);
        auto is_sorted =
            rows(gradient.samples.get()).size > 0 && has_sorted_column(gradient.samples.get());
        block.gradients.push_back({std::move(parameter), std::move(gradient), is_sorted});
    }
    return block;
}

} // namespace

size_t StoredArray::row_size() const {
    size_t size = layout.type.size;
    for (size_t axis = 1; axis < layout.shape.size(); axis++) {
        size *= layout.shape[axis];
    }
    return size;
}

StoredBlock read_stored_block(const io::ZipReader& archive, const std::string& prefix) {
    auto block = read(archive, prefix, nullptr, 0);
    // libmetatensor knows the rules
    make_block(block, shape_only_array);
    return block;
}

} // namespace mts::files
