"""Exports of a model: SBML and Antimony, LaTeX, the parameter table, plain rates."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import sympy as sp
from engine_toys import symbols, toy
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from vagus.body.compiled import compile_model
from vagus.body.draws import draw, typical
from vagus.body.flow import flow
from vagus.body.full import full_body
from vagus.body.integrate import Segments, integrate
from vagus.body.latex import equations
from vagus.body.parameter_table import parameter_table, shares_of_marks
from vagus.body.sbml import antimony, converted, external_names, sbml
from vagus.body.statement import MARKS, TIME, Model, hill
from vagus.errors import InputError, VagusError

STIMULATED = {"u_A": 15.0, "u_B": 5.0, "u_S": 8.0, "u_C": 2.0, "f_stim": 20.0, "n_train": 600.0,
              "pairing": 0.5, "sensation": 0.5}  # fmt: skip
EDGES_S = np.array([0.0, 120.0, 7200.0])
ON = Segments(EDGES_S, {"on": [1.0, 0.0]})
ROWS = """
state A mg 3*gamma
state B 1 0
parameter gamma mg 2 lognormal(2, 0.5)
parameter tau h 1.5
parameter period h 0.8
parameter n 1 2.5
parameter floor mg 0.25
input on 1 1
output both mg 0
"""


@pytest.fixture(scope="module")
def small() -> Model:
    """Everything that is printed in a way of its own: powers, extremes, cases, time, reserved
    words."""
    a, b, gamma, tau, n, floor, on = symbols("A B gamma tau n floor on")
    period = sp.Symbol("period", real=True)
    day = sp.Piecewise((1, (sp.sin(TIME / period) > 0) & (b > -1.0)), (0, True))
    return toy(
        ROWS,
        {
            a: (gamma * on * day - sp.Max(0, sp.Min(a, 40 * gamma) - floor)) / tau,
            b: (hill(a, gamma, n) * sp.exp(-b) - b) / tau,
        },
        {sp.Symbol("both", real=True): sp.sqrt(a * gamma) * (1 + b)},
    )


@pytest.fixture(scope="module")
def roadrunner() -> object:
    pytest.importorskip("antimony")
    module = pytest.importorskip("roadrunner")
    module.Logger.setLevel(module.Logger.LOG_FATAL)
    return module


def set_problem(runner: object, model: Model, problem: object, patient: int, segment: int) -> None:
    names = external_names(model)
    pairs = [
        (problem.system.parameters, problem.parameters[patient]),
        (problem.input_names, problem.inputs[segment]),
        (problem.system.states, problem.start[patient]),
    ]
    for symbols_, values in pairs:
        for symbol, value in zip(symbols_, values, strict=True):
            runner[names[symbol]] = value


def test_antimony_writes_reserved_words_and_seconds(small: Model) -> None:
    text = antimony(small)
    assert "  gamma_ = 2.0;" in text
    assert "  floor_ = 0.25;" in text
    assert "  tau = 5400.0;" in text
    assert "  A = 6.0;" in text
    assert "max(0, -floor_ + min(A, 40*gamma_))" in text
    assert "(sin(time/period) > 0)" in text
    assert "both := " in text
    assert external_names(small)["gamma"] == "gamma_"


def test_antimony_of_a_patient_has_that_patients_parameters(small: Model) -> None:
    draws = draw(small, 3, 5)
    for i in range(3):
        assert f"  gamma_ = {float(draws['gamma'][i])!r};" in antimony(small, draws, i)
        assert f"  A = {3 * float(draws['gamma'][i])!r};" in antimony(small, draws, i)


def test_antimony_of_lags() -> None:
    x, late, d, on = symbols("x late d on")
    model = toy(
        "state x 1 1\nparameter d s 20\ninput u 1 0.5\nlag late 1 0\nlag on 1 0",
        {x: (on - late) / d},
        lags={"late": ("x", "d"), "on": ("u", "d")},
    )
    text = antimony(model)
    assert "late := delay(x, d);" in text
    assert "on = 0.5;" in text


def test_sbml_says_what_to_install(small: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "antimony", None)
    with pytest.raises(VagusError, match=r"pip install 'vagus\[sbml\]'"):
        sbml(small)


def test_antimony_says_where_a_text_is_wrong() -> None:
    pytest.importorskip("antimony")
    with pytest.raises(VagusError, match="line 2"):
        converted("model body\n  A' = = 3;\nend\n")


def test_round_trip_of_antimony(small: Model) -> None:
    """Antimony -> SBML -> Antimony -> SBML changes nothing but the order of the parameters."""
    converter = pytest.importorskip("antimony")
    for model in (small, full_body()):
        once = sbml(model)
        converter.clearPreviousLoads()
        assert converter.loadSBMLString(once) >= 0
        again = converted(converter.getAntimonyString(converter.getMainModuleName()))
        assert sorted(again.splitlines()) == sorted(once.splitlines())
        for symbol in (*model.states, *model.parameters):
            assert f'id="{external_names(model)[symbol]}"' in once
        assert "<piecewise>" not in once or model is small


@given(a=st.floats(0, 300), b=st.floats(-0.9, 3), time=st.floats(0, 2e4))
@settings(max_examples=40, deadline=None)
def test_rates_of_the_small_model_survive(
    small: Model, roadrunner: object, a: float, b: float, time: float
) -> None:
    runner = RUNNERS.setdefault("small", roadrunner.RoadRunner(sbml(small)))  # type: ignore[attr-defined]
    problem = flow(compile_model(small, compiled=False), typical(small), Segments([0, 3e4], {}))
    set_problem(runner, small, problem, 0, 0)
    runner["A"], runner["B"], runner["time"] = a, b, time
    rates = problem.rates(0, 0)(time, np.array([a, b]))
    assert [runner["A'"], runner["B'"]] == pytest.approx(rates, rel=1e-12, abs=1e-18)


RUNNERS: dict[str, object] = {}


def test_rates_of_the_body_survive(roadrunner: object) -> None:
    """At the states of three patients during and after a session, to rounding."""
    model, system = full_body(), compile_model(full_body())
    draws = draw(model, 3, 2).having(**STIMULATED)
    found = integrate(system, draws, ON, [60.0, 7000.0], rtol=1e-4)
    problem = flow(system, draws, ON)
    runner = roadrunner.RoadRunner(sbml(model))  # type: ignore[attr-defined]
    names = external_names(model)
    for i in range(3):
        for at, time in enumerate(found.time_s):
            segment = int(np.searchsorted(problem.edges_s, time)) - 1
            set_problem(runner, model, problem, i, segment)
            y = found.states[i, at] * problem.seconds
            for symbol, value in zip(system.states, y, strict=True):
                runner[names[symbol]] = value
            theirs = [runner[f"{names[s]}'"] for s in system.states]
            largest = np.abs(theirs).max()
            mine = problem.rates(i, segment)(time, y)
            assert theirs == pytest.approx(mine, rel=1e-9, abs=1e-15 * largest)
            observed = runner["pain"] / model.quantities["pain"].dimension.seconds
            assert observed == pytest.approx(found["pain"][i, at], rel=1e-9, abs=1e-14)


def test_course_of_the_body_survives(roadrunner: object) -> None:
    """CVODE on the exported SBML and `integrate` end at the same states."""
    model, system = full_body(), compile_model(full_body())
    draws = typical(model).having(**STIMULATED)
    problem, names = flow(system, draws, ON), external_names(model)
    runner = roadrunner.RoadRunner(sbml(model, draws))  # type: ignore[attr-defined]
    runner.integrator.relative_tolerance = 1e-9
    runner.integrator.absolute_tolerance = [1e-13] * len(system.states)
    for k, (start, stop) in enumerate(pairwise(problem.edges_s)):
        for symbol, value in zip(problem.input_names, problem.inputs[k], strict=True):
            runner[names[symbol]] = value
        runner.simulate(start, stop, 2)
    theirs = np.array([runner[names[s]] for s in system.states]) / problem.seconds
    mine = integrate(system, draws, ON, EDGES_S[-1:], rtol=1e-9, atol=1e-13).states[0, 0]
    assert theirs == pytest.approx(mine, rel=1e-6, abs=1e-9)


def test_flow_is_what_integrate_solves(small: Model) -> None:
    """In plain Python, and compiled with a lagged input."""
    halves = Segments([0.0, 4000.0, 9000.0], {"on": [1.0, 0.3]})
    for model, segments, compiled in ((small, halves, False), (full_body(), ON, True)):
        system = compile_model(model, compiled=compiled)
        draws = draw(model, 2, 1)
        if compiled:
            draws = draws.having(**STIMULATED)
        found = integrate(system, draws, segments, segments.edges_s[-1:], rtol=1e-8)
        problem = flow(system, draws, segments)
        for i in range(2):
            y = problem.start[i]
            for k, span in enumerate(pairwise(problem.edges_s)):
                y = solve_ivp(problem.rates(i, k), span, y, "Radau", rtol=1e-8, atol=1e-10).y[:, -1]
            assert y / problem.seconds == pytest.approx(found.states[i, 0], rel=1e-5, abs=1e-8)


def test_flow_refuses_lagged_states() -> None:
    x, late, d = symbols("x late d")
    model = toy(
        "state x 1 1\nparameter d s 20\nlag late 1 0", {x: -late / d}, lags={"late": ("x", "d")}
    )
    with pytest.raises(InputError, match="late"):
        flow(compile_model(model, compiled=False), typical(model), Segments([0, 1], {}))


@pytest.mark.slow
def test_latex_of_every_equation_can_be_set_without_tex() -> None:
    from matplotlib.mathtext import MathTextParser

    parser, shown = MathTextParser("path"), equations(full_body())
    assert list(shown) == [*full_body().rates, *full_body().outputs]
    for symbol, text in shown.items():
        assert "Piecewise" not in text
        assert "begin" not in text
        assert "10^{-12}" not in text, f"{symbol}: the floor of `hill` is shown"
        parser.parse(f"${text}$")


def test_latex_reads_as_the_paper(small: Model) -> None:
    x, k, half = symbols("x k K")
    model = toy(
        "state x 1 1\nparameter k 1/s 2\nparameter K 1 3\nparameter n 1 2",
        {x: -k * hill(x, half, sp.Symbol("n", real=True))},
    )
    text = equations(model)["x"]
    assert text.startswith(r"\frac{d\,x}{dt} = ")
    assert r"\left(\frac{x}{K}\right)^{n}" in text
    assert r"\max" not in text
    assert r"\max(0, " in equations(small)["A"]  # this one is part of the equation
    assert r"\mathrm{otherwise}" in equations(small)["A"]


def test_parameter_table_has_every_parameter_with_its_source() -> None:
    model = full_body()
    rows = parameter_table(model)
    assert [row.symbol for row in rows] == list(model.parameters)
    for row in rows:
        assert row.mark in MARKS
        assert row.reference, row.symbol
        assert row.description, row.symbol
        assert np.isfinite(float(row.value))
    shares = shares_of_marks(model)
    assert sum(shares.values()) == pytest.approx(1)
    assert shares["assumed"] == sum(row.mark == "assumed" for row in rows) / len(rows)
