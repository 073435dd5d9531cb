#include "io/block_io.hpp"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "io/array_io.hpp"
#include "io/errors.hpp"
#include "io/labels_io.hpp"

namespace mts::io {

namespace {

// Reading gradients of gradients is recursive, and files can contain anything: stop before the
// stack overflows. Blocks can not have this many levels of gradients.
constexpr size_t MAX_GRADIENT_DEPTH = 100;

std::string component_name(const std::string& prefix, size_t component) {
    return text(prefix, "components/", component, ".npy");
}

std::string gradient_prefix(const std::string& prefix, std::string_view parameter) {
    return text(prefix, "gradients/", parameter, "/");
}

// Call `read` with the content of a member; errors mention which member this is
template <typename Read>
auto read_member(const ZipReader& archive, const std::string& name, Read read) {
    auto input = archive.open(name);
    try {
        return read(*input);
    } catch (const Error& error) {
        throw Error(error.status(), text("in '", name, "': ", error.message()));
    }
}

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
    write_array(archive, prefix + "values.npy", block.values(), shape_from_labels(block));
    write_labels(archive, prefix + "samples.npy", *block.samples());
    for (size_t i = 0; i < block.components().size(); i++) {
        write_labels(archive, component_name(prefix, i), *block.components()[i]);
    }
    if (role == Role::Block) {
        // gradients have the properties of their parent
        write_labels(archive, prefix + "properties.npy", *block.properties());
    }
    for (const auto* gradient : sorted_gradients(block)) {
        auto name = gradient_prefix(prefix, gradient->parameter);
        write_block(archive, name, *gradient->block, Role::Gradient);
    }
}

// The parameters of the gradients of a block, in the order of the archive: everything that is
// between `gradients/` and the next `/` in the name of a member, if there are samples below.
std::vector<std::string> find_gradients(const ZipReader& archive, const std::string& prefix) {
    auto first_members = std::map<std::string_view, size_t>();
    auto start = prefix + "gradients/";
    for (const auto& member : archive.starting_with(start)) {
        auto path = member.name.substr(start.size());
        auto slash = path.find('/');
        if (slash == std::string_view::npos || !path.substr(slash).ends_with("/samples.npy")) {
            continue;
        }
        auto [gradient, _] = first_members.try_emplace(path.substr(0, slash), member.index);
        gradient->second = std::min(gradient->second, member.index);
    }

    auto ordered = std::vector<std::pair<size_t, std::string_view>>();
    for (const auto& [parameter, index] : first_members) {
        ordered.emplace_back(index, parameter);
    }
    std::ranges::sort(ordered);

    auto parameters = std::vector<std::string>();
    for (const auto& [index, parameter] : ordered) {
        parameters.emplace_back(parameter);
    }
    return parameters;
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

        auto values = read_member(archive_, prefix + "values.npy", [&](InputStream& input) {
            return read_array(input, MIN_AXES, create_array_);
        });
        auto samples = read_labels_member(archive_, prefix + "samples.npy");
        auto components = std::vector<LabelsRef>();
        for (size_t i = 0; i + MIN_AXES < values.shape().size(); i++) {
            components.push_back(read_labels_member(archive_, component_name(prefix, i)));
        }
        if (depth == 0) {
            properties = read_labels_member(archive_, prefix + "properties.npy");
        }

        auto block = std::make_unique<Block>(
            std::move(values), std::move(samples), std::move(components), properties
        );
        for (auto& parameter : find_gradients(archive_, prefix)) {
            if (!is_utf8(parameter)) {
                throw serialization_error("the name of a gradient is not valid UTF-8");
            }
            auto gradient = read(gradient_prefix(prefix, parameter), properties, depth + 1);
            block->add_gradient(std::move(parameter), std::move(gradient));
        }
        return block;
    }

    // samples and properties
    static constexpr size_t MIN_AXES = 2;

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
