"""Acute attacks: who is free of pain some minutes after treatment.

Shares under sham come from one trial per disorder (``data/patient/attacks.csv``: PRESTO, ACT1), so
that another trial's may differ widely (``trial_logit``). Between the times of a trial the logit is
linear in the logarithm of time; beyond them nothing is known. With a logistic law of pain at that
time and its threshold where the share under sham puts it, relief by ``shift`` SD of pain gives

    logit P = logit P_sham(t, subgroup) + trial - (pi / sqrt 3) shift,

pi / sqrt 3 being the SD of the logistic law. Attacks of one patient are alike: beta-binomial.
``acute_logit`` is what PRESTO and ACT1 found; no trial to be predicted is in here.

A raw gap between subgroups of one trial is mostly chance. Where their numbers are known, the logit
of each is shrunk towards that of all, a normal law with SD `subgroup_gap` of the gap being prior,
under sham and, alike, in what stimulation adds. For two subgroups of gap d with variance v

    gap = d SD^2 / (SD^2 + v).

Means are used: what is left uncertain of the gaps (about 0.4) is held in the spread between trials.
The severities of migraine attacks come without numbers: shares under sham as published, no effect
of their own.
"""

from __future__ import annotations

import difflib
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaincinv, expit, logit

from vagus.body.priors import parse_prior, uniforms
from vagus.data import Row, read_table
from vagus.errors import InputError
from vagus.patient.switches import Switches

Floats = NDArray[np.float64]

LOGITS_PER_SD = np.pi / np.sqrt(3)
# The endpoint that the course over time is known for.
KNOWN = {"migraine": "pain-free", "cluster": "pain 0-1"}


def disorders() -> tuple[str, ...]:
    """Disorders with attacks."""
    return tuple(KNOWN)


def subgroups(disorder: str) -> tuple[str, ...]:
    """Subgroups of attacks or patients whose share under sham is known: severity, or kind."""
    return tuple(row["subgroup"] for row in _of("sham", disorder))


def times(disorder: str) -> tuple[float, float]:
    """(first, last) minutes at which the share under sham is known."""
    known = [float(row["minutes"]) for row in _course(disorder)]
    return min(known), max(known)


def attack_probability(
    disorder: str, minutes: float, shift_SD: ArrayLike = 0.0, *, subgroup: str | None = None,
    trial_logit: ArrayLike = 0.0,
) -> Floats:  # fmt: skip
    """[m] chance that an attack has passed the endpoint of `KNOWN` by ``minutes``.

    ``shift_SD`` [m]: change of pain at that time against sham in SD, negative is better.
    ``subgroup``: severity at the start (migraine) or kind (cluster), None for the mix of the trial.
    ``trial_logit``: how this trial's sham response differs (`parameter`). Raises `InputError` for
    times and subgroups that nothing is known of.
    """
    low, high = times(disorder)
    if not low <= minutes <= high:
        raise InputError("minutes", minutes, f"{low:g} to {high:g} for {disorder}")
    course = _course(disorder)
    at = np.log([float(row["minutes"]) for row in course])
    sham = np.interp(np.log(minutes), at, logit([float(row["pct"]) / 100 for row in course]))
    relief = LOGITS_PER_SD * np.asarray(shift_SD, dtype=np.float64)
    offset = 0.0 if subgroup is None else _sham_offsets(disorder)[_known(disorder, subgroup)]
    return np.asarray(expit(sham + offset + np.asarray(trial_logit) - relief))


def attack_outcomes(
    probability: ArrayLike, attacks: int, correlation: ArrayLike, rng: np.random.Generator,
    switches: Switches | None = None,
) -> Floats:  # fmt: skip
    """[m, attacks] 1 where an attack has passed: patients with chances ``probability`` [m].

    A patient's own chance is drawn from a beta law of that mean with intraclass ``correlation``
    (one number or [m]); without overdispersion attacks are independent. Raises `InputError` for a
    number of attacks below 1 and for chances or correlations out of range.
    """
    p = np.atleast_1d(np.asarray(probability, dtype=np.float64))
    rho = np.broadcast_to(np.asarray(correlation, dtype=np.float64), p.shape)
    if attacks < 1:
        raise InputError("attacks", attacks, "1 or more")
    if not np.all((p >= 0) & (p <= 1)):
        raise InputError("probability", p[~((p >= 0) & (p <= 1))][0], "0 to 1")
    if not np.all((rho >= 0) & (rho < 1)):
        raise InputError("correlation", rho[~((rho >= 0) & (rho < 1))][0], "0 to below 1")
    chance = p.copy()
    if (switches or Switches()).overdispersion:
        varies = (rho > 0) & (p > 0) & (p < 1)
        size = 1 / rho[varies] - 1
        u = rng.random(p.shape)[varies]
        chance[varies] = betaincinv(p[varies] * size, (1 - p[varies]) * size, u)
    return np.asarray(rng.random((len(p), attacks)) < chance[:, None], dtype=np.float64)


def parameter(disorder: str, symbol: str, n: int, seed: int) -> Floats:
    """[n] draws of a parameter of ``attack_parameters.csv``.

    ``trial_logit`` and ``correlation``; ``acute_logit``: what stimulation adds as found in both
    calibration trials, as a shift -acute_logit / LOGITS_PER_SD; cluster headache also has
    ``strict_logit``, what pain-free instead of pain 0-1 adds to ``trial_logit``, and
    ``subgroup_gap``.
    """
    _rows(disorder)
    table = {(r["disorder"], r["symbol"]): r for r in read_table("patient/attack_parameters.csv")}
    row = table.get((disorder, symbol))
    if row is None:
        known = ", ".join(s for d, s in table if d == disorder)
        raise InputError("parameter", symbol, f"of {disorder}: {known}")
    prior = parse_prior(row["distribution"], f"attack_parameters.csv: {symbol}")
    if prior is None:
        return np.full(n, float(row["default"]))
    return prior.quantile(uniforms(f"attack {disorder} {symbol}", n, seed))


@cache
def effect_offset(disorder: str, subgroup: str | None) -> float:
    """Logit that stimulation adds in a subgroup more than in all; 0 for None and where not known.

    The prior is the same for either sign; weighted with the numbers of the trial offsets are 0.
    Raises `InputError` for a subgroup that nothing is known of.
    """
    if subgroup is None:
        return 0.0
    _known(disorder, subgroup)
    if not _of("active", disorder):
        return 0.0
    (y, v, n), (y_0, v_0, n_0) = _logits("active", disorder), _logits("sham", disorder)
    shrunk = _shrunk(y - y_0, v + v_0, n + n_0, _gap_sd(disorder))
    return float(shrunk[subgroups(disorder).index(subgroup)])


@cache
def _sham_offsets(disorder: str) -> dict[str, float]:
    """Subgroup -> log odds less those of all, under sham, at the time it was reported."""
    y, v, n = _logits("sham", disorder)
    if np.all(np.isfinite(n)):
        offsets = _shrunk(y, v, n, _gap_sd(disorder))
    else:
        (minutes,) = {row["minutes"] for row in _of("sham", disorder)}
        (whole,) = (r for r in _course(disorder) if r["minutes"] == minutes)
        offsets = y - logit(float(whole["pct"]) / 100)
    return dict(zip(subgroups(disorder), offsets.tolist(), strict=True))


def _shrunk(y: Floats, v: Floats, n: Floats, gap_sd: float) -> Floats:
    """[K] best linear predictors of what ``y``, of variances ``v``, differ from their common mean.

    Each differs by a variance of gap_sd^2 / 2, so that two differ by a gap of SD ``gap_sd``; their
    mean weighted with ``n`` is taken off.
    """
    between = gap_sd**2 / 2
    w = 1 / (between + v)
    differs = between * w * (y - np.sum(w * y) / np.sum(w))
    return np.asarray(differs - np.sum(n * differs) / np.sum(n))


def _logits(kind: str, disorder: str) -> tuple[Floats, Floats, Floats]:
    """Logits [K] of subgroups, their variances, and numbers (nan where they were not told)."""
    rows = {row["subgroup"]: row for row in _of(kind, disorder)}
    chosen = [rows[subgroup] for subgroup in subgroups(disorder)]
    p = np.array([float(row["pct"]) / 100 for row in chosen])
    n = np.array([float(row["n"] or "nan") for row in chosen])
    return np.asarray(logit(p)), np.asarray(1 / (n * p * (1 - p))), n


def _gap_sd(disorder: str) -> float:
    return float(parameter(disorder, "subgroup_gap", 1, 0)[0])


def _known(disorder: str, subgroup: str) -> str:
    if subgroup not in subgroups(disorder):
        allowed = f"of {disorder}: {', '.join(subgroups(disorder))}"
        raise InputError("subgroup", subgroup, allowed)
    return subgroup


def _course(disorder: str) -> list[Row]:
    return [
        r for r in _rows(disorder)
        if r["kind"] == "sham" and not r["subgroup"] and r["endpoint"] == KNOWN[disorder]
    ]  # fmt: skip


def _of(kind: str, disorder: str) -> list[Row]:
    """Rows of subgroups under ``kind``: sham or active."""
    return [r for r in _rows(disorder) if r["kind"] == kind and r["subgroup"]]


@cache
def _rows(disorder: str) -> tuple[Row, ...]:
    if disorder not in KNOWN:
        near = difflib.get_close_matches(str(disorder), KNOWN, 1)
        fix = f"Did you mean `{near[0]}`?" if near else "Take one of these."
        raise InputError("disorder", disorder, ", ".join(KNOWN), fix)
    rows = read_table("patient/attacks.csv")
    return tuple(row for row in rows if row["disorder"] == disorder)
