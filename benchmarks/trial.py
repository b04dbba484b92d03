"""A whole simulation: 1,000 replicates of 240 patients at 4 visits, with drop-out and MMRM.

    python -m benchmarks --only trial

Unstructured covariance, baseline by visit, REML, Satterthwaite's degrees of freedom at every visit.
The target is that of conduct and analysis once the cohort exists; the analysis alone and the
operating characteristics (the same again under the null, and the truth) are timed besides.
"""

from __future__ import annotations

import time

import numpy as np

from benchmarks.rows import Row
from vagus.patient.build import build_cohort
from vagus.patient.regimen import Regimen
from vagus.patient.screening import Entry
from vagus.trial.analysis.contrast import Floats, Ints
from vagus.trial.analysis.mmrm import mmrm
from vagus.trial.analysis.mmrm_batch import mmrm_batch
from vagus.trial.conduct import conduct
from vagus.trial.design import Arm, Design, DropOut
from vagus.trial.estimand import default_estimand
from vagus.trial.operating import operating_characteristics
from vagus.trial.periods import regimens_needed
from vagus.trial.primary import primary
from vagus.trial.published import published_trial

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


def design() -> Design:
    """Neuropathic pain, 120 patients in each of two arms, four visits in twelve weeks."""
    arms = (
        Arm("active", "active", PATIENTS // 2, Regimen("active", ((0.0, 84.0),))),
        Arm("sham", "sham", PATIENTS // 2, Regimen("sham")),
    )
    return Design(
        title="benchmark", condition="neuropathic", endpoint="nrs", kind="parallel", arms=arms,
        visits_d=(21.0, 42.0, 63.0, 84.0), entry=Entry(at_least=4.0),
        drop_out=DropOut(HAZARD, 0.5, 0.5),
        estimand=default_estimand(
            "parallel", "mmrm", "neuropathic pain", "active against sham", "pain", binary=False
        ),
    )  # fmt: skip


def whole(number: int) -> list[Row]:
    """Wall time of conduct and analysis, and of operating characteristics, of one cohort."""
    plan = design()
    delivery = published_trial("RELAX").delivery
    schedule = delivery.schedule(plan.horizon_d())
    cohort = build_cohort(
        plan.condition, lambda n, seed: delivery.drive(schedule, n, seed), schedule,
        regimens_needed(plan), plan.horizon_d(), populations=10, patients=10,
    )  # fmt: skip
    start = time.perf_counter()
    primary(conduct(plan, cohort, number, seed=1), workers=WORKERS)
    took = time.perf_counter() - start
    start = time.perf_counter()
    operating_characteristics(plan, cohort, number, seed=1, workers=WORKERS)
    both = time.perf_counter() - start
    allowed = TARGET_S * number / REPLICATES
    what = f"{number} x {PATIENTS} patients x {VISITS} visits, {WORKERS} threads"
    return [
        Row(f"trial and MMRM of {what}", f"< {allowed:g} s", f"{took:.1f} s", took < allowed),
        Row(f"the same with the null and the truth, {what}", "", f"{both:.1f} s", None),
    ]


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
        *whole(number),
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
