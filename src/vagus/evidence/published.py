"""Published meta-analyses, and the same pooled again from the shipped rows, as far as they go."""

from __future__ import annotations

import math
from dataclasses import dataclass

from vagus.data import read_table
from vagus.evidence.cell import Cell
from vagus.evidence.endpoints import MEASURES
from vagus.evidence.pooled import Pooled
from vagus.evidence.synthesis import synthesise
from vagus.evidence.tables import Line, evidence


@dataclass(frozen=True)
class Published:
    """A published pooled estimate as read: cells for estimate and bounds.

    ``controlled``: False for pre-post meta-analyses, which are not effects of stimulation.
    """

    key: str
    scope: str
    measure: str
    estimate: Cell
    low: Cell
    high: Cell
    i2: Cell
    source: str
    note: str

    @property
    def controlled(self) -> bool:
        """Whether arms were compared."""
        return "no control" not in self.note and self.measure != "rate"


@dataclass(frozen=True, eq=False)
class Rebuilt:
    """A published estimate beside the shipped rows pooled the same way.

    ``estimate``, ``low``, ``high`` as published (ratios, not logarithms); ``trials``: keys pooled;
    ``missing``: what keeps it from being the same analysis.
    """

    published: Published
    pooled: Pooled
    estimate: float
    low: float
    high: float
    trials: tuple[str, ...]
    missing: str


def published() -> tuple[Published, ...]:
    """All published pooled estimates, in the order of the table."""
    return tuple(_published(line) for line in evidence().meta_analyses)


def rebuilt(key: str = "") -> tuple[Rebuilt, ...]:
    """Published estimates that the shipped rows allow to pool again (``rebuilt.csv``).

    ``key``: those of one endpoint, "" for all.
    """
    known = {one.key: one for one in published()}
    found = []
    for row in read_table("evidence/rebuilt.csv"):
        if key not in ("", row["endpoint"]):
            continue
        made = synthesise(
            row["endpoint"], measure=row["measure"], condition=row["condition"],
            device_class=row["device_class"], tau2=row["method"],
        )  # fmt: skip
        pooled = made.pooled
        read = math.exp if MEASURES[row["measure"]].startswith("log ") else float
        estimate, low, high = (read(x) for x in (pooled.estimate, pooled.low, pooled.high))
        found.append(
            Rebuilt(
                known[row["meta_analysis"]], pooled, estimate, low, high, made.effects.labels,
                row["missing"],
            )
        )  # fmt: skip
    return tuple(found)


def _published(line: Line) -> Published:
    return Published(
        line["key"], line["scope"], line["measure"], line.cell("estimate"), line.cell("ci_low"),
        line.cell("ci_high"), line.cell("i2"), line["source_key"], line["note"],
    )  # fmt: skip
