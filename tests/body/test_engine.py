"""Cohorts: compiled and plain code, threads, order of patients, failures, units, bad input."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from engine_toys import solve, symbols, toy

from vagus.body import compiled as compiled_module
from vagus.body import integrate as integrate_module
from vagus.body.compiled import compile_model
from vagus.body.draws import draw, typical
from vagus.body.integrate import STATUS, Segments, integrate
from vagus.body.statement import TIME, hill
from vagus.errors import InputError

SEGMENTS = Segments(np.array([0.0, 10.0, 130.0, 4000.0]), {"on": np.array([0.0, 1.0, 0.0])})
TIMES = np.array([5.0, 10.0, 60.0, 130.0, 1000.0, 4000.0])


def mixed():
    """Every kind of quantity, a lagged state, a lagged input, explicit time, a hill power."""
    x, y, on, late, then, k, m, n, half, total = symbols("x y on late then k m n half total")
    rows = """state x 1 1
        state y ms 3
        parameter k 1/s 0.5 lognormal(0.5, 0.3)
        parameter m ms/min 60 normal(60, 10)
        parameter n 1 2.5 uniform(1.5, 4)
        parameter half ms 2
        parameter d s 3 uniform(2, 9)
        parameter d_on s 1.5
        parameter w 1/s 0.01
        input on 1 0
        lag late 1 0
        lag then ms 0
        output total 1 0"""
    w = symbols("w")[0]
    rates = {
        x: k * (1 + late - x * hill(then, half, n)),
        y: m * x * (1 + 0.3 * on * (1 + w * TIME) / (1 + w * TIME)) - k * y,
    }
    return toy(rows, rates, {total: x + y / half}, {"late": ("on", "d_on"), "then": ("y", "d")})


@pytest.fixture(scope="module")
def system():
    return compile_model(mixed())


@pytest.fixture(scope="module")
def draws():
    return draw(mixed(), 40, 7)


@pytest.fixture(scope="module")
def course(system, draws):
    return integrate(system, draws, SEGMENTS, TIMES, workers=1)


def test_compiled_and_plain_code_agree(course, draws):
    plain = compile_model(mixed(), compiled=False)
    few = integrate(plain, draws.select(slice(3)), SEGMENTS, TIMES)
    assert np.allclose(few.states, course.states[:3], rtol=1e-12, atol=0)
    assert np.allclose(few["total"], course["total"][:3], rtol=1e-12, atol=0)
    assert (few.steps == course.steps[:3]).all()


def test_threads_change_no_bit(system, draws, course):
    again = integrate(system, draws, SEGMENTS, TIMES, workers=2)
    assert np.array_equal(again.states, course.states)
    assert np.array_equal(again.observed, course.observed)


def test_order_of_patients_changes_no_bit(system, draws, course):
    order = np.random.default_rng(0).permutation(len(draws))
    mixed_up = integrate(system, draws.select(order), SEGMENTS, TIMES)
    assert np.array_equal(mixed_up.states, course.states[order])
    alone = integrate(system, draws.select([5]), SEGMENTS, TIMES)
    assert np.array_equal(alone.states[0], course.states[5])


def test_error_is_proportional_to_the_tolerance(system, draws):
    """The delay makes some patients oscillate, which keeps the errors of all steps."""
    exact = integrate(system, draws, SEGMENTS, TIMES, rtol=1e-11, atol=1e-13).states
    for rtol in (1e-5, 1e-7, 1e-9):
        course = integrate(system, draws, SEGMENTS, TIMES, rtol=rtol, atol=1e-13)
        assert np.abs(course.states / exact - 1).max() < 100 * rtol


def test_failing_patient_is_reported_and_changes_no_other():
    x, k = symbols("x k")
    model = toy("state x 1 1\nparameter k 1/s 0.1", {x: k * x**2})
    good = typical(model, 3)
    bad = good.having(k=[0.1, 1.0, 0.1])  # x = 1 / (1 - k t) ends at 1 / k
    course, alone = (solve(model, [0.5, 2.0], draws=d) for d in (bad, good))
    assert course.status[1] in (2, 3)
    assert course.failures == {1: STATUS[int(course.status[1])]}
    assert np.isfinite(course["x"][1, 0])
    assert np.isnan(course["x"][1, 1])
    assert np.array_equal(course["x"][[0, 2]], alone["x"][[0, 2]])


def test_too_many_steps(monkeypatch):
    x, k = symbols("x k")
    model = toy("state x 1 1\nparameter k 1/s 1", {x: -k * x})
    monkeypatch.setattr(integrate_module, "MAX_STEPS", 5)
    course = solve(model, [1000.0])
    assert (course.status[0], course.steps[0]) == (1, 6)


def test_rate_that_is_not_finite():
    x, k = symbols("x k")
    model = toy("state x 1 1\nparameter k 1/s 1", {x: k / (x - 1)})
    assert solve(model, [1.0]).status[0] == 3


def test_times_of_any_unit_and_initial_values():
    x, base, k, shown = symbols("x base k shown")
    rows = """state x ms 4*base
        parameter base ms 500
        parameter k 1/h 2
        output shown min 0"""
    model = toy(rows, {x: k * (base - x)}, {shown: x})
    times = 3600.0 * np.array([0.5, 2.0])
    course = solve(model, times, rtol=1e-8)
    assert np.allclose(course["x"][0], 500 + 1500 * np.exp([-1.0, -4.0]), rtol=1e-7)
    assert np.allclose(course["shown"], course["x"] / 60_000.0)
    given = solve(model, times, initial={"x": [100.0]}, rtol=1e-8)
    assert np.allclose(given["x"][0], 500 - 400 * np.exp([-1.0, -4.0]), rtol=1e-7)


def test_progress_counts_patients_and_can_stop(system, draws):
    told = []
    integrate(system, draws, SEGMENTS, TIMES, progress=lambda *done: told.append(done))
    assert told[-1] == (40, 40)

    def stop(done, whole):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        integrate(system, draws, SEGMENTS, TIMES, progress=stop)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"segments": (SEGMENTS.edges_s, {"off": 1.0})}, "`input` is off"),
        ({"segments": (SEGMENTS.edges_s, {"on": [1.0, 2.0]})}, "`on` is of shape"),
        ({"segments": (SEGMENTS.edges_s, {"on": [1.0, np.nan, 2.0]})}, "finite numbers"),
        ({"output_s": [1.0, 5000.0]}, "from the first edge"),
        ({"output_s": [2.0, 1.0]}, "increasing times"),
        ({"output_s": []}, "a list of times"),
        ({"workers": 0}, "`workers` is 0"),
        ({"rtol": -1.0}, "`rtol` is -1.0"),
        ({"atol": 0.0}, "`atol of x`"),
        ({"atol": {"q": 1.0}}, "`atol` is q"),
        ({"initial": {"xx": 1.0}}, "Did you mean `x`"),
        ({"initial": {"x": [1.0, 2.0]}}, "`initial x` is of shape"),
        ({"having": {"k": np.where(np.arange(40) == 7, np.nan, 1.0)}}, "`k of patient 7`"),
        ({"having": {"d": 0.0}}, "`d of patient 0`"),
        ({"having": {"d_on": np.arange(40.0)}}, "one delay for all patients"),
    ],
)
def test_bad_input_is_named(draws, change, named):
    plain = compile_model(mixed(), compiled=False)
    options = dict(change)
    segments = Segments(*options.pop("segments", (SEGMENTS.edges_s, {})))
    times = options.pop("output_s", TIMES)
    changed = draws.having(**options.pop("having", {}))
    with pytest.raises(InputError) as caught:
        integrate(plain, changed, segments, times, **options)
    assert named in str(caught.value)


@pytest.mark.parametrize("edges", [[0.0], [0.0, 2.0, 1.0], [0.0, 0.0], [0.0, np.inf]])
def test_bad_edges(edges):
    with pytest.raises(InputError, match="edges_s"):
        Segments(np.array(edges), {})


def test_draws_of_another_model(system):
    x, k = symbols("x k")
    other = toy("state x 1 1\nparameter k 1/s 1", {x: -k * x})
    with pytest.raises(InputError, match="draws of this model"):
        integrate(system, typical(other), SEGMENTS, TIMES)


def test_unknown_symbol_of_a_course(course):
    with pytest.raises(InputError, match="Did you mean `total`"):
        course["totl"]


def test_lag_of_an_output_is_refused():
    x, seen, z, k = symbols("x seen z k")
    rows = "state x 1 1\nparameter k 1/s 1\nparameter d s 1\noutput seen 1 0\nlag z 1 0"
    model = toy(rows, {x: -k * z}, {seen: 2 * x}, {"z": ("seen", "d")})
    with pytest.raises(InputError, match="the lag of a state"):
        compile_model(model, compiled=False)


def test_folder_that_cannot_be_written(monkeypatch, tmp_path):
    (tmp_path / "vagus").write_text("a file where the folder should be")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    compiled_module._folder.cache_clear()
    try:
        assert compiled_module._folder().is_dir()
        assert tmp_path not in compiled_module._folder().parents
    finally:
        compiled_module._folder.cache_clear()


@pytest.mark.slow
def test_second_process_neither_derives_nor_compiles(tmp_path):
    code = (
        "import sys; sys.path.insert(0, 'tests/body')\n"
        "from test_engine import *\n"
        "s = compile_model(mixed())\n"
        "c = integrate(s, draw(mixed(), 3, 7), SEGMENTS, TIMES)\n"
        "print(c.states.tobytes().hex())"
    )
    forbid = "import vagus.body.codegen as g, numba.core.compiler as n\ng.generate = None\n"
    forbid += "n.compile_extra = None\n"
    found = []
    for seed, text in (("1", code), ("2", forbid + code)):
        environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path), "PYTHONHASHSEED": seed}
        run = subprocess.run(
            [sys.executable, "-c", text],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        found.append(run.stdout)
    assert found[0] == found[1]
    assert len(list((tmp_path / "vagus" / "body").glob("*.py"))) == 1
