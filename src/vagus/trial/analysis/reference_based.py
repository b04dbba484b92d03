"""Jump to reference: who leaves the treated arm goes on as the control arm does.

Before leaving, a treated patient's mean is that of the own arm; from the first visit missed for
good on it is that of the control arm at the same covariates, and what was seen before matters
through the covariance (Carpenter, Roger & Kenward 2013, doi:10.1080/10543406.2013.834911). Control
patients, and gaps before a patient's last visit, are missing at random. The estimand is treatment
policy under the assumption that leavers lose the treatment's effect at once.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from vagus.errors import InputError
from vagus.trial.analysis.ancova import check_arms
from vagus.trial.analysis.columns import check_patients
from vagus.trial.analysis.contrast import Floats, check_level
from vagus.trial.analysis.imputation import (
    ImputedFit,
    analyse,
    check_imputations,
    conditional,
    gaps,
    posterior,
    rubin,
)


def jump_to_reference(
    values: ArrayLike,
    arm: ArrayLike,
    baseline: ArrayLike | None = None,
    stratum: ArrayLike | None = None,
    *,
    imputations: int = 100,
    seed: int = 0,
    treated: int = 1,
    control: int = 0,
    level: float = 0.95,
) -> ImputedFit:
    """Contrast at the last visit by ANCOVA of each completed data set.

    ``values`` [n, V] (NaN: missing), ``arm`` [n] 0, 1, ...; ``baseline``, ``stratum`` [n]. All arms
    but the control jump. The same ``seed`` gives the same numbers. Raises `InputError`.
    """
    check_level(level)
    check_imputations(imputations)
    y, a, b, s, _ = check_patients(values, arm, baseline, stratum, visits=True)
    if len(y) != 1:
        raise InputError("values", f"of {len(y)} replicates", "one trial")
    check_arms(treated, control, a)
    sets = np.empty((imputations, a.shape[1]))
    rng = np.random.default_rng(np.random.SeedSequence(seed))
    own_b, own_s = None if b is None else b[0], None if s is None else s[0]
    draws = posterior(y[0], a[0], own_b, own_s, imputations, rng)
    for k, (x, coefficients, sigma) in enumerate(draws):
        mean = jumped(y[0], x, int(a.max()) + 1, control, coefficients)
        sets[k] = conditional(y[0], gaps(y[0]), mean, sigma, rng)[:, -1]
    return rubin(analyse(sets, a, b, s, treated, control), level, "jump to reference", seed)


def jumped(y: Floats, x: Floats, arms: int, control: int, coefficients: Floats) -> Floats:
    """[n, V] means: the own arm's before leaving, the control arm's from then on."""
    reference = x.copy()
    reference[:, 1:arms] = 0
    if control:
        reference[:, control] = 1
    visits = np.arange(y.shape[1])
    left = np.where(np.isnan(y), -1, visits).max(axis=1) + 1
    gone = visits >= left[:, None]
    return np.where(gone, reference @ coefficients, x @ coefficients)
