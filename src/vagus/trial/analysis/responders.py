"""Shares of responders in two arms: risk ratio, odds ratio, risk difference, tests.

Intervals: risk ratio and odds ratio by Wald on the log scale (Katz 1978; Woolf 1955), risk
difference by Newcombe's hybrid of Wilson scores (Newcombe 1998, method 10,
doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I). Where a cell is empty the
ratios get 0.5 added to each cell, and say so. A missing response counts as none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from vagus.errors import InputError
from vagus.trial.analysis.columns import check_patients
from vagus.trial.analysis.contrast import Floats, check_level

CONTINUITY = 0.5


@dataclass(frozen=True)
class Ratio:
    """An estimate with its interval; ``method`` of the interval."""

    estimate: float
    low: float
    high: float
    method: str


@dataclass(frozen=True)
class ResponderFit:
    """Treated against control. ``risks`` (control, treated); ``chi2`` Pearson's, without
    continuity correction, ``chi2_p`` its p; ``fisher_p`` the exact two-sided p."""

    rr: Ratio
    odds_ratio: Ratio
    rd: Ratio
    risks: tuple[float, float]
    chi2: float
    chi2_p: float
    fisher_p: float


@dataclass(frozen=True, eq=False)
class ResponderBatch:
    """R replicates, all [R]: counts ``events`` and ``n`` [R, 2] of (control, treated), risk
    difference, risk ratio and odds ratio as in `ResponderFit`, and ``p`` of ``test``."""

    events: Floats
    n: Floats
    rd: Floats
    rr: Floats
    odds_ratio: Floats
    p: Floats
    test: str


def responders(events: ArrayLike, n: ArrayLike, level: float = 0.95) -> ResponderFit:
    """From ``events`` and ``n`` of (control, treated), two whole numbers each."""
    check_level(level)
    e, m = _counts(events, n)
    if e.shape != (2,):
        raise InputError("events", f"of shape {e.shape}", "(control, treated)")
    z = float(stats.norm.ppf(0.5 + level / 2))
    table = np.stack([e, m - e])
    chi2, chi2_p = pearson(e, m)
    return ResponderFit(
        _log_wald("risk", e, m, z),
        _log_wald("odds", e, m, z),
        _newcombe(e, m, z),
        (float(e[0] / m[0]), float(e[1] / m[1])),
        float(chi2),
        float(chi2_p),
        float(stats.fisher_exact(table.astype(np.int64)).pvalue),
    )


def responder_batch(
    response: ArrayLike,
    arm: ArrayLike,
    stratum: ArrayLike | None = None,
    *,
    treated: int = 1,
    control: int = 0,
) -> ResponderBatch:
    """From ``response`` [R, n] or [n] (1 responder, 0 not, NaN missing: counts as none) and
    ``arm``, ``stratum`` of the same shape. The test is Pearson's, or Cochran-Mantel-Haenszel's
    over the strata."""
    y, a, _, s, _ = check_patients(response, arm, None, stratum, visits=False)
    if not np.isin(y[~np.isnan(y)], (0, 1)).all():
        raise InputError("response", "other numbers", "1, 0 or NaN")
    y = np.nan_to_num(y, nan=0.0)
    mine = np.stack([a == control, a == treated], axis=-1)
    levels = np.zeros(1) if s is None else np.unique(s)
    member = np.ones((*y.shape, 1), bool) if s is None else s[..., None] == levels
    n = np.einsum("rna,rns->rsa", mine * 1.0, member * 1.0)
    events = np.einsum("rna,rns->rsa", mine * y[..., None], member * 1.0)
    e, m = events.sum(axis=1), n.sum(axis=1)
    if (m == 0).any():
        raise InputError("arm", "a replicate without one of the two arms", "patients in both")
    p = pearson(e, m)[1] if s is None else mantel_haenszel_test(events, n)[1]
    empty = ((e == 0) | (e == m)).any(axis=-1, keepdims=True) * CONTINUITY
    a_, b_ = e + empty, m - e + empty
    risk = a_ / (m + 2 * empty)
    return ResponderBatch(
        e, m, e[:, 1] / m[:, 1] - e[:, 0] / m[:, 0], risk[:, 1] / risk[:, 0],
        a_[:, 1] * b_[:, 0] / (a_[:, 0] * b_[:, 1]), p,
        "Pearson chi-squared" if s is None else "Cochran-Mantel-Haenszel",
    )  # fmt: skip


def pearson(events: Floats, n: Floats) -> tuple[Floats, Floats]:
    """Chi-squared of 2 x 2 tables [..., 2] without continuity correction, and its p value; 0 and 1
    where all or none respond."""
    total, responded = n.sum(axis=-1), events.sum(axis=-1)
    pooled = responded / total
    variance = pooled * (1 - pooled) * (1 / n).sum(axis=-1)
    difference = events[..., 1] / n[..., 1] - events[..., 0] / n[..., 0]
    chi2 = np.where(variance > 0, difference**2 / np.where(variance > 0, variance, 1), 0.0)
    return chi2, np.asarray(stats.chi2.sf(chi2, 1))


def mantel_haenszel_test(events: ArrayLike, n: ArrayLike) -> tuple[Floats, Floats]:
    """Cochran-Mantel-Haenszel chi-squared over strata, ``events`` and ``n`` [..., strata, 2],
    without continuity correction, and its p value (Mantel & Haenszel 1959)."""
    e, m = np.asarray(events, dtype=float), np.asarray(n, dtype=float)
    total, responded = m.sum(axis=-1), e.sum(axis=-1)
    safe = np.maximum(total, 1)
    expected = m[..., 1] * responded / safe
    variance = m.prod(axis=-1) * responded * (total - responded)
    variance = variance / (safe**2 * np.maximum(total - 1, 1)) * (total > 1)
    gap, spread = (e[..., 1] - expected).sum(axis=-1), variance.sum(axis=-1)
    chi2 = np.where(spread > 0, gap**2 / np.where(spread > 0, spread, 1), 0.0)
    return chi2, np.asarray(stats.chi2.sf(chi2, 1))


def _counts(events: ArrayLike, n: ArrayLike) -> tuple[Floats, Floats]:
    e, m = np.asarray(events, dtype=float), np.asarray(n, dtype=float)
    if e.shape != m.shape:
        raise InputError("n", f"of shape {m.shape}", f"that of `events`, {e.shape}")
    whole = np.isfinite(e) & np.isfinite(m) & (e == np.floor(e)) & (m == np.floor(m))
    if not (whole & (e >= 0)).all():
        raise InputError("events", e.tolist(), "whole numbers, 0 or more")
    if not (m > 0).all():
        raise InputError("n", m.tolist(), "1 or more in each arm")
    if (e > m).any():
        raise InputError("events", e.tolist(), f"at most n = {m.tolist()}")
    return e, m


def _log_wald(what: str, e: Floats, m: Floats, z: float) -> Ratio:
    empty = CONTINUITY * bool(((e == 0) | (e == m)).any())
    a, b = e + empty, m - e + empty
    total = m + 2 * empty
    if what == "risk":
        log, variance = np.log(a / total), 1 / a - 1 / total
    else:
        log, variance = np.log(a / b), 1 / a + 1 / b
    estimate, half = log[1] - log[0], z * np.sqrt(variance.sum())
    return Ratio(
        float(np.exp(estimate)), float(np.exp(estimate - half)), float(np.exp(estimate + half)),
        "Wald on the log scale" + ", 0.5 added to each cell" * bool(empty),
    )  # fmt: skip


def _newcombe(e: Floats, m: Floats, z: float) -> Ratio:
    p = e / m
    middle = (p + z**2 / (2 * m)) / (1 + z**2 / m)
    half = z * np.sqrt(p * (1 - p) / m + z**2 / (4 * m**2)) / (1 + z**2 / m)
    low, high = middle - half, middle + half
    d = p[1] - p[0]
    return Ratio(
        float(d),
        float(d - np.hypot(p[1] - low[1], high[0] - p[0])),
        float(d + np.hypot(high[1] - p[1], p[0] - low[0])),
        "Newcombe 1998, method 10",
    )
