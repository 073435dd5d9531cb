"""Modules for spherical tensors: which blocks they change, and that rotations commute with them."""

from typing import Any

import pytest
import torch


def rotation_matrix(seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    q, _ = torch.linalg.qr(torch.randn((3, 3), generator=generator, dtype=torch.float64))
    return q * torch.linalg.det(q)


def harmonics(angular: int, vectors: torch.Tensor) -> torch.Tensor:
    """Orthonormal (up to a factor) real spherical harmonics of some vectors, without their sign."""
    x, y, z = vectors.unbind(1)
    if angular == 0:
        return torch.ones_like(x).unsqueeze(1)
    if angular == 1:
        return torch.stack([y, z, x], 1)
    r2 = x**2 + y**2 + z**2
    return torch.stack([x * y, y * z, (3 * z**2 - r2) / 12**0.5, x * z, (x**2 - y**2) / 2], dim=1)


def wigner_d(angular: int, rotation: torch.Tensor) -> torch.Tensor:
    """The matrix with `harmonics(R r) = harmonics(r) @ D.T`, from its action on many vectors."""
    vectors = torch.randn((20, 3), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    rotated = harmonics(angular, vectors @ rotation.T)
    return torch.linalg.lstsq(harmonics(angular, vectors), rotated).solution.T


def rotate(twin: Any, tensor: Any, rotation: torch.Tensor) -> Any:
    blocks = []
    for key, block in tensor.items():
        matrix = wigner_d(int(key["o3_lambda"]), rotation)
        blocks.append(
            twin.TensorBlock(
                torch.einsum("ab,sbp->sap", matrix, block.values),
                block.samples,
                block.components,
                block.properties,
            )
        )
    return twin.TensorMap(tensor.keys, blocks)


def gate(size: int) -> torch.nn.Module:
    return torch.nn.Sequential(torch.nn.Linear(size, size, dtype=torch.float64), torch.nn.SiLU())


def linear(twin, keys, **options):
    return twin.nn.EquivariantLinear(keys, 4, 6, dtype=torch.float64, **options)


def transformation(twin, keys):
    return twin.nn.EquivariantTransformation([gate(4) for _ in range(len(keys))], keys, 4, 4)


def layer_norm(twin, keys, size=4):
    module = twin.nn.InvariantLayerNorm(keys, size, dtype=torch.float64)
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter)
    return module


MODULES = {
    "EquivariantLinear": linear,
    "EquivariantLinear without bias": lambda twin, keys: linear(twin, keys, bias=False),
    "EquivariantTransformation": transformation,
    "InvariantLayerNorm": layer_norm,
    "InvariantReLU": lambda twin, keys: twin.nn.InvariantReLU(keys),
    "InvariantSiLU": lambda twin, keys: twin.nn.InvariantSiLU(keys),
    "InvariantTanh": lambda twin, keys: twin.nn.InvariantTanh(keys),
    "Sequential": lambda twin, keys: twin.nn.Sequential(
        keys,
        transformation(twin, keys),
        linear(twin, keys),
        layer_norm(twin, keys, 6),
        twin.nn.InvariantSiLU(keys),
        twin.nn.EquivariantLinear(keys, 6, 1, dtype=torch.float64),
    ),
}


def test_wigner_matrices():
    first, second = rotation_matrix(1), rotation_matrix(2)
    for angular in (0, 1, 2):
        matrix = wigner_d(angular, first)
        identity = torch.eye(2 * angular + 1, dtype=torch.float64)
        torch.testing.assert_close(matrix @ matrix.T, identity)
        product = matrix @ wigner_d(angular, second)
        torch.testing.assert_close(product, wigner_d(angular, first @ second))
    assert torch.dist(wigner_d(2, first), torch.eye(5)) > 0.5


@pytest.mark.parametrize("name", MODULES)
def test_rotations_commute(twin, name):
    torch.manual_seed(0)
    tensor = twin.spherical(3, 4)
    module = MODULES[name](twin, tensor.keys)
    output = module(tensor)
    for seed in range(3):
        rotation = rotation_matrix(seed)
        expected = rotate(twin, output, rotation)
        result = module(rotate(twin, tensor, rotation))
        for block, expected_block in zip(result.blocks(), expected.blocks(), strict=True):
            assert block.values.abs().max() > 1e-3
            torch.testing.assert_close(block.values, expected_block.values, rtol=0, atol=1e-10)
    for block, original in zip(output.blocks(), tensor.blocks(), strict=True):
        assert block.samples == original.samples
        assert block.components == original.components


def test_the_test_can_fail(twin):
    # a bias for vectors is not equivariant
    torch.manual_seed(0)
    tensor = twin.spherical(3, 4)
    module = twin.nn.Linear(tensor.keys, 4, 6, dtype=torch.float64)
    rotation = rotation_matrix(0)
    expected = rotate(twin, module(tensor), rotation).block_by_id(1).values
    assert torch.dist(module(rotate(twin, tensor, rotation)).block_by_id(1).values, expected) > 0.1


class TestEquivariantLinear:
    def test_bias(self, twin):
        keys = twin.labels(["o3_lambda", "o3_sigma"], [[1, 1], [0, 1], [0, -1]])
        biases = lambda module: [m.bias is not None for m in module.module_map.module_list]  # noqa: E731
        create = twin.nn.EquivariantLinear
        assert biases(create(keys, 2, 3)) == [False, True, False]
        assert biases(create(keys, 2, 3, bias=False)) == [False, False, False]
        assert biases(create(keys, 2, 3, bias=[True])) == [False, True, False]
        selection = twin.labels(["o3_lambda"], [0])
        module = create(keys, 2, 3, invariant_keys=selection, bias=[False, True])
        assert biases(module) == [False, False, True]

    def test_features(self, twin):
        keys = twin.labels(["o3_lambda", "o3_sigma"], [[1, 1], [0, 1]])
        module = twin.nn.EquivariantLinear(keys, [2, 3], [4, 5], dtype=torch.float64)
        first, second = module.module_map.module_list
        assert first.weight.shape == (4, 2)
        assert second.weight.shape == (5, 3)
        assert second.weight.dtype == torch.float64

        properties = [twin.labels(["n"], [4, 5]), twin.labels(["n"], [7, 8, 9])]
        module = twin.nn.EquivariantLinear(keys, 2, out_properties=properties)
        assert module.module_map.module_list[1].weight.shape == (3, 2)
        assert module.module_map.out_properties == properties

    def test_state_dict(self, twin):
        keys = twin.labels(["o3_lambda", "o3_sigma"], [[1, 1], [0, 1]])
        module = twin.nn.EquivariantLinear(keys, 2, 3)
        assert [name for name in module.state_dict() if "module_list" in name] == [
            "module_map.module_list.0.weight",
            "module_map.module_list.1.weight",
            "module_map.module_list.1.bias",
        ]

    def test_errors(self, twin):
        keys = twin.labels(["o3_lambda", "o3_sigma"], [[1, 1], [0, 1], [0, -1]])
        create = twin.nn.EquivariantLinear
        with pytest.raises(TypeError, match="`in_keys`"):
            create([[1, 1]], 2, 3)
        with pytest.raises(ValueError, match="out_features"):
            create(keys, 2)
        with pytest.raises(ValueError, match="`bias`.*`invariant_keys`.*3 entries for 1 keys"):
            create(keys, 2, 3, bias=[True] * 3)
        with pytest.raises(ValueError, match="`in_features`.*`in_keys`.*1 entries for 3 keys"):
            create(keys, [2], 3)
        with pytest.raises(TypeError, match="`out_features`"):
            create(keys, 2, 3.0)
        with pytest.raises(TypeError, match="`bias`"):
            create(keys, 2, 3, bias=1)


class TestEquivariantTransformation:
    def test_values(self, twin):
        tensor = twin.spherical(3, 4)
        modules = [gate(4) for _ in range(4)]
        properties = [twin.labels(["n"], [i, 5, 6, 7]) for i in range(4)]
        module = twin.nn.EquivariantTransformation(
            modules, tensor.keys, [4] * 4, out_properties=properties
        )
        result = module(tensor)
        values = [block.values for block in tensor.blocks()]
        assert torch.equal(result.block_by_id(0).values, modules[0](values[0]))
        for i in range(1, 4):
            norm = values[i].square().sum(dim=1, keepdim=True).sqrt()
            expected = values[i] * modules[i](norm)
            torch.testing.assert_close(result.block_by_id(i).values, expected)
        assert [block.properties for block in result.blocks()] == properties
        assert module.module_map.module_list[0] is modules[0]
        assert module.module_map.module_list[1].module is modules[1]

    def test_zeros_have_a_derivative(self, twin):
        keys = twin.labels(["o3_lambda", "o3_sigma"], [[1, 1]])
        module = twin.nn.EquivariantTransformation([gate(2)], keys, 2, 2)
        values = torch.zeros((1, 3, 2), dtype=torch.float64, requires_grad=True)
        module.module_map.module_list[0](values).sum().backward()
        assert torch.all(torch.isfinite(values.grad))

    def test_state_dict(self, twin):
        keys = twin.labels(["o3_lambda", "o3_sigma"], [[0, 1], [1, 1]])
        modules = [torch.nn.Linear(2, 2, bias=False) for _ in range(2)]
        module = twin.nn.EquivariantTransformation(modules, keys, 2, 2)
        assert sorted(name for name in module.state_dict() if "module_list" in name) == [
            "module_map.module_list.0.weight",
            "module_map.module_list.1._extra_state",
            "module_map.module_list.1._mts_helper",
            "module_map.module_list.1.module.weight",
        ]

    def test_errors(self, twin):
        keys = twin.labels(["o3_lambda", "o3_sigma"], [[0, 1], [1, 1]])
        modules = [torch.nn.Identity(), torch.nn.Identity()]
        create = twin.nn.EquivariantTransformation
        with pytest.raises(TypeError, match="`in_keys`"):
            create(modules, [[1, 1]], 2, 3)
        with pytest.raises(ValueError, match="out_features"):
            create(modules, keys, 2)
        with pytest.raises(ValueError, match="`in_features`.*3 entries for 2 keys"):
            create(modules, keys, [2, 2, 2], 2)
        with pytest.raises(TypeError, match="`in_features`"):
            create(modules, keys, 2.0, 2)
        with pytest.raises(ValueError, match="1 modules for 2 keys"):
            create(modules[:1], keys, 2, 2)

        tensor = twin.TensorMap(
            twin.labels(["o3_lambda", "o3_sigma"], [[1, 1]]), [twin.block(torch.ones(2, 2))]
        )
        with pytest.raises(AssertionError, match="one component"):
            create(modules, keys, 2, 2)(tensor)
