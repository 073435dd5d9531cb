#pragma once

#include <torch/script.h>

namespace metatomic_torch::details {

/// Columns of the samples of a neighbor list
enum NeighborsColumn : int64_t {
    FIRST_ATOM = 0,
    SECOND_ATOM = 1,
    CELL_SHIFT_A = 2,
};

/// Vectors between neighbors, of shape `(n_pairs, 3, 1)`, as a linear function of `positions`, of
/// shape `(n_atoms, 3)`, and `cell`, of shape `(3, 3)`. One of the two can be an undefined tensor,
/// which stands for zeros. This can be differentiated any number of times.
///
/// @param samples samples of the neighbor list, of shape `(n_pairs, 5)`
torch::Tensor neighbor_vectors(
    const torch::Tensor& positions, const torch::Tensor& cell, const torch::Tensor& samples
);

/// The shape of `positions`, and for which arguments of `neighbor_vectors` there should be a
/// gradient
struct NeighborVectorsInputs {
    int64_t n_atoms;
    bool positions;
    bool cell;
};

/// Gradients with respect to the arguments of `neighbor_vectors`, undefined for the ones which are
/// not needed
struct NeighborVectorsGradient {
    torch::Tensor positions;
    torch::Tensor cell;
};

/// Transpose of `neighbor_vectors`: given the gradient with respect to the `vectors`, get the one
/// with respect to positions and cell. This can be differentiated any number of times.
NeighborVectorsGradient neighbor_vectors_gradient(
    const torch::Tensor& vectors, const torch::Tensor& samples, NeighborVectorsInputs inputs
);

} // namespace metatomic_torch::details
