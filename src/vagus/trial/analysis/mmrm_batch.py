"""The MMRM of many replicates of one trial at once.

Replicates are fitted in groups whose arrays fit the cache; threads take a group each, since numpy
frees the interpreter while it works. The grouping does not depend on the number of threads, so
neither do the results. `mmrm` is the same computation with one replicate.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from vagus.body.integrate import in_parallel
from vagus.trial.analysis.columns import check_patients
from vagus.trial.analysis.contrast import Bools, Floats, Ints, t_inference
from vagus.trial.analysis.mmrm import DfMethod, check_options, contrasts, prepare, ready
from vagus.trial.analysis.reml_fit import fit_reml

Progress = Callable[[int, int], None]

TOGETHER, NUMBERS = 64, 4_000_000
"""Most replicates of one group, and most numbers of its largest array."""


@dataclass(frozen=True, eq=False)
class MmrmBatch:
    """Treated minus control: ``estimate``, ``se``, ``df``, ``low``, ``high``, ``p`` [R, V].

    ``converged`` [R]; where it is False (an arm or a visit is empty, or the likelihood has no
    maximum within reach) the rest is NaN.
    """

    estimate: Floats
    se: Floats
    df: Floats
    low: Floats
    high: Floats
    p: Floats
    converged: Bools
    df_method: DfMethod


def mmrm_batch(
    values: ArrayLike,
    arm: ArrayLike,
    baseline: ArrayLike | None = None,
    stratum: ArrayLike | None = None,
    *,
    baseline_by_visit: bool = True,
    df: DfMethod = "satterthwaite",
    treated: int = 1,
    control: int = 0,
    level: float = 0.95,
    workers: int | None = None,
    progress: Progress | None = None,
) -> MmrmBatch:
    """Fit R replicates of n patients at V visits.

    ``values`` [R, n, V] (NaN: missing); ``arm``, ``baseline``, ``stratum`` [R, n]; see `mmrm`.
    ``workers``: threads (None: one per core). ``progress(done, all)`` as replicates finish.
    Raises `InputError` for arrays that do not fit; a replicate that cannot be fitted is flagged.
    """
    y, a, b, s, _ = check_patients(values, arm, baseline, stratum, visits=True)
    check_options(df, treated, control, level, a)
    arms = int(a.max()) + 1
    replicates, _, visits = y.shape
    out = np.full((3, replicates, visits), np.nan)
    converged = np.zeros(replicates, dtype=bool)

    def some(part: slice) -> int:
        _, stats = prepare(
            y[part], a[part], arms, b if b is None else b[part], s if s is None else s[part],
            None, baseline_by_visit,
        )  # fmt: skip
        at: Ints = np.flatnonzero(ready(stats, arms))
        if len(at):
            stats = stats.take(at)
            fit = fit_reml(stats)
            found = np.stack(contrasts(stats, fit, df, treated, control, arms))
            converged[part.start + at] = fit.converged
            out[:, part.start + at] = np.where(fit.converged[:, None], found, np.nan)
        return len(y[part])

    seen = np.unique(~np.isnan(y).reshape(-1, visits), axis=0)
    together = int(np.clip(NUMBERS // (len(seen) * visits**4), 1, TOGETHER))
    in_parallel(some, replicates, together, workers, progress)
    estimate, se, freedom = out
    low, high, p = t_inference(estimate, se, freedom, level)
    return MmrmBatch(estimate, se, freedom, low, high, p, converged, df)
