#include <locale>
#include <sstream>

#include "internal/dtypes.hpp"
#include "internal/labels_checks.hpp"
#include "internal/neighbor_vectors.hpp"
#include "internal/text.hpp"
#include "metatomic/torch/system.hpp"

namespace metatomic_torch {

using metatensor_torch::TensorBlock;

// ---------------------------------------------------------------------------------------------- //
// consistency checks

static void check_metadata(const torch::Tensor& positions, const TensorBlock& neighbors) {
    using Names = std::vector<std::string>;
    auto values = neighbors->values();
    TORCH_CHECK_VALUE(
        values.device() == positions.device(),
        "the device of the neighbors (",
        values.device(),
        ") and of the system (",
        positions.device(),
        ") must be the same"
    );
    TORCH_CHECK_VALUE(
        values.scalar_type() == positions.scalar_type(),
        "the dtype of the neighbors (",
        details::dtype_name(values.scalar_type()),
        ") and of the system (",
        details::dtype_name(positions.scalar_type()),
        ") must be the same"
    );

    auto check_names = [](const char* what, const Names& actual, const Names& expected) {
        TORCH_CHECK_VALUE(
            actual == expected,
            "invalid names for the ",
            what,
            " of the neighbors: expected ",
            details::format_list(expected),
            ", got ",
            details::format_list(actual)
        );
    };
    check_names("samples", neighbors->samples()->names(), details::neighbors_sample_names());

    Names component_names;
    for (const auto& component : neighbors->components()) {
        for (const auto& name : component->names()) {
            component_names.push_back(name);
        }
    }
    check_names("components", component_names, {"xyz"});
    check_names("properties", neighbors->properties()->names(), {"distance"});
}

static void check_atoms(const torch::Tensor& samples, int64_t n_atoms) {
    auto check_column = [&](details::NeighborsColumn column, const char* name) {
        auto indices = samples.select(1, column);
        auto invalid = torch::logical_or(indices < 0, indices >= n_atoms).nonzero();
        TORCH_CHECK_VALUE(
            invalid.size(0) == 0,
            "invalid neighbors: '",
            name,
            "' contains the index ",
            indices.index_select(0, invalid.flatten())[0].item<int64_t>(),
            ", but there are only ",
            n_atoms,
            " atoms in the system"
        );
    };
    check_column(details::FIRST_ATOM, "first_atom");
    check_column(details::SECOND_ATOM, "second_atom");
}

static std::string format_vector(const torch::Tensor& vector) {
    std::ostringstream output;
    output.imbue(std::locale::classic());
    for (int64_t i = 0; i < vector.size(0); i++) {
        output << (i == 0 ? "[" : ", ") << vector[i].item().toDouble();
    }
    output << "]";
    return output.str();
}

/// Check that the vectors between neighbors are the ones we can compute
static void check_vectors(
    const torch::Tensor& positions,
    const torch::Tensor& cell,
    const torch::Tensor& samples,
    const torch::Tensor& vectors
) {
    constexpr double FLOAT64_TOLERANCE = 1e-6;
    constexpr double OTHER_TOLERANCE = 1e-4;
    auto tolerance = vectors.scalar_type() == torch::kFloat64 ? FLOAT64_TOLERANCE : OTHER_TOLERANCE;

    auto first = samples.select(1, details::FIRST_ATOM);
    auto second = samples.select(1, details::SECOND_ATOM);
    auto shifts = samples.slice(1, details::CELL_SHIFT_A);
    auto expected = details::neighbor_vectors(positions, cell, samples).squeeze(-1);

    // not the same thing as `difference > tolerance`, if there is any NaN
    auto difference = (expected - vectors).norm(2, /* dim */ 1);
    auto invalid = (difference <= tolerance).logical_not().nonzero();
    if (invalid.size(0) == 0) {
        return;
    }

    auto pair = invalid[0].item<int64_t>();
    C10_THROW_ERROR(
        ValueError,
        c10::str(
            "invalid neighbors: the vector between atoms ",
            first[pair].item<int64_t>(),
            " and ",
            second[pair].item<int64_t>(),
            " for the cell shift ",
            format_vector(shifts[pair]),
            " should be ",
            format_vector(expected[pair]),
            ", got ",
            format_vector(vectors[pair])
        )
    );
}

static void check_neighbors(
    const torch::Tensor& positions, const torch::Tensor& cell, const TensorBlock& neighbors
) {
    check_metadata(positions, neighbors);

    auto samples = neighbors->samples()->values();
    check_atoms(samples, positions.size(0));
    check_vectors(positions, cell, samples, neighbors->values().squeeze(-1));
}

// ---------------------------------------------------------------------------------------------- //
// automatic differentiation

torch::Tensor NeighborsAutograd::forward(
    torch::autograd::AutogradContext* ctx,
    torch::Tensor positions,
    torch::Tensor cell,
    TensorBlock neighbors,
    bool check_consistency
) {
    auto vectors = neighbors->values();
    TORCH_CHECK_VALUE(
        !vectors.requires_grad(),
        "the values of the neighbors already require gradients, they can not be registered (again)"
    );

    if (check_consistency) {
        check_neighbors(positions.detach(), cell.detach(), neighbors);
    }

    ctx->save_for_backward({neighbors->samples()->values()});
    ctx->saved_data["n_atoms"] = positions.size(0);

    // this is neither one of the inputs nor a new tensor: the backward node is attached to the
    // tensor which is in the block
    return vectors;
}

std::vector<torch::Tensor> NeighborsAutograd::backward(
    torch::autograd::AutogradContext* ctx, std::vector<torch::Tensor> outputs_grad
) {
    auto inputs = details::NeighborVectorsInputs{
        ctx->saved_data["n_atoms"].toInt(), ctx->needs_input_grad(0), ctx->needs_input_grad(1)
    };
    auto gradient =
        details::neighbor_vectors_gradient(outputs_grad[0], ctx->get_saved_variables()[0], inputs);

    // `neighbors` and `check_consistency` have no gradients
    return {gradient.positions, gradient.cell, torch::Tensor(), torch::Tensor()};
}

void register_autograd_neighbors(System system, TensorBlock neighbors, bool check_consistency) {
    NeighborsAutograd::apply(
        system->positions(), system->cell(), std::move(neighbors), check_consistency
    );
}

} // namespace metatomic_torch
