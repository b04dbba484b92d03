"""N-of-1 trials: exact randomisation test, and a Bayesian answer with a named prior.

One patient has k periods, each under treatment or control. The randomisation test compares the
difference of means with what it would have been under every sequence that could have been drawn,
all equally likely (Edgington & Onghena 2007, *Randomization Tests*). Over patients the statistic
is the mean of their differences, and all combinations of their sequences are counted.

Bayesian: the difference d_i of patient i has sampling variance v_i = noise^2 (1/k_1 + 1/k_0), the
patients' effects are N(mu, between^2), and mu ~ N(mean, sd^2), all variances known. Then

    mu | d ~ N(m, 1/w),  w = 1/sd^2 + sum 1/(between^2 + v_i),  m = (mean/sd^2 + sum d_i/(..)) / w

(normal conjugate; Zucker et al. 1997, doi:10.1016/S0895-4356(96)00429-5 for the hierarchy).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from vagus.errors import InputError
from vagus.trial.analysis.contrast import Bools, Floats, check_level

MOST_EXACT = 1_000_000
"""Combinations of sequences that are counted one by one; beyond, they are drawn."""
DRAWN = 100_000
"""Combinations drawn: the standard error of a p of 0.05 is 0.0007."""


@dataclass(frozen=True)
class RandomisationTest:
    """``estimate`` treated minus control; two-sided ``p``; ``sequences`` counted or drawn;
    ``exact``: all were counted. The least p that the design can give is ``least_p``."""

    estimate: float
    p: float
    least_p: float
    sequences: int
    exact: bool


@dataclass(frozen=True)
class NormalPrior:
    """Of the mean effect (``mean``, ``sd``), of patients about it (``between_sd``), and of one
    period about its patient's mean (``noise_sd``), in the unit of the values. ``name`` says whose
    belief it is."""

    name: str
    mean: float
    sd: float
    between_sd: float
    noise_sd: float

    def __post_init__(self) -> None:
        for field, least in (("sd", 0.0), ("noise_sd", 0.0)):
            if not getattr(self, field) > least:
                raise InputError(field, getattr(self, field), "above 0")
        if not self.between_sd >= 0:
            raise InputError("between_sd", self.between_sd, "0 or more")


@dataclass(frozen=True, eq=False)
class NormalPosterior:
    """Of the mean effect: ``mean``, ``sd``, interval, chance to be below 0; of the patients'
    effects: ``patient_mean``, ``patient_sd`` [patients], drawn towards the mean effect."""

    mean: float
    sd: float
    low: float
    high: float
    below_zero: float
    patient_mean: Floats
    patient_sd: Floats
    prior: NormalPrior


def paired_sequences(pairs: int) -> Bools:
    """[2^pairs, 2 pairs] sequences in which each pair of periods holds both, in either order."""
    if pairs < 1:
        raise InputError("pairs", pairs, "1 or more")
    return np.array(
        [np.ravel([(a, not a) for a in s]) for s in product((True, False), repeat=pairs)]
    )


def balanced_sequences(periods: int, treated: int) -> Bools:
    """[choose(periods, treated), periods] all sequences with that many treated periods."""
    if not 0 < treated < periods:
        raise InputError("treated", treated, f"above 0 and below {periods}")
    chosen = list(combinations(range(periods), treated))
    out = np.zeros((len(chosen), periods), dtype=bool)
    np.put_along_axis(out, np.array(chosen), True, axis=1)
    return out


def randomisation_test(
    values: Sequence[ArrayLike],
    treated: Sequence[ArrayLike],
    allowed: Sequence[ArrayLike],
    seed: int = 0,
) -> RandomisationTest:
    """Of one or more patients: for each, ``values`` [k], ``treated`` [k] the sequence given, and
    ``allowed`` [S, k] those that could have been drawn. ``seed`` matters only where combinations
    are too many to count. Periods without a value are left out, and so are sequences that then hold
    one treatment only. Raises `InputError`."""
    if not len(values) or not len(values) == len(treated) == len(allowed):
        raise InputError("values", f"of {len(values)} patients", "one or more, as the other two")
    observed, could = [], []
    for y, given, sequences in zip(values, treated, allowed, strict=True):
        y, given, sequences = _patient(y, given, sequences)
        observed.append(float(_difference(y, given[None])[0]))
        could.append(_difference(y, sequences) / len(values))
    estimate = float(np.mean(observed))
    all_of_them = float(np.prod([float(len(c)) for c in could]))
    exact = all_of_them <= MOST_EXACT
    if exact:
        sums = np.zeros(1)
        for c in could:
            sums = np.add.outer(sums, c).ravel()
    else:
        rng = np.random.default_rng(np.random.SeedSequence(seed))
        sums = np.sum([rng.choice(c, DRAWN) for c in could], axis=0)
        sums = np.append(sums, estimate)  # the sequence given is one of those that could be
    as_far = np.abs(sums) >= abs(estimate) * (1 - 1e-9) - 1e-12 * np.abs(sums).max()
    furthest = np.abs(sums) >= np.abs(sums).max() * (1 - 1e-9)
    return RandomisationTest(
        estimate, float(as_far.mean()), float(furthest.mean()), len(sums), bool(exact)
    )


def posterior(
    values: Sequence[ArrayLike],
    treated: Sequence[ArrayLike],
    prior: NormalPrior,
    level: float = 0.95,
) -> NormalPosterior:
    """Of one or more patients: for each, ``values`` [k] and ``treated`` [k]; NaN are left out."""
    check_level(level)
    if not len(values) or len(values) != len(treated):
        raise InputError("values", f"of {len(values)} patients", "one or more, as `treated`")
    d, v = np.empty(len(values)), np.empty(len(values))
    for i, (y, given) in enumerate(zip(values, treated, strict=True)):
        y, given, _ = _patient(y, given, None)
        d[i] = _difference(y, given[None])[0]
        v[i] = prior.noise_sd**2 * (1 / given.sum() + 1 / (~given).sum())
    weight = 1 / (prior.between_sd**2 + v)
    precision = 1 / prior.sd**2 + weight.sum()
    mean, sd = (prior.mean / prior.sd**2 + weight @ d) / precision, precision**-0.5
    # each patient: shrunk towards the mean effect, whose own uncertainty is carried along
    own = prior.between_sd**2 * weight
    patient = own * d + (1 - own) * mean
    patient_sd = np.sqrt(own * v + (1 - own) ** 2 * sd**2)
    half = stats.norm.ppf(0.5 + level / 2) * sd
    return NormalPosterior(
        float(mean), float(sd), float(mean - half), float(mean + half),
        float(stats.norm.cdf(-mean / sd)), patient, patient_sd, prior,
    )  # fmt: skip


def _patient(
    values: ArrayLike, given: ArrayLike, allowed: ArrayLike | None
) -> tuple[Floats, Bools, Bools]:
    """One patient's arrays without the periods that have no value."""
    y, t = np.asarray(values, dtype=float), np.asarray(given, dtype=bool)
    s = t[None] if allowed is None else np.asarray(allowed, dtype=bool)
    if y.ndim != 1 or t.shape != y.shape or s.ndim != 2 or s.shape[1:] != y.shape:
        raise InputError("treated", f"of shape {t.shape}", f"one per period, {y.shape}")
    if not (s == t).all(axis=1).any():
        raise InputError("allowed", f"{len(s)} sequences", "the one that was given among them")
    seen = np.isfinite(y)
    y, t, s = y[seen], t[seen], s[:, seen]
    mixed = s.any(axis=1) & ~s.all(axis=1)
    if not (t.any() and not t.all()):
        raise InputError("values", "missing", "one or more under treatment and under control")
    return y, t, s[mixed]


def _difference(y: Floats, sequences: Bools) -> Floats:
    """[S] mean of the treated periods minus that of the others."""
    number = sequences.sum(axis=1)
    return np.asarray(sequences @ y / number - ~sequences @ y / (len(y) - number))
