"""MRG fibres beside point sources, many at once: what several tests simulate."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vagus.fibre.mrg_geometry import mrg_geometry
from vagus.fibre.myelinated import MyelinatedFibres

Floats = NDArray[np.float64]


def beside(
    diameter_um: Floats,
    distance_um: Floats,
    nodes: int = 21,
    model: str = "mrg-interpolation",
    off_centre: Floats | float = 0.0,
) -> MyelinatedFibres:
    """Fibres in 1 S/m, each with its own source ``off_centre`` node spacings from the middle
    node."""
    geometry = mrg_geometry(model, np.asarray(diameter_um, float))
    z = geometry.centres_um(nodes)
    source = z[:, 11 * (nodes // 2)] + np.asarray(off_centre) * geometry.node_spacing_um
    r_m = np.hypot(np.asarray(distance_um)[:, None], z - source[:, None]) * 1e-6
    return MyelinatedFibres(model, geometry.diameter_um, nodes, 1 / (4 * np.pi * r_m))


def random_fibres(
    count: int, seed: int, nodes: int = 21, model: str = "mrg-interpolation"
) -> MyelinatedFibres:
    """Diameters, distances (0.2 to 3 mm) and places of the source drawn at random."""
    random = np.random.default_rng(seed)
    low, high = {"mrg-interpolation": (2.0, 16.0), "pena": (1.2, 5.7)}[model]
    diameter = random.choice(np.linspace(low, high, 24), count)
    distance = np.exp(random.uniform(np.log(200.0), np.log(3000.0), count))
    return beside(diameter, distance, nodes, model, random.uniform(-0.5, 0.5, count))
