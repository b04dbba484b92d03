"""Sections from images that the test draws: areas kept, and every bad mask explained."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray
from PIL import Image
from skimage.draw import disk

from vagus.errors import GeometryError, InputError
from vagus.nerve import load_section, section_from_masks

Image8 = NDArray[np.uint8]


def discs(*circles: tuple[float, float, float], size: int = 300) -> Image8:
    """Label image [row, column]: circle k = (row, column, radius) gets label k + 1."""
    image = np.zeros((size, size), np.uint8)
    for k, (row, column, radius) in enumerate(circles, start=1):
        image[disk((row, column), radius, shape=image.shape)] = k
    return image


NERVE = (150.0, 150.0, 120.0)
LABELS = discs(NERVE, (110, 100, 30), (190, 180, 40))


def test_a_label_image_gives_areas_places_and_order() -> None:
    section = section_from_masks(LABELS, um_per_px=5.0)
    pixels = [int(np.sum(k == LABELS)) for k in (2, 3)]
    assert_allclose([f.area_um2 for f in section.fascicles], np.array(pixels) * 25.0, rtol=1e-9)
    assert_allclose(section.area_um2, (LABELS > 0).sum() * 25.0, rtol=1e-9)
    # rows run down: a fascicle above the middle has a positive y
    assert_allclose(section.fascicles[0].centroid_um, [-250, 200], atol=1.0)
    assert_allclose(section.fascicles[1].centroid_um, [150, -200], atol=1.0)


@settings(max_examples=20, deadline=None)
@given(
    st.floats(8, 45), st.floats(-20, 20), st.floats(-20, 20), st.floats(0.5, 20.0), st.booleans()
)
def test_traced_areas_are_those_of_the_pixels(
    radius: float, row: float, column: float, scale: float, mirrored: bool
) -> None:
    image = discs(NERVE, (150 + row, 150 + column, radius))
    image = image[:, ::-1] if mirrored else image
    section = section_from_masks(image, um_per_px=scale)
    area = (image == 2).sum() * scale**2
    assert_allclose(section.fascicles[0].area_um2, area, rtol=1e-9)
    # and the disc's own, as far as pixels can tell
    assert_allclose(section.fascicles[0].diameter_um, 2 * radius * scale, rtol=0.06)
    compactness = 4 * np.pi * area / section.fascicles[0].polygon.length ** 2
    assert compactness > 0.85


def test_two_masks_equal_one_label_image(tmp_path: Path) -> None:
    nerve = tmp_path / "nerve.png"
    fascicles = tmp_path / "fascicles.tif"
    Image.fromarray((LABELS > 0).astype(np.uint8) * 255).save(nerve)
    Image.fromarray((LABELS > 1).astype(np.uint8) * 255).save(fascicles)
    two = section_from_masks(nerve, fascicles, um_per_px=5.0)
    one = section_from_masks(LABELS, um_per_px=5.0)
    assert_array_equal(two.outline_um, one.outline_um)
    for f, g in zip(two.fascicles, one.fascicles, strict=True):
        assert_array_equal(f.inner_um, g.inner_um)
    assert two.name == "nerve"
    assert "5 um per pixel" in two.source


@pytest.mark.parametrize(
    ("suffix", "mode", "options"),
    [
        ("png", "L", {}),
        ("png", "P", {}),
        ("png", "RGB", {}),
        ("png", "RGBA", {}),
        ("tif", "I;16", {}),
        ("tif", "L", {"compression": "tiff_lzw"}),
    ],
)
def test_image_kinds(tmp_path: Path, suffix: str, mode: str, options: dict[str, str]) -> None:
    path = tmp_path / f"labels.{suffix}"
    if mode == "P":
        image = Image.fromarray(LABELS)
        image.putpalette([0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 255, 0])
    elif mode == "I;16":
        image = Image.fromarray(LABELS.astype(np.uint16))
    else:
        image = Image.fromarray(LABELS).convert(mode)
    image.save(path, **options)
    section = load_section(path, um_per_px=5.0)
    assert_allclose(section.fascicles[0].area_um2, (LABELS == 2).sum() * 25.0)


def test_holes_left_for_fascicles_in_the_nerve_mask_are_filled() -> None:
    ring_only = (LABELS == 1).astype(np.uint8)
    section = section_from_masks(ring_only, (LABELS > 1).astype(np.uint8), um_per_px=5.0)
    assert_allclose(section.area_um2, (LABELS > 0).sum() * 25.0)


def test_masks_that_reach_the_border_are_closed() -> None:
    image = np.ones((200, 200), np.uint8)
    image[80:120, 80:120] = 2
    section = section_from_masks(image, um_per_px=5.0)
    assert_allclose(section.area_um2, 1e6)
    assert_allclose(section.fascicles[0].area_um2, 4e4)


def with_hole() -> Image8:
    image = LABELS.copy()
    image[disk((110, 100), 10)] = 1
    return image


def scattered() -> Image8:
    image = LABELS.copy()
    image[disk((60, 150), 8)] = 2
    return image


GEOMETRY = {
    "touching": (
        (discs(NERVE, (150, 110, 30), (150, 160, 25)), None),
        ["fascicles 1 and 2 of 2", "gap_um=2"],
    ),
    "outside": (
        (discs(NERVE), discs((150, 150, 20), (150, 270, 20))),
        ["fascicle 2 of 2 leaves the nerve"],
    ),
    "hole": ((with_hole(), None), ["fascicle 1 of 2", "holes of", "column 1", "fill them"]),
    "scattered": ((scattered(), None), ["fascicle 1 of 2", "2 separate patches"]),
    "speck": (
        (discs(NERVE), (discs((150, 150, 20), (90, 150, 1)) > 0).astype(np.uint8)),
        ["fascicle 1 of 2 (around column 150, row 90)", "1 pixels", "remove the speck"],
    ),
    "two nerves": (
        (discs((60, 60, 40), (200, 200, 80)), discs((200, 200, 20))),
        ["2 separate patches", "20 %"],
    ),
}


@pytest.mark.parametrize("case", GEOMETRY)
def test_bad_patches_are_explained(case: str) -> None:
    (nerve, fascicles), phrases = GEOMETRY[case]
    with pytest.raises(GeometryError) as caught:
        section_from_masks(nerve, fascicles, um_per_px=5.0)
    for phrase in phrases:
        assert phrase in str(caught.value)


def test_a_gap_mends_fascicles_that_touch() -> None:
    (image, _), _ = GEOMETRY["touching"]
    section = section_from_masks(image, um_per_px=5.0, gap_um=2.0)
    first, second = (f.polygon for f in section.fascicles)
    assert first.distance(second) >= 2.0
    assert_allclose(first.area, (image == 2).sum() * 25.0, rtol=0.02)


NOISE = np.random.default_rng(0).integers(0, 255, (300, 300)).astype(np.uint8)
COLOUR = np.dstack([LABELS, LABELS * 2, LABELS])
INPUT = {
    "sizes differ": ((LABELS, LABELS[:200]), "300 x 200 pixels.*300 x 300"),
    "empty nerve": ((LABELS * 0, LABELS), "`nerve` is an image of zeros"),
    "empty fascicles": ((LABELS, LABELS * 0), "`fascicles` is an image of zeros"),
    "one label": (((LABELS > 0) * 255, None), "whose only label is 255"),
    "nothing": ((LABELS * 0, None), "whose only label is 0"),
    "photograph": ((NOISE, None), "grey values.*Threshold it"),
    "colour": ((COLOUR, None), "a colour image"),
    "fractions": ((LABELS * 0.5, None), "Threshold the image"),
    "four axes": ((np.zeros((3, 3, 3, 3)), None), "images .row, column."),
}


@pytest.mark.parametrize("case", INPUT)
def test_images_that_are_no_masks_are_explained(case: str) -> None:
    (nerve, fascicles), words = INPUT[case]
    with pytest.raises(InputError, match=words):
        section_from_masks(nerve, fascicles, um_per_px=5.0)


@pytest.mark.parametrize(
    ("scale", "words"),
    [
        (None, "`um_per_px` is missing"),
        (0.0, "above 0"),
        (-3.0, "above 0"),
        (np.nan, "above 0"),
        (0.01, "0.01, which makes the nerve 2.399 um wide.*scale bar"),
        (5000.0, "5000.0, which makes the nerve 1.2e.06 um wide"),
    ],
)
def test_scales_are_required_and_plausible(scale: float | None, words: str) -> None:
    with pytest.raises(InputError, match=words):
        section_from_masks(LABELS, um_per_px=scale)


def test_files_that_are_missing_or_no_images(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="image files that exist"):
        section_from_masks(tmp_path / "none.png", um_per_px=5.0)
    path = tmp_path / "text.png"
    path.write_text("no image")
    with pytest.raises(InputError, match="PNG, TIFF"):
        section_from_masks(path, um_per_px=5.0)
