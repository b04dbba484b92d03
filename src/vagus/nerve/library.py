"""Nerves by name: a traced human one, a generated human one, and the user's own from a file."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from vagus.data import read_table
from vagus.errors import InputError
from vagus.nerve.masks import section_from_masks
from vagus.nerve.polygons import section_from_polygons
from vagus.nerve.population import FibrePopulation
from vagus.nerve.sampling import sample_population
from vagus.nerve.section import (
    CrossSection,
    Fascicle,
    counter_clockwise,
    equivalent_diameter,
    with_area,
)
from vagus.nerve.synthetic import synthetic_section
from vagus.nerve.validate import validate_section


@dataclass(frozen=True)
class Nerve:
    """A cross-section and the fibres that run through it."""

    section: CrossSection
    population: FibrePopulation

    @cached_property
    def packing(self) -> float:
        """Area of all fibres over area of all fascicles; above about 0.8 they cannot fit.

        1 would leave no room between fibres; circles of one size fill at most 0.91.
        """
        fibres = float(np.sum(self.population.diameter_um**2)) * np.pi / 4
        return fibres / self.section.fascicular_area_um2

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know of this nerve before trusting a figure drawn from it."""
        if self.packing <= 0.8:
            return self.section.notes
        crowded = (
            f"{len(self.population)} fibres would fill {100 * self.packing:.0f} % of the fascicles"
            ": count, diameters and section come from different nerves and do not fit each other"
        )
        return (*self.section.notes, crowded)


def human_cervical_sub57() -> CrossSection:
    """Three fascicles traced on a human vagus nerve (SPARC data set 65, subject 57).

    Every few vertices of the published contours were kept; each contour is then scaled to the area
    that all its vertices enclose. Perineurium thickness: half the difference of the equivalent
    diameters of the outer and the inner contour.
    """
    rows = read_table("nerve/sub57_contours.csv")
    contours = {
        name: np.array([[float(r["x_um"]), float(r["y_um"])] for r in rows if r["contour"] == name])
        for name in dict.fromkeys(r["contour"] for r in rows)
    }
    area = {
        (r["contour"], r["quantity"]): float(r["value"])
        for r in read_table("nerve/sub57_areas.csv")
    }
    outline = with_area(counter_clockwise(contours.pop("outline")), area["outline", "area"])
    fascicles = []
    for name, points in contours.items():
        inner, outer = area[name, "inner area"], area[name, "outer area"]
        thickness = 0.5 * (equivalent_diameter(outer) - equivalent_diameter(inner))
        fascicles.append(Fascicle(with_area(counter_clockwise(points), inner), thickness))
    section = CrossSection(
        name="human-cervical-sub57",
        outline_um=outline,
        fascicles=tuple(fascicles),
        source="SPARC data set 65 (doi:10.26275/ofja-ghoz; Pelot 2020), sub-57_sam-1.xml, "
        "as stored in SPARC-FAIR-Codeathon/oSPARC-VNS",
        licence="CC-BY 4.0 (the default of SPARC; to be confirmed for this data set)",
        notes=(
            "the file states neither the level nor the side of the section (male, over 90 years)",
            "its fascicular area, 0.12 mm2, lies below the range published for the cervical vagus, "
            "0.58 to 2.27 mm2 (Upadhye 2022): fibres are crowded",
            "coordinates are steps of the image's scale, 0.733 um per pixel; not corrected for "
            "shrinkage",
        ),
    )
    return validate_section(section.centred())


def human_cervical_10_fascicle() -> CrossSection:
    """Ten generated fascicles with the statistics of human cervical vagus nerves."""
    return synthetic_section(10, seed=10, name="human-cervical-10-fascicle")


LIBRARY: dict[str, Callable[[], CrossSection]] = {
    "human-cervical-sub57": human_cervical_sub57,
    "human-cervical-10-fascicle": human_cervical_10_fascicle,
}


def load_section(name_or_path: str | Path, um_per_px: float | None = None) -> CrossSection:
    """A section of the library by name, or one's own from a file.

    Files: polygons (.json, .csv) or one label image (.png, .tif, .tiff; ``um_per_px`` required).
    Raises `InputError` naming the nearest match when there is neither such a name nor such a file.
    """
    name = str(name_or_path)
    if name in LIBRARY:
        return LIBRARY[name]()
    path = Path(name_or_path)
    if not path.is_file():
        near = difflib.get_close_matches(name, LIBRARY, n=1, cutoff=0.0)
        raise InputError(
            "nerve",
            f"`{name}`",
            f"{', '.join(LIBRARY)}, or a file that exists (.json, .csv, .png, .tif)",
            f"Did you mean `{near[0]}`?",
        )
    if path.suffix.lower() in (".png", ".tif", ".tiff"):
        return section_from_masks(path, um_per_px=um_per_px)
    return section_from_polygons(path, um_per_px=um_per_px)


def load_nerve(
    name_or_path: str | Path,
    alternative: str = "kronsteiner-2024",
    side: str = "left",
    seed: int = 0,
    n_fibres: int | None = None,
    um_per_px: float | None = None,
) -> Nerve:
    """A section with its fibres: see `load_section` and `sample_population`."""
    section = load_section(name_or_path, um_per_px)
    return Nerve(section, sample_population(section, alternative, side, seed, n_fibres))
