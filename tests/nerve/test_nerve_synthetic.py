"""Generated nerves: reproducible, disjoint, and within the published statistics."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from vagus.errors import GeometryError, InputError
from vagus.nerve import load_section, synthetic_section
from vagus.nerve.synthetic import (
    fascicle_counts,
    fascicle_diameters_um,
    fascicular_areas_um2,
    perineurium_um,
    published,
)


def test_the_table_holds_what_upadhye_published() -> None:
    assert published("AN013") == fascicle_counts()
    assert (fascicle_counts().mean, fascicle_counts().sd) == (6.6, 2.8)
    assert (fascicle_diameters_um().low, fascicle_diameters_um().high) == (147, 1360)
    assert_allclose(fascicular_areas_um2().mean, 1.32e6)
    assert_allclose(perineurium_um(500.0), 0.03702 * 500 + 10.5)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 15), st.integers(0, 2**32))
def test_generated_nerves_are_within_published_ranges(n: int, seed: int) -> None:
    section = synthetic_section(n, seed)
    diameters = np.array([f.diameter_um for f in section.fascicles])
    one, total = fascicle_diameters_um(), fascicular_areas_um2()
    assert len(diameters) == n
    assert_allclose(section.diameter_um, 2000.0)
    assert (diameters >= one.low * (1 - 1e-9)).all()
    assert (diameters <= one.high * (1 + 1e-9)).all()
    assert total.low * (1 - 1e-9) <= section.fascicular_area_um2 <= total.high


@settings(max_examples=10, deadline=None)
@given(st.integers(2, 12), st.integers(0, 1000), st.sampled_from([5.0, 20.0, 40.0]))
def test_perineuria_keep_the_gap(n: int, seed: int, gap: float) -> None:
    section = synthetic_section(n, seed, min_gap_um=gap)
    outer = [f.polygon.buffer(float(perineurium_um(f.diameter_um))) for f in section.fascicles]
    for i, a in enumerate(outer):
        assert a.distance(section.polygon.exterior) >= gap * 0.5
        assert section.polygon.contains(a)
        assert all(a.distance(b) >= gap * 0.99 for b in outer[:i])


def test_the_same_seed_gives_the_same_nerve_and_another_another() -> None:
    a, b, c = (synthetic_section(7, seed) for seed in (3, 3, 4))
    assert_array_equal(a.outline_um, b.outline_um)
    for f, g in zip(a.fascicles, b.fascicles, strict=True):
        assert_array_equal(f.inner_um, g.inner_um)
    assert not np.array_equal(a.outline_um, c.outline_um)


def test_the_ten_fascicle_nerve_of_the_library() -> None:
    section = load_section("human-cervical-10-fascicle")
    diameters = np.array([f.diameter_um for f in section.fascicles])
    one, total = fascicle_diameters_um(), fascicular_areas_um2()
    assert len(section.fascicles) == 10
    assert_allclose(section.diameter_um, 2000.0)
    assert abs(diameters.mean() - one.mean) <= one.sd
    assert abs(section.fascicular_area_um2 - total.mean) <= total.sd
    assert all(f.perineurium_um is None for f in section.fascicles)


def test_shapes_are_irregular_but_not_wild() -> None:
    for fascicle in synthetic_section(8, 1).fascicles:
        compactness = 4 * np.pi * fascicle.area_um2 / fascicle.polygon.length**2
        assert 0.95 < compactness < 0.9995


@pytest.mark.parametrize("n", [0, 16, 2.5])
def test_counts_outside_the_published_range_are_refused(n: int) -> None:
    with pytest.raises(InputError, match="whole numbers from 1 to 15"):
        synthetic_section(n, 0)


def test_impossible_wishes_are_explained() -> None:
    with pytest.raises(GeometryError, match="use a wider nerve, fewer fascicles"):
        synthetic_section(10, 0, diameter_um=600.0)
    with pytest.raises(InputError, match="min_gap_um"):
        synthetic_section(3, 0, min_gap_um=0.0)
    with pytest.raises(InputError, match="seed"):
        synthetic_section(3, -1)
