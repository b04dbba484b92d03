"""The smallest current that makes a fibre fire, with a certificate: silent below, firing above.

1. Probe: a short run at a current too small to excite gives the depolarisation per mA; threshold is
   near the current that would depolarise the most excited node by `GUESS_MV`.
2. Scout: bracket and bisect on coarse steps, four times cheaper, to the tolerance.
3. Certify: on the steps asked for, try either side of the scouted value, corrected by what a few
   pilot fibres showed; mostly that is the bracket already, else widen and bisect.

The scout looks from below: pilots are tried at currents from a thirtieth of the guess upwards, the
others climb from half of what the pilots told. Above a block window (virtual anodes) a fibre is
silent again, and a search that came from above would find that edge. All fibres advance together,
so that every block of lanes is full; with few fibres the spare lanes try several currents of one
bracket at once, and the lowest that fires is kept.

The bracket (lower, upper] is the certificate: ``lower`` was simulated and silent, ``upper`` fired,
both on the steps asked for. Guess, pilots and scout only save time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from vagus.errors import InputError
from vagus.fibre.lanes import W
from vagus.fibre.outcome import Outcome
from vagus.fibre.timegrid import TimeGrid

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

GUESS_MV = 20.0
"""Depolarisation at threshold, to start the search from; the result does not depend on it."""
PROBE_MV = 1.0
SCOUT_DT_US, SCOUT_TOLERANCE = 20.0, (1e-3, 1e-2)
PILOT_LADDER = np.geomspace(1 / 32, 2, 25)
"""Shares of the guess that the scout tries on the pilots, all of them."""
LADDER = np.array([0.5, 0.85, 1.0, 1.17])
"""Shares of the pilots' median that the scout climbs with every other fibre."""
PILOT_STEP, LARGEST_STEP = 1.02, 1.5
"""First steps of a bracket around a scouted value, and how far steps may grow."""
PILOTS = (W // 2, W)
_NEVER_MA = 1e6  # no current of this world
_SCOUT_MARGIN = 1.3  # how far beyond the current limit the scout looks
DEFAULT_TOLERANCE = 1e-3


class Simulated(Protocol):
    """F fibres that can be simulated: `MyelinatedFibres`, `UnmyelinatedFibres`."""

    @property
    def diameter_um(self) -> Floats: ...

    @property
    def ve_mV_per_mA(self) -> Floats: ...

    def simulate(
        self,
        grid: TimeGrid,
        fibre: Ints,
        amplitude_mA: Floats,
        dtype: Any = np.float32,
        stop_early: bool = True,
    ) -> Outcome: ...


@dataclass(frozen=True)
class Thresholds:
    """Certified brackets of F fibres, in mA of stimulus current (signed by polarity).

    ``lower_mA`` [F] silent, ``upper_mA`` [F] firing; where nothing fired up to the largest current,
    upper is +-inf and lower that current. ``simulations`` [F] runs spent on each fibre.
    """

    lower_mA: Floats
    upper_mA: Floats
    simulations: Ints

    @property
    def threshold_mA(self) -> Floats:
        """[F] the smallest current seen to fire."""
        return self.upper_mA


def activation_thresholds(
    fibres: Simulated,
    grid: TimeGrid,
    *,
    polarity: int = 1,
    tolerance: float = DEFAULT_TOLERANCE,
    max_current_mA: float = np.inf,
    dtype: Any = np.float32,
    scout_dt_us: float = SCOUT_DT_US,
) -> Thresholds:
    """Activation thresholds of all F fibres.

    ``polarity`` -1 searches negative currents (cathodic first for a source that carries them).
    ``tolerance``: upper / lower - 1 at the end; ``scout_dt_us``: the scout's step. Raises
    `InputError` for a tolerance outside [1e-6, 0.5] or a current limit that is not positive.
    """
    if not 1e-6 <= tolerance <= 0.5:
        raise InputError("tolerance", tolerance, "1e-6 to 0.5", "0.001 is usual.")
    if not max_current_mA > 0:
        raise InputError("max_current", f"{max_current_mA} mA", "> 0 mA")
    scout = _Search(
        fibres, grid.coarse(scout_dt_us), polarity, _SCOUT_MARGIN * max_current_mA, dtype
    )
    everyone = np.arange(len(scout.lower))
    guess = scout.guess()
    count = int(np.clip(len(everyone) // 32, *PILOTS))
    pilots = everyone[:: max(1, len(everyone) // count)]
    others = np.setdiff1d(everyone, pilots)
    scout.scan(pilots, guess)
    scout.climb(others, guess * _correction(scout.upper / guess, [], pilots))
    scouted = float(np.clip(tolerance, *SCOUT_TOLERANCE))
    scout.refine(everyone, scouted)
    start = np.sqrt(scout.lower * np.minimum(scout.upper, scout.lower * (1 + scouted)))

    search = _Search(fibres, grid, polarity, max_current_mA, dtype)
    search.simulations += scout.simulations
    search.bracket(pilots, start, PILOT_STEP)
    search.refine(pilots, tolerance)
    features = [np.log(guess), np.log(start / guess), np.log(fibres.diameter_um)]
    found = search.lower * (1 + tolerance / 2)  # of the pilots; the others are still open
    predicted = start * _correction(
        np.where(np.isfinite(search.upper), found, np.inf) / start, features, pilots
    )
    search.bracket(others, predicted, 1 + 0.999 * tolerance)
    search.refine(others, tolerance)
    return Thresholds(polarity * search.lower, polarity * search.upper, search.simulations)


def _correction(ratio: Floats, features: list[Floats], pilots: Ints) -> Floats:
    """[F] certified over scouted threshold, log-linear in the features as the pilots showed it.

    Kept within what the pilots' own ratios span; their median where too few are known.
    """
    known = pilots[np.isfinite(ratio[pilots])]
    if len(known) == 0:
        return np.ones(len(ratio))
    logs = np.log(ratio[known])
    if not features or len(known) <= len(features) + 2:
        return np.full(len(ratio), np.exp(np.median(logs)))
    x = np.column_stack([f - f[known].mean() for f in features])
    slopes = np.linalg.lstsq(x[known], logs - logs.mean(), rcond=1e-6)[0]
    return np.asarray(np.exp(np.clip(logs.mean() + x @ slopes, logs.min(), logs.max())))


class _Search:
    """Brackets of all fibres while they close; magnitudes only, ``polarity`` gives the sign."""

    def __init__(
        self, fibres: Simulated, grid: TimeGrid, polarity: int, limit: float, dtype: Any
    ) -> None:
        self._fibres, self._grid, self._polarity, self._dtype = fibres, grid, polarity, dtype
        self._limit = limit
        count = len(fibres.ve_mV_per_mA)
        self.lower = np.zeros(count)
        self.upper = np.full(count, np.inf)
        self.simulations = np.zeros(count, np.int64)

    def _run(self, fibre: Ints, current: Floats) -> Outcome:
        np.add.at(self.simulations, fibre, 1)
        return self._fibres.simulate(self._grid, fibre, self._polarity * current, self._dtype)

    def guess(self) -> Floats:
        """[F] current that would depolarise a node by `GUESS_MV`, were the fibre passive.

        A fibre cannot be depolarised by more than its extracellular potential varies, so the first
        probe is safe; the second, scaled to `PROBE_MV`, measures.
        """
        everyone = np.arange(len(self.lower))
        ve = self._fibres.ve_mV_per_mA
        current = PROBE_MV / np.maximum(np.ptp(ve, axis=1), 1e-12)
        for _ in range(2):
            response = np.maximum(self._run(everyone, current).peak_mV, 1e-6 * PROBE_MV)
            per_mA = response / current
            current = np.minimum(PROBE_MV / per_mA, 1e3 * current)
        return np.asarray(np.minimum(GUESS_MV / per_mA, self._limit))

    def scan(self, fibres: Ints, guess: Floats) -> None:
        """Try the whole ladder at once and go on from the first rung that fires."""
        rungs = guess[fibres, None] * PILOT_LADDER
        outcome = self._run(np.repeat(fibres, len(PILOT_LADDER)), rungs.ravel())
        fired = outcome.fired.reshape(rungs.shape)
        first = np.where(fired.any(axis=1), fired.argmax(axis=1), len(PILOT_LADDER) - 1)
        self.bracket(fibres, guess * self._spread(fibres, PILOT_LADDER[first]), LARGEST_STEP)

    def _spread(self, fibres: Ints, values: Floats) -> Floats:
        out = np.ones(len(self.lower))
        out[fibres] = values
        return out

    def climb(self, fibres: Ints, guess: Floats) -> None:
        """Bracket from below: up the ladder, and from its end on by `LARGEST_STEP`."""
        open_ = fibres
        for share in LADDER:
            current = np.minimum(share * guess[open_], self._limit)
            fired = self._run(open_, current).fired
            self.upper[open_[fired]] = current[fired]
            self.lower[open_[~fired]] = current[~fired]
            open_ = open_[~fired]
            if len(open_) == 0:
                break
        unbounded = fibres[(self.lower[fibres] == 0) | ~np.isfinite(self.upper[fibres])]
        edge = np.where(self.lower > 0, LADDER[-1] * LARGEST_STEP, LADDER[0] / LARGEST_STEP)
        self.bracket(unbounded, guess * edge, LARGEST_STEP)

    def bracket(self, fibres: Ints, guess: Floats, first_step: float) -> None:
        """Step from the guess [F] until each of ``fibres`` has a silent and a firing current."""
        current = np.minimum(guess, self._limit)
        step = np.full(len(guess), first_step)
        open_ = fibres
        while len(open_):
            fired = self._run(open_, current[open_]).fired
            self.lower[open_[~fired]] = current[open_[~fired]]
            self.upper[open_[fired]] = current[open_[fired]]
            turned = (self.lower[open_] > 0) & np.isfinite(self.upper[open_])
            beyond = ~fired & (current[open_] >= min(self._limit, _NEVER_MA))
            open_ = open_[~(turned | beyond)]
            down = np.isfinite(self.upper[open_])
            current[open_] *= np.where(down, 1 / step[open_], step[open_])
            current[open_] = np.minimum(current[open_], self._limit)
            step[open_] = np.minimum(step[open_] ** 2, LARGEST_STEP)

    def refine(self, fibres: Ints, tolerance: float) -> None:
        """Split open brackets; a fibre gets as many currents at once as there are spare lanes."""
        open_ = fibres
        while True:
            lower, upper = self.lower[open_], self.upper[open_]
            open_ = open_[np.isfinite(upper) & (upper > lower * (1 + tolerance))]
            if len(open_) == 0:
                return
            points = max(1, W // len(open_))
            share = (np.arange(points) + 1) / (points + 1)
            span = self.upper[open_] / self.lower[open_]
            current = self.lower[open_, None] * span[:, None] ** share
            fired = self._run(np.repeat(open_, points), current.ravel()).fired
            fired = fired.reshape(-1, points)
            edges = np.column_stack([self.lower[open_], current, self.upper[open_]])
            first = np.where(fired.any(axis=1), fired.argmax(axis=1), points)
            rows = np.arange(len(open_))
            self.lower[open_], self.upper[open_] = edges[rows, first], edges[rows, first + 1]
