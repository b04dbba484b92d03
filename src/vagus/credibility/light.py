"""One line of the traffic light, and the rule that tells colours apart by distance.

Green: inside what was held out and reproduced. Amber: near it, or compared only where the result
was known or missed. Red: beyond. Grey: it cannot be said. Colours follow nested intervals, so that
a value that moves outward never gets a better one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from vagus.data import Row, read_table

Colour = Literal["green", "amber", "red", "grey"]
RANK: dict[Colour, int] = {"green": 0, "grey": 1, "amber": 1, "red": 2}
ROUNDING = 1e-9


@dataclass(frozen=True)
class Light:
    """How far one ``dimension`` of a study lies from anything validated.

    ``asked``: what the study has; ``validated``: what was compared; ``reason``: why this colour;
    ``source``: where what was compared stands.
    """

    dimension: str
    asked: str
    validated: str
    colour: Colour
    reason: str
    source: str


@dataclass(frozen=True)
class Span:
    """Least and greatest of a quantity that was compared; 0 or above."""

    low: float
    high: float

    def widened(self, factor: float) -> Span:
        """From ``low`` over ``factor`` to ``high`` times ``factor``."""
        return Span(self.low / factor, self.high * factor)

    def holds(self, value: float) -> bool:
        """Whether ``value`` lies inside, but for rounding."""
        slack = ROUNDING * max(1.0, abs(value))
        return self.low - slack <= value <= self.high + slack

    def ratio(self, value: float) -> float:
        """How many times beyond the nearer end: 1 inside, inf beyond an end that is 0."""
        if self.holds(value):
            return 1.0
        end, beyond = (self.low, value) if value < self.low else (value, self.high)
        return end / beyond if beyond > 0 else math.inf


def span(values: Sequence[float]) -> Span | None:
    """The span of ``values``; None where there are none."""
    return Span(min(values), max(values)) if values else None


def worst(*colours: Colour) -> Colour:
    """The worst of them; grey counts as amber, and is told as amber where one is."""
    found = max(colours, key=lambda c: (RANK[c], c == "amber"))
    return "amber" if found == "grey" else found


def by_distance(value: float, held: Span | None, known: Span, factor: float) -> Colour:
    """Green inside ``held``, amber inside ``known`` or within ``factor`` of it, else red.

    ``known`` spans all that was compared, ``held`` that part of it which was held out and
    reproduced.
    """
    if held is not None and held.holds(value):
        return "green"
    return "amber" if known.widened(factor).holds(value) else "red"


def near(dimension: str) -> tuple[float, str]:
    """The factor up to which a value counts as near, and why (`near.csv`; all are assumed)."""
    row = _rows("near", "dimension")[dimension]
    return float(row["factor"]), f"{row['reason']}"


def said(key: str) -> tuple[str, str]:
    """A fixed statement of `applicability.csv` and its source."""
    row = _rows("applicability", "key")[key]
    return row["text"], row["source"]


def known_range(quantity: str) -> Row:
    """A row of `ranges.csv`: what was compared apart from single trials."""
    return _rows("ranges", "quantity")[quantity]


@cache
def _rows(table: str, column: str) -> dict[str, Row]:
    return {row[column]: row for row in read_table(f"credibility/{table}.csv")}
