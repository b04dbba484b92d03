"""One block of lanes of a single cable, stepped in compiled code.

Potentials are relative to the local extracellular potential, which then enters only as an axial
source. Per step the potentials solve one tridiagonal system (Thomas, constant off-diagonal -k) with
the membrane current linearised by `advance` at the step before:

``neuron``     backward Euler, then the gates with the new potential (NEURON's staggering).
``converged``  SDIRK2 (Alexander 1977, https://doi.org/10.1137/0714068: two backward Euler stages of
               gamma dt, gamma = 1 - 1/sqrt 2) with gates half a step ahead of the potential.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from vagus.fibre.lanes import JIT, W, least, load, most, store
from vagus.fibre.membranes.contract import FORWARD, PIVOT, SOURCE, G, J, V, advance

GAMMA = 1.0 - 1.0 / np.sqrt(2.0)
_EXTRAPOLATE = (1.0 - GAMMA) / GAMMA

DETECT_MV = -30.0
"""An action potential is an upward crossing of this potential, as in PyFibers."""

K_LANE, AMPLITUDE, DIAMETER, INJECT, END_RATE, END_MV, HIGH, LOW = (row * W for row in range(8))
"""Rows of the lanes' own values: axial conductance over capacitance (1/ms), amplitude (mA),
diameter (um), 1/capacitance (mV/ms per nA), leak through each end (1/ms) towards a potential (mV),
the highest and lowest potential of the last step."""
LANE_ROWS = 8


@njit(**JIT)
def _eliminate(
    x: Any, n: int, rows: int, k: Any, dt: float, drive: Any, inject_at: int, inject: Any
) -> None:
    """Forward sweep; leaves 1/pivot and the reduced right-hand side."""
    stride = rows * W
    below = k * 0.0
    reduced = k * 0.0
    for i in range(n):
        at = i * stride
        neighbours = (1.0 if i > 0 else 0.0) + (1.0 if i < n - 1 else 0.0)
        inverse = 1.0 / (1.0 + load(x, at + G) * dt + k * (neighbours - below))
        current = load(x, at + J) + load(x, at + SOURCE) * drive
        if i == inject_at:
            current = current + inject
        reduced = (load(x, at + V) + current * dt + k * reduced) * inverse
        below = k * inverse
        store(x, at + PIVOT, inverse)
        store(x, at + FORWARD, reduced)


@njit(**JIT)
def _eliminate_again(
    x: Any, n: int, rows: int, k: Any, dt: float, drive: Any, inject_at: int, inject: Any
) -> None:
    """Forward sweep for a new right-hand side with the pivots of the last one."""
    stride = rows * W
    reduced = k * 0.0
    for i in range(n):
        at = i * stride
        current = load(x, at + J) + load(x, at + SOURCE) * drive
        if i == inject_at:
            current = current + inject
        reduced = (load(x, at + V) + current * dt + k * reduced) * load(x, at + PIVOT)
        store(x, at + FORWARD, reduced)


@njit(**JIT)
def _extrapolate(x: Any, n: int, rows: int, k: Any) -> None:
    """Backward sweep of the first stage; the potential becomes the second stage's start."""
    stride = rows * W
    u = k * 0.0
    for j in range(n):
        at = (n - 1 - j) * stride
        u = load(x, at + FORWARD) + k * load(x, at + PIVOT) * u
        v = load(x, at + V)
        store(x, at + V, v + (u - v) * _EXTRAPOLATE)


@njit(**JIT)
def _substitute(p: Any, x: Any, n: int, rows: int, k: Any, lane: Any, dt: float) -> None:
    """Backward sweep: potentials, then gates and currents compartment by compartment."""
    stride = rows * W
    diameter = load(lane, DIAMETER)
    end = load(lane, END_RATE)
    v = k * 0.0
    high = k * 0.0 - 1e9
    low = k * 0.0 + 1e9
    for j in range(n):
        at = (n - 1 - j) * stride
        v = load(x, at + FORWARD) + k * load(x, at + PIVOT) * v
        store(x, at + V, v)
        high = most(high, v)
        low = least(low, v)
        advance(p, x, at, diameter, dt, dt)
        if j == 0 or j == n - 1:
            store(x, at + G, load(x, at + G) + end)
            store(x, at + J, load(x, at + J) + end * load(lane, END_MV))
    store(lane, HIGH, high)
    store(lane, LOW, low)


@njit(**JIT)
def _watch(
    x: Any, rows: int, watch: Any, before: Any, first_ms: Any, last_ms: Any,
    t: float, dt: float, listen: bool,
) -> None:  # fmt: skip
    """Note upward crossings during the step that ended at t, interpolated within it."""
    for c in range(watch.shape[0]):
        for j in range(W):
            v = float(x[watch[c, j] * rows * W + V + j])
            if listen and before[c, j] < DETECT_MV <= v:
                crossing = t - dt * (v - DETECT_MV) / (v - before[c, j])
                last_ms[c, j] = crossing
                if np.isnan(first_ms[c, j]):
                    first_ms[c, j] = crossing
            before[c, j] = v


@njit(**JIT)
def _all_decided(lane: Any, first_ms: Any, low_mV: Any, high_mV: Any) -> bool:
    for j in range(W):
        silent = lane[HIGH + j] < high_mV[j] and lane[LOW + j] > low_mV[j]
        if not silent and np.isnan(first_ms[:, j]).all():
            return False
    return True


@njit(**JIT)
def integrate(
    p: Any, x: Any, n: int, rows: int, lane: Any,
    dt: Any, gate_dt: Any, w: Any, inject: Any, inject_at: int, second_order: bool,
    listen_step: int, quiet_step: int, stop_early: bool, silent_mV: Any,
    watch: Any, first_ms: Any, last_ms: Any, peak: Any, trace: Any,
) -> int:  # fmt: skip
    """Step one block to the end, or until all its lanes are decided; return the steps taken.

    ``x`` [n rows W] flat, changed in place; ``lane`` [LANE_ROWS W].
    ``dt``, ``gate_dt``, ``w`` [S]; ``inject`` [S] nA into compartment ``inject_at``.
    Spikes count from ``listen_step`` on; from ``quiet_step`` on a lane may be decided: it fired, or
    all compartments lie between ``silent_mV`` [2, W].
    ``watch`` [C, W]: compartments whose upward crossings are noted in ``first_ms`` and ``last_ms``
    [C, W]; ``peak`` [W]: highest potential at the end of the stimulus; ``trace`` [S, C]: potentials
    of lane 0 at the watched compartments, or [0, 0].
    """
    before = np.full(watch.shape, 1e9)
    t = 0.0
    for s in range(len(dt)):
        h = dt[s] * (GAMMA if second_order else 1.0)
        k = load(lane, K_LANE) * h
        drive = load(lane, AMPLITUDE) * w[s]
        injected = load(lane, INJECT) * inject[s]
        _eliminate(x, n, rows, k, h, drive, inject_at, injected)
        if second_order:
            _extrapolate(x, n, rows, k)
            _eliminate_again(x, n, rows, k, h, drive, inject_at, injected)
        _substitute(p, x, n, rows, k, lane, gate_dt[s])
        t += dt[s]
        _watch(x, rows, watch, before, first_ms, last_ms, t, dt[s], s >= listen_step)
        if trace.shape[0] > 0:
            for c in range(watch.shape[0]):
                trace[s, c] = x[watch[c, 0] * rows * W + V]
        if s + 1 == quiet_step:
            peak[:] = lane[HIGH : HIGH + W]
        may_stop = stop_early and s + 1 >= quiet_step
        if may_stop and _all_decided(lane, first_ms, silent_mV[0], silent_mV[1]):
            return s + 1
    return len(dt)
