"""Block by a continuous kilohertz current: the smallest amplitude that no spike passes.

The sine runs from t = 0 to the end. Once the volley that its onset evokes has died down, currents
injected near the fibre's start launch `TESTS` spikes, one after the other; the fibre is blocked
where nothing at all reaches the detector from the first of them on. A fibre that the sine itself
keeps firing is not blocked; a single test would not tell, for it may collide with one of those
spikes.

Between activation and block the answer may change more than once, so amplitudes are tried from
below: up a geometric ladder from the activation threshold of the sine, then by bisection. The
bracket (lower, upper] is the certificate: at ``lower`` a spike arrived, at ``upper`` none did. A
window of block narrower than a rung may be missed.

Published behaviour: thresholds rise with frequency for symmetric waveforms (Zhao et al. 2015,
doi:10.3389/fncom.2015.00086); MRG thresholds rise almost linearly above 5 kHz and fall with
diameter (Bhadra et al. 2007, doi:10.1007/s10827-006-0015-5; recalled, not read here); firing is
irregular near the boundary of block, and virtual cathodes excite anew above it (Pelot et al. 2017,
doi:10.1088/1741-2552/aa6a5f).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vagus.errors import ConvergenceError, InputError
from vagus.fibre.conduction import MYELINATED, UNMYELINATED
from vagus.fibre.lanes import W
from vagus.fibre.models import Fibres, is_myelinated
from vagus.fibre.myelinated import MyelinatedFibres
from vagus.fibre.threshold import activation_thresholds
from vagus.fibre.timegrid import TimeGrid, time_grid
from vagus.protocol.waveform import monophasic, sine_burst

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

STEPS_PER_PERIOD = 40
"""Second-order steps in one period of the sine: 80 move thresholds by less than 0.5 %."""
SETTLE_MS = 50.0
"""How long the onset response is left to die down before the test; 100 ms move thresholds of MRG
fibres at 10 kHz by up to 8 %, for low-rate firing persists just below block."""
TESTS, TEST_INTERVAL_MS = 5, 7.0
RUNG = 1.1
ONSET_CYCLES = 10
SLOWED = 2.0
"""A spike that arrives is waited for this many times its travel time without the sine."""
_LISTEN_MARGIN_MS = 2.0
LOWEST_HZ, HIGHEST_HZ = 1e3, 1e5


@dataclass(frozen=True)
class BlockThresholds:
    """Certified brackets of F fibres, peak amplitude of the sine in mA.

    ``lower_mA`` [F] let a spike pass, ``upper_mA`` [F] blocked it; where nothing up to the largest
    current blocked, upper is inf and lower the last current tried.
    """

    frequency_Hz: float
    lower_mA: Floats
    upper_mA: Floats

    @property
    def threshold_mA(self) -> Floats:
        """[F] the smallest amplitude seen to block."""
        return self.upper_mA


def block_thresholds(
    fibres: Fibres,
    frequency_Hz: float,
    *,
    tolerance: float = 0.01,
    max_current_mA: float = 100.0,
    settle_ms: float = SETTLE_MS,
    dtype: Any = np.float32,
) -> BlockThresholds:
    """Block thresholds of all F fibres for a sine of ``frequency_Hz``.

    The test spike starts at the second node (a tenth of an unmyelinated fibre). Raises `InputError`
    for a frequency outside 1 to 100 kHz, a tolerance outside [1e-4, 0.5], or currents and times
    that are not positive; `ConvergenceError` where a fibre does not conduct even without the sine.
    """
    if not LOWEST_HZ <= frequency_Hz <= HIGHEST_HZ:
        raise InputError("frequency", f"{frequency_Hz:g} Hz", "1 to 100 kHz")
    if not 1e-4 <= tolerance <= 0.5:
        raise InputError("tolerance", tolerance, "1e-4 to 0.5", "0.01 is usual.")
    if not max_current_mA > 0:
        raise InputError("max_current", f"{max_current_mA:g} mA", "> 0 mA")
    if not (np.isfinite(settle_ms) and settle_ms > 0):
        raise InputError("settle", f"{settle_ms:g} ms", "> 0 ms")
    fibres = replace(fibres, inject_node=_test_node(fibres))
    grid = _grid(fibres, frequency_Hz, settle_ms, dtype)
    search = _Search(fibres, grid, max_current_mA, dtype)
    search.climb(_onset_mA(fibres, frequency_Hz, max_current_mA, dtype))
    search.refine(tolerance)
    return BlockThresholds(frequency_Hz, search.lower, search.upper)


def _test_node(fibres: Fibres) -> int:
    """Where the test spike starts: far from a source over the middle, before it on the way."""
    return 1 if isinstance(fibres, MyelinatedFibres) else fibres.n // 10


def _test_pulse(fibres: Fibres) -> tuple[float, float]:
    """Current in nA and its duration in ms, as in the reference velocities."""
    _, _, current_nA, width_ms, _ = MYELINATED if is_myelinated(fibres.model) else UNMYELINATED
    return current_nA, width_ms


def _travel_ms(fibres: Fibres, dtype: Any) -> float:
    """Latest arrival of the test spike when nothing blocks it."""
    current_nA, width_ms = _test_pulse(fibres)
    tstop_ms = 5.0 if is_myelinated(fibres.model) else 40.0
    rest = time_grid("neuron", monophasic(1e3 * width_ms), tstop_ms, 0.005)
    grid = rest.with_injection(0.0, width_ms, current_nA)
    everyone = np.arange(len(fibres.diameter_um))
    outcome = fibres.simulate(grid, everyone, np.zeros(len(everyone)), dtype, stop_early=False)
    if not outcome.fired.all():
        silent = fibres.diameter_um[~outcome.fired][0]
        raise ConvergenceError(
            f"the test spike of the {silent:g} um fibre ({fibres.model}) does not reach the "
            f"detector within {tstop_ms:g} ms even without the blocking current: shorten the fibre."
        )
    return float(outcome.ap_time_ms.max())


def _grid(fibres: Fibres, frequency_Hz: float, settle_ms: float, dtype: Any) -> TimeGrid:
    """Equal second-order steps through the sine, averaged over each; test and listening."""
    current_nA, width_ms = _test_pulse(fibres)
    period_ms = 1e3 / frequency_Hz
    dt_ms = period_ms / STEPS_PER_PERIOD
    start = int(np.ceil(settle_ms / period_ms)) * STEPS_PER_PERIOD
    listen_ms = SLOWED * _travel_ms(fibres, dtype) + _LISTEN_MARGIN_MS
    count = start + int(np.ceil(((TESTS - 1) * TEST_INTERVAL_MS + listen_ms) / dt_ms))
    cycles = int(np.ceil(count / STEPS_PER_PERIOD))
    ends_us = 1e3 * dt_ms * np.arange(1, count + 1)
    w = sine_burst(frequency_Hz, cycles).mean(ends_us - 1e3 * dt_ms, ends_us)
    level = np.zeros(count, np.int64)
    since_ms = (np.arange(count) - start) * dt_ms
    test = (since_ms >= 0) & (since_ms // TEST_INTERVAL_MS < TESTS)
    test &= since_ms % TEST_INTERVAL_MS < width_ms
    inject_nA = np.where(test, current_nA, 0.0)
    return TimeGrid("converged", np.array([dt_ms]), level, w, count, inject_nA, start)


def _onset_mA(fibres: Fibres, frequency_Hz: float, limit_mA: float, dtype: Any) -> Floats:
    """[F] activation threshold of the sine's first cycles: weaker currents cannot block."""
    burst = sine_burst(frequency_Hz, ONSET_CYCLES)
    tstop_ms = burst.duration_us * 1e-3 + (5.0 if is_myelinated(fibres.model) else 40.0)
    grid = time_grid("converged", burst, tstop_ms)
    found = activation_thresholds(
        fibres, grid, tolerance=0.05, max_current_mA=limit_mA, dtype=dtype
    )
    return found.lower_mA


class _Search:
    """Brackets of all fibres while they close; spare lanes try several amplitudes at once."""

    def __init__(self, fibres: Fibres, grid: TimeGrid, limit_mA: float, dtype: Any) -> None:
        self._fibres, self._grid, self._limit, self._dtype = fibres, grid, limit_mA, dtype
        count = len(fibres.diameter_um)
        self.lower, self.upper = np.zeros(count), np.full(count, np.inf)

    def _blocked(self, fibre: Ints, current: Floats) -> NDArray[np.bool_]:
        """[fibre, amplitude] whether nothing arrived; ``current`` alike."""
        flat = np.repeat(fibre, current.shape[1])
        fired = self._fibres.simulate(self._grid, flat, current.ravel(), self._dtype).fired
        return ~fired.reshape(current.shape)

    def _narrow(self, fibre: Ints, current: Floats) -> None:
        """Keep the lowest of rising ``current`` [fibre, amplitude] that blocks, and the next."""
        blocked = self._blocked(fibre, current)
        first = np.where(blocked.any(axis=1), blocked.argmax(axis=1), current.shape[1])
        edges = np.column_stack([self.lower[fibre], current, self.upper[fibre]])
        rows = np.arange(len(fibre))
        self.lower[fibre], self.upper[fibre] = edges[rows, first], edges[rows, first + 1]

    def climb(self, start: Floats) -> None:
        """Up the ladder from ``start`` [F] until each fibre is blocked or the limit is reached."""
        rung = np.minimum(start, self._limit)
        open_ = np.arange(len(start))
        while len(open_):
            points = max(1, W // len(open_))
            current = rung[open_, None] * RUNG ** np.arange(points)
            self._narrow(open_, np.minimum(current, self._limit))
            rung[open_] = current[:, -1] * RUNG
            over = np.isfinite(self.upper[open_]) | (self.lower[open_] >= self._limit)
            open_ = open_[~over]

    def refine(self, tolerance: float) -> None:
        """Split the brackets down to ``tolerance``."""
        open_ = np.flatnonzero(np.isfinite(self.upper))
        while True:
            lower, upper = self.lower[open_], self.upper[open_]
            open_ = open_[upper > lower * (1 + tolerance)]
            if len(open_) == 0:
                return
            points = max(1, W // len(open_))
            share = (np.arange(points) + 1) / (points + 1)
            span = self.upper[open_] / self.lower[open_]
            self._narrow(open_, self.lower[open_, None] * span[:, None] ** share)
