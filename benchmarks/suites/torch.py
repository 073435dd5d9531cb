"""The TorchScript classes, used from Python and inside of a compiled module."""

import functools
from collections.abc import Callable
from typing import List

import torch
from harness import Suite, Work

import metatensor.torch as mts
from metatensor.torch import Labels, TensorBlock, TensorMap

N_BLOCKS = 1000

suite = Suite("TorchScript classes, 1,000 blocks of 20 x 5 x 10")


class Program(torch.nn.Module):
    """What is measured, in the form that TorchScript compiles."""

    def __init__(self):
        super().__init__()
        self.samples = Labels.range("sample", 20)
        self.component = Labels.range("component", 5)
        self.properties = Labels.range("property", 10)
        self.keys = Labels.range("key", N_BLOCKS)

    @torch.jit.export
    def create_blocks(self, arrays: List[torch.Tensor]) -> List[TensorBlock]:
        blocks: List[TensorBlock] = []
        for array in arrays:
            blocks.append(TensorBlock(array, self.samples, [self.component], self.properties))
        return blocks

    @torch.jit.export
    def use_blocks(self, arrays: List[torch.Tensor]) -> int:
        # `create_blocks` for blocks that are not converted to Python objects
        return len(self.create_blocks(arrays))

    @torch.jit.export
    def create_map(self, arrays: List[torch.Tensor]) -> TensorMap:
        return TensorMap(self.keys, self.create_blocks(arrays))

    @torch.jit.export
    def access_values(self, tensor: TensorMap) -> int:
        total = 0
        for block in tensor.blocks():
            total += block.values.size(0)
        return total

    @torch.jit.export
    def keys_to_properties(self, tensor: TensorMap) -> TensorMap:
        return tensor.keys_to_properties("key")

    @torch.jit.export
    def keys_to_samples(self, tensor: TensorMap) -> TensorMap:
        return tensor.keys_to_samples("key")

    @torch.jit.export
    def add(self, first: TensorMap, second: TensorMap) -> TensorMap:
        return mts.add(first, second)

    @torch.jit.export
    def multiply(self, first: TensorMap, second: TensorMap) -> TensorMap:
        return mts.multiply(first, second)


@functools.cache
def program(scripted: bool) -> torch.nn.Module:
    return torch.jit.script(Program()) if scripted else Program()


def random_arrays(seed: int) -> List[torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return list(torch.rand(N_BLOCKS, 20, 5, 10, dtype=torch.float64, generator=generator))


def from_arrays(name: str, scripted: bool) -> Callable[[], Work]:
    def set_up() -> Work:
        run = getattr(program(scripted), name)
        arrays = random_arrays(0)
        return Work(lambda: run(arrays))

    return set_up


def from_map(
    name: str, scripted: bool, on_arrays: Callable[[List[torch.Tensor]], object]
) -> Callable[[], Work]:
    def set_up() -> Work:
        run = getattr(program(scripted), name)
        arrays = random_arrays(0)
        tensor = program(scripted=False).create_map(arrays)
        return Work(lambda: run(tensor), baseline=lambda: on_arrays(arrays))

    return set_up


def from_two_maps(
    name: str, scripted: bool, on_arrays: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
) -> Callable[[], Work]:
    def set_up() -> Work:
        run = getattr(program(scripted), name)
        first, second = random_arrays(0), random_arrays(1)
        maps = [program(scripted=False).create_map(arrays) for arrays in (first, second)]
        return Work(
            lambda: run(*maps),
            baseline=lambda: [on_arrays(a, b) for a, b in zip(first, second, strict=True)],
        )

    return set_up


for scripted, mode, faster in [(False, "eager", 3), (True, "scripted", 2)]:
    suite.add(f"TensorBlock(...), {mode}", faster=faster)(from_arrays("use_blocks", scripted))
    if scripted:
        suite.add("TensorBlock(...), scripted, given to Python")(
            from_arrays("create_blocks", scripted)
        )
    suite.add(f"TensorBlock(...) and TensorMap(...), {mode}", faster=faster)(
        from_arrays("create_map", scripted)
    )
    suite.add(f"blocks() and values, {mode}", faster=faster, baseline="loop over tensors")(
        from_map("access_values", scripted, lambda arrays: sum(array.size(0) for array in arrays))
    )
    for name, axis in (("keys_to_properties", -1), ("keys_to_samples", 0)):
        suite.add(f"{name}, {mode}", faster=faster, baseline="torch.cat")(
            from_map(name, scripted, functools.partial(torch.cat, dim=axis))
        )
    for name in ("add", "multiply"):
        suite.add(f"{name}, {mode}", faster=faster, baseline="loop over tensors")(
            from_two_maps(name, scripted, getattr(torch, name))
        )
