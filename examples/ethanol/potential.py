"""
The model of the demo: an interatomic potential as a sum of atomic energies, each given by a neural
network of the power spectrum around the atom, with one network for each element (the architecture
of Behler and Parrinello, Phys. Rev. Lett. 98, 146401 (2007), on another representation).
"""

from typing import Dict, List, Optional

import torch
from power_spectrum import PowerSpectrum

import metatensor.torch as mts
from metatensor.torch import Labels, TensorBlock, TensorMap
from metatomic.torch import ModelOutput, System


class Potential(torch.nn.Module):
    """
    Interatomic potential, with the ``forward`` function that engines expect from a model. The
    neighbor lists that engines have to provide are requested by the representation.

    :param types: atomic types (atomic numbers) that the potential knows
    :param cutoff: range of the atomic environments, in Angstrom
    :param n_max: number of radial functions
    :param l_max: largest angular degree
    :param width: number of neurons in each of the two hidden layers
    """

    def __init__(self, types: List[int], cutoff: float, n_max: int, l_max: int, width: int):
        super().__init__()
        self.representation = PowerSpectrum(types, cutoff, n_max, l_max)
        n_features = len(self.representation.features)

        self.networks = torch.nn.ModuleList(
            torch.nn.Sequential(
                torch.nn.Linear(n_features, width),
                torch.nn.SiLU(),
                torch.nn.Linear(width, width),
                torch.nn.SiLU(),
                torch.nn.Linear(width, 1),
            )
            for _ in types
        )
        # statistics of the training set, see `normalize`
        self.register_buffer("feature_mean", torch.zeros(len(types), n_features))
        self.register_buffer("feature_scale", torch.ones(len(types), n_features))
        self.register_buffer("atomic_energy", torch.zeros(()))

        self.energy = Labels("energy", torch.tensor([[0]]))
        self.single_key = Labels("_", torch.tensor([[0]]))

    def normalize(self, systems: List[System], energies: torch.Tensor):
        """
        Set the normalization of the features (zero mean and unit variance for each center type) and
        the mean energy of an atom, from the ``systems`` and ``energies`` of the training set.
        """
        with torch.no_grad():
            features = self.representation(systems)
        for index, block in enumerate(features.blocks()):
            std = block.values.std(dim=0)
            self.feature_mean[index] = block.values.mean(dim=0)
            # features that hardly vary must not be blown up
            self.feature_scale[index] = 1 / (std + 1e-3 * block.values.std())

        n_atoms = sum(len(system) for system in systems)
        self.atomic_energy.fill_(energies.sum() / n_atoms)

    def atomic_energies(self, systems: List[System]) -> TensorMap:
        """Energy of each atom, in eV: samples ``system, atom``; property ``energy``."""
        features = self.representation(systems)

        blocks: List[TensorBlock] = []
        for index, network in enumerate(self.networks):
            block = features.block_by_id(index)
            normalized = (block.values - self.feature_mean[index]) * self.feature_scale[index]
            blocks.append(
                TensorBlock(
                    network(normalized) + self.atomic_energy,
                    block.samples,
                    torch.jit.annotate(List[Labels], []),
                    self.energy.to(features.device),
                )
            )

        energies = TensorMap(features.keys, blocks).keys_to_samples("center_type")
        return mts.remove_dimension(energies, "samples", "center_type")

    def forward(
        self,
        systems: List[System],
        outputs: Dict[str, ModelOutput],
        selected_atoms: Optional[Labels] = None,
    ) -> Dict[str, TensorMap]:
        results: Dict[str, TensorMap] = {}
        if "energy" not in outputs:
            return results

        energy = self.atomic_energies(systems)
        if selected_atoms is not None:
            energy = mts.slice(energy, "samples", selected_atoms)
        if outputs["energy"].sample_kind == "system":
            energy = mts.sum_over_samples(energy, "atom")

        results["energy"] = energy
        return results
