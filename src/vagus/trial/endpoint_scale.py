"""How much patients differ on a trial's endpoint, and how much their change does."""

from __future__ import annotations

import math

from vagus.body.conditions import condition
from vagus.data import read_table
from vagus.trial.design import Design
from vagus.trial.settings import scoring

PER_POINT = {"vas": 10.0, "gcps": 10.0}
"""Endpoints on the scale of the condition's outcome, but for a factor."""


def endpoint_sd(design: Design) -> float:
    """SD between patients of a design's endpoint before treatment, in its unit.

    That of the condition's outcome; where the endpoint is on another scale: ``endpoint_sd.csv``.
    """
    own = {row["endpoint"]: float(row["sd"]) for row in read_table("trial/endpoint_sd.csv")}
    if design.endpoint in own:
        return own[design.endpoint]
    return PER_POINT.get(design.endpoint, 1.0) * condition(design.condition).sd


def change_sd(sd: float) -> float:
    """SD between patients of a change: sd sqrt(2 (1 - r)), r the correlation over some weeks."""
    return sd * math.sqrt(2 * (1 - scoring("rating_correlation")))
