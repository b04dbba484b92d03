"""Days with migraine or headache in 28: counts around a patient's mean, and how they are told.

A count is beta-binomial: binomial with a chance per day that varies from period to period around
the patient's mean share of days p, with overdispersion rho,

    variance = 28 p (1 - p) (1 + 27 rho),

so that rho = 0 is binomial and rho = 1 all days or none. Some patients tell round numbers: the
nearest multiple of 5, or an even number (heaping). Sources: ``observation.csv``.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vagus.errors import InputError

Floats = NDArray[np.float64]

DAYS = 28
# Shares of days nearer to 0 or 1 than this are taken as this, so that P(0) does not vanish; when
# counts are drawn, 0 and 1 themselves are sure.
EDGE = 1e-6


def count_law(mean: ArrayLike, rho: ArrayLike) -> Floats:
    """[..., 29] probabilities of 0 to 28 days, for mean counts [...] and overdispersion rho.

    By the recursion over counts, with c = rho / (1 - rho),
    P(k+1) / P(k) = (28-k)/(k+1) (p + k c) / (1 - p + (27-k) c).
    """
    p, c = _law(mean, rho)
    return np.stack(list(_probabilities(p, c)), axis=-1)


def draw_days(mean: ArrayLike, rho: ArrayLike, rng: np.random.Generator) -> Floats:
    """Counts of days around ``mean``, same shape; ``rho`` broadcasts to it.

    By inversion: each count comes from one uniform number, so that the same stream gives counts
    that fall as the mean does.
    """
    p, c = _law(mean, rho)
    u = rng.random(p.shape)
    below, days = np.zeros(p.shape), np.zeros(p.shape)
    for probability in itertools.islice(_probabilities(p, c), DAYS):
        below += probability
        days += u > below
    return np.where(p == 0, 0.0, np.where(p == 1, DAYS, days))


def _probabilities(p: Floats, c: Floats) -> Iterator[Floats]:
    """P(0), P(1) ... P(28) for shares ``p`` of days and ``c`` = rho / (1 - rho)."""
    inside = np.clip(p, EDGE, 1 - EDGE)
    probability = np.ones(p.shape)
    for j in range(DAYS):
        probability *= (1 - inside + j * c) / (1 + j * c)
    for k in range(DAYS):
        yield probability
        odds = (inside + k * c) / (1 - inside + (DAYS - 1 - k) * c)
        probability = probability * (odds * ((DAYS - k) / (k + 1)))
    yield probability


def told(days: Floats, by_five: NDArray[np.bool_], by_two: NDArray[np.bool_]) -> Floats:
    """Counts [m, V] as told: ``by_five`` and ``by_two`` [m] say whose are rounded to what.

    Never above 28. Halves between two even numbers go up.
    """
    fives = np.floor(days / 5 + 0.5) * 5
    twos = np.floor(days / 2 + 0.5) * 2
    rounded = np.where(by_five[:, None], fives, np.where(by_two[:, None], twos, days))
    return np.asarray(np.clip(rounded, 0.0, DAYS))


def _law(mean: ArrayLike, rho: ArrayLike) -> tuple[Floats, Floats]:
    """Share of days p [...] and c = rho / (1 - rho); `InputError` for what is out of range."""
    m = np.asarray(mean, dtype=np.float64)
    if not np.all((m >= 0) & (m <= DAYS)):
        raise InputError("mean count", m[~((m >= 0) & (m <= DAYS))][0], f"0 to {DAYS} days")
    r = np.asarray(rho, dtype=np.float64)
    if not np.all((r >= 0) & (r < 1)):
        raise InputError("rho", r[~((r >= 0) & (r < 1))][0], "0 to below 1")
    return np.asarray(m / DAYS), np.asarray(r / (1 - r))
