"""Trim and fill: the trials that a symmetric funnel would have, and the estimate with them.

Duval & Tweedie 2000 (Biometrics 56:455), estimator L0, as in metafor's `trimfill`. It repairs an
asymmetry whatever its cause, so its estimate is a sensitivity analysis and no correction.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from vagus.errors import ConvergenceError, InputError
from vagus.evidence.effects import Effects, join
from vagus.evidence.egger import LEAST_K, egger_test, enough
from vagus.evidence.pooled import Pooled, pool

Side = Literal["left", "right"]
MOST_ROUNDS = 100


@dataclass(frozen=True, eq=False)
class TrimAndFill:
    """``k0`` trials missing on ``side`` (standard error ``se_k0``), and all trials with them.

    ``filled``: the trials given, then the mirrored ones. ``pooled``: these pooled, by z.
    """

    k0: int
    se_k0: float
    side: Side
    filled: Effects
    pooled: Pooled


def trim_and_fill(effects: Effects, side: Side | None = None, tau2: str = "REML") -> TrimAndFill:
    """Estimate and fill in missing trials.

    ``side`` on which they miss; None takes that to which Egger's line falls (right where small
    trials have lesser effects). ``tau2``: its estimator, FE for a common effect. `InputError`:
    fewer than 3 effects. `ConvergenceError`: k0 goes in circles.
    """
    enough(effects, LEAST_K)
    chosen: Side = side or ("right" if egger_test(effects, tau2=tau2).slope < 0 else "left")
    if chosen not in ("left", "right"):
        raise InputError("side", chosen, "left, right")
    sign = -1.0 if chosen == "right" else 1.0
    order = np.argsort(sign * effects.y, kind="stable")
    turned = Effects(effects.measure, sign * effects.y[order], effects.v[order])
    k0, centre, se_k0 = _missing(turned, tau2)
    outermost = order[effects.k - k0 :]
    filled = effects
    if k0 > 0:
        mirrored = Effects(
            effects.measure,
            2 * sign * centre - effects.y[outermost],
            effects.v[outermost],
            tuple(f"filled: {effects.labels[i]}" for i in outermost),
            ("mirror image of a trial",),
        )
        filled = join([effects, mirrored])
    return TrimAndFill(k0, se_k0, chosen, filled, pool(filled, tau2))


def _missing(turned: Effects, tau2: str) -> tuple[int, float, float]:
    """k0, the centre of the trimmed trials, and the SE of k0; effects ascending, missing left."""
    k, k0 = turned.k, 0
    for _ in range(MOST_ROUNDS):
        before = k0
        centre = pool(turned.select(np.arange(k - k0)), tau2).estimate
        away = turned.y - centre
        rank = 1 + np.argsort(np.argsort(np.abs(away), kind="stable"), kind="stable")
        positive = float(np.sum(rank[away > 0]))
        unrounded = (4 * positive - k * (k + 1)) / (2 * k - 1)
        k0 = max(0, round(unrounded))
        if k0 == before:
            return k0, centre, 4 * _variance_of_rank_sum(k, unrounded) ** 0.5 / (2 * k - 1)
    raise ConvergenceError(
        f"trim and fill changes between {before} and {k0} missing trials; give `side`"
    )


def _variance_of_rank_sum(k: int, k0: float) -> float:
    """Variance of the sum of positive ranks with ``k0`` trials missing (Duval & Tweedie 2000)."""
    terms = k * (k + 1) * (2 * k + 1) + 10 * k0**3 + 27 * k0**2 + 17 * k0
    return max(0.0, (terms - 18 * k * k0**2 - 18 * k * k0 + 6 * k**2 * k0) / 24)
