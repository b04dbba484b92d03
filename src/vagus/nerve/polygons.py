"""Sections as files of polygons.

**JSON** (what `save_section` writes)::

    {"format": "vagus-section", "version": 1, "name": "my-nerve", "unit": "um",
     "outline": [[x, y], ...],
     "fascicles": [{"inner": [[x, y], ...], "perineurium_um": 18.2}, ...],
     "source": "...", "licence": "...", "notes": ["..."]}

``unit`` is ``um``, ``mm`` or ``px``; with ``px`` give ``um_per_px`` (in the file or as argument).
A fascicle may be its inner contour alone, ``[[x, y], ...]``; in place of ``perineurium_um`` it may
have ``"outer": [[x, y], ...]``, the outer contour of its perineurium, which gives the thickness.

**CSV**: columns ``contour,x_um,y_um`` (or ``x_mm,y_mm``, or ``x_px,y_px`` with ``um_per_px``), one
row per vertex, in order along each contour. The contour named ``outline`` is the nerve, every other
name a fascicle. A column ``perineurium_um`` is optional.

Contours may run either way round and may repeat their first vertex; the origin is moved to the
centroid of the outline.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from shapely.geometry import Polygon

from vagus.errors import GeometryError, InputError
from vagus.nerve.section import (
    CrossSection,
    Fascicle,
    Points,
    counter_clockwise,
    equivalent_diameter,
)
from vagus.nerve.separate import separate_fascicles
from vagus.nerve.validate import check_scale, validate_section

UM_PER_UNIT = {"um": 1.0, "mm": 1000.0}
JSON_FORMAT = "vagus-section"


def section_from_polygons(
    path: Path | str, um_per_px: float | None = None, gap_um: float | None = None
) -> CrossSection:
    """Read a section from a ``.json`` or ``.csv`` file (formats above).

    ``gap_um``: separate fascicles that overlap or touch by at least this much (None: refuse them).
    Raises `InputError` for what is missing or malformed and for an implausible scale, and
    `GeometryError` for contours that cannot be meshed, naming the fascicle and the remedy.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError("path", path, "files that exist")
    if path.suffix.lower() == ".json":
        section = _from_json(path, um_per_px)
    elif path.suffix.lower() == ".csv":
        section = _from_csv(path, um_per_px)
    else:
        raise InputError(
            "path", path, "files of polygons (.json or .csv)", "For images use section_from_masks."
        )
    if Polygon(section.outline_um).is_valid:
        check_scale(section.diameter_um, "unit")
        # Not when already there, so that what was saved is read back bit for bit.
        if math.hypot(*section.polygon.centroid.coords[0]) > 1e-9 * section.diameter_um:
            section = section.centred()
    return validate_section(section) if gap_um is None else separate_fascicles(section, gap_um)


def save_section(section: CrossSection, path: Path | str) -> None:
    """Write a section as JSON without loss: `section_from_polygons` returns the same numbers."""
    path = Path(path)
    if path.suffix.lower() != ".json":
        raise InputError("path", path, "names that end in .json")
    fascicles = [
        {"inner": f.inner_um.tolist(), "perineurium_um": f.perineurium_um}
        for f in section.fascicles
    ]
    document = {
        "format": JSON_FORMAT,
        "version": 1,
        "name": section.name,
        "unit": "um",
        "outline": section.outline_um.tolist(),
        "fascicles": fascicles,
        "source": section.source,
        "licence": section.licence,
        "notes": list(section.notes),
    }
    path.write_text(json.dumps(document) + "\n", encoding="utf-8")


def require_scale(um_per_px: float | None) -> float:
    """The scale of an image, refused when it is missing or cannot be one."""
    if um_per_px is None:
        raise InputError(
            "um_per_px",
            "missing",
            "the width of one pixel in micrometres",
            "Read it off the scale bar: its length in um over its length in pixels.",
        )
    try:
        scale = float(um_per_px)
    except (TypeError, ValueError):
        scale = math.nan
    if not (math.isfinite(scale) and scale > 0):
        raise InputError("um_per_px", um_per_px, "finite numbers above 0")
    return scale


def _from_json(path: Path, um_per_px: float | None) -> CrossSection:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InputError("path", path, "valid JSON", f"The reader says: {error}.") from error
    if not isinstance(document, Mapping):
        raise InputError("path", path, "a JSON object with `outline` and `fascicles`")
    for key in ("unit", "outline", "fascicles"):
        if key not in document:
            fix = 'For example "unit": "um".' if key == "unit" else ""
            raise InputError(key, "missing", "um, mm or px" if key == "unit" else "contours", fix)
    scale = _scale(str(document["unit"]), um_per_px or document.get("um_per_px"))
    if not isinstance(document["fascicles"], list):
        raise InputError("fascicles", type(document["fascicles"]).__name__, "a list of contours")
    return CrossSection(
        name=str(document.get("name", path.stem)),
        outline_um=_contour(document["outline"], "outline", scale),
        fascicles=tuple(
            _fascicle(entry, f"fascicles[{i}]", scale)
            for i, entry in enumerate(document["fascicles"])
        ),
        source=str(document.get("source", path.name)),
        licence=str(document.get("licence", "")),
        notes=tuple(str(note) for note in document.get("notes", ())),
    )


def _scale(unit: str, um_per_px: float | None) -> float:
    if unit == "px":
        return require_scale(um_per_px)
    if unit not in UM_PER_UNIT:
        raise InputError("unit", f"`{unit}`", "um, mm, or px together with um_per_px")
    return UM_PER_UNIT[unit]


def _fascicle(entry: Any, field: str, scale: float) -> Fascicle:
    if isinstance(entry, list):
        return Fascicle(_contour(entry, field, scale))
    if not isinstance(entry, Mapping) or "inner" not in entry:
        raise InputError(field, entry, "[[x, y], ...], or an object with `inner`")
    inner = _contour(entry["inner"], f"{field}.inner", scale)
    if "outer" in entry:
        return Fascicle(
            inner, _thickness(inner, _contour(entry["outer"], f"{field}.outer", scale), field)
        )
    thickness = entry.get("perineurium_um")
    if thickness is not None and not isinstance(thickness, int | float):
        raise InputError(f"{field}.perineurium_um", thickness, "a number (um), or null")
    return Fascicle(inner, None if thickness is None else float(thickness))


def _thickness(inner: Points, outer: Points, field: str) -> float:
    """Half the difference of the equivalent diameters of the two contours."""
    inside, outside = Polygon(inner), Polygon(outer)
    if not outside.is_valid or not outside.covers(inside):
        raise GeometryError(
            f"{field}: the outer contour of the perineurium does not surround the inner one; "
            "exchange them, or trace them again."
        )
    return 0.5 * (equivalent_diameter(outside.area) - equivalent_diameter(inside.area))


def _contour(values: Any, field: str, scale: float) -> Points:
    try:
        points = np.asarray(values, dtype=float) * scale
    except (TypeError, ValueError) as error:
        raise InputError(field, "not all numbers", "[[x, y], ...]", f"{error}.") from error
    if points.ndim != 2 or points.shape[1] != 2 or len(points) < 3:
        shape = f"an array of shape {points.shape}"
        raise InputError(field, shape, "at least three vertices [[x, y], ...]")
    finite = np.isfinite(points).all(axis=1)
    if not finite.all():
        bad = int(np.argmin(finite))
        raise InputError(field, f"{points[bad].tolist()} at vertex {bad + 1}", "finite numbers")
    return counter_clockwise(points)


def _from_csv(path: Path, um_per_px: float | None) -> CrossSection:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        columns = tuple(reader.fieldnames or ())
        rows = list(reader)
    unit = next((u for u in ("um", "mm", "px") if {f"x_{u}", f"y_{u}"} <= set(columns)), None)
    if unit is None or "contour" not in columns:
        raise InputError(
            "columns",
            ",".join(columns) or "none",
            "contour,x_um,y_um (or x_mm,y_mm, or x_px,y_px)",
            "The first line of the file names the columns and thereby the unit.",
        )
    scale = _scale(unit, um_per_px)
    contours: dict[str, list[tuple[float, float]]] = {}
    thickness: dict[str, float | None] = {}
    for line, row in enumerate(rows, start=2):
        name = (row["contour"] or "").strip()
        vertex = (_number(row, f"x_{unit}", line), _number(row, f"y_{unit}", line))
        contours.setdefault(name, []).append(vertex)
        if row.get("perineurium_um"):
            thickness[name] = _number(row, "perineurium_um", line)
    if "outline" not in contours:
        raise InputError("contour", ", ".join(contours) or "none", "one named `outline`")
    outline = _contour(contours.pop("outline"), "outline", scale)
    fascicles = tuple(
        Fascicle(_contour(points, f"contour `{name}`", scale), thickness.get(name))
        for name, points in contours.items()
    )
    return CrossSection(path.stem, outline, fascicles, source=path.name)


def _number(row: Mapping[str, str | None], column: str, line: int) -> float:
    text = row.get(column)
    try:
        return float(text or "")
    except ValueError:
        value = f"`{text or ''}` in line {line}"
        raise InputError(column, value, "numbers") from None
