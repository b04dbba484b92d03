"""The MMRM of a whole simulation: 1,000 replicates of 240 patients at 4 visits with drop-out.

    python -m benchmarks --only trial

Unstructured covariance, baseline by visit, REML, Satterthwaite's degrees of freedom at every visit.
The target is that of the whole simulation (conduct and analysis); this is the analysis alone.
"""

from __future__ import annotations

import time

import numpy as np
from benchmarks.rows import Row

from vagus.trial.analysis.contrast import Floats, Ints
from vagus.trial.analysis.mmrm import mmrm
from vagus.trial.analysis.mmrm_batch import mmrm_batch

REPLICATES, PATIENTS, VISITS = 1000, 240, 4
WORKERS, TARGET_S = 2, 60.0
HAZARD, CORRELATION = 0.07, 0.5
"""Of leaving before each visit after randomisation; of any two visits, and of baseline."""


def replicates(number: int) -> tuple[Floats, Ints, Floats]:
    """Values, arms, baselines under the null."""
    rng = np.random.default_rng(1)
    covariance = CORRELATION + (1 - CORRELATION) * np.eye(VISITS + 1)
    z = rng.standard_normal((number, PATIENTS, VISITS + 1)) @ np.linalg.cholesky(covariance).T
    values = z[..., 1:].copy()
    left = rng.geometric(HAZARD, size=(number, PATIENTS))
    values[np.arange(VISITS) >= left[..., None]] = np.nan
    return values, np.tile(np.arange(PATIENTS) % 2, (number, 1)), z[..., 0]


def run(quick: bool = False) -> list[Row]:
    """Wall time on two threads, agreement with single fits, error rate of the last visit."""
    number = REPLICATES // 10 if quick else REPLICATES
    values, arm, baseline = replicates(number)
    start = time.perf_counter()
    found = mmrm_batch(values, arm, baseline, workers=WORKERS)
    took = time.perf_counter() - start
    few = [mmrm(values[k], arm[k], baseline[k]) for k in range(10)]
    apart = max(float(np.abs(f.estimate - found.estimate[k]).max()) for k, f in enumerate(few))
    wrong = float((found.p[:, -1] < 0.05).mean())
    error = np.sqrt(0.05 * 0.95 / number)
    converged = int(found.converged.sum())
    allowed = TARGET_S * number / REPLICATES
    return [
        Row(
            f"MMRM of {number} x {PATIENTS} patients x {VISITS} visits, {WORKERS} threads",
            f"< {allowed:g} s", f"{took:.2f} s", took < allowed,
        ),
        Row("replicates that converged", "all", f"{converged}", converged == number),
        Row("batch against single fits", "<= 1e-8", f"{apart:.0e}", apart <= 1e-8),
        Row(
            "type I error at the last visit", "0.05 within 3 SE", f"{wrong:.3f} (SE {error:.3f})",
            bool(abs(wrong - 0.05) < 3 * error),
        ),
    ]  # fmt: skip
