# ruff: noqa: F821 - the names of the generated part are declared without a value
"""Rodas4 over the segments of one patient after another: Rosenbrock steps, order 4(3), 6 stages.

Hairer & Wanner, Solving ODEs II (2nd ed. 1996), sec. IV.7 and IV.10: stiffly accurate, L-stable, no
iterations; each step solves six systems with one matrix W = I/(gamma h) - J. Coefficients are in
``data/body/rodas4.csv``.

The functions below are never called here. Their source is copied under the functions that `codegen`
writes for a model, so that one compilation sees, and can inline, everything. They run on arrays of
one patient; sizes are constants of that module. No arithmetic depends on the other patients.

Error: after each step no state may be off by more than
``atol + rtol * max(|y|, PEAK_SHARE * greatest |y| so far)``.
Edges: a step ends on every edge, and the first step after it is as long as the one that proved
right after the last edge of the same kind (same inputs before and after).
Delays: method of steps. No step is longer than the shortest delay, so lagged states are known when
needed, from the interpolant of the step they fall in; steps also end one delay after each edge,
where a lagged state has a kink.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Past = tuple[float, Floats, Floats, Floats, int, int]
"""Start, delays, initial states, ring of interpolants, its first and the number ever put in."""

# What the generated part of the module brings: see `codegen` and `compiled`.
jit: Callable[..., Any]
rhs: Callable[..., None]
jacobian: Callable[..., None]
factor: Callable[..., bool]
solve: Callable[..., None]
outputs: Callable[..., None]
constants: Callable[..., None]
STATES: int
LAGS: int
OUTPUTS: int
LU: int
CONSTANTS: int
NONZEROS: int
MOVING: bool
LAG_STATE: Ints
GAMMA: float
ALPHA: Floats
GAMMA_SUM: Floats
A21: float
A31: float
A32: float
A41: float
A42: float
A43: float
A51: float
A52: float
A53: float
A54: float
C21: float
C31: float
C32: float
C41: float
C42: float
C43: float
C51: float
C52: float
C53: float
C54: float
C61: float
C62: float
C63: float
C64: float
C65: float
DENSE: Floats

OK, TOO_MANY, TOO_SMALL, NOT_FINITE = 0, 1, 2, 3
PEAK_SHARE = 0.1
SAFETY, SHRINK, GROW = 0.95, 0.2, 6.0


def integrate_patients(
    p: Floats, y0: Floats, delays: Floats, u: Floats, edges: Floats, kinds: Ints, out_t: Floats,
    rtol: float, atol: Floats, max_steps: int,
    states: Floats, observed: Floats, status: Ints, steps: Ints,
) -> None:  # fmt: skip
    """Fill ``states`` [n, q, s], ``observed`` [n, q, o], ``status`` and ``steps`` [n].

    ``p`` [n, P], ``y0`` [n, s], ``delays`` [n, lags]; ``u`` [k, inputs] on the segments between
    ``edges`` [k + 1]; ``kinds`` [k]: which kind of edge starts each segment, -1 where inputs go on
    as they are; ``out_t`` [q] within the edges. Times in seconds.
    """
    for i in range(len(p)):
        ring = np.empty((64, 2 + 4 * LAGS))
        status[i], steps[i], done = integrate_patient(
            p[i], y0[i], delays[i], u, edges, kinds, out_t, rtol, atol, max_steps,
            states[i], observed[i], np.zeros(len(kinds)), ring,
        )  # fmt: skip
        for at in range(done, len(out_t)):
            for j in range(STATES):
                states[i, at, j] = np.nan
            for j in range(OUTPUTS):
                observed[i, at, j] = np.nan


def integrate_patient(
    p: Floats, y0: Floats, delays: Floats, u: Floats, edges: Floats, kinds: Ints, out_t: Floats,
    rtol: float, atol: Floats, max_steps: int,
    states: Floats, observed: Floats, memory: Floats, ring: Floats,
) -> tuple[int, int, int]:  # fmt: skip
    """Status, steps tried, outputs reached; ``memory`` [kind]: first step after such an edge."""
    y, peak, c = np.zeros(STATES), np.zeros(STATES), np.zeros(CONSTANTS)
    z, zd, dy, ft = np.zeros(LAGS), np.zeros(LAGS), np.zeros(STATES), np.zeros(STATES)
    jac, lu, k = np.zeros(NONZEROS), np.zeros(LU), np.zeros(6 * STATES)
    w, f, r = np.zeros(STATES), np.zeros(STATES), np.zeros(STATES)
    first, count, tried, done, h = 0, 0, 0, 0, 0.0
    shortest = np.inf
    for lag in range(LAGS):
        shortest = min(shortest, delays[lag])
    advance(y, y0, peak)
    for segment in range(len(kinds)):
        t, end, kind = edges[segment], edges[segment + 1], kinds[segment]
        past = (edges[0], delays, y0, ring, first, count)
        constants(p, u[segment], c)
        done = report(t, out_t, done, past, y, c, z, zd, states, observed)
        fresh, starting, rejected = True, kind >= 0, False
        while t < end and done < len(out_t):
            if fresh:
                recall(t, past, z, zd)
                jacobian(t, y, c, z, zd, dy, jac, ft)
                if starting:
                    h = memory[kind] if memory[kind] > 0.0 else guess(dy, peak, rtol, atol, end - t)
            stop = min(end, out_t[done], next_kink(t, edges, kinds, delays))
            step, landing = fitted(t, min(h, shortest), stop)
            tried += 1
            if tried > max_steps:
                return TOO_MANY, tried, done
            work = (z, zd, dy, ft, jac, lu, k, w, f, r)
            error = attempt(t, step, past, y, c, peak, rtol, atol, work)
            fresh, h = error <= 1.0, resized(h, step, error, rejected)
            if not fresh:
                rejected = True
                if t + 0.1 * h <= t:
                    return (TOO_SMALL if error < np.inf else NOT_FINITE), tried, done
                continue
            if LAGS > 0:
                ring, first, count = remember(t, step, delays, ring, first, count, y, w, k)
                past = (edges[0], delays, y0, ring, first, count)
            t = stop if landing else t + step
            advance(y, w, peak)
            if starting:
                memory[kind] = h
            starting, rejected = False, False
            if t < end:
                done = report(t, out_t, done, past, y, c, z, zd, states, observed)
    past = (edges[0], delays, y0, ring, first, count)
    return OK, tried, report(edges[-1], out_t, done, past, y, c, z, zd, states, observed)


def report(
    t: float, out_t: Floats, done: int, past: Past, y: Floats, c: Floats, z: Floats, zd: Floats,
    states: Floats, observed: Floats,
) -> int:  # fmt: skip
    """Note states and observables if an output is due at ``t``; outputs noted so far."""
    while done < len(out_t) and out_t[done] <= t:
        recall(t, past, z, zd)
        copy(y, states[done])
        outputs(t, y, c, z, observed[done])
        done += 1
    return done


def resized(h: float, step: float, error: float, rejected: bool) -> float:
    """The length to try next, after ``step`` with ``error``; a step cut short does not shrink h."""
    if not error <= 1.0:
        return step * (max(SHRINK, SAFETY * error**-0.25) if error < np.inf else SHRINK)
    growth = min(GROW, SAFETY * max(error, 1e-12) ** -0.25)
    if rejected:
        growth = min(growth, 1.0)
    return step * growth if step >= h or growth < GROW else h


def attempt(
    t: float, h: float, past: Past, y: Floats, c: Floats, peak: Floats, rtol: float, atol: Floats,
    work: tuple[Floats, ...],
) -> float:  # fmt: skip
    """One step into ``w``, with its stages in ``k``; greatest error over tolerance (inf: none)."""
    z, zd, dy, ft, jac, lu, k, w, f, r = work
    if not factor(jac, 1.0 / (GAMMA * h), lu):
        return np.inf
    copy(dy, f)
    for stage in range(6):
        combine(stage, 1.0 / h, y, k, w, r)
        if stage > 0:
            time = t + ALPHA[stage] * h
            recall(time, past, z, zd)
            rhs(time, w, c, z, f)
        if MOVING:
            for i in range(STATES):
                r[i] += GAMMA_SUM[stage] * h * ft[i]
        solve(lu, f, r, k, stage * STATES)
    worst = 0.0
    for i in range(STATES):
        change = k[5 * STATES + i]
        w[i] += change
        size = max(max(abs(y[i]), abs(w[i])), PEAK_SHARE * peak[i])
        error = abs(change) / (atol[i] + rtol * size)
        if not error < np.inf or not abs(w[i]) < np.inf:
            return np.inf
        worst = max(worst, error)
    return worst


def combine(stage: int, g: float, y: Floats, k: Floats, w: Floats, r: Floats) -> None:
    """What earlier stages add to a stage: ``w`` is where f is evaluated, ``r`` goes with f.

    Written out for constant places in ``k``, which the compiler turns into vector code.
    """
    n, n2, n3, n4 = STATES, 2 * STATES, 3 * STATES, 4 * STATES
    if stage == 0:
        for i in range(n):
            r[i] = 0.0
    elif stage == 1:
        for i in range(n):
            w[i] = y[i] + A21 * k[i]
            r[i] = g * (C21 * k[i])
    elif stage == 2:
        for i in range(n):
            w[i] = y[i] + A31 * k[i] + A32 * k[n + i]
            r[i] = g * (C31 * k[i] + C32 * k[n + i])
    elif stage == 3:
        for i in range(n):
            w[i] = y[i] + A41 * k[i] + A42 * k[n + i] + A43 * k[n2 + i]
            r[i] = g * (C41 * k[i] + C42 * k[n + i] + C43 * k[n2 + i])
    elif stage == 4:
        for i in range(n):
            w[i] = y[i] + A51 * k[i] + A52 * k[n + i] + A53 * k[n2 + i] + A54 * k[n3 + i]
            r[i] = g * (C51 * k[i] + C52 * k[n + i] + C53 * k[n2 + i] + C54 * k[n3 + i])
    else:  # stiffly accurate: the argument of the last stage is the last but one result
        for i in range(n):
            w[i] = w[i] + k[n4 + i]
            late = C64 * k[n3 + i] + C65 * k[n4 + i]
            r[i] = g * (C61 * k[i] + C62 * k[n + i] + C63 * k[n2 + i] + late)


def copy(source: Floats, target: Floats) -> None:
    """A loop: slice assignment would compile the formatting of error messages with it."""
    for i in range(len(source)):
        target[i] = source[i]


def advance(y: Floats, w: Floats, peak: Floats) -> None:
    """Take ``w`` as the state, and note how large each has been.

    A state that decays for weeks would end in denormal numbers, a hundred times slower to compute
    with: below 1e-200 it is zero.
    """
    for i in range(STATES):
        y[i] = w[i] if abs(w[i]) > 1e-200 else 0.0
        peak[i] = max(peak[i], abs(w[i]))


def fitted(t: float, h: float, stop: float) -> tuple[float, bool]:
    """Length of the next step, and whether it ends at ``stop``; leaves no sliver before it."""
    left = stop - t
    if h >= left * (1.0 - 1e-9):
        return left, True
    return (0.5 * left, False) if 2.0 * h > left else (h, False)


def guess(dy: Floats, peak: Floats, rtol: float, atol: Floats, length: float) -> float:
    """A first step that changes no state by more than a hundredth of its size."""
    h = length
    for i in range(STATES):
        size = 0.01 * max(peak[i], atol[i] / rtol)
        if abs(dy[i]) * h > size:
            h = size / abs(dy[i])
    return h


def next_kink(t: float, edges: Floats, kinds: Ints, delays: Floats) -> float:
    """The next time at which a lagged state passes an edge."""
    found = np.inf
    for lag in range(LAGS):
        at, high = 0, len(kinds)
        while at < high:  # the first edge whose lagged image is ahead
            middle = (at + high) // 2
            if edges[middle] + delays[lag] <= t:
                at = middle + 1
            else:
                high = middle
        while at < len(kinds) and kinds[at] < 0:
            at += 1
        if at < len(kinds):
            found = min(found, edges[at] + delays[lag])
    return found


def remember(
    t: float, h: float, delays: Floats, ring: Floats, first: int, count: int,
    y: Floats, w: Floats, k: Floats,
) -> tuple[Floats, int, int]:  # fmt: skip
    """Put the interpolant of a step into the ring, which grows if all it holds is still needed."""
    size, longest = len(ring), 0.0
    for lag in range(LAGS):
        longest = max(longest, delays[lag])
    late = t - longest
    while first < count and ring[first % size, 0] + ring[first % size, 1] < late:
        first += 1
    if count - first == size:
        longer = np.empty((2 * size, len(ring[0])))
        for at in range(first, count):
            copy(ring[at % size], longer[at % (2 * size)])
        ring, size = longer, 2 * size
    row = ring[count % size]
    row[0], row[1] = t, h
    for lag in range(LAGS):
        j, at = LAG_STATE[lag], 2 + 4 * lag
        row[at], row[at + 1], row[at + 2], row[at + 3] = y[j], w[j], 0.0, 0.0
        for stage in range(5):
            row[at + 2] += DENSE[0, stage] * k[stage * STATES + j]
            row[at + 3] += DENSE[1, stage] * k[stage * STATES + j]
    return ring, first, count + 1


def recall(t: float, past: Past, z: Floats, zd: Floats) -> None:
    """Lagged states at ``t`` and their rates; before the start a state is what it starts with."""
    t0, delays, y0, ring, first, count = past
    size = len(ring)
    for lag in range(LAGS):
        then = t - delays[lag]
        # On the border of two steps the later one counts, also where t - delay is rounded down.
        mark = then + 1e-14 * (abs(t) + delays[lag])
        if count == 0 or mark < t0:
            z[lag], zd[lag] = y0[LAG_STATE[lag]], 0.0
            continue
        low, high = first, count - 1
        while low < high:
            middle = (low + high + 1) // 2
            if ring[middle % size, 0] <= mark:
                low = middle
            else:
                high = middle - 1
        row, at = ring[low % size], 2 + 4 * lag
        x = (then - row[0]) / row[1]
        before, after, bend = row[at], row[at + 1], row[at + 2] + x * row[at + 3]
        chord = after + (1.0 - x) * bend
        z[lag] = (1.0 - x) * before + x * chord
        zd[lag] = (chord - before + x * ((1.0 - x) * row[at + 3] - bend)) / row[1]
