"""One published result beside the simulated interval, and the verdict.

Observations stand in ``data/body/observations_ORGAN.csv`` with their source, mark and role:
`calibrate` (a parameter was fitted to it, or chosen with it in view) or `validate` (it shaped no
prior).

Verdicts. The measured interval is [low, high] of the row: its confidence interval where one was
published, else an acceptance band that the row states. *failed*: the simulated 95 % interval does
not overlap it, or excludes the null that was found. *compatible*: it overlaps, but the simulation
would have agreed with the opposite too: it contains no effect where there was one, or, where none
was found, reaches beyond the measured interval. *reproduced*: everything else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from vagus.data import read_table
from vagus.errors import InputError

ORGANS = (
    "heart", "endotoxin", "immune", "sensitivity", "brainstem", "mood", "plasticity", "pain",
    "chain",
)  # fmt: skip
RESOLVED = 1e-6
"""What integration does not resolve, relative to the measured effect, is no effect."""


@dataclass(frozen=True)
class Simulated:
    """Median and 95 % interval over draws of the priors; all equal for a single number."""

    low: float
    middle: float
    high: float


@dataclass(frozen=True)
class Observation:
    """A published result, as its row in ``observations_ORGAN.csv`` says.

    ``null``: the value that means no effect, None where there is no such value.
    """

    id: str
    organ: str
    study: str
    quantity: str
    unit: str
    value: float
    low: float
    high: float
    null: float | None
    band: str
    role: str
    mark: str
    source: str
    note: str


@dataclass(frozen=True)
class Comparison:
    """How one observation is simulated: ``simulate(draws, seed)``; ``how`` in one line."""

    observation: str
    simulate: Callable[[int, int], Simulated]
    how: str


def interval(values: ArrayLike) -> Simulated:
    """Median and 2.5 to 97.5 % of [n] values."""
    low, middle, high = np.quantile(np.asarray(values, dtype=np.float64), (0.025, 0.5, 0.975))
    return Simulated(float(low), float(middle), float(high))


def exactly(value: float) -> Simulated:
    """A result without uncertainty."""
    return Simulated(float(value), float(value), float(value))


def verdict(found: Observation, simulated: Simulated) -> str:
    """reproduced, compatible or failed, as the module says."""
    if not np.isfinite([simulated.low, simulated.high]).all():
        return "failed"
    if simulated.high < found.low or simulated.low > found.high:
        return "failed"
    if found.null is not None:
        measured_is_null = found.low <= found.null <= found.high
        slack = RESOLVED * max(abs(found.high - found.null), abs(found.low - found.null))
        simulated_has_null = simulated.low - slack <= found.null <= simulated.high + slack
        spread = simulated.high > simulated.low
        if measured_is_null and not simulated_has_null:
            return "failed"
        if measured_is_null and not (
            found.low - slack <= simulated.low and simulated.high <= found.high + slack
        ):
            return "compatible"
        if not measured_is_null and simulated_has_null and spread:
            return "compatible"
    return "reproduced"


def observations() -> dict[str, Observation]:
    """Every shipped observation by its id."""
    found = {}
    for organ in ORGANS:
        for row in read_table(f"body/observations_{organ}.csv"):
            null = float(row["null"]) if row["null"] else None
            value, low, high = (float(row[c]) for c in ("value", "low", "high"))
            if not low <= value <= high or row["id"] in found:
                where = f"observations_{organ}.csv: {row['id']}"
                raise InputError(where, (low, value, high), "low <= value <= high, each id once")
            found[row["id"]] = Observation(
                row["id"], organ, row["study"], row["quantity"], row["unit"], value, low, high,
                null, row["band"], row["role"], row["mark"], row["source"], row["note"],
            )  # fmt: skip
    return found
