#include "io/block_io.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "io/archive_members.hpp"
#include "io/array_io.hpp"
#include "io/errors.hpp"
#include "io/labels_io.hpp"

namespace mts::io {

namespace {

std::vector<uintptr_t> shape_from_labels(const Block& block) {
    auto shape = std::vector<uintptr_t>{block.samples()->count()};
    for (const auto& component : block.components()) {
        shape.push_back(component->count());
    }
    shape.push_back(block.properties()->count());
    return shape;
}

std::vector<const Block::Gradient*> sorted_gradients(const Block& block) {
    auto gradients = std::vector<const Block::Gradient*>();
    for (const auto& gradient : block.gradients()) {
        gradients.push_back(&gradient);
    }
    std::ranges::sort(gradients, {}, &Block::Gradient::parameter);
    return gradients;
}

enum class Role { Block, Gradient };

void write_block(ZipWriter& archive, const std::string& prefix, const Block& block, Role role) {
    write_array(archive, prefix + VALUES, block.values(), shape_from_labels(block));
    write_labels(archive, prefix + SAMPLES, *block.samples());
    for (size_t i = 0; i < block.components().size(); i++) {
        write_labels(archive, component_name(prefix, i), *block.components()[i]);
    }
    if (role == Role::Block) {
        // gradients have the properties of their parent
        write_labels(archive, prefix + PROPERTIES, *block.properties());
    }
    for (const auto* gradient : sorted_gradients(block)) {
        auto name = gradient_prefix(prefix, gradient->parameter);
        write_block(archive, name, *gradient->block, Role::Gradient);
    }
}

class BlockReader {
public:
    BlockReader(const ZipReader& archive, mts_create_array_callback_t create_array)
        : archive_(archive), create_array_(create_array) {}

    std::unique_ptr<Block> read(const std::string& prefix) { return read(prefix, {}, 0); }

private:
    // Gradients use the `properties` of their parent, there are none for other blocks
    std::unique_ptr<Block> read(const std::string& prefix, LabelsRef properties, size_t depth) {
        if (depth > MAX_GRADIENT_DEPTH) {
            throw serialization_error(
                "there are more than ", MAX_GRADIENT_DEPTH, " levels of gradients"
            );
        }

        auto values = read_member(archive_, prefix + VALUES, [&](InputStream& input) {
            return read_array(input, MIN_AXES, create_array_);
        });
        auto samples = read_labels_member(archive_, prefix + SAMPLES);
        auto components = std::vector<LabelsRef>();
        for (size_t i = 0; i + MIN_AXES < values.shape().size(); i++) {
            components.push_back(read_labels_member(archive_, component_name(prefix, i)));
        }
        if (depth == 0) {
            properties = read_labels_member(archive_, prefix + PROPERTIES);
        }

        auto block = std::make_unique<Block>(
            std::move(values), std::move(samples), std::move(components), properties
        );
        for (auto& parameter : find_gradients(archive_, prefix)) {
            auto gradient = read(gradient_prefix(prefix, parameter), properties, depth + 1);
            block->add_gradient(std::move(parameter), std::move(gradient));
        }
        return block;
    }

    const ZipReader& archive_;
    mts_create_array_callback_t create_array_;
};

} // namespace

void write_block(ZipWriter& archive, const std::string& prefix, const Block& block) {
    write_block(archive, prefix, block, Role::Block);
}

std::unique_ptr<Block> read_block(
    const ZipReader& archive, const std::string& prefix, mts_create_array_callback_t create_array
) {
    return BlockReader(archive, create_array).read(prefix);
}

LabelsRef read_labels_member(const ZipReader& archive, const std::string& name) {
    return read_member(archive, name, [](InputStream& input) { return read_labels(input); });
}

} // namespace mts::io
