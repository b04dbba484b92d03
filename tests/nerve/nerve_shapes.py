"""Sections drawn by hand, so that every area is known."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vagus.nerve import CrossSection, Fascicle


def square(x: float, y: float, side: float) -> NDArray[np.float64]:
    """Counter-clockwise square centred on (x, y)."""
    half = side / 2
    corners = [[-half, -half], [half, -half], [half, half], [-half, half]]
    return np.array(corners) + np.array([x, y])


def ring(x: float, y: float, diameter: float, vertices: int = 60) -> NDArray[np.float64]:
    """Counter-clockwise regular polygon."""
    a = np.linspace(0, 2 * np.pi, vertices, endpoint=False)
    return np.column_stack([x + diameter / 2 * np.cos(a), y + diameter / 2 * np.sin(a)])


def nerve(*fascicles: NDArray[np.float64], side: float = 1000.0) -> CrossSection:
    """A square nerve with these fascicles."""
    return CrossSection("drawn", square(0, 0, side), tuple(Fascicle(f) for f in fascicles))
