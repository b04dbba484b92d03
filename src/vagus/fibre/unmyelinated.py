"""Unmyelinated fibres (and Sweeney's myelinated cable): many simulations of single cables at once.

Compartments are equal and numbered from the fibre's start. Where a model has passive ends (channels
removed, axially all but isolated, as PyFibers builds them) those compartments stay at rest; the
cable that is solved lies between them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vagus.errors import ConvergenceError, InputError
from vagus.fibre.lanes import W, aligned
from vagus.fibre.membranes import MEMBRANES, Membrane
from vagus.fibre.membranes.contract import SOURCE, V, settle
from vagus.fibre.outcome import Outcome
from vagus.fibre.timegrid import TimeGrid
from vagus.fibre.unmyelinated_kernel import (
    AMPLITUDE,
    DIAMETER,
    END_MV,
    END_RATE,
    HIGH,
    INJECT,
    K_LANE,
    LANE_ROWS,
    integrate,
)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_SETTLE_STEPS, _SETTLE_DT_MS = 40, 5.0  # how PyFibers settles a fibre before t = 0
_BEYOND_MV = 1e6  # no membrane potential of this world


@dataclass(frozen=True)
class UnmyelinatedFibres:
    """F fibres of one model, each of ``n`` compartments.

    ``diameter_um`` [F] outer diameter; ``dx_um`` compartment length (not used by Sweeney, whose
    nodes are 100 diameters apart); ``ve_mV_per_mA`` [F, n] extracellular potential at the
    compartment centres per mA of stimulus.
    ``detector`` [F] or [F, K]: compartments where an action potential counts, at any of them
    (default ``floor(0.9 (n - 1))``). ``inject_node``: where `TimeGrid.inject_nA` enters.
    ``end_ohm_cm``: axial resistivity of the passive ends; PyFibers' value leaks a little, which
    moves a late spike by 1e-4 mV; inf seals.
    ``cut_ends``: the field drives current against the ends as in a fibre that ends there (as in
    PyFibers); False: the compartments are a window on a fibre that goes on, in a field of constant
    gradient beyond, so that the window's ends excite nothing.

    Raises InputError for a model, diameter, length, shape or potential that cannot be used;
    simulations raise ConvergenceError where a current drives a fibre beyond its membrane model.
    """

    model: str
    diameter_um: Floats
    dx_um: float
    n: int
    ve_mV_per_mA: Floats
    detector: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    inject_node: int = 1
    end_ohm_cm: float = 1e10
    cut_ends: bool = True

    def __post_init__(self) -> None:
        _check_model(self.model)
        diameter = np.atleast_1d(np.asarray(self.diameter_um, np.float64))
        ve = np.atleast_2d(np.asarray(self.ve_mV_per_mA, np.float64))
        given = np.asarray(self.detector, np.int64)
        default = np.full(diameter.shape, int(0.9 * (self.n - 1)))
        detector = given if given.size else default
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
                "ve_mV_per_mA",
                f"of shape {ve.shape}",
                f"shape {(len(diameter), self.n)}",
                "Give one potential per fibre and compartment.",
            )
        if not np.isfinite(ve).all():
            fibre, at = np.argwhere(~np.isfinite(ve))[0]
            raise InputError(
                "ve_mV_per_mA",
                f"{ve[fibre, at]} for fibre {fibre}, compartment {at}",
                "finite",
                "Check that the field covers the whole fibre.",
            )
        if not self.end_ohm_cm > 0:
            raise InputError("end_ohm_cm", self.end_ohm_cm, "above 0 ohm cm (inf seals the ends)")
        if not ends <= self.inject_node < self.n - ends:
            raise InputError("inject_node", self.inject_node, f"{ends} ... {self.n - ends - 1}")
        if self.detector.ndim not in (1, 2) or len(self.detector) != len(diameter):
            raise InputError(
                "detector", f"of shape {self.detector.shape}", f"({len(diameter)},) or one row each"
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
        # like with like, so that the lanes of a block are decided at about the same time
        order = np.argsort(self.diameter_um[fibre], kind="stable")
        detectors = self.detector.reshape(len(self.detector), -1) - self._ends
        for start in range(0, len(fibre), W):
            block = order[start : start + W]
            run = _Block(self, grid, fibre[block], amplitude[block], dtype)
            run.set_field()
            run.integrate(grid, detectors[run.fibre].T, stop_early)
            fired_ms[block] = np.fmin.reduce(run.first_ms, axis=0)[: len(block)]
            peak[block] = (run.peak - run.rest)[: len(block)]
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

    def crossings_ms(self, grid: TimeGrid, nodes: ArrayLike, dtype: Any = np.float64) -> Floats:
        """[F, K] time of the last upward crossing of -30 mV at K compartments (nan where none),
        while ``grid.inject_nA`` enters at ``inject_node``; no field is applied.
        """
        nodes = np.atleast_1d(np.asarray(nodes, np.int64))
        ends = self._ends
        if not ((nodes >= ends) & (nodes < self.n - ends)).all():
            raise InputError("nodes", nodes.tolist(), f"{ends} ... {self.n - ends - 1}")
        _check_grid(grid)
        everyone = np.arange(len(self.diameter_um))
        out = np.empty((len(everyone), len(nodes)))
        for start in range(0, len(everyone), W):
            block = everyone[start : start + W]
            run = _Block(self, grid, block, np.zeros(len(block)), dtype)
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

    def end_rate_per_ms(self, fibre: Ints) -> Floats:
        """Conductance to a passive end over a compartment's capacitance; the axon's own resistance
        is a millionth of the end's and left out."""
        if self._ends == 0:
            return np.zeros(len(fibre))
        diameter, _, length = self._geometry(fibre)
        resistance_MOhm = self.end_ohm_cm * (length / 2) / (np.pi * diameter**2 / 4) * 1e-2
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
        self.amplitude = np.resize(amplitude, W)
        # rest differs along a fibre by what leaks through its ends: 1e-7 mV
        exact = dtype == np.float64 and grid.scheme == "neuron"
        rest = self._settled(self.n if exact else 1)
        self.rest = rest[0, V : V + W].copy()
        self.lane = self._lanes(dtype, leaky=True)
        rows = self.membrane.rows
        self.x = aligned(self.n * rows * W, dtype)
        self.x.reshape(self.n, rows * W)[:] = rest

    def _lanes(self, dtype: Any, leaky: bool) -> NDArray[Any]:
        """The lanes' own values in the order of the kernel's rows."""
        fibres, fibre = self.fibres, self.fibre
        values = np.zeros((LANE_ROWS, W))
        values[K_LANE // W] = fibres.axial_rate_per_ms(fibre)
        values[AMPLITUDE // W] = self.amplitude
        values[DIAMETER // W] = fibres.diameter_um[fibre]
        values[INJECT // W] = 1.0 / fibres.capacitance_nF(fibre)
        values[END_RATE // W] = fibres.end_rate_per_ms(fibre) if leaky else 0.0
        values[END_MV // W] = self.membrane["v_rest"]
        lane = aligned(LANE_ROWS * W, dtype)
        lane[:] = values.ravel()
        return lane

    def _settled(self, cells: int) -> Floats:
        """[cells, rows W] state after 40 steps of 5 ms without a stimulus, in float64.

        Compartments of a resting fibre are alike (but for the leaky ends), so one is enough.
        """
        membrane = self.membrane
        one = np.zeros(membrane.rows * W)
        one[V : V + W] = membrane["v_rest"]
        for row, parameter in membrane.start:
            one[row : row + W] = membrane[parameter]
        settle(self.parameters, one, self.fibres.diameter_um[self.fibre])
        x = aligned(cells * membrane.rows * W, np.float64)
        x.reshape(cells, membrane.rows * W)[:] = one
        lane = self._lanes(np.float64, leaky=cells > 1)
        dt = np.full(_SETTLE_STEPS, _SETTLE_DT_MS)
        nothing, times = 0.0 * dt, np.full((1, W), np.nan)
        integrate(
            self.parameters, x, cells, membrane.rows, lane,
            dt, dt, nothing, nothing, 0, False,
            0, _SETTLE_STEPS, False, np.zeros((2, W)),
            np.zeros((1, W), np.int64), times, times.copy(), np.empty(W), np.empty((0, 0)),
        )  # fmt: skip
        return x.reshape(cells, membrane.rows * W)

    def set_field(self) -> None:
        """The field as the axial source of the compartments."""
        fibres, fibre, ends = self.fibres, self.fibre, self.fibres._ends
        ve = fibres.ve_mV_per_mA[fibre]
        inside = ve[:, ends : fibres.n - ends]
        flux = np.diff(inside, axis=1, prepend=inside[:, :1], append=inside[:, -1:])
        source = np.diff(flux, axis=1) * fibres.axial_rate_per_ms(fibre)[:, None]
        leak = fibres.end_rate_per_ms(fibre)
        source[:, 0] += leak * (ve[:, 0] - inside[:, 0])
        source[:, -1] += leak * (ve[:, -1] - inside[:, -1])
        if not fibres.cut_ends:
            source[:, [0, -1]] = 0.0
        rows = self.x.reshape(self.n, self.membrane.rows * W)
        rows[:, SOURCE : SOURCE + W] = source.T

    def integrate(
        self, grid: TimeGrid, watch: Ints, stop_early: bool, trace: bool = False
    ) -> Floats:
        """Run to the end or to the last decision; return the trace [S, C] (empty unless asked)."""
        dt = grid.dt_ms[grid.level]
        steps = len(dt)
        second_order = grid.scheme == "converged"
        # gates sit half a step ahead of the potentials in the second-order scheme
        gate_dt = (dt + np.append(dt[1:], dt[-1])) / 2 if second_order else dt
        inject = grid.inject_nA if len(grid.inject_nA) else np.zeros(steps)
        self.first_ms = np.full(watch.shape, np.nan)
        self.last_ms = np.full(watch.shape, np.nan)
        self.peak = np.full(W, np.nan)
        down, up = self.membrane.silent_mV
        silent = np.stack([self.rest - down, self.rest + up])
        out = np.empty((steps, len(watch)) if trace else (0, 0))
        integrate(
            self.parameters, self.x, self.n, self.membrane.rows, self.lane,
            dt, gate_dt, np.ascontiguousarray(grid.w, np.float64),
            np.ascontiguousarray(inject, np.float64), self.fibres.inject_node - self.fibres._ends,
            second_order,
            grid.listen_step, int(np.clip(grid.quiet_step, 1, steps)), stop_early, silent,
            np.ascontiguousarray(watch, np.int64), self.first_ms, self.last_ms, self.peak, out,
        )  # fmt: skip
        self._check_finite()
        return out

    def _check_finite(self) -> None:
        """Refuse to call a fibre silent whose potential has overflowed."""
        fired = ~np.isnan(self.first_ms).all(axis=0)
        lost = ~fired & ~(np.abs(self.lane[HIGH : HIGH + W]) < _BEYOND_MV)
        if lost.any():
            lane = int(np.argmax(lost))
            raise ConvergenceError(
                f"`{self.fibres.model}` has no solution for fibre {self.fibre[lane]} at "
                f"{self.amplitude[lane]:.4g} mA: its membrane model is left far behind. "
                "Lower the largest current."
            )


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
    inject = grid.inject_nA
    if len(inject) not in (0, len(grid.level)) or not np.isfinite(inject).all():
        allowed = f"{len(grid.level)} finite values, or none"
        raise InputError("inject_nA", f"of length {len(inject)}", allowed)
