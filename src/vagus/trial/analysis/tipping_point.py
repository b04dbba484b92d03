"""Tipping point: how much worse must those who left the treated arm be to overturn the result?

Missing values are imputed at random; those of the treated arm then get delta added, and the
analysis is repeated (Ratitch, O'Kelly & Tosiello 2013, doi:10.1002/pst.1549). The same imputations
serve all deltas, so the estimate is a straight line in delta. Whether the tipping delta is
plausible is for the reader to judge.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq

from vagus.errors import InputError
from vagus.trial.analysis.ancova import check_arms
from vagus.trial.analysis.columns import check_patients
from vagus.trial.analysis.contrast import Floats, check_level
from vagus.trial.analysis.imputation import (
    ImputedFit,
    analyse,
    check_imputations,
    missing_at_random,
    rubin,
)


@dataclass(frozen=True, eq=False)
class TippingPoint:
    """``estimate``, ``se``, ``p`` at ``delta`` [d], in the unit of the values. ``tipping``: the
    delta at which p reaches ``alpha``; 0 if it is above already, None if it is not reached."""

    delta: Floats
    estimate: Floats
    se: Floats
    p: Floats
    alpha: float
    tipping: float | None
    missing: int


def tipping_point(
    values: ArrayLike,
    arm: ArrayLike,
    baseline: ArrayLike | None = None,
    stratum: ArrayLike | None = None,
    *,
    delta: ArrayLike,
    alpha: float = 0.05,
    imputations: int = 100,
    seed: int = 0,
    treated: int = 1,
    control: int = 0,
) -> TippingPoint:
    """``values`` [n, V] (NaN: missing); ``delta`` [d]: shifts that start at 0 and go one way, the
    way that is worse. ``missing`` of the result counts treated patients without the last value.
    Raises `InputError`."""
    check_level(alpha, "alpha")
    check_imputations(imputations)
    shifts = np.asarray(delta, dtype=float)
    steps = np.diff(shifts) if shifts.ndim == 1 and len(shifts) > 1 else np.zeros(1)
    if not ((steps > 0).all() or (steps < 0).all()) or shifts[0] != 0:
        raise InputError("delta", delta, "two or more shifts that start at 0 and go one way")
    y, a, b, s, _ = check_patients(values, arm, baseline, stratum, visits=True)
    if len(y) != 1:
        raise InputError("values", f"of {len(y)} replicates", "one trial")
    check_arms(treated, control, a)
    last = missing_at_random(
        y[0], a[0], None if b is None else b[0], None if s is None else s[0], imputations, seed
    )
    left = np.isnan(y[0, :, -1]) & (a[0] == treated)

    def shifted(by: float) -> ImputedFit:
        sets = analyse(last + by * left, a, b, s, treated, control)
        return rubin(sets, 1 - alpha, "missing at random and a shift", seed)

    fits = [shifted(float(by)).fit for by in shifts]
    p = np.array([f.p for f in fits])
    tipping = None
    above = np.flatnonzero(p >= alpha)
    if len(above) and above[0] == 0:
        tipping = 0.0
    elif len(above):
        bracket = float(shifts[above[0] - 1]), float(shifts[above[0]])
        tipping = float(brentq(lambda by: shifted(by).fit.p - alpha, *bracket))
    return TippingPoint(
        shifts, np.array([f.estimate for f in fits]), np.array([f.se for f in fits]), p, alpha,
        tipping, int(left.sum()),
    )  # fmt: skip
