"""Conductivities of the tissues and the rule for the perineurium's thickness."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

import numpy as np
import shapely
from numpy.typing import NDArray

from vagus.data import read_table
from vagus.errors import InputError
from vagus.nerve.section import CrossSection, Fascicle

PERINEURIUM_OHM_M = 1149.0
"""1 / (0.00087 S/m), direct current: Weerasuriya 1984, Pelot 2019 (ASCENT materials.json); seen."""


@dataclass(frozen=True)
class Conductivity:
    """Conductivity across and along the nerve, in S/m."""

    transverse: float
    longitudinal: float

    def __post_init__(self) -> None:
        for axis in ("transverse", "longitudinal"):
            value = getattr(self, axis)
            if not (np.isfinite(value) and value > 0):
                raise InputError(axis, value, "> 0 S/m")


def conductivity(name: str) -> Conductivity:
    """A row of `data/field/tissues.csv`; raises InputError with the known names."""
    table = {row["tissue"]: row for row in read_table("field/tissues.csv")}
    if name not in table:
        raise InputError("tissue", name, ", ".join(table))
    return Conductivity(float(table[name]["transverse"]), float(table[name]["longitudinal"]))


@dataclass(frozen=True)
class Tissue:
    """What conducts; every value can be overridden.

    ``fill``: between nerve and cuff (saline, or `conductivity("encapsulation")` for a chronic
    implant); ``surround``: everything outside, a grounded cylinder of ``domain_length_um`` and
    ``domain_radius_um``; ``perineurium_rule``: an id of `data/field/perineurium.csv`
    (t = slope d + offset, d the fascicle's equivalent diameter) or "measured" (the section's own
    thickness); the sheet's resistance is ``perineurium_ohm_m`` x thickness.
    """

    endoneurium: Conductivity = field(default_factory=lambda: conductivity("endoneurium"))
    epineurium: Conductivity = field(default_factory=lambda: conductivity("epineurium"))
    fill: Conductivity = field(default_factory=lambda: conductivity("saline"))
    surround: Conductivity = field(default_factory=lambda: conductivity("muscle"))
    perineurium_ohm_m: float = PERINEURIUM_OHM_M
    perineurium_rule: str = "human-fit"
    domain_length_um: float = 100_000.0
    domain_radius_um: float = 30_000.0

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, float | int) and not (np.isfinite(value) and value > 0):
                raise InputError(item.name, value, "> 0")
        if self.perineurium_rule not in perineurium_rules():
            raise InputError(
                "perineurium_rule", self.perineurium_rule, ", ".join(perineurium_rules())
            )

    def perineurium_um(self, fascicle: Fascicle) -> float:
        """Thickness of a fascicle's perineurium; InputError when "measured" but not given."""
        if self.perineurium_rule == "measured":
            if fascicle.perineurium_um is None or not fascicle.perineurium_um > 0:
                raise InputError(
                    "perineurium_um", fascicle.perineurium_um, "> 0 um in every fascicle",
                    'Choose another `perineurium_rule`, such as "human-fit".',
                )  # fmt: skip
            return fascicle.perineurium_um
        rows = {row["id"]: row for row in read_table("field/perineurium.csv")}
        row = rows[self.perineurium_rule]
        diameter = 2.0 * np.sqrt(shapely.Polygon(fascicle.inner_um).area / np.pi)
        return float(float(row["slope"]) * diameter + float(row["offset_um"]))

    def sheet_conductance(self, section: CrossSection) -> NDArray[np.float64]:
        """1 / (rho t) of every fascicle's perineurium, in S/m per mm."""
        thickness = np.array([self.perineurium_um(f) for f in section.fascicles])
        per_area = 1.0 / (self.perineurium_ohm_m * thickness * 1e-6)  # S/m2
        return per_area * 1e-3


def perineurium_rules() -> tuple[str, ...]:
    """Known rules for the thickness of the perineurium."""
    return (*(row["id"] for row in read_table("field/perineurium.csv")), "measured")
