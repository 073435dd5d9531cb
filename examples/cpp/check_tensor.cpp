#include "check_tensor.hpp"

#include <algorithm>
#include <cstddef>
#include <iostream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include "../c/content.h"
#include "index.hpp"

using metatensor::Labels;
using metatensor::TensorBlock;
using metatensor::TensorMap;

/// Set the dimensions of `location` that these labels have, from one of their entries.
static void read_entry(const Labels& labels, size_t entry, location_t& location) {
    const auto names = labels.names();
    const auto values = labels.values_cpu();
    for (size_t i = 0; i < names.size(); i++) {
        const auto* dimension =
            std::find(std::begin(DIMENSIONS), std::end(DIMENSIONS), std::string(names[i]));
        if (dimension != std::end(DIMENSIONS)) {
            location.values[dimension - std::begin(DIMENSIONS)] = values(entry, i);
        }
    }
}

/// Check a block or, if there are `parent_samples`, the gradient of a block with these samples.
/// Returns how many numbers there are.
static size_t
check_values(TensorBlock& block, const Labels* parent_samples, const location_t& block_location) {
    // on CPU, with any strides; this keeps the memory alive
    const auto values = block.values<double>();
    const Index shape(values.shape().begin(), values.shape().end());

    std::vector<Labels> labels;
    for (size_t axis = 0; axis < shape.size(); axis++) {
        labels.push_back(block.labels(axis));
    }

    for (size_t position = 0; position < element_count(shape); position++) {
        const auto index = row_major_index(shape, position);
        auto location = block_location;
        for (size_t axis = 0; axis < shape.size(); axis++) {
            read_entry(labels[axis], index[axis], location);
        }
        if (parent_samples != nullptr) {
            // `sample` is always the first dimension
            const auto samples = labels[0].values_cpu();
            read_entry(*parent_samples, static_cast<size_t>(samples(index[0], 0)), location);
        }

        auto expected = FILL_VALUE;
        if (content_exists(&location)) {
            expected = parent_samples == nullptr ? content_value(&location)
                                                 : content_strain_gradient(&location);
        }
        if (values.data()[strided_offset(values.strides(), index)] != expected) {
            throw std::runtime_error("a number is not what its labels say");
        }
    }
    return element_count(shape);
}

void check_tensor(TensorMap& tensor, const std::string& name) {
    const auto keys = tensor.keys();
    size_t checked = 0;
    for (size_t i = 0; i < keys.count(); i++) {
        location_t location = {};
        read_entry(keys, i, location);

        // a view, valid as long as the tensor map
        auto block = tensor.block_by_id(i);
        checked += check_values(block, nullptr, location);
        const auto samples = block.samples();
        for (const auto& parameter : block.gradients_list()) {
            auto gradient = block.gradient(parameter);
            checked += check_values(gradient, &samples, location);
        }
    }
    std::cout << name << ": " << keys.count() << " blocks, " << checked << " numbers checked\n";
}
