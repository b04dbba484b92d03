"""Between-study variance τ² by any method, and the share of variance it makes up.

Methods: FE (common effect, τ² = 0), DL, HE, HS, HSk, SJ (`moment`), PM = EB, PMM
(`paule_mandel`), ML, REML (`likelihood`).

With tr P of the weights 1/v the typical sampling variance is s² = (k - p) / tr P (Higgins &
Thompson 2002), and as metafor defines them for every method that estimates τ²

    I² = 100 τ² / (τ² + s²) %        H² = τ² / s² + 1

For FE both come from Cochran's Q: I² = 100 max(0, (Q - (k-p)) / Q), H² = Q / (k - p). For DL the
two definitions agree.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from vagus.errors import InputError
from vagus.evidence.least_squares import Floats, weighted_fit
from vagus.evidence.likelihood import maximum_likelihood, restricted_maximum_likelihood
from vagus.evidence.moment import (
    Tau2,
    dersimonian_laird,
    hedges,
    hunter_schmidt,
    hunter_schmidt_small,
    sidik_jonkman,
)
from vagus.evidence.paule_mandel import paule_mandel, paule_mandel_median

COMMON = "FE"
ESTIMATORS: Mapping[str, Callable[[Floats, Floats, Floats], Tau2]] = MappingProxyType(
    {
        COMMON: lambda y, v, x: Tau2(0.0, np.nan),
        "DL": dersimonian_laird,
        "HE": hedges,
        "HS": hunter_schmidt,
        "HSk": hunter_schmidt_small,
        "SJ": sidik_jonkman,
        "ML": maximum_likelihood,
        "REML": restricted_maximum_likelihood,
        "EB": paule_mandel,
        "PM": paule_mandel,
        "PMM": paule_mandel_median,
    }
)


def check_method(method: str) -> str:
    """``method`` itself. `InputError` where no such estimator of τ² exists."""
    if method not in ESTIMATORS:
        raise InputError("tau2", method, "one of " + ", ".join(ESTIMATORS))
    return method


def estimate_tau2(y: Floats, v: Floats, x: Floats, method: str) -> Tau2:
    """τ² and its standard error from ``y`` [k], ``v`` [k] and columns ``x`` [k, p], k > p."""
    return ESTIMATORS[check_method(method)](y, v, x)


def typical_variance(v: Floats, x: Floats) -> float:
    """s² = (k - p) / tr P: the sampling variance of a typical study (Higgins & Thompson 2002)."""
    k, p = x.shape
    trace = float(weighted_fit(v, x, 1 / v).trace)  # depends on the weights only
    return float((k - p) / trace)


def i2_h2(tau2: float | Floats, v: Floats, x: Floats) -> tuple[Floats, Floats]:
    """I² [%] and H² that belong to ``tau2`` [...]."""
    s2 = typical_variance(v, x)
    between = np.asarray(tau2, dtype=float)
    return 100 * between / (between + s2), between / s2 + 1


def i2_h2_from_q(q: float, df: int) -> tuple[float, float]:
    """I² [%] and H² of Cochran's ``q`` with ``df`` = k - p > 0, for a common effect."""
    return (100 * max(0.0, (q - df) / q) if q > 0 else 0.0), q / df
