"""When pulses are delivered: sorted, half-open on/off edges in seconds.

Semantics. A schedule is a list of windows [on, off): stimulation is on at ``on`` and off at
``off``. Windows are sorted and do not overlap; two that touch are one window (the constructors
merge them, so every gap is longer than 0). Windows that overlap, end before they start or are not
finite are errors. Every window starts a fresh pulse train: its pulses fall at on, on + 1/f, ...
as long as they are before ``off``. Before the first and after the last window stimulation is off.

The times are nominal: ramps of a generator are not modelled.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vagus.errors import InputError

Array = NDArray[np.float64]
DAY_S = 86_400.0
MOST_WINDOWS = 50_000_000  # 0.8 GB of edges: more is a slip of units rather than a schedule
ROUNDING_S = 1e-9  # two edges closer than this are the same instant


@dataclass(frozen=True, eq=False)
class Schedule:
    """Windows of stimulation; ``edges_s`` [n, 2] as the module's semantics say.

    Raises `InputError` for windows that overlap, are empty or are not finite.
    """

    edges_s: Array

    def __post_init__(self) -> None:
        edges = np.asarray(self.edges_s, dtype=np.float64).reshape(-1, 2)
        object.__setattr__(self, "edges_s", edges)
        if not np.isfinite(edges).all():
            raise InputError("edges_s", "NaN or infinite", "finite times in seconds")
        empty = np.flatnonzero(edges[:, 1] <= edges[:, 0])
        if empty.size:
            raise InputError(f"edges_s[{empty[0]}]", edges[empty[0]], "windows with on < off")
        early = np.flatnonzero(edges[1:, 0] < edges[:-1, 1])
        if early.size:
            raise InputError(
                f"edges_s[{early[0] + 1}]",
                edges[early[0] + 1],
                f"windows that start once the one before has ended, {edges[early[0], 1]:g} s",
                "Sort the windows and shorten those that overlap.",
            )

    @property
    def end_s(self) -> float:
        """The last off edge; 0 for a schedule without windows."""
        return float(self.edges_s[-1, 1]) if len(self.edges_s) else 0.0

    def is_on(self, t_s: ArrayLike) -> NDArray[np.bool_]:
        """Whether stimulation is on at each time; same shape as ``t_s``."""
        t = np.asarray(t_s, dtype=np.float64)
        # With no empty window and half-open ends, an odd number of passed edges means on.
        passed_on = np.searchsorted(self.edges_s[:, 0], t, side="right")
        passed_off = np.searchsorted(self.edges_s[:, 1], t, side="right")
        return np.asarray(passed_on > passed_off)

    def on_time_s(self, start_s: float = 0.0, stop_s: float | None = None) -> float:
        """Seconds of stimulation in [start, stop); to the end of the schedule unless given."""
        stop = self.end_s if stop_s is None else stop_s
        on, off = self.edges_s.T
        return float(np.maximum(0.0, np.minimum(off, stop) - np.maximum(on, start_s)).sum())

    def duty(self, start_s: float = 0.0, stop_s: float | None = None) -> float:
        """Share of [start, stop) in which stimulation is on, 0 to 1."""
        stop = self.end_s if stop_s is None else stop_s
        return self.on_time_s(start_s, stop) / (stop - start_s) if stop > start_s else 0.0

    def pulse_times_s(
        self, frequency_Hz: float, start_s: float = 0.0, stop_s: float | None = None
    ) -> Array:
        """[pulses] starts of the pulses that begin in [start, stop), increasing."""
        _above_zero(frequency_Hz=frequency_Hz)
        stop = self.end_s if stop_s is None else stop_s
        on, off = self.edges_s[(self.edges_s[:, 1] > start_s) & (self.edges_s[:, 0] < stop)].T
        count = np.ceil((off - on) * frequency_Hz - 1e-9).astype(np.int64)
        first = np.cumsum(count) - count
        k = np.arange(count.sum()) - np.repeat(first, count)
        times = np.repeat(on, count) + k / frequency_Hz
        return np.asarray(times[(times >= start_s) & (times < stop)])

    def shifted(self, by_s: float) -> Schedule:
        """The same windows, ``by_s`` later."""
        return Schedule(self.edges_s + by_s)

    def intersection(self, other: Schedule) -> Schedule:
        """On where both are on (respiratory gating inside a duty cycle, say)."""
        cuts = np.unique(np.concatenate([self.edges_s.ravel(), other.edges_s.ravel()]))
        both = self.is_on(cuts[:-1]) & other.is_on(cuts[:-1])
        return _merged(np.stack([cuts[:-1][both], cuts[1:][both]], axis=1))

    __and__ = intersection


def continuous(duration_s: float, start_s: float = 0.0) -> Schedule:
    """On from ``start_s`` for ``duration_s``."""
    _above_zero(duration_s=duration_s)
    return Schedule(np.array([[start_s, start_s + duration_s]]))


def duty_cycle(on_s: float, off_s: float, duration_s: float, start_s: float = 0.0) -> Schedule:
    """``on_s`` on, ``off_s`` off, and so on for ``duration_s``; the last may be cut short."""
    _above_zero(on_s=on_s, duration_s=duration_s)
    if off_s == 0:
        return continuous(duration_s, start_s)
    _above_zero(off_s=off_s)
    cycles = _count("on_s", on_s, duration_s / (on_s + off_s) - ROUNDING_S)
    on = start_s + np.arange(max(cycles, 1)) * (on_s + off_s)
    return Schedule(np.stack([on, np.minimum(on + on_s, start_s + duration_s)], axis=1))


def sessions(
    session: Schedule,
    per_day: int,
    days: int,
    first_s: float = 0.0,
    spacing_s: float | None = None,
) -> Schedule:
    """``session`` repeated ``per_day`` times on each of ``days`` days, from its own time 0.

    The first session of a day starts ``first_s`` after midnight, the next ``spacing_s`` later
    (24 h / ``per_day`` unless given). Raises `InputError` where sessions would overlap.
    """
    for field, count in (("per_day", per_day), ("days", days)):
        if count < 1 or count != int(count):
            raise InputError(field, count, "a whole number of at least 1")
    spacing = DAY_S / per_day if spacing_s is None else spacing_s
    starts = np.arange(per_day) * spacing + first_s
    shortest = min(spacing if per_day > 1 else DAY_S, DAY_S - (per_day - 1) * spacing)
    if session.end_s > shortest + ROUNDING_S:
        raise InputError(
            "session",
            f"{session.end_s:g} s long",
            f"up to {max(shortest, 0.0):g} s with {per_day} sessions a day {spacing:g} s apart",
            "Shorten the session, or hold fewer.",
        )
    starts_s = (np.arange(days)[:, None] * DAY_S + starts).ravel()
    return _merged((starts_s[:, None, None] + session.edges_s).reshape(-1, 2))


def respiratory_gating(
    breaths_per_min: float,
    expiration_share: float,
    duration_s: float,
    phase: float = 0.0,
    window_s: float | None = None,
) -> Schedule:
    """On during expiration: the last ``expiration_share`` (0 to 1) of every breath.

    A breath begins with inspiration; ``phase`` (0 to 1) is the part of the first breath that has
    passed at t = 0. ``window_s`` ends each window that long after expiration began (a fixed burst
    per breath); it may not be longer than the expiration.
    """
    _above_zero(breaths_per_min=breaths_per_min, duration_s=duration_s)
    if not 0 < expiration_share < 1:
        raise InputError("expiration_share", expiration_share, "between 0 and 1")
    if not 0 <= phase < 1:
        raise InputError("phase", phase, "0 or more and less than 1")
    breath = 60.0 / breaths_per_min
    width = breath * expiration_share if window_s is None else window_s
    if not 0 < width <= breath * expiration_share + ROUNDING_S:
        raise InputError(
            "window_s",
            width,
            f"above 0 and up to the expiration of {breath * expiration_share:g} s",
        )
    count = _count("breaths_per_min", breaths_per_min, duration_s / breath)
    breaths = np.arange(-1, count + 1)
    on = (breaths - phase + 1.0 - expiration_share) * breath
    windows = np.clip(np.stack([on, on + width], axis=1), 0.0, duration_s)
    return _merged(windows[windows[:, 1] - windows[:, 0] > ROUNDING_S])


def _count(field: str, value: float, windows: float) -> int:
    if windows > MOST_WINDOWS:
        allowed = f"windows that number at most {MOST_WINDOWS:g}; here {windows:.3g}"
        raise InputError(field, value, allowed, "Check the units, or shorten the duration.")
    return int(np.ceil(windows))


def _merged(windows: Array) -> Schedule:
    """Sorted windows with those that touch joined into one."""
    if len(windows) < 2:
        return Schedule(windows)
    apart = windows[1:, 0] > windows[:-1, 1] + ROUNDING_S
    on = windows[np.append(True, apart), 0]
    off = windows[np.append(apart, True), 1]
    return Schedule(np.stack([on, off], axis=1))


def _above_zero(**values: float) -> None:
    for field, value in values.items():
        if not (np.isfinite(value) and value > 0):
            raise InputError(field, value, "a finite number above 0")
