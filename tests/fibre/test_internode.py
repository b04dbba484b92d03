"""The modes of an internode against its twenty equations written out.

The 20 x 20 matrices come from `reference_mrg`, which keeps every section's axoplasm and periaxonal
space and carries its own constants.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from reference_mrg import Cable, mrg_cable
from scipy.linalg import eigh

from vagus.fibre.internode import Internodes, internodes, modal_sources
from vagus.fibre.mrg_geometry import mrg_geometry

Floats = NDArray[np.float64]
CASES = [("mrg-interpolation", 2.0), ("mrg-interpolation", 10.0), ("mrg-discrete", 16.0),
         ("pena", 1.2)]  # fmt: skip
FIRST = 12  # section after the second node: away from the sealed ends


def cable_of(model: str, diameter_um: float) -> Cable:
    geometry = {"mrg-interpolation": "interpolation", "mrg-discrete": "discrete", "pena": "pena"}
    return mrg_cable(diameter_um, 5, geometry[model])


def full_matrices(cable: Cable) -> tuple[Floats, Floats]:
    """[20, 20] stiffness (uS) and mass (nF) of one internode: ten axoplasms, ten periaxonal
    spaces."""
    inside = slice(FIRST, FIRST + 10)
    stiffness, mass = np.zeros((20, 20)), np.zeros((20, 20))
    u, q = np.arange(10), np.arange(10, 20)
    membrane = ((stiffness, cable.passive_uS, cable.myelin_uS),
                (mass, cable.capacitance_nF, cable.myelin_nF))  # fmt: skip
    for matrix, across, myelin in membrane:
        a, b = across[inside], myelin[inside]
        matrix[u, u] += a
        matrix[q, q] += a + b
        matrix[u, q] -= a
        matrix[q, u] -= a
    for rows, coupling in ((u, cable.axial_uS), (q, cable.periaxonal_uS)):
        g = coupling[FIRST - 1 : FIRST + 10]  # node to node
        stiffness[rows, rows] += g[:-1] + g[1:]
        stiffness[rows[:-1], rows[1:]] -= g[1:-1]
        stiffness[rows[1:], rows[:-1]] -= g[1:-1]
    return stiffness, mass


def modes_of(model: str, diameter_um: float) -> Internodes:
    return internodes(mrg_geometry(model, np.array([diameter_um])))


def admittance(modes: Internodes, s: float) -> tuple[float, float]:
    """Current into a node per mV of itself and of its neighbour through the internode, S/cm2."""
    term = modes.beta2[0] / (modes.rate[0] + s)
    even, odd = float(term[:10].sum()), float(term[10:].sum())
    return even + odd, even - odd


@pytest.mark.parametrize(("model", "diameter_um"), CASES)
def test_rates_are_the_eigenvalues_of_the_whole_internode(model: str, diameter_um: float) -> None:
    stiffness, mass = full_matrices(cable_of(model, diameter_um))
    expected = eigh(stiffness, mass, eigvals_only=True)
    modes = modes_of(model, diameter_um)
    # the rates span nine decades: the slow ones carry the rounding of the fast ones
    rounding = 1e-15 * expected[-1]
    np.testing.assert_allclose(np.sort(modes.rate[0]), expected, rtol=1e-8, atol=rounding)
    assert (modes.rate > 0).all()  # every mode decays
    assert (modes.beta2 >= 0).all()


@pytest.mark.parametrize(("model", "diameter_um"), CASES)
@pytest.mark.parametrize("s", [0.0, 0.01, 1.0, 200.0, 1e5])
def test_the_node_sees_the_resolvent(model: str, diameter_um: float, s: float) -> None:
    """At s = 0 this is the direct-current solution; s = 1/dt is a step of implicit Euler."""
    cable = cable_of(model, diameter_um)
    stiffness, mass = full_matrices(cable)
    modes = modes_of(model, diameter_um)
    g = cable.axial_uS[FIRST - 1]
    unit = np.zeros(20)
    unit[0] = g
    response = g * np.linalg.solve(stiffness + s * mass, unit) * modes.per_area[0]
    own, neighbour = admittance(modes, s)
    assert own == pytest.approx(response[0], rel=1e-9)
    # far above the cable's own rates next to nothing arrives: compare with what enters
    assert neighbour == pytest.approx(response[9], rel=1e-8, abs=1e-11 * response[0])
    assert modes.g_port[0] == pytest.approx(g * modes.per_area[0], rel=1e-12)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([0.0, 0.3, 200.0]))
def test_sources_anywhere_drive_the_nodes_as_in_full(seed: int, s: float) -> None:
    """Reciprocity included: the mode shapes that the node drives are those that drive the node."""
    cable = cable_of("mrg-interpolation", 8.7)
    modes = modes_of("mrg-interpolation", 8.7)
    ve = np.random.default_rng(seed).normal(size=cable.z_um.size)
    stiffness, mass = full_matrices(cable)
    inside = slice(FIRST - 1, FIRST + 11)
    flow_u = np.diff(ve[inside]) * cable.axial_uS[FIRST - 1 : FIRST + 10]
    flow_q = np.diff(ve[inside]) * cable.periaxonal_uS[FIRST - 1 : FIRST + 10]
    source = np.concatenate([np.diff(flow_u), np.diff(flow_q)])
    g = cable.axial_uS[FIRST - 1]
    response = g * np.linalg.solve(stiffness + s * mass, source) * modes.per_area[0]
    drive, _ = modal_sources(modes, ve[None])
    term = drive[0, 1] / (modes.rate[0] + s)
    left, right = term[:10].sum() + term[10:].sum(), term[:10].sum() - term[10:].sum()
    scale = np.abs(response).max() + np.abs(response[[0, 9]]).max()
    assert left == pytest.approx(response[0], abs=1e-9 * scale)
    assert right == pytest.approx(response[9], abs=1e-9 * scale)


def test_reciprocity_between_sections() -> None:
    """Current at the left node from a source in a section = that section's response to the node."""
    stiffness, mass = full_matrices(cable_of("mrg-interpolation", 10.0))
    modes = modes_of("mrg-interpolation", 10.0)
    phi, rate = modes.phi[0], modes.rate[0]  # beta times the shape on the near half
    beta = np.sqrt(modes.beta2[0]) * np.where(phi[:, 0] * modes.beta2[0] < 0, -1, 1)
    shape = phi / beta[:, None] / np.sqrt(2)
    resolvent = np.linalg.inv(stiffness + 5.0 * mass)
    near = [0, 1, 2, 3, 4, 10, 11, 12, 13, 14]
    found = np.einsum("m,mi,mj->ij", 1 / (rate + 5.0), shape, shape) / modes.per_area[0] ** -1
    expected = resolvent[np.ix_(near, near)]
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-9 * expected.max())
    np.testing.assert_allclose(found, found.T, rtol=1e-12)


def test_only_differences_of_potential_matter() -> None:
    modes = modes_of("mrg-interpolation", 10.0)
    ve = np.random.default_rng(1).normal(size=(1, 45))
    for first, second in zip(
        modal_sources(modes, ve), modal_sources(modes, ve + 16.0), strict=True
    ):
        np.testing.assert_allclose(first, second, atol=1e-9 * np.abs(first).max())
    for source in modal_sources(modes, np.full((1, 45), 12.5)):
        assert not source.any()


def test_a_linear_potential_drives_antisymmetric_modes_only() -> None:
    """And equally in every internode, so that the nodes between feel nothing from either side."""
    geometry = mrg_geometry("mrg-interpolation", np.array([10.0]))
    z = geometry.centres_um(5)
    drive, node = modal_sources(internodes(geometry), 1e-3 * z)
    assert np.abs(drive[..., :10]).max() < 1e-9 * np.abs(drive[..., 10:]).max()
    np.testing.assert_allclose(
        drive, np.tile(drive[:, :1], (1, 4, 1)), rtol=0, atol=1e-8 * np.abs(drive).max()
    )
    assert np.abs(node[0, 1:-1]).max() < 1e-9 * abs(node[0, 0])
    assert node[0, 0] == pytest.approx(-node[0, -1])


def test_a_hill_in_the_middle_drives_symmetric_modes_only() -> None:
    geometry = mrg_geometry("mrg-interpolation", np.array([10.0]))
    z = geometry.centres_um(3)
    middle = (z[0, 0] + z[0, 11]) / 2
    drive, _ = modal_sources(internodes(geometry), -1e-6 * (z - middle) ** 2)
    assert np.abs(drive[0, 0, 10:]).max() < 1e-9 * np.abs(drive[0, 0, :10]).max()


def test_axial_sources_only_move_charge() -> None:
    """What the field drives out of one place arrives in another: node and section sources
    cancel."""
    geometry = mrg_geometry("pena", np.array([3.0]))
    modes = internodes(geometry)
    ve = np.random.default_rng(2).normal(size=(1, 56))
    _, node = modal_sources(modes, ve)
    flow = np.diff(ve) * np.tile(modes.g_axial, (1, 5))
    sections = np.diff(flow, prepend=0.0, append=0.0)
    np.testing.assert_allclose(node, sections[:, ::11], atol=1e-12 * np.abs(flow).max())
    assert sections.sum() == pytest.approx(0.0, abs=1e-12 * np.abs(flow).max())
