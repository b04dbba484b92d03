"""Errors of both schemes' thresholds against vanishing steps.

    python -m benchmarks.convergence [--quick]

Sixteen fibres of each model (four diameters, 0.25 to 2.5 mm from a point source, 21 nodes). The
reference takes the default scheme's steps, each cut into eight: of second order, it is 64 times as
exact. `DURING`, `APPROACH` and `AFTER` in `vagus.fibre.timegrid` were chosen with this study.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import replace

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from numpy.typing import NDArray

from benchmarks.rows import Row
from vagus.fibre.mrg_geometry import mrg_geometry
from vagus.fibre.myelinated import MyelinatedFibres
from vagus.fibre.threshold import activation_thresholds
from vagus.fibre.timegrid import TimeGrid, time_grid
from vagus.protocol.waveform import (
    Waveform,
    biphasic,
    monophasic,
    pseudo_monophasic,
    sine_burst,
    train,
)

Floats = NDArray[np.float64]

STIMULI: dict[str, Waveform] = {
    "50 us": monophasic(50),
    "100 us": monophasic(100),
    "300 us": monophasic(300),
    "biphasic 100 us": biphasic(100),
    "biphasic 200 us": biphasic(200),
    "train of three biphasic, 300 Hz": train(biphasic(200), 3, 300),
    "burst, 5 cycles of 5 kHz": sine_burst(5000, 5),
    "1000 us": monophasic(1000),
    "recovery of 400 us after 250 us": pseudo_monophasic(250, 400),
}
QUICK = ("100 us", "biphasic 200 us", "burst, 5 cycles of 5 kHz")
DIAMETERS_UM = {"mrg-interpolation": (5.7, 16.0), "pena": (1.5, 5.7)}
DISTANCES_UM = (250.0, 500.0, 1000.0, 2500.0)
NODES, CUT, LISTEN_MS, BOUND = 21, 8, 3.5, 1e-3


def fibres(model: str) -> MyelinatedFibres:
    low, high = DIAMETERS_UM[model]
    diameter = np.tile(np.geomspace(low, high, 4), 4)
    z = mrg_geometry(model, diameter).centres_um(NODES)
    r = np.hypot(np.repeat(DISTANCES_UM, 4)[:, None], z - z[:, [11 * (NODES // 2)]])
    return MyelinatedFibres(model, diameter, NODES, 1e6 / (4 * np.pi * r))


def refined(grid: TimeGrid, waveform: Waveform, times: int) -> TimeGrid:
    """Every step cut into ``times`` equal ones, the waveform averaged anew."""
    level = np.repeat(grid.level, times)
    dt_ms = grid.dt_ms / times
    ends_us = 1e3 * np.cumsum(dt_ms[level])
    w = waveform.mean(ends_us - 1e3 * dt_ms[level], ends_us)
    return replace(grid, dt_ms=dt_ms, level=level, w=w, quiet_step=grid.quiet_step * times)


def thresholds(of: MyelinatedFibres, grid: TimeGrid) -> Floats:
    found = activation_thresholds(of, grid, polarity=-1, tolerance=1e-5, dtype=np.float64)
    return np.asarray(np.abs(found.upper_mA))


def errors(model: str, waveform: Waveform) -> tuple[int, Floats, Floats]:
    """Steps of the default scheme, its errors [F] and those of backward Euler with 5 us [F]."""
    of = fibres(model)
    tstop_ms = waveform.duration_us * 1e-3 + LISTEN_MS
    grid = time_grid("converged", waveform, tstop_ms)
    exact = thresholds(of, refined(grid, waveform, CUT))
    found = thresholds(of, grid) / exact - 1
    euler = thresholds(of, time_grid("neuron", waveform, tstop_ms, 0.005)) / exact - 1
    return len(grid.w), found, euler


def run(quick: bool = False) -> list[Row]:
    rows = []
    for model in DIAMETERS_UM:
        for name in QUICK if quick else STIMULI:
            steps, found, euler = errors(model, STIMULI[name])
            largest = float(np.abs(found).max())
            worst = float(euler[np.abs(euler).argmax()])
            rows.append(
                Row(
                    f"{model}, {name}",
                    "<= 0.1 % of dt -> 0",
                    f"{100 * largest:.3f} % (median {100 * np.median(np.abs(found)):.3f} %), "
                    f"{steps} steps; backward Euler 5 us {100 * worst:+.2f} %",
                    largest <= BOUND,
                )
            )
    return rows


def main() -> None:
    from benchmarks.__main__ import show

    parser = argparse.ArgumentParser(prog="python -m benchmarks.convergence")
    parser.add_argument("--quick", action="store_true", help="three stimuli only")
    show("thresholds against vanishing steps", run(parser.parse_args().quick))


if __name__ == "__main__":
    main()
