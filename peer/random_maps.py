"""Random tensor maps that are the same in every environment, built with any of the flavours.

A *plan* holds only names and numpy arrays and is drawn from a seed; a *flavour* turns plans into
objects: Python classes holding numpy or torch arrays, or TorchScript classes.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np


@dataclass(frozen=True)
class LabelsPlan:
    names: list[str]
    values: np.ndarray


@dataclass(frozen=True)
class BlockPlan:
    values: np.ndarray
    samples: LabelsPlan
    components: list[LabelsPlan]
    properties: LabelsPlan
    gradients: dict[str, "BlockPlan"] = field(default_factory=dict)


@dataclass(frozen=True)
class MapPlan:
    keys: LabelsPlan
    blocks: list[BlockPlan]
    info: dict[str, str] = field(default_factory=dict)
    traits: tuple[str, ...] = ()


# what a map can have beside a few non-empty blocks
TRAITS = (
    "gradients",
    "nested",  # gradients of gradients
    "components",
    "no-samples",  # a block without samples
    "no-properties",
    "no-blocks",
    "sparse",  # gradients for few samples only
)


def draw_map(rng: np.random.Generator, dtype: str = "float64", *traits: str) -> MapPlan:
    """Draw a map with the given ``TRAITS``: 1-4 blocks, 1-3 key dimensions, few values."""
    n_blocks = 0 if "no-blocks" in traits else int(rng.integers(1, 5))
    key_names = ["center", "order", "parity"][: rng.integers(1, 4)]
    keys = LabelsPlan(key_names, _distinct_rows(rng, n_blocks, len(key_names), -2, 3))

    sample_names = ["system", "atom"][: rng.integers(1, 3)]
    property_names = ["n", "l", "alpha"][: rng.integers(1, 4)]
    n_components = int(rng.integers(1, 3)) if "components" in traits else 0
    empty = int(rng.integers(n_blocks)) if n_blocks else 0

    blocks = []
    for i in range(n_blocks):
        n_samples = int(rng.integers(1, 7))
        n_properties = int(rng.integers(1, 6))
        if i == empty:
            n_samples = 0 if "no-samples" in traits else n_samples
            n_properties = 0 if "no-properties" in traits else n_properties
        blocks.append(
            draw_block(
                rng,
                dtype,
                LabelsPlan(sample_names, _distinct_rows(rng, n_samples, len(sample_names), 0, 4)),
                [_component(f"xyz_{c}", int(rng.integers(1, 4))) for c in range(n_components)],
                LabelsPlan(
                    property_names, _distinct_rows(rng, n_properties, len(property_names), -1, 3)
                ),
                traits,
            )
        )
    return MapPlan(keys, blocks, {"unit": "Å", "author": "peer"}, traits)


def draw_block(
    rng: np.random.Generator,
    dtype: str,
    samples: LabelsPlan,
    components: list[LabelsPlan],
    properties: LabelsPlan,
    traits: tuple[str, ...] = (),
) -> BlockPlan:
    """Draw the values of a block, and its gradients if the traits ask for them."""
    gradients = {}
    if "gradients" in traits or "nested" in traits:
        inner = tuple(t for t in traits if t == "sparse")
        for parameter in ("positions", "strain"):
            count = len(samples.values)
            rows = [(s, a) for s in range(count) for a in range(3)]
            rng.shuffle(rows)
            rows = rows[: len(rows) // 4] if "sparse" in traits else rows[: 2 * len(rows) // 3]
            rows_values = np.array(rows, dtype=np.int32).reshape(-1, 2)
            if parameter == "positions" and "nested" in traits:
                inner = (*inner, "gradients")
            gradients[parameter] = draw_block(
                rng,
                dtype,
                LabelsPlan(["sample", "atom_pair"], rows_values),
                [_component(f"xyz_{len(components)}_{parameter}", 3), *components],
                properties,
                inner,
            )
            inner = tuple(t for t in inner if t != "gradients")
    shape = [len(axis.values) for axis in (samples, *components, properties)]
    return BlockPlan(draw_values(rng, shape, dtype), samples, components, properties, gradients)


def draw_values(rng: np.random.Generator, shape: list[int], dtype: str) -> np.ndarray:
    """Normally distributed numbers away from zero; integers between -9 and 9; any booleans."""
    if dtype == "bool":
        return rng.random(shape) < 0.5
    if np.issubdtype(dtype, np.integer):
        low = 0 if np.issubdtype(dtype, np.unsignedinteger) else -9
        return rng.integers(low, 10, size=shape).astype(dtype)
    values = rng.normal(size=shape)
    values += np.copysign(0.25, values)
    if np.issubdtype(dtype, np.complexfloating):
        values = values + 1j * rng.normal(size=shape)
    return values.astype(dtype)


def other_values(rng: np.random.Generator, plan: MapPlan) -> MapPlan:
    """The same metadata with other values, keys and blocks in another order."""
    order = rng.permutation(len(plan.blocks))
    return replace(
        plan,
        keys=replace(plan.keys, values=plan.keys.values[order]),
        blocks=[_redraw(rng, plan.blocks[i]) for i in order],
    )


def _redraw(rng: np.random.Generator, block: BlockPlan) -> BlockPlan:
    values = draw_values(rng, list(block.values.shape), str(block.values.dtype))
    gradients = {name: _redraw(rng, gradient) for name, gradient in block.gradients.items()}
    return replace(block, values=values, gradients=gradients)


def _component(name: str, size: int) -> LabelsPlan:
    return LabelsPlan([name], np.arange(size, dtype=np.int32)[::-1].reshape(-1, 1).copy())


def _distinct_rows(
    rng: np.random.Generator, count: int, dimensions: int, low: int, high: int
) -> np.ndarray:
    """``count`` distinct rows in any order; the first column takes more values if it has to."""
    columns = [range(low, max(high, low + count if d == 0 else high)) for d in range(dimensions)]
    rows = np.array(list(itertools.product(*columns)), dtype=np.int32)
    return rows[rng.choice(len(rows), size=count, replace=False)].reshape(count, dimensions)


@dataclass(frozen=True)
class Flavour:
    """How plans become objects: the module with the classes and the conversions of arrays."""

    name: str
    classes: Any
    values: Callable[[np.ndarray], Any]
    integers: Callable[[np.ndarray], Any]

    def labels(self, plan: LabelsPlan) -> Any:
        return self.classes.Labels(list(plan.names), self.integers(plan.values.copy()))

    def block(self, plan: BlockPlan) -> Any:
        block = self.classes.TensorBlock(
            values=self.values(plan.values.copy()),
            samples=self.labels(plan.samples),
            components=[self.labels(component) for component in plan.components],
            properties=self.labels(plan.properties),
        )
        for parameter, gradient in plan.gradients.items():
            block.add_gradient(parameter, self.block(gradient))
        return block

    def map(self, plan: MapPlan) -> Any:
        tensor = self.classes.TensorMap(
            self.labels(plan.keys), [self.block(block) for block in plan.blocks]
        )
        for key, value in plan.info.items():
            tensor.set_info(key, value)
        return tensor


def flavour(name: str) -> Flavour:
    """``numpy``, ``torch`` (Python classes, torch arrays) or ``script`` (TorchScript classes)."""
    if name == "numpy":
        import metatensor

        return Flavour(name, metatensor, np.asarray, np.asarray)

    import torch

    if name == "torch":
        import metatensor

        return Flavour(name, metatensor, torch.from_numpy, torch.from_numpy)

    import metatensor.torch

    return Flavour(name, metatensor.torch, torch.from_numpy, torch.from_numpy)
