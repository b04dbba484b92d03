"""Mantel-Haenszel: one ratio for k tables of events, which needs no correction of empty cells.

Formulas as in metafor's `rma.mh`. Notation of one trial: events a of n1 and c of n2, others b and
d, N = n1 + n2, and all sums are over trials.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from vagus.errors import InputError
from vagus.evidence.binary import TwoByTwo, log_odds_ratio, log_risk_ratio
from vagus.evidence.checks import Floats, inside_0_1
from vagus.evidence.effects import Effects


@dataclass(frozen=True)
class CommonEffect:
    """One effect for all trials on the logarithmic scale, and how much the trials differ.

    ``q``: heterogeneity statistic with ``df`` degrees of freedom, ``q_p`` its p value; both 1 trial
    short of the trials that are estimable.
    """

    measure: str
    method: str
    estimate: float
    se: float
    q: float
    df: int
    q_p: float
    k: int

    @property
    def statistic(self) -> float:
        """z = estimate / se."""
        return self.estimate / self.se

    @property
    def p(self) -> float:
        """Two-sided p value of no effect."""
        return float(2 * stats.norm.sf(abs(self.statistic)))

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Bounds by the normal distribution."""
        half = float(stats.norm.ppf(0.5 + inside_0_1("level", level) / 2)) * self.se
        return self.estimate - half, self.estimate + half


@dataclass(frozen=True)
class ChiSquare:
    """A chi-square statistic, its degrees of freedom and p value."""

    statistic: float
    df: int
    p: float


def mantel_haenszel_rr(table: TwoByTwo) -> CommonEffect:
    """log of sum(a n2/N) / sum(c n1/N); variance of Greenland & Robins 1985 (Biometrics 41:55).

    v = sum(n1 n2 (a + c)/N^2 - a c/N) / (sum(a n2/N) sum(c n1/N)). `InputError`: no events in all
    arms of one side.
    """
    a, _, c, _ = table.cells
    n1, n2, n = table.n, table.n_control, table.n + table.n_control
    r, s = float(np.sum(a * n2 / n)), float(np.sum(c * n1 / n))
    _both_sides(r, s, "events")
    variance = np.sum(n1 * n2 * (a + c) / n**2 - a * c / n) / (r * s)
    log_rr = float(np.log(r / s))
    some = table.select((a + c) > 0)
    return _common("log RR", log_rr, float(variance), log_risk_ratio(some))


def mantel_haenszel_or(table: TwoByTwo) -> CommonEffect:
    """log of sum(a d/N) / sum(b c/N); variance of Robins, Breslow & Greenland 1986.

    With P = (a + d)/N, Q = (b + c)/N, R = a d/N, S = b c/N (Biometrics 42:311):
    v = (sum(P R)/sum(R)^2 + sum(P S + Q R)/(sum(R) sum(S)) + sum(Q S)/sum(S)^2) / 2.
    """
    a, b, c, d = table.cells
    n = table.n + table.n_control
    p, q, r, s = (a + d) / n, (b + c) / n, a * d / n, b * c / n
    rs, ss = float(np.sum(r)), float(np.sum(s))
    _both_sides(rs, ss, "events or non-events")
    v = np.sum(p * r) / rs**2 + np.sum(p * s + q * r) / (rs * ss) + np.sum(q * s) / ss**2
    some = table.select(((a + c) > 0) & ((b + d) > 0))
    return _common("log OR", float(np.log(rs / ss)), float(v) / 2, log_odds_ratio(some))


def cochran_mantel_haenszel(table: TwoByTwo, correct: bool = True) -> ChiSquare:
    """Test that no trial has an effect: (|sum(a - E)| - 1/2)^2 / sum(V), 1 degree of freedom.

    E and V are the hypergeometric mean and variance of a (Mantel & Haenszel 1959, JNCI 22:719);
    without ``correct`` the half is not taken off.
    """
    expected, variance = hypergeometric(table)
    total = float(np.sum(variance))
    if total == 0:
        raise InputError("events", "none, or everybody in every trial", "events in some patients")
    away = abs(float(np.sum(table.events - expected))) - 0.5 * correct
    statistic = max(0.0, away) ** 2 / total
    return ChiSquare(statistic, 1, float(stats.chi2.sf(statistic, 1)))


def breslow_day_tarone(table: TwoByTwo) -> ChiSquare:
    """Test that the odds ratio is the same in all trials, with Tarone's correction.

    a is compared with the count e that has the pooled odds ratio within the trial's margins;
    sum((a - e)^2/v) - (sum(a - e))^2/sum(v), v = 1/(1/e + 1/(n1-e) + 1/(m-e) + 1/(n2-m+e)), m the
    events of both arms (Tarone 1985, Biometrika 72:91). Trials without events, or where everybody
    had one, say nothing and do not count.
    """
    odds_ratio = float(np.exp(mantel_haenszel_or(table).estimate))
    a, b, c, d = table.cells
    some = table.select(((a + c) > 0) & ((b + d) > 0))
    a, n1, n2 = some.events, some.n, some.n_control
    m = some.events + some.events_control
    e = _count_with_odds_ratio(odds_ratio, n1, n2, m)
    v = 1 / (1 / e + 1 / (n1 - e) + 1 / (m - e) + 1 / (n2 - m + e))
    statistic = float(np.sum((a - e) ** 2 / v) - np.sum(a - e) ** 2 / np.sum(v))
    df = len(n1) - 1
    return ChiSquare(statistic, df, float(stats.chi2.sf(statistic, df)) if df else 1.0)


def hypergeometric(table: TwoByTwo) -> tuple[Floats, Floats]:
    """Mean and variance [k] of a given the margins, were there no effect."""
    n1, n2, n = table.n, table.n_control, table.n + table.n_control
    m = table.events + table.events_control
    return n1 * m / n, n1 * n2 * m * (n - m) / (n**2 * (n - 1))


def _count_with_odds_ratio(odds_ratio: float, n1: Floats, n2: Floats, m: Floats) -> Floats:
    """The e with e (n2 - m + e) / ((n1 - e)(m - e)) = odds ratio, inside the margins."""
    square = 1 - odds_ratio
    linear = n2 - m + odds_ratio * (n1 + m)
    constant = -odds_ratio * n1 * m
    # The root of the quadratic that is inside, in the form that also holds at odds ratio 1.
    root = np.sqrt(linear**2 - 4 * square * constant)
    return np.asarray(-2 * constant / (linear + root))


def _both_sides(r: float, s: float, what: str) -> None:
    """`InputError` where one side of the ratio is 0."""
    if r == 0 or s == 0:
        side = "the first arms" if r == 0 else "the control arms"
        raise InputError(
            "events", f"no {what} in {side}", "events on both sides", "The ratio is not estimable."
        )


def _common(measure: str, estimate: float, variance: float, each: Effects) -> CommonEffect:
    """With the heterogeneity Q = sum((y - estimate)^2 / v) of the single trials."""
    q = float(np.sum((each.y - estimate) ** 2 / each.v))
    df = each.k - 1
    q_p = float(stats.chi2.sf(q, df)) if df else 1.0
    se = float(np.sqrt(variance))
    return CommonEffect(measure, "Mantel-Haenszel", estimate, se, q, df, q_p, each.k)
