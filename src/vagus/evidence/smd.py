"""Effects on continuous outcomes: mean differences, raw and standardised, of arms and of changes.

Signs: first arm minus second, and first time minus second, as in metafor's `escalc`, whose values
these functions give. Arguments are numbers or arrays [k] that broadcast.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaln

from vagus.errors import InputError
from vagus.evidence.checks import Floats, at_least, finite, first, positive
from vagus.evidence.effects import Effects

LEAST_N = 2  # an SD needs two patients


def small_sample_factor(df: ArrayLike) -> Floats:
    """J(m) = Gamma(m/2) / (sqrt(m/2) Gamma((m - 1)/2)), exact; m > 1 degrees of freedom.

    It makes g = J d an unbiased estimate of the standardised difference (Hedges 1981,
    J Educ Stat 6:107), and rises to 1 with m.
    """
    m = finite("df", df)
    if (m <= 1).any():
        raise InputError("df", first(m, m <= 1), "above 1", "Too few patients for an SMD.")
    return np.asarray(np.exp(gammaln(m / 2) - gammaln((m - 1) / 2)) / np.sqrt(m / 2))


def hedges_g(
    mean_1: ArrayLike,
    sd_1: ArrayLike,
    n_1: ArrayLike,
    mean_2: ArrayLike,
    sd_2: ArrayLike,
    n_2: ArrayLike,
    labels: Sequence[str] = (),
    method: str = "Hedges g from means and SDs",
) -> Effects:
    """Standardised mean difference of two arms, g = J(n1 + n2 - 2) (mean1 - mean2) / SD_pooled.

    Variance: see `smd_variance`. Means and SDs at the end of treatment, or of the change (say which
    in ``method``: the two are not on one scale). `InputError`: a negative SD, an n below 2, values
    that are not finite, both SDs 0.
    """
    m1, m2 = finite("mean_1", mean_1), finite("mean_2", mean_2)
    s1, s2, n1, n2 = _spread_and_size(sd_1, sd_2, n_1, n_2)
    pooled = np.sqrt(((n1 - 1) * s1**2 + (n2 - 1) * s2**2) / (n1 + n2 - 2))
    positive("pooled SD", pooled, "Without spread there is nothing to standardise by.")
    return smd_from_d((m1 - m2) / pooled, n1, n2, labels, method)


def smd_from_d(
    d: ArrayLike, n_1: ArrayLike, n_2: ArrayLike, labels: Sequence[str] = (), method: str = "from d"
) -> Effects:
    """Hedges g and its variance from Cohen's d (difference over pooled SD) and group sizes."""
    n1, n2 = at_least("n_1", n_1, LEAST_N), at_least("n_2", n_2, LEAST_N)
    g, n1, n2 = np.broadcast_arrays(small_sample_factor(n1 + n2 - 2) * finite("d", d), n1, n2)
    return Effects("SMD", g, smd_variance(g, n1, n2), tuple(labels), (method,))


def smd_variance(g: Floats, n_1: Floats, n_2: Floats) -> Floats:
    """1/n1 + 1/n2 + g^2 / (2 (n1 + n2)), the large-sample variance (Hedges 1982, Eq. 8)."""
    return np.asarray(1 / n_1 + 1 / n_2 + g**2 / (2 * (n_1 + n_2)))


def mean_difference(
    mean_1: ArrayLike,
    sd_1: ArrayLike,
    n_1: ArrayLike,
    mean_2: ArrayLike,
    sd_2: ArrayLike,
    n_2: ArrayLike,
    labels: Sequence[str] = (),
    method: str = "difference of means",
) -> Effects:
    """mean1 - mean2 in the unit of the outcome; variance SD1^2/n1 + SD2^2/n2 (SDs may differ)."""
    m1, m2 = finite("mean_1", mean_1), finite("mean_2", mean_2)
    s1, s2, n1, n2 = _spread_and_size(sd_1, sd_2, n_1, n_2)
    y, v = np.broadcast_arrays(m1 - m2, s1**2 / n1 + s2**2 / n2)
    return Effects("MD", y, v, tuple(labels), (method,))


def standardised_change(
    mean_1: ArrayLike,
    sd_1: ArrayLike,
    mean_2: ArrayLike,
    sd_2: ArrayLike,
    n: ArrayLike,
    correlation: ArrayLike,
    by: str = "change",
    labels: Sequence[str] = (),
) -> Effects:
    """Change within one arm, time 1 minus time 2, standardised; a pre-post measure.

    ``by`` "change" (SMCC): d = (mean1 - mean2) / SD of the change, v = 1/n + g^2/(2n).
    ``by`` "raw" (SMCR): d = (mean1 - mean2) / SD1, v = 2(1 - r)/n + g^2/(2n).
    g = J(n - 1) d. ``correlation`` r of the two times. Source: Becker 1988, Br J Math Stat Psychol
    41:257; Gibbons et al. 1993, J Educ Stat 18:271. `InputError` as `hedges_g`, and of r not
    between -1 and 1.
    """
    m1, m2 = finite("mean_1", mean_1), finite("mean_2", mean_2)
    s1, s2 = at_least("sd_1", sd_1, 0), at_least("sd_2", sd_2, 0)
    size, r = at_least("n", n, LEAST_N + 1), correlated("correlation", correlation)
    if by not in ("change", "raw"):
        raise InputError("by", by, "change, raw")
    spread = s1 if by == "raw" else sd_of_change(s1, s2, r)
    positive("SD to standardise by", spread)
    g = small_sample_factor(size - 1) * (m1 - m2) / spread
    v = (2 * (1 - r) if by == "raw" else 1.0) / size + g**2 / (2 * size)
    g, v = np.broadcast_arrays(g, v)
    name = "SMCR pre-post" if by == "raw" else "SMCC pre-post"
    way = f"change within one arm over the {'SD before' if by == 'raw' else 'SD of change'}"
    return Effects(name, g, v, tuple(labels), (way,))


def mean_change(
    change: ArrayLike, sd_change: ArrayLike, n: ArrayLike, labels: Sequence[str] = ()
) -> Effects:
    """Mean change within one arm in the outcome's unit, variance SD^2/n; a pre-post measure."""
    s, size = positive("sd_change", sd_change), at_least("n", n, LEAST_N)
    y, v = np.broadcast_arrays(finite("change", change), s**2 / size)
    return Effects("MD pre-post", y, v, tuple(labels), ("mean change within one arm",))


def sd_of_change(sd_1: ArrayLike, sd_2: ArrayLike, correlation: ArrayLike) -> Floats:
    """SD of a change from the SDs of both times: sqrt(s1^2 + s2^2 - 2 r s1 s2)."""
    s1, s2 = at_least("sd_1", sd_1, 0), at_least("sd_2", sd_2, 0)
    r = correlated("correlation", correlation)
    return np.sqrt(s1**2 + s2**2 - 2 * r * s1 * s2)


def correlated(field: str, value: ArrayLike) -> Floats:
    """``value`` as floats; `InputError` where one is not strictly between -1 and 1."""
    r = finite(field, value)
    if (np.abs(r) >= 1).any():
        raise InputError(field, first(r, np.abs(r) >= 1), "strictly between -1 and 1")
    return r


def _spread_and_size(
    sd_1: ArrayLike, sd_2: ArrayLike, n_1: ArrayLike, n_2: ArrayLike
) -> tuple[Floats, Floats, Floats, Floats]:
    """SDs and group sizes of two arms, checked."""
    fix = "An SD is not negative; was a standard error, a change or a sign put in?"
    return (
        at_least("sd_1", sd_1, 0, fix),
        at_least("sd_2", sd_2, 0, fix),
        at_least("n_1", n_1, LEAST_N),
        at_least("n_2", n_2, LEAST_N),
    )
