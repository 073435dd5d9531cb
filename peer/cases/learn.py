"""Datasets, collation and neural network modules, in Python and for TorchScript."""

import io
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from random_maps import Flavour, LabelsPlan, draw_map, flavour
from record import Record

Call = tuple[str, Callable[[], Any]]


def run(record: Record, here: Path) -> None:
    for name in ("torch", "script"):
        source = flavour(name)
        for call_name, call in (*data_calls(source), *module_calls(source)):
            record.call(f"{call_name} | {name}", call)


def data_calls(source: Flavour) -> Iterator[Call]:
    learn = source.classes.learn
    tensors = [source.map(draw_map(np.random.default_rng(i), "float64")) for i in range(4)]
    numbers = [torch.full((2,), float(i)) for i in range(4)]
    samples = [{"system": i} for i in range(4)]

    dataset = learn.Dataset(x=tensors, y=numbers, z=lambda i: i * i)
    yield "repr of a sample", lambda: repr(learn.Dataset(a=[1], **{"b c": ["x"], "class": [3]})[0])
    yield "sample", lambda: list(dataset[2])
    yield "fields", lambda: list(dataset[0]._fields)
    yield "length", partial(len, dataset)
    for index in (-1, 4, 1.5, "a", slice(0, 1), np.int64(1)):
        yield f"dataset[{index!r}]", lambda index=index: list(dataset[index])
    yield "all", lambda: [list(sample)[1:] for sample in dataset]
    indexed = learn.IndexedDataset(sample_id=["a", "b", "c", "d"], x=tensors, y=numbers)
    yield "indexed sample", lambda: list(indexed[1])
    yield "get_sample", lambda: list(indexed.get_sample("c"))
    yield "get_sample unknown", lambda: indexed.get_sample("z")
    wrong: dict[str, Callable] = {
        "no size": lambda: learn.Dataset(x=lambda i: i),
        "size": lambda: learn.Dataset(x=numbers, size=3),
        "lengths": lambda: learn.Dataset(x=numbers, y=numbers[:2]),
        "sample_id": lambda: learn.Dataset(x=numbers, sample_id=[1, 2, 3, 4]),
        "duplicated": lambda: learn.IndexedDataset(x=numbers, sample_id=[1, 2, 3, 3]),
        "unhashable": lambda: learn.IndexedDataset(x=numbers, sample_id=[[1], [2], [3], [4]]),
        "lazy field": lambda: learn.Dataset(x=lambda i: 1 / i, size=2)[0],
    }
    for name, call in wrong.items():
        yield f"wrong dataset: {name}", call

    joinable = [
        source.map(_with_system(draw_map(np.random.default_rng(7), "float64", "gradients"), i))
        for i in range(3)
    ]
    batches = learn.Dataset(x=joinable, y=numbers[:3], z=samples[:3])
    for collate in ("group", "group_and_join"):
        function = getattr(learn.data, collate, None) or getattr(learn, collate)
        loader = partial(learn.DataLoader, batches, collate_fn=function, batch_size=2)
        yield f"{collate}", lambda loader=loader: [list(batch) for batch in loader()]
        yield f"{collate} text", lambda loader=loader: [list(batch._fields) for batch in loader()]


def _with_system(plan: Any, system: int) -> Any:
    """The same map with another system in its samples, so that several can be joined."""
    for block in plan.blocks:
        column = np.full(len(block.samples.values), system, dtype=np.int32)
        rows = np.arange(len(column), dtype=np.int32)
        names = block.samples.names
        block.samples.values[:] = np.stack([column, rows, rows], axis=1)[:, : len(names)]
        if len(names) == 1:
            block.samples.values[:, 0] = 10 * system + rows
    return plan


def module_calls(source: Flavour) -> Iterator[Call]:
    nn = source.classes.learn.nn
    keys = LabelsPlan(
        ["o3_lambda", "o3_sigma"], np.array([[0, 1], [1, 1], [2, 1], [0, -1]], dtype=np.int32)
    )
    in_keys = source.labels(keys)
    # each call has its own map: layers may write in the one they are given
    tensor = partial(equivariant_map, source, keys)
    constructors: dict[str, Callable] = {
        "Linear": partial(nn.Linear, in_keys, 5, 3),
        "Linear no bias": partial(nn.Linear, in_keys, [5] * 4, [1, 2, 3, 4], bias=False),
        "Linear out_properties": partial(
            nn.Linear,
            in_keys,
            5,
            out_properties=[
                source.labels(LabelsPlan(["p"], np.arange(2, dtype=np.int32).reshape(-1, 1)))
            ]
            * 4,
        ),
        "EquivariantLinear": partial(nn.EquivariantLinear, in_keys, 5, 3),
        "LayerNorm": partial(nn.LayerNorm, in_keys, 5),
        "LayerNorm no mean": partial(nn.LayerNorm, in_keys, 5, mean=False),
        "InvariantLayerNorm": partial(nn.InvariantLayerNorm, in_keys, 5),
        "ReLU": partial(nn.ReLU, in_keys),
        "SiLU": partial(nn.SiLU, in_keys),
        "Tanh": partial(nn.Tanh, in_keys),
        "InvariantReLU": partial(nn.InvariantReLU, in_keys),
        "InvariantSiLU": partial(nn.InvariantSiLU, in_keys),
        "InvariantTanh": partial(nn.InvariantTanh, in_keys),
        "wrong in_features": partial(nn.Linear, in_keys, [5, 5], 3),
        "wrong type": partial(nn.Linear, in_keys, 5.0, 3),
        "wrong keys": partial(nn.Linear, [0, 1], 5, 3),
        "no output": partial(nn.Linear, in_keys, 5),
    }
    for name, constructor in constructors.items():
        yield f"{name}: state", partial(_state, constructor)
        yield f"{name}: forward", partial(_forward, constructor, tensor)
        yield f"{name}: reloaded", partial(_reloaded, constructor, tensor)
        if source.name == "script":
            yield f"{name}: scripted", partial(_forward, constructor, tensor, script=True)
    yield "Sequential: forward", partial(_forward, partial(_sequential, nn, in_keys), tensor)
    yield "Sequential: state", partial(_state, partial(_sequential, nn, in_keys))


def _sequential(nn: Any, in_keys: Any) -> torch.nn.Module:
    return nn.Sequential(
        in_keys,
        nn.EquivariantLinear(in_keys, 5, 4, dtype=torch.float64),
        nn.InvariantTanh(in_keys),
        nn.EquivariantTransformation(
            [torch.nn.Linear(4, 4, dtype=torch.float64) for _ in range(4)], in_keys, 4, 4
        ),
    )


def equivariant_map(source: Flavour, keys: LabelsPlan) -> Any:
    mts = source.classes
    rng = np.random.default_rng(9)
    blocks = []
    for o3_lambda in keys.values[:, 0]:
        mu = np.arange(-o3_lambda, o3_lambda + 1, dtype=np.int32).reshape(-1, 1)
        count = np.arange(6, dtype=np.int32).reshape(-1, 1)
        blocks.append(
            mts.TensorBlock(
                values=source.values(rng.normal(size=(6, len(mu), 5))),
                samples=source.labels(LabelsPlan(["system"], count)),
                components=[source.labels(LabelsPlan(["o3_mu"], mu))],
                properties=source.labels(LabelsPlan(["n"], count[:5])),
            )
        )
    return mts.TensorMap(source.labels(keys), blocks)


def _build(constructor: Callable) -> torch.nn.Module:
    torch.manual_seed(11)
    return constructor().to(torch.float64)


def _state(constructor: Callable) -> list[Any]:
    """Names and values of the state, metatensor data in their serialized form."""
    return [[name, value] for name, value in _build(constructor).state_dict().items()]


def _forward(constructor: Callable, make_tensor: Callable, script: bool = False) -> Any:
    module = _build(constructor)
    if script:
        module = torch.jit.script(module)
    return module(make_tensor())


def _reloaded(constructor: Callable, make_tensor: Callable) -> Any:
    file = io.BytesIO()
    torch.save(_build(constructor).state_dict(), file)
    file.seek(0)
    torch.manual_seed(999)
    module = constructor().to(torch.float64)
    module.load_state_dict(torch.load(file, weights_only=True))
    return module(make_tensor())
