"""
Exports a small model for ``engine.cpp``: ``python export_model.py MODEL.pt``.

Atoms are bound to the center of their system by springs. There is one block for each type of atoms,
in the data that the model takes and in the data that it holds.
"""

import sys
import warnings
from typing import Dict, List

import torch

import metatensor.torch as mts
from metatensor.torch import Labels, TensorBlock, TensorMap
from metatensor.torch.learn.nn import Module


class Springs(Module):
    """Energy of atoms from their positions."""

    def __init__(self, stiffness: TensorMap):
        """
        :param stiffness: for each type of atoms, a block with one value
        """
        super().__init__()
        # data which is registered follows the module to other devices and types of numbers
        self.register_buffer("stiffness", stiffness)

    def forward(self, positions: TensorMap) -> Dict[str, TensorMap]:
        """
        :param positions: one block for each type of atoms: samples ``system`` and ``atom``, a
            component ``xyz``, and a property
        :returns: ``energy`` with one block: the energy of each system; and ``energies`` of atoms
            in the same blocks as the positions
        """
        energy = Labels(["energy"], torch.tensor([[0]])).to(positions.device)
        blocks: List[TensorBlock] = []
        for key, block in positions.items():
            stiffness = self.stiffness.block(key).values
            values = 0.5 * stiffness * (block.values**2).sum(dim=1)
            blocks.append(TensorBlock(values, block.samples, [], energy))
        energies = TensorMap(positions.keys, blocks)
        per_atom = energies.keys_to_samples(["atom_type"])
        total = mts.sum_over_samples(per_atom, ["atom", "atom_type"])
        return {"energies": energies, "energy": total}


def main(path: str) -> None:
    types = Labels(["atom_type"], torch.tensor([[1], [6], [8]]))
    values = torch.tensor([0.5, 1.5, 2.0], dtype=torch.float64)
    blocks = [
        TensorBlock(value.reshape(1, 1), Labels.single(), [], Labels.range("energy", 1))
        for value in values
    ]
    with warnings.catch_warnings():
        # torch says that TorchScript is deprecated: it is what C++ programs can load today
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.jit.script(Springs(TensorMap(types, blocks))).save(path)


if __name__ == "__main__":
    main(sys.argv[1])
