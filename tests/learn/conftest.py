from types import SimpleNamespace

import metatensor.torch.learn.nn
import pytest
import torch

import metatensor
import metatensor.learn.nn
import metatensor.torch


@pytest.fixture(params=["python", "torchscript"])
def twin(request: pytest.FixtureRequest) -> SimpleNamespace:
    """The classes of one of the two versions of the package, and functions to create data."""
    package = metatensor if request.param == "python" else metatensor.torch

    def labels(names, rows):
        return package.Labels(names, torch.tensor(rows, dtype=torch.int32).reshape(-1, len(names)))

    def block(values, gradient=None):
        properties = labels(["p"], list(range(values.shape[-1])))
        block = package.TensorBlock(values, labels(["s"], list(range(len(values)))), [], properties)
        if gradient is not None:
            samples = labels(["sample"], list(range(len(gradient))))
            block.add_gradient("g", package.TensorBlock(gradient, samples, [], properties))
        return block

    def tensor(all_values, keys=None):
        if keys is None:
            keys = list(range(len(all_values)))
        return package.TensorMap(labels(["key"], keys), [block(v) for v in all_values])

    return SimpleNamespace(
        name=request.param,
        package=package,
        other=metatensor.torch if package is metatensor else metatensor,
        nn=package.learn.nn,
        Labels=package.Labels,
        TensorBlock=package.TensorBlock,
        TensorMap=package.TensorMap,
        labels=labels,
        block=block,
        tensor=tensor,
    )
