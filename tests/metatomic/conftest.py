"""Small models, and systems to give them."""

from collections.abc import Callable
from typing import Dict, List, Optional

import pytest
import torch

from metatensor.torch import Labels, TensorBlock, TensorMap
from metatomic.torch import (
    AtomisticModel,
    ModelCapabilities,
    ModelMetadata,
    ModelOutput,
    NeighborListOptions,
    System,
)


class Springs(torch.nn.Module):
    """
    Ties each atom to the origin, with an energy of ``stiffness * |position|**2 / 2``.

    All outputs are computed from these energies: any ``energy``, any custom output, and the first
    property of ``feature``, which has the position of the atom as the other three.
    """

    def __init__(
        self,
        stiffness: float = 2.0,
        neighbor_lists: Optional[List[NeighborListOptions]] = None,
        inputs: Optional[Dict[str, ModelOutput]] = None,
    ):
        super().__init__()
        self.stiffness = torch.nn.Parameter(torch.tensor(stiffness, dtype=torch.float64))
        self.neighbor_lists: List[NeighborListOptions] = neighbor_lists or []
        self.inputs: Dict[str, ModelOutput] = inputs or {}

    def requested_neighbor_lists(self) -> List[NeighborListOptions]:
        return self.neighbor_lists

    def requested_inputs(self) -> Dict[str, ModelOutput]:
        return self.inputs

    def forward(
        self,
        systems: List[System],
        outputs: Dict[str, ModelOutput],
        selected_atoms: Optional[Labels] = None,
    ) -> Dict[str, TensorMap]:
        samples = self.all_atoms(systems) if selected_atoms is None else selected_atoms
        rows: List[torch.Tensor] = []
        for i in range(len(samples)):
            system = systems[int(samples.values[i, 0])]
            position = system.positions[int(samples.values[i, 1])]
            energy = 0.5 * self.stiffness.to(position.dtype) * (position * position).sum()
            rows.append(torch.hstack([energy, position]))

        if len(rows) == 0:
            values = torch.zeros((0, 4), dtype=self.stiffness.dtype)
        else:
            values = torch.stack(rows)

        results: Dict[str, TensorMap] = {}
        for name, output in outputs.items():
            base = name.split("/")[0]
            if base == "feature" or base == "features":
                properties = Labels("n", torch.arange(4).reshape(-1, 1))
                block_values = values
            else:
                properties = Labels("energy", torch.tensor([[0]]))
                block_values = values[:, :1]

            block_samples = samples
            if output.sample_kind == "system":
                per_system = torch.zeros((len(systems), block_values.shape[1]), dtype=values.dtype)
                index = samples.column("system").to(torch.int64)
                block_values = per_system.index_add(0, index, block_values)
                block_samples = Labels("system", torch.arange(len(systems)).reshape(-1, 1))

            block = TensorBlock(block_values.clone(), block_samples, [], properties)
            results[name] = TensorMap(Labels("_", torch.tensor([[0]])), [block])

        return results

    def all_atoms(self, systems: List[System]) -> Labels:
        values: List[List[int]] = []
        for i, system in enumerate(systems):
            for j in range(len(system)):
                values.append([i, j])

        return Labels(["system", "atom"], torch.tensor(values, dtype=torch.int64).reshape(-1, 2))


@pytest.fixture(autouse=True, scope="session")
def single_thread():
    """With a handful of atoms, threads would mostly wait for each other."""
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(n_threads)


@pytest.fixture
def springs() -> type[Springs]:
    return Springs


@pytest.fixture
def make_capabilities() -> Callable[..., ModelCapabilities]:
    """Function to create complete capabilities, with any of their values replaced."""

    def make(**replaced) -> ModelCapabilities:
        arguments = {
            "outputs": {"energy": ModelOutput(unit="eV", sample_kind="atom")},
            "atomic_types": [1, 8],
            "interaction_range": 0.0,
            "length_unit": "Angstrom",
            "supported_devices": ["cpu"],
            "dtype": "float64",
        }
        return ModelCapabilities(**{**arguments, **replaced})

    return make


@pytest.fixture
def make_model(make_capabilities) -> Callable[..., AtomisticModel]:
    """Function to wrap ``Springs`` (or another module) as a model with the given capabilities."""

    def make(module: Optional[torch.nn.Module] = None, **capabilities) -> AtomisticModel:
        module = Springs() if module is None else module
        metadata = ModelMetadata(name="springs", authors=["someone"])
        return AtomisticModel(module.eval(), metadata, make_capabilities(**capabilities))

    return make


@pytest.fixture
def make_system() -> Callable[..., System]:
    """Function to create a periodic water molecule, in Angstrom."""

    def make(dtype: torch.dtype = torch.float64, requires_grad: bool = False) -> System:
        positions = [[0.0, 0.0, 0.1], [0.0, 0.8, -0.5], [0.0, -0.8, -0.5]]
        return System(
            types=torch.tensor([8, 1, 1]),
            positions=torch.tensor(positions, dtype=dtype, requires_grad=requires_grad),
            cell=10 * torch.eye(3, dtype=dtype),
            pbc=torch.tensor([True, True, True]),
        )

    return make


@pytest.fixture
def make_neighbors() -> Callable[[System], TensorBlock]:
    """Function to create a neighbor list with the pair of the two hydrogen atoms."""

    def make(system: System) -> TensorBlock:
        names = ["first_atom", "second_atom", "cell_shift_a", "cell_shift_b", "cell_shift_c"]
        vector = system.positions.detach()[2] - system.positions.detach()[1]
        return TensorBlock(
            values=vector.reshape(1, 3, 1),
            samples=Labels(names, torch.tensor([[1, 2, 0, 0, 0]])),
            components=[Labels("xyz", torch.tensor([[0], [1], [2]]))],
            properties=Labels("distance", torch.tensor([[0]])),
        )

    return make


@pytest.fixture
def make_data() -> Callable[..., TensorMap]:
    """Function to create the data for an input with one value for each of three atoms."""

    def make(name: str, values: torch.Tensor, unit: Optional[str] = None) -> TensorMap:
        block = TensorBlock(
            values=values.reshape(3, 1),
            samples=Labels(["system", "atom"], torch.tensor([[0, 0], [0, 1], [0, 2]])),
            components=[],
            properties=Labels(name, torch.tensor([[0]])),
        )
        tensor = TensorMap(Labels("_", torch.tensor([[0]])), [block])
        if unit is not None:
            tensor.set_info("unit", unit)
        return tensor

    return make
