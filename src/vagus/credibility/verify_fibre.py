"""Verification of fibres: order of the time steps, thresholds and velocities of NEURON."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from vagus.data import Row, read_table
from vagus.fibre.conduction import conduction_velocity
from vagus.fibre.models import Fibres, is_myelinated
from vagus.fibre.myelinated import MyelinatedFibres
from vagus.fibre.point_source import fibre_at_point_source, point_source_threshold
from vagus.fibre.threshold import activation_thresholds
from vagus.fibre.timegrid import TimeGrid, time_grid
from vagus.protocol.waveform import Waveform, biphasic, monophasic, sine_burst

Floats = NDArray[np.float64]
WAVEFORMS: Mapping[str, Waveform] = {
    "mono100us": monophasic(100),
    "biphasic300us_per_phase": biphasic(300),
    "burst5kHz_1ms": sine_burst(5000, 5),
}
TAIL_MS = np.array([0.3, 0.6, 1.2])
"""Instants after the pulse at which potentials are compared."""
STEPS_US = np.array([5.0, 2.5, 1.25])  # edges of the pulse fall on steps; 10 us is too coarse yet
FINEST_US = 0.078125  # a sixteenth of the shortest: its own error is half a hundredth of that one's
UNIFORM = (("mrg-interpolation", 10.0, 500.0, 21, -0.3), ("sundt", 1.0, 250.0, 201, -2.4))
"""Model, diameter and distance in um, nodes, mA: two fibres that fire."""
NODES = np.array([0.05, 0.5, 0.65, 0.95])
"""Where along a fibre NEURON's potentials were kept, as a share of its nodes."""


def order_of_steps() -> float:
    """Order of the error in the membrane potential after a pulse of 100 us too weak to fire, where
    it is smooth, at three nodes and three instants; against steps of a sixteenth of the
    shortest."""
    fibre = fibre_at_point_source("mrg-interpolation", 10.0, 500.0, nodes=21)
    assert isinstance(fibre, MyelinatedFibres)

    def at(dt_us: float) -> Floats:
        grid = _equal_steps(monophasic(100), dt_us, 1.3)
        every = np.searchsorted(grid.ends_ms, TAIL_MS - 1e-9)
        return np.asarray(fibre.trace(grid, 0, -0.1, np.array([8, 9, 10]))[:, every])

    exact = at(FINEST_US)
    error = [np.abs(at(dt) - exact).max() for dt in STEPS_US]
    return float(np.polyfit(np.log(STEPS_US), np.log(error), 1)[0])


def _equal_steps(waveform: Waveform, dt_us: float, end_ms: float) -> TimeGrid:
    """Equal steps of the second-order scheme, the waveform averaged over each."""
    ends = dt_us * np.arange(1, round(1e3 * end_ms / dt_us) + 1)
    w = waveform.mean(ends - dt_us, ends)
    quiet = int(np.flatnonzero(w)[-1]) + 1
    return TimeGrid("converged", np.array([dt_us * 1e-3]), np.zeros(len(w), np.int64), w, quiet)


def uniform_potential() -> float:
    """Largest change of a membrane potential when the same potential, a volt per mA, is added along
    the whole fibre, mV: only differences along a fibre drive current through it."""
    off = []
    for model, diameter, distance, n, current in UNIFORM:
        fibre = fibre_at_point_source(model, diameter, distance, nodes=n)
        lifted = replace(fibre, ve_mV_per_mA=fibre.ve_mV_per_mA + 1e3)
        grid = time_grid("converged", monophasic(100), 3.0)
        nodes = np.arange(1, n - 1)
        plain, other = (f.trace(grid, 0, current, nodes) for f in (fibre, lifted))
        off.append(np.abs(plain - other).max())
    return float(max(off))


def default_steps() -> float:
    """Largest difference of a threshold by the default steps from the same steps cut into eight, %;
    both found to 0.003 %."""
    off = []
    for waveform in (monophasic(100), biphasic(200)):
        grid = time_grid("converged", waveform, waveform.duration_us * 1e-3 + 3.5)
        for diameter, distance in ((5.7, 250.0), (16.0, 250.0), (5.7, 1000.0), (16.0, 1000.0)):
            fibre = fibre_at_point_source("mrg-interpolation", diameter, distance, nodes=21)
            coarse, fine = (_threshold(fibre, g) for g in (grid, _cut(grid, waveform, 8)))
            off.append(abs(coarse / fine - 1))
    return 100 * max(off)


def _cut(grid: TimeGrid, waveform: Waveform, times: int) -> TimeGrid:
    """Every step cut into ``times`` equal ones, the waveform averaged anew."""
    fine = replace(
        grid, dt_ms=grid.dt_ms / times, level=np.repeat(grid.level, times),
        quiet_step=grid.quiet_step * times,
    )  # fmt: skip
    ends_us = 1e3 * fine.ends_ms
    return replace(fine, w=waveform.mean(ends_us - 1e3 * fine.dt_ms[fine.level], ends_us))


def _threshold(fibre: Fibres, grid: TimeGrid) -> float:
    found = activation_thresholds(fibre, grid, polarity=-1, tolerance=3e-5, dtype=np.float64)
    return float(np.sqrt(found.lower_mA * found.upper_mA)[0])


def _found(myelinated: bool) -> Iterator[tuple[Row, float]]:
    """Rows of NEURON's thresholds and ours, in mA, by NEURON's own steps."""
    for row in read_table("credibility/neuron_thresholds.csv"):
        node_by_node = is_myelinated(row["model"]) or row["model"] == "sweeney"
        if node_by_node != myelinated:
            continue
        fibre = fibre_at_point_source(
            row["model"], float(row["diameter_um"]), float(row["distance_um"]),
            float(row["conductivity_S_per_m"]), nodes=int(row["nodes"]),
        )  # fmt: skip
        thresholds = point_source_threshold(
            fibre, WAVEFORMS[row["waveform"]], scheme="neuron", dt_ms=float(row["dt_ms"]),
            tolerance=1e-4 if myelinated else 5e-5, tstop_ms=float(row["tstop_ms"]),
        )  # fmt: skip
        yield row, abs(float(thresholds.upper_mA[0]))


def myelinated_thresholds() -> float:
    """Largest difference from NEURON's threshold, %."""
    return max(100 * abs(ours / abs(float(row["threshold_mA"])) - 1) for row, ours in _found(True))


def c_fibre_thresholds() -> float:
    """How far the worst threshold lies outside NEURON's bracket, which is 0.1 % wide; %, 0 where
    all lie inside."""
    outside = [
        max(abs(float(row["lower_mA"])) / ours, ours / abs(float(row["threshold_mA"])))
        for row, ours in _found(False)
    ]
    return 100 * max(max(outside) - 1, 0.0)


def traces() -> float:
    """Largest difference of a membrane potential from NEURON's, mV: four nodes, every tenth step,
    through spikes, by NEURON's own steps."""
    off = []
    for case in read_table("credibility/neuron_cases.csv"):
        n = int(case["nodes"])
        fibre = fibre_at_point_source(
            case["model"], float(case["diameter_um"]), float(case["distance_um"]), nodes=n
        )
        grid = time_grid(
            "neuron", WAVEFORMS[case["waveform"]], float(case["tstop_ms"]), float(case["dt_ms"])
        )
        at = np.rint(NODES * (n - 1)).astype(np.int64)
        found = fibre.trace(grid, 0, float(case["current_mA"]), at)
        rows = [r for r in read_table("credibility/neuron_traces.csv") if r["case"] == case["case"]]
        step = np.array([int(r["step"]) for r in rows])
        known = np.array([[float(r[f"mV_at_{x:.2f}"]) for x in NODES] for r in rows])
        off.append(np.abs(found[:, step - 1].T - known).max())
    return float(max(off))


def velocities() -> float:
    """Largest difference of a conduction velocity from NEURON's, %."""
    off = []
    for row in read_table("credibility/neuron_velocities.csv"):
        diameter = np.array([float(row["diameter_um"])])
        ours = conduction_velocity(row["model"], diameter, float(row["dt_ms"]))[0]
        off.append(abs(ours / float(row["velocity_m_per_s"]) - 1))
    return float(100 * max(off))


def brackets() -> float:
    """Ends of brackets that do not do what they were certified for when they are simulated again
    to the end: the lower silent, the upper firing; tolerance kept."""
    wrong = 0
    for name in ("mono100us", "biphasic300us_per_phase"):
        grid = time_grid("converged", WAVEFORMS[name], 5.0, delay_ms=0.0)
        for diameter in (2.0, 5.7, 10.0, 14.0):
            fibre: Fibres = fibre_at_point_source("mrg-interpolation", diameter, 500.0, nodes=21)
            found = activation_thresholds(fibre, grid, polarity=-1, tolerance=1e-3)
            ends = np.array([found.lower_mA[0], found.upper_mA[0]])
            both = fibre.simulate(grid, np.zeros(2, np.int64), ends, np.float32, stop_early=False)
            wrong += int((both.fired != [False, True]).sum())
            wrong += bool(ends[1] / ends[0] - 1 > 1e-3 * (1 + 1e-9))
    return float(wrong)


MEASURES: Mapping[str, Callable[[], float | None]] = {
    "steps-order": order_of_steps,
    "steps-default": default_steps,
    "uniform-potential": uniform_potential,
    "neuron-traces": traces,
    "neuron-thresholds": myelinated_thresholds,
    "neuron-c-fibre-thresholds": c_fibre_thresholds,
    "neuron-velocities": velocities,
    "brackets": brackets,
}
