from types import SimpleNamespace

import pytest
import torch

import metatensor
import metatensor.learn.nn
import metatensor.torch
import metatensor.torch.learn.nn


@pytest.fixture(autouse=True)
def same_random_numbers() -> None:
    torch.manual_seed(0)


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

    def spherical(n_samples, n_properties, keys=((0, 1), (1, 1), (2, 1), (1, -1))):
        """Blocks with one component of size `2 o3_lambda + 1`, for keys `o3_lambda, o3_sigma`."""
        generator = torch.Generator().manual_seed(n_samples)
        blocks = []
        for angular, _ in keys:
            shape = (n_samples, 2 * angular + 1, n_properties)
            blocks.append(
                package.TensorBlock(
                    torch.randn(shape, generator=generator, dtype=torch.float64),
                    labels(["s"], list(range(n_samples))),
                    [labels(["o3_mu"], list(range(-angular, angular + 1)))],
                    labels(["p"], list(range(n_properties))),
                )
            )
        return package.TensorMap(labels(["o3_lambda", "o3_sigma"], keys), blocks)

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
        spherical=spherical,
    )
