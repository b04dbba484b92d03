"""Sections from JSON and CSV: units, round trips and every bad file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nerve_shapes import nerve, ring, square
from numpy.testing import assert_allclose, assert_array_equal

from vagus.errors import GeometryError, InputError
from vagus.nerve import (
    CrossSection,
    Fascicle,
    load_section,
    save_section,
    section_from_polygons,
    synthetic_section,
)


def document(**changes: Any) -> dict[str, Any]:
    base = {
        "unit": "um",
        "outline": square(0, 0, 1000).tolist(),
        "fascicles": [square(-200, 0, 100).tolist(), {"inner": square(200, 0, 50).tolist()}],
    }
    return {k: v for k, v in (base | changes).items() if v is not None}


def write(path: Path, content: Any) -> Path:
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


@settings(max_examples=10, deadline=None)
@given(st.integers(1, 9), st.integers(0, 99), st.floats(1, 60))
def test_saving_loses_nothing(
    tmp_path_factory: pytest.TempPathFactory, n: int, seed: int, thickness: float
) -> None:
    path = tmp_path_factory.mktemp("sections") / "nerve.json"
    drawn = synthetic_section(n, seed)
    first = Fascicle(drawn.fascicles[0].inner_um, thickness)
    section = CrossSection(
        "mine", drawn.outline_um, (first, *drawn.fascicles[1:]), "src", "CC0", ("a", "b")
    )
    save_section(section, path)
    back = load_section(path)
    assert (back.name, back.source, back.licence, back.notes) == ("mine", "src", "CC0", ("a", "b"))
    assert_array_equal(back.outline_um, section.outline_um)
    for f, g in zip(section.fascicles, back.fascicles, strict=True):
        assert_array_equal(f.inner_um, g.inner_um)
        assert f.perineurium_um == g.perineurium_um


def test_the_library_survives_a_file(tmp_path: Path) -> None:
    section = load_section("human-cervical-sub57")
    save_section(section, tmp_path / "n.json")
    back = section_from_polygons(tmp_path / "n.json")
    assert_array_equal(back.fascicles[2].inner_um, section.fascicles[2].inner_um)
    assert back.fascicles[2].perineurium_um == section.fascicles[2].perineurium_um


def test_units_orientation_and_origin_are_mended(tmp_path: Path) -> None:
    outline = square(5, 5, 1)[::-1]
    content = document(
        unit="mm",
        outline=[*outline.tolist(), outline[0].tolist()],
        fascicles=[square(5.2, 5, 0.1).tolist()],
    )
    section = section_from_polygons(write(tmp_path / "n.json", content))
    assert_allclose(section.area_um2, 1e6)
    assert_allclose(section.fascicles[0].centroid_um, [200, 0], atol=1e-9)
    assert section.name == "n"


def test_pixels_take_their_scale_from_file_or_argument(tmp_path: Path) -> None:
    inside = document(unit="px", um_per_px=2.0)
    assert_allclose(section_from_polygons(write(tmp_path / "a.json", inside)).area_um2, 4e6)
    bare = write(tmp_path / "b.json", document(unit="px"))
    assert_allclose(section_from_polygons(bare, um_per_px=0.5).area_um2, 0.25e6)
    with pytest.raises(InputError, match=r"um_per_px.*missing.*scale bar"):
        section_from_polygons(bare)


def test_an_outer_contour_gives_the_perineurium(tmp_path: Path) -> None:
    pair = {"inner": ring(0, 0, 300, 400).tolist(), "outer": ring(0, 0, 340, 400).tolist()}
    section = section_from_polygons(write(tmp_path / "n.json", document(fascicles=[pair])))
    assert_allclose(section.fascicles[0].perineurium_um, 20.0, rtol=1e-4)
    swapped = {"inner": pair["outer"], "outer": pair["inner"]}
    with pytest.raises(GeometryError, match="exchange them"):
        section_from_polygons(write(tmp_path / "n.json", document(fascicles=[swapped])))


BAD_JSON = {
    "no unit": (document(unit=None), r"`unit` is missing.*\"unit\": \"um\""),
    "other unit": (document(unit="inch"), "`unit` is `inch`"),
    "no outline": (document(outline=None), "`outline` is missing"),
    "no fascicles": (document(fascicles=None), "`fascicles` is missing"),
    "fascicles no list": (document(fascicles={}), "a list of contours"),
    "fascicle no contour": (document(fascicles=[3]), r"fascicles\[0\]"),
    "words": (document(outline=[["a", "b"], [1, 2], [3, 4]]), "`outline` is not all numbers"),
    "ragged": (document(outline=[[1, 2], [3], [4, 5]]), "`outline` is not all numbers"),
    "two vertices": (document(outline=[[1, 2], [3, 4]]), "at least three vertices"),
    "thickness a word": (
        document(fascicles=[{"inner": square(0, 0, 9).tolist(), "perineurium_um": "thin"}]),
        "perineurium_um",
    ),
    "not json": ("{", "valid JSON"),
    "a list": ("[]", "a JSON object"),
    "mm called um": (
        document(outline=square(0, 0, 2).tolist(), fascicles=[square(0, 0, 0.3).tolist()]),
        "2.257 um wide.*millimetres or pixels",
    ),
    "um called mm": (document(unit="mm"), "1.128e.06 um wide"),
}


@pytest.mark.parametrize("case", BAD_JSON)
def test_bad_json_is_explained(tmp_path: Path, case: str) -> None:
    content, words = BAD_JSON[case]
    with pytest.raises(InputError, match=words):
        section_from_polygons(write(tmp_path / "n.json", content))


def test_bad_geometry_is_explained(tmp_path: Path) -> None:
    overlapping = document(fascicles=[square(0, 0, 100).tolist(), square(50, 0, 100).tolist()])
    with pytest.raises(GeometryError, match="fascicles 1 and 2 of 2 overlap by 5000 um2"):
        section_from_polygons(write(tmp_path / "n.json", overlapping))
    parted = section_from_polygons(tmp_path / "n.json", gap_um=5.0)
    assert parted.fascicles[0].polygon.distance(parted.fascicles[1].polygon) >= 5.0
    crossing = document(outline=[[0, 0], [1000, 1000], [1000, 0], [0, 1000]])
    with pytest.raises(GeometryError, match="the outline crosses or touches itself"):
        section_from_polygons(write(tmp_path / "n.json", crossing))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_vertices_that_are_not_finite_are_named(tmp_path: Path, value: float) -> None:
    outline = square(0, 0, 1000).tolist()
    outline[2][0] = value
    with pytest.raises(InputError, match=r"`outline` is .* at vertex 3"):
        section_from_polygons(write(tmp_path / "n.json", document(outline=outline)))
    fascicle = square(0, 0, 100).tolist()
    fascicle[1][1] = value
    with pytest.raises(InputError, match=r"`fascicles\[0\]` is .* at vertex 2"):
        section_from_polygons(write(tmp_path / "n.json", document(fascicles=[fascicle])))


def csv_text(unit: str = "um", scale: float = 1.0, extra: str = "") -> str:
    lines = [f"contour,x_{unit},y_{unit}" + (",perineurium_um" if extra else "")]
    contours = {"outline": square(0, 0, 1000), "left": square(-200, 0, 100), "b": ring(200, 0, 90)}
    for name, points in contours.items():
        tail = f",{extra if name == 'left' else ''}" if extra else ""
        lines += [f"{name},{x!r},{y!r}{tail}" for x, y in (points * scale).tolist()]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("unit", "scale", "um_per_px"), [("um", 1, None), ("mm", 1e-3, None), ("px", 0.5, 2)]
)
def test_csv_in_every_unit(
    tmp_path: Path, unit: str, scale: float, um_per_px: float | None
) -> None:
    section = section_from_polygons(write(tmp_path / "n.csv", csv_text(unit, scale)), um_per_px)
    assert_allclose(section.area_um2, 1e6)
    assert_allclose([f.centroid_um[0] for f in section.fascicles], [-200, 200], atol=1e-9)
    assert section.fascicles[0].perineurium_um is None


def test_csv_with_perineurium(tmp_path: Path) -> None:
    section = section_from_polygons(write(tmp_path / "n.csv", csv_text(extra="12.5")))
    assert [f.perineurium_um for f in section.fascicles] == [12.5, None]


BAD_CSV = {
    "no unit": ("contour,x,y\n", "contour,x_um,y_um"),
    "empty": ("", "`columns` is none"),
    "no outline": (csv_text().replace("outline", "edge"), "one named `outline`"),
    "word": (csv_text().replace("-500.0", "wide", 1), "`x_um` is `wide` in line 2"),
    "hole": (csv_text().replace("-500.0", "", 1), "`x_um` is `` in line 2"),
    "no scale": (csv_text("px"), "um_per_px"),
    "two vertices": (csv_text() + "c,0,0\nc,1,1\n", "contour `c`"),
}


@pytest.mark.parametrize("case", BAD_CSV)
def test_bad_csv_is_explained(tmp_path: Path, case: str) -> None:
    content, words = BAD_CSV[case]
    with pytest.raises(InputError, match=words):
        section_from_polygons(write(tmp_path / "n.csv", content))


def test_missing_files_and_other_endings(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="files that exist"):
        section_from_polygons(tmp_path / "none.json")
    with pytest.raises(InputError, match="section_from_masks"):
        section_from_polygons(write(tmp_path / "n.xml", "<a/>"))
    with pytest.raises(InputError, match=r"end in \.json"):
        save_section(nerve(square(0, 0, 100)), tmp_path / "n.csv")


@pytest.mark.parametrize("scale", [0.0, -1.0, np.nan, np.inf, "wide"])
def test_impossible_scales_are_refused(tmp_path: Path, scale: float) -> None:
    with pytest.raises(InputError, match="finite numbers above 0"):
        section_from_polygons(write(tmp_path / "n.csv", csv_text("px")), um_per_px=scale)
