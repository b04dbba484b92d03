"""Beats of the heart and their variability.

A beat falls where the phase of the sinus node passes a whole number. The phase is sampled far finer
than it bends and read between samples as a cubic with the known speed at both ends, which is exact
to a millionth of a beat, or a ten-thousandth with phase effectiveness. Variability is as the Task
Force of 1996 (doi:10.1161/01.CIR.93.5.1043) defines it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.signal import welch

from vagus.body.compiled import Compiled, compile_model
from vagus.body.draws import Draws
from vagus.body.integrate import Segments, integrate
from vagus.body.organs.heart_beats import heart_beats
from vagus.errors import InputError

Floats = NDArray[np.float64]

GATINGS = ("ungated", "expiration", "inspiration")
"""When stimulation is on: always, or in one half of the breath."""

SAMPLE_S = 0.05
"""Sampling of the phase: a beat takes a dozen samples or more."""

RTOL = 1e-8
"""Tighter than elsewhere: the error is relative to the phase, which counts all beats so far."""

TOGETHER = 64
"""Draws sampled at a time: an hour of them takes some 300 MB."""

SETTLE_S = 20.0
"""Left out at the start: ten or more time constants of both limbs."""

HF_BAND_HZ = (0.15, 0.4)
TACHOGRAM_HZ = 4.0
WELCH_S = 64.0


@dataclass(frozen=True)
class Beats:
    """Times of beats (s), one array per draw, and the status of the integration [n] (0: fine)."""

    times_s: tuple[Floats, ...]
    status: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.times_s)


@dataclass(frozen=True)
class Variability:
    """Per draw [n]: mean heart rate (bpm), RMSSD and SDNN (ms), power of 0.15-0.4 Hz (ms^2)."""

    heart_rate_bpm: Floats
    rmssd_ms: Floats
    sdnn_ms: Floats
    hf_ms2: Floats


@cache
def beat_system() -> Compiled:
    """`heart_beats`, compiled once."""
    return compile_model(heart_beats())


def simulate_beats(
    draws: Draws,
    duration_s: float,
    drive_Hz: Mapping[str, float] | None = None,
    gating: str = "ungated",
) -> Beats:
    """Beats of ``duration_s`` seconds for draws of `heart_beats`, after `SETTLE_S` of settling.

    ``drive_Hz``: spikes per second per fibre while stimulation is on, by input (`u_B`, `u_A`,
    `u_E`). Gated stimulation is on in the half of each breath in which vagal firing is above
    (expiration) or below (inspiration) its mean. Raises `InputError` for a negative rate, an
    impossible respiratory period, an unknown gating or a duration outside 10 s to an hour.
    """
    drive = dict(drive_Hz or {})
    _check(draws, duration_s, drive, gating)
    times: list[Floats] = [np.empty(0)] * len(draws)
    status = np.zeros(len(draws), dtype=np.int64)
    for period in np.unique(draws["T_resp"]):
        rows = np.flatnonzero(draws["T_resp"] == period)
        segments = _segments(SETTLE_S + duration_s, float(period), drive, gating)
        for together in np.split(rows, np.arange(TOGETHER, len(rows), TOGETHER)):
            _beats_of(draws, together, segments, times, status)
    return Beats(tuple(times), status)


def _beats_of(
    draws: Draws,
    rows: NDArray[np.int64],
    segments: Segments,
    times: list[Floats],
    status: NDArray[np.int64],
) -> None:
    """Fill ``times`` and ``status`` of the draws ``rows``, which breathe alike."""
    at = np.append(
        np.arange(0.0, segments.edges_s[-1] - SAMPLE_S / 2, SAMPLE_S), segments.edges_s[-1]
    )
    found = integrate(beat_system(), draws.select(rows), segments, at, rtol=RTOL)
    phase, speed = found["beat_phase"], found["beat_rate"]
    status[rows] = found.status
    for i in np.flatnonzero(found.status == 0):
        times[rows[i]] = beat_times(at, phase[i], speed[i], SETTLE_S)


def beat_times(time_s: Floats, phase: Floats, speed_Hz: Floats, start_s: float = 0.0) -> Floats:
    """Times (s) from ``start_s`` on at which ``phase`` [q], rising, passes whole numbers.

    ``speed_Hz`` [q] is its derivative at ``time_s`` [q]: cubic Hermite between samples, Newton.
    """
    first = np.ceil(np.interp(start_s, time_s, phase))
    wanted = np.arange(first, np.floor(phase[-1]) + 1)
    cell = np.clip(np.searchsorted(phase, wanted, side="right") - 1, 0, len(phase) - 2)
    step = time_s[cell + 1] - time_s[cell]
    rise = phase[cell + 1] - phase[cell]
    left, right = speed_Hz[cell] * step, speed_Hz[cell + 1] * step
    goal = wanted - phase[cell]
    c2, c3 = 3 * rise - 2 * left - right, left + right - 2 * rise
    x = goal / rise
    for _ in range(6):  # Newton doubles the digits each time
        x -= (((c3 * x + c2) * x + left) * x - goal) / ((3 * c3 * x + 2 * c2) * x + left)
    return np.asarray(time_s[cell] + x * step)


def variability(beats: Beats) -> Variability:
    """Heart rate and its variability for each draw; NaN where it was not integrated."""
    rows = [
        (np.nan,) * 4 if bad else _measures(times)
        for times, bad in zip(beats.times_s, beats.status, strict=True)
    ]
    return Variability(*np.array(rows).reshape(-1, 4).T)


def rr_ms(times_s: Floats) -> Floats:
    """Intervals between beats (ms), one fewer than beats."""
    return np.asarray(1e3 * np.diff(times_s))


def rmssd(rr: Floats) -> float:
    """Root mean square of successive differences of intervals, in their unit."""
    return float(np.sqrt(np.mean(np.diff(rr) ** 2)))


def sdnn(rr: Floats) -> float:
    """Standard deviation of intervals (n - 1), in their unit."""
    return float(np.std(rr, ddof=1))


def hf_power(times_s: Floats, band_Hz: tuple[float, float] = HF_BAND_HZ) -> float:
    """Power (ms^2) of the tachogram in ``band_Hz``, at 0.15-0.4 Hz by default.

    Intervals stand at the beat that ends them, are read at 4 Hz through a cubic spline, and their
    spectrum is Welch's (Hann windows of 64 s, or of the record if shorter, half overlapping).
    """
    rr = rr_ms(times_s)
    ends = times_s[1:]
    grid = np.arange(ends[0], ends[-1], 1 / TACHOGRAM_HZ)
    tachogram = CubicSpline(ends, rr)(grid)
    window = min(len(grid), int(WELCH_S * TACHOGRAM_HZ))
    frequency, density = welch(tachogram, TACHOGRAM_HZ, "hann", window, detrend="linear")
    inside = (frequency >= band_Hz[0]) & (frequency <= band_Hz[1])
    return float(density[inside].sum() * (frequency[1] - frequency[0]))


def _measures(times_s: Floats) -> tuple[float, float, float, float]:
    rr = rr_ms(times_s)
    return 60e3 / float(rr.mean()), rmssd(rr), sdnn(rr), hf_power(times_s)


def _segments(end_s: float, period_s: float, drive: Mapping[str, float], gating: str) -> Segments:
    """Inputs that change every half breath where gated; expiration is the first half."""
    if gating == "ungated" or not any(drive.values()):
        edges, on = np.array([0.0, end_s]), np.ones(1)
    else:
        halves = int(np.ceil(2 * end_s / period_s))
        edges = np.append(np.arange(halves) * (period_s / 2), end_s)
        on = (np.arange(halves) % 2 == (gating == "inspiration")).astype(np.float64)
    values = {symbol: np.full(len(on), float(rate)) for symbol, rate in drive.items()}
    return Segments(edges, {"on": on, **values})


def _check(draws: Draws, duration_s: float, drive: Mapping[str, float], gating: str) -> None:
    if gating not in GATINGS:
        raise InputError("gating", gating, ", ".join(GATINGS))
    if not 10 <= duration_s <= 3600:
        raise InputError("duration_s", duration_s, "10 to 3600 s")
    for symbol, rate in drive.items():
        if symbol not in ("u_A", "u_B", "u_E"):
            raise InputError("drive_Hz", symbol, "u_A, u_B, u_E")
        if not 0 <= rate <= 1000:
            raise InputError(f"drive_Hz: {symbol}", rate, "0 to 1000 Hz", "Give a firing rate.")
    periods = draws["T_resp"]
    bad = periods[~((periods >= 1) & (periods <= 30))]
    if bad.size:
        raise InputError("T_resp", bad[0], "1 to 30 s, 2 to 60 breaths per minute")
