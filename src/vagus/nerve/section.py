"""What is cut through: the nerve's outline and its fascicles, in micrometres."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from shapely.geometry import Polygon

Points = NDArray[np.float64]


@dataclass(frozen=True)
class Fascicle:
    """One bundle of fibres.

    ``inner_um``: [K, 2] vertices of the endoneurium's boundary (inner perineurium),
    counter-clockwise, not closed. ``perineurium_um``: measured thickness of its perineurium, or
    None where only a rule can say (see `vagus.field`).
    """

    inner_um: Points
    perineurium_um: float | None = None

    @cached_property
    def polygon(self) -> Polygon:
        """The endoneurium as a shapely polygon."""
        return Polygon(self.inner_um)

    @property
    def area_um2(self) -> float:
        """Area inside the perineurium."""
        return float(self.polygon.area)

    @property
    def diameter_um(self) -> float:
        """Diameter of the circle of the same area."""
        return equivalent_diameter(self.area_um2)

    @property
    def centroid_um(self) -> Points:
        """[2] centroid."""
        return np.array(self.polygon.centroid.coords[0])


@dataclass(frozen=True)
class CrossSection:
    """A nerve in cross-section; the origin is the centroid of the outline.

    ``outline_um``: [K, 2] vertices of the epineurium's outer boundary, counter-clockwise, not
    closed.
    """

    name: str
    outline_um: Points
    fascicles: tuple[Fascicle, ...]
    source: str = ""
    licence: str = ""
    notes: tuple[str, ...] = field(default=())

    @cached_property
    def polygon(self) -> Polygon:
        """The whole nerve as a shapely polygon."""
        return Polygon(self.outline_um)

    @property
    def area_um2(self) -> float:
        """Area of the whole nerve."""
        return float(self.polygon.area)

    @property
    def diameter_um(self) -> float:
        """Effective diameter: that of the circle of the same area."""
        return equivalent_diameter(self.area_um2)

    @property
    def enclosing_diameter_um(self) -> float:
        """Diameter of the smallest circle around the nerve: the least lumen of a round cuff."""
        return 2 * float(shapely.minimum_bounding_radius(self.polygon))

    @property
    def fascicular_area_um2(self) -> float:
        """Sum of the fascicles' areas, inside their perineuria."""
        return sum(f.area_um2 for f in self.fascicles)

    def fascicle_at(self, x_um: ArrayLike, y_um: ArrayLike) -> NDArray[np.int64]:
        """Index of the fascicle that holds each point; -1 where there is none."""
        x, y = np.broadcast_arrays(np.asarray(x_um, float), np.asarray(y_um, float))
        found = np.full(x.shape, -1, dtype=np.int64)
        for i, fascicle in enumerate(self.fascicles):
            shapely.prepare(fascicle.polygon)
            found[shapely.contains_xy(fascicle.polygon, x, y)] = i
        return found

    def contains(self, x_um: ArrayLike, y_um: ArrayLike) -> NDArray[np.bool_]:
        """True where a point lies inside the nerve's outline."""
        shapely.prepare(self.polygon)
        inside: NDArray[np.bool_] = shapely.contains_xy(
            self.polygon, np.asarray(x_um, float), np.asarray(y_um, float)
        )
        return inside

    def centred(self) -> CrossSection:
        """The same section moved so that the origin is the centroid of its outline."""
        shift = np.array(self.polygon.centroid.coords[0])
        return replace(
            self,
            outline_um=self.outline_um - shift,
            fascicles=tuple(replace(f, inner_um=f.inner_um - shift) for f in self.fascicles),
        )


def equivalent_diameter(area_um2: float) -> float:
    """Diameter of the circle of that area."""
    return float(2.0 * np.sqrt(area_um2 / np.pi))


def counter_clockwise(points_um: ArrayLike) -> Points:
    """[K, 2] vertices, closing vertex dropped, in counter-clockwise order."""
    points = np.asarray(points_um, dtype=float)
    if len(points) > 1 and np.array_equal(points[0], points[-1]):
        points = points[:-1]
    x, y = points.T
    twice_area = float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y))
    return np.ascontiguousarray(points[::-1] if twice_area < 0 else points)


def with_area(points_um: Points, area_um2: float) -> Points:
    """The contour scaled about its centroid to that area.

    A contour of few straight edges loses area, which biases a potential; this gives it back.
    """
    polygon = Polygon(points_um)
    centre = np.array(polygon.centroid.coords[0])
    scaled: Points = centre + (points_um - centre) * np.sqrt(area_um2 / polygon.area)
    return scaled
