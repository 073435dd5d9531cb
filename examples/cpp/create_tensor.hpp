#pragma once

#include <metatensor.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "../c/content.h"
#include "index.hpp"
#include "strided_array.hpp"

/// Labels with the values in a `StridedArray`: metatensor uses this array, it does not copy it.
inline metatensor::Labels create_labels(
    const std::vector<std::string>& names, const std::vector<std::vector<int32_t>>& entries
) {
    auto values = std::make_unique<StridedArray<int32_t>>(Index{entries.size(), names.size()});
    for (size_t row = 0; row < entries.size(); row++) {
        for (size_t column = 0; column < names.size(); column++) {
            values->set({row, column}, entries[row][column]);
        }
    }
    return metatensor::Labels(names, metatensor::DataArrayBase::to_mts_array(std::move(values)));
}

/// Samples of one of the blocks.
inline metatensor::Labels create_samples(const block_content_t& content) {
    std::vector<std::vector<int32_t>> entries;
    for (int32_t i = 0; i < content.samples_count; i++) {
        entries.push_back({content.samples[i][0], content.samples[i][1]});
    }
    return create_labels({"system", "atom"}, entries);
}

/// Location of a number in a block; the dimensions that do not matter are zero.
inline location_t
location_of(const block_content_t& content, size_t sample, size_t mu, size_t property) {
    location_t location = {};
    location.values[CENTER_TYPE] = content.center_type;
    location.values[NEIGHBOR_TYPE] = content.neighbor_type;
    location.values[SYSTEM] = content.samples[sample][0];
    location.values[ATOM] = content.samples[sample][1];
    location.values[O3_MU] = static_cast<int32_t>(mu) - 1;
    location.values[N] = content.first_n + static_cast<int32_t>(property);
    return location;
}

/// Gradient of a block with respect to the strain, as a block with its own labels.
template <typename Array>
metatensor::TensorBlock create_gradient(
    const block_content_t& content,
    const metatensor::Labels& mu,
    const metatensor::Labels& properties
) {
    std::vector<std::vector<int32_t>> samples;
    for (int32_t i = 0; i < content.samples_count; i++) {
        samples.push_back({i});
    }

    auto values = std::make_unique<Array>(Index{samples.size(), 3, 3, 3, PROPERTIES_COUNT});
    for (size_t position = 0; position < element_count(values->shape()); position++) {
        const auto index = row_major_index(values->shape(), position);
        auto location = location_of(content, index[0], index[3], index[4]);
        location.values[XYZ_1] = static_cast<int32_t>(index[1]);
        location.values[XYZ_2] = static_cast<int32_t>(index[2]);
        values->set(index, content_strain_gradient(&location));
    }

    const auto xyz_1 = create_labels({"xyz_1"}, {{0}, {1}, {2}});
    const auto xyz_2 = create_labels({"xyz_2"}, {{0}, {1}, {2}});
    // the components of the block itself are the last ones
    return metatensor::TensorBlock(
        std::move(values), create_labels({"sample"}, samples), {xyz_1, xyz_2, mu}, properties
    );
}

/// One of the blocks, with its gradient.
template <typename Array>
metatensor::TensorBlock create_block(const block_content_t& content) {
    const auto samples = create_samples(content);
    const auto mu = create_labels({"o3_mu"}, {{-1}, {0}, {1}});
    const auto properties = create_labels({"n"}, {{content.first_n}, {content.first_n + 1}});

    auto values = std::make_unique<Array>(Index{samples.count(), 3, PROPERTIES_COUNT});
    for (size_t position = 0; position < element_count(values->shape()); position++) {
        const auto index = row_major_index(values->shape(), position);
        const auto location = location_of(content, index[0], index[1], index[2]);
        values->set(index, content_value(&location));
    }

    auto block = metatensor::TensorBlock(std::move(values), samples, {mu}, properties);
    block.add_gradient("strain", create_gradient<Array>(content, mu, properties));
    return block;
}

/// Tensor map with the blocks of content.h, and their gradients.
template <typename Array>
metatensor::TensorMap create_tensor() {
    std::vector<std::vector<int32_t>> keys;
    std::vector<metatensor::TensorBlock> blocks;
    for (const auto& content : BLOCKS) {
        keys.push_back({content.center_type, content.neighbor_type});
        blocks.push_back(create_block<Array>(content));
    }
    return metatensor::TensorMap(
        create_labels({"center_type", "neighbor_type"}, keys), std::move(blocks)
    );
}
