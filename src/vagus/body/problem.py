"""What a user gives for an integration, checked and brought to seconds, as arrays."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike, NDArray

from vagus.body.compiled import Compiled
from vagus.body.draws import Draws
from vagus.errors import InputError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


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
                raise unknown("state", symbol, names)
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
                raise unknown("input", symbol, system.inputs)
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
                    raise unknown("atol", symbol, names)
            given |= dict(atol)
        else:
            given = dict.fromkeys(names, float(atol))
        for symbol, value in given.items():
            if not 0 < value < np.inf:
                raise InputError(f"atol of {symbol}", value, "above 0")
        return np.array([given[s] for s in names]) * self.seconds(names)


def times(output_s: ArrayLike, segments: Segments) -> Floats:
    """[q] of ``output_s``, checked: increasing, within the edges."""
    asked = np.ascontiguousarray(output_s, dtype=float)
    first, last = segments.edges_s[0], segments.edges_s[-1]
    if asked.ndim != 1 or not len(asked):
        raise InputError("output_s", output_s, "a list of times")
    if not (np.diff(asked) > 0).all():
        raise InputError("output_s", output_s, "increasing times")
    for time in (asked[0], asked[-1]):
        if not first <= time <= last:
            raise InputError(
                "output_s", time, f"from the first edge ({first} s) to the last ({last} s)"
            )
    return asked


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


def unknown(kind: str, symbol: str, known: Collection[str]) -> InputError:
    """The error for a symbol that is not among the known ones."""
    near = difflib.get_close_matches(symbol, known, 1)
    fix = f"Did you mean `{near[0]}`?" if near else ""
    return InputError(kind, symbol, ", ".join(known) or f"none: the model has no {kind}", fix)
