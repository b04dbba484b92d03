"""Change from baseline in one arm: paired t test, for designs without a control."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from vagus.errors import InputError
from vagus.trial.analysis.contrast import ContrastFit, check_level, contrast_fit

LABEL = (
    "change from baseline in one arm, paired t: not an effect of stimulation"
    " (holds natural course, regression to the mean and expectation too)"
)


def change_within(before: ArrayLike, after: ArrayLike, level: float = 0.95) -> ContrastFit:
    """Mean of ``after`` minus ``before`` [n] over patients with both. The label of the result says
    that it is no effect of stimulation. ``arm_means`` are the means before and after."""
    check_level(level)
    b, a = np.asarray(before, dtype=float), np.asarray(after, dtype=float)
    if b.ndim != 1 or a.shape != b.shape:
        raise InputError("after", f"of shape {a.shape}", f"[n], as `before`, {b.shape}")
    both = np.isfinite(a) & np.isfinite(b)
    n = int(both.sum())
    if n < 2:
        raise InputError("after", f"with {n} complete pairs", "2 or more")
    d = a[both] - b[both]
    means = (float(b[both].mean()), float(a[both].mean()))
    return contrast_fit(
        float(d.mean()), float(d.std(ddof=1) / np.sqrt(n)), n - 1, level, LABEL, means
    )
