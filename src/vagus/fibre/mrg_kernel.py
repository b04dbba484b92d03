"""The MRG fibre in time: sixteen fibres per block, one tridiagonal solve over the nodes per stage.

Each node k has a record of rows (one row = one lane vector): its potential, gates, conductance and
current, the elimination's two numbers, its axial source, and the twenty modal currents and sources
of the internode that follows it. All offsets within a record are constants.

A stage of implicit Euler with step h solves, with rho = 1/(1 + lambda h) and kappa = rho h beta^2,

    eta+ = rho (eta + h w S) + kappa (v+_k +- v+_{k+1})
    (C/h + G) v+ = C/h v + I + w s + sum of the eta+ beside the node - coupling

by eliminating eta+. ``neuron``: one such stage per step, then the gates with the new potential.
``converged``: SDIRK2 (gamma = 1 - 1/sqrt 2; Alexander 1977, doi:10.1137/0714068), gates half a step
ahead.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from vagus.fibre.lanes import INLINE, JIT, W, load, magnitude, most, store, where_less
from vagus.fibre.mrg_membrane import (
    CURRENT,
    DETECT,
    E_K,
    E_L,
    E_NA,
    G_K,
    G_L,
    G_NA,
    G_NAP,
    ORIGIN,
    G,
    H,
    M,
    P,
    S,
    V,
    advance_gates,
)

# rows of a node's record; its first seven are the membrane's (mrg_membrane)
Y, CP, SRC, V0 = range(CURRENT + 1, CURRENT + 5)
ETA, DRIVE, ETA0 = 11, 31, 51
RECORD = 73  # odd, so that records do not fall on the same cache sets
STATE = 25  # what is kept of a node between runs: v, four gates, twenty modal currents

# columns of a step size's coefficients
RHO, KAPPA = 0, 20
C_OVER_H, DIAGONAL, OFF, END, PER_AREA = 40, 41, 42, 43, 44
COLUMNS = 45

# rows of what is known of each step: waveform, h times it, the gates' step, by how much of its
# change in potential they look ahead, injected current in nA
WAVE, HWAVE, GATE_DT, LEAD, INJECT = range(5)

GAMMA = 1 - 1 / np.sqrt(2)
EXTEND = (1 - GAMMA) / GAMMA


@njit(**INLINE)
def _euler_internode(a: Any, c: Any, at: int, prev: int, cur: int, half: int, hw: Any) -> Any:
    """Finish the previous stage of ten modes and start an Euler stage; sum of their currents.

    ``half`` 0: symmetric modes, driven by v_k + v_{k+1}; 1: antisymmetric, by the difference.
    """
    here, there = load(a, at + V * W), load(a, at + (RECORD + V) * W)
    port = here + there if half == 0 else here - there
    total = port * 0.0
    for i in range(10):
        m = 10 * half + i
        eta = load(a, at + (ETA + m) * W) + load(c, prev + (KAPPA + m) * W) * port
        if hw != 0.0:
            eta = eta + load(a, at + (DRIVE + m) * W) * hw
        eta = eta * load(c, cur + (RHO + m) * W)
        store(a, at + (ETA + m) * W, eta)
        total = total + eta
    return total


@njit(**INLINE)
def _first_internode(a: Any, c: Any, at: int, prev: int, cur: int, half: int, hw: Any) -> Any:
    """As `_euler_internode`, keeping the state at the start of the step for the second stage."""
    here, there = load(a, at + V * W), load(a, at + (RECORD + V) * W)
    port = here + there if half == 0 else here - there
    total = port * 0.0
    for i in range(10):
        m = 10 * half + i
        eta = load(a, at + (ETA + m) * W) + load(c, prev + (KAPPA + m) * W) * port
        store(a, at + (ETA0 + m) * W, eta)
        if hw != 0.0:
            eta = eta + load(a, at + (DRIVE + m) * W) * hw
        eta = eta * load(c, cur + (RHO + m) * W)
        store(a, at + (ETA + m) * W, eta)
        total = total + eta
    return total


@njit(**INLINE)
def _second_internode(a: Any, c: Any, at: int, cur: int, half: int, hw: Any) -> Any:
    """Second SDIRK stage: extrapolate from the step's start through the first stage."""
    here, there = load(a, at + V * W), load(a, at + (RECORD + V) * W)
    port = here + there if half == 0 else here - there
    total = port * 0.0
    for i in range(10):
        m = 10 * half + i
        eta = load(a, at + (ETA + m) * W) + load(c, cur + (KAPPA + m) * W) * port
        start = load(a, at + (ETA0 + m) * W)
        eta = start + (eta - start) * EXTEND
        if hw != 0.0:
            eta = eta + load(a, at + (DRIVE + m) * W) * hw
        eta = eta * load(c, cur + (RHO + m) * W)
        store(a, at + (ETA + m) * W, eta)
        total = total + eta
    return total


@njit(**INLINE)
def _eliminate(
    a: Any,
    c: Any,
    n: int,
    prev: int,
    cur: int,
    w: Any,
    hw: Any,
    inject_node: int,
    inject: Any,
    stage: int,
) -> None:
    """Forward sweep over the nodes; ``stage`` 0 Euler, 1 and 2 the stages of SDIRK2."""
    off = load(c, cur + OFF * W)
    left = off * 0.0
    y = off * 0.0
    cp = off * 0.0
    for k in range(n):
        at = k * RECORD * W
        even = off * 0.0
        odd = off * 0.0
        if k < n - 1:
            if stage == 0:
                even = _euler_internode(a, c, at, prev, cur, 0, hw)
                odd = _euler_internode(a, c, at, prev, cur, 1, hw)
            elif stage == 1:
                even = _first_internode(a, c, at, prev, cur, 0, hw)
                odd = _first_internode(a, c, at, prev, cur, 1, hw)
            else:
                even = _second_internode(a, c, at, cur, 0, hw)
                odd = _second_internode(a, c, at, cur, 1, hw)
        rhs = even + odd + left
        left = even - odd
        if w != 0.0:
            rhs = rhs + load(a, at + SRC * W) * w
        if k == inject_node and inject != 0.0:
            rhs = rhs + load(c, cur + PER_AREA * W) * inject
        if k == 0 or k == n - 1:  # sealed end: no membrane, no capacitance
            diagonal = load(c, cur + END * W)
        else:
            v = load(a, at + V * W)
            if stage == 1:
                store(a, at + V0 * W, v)
            elif stage == 2:
                start = load(a, at + V0 * W)
                v = start + (v - start) * EXTEND
            rhs = rhs + load(a, at + CURRENT * W) + load(c, cur + C_OVER_H * W) * v
            diagonal = load(c, cur + DIAGONAL * W) + load(a, at + G * W)
        inverse = 1.0 / (diagonal - off * cp)
        y = (rhs + off * y) * inverse
        cp = off * inverse
        store(a, at + Y * W, y)
        store(a, at + CP * W, cp)


@njit(**INLINE)
def _substitute(a: Any, n: int) -> None:
    """Backward sweep: the nodes' potentials."""
    v = load(a, (n - 1) * RECORD * W + Y * W) * 0.0
    for j in range(n):
        at = (n - 1 - j) * RECORD * W
        v = load(a, at + Y * W) + load(a, at + CP * W) * v
        store(a, at + V * W, v)


@njit(**INLINE)
def _substitute_and_gate(
    a: Any, n: int, p: Any, minus_dt: Any, lead: Any, small: float, rest: Any
) -> Any:
    """Backward sweep with the gates on the way; highest and largest deviation from rest.

    Where the step size changes, the gates' step is not centred on the new potential: they see it
    moved along by ``lead`` times its change over the step.
    """
    v = rest * 0.0
    peak = rest * 0.0 - 1e6
    spread = rest * 0.0
    for j in range(n):
        at = (n - 1 - j) * RECORD * W
        v = load(a, at + Y * W) + load(a, at + CP * W) * v
        store(a, at + V * W, v)
        if j > 0 and j < n - 1:
            peak = most(peak, v - rest)
            spread = most(spread, magnitude(v - rest))
            ahead = v + (v - load(a, at + V0 * W)) * lead
            advance_gates(a, at, ahead, p, minus_dt, small)
    return peak, spread


@njit(**INLINE)
def _advance(
    a: Any,
    c: Any,
    n: int,
    p: Any,
    steps: Any,
    s: int,
    prev: int,
    cur: int,
    inject_node: int,
    second_order: bool,
    small: float,
    rest: Any,
) -> Any:
    """Step s: potentials, then gates; highest and largest deviation from rest."""
    w, hw, inject = steps[WAVE, s], steps[HWAVE, s], steps[INJECT, s]
    if second_order:
        _eliminate(a, c, n, prev, cur, w, hw, inject_node, inject, 1)
        _substitute(a, n)
        _eliminate(a, c, n, prev, cur, w, hw, inject_node, inject, 2)
    else:
        _eliminate(a, c, n, prev, cur, w, hw, inject_node, inject, 0)
    return _substitute_and_gate(a, n, p, -steps[GATE_DT, s], steps[LEAD, s], small, rest)


@njit(**INLINE)
def _first_crossing(step_of_spike: Any, before: Any, now: Any, level: Any, s: int) -> Any:
    """Step of each lane's first upward crossing of ``level``; s where it happens now."""
    new = where_less(step_of_spike, 0.0, float(s), step_of_spike)
    crossed = where_less(now, level, step_of_spike, new)
    return where_less(before, level, crossed, step_of_spike)


@njit(**INLINE)
def _decided(buffer: Any, step_of_spike: Any, spread: Any, silent_mV: float) -> bool:
    """Whether every lane has fired or is back at rest."""
    store(buffer, 0, step_of_spike)
    store(buffer, W, spread)
    undecided = 0
    for lane in range(W):
        undecided += buffer[lane] < 0.0 and buffer[W + lane] > silent_mV
    return undecided == 0


@njit(**INLINE)
def _keep(buffer: Any, lanes: Any, first: int, out: Any) -> None:
    """Write a lane vector to the items that its lanes carry."""
    store(buffer, 0, lanes)
    for lane in range(min(W, out.shape[0] - first)):
        out[first + lane] = buffer[lane]


@njit(**JIT)
def simulate(
    fibre: Any,
    shape: Any,
    amplitude: Any,  # [M] items: fibre, its geometry, its current in mA
    coefficients: Any,  # [U, L, COLUMNS] of each geometry and step size
    drive: Any,
    source: Any,  # [F, N - 1, 20], [F, N] per mA
    initial: Any,  # [U, N, STATE]
    p: Any,  # membrane parameters
    level: Any,  # [S] step size of each step
    steps: Any,  # [5, S] what else is known of it
    inject_node: int,
    second_order: bool,
    listen_step: int,
    quiet_step: int,
    silent_mV: float,
    small: float,
    a: Any,
    c: Any,  # workspace: nodes x records, step sizes x COLUMNS
    fired: Any,
    peak: Any,
    final: Any,  # [M] step of the spike or -1; [M]; [M or 0, N, STATE]
    trace_nodes: Any,
    trace: Any,  # [K], [S, K] potentials of the first item
) -> None:
    """Run M items in blocks of ``W`` lanes; results go to ``fired``, ``peak``, ``final``."""
    n = source.shape[1]
    items = fibre.shape[0]
    detector = int(0.9 * (n - 1))
    buffer = np.empty(2 * W, a.dtype)
    for first in range(0, items, W):
        _gather(
            first, fibre, shape, amplitude, coefficients, drive, source, initial, p, level, a, c
        )
        rest = load(a, (n // 2) * RECORD * W + V * W)
        step_of_spike, highest = rest * 0.0 - 1.0, rest * 0.0 - 1e6
        before = load(a, detector * RECORD * W + V * W)
        prev = level[0] * COLUMNS * W
        for s in range(level.shape[0]):
            cur = level[s] * COLUMNS * W
            top, spread = _advance(
                a, c, n, p, steps, s, prev, cur, inject_node, second_order, small, rest
            )
            prev = cur
            now = load(a, detector * RECORD * W + V * W)
            if s >= listen_step:
                step_of_spike = _first_crossing(step_of_spike, before, now, p[DETECT], s)
            before = now
            for j in range(trace_nodes.shape[0]):
                trace[s, j] = a[(trace_nodes[j] * RECORD + V) * W] + p[ORIGIN]
            if s <= quiet_step:
                highest = most(highest, top)
                _keep(buffer, highest, first, peak)
            checked = silent_mV > 0.0 and s >= quiet_step and s % 4 == 0
            if checked and _decided(buffer, step_of_spike, spread, silent_mV):
                break
        _keep(buffer, step_of_spike, first, fired)
        if final.shape[0] > 0:
            _scatter(first, items, n, prev, a, c, final)


@njit(**JIT)
def _gather(
    first: int,
    fibre: Any,
    shape: Any,
    amplitude: Any,
    coefficients: Any,
    drive: Any,
    source: Any,
    initial: Any,
    p: Any,
    level: Any,
    a: Any,
    c: Any,
) -> None:
    """Fill the workspace with up to W items; spare lanes repeat the last item at zero current.

    Lanes run innermost, so that each line of the workspace is written once.
    """
    n = source.shape[1]
    items = fibre.shape[0]
    f, u, scale = np.empty(W, np.int64), np.empty(W, np.int64), np.zeros(W)
    for lane in range(W):
        item = min(first + lane, items - 1)
        f[lane], u[lane] = fibre[item], shape[item]
        if first + lane < items:
            scale[lane] = amplitude[item]
    for i in range(coefficients.shape[1]):
        for j in range(COLUMNS):
            for lane in range(W):
                c[(i * COLUMNS + j) * W + lane] = coefficients[u[lane], i, j]
    kappa = (level[0] * COLUMNS + KAPPA) * W
    for k in range(n):
        at = k * RECORD * W
        for lane in range(W):
            a[at + SRC * W + lane] = scale[lane] * source[f[lane], k]
        for j in range(5):
            for lane in range(W):
                a[at + (V + j) * W + lane] = initial[u[lane], k, j]
        for lane in range(W):
            m, h = a[at + M * W + lane], a[at + H * W + lane]
            pp, s = a[at + P * W + lane], a[at + S * W + lane]
            na = p[G_NA] * m * m * m * h + p[G_NAP] * pp * pp * pp
            a[at + G * W + lane] = na + p[G_K] * s + p[G_L]
            a[at + CURRENT * W + lane] = na * p[E_NA] + p[G_K] * s * p[E_K] + p[G_L] * p[E_L]
        if k == n - 1:
            break
        for i in range(20):
            sign = 1.0 if i < 10 else -1.0
            for lane in range(W):
                port = initial[u[lane], k, 0] + sign * initial[u[lane], k + 1, 0]
                eta = initial[u[lane], k, 5 + i] - c[kappa + i * W + lane] * port
                a[at + (ETA + i) * W + lane] = eta
            for lane in range(W):
                a[at + (DRIVE + i) * W + lane] = scale[lane] * drive[f[lane], k, i]


@njit(**JIT)
def _scatter(first: int, items: int, n: int, cur: int, a: Any, c: Any, final: Any) -> None:
    """Copy the lanes' states out, modes completed."""
    for lane in range(min(W, items - first)):
        for k in range(n):
            at = k * RECORD * W + lane
            for j in range(5):
                final[first + lane, k, j] = a[at + (V + j) * W]
            for m in range(20 if k < n - 1 else 0):
                here, there = a[at + V * W], a[at + (RECORD + V) * W]
                port = here + there if m < 10 else here - there
                kappa = c[cur + (KAPPA + m) * W + lane]
                final[first + lane, k, 5 + m] = a[at + (ETA + m) * W] + kappa * port
