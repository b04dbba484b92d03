"""Two treatments in two periods: A then B, or B then A (the 2 x 2 crossover).

With d = first period minus second and its mean in each sequence,

    treatment A - B = (d_AB - d_BA) / 2        period 1 - 2 = (d_AB + d_BA) / 2
    carry-over      = difference of the mean sums of both periods, AB - BA

each by Student's t with the pooled variance over patients (Hills & Armitage 1979,
doi:10.1111/j.1365-2125.1979.tb05910.x). A carry-over lambda biases the treatment estimate by
-lambda / 2. Its test compares patients and has little power, and choosing the analysis by it
distorts the error rate (Freeman 1989, doi:10.1002/sim.4780081202): it is shown, not acted on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from vagus.errors import InputError
from vagus.trial.analysis.contrast import ContrastFit, Floats, check_level, contrast_fit


@dataclass(frozen=True)
class CrossoverFit:
    """``treatment`` A minus B, ``period`` first minus second, ``carry_over`` AB minus BA (of the
    sums); ``carry_over_power``: chance that its test at 1 - level would see a carry-over as large
    as the treatment estimate."""

    treatment: ContrastFit
    period: ContrastFit
    carry_over: ContrastFit
    carry_over_power: float
    patients: int
    warnings: tuple[str, ...]


def crossover_analysis(
    first: ArrayLike, second: ArrayLike, sequence: ArrayLike, level: float = 0.95
) -> CrossoverFit:
    """``first``, ``second`` [n]: values of the two periods; ``sequence`` [n]: 0 for A then B, 1 for
    B then A. Patients without both values are left out. Raises `InputError`."""
    check_level(level)
    y1, y2 = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    order = np.asarray(sequence)
    if y1.ndim != 1 or y1.shape != y2.shape or y1.shape != order.shape:
        raise InputError("first", f"of shape {y1.shape}", "[n], as `second` and `sequence`")
    if not np.isin(order, (0, 1)).all():
        raise InputError("sequence", "other numbers", "0 (A then B) or 1 (B then A)")
    both = np.isfinite(y1) & np.isfinite(y2)
    ab, ba = both & (order == 0), both & (order == 1)
    if ab.sum() < 2 or ba.sum() < 2:
        raise InputError(
            "sequence", f"with {ab.sum()} and {ba.sum()} complete patients", "2 or more in each"
        )
    d, total = y1 - y2, y1 + y2
    half, se, df = _two_means(d[ab] / 2, d[ba] / 2)
    middle = (d[ab].mean() + d[ba].mean()) / 2
    gap, gap_se, _ = _two_means(total[ab], total[ba])
    treatment = contrast_fit(half, se, df, level, "Hills-Armitage, differences within patients")
    power = _power(abs(half), gap_se, df, 1 - level)
    return CrossoverFit(
        treatment,
        contrast_fit(middle, se, df, level, "Hills-Armitage, period"),
        contrast_fit(gap, gap_se, df, level, "sums of both periods, between patients"),
        power,
        int(both.sum()),
        (
            "the carry-over test compares patients and has little power"
            f" ({power:.0%} for a carry-over as large as the treatment estimate)",
            "the treatment estimate holds only if carry-over is the same for both treatments",
        ),
    )


def _two_means(a: Floats, b: Floats) -> tuple[float, float, float]:
    """Difference of means, standard error by the pooled variance, degrees of freedom."""
    df = len(a) + len(b) - 2
    pooled = (((a - a.mean()) ** 2).sum() + ((b - b.mean()) ** 2).sum()) / df
    return float(a.mean() - b.mean()), float(np.sqrt(pooled * (1 / len(a) + 1 / len(b)))), df


def _power(effect: float, se: float, df: float, alpha: float) -> float:
    """Of the two-sided t test."""
    if se == 0:
        return 1.0 if effect > 0 else alpha
    edge = stats.t.ppf(1 - alpha / 2, df)
    return float(stats.nct.sf(edge, df, effect / se) + stats.nct.cdf(-edge, df, effect / se))
