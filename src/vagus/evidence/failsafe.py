"""Rosenthal's fail-safe N: how many trials of no effect would hide what was found.

Shown because reports ask for it. It says nothing on the size of the effect nor on whether trials
are missing (Rosenthal 1979, Psychol Bull 86:638).
"""

from __future__ import annotations

import math

import numpy as np
from scipy import stats

from vagus.evidence.checks import inside_0_1
from vagus.evidence.effects import Effects


def failsafe_n(effects: Effects, alpha: float = 0.05) -> int:
    """Trials of z = 0 to add until Stouffer's combined one-sided p rises to ``alpha``.

    N = (sum(z) / z_alpha)^2 - k, rounded up, and 0 where the combined p is above already;
    z = y / se. `InputError`: alpha outside (0, 1).
    """
    inside_0_1("alpha", alpha)
    total = float(np.sum(effects.y / effects.se))
    critical = float(stats.norm.isf(alpha))
    if abs(total) / math.sqrt(effects.k) <= critical:
        return 0
    return math.ceil((total / critical) ** 2 - effects.k)
