"""Unmyelinated fibres (and Sweeney's myelinated cable): many simulations of single cables at once.

Compartments are equal and numbered from the fibre's start. Where a model has passive ends (channels
removed, axially isolated, as PyFibers builds them) those compartments stay at rest; the cable that is
solved lies between them, with sealed ends.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vagus.errors import InputError
from vagus.fibre.lanes import W, aligned
from vagus.fibre.membranes import MEMBRANES, Membrane
from vagus.fibre.membranes.contract import SOURCE, V, settle
from vagus.fibre.outcome import Outcome
from vagus.fibre.timegrid import TimeGrid
from vagus.fibre.unmyelinated_kernel import (
    AMPLITUDE,
    DIAMETER,
    K_LANE,
    LANE_ROWS,
    integrate,
)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_SETTLE_STEPS, _SETTLE_DT_MS = 40, 5.0  # how PyFibers settles a fibre before t = 0


@dataclass(frozen=True)
class UnmyelinatedFibres:
    """F fibres of one model, each of ``n`` compartments.

    ``diameter_um`` [F] outer diameter; ``dx_um`` compartment length (Sweeney: the node spacing is
    ``100 diameter`` and this is not used); ``ve_mV_per_mA`` [F, n] extracellular potential at
    the compartment centres per mA of stimulus; ``detector`` [F] the compartment where an action
    potential counts (default ``floor(0.9 (n - 1))``).

    Raises InputError for a model, diameter, length, shape or potential that cannot be used.
    """

    model: str
    diameter_um: Floats
    dx_um: float
    n: int
    ve_mV_per_mA: Floats
    detector: Ints = field(default_factory=lambda: np.zeros(0, np.int64))

    def __post_init__(self) -> None:
        _check_model(self.model)
        diameter = np.atleast_1d(np.asarray(self.diameter_um, np.float64))
        ve = np.atleast_2d(np.asarray(self.ve_mV_per_mA, np.float64))
        given = np.asarray(self.detector, np.int64)
        default = np.full(diameter.shape, int(0.9 * (self.n - 1)))
        detector = np.broadcast_to(given, diameter.shape) if given.size else default
        object.__setattr__(self, "diameter_um", diameter)
        object.__setattr__(self, "ve_mV_per_mA", ve)
        object.__setattr__(self, "detector", detector)
        self._check()

    def _check(self) -> None:
        diameter, ve, ends = self.diameter_um, self.ve_mV_per_mA, self._ends
        bad = ~(np.isfinite(diameter) & (diameter > 0))
        if diameter.ndim != 1 or bad.any():
            value = diameter[bad][0] if diameter.ndim == 1 else diameter.shape
            raise InputError("diameter_um", value, "finite, above 0 um, one per fibre")
        if not (np.isfinite(self.dx_um) and self.dx_um > 0):
            raise InputError("dx_um", self.dx_um, "a finite length above 0 um")
        if self.n < 3 + 2 * ends:
            raise InputError("n", self.n, f"at least {3 + 2 * ends} compartments for {self.model}")
        if ve.shape != (len(diameter), self.n):
            raise InputError(
                "ve_mV_per_mA", f"of shape {ve.shape}", f"shape {(len(diameter), self.n)}",
                "Give one potential per fibre and compartment.",
            )
        if not np.isfinite(ve).all():
            fibre, at = np.argwhere(~np.isfinite(ve))[0]
            raise InputError(
                "ve_mV_per_mA", f"{ve[fibre, at]} for fibre {fibre}, compartment {at}", "finite",
                "Check that the field covers the whole fibre.",
            )
        outside = (self.detector < ends) | (self.detector >= self.n - ends)
        if outside.any():
            allowed = f"{ends} ... {self.n - ends - 1}"
            raise InputError("detector", self.detector[outside][0], allowed)

    @property
    def membrane(self) -> Membrane:
        return MEMBRANES[self.model]

    @property
    def _ends(self) -> int:
        return int(self.membrane["passive_ends"])

    def positions_um(self) -> Floats:
        """[n] compartment centres from the fibre's start (of the first fibre, for Sweeney)."""
        if self.model == "sweeney":
            spacing = self.membrane["spacing_ratio"] * self.diameter_um[0]
            return np.asarray(np.arange(self.n) * spacing + self.membrane["node_length"] / 2)
        return compartment_centres_um(self.n, self.dx_um)

    def simulate(
        self,
        grid: TimeGrid,
        fibre: NDArray[np.int64],
        amplitude_mA: NDArray[np.float64],
        dtype: Any = np.float32,
        stop_early: bool = True,
    ) -> Outcome:
        """Simulate M items: ``fibre[m]`` at ``amplitude_mA[m]``; see `Outcome`.

        With ``stop_early`` a block of lanes ends when each of its fibres has fired or, after the
        stimulus, is silent (everywhere within the membrane's ``silent_mV`` of rest).
        """
        fibre, amplitude = self._items(fibre, amplitude_mA)
        _check_grid(grid)
        fired_ms, peak = np.empty(len(fibre)), np.empty(len(fibre))
        for start in range(0, len(fibre), W):
            block = slice(start, start + W)
            run = _Block(self, grid, fibre[block], amplitude[block], dtype)
            used = len(fibre[block])
            run.set_field()
            run.integrate(grid, self.detector[run.fibre][None] - self._ends, stop_early)
            fired_ms[block] = run.first_ms[0, :used]
            peak[block] = (run.peak - run.rest)[:used]
        return Outcome(fired=~np.isnan(fired_ms), ap_time_ms=fired_ms, peak_mV=peak)

    def trace(self, grid: TimeGrid, fibre: int, amplitude_mA: float, nodes: ArrayLike) -> Floats:
        """[K, S] membrane potential (mV) of K compartments after each step, in float64."""
        nodes = np.atleast_1d(np.asarray(nodes, np.int64))
        if not ((nodes >= 0) & (nodes < self.n)).all():
            raise InputError("nodes", nodes.tolist(), f"0 ... {self.n - 1}")
        items = self._items(np.array([fibre]), np.array([amplitude_mA]))
        _check_grid(grid)
        run = _Block(self, grid, *items, np.float64)
        run.set_field()
        active = np.clip(nodes - self._ends, 0, self.n - 2 * self._ends - 1)
        watch = np.repeat(active[:, None], W, axis=1)
        out = run.integrate(grid, watch, stop_early=False, trace=True).T
        passive = (nodes < self._ends) | (nodes >= self.n - self._ends)
        out[passive] = self.membrane["v_rest"]
        return out

    def crossings_ms(
        self, grid: TimeGrid, current_nA: float, at: int, nodes: ArrayLike, dtype: Any = np.float64
    ) -> Floats:
        """[F, K] time of the last upward crossing of -30 mV at K compartments (nan where none),
        while ``current_nA grid.w`` is injected into compartment ``at`` and no field is applied.
        """
        nodes = np.atleast_1d(np.asarray(nodes, np.int64))
        ends = self._ends
        if not ((nodes >= ends) & (nodes < self.n - ends)).all():
            raise InputError("nodes", nodes.tolist(), f"{ends} ... {self.n - ends - 1}")
        if not ends <= at < self.n - ends:
            raise InputError("at", at, f"{ends} ... {self.n - ends - 1}")
        _check_grid(grid)
        everyone = np.arange(len(self.diameter_um))
        out = np.empty((len(everyone), len(nodes)))
        for start in range(0, len(everyone), W):
            block = everyone[start : start + W]
            run = _Block(self, grid, block, np.full(len(block), current_nA), dtype)
            run.set_injection(at - ends)
            run.integrate(grid, np.repeat(nodes[:, None] - ends, W, axis=1), stop_early=False)
            out[start : start + W] = run.last_ms.T[: len(block)]
        return out

    def _items(self, fibre: ArrayLike, amplitude_mA: ArrayLike) -> tuple[Ints, Floats]:
        index = np.atleast_1d(np.asarray(fibre, np.int64))
        amplitude = np.atleast_1d(np.asarray(amplitude_mA, np.float64))
        count = len(self.diameter_um)
        if index.shape != amplitude.shape or index.ndim != 1:
            raise InputError(
                "amplitude_mA", f"of shape {amplitude.shape}", f"shape {index.shape}, as `fibre`"
            )
        if index.size and (index.min() < 0 or index.max() >= count):
            raise InputError("fibre", f"{index.min()} ... {index.max()}", f"0 ... {count - 1}")
        if not np.isfinite(amplitude).all():
            raise InputError("amplitude_mA", "nan or infinite", "finite currents")
        return index, amplitude

    def axial_rate_per_ms(self, fibre: Ints) -> Floats:
        """Axial conductance between neighbours over a compartment's capacitance."""
        diameter, spacing, _ = self._geometry(fibre)
        m = self.membrane
        resistance_MOhm = m["axial_resistivity"] * spacing / (np.pi * diameter**2 / 4) * 1e-2
        return np.asarray(1.0 / resistance_MOhm / self.capacitance_nF(fibre))

    def capacitance_nF(self, fibre: Ints) -> Floats:
        """Membrane capacitance of one compartment."""
        diameter, _, length = self._geometry(fibre)
        return np.asarray(self.membrane["cm"] * np.pi * diameter * length * 1e-5)

    def _geometry(self, fibre: Ints) -> tuple[Floats, Floats | float, float]:
        """Axon diameter, spacing of compartments, length of membrane in each (um)."""
        outer = self.diameter_um[fibre]
        if self.model == "sweeney":
            m = self.membrane
            return outer * m["axon_ratio"], outer * m["spacing_ratio"], m["node_length"]
        return outer, self.dx_um, self.dx_um


class _Block:
    """W lanes of one run: the arrays that the kernel works on, lanes beyond the items repeated."""

    def __init__(
        self, fibres: UnmyelinatedFibres, grid: TimeGrid, fibre: Ints, amplitude: Floats, dtype: Any
    ) -> None:
        self.fibres, self.membrane = fibres, fibres.membrane
        self.fibre = np.resize(fibre, W)
        self.parameters = self.membrane.build(grid.scheme)
        self.n = fibres.n - 2 * fibres._ends
        self.lane = aligned(LANE_ROWS * W, dtype)
        self.lane[K_LANE : K_LANE + W] = fibres.axial_rate_per_ms(self.fibre)
        self.lane[AMPLITUDE : AMPLITUDE + W] = np.resize(amplitude, W)
        diameter = fibres.diameter_um[self.fibre]
        self.lane[DIAMETER : DIAMETER + W] = diameter
        rest = resting_state(self.membrane, self.parameters, diameter)
        self.rest = rest[V : V + W]
        rows = self.membrane.rows
        self.x = aligned(self.n * rows * W, dtype)
        self.x.reshape(self.n, rows * W)[:] = rest

    def set_field(self) -> None:
        """The field as the axial source of the compartments."""
        ends, fibre = self.fibres._ends, self.fibre
        ve = self.fibres.ve_mV_per_mA[fibre, ends : self.fibres.n - ends]
        flux = np.diff(ve, axis=1, prepend=ve[:, :1], append=ve[:, -1:])
        self._set_source(np.diff(flux, axis=1) * self.fibres.axial_rate_per_ms(fibre)[:, None])

    def set_injection(self, at: int) -> None:
        """A unit current (nA) into one compartment."""
        source = np.zeros((W, self.n))
        source[:, at] = 1.0 / self.fibres.capacitance_nF(self.fibre)
        self._set_source(source)

    def _set_source(self, source_mV_per_ms: Floats) -> None:
        rows = self.x.reshape(self.n, self.membrane.rows * W)
        rows[:, SOURCE : SOURCE + W] = source_mV_per_ms.T

    def integrate(
        self, grid: TimeGrid, watch: Ints, stop_early: bool, trace: bool = False
    ) -> Floats:
        """Run to the end or to the last decision; return the trace [S, C] (empty unless asked)."""
        dt = grid.dt_ms[grid.level]
        second_order = grid.scheme == "converged"
        gate_dt = (dt + np.append(dt[1:], dt[-1])) / 2 if second_order else dt
        self.first_ms = np.full(watch.shape, np.nan)
        self.last_ms = np.full(watch.shape, np.nan)
        self.peak = np.full(W, np.nan)
        down, up = self.membrane.silent_mV
        silent = np.stack([self.rest - down, self.rest + up])
        steps = len(dt)
        out = np.empty((steps, len(watch)) if trace else (0, 0))
        integrate(
            self.parameters, self.x, self.n, self.membrane.rows, self.lane, dt, gate_dt,
            np.ascontiguousarray(grid.w, np.float64), second_order,
            np.ascontiguousarray(watch, np.int64), self.first_ms, self.last_ms,
            int(min(grid.quiet_step, steps)), stop_early, silent, self.peak, out,
        )  # fmt: skip
        return out


def resting_state(membrane: Membrane, parameters: Any, diameter_um: Floats) -> Floats:
    """[rows W] state of a compartment of each lane after 40 steps of 5 ms without a stimulus.

    All compartments of a fibre at rest are alike, so one is enough; always in float64.
    """
    x = aligned(membrane.rows * W, np.float64)
    x[V : V + W] = membrane["v_rest"]
    for row, parameter in membrane.start:
        x[row : row + W] = membrane[parameter]
    lane = aligned(LANE_ROWS * W, np.float64)
    lane[DIAMETER : DIAMETER + W] = diameter_um
    settle(parameters, x, diameter_um)
    dt = np.full(_SETTLE_STEPS, _SETTLE_DT_MS)
    watch, nothing = np.zeros((1, W), np.int64), np.empty((0, 0))
    times, silent = np.full((1, W), np.nan), np.zeros((2, W))
    integrate(
        parameters, x, 1, membrane.rows, lane, dt, dt, 0.0 * dt, False, watch, times, times.copy(),
        _SETTLE_STEPS, False, silent, np.empty(W), nothing,
    )  # fmt: skip
    return x


def compartment_centres_um(n: int, dx_um: float) -> Floats:
    """[n] centres of n compartments of length dx from the fibre's start."""
    return np.asarray((np.arange(n) + 0.5) * dx_um)


def _check_model(model: str) -> None:
    if model not in MEMBRANES:
        raise InputError("model", model, ", ".join(sorted(MEMBRANES)))


def _check_grid(grid: TimeGrid) -> None:
    if not (np.isfinite(grid.dt_ms).all() and (np.asarray(grid.dt_ms) > 0).all()):
        raise InputError("dt_ms", np.min(grid.dt_ms), "finite steps above 0 ms")
    if len(grid.w) != len(grid.level) or not np.isfinite(grid.w).all():
        raise InputError("w", f"of length {len(grid.w)}", f"{len(grid.level)} finite values")
