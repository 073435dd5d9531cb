import pytest
import torch

from metatensor.torch import Labels, TensorBlock, TensorMap


def make_block(n_samples: int = 3, n_properties: int = 2, offset: float = 0.0) -> TensorBlock:
    """Block with one component, a gradient, and a gradient of this gradient."""
    size = n_samples * 3 * n_properties
    values = torch.arange(size, dtype=torch.float64) + offset
    block = TensorBlock(
        values=values.reshape(n_samples, 3, n_properties),
        samples=Labels.range("s", n_samples),
        components=[Labels.range("xyz", 3)],
        properties=Labels.range("p", n_properties),
    )
    gradient = TensorBlock(
        values=torch.full((2, 3, n_properties), offset, dtype=torch.float64),
        samples=Labels(["sample", "atom"], torch.tensor([[0, 1], [n_samples - 1, 0]])),
        components=block.components,
        properties=block.properties,
    )
    gradient.add_gradient(
        "nested",
        TensorBlock(
            values=torch.ones(1, 3, n_properties, dtype=torch.float64),
            samples=Labels(["sample"], torch.tensor([[1]])),
            components=block.components,
            properties=block.properties,
        ),
    )
    block.add_gradient("g", gradient)
    return block


@pytest.fixture
def block() -> TensorBlock:
    return make_block()


@pytest.fixture
def labels() -> Labels:
    return Labels(["a", "b"], torch.tensor([[0, 1], [2, 3], [4, 5]]))


@pytest.fixture
def tensor() -> TensorMap:
    """Three blocks, with info and nested gradients."""
    tensor = TensorMap(
        keys=Labels(["a", "b"], torch.tensor([[0, 1], [0, 2], [1, 1]])),
        blocks=[make_block(2, 2, 0.0), make_block(3, 2, 10.0), make_block(3, 1, 20.0)],
    )
    tensor.set_info("unit", "eV")
    return tensor


@pytest.fixture
def mergeable() -> TensorMap:
    """Two blocks without nested gradients, which can be merged."""
    blocks = []
    for i in range(2):
        block = TensorBlock(
            values=torch.arange(4, dtype=torch.float64).reshape(2, 1, 2) + 10 * i,
            samples=Labels(["s"], torch.tensor([[i], [i + 1]])),
            components=[Labels.range("c", 1)],
            properties=Labels.range("p", 2),
        )
        block.add_gradient(
            "g",
            TensorBlock(
                values=torch.full((1, 1, 2), float(i), dtype=torch.float64),
                samples=Labels(["sample"], torch.tensor([[i]])),
                components=block.components,
                properties=block.properties,
            ),
        )
        blocks.append(block)
    tensor = TensorMap(Labels(["a", "b"], torch.tensor([[0, 4], [1, 4]])), blocks)
    tensor.set_info("unit", "eV")
    return tensor
