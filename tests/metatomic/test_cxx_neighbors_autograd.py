import pytest
import torch

from metatensor.torch import Labels, TensorBlock
from metatomic.torch import System, register_autograd_neighbors

NAMES = ["first_atom", "second_atom", "cell_shift_a", "cell_shift_b", "cell_shift_c"]
#: includes an atom with its own image, an atom used multiple times, and one without neighbors
PAIRS = torch.tensor(
    [[0, 1, 0, 0, 0], [0, 2, 1, 0, -2], [1, 2, 0, 0, 0], [2, 2, 0, 1, 0], [1, 0, -1, 0, 1]]
)


@pytest.fixture
def positions() -> torch.Tensor:
    generator = torch.Generator().manual_seed(42)
    return torch.rand(4, 3, dtype=torch.float64, generator=generator)


@pytest.fixture
def cell() -> torch.Tensor:
    generator = torch.Generator().manual_seed(43)
    return 2 * torch.eye(3).double() + torch.rand(3, 3, dtype=torch.float64, generator=generator)


def create_system(positions: torch.Tensor, cell: torch.Tensor) -> System:
    types = torch.ones(len(positions), dtype=torch.int32)
    return System(types, positions, cell, torch.tensor([True, True, True]))


def compute_vectors(
    positions: torch.Tensor, cell: torch.Tensor, pairs: torch.Tensor = PAIRS
) -> torch.Tensor:
    vectors = positions[pairs[:, 1]] - positions[pairs[:, 0]] + pairs[:, 2:].to(cell.dtype) @ cell
    return vectors.unsqueeze(-1)


def create_block(values: torch.Tensor, pairs: torch.Tensor = PAIRS, **replaced) -> TensorBlock:
    arguments = {
        "samples": Labels(NAMES, pairs),
        "components": [Labels("xyz", torch.arange(3).reshape(-1, 1))],
        "properties": Labels("distance", torch.tensor([[0]])),
    }
    return TensorBlock(values, **{**arguments, **replaced})


def register(positions, cell, check_consistency=True) -> torch.Tensor:
    """Get vectors that are not computed by automatic differentiation, but registered."""
    block = create_block(compute_vectors(positions.detach(), cell.detach()))
    values = block.values
    register_autograd_neighbors(create_system(positions, cell), block, check_consistency)
    assert block.values is values
    return values


@pytest.mark.parametrize("positions_grad", [True, False])
@pytest.mark.parametrize("cell_grad", [True, False])
def test_requires_grad(positions, cell, positions_grad, cell_grad):
    positions.requires_grad_(positions_grad)
    cell.requires_grad_(cell_grad)
    values = register(positions, cell)
    assert values.requires_grad == (positions_grad or cell_grad)
    if not values.requires_grad:
        return

    weights = torch.arange(15, dtype=torch.float64).reshape(5, 3, 1)
    (weights * values).sum().backward()
    actual = (positions.grad, cell.grad)

    positions.grad, cell.grad = None, None
    (weights * compute_vectors(positions, cell)).sum().backward()
    for gradient, expected in zip(actual, (positions.grad, cell.grad), strict=True):
        if expected is None:
            assert gradient is None
        else:
            torch.testing.assert_close(gradient, expected, rtol=1e-13, atol=1e-13)


def test_gradcheck(positions, cell):
    inputs = (positions.requires_grad_(True), cell.requires_grad_(True))
    assert torch.autograd.gradcheck(register, inputs)
    assert torch.autograd.gradgradcheck(register, inputs)

    def energy(positions, cell):
        return (1 / register(positions, cell).norm(dim=1)).sum()

    assert torch.autograd.gradcheck(energy, inputs)
    assert torch.autograd.gradgradcheck(energy, inputs)


def test_third_derivative(positions, cell):
    """Each derivative is itself differentiable, without end"""
    direction = torch.linspace(-1, 1, 12, dtype=torch.float64).reshape(4, 3)
    strain = torch.linspace(-1, 1, 9, dtype=torch.float64).reshape(3, 3)

    def third_derivative(vectors) -> torch.Tensor:
        scale = torch.zeros((), dtype=torch.float64, requires_grad=True)
        value = vectors(positions + scale * direction, cell + scale * strain).norm(dim=1).sum()
        for _ in range(3):
            (value,) = torch.autograd.grad(value, scale, create_graph=True)
        return value

    actual = third_derivative(register)
    torch.testing.assert_close(actual, third_derivative(compute_vectors), rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("positions_grad, cell_grad", [(True, True), (True, False), (False, True)])
def test_batches_of_gradients(positions, cell, positions_grad, cell_grad):
    """The same derivatives one at a time, and all at once"""
    positions.requires_grad_(positions_grad)
    cell.requires_grad_(cell_grad)
    inputs = [tensor for tensor in (positions, cell) if tensor.requires_grad]
    values = register(positions, cell)
    directions = torch.eye(values.numel(), dtype=torch.float64).reshape(-1, *values.shape)

    batched = torch.autograd.grad(values, inputs, directions, is_grads_batched=True)
    values = register(positions, cell)
    separate = [
        torch.autograd.grad(values, inputs, direction, retain_graph=True)
        for direction in directions
    ]
    for all_at_once, one_at_a_time in zip(batched, zip(*separate, strict=True), strict=True):
        assert torch.equal(all_at_once, torch.stack(one_at_a_time))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_gradients_with_strides(positions, cell, dtype):
    positions = positions.to(dtype).requires_grad_(True)
    values = register(positions, cell.to(dtype))
    columns = torch.arange(15, dtype=dtype).reshape(3, 5)
    (actual,) = torch.autograd.grad(values, positions, columns.T.unsqueeze(2), retain_graph=True)
    (expected,) = torch.autograd.grad(values, positions, columns.T.contiguous().unsqueeze(2))
    assert torch.equal(actual, expected)


def test_lazily_negated_gradients(positions, cell):
    """The memory of these gradients contains the opposite of their values"""
    values = register(positions.requires_grad_(True), cell)
    lazy = torch.zeros(5, 3, 1, dtype=torch.complex128).add(1j).conj().imag
    assert lazy.is_neg()
    (actual,) = torch.autograd.grad(values, positions, lazy, retain_graph=True)
    (expected,) = torch.autograd.grad(values, positions, torch.full_like(values, -1))
    assert torch.equal(actual, expected)


@pytest.mark.parametrize("index", [4, -1, 1000000])
@pytest.mark.parametrize("column", [0, 1])
def test_atoms_are_checked_by_the_gradient(positions, cell, column, index):
    pairs = PAIRS.clone()
    pairs[2, column] = index
    block = create_block(compute_vectors(positions, cell), pairs)
    register_autograd_neighbors(create_system(positions.requires_grad_(True), cell), block)
    message = f"the samples contain the atom {index}, but there are only 4 atoms in the system"
    with pytest.raises(IndexError, match=message):
        block.values.sum().backward()


def test_hessian(positions, cell):
    def energy(vectors):
        return torch.exp(-(vectors**2).sum(dim=1)).sum()

    positions.requires_grad_(True)
    actual = torch.autograd.functional.hessian(lambda x: energy(register(x, cell)), positions)
    expected = torch.autograd.functional.hessian(
        lambda x: energy(compute_vectors(x, cell)), positions
    )
    torch.testing.assert_close(actual, expected, rtol=1e-12, atol=1e-12)

    vectorized = torch.autograd.functional.jacobian(
        lambda x: register(x, cell), positions, vectorize=True
    )
    expected = torch.autograd.functional.jacobian(lambda x: compute_vectors(x, cell), positions)
    torch.testing.assert_close(vectorized, expected)


def test_non_leaf(positions, cell):
    strain = torch.eye(3, dtype=torch.float64, requires_grad=True)
    register(positions @ strain, cell @ strain).pow(2).sum().backward()
    actual = strain.grad

    strain.grad = None
    compute_vectors(positions @ strain, cell @ strain).pow(2).sum().backward()
    torch.testing.assert_close(actual, strain.grad, rtol=1e-12, atol=1e-12)


def test_view(positions, cell):
    """The values of the block can be a view in another tensor"""
    positions.requires_grad_(True)
    storage = torch.zeros(10, 3, 1, dtype=torch.float64)
    storage[:5] = compute_vectors(positions.detach(), cell)
    block = create_block(storage[:5])
    register_autograd_neighbors(create_system(positions, cell), block, check_consistency=True)
    block.values.sum().backward()
    actual = positions.grad

    positions.grad = None
    compute_vectors(positions, cell).sum().backward()
    torch.testing.assert_close(actual, positions.grad)


def test_no_pairs(positions, cell):
    positions.requires_grad_(True)
    pairs = PAIRS[:0]
    block = create_block(torch.zeros(0, 3, 1, dtype=torch.float64), pairs)
    system = create_system(positions, cell)
    register_autograd_neighbors(system, block, check_consistency=True)
    block.values.sum().backward()
    assert torch.equal(positions.grad, torch.zeros(4, 3, dtype=torch.float64))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_dtypes(positions, cell, dtype):
    positions = positions.to(dtype).requires_grad_(True)
    values = register(positions, cell.to(dtype))
    values.sum().backward()
    assert positions.grad.dtype == dtype


@pytest.mark.parametrize("check_consistency", [True, False])
def test_already_registered(positions, cell, check_consistency):
    positions.requires_grad_(True)
    system = create_system(positions, cell)
    block = create_block(compute_vectors(positions.detach(), cell))
    register_autograd_neighbors(system, block)
    with pytest.raises(ValueError, match="already require gradients"):
        register_autograd_neighbors(system, block, check_consistency)


class TestConsistency:
    @pytest.fixture
    def system(self, positions, cell) -> System:
        return create_system(positions, cell)

    @pytest.fixture
    def vectors(self, positions, cell) -> torch.Tensor:
        return compute_vectors(positions, cell)

    def fails(self, system, block, message):
        with pytest.raises(ValueError, match=message):
            register_autograd_neighbors(system, block, check_consistency=True)
        # there are no other checks by default
        register_autograd_neighbors(system, block)

    def test_metadata(self, system, vectors):
        self.fails(system, create_block(vectors).to("meta"), r"\(meta\).*\(cpu\)")
        self.fails(system, create_block(vectors.float()), "torch.float32.*torch.float64")

        samples = Labels([*NAMES[:4], "other"], PAIRS)
        self.fails(system, create_block(vectors, samples=samples), r"samples.*cell_shift_b, other")
        components = [Labels("abc", torch.arange(3).reshape(-1, 1))]
        self.fails(system, create_block(vectors, components=components), r"components.*\[abc\]")
        properties = Labels("d", torch.tensor([[0]]))
        self.fails(system, create_block(vectors, properties=properties), r"properties.*\[d\]")

    @pytest.mark.parametrize("index", [4, -1, 1000000])
    @pytest.mark.parametrize("column", [0, 1])
    def test_atoms(self, system, vectors, column, index):
        pairs = PAIRS.clone()
        pairs[2, column] = index
        message = f"'{NAMES[column]}' contains the index {index}, but there are only 4 atoms"
        self.fails(system, create_block(vectors, pairs), message)

    @pytest.mark.parametrize(
        "dtype, allowed, forbidden",
        [(torch.float64, 0.9e-6, 1.1e-6), (torch.float32, 0.8e-4, 1.2e-4)],
    )
    def test_vectors(self, system, vectors, dtype, allowed, forbidden):
        system = system.to(dtype)
        vectors = compute_vectors(system.positions, system.cell)

        valid = vectors.clone()
        valid[1, 2] += allowed
        register_autograd_neighbors(system, create_block(valid), check_consistency=True)

        invalid = vectors.clone()
        invalid[1, 2] += forbidden
        message = (
            r"atoms 0 and 2 for the cell shift \[1, 0, -2\] should be "
            r"\[[^,]+, [^,]+, [^,]+\], got \[[^,]+, [^,]+, [^,]+\]"
        )
        self.fails(system, create_block(invalid), message)

    def test_nan(self, system, vectors):
        vectors[4, 0] = torch.nan
        self.fails(system, create_block(vectors), "atoms 1 and 0.*nan")


def test_script(positions, cell):
    @torch.jit.script
    def energy(system: System, neighbors: TensorBlock) -> torch.Tensor:
        torch.ops.metatomic.register_autograd_neighbors(system, neighbors)
        return neighbors.values.pow(2).sum()

    assert "ops.metatomic.register_autograd_neighbors" in energy.code

    positions.requires_grad_(True)
    system = create_system(positions, cell)
    energy(system, create_block(compute_vectors(positions.detach(), cell))).backward()
    assert positions.grad.abs().sum() > 0
