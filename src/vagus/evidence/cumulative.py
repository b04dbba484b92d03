"""Cumulative meta-analysis: the pooled effect as it stood after each study.

Lau et al. (1992), N Engl J Med 327:248. The order is that of time of publication by custom; it is
not adjusted for looking repeatedly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vagus.errors import InputError
from vagus.evidence.effects import Effects
from vagus.evidence.knapp_hartung import Test
from vagus.evidence.pooled import Pooled, pool


@dataclass(frozen=True)
class UpTo:
    """What was ``pooled`` once the study ``label`` had been added to those before it."""

    label: str
    pooled: Pooled


def cumulative(
    effects: Effects,
    order: Sequence[int] | None = None,
    tau2: str = "REML",
    test: Test = "z",
    level: float = 0.95,
) -> tuple[UpTo, ...]:
    """[k] poolings of the first 1, 2 ... k studies in ``order`` (row numbers from 0; as given).

    The first is the first study itself. `InputError`: an order that is no permutation of the rows.
    """
    rows = list(range(effects.k)) if order is None else [int(i) for i in order]
    if sorted(rows) != list(range(effects.k)):
        raise InputError("order", rows, f"each of 0 to {effects.k - 1} once")
    return tuple(
        UpTo(effects.labels[last], pool(effects.select(rows[: n + 1]), tau2, test, level))
        for n, last in enumerate(rows)
    )
