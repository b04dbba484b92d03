"""The initial value problem that `integrate` solves, as plain arrays: for any other solver."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vagus.body.compiled import Compiled
from vagus.body.draws import Draws
from vagus.body.integrate import Problem, Segments

Floats = NDArray[np.float64]
Rates = Callable[[float, Floats], Floats]


@dataclass(frozen=True)
class Flow:
    """Everything in seconds. ``edges_s`` [k + 1] with those of lagged inputs; ``inputs`` [k, m] of
    ``input_names`` (m, lagged ones last); ``start`` [n, s]; ``parameters`` [n, P]; ``seconds`` [s]:
    a state divided by it is in the unit of its table."""

    system: Compiled
    edges_s: Floats
    input_names: tuple[str, ...]
    inputs: Floats
    start: Floats
    parameters: Floats
    seconds: Floats

    def rates(self, patient: int, segment: int) -> Rates:
        """dy/dt(t, y) of one patient between two edges, by the compiled statement."""
        code: Any = sys.modules[self.system.run.__module__]
        constants = np.zeros(code.CONSTANTS)
        code.constants(self.parameters[patient], self.inputs[segment], constants)
        nothing, rhs = np.zeros(0), code.rhs

        def rates(t: float, y: Floats) -> Floats:
            dy = np.empty_like(y)
            rhs(t, y, constants, nothing, dy)
            return dy

        return rates


def flow(system: Compiled, draws: Draws, segments: Segments) -> Flow:
    """The problem of `integrate` with these arguments; models with lagged states are not covered
    (their rates depend on the past)."""
    problem = Problem(system, draws, segments, segments.edges_s[-1:], 1e-6)
    inputs, edges, _ = problem.inputs()
    return Flow(
        system,
        edges,
        (*system.inputs, *system.layout.lag_inputs),
        inputs,
        problem.start({}),
        problem.parameters(),
        problem.seconds(system.states),
    )
