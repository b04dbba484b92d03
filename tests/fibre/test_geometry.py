"""MRG geometry: published check values, continuity, and the laying out of sections."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference_mrg import DISCRETE, dimensions

from vagus.errors import InputError
from vagus.fibre.internode import internodes
from vagus.fibre.mrg_geometry import MRG_MODELS, mrg_geometry, parameters

RANGES = {"mrg-interpolation": (2.0, 16.0), "pena": (1.011, 16.0)}
NAMES = {"mrg-interpolation": "interpolation", "pena": "pena", "mrg-discrete": "discrete"}


def test_the_ten_micrometre_fibre() -> None:
    """Values of the polynomials at D = 10 (doi:10.1371/journal.pcbi.1009285), worked out by
    hand."""
    g = mrg_geometry("mrg-interpolation", np.array([10.0]))
    assert g.node_spacing_um[0] == pytest.approx(1122.3)
    assert g.flut_um[0] == pytest.approx(46.7338)
    assert g.stin_um[0] == pytest.approx(170.3054, abs=1e-4)
    assert g.node_diameter_um[0] == pytest.approx(3.2)
    assert g.axon_diameter_um[0] == pytest.approx(6.7462)
    assert g.lamellae[0] == pytest.approx(120.2452)


def test_periaxonal_and_axial_resistance_of_the_ten_micrometre_fibre() -> None:
    """Couplings follow from xraxial 347933.979 and 82522.340 MOhm/cm and Ra 153.80824 ohm cm."""
    g = mrg_geometry("mrg-interpolation", np.array([10.0]))
    modes = internodes(g)
    mysa, flut = 347933.979 * 1.5e-4, 82522.340 * (46.7338 / 2) * 1e-4  # half sections, MOhm
    assert modes.g_peri[0, 1] / modes.per_area[0] == pytest.approx(1 / (mysa + flut), rel=1e-6)
    stin = 153.80824 * (170.3054 / 2) / (np.pi * 10.0**2 / 4) * 1e-2
    assert modes.g_axial[0, 4] / modes.per_area[0] == pytest.approx(1 / (2 * stin), rel=1e-5)


@pytest.mark.parametrize("diameter_um", list(DISCRETE))
def test_the_discrete_table(diameter_um: float) -> None:
    g = mrg_geometry("mrg-discrete", np.array([diameter_um]))
    found = (g.node_spacing_um, g.flut_um, g.axon_diameter_um, g.node_diameter_um, g.lamellae)
    assert tuple(float(x[0]) for x in found) == DISCRETE[diameter_um]


@pytest.mark.parametrize("model", list(RANGES))
@given(share=st.floats(0, 1))
def test_polynomials_agree_with_a_second_writing(model: str, share: float) -> None:
    low, high = RANGES[model]
    d = min(high, low + share * (high - low))
    g = mrg_geometry(model, np.array([d]))
    found = (g.node_spacing_um, g.flut_um, g.axon_diameter_um, g.node_diameter_um, g.lamellae)
    assert [float(x[0]) for x in found] == pytest.approx(dimensions(d, NAMES[model]), rel=1e-12)


def test_interpolated_geometry_is_continuous() -> None:
    """Also where the node spacing changes its polynomial: 0.015 um of 495 at 5.643 um."""
    d = np.linspace(2.0, 16.0, 140001)
    g = mrg_geometry("mrg-interpolation", d)
    for name in ("node_spacing_um", "flut_um", "axon_diameter_um", "node_diameter_um", "lamellae"):
        step = np.abs(np.diff(getattr(g, name)))
        assert step.max() < 2 * step.mean(), name


@pytest.mark.parametrize("model", MRG_MODELS)
def test_sections_fill_the_fibre(model: str) -> None:
    d = np.array([2.0, 5.7, 10.0])
    g = mrg_geometry(model, d)
    lengths = g.section_lengths_um()
    assert (lengths > 0).all()
    np.testing.assert_allclose(lengths.sum(axis=1), g.node_spacing_um, rtol=1e-12)
    centres = g.centres_um(9)
    assert centres.shape == (3, 89)
    np.testing.assert_allclose(np.diff(centres[:, ::11]), np.tile(g.node_spacing_um, (8, 1)).T)
    np.testing.assert_allclose(centres + centres[:, ::-1], 2 * centres[:, 44:45] * np.ones(89))
    assert centres[:, 0] == pytest.approx(parameters(model)["node_length"] / 2)


@pytest.mark.parametrize("bad", [-5.7, 0.0, 1.99, 16.01, np.nan, np.inf])
def test_diameters_outside_the_model_are_named(bad: float) -> None:
    with pytest.raises(InputError, match=r"`diameter` is .* um; allowed: 2 to 16 um"):
        mrg_geometry("mrg-interpolation", np.array([5.7, bad]))


def test_diameters_between_the_tabulated_are_refused() -> None:
    with pytest.raises(InputError, match=r"8\.7") as caught:
        mrg_geometry("mrg-discrete", np.array([9.0]))
    assert "mrg-interpolation" in str(caught.value)


def test_unknown_geometry() -> None:
    with pytest.raises(InputError, match="model"):
        mrg_geometry("mrg", np.array([9.0]))
