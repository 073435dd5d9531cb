#include "join.hpp"

#include <algorithm>
#include <cstdint>
#include <exception>
#include <utility>

namespace metatensor_torch::details {

namespace {

using Blocks = std::vector<TensorBlock>;

bool same_labels(const Labels& first, const Labels& second) {
    return first->as_metatensor() == second->as_metatensor();
}

bool same_components(const TensorBlock& first, const TensorBlock& second) {
    auto components = first->components();
    auto other = second->components();
    return std::equal(
        components.begin(), components.end(), other.begin(), other.end(), same_labels
    );
}

// Do blocks only differ in their samples and values? Their gradients are not compared.
bool are_similar(const Blocks& blocks) {
    const auto& first = blocks[0];
    auto names = first->samples()->names();
    auto properties = first->properties();
    auto parameters = first->gradients_list();
    return std::all_of(blocks.begin() + 1, blocks.end(), [&](const TensorBlock& block) {
        return block->scalar_type() == first->scalar_type() && block->device() == first->device() &&
               block->samples()->names() == names && same_labels(block->properties(), properties) &&
               same_components(block, first) && block->gradients_list() == parameters;
    });
}

std::vector<torch::Tensor> all_values(const Blocks& blocks) {
    auto result = std::vector<torch::Tensor>();
    result.reserve(blocks.size());
    for (const auto& block : blocks) {
        result.push_back(block->values());
    }
    return result;
}

torch::Tensor joined_samples(const Blocks& blocks) {
    auto rows = std::vector<torch::Tensor>();
    rows.reserve(blocks.size());
    for (const auto& block : blocks) {
        rows.push_back(block->samples()->values());
    }
    return torch::cat(rows, 0);
}

// `values[i]` for each of the rows of block `i`, as a column
torch::Tensor
for_each_row(const Blocks& blocks, const std::vector<int64_t>& values, const torch::Tensor& rows) {
    auto column = std::vector<int32_t>();
    column.reserve(static_cast<size_t>(rows.size(0)));
    for (size_t i = 0; i < blocks.size(); i++) {
        column.insert(
            column.end(), static_cast<size_t>(blocks[i]->len()), static_cast<int32_t>(values[i])
        );
    }
    return torch::tensor(column, torch::kInt32).to(rows.device());
}

// Add the gradients with respect to `parameter`, or return false if they are not similar
bool add_joined_gradient(
    const TensorBlock& result, const Blocks& blocks, const std::string& parameter
) {
    auto gradients = Blocks();
    auto shifts = std::vector<int64_t>();
    auto shift = int64_t{0};
    for (const auto& block : blocks) {
        gradients.push_back(TensorBlockHolder::gradient(block, parameter));
        shifts.push_back(shift);
        shift += block->len();
    }
    const auto& first = gradients[0];
    if (!are_similar(gradients) || !first->gradients_list().empty()) {
        return false;
    }

    auto samples = joined_samples(gradients);
    samples.select(1, 0) += for_each_row(gradients, shifts, samples);
    result->add_gradient(
        parameter,
        torch::make_intrusive<TensorBlockHolder>(
            torch::cat(all_values(gradients), 0),
            torch::make_intrusive<LabelsHolder>(
                first->samples()->names(), std::move(samples), metatensor::assume_unique{}
            ),
            first->components(),
            result->properties()
        )
    );
    return true;
}

// All the blocks for one key, null if they are not similar
TensorBlock join_blocks(const Blocks& blocks, const torch::optional<std::string>& add_dimension) {
    if (!are_similar(blocks)) {
        return TensorBlock();
    }
    const auto& first = blocks[0];
    auto names = first->samples()->names();
    auto samples = joined_samples(blocks);
    if (add_dimension.has_value()) {
        names.push_back(*add_dimension);
        auto positions = std::vector<int64_t>(blocks.size());
        for (size_t i = 0; i < positions.size(); i++) {
            positions[i] = static_cast<int64_t>(i);
        }
        auto column = for_each_row(blocks, positions, samples);
        samples = torch::cat({samples, column.unsqueeze(1)}, 1);
    }

    auto result = torch::make_intrusive<TensorBlockHolder>(
        torch::cat(all_values(blocks), 0),
        torch::make_intrusive<LabelsHolder>(std::move(names), std::move(samples)),
        first->components(),
        first->properties()
    );
    for (const auto& parameter : first->gradients_list()) {
        if (!add_joined_gradient(result, blocks, parameter)) {
            return TensorBlock();
        }
    }
    return result;
}

torch::optional<TensorMap> try_to_join(
    const std::vector<TensorMap>& tensors, const torch::optional<std::string>& add_dimension
) {
    if (tensors.size() < 2) {
        return torch::nullopt;
    }
    auto keys = tensors[0]->keys();
    auto blocks_of_tensors = std::vector<Blocks>();
    for (const auto& tensor : tensors) {
        if (!same_labels(tensor->keys(), keys)) {
            return torch::nullopt;
        }
        blocks_of_tensors.push_back(TensorMapHolder::blocks(tensor));
    }

    auto joined = Blocks();
    for (size_t i = 0; i < blocks_of_tensors[0].size(); i++) {
        auto blocks = Blocks();
        for (const auto& blocks_of_tensor : blocks_of_tensors) {
            blocks.push_back(blocks_of_tensor[i]);
        }
        auto block = join_blocks(blocks, add_dimension);
        if (!block.defined()) {
            return torch::nullopt;
        }
        joined.push_back(std::move(block));
    }
    return torch::make_intrusive<TensorMapHolder>(std::move(keys), std::move(joined));
}

} // namespace

torch::optional<TensorMap> join_similar(
    const std::vector<TensorMap>& tensors, const torch::optional<std::string>& add_dimension
) {
    try {
        return try_to_join(tensors, add_dimension);
    } catch (const std::exception&) {
        // for example samples which are not unique
        return torch::nullopt;
    }
}

} // namespace metatensor_torch::details
