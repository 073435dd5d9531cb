"""
Exchange of tensor maps between Python and a library in C++, through pointers.

    python exchange.py libparticles.so

The library is the one of ``particles.h``. No data is copied, in either direction, unless it is said
below; the addresses in memory prove it.
"""

import ctypes
import gc
import sys
import weakref
from collections.abc import Callable

import numpy as np
import torch

import metatensor as mts
from metatensor import ExternalCpuArray, MetatensorError, TensorBlock, TensorMap
from metatensor._c_api import c_uintptr_t, mts_status_t, mts_tensormap_t
from metatensor._status import check_pointer, check_status

# The arrays of the library are of its own type. This says how Python can use them: as NumPy arrays,
# in the same memory. The name is the one that the library gave to `mts_register_data_origin`.
mts.register_external_data_wrapper("example.StridedArray", ExternalCpuArray)


def load_library(path: str) -> ctypes.CDLL:
    """Open the library, which uses the copy of libmetatensor opened by ``import metatensor``."""
    library = ctypes.CDLL(path)
    tensor = ctypes.POINTER(mts_tensormap_t)
    particles = ctypes.c_void_p
    address = ctypes.c_void_p
    functions = {
        "create": (particles, [ctypes.POINTER(c_uintptr_t)]),
        "free": (None, [particles]),
        "address": (address, [particles, c_uintptr_t, c_uintptr_t]),
        "positions": (tensor, [particles]),
        "snapshot": (tensor, [particles]),
        "move": (mts_status_t, [particles, tensor, ctypes.POINTER(address)]),
        "merge_types": (tensor, [tensor]),
        "keep": (mts_status_t, [particles, tensor]),
    }
    for name, (result, arguments) in functions.items():
        function = getattr(library, f"particles_{name}")
        function.restype = result
        function.argtypes = arguments
    return library


class Particles:
    """The particles of the library, as a Python object."""

    def __init__(self, library: ctypes.CDLL, counts: tuple[int, int]):
        self._library = library
        self._pointer = library.particles_create((c_uintptr_t * 2)(*counts))
        check_pointer(self._pointer)
        # released when the last reference to this object is gone, or with `close`
        self.close = weakref.finalize(self, library.particles_free, self._pointer)

    def address(self, particle: int, component: int) -> int:
        """Where the library stores a component of the position of a particle."""
        return self._library.particles_address(self._pointer, particle, component)

    def positions(self) -> TensorMap:
        """The positions themselves: the tensor map belongs to the library."""
        pointer = self._library.particles_positions(self._pointer)
        # `parent` is kept alive by the tensor map, and by everything that is taken out of it
        return TensorMap.unsafe_view_from_ptr(pointer, parent=self)

    def snapshot(self) -> TensorMap:
        """A copy of the positions, made by the library: the tensor map belongs to Python."""
        pointer = self._library.particles_snapshot(self._pointer)
        check_pointer(pointer)
        return TensorMap.unsafe_from_ptr(pointer)

    def move(self, displacements: TensorMap) -> list[int]:
        """Move all particles; gives the addresses from which the library has read the values."""
        addresses = (ctypes.c_void_p * len(displacements))()
        # `displacements` still belongs to Python
        pointer = displacements.as_mts_tensormap_t()
        check_status(self._library.particles_move(self._pointer, pointer, addresses))
        return list(addresses)

    def merge_types(self, tensor: TensorMap) -> TensorMap:
        """All types of particles in one block."""
        pointer = self._library.particles_merge_types(tensor.as_mts_tensormap_t())
        check_pointer(pointer)
        return TensorMap.unsafe_from_ptr(pointer)

    def keep(self, tensor: TensorMap) -> None:
        """Give a tensor map to the library; it can not be used in Python afterwards."""
        check_status(self._library.particles_keep(self._pointer, tensor.release()))


def with_values(like: TensorMap, values: Callable[[TensorBlock], mts.Array]) -> TensorMap:
    """A tensor map with the metadata of another one, and other values."""
    blocks = [
        TensorBlock(values(block), block.samples, block.components, block.properties)
        for block in like
    ]
    return TensorMap(like.keys, blocks)


def memory_of_the_library(particles: Particles) -> None:
    """Python works on the memory of the library."""
    positions = particles.positions()
    values = positions.block(type=6).values
    assert isinstance(values, np.ndarray)
    # particles 0 and 1 have the type 1, so the first one of type 6 is particle 2
    assert values.ctypes.data == particles.address(2, 0)
    # in the library, a position is one member of a larger structure
    assert values.strides[0] == particles.address(3, 0) - particles.address(2, 0)
    assert not values.flags.c_contiguous

    before = values[0, 1, 0]
    values += 1.0
    moved = ctypes.c_double.from_address(particles.address(2, 1)).value
    assert moved == before + 1.0
    print("Python has moved the particles of the library")


def ownership(library: ctypes.CDLL) -> None:
    """Everything lives as long as something needs it."""
    particles = Particles(library, (1, 1))
    alive = weakref.ref(particles)
    values = particles.positions().block(type=1).values
    snapshot = particles.snapshot()
    del particles
    gc.collect()
    # values -> block -> tensor map -> particles
    assert alive() is not None
    assert values.ravel().tolist() == [0.0, 0.25, 0.5]

    del values
    gc.collect()
    assert alive() is None
    # the snapshot belongs to Python
    assert snapshot.block(type=1).values.ravel().tolist() == [0.0, 0.25, 0.5]
    print("the particles live as long as the array that uses their memory")


def arrays_of_python(particles: Particles) -> None:
    """The library reads arrays that Python owns, whatever they are."""
    positions = particles.positions()
    # operations on the arrays of the library give new NumPy arrays
    target = with_values(positions, lambda block: np.full(block.shape, 2.0))
    displacements = mts.multiply(mts.subtract(target, positions), 0.5)
    before = [block.values.copy() for block in positions]

    addresses = particles.move(displacements)
    assert addresses == [block.values.ctypes.data for block in displacements]
    for block, old in zip(positions, before, strict=True):
        np.testing.assert_allclose(block.values, (old + 2.0) / 2)

    # nothing changes for the arrays of other libraries
    displacements = displacements.to(arrays="torch")
    addresses = particles.move(displacements)
    assert addresses == [block.values.data_ptr() for block in displacements]
    print("the library has used the memory of NumPy and torch")


def results_of_the_library(particles: Particles) -> None:
    """The library merges blocks: the arrays do the work, and the result is of the same kind."""
    positions = particles.snapshot()
    merged = particles.merge_types(positions)
    assert type(merged.block().values) is ExternalCpuArray

    merged = particles.merge_types(positions.to(arrays="torch"))
    assert isinstance(merged.block().values, torch.Tensor)
    assert merged.block().samples.names == ["particle", "type"]
    print("the library has created torch tensors, without knowing torch")


def gift_to_the_library(library: ctypes.CDLL) -> None:
    """A tensor map given to the library, and its arrays, live until the library is done."""
    particles = Particles(library, (1, 1))
    tensor = with_values(particles.positions(), lambda block: np.zeros(block.shape))
    alive = weakref.ref(tensor.block(type=1).values)
    particles.keep(tensor)
    gc.collect()
    assert alive() is not None
    try:
        particles.keep(tensor)
        raise AssertionError("the tensor map does not belong to Python anymore")
    except ValueError as error:
        print(f"expected error: {error}")

    particles.close()
    gc.collect()
    assert alive() is None
    print("the library has released an array of Python")


def errors(particles: Particles) -> None:
    """Exceptions of C++ become exceptions of Python."""
    wrong_type = with_values(
        particles.positions(), lambda block: np.zeros(block.shape, dtype=np.float32)
    )
    try:
        particles.move(wrong_type)
        raise AssertionError("the library can only read double")
    except MetatensorError as error:
        print(f"expected error: {error}")


def main() -> None:
    library = load_library(sys.argv[1])
    particles = Particles(library, (2, 3))
    memory_of_the_library(particles)
    ownership(library)
    arrays_of_python(particles)
    results_of_the_library(particles)
    gift_to_the_library(library)
    errors(particles)


if __name__ == "__main__":
    main()
