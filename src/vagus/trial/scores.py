"""Scores of predictions against what was observed; of both less is better.

    CRPS            integral of (F(t) - 1{t >= x})^2 dt, in the unit of the outcome
    log score       -log f(x), natural logarithm

Both are proper: who believes in a distribution scores best, on average, by stating it. Source:
Gneiting & Raftery 2007, J Am Stat Assoc 102:359, whose scores have the opposite sign. Coverage is
no score: it only says whether intervals are as wide as they claim.

``x`` is what was observed, of any shape [...]; an ensemble has one more, last, axis of m members.
Scores have the shape [...].
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special, stats

from vagus.errors import InputError
from vagus.evidence.checks import Floats, finite, first, inside_0_1, positive

LEVELS = (0.5, 0.8, 0.95)


@dataclass(frozen=True)
class Coverage:
    """Share of n outcomes that lay inside their central intervals of probability ``level``.

    ``low``, ``high``: exact 95 % confidence interval of the share (Clopper & Pearson 1934), which
    says how little a few outcomes tell.
    """

    level: float
    share: float
    n: int
    low: float
    high: float


def crps_normal(x: ArrayLike, mean: ArrayLike, sd: ArrayLike) -> Floats:
    """CRPS of N(mean, sd): sd (z (2 Phi(z) - 1) + 2 phi(z) - 1/sqrt(pi)), z = (x - mean)/sd.

    Gneiting et al. 2005, Mon Weather Rev 133:1098. `InputError`: sd not above 0.
    """
    s = positive("sd", sd)
    z = (finite("x", x) - finite("mean", mean)) / s
    phi = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    return np.asarray(s * (z * (2 * special.ndtr(z) - 1) + 2 * phi - 1 / np.sqrt(np.pi)))


def crps_ensemble(x: ArrayLike, ensemble: ArrayLike, fair: bool = False) -> Floats:
    """CRPS of an ensemble [..., m]: mean |X - x| - mean |X - X'| / 2, exact, O(m log m).

    Plain: X' over all m members, the score of the empirical distribution. ``fair``: over the
    m - 1 others, which estimates the score of the distribution that the members were drawn from
    (Ferro 2014, Q J R Meteorol Soc 140:1917). The sum over pairs comes from the order:
    sum |X_i - X_j| = 2 sum (2 i - m - 1) X_(i). `InputError`: no member, fewer than 2 if fair.
    """
    members = _members(ensemble, 2 if fair else 1)
    m = members.shape[-1]
    apart = np.mean(np.abs(members - finite("x", x)[..., None]), axis=-1)
    order = 2 * np.arange(1, m + 1) - m - 1
    pairs = 2 * np.sum(order * np.sort(members, axis=-1), axis=-1)
    return np.asarray(apart - pairs / (2 * m * (m - 1 if fair else m)))


def log_score_normal(x: ArrayLike, mean: ArrayLike, sd: ArrayLike) -> Floats:
    """-log of the density of N(mean, sd) at ``x``: log(sd sqrt(2 pi)) + z^2/2."""
    s = positive("sd", sd)
    z = (finite("x", x) - finite("mean", mean)) / s
    return np.asarray(np.log(s) + np.log(2 * np.pi) / 2 + z**2 / 2)


def log_score_ensemble(x: ArrayLike, ensemble: ArrayLike) -> Floats:
    """-log of a Gaussian kernel density of the members [..., m] at ``x``.

    f(x) = mean phi((x - X_i)/h)/h, bandwidth h by `silverman_bandwidth`. The kernel widens the
    tails by h, so outside the members the score is more the kernel's than the ensemble's.
    """
    members = _members(ensemble, 2)
    h = silverman_bandwidth(members)
    z = (members - finite("x", x)[..., None]) / h[..., None]
    total = special.logsumexp(-(z**2) / 2, axis=-1)
    return np.asarray(np.log(members.shape[-1] * h) + np.log(2 * np.pi) / 2 - total)


def silverman_bandwidth(ensemble: ArrayLike) -> Floats:
    """h = 0.9 min(SD, IQR/1.34) m^(-1/5) (Silverman 1986, Density Estimation, Eq. 3.31).

    Where more than half of the members are one value the IQR is 0, and the SD stands alone.
    `InputError`: fewer than 2 members, members without spread.
    """
    members = _members(ensemble, 2)
    sd = np.std(members, axis=-1, ddof=1)
    iqr = np.subtract(*np.quantile(members, [0.75, 0.25], axis=-1)) / 1.34
    spread = np.where(iqr > 0, np.minimum(sd, iqr), sd)
    positive("spread of ensemble", spread, "A single value has no density; score it by CRPS.")
    return np.asarray(0.9 * spread * members.shape[-1] ** -0.2)


def central_interval(ensemble: ArrayLike, level: float) -> tuple[Floats, Floats]:
    """Bounds [...] between which the middle share ``level`` of the members [..., m] lies."""
    tail = (1 - float(inside_0_1("level", level))) / 2
    low, high = np.quantile(_members(ensemble, 1), [tail, 1 - tail], axis=-1)
    return low, high


def coverage(x: ArrayLike, low: ArrayLike, high: ArrayLike, level: float) -> Coverage:
    """How many of the outcomes [n] lie within their intervals, bounds included."""
    inside_0_1("level", level)
    value, lo, hi = _interval(x, low, high)
    n, hits = value.size, int(np.sum((lo <= value) & (value <= hi)))
    if n == 0:
        raise InputError("x", "none", "at least one outcome")
    exact = stats.binomtest(hits, n).proportion_ci(0.95, method="exact")
    return Coverage(level, hits / n, n, float(exact.low), float(exact.high))


def _interval(x: ArrayLike, low: ArrayLike, high: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """Outcomes and bounds of one shape; `InputError` where the bounds are crossed."""
    value, lo, hi = np.broadcast_arrays(finite("x", x), finite("low", low), finite("high", high))
    if (lo > hi).any():
        raise InputError("low", first(lo, lo > hi), "at most `high`", "Are the bounds exchanged?")
    return value, lo, hi


def _members(ensemble: ArrayLike, least: int) -> Floats:
    """Members [..., m], at least ``least`` of them."""
    members = np.atleast_1d(finite("ensemble", ensemble))
    if members.shape[-1] < least:
        raise InputError("ensemble", f"{members.shape[-1]} members", f"at least {least}")
    return members
