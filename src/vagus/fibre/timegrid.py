"""When the solver steps: equal steps as NEURON takes them, or graded ones that land on every edge.

``neuron``     equal steps; the waveform is sampled at the start of each (as PyFibers drives it).
``converged``  steps grow away from the waveform's edges and end exactly on them; the waveform is
               averaged over each step, so that no charge is lost.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from vagus.errors import InputError
from vagus.protocol.waveform import Waveform

Floats = NDArray[np.float64]
Scheme = Literal["neuron", "converged"]
SCHEMES: tuple[Scheme, ...] = ("neuron", "converged")


@dataclass(frozen=True)
class Grades:
    """Graded steps: pairs (until this long after an edge, step), both in us.

    ``during`` a piece of the stimulus; its last ``approach`` before the next edge; ``after`` the
    stimulus and in the tail of a recovery.
    """

    during: tuple[tuple[float, float], ...]
    approach: tuple[float, float]
    after: tuple[tuple[float, float], ...]


MYELINATED = Grades(
    during=((20.0, 0.625), (400.0, 2.5), (np.inf, 5.0)),
    approach=(20.0, 0.625),
    after=((20.0, 0.625), (50.0, 2.5), (150.0, 5.0), (np.inf, 25.0)),
)
"""Thresholds of MRG fibres within 0.1 % of dt -> 0 (benchmarks/convergence.py)."""
UNMYELINATED = Grades(
    during=((50.0, 5.0), (np.inf, 10.0)),
    approach=(20.0, 5.0),
    after=((50.0, 5.0), (500.0, 12.5), (3000.0, 25.0), (np.inf, 50.0)),
)
"""Thresholds of C fibres within 0.2 % of dt -> 0 (benchmarks/c_fibre_grid.py)."""
STEPS_PER_PERIOD = 120
STEPS_PER_TAU = 20
QUIET = 0.1
"""The stimulus is over once the waveform stays at or below this share of its largest value: a
tenth of a threshold current excites nothing, however long it lasts."""


@dataclass(frozen=True)
class TimeGrid:
    """The steps of one simulation, shared by all fibres of a run.

    ``dt_ms`` [L] the distinct step sizes; ``level`` [S] which of them step s takes;
    ``w`` [S] the waveform during step s; ``quiet_step``: first step after the stimulus, from which
    on a fibre may be declared silent; ``inject_nA`` [S] current injected into the fibre's
    ``inject_node`` (empty: none); ``listen_step``: first step whose spikes count.
    """

    scheme: Scheme
    dt_ms: Floats
    level: NDArray[np.int64]
    w: Floats
    quiet_step: int
    inject_nA: Floats = field(default_factory=lambda: np.empty(0))
    listen_step: int = 0

    @property
    def ends_ms(self) -> Floats:
        """[S] end of each step."""
        return np.cumsum(self.dt_ms[self.level])

    def coarse(self, dt_us: float) -> TimeGrid:
        """Equal steps of ``dt_us`` over the same time that carry the same charge."""
        ends = np.concatenate([[0.0], self.ends_ms])
        charge = np.concatenate([[0.0], np.cumsum(self.w * np.diff(ends))])
        count = int(np.ceil(ends[-1] / (dt_us * 1e-3) - 1e-9))
        times = np.minimum(np.arange(count + 1) * dt_us * 1e-3, ends[-1])
        w = np.diff(np.interp(times, ends, charge)) / (dt_us * 1e-3)
        level = np.zeros(count, np.int64)
        return TimeGrid("neuron", np.array([dt_us * 1e-3]), level, w, _quiet_step(w))

    def with_injection(self, start_ms: float, pulse_width_ms: float, current_nA: float) -> TimeGrid:
        """The same steps with a rectangular current injected into each fibre's ``inject_node``.

        Raises `InputError` where no step begins within the pulse.
        """
        starts = np.round(self.ends_ms - self.dt_ms[self.level], 9)
        on = (starts >= round(start_ms, 9)) & (starts < round(start_ms + pulse_width_ms, 9))
        if not on.any():
            raise InputError(
                "injection",
                f"{start_ms:g} to {start_ms + pulse_width_ms:g} ms",
                f"at least one step between 0 and {self.ends_ms[-1]:g} ms",
            )
        quiet = max(self.quiet_step, int(np.flatnonzero(on)[-1]) + 1)
        return replace(self, inject_nA=np.where(on, current_nA, 0.0), quiet_step=quiet)


def time_grid(
    scheme: Scheme,
    waveform: Waveform,
    tstop_ms: float,
    dt_ms: float = 0.005,
    delay_ms: float = 0.0,
    grades: Grades = MYELINATED,
) -> TimeGrid:
    """Steps from 0 to ``tstop_ms`` with the waveform starting at ``delay_ms``.

    ``dt_ms`` is read by scheme ``neuron`` only, ``grades`` by ``converged``. Raises `InputError`
    for an unknown scheme, dt <= 0, or a stimulus that does not end before ``tstop_ms``.
    """
    if scheme not in SCHEMES:
        raise InputError("scheme", scheme, " or ".join(SCHEMES))
    if not (np.isfinite(dt_ms) and 0 < dt_ms <= 0.1):
        raise InputError(
            "dt", f"{dt_ms * 1e3:g} us", "0 < dt <= 100 us", "NEURON's usual step is 5 us."
        )
    end_ms = delay_ms + waveform.duration_us * 1e-3
    if not tstop_ms > end_ms:
        raise InputError(
            "tstop", f"{tstop_ms:g} ms", f"> {end_ms:g} ms, the stimulus's end", "Run longer."
        )
    if scheme == "neuron":
        return _equal_steps(waveform, tstop_ms, dt_ms, delay_ms)
    return _graded_steps(waveform, tstop_ms, delay_ms, grades)


def _equal_steps(waveform: Waveform, tstop_ms: float, dt_ms: float, delay_ms: float) -> TimeGrid:
    count = round(tstop_ms / dt_ms)
    # rounded, so that an edge that falls on a step is not missed by a rounding error
    start_us = np.round((np.arange(count) * dt_ms - delay_ms) * 1e3, 6)
    w = waveform.sample(start_us)
    level = np.zeros(count, np.int64)
    return TimeGrid("neuron", np.array([dt_ms]), level, w, _quiet_step(w))


def _graded_steps(waveform: Waveform, tstop_ms: float, delay_ms: float, grades: Grades) -> TimeGrid:
    steps = _equal(delay_ms * 1e3, grades.after[-1][1])
    edges = waveform.edges_us
    for piece, length in enumerate(np.diff(edges).tolist()):
        coarsest = _resolution_us(waveform, piece)
        approach = min(grades.approach[0], length / 2)
        # the tail of a recovery carries little current: it may be stepped like silence
        pace = grades.after if waveform.decay[piece] != 0 else grades.during
        steps += _graded(length - approach, pace, coarsest)
        steps += _equal(approach, min(grades.approach[1], coarsest))
    steps += _graded(tstop_ms * 1e3 - delay_ms * 1e3 - edges[-1], grades.after, np.inf)
    dt_us = np.array(steps)
    ends = np.cumsum(dt_us) - delay_ms * 1e3
    w = waveform.mean(ends - dt_us, ends)
    distinct, level = np.unique(np.round(dt_us, 9), return_inverse=True)
    return TimeGrid("converged", distinct * 1e-3, level.astype(np.int64), w, _quiet_step(w))


def _graded(
    length_us: float, pace: tuple[tuple[float, float], ...], coarsest_us: float
) -> list[float]:
    """Steps over ``length_us`` after an edge, equal within each grade."""
    steps: list[float] = []
    done = 0.0
    for until, size in pace:
        part = min(until, length_us) - done
        if part > 0:
            steps += _equal(part, min(size, coarsest_us))
            done += part
    return steps


def _equal(length_us: float, largest_us: float) -> list[float]:
    count = int(np.ceil(length_us / largest_us - 1e-9)) if length_us > 1e-9 else 0
    return [length_us / count] * count if count else []


def _resolution_us(waveform: Waveform, piece: int) -> float:
    """Largest step that resolves one piece of the waveform."""
    if waveform.swing[piece] != 0:
        return float(2 * np.pi / waveform.omega_rad_per_us[piece] / STEPS_PER_PERIOD)
    if waveform.decay[piece] != 0:
        return float(waveform.tau_us[piece] / STEPS_PER_TAU)
    return np.inf


def _quiet_step(w: Floats) -> int:
    strong = np.flatnonzero(np.abs(w) > QUIET * np.abs(w).max(initial=0.0))
    return int(strong[-1]) + 1 if len(strong) else 0
