"""Cuffs: insulating strips and contacts on a circular lumen, straight or wound as helices.

Axes: z along the nerve, +z cranial, z = 0 at the cuff's middle; angles count from +x towards +y.
Contacts are equipotential, without thickness, on the lumen's wall.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace

import numpy as np
import shapely
from numpy.typing import NDArray

from vagus.data import read_table
from vagus.errors import GeometryError, InputError
from vagus.nerve.section import CrossSection

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Strip:
    """A band on the lumen's wall: a ring, a patch, a tube or a helix.

    At the angle t its middle lies at ``z_um + pitch_um (t - angle_deg) / 360``, for t within
    ``arc_deg / 2`` of ``angle_deg`` (more than 360 for a helix of several turns); it is
    ``width_um`` wide along z.
    """

    name: str
    z_um: float
    width_um: float
    arc_deg: float = 360.0
    angle_deg: float = 0.0
    pitch_um: float = 0.0

    def __post_init__(self) -> None:
        if not (np.isfinite(self.width_um) and self.width_um > 0):
            raise InputError("width_um", self.width_um, "> 0", f"Mend `{self.name}`.")
        if not self.arc_deg > 0 or (self.pitch_um == 0 and self.arc_deg > 360):
            raise InputError(
                "arc_deg", self.arc_deg, "(0, 360], more only with a pitch", f"Mend `{self.name}`."
            )

    @property
    def extent_um(self) -> tuple[float, float]:
        """Lowest and highest z."""
        half = 0.5 * self.width_um + abs(self.pitch_um) * self.arc_deg / 720.0
        return self.z_um - half, self.z_um + half

    @property
    def ends_deg(self) -> tuple[float, ...]:
        """Angles of its two ends; none for a full ring."""
        if self.arc_deg >= 360.0 and self.pitch_um == 0:
            return ()
        return self.angle_deg - 0.5 * self.arc_deg, self.angle_deg + 0.5 * self.arc_deg

    def cover(self, angle_deg: Array, low_um: Array, high_um: Array) -> Array:
        """Part (0 to 1) of the z intervals [low, high] that it covers at the given angles."""
        turns = int(np.ceil(self.arc_deg / 360.0)) + 1
        base = (angle_deg - self.angle_deg + 180.0) % 360.0 - 180.0
        covered = np.zeros(np.broadcast(angle_deg, low_um).shape)
        for turn in range(-turns, turns + 1):
            t = base + 360.0 * turn
            middle = self.z_um + self.pitch_um * t / 360.0
            overlap = np.minimum(high_um, middle + 0.5 * self.width_um) - np.maximum(
                low_um, middle - 0.5 * self.width_um
            )
            # a half-open arc, so that a full ring counts each angle once
            within = (t >= -0.5 * self.arc_deg - 1e-9) & (t < 0.5 * self.arc_deg - 1e-9)
            covered += np.where(within, np.maximum(overlap, 0.0), 0.0)
        part: Array = np.minimum(covered / (high_um - low_um), 1.0)
        return part


@dataclass(frozen=True)
class Cuff:
    """An insulating cuff with contacts.

    ``inner_diameter_um``: of the lumen at rest; ``thickness_um``: of the insulation;
    ``weights``: usual share of the stimulus current per contact, the sign that of the current
    (negative = cathode during a positive phase); ``expands``: it opens to fit a larger nerve,
    leaving ``gap_um``; ``larger``: the next size that a surgeon would take.
    """

    name: str
    inner_diameter_um: float
    thickness_um: float
    insulators: tuple[Strip, ...]
    contacts: tuple[Strip, ...]
    weights: tuple[float, ...]
    gap_um: float = 50.0
    expands: bool = False
    larger: Cuff | None = None

    def __post_init__(self) -> None:
        for field in ("inner_diameter_um", "thickness_um", "gap_um"):
            value = getattr(self, field)
            if not (np.isfinite(value) and value > 0):
                raise InputError(field, value, "> 0 um", f"Mend the cuff `{self.name}`.")
        names = [c.name for c in self.contacts]
        if not names or len(set(names)) < len(names):
            raise InputError("contacts", names, "at least one, each with its own name")
        if len(self.weights) != len(names):
            raise InputError("weights", self.weights, f"{len(names)} values, one per contact")
        for contact in self.contacts:
            self._check_backed(contact)
        self._check_apart()

    def _grid(self, contact: Strip) -> tuple[Array, Array, Array]:
        """Angles and narrow z intervals that tile ``contact``, a hair inside its edges."""
        t = (np.arange(181) / 180.0 - 0.5) * contact.arc_deg * 0.999
        middle = contact.z_um + contact.pitch_um * t / 360.0
        low = middle[:, None] + contact.width_um * ((np.arange(8) / 8) - 0.5)
        return (contact.angle_deg + t)[:, None], low, low + contact.width_um / 8

    def _check_backed(self, contact: Strip) -> None:
        angle, low, high = self._grid(contact)
        backed = sum(s.cover(angle, low, high) for s in self.insulators)
        if float(np.min(backed)) < 0.999:
            reach = [tuple(round(v / 1e3, 3) for v in s.extent_um) for s in self.insulators]
            raise GeometryError(
                f"contact `{contact.name}` of cuff `{self.name}` (z "
                f"{contact.extent_um[0] / 1e3:.3f} to {contact.extent_um[1] / 1e3:.3f} mm) leaves "
                f"the insulation (z {reach} mm); move or shorten the contact, or lengthen the cuff"
            )

    def _check_apart(self) -> None:
        for i, a in enumerate(self.contacts):
            for b in self.contacts[i + 1 :]:
                if float(np.max(b.cover(*self._grid(a)))) > 1e-6:
                    raise GeometryError(
                        f"contacts `{a.name}` and `{b.name}` of cuff `{self.name}` overlap; "
                        "move them apart along z or around the nerve"
                    )

    @property
    def extent_um(self) -> tuple[float, float]:
        """Lowest and highest z of the insulation."""
        ends = [s.extent_um for s in self.insulators]
        return min(e[0] for e in ends), max(e[1] for e in ends)

    def fitted(self, section: CrossSection) -> Cuff:
        """The size of this cuff that holds ``section``.

        The smallest size with ``gap_um`` to spare; an expanding cuff opens when no size fits.
        Raises GeometryError when the nerve is too large.
        """
        radius = float(enclosing_circle(section.outline_um)[1])
        need = 2 * (radius + self.gap_um)
        if self.inner_diameter_um >= need:
            return self
        if self.larger is not None:
            return self.larger.fitted(section)
        if self.expands:
            return replace(self, inner_diameter_um=need)
        raise GeometryError(
            f"nerve `{section.name}` ({2 * radius / 1e3:.2f} mm across) does not fit into cuff "
            f"`{self.name}` (inner diameter {self.inner_diameter_um / 1e3:.2f} mm with a gap of "
            f"{self.gap_um:.0f} um); set `inner_diameter_um` to at least {need:.0f}, or "
            "`expands=True`"
        )


def enclosing_circle(outline_um: Array) -> tuple[Array, float]:
    """Centre [2] and radius of the smallest circle around an outline [K, 2]."""
    circle = shapely.minimum_bounding_circle(shapely.Polygon(outline_um))
    radius = float(shapely.minimum_bounding_radius(shapely.Polygon(outline_um)))
    centre = circle.centroid
    return np.array([centre.x, centre.y]), radius


def preset_names() -> tuple[str, ...]:
    """Names of the cuffs in `data/field/cuffs.csv`."""
    return tuple(dict.fromkeys(row["cuff"] for row in read_table("field/cuffs.csv")))


def preset(name: str) -> Cuff:
    """The cuff ``name`` of `data/field/cuffs.csv`, smallest size first.

    Raises InputError with the known names.
    """
    if name not in preset_names():
        raise InputError("cuff", name, ", ".join(preset_names()))
    sizes: dict[str, dict[str, dict[str, float]]] = defaultdict(lambda: defaultdict(dict))
    for row in read_table("field/cuffs.csv"):
        if row["cuff"] == name:
            sizes[row["size"]][row["part"]][row["quantity"]] = float(row["value"])
    cuff: Cuff | None = None
    for size in reversed(sizes):
        parts = dict(sizes[size])
        general = parts.pop("cuff")
        strips = {part: _strip(part, values) for part, values in parts.items()}
        contacts = [p for p in parts if "weight" in parts[p]]
        cuff = Cuff(
            name=name,
            inner_diameter_um=general["inner_diameter"],
            thickness_um=general["thickness"],
            insulators=tuple(s for p, s in strips.items() if p not in contacts),
            contacts=tuple(strips[p] for p in contacts),
            weights=tuple(parts[p]["weight"] for p in contacts),
            gap_um=general["gap"],
            expands=bool(general["expands"]),
            larger=cuff,
        )
    assert cuff is not None
    return cuff


def _strip(name: str, values: dict[str, float]) -> Strip:
    return Strip(
        name=name,
        z_um=values["z"],
        width_um=values["width"],
        arc_deg=values.get("arc", 360.0),
        angle_deg=values.get("angle", 0.0),
        pitch_um=values.get("pitch", 0.0),
    )
