"""Input data of the benchmarks."""

import numpy as np

from metatensor import Labels, TensorBlock, TensorMap


def pairs(count: int) -> np.ndarray:
    """Sorted entries of two dimensions, with 1,000 values of the second for each of the first."""
    first, second = np.divmod(np.arange(count), 1000)
    return np.stack([first, second], axis=1).astype(np.int32)


def shuffled(values: np.ndarray) -> np.ndarray:
    return np.random.default_rng(0).permutation(values)


def as_integers(values: np.ndarray) -> np.ndarray:
    """Entries of two dimensions as 64-bit integers: what makes numpy's set operations fast."""
    return values.view(np.int64).reshape(-1)


def gradient_of(block: TensorBlock) -> TensorBlock:
    """A gradient with two entries for each sample of ``block``, and one component."""
    n_samples, *shape = block.values.shape
    samples = np.stack([np.repeat(np.arange(n_samples), 2), np.tile([0, 1], n_samples)], axis=1)
    return TensorBlock(
        np.random.default_rng(1).random((2 * n_samples, 3, *shape)),
        Labels(["sample", "atom"], samples.astype(np.int32)),
        [Labels.range("direction", 3), *block.components],
        block.properties,
    )


def tensor_map(
    n_blocks: int, shape: tuple[int, ...] = (20, 5, 10), gradients: bool = False, seed: int = 0
) -> TensorMap:
    """A map with random values, and labels which are not shared between its blocks."""
    rng = np.random.default_rng(seed)
    n_samples, *n_components, n_properties = shape
    samples = np.stack([np.arange(n_samples) // 5, np.arange(n_samples) % 5], axis=1)
    blocks = []
    for _ in range(n_blocks):
        block = TensorBlock(
            rng.random(shape) + 0.5,
            Labels(["system", "atom"], samples.astype(np.int32)),
            [Labels.range(f"component_{i}", size) for i, size in enumerate(n_components)],
            Labels.range("property", n_properties),
        )
        if gradients:
            block.add_gradient("positions", gradient_of(block))
        blocks.append(block)
    return TensorMap(Labels.range("key", n_blocks), blocks)


def arrays(tensor: TensorMap) -> list[np.ndarray]:
    return [block.values for block in tensor.blocks()]
