"""Verification of the body: order, other solvers, steady state, switches, parts that add up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from vagus.body.compiled import Compiled, compile_model
from vagus.body.conditions import condition
from vagus.body.decompose import ROUTES
from vagus.body.draws import Draws, draw, typical
from vagus.body.flow import flow
from vagus.body.full import full_body
from vagus.body.integrate import Segments, integrate
from vagus.body.sbml import external_names, sbml
from vagus.body.simulate import DRIVE, Scenario, simulate

Floats = NDArray[np.float64]
DAY_S = 86_400.0
SESSION_S = 120.0  # two minutes, as benchmarks/body.py has it
SEED = 1
STIMULATED: Mapping[str, float] = {
    "u_A": 15.0, "u_B": 5.0, "u_S": 8.0, "u_C": 2.0, "f_stim": 20.0, "n_train": 600.0,
    "pairing": 0.5, "sensation": 0.5,
}  # fmt: skip
"""A strong drive of every channel, as in the tests: nothing rests on its sizes."""
SMALL = 1e-3
"""States below this, in the units of their tables, are compared with it rather than themselves."""


def _system(compiled: bool = True) -> Compiled:
    return compile_model(full_body(), compiled=compiled)


def _drawn(n: int) -> Draws:
    return draw(full_body(), n, SEED).having(**STIMULATED)


def _sessions(days: int) -> Segments:
    """Two minutes at the start of each day."""
    starts = np.arange(days) * DAY_S
    edges = np.append(np.stack([starts, starts + SESSION_S], axis=1).ravel(), days * DAY_S)
    return Segments(edges, {"on": np.tile([1.0, 0.0], days)})


SESSION = Segments(np.array([0.0, SESSION_S, 7200.0]), {"on": np.array([1.0, 0.0])})


def _off(found: Floats, known: Floats) -> float:
    """Greatest difference over the size of the known value, or over `SMALL`."""
    return float((np.abs(found - known) / np.maximum(np.abs(known), SMALL)).max())


def order() -> float:
    """Slope of log error over log steps of one stimulated day, rtol 1e-4 to 1e-8; the error is that
    of the worst state, over its greatest value."""
    system, draws = _system(), _drawn(3)

    def day(rtol: float) -> tuple[float, Floats]:
        found = integrate(
            system, draws, _sessions(1), [0.0, DAY_S], rtol=rtol, atol=1e-6 * rtol, workers=1
        )
        return float(found.steps.mean()), found.states

    known = day(1e-12)[1]
    size = np.abs(known).max(axis=1, keepdims=True) + 1e-6
    runs = [day(rtol) for rtol in (1e-4, 1e-5, 1e-6, 1e-7, 1e-8)]
    errors = [float((np.abs(states - known) / size).max()) for _, states in runs]
    return float(-np.polyfit(np.log([steps for steps, _ in runs]), np.log(errors), 1)[0])


def against_radau() -> float:
    """Largest relative difference of the final states from scipy's Radau (rtol 1e-10), one drawn
    patient, a session and the two hours from its start."""
    system, draws = _system(), _drawn(1)
    problem = flow(system, draws, SESSION)
    y = problem.start[0]
    for k, span in enumerate(pairwise(problem.edges_s)):
        y = solve_ivp(problem.rates(0, k), span, y, "Radau", rtol=1e-10, atol=1e-13).y[:, -1]
    mine = integrate(system, draws, SESSION, SESSION.edges_s[-1:], rtol=1e-8, atol=1e-11, workers=1)
    return _off(mine.states[0, 0], y / problem.seconds)


def against_roadrunner() -> float | None:
    """As `against_radau`, a typical patient, from libRoadRunner (CVODE) on the exported SBML; None
    where the extra ``[sbml]`` is not installed."""
    try:
        import antimony  # noqa: F401
        import roadrunner
    except ImportError:
        return None
    roadrunner.Logger.setLevel(roadrunner.Logger.LOG_FATAL)
    system, draws = _system(), typical(full_body()).having(**STIMULATED)
    problem, names = flow(system, draws, SESSION), external_names(full_body())
    runner: Any = roadrunner.RoadRunner(sbml(full_body(), draws))
    runner.integrator.relative_tolerance = 1e-9
    runner.integrator.absolute_tolerance = [1e-13] * len(system.states)
    for k, (start, stop) in enumerate(pairwise(problem.edges_s)):
        for symbol, value in zip(problem.input_names, problem.inputs[k], strict=True):
            runner[names[symbol]] = value
        runner.simulate(start, stop, 2)
    theirs = np.array([runner[names[s]] for s in system.states]) / problem.seconds
    mine = integrate(system, draws, SESSION, SESSION.edges_s[-1:], rtol=1e-9, atol=1e-13, workers=1)
    return _off(mine.states[0, 0], theirs)


def steady_state() -> float:
    """Largest relative move of any state in 14 days without drive, expectation and natural
    course."""
    rest = _drawn(8).having(
        **dict.fromkeys(DRIVE, 0.0), link_expectation=0.0, link_natural_course=0.0
    )
    days = np.arange(15.0) * DAY_S
    found = integrate(_system(), rest, Segments(days[[0, -1]], {}), days, workers=1).states
    return float((np.abs(found - found[:, :1]) / np.maximum(np.abs(found[:, :1]), SMALL)).max())


def links_off() -> float:
    """Values that differ by as much as a bit between stimulation and sham with every link off."""
    off = _drawn(4).having(
        **dict.fromkeys(ROUTES.values(), 0.0), link_vagus_lc=0.0, route_heart=0.0
    )
    sham = off.having(**dict.fromkeys(DRIVE, 0.0))
    days = np.arange(8.0) * DAY_S
    both = [integrate(_system(), d, _sessions(7), days, workers=1) for d in (off, sham)]
    names = ("pain", "DAS", "M", "ppt", "TNF", "IL6")
    return float(sum((both[0][name] != both[1][name]).sum() for name in names))


def compiled_is_plain() -> float:
    """Largest relative difference between compiled code and the same text as plain Python."""
    draws, end = _drawn(1), SESSION.edges_s[-1:]
    fast, slow = (
        integrate(_system(compiled), draws, SESSION, end, rtol=1e-4, workers=1).states
        for compiled in (True, False)
    )
    return _off(fast, slow)


def parts_add_up() -> float:
    """Largest difference between the summed parts of a decomposition and the change of the
    stimulated arm itself, in the outcome's unit (migraine days), two weeks."""
    treated, days = condition("migraine"), np.arange(15.0) * DAY_S
    draws = treated.apply(_drawn(3), SEED)
    scenario = Scenario(_system(), draws, _sessions(14), days, ("pain",), treated, days[-1],
                        workers=1)  # fmt: skip
    arms = simulate(scenario)
    change = arms.active["outcome"][:, -1] - arms.active["outcome"][:, 0]
    return float(np.abs(arms.decomposition.values.sum(axis=1) - change).max())


MEASURES: Mapping[str, Callable[[], float | None]] = {
    "solver-order": order,
    "radau": against_radau,
    "roadrunner": against_roadrunner,
    "steady-state": steady_state,
    "links-off": links_off,
    "compiled-plain": compiled_is_plain,
    "parts-add-up": parts_add_up,
}
