"""How fast a fibre conducts: a spike started at one end is timed at a quarter and three quarters.

As in the reference velocities: 51 nodes (601 compartments), current injected at node 5 (compartment
60); the first upward crossing of -30 mV counts (thin fibres may fire twice).
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from vagus.fibre.models import diameter_range_um, fibres_of, is_myelinated, positions_um
from vagus.fibre.mrg_geometry import SECTIONS
from vagus.fibre.myelinated import SPIKE_MV, MyelinatedFibres
from vagus.fibre.timegrid import time_grid
from vagus.protocol.waveform import monophasic

Floats = NDArray[np.float64]

MYELINATED = (51, 5, 20.0, 0.1, 4.0)
"""Nodes, node of injection, current in nA, its duration and the run's length in ms."""
UNMYELINATED = (601, 60, 2.0, 0.5, 30.0)
DIAMETERS_PER_MODEL = 12


def conduction_velocity(model: str, diameter_um: Floats, dt_ms: float | None = None) -> Floats:
    """[F] velocity in m/s of fibres of ``diameter_um`` [F]; nan where no spike travels.

    Equal steps: conduction is the same everywhere and at all times, so that grading them would only
    blur it. ``dt_ms`` defaults to the reference table's 1 us (myelinated) and 5 us.
    """
    diameter = np.atleast_1d(np.asarray(diameter_um, float))
    myelinated = is_myelinated(model)
    n, at, current_nA, width_ms, tstop_ms = MYELINATED if myelinated else UNMYELINATED
    dt_ms = dt_ms or (0.001 if myelinated else 0.005)
    grid = time_grid("neuron", monophasic(width_ms * 1e3), tstop_ms, dt_ms)
    grid = grid.with_injection(0.0, width_ms, current_nA)
    z = positions_um(model, diameter, n)
    fibres = replace(fibres_of(model, diameter, n, np.zeros_like(z)), inject_node=at)
    ends = np.array([int(0.25 * (n - 1)), int(0.75 * (n - 1))])
    if isinstance(fibres, MyelinatedFibres):
        traces = (fibres.trace(grid, f, 0.0, ends) for f in range(len(diameter)))
        times = np.array([[_first_crossing(grid.ends_ms, v) for v in t] for t in traces])
        z = z[:, :: SECTIONS + 1]
    else:
        times = fibres.crossings_ms(grid, ends)
    return np.asarray(np.diff(z[:, ends])[:, 0] * 1e-3 / np.diff(times)[:, 0])


def _first_crossing(t_ms: Floats, v_mV: Floats) -> float:
    """Time of the first upward crossing of the spike level, interpolated within its step."""
    up = np.flatnonzero((v_mV[:-1] < SPIKE_MV) & (v_mV[1:] >= SPIKE_MV))
    if len(up) == 0:
        return float("nan")
    i = up[0]
    share = (SPIKE_MV - v_mV[i]) / (v_mV[i + 1] - v_mV[i])
    return float(t_ms[i] + share * (t_ms[i + 1] - t_ms[i]))


@cache
def _curve(model: str) -> PchipInterpolator:
    """Velocity over the square root of diameter, as a function of the logarithm of diameter."""
    low, high = diameter_range_um(model)
    diameters = np.geomspace(low, high, DIAMETERS_PER_MODEL)
    velocity = conduction_velocity(model, diameters)
    good = np.isfinite(velocity)
    scaled = velocity[good] / np.sqrt(diameters[good])
    return PchipInterpolator(np.log(diameters[good]), scaled, extrapolate=True)


def interpolated_velocity(model: str, diameter_um: Floats) -> Floats:
    """[F] velocities in m/s, interpolated through `DIAMETERS_PER_MODEL` simulated diameters."""
    if model == "mrg-discrete":  # only its tabulated diameters exist
        distinct, index = np.unique(diameter_um, return_inverse=True)
        return conduction_velocity(model, distinct)[index]
    return np.asarray(_curve(model)(np.log(diameter_um)) * np.sqrt(diameter_um))
