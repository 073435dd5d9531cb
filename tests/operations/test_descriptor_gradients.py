"""
The gradients of operations on a real descriptor: symmetry functions of the atoms of two molecules,
compared to finite differences with respect to the positions.
"""

import numpy as np
import pytest
import torch

import metatensor
from metatensor import Labels, TensorBlock, TensorMap

CUTOFF = 3.5
WATER = (
    [8, 1, 1],
    [[0.0, 0.02, 0.12], [0.23, 0.76, -0.47], [-0.02, -0.95, -0.58]],
)
AMMONIA = (
    [7, 1, 1, 1],
    [[0.0, 0.01, 0.11], [0.02, 0.94, -0.27], [0.99, -0.47, -0.28], [-0.72, -0.86, -0.45]],
)


def symmetry_functions(positions: torch.Tensor) -> torch.Tensor:
    """
    Radial functions (three widths) and angular functions (two exponents) around each of the atoms,
    with a smooth cutoff: shape ``(n_atoms, 5)``.
    """
    n_atoms = len(positions)
    is_other = ~torch.eye(n_atoms, dtype=torch.bool)
    vectors = positions[None, :] - positions[:, None]
    # the distance of an atom to itself is not used, this one keeps its derivatives finite
    squares = torch.where(is_other, (vectors**2).sum(dim=-1), 1.0)
    distances = torch.sqrt(squares)
    cutoff = is_other * 0.5 * (1 + torch.cos(torch.pi * distances / CUTOFF))

    radial = [(torch.exp(-width * squares) * cutoff).sum(dim=1) for width in (0.2, 0.7, 1.5)]

    directions = vectors / distances[..., None]
    cosines = torch.einsum("ijx,ikx->ijk", directions, directions)
    pairs = cutoff[:, :, None] * cutoff[:, None, :] * is_other
    angular = [((1 + 0.7 * cosines) ** power * pairs).sum(dim=(1, 2)) for power in (1.0, 2.0)]
    return torch.stack(radial + angular, dim=1)


def describe(systems: list[tuple[list[int], np.ndarray]]) -> TensorMap:
    """
    The symmetry functions of some systems, one block for each type of the central atom, with the
    gradients with respect to the positions of all the atoms of the same system.
    """
    values, rows, gradients, gradient_rows = {}, {}, {}, {}
    for system, (types, positions) in enumerate(systems):
        positions = torch.tensor(np.array(positions))
        functions = symmetry_functions(positions).numpy()
        # (center, function, atom, xyz)
        jacobian = torch.autograd.functional.jacobian(symmetry_functions, positions).numpy()
        for center, center_type in enumerate(types):
            sample = len(rows.setdefault(center_type, []))
            rows[center_type].append([system, center])
            values.setdefault(center_type, []).append(functions[center])
            for atom in range(len(types)):
                gradient_rows.setdefault(center_type, []).append([sample, system, atom])
                gradients.setdefault(center_type, []).append(jacobian[center, :, atom].T)

    functions = Labels(
        ["kind", "index"], np.array([[0, 0], [0, 1], [0, 2], [1, 0], [1, 1]], dtype=np.int32)
    )
    blocks = []
    for center_type in rows:
        block = TensorBlock(
            np.array(values[center_type]),
            Labels(["system", "atom"], np.array(rows[center_type], dtype=np.int32)),
            [],
            functions,
        )
        gradient = TensorBlock(
            np.array(gradients[center_type]),
            Labels(
                ["sample", "system", "atom"], np.array(gradient_rows[center_type], dtype=np.int32)
            ),
            [Labels.range("xyz", 3)],
            functions,
        )
        block.add_gradient("positions", gradient)
        blocks.append(block)
    return TensorMap(Labels(["type"], np.array([[t] for t in rows], dtype=np.int32)), blocks)


@pytest.fixture(scope="module")
def directions():
    rng = np.random.default_rng(3)
    return [rng.normal(size=(3, 3)), rng.normal(size=(4, 3))]


@pytest.fixture(scope="module")
def displaced(directions):
    """The descriptors when the atoms moved along some directions: initial, backward, forward."""

    def at(step):
        return describe(
            [
                (types, np.array(positions) + step * direction)
                for (types, positions), direction in zip((WATER, AMMONIA), directions, strict=True)
            ]
        )

    return at(0.0), at(-1e-5), at(1e-5)


def weights_like(tensor):
    rng = np.random.default_rng(1)
    samples = Labels.range("output", 2)
    blocks = [
        TensorBlock(rng.normal(size=(2, len(block.properties))), samples, [], block.properties)
        for block in tensor
    ]
    return TensorMap(tensor.keys, blocks)


HYDROGENS = Labels(["system", "atom"], np.array([[1, 3], [0, 1], [1, 1]], dtype=np.int32))
RADIAL = Labels(["kind"], np.array([[0]], dtype=np.int32))

OPERATIONS = {
    "initial": lambda x: x,
    "abs": lambda x: metatensor.abs(metatensor.subtract(x, 0.5)),
    "add": lambda x: x + x,
    "add scalar": lambda x: x + 1.5,
    "add union": lambda x: metatensor.add(x, metatensor.drop_blocks(x, x.keys), keys="union"),
    "subtract": lambda x: x - x * x,
    "multiply": lambda x: x * (x + 1.0),
    "multiply scalar": lambda x: x * -2.5,
    "divide": lambda x: x / (x * x + 1.0),
    "divide scalar": lambda x: x / 3,
    "pow": lambda x: (x + 0.5) ** 2.5,
    "negative": lambda x: -x,
    "dot": lambda x: x @ weights_like(x),
    "slice samples": lambda x: metatensor.slice(x, "samples", HYDROGENS),
    "slice properties": lambda x: metatensor.slice(x, "properties", RADIAL),
    "split": lambda x: metatensor.split(x, "samples", [HYDROGENS])[0],
    "split by dimension": lambda x: metatensor.split_by_dimension(x, "samples", "system")[1],
    "sort": lambda x: metatensor.sort(x, ["samples", "properties"], descending=True),
    "join samples": lambda x: metatensor.join([x, x * x], "samples", add_dimension="power"),
    "join properties": lambda x: metatensor.join([x, x * x], "properties", add_dimension="power"),
    "join sliced": lambda x: metatensor.join(
        [metatensor.slice(x, "properties", RADIAL), metatensor.multiply(x, 2.0)],
        "properties",
        add_dimension="tensor",
    ),
    "linear": lambda x: metatensor.map_blocks(x, lambda values: 3 * values, gradients="linear"),
    "keys_to_properties": lambda x: x.keys_to_properties("type"),
    "keys_to_samples": lambda x: x.keys_to_samples("type"),
}
for _name in ("sum", "mean", "var", "std"):
    # averages do not count gradient rows that do not exist, and there are none between systems
    for _axis, _dimensions in (
        ("samples", "atom"),
        ("properties", "index"),
        ("properties", ["kind", "index"]),
    ):
        OPERATIONS[f"{_name} over {_axis} {_dimensions}"] = (
            lambda x, f=f"{_name}_over_{_axis}", d=_dimensions: getattr(metatensor, f)(x, d)
        )
OPERATIONS["sum over all samples"] = lambda x: metatensor.sum_over_samples(x, ["atom", "system"])


def derivative_along(block, directions):
    """Change of the values of a block when all atoms move, from its gradient."""
    gradient = block.gradient("positions")
    result = np.zeros_like(block.values)
    for (sample, system, atom), values in zip(
        gradient.samples.values.tolist(), gradient.values, strict=True
    ):
        result[sample] += np.einsum("xp,x->p", values, directions[system][atom])
    return result


@pytest.mark.parametrize("name", OPERATIONS)
def test_finite_differences(name, displaced, directions):
    if name.startswith(("var over samples", "std over samples")):
        # blocks with a single center of each type have no spread to differentiate
        hydrogen = Labels(["type"], np.array([[1]], dtype=np.int32))
        displaced = [metatensor.filter_blocks(tensor, hydrogen) for tensor in displaced]
    result, before, after = (OPERATIONS[name](tensor) for tensor in displaced)
    for key, block in result.items():
        expected = (after[key].values - before[key].values) / 2e-5
        actual = derivative_along(block, directions)
        np.testing.assert_allclose(actual, expected, rtol=1e-6, atol=1e-8)
        assert len(block.samples) == 0 or np.any(block.gradient("positions").values != 0)
