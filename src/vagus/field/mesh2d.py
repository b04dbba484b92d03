"""Triangles for a cross-section: graded points, spring relaxation, Delaunay, protected contours.

Points are spread with the local mesh size, relaxed like a truss of springs (Persson & Strang 2004,
doi:10.1137/S0036144503429121) and joined by Delaunay. No free point may lie in the diametral circle
of a contour's edge, and contour edges that are still missing are halved (Ruppert 1995), so every
contour is a chain of mesh edges.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import Delaunay, cKDTree

from vagus.errors import GeometryError
from vagus.field.contours import Contour, Points, resample

Index = NDArray[np.int64]
LEAST_GAP = 1e-3  # mm; closer contours would need triangles below a micrometre
Size = Callable[[Points], NDArray[np.float64]]


@dataclass(frozen=True)
class Mesh2D:
    """A triangulation that keeps closed contours.

    ``points``: [N, 2] in mm; ``triangles``: [T, 3] counter-clockwise; ``region``: [T] index of the
    innermost contour around each triangle; ``loops``: node indices along every contour.
    """

    points: Points
    triangles: Index
    region: Index
    loops: tuple[Index, ...]

    def quality(self) -> NDArray[np.float64]:
        """Shape of every triangle: 2 x inradius / circumradius, 1 for equilateral ones."""
        a, b, c = (self.points[self.triangles[:, i]] for i in range(3))
        la, lb, lc = (np.linalg.norm(p - q, axis=1) for p, q in ((b, c), (c, a), (a, b)))
        shape: NDArray[np.float64] = (
            (lb + lc - la) * (lc + la - lb) * (la + lb - lc) / (la * lb * lc)
        )
        return shape


def triangulate(contours: Sequence[Contour], inner: int, grading: float = 0.3) -> Mesh2D:
    """Mesh of everything inside the last contour, which must surround all others.

    ``contours``: disjoint closed lines, the last one convex. Inside contour number ``inner`` (the
    cuff's lumen) the mesh size stays below that contour's own; outside it grows by ``grading`` per
    unit of distance.
    Raises GeometryError where contours touch or cross, or where an edge cannot be kept.
    """
    _check_disjoint(contours)
    loops_xy, spacing = resample(contours, grading)
    fixed = np.concatenate(loops_xy)
    ends = np.cumsum([0, *(len(p) for p in loops_xy)])
    loops = [np.arange(a, b) for a, b in pairwise(ends)]
    size = _size_function(fixed, np.concatenate(spacing), contours[inner], grading)
    free = _relax(fixed, _spread(fixed, size, contours[-1]), size, contours[-1])
    points, triangles, loops = _keep_edges(fixed, free, loops)
    region = _regions(points, triangles, loops)
    used = triangles[region >= 0]
    corner = points[used]
    u, v = corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]
    flipped = u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0] < 0
    used[flipped] = used[flipped][:, [0, 2, 1]]
    return Mesh2D(points, used.astype(np.int64), region[region >= 0], tuple(loops))


def _check_disjoint(contours: Sequence[Contour]) -> None:
    rings = [shapely.LinearRing(c.points) for c in contours]
    for i, ring in enumerate(rings):
        if not ring.is_simple:
            raise GeometryError(f"contour {i} crosses itself; redraw or smooth it")
    left, right = shapely.STRtree(rings).query(rings, predicate="dwithin", distance=LEAST_GAP)
    for i, j in zip(left, right, strict=True):
        if i < j:
            x, y = shapely.shortest_line(rings[i], rings[j]).coords[0]
            raise GeometryError(
                f"contours {i} and {j} touch near ({x * 1e3:.0f}, {y * 1e3:.0f}) um; move or "
                "shrink them until a gap of at least 5 um remains"
            )


def _size_function(
    fixed: Points, spacing: NDArray[np.float64], lumen: Contour, grading: float
) -> Size:
    tree = cKDTree(fixed)
    centre = lumen.points.mean(axis=0)
    radius = float(np.linalg.norm(lumen.points - centre, axis=1).max())
    near = min(6, len(fixed))

    def size(at: Points) -> NDArray[np.float64]:
        distance, index = tree.query(at, k=near)
        graded = (spacing[index] + grading * distance).min(axis=1)
        beyond = np.maximum(0.0, np.linalg.norm(at - centre, axis=1) - radius)
        result: NDArray[np.float64] = np.minimum(graded, lumen.size + grading * beyond)
        return result

    return size


def _spread(fixed: Points, size: Size, outer: Contour) -> Points:
    """Free points with mutual distances near ``size``: quadtree candidates, thinned greedily."""
    low, high = outer.points.min(axis=0), outer.points.max(axis=0)
    cell = float((high - low).max()) / 16
    axis = (np.arange(16) + 0.5) * cell
    cells = np.column_stack([a.ravel() for a in np.meshgrid(low[0] + axis, low[1] + axis)])
    leaves: list[Points] = []
    while len(cells):
        split = cell > 0.55 * size(cells)
        leaves.append(cells[~split])
        parent = cells[split]
        cell /= 2
        quarter = 0.5 * cell * np.array([[-1, -1], [1, -1], [-1, 1], [1, 1]])
        cells = (parent[:, None] + quarter).reshape(-1, 2)
    candidate = np.concatenate(leaves)
    candidate = candidate[shapely.contains_xy(shapely.Polygon(outer.points), candidate)]
    wanted = size(candidate)
    clear = cKDTree(fixed).query(candidate)[0] > 0.75 * wanted
    candidate, wanted = candidate[clear], wanted[clear]
    order = np.argsort(wanted, kind="stable")
    candidate, wanted = candidate[order], wanted[order]
    close = cKDTree(candidate).query_ball_point(candidate, 0.82 * wanted)
    alive = np.ones(len(candidate), dtype=bool)
    for i, neighbours in enumerate(close):
        if alive[i]:
            alive[neighbours] = False
            alive[i] = True
    chosen: Points = candidate[alive]
    return chosen


def _relax(fixed: Points, free: Points, size: Size, outer: Contour, steps: int = 24) -> Points:
    """Let repelling springs of rest length ~1.2 x size even out the free points."""
    boundary = shapely.Polygon(outer.points)
    edges = np.zeros((0, 2), dtype=np.int64)
    n = len(fixed)
    for step in range(steps):
        points = np.vstack([fixed, free])
        if step % 3 == 0:
            edges = _edges(Delaunay(points).simplices)
        bar = points[edges[:, 0]] - points[edges[:, 1]]
        length = np.linalg.norm(bar, axis=1)
        wanted = size(0.5 * (points[edges[:, 0]] + points[edges[:, 1]]))
        rest = 1.2 * wanted * np.sqrt(np.sum(length**2 / wanted**2) / len(length))
        force = np.maximum(rest - length, 0.0)[:, None] * bar / length[:, None]
        total = np.zeros_like(points)
        for axis in (0, 1):
            total[:, axis] = np.bincount(edges[:, 0], force[:, axis], len(points)) - np.bincount(
                edges[:, 1], force[:, axis], len(points)
            )
        moved = free + 0.2 * total[n:]
        inside = shapely.contains_xy(boundary, moved)
        free = np.where(inside[:, None], moved, free)
    return free


def _edges(triangles: Index) -> Index:
    """Unique undirected edges [E, 2] of triangles [T, 3]."""
    pairs = np.sort(triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1).astype(np.int64)
    top = int(pairs.max()) + 1
    code = np.unique(pairs[:, 0] * top + pairs[:, 1])
    return np.column_stack([code // top, code % top])


def _keep_edges(
    fixed: Points, free: Points, loops: list[Index]
) -> tuple[Points, Index, list[Index]]:
    """Delaunay in which every edge of every loop appears; missing edges are halved."""
    for _ in range(40):
        free = _outside_diametral(fixed, free, loops)
        points = np.vstack([fixed, free])
        triangles = Delaunay(points).simplices
        there = _edges(triangles)
        top = len(points)
        codes = there[:, 0] * top + there[:, 1]
        grown: list[Index] = []
        added: list[Points] = []
        count = len(fixed)
        for loop in loops:
            following = np.roll(loop, -1)
            low, high = np.minimum(loop, following), np.maximum(loop, following)
            lost = ~np.isin(low * top + high, codes)
            new = np.full(len(loop), -1)
            new[lost] = count + np.arange(int(lost.sum()))
            count += int(lost.sum())
            added.append(0.5 * (fixed[loop[lost]] + fixed[following[lost]]))
            merged = np.column_stack([loop, new]).ravel()
            grown.append(merged[merged >= 0])
        if count == len(fixed):
            return points, triangles.astype(np.int64), loops
        fixed = np.vstack([fixed, *added])
        loops = grown
    raise GeometryError(
        "two contours lie too close to be meshed; leave a gap of at least 5 um between them"
    )


def _outside_diametral(fixed: Points, free: Points, loops: list[Index]) -> Points:
    """The free points that lie in no contour edge's diametral circle."""
    a = np.concatenate(loops)
    b = np.concatenate([np.roll(loop, -1) for loop in loops])
    middle = 0.5 * (fixed[a] + fixed[b])
    radius = 0.5 * np.linalg.norm(fixed[a] - fixed[b], axis=1)
    if not len(free):
        return free
    hits = cKDTree(free).query_ball_point(middle, 1.05 * radius)
    keep = np.ones(len(free), dtype=bool)
    for inside in hits:
        keep[inside] = False
    return free[keep]


def _regions(points: Points, triangles: Index, loops: list[Index]) -> Index:
    """Innermost loop around every triangle's centroid; -1 outside the last loop."""
    centroid = points[triangles].mean(axis=1)
    polygons = [shapely.Polygon(points[loop]) for loop in loops]
    region = np.full(len(triangles), -1, dtype=np.int64)
    for i in sorted(range(len(loops)), key=lambda i: -polygons[i].area):
        region[shapely.contains_xy(polygons[i], centroid)] = i
    return region
