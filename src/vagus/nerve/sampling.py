"""From published counts to single fibres: how many of each kind, how thick, and where.

Counts come from largest-remainder rounding, so they add up to the total and do not depend on the
seed. Diameters are truncated normals, one per size class; positions are uniform over the fascicles,
a fibre's radius or more from the perineurium. Published conflicts are named alternatives: see
``data/nerve/populations.csv``; what nobody published is marked ``assumed`` there.

What is left out: the auricular branch (it leaves above the neck), sorting of functions into
fascicles (known in pigs only), bundles of unmyelinated fibres, and that no two fibres overlap.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import cache

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from vagus.data import Row, read_table
from vagus.errors import GeometryError, InputError
from vagus.nerve.population import FibrePopulation
from vagus.nerve.section import CrossSection

SIDES = ("left", "right")
MYELINATED_SIZES = ("large", "medium", "small")
MAX_ROUNDS = 2000


@dataclass(frozen=True)
class GroupCount:
    """How many fibres of one functional group, fibre class and size class there are."""

    group: str
    fibre_class: str
    size_class: str
    afferent: bool
    fibres: int


def alternatives() -> tuple[str, ...]:
    """Names of the published views of how many fibres there are, in the table's order."""
    return tuple(dict.fromkeys(row["alternative"] for row in read_table("nerve/populations.csv")))


def sample_population(
    section: CrossSection,
    alternative: str = "kronsteiner-2024",
    side: str = "left",
    seed: int = 0,
    n_fibres: int | None = None,
) -> FibrePopulation:
    """Draw the fibres of a cervical vagus into the section's fascicles.

    ``n_fibres``: a smaller (or larger) number with the same shares; None for the published total.
    The same arguments give the same fibres, bit for bit. Raises `InputError` for an unknown
    alternative or side and a count below 1, `GeometryError` when no fascicle is wide enough.
    """
    counts = group_counts(alternative, side, n_fibres)
    if not isinstance(seed, int | np.integer) or seed < 0:
        raise InputError("seed", seed, "whole numbers from 0")
    # One stream per purpose: more fibres of one kind do not change another kind's diameters.
    diameter_stream, place_stream = np.random.SeedSequence(int(seed)).spawn(2)
    streams = diameter_stream.spawn(len(counts))
    diameter = np.concatenate(
        [_diameters(c, np.random.default_rng(s)) for c, s in zip(counts, streams, strict=True)]
    )
    x, y, fascicle = _positions(section, diameter, np.random.default_rng(place_stream))
    repeats = [c.fibres for c in counts]
    return FibrePopulation(
        group=np.repeat([c.group for c in counts], repeats),
        fibre_class=np.repeat([c.fibre_class for c in counts], repeats),
        diameter_um=diameter,
        x_um=x,
        y_um=y,
        fascicle=fascicle,
        myelinated=np.repeat([c.size_class in MYELINATED_SIZES for c in counts], repeats),
        afferent=np.repeat([c.afferent for c in counts], repeats),
    )


def group_counts(
    alternative: str = "kronsteiner-2024", side: str = "left", n_fibres: int | None = None
) -> tuple[GroupCount, ...]:
    """How many fibres of each kind; they add up to ``n_fibres`` or to the published total.

    The size classes fix how many fibres are large, medium, small and unmyelinated; the vagal
    efferents and the sympathetic fibres take their parts of them; the rest is afferent.
    """
    values = _alternative(alternative, side)
    total = round(values["total fibre count"]) if n_fibres is None else n_fibres
    if not isinstance(total, int | np.integer) or total < 1:
        raise InputError("n_fibres", n_fibres, "whole numbers from 1, or None for all")
    rows = read_table("nerve/functional_groups.csv")
    share = _shares(values, rows)
    fibres = _largest_remainder(share, int(total))
    return tuple(
        GroupCount(r["group"], r["fibre_class"], r["size_class"], r["direction"] == "afferent", n)
        for r, n in zip(rows, fibres, strict=True)
    )


def _alternative(name: str, side: str) -> dict[str, float]:
    if name not in alternatives():
        near = difflib.get_close_matches(name, alternatives(), n=1, cutoff=0.3)
        fix = f"Did you mean `{near[0]}`?" if near else ""
        raise InputError("alternative", f"`{name}`", ", ".join(alternatives()), fix)
    if side not in SIDES:
        raise InputError("side", f"`{side}`", " or ".join(SIDES))
    return {
        row["quantity"]: float(row["value"])
        for row in read_table("nerve/populations.csv")
        if row["alternative"] == name and row["side"] in (side, "both")
    }


def _shares(values: dict[str, float], rows: tuple[Row, ...]) -> NDArray[np.float64]:
    """Each row's share of all fibres; they add up to 1."""
    whole = sum(
        values[f"{kind} fraction"] for kind in ("sensory", "vagal efferent", "sympathetic")
    )  # 99.9 to 100.1 % as published
    pools = {
        "vagal efferent": values["vagal efferent fraction"] / whole,
        "sympathetic": values["sympathetic fraction"] / whole,
    }
    myelinated = values["myelinated fraction"] / 100
    left = {
        size: myelinated * _size(size)["share of myelinated"] / 100 for size in MYELINATED_SIZES
    }
    left["unmyelinated"] = 1 - myelinated
    share = np.zeros(len(rows))
    for i, row in enumerate(rows):
        if row["pool"] in pools:
            share[i] = pools[row["pool"]] * float(row["share"]) / 100
            left[row["size_class"]] -= share[i]
    for i, row in enumerate(rows):
        if row["pool"] not in pools:
            share[i] = left[row["size_class"]] * float(row["share"]) / 100
    return share


@cache
def _size(size_class: str) -> dict[str, float]:
    table = read_table("nerve/fibre_diameters.csv")
    return {r["quantity"]: float(r["value"]) for r in table if r["size_class"] == size_class}


def _largest_remainder(share: NDArray[np.float64], total: int) -> list[int]:
    exact = share / share.sum() * total
    counts = np.floor(exact).astype(np.int64)
    # Ties go to the earlier row, so that rounding never depends on the platform's sort.
    order = np.argsort(-(exact - counts), kind="stable")
    counts[order[: total - int(counts.sum())]] += 1
    return [int(n) for n in counts]


def _diameters(count: GroupCount, rng: np.random.Generator) -> NDArray[np.float64]:
    """Truncated normal by inversion: F(d) uniform between F(minimum) and F(maximum)."""
    size = _size(count.size_class)
    low, high = size["minimum diameter"], size["maximum diameter"]
    mean, sd = size["mean diameter"], size["standard deviation"]
    below, above = ndtr((low - mean) / sd), ndtr((high - mean) / sd)
    drawn = mean + sd * ndtri(below + (above - below) * rng.random(count.fibres))
    clipped: NDArray[np.float64] = np.clip(drawn, low, high)
    return clipped


def _positions(
    section: CrossSection, diameter_um: NDArray[np.float64], rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Uniform over all fascicles, each fibre its radius or more inside, by rejection from boxes."""
    polygons = [f.polygon for f in section.fascicles]
    radius = diameter_um / 2
    widest = float(radius.max())
    if all(p.buffer(-widest).is_empty for p in polygons):
        raise GeometryError(
            f"cross-section `{section.name}`: a fibre of {2 * widest:.4g} um fits into none of its "
            f"{len(polygons)} fascicles; enlarge them, or check the scale."
        )
    bounds = np.array([p.bounds for p in polygons])
    size = bounds[:, 2:] - bounds[:, :2]
    chance = np.cumsum(size[:, 0] * size[:, 1])
    # Where even the thickest fibre fits, the distance to the contour need not be known.
    cores = [p.buffer(-1.01 * widest) for p in polygons]
    for geometry in (*polygons, *cores):
        shapely.prepare(geometry)
    xy = np.empty((len(radius), 2))
    fascicle = np.empty(len(radius), dtype=np.int64)
    pending = np.arange(len(radius))
    for _ in range(MAX_ROUNDS):
        if not len(pending):
            return xy[:, 0].copy(), xy[:, 1].copy(), fascicle
        u = rng.random((len(pending), 3))
        which = np.searchsorted(chance, u[:, 0] * chance[-1], side="right")
        xy[pending] = bounds[which, :2] + u[:, 1:] * size[which]
        fascicle[pending] = which
        placed = np.zeros(len(pending), dtype=bool)
        for k, (polygon, core) in enumerate(zip(polygons, cores, strict=True)):
            here = np.flatnonzero(which == k)
            at, r = xy[pending[here]], radius[pending[here]]
            placed[here] = _fits(polygon, core, at, r)
        pending = pending[~placed]
    raise GeometryError(
        f"cross-section `{section.name}`: {len(pending)} fibres found no place in {MAX_ROUNDS} "
        "draws; its fascicles are too narrow for the thickest fibres."
    )


def _fits(
    polygon: shapely.Polygon,
    core: shapely.Geometry,
    xy_um: NDArray[np.float64],
    radius_um: NDArray[np.float64],
) -> NDArray[np.bool_]:
    fits: NDArray[np.bool_] = shapely.contains_xy(core, xy_um[:, 0], xy_um[:, 1])
    rest = np.flatnonzero(~fits)
    rest = rest[shapely.contains_xy(polygon, xy_um[rest, 0], xy_um[rest, 1])]
    distance = shapely.distance(polygon.exterior, shapely.points(xy_um[rest]))
    fits[rest] = distance >= radius_um[rest]
    return fits
