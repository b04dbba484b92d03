"""What is delivered: one pulse, the train, and when it is on."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from vagus.protocol.waveform import Waveform
from vagus.report import style

Floats = NDArray[np.float64]


def waveform_points(waveform: Waveform) -> tuple[Floats, Floats]:
    """Time (us) and value of a line that shows every jump upright, from and back to zero."""
    edges = waveform.edges_us
    times, values = [np.zeros(1)], [np.zeros(1)]
    for start, end in pairwise(edges):
        inside = np.linspace(start, end, 400)
        inside[-1] = np.nextafter(end, start)  # the value this piece ends with, not the next one's
        times.append(inside)
        values.append(waveform.sample(inside))
    times.append(edges[-1:])
    values.append(np.zeros(1))
    return np.concatenate(times), np.concatenate(values)


@style.styled
def stimulus(
    waveform: Waveform,
    current_mA: float,
    frequency_Hz: float,
    on_off_s: NDArray[np.float64] | None = None,
) -> Figure:
    """One pulse in us, three periods in ms and, with ``on_off_s`` [n, 2], the first on-times."""
    figure = style.new_figure(2.3)
    columns = 2 if on_off_s is None or len(on_off_s) == 0 else 3
    axes = figure.subplots(1, columns)
    t, w = waveform_points(waveform)
    _pulse(axes[0], t, current_mA * w, waveform.duration_us, waveform.name)
    _train(axes[1], t, current_mA * w, frequency_Hz, waveform)
    if columns == 3 and on_off_s is not None:
        _duty(axes[2], on_off_s, current_mA)
    axes[0].set_ylabel("stimulus current (mA)")
    for ax in axes:
        ax.xaxis.set_major_locator(MaxNLocator(4))
    return figure


def _pulse(ax: Axes, t_us: Floats, current: Floats, duration_us: float, name: str) -> None:
    pad = 0.15 * duration_us
    t = np.concatenate([[-pad], t_us, [duration_us + pad]])
    values = np.concatenate([[0.0], current, [0.0]])
    ax.axhline(0, color=style.FAINT, lw=0.8)
    ax.fill_between(t, values, color=style.SERIES[0], alpha=0.12, lw=0)
    ax.plot(t, values, color=style.SERIES[0])
    ax.set_xlim(-pad, duration_us + pad)
    ax.set_xlabel("time (µs)")
    ax.set_title(f"one {_unit(name)}")


def _unit(name: str) -> str:
    return "burst" if "burst" in name else "pulse"


def _train(ax: Axes, t_us: Floats, current: Floats, frequency_Hz: float, wave: Waveform) -> None:
    period = 1e3 / frequency_Hz
    periods = np.arange(3)
    t = (t_us[None, :] / 1e3 + period * periods[:, None]).ravel()
    ax.axhline(0, color=style.FAINT, lw=0.8)
    ax.plot(t, np.tile(current, periods.size), color=style.SERIES[0], lw=1.1)
    end = period * 2.5 + wave.duration_us / 1e3
    ax.plot([t[-1], end], [0, 0], color=style.SERIES[0], lw=1.1)
    ax.set_xlim(-0.15 * period, end)
    ax.set_xlabel("time (ms)")
    ax.set_title(f"{frequency_Hz:g} {_unit(wave.name)}s per second")


def _duty(ax: Axes, on_off_s: Floats, current_mA: float) -> None:
    shown = on_off_s[:3]
    period = float(on_off_s[1, 0] - on_off_s[0, 0]) if len(on_off_s) > 1 else 0.0
    end = max(float(shown[-1, 1]), float(shown[0, 0]) + 2.3 * period)
    unit, scale = ("min", 60.0) if end > 180 else ("s", 1.0)
    for on, off in shown:
        ax.axvspan(on / scale, off / scale, 0.1, 0.9, color=style.SERIES[0], alpha=0.5, lw=0)
    ax.set_xlim(float(shown[0, 0]) / scale - 0.03 * end / scale, 1.02 * end / scale)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.set_xlabel(f"time ({unit})")
    first = float(shown[0, 1] - shown[0, 0])
    every = f", every {_duration(period)}" if period else ""
    ax.set_title(f"on for {_duration(first)}{every}")


def _duration(seconds: float) -> str:
    for size, unit in ((86400.0, "d"), (3600.0, "h"), (60.0, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.3g} s"
