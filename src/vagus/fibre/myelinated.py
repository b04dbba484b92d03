"""Myelinated fibres: MRG double cables of one model, simulated sixteen at a time.

Which fibre fires at which current is all that `simulate` tells; searches are
`vagus.fibre.threshold`'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vagus.errors import InputError
from vagus.fibre import mrg_kernel as kernel
from vagus.fibre.internode import Internodes, internodes, modal_sources
from vagus.fibre.lanes import W, aligned
from vagus.fibre.mrg_geometry import SECTIONS, MrgGeometry, mrg_geometry, parameters
from vagus.fibre.outcome import Outcome
from vagus.fibre.timegrid import TimeGrid

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SPIKE_MV = -30.0
"""A spike is an upward crossing of this potential (PyFibers' and ASCENT's default)."""
SILENT_MV = 12.0
"""After the stimulus a fibre is silent once all nodes are this close to rest (checked against
full-length runs in tests and benchmarks)."""
_REST_STEPS, _REST_DT_MS = 40, 5.0  # PyFibers' initialisation: from -200 ms in steps of 5 ms


@dataclass(frozen=True)
class MyelinatedFibres:
    """F fibres of one MRG model with N nodes each.

    ``diameter_um`` [F]; ``ve_mV_per_mA`` [F, 11 (N - 1) + 1] extracellular potential at the section
    centres (`MrgGeometry.centres_um`) per mA of stimulus current; ``inject_node``: where
    `TimeGrid.inject_nA` enters. ``cut_ends``: the field drives current against the ends as in a
    fibre that ends there (as in PyFibers); False: the fibre goes on, in a field of constant
    gradient. The spike detector sits at node floor(0.9 (N - 1)). Raises `InputError` for
    impossible diameters, shapes that do not match, and NaN potentials.
    """

    model: str
    diameter_um: Floats
    n_nodes: int
    ve_mV_per_mA: Floats
    inject_node: int = 0
    cut_ends: bool = True

    def __post_init__(self) -> None:
        if self.n_nodes < 5:
            raise InputError("nodes", self.n_nodes, "5 or more", "Lengthen the fibre.")
        expected = (len(self.diameter_um), (SECTIONS + 1) * (self.n_nodes - 1) + 1)
        if self.ve_mV_per_mA.shape != expected:
            raise InputError(
                "ve_mV_per_mA", f"of shape {self.ve_mV_per_mA.shape}", f"shape {expected}"
            )
        if not np.isfinite(self.ve_mV_per_mA).all():
            raise InputError("ve_mV_per_mA", "NaN or infinite", "finite potentials")

    @property
    def detector(self) -> int:
        """Node at which spikes are counted."""
        return int(0.9 * (self.n_nodes - 1))

    @cached_property
    def _shapes(self) -> tuple[MrgGeometry, Ints]:
        """Geometry of each distinct diameter, and which one each fibre has."""
        distinct, index = np.unique(self.diameter_um, return_inverse=True)
        return mrg_geometry(self.model, distinct), index

    @cached_property
    def _modes(self) -> Internodes:
        return internodes(self._shapes[0])

    @cached_property
    def _sources(self) -> tuple[Floats, Floats]:
        """Modal drive [F, N - 1, 20] and node source [F, N] per mA."""
        drive, source = modal_sources(self._modes.take(self._shapes[1]), self.ve_mV_per_mA)
        if not self.cut_ends:
            source[:, [0, -1]] = 0.0
        return drive, source

    @cached_property
    def _initial(self) -> Floats:
        """[U, N, STATE] state of each geometry at rest, reached as PyFibers reaches it."""
        count = len(self._shapes[0].diameter_um)
        steps = np.zeros(_REST_STEPS)
        grid = TimeGrid(
            "neuron", np.array([_REST_DT_MS]), steps.astype(np.int64), steps, _REST_STEPS
        )
        start = np.zeros((count, self.n_nodes, kernel.STATE))
        start[:, :, 1:5] = _resting_gates(parameters(self.model)["v_rest"])
        items = np.arange(count)
        final = np.empty_like(start)
        self._run(grid, items, items, np.zeros(count), np.float64, start, final=final)
        return final

    def simulate(
        self,
        grid: TimeGrid,
        fibre: Ints,
        amplitude_mA: Floats,
        dtype: Any = np.float32,
        stop_early: bool = True,
    ) -> Outcome:
        """Run M (fibre, current) pairs; ``fibre`` [M] indices, ``amplitude_mA`` [M]."""
        # like with like: lanes of a block are then decided at about the same time
        order = np.lexsort((np.abs(amplitude_mA), self.diameter_um[fibre]))
        sorted_fibre = fibre[order]
        fired, peak = np.empty(len(fibre), np.int64), np.empty(len(fibre))
        fired[order], peak[order], _ = self._run(
            grid,
            sorted_fibre,
            self._shapes[1][sorted_fibre],
            amplitude_mA[order],
            dtype,
            self._initial,
            stop_early=stop_early,
        )
        time = np.where(fired >= 0, grid.ends_ms[np.maximum(fired, 0)], np.nan)
        return Outcome(fired >= 0, time, peak)

    def trace(
        self, grid: TimeGrid, fibre: int, amplitude_mA: float, nodes: Ints, dtype: Any = np.float64
    ) -> Floats:
        """[K, S] membrane potential in mV of K nodes after each step, run to the end."""
        one = np.array([fibre])
        _, _, trace = self._run(
            grid,
            one,
            self._shapes[1][one],
            np.array([amplitude_mA]),
            dtype,
            self._initial,
            stop_early=False,
            trace_nodes=np.asarray(nodes, np.int64),
        )
        return trace.T

    def _run(
        self,
        grid: TimeGrid,
        fibre: Ints,
        shape: Ints,
        amplitude: Floats,
        dtype: Any,
        initial: Floats,
        stop_early: bool = True,
        final: Floats | None = None,
        trace_nodes: Ints | None = None,
    ) -> tuple[Ints, Floats, Floats]:
        second_order = grid.scheme == "converged"
        dt = grid.dt_ms[grid.level]
        h = dt * kernel.GAMMA if second_order else dt
        # gates sit half a step ahead of the potentials in the second-order scheme
        dt_next = np.append(dt[1:], dt[-1]) if second_order else dt
        gate_dt, lead = (dt + dt_next) / 2, (dt_next - dt) / (4 * dt)
        inject = grid.inject_nA if len(grid.inject_nA) else np.zeros(len(dt))
        steps = np.stack([grid.w, grid.w * h, gate_dt, lead, inject])
        drive, source = (
            self._sources if amplitude.any() else self._no_sources(int(fibre.max(initial=-1)) + 1)
        )
        nodes = np.empty(0, np.int64) if trace_nodes is None else trace_nodes
        trace = np.empty((len(dt), len(nodes)))
        fired = np.full(len(fibre), -1)
        peak = np.zeros(len(fibre))
        kernel.simulate(
            fibre.astype(np.int64), shape.astype(np.int64), amplitude.astype(float),
            self._coefficients(grid.dt_ms, second_order), drive, source, initial,
            self._membrane.astype(dtype), grid.level, steps.astype(dtype),
            self.inject_node, second_order, grid.listen_step, grid.quiet_step,
            SILENT_MV if stop_early else -1.0, 1e-3 if dtype == np.float32 else 1e-6,
            aligned(self.n_nodes * kernel.RECORD * W, dtype),
            aligned(len(grid.dt_ms) * kernel.COLUMNS * W, dtype),
            fired, peak, np.empty((0, 1, 1)) if final is None else final, nodes, trace,
        )  # fmt: skip
        return fired, peak, trace

    def _no_sources(self, count: int) -> tuple[Floats, Floats]:
        return np.zeros((count, self.n_nodes - 1, 20)), np.zeros((count, self.n_nodes))

    def _coefficients(self, dt_ms: Floats, second_order: bool) -> Floats:
        """[U, L, COLUMNS] what a stage of each step size needs, per geometry."""
        modes = self._modes
        h = (dt_ms * kernel.GAMMA if second_order else dt_ms)[None, :, None]
        rho = 1 / (1 + modes.rate[:, None, :] * h)
        kappa = rho * h * modes.beta2[:, None, :]
        even, odd = kappa[..., :10].sum(-1), kappa[..., 10:].sum(-1)
        c_over_h = parameters(self.model)["c_membrane"] * 1e-3 / h[..., 0]
        side = modes.g_port[:, None] - even - odd
        columns = np.empty((*even.shape, kernel.COLUMNS))
        columns[..., kernel.RHO : kernel.RHO + 20] = rho
        columns[..., kernel.KAPPA : kernel.KAPPA + 20] = kappa
        columns[..., kernel.C_OVER_H] = c_over_h
        columns[..., kernel.DIAGONAL] = c_over_h + 2 * side
        columns[..., kernel.OFF] = even - odd
        columns[..., kernel.PER_AREA] = modes.per_area[:, None]
        columns[..., kernel.END] = modes.g_sealed[:, None] + side
        return columns

    @cached_property
    def _membrane(self) -> Floats:
        """The kernel's membrane parameters; reversals are relative to the passive one."""
        p = parameters(self.model)
        origin, t = p["e_pas"], p["temperature"]
        q10 = [2.2 ** ((t - 20) / 10), 2.9 ** ((t - 20) / 10), 2.2 ** ((t - 20) / 10)]
        reversals = [p[e] - origin for e in ("e_na", "e_k", "e_leak")]
        conductances = [p[g] for g in ("g_na", "g_nap", "g_k", "g_leak")]
        q_s = 3.0 ** ((t - 36) / 10)
        return np.array([*conductances, *reversals, *q10, q_s, origin, SPIKE_MV - origin])


def _resting_gates(v: float) -> Floats:
    """m, h, p, s at steady state for membrane potential v in mV (temperature cancels)."""

    def linoid(x: float, scale: float) -> float:
        return float(x / (1 - np.exp(-x / scale)))

    rates = (
        (1.86 * linoid(v + 21.4, 10.3), 0.086 * linoid(-25.7 - v, 9.16)),
        (0.062 * linoid(-114.0 - v, 11.0), 2.3 / (1 + np.exp(-(v + 31.8) / 13.4))),
        (0.01 * linoid(v + 27.0, 10.2), 0.00025 * linoid(-34.0 - v, 10.0)),
        (0.3 / (1 + np.exp(-(v + 53) / 5)), 0.03 / (1 + np.exp(-(v + 90)))),
    )
    return np.array([a / (a + b) for a, b in rates])
