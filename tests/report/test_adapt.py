"""What the figures take from a solved field is what the field says."""

from __future__ import annotations

import numpy as np
import pytest
from report_samples import ellipse, make_population

from vagus.field.electrodes import preset
from vagus.field.sample import Field
from vagus.field.solve import solve_field
from vagus.nerve.section import CrossSection, Fascicle
from vagus.report.adapt import field_profile, potential_map

WEIGHTS = np.array([-1.0, 1.0])


@pytest.fixture(scope="module")
def field() -> Field:
    fascicle = Fascicle(ellipse(150, 50, 300, 300, 24), 12.0)
    section = CrossSection("one", ellipse(0, 0, 800, 800, 32), (fascicle,))
    return solve_field(section, preset("two-ring"))


def test_map_is_the_potential_of_the_stimulus(field: Field) -> None:
    name, drawn = potential_map(field, WEIGHTS)
    assert name == "cranial"
    assert drawn.z_um == pytest.approx(4000.0, abs=200.0)
    assert drawn.triangles is not None
    centre = drawn.triangles[:: max(1, len(drawn.triangles) // 200)]
    x, y = (np.asarray(v)[centre].mean(axis=1) for v in (drawn.x_um, drawn.y_um))
    at = np.column_stack([x, y, np.full(len(x), drawn.z_um)])
    exact = WEIGHTS[0] * field.potential(at, 0) + WEIGHTS[1] * field.potential(at, 1)
    shown = drawn.potential_mV_per_mA[centre].mean(axis=1)
    assert shown == pytest.approx(exact, abs=5e-3 * np.ptp(exact))
    assert drawn.potential_mV_per_mA.max() < 0  # under the cathode


def test_map_covers_nerve_and_lumen_only(field: Field) -> None:
    _, drawn = potential_map(field, WEIGHTS)
    radius = np.hypot(drawn.x_um, drawn.y_um).max()
    assert radius == pytest.approx(field.cuff.inner_diameter_um / 2, rel=0.01)


def test_profile_ranks_fibres_by_the_field_they_feel(field: Field) -> None:
    population = make_population(60)
    angle = np.linspace(0, 6, 60)
    x, y = 150 + 250 * np.cos(angle), 50 + 250 * np.sin(angle)
    basis = field.basis(x, y, np.zeros(60, dtype=np.int64))
    profile = field_profile(basis, field.cuff, WEIGHTS, population)
    span = np.ptp(np.tensordot(WEIGHTS, profile.potential_mV_per_mA, axes=1), axis=1)
    every = np.ptp(basis.combined(WEIGHTS), axis=1)
    assert span[0] == every.max() > span[1] > span[2] == every.min()
    assert profile.extent_um == ((3500.0, 4500.0), (-4500.0, -3500.0))
