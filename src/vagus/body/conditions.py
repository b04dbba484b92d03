"""The conditions treated: baselines, scales and weights, as data with sources.

``conditions.csv`` holds one row per condition: outcome, scale, baseline mean and SD with the range
that sources span, and one sentence on what is known. ``condition_values.csv`` holds the parameters
of the organs that differ from their tables, each with a distribution, a source and a mark. A
condition is nothing but these numbers: no equation knows which one is simulated.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vagus.body.draws import Draws
from vagus.body.priors import Prior, parse_prior, uniforms
from vagus.body.statement import table
from vagus.data import Row, read_table
from vagus.errors import InputError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ConditionValue:
    """What one parameter is in a condition, in the unit of its organ's table.

    ``prior`` is None for a fixed value; ``mark`` as in `vagus.data`.
    """

    organ: str
    symbol: str
    default: float
    prior: Prior | None
    distribution: str
    source: str
    mark: str


@dataclass(frozen=True)
class Condition:
    """A condition and the scale on which its outcome is read.

    ``mean`` and ``sd`` of the outcome before treatment, in ``unit`` (`NRS` 0-10 or `days/28 d`),
    each with the (low, high) that sources span; ``low`` and ``high`` bound the scale;
    ``smallest_noticed``: the smallest difference that patients call important, None where none was
    read. ``recall_d`` [d]: the period that a value of the outcome is a mean over, ending when it is
    read, with its source in ``recall_source``. ``evidence`` says in one sentence what is known,
    negative results included.
    """

    key: str
    name: str
    outcome: str
    unit: str
    mean: float
    mean_range: tuple[float, float]
    sd: float
    sd_range: tuple[float, float]
    low: float
    high: float
    smallest_noticed: float | None
    smallest_noticed_source: str
    recall_d: float
    recall_source: str
    source: str
    mark: str
    evidence: str
    parameters: Mapping[str, ConditionValue]

    def read(self, pain_SD: Floats) -> Floats:
        """The outcome, in ``unit``, within its bounds; ``pain_SD`` is the body's `pain`."""
        return np.asarray(np.clip(self.mean + self.sd * pain_SD, self.low, self.high))

    def apply(self, draws: Draws, seed: int | None = None) -> Draws:
        """``draws`` with this condition's parameters, drawn with ``seed``; None: their defaults.

        Parameters of organs that the model lacks are left out. Raises `InputError` where the model
        has the organ but not the parameter.
        """
        values: dict[str, float | Floats] = {}
        for symbol, value in self.parameters.items():
            if symbol not in draws.names:
                _check_absent(value, draws)
            elif seed is None or value.prior is None:
                values[symbol] = value.default
            else:
                values[symbol] = value.prior.quantile(uniforms(symbol, len(draws), seed))
        return draws.having(**values)


def condition_keys() -> tuple[str, ...]:
    """Keys of all conditions, in the order of the table."""
    return tuple(row["key"] for row in read_table("body/conditions.csv"))


def condition(key: str) -> Condition:
    """The condition called ``key``; `InputError` with the nearest key where there is none."""
    row = {row["key"]: row for row in read_table("body/conditions.csv")}.get(key)
    if row is None:
        near = difflib.get_close_matches(str(key).lower(), condition_keys(), n=1, cutoff=0.4)
        fix = f"Did you mean `{near[0]}`?" if near else "Take one of these."
        raise InputError("condition", key, ", ".join(condition_keys()), fix)
    given = [r for r in read_table("body/condition_values.csv") if r["condition"] == key]
    return Condition(
        key=key,
        name=row["name"],
        outcome=row["outcome"],
        unit=row["unit"],
        mean=float(row["mean"]),
        mean_range=(float(row["mean_low"]), float(row["mean_high"])),
        sd=float(row["sd"]),
        sd_range=(float(row["sd_low"]), float(row["sd_high"])),
        low=float(row["low"]),
        high=float(row["high"]),
        smallest_noticed=float(row["smallest_noticed"]) if row["smallest_noticed"] else None,
        smallest_noticed_source=row["smallest_noticed_source"],
        recall_d=float(row["recall_d"]),
        recall_source=row["recall_source"],
        source=row["reference"],
        mark=row["mark"],
        evidence=row["claim"],
        parameters={r["symbol"]: _value(r) for r in given},
    )


def _value(row: Row) -> ConditionValue:
    where = f"condition_values.csv: {row['condition']}, {row['symbol']}"
    return ConditionValue(
        row["organ"], row["symbol"], float(row["default"]), parse_prior(row["distribution"], where),
        row["distribution"], row["reference"], row["mark"],
    )  # fmt: skip


def _check_absent(value: ConditionValue, draws: Draws) -> None:
    """`InputError` where the organ of ``value`` is in the model, but the parameter is not."""
    organ = table(value.organ).quantities
    own = {s for s, q in organ.items() if q.kind in ("parameter", "link")}
    if own & set(draws.names):
        raise InputError(
            f"condition_values.csv: {value.symbol}", "not a parameter of the model",
            f"a parameter of body/{value.organ}.csv", "Correct the symbol or its organ.",
        )  # fmt: skip
