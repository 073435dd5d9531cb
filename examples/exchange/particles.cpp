#include "particles.h"

#include <metatensor.hpp>

#include <array>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include "../cpp/strided_array.hpp"

using metatensor::Labels;
using metatensor::TensorBlock;
using metatensor::TensorMap;

namespace {

/// What this library knows of a particle. Positions of different particles are not next to each
/// other in memory: this is an array with strides for everybody else.
struct Particle {
    std::array<double, 3> position;
    std::array<double, 3> velocity;
    double mass;
    int64_t type;
};

static_assert(sizeof(Particle) % sizeof(double) == 0, "strides are numbers of elements");

using Particles = std::vector<Particle>;

constexpr std::array<int32_t, 2> TYPES = {1, 6};

std::shared_ptr<Particles> create_particles(const std::array<uintptr_t, 2>& counts) {
    auto particles = std::make_shared<Particles>();
    for (size_t i = 0; i < TYPES.size(); i++) {
        for (size_t n = 0; n < counts[i]; n++) {
            const auto x = static_cast<double>(particles->size());
            particles->push_back({{x, x + 0.25, x + 0.5}, {0.0, 0.0, 0.0}, 1.0, TYPES[i]});
        }
    }
    return particles;
}

/// Block with the positions of `count` particles, without any copy.
TensorBlock
positions_block(const std::shared_ptr<Particles>& particles, size_t first, size_t count) {
    std::vector<int32_t> indexes;
    for (size_t i = 0; i < count; i++) {
        indexes.push_back(static_cast<int32_t>(first + i));
    }

    // the array keeps all particles alive, even when the engine and the tensor map are gone
    auto* data = count == 0 ? nullptr : (*particles)[first].position.data();
    auto values = std::make_unique<StridedArray<double>>(
        Index{count, 3, 1},
        std::vector<int64_t>{sizeof(Particle) / sizeof(double), 1, 1},
        std::shared_ptr<double>(particles, data)
    );
    return TensorBlock(
        std::move(values),
        Labels({"particle"}, indexes.data(), count),
        {Labels({"xyz"}, {{0}, {1}, {2}})},
        Labels({"position"}, {{0}})
    );
}

TensorMap
positions_tensor(const std::shared_ptr<Particles>& particles, std::array<uintptr_t, 2> counts) {
    std::vector<TensorBlock> blocks;
    blocks.push_back(positions_block(particles, 0, counts[0]));
    blocks.push_back(positions_block(particles, counts[0], counts[1]));
    return TensorMap(Labels({"type"}, {{TYPES[0]}, {TYPES[1]}}), std::move(blocks));
}

} // namespace

struct particles_t {
    explicit particles_t(const std::array<uintptr_t, 2>& counts)
        : particles(create_particles(counts)), positions(positions_tensor(particles, counts)) {}

    std::shared_ptr<Particles> particles;
    TensorMap positions;
    std::vector<TensorMap> kept;
};

namespace {

/// Displacements of the particles of one block, which must have the metadata of their positions.
/// numpy and torch give access to their memory: this is no copy, as long as it is on CPU.
metatensor::DLPackArray<double>
read_displacements(const TensorBlock& positions, TensorBlock displacements) {
    const auto axes = positions.values_shape().size();
    if (displacements.values_shape().size() != axes) {
        throw std::invalid_argument("the displacements must have the axes of the positions");
    }
    for (size_t axis = 0; axis < axes; axis++) {
        if (displacements.labels(axis) != positions.labels(axis)) {
            throw std::invalid_argument("the displacements must have the labels of the positions");
        }
    }
    return displacements.values<double>();
}

void move_block(TensorBlock block, const metatensor::DLPackArray<double>& displacements) {
    auto array = block.mts_array();
    auto& positions = dynamic_cast<StridedArray<double>&>(
        *static_cast<metatensor::DataArrayBase*>(array.as_mts_array_t().ptr)
    );
    for (size_t i = 0; i < positions.shape()[0]; i++) {
        for (size_t xyz = 0; xyz < 3; xyz++) {
            positions.set({i, xyz, 0}, positions.get({i, xyz, 0}) + displacements(i, xyz, 0));
        }
    }
}

/// Exceptions must not leave functions that are called from other languages: `catch_exceptions`
/// puts them in the last error. This gives the pointer that `f` has created, or NULL.
template <typename F>
auto pointer_or_null(F f) -> decltype(f()) {
    decltype(f()) result = nullptr;
    metatensor::details::catch_exceptions([&] { result = f(); });
    return result;
}

} // namespace

particles_t* particles_create(const uintptr_t counts[2]) {
    return pointer_or_null([&] { return new particles_t({counts[0], counts[1]}); });
}

void particles_free(particles_t* particles) {
    delete particles;
}

const double*
particles_address(const particles_t* particles, uintptr_t particle, uintptr_t component) {
    return pointer_or_null([&]() -> const double* {
        return &particles->particles->at(particle).position.at(component);
    });
}

mts_tensormap_t* particles_positions(particles_t* particles) {
    return particles->positions.as_mts_tensormap_t();
}

mts_tensormap_t* particles_snapshot(const particles_t* particles) {
    return pointer_or_null([&] { return particles->positions.clone().release(); });
}

mts_status_t
particles_move(particles_t* particles, mts_tensormap_t* displacements, const double** addresses) {
    return metatensor::details::catch_exceptions([&] {
        // a view, since the tensor map belongs to the caller
        auto tensor = TensorMap::unsafe_view_from_ptr(displacements);
        if (tensor.keys() != particles->positions.keys()) {
            throw std::invalid_argument("the displacements must have the keys of the positions");
        }
        // read everything before the first change: an error leaves the particles where they are
        std::vector<metatensor::DLPackArray<double>> arrays;
        for (size_t i = 0; i < TYPES.size(); i++) {
            arrays.push_back(
                read_displacements(particles->positions.block_by_id(i), tensor.block_by_id(i))
            );
        }
        for (size_t i = 0; i < TYPES.size(); i++) {
            move_block(particles->positions.block_by_id(i), arrays[i]);
            addresses[i] = arrays[i].data();
        }
    });
}

mts_tensormap_t* particles_merge_types(mts_tensormap_t* tensor) {
    return pointer_or_null([&] {
        return TensorMap::unsafe_view_from_ptr(tensor).keys_to_samples("type").release();
    });
}

mts_status_t particles_keep(particles_t* particles, mts_tensormap_t* tensor) {
    // from here on, there is an owner: nothing is lost if there is an error
    auto owned = TensorMap::unsafe_from_ptr(tensor);
    return metatensor::details::catch_exceptions([&] {
        particles->kept.push_back(std::move(owned));
    });
}
