"""Areas, positions and every fault a section can have."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nerve_shapes import nerve, ring, square
from numpy.testing import assert_allclose

from vagus.errors import GeometryError, InputError
from vagus.nerve import CrossSection, Fascicle, separate_fascicles, validate_section
from vagus.nerve.section import counter_clockwise, with_area


def test_areas_and_diameters_of_squares() -> None:
    section = nerve(square(-200, 0, 100), square(200, 0, 50))
    assert section.area_um2 == 1e6
    assert section.fascicular_area_um2 == 12_500
    assert_allclose(section.diameter_um, 2 * np.sqrt(1e6 / np.pi))
    assert_allclose(section.enclosing_diameter_um, 1000 * np.sqrt(2))
    assert_allclose(section.fascicles[0].diameter_um, 2 * np.sqrt(1e4 / np.pi))
    assert_allclose(section.fascicles[0].centroid_um, [-200, 0], atol=1e-12)


def test_points_find_their_fascicle() -> None:
    section = nerve(square(-200, 0, 100), square(200, 0, 50))
    found = section.fascicle_at([-200, 200, 0, 226], [0, 0, 0, 0])
    assert found.tolist() == [0, 1, -1, -1]
    assert section.contains([0, 499, 501], 0).tolist() == [True, True, False]


@given(st.floats(-1e4, 1e4), st.floats(-1e4, 1e4))
def test_centring_moves_and_changes_nothing_else(x: float, y: float) -> None:
    section = nerve(square(-200, 0, 100))
    shift = np.array([x, y])
    fascicle = Fascicle(section.fascicles[0].inner_um + shift)
    moved = CrossSection("moved", section.outline_um + shift, (fascicle,))
    assert_allclose(moved.centred().outline_um, section.outline_um, atol=1e-7)
    assert_allclose(moved.centred().fascicles[0].area_um2, 1e4, rtol=1e-7)


@given(st.integers(3, 40), st.floats(1, 1e6), st.booleans())
def test_contours_are_oriented_opened_and_scaled(k: int, area: float, clockwise: bool) -> None:
    points = ring(3.0, -7.0, 100.0, k)
    closed = np.vstack([points, points[:1]])[:: -1 if clockwise else 1]
    tidy = counter_clockwise(closed)
    assert len(tidy) == k
    x, y = tidy.T
    assert np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y) > 0
    scaled = Fascicle(with_area(tidy, area))
    assert_allclose(scaled.area_um2, area, rtol=1e-9)
    assert_allclose(scaled.centroid_um, [3.0, -7.0], atol=1e-6)


def test_a_good_section_comes_back() -> None:
    section = nerve(square(-200, 0, 100), square(200, 0, 50))
    assert validate_section(section) is section


BOWTIE = np.array([[0.0, 0.0], [100.0, 100.0], [100.0, 0.0], [0.0, 100.0]])

FAULTS = {
    "self-intersection": (nerve(BOWTIE), ["fascicle 1 of 1 crosses", "Self-intersection[50 50]"]),
    "overlap": (
        nerve(square(0, 0, 100), square(300, 0, 100), square(80, 0, 100)),
        ["fascicles 1 and 3 of 3 overlap by 2000 um2", "20 %", "separate_fascicles"],
    ),
    "one inside the other": (
        nerve(square(0, 0, 200), square(0, 0, 50)),
        ["fascicles 1 and 2 of 2 overlap by 2500 um2", "100 %"],
    ),
    "touching": (
        nerve(square(0, 0, 100), square(100.5, 0, 100)),
        ["fascicles 1 and 2 of 2 touch", "0.5 um lie between", "at least 1 um"],
    ),
    "leaving": (
        nerve(square(0, 0, 100), square(480, 0, 100)),
        ["fascicle 2 of 2 leaves the nerve", "3000 um2 (30 %)", "centroid is at (480, 0)"],
    ),
    "outside": (nerve(square(900, 0, 100)), ["fascicle 1 of 1 leaves the nerve", "100 %"]),
    "at the outline": (nerve(square(449.9, 0, 100)), ["touches the outline", "0.1 um are left"]),
    "none": (nerve(), ["there is no fascicle"]),
    "two vertices": (nerve(square(0, 0, 100)[:2]), ["2 distinct vertices", "at least 3"]),
    "three columns": (nerve(np.zeros((4, 3))), ["shape (4, 3)", "[vertices, 2]"]),
    "NaN": (nerve(np.array([[0, 0], [1, np.nan], [1, 1.0]])), ["vertex 2 is [1.0, nan]"]),
    "clockwise": (nerve(square(0, 0, 100)[::-1]), ["runs clockwise"]),
    "off centre": (
        CrossSection("drawn", square(50, 0, 1000), (Fascicle(square(0, 0, 100)),)),
        ["50 um from the origin", "centred()"],
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_is_named_with_its_size_and_remedy(fault: str) -> None:
    section, phrases = FAULTS[fault]
    with pytest.raises(GeometryError) as caught:
        validate_section(section)
    for phrase in ["cross-section `drawn`", *phrases]:
        assert phrase in str(caught.value)


def test_several_faults_are_told_together() -> None:
    section = nerve(square(0, 0, 100), square(50, 0, 100), square(500, 0, 100))
    with pytest.raises(GeometryError, match=r"2 problems\n  - .*leaves.*\n  - .*overlap"):
        validate_section(section)


@pytest.mark.parametrize("thickness", [0.0, -1.0, 60.0, float("nan")])
def test_impossible_perineuria_are_refused(thickness: float) -> None:
    section = CrossSection("n", square(0, 0, 1000), (Fascicle(square(0, 0, 100), thickness),))
    with pytest.raises(GeometryError, match="perineurium_um is"):
        validate_section(section)


@pytest.mark.parametrize(("side", "guess"), [(2.0, "millimetres or pixels"), (5e4, "nanometres")])
def test_implausible_scales_are_told(side: float, guess: str) -> None:
    section = nerve(square(0, 0, 0.2 * side), side=side)
    with pytest.raises(InputError, match=guess):
        validate_section(section)


@given(st.floats(-30, 130), st.floats(-60, 60), st.floats(1, 20))
def test_separating_leaves_the_gap(x: float, y: float, gap: float) -> None:
    a, b = ring(0, 0, 200), ring(120 + x, y, 150)
    apart = separate_fascicles(nerve(a, b), gap)
    first, second = (f.polygon for f in apart.fascicles)
    assert first.distance(second) >= gap * (1 - 1e-9)
    assert first.area <= Fascicle(a).area_um2 * (1 + 1e-12)
    assert validate_section(apart) is apart


def test_separating_keeps_fascicles_inside() -> None:
    apart = separate_fascicles(nerve(square(450, 0, 100)), 10.0)
    assert apart.fascicles[0].inner_um[:, 0].max() <= 490.0
    assert "at least 10 um" in apart.notes[-1]


def test_separating_tells_what_vanishes() -> None:
    with pytest.raises(GeometryError, match="fascicle 2 of 2 vanishes"):
        separate_fascicles(nerve(square(0, 0, 200), square(0, 0, 50)), 2.0)
    with pytest.raises(GeometryError, match="fascicle 2 of 2 falls into 2 parts"):
        separate_fascicles(nerve(square(0, 0, 100), square(0, 0, 90) * [4, 0.5]), 2.0)
    with pytest.raises(InputError, match="gap_um"):
        separate_fascicles(nerve(square(0, 0, 200)), 0.0)
