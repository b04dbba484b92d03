"""How much patients differ on a trial's endpoint, and how much their change does."""

from __future__ import annotations

import math
from functools import cache

from vagus.body.conditions import condition
from vagus.data import Row, read_table
from vagus.trial.design import Design
from vagus.trial.settings import scoring

PER_POINT = {"vas": 10.0, "gcps": 10.0}
"""Endpoints on the scale of the condition's outcome, but for a factor."""


def endpoint_sd(design: Design) -> float:
    """SD between patients of a design's endpoint before treatment, in its unit.

    That of the condition's outcome; where the endpoint is on another scale: ``endpoint_sd.csv``.
    """
    own = _own(design.endpoint).get("sd")
    if own:
        return float(own)
    return PER_POINT.get(design.endpoint, 1.0) * condition(design.condition).sd


def change_sd(design: Design) -> float:
    """SD between patients of the change of a design's endpoint, in its unit.

    As published standard errors of trials imply, where ``endpoint_sd.csv`` has it: counts of days
    scatter more than a rating does. Else sd sqrt(2 (1 - r)), r the correlation of ratings over some
    weeks.
    """
    own = _own(design.endpoint).get("change_sd")
    if own:
        return float(own)
    return endpoint_sd(design) * math.sqrt(2 * (1 - scoring("rating_correlation")))


@cache
def _own(endpoint: str) -> Row:
    """The row of ``endpoint``; empty where it has none."""
    rows = {row["endpoint"]: row for row in read_table("trial/endpoint_sd.csv")}
    return rows.get(endpoint, {})
