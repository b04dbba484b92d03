"""Verification of trials: R's mixed model and boundaries, error of the first kind, the score."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray
from scipy import integrate, stats

from vagus.credibility.verify_evidence import digits, golden
from vagus.data import read_table
from vagus.trial.analysis.mmrm import MmrmFit, mmrm
from vagus.trial.analysis.mmrm_batch import mmrm_batch
from vagus.trial.scores import crps_ensemble, crps_normal
from vagus.trial.sequential import boundaries
from vagus.trial.spending import Efficacy

Floats = NDArray[np.float64]
LOOKS: Mapping[Efficacy, tuple[float, ...]] = {
    "obrien-fleming": (1 / 3, 2 / 3, 1.0),
    "pocock": (1 / 3, 2 / 3, 1.0),
    "lan-demets-obf": (0.25, 0.5, 0.75, 1.0),
    "lan-demets-pocock": (0.3, 0.7, 1.0),
}
"""Plans of r_golden.csv: share of the information at each look."""
TRIALS, PATIENTS, VISITS, SEED = 2000, 40, 3, 7


def _orthodont() -> MmrmFit:
    """Growth of 27 children at four ages (Potthoff and Roy 1964); girls are the treated arm."""
    rows = read_table("credibility/orthodont.csv")
    ages = ("mm_at_8", "mm_at_10", "mm_at_12", "mm_at_14")
    values = np.array([[float(row[age]) for age in ages] for row in rows])
    return mmrm(values, np.array([int(row["sex"] == "Female") for row in rows]))


def _as_r(fit: MmrmFit) -> tuple[Floats, Floats]:
    """Coefficients of R's treatment contrasts [8] and their standard errors [8]."""
    to_r = np.zeros((8, 8))
    to_r[0, 0] = to_r[1, 1] = 1
    for v in range(1, 4):
        to_r[1 + v, [2 * v, 0]] = 1, -1
        to_r[4 + v, [2 * v + 1, 1]] = 1, -1
    return to_r @ fit.beta, np.sqrt(np.diag(to_r @ fit.cov @ to_r.T))


def mmrm_likelihood() -> float:
    """Difference of the restricted log-likelihood from nlme's, which is printed to 8 decimals."""
    return abs(_orthodont().log_reml - golden("nlme")["log-likelihood"])


def mmrm_coefficients() -> float:
    """Largest difference of a coefficient from nlme's, printed to 10 decimals, mm."""
    theirs = list(golden("nlme coefficient").values())
    return float(np.abs(_as_r(_orthodont())[0] - theirs).max())


def mmrm_errors() -> float:
    """Digits to which standard errors agree; nlme stops at 6 to 7 digits of the covariance."""
    return digits(_as_r(_orthodont())[1], list(golden("nlme standard error").values()))


def group_sequential() -> float:
    """Largest difference of a boundary (z) from rpact's, four plans, one-sided 0.025."""
    off = [
        np.abs(boundaries(t, kind, 0.025, 1).efficacy_z - list(golden(kind).values())).max()
        for kind, t in LOOKS.items()
    ]
    return float(max(off))


def type_i_error() -> float:
    """Share of trials without an effect that the mixed model calls significant at 0.05: 40
    patients, three visits, a sixth leaving at each."""
    rng = np.random.default_rng(SEED)
    root = np.linalg.cholesky(0.5 + 0.5 * np.eye(VISITS + 1))
    z = rng.standard_normal((TRIALS, PATIENTS, VISITS + 1)) @ root.T
    stays = rng.geometric(1 / 6, (TRIALS, PATIENTS))
    y = np.where(np.arange(VISITS) < stays[..., None], z[..., 1:], np.nan)
    arm = np.broadcast_to(np.arange(PATIENTS) % 2, (TRIALS, PATIENTS))
    found = mmrm_batch(y, arm, z[..., 0], workers=1)
    return float((found.p[found.converged, -1] < 0.05).mean())


def crps_of_a_normal() -> float:
    """Largest relative difference between the closed form and the definition by quadrature."""
    off = []
    for x, mean, sd in ((0.0, 0.0, 1.0), (2.5, -1.0, 0.7), (-3.0, 1.0, 4.0)):
        cdf = stats.norm(mean, sd).cdf
        below = integrate.quad(lambda t, f=cdf: f(t) ** 2, -np.inf, x)[0]
        above = integrate.quad(lambda t, f=cdf: (1 - f(t)) ** 2, x, np.inf)[0]
        off.append(abs(float(crps_normal(x, mean, sd)) / (below + above) - 1))
    return float(max(off))


def crps_of_an_ensemble() -> float:
    """Largest relative difference between the sorted form and the sum over all pairs."""
    rng, off = np.random.default_rng(SEED), []
    for m in (2, 7, 40):
        members, x = rng.standard_normal(m), 0.3
        pairs = np.abs(members[:, None] - members).sum() / (2 * m * m)
        known = np.abs(members - x).mean() - pairs
        off.append(abs(float(crps_ensemble(x, members)) / known - 1))
    return float(max(off))


MEASURES: Mapping[str, Callable[[], float | None]] = {
    "mmrm-likelihood": mmrm_likelihood,
    "mmrm-coefficients": mmrm_coefficients,
    "mmrm-standard-errors": mmrm_errors,
    "group-sequential": group_sequential,
    "type-i-error": type_i_error,
    "crps-normal": crps_of_a_normal,
    "crps-ensemble": crps_of_an_ensemble,
}
