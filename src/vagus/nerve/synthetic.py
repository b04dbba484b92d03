"""Nerves that nobody has to trace: fascicles generated within published statistics.

Fascicle diameters, their total area and the nerve's effective diameter are those of human cervical
vagus nerves: rows AN001 and AN013 to AN015 of ``data/nerve/anatomy.csv`` (Pelot 2020, Upadhye
2022).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri
from shapely.geometry import Point, Polygon

from vagus.data import read_table
from vagus.errors import GeometryError, InputError
from vagus.nerve.section import CrossSection, Fascicle, Points, equivalent_diameter, with_area
from vagus.nerve.validate import validate_section

VERTICES = 96
# Assumed: how far a fascicle's radius departs from a circle's, and the nerve's long from its short
# axis.
IRREGULARITY = 0.06
NERVE_ASPECT = 1.15
# Circles of unequal size are packed by pushing them apart; denser than this, pushing seldom ends.
DENSEST_PACKING = 0.68
ATTEMPTS, PUSHES = 60, 400


@dataclass(frozen=True)
class Published:
    """A published quantity: mean, standard deviation, smallest, largest."""

    mean: float
    sd: float
    low: float
    high: float


def published(row_id: str, factor: float = 1.0) -> Published:
    """The statistics in row ``row_id`` of the anatomy table, times ``factor`` (change of unit)."""
    row = next(r for r in read_table("nerve/anatomy.csv") if r["id"] == row_id)
    return Published(*(factor * float(row[k]) for k in ("value", "sd", "min", "max")))


def fascicle_counts() -> Published:
    """Fascicles per human cervical vagus nerve."""
    return published("AN013")


def fascicle_diameters_um() -> Published:
    """Diameter of a fascicle."""
    return published("AN014")


def fascicular_areas_um2() -> Published:
    """Total area of a nerve's fascicles."""
    return published("AN015", 1e6)


def nerve_diameter_um() -> float:
    """Effective diameter of the human cervical vagus nerve."""
    return 1e3 * next(
        float(r["value"]) for r in read_table("nerve/anatomy.csv") if r["id"] == "AN001"
    )


def perineurium_um(diameter_um: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """Thickness of the human perineurium, 0.03702 d + 10.5 um (row AN010): room to leave for it."""
    row = next(r for r in read_table("nerve/anatomy.csv") if r["id"] == "AN010")
    a, b = (float(part.split("=")[1]) for part in row["value"].split(";"))
    return a * np.asarray(diameter_um, dtype=float) + b


def synthetic_section(
    n_fascicles: int,
    seed: int,
    *,
    diameter_um: float | None = None,
    min_gap_um: float = 20.0,
    name: str | None = None,
) -> CrossSection:
    """A nerve of ``n_fascicles`` slightly irregular fascicles, the same for the same arguments.

    ``diameter_um``: the nerve's effective diameter (None: as published); ``min_gap_um``: tissue
    left between the perineuria of two fascicles, and between them and the outline. Raises
    `InputError` for a count outside the published range and `GeometryError` where the fascicles
    find no room.
    """
    counts = fascicle_counts()
    if (
        not isinstance(n_fascicles, int | np.integer)
        or not counts.low <= n_fascicles <= counts.high
    ):
        allowed = f"whole numbers from {counts.low:g} to {counts.high:g} (published range)"
        raise InputError("n_fascicles", n_fascicles, allowed)
    if not min_gap_um >= 1.0:
        raise InputError("min_gap_um", min_gap_um, "numbers from 1 um")
    if not isinstance(seed, int | np.integer) or seed < 0:
        raise InputError("seed", seed, "whole numbers from 0")
    width = nerve_diameter_um() if diameter_um is None else float(diameter_um)
    rng = np.random.default_rng([int(seed), int(n_fascicles)])
    outline = _nerve_outline(width, rng)
    diameters = _fascicle_diameters(int(n_fascicles), np.pi / 4 * width**2, min_gap_um, rng)
    shapes = [_blob(d, rng) for d in diameters]
    radii = np.array([np.hypot(*shape.T).max() for shape in shapes])
    reach = radii + perineurium_um(diameters) + 0.5 * min_gap_um
    centres = _pack(reach, Polygon(outline).buffer(-0.5 * min_gap_um), rng)
    section = CrossSection(
        name=name or f"synthetic-{n_fascicles}-fascicle-seed-{seed}",
        outline_um=outline,
        fascicles=tuple(Fascicle(s + c) for s, c in zip(shapes, centres, strict=True)),
        source="generated within Upadhye 2022 (J Neural Eng 19:054001) and Pelot 2020 "
        "(doi:10.3389/fnins.2020.601479)",
        licence="Apache-2.0",
        notes=("generated, not traced: shapes and places of fascicles are assumed",),
    )
    return validate_section(section.centred())


def _fascicle_diameters(
    n: int, nerve_area_um2: float, gap_um: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Diameters within their published range, largest first, whose total area is within its own."""
    one, total = fascicle_diameters_um(), fascicular_areas_um2()
    relative = _truncated_normal(one, rng.random(n))
    room = _total_that_fits(relative, nerve_area_um2, gap_um)

    def total_at(mean_um: float) -> float:
        return float(np.pi / 4 * np.sum((relative * mean_um / relative.mean()) ** 2))

    low = max(total.low, total_at(one.low))
    high = min(total.high, total_at(one.high), room)
    if low > high:
        raise GeometryError(
            f"{n} fascicles need {low / 1e6:.3g} mm2 by the published range, but a nerve of "
            f"{equivalent_diameter(nerve_area_um2):.4g} um has room for {room / 1e6:.3g} mm2; "
            "use a wider nerve, fewer fascicles or a smaller gap."
        )
    # The mean diameter stays within one published deviation, as far as total and room allow.
    low = max(low, min(high, total_at(one.mean - one.sd)))
    high = min(high, total_at(one.mean + one.sd)) if total_at(one.mean + one.sd) > low else high
    target = float(_truncated_normal(Published(total.mean, total.sd, low, high), rng.random(1))[0])
    for _ in range(100):
        scale = np.sqrt(target / (np.pi / 4 * np.sum(relative**2)))
        relative = np.clip(relative * scale, one.low, one.high)
        if abs(scale - 1) < 1e-12:
            break
    return np.sort(relative)[::-1]


def _total_that_fits(
    relative_um: NDArray[np.float64], nerve_area_um2: float, gap_um: float
) -> float:
    """Largest total area whose circles, with perineurium and gap, can still be packed."""
    low, high = 0.0, np.sqrt(nerve_area_um2) / relative_um.min()
    for _ in range(60):
        scale = 0.5 * (low + high)
        d = relative_um * scale
        wide = d * (1 + IRREGULARITY) + 2 * perineurium_um(d) + gap_um
        fits = np.sum(wide**2) * np.pi / 4 < DENSEST_PACKING * nerve_area_um2
        low, high = (scale, high) if fits else (low, scale)
    return float(np.pi / 4 * np.sum((relative_um * low) ** 2))


def _truncated_normal(of: Published, u: NDArray[np.float64]) -> NDArray[np.float64]:
    below, above = ndtr((of.low - of.mean) / of.sd), ndtr((of.high - of.mean) / of.sd)
    drawn = of.mean + of.sd * ndtri(below + (above - below) * u)
    clipped: NDArray[np.float64] = np.clip(drawn, of.low, of.high)
    return clipped


def _blob(diameter_um: float, rng: np.random.Generator) -> Points:
    """A circle with a little of the second to fourth harmonic, of that circle's area, centred."""
    angle = np.linspace(0, 2 * np.pi, VERTICES, endpoint=False)
    radius = np.ones(VERTICES)
    for harmonic in (2, 3, 4):
        height, phase = rng.random(2)
        radius += IRREGULARITY / 3 * height * np.cos(harmonic * angle + 2 * np.pi * phase)
    points = 0.5 * diameter_um * radius[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    points -= np.array(Polygon(points).centroid.coords[0])
    return with_area(points, np.pi / 4 * diameter_um**2)


def _nerve_outline(diameter_um: float, rng: np.random.Generator) -> Points:
    """A slightly irregular ellipse."""
    turn = 2 * np.pi * rng.random()
    points = _blob(diameter_um, rng) * [np.sqrt(NERVE_ASPECT), 1 / np.sqrt(NERVE_ASPECT)]
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return with_area(points @ rotation.T, np.pi / 4 * diameter_um**2)


def _pack(reach_um: NDArray[np.float64], room: Polygon, rng: np.random.Generator) -> Points:
    """Centres [n, 2] of circles of radius ``reach_um`` that lie in ``room`` and do not overlap.

    Circles start at random and push each other, and are pushed by the outline, until none overlaps.
    """
    shapely.prepare(room)
    span = 0.5 * np.sqrt(room.area / np.pi)
    for _ in range(ATTEMPTS):
        centres = rng.normal(scale=span, size=(len(reach_um), 2))
        for _ in range(PUSHES):
            pushed = _push_apart(centres, reach_um) + _push_inside(centres, reach_um, room)
            if np.abs(pushed).max() < 1e-9:
                return centres
            # A little more than the overlap, or the last of it would vanish only asymptotically.
            centres = centres + 1.05 * pushed
    raise GeometryError(
        f"{len(reach_um)} fascicles found no room in the nerve in {ATTEMPTS} attempts; "
        "use a wider nerve, fewer fascicles or a smaller gap."
    )


def _push_apart(centres: Points, reach_um: NDArray[np.float64]) -> Points:
    offset = centres[:, None] - centres[None]
    distance = np.hypot(offset[..., 0], offset[..., 1])
    np.fill_diagonal(distance, np.inf)
    overlap = np.maximum(reach_um[:, None] + reach_um[None] - distance, 0.0)
    push: Points = np.sum(0.5 * (overlap / distance)[..., None] * offset, axis=1)
    return push


def _push_inside(centres: Points, reach_um: NDArray[np.float64], room: Polygon) -> Points:
    push = np.zeros_like(centres)
    inside = shapely.contains_xy(room, centres[:, 0], centres[:, 1])
    for i, centre in enumerate(centres):
        point = Point(centre)
        gap = room.exterior.distance(point)
        if inside[i] and gap >= reach_um[i]:
            continue
        nearest = room.exterior.interpolate(room.exterior.project(point))
        inwards = (centre - [nearest.x, nearest.y]) * (1 if inside[i] else -1)
        depth = reach_um[i] - gap if inside[i] else reach_um[i] + gap
        push[i] = depth * inwards / max(gap, 1e-12)
    return push
