"""Nerves by name, and what is told of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from numpy.testing import assert_allclose

from vagus.errors import InputError
from vagus.nerve import LIBRARY, Nerve, load_nerve, load_section, validate_section


def test_sub57_has_the_areas_and_places_of_the_tracing() -> None:
    section = load_section("human-cervical-sub57")
    # SPARC data set 65, sub-57_sam-1.xml, all vertices: area, centroid from the nerve's centroid
    traced = [(22668.0, -726.3, -17.2), (74359.0, 356.8, -115.9), (26062.0, -85.8, -154.6)]
    assert_allclose(section.area_um2, 1_610_248.0, rtol=1e-9)
    for fascicle, (area, x, y) in zip(section.fascicles, traced, strict=True):
        assert_allclose(fascicle.area_um2, area, rtol=1e-9)
        assert_allclose(fascicle.centroid_um, [x, y], atol=0.3)


def test_sub57_perineuria_follow_from_inner_and_outer_areas() -> None:
    thickness = [f.perineurium_um for f in load_section("human-cervical-sub57").fascicles]
    # equivalent diameters 205.5-169.9, 354.1-307.7 and 229.5-182.2 um, halved
    assert_allclose(thickness, [17.8, 23.2, 23.65], atol=0.05)


def test_sub57_tells_its_source_and_doubts() -> None:
    section = load_section("human-cervical-sub57")
    assert "SPARC data set 65" in section.source
    assert "to be confirmed" in section.licence
    assert any("neither the level nor the side" in note for note in section.notes)


@pytest.mark.parametrize("name", LIBRARY)
def test_every_nerve_of_the_library_loads(name: str) -> None:
    nerve = load_nerve(name)
    assert nerve.section.name == name
    assert validate_section(nerve.section) is nerve.section
    assert len(nerve.population) == 23286


def test_packing_is_told_when_fibres_cannot_fit() -> None:
    crowded = load_nerve("human-cervical-sub57", "light-microscopy-100k")
    assert crowded.packing > 1
    assert "do not fit each other" in crowded.notes[-1]
    roomy = load_nerve("human-cervical-10-fascicle")
    assert roomy.packing < 0.2
    assert roomy.notes == roomy.section.notes
    tenth = roomy.population.select(slice(None, None, 10))
    assert_allclose(Nerve(roomy.section, tenth).packing, roomy.packing / 10, rtol=0.1)


def test_arguments_reach_the_population() -> None:
    nerve = load_nerve("human-cervical-sub57", "stakenborg-2020", "right", seed=3, n_fibres=100)
    assert len(nerve.population) == 100
    assert_allclose(nerve.population.myelinated.mean(), 0.54, atol=0.02)


@pytest.mark.parametrize(
    ("name", "near"),
    [("human-cervical-sub75", "human-cervical-sub57"), ("10-fascicle", "cervical-10-fascicle")],
)
def test_unknown_names_are_met_with_the_nearest(name: str, near: str) -> None:
    with pytest.raises(InputError, match=f"Did you mean `.*{near}`"):
        load_nerve(name)


def test_files_of_other_kinds_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "nerve.txt"
    path.write_text("0 0")
    with pytest.raises(InputError, match=r"\.json or \.csv"):
        load_nerve(path)
