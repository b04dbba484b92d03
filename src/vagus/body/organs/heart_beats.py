"""Beat-by-beat heart: the limbs of `vagus.body.organs.heart` driving a phase that beats at 1.

Vagal firing is modulated by respiration, f_ev_rest (1 + m_resp sin(2 pi t / T_resp)), high in
expiration; the sinus node integrates its rate, phase' = 1/T, and beats at every whole number
(integral pulse frequency modulation).

Structural alternative (``phase_effect`` above 0): a share of the vagal effect depends on the phase
of the node, with the phase effectiveness of Seidel and Herzel (thesis version as in github
CSchoel/shm, MIT), F = phi^1.3 (phi - 0.45) (1 - phi)^3 / (0.2^3 + (1 - phi)^3). Here it weights the
vagal part of the period, divided by its mean, so that under steady firing the mean period is the
same; their own model weights the rate. F shortens the cycle early, so that with Ursino's resting
tone not all of the effect can depend on phase: above a share of about 0.9 the period would turn
negative. F enters through its first harmonics, for a smooth right-hand side.
"""

from __future__ import annotations

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from vagus.body.organs.heart import heart
from vagus.body.statement import TIME, Model, compose, state_model, table

q = table("heart_beats")

HARMONICS = 4
"""Harmonics of the phase effectiveness: the sum of squares left over is below a hundredth."""


def heart_beats() -> Model:
    """Limbs, respiration and phase; outputs `beat_rate` (Hz) and those of the mean heart."""
    extra = q.phase_effect * q.dT_v * (_weight(q.beat_phase) - 1)
    rate = 1 / (q.rr_interval + extra)
    wave = sp.sin(2 * sp.pi * (TIME - q.D_Tv) / q.T_resp)
    beats = state_model(q, {q.beat_phase: rate}, {q.resp_mod: q.m_resp * wave, q.beat_rate: rate})
    return compose("heart_beats", heart(), beats)


def phase_effectiveness(phase: NDArray[np.float64]) -> NDArray[np.float64]:
    """F of Seidel and Herzel at ``phase`` (0 to 1), same shape; not divided by its mean."""
    late = (1 - phase) ** 3
    return np.asarray(phase**1.3 * (phase - 0.45) * late / (0.2**3 + late))


def _weight(phase: sp.Expr) -> sp.Expr:
    """F over its mean as a Fourier series in ``phase``; its own mean is exactly 1."""
    at = (np.arange(4096) + 0.5) / 4096
    shape = phase_effectiveness(at)
    shape /= shape.mean()
    series: sp.Expr = sp.Integer(1)
    for k in range(1, HARMONICS + 1):
        turn = 2 * np.pi * k * at
        series += sp.Float(2 * np.mean(shape * np.cos(turn))) * sp.cos(2 * sp.pi * k * phase)
        series += sp.Float(2 * np.mean(shape * np.sin(turn))) * sp.sin(2 * sp.pi * k * phase)
    return series
