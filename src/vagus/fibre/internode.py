r"""An internode of the double cable, reduced exactly to twenty numbers.

Potentials are written relative to the local extracellular potential and, inside the axon, to the
passive reversal E_pas (so that the rest of the internode is zero). With :math:`u` the axoplasm
and :math:`p` the periaxonal space of the ten sections between nodes at :math:`v_L, v_R`,

.. math::  M \dot x = -K x + G_i (e_1 v_L + e_{10} v_R) + s\,w(t), \qquad x = (u, p),

where M and K are symmetric, constant and left-right mirror images of themselves. Solving
:math:`K \phi = \lambda M \phi` on the symmetric and on the antisymmetric half gives 10 + 10 real
modes; the current a mode sends into its nodes, :math:`\eta = \beta y`, obeys

.. math::  \dot\eta = -\lambda \eta + \beta^2 (v_L \pm v_R) + \beta q\, w(t).

Nothing is approximated. Currents are per node area, in mV S/cm2. Membrane and myelin constants:
McIntyre et al. 2002, doi:10.1152/jn.00353.2001.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from vagus.fibre.mrg_geometry import SECTIONS, MrgGeometry, parameters

Floats = NDArray[np.float64]

HALF = SECTIONS // 2
MODES = 2 * SECTIONS


@dataclass(frozen=True)
class Internodes:
    """Modal form of the internodes of F fibres.

    ``rate`` [F, 20] lambda in 1/ms (ten symmetric modes, then ten antisymmetric);
    ``beta2`` [F, 20] beta^2 in S/cm2 per ms; ``phi`` [F, 20, 10] beta times the mode shape on the
    near half (5 axoplasm, 5 periaxonal sections), which turns a source into its modal strength;
    ``g_port`` [F] coupling of a node to the internode beside it, S/cm2;
    ``g_sealed`` [F] what couples the last internode to its sealed end node, S/cm2;
    ``per_area`` [F] turns uS into S/cm2 of node (and nA into mV S/cm2);
    ``g_axial`` [F, 11], ``g_peri`` [F, 11] conductances between neighbours, node to node, S/cm2.
    """

    rate: Floats
    beta2: Floats
    phi: Floats
    g_port: Floats
    g_sealed: Floats
    per_area: Floats
    g_axial: Floats
    g_peri: Floats

    def take(self, index: NDArray[np.int64]) -> Internodes:
        """The internodes of fibres ``index``."""
        return Internodes(*(getattr(self, f.name)[index] for f in fields(self)))


def internodes(geometry: MrgGeometry) -> Internodes:
    """Reduce the internodes of F fibres to their modes."""
    p = parameters(geometry.model)
    lengths = geometry.section_lengths_um()
    axon = np.stack([geometry.node_diameter_um] * 2 + [geometry.axon_diameter_um] * 4, axis=1)
    axon = np.concatenate([axon, axon[:, :1:-1], axon[:, 1:2]], axis=1)  # node and ten sections
    space = np.full(SECTIONS + 1, p["space_axon"])
    space[[0, 1, -1]] = p["space_mysa"]

    annulus = np.pi * ((axon / 2 + space) ** 2 - (axon / 2) ** 2)
    node_area = np.pi * geometry.node_diameter_um * p["node_length"]
    per_area = 1 / (node_area * 1e-2)  # uS -> S/cm2 of node; nF -> uF/cm2 * 1e-3
    r_axial = p["rho"] * (lengths / 2) / (np.pi * axon**2 / 4) * 1e-2  # half sections, MOhm
    r_peri = p["rho"] * (lengths / 2) / annulus * 1e-2
    g_axial = _between(r_axial) * per_area[:, None]
    g_peri = _between(r_peri) * per_area[:, None]

    r_end = p["rho_sealed_end"] * (p["node_length"] / 2) / (np.pi * axon[:, 0] ** 2 / 4) * 1e-2
    g_through = per_area / (r_axial[:, 1] + r_end)
    g_sealed = 1 / (1 / g_through - 1 / g_axial[:, 0])

    stiffness, mass = _matrices(geometry, lengths[:, 1:], axon[:, 1:], g_axial, g_peri, per_area)
    rate, shape = _eigen(stiffness, mass)
    beta = g_axial[:, :1] / np.sqrt(2) * shape[:, :, 0]
    return Internodes(
        rate,
        beta**2,
        beta[:, :, None] * shape,
        g_axial[:, 0],
        g_sealed,
        per_area,
        g_axial,
        g_peri,
    )


def _between(r_half: Floats) -> Floats:
    """[F, 11] conductance between consecutive centres, the last one back to the next node."""
    return 1 / (r_half + np.roll(r_half, -1, axis=1))


def _matrices(
    geometry: MrgGeometry,
    lengths: Floats,
    axon: Floats,
    g_axial: Floats,
    g_peri: Floats,
    per_area: Floats,
) -> tuple[Floats, Floats]:
    """[F, 2, 10, 10] stiffness (symmetric, antisymmetric half) and [F, 10, 10] mass of a half."""
    p = parameters(geometry.model)
    n = HALF
    inner = np.pi * axon[:, :n] * lengths[:, :n] * per_area[:, None]
    outer = np.pi * geometry.diameter_um[:, None] * lengths[:, :n] * per_area[:, None]
    layers = 2 * geometry.lamellae[:, None]
    g_pas = np.full(n, p["g_pas_axon"])
    g_pas[0] = p["g_pas_mysa"]
    capacitance, leak = p["c_membrane"] * inner * 1e-5, g_pas * inner * 1e-2
    c_my, g_my = p["c_myelin"] / layers * outer * 1e-5, p["g_myelin"] / layers * outer * 1e-2

    mass = _two_layers(capacitance, c_my)
    stiffness = np.repeat(_two_layers(leak, g_my)[:, None], 2, axis=1)
    for rows, g in ((np.arange(n), g_axial), (np.arange(n, 2 * n), g_peri)):
        to_node, onward = g[:, None, :n], g[:, None, 1:n]
        stiffness[..., rows, rows] += to_node
        stiffness[..., rows[:-1], rows[:-1]] += onward
        stiffness[..., rows[:-1], rows[1:]] -= onward
        stiffness[..., rows[1:], rows[:-1]] -= onward
        stiffness[:, 1, rows[-1], rows[-1]] += 2 * g[:, n]  # antisymmetric: zero at the middle
    return stiffness, mass


def _two_layers(membrane: Floats, myelin: Floats) -> Floats:
    """[F, 10, 10] from the [F, 5] elements of axolemma (u to p) and myelin (p to outside)."""
    matrix = np.zeros((len(membrane), 2 * HALF, 2 * HALF))
    u, p = np.arange(HALF), np.arange(HALF, 2 * HALF)
    matrix[:, u, u] = membrane
    matrix[:, p, p] = membrane + myelin
    matrix[:, u, p] = matrix[:, p, u] = -membrane
    return matrix


def _eigen(stiffness: Floats, mass: Floats) -> tuple[Floats, Floats]:
    """Rates [F, 20] and M-orthonormal shapes [F, 20, 10] of K phi = lambda M phi."""
    factor = np.linalg.inv(np.linalg.cholesky(mass))[:, None]
    rate, vectors = np.linalg.eigh(factor @ stiffness @ factor.transpose(0, 1, 3, 2))
    shape = vectors.transpose(0, 1, 3, 2) @ factor
    count = len(mass)
    return rate.reshape(count, MODES), shape.reshape(count, MODES, SECTIONS)


def modal_sources(modes: Internodes, ve: Floats) -> tuple[Floats, Floats]:
    """Drive of modes and nodes by extracellular potentials ``ve`` [F, 11 (N - 1) + 1] in mV.

    Returns beta q [F, N - 1, 20] and the nodes' own axial source [F, N], both in mV S/cm2 (the
    former per ms). Only differences of ``ve`` between neighbours matter.
    """
    count, sections = ve.shape
    n_internodes = (sections - 1) // (SECTIONS + 1)
    step = np.diff(ve, axis=1).reshape(count, n_internodes, SECTIONS + 1)
    halves = []
    for g in (modes.g_axial, modes.g_peri):
        flow = step * g[:, None, :]
        source = np.diff(flow, axis=2)  # what flows into each of the ten sections
        near, far = source[..., :HALF], source[..., : HALF - 1 : -1]
        halves.append(((near + far) / np.sqrt(2), (near - far) / np.sqrt(2)))
    axial, peri = halves
    even = np.concatenate([axial[0], peri[0]], axis=2)
    odd = np.concatenate([axial[1], peri[1]], axis=2)
    phi_even, phi_odd = modes.phi[:, :SECTIONS], modes.phi[:, SECTIONS:]
    strength = np.concatenate(
        [even @ phi_even.transpose(0, 2, 1), odd @ phi_odd.transpose(0, 2, 1)], axis=2
    )
    node = np.zeros((count, n_internodes + 1))
    node[:, :-1] += modes.g_port[:, None] * step[:, :, 0]
    node[:, 1:] -= modes.g_port[:, None] * step[:, :, -1]
    return strength, node
