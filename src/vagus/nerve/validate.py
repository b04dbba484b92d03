"""Is this a nerve that can be meshed? Every fault is named, with its size and its remedy."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from shapely.geometry import Polygon
from shapely.validation import explain_validity

from vagus.errors import GeometryError, InputError
from vagus.nerve.section import CrossSection, Fascicle, Points, equivalent_diameter

# Fascicles closer than this cannot be told apart by a mesh, nor by light microscopy.
MIN_GAP_um = 1.0
SEPARATE = "import them with gap_um=2 (`separate_fascicles`)"
# From a mouse's vagus to a sciatic nerve with room to spare: outside, the scale is wrong.
PLAUSIBLE_DIAMETER_um = (50.0, 20_000.0)


def validate_section(section: CrossSection) -> CrossSection:
    """Return the section if it can be used.

    Raises `GeometryError` naming every fault: too few or non-finite vertices, contours that cross
    themselves, fascicles that overlap, touch or leave the nerve, impossible perineuria. Raises
    `InputError` where the size of the nerve says that the scale is wrong.
    """
    validate_contours(section)
    check_scale(section.diameter_um, "um per unit")
    faults = [*_centre_faults(section), *_perineurium_faults(section)]
    faults += [*_containment_faults(section), *_overlap_faults(section)]
    if faults:
        raise GeometryError(_report(section.name, faults))
    return section


def validate_contours(section: CrossSection) -> None:
    """Raise `GeometryError` unless each contour by itself is a proper polygon."""
    contours = [("the outline", section.outline_um)]
    contours += [(fascicle_name(i, section), f.inner_um) for i, f in enumerate(section.fascicles)]
    faults = [fault for name, points in contours for fault in _contour_faults(name, points)]
    if not section.fascicles:
        faults.append("there is no fascicle: give at least one, fibres run in fascicles only")
    if faults:
        raise GeometryError(_report(section.name, faults))


def fascicle_name(index: int, section: CrossSection) -> str:
    """How a fascicle is called in messages: counted from 1."""
    return f"fascicle {index + 1} of {len(section.fascicles)}"


def check_scale(diameter_um: float, field: str, value: object = None) -> None:
    """Raise `InputError` on ``field`` when a nerve of that diameter cannot be one."""
    low, high = PLAUSIBLE_DIAMETER_um
    if low <= diameter_um <= high:
        return
    guess = "millimetres or pixels" if diameter_um < low else "nanometres"
    fix = f"Are the coordinates in {guess}? State their unit."
    if field == "um_per_px":
        fix = "Read it off the scale bar: its length in um over its length in pixels."
    raise InputError(
        field,
        f"{value if value is not None else 1}, which makes the nerve {diameter_um:.4g} um wide",
        f"scales that make it {low:g} to {high:g} um wide",
        fix,
    )


def _report(name: str, faults: list[str]) -> str:
    head = f"cross-section `{name}`: "
    if len(faults) == 1:
        return head + faults[0] + "."
    return "\n".join([f"{head}{len(faults)} problems", *(f"  - {fault}." for fault in faults)])


def _contour_faults(name: str, points_um: Points) -> Iterator[str]:
    points: NDArray[np.float64] = np.asarray(points_um, dtype=float)
    if points.ndim != 2 or points.shape[1] != 2:
        yield f"{name} has shape {points.shape}; allowed: [vertices, 2] (x and y)"
        return
    if not np.isfinite(points).all():
        bad = int(np.argmin(np.isfinite(points).all(axis=1)))
        yield f"{name}: vertex {bad + 1} is {points[bad].tolist()}; remove or mend it"
        return
    if len(np.unique(points, axis=0)) < 3:
        yield f"{name} has {len(np.unique(points, axis=0))} distinct vertices; it needs at least 3"
        return
    polygon = Polygon(points)
    if not polygon.is_valid:
        yield (
            f"{name} crosses or touches itself ({explain_validity(polygon)}, in um); "
            "put its vertices in order along the contour, or trace it again there"
        )
    elif polygon.area <= 0:
        yield f"{name} encloses no area; its vertices lie on a line"
    elif not polygon.exterior.is_ccw:
        yield f"{name} runs clockwise; reverse its vertices"


def _centre_faults(section: CrossSection) -> Iterator[str]:
    centre = section.polygon.centroid
    offset = math.hypot(centre.x, centre.y)
    if offset > 1e-3 * section.diameter_um:
        yield (
            f"the outline's centroid lies {offset:.4g} um from the origin; use `section.centred()`"
        )


def _perineurium_faults(section: CrossSection) -> Iterator[str]:
    for i, fascicle in enumerate(section.fascicles):
        thickness, limit = fascicle.perineurium_um, fascicle.diameter_um / 2
        if thickness is not None and not 0 < thickness < limit:
            yield (
                f"{fascicle_name(i, section)}: perineurium_um is {thickness:g}; allowed: above 0 "
                f"and below its radius, {limit:.4g} um; leave it out where it was not measured"
            )


def _containment_faults(section: CrossSection) -> Iterator[str]:
    nerve = section.polygon
    for i, fascicle in enumerate(section.fascicles):
        outside = fascicle.polygon.difference(nerve).area
        gap = fascicle.polygon.distance(nerve.exterior)
        if outside > 0:
            share = 100 * outside / fascicle.area_um2
            yield (
                f"{fascicle_name(i, section)} leaves the nerve: {outside:.4g} um2 ({share:.3g} %) "
                f"of it lie outside the outline (its centroid is at {_at(fascicle)} um); "
                "move it inwards, or trace the outline again"
            )
        elif gap < MIN_GAP_um:
            yield (
                f"{fascicle_name(i, section)} touches the outline: {gap:.3g} um are left; at "
                f"least {MIN_GAP_um:g} um are needed; {SEPARATE}"
            )


def _overlap_faults(section: CrossSection) -> Iterator[str]:
    for (i, a), (j, b) in combinations(enumerate(section.fascicles), 2):
        pair = f"fascicles {i + 1} and {j + 1} of {len(section.fascicles)}"
        gap = a.polygon.distance(b.polygon)
        if gap >= MIN_GAP_um:
            continue
        common = a.polygon.intersection(b.polygon).area
        if common > 0:
            smaller = min(a.area_um2, b.area_um2)
            yield (
                f"{pair} overlap by {common:.4g} um2, {100 * common / smaller:.3g} % of the "
                f"smaller one (equivalent diameter {equivalent_diameter(smaller):.4g} um); "
                f"trace them apart, or {SEPARATE}"
            )
        else:
            yield (
                f"{pair} touch: {gap:.3g} um lie between them; at least {MIN_GAP_um:g} um are "
                f"needed; join them into one, or {SEPARATE}"
            )


def _at(fascicle: Fascicle) -> str:
    x, y = fascicle.centroid_um
    # Adding 0 turns -0 into 0.
    return f"({round(x, 2) + 0:.5g}, {round(y, 2) + 0:.5g})"
