"""Integrate a model over many patients: inputs in segments, results at given times."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike, NDArray

from vagus.body.compiled import Compiled
from vagus.body.draws import Draws
from vagus.body.rodas4 import NOT_FINITE, OK, TOO_MANY, TOO_SMALL
from vagus.errors import InputError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Progress = Callable[[int, int], None]

STATUS: Mapping[int, str] = {
    OK: "reached the end",
    TOO_MANY: "gave up: too many steps",
    TOO_SMALL: "gave up: the step became too small",
    NOT_FINITE: "gave up: a rate or a state is not finite",
}
"""What the codes of `Trajectory.status` mean."""

MAX_STEPS = 2_000_000
"""Steps tried for one patient before it is given up: seconds of computing."""

TOGETHER = 16
"""Patients of one call of compiled code: progress and Ctrl-C wait for no more."""


@dataclass(frozen=True)
class Segments:
    """Inputs that are constant between edges.

    ``edges_s`` [k + 1], increasing; ``values``: input -> [k] (or one number), in the unit of its
    row, from each edge up to the next, that not included. Inputs left out keep their row's default.
    """

    edges_s: Floats
    values: Mapping[str, ArrayLike]

    def __post_init__(self) -> None:
        edges = np.ascontiguousarray(self.edges_s, dtype=float)
        object.__setattr__(self, "edges_s", edges)
        if edges.ndim != 1 or len(edges) < 2 or not np.isfinite(edges).all():
            raise InputError("edges_s", edges, "two or more finite times")
        if not (np.diff(edges) > 0).all():
            at = int(np.argmax(np.diff(edges) <= 0))
            raise InputError(
                f"edges_s[{at + 1}]", edges[at + 1], f"later than edges_s[{at}] = {edges[at]}"
            )


@dataclass(frozen=True)
class Trajectory:
    """States and observables of n patients at q times, in the units of the tables.

    ``states`` [n, q, s] of ``names``; ``observed`` [n, q, o] of ``observed_names``; ``status`` [n]
    (see `STATUS`; what a patient did not reach is NaN); ``steps`` [n] tried.
    At an edge a state is what it is (states are continuous), and an observable is that under the
    inputs of the segment that starts there.
    """

    time_s: Floats
    names: tuple[str, ...]
    states: Floats
    observed_names: tuple[str, ...]
    observed: Floats
    status: Ints
    steps: Ints

    def __getitem__(self, symbol: str) -> Floats:
        """[n, q] of one state or observable."""
        if symbol in self.names:
            return self.states[:, :, self.names.index(symbol)]
        if symbol in self.observed_names:
            return self.observed[:, :, self.observed_names.index(symbol)]
        raise _unknown("state or output", symbol, self.names + self.observed_names)

    @property
    def failures(self) -> dict[int, str]:
        """Patient -> why it was given up."""
        return {int(i): STATUS[int(self.status[i])] for i in np.flatnonzero(self.status)}


def integrate(
    system: Compiled,
    draws: Draws,
    segments: Segments,
    output_s: ArrayLike,
    *,
    initial: Mapping[str, ArrayLike] | None = None,
    rtol: float = 1e-6,
    atol: float | Mapping[str, float] = 1e-9,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Trajectory:
    """Course of every patient of ``draws`` from the first edge to the last time of ``output_s``.

    ``output_s`` [q] seconds, increasing, within the edges. ``initial``: state -> a number or [n],
    in the unit of its row, in place of the row's default. ``rtol``: error of a step relative to a
    state's size (see `rodas4`); ``atol``: the error that never matters, in the units of the rows,
    for all states or by state (others: 1e-9). ``progress(done, all)`` is called as patients finish.

    Results do not depend on ``workers`` (threads; None: one per core) nor on who else is in
    ``draws``. A patient that cannot be integrated has a status; nothing is raised for it.
    Raises `InputError` for values that cannot be used.
    """
    problem = Problem(system, draws, segments, _times(output_s, segments), rtol)
    p, y0 = problem.parameters(), problem.start(initial or {})
    delays, (u, edges, kinds) = problem.delays(p), problem.inputs()
    tolerance = problem.tolerance(atol)
    n, q = len(draws), len(problem.output_s)
    states = np.empty((n, q, len(system.states)))
    observed = np.empty((n, q, len(system.outputs)))
    status, steps = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)

    def some(part: slice) -> int:
        with np.errstate(all="ignore"):  # for plain Python: a failed step is tried again
            system.run(
                p[part], y0[part], delays[part], u, edges, kinds, problem.output_s, rtol,
                tolerance, MAX_STEPS, states[part], observed[part], status[part], steps[part],
            )  # fmt: skip
        return len(p[part])

    _in_parallel(some, n, workers, progress)
    states /= problem.seconds(system.states)
    observed /= problem.seconds(system.outputs)
    return Trajectory(
        problem.output_s, system.states, states, system.outputs, observed, status, steps
    )


def _in_parallel(
    work: Callable[[slice], int], n: int, workers: int | None, progress: Progress | None
) -> None:
    parts = [slice(i, min(i + TOGETHER, n)) for i in range(0, n, TOGETHER)]
    done = 0
    with ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
        futures = [pool.submit(work, part) for part in parts]
        try:
            for future in as_completed(futures):
                done += future.result()
                if progress is not None:
                    progress(done, n)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


@dataclass(frozen=True)
class Problem:
    """What a user gave, checked and brought to seconds, as arrays for the kernel."""

    system: Compiled
    draws: Draws
    segments: Segments
    output_s: Floats
    rtol: float

    def __post_init__(self) -> None:
        if not 0 < self.rtol < 1:
            raise InputError("rtol", self.rtol, "above 0, below 1")
        missing = set(self.system.parameters) - set(self.draws.names)
        if missing:
            raise InputError(
                "draws",
                f"without {', '.join(sorted(missing))}",
                "draws of this model",
                "Use draw(model, n, seed) or typical(model).",
            )

    def seconds(self, symbols: tuple[str, ...]) -> Floats:
        """What published numbers are multiplied by."""
        quantities = self.system.model.quantities
        return np.array([quantities[s].dimension.seconds for s in symbols])

    def parameters(self) -> Floats:
        """[n, P] in seconds; `InputError` names a parameter and patient that is not finite."""
        names = self.system.parameters
        where = [self.draws.names.index(s) for s in names]
        values = self.draws.values[:, where]
        bad = np.argwhere(~np.isfinite(values))
        if len(bad):
            i, j = bad[0]
            raise InputError(f"{names[j]} of patient {i}", values[i, j], "a finite number")
        return np.ascontiguousarray(values * self.seconds(names))

    def start(self, initial: Mapping[str, ArrayLike]) -> Floats:
        """[n, s] initial states in seconds."""
        names, n = self.system.states, len(self.draws)
        for symbol in initial:
            if symbol not in names:
                raise _unknown("state", symbol, names)
        p = dict(zip(self.system.parameters, self.parameters().T, strict=True))
        y0, seconds = np.empty((n, len(names))), self.seconds(names)
        for j, (symbol, default) in enumerate(self.system.model.initial().items()):
            if symbol in initial:
                y0[:, j] = _column(f"initial {symbol}", initial[symbol], n) * seconds[j]
            elif default.free_symbols:
                reads = sorted(s.name for s in default.free_symbols)
                value = sp.lambdify(reads, default, "numpy")(*(p[s] for s in reads))
                y0[:, j] = _column(f"initial {symbol}", value, n)
            else:
                y0[:, j] = float(default) * seconds[j]
        return y0

    def delays(self, p: Floats) -> Floats:
        """[n, lags] of lagged states, in seconds."""
        where = [self.system.parameters.index(d) for _, d in self.system.layout.lag_states.values()]
        delays = np.ascontiguousarray(p[:, where])
        if len(bad := np.argwhere(~(delays > 0))):
            i, j = bad[0]
            name = self.system.parameters[where[j]]
            raise InputError(f"{name} of patient {i}", delays[i, j], "a delay above 0")
        return delays

    def inputs(self) -> tuple[Floats, Floats, Ints]:
        """Inputs [k, m] in seconds on merged segments, their edges, and the kinds of edges."""
        system, edges = self.system, self.segments.edges_s
        for symbol in self.segments.values:
            if symbol not in system.inputs:
                raise _unknown("input", symbol, system.inputs)
        k = len(edges) - 1
        seconds, defaults = self.seconds(system.inputs), self._defaults()
        given = np.tile(defaults, (k, 1))
        for j, symbol in enumerate(system.inputs):
            if symbol in self.segments.values:
                given[:, j] = _column(symbol, self.segments.values[symbol], k)
        given = given * seconds
        lags = list(system.layout.lag_inputs.values())
        late = [self._fixed(delay) for _, delay in lags]
        shifted = np.concatenate([edges, *(edges + d for d in late)])
        merged = np.unique(shifted[(shifted >= edges[0]) & (shifted <= edges[-1])])
        columns = [_held(merged[:-1], edges, row) for row in given.T]
        for (source, _), d in zip(lags, late, strict=True):
            j = system.inputs.index(source)
            column = _held(merged[:-1], edges + d, given[:, j])
            columns.append(np.where(merged[:-1] < edges[0] + d, defaults[j] * seconds[j], column))
        u = np.array(columns).T.reshape(len(merged) - 1, len(columns))
        changed = np.append((u[1:] != u[:-1]).any(axis=1), True)
        kept = np.insert(changed, 0, True) | np.isin(merged, edges)
        u = np.ascontiguousarray(u[kept[:-1]])
        return u, np.ascontiguousarray(merged[kept]), _kinds(u)

    def _defaults(self) -> Floats:
        quantities = self.system.model.quantities
        return np.array([float(quantities[s].default or 0) for s in self.system.inputs])

    def _fixed(self, delay: str) -> float:
        """The delay of an input, in seconds, the same for all patients."""
        values = np.unique(self.draws[delay])
        if len(values) != 1 or not values[0] >= 0:
            raise InputError(
                delay,
                values,
                "one delay for all patients, 0 or more",
                "Lags of inputs need a fixed parameter.",
            )
        return float(values[0] * self.seconds((delay,))[0])

    def tolerance(self, atol: float | Mapping[str, float]) -> Floats:
        """[s] in seconds."""
        names = self.system.states
        given = dict.fromkeys(names, 1e-9)
        if isinstance(atol, Mapping):
            for symbol in atol:
                if symbol not in names:
                    raise _unknown("atol", symbol, names)
            given |= dict(atol)
        else:
            given = dict.fromkeys(names, float(atol))
        for symbol, value in given.items():
            if not 0 < value < np.inf:
                raise InputError(f"atol of {symbol}", value, "above 0")
        return np.array([given[s] for s in names]) * self.seconds(names)


def _times(output_s: ArrayLike, segments: Segments) -> Floats:
    times = np.ascontiguousarray(output_s, dtype=float)
    first, last = segments.edges_s[0], segments.edges_s[-1]
    if times.ndim != 1 or not len(times):
        raise InputError("output_s", output_s, "a list of times")
    if not (np.diff(times) > 0).all():
        raise InputError("output_s", output_s, "increasing times")
    for time in (times[0], times[-1]):
        if not first <= time <= last:
            raise InputError(
                "output_s", time, f"from the first edge ({first} s) to the last ({last} s)"
            )
    return times


def _column(field: str, values: ArrayLike, n: int) -> Floats:
    """[n] finite numbers, from [n] or one."""
    array = np.asarray(values, dtype=float)
    if array.shape not in ((), (n,)):
        raise InputError(field, f"of shape {array.shape}", f"one number or [{n}]")
    if not np.isfinite(array).all():
        raise InputError(field, values, "finite numbers")
    return np.broadcast_to(array, (n,))


def _held(times: Floats, edges: Floats, values: Floats) -> Floats:
    """Values at ``times``, held from each edge on."""
    at = np.clip(np.searchsorted(edges, times, side="right") - 1, 0, len(values) - 1)
    return np.asarray(values[at])


def _kinds(u: Floats) -> Ints:
    """[k]: the same number for edges with the same inputs before and after; -1 for no change."""
    before = np.vstack([np.full((1, u.shape[1]), np.inf), u[:-1]])
    _, kinds = np.unique(np.hstack([before, u]), axis=0, return_inverse=True)
    kinds = kinds.reshape(-1).astype(np.int64)
    kinds[1:][(u[1:] == u[:-1]).all(axis=1)] = -1
    return np.ascontiguousarray(kinds)


def _unknown(kind: str, symbol: str, known: Collection[str]) -> InputError:
    near = difflib.get_close_matches(symbol, known, 1)
    fix = f"Did you mean `{near[0]}`?" if near else ""
    return InputError(kind, symbol, ", ".join(known) or f"none: the model has no {kind}", fix)
