"""Closed contours with a graded spacing: where the mesh is fine, and polygons that keep their
areas.

An inscribed polygon loses area and with it conductance (0.5 % of the potential in a cuff's lumen),
so
every resampled contour is pushed outwards by the mean height of the arcs that its chords cut off.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

Points = NDArray[np.float64]
END_SIZE = 0.35  # spacing at the ends of contacts, where the current density is singular, x size


@dataclass(frozen=True)
class Contour:
    """One closed line that the mesh must keep.

    ``points``: [K, 2] vertices in mm, counter-clockwise, not closed; ``size``: wanted spacing in
    mm;
    ``fixed``: indices of vertices that must become mesh nodes (ends of contacts); ``least``: number
    of vertices that it gets at least.
    """

    points: Points
    size: float
    fixed: tuple[int, ...] = ()
    least: int = 16


def circle(radius: float, size: float, centre: Points, keep_deg: Sequence[float] = ()) -> Contour:
    """A circle in mm whose mesh has nodes at the angles ``keep_deg``."""
    keep = np.unique(np.round(np.mod(np.asarray(keep_deg, dtype=np.float64), 360.0), 9))
    n = max(256, int(np.ceil(2 * np.pi * radius / (0.2 * size))))
    grid = np.arange(n) * (360.0 / n)
    if len(keep):
        gap = np.abs((grid[:, None] - keep + 180.0) % 360.0 - 180.0).min(axis=1)
        grid = grid[gap > 90.0 / n]
    angle = np.sort(np.concatenate([grid, keep]))
    fixed = tuple(int(i) for i in np.searchsorted(angle, keep))
    turn = np.radians(angle)
    return Contour(centre + radius * np.column_stack([np.cos(turn), np.sin(turn)]), size, fixed)


def signed_area(points: Points) -> float:
    """Area of a polygon [K, 2]; positive when counter-clockwise."""
    x, y = points.T
    return float(0.5 * np.sum(x * np.roll(y, -1) - y * np.roll(x, -1)))


def _densify(contour: Contour) -> tuple[Points, NDArray[np.float64], float, NDArray[np.float64]]:
    """Refined vertices [N, 2], their arc lengths [N], the perimeter, the fixed arc lengths."""
    points = contour.points
    step = np.linalg.norm(np.roll(points, -1, axis=0) - points, axis=1)
    perimeter = float(step.sum())
    spacing = max(min(contour.size / 4, perimeter / 160), perimeter / 4000)
    pieces = np.maximum(1, np.ceil(step / spacing)).astype(np.int64)
    start = np.repeat(np.arange(len(points)), pieces)
    fraction = np.concatenate([np.arange(n) / n for n in pieces])
    following = np.roll(points, -1, axis=0)
    dense = points[start] + fraction[:, None] * (following - points)[start]
    arc = np.concatenate([[0.0], np.cumsum(step)])
    length = arc[start] + fraction * step[start]
    return dense, length, perimeter, arc[list(contour.fixed)]


def _graded(
    places: list[Points], wanted: list[NDArray[np.float64]], grading: float
) -> list[NDArray[np.float64]]:
    """Largest sizes below ``wanted`` whose growth with distance nowhere exceeds ``grading``."""
    every = np.concatenate(places)
    size = np.concatenate(wanted)
    result = size.copy()
    for block in np.array_split(np.arange(len(every)), max(1, len(every) // 500)):
        dx = every[block, 0, None] - every[:, 0]
        dy = every[block, 1, None] - every[:, 1]
        result[block] = (size + grading * np.sqrt(dx * dx + dy * dy)).min(axis=1)
    return np.split(result, np.cumsum([len(p) for p in places])[:-1])


def _place(
    length: NDArray[np.float64],
    size: NDArray[np.float64],
    perimeter: float,
    fixed: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Arc lengths of the new vertices: spacing ``size``, with a node at every ``fixed`` one."""
    arc = np.append(length, perimeter)
    density = 1.0 / np.append(size, size[0])
    count = np.concatenate([[0.0], np.cumsum(0.5 * (density[1:] + density[:-1]) * np.diff(arc))])
    ends = fixed if len(fixed) else np.array([0.0])
    unrolled = np.interp(ends, arc, count)
    total = count[-1]
    placed: list[NDArray[np.float64]] = []
    for a, b in zip(unrolled, np.append(unrolled[1:], unrolled[0] + total), strict=True):
        least = 3 if len(ends) < 3 else 1
        n = max(least, int(np.ceil(b - a - 1e-9)))
        placed.append(a + (b - a) * np.arange(n) / n)
    return np.sort(np.interp(np.mod(np.concatenate(placed), total), count, arc)) % perimeter


def _area_preserving(
    dense: Points, length: NDArray[np.float64], new: NDArray[np.float64], perimeter: float
) -> Points:
    """Polygon with vertices near arc lengths ``new`` that has the area of the original, locally."""
    closed = np.vstack([dense, dense[:1]])
    arc = np.append(length, perimeter)
    at = np.column_stack([np.interp(new, arc, closed[:, 0]), np.interp(new, arc, closed[:, 1])])
    cross = closed[:-1, 0] * closed[1:, 1] - closed[:-1, 1] * closed[1:, 0]
    swept = np.concatenate([[0.0], np.cumsum(0.5 * cross)])
    # swept area up to each new vertex, exact on the polyline
    piece = np.clip(np.searchsorted(arc, new, side="right") - 1, 0, len(dense) - 1)
    start = closed[piece]
    upto = swept[piece] + 0.5 * (start[:, 0] * at[:, 1] - start[:, 1] * at[:, 0])
    following = np.roll(at, -1, axis=0)
    between = np.append(np.diff(upto), swept[-1] - upto[-1] + upto[0])
    chord = 0.5 * (at[:, 0] * following[:, 1] - at[:, 1] * following[:, 0])
    missing = between - chord
    edge = following - at
    step = np.linalg.norm(edge, axis=1)
    push = (missing + np.roll(missing, 1)) / (step + np.roll(step, 1))
    normal = np.column_stack([edge[:, 1], -edge[:, 0]]) / step[:, None]
    outward = normal + np.roll(normal, 1, axis=0)
    outward /= np.linalg.norm(outward, axis=1)[:, None] + 1e-300
    moved: Points = at + push[:, None] * outward
    target, got = signed_area(dense), signed_area(moved)
    middle = moved.mean(axis=0)
    rescaled: Points = middle + (moved - middle) * np.sqrt(target / got)
    return rescaled


def _thinned(length: NDArray[np.float64], fixed: NDArray[np.float64]) -> NDArray[np.int64]:
    """About 200 of the vertices, with those at ``fixed`` arc lengths."""
    some = np.arange(0, len(length), max(1, len(length) // 200))
    return np.union1d(some, np.searchsorted(length, fixed - 1e-9))


def resample(
    contours: Sequence[Contour], grading: float
) -> tuple[list[Points], list[NDArray[np.float64]]]:
    """Vertices [K, 2] in mm and sizes [K] of every contour, fine where contours come close.

    A contour's spacing is at most its ``size``, its perimeter / ``least`` and the distance to the
    next contour; it grows by at most ``grading`` per unit of distance.
    """
    measured = [_densify(c) for c in contours]
    coarse = [_thinned(m[1], m[3]) for m in measured]
    wanted: list[NDArray[np.float64]] = []
    owner = np.concatenate([np.full(len(m[0]), i) for i, m in enumerate(measured)])
    every = np.concatenate([m[0] for m in measured])
    for i, (contour, m) in enumerate(zip(contours, measured, strict=True)):
        others = every[owner != i]
        distance = cKDTree(others).query(m[0])[0] if len(others) else np.full(len(m[0]), np.inf)
        limit = np.minimum(min(contour.size, m[2] / contour.least), distance)
        limit[np.searchsorted(m[1], m[3] - 1e-9)] *= END_SIZE
        wanted.append(limit)
    sizes = _graded(
        [m[0][s] for m, s in zip(measured, coarse, strict=True)],
        [w[s] for w, s in zip(wanted, coarse, strict=True)],
        grading,
    )
    points, spacing = [], []
    for (dense, length, perimeter, fixed), s, graded in zip(measured, coarse, sizes, strict=True):
        local = np.interp(length, length[s], graded, period=perimeter)
        new = _place(length, local, perimeter, fixed)
        points.append(_area_preserving(dense, length, new, perimeter))
        spacing.append(np.interp(new, length, local, period=perimeter))
    return points, spacing
