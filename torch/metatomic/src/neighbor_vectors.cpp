#include "internal/neighbor_vectors.hpp"

#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>

#include "internal/plain_data.hpp"

namespace metatomic_torch::details {

namespace {

// ---------------------------------------------------------------------------------------------- //
// for any tensor

torch::Tensor vectors_from_operators(
    const torch::Tensor& positions, const torch::Tensor& cell, const torch::Tensor& samples
) {
    torch::Tensor vectors;
    if (positions.defined()) {
        vectors = positions.index_select(0, samples.select(1, SECOND_ATOM)) -
                  positions.index_select(0, samples.select(1, FIRST_ATOM));
    }
    if (cell.defined()) {
        auto shifts = samples.slice(1, CELL_SHIFT_A).to(cell.scalar_type());
        auto images = torch::matmul(shifts, cell);
        vectors = vectors.defined() ? vectors + images : images;
    }
    return vectors.unsqueeze(-1);
}

NeighborVectorsGradient gradient_from_operators(
    const torch::Tensor& vectors, const torch::Tensor& samples, NeighborVectorsInputs inputs
) {
    auto gradient = NeighborVectorsGradient();
    auto rows = vectors.squeeze(-1);
    if (inputs.positions) {
        gradient.positions = torch::zeros({inputs.n_atoms, 3}, rows.options())
                                 .index_add(0, samples.select(1, SECOND_ATOM), rows)
                                 .index_add(0, samples.select(1, FIRST_ATOM), rows, /* alpha */ -1);
    }
    if (inputs.cell) {
        auto shifts = samples.slice(1, CELL_SHIFT_A).to(rows.scalar_type());
        gradient.cell = torch::matmul(shifts.t(), rows);
    }
    return gradient;
}

// ---------------------------------------------------------------------------------------------- //
// for data in the memory of the CPU: one pass over the pairs

// Systems are small and there are many of them in a batch, so that the number of operators counts.
// For large systems, operators go through the memory several times.

constexpr int64_t PAIRS_PER_TASK = 10000;

bool is_plain_matrix(const torch::Tensor& tensor, int64_t rows, int64_t columns) {
    return is_plain_data(tensor) && tensor.dim() == 2 && tensor.size(0) == rows &&
           tensor.size(1) == columns;
}

bool are_plain_samples(const torch::Tensor& samples) {
    return is_plain_data(samples) && samples.scalar_type() == torch::kInt32 && samples.dim() == 2 &&
           samples.size(1) == 5;
}

bool is_float_or_double(const torch::Tensor& tensor) {
    return tensor.scalar_type() == torch::kFloat32 || tensor.scalar_type() == torch::kFloat64;
}

bool can_read_inputs(
    const torch::Tensor& positions, const torch::Tensor& cell, const torch::Tensor& samples
) {
    const auto& any = positions.defined() ? positions : cell;
    return are_plain_samples(samples) && is_float_or_double(any) &&
           (!positions.defined() || is_plain_matrix(positions, positions.size(0), 3)) &&
           (!cell.defined() ||
            (is_plain_matrix(cell, 3, 3) && cell.scalar_type() == any.scalar_type()));
}

bool can_read_vectors(const torch::Tensor& vectors, const torch::Tensor& samples) {
    return are_plain_samples(samples) && is_float_or_double(vectors) && is_plain_data(vectors) &&
           vectors.sizes() == torch::IntArrayRef{samples.size(0), 3, 1};
}

/// An atom of a pair, which nobody checked before
int64_t checked_atom(int32_t atom, int64_t n_atoms) {
    TORCH_CHECK_INDEX(
        atom >= 0 && atom < n_atoms,
        "invalid neighbors: the samples contain the atom ",
        atom,
        ", but there are only ",
        n_atoms,
        " atoms in the system"
    );
    return atom;
}

template <typename T>
void compute_vectors(
    const torch::Tensor& positions,
    const torch::Tensor& cell,
    const torch::Tensor& samples,
    torch::Tensor& vectors
) {
    auto pairs = samples.accessor<int32_t, 2>();
    auto output = vectors.accessor<T, 3>();

    at::parallel_for(0, pairs.size(0), PAIRS_PER_TASK, [&](int64_t begin, int64_t end) {
        if (positions.defined()) {
            auto input = positions.accessor<T, 2>();
            for (auto pair = begin; pair < end; pair++) {
                auto first = checked_atom(pairs[pair][FIRST_ATOM], input.size(0));
                auto second = checked_atom(pairs[pair][SECOND_ATOM], input.size(0));
                for (int64_t xyz = 0; xyz < 3; xyz++) {
                    output[pair][xyz][0] = input[second][xyz] - input[first][xyz];
                }
            }
        }

        if (cell.defined()) {
            auto input = cell.accessor<T, 2>();
            for (auto pair = begin; pair < end; pair++) {
                for (int64_t xyz = 0; xyz < 3; xyz++) {
                    for (int64_t abc = 0; abc < 3; abc++) {
                        auto shift = static_cast<T>(pairs[pair][CELL_SHIFT_A + abc]);
                        output[pair][xyz][0] += shift * input[abc][xyz];
                    }
                }
            }
        }
    });
}

template <typename T>
void add_to_positions(
    const torch::Tensor& vectors, const torch::Tensor& samples, torch::Tensor& positions
) {
    auto pairs = samples.accessor<int32_t, 2>();
    auto input = vectors.accessor<T, 3>();
    auto output = positions.accessor<T, 2>();
    for (int64_t pair = 0; pair < pairs.size(0); pair++) {
        auto first = checked_atom(pairs[pair][FIRST_ATOM], output.size(0));
        auto second = checked_atom(pairs[pair][SECOND_ATOM], output.size(0));
        for (int64_t xyz = 0; xyz < 3; xyz++) {
            output[second][xyz] += input[pair][xyz][0];
            output[first][xyz] -= input[pair][xyz][0];
        }
    }
}

template <typename T>
void add_to_cell(const torch::Tensor& vectors, const torch::Tensor& samples, torch::Tensor& cell) {
    auto pairs = samples.accessor<int32_t, 2>();
    auto input = vectors.accessor<T, 3>();
    auto output = cell.accessor<T, 2>();
    for (int64_t pair = 0; pair < pairs.size(0); pair++) {
        for (int64_t abc = 0; abc < 3; abc++) {
            auto shift = static_cast<T>(pairs[pair][CELL_SHIFT_A + abc]);
            for (int64_t xyz = 0; xyz < 3; xyz++) {
                output[abc][xyz] += shift * input[pair][xyz][0];
            }
        }
    }
}

torch::Tensor vectors_from_memory(
    const torch::Tensor& positions, const torch::Tensor& cell, const torch::Tensor& samples
) {
    const auto& any = positions.defined() ? positions : cell;
    auto options = torch::TensorOptions().dtype(any.scalar_type());
    auto vectors = torch::zeros({samples.size(0), 3, 1}, options);
    AT_DISPATCH_FLOATING_TYPES(any.scalar_type(), "neighbor_vectors", [&] {
        compute_vectors<scalar_t>(positions, cell, samples, vectors);
    });
    return vectors;
}

NeighborVectorsGradient gradient_from_memory(
    const torch::Tensor& vectors, const torch::Tensor& samples, NeighborVectorsInputs inputs
) {
    auto gradient = NeighborVectorsGradient();
    auto options = torch::TensorOptions().dtype(vectors.scalar_type());
    AT_DISPATCH_FLOATING_TYPES(vectors.scalar_type(), "neighbor_vectors_gradient", [&] {
        if (inputs.positions) {
            gradient.positions = torch::zeros({inputs.n_atoms, 3}, options);
            add_to_positions<scalar_t>(vectors, samples, gradient.positions);
        }
        if (inputs.cell) {
            gradient.cell = torch::zeros({3, 3}, options);
            add_to_cell<scalar_t>(vectors, samples, gradient.cell);
        }
    });
    return gradient;
}

// ---------------------------------------------------------------------------------------------- //
// automatic differentiation of the code above: each is the gradient of the other

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

class Vectors : public torch::autograd::Function<Vectors> {
public:
    static torch::Tensor forward(
        AutogradContext* ctx,
        const torch::Tensor& positions,
        const torch::Tensor& cell,
        const torch::Tensor& samples
    ) {
        ctx->save_for_backward({samples});
        ctx->saved_data["n_atoms"] = positions.defined() ? positions.size(0) : 0;
        return vectors_from_memory(positions, cell, samples);
    }

    static variable_list backward(AutogradContext* ctx, const variable_list& outputs_grad) {
        auto inputs = NeighborVectorsInputs{
            ctx->saved_data["n_atoms"].toInt(), ctx->needs_input_grad(0), ctx->needs_input_grad(1)
        };
        auto gradient =
            neighbor_vectors_gradient(outputs_grad[0], ctx->get_saved_variables()[0], inputs);
        return {gradient.positions, gradient.cell, torch::Tensor()};
    }
};

class Gradient : public torch::autograd::Function<Gradient> {
public:
    /// The gradients that are needed, in the order of the arguments of `neighbor_vectors`
    static variable_list forward(
        AutogradContext* ctx,
        const torch::Tensor& vectors,
        const torch::Tensor& samples,
        int64_t n_atoms,
        bool needs_positions,
        bool needs_cell
    ) {
        ctx->set_materialize_grads(false);
        ctx->save_for_backward({samples});
        ctx->saved_data["needs_positions"] = needs_positions;
        ctx->saved_data["needs_cell"] = needs_cell;

        auto gradient =
            gradient_from_memory(vectors, samples, {n_atoms, needs_positions, needs_cell});
        auto outputs = variable_list();
        for (const auto& output : {gradient.positions, gradient.cell}) {
            if (output.defined()) {
                outputs.push_back(output);
            }
        }
        return outputs;
    }

    static variable_list backward(AutogradContext* ctx, const variable_list& outputs_grad) {
        auto next = outputs_grad.begin();
        auto positions = ctx->saved_data["needs_positions"].toBool() ? *next++ : torch::Tensor();
        auto cell = ctx->saved_data["needs_cell"].toBool() ? *next++ : torch::Tensor();

        torch::Tensor vectors;
        if (positions.defined() || cell.defined()) {
            vectors = neighbor_vectors(positions, cell, ctx->get_saved_variables()[0]);
        }
        return {vectors, torch::Tensor(), torch::Tensor(), torch::Tensor(), torch::Tensor()};
    }
};

bool is_tracked(const torch::Tensor& tensor) {
    return tensor.defined() && tensor.requires_grad() && torch::GradMode::is_enabled();
}

} // namespace

torch::Tensor neighbor_vectors(
    const torch::Tensor& positions, const torch::Tensor& cell, const torch::Tensor& samples
) {
    if (!can_read_inputs(positions, cell, samples)) {
        return vectors_from_operators(positions, cell, samples);
    }
    if (!is_tracked(positions) && !is_tracked(cell)) {
        return vectors_from_memory(positions, cell, samples);
    }
    return Vectors::apply(positions, cell, samples);
}

NeighborVectorsGradient neighbor_vectors_gradient(
    const torch::Tensor& vectors, const torch::Tensor& samples, NeighborVectorsInputs inputs
) {
    if (!can_read_vectors(vectors, samples)) {
        return gradient_from_operators(vectors, samples, inputs);
    }
    if (!is_tracked(vectors)) {
        return gradient_from_memory(vectors, samples, inputs);
    }

    auto outputs = Gradient::apply(vectors, samples, inputs.n_atoms, inputs.positions, inputs.cell);
    auto next = outputs.begin();
    auto gradient = NeighborVectorsGradient();
    if (inputs.positions) {
        gradient.positions = *next++;
    }
    if (inputs.cell) {
        gradient.cell = *next++;
    }
    return gradient;
}

} // namespace metatomic_torch::details
