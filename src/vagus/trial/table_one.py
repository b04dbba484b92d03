"""Table 1 of a trial: what patients were like before treatment, by arm.

No p values: randomised arms differ by chance alone, so testing it is testing what is known, and
CONSORT 2010 (item 15; Moher et al., BMJ 340:c869) asks authors not to.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vagus.patient.cohort import Cohort
from vagus.patient.observables import observable, observables_of, primary_outcome
from vagus.trial.data import TrialData

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Summary:
    """One characteristic in one arm: ``n``, ``mean``, ``sd`` (divided by n - 1), ``median``.

    ``low`` and ``high``: quartiles. nan where there are too few patients.
    """

    n: int
    mean: float
    sd: float
    median: float
    low: float
    high: float


@dataclass(frozen=True)
class Characteristic:
    """A row of table 1: ``label``, ``unit``, one `Summary` per arm and one for ``all``."""

    label: str
    unit: str
    arms: tuple[Summary, ...]
    all: Summary


@dataclass(frozen=True)
class TableOne:
    """``arms``: names; ``rows``: characteristics."""

    arms: tuple[str, ...]
    rows: tuple[Characteristic, ...]


def table_one(data: TrialData, cohort: Cohort, replicate: int = 0) -> TableOne:
    """Table 1 of one replicate: the endpoint at baseline, and what else the cohort knows of people.

    That is disease activity, in conditions that are rated by it.
    """
    one = data.replicate(replicate)
    endpoint = observable(data.design.endpoint)
    if endpoint.kind == "binary":  # yes or no has no value before; `baseline` is the pain rating
        endpoint = observable(primary_outcome(data.design.condition))
    columns = [(f"{endpoint.name} at baseline", endpoint.unit, one.baseline[0])]
    if "das28" in observables_of(data.design.condition):
        activity = cohort.traits["das_0"][one.patient[0]]
        columns.append((observable("das28").name, observable("das28").unit, activity))
    arms = range(len(data.design.arms)) if data.design.kind != "n-of-1" else range(1)
    rows = tuple(
        Characteristic(label, unit, tuple(summary(x[one.arm[0] == k]) for k in arms), summary(x))
        for label, unit, x in columns
    )
    return TableOne(tuple(data.design.arms[k].name for k in arms), rows)


def summary(values: Floats) -> Summary:
    """`Summary` of ``values`` [n] without those that are nan."""
    x = values[~np.isnan(values)]
    if not x.size:
        return Summary(0, *(float("nan"),) * 5)
    low, median, high = (float(q) for q in np.percentile(x, [25, 50, 75]))
    sd = float(np.std(x, ddof=1)) if x.size > 1 else float("nan")
    return Summary(int(x.size), float(x.mean()), sd, median, low, high)
