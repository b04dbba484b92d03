"""The initial value problem that `integrate` solves, as plain arrays: for any other solver."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vagus.body.compiled import Compiled
from vagus.body.draws import Draws
from vagus.body.integrate import Problem, Segments
from vagus.errors import InputError

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
        run: Any = self.system.run
        code = getattr(run, "py_func", run).__globals__  # compiled or plain
        constants = np.zeros(code["CONSTANTS"])
        code["constants"](self.parameters[patient], self.inputs[segment], constants)
        nothing, rhs = np.zeros(0), code["rhs"]

        def rates(t: float, y: Floats) -> Floats:
            dy = np.empty_like(y)
            rhs(t, y, constants, nothing, dy)
            return dy

        return rates


def flow(system: Compiled, draws: Draws, segments: Segments) -> Flow:
    """The problem of `integrate` with these arguments. `InputError` for models with lagged states:
    their rates depend on the past, which no such function has."""
    if system.layout.lag_states:
        raise InputError(
            system.model.name, f"lagged states: {', '.join(system.layout.lag_states)}",
            "a model without lagged states", "Integrate it with `integrate`.",
        )  # fmt: skip
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
