"""Sections from images: masks of the nerve and of its fascicles, drawn over histology.

Either two images, the nerve (anything but 0) and the fascicles (each a patch of its own, or a label
of its own), or one label image: 0 outside, 1 the nerve, 2 and above one label per fascicle.
Contours are marching squares at half height (scikit-image), thinned by less than half a pixel and
scaled to the area that the pixels cover. Rows run down, so y is turned to run up.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import skimage.measure
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError
from shapely.geometry import Polygon

from vagus.errors import GeometryError, InputError
from vagus.nerve.polygons import require_scale
from vagus.nerve.section import (
    CrossSection,
    Fascicle,
    Points,
    counter_clockwise,
    equivalent_diameter,
    with_area,
)
from vagus.nerve.separate import separate_fascicles
from vagus.nerve.validate import check_scale, validate_section

# scikit-image carries no types.
measure: Any = skimage.measure
Labels = NDArray[np.int64]
Mask = NDArray[np.bool_]

# A contour thinned by this many pixels is still inside the staircase of the pixels themselves.
SIMPLIFY_px = 0.5
# Below this many pixels a patch is a speck, not a traced fascicle.
SMALLEST_PATCH_px = 12
# More labels than this is a photograph, not a mask.
MOST_LABELS = 64


def section_from_masks(
    nerve: Path | str | NDArray[np.generic],
    fascicles: Path | str | NDArray[np.generic] | None = None,
    *,
    um_per_px: float | None,
    gap_um: float | None = None,
    name: str | None = None,
) -> CrossSection:
    """Trace masks (PNG or TIFF files, or arrays [row, column]) into a section.

    ``nerve`` alone is a label image; with ``fascicles`` it is the nerve's mask. ``um_per_px`` is
    the width of one pixel; ``gap_um`` separates fascicles that touch by at least this much (None:
    refuse them). Raises `InputError` for a missing or implausible scale, for images that
    are no masks or differ in size; `GeometryError` for patches that overlap, touch, have holes, are
    specks or leave the nerve, naming the fascicle, how much, and the remedy.
    """
    scale = require_scale(um_per_px)
    first = _read(nerve, "nerve")
    if fascicles is None:
        nerve_mask, patches = _split_labels(first)
    else:
        second = _read(fascicles, "fascicles")
        if second.shape != first.shape:
            raise InputError(
                "fascicles",
                f"{second.shape[1]} x {second.shape[0]} pixels",
                f"images of the nerve mask's size, {first.shape[1]} x {first.shape[0]}",
            )
        nerve_mask, patches = first > 0, _patches(second)
    if not nerve_mask.any():
        raise InputError("nerve", "an image of zeros", "images with the nerve above 0")
    if not patches:
        raise InputError("fascicles", "an image of zeros", "images with at least one fascicle")
    outline_px = _outline(nerve_mask)
    wide = equivalent_diameter(float(nerve_mask.sum())) * scale
    check_scale(wide, "um_per_px", scale)
    contours = [_fascicle(patch, k, len(patches)) for k, patch in enumerate(patches, start=1)]
    to_um = scale * np.array([1.0, -1.0])
    source = Path(nerve).name if isinstance(nerve, str | Path) else "masks"
    section = CrossSection(
        name=name or (Path(nerve).stem if isinstance(nerve, str | Path) else "masks"),
        outline_um=counter_clockwise(outline_px * to_um),
        fascicles=tuple(Fascicle(counter_clockwise(c * to_um)) for c in contours),
        source=f"{source}, {scale:g} um per pixel",
    )
    section = section.centred()
    return validate_section(section) if gap_um is None else separate_fascicles(section, gap_um)


def _read(image: Path | str | NDArray[np.generic], field: str) -> Labels:
    """Pixels as whole numbers [row, column]."""
    if isinstance(image, np.ndarray):
        pixels = image
    else:
        try:
            with Image.open(image) as file:
                pixels = np.asarray(file)
        except FileNotFoundError:
            raise InputError(field, image, "image files that exist") from None
        except (UnidentifiedImageError, OSError, Image.DecompressionBombError) as error:
            allowed = "images that can be read (PNG, TIFF)"
            raise InputError(field, image, allowed, f"The reader says: {error}.") from error
    if pixels.ndim == 3:
        pixels = _one_channel(pixels, field)
    if pixels.ndim != 2:
        raise InputError(field, f"an array of shape {pixels.shape}", "images [row, column]")
    if pixels.dtype.kind == "f" and not np.array_equal(pixels, np.round(pixels)):
        raise InputError(field, "fractions", "whole numbers", "Threshold the image first.")
    whole = pixels.astype(np.int64)
    if len(np.unique(whole)) > MOST_LABELS:
        raise InputError(
            field,
            f"an image of {len(np.unique(whole))} grey values",
            "masks: one value per structure",
            "Threshold it, and save without smoothing or JPEG compression.",
        )
    return whole


def _one_channel(pixels: NDArray[np.generic], field: str) -> NDArray[np.generic]:
    colours = pixels[..., :3] if pixels.shape[2] in (3, 4) else pixels[..., :1]
    if not all(np.array_equal(colours[..., 0], colours[..., k]) for k in range(colours.shape[2])):
        fix = "Save one grey image, or one image per structure."
        raise InputError(field, "a colour image", "grey or palette images", fix)
    return colours[..., 0]


def _split_labels(labels: Labels) -> tuple[Mask, list[Mask]]:
    values = [int(v) for v in np.unique(labels) if v > 0]
    if len(values) < 2:
        raise InputError(
            "nerve",
            f"an image whose only label is {values[0] if values else 0}",
            "label images: 1 for the nerve, 2 and above one per fascicle",
            "Or give the fascicles as a second image.",
        )
    return labels > 0, [labels == v for v in values[1:]]


def _patches(image: Labels) -> list[Mask]:
    """One mask per fascicle: by label, or by patch where all share one value."""
    values = [int(v) for v in np.unique(image) if v > 0]
    if len(values) == 1:
        numbered = measure.label(image > 0, connectivity=1)
        return [numbered == k for k in range(1, int(numbered.max()) + 1)]
    return [image == v for v in values]


def _outline(nerve: Mask) -> Points:
    """The nerve's contour; holes are filled: fascicles are often left out of the nerve's mask."""
    numbered = measure.label(nerve, connectivity=1)
    sizes = np.bincount(numbered.ravel())[1:]
    main = int(np.argmax(sizes)) + 1
    strays = np.flatnonzero(sizes >= SMALLEST_PATCH_px)
    if len(strays) > 1:
        share = 100 * (sizes.sum() - sizes[main - 1]) / sizes.sum()
        raise GeometryError(
            f"the nerve's mask has {len(strays)} separate patches; {share:.3g} % of it lie outside "
            "the largest; keep one patch."
        )
    contour = _trace(numbered == main)
    return with_area(contour, _filled_area(numbered == main))


def _fascicle(patch: Mask, number: int, total: int) -> Points:
    called = f"fascicle {number} of {total}"
    row, column = (float(v.mean()) for v in np.nonzero(patch))
    where = f"around column {column:.0f}, row {row:.0f}"
    pixels = int(patch.sum())
    if pixels < SMALLEST_PATCH_px:
        raise GeometryError(
            f"{called} ({where}) has {pixels} pixels; at least {SMALLEST_PATCH_px} are needed; "
            "remove the speck, or use a finer image."
        )
    parts = int(measure.label(patch, connectivity=1).max())
    if parts > 1:
        raise GeometryError(
            f"{called} ({where}) has {parts} separate patches; "
            "give each its own label, or join them."
        )
    hole = _filled_area(patch) - pixels
    if hole > 0.01 * pixels:
        raise GeometryError(
            f"{called} ({where}) has holes of {hole:.0f} pixels ({100 * hole / pixels:.3g} %); "
            "fill them: a fascicle is one region without holes."
        )
    return with_area(_trace(patch), pixels + hole)


def _filled_area(patch: Mask) -> float:
    """Pixels of a patch and of its holes."""
    around = measure.label(np.pad(~patch, 1, constant_values=True), connectivity=2)
    return float(np.sum(around != around[0, 0]))


def _trace(patch: Mask) -> Points:
    """The outer contour of one patch in pixels, x along columns, y along rows."""
    contours = measure.find_contours(np.pad(patch, 1).astype(float), 0.5)
    outer = max((Polygon(c[:, ::-1]) for c in contours if len(c) > 3), key=lambda p: p.area)
    thin = outer.simplify(SIMPLIFY_px)
    return np.array(thin.exterior.coords)[:-1] - 1.0
