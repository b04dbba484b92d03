"""Effects from what reports give when they do not give means, SDs and counts.

Each function names its way in `Effects.method`, so that a reader sees what was measured and what
was worked back. Test statistics are those of Student's t test of two arms, n1 + n2 - 2 degrees of
freedom; a p value is two-sided and exact (`=`). What is only bounded (`p < 0.05`) is never turned
into an effect: see `d_beyond`.

Sources: Cochrane Handbook 6, chapters 6.4-6.5 (statistics, intervals, p values); Wan et al. 2014,
BMC Med Res Methodol 14:135 and Luo et al. 2018, Stat Methods Med Res 27:1785 (medians);
Hasselblad & Hedges 1995, Psychol Bull 117:167 (odds ratios).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from vagus.errors import InputError
from vagus.evidence.checks import Floats, at_least, finite, first, inside_0_1, positive
from vagus.evidence.effects import Effects
from vagus.evidence.smd import LEAST_N, smd_from_d


@dataclass(frozen=True, eq=False)
class MeanSd:
    """Mean and SD of one arm, worked back from other statistics, and the way it was done."""

    mean: Floats
    sd: Floats
    method: str


def smd_from_t(t: ArrayLike, n_1: ArrayLike, n_2: ArrayLike, labels: Sequence[str] = ()) -> Effects:
    """Hedges g from Student's t: d = t sqrt(1/n1 + 1/n2). The sign is that of t."""
    return smd_from_d(_d_of_t(finite("t", t), n_1, n_2), n_1, n_2, labels, "SMD from t statistic")


def smd_from_f(
    f: ArrayLike, n_1: ArrayLike, n_2: ArrayLike, direction: ArrayLike, labels: Sequence[str] = ()
) -> Effects:
    """Hedges g from F of two arms (1 numerator df): |t| = sqrt(F); ``direction`` gives its sign."""
    t = _signs(direction) * np.sqrt(at_least("f", f, 0))
    return smd_from_d(_d_of_t(t, n_1, n_2), n_1, n_2, labels, "SMD from F statistic (1 df)")


def smd_from_p(
    p: ArrayLike,
    n_1: ArrayLike,
    n_2: ArrayLike,
    direction: ArrayLike,
    relation: str = "=",
    labels: Sequence[str] = (),
) -> Effects:
    """Hedges g from a two-sided p value of the t test; ``direction`` +1 where the first is greater.

    `InputError`: p outside (0, 1), and a ``relation`` other than ``=``: a bound on p bounds the
    effect on one side and does not give it.
    """
    _exact(relation)
    t = _signs(direction) * _t_of_p(p, n_1, n_2)
    return smd_from_d(_d_of_t(t, n_1, n_2), n_1, n_2, labels, "SMD from two-sided p value (t test)")


def d_beyond(p: ArrayLike, n_1: ArrayLike, n_2: ArrayLike) -> Floats:
    """|d| at which the two-sided p value of the t test is ``p``.

    A report of ``p < 0.05`` says |d| is above this at 0.05, a report of ``p > 0.05`` that it is
    below; neither is an effect, and this is not one either.
    """
    return _d_of_t(_t_of_p(p, n_1, n_2), n_1, n_2)


def md_from_p(
    difference: ArrayLike,
    p: ArrayLike,
    n_1: ArrayLike,
    n_2: ArrayLike,
    relation: str = "=",
    labels: Sequence[str] = (),
) -> Effects:
    """Mean difference with its standard error worked back: se = |difference| / t(p).

    `InputError` as `smd_from_p`, and where the difference is 0 (any standard error gives p = 1).
    """
    _exact(relation)
    y = finite("difference", difference)
    if (y == 0).any():
        raise InputError("difference", "0", "not 0", "p holds nothing on the SE of no difference.")
    se = np.abs(y) / _t_of_p(p, n_1, n_2)
    y, se = np.broadcast_arrays(y, se)
    return Effects("MD", y, se**2, tuple(labels), ("MD, SE from two-sided p value (t test)",))


def from_interval(
    measure: str,
    estimate: ArrayLike,
    low: ArrayLike,
    high: ArrayLike,
    level: float = 0.95,
    df: ArrayLike | None = None,
    labels: Sequence[str] = (),
) -> Effects:
    """An effect as reported, with its variance from a confidence interval of that ``level``.

    se = (high - low) / (2 q), q the normal quantile, or Student's with ``df``. Of `log RR` and
    `log OR` the ratio and its bounds are given as reported, and their logarithms taken. The method
    says how far off the middle the estimate lies, as a share of the width: much more than rounding
    means that the interval is of another kind. `InputError`: an estimate outside its interval,
    ratios not above 0.
    """
    q = _quantile(inside_0_1("level", level), df)
    y, lo, hi = finite("estimate", estimate), finite("low", low), finite("high", high)
    kind = "t" if df is not None else "z"
    if measure.startswith("log "):
        y, lo, hi = (np.log(positive(f, x)) for f, x in zip(_THREE, (y, lo, hi), strict=True))
        kind += ", logarithms"
    y, lo, hi, q = np.broadcast_arrays(np.atleast_1d(y), lo, hi, q)
    outside = (lo >= hi) | (y < lo) | (y > hi)
    if outside.any():
        raise InputError(
            "estimate", first(y, outside), "inside `low` to `high`, low < high", "Typing error?"
        )
    off = np.abs(y - (lo + hi) / 2) / (hi - lo)
    ways = tuple(
        f"{measure}, SE from {100 * level:g}% CI ({kind}; {o:.0%} off the middle)" for o in off
    )
    return Effects(measure, y, ((hi - lo) / (2 * q)) ** 2, tuple(labels), ways)


def sd_from_se(se: ArrayLike, n: ArrayLike) -> Floats:
    """SD of one arm from the standard error of its mean: se sqrt(n)."""
    return positive("se", se) * np.sqrt(at_least("n", n, LEAST_N))


def sd_from_interval(low: ArrayLike, high: ArrayLike, n: ArrayLike, level: float = 0.95) -> Floats:
    """SD of one arm from the confidence interval of its mean, Student's t with n - 1 df."""
    size = at_least("n", n, LEAST_N)
    width = positive("high - low", finite("high", high) - finite("low", low))
    return np.asarray(np.sqrt(size) * width / (2 * _quantile(inside_0_1("level", level), size - 1)))


def from_quartiles(q_1: ArrayLike, median: ArrayLike, q_3: ArrayLike, n: ArrayLike) -> MeanSd:
    """Mean (Luo 2018) and SD (Wan 2014, Eq. 16) from median and quartiles, near normal.

    mean = w (q1 + q3)/2 + (1 - w) median, w = 0.7 + 0.39/n;
    SD = (q3 - q1) / (2 z((0.75 n - 0.125)/(n + 0.25))). For quartiles that are the values Q + 1 and
    3Q + 1 of n = 4Q + 1 in order; other definitions differ for few patients.
    """
    lo, mid, hi, size = _ordered(("q_1", q_1), median, ("q_3", q_3), n)
    w = 0.7 + 0.39 / size
    sd = (hi - lo) / (2 * stats.norm.ppf((0.75 * size - 0.125) / (size + 0.25)))
    way = "mean (Luo 2018) and SD (Wan 2014) from median and quartiles"
    return MeanSd(np.asarray(w * (lo + hi) / 2 + (1 - w) * mid), np.asarray(sd), way)


def from_range(low: ArrayLike, median: ArrayLike, high: ArrayLike, n: ArrayLike) -> MeanSd:
    """Mean (Luo 2018) and SD (Wan 2014, Eq. 9) from median and range, near normal.

    mean = w (low + high)/2 + (1 - w) median, w = 4/(4 + n^0.75);
    SD = (high - low) / (2 z((n - 0.375)/(n + 0.25))).
    """
    lo, mid, hi, size = _ordered(("low", low), median, ("high", high), n)
    w = 4 / (4 + size**0.75)
    sd = (hi - lo) / (2 * stats.norm.ppf((size - 0.375) / (size + 0.25)))
    way = "mean (Luo 2018) and SD (Wan 2014) from median and range"
    return MeanSd(np.asarray(w * (lo + hi) / 2 + (1 - w) * mid), np.asarray(sd), way)


def smd_from_log_or(effects: Effects) -> Effects:
    """SMD ~ log OR sqrt(3)/pi, variance times 3/pi^2: an approximation, and marked as one.

    It holds where the events are a normal outcome cut at some value with logistic tails.
    """
    if effects.measure != "log OR":
        raise InputError("measure", effects.measure, "log OR")
    factor = np.sqrt(3) / np.pi
    ways = tuple(f"approximation: SMD from log OR (logistic); {m}" for m in effects.method)
    return Effects("SMD", effects.y * factor, effects.v * factor**2, effects.labels, ways)


_THREE = ("estimate", "low", "high")


def _d_of_t(t: Floats, n_1: ArrayLike, n_2: ArrayLike) -> Floats:
    n1, n2 = at_least("n_1", n_1, LEAST_N), at_least("n_2", n_2, LEAST_N)
    return np.asarray(t * np.sqrt(1 / n1 + 1 / n2))


def _t_of_p(p: ArrayLike, n_1: ArrayLike, n_2: ArrayLike) -> Floats:
    """|t| of a two-sided p value with n1 + n2 - 2 degrees of freedom."""
    n1, n2 = at_least("n_1", n_1, LEAST_N), at_least("n_2", n_2, LEAST_N)
    return np.asarray(stats.t.isf(finite("p", inside_0_1("p", p)) / 2, n1 + n2 - 2))


def _quantile(level: float, df: ArrayLike | None) -> Floats:
    """Two-sided quantile of the normal distribution, or of Student's where ``df`` is given."""
    if df is None:
        return np.asarray(stats.norm.ppf(0.5 + level / 2))
    return np.asarray(stats.t.ppf(0.5 + level / 2, positive("df", df)))


def _signs(direction: ArrayLike) -> Floats:
    """+1 or -1; `InputError` for any other number."""
    signs = finite("direction", direction)
    wrong = np.abs(signs) != 1
    if wrong.any():
        raise InputError(
            "direction", first(signs, wrong), "1 (first greater) or -1", "A p value has no sign."
        )
    return signs


def _exact(relation: str) -> None:
    """`InputError` unless a p value is given exactly."""
    if relation != "=":
        raise InputError(
            "relation",
            f"`{relation}`",
            "`=`",
            "A bound on p only bounds the effect on one side (`d_beyond`); take the exact p value.",
        )


def _ordered(
    low: tuple[str, ArrayLike], median: ArrayLike, high: tuple[str, ArrayLike], n: ArrayLike
) -> tuple[Floats, Floats, Floats, Floats]:
    """Lower, middle and upper statistic and the size of an arm, checked for their order."""
    lo, mid, hi = finite(*low), finite("median", median), finite(*high)
    lo, mid, hi, size = np.broadcast_arrays(lo, mid, hi, at_least("n", n, LEAST_N))
    wrong = (mid < lo) | (mid > hi) | (lo >= hi)
    if wrong.any():
        raise InputError(
            "median", first(mid, wrong), f"between `{low[0]}` and `{high[0]}`, which differ"
        )
    return lo, mid, hi, size
