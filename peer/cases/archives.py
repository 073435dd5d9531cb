"""TorchScript archives: saved by one side, loaded and run by the other."""

import io
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from random_maps import LabelsPlan, draw_map, flavour
from record import Record

import metatensor.torch
import metatomic.torch
from cases import attributes, exports, models
from cases.learn import equivariant_map

KEYS = LabelsPlan(
    ["o3_lambda", "o3_sigma"], np.array([[0, 1], [1, 1], [2, 1], [0, -1]], dtype=np.int32)
)
ATTRIBUTES = ("labels", "block", "tensor", "several", "listed", "named", "nested", "not_saved")


def run(record: Record, here: Path) -> None:
    exports.run(record, here)
    attributes.run(record, here)
    for name, module in _modules():
        compiled = torch.jit.script(module)
        compiled.save(here / f"{name}.pt")
        torch.save(module.state_dict(), here / f"{name}.state.pt")
        for call_name, call in _calls(name, compiled):
            record.call(f"{name}: {call_name}", call)
        record.value(f"{name}: state", sorted(module.state_dict()))

    model = models.atomistic_model()
    model.save(here / "pairs-model.pt")
    _record_model(record, "pairs", model)
    record.call("pairs: members", _members, here / "pairs-model.pt")
    metatomic.torch.save(here / "system.mta", models.systems()[0][1])
    record.call("system.mta: members", _content, here / "system.mta")


def exchange(record: Record, here: Path, other: Path) -> None:
    exports.exchange(record, other)
    attributes.exchange(record, other)
    for name, module in _modules():
        loaded = torch.jit.load(other / f"{name}.pt")
        for call_name, call in _calls(name, loaded):
            record.call(f"{name}: {call_name}", call)
        loaded.save(here / f"{name}.pt")
        again = torch.jit.load(here / f"{name}.pt")
        for call_name, call in _calls(name, again):
            record.call(f"{name}: {call_name}, saved again", call)
        record.call(f"{name}: load_state_dict", _load_state, module, other / f"{name}.state.pt")

    path = str(other / "pairs-model.pt")
    record.call(
        "pairs: read_model_metadata", lambda: str(metatomic.torch.read_model_metadata(path))
    )
    record.call("pairs: check_atomistic_model", metatomic.torch.check_atomistic_model, path)
    model = metatomic.torch.load_atomistic_model(path)
    _record_model(record, "pairs", model)
    _record_model(record, "pairs, archive", torch.jit.load(path))
    model.save(here / "pairs-again.pt")
    again = metatomic.torch.load_atomistic_model(here / "pairs-again.pt")
    _record_model(record, "pairs, saved again", again)
    record.call("system.mta", metatomic.torch.load_system, other / "system.mta")


def _modules() -> Iterator[tuple[str, torch.nn.Module]]:
    script = flavour("script")
    torch.manual_seed(5)
    plan = draw_map(np.random.default_rng(6), "float64", "gradients", "components")
    yield (
        "containers",
        models.Containers(script.labels(plan.keys), script.block(plan.blocks[0]), script.map(plan)),
    )
    yield "pipeline", models.Pipeline()
    yield "layers", models.Layers(script.labels(KEYS))


def _calls(name: str, module: Any) -> Iterator[tuple[str, Callable[[], Any]]]:
    script = flavour("script")
    if name == "containers":
        yield "forward", partial(module, 1.5)
        for attribute in ATTRIBUTES:
            yield attribute, partial(getattr, module, attribute)
        yield "to float32", partial(_all_attributes, module, torch.float32)
        yield "to float64", partial(_all_attributes, module, torch.float64)
        return
    if name == "layers":
        yield "forward", partial(module, equivariant_map(script, KEYS))
        return
    for seed in range(3):
        for traits in ((), ("gradients",), ("gradients", "components", "sparse")):
            plan = draw_map(np.random.default_rng(seed), "float64", *traits)
            yield f"forward {'+'.join(traits)} #{seed}", partial(module, script.map(plan))


def _all_attributes(module: Any, dtype: torch.dtype) -> list[Any]:
    module.to(dtype)
    return [getattr(module, attribute) for attribute in ATTRIBUTES]


def _load_state(module: torch.nn.Module, path: Path) -> list[Any]:
    state = torch.load(path, weights_only=True)
    result = module.load_state_dict(state)
    return [str(result), [[name, value] for name, value in module.state_dict().items()]]


def _record_model(record: Record, name: str, model: Any) -> None:
    record.call(f"{name}: evaluate", models.evaluate, model)
    record.call(f"{name}: evaluate in kcal/mol", models.evaluate, model, "kcal/mol")
    selected = metatensor.torch.Labels(["system", "atom"], torch.tensor([[0, 3], [1, 0], [1, 7]]))
    record.call(f"{name}: some atoms", models.evaluate, model, "", selected)
    record.call(f"{name}: metadata", lambda: str(model.metadata()))
    record.call(f"{name}: outputs", lambda: _outputs(model.capabilities()))
    record.call(f"{name}: neighbor lists", lambda: list(map(str, model.requested_neighbor_lists())))
    record.call(f"{name}: inputs", lambda: sorted(model.requested_inputs(True)))


def _outputs(capabilities: Any) -> list[Any]:
    outputs = [
        [name, output.unit, output.sample_kind, output.description, output.explicit_gradients]
        for name, output in capabilities.outputs.items()
    ]
    return [outputs, capabilities.atomic_types, capabilities.interaction_range, capabilities.dtype]


def _content(path: Path) -> list[Any]:
    """Members of an archive: arrays without the spaces in their headers, others byte by byte."""
    content = []
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            data = archive.read(name)
            content.append([name, np.load(io.BytesIO(data)) if name.endswith(".npy") else data])
    return content


def _members(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as archive:
        return sorted(name for name in archive.namelist() if "/extra/" in name)
