"""
The model of `examples/ethanol`, compiled by `torch.compile` instead of TorchScript. Each set-up
compiles for one or two minutes.
"""

import functools
import tempfile
from collections.abc import Callable
from pathlib import Path

import torch
from harness import Suite, Work
from suites.training import batch, new_potential, training_script

from metatensor.torch.compilation import compile, load_package, save_package
from metatomic.torch import System

suite = Suite("Compiled ethanol example, 15 molecules", only_ours=True)

Predict = Callable[[torch.nn.Module, list[System], bool], tuple]


@functools.cache
def models() -> tuple[torch.nn.Module, torch.nn.Module, list[System]]:
    """The potential, the same compiled by TorchScript, and what they are called with."""
    potential = new_potential()
    systems = batch(potential)
    potential.normalize(systems, torch.zeros(len(systems)))
    return potential, torch.jit.script(potential), systems


@functools.cache
def compiled_predict() -> Predict:
    """Compiled once for all rows of the table which call it in the same way."""
    return compile(training_script()["predict"])


def compared(call: Callable[[Predict, torch.nn.Module], object], baseline: str) -> Work:
    """``call``, compiled and not, with results which have to be the same."""
    potential, scripted, _ = models()
    predict = training_script()["predict"]
    compiled = compiled_predict()
    model = scripted if baseline == "TorchScript" else potential
    for _ in range(5):
        expected = call(predict, model)  # TorchScript optimizes during the first calls
    torch.testing.assert_close(call(compiled, potential), expected)
    return Work(lambda: call(compiled, potential), baseline=lambda: call(predict, model))


def energies_and_forces(predict: Predict, model: torch.nn.Module) -> tuple:
    return predict(model, models()[2], False)


def training_step(predict: Predict, model: torch.nn.Module) -> list[torch.Tensor]:
    energies, forces = predict(model, models()[2], True)
    loss = energies.square().mean() + torch.cat(forces).square().mean()
    return list(torch.autograd.grad(loss, list(model.parameters())))


@suite.add("energies", at_most=2, baseline="TorchScript")
def energies() -> Work:
    potential, scripted, systems = models()
    outputs = training_script()["OUTPUTS"]
    compiled = compile(potential)

    def call(model: torch.nn.Module) -> torch.Tensor:
        with torch.no_grad():
            return model(systems, outputs)["energy"].block().values

    for _ in range(5):
        expected = call(scripted)
    torch.testing.assert_close(call(compiled), expected)
    return Work(lambda: call(compiled), baseline=lambda: call(scripted))


@suite.add("energies and forces", at_most=0.6, baseline="TorchScript")
def forces() -> Work:
    return compared(energies_and_forces, "TorchScript")


@suite.add("energies, forces, and gradients of a loss", at_most=0.7, baseline="TorchScript")
def training() -> Work:
    return compared(training_step, "TorchScript")


@suite.add("energies, forces, and gradients of a loss", at_most=0.7, baseline="not compiled")
def training_eager() -> Work:
    return compared(training_step, "not compiled")


@suite.add("energies and forces of one molecule, package", at_most=0.3, baseline="TorchScript")
def package() -> Work:
    potential, scripted, systems = models()
    predict = training_script()["predict"]

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "potential.pt2"
        save_package(path, lambda systems: predict(potential, systems, False), (systems[:1],))
        run = load_package(path)

    for _ in range(5):
        expected = predict(scripted, systems[:1], False)
    torch.testing.assert_close(run(systems[:1]), expected)
    return Work(lambda: run(systems[:1]), baseline=lambda: predict(scripted, systems[:1], False))
