"""How coarse may a C-fibre be? Threshold errors and cost of compartments, window, steps, precision.

    python benchmarks/c_fibre_grid.py            # about three minutes on one core

Potentials: two contacts 8 mm apart (2 mm long), bipolar, as mean potentials of line contacts in a
homogeneous medium seen from 0.3, 1 and 2 mm (the nearest is nearer than an epineural cuff lets any
fibre be) and as Gaussians; one monopolar. Sundt fibres of 0.5, 0.8 and 1.2 um; charge-balanced and
single pulses. One thing is changed at a time against: 12.5 um (checked against 8.333 um), fibre
8 mm beyond the contacts, steps of 1.25 to 5 us, second order. Times are process times of one core.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from vagus.fibre.threshold import activation_thresholds
from vagus.fibre.timegrid import TimeGrid
from vagus.fibre.unmyelinated import UnmyelinatedFibres
from vagus.protocol.waveform import Waveform, biphasic, monophasic

Floats = NDArray[np.float64]
Grades = tuple[tuple[float, float], ...]

CONTACT_UM, HALF_WIDTH_UM = 4000.0, 1000.0
CUFF_EDGE_UM = CONTACT_UM + HALF_WIDTH_UM
DIAMETERS_UM = np.array([0.5, 0.8, 1.2])
SIGMA = 0.3  # S/m; thresholds scale with it, errors do not depend on it

# (until this long after an edge, step), us: during the pulse, after its last edge
FINE: tuple[Grades, Grades] = (
    ((50, 1.25), (np.inf, 2.5)),
    ((50, 1.25), (1000, 2.5), (np.inf, 5)),
)
RECOMMENDED: tuple[Grades, Grades] = (
    ((50, 5), (np.inf, 10)),
    ((50, 5), (500, 12.5), (3000, 25), (np.inf, 50)),
)
COARSE: tuple[Grades, Grades] = (
    ((np.inf, 25),),
    ((500, 25), (np.inf, 50)),
)
TSTOP_MS = 60.0


def line_contact(z_um: Floats, distance_um: float) -> Floats:
    """mV per mA of a contact 2 mm long, mean of point sources along it."""
    h = HALF_WIDTH_UM
    span = np.arcsinh((z_um + h) / distance_um) - np.arcsinh((z_um - h) / distance_um)
    return np.asarray(1e6 / (4 * np.pi * SIGMA * 2 * h) * span)


def bipolar(shape: Callable[[Floats], Floats]) -> Callable[[Floats], Floats]:
    return lambda z: shape(z - CONTACT_UM) - shape(z + CONTACT_UM)


def gaussian(width_um: float) -> Callable[[Floats], Floats]:
    return lambda z: 1e3 * np.exp(-(z**2) / (2 * width_um**2))


POTENTIALS: dict[str, Callable[[Floats], Floats]] = {
    "line 0.3 mm": bipolar(lambda z: line_contact(z, 300.0)),
    "line 1 mm": bipolar(lambda z: line_contact(z, 1000.0)),
    "line 2 mm": bipolar(lambda z: line_contact(z, 2000.0)),
    "gauss 0.8 mm": bipolar(gaussian(800.0)),
    "gauss 1.5 mm": bipolar(gaussian(1500.0)),
    "single 1 mm": lambda z: line_contact(z - CONTACT_UM, 1000.0),
}


def compartments(dx_um: float, beyond_um: float) -> Floats:
    half = int(np.ceil((CUFF_EDGE_UM + beyond_um) / dx_um))
    return np.arange(-half, half + 1) * dx_um


def study_fibres(dx_um: float, beyond_um: float) -> UnmyelinatedFibres:
    """All potentials times all diameters; a spike counts 1.5 mm beyond either contact."""
    z = compartments(dx_um, beyond_um)
    ve = np.array([shape(z) for shape in POTENTIALS.values() for _ in DIAMETERS_UM])
    return windows(np.tile(DIAMETERS_UM, len(POTENTIALS)), ve, z)


def windows(diameter_um: Floats, ve: Floats, z_um: Floats) -> UnmyelinatedFibres:
    ends = np.searchsorted(z_um, [-CUFF_EDGE_UM - 1500.0, CUFF_EDGE_UM + 1500.0])
    dx, n = z_um[1] - z_um[0], len(z_um)
    detector = np.tile(ends, (len(diameter_um), 1))
    return UnmyelinatedFibres("sundt", diameter_um, dx, n, ve, detector, cut_ends=False)


def graded(waveform: Waveform, grades: tuple[Grades, Grades]) -> TimeGrid:
    """Steps that start fine at every edge."""
    steps: list[float] = []
    edges = waveform.edges_us.tolist()
    for piece, length in enumerate([*np.diff(edges), TSTOP_MS * 1e3 - edges[-1]]):
        done = 0.0
        for until, size in grades[piece == len(edges) - 1]:
            part = min(until, length) - done
            if part > 0:
                count = int(np.ceil(part / size - 1e-9))
                steps += [part / count] * count
                done += part
    size_us = np.array(steps)
    ends = np.cumsum(size_us)
    w = waveform.mean(ends - size_us, ends)
    distinct, level = np.unique(np.round(size_us, 9), return_inverse=True)
    quiet = int(np.flatnonzero(np.abs(w) > 1e-9)[-1]) + 1
    return TimeGrid("converged", distinct * 1e-3, level.astype(np.int64), w, quiet)


def thresholds(fibres: UnmyelinatedFibres, grid: TimeGrid, single: bool = True) -> Floats:
    """Middle of brackets of 0.01 %."""
    dtype = np.float32 if single else np.float64
    found = activation_thresholds(fibres, grid, tolerance=1e-4, dtype=dtype)
    return np.asarray(np.sqrt(found.lower_mA * found.upper_mA))


def error_study(waveform: Waveform) -> None:
    best = graded(waveform, FINE)
    base = thresholds(study_fibres(12.5, 8000.0), best)
    usual = graded(waveform, RECOMMENDED)
    near = study_fibres(40.0, 2500.0)
    variants: dict[str, Callable[[], Floats]] = {
        "dx 8.333 um": lambda: thresholds(study_fibres(8.333, 2500.0), best),
        "dx 25 um": lambda: thresholds(study_fibres(25.0, 8000.0), best),
        "dx 50 um": lambda: thresholds(study_fibres(50.0, 8000.0), best),
        "dx 100 um": lambda: thresholds(study_fibres(100.0, 8000.0), best),
        "window + 4 mm": lambda: thresholds(study_fibres(12.5, 4000.0), best),
        "window + 2.5 mm": lambda: thresholds(study_fibres(12.5, 2500.0), best),
        "recommended steps": lambda: thresholds(study_fibres(12.5, 8000.0), usual),
        "coarse steps": lambda: thresholds(study_fibres(12.5, 8000.0), graded(waveform, COARSE)),
        "25 um, + 2.5 mm, recommended": lambda: thresholds(study_fibres(25.0, 2500.0), usual),
        "40 um, + 2.5 mm, recommended": lambda: thresholds(near, usual),
        "the same in float64": lambda: thresholds(near, usual, single=False),
    }
    print(f"\n{waveform.name}: {len(best.level)} fine, {len(usual.level)} recommended steps")
    print(f"{'threshold error, %':32s} {'median':>8s} {'largest':>8s} {'beyond 0.3 mm':>14s}")
    for name, run in variants.items():
        error = 100 * (run() / base - 1)
        far = np.abs(error[len(DIAMETERS_UM) :]).max()
        print(
            f"{name:32s} {np.median(error):8.3f} {np.abs(error).max():8.3f} {far:14.3f}", flush=True
        )


def cost(dx_um: float, fibres: int = 512, seed: int = 1) -> None:
    """Process time of certified 0.1 % thresholds of a mixed population."""
    random = np.random.default_rng(seed)
    z = compartments(dx_um, 2500.0)
    distance = random.uniform(500.0, 2000.0, fibres)
    ve = np.array([bipolar(lambda z, d=d: line_contact(z, d))(z) for d in distance])
    population = windows(random.uniform(0.5, 1.2, fibres), ve, z)
    grid = graded(biphasic(250.0), RECOMMENDED)
    start = time.process_time()
    found = activation_thresholds(population, grid, tolerance=1e-3)
    seconds = time.process_time() - start
    print(
        f"dx {dx_um:g} um, {len(z)} compartments: {1e3 * seconds / fibres:.2f} ms per threshold, "
        f"{found.simulations.mean():.1f} simulations; 16,000 thresholds: "
        f"{seconds / fibres * 16000:.0f} s of one core"
    )


def speed(dtype: type, fibres: int = 64, n: int = 301, steps: int = 1000) -> None:
    """Nanoseconds per compartment and step, full runs."""
    z = (np.arange(n) - n // 2) * 25.0
    ve = np.tile(line_contact(z, 500.0), (fibres, 1))
    population = UnmyelinatedFibres("sundt", np.ones(fibres), 25.0, n, ve)
    level = np.zeros(steps, np.int64)
    for scheme in ("neuron", "converged"):
        grid = TimeGrid(scheme, np.array([0.005]), level, np.zeros(steps), 1)
        best = np.inf
        for _ in range(4):  # the first compiles
            start = time.process_time()
            population.simulate(grid, np.arange(fibres), np.ones(fibres), dtype, stop_early=False)
            best = min(best, time.process_time() - start)
        print(
            f"{scheme}, {np.dtype(dtype).name}: {1e9 * best / fibres / n / steps:.2f} ns per "
            "compartment-step"
        )


if __name__ == "__main__":
    for precision in (np.float32, np.float64):
        speed(precision)
    for dx in (25.0, 40.0, 50.0):
        cost(dx)
    for pulse in (biphasic(250.0), monophasic(100.0)):
        error_study(pulse)
