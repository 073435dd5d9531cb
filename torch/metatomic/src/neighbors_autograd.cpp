#include <locale>
#include <sstream>

#include "internal/dtypes.hpp"
#include "internal/labels_checks.hpp"
#include "internal/text.hpp"
#include "metatomic/torch/system.hpp"

namespace metatomic_torch {

using metatensor_torch::TensorBlock;

/// Columns of the samples of a neighbor list
enum NeighborsColumn : int64_t {
    FIRST_ATOM = 0,
    SECOND_ATOM = 1,
    CELL_SHIFT_A = 2,
};

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
    auto check_column = [&](NeighborsColumn column, const char* name) {
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
    check_column(FIRST_ATOM, "first_atom");
    check_column(SECOND_ATOM, "second_atom");
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

    auto first = samples.select(1, FIRST_ATOM);
    auto second = samples.select(1, SECOND_ATOM);
    auto shifts = samples.slice(1, CELL_SHIFT_A);
    auto expected = positions.index_select(0, second) - positions.index_select(0, first) +
                    torch::matmul(shifts.to(cell.scalar_type()), cell);

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
    auto samples = ctx->get_saved_variables()[0];
    auto n_atoms = ctx->saved_data["n_atoms"].toInt();
    auto vectors_grad = outputs_grad[0].squeeze(-1);

    // This only uses differentiable operations, so that it can be differentiated again
    torch::Tensor positions_grad;
    if (ctx->needs_input_grad(0)) {
        positions_grad =
            torch::zeros({n_atoms, 3}, vectors_grad.options())
                .index_add(0, samples.select(1, SECOND_ATOM), vectors_grad)
                .index_add(0, samples.select(1, FIRST_ATOM), vectors_grad, /* alpha */ -1);
    }

    torch::Tensor cell_grad;
    if (ctx->needs_input_grad(1)) {
        auto shifts = samples.slice(1, CELL_SHIFT_A).to(vectors_grad.scalar_type());
        cell_grad = torch::matmul(shifts.t(), vectors_grad);
    }

    // `neighbors` and `check_consistency` have no gradients
    return {positions_grad, cell_grad, torch::Tensor(), torch::Tensor()};
}

void register_autograd_neighbors(System system, TensorBlock neighbors, bool check_consistency) {
    NeighborsAutograd::apply(
        system->positions(), system->cell(), std::move(neighbors), check_consistency
    );
}

} // namespace metatomic_torch
