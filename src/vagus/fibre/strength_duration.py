"""Strength-duration laws: rheobase and chronaxie from thresholds at several pulse widths.

Weiss (1901):      I = I_rh (1 + t_ch / PW)
Lapicque (1907):   I = I_rh / (1 - exp(-PW / tau)),  t_ch = tau ln 2
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from vagus.errors import InputError
from vagus.fibre.models import Fibres, is_myelinated
from vagus.fibre.threshold import DEFAULT_TOLERANCE, activation_thresholds
from vagus.fibre.timegrid import QUIET, Scheme, time_grid
from vagus.protocol.waveform import Waveform, monophasic

Floats = NDArray[np.float64]
_LN2 = float(np.log(2.0))
LATENCY_MYELINATED_MS, LATENCY_UNMYELINATED_MS = 4.0, 19.0
"""How long a spike is waited for after the pulse (as in the reference thresholds)."""


@dataclass(frozen=True)
class StrengthDuration:
    """Thresholds of one class of fibres: ``pulse_width_us`` [P] and ``threshold_mA`` [P] (inf:
    not reached), both for the fibre or share of fibres that ``label`` names."""

    label: str
    fibre_class: str
    pulse_width_us: Floats
    threshold_mA: Floats


@dataclass(frozen=True)
class StrengthDurationFit:
    """Rheobase (mA) and chronaxie (us) of one law; ``rms_error``: of the relative residuals."""

    law: str
    rheobase_mA: float
    chronaxie_us: float
    rms_error: float

    def threshold_mA(self, pulse_width_us: Floats) -> Floats:
        """Threshold at each pulse width, same shape."""
        return self.rheobase_mA * _shape(self.law, pulse_width_us, self.chronaxie_us)


def strength_duration(
    fibres: Fibres,
    pulse_width_us: Floats,
    *,
    waveform: Callable[[float], Waveform] = monophasic,
    polarity: int = 1,
    scheme: Scheme = "converged",
    tolerance: float = DEFAULT_TOLERANCE,
    max_current_mA: float = np.inf,
    dtype: Any = np.float32,
) -> Floats:
    """[F, P] absolute thresholds in mA of all F fibres at each of P pulse widths (inf: not
    reached).

    ``waveform`` makes the pulse of a width in us; ``polarity`` -1 searches negative currents.
    Raises `InputError` for a width that is not above 0 and for the limits of
    `activation_thresholds`.
    """
    widths = np.atleast_1d(np.asarray(pulse_width_us, float))
    latency = LATENCY_MYELINATED_MS if is_myelinated(fibres.model) else LATENCY_UNMYELINATED_MS
    found = np.empty((len(fibres.diameter_um), len(widths)))
    for column, width in enumerate(widths.tolist()):
        pulse = waveform(width)
        tstop_ms = pulse.settled_us(QUIET) * 1e-3 + latency
        pulse = pulse.until(1e3 * tstop_ms - 25.0)
        found[:, column] = activation_thresholds(
            fibres,
            time_grid(scheme, pulse, tstop_ms),
            polarity=polarity,
            tolerance=tolerance,
            max_current_mA=max_current_mA,
            dtype=dtype,
        ).threshold_mA
    return np.abs(found)


def _shape(law: str, width_us: Floats, chronaxie_us: float) -> Floats:
    if law == "Weiss":
        return np.asarray(1 + chronaxie_us / width_us)
    return np.asarray(-1 / np.expm1(-width_us * _LN2 / chronaxie_us))


def fit_strength_duration(points: StrengthDuration, law: str) -> StrengthDurationFit | None:
    """Least squares of the relative residuals; None with fewer than three reached thresholds.

    Raises:
        InputError: another law than ``"Weiss"`` and ``"Lapicque"``, or a width not above 0.
    """
    if law not in ("Weiss", "Lapicque"):
        raise InputError("law", law, "Weiss, Lapicque")
    if np.any(~(points.pulse_width_us > 0)):
        raise InputError("pulse_width_us", points.pulse_width_us, "positive us")
    use = np.isfinite(points.threshold_mA)
    if np.count_nonzero(use) < 3:
        return None
    width, threshold = points.pulse_width_us[use], points.threshold_mA[use]

    def rheobase(log_chronaxie: float) -> float:
        relative = _shape(law, width, float(np.exp(log_chronaxie))) / threshold
        return float(relative.sum() / (relative @ relative))

    def misfit(log_chronaxie: float) -> float:
        relative = _shape(law, width, float(np.exp(log_chronaxie))) / threshold
        return float(np.mean((rheobase(log_chronaxie) * relative - 1) ** 2))

    bounds = (np.log(float(width.min()) / 100), np.log(float(width.max()) * 100))
    best = minimize_scalar(misfit, bounds=bounds, method="bounded", options={"xatol": 1e-9})
    return StrengthDurationFit(
        law, rheobase(best.x), float(np.exp(best.x)), float(np.sqrt(misfit(best.x)))
    )
