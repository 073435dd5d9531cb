r"""
The representation of the demo: the SOAP power spectrum, in ``TensorMap`` form.

Around each atom :math:`i`, the neighbors of type :math:`a` are described by an expansion of their
density on radial functions :math:`g_n` and on monomials of the unit vector
:math:`\hat{r} = (x, y, z)`:

.. math:: A_{i, anm} = \sum_{j \in a} g_n(r_{ij}) \; x_{ij}^{m_x} y_{ij}^{m_y} z_{ij}^{m_z},
          \qquad m_x + m_y + m_z \le l_{max}

Such sums are blocks with one ``monomial`` component, one block for each pair of a center type and a
neighbor type. Products of two of them, contracted over the monomials with the weights
:math:`W_{lm}` that turn powers of a cosine into a Legendre polynomial :math:`P_l`, do not change
when the structure is rotated:

.. math:: p_{i, l, an, a'n'} = \sum_m W_{lm} A_{i, anm} A_{i, a'n'm}
          = \sum_{j \in a} \sum_{k \in a'} g_n(r_{ij}) \, g_{n'}(r_{ik}) \, P_l(\cos\theta_{jik})

By the addition theorem of spherical harmonics this is the SOAP power spectrum, up to a constant
factor for each :math:`l` (Bartok, Kondor and Csanyi, Phys. Rev. B 87, 184115 (2013)). The radial
functions are the orthonormal ones of Gasteiger et al. (DimeNet, arXiv:2003.03123), times a cutoff
function with two continuous derivatives at :math:`r_c`, so that forces are smooth too:

.. math:: g_n(r) = \sqrt{\frac{2}{r_c}} \; \frac{\sin(n \pi r / r_c)}{r} \;
                   \left(1 - \frac{r^2}{r_c^2}\right)^3
"""

import math
from typing import List, Tuple

import torch

from metatensor.torch import Labels, TensorBlock, TensorMap
from metatomic.torch import NeighborListOptions, System

# coefficients of 1, t, t^2, t^3 in the Legendre polynomials P_0(t) ... P_3(t)
LEGENDRE = [
    [1.0, 0.0, 0.0, 0.0],
    [0.0, 1.0, 0.0, 0.0],
    [-0.5, 0.0, 1.5, 0.0],
    [0.0, -1.5, 0.0, 2.5],
]


class PowerSpectrum(torch.nn.Module):
    """
    SOAP power spectrum of the environment of each atom.

    :param types: atomic types (atomic numbers) that systems may contain
    :param cutoff: radius of the environments, in the length unit of the systems
    :param n_max: number of radial functions
    :param l_max: largest degree of the Legendre polynomials, at most 3
    """

    def __init__(self, types: List[int], cutoff: float, n_max: int, l_max: int):
        super().__init__()
        if not 0 <= l_max < len(LEGENDRE):
            raise ValueError(f"l_max must be between 0 and {len(LEGENDRE) - 1}, got {l_max}")

        self.types = types
        self.cutoff = cutoff
        self.neighbors = NeighborListOptions(cutoff=cutoff, full_list=True, strict=True)

        exponents, weights = monomials(l_max)
        n_monomials = len(exponents)
        self.register_buffer("exponents", exponents)
        self.register_buffer("weights", weights)
        self.register_buffer("radial_frequencies", math.pi / cutoff * torch.arange(1, n_max + 1))

        type_to_index = torch.zeros(max(types) + 1, dtype=torch.int64)
        type_to_index[torch.tensor(types)] = torch.arange(len(types))
        self.register_buffer("type_to_index", type_to_index)

        # the metadata of the density expansion ...
        self.density_keys = Labels(
            ["center_type", "neighbor_type"],
            torch.cartesian_prod(torch.tensor(types), torch.tensor(types)),
        )
        self.monomials = Labels("monomial", torch.arange(n_monomials).reshape(-1, 1))
        self.radial = Labels("n", torch.arange(1, n_max + 1).reshape(-1, 1))
        self.neighbor_types = Labels("neighbor_type", torch.tensor(types).reshape(-1, 1))

        # ... and of the power spectrum, symmetric under the exchange of its two densities: each
        # pair of densities is kept once, with a factor that makes up for the other one
        channels = torch.cartesian_prod(torch.tensor(types), torch.arange(1, n_max + 1))
        first, second = torch.triu_indices(len(channels), len(channels))
        self.register_buffer("first", first)
        self.register_buffer("second", second)
        self.register_buffer("multiplicity", torch.where(first == second, 1.0, math.sqrt(2.0)))
        degrees = torch.arange(l_max + 1).repeat_interleave(len(first)).reshape(-1, 1)
        pairs = torch.hstack([channels[first], channels[second]]).repeat(l_max + 1, 1)
        self.keys = Labels("center_type", torch.tensor(types).reshape(-1, 1))
        self.features = Labels(
            ["l", "neighbor_1_type", "n_1", "neighbor_2_type", "n_2"],
            torch.hstack([degrees, pairs]),
        )

    def forward(self, systems: List[System]) -> TensorMap:
        """
        Power spectrum of all atoms: keys ``center_type``; samples ``system, atom``; no components;
        properties ``l, neighbor_1_type, n_1, neighbor_2_type, n_2``.
        """
        density = self.density(systems)
        # one block for each center type, with the same properties whatever the neighbors
        device = density.device
        density = density.keys_to_properties(self.neighbor_types.to(device))

        features = self.features.to(device)
        blocks: List[TensorBlock] = []
        for block in density.blocks():
            blocks.append(
                TensorBlock(
                    self.contract(block.values),
                    block.samples,
                    torch.jit.annotate(List[Labels], []),
                    features,
                )
            )

        return TensorMap(self.keys.to(device), blocks)

    def requested_neighbor_lists(self) -> List[NeighborListOptions]:
        return [self.neighbors]

    def density(self, systems: List[System]) -> TensorMap:
        """
        Density expansion around all atoms: keys ``center_type, neighbor_type``; samples ``system,
        atom``; component ``monomial``; property ``n``.
        """
        device = self.weights.device
        n_types = len(self.types)

        types, atoms, centers, neighbors, vectors = concatenate(systems, self.neighbors)
        type_index = self.type_to_index[types]

        terms = self.angular(vectors).unsqueeze(2) * self.radial_functions(vectors).unsqueeze(1)
        density = torch.zeros(
            [len(types) * n_types, terms.shape[1], terms.shape[2]], dtype=terms.dtype, device=device
        )
        density = density.index_add(0, centers * n_types + type_index[neighbors], terms)
        density = density.reshape(len(types), n_types, terms.shape[1], terms.shape[2])

        components = [self.monomials.to(device)]
        properties = self.radial.to(device)
        blocks: List[TensorBlock] = []
        for center in range(n_types):
            selected = torch.nonzero(type_index == center).squeeze(1)
            samples = Labels(["system", "atom"], atoms[selected], assume_unique=True)
            for values in density.index_select(0, selected).unbind(1):
                blocks.append(TensorBlock(values, samples, components, properties))

        return TensorMap(self.density_keys.to(device), blocks)

    def contract(self, density: torch.Tensor) -> torch.Tensor:
        """
        Features from a density of shape ``(centers, monomials, channels)``, where a channel is a
        neighbor type and a radial function. There is one column for each of ``self.features``.
        """
        n_centers, n_monomials, n_channels = density.shape
        n_degrees = self.weights.shape[0]
        weighted = self.weights.unsqueeze(1) * density.transpose(1, 2).unsqueeze(1)
        # one matrix product for each center
        products = weighted.reshape(n_centers, n_degrees * n_channels, n_monomials) @ density
        products = products.reshape(n_centers, n_degrees, n_channels, n_channels)
        products = products[:, :, self.first, self.second] * self.multiplicity
        return products.flatten(start_dim=1)

    def angular(self, vectors: torch.Tensor) -> torch.Tensor:
        """Monomials of the unit vectors along ``vectors``, one column each."""
        unit = vectors / torch.linalg.vector_norm(vectors, dim=1, keepdim=True)
        powers = torch.stack([torch.ones_like(unit), unit, unit**2, unit**3], dim=1)
        x, y, z = self.exponents.unbind(1)
        return powers[:, x, 0] * powers[:, y, 1] * powers[:, z, 2]

    def radial_functions(self, vectors: torch.Tensor) -> torch.Tensor:
        """Radial functions at the length of ``vectors``, one column each."""
        r = torch.linalg.vector_norm(vectors, dim=1, keepdim=True)
        smooth = (1 - (r / self.cutoff) ** 2) ** 3 * (r < self.cutoff)
        return math.sqrt(2 / self.cutoff) * torch.sin(self.radial_frequencies * r) / r * smooth


def monomials(l_max: int) -> Tuple[torch.Tensor, torch.Tensor]:
    """
    Exponents of the monomials up to degree ``l_max``, and the weights ``W`` of the module's
    documentation. With the multinomial theorem, ``cos^k = sum_m k! / (m_x! m_y! m_z!) u^m v^m``
    over the monomials of degree ``k`` of two unit vectors ``u`` and ``v``.
    """
    exponents = [
        (x, y, k - x - y)
        for k in range(l_max + 1)
        for x in range(k, -1, -1)
        for y in range(k - x, -1, -1)
    ]
    weights = torch.zeros(l_max + 1, len(exponents))
    for m, (x, y, z) in enumerate(exponents):
        k = x + y + z
        multinomial = math.factorial(k) / math.factorial(x) / math.factorial(y) / math.factorial(z)
        for l in range(l_max + 1):
            weights[l, m] = LEGENDRE[l][k] * multinomial

    return torch.tensor(exponents), weights


def concatenate(
    systems: List[System], options: NeighborListOptions
) -> Tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """
    All systems as one: types of the atoms, their ``(system, atom)`` indices, and the first atom,
    second atom and vector of each pair, with atoms numbered across systems.
    """
    types: List[torch.Tensor] = []
    sizes: List[int] = []
    pairs: List[torch.Tensor] = []
    vectors: List[torch.Tensor] = []

    offset = 0
    for system in systems:
        types.append(system.types)
        sizes.append(len(system))
        block = system.get_neighbor_list(options)
        # the first two dimensions of the samples are the two atoms
        pairs.append(block.samples.values[:, :2] + offset)
        vectors.append(block.values)
        offset += len(system)

    device = systems[0].device
    n_atoms = torch.tensor(sizes, device=device)
    system_index = torch.arange(len(systems), device=device).repeat_interleave(n_atoms)
    first_atom = torch.cumsum(n_atoms, 0) - n_atoms
    atom_index = torch.arange(offset, device=device) - first_atom[system_index]

    centers, neighbors = torch.cat(pairs).unbind(1)
    return (
        torch.cat(types),
        torch.stack([system_index, atom_index], dim=1),
        centers,
        neighbors,
        torch.cat(vectors).squeeze(2),
    )
