"""Leave one out: how much a pooled effect hangs on each single study.

Viechtbauer & Cheung (2010), Res Synth Methods 1:112.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vagus.errors import InputError
from vagus.evidence.effects import Effects
from vagus.evidence.knapp_hartung import Test
from vagus.evidence.pooled import Pooled, pool


@dataclass(frozen=True)
class LeftOut:
    """What is ``pooled`` without the study ``label``."""

    label: str
    pooled: Pooled


def leave_one_out(
    effects: Effects, tau2: str = "REML", test: Test = "z", level: float = 0.95
) -> tuple[LeftOut, ...]:
    """[k] poolings of k - 1 studies, in the order of the studies; options as in `pool`."""
    if effects.k < 2:
        raise InputError("effects", f"{effects.k} study", "at least 2 studies")
    everyone = np.arange(effects.k)
    return tuple(
        LeftOut(label, pool(effects.select(everyone != i), tau2, test, level))
        for i, label in enumerate(effects.labels)
    )
