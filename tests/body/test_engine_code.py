"""Generated code: sparse factors, derivatives, printed functions, the same text every time."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp
from engine_toys import symbols, toy
from hypothesis import given
from hypothesis import strategies as st

from vagus.body import codegen, printing
from vagus.body.sparse_lu import eliminate, markowitz
from vagus.body.statement import TIME, hill
from vagus.errors import InputError


def run(text):
    """The generated functions, in plain Python."""
    plain = {"jit": lambda f: f, "inlined": lambda f: f}
    exec(printing.imports() + printing.PRELUDE + text, plain)
    return plain


@st.composite
def sparse(draw):
    n = draw(st.integers(1, 9))
    places = draw(st.sets(st.tuples(*[st.integers(0, n - 1)] * 2), max_size=3 * n))
    return n, sorted(places), draw(st.integers(0, 2**32 - 1))


@given(sparse())
def test_factors_solve_any_pattern(problem):
    n, places, seed = problem
    random = np.random.default_rng(seed)
    values = random.uniform(-1, 1, len(places))
    matrix = np.eye(n) * 4.0 * n
    for (i, j), value in zip(places, values, strict=True):
        matrix[i, j] -= value
    lu = eliminate(n, {place: f"jac[{k}]" for k, place in enumerate(places)})
    factors, b, r, x = np.zeros(lu.size), random.normal(size=n), random.normal(size=n), np.zeros(n)
    scope = {"jac": values, "g": 4.0 * n, "lu": factors, "b": b, "r": r, "x": x, "at": 0}
    exec("\n".join([*lu.factor, *lu.solve]), scope)
    assert scope["ok"]
    assert np.allclose(x, np.linalg.solve(matrix, b + r), rtol=1e-10, atol=1e-13)


def test_worthless_pivot_is_reported():
    lu = eliminate(2, {(0, 0): "a", (0, 1): "1.0", (1, 0): "b", (1, 1): "a"})
    scope = {"a": 0.0, "g": 1.0, "b": 1 - 1e-12, "lu": np.zeros(lu.size)}
    exec("\n".join(lu.factor), scope)
    assert not scope["ok"]


def test_elimination_fills_no_arrow():
    """An arrow whose head comes first fills up completely in the order as given."""
    n = 8
    arrow = {(0, k): "v" for k in range(n)} | {(k, 0): "v" for k in range(n)}
    lu = eliminate(n, arrow)
    assert lu.size == 3 * n - 2
    assert markowitz(n, arrow)[0] != 0


def awkward():
    """Each function the engine prints, powers in powers, a lag, explicit time."""
    x, y, z, u, k, n, seen = symbols("x y z u k n seen")
    rows = """state x 1 1
        state y 1 2
        parameter k 1/s 0.7
        parameter n 1 2.3
        parameter d s 1
        input u 1 0.4
        lag z 1 0
        output seen 1 0"""
    power = hill(x + hill(y, n / 3, n + 1), sp.Float(0.8), n)
    piece = sp.Piecewise(
        (x * y, (x > y) & (u < 1)), (x**2 / (1 + y), x > sp.Rational(1, 3)), (y, True)
    )
    bent = sp.Max(x, y, u) * sp.Min(y, 1.9) + sp.Abs(x - y) + sp.sign(x - u) * y
    smooth = sp.exp(-x * n) + sp.log(1 + y) + sp.tanh(x * y) + sp.sqrt(y) + y ** sp.Rational(-3, 2)
    rates = {
        x: k * (power + piece + z**2 * sp.sin(k * TIME) - (1 + y**2) ** (n * x)),
        y: k * (bent + smooth + sp.Heaviside(x - y) * x + sp.cos(x) * sp.pi),
    }
    return toy(rows, rates, {seen: power * u + sp.atan(y)}, {"z": ("y", "d")})


@pytest.mark.parametrize("y", [(1.3, 0.9), (0.2, 1.7), (0.5, 2.5)])
def test_rates_and_derivatives_are_those_stated(y):
    model, t, lagged, rate = awkward(), 0.6, 1.1, -0.4
    code = run(codegen.generate(model))
    p, u, c = np.array([0.7, 2.3, 1.0]), np.array([0.4]), np.zeros(code["CONSTANTS"])
    code["constants"](p, u, c)
    names = [*symbols("x y k n u z"), TIME]
    stated = sp.lambdify(names, [model.rates["x"], model.rates["y"]], "numpy")
    seen = sp.lambdify(names, model.outputs["seen"], "numpy")

    def f(y, t=t, z=lagged):
        dy = np.zeros(2)
        code["rhs"](t, np.array(y), c, np.array([z]), dy)
        return dy

    y = np.array(y)
    assert np.allclose(f(y), stated(*y, 0.7, 2.3, 0.4, lagged, t), rtol=1e-13)
    dy, jac, ft, out = np.zeros(2), np.zeros(code["NONZEROS"]), np.zeros(2), np.zeros(1)
    code["jacobian"](t, y, c, np.array([lagged]), np.array([rate]), dy, jac, ft)
    code["outputs"](t, y, c, np.array([lagged]), out)
    h = 1e-6
    slopes = [(f(y + h * e) - f(y - h * e)) / (2 * h) for e in np.eye(2)]
    assert np.array_equal(dy, f(y))
    assert np.allclose(jac.reshape(2, 2), np.transpose(slopes), rtol=1e-6, atol=1e-8)
    along = (f(y, t + h, lagged + h * rate) - f(y, t - h, lagged - h * rate)) / (2 * h)
    assert np.allclose(ft, along, rtol=1e-6, atol=1e-8)
    assert np.allclose(out, seen(*y, 0.7, 2.3, 0.4, lagged, t), rtol=1e-13)


def test_one_power_for_a_hill_term_and_its_derivative():
    x, k, n = symbols("x k n")
    model = toy(
        "state x 1 1\nparameter k 1/s 1\nparameter n 1 2", {x: -k * hill(x, sp.Float(2.0), n)}
    )
    text = codegen.generate(model)
    jacobian = text[text.index("def jacobian") : text.index("def outputs")]
    assert jacobian.count("power(") == 1


def test_constants_of_parameters_and_inputs_are_lifted():
    x, k, n, u = symbols("x k n u")
    rows = "state x 1 1\nparameter k 1/s 1\nparameter n 1 2\ninput u 1 0"
    text = codegen.generate(toy(rows, {x: -k * sp.exp(n * u) * sp.log(1 + n) / 7 * x}))
    rhs = text[text.index("def rhs") : text.index("def jacobian")]
    assert "dy[0] = c_0*y_0" in rhs
    assert "exp" not in rhs


def test_same_statement_same_text():
    assert codegen.generate(awkward()) == codegen.generate(awkward())


def test_what_cannot_be_printed_is_named():
    x, k = symbols("x k")
    for rate in (sp.gamma(x), sp.Piecewise((x, x > 0))):
        model = toy("state x 1 1\nparameter k 1/s 1", {x: k * rate})
        with pytest.raises(InputError):
            codegen.generate(model)
