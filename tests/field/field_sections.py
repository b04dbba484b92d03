"""Sections for the tests: round and irregular nerves, a cuff that fits them."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from vagus.field import Cuff, Strip
from vagus.nerve.section import CrossSection, Fascicle

Array = NDArray[np.float64]


def ring(x: float, y: float, radius: float, points: int = 120) -> Array:
    turn = 2 * np.pi * np.arange(points) / points
    return np.column_stack([x + radius * np.cos(turn), y + radius * np.sin(turn)])


def three_fascicles() -> CrossSection:
    inside = [(300.0, 200.0, 350.0), (-500.0, 100.0, 250.0), (0.0, -550.0, 150.0)]
    return CrossSection("three", ring(0, 0, 1000.0), tuple(Fascicle(ring(*f)) for f in inside))


def two_patches(inner_diameter_um: float = 2200.0) -> Cuff:
    return Cuff(
        "patches", inner_diameter_um, 800.0,
        (Strip("tube", 0.0, 8000.0),),
        (Strip("cranial", 2500.0, 1000.0, 90.0), Strip("caudal", -2500.0, 1000.0, 90.0)),
        (-1.0, 1.0),
    )  # fmt: skip


def irregular(seed: int, count: int) -> CrossSection:
    """A wobbly nerve with up to ``count`` wobbly fascicles, some only a few micrometres apart."""
    rng = np.random.default_rng(seed)
    outline = shapely.Polygon(_wobbly(rng, 0.0, 0.0, rng.uniform(600, 1800), 0.12))
    size = float(np.sqrt(outline.area / np.pi))
    taken: list[shapely.Polygon] = []
    for _ in range(60 * count):
        if len(taken) == count:
            break
        radius = size * rng.uniform(0.05, 0.9 / np.sqrt(count + 1.0))
        x, y = rng.uniform(-size, size, 2)
        polygon = shapely.Polygon(_wobbly(rng, x, y, radius, 0.15))
        apart = rng.uniform(4.0, 30.0)
        if outline.buffer(-apart).contains(polygon) and all(
            p.distance(polygon) > apart for p in taken
        ):
            taken.append(polygon)
    if not taken:
        taken = [shapely.Polygon(_wobbly(rng, 0.0, 0.0, 0.5 * size, 0.1))]
    points = [np.array(p.exterior.coords[:-1]) for p in (outline, *taken)]
    return CrossSection(f"irregular-{seed}", points[0], tuple(Fascicle(p) for p in points[1:]))


def _wobbly(rng: np.random.Generator, x: float, y: float, radius: float, depth: float) -> Array:
    turn = 2 * np.pi * np.arange(90) / 90
    bend = np.zeros_like(turn)
    for k in (2, 3, 4, 5):
        bend += depth / k * rng.uniform(-1, 1) * np.cos(k * turn + rng.uniform(0, 2 * np.pi))
    r = radius * (1 + bend)
    return np.column_stack([x + r * np.cos(turn), y + r * np.sin(turn)])
