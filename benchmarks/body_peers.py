"""Other solvers on the body's equations: `scipy`'s and libRoadRunner's CVODE."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from vagus.body.compiled import Compiled
from vagus.body.draws import Draws
from vagus.body.flow import flow
from vagus.body.integrate import Segments
from vagus.body.sbml import antimony, converted, external_names
from vagus.body.statement import Model

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Case:
    """The model, its patients, and when states are compared."""

    system: Compiled
    draws: Draws
    segments: Segments
    output_s: Floats


def by_scipy(c: Case, patient: int, method: str, rtol: float, atol: float) -> Floats:
    """[time, state] by `solve_ivp`, one call per stretch of constant inputs."""
    problem = flow(c.system, c.draws, c.segments)
    edges, y = problem.edges_s, problem.start[patient]
    found = [y]
    for k, (start, stop) in enumerate(pairwise(edges)):
        rates = problem.rates(patient, k)
        y = solve_ivp(rates, (start, stop), y, method, rtol=rtol, atol=atol, t_eval=[stop]).y[:, -1]
        if len(found) < len(c.output_s) and stop == c.output_s[len(found)]:
            found.append(y)
    return np.array(found) / problem.seconds


def sessions_seen(c: Case, method: str, rtol: float) -> int:
    """In how many sessions of ``c`` a solver evaluates the rates even once that is given the
    inputs as functions of time, over the whole course in one call."""
    problem = flow(c.system, c.draws, c.segments)
    k = len(problem.inputs)
    rates = [problem.rates(0, segment) for segment in range(k)]
    on = problem.inputs[:, problem.input_names.index("on")] > 0
    seen: set[int] = set()

    def course(t: float, y: Floats) -> Floats:
        segment = min(int(np.searchsorted(problem.edges_s, t, side="right")) - 1, k - 1)
        if on[segment]:
            seen.add(int(np.searchsorted(c.segments.edges_s, t, side="right")) - 1)
        return rates[segment](t, y)

    span = (problem.edges_s[0], problem.edges_s[-1])
    solve_ivp(course, span, problem.start[0], method, rtol=rtol, atol=1e-9)
    return len(seen)


class RoadRunner:
    """The same model in libRoadRunner, as it serves it best.

    Its LLVM passes are all on; extremes are exported as ``max``, which does not restart CVODE as
    ``piecewise`` does; absolute tolerances are set state by state (given one number, it multiplies
    it by each state's present value, and stops for good where a state has decayed to 1e-100); only
    inputs that change are set. With ``worked_out``, whatever depends on parameters alone is worked
    out beforehand and not part of the rates, as in our own engine.
    """

    def __init__(self, c: Case, worked_out: bool) -> None:
        import roadrunner

        roadrunner.Logger.setLevel(roadrunner.Logger.LOG_FATAL)
        for name in dir(roadrunner.Config):
            if name.startswith("LOADSBMLOPTIONS_OPTIMIZE"):
                roadrunner.Config.setValue(getattr(roadrunner.Config, name), True)
        self.case, self.flow = c, flow(c.system, c.draws, c.segments)
        names = external_names(c.system.model)
        text = antimony(c.system.model, c.draws)
        self.columns = [names[s] for s in c.system.parameters]
        self.values = self.flow.parameters
        if worked_out:
            text, extra, values = _worked_out(c.system.model, c.draws, self.flow.parameters)
            self.columns, self.values = self.columns + extra, np.hstack([self.values, values])
        self.states = [names[s] for s in c.system.states]
        self.inputs = [names[s] for s in self.flow.input_names]
        self.runner: Any = roadrunner.RoadRunner(converted(text))
        self.runner.timeCourseSelections = ["time", *self.states]

    def __call__(self, patient: int, rtol: float, atol: float) -> Floats:
        """[time, state], inputs switched by hand at every edge."""
        runner, problem, times = self.runner, self.flow, self.case.output_s
        runner.resetAll()
        runner.integrator.relative_tolerance = rtol
        runner.integrator.absolute_tolerance = [atol] * len(self.states)
        runner.integrator.maximum_num_steps = 100_000
        for name, value in zip(self.columns, self.values[patient], strict=True):
            runner[name] = value
        for name, value in zip(self.states, problem.start[patient], strict=True):
            runner[name] = value
        found, edges = [problem.start[patient]], problem.edges_s
        before = np.full(len(self.inputs), np.nan)
        for k, (start, stop) in enumerate(pairwise(edges)):
            for j in np.flatnonzero(problem.inputs[k] != before):
                runner[self.inputs[j]] = problem.inputs[k, j]
            before = problem.inputs[k]
            end = runner.simulate(start, stop, 2)[-1]
            if len(found) < len(times) and stop == times[len(found)]:
                found.append(np.array(end[1:]))
        return np.array(found) / problem.seconds


def _worked_out(model: Model, draws: Draws, parameters: Floats) -> tuple[str, list[str], Floats]:
    """Antimony of the states with names in place of what depends on parameters alone; those names
    [k]; and their values [n, k]. ``parameters`` [n, P] in seconds."""
    ours = {sp.Symbol(s, real=True) for s in model.parameters}
    known: dict[sp.Expr, sp.Symbol] = {}

    def fixed(e: sp.Expr) -> bool:
        return bool(e.free_symbols <= ours)

    def name(e: sp.Expr) -> sp.Expr:
        if e.is_Symbol or e.is_Number:
            return e
        return known.setdefault(e, sp.Symbol(f"constant_{len(known)}", real=True))

    def lift(e: sp.Expr) -> sp.Expr:
        if fixed(e):
            return name(e)
        parts = list(e.args)
        if isinstance(e, sp.Add | sp.Mul) and any(map(fixed, parts)):
            together = e.func(*(p for p in parts if fixed(p)))
            parts = [name(together), *(p for p in parts if not fixed(p))]
        return e.func(*map(lift, parts)) if parts else e

    rates = {s: lift(sp.sympify(e)) for s, e in model.rates.items()}
    text = antimony(replace(model, rates=rates, outputs={}), draws)
    evaluate = sp.lambdify([sp.Symbol(s, real=True) for s in model.parameters], list(known))
    values = np.array([evaluate(*row) for row in parameters])
    names = [s.name for s in known.values()]
    head, rest = text.split("\n", 1)
    return "\n".join([head, *(f"  {s} = 1;" for s in names), rest]), names, values
