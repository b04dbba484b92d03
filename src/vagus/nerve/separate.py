"""The remedy for fascicles that overlap or touch: a minimum gap between any two."""

from __future__ import annotations

import math
from dataclasses import replace

import shapely
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from vagus.errors import GeometryError, InputError
from vagus.nerve.section import CrossSection, counter_clockwise
from vagus.nerve.validate import (
    MIN_GAP_um,
    fascicle_name,
    validate_contours,
    validate_section,
)

# Buffers round their corners by chords, which lie inside the arc; this much more makes up for it.
CHORD_MARGIN = 1.02


def separate_fascicles(section: CrossSection, gap_um: float = 2 * MIN_GAP_um) -> CrossSection:
    """The section with at least ``gap_um`` between fascicles, and between them and the outline.

    No fascicle moves: where two are too near, the earlier one keeps its shape and the later one
    gives way. Raises `InputError` for a gap below the least that can be meshed, and `GeometryError`
    when nothing would be left of a fascicle, or when it would fall apart.
    """
    if not (math.isfinite(gap_um) and gap_um >= MIN_GAP_um):
        raise InputError("gap_um", gap_um, f"numbers of {MIN_GAP_um:g} um and above")
    validate_contours(section)
    reach = gap_um * CHORD_MARGIN
    room = section.polygon.buffer(-reach)
    kept: list[Polygon] = []
    for i, fascicle in enumerate(section.fascicles):
        taken = shapely.union_all([earlier.buffer(reach) for earlier in kept])
        left = fascicle.polygon.intersection(room).difference(taken)
        kept.append(_one_part(left, fascicle_name(i, section)))
    fascicles = [
        replace(fascicle, inner_um=counter_clockwise(shapely.get_coordinates(part.exterior)))
        for fascicle, part in zip(section.fascicles, kept, strict=True)
    ]
    note = f"fascicles separated by at least {gap_um:g} um"
    return validate_section(
        replace(section, fascicles=tuple(fascicles), notes=(*section.notes, note))
    )


def _one_part(left: BaseGeometry, name: str) -> Polygon:
    """What is left of a fascicle, specks dropped."""
    parts = list(left.geoms) if isinstance(left, MultiPolygon) else [left]
    parts = sorted(
        (p for p in parts if isinstance(p, Polygon) and not p.is_empty), key=lambda p: -p.area
    )
    if not parts:
        raise GeometryError(f"{name} vanishes when fascicles are separated; use a smaller gap.")
    if len(parts) > 1 and parts[1].area > 0.01 * parts[0].area:
        raise GeometryError(
            f"{name} falls into {len(parts)} parts when fascicles are separated; "
            "use a smaller gap, or trace it again."
        )
    return parts[0]
