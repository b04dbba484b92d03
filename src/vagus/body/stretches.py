"""Windows of stimulation as stretches of constant input: exact, or averaged where they are many.

With at most ``exact_windows`` windows (``drive_settings.csv``) every window is a stretch of its
own, on = 1. With more, the shortest pauses are bridged: all pauses up to the least length that
leaves no more stretches than that (pauses of one length go together), and a bridged stretch carries
its share of time on. A stretch that is longer than a day (or, in a long study, than its part of
the horizon) is cut there, so that what changes from day to day stays. A duty cycle of 30 s in
5.5 min over twelve weeks thus becomes 84 days at 9 %; two-minute sessions each day stay exact.

On-time is kept in every stretch, and no window is lost. The average is exact for whatever depends
on `on` linearly; what follows a single window faster than the bridged pause is smoothed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vagus.data import read_table
from vagus.errors import InputError

Floats = NDArray[np.float64]
APART_S = 1e-6  # a cut closer than this to an edge is that edge


def on_course(
    windows_s: ArrayLike, horizon_s: float, exact_windows: int | None = None
) -> tuple[Floats, Floats]:
    """Edges [k + 1] from 0 to ``horizon_s`` and the share of time on [k] between them.

    ``windows_s`` [n, 2]: on and off of each window, sorted and apart. ``exact_windows``: as the
    table says unless given. Raises `InputError` for a horizon that is not above 0.
    """
    if not (np.isfinite(horizon_s) and horizon_s > 0):
        raise InputError("horizon_s", horizon_s, "a finite number of seconds above 0")
    most = int(_setting("exact-windows")) if exact_windows is None else exact_windows
    if most < 1:
        raise InputError("exact_windows", most, "1 or more")
    windows = np.clip(np.asarray(windows_s, dtype=np.float64).reshape(-1, 2), 0.0, horizon_s)
    windows = windows[windows[:, 1] > windows[:, 0]]
    ends = np.array([0.0, horizon_s])
    if len(windows) <= most:
        edges = np.unique(np.concatenate([ends, windows.ravel()]))
        return edges, np.isin(edges[:-1], windows[:, 0]).astype(np.float64)
    stretches = _bridged(windows, most)
    longest = max(_setting("longest-block"), horizon_s / most)
    cuts = np.arange(1, int(np.ceil(horizon_s / longest - 1e-9))) * longest
    inside = np.maximum(np.searchsorted(stretches[:, 0], cuts, side="right") - 1, 0)
    start, stop = stretches[inside].T
    cuts = cuts[(cuts > start + APART_S) & (cuts < stop - APART_S)]
    edges = np.unique(np.concatenate([ends, stretches.ravel(), cuts]))
    on_s = np.diff(_on_until(windows, edges))
    return edges, np.clip(on_s / np.diff(edges), 0.0, 1.0)


def _bridged(windows: Floats, most: int) -> Floats:
    """[m, 2] stretches, m <= ``most``, with all pauses up to one length bridged."""
    pauses = windows[1:, 0] - windows[:-1, 1]
    tolerance = 1e-9 * windows[-1, 1]  # pauses of one length differ by rounding of the edges
    apart = pauses > np.sort(pauses)[len(pauses) - most] + tolerance
    return np.stack(
        [windows[np.append(True, apart), 0], windows[np.append(apart, True), 1]], axis=1
    )


def _on_until(windows: Floats, t_s: Floats) -> Floats:
    """Seconds of stimulation from 0 to each time."""
    on, off = windows.T
    before = np.concatenate([[0.0], np.cumsum(off - on)])
    k = np.searchsorted(on, t_s, side="right")
    beyond = np.maximum(0.0, off[np.maximum(k - 1, 0)] - t_s)
    return np.asarray(before[k] - np.where(k > 0, beyond, 0.0))


def _setting(key: str) -> float:
    rows = {row["id"]: row["value"] for row in read_table("body/drive_settings.csv")}
    return float(rows[key])
