"""Norepinephrine within minutes, serotonin within weeks, both as ratios to rest.

    NE' = ((1 - lesion) (1 + lambda ne_rise share) - NE) / tau_NE      share = (LC - 1) / g_L
    LC_day' = ((1 - lesion) share - LC_day) / tau_day
    DRN1' = (Hill(LC_day) - DRN1) / tau_DRN, DRN2' = (DRN1 - DRN2) / tau_DRN
    S5HT' = (1 + lambda g_5HT DRN2 - S5HT) / tau_5HT

All of it was measured in rats: norepinephrine during stimulation only (Roosevelt 2006,
PMC1751174), raphe firing after weeks only (Dorr and Debonnel 2006), steep in the duty (Manta 2012),
and gone when norepinephrine neurons are lesioned with DSP-4 (Manta 2009): the raphe is driven
through LC. In patients CSF norepinephrine and 5-HIAA did not change (Carpenter 2004), hence
`lambda_h`, the human share of the rat's effect, with half of its mass at zero. Dorr and Debonnel
and Manta stimulated at 0.25 mA, at which Roosevelt saw no norepinephrine: not reconciled here.

What Roosevelt identifies is the rise at full LC response, so the response enters as a share of its
greatest. The raphe answers to the mean over a day, not to single trains, so `LC_day` is linear.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vagus.body.statement import Model, hill, state_model, table
from vagus.errors import InputError

q = table("monoamines")


def monoamines() -> Model:
    """Norepinephrine and serotonin that follow the LC."""
    share = q.lc_excess / q.g_L
    intact = 1 - q.lesion_ne
    rates = {
        q.NE: (intact * (1 + q.lambda_h * q.ne_rise * share) - q.NE) / q.tau_NE,
        q.LC_day: (intact * share - q.LC_day) / q.tau_day,
        q.DRN1: (hill(q.LC_day, q.duty50, q.n_duty) - q.DRN1) / q.tau_DRN,
        q.DRN2: (q.DRN1 - q.DRN2) / q.tau_DRN,
        q.S5HT: (1 + q.lambda_h * q.g_5HT * q.DRN2 - q.S5HT) / q.tau_5HT,
    }
    return state_model(q, rates)


def rat_share(current_mA: float, half_mA: ArrayLike, steepness: ArrayLike) -> NDArray[np.float64]:
    """LC response of a rat as a share of its greatest, at a current; shape of the parameters.

    Raises `InputError` for a negative current or a half-current that is not positive.
    """
    half = np.asarray(half_mA, dtype=np.float64)
    if current_mA < 0 or (half <= 0).any():
        raise InputError("current", f"{current_mA} mA", "0 mA or more, half-current above 0 mA")
    raised = (current_mA / half) ** np.asarray(steepness)
    return np.asarray(raised / (1 + raised))
