"""Figures of the report: one function each, values in, a `Figure` out, no global state."""

from vagus.report.figures.comparison import published_and_predicted
from vagus.report.figures.field import (
    FieldProfile,
    PotentialMap,
    field_across,
    field_along,
    map_points,
)
from vagus.report.figures.recruitment import (
    group_intervals,
    recruitment_curves,
    threshold_against_diameter,
)
from vagus.report.figures.section import ContactDrawing, CuffDrawing, nerve_section
from vagus.report.figures.stimulus import stimulus
from vagus.report.figures.strength import strength_duration

__all__ = [
    "ContactDrawing",
    "CuffDrawing",
    "FieldProfile",
    "PotentialMap",
    "field_across",
    "field_along",
    "group_intervals",
    "map_points",
    "nerve_section",
    "published_and_predicted",
    "recruitment_curves",
    "stimulus",
    "strength_duration",
    "threshold_against_diameter",
]
