"""The solver: exact solutions, other solvers, order, edges, delays."""

from __future__ import annotations

import math

import numpy as np
import pytest
import sympy as sp
from engine_toys import solve, symbols, toy
from scipy.integrate import solve_ivp
from scipy.linalg import expm

from vagus.body.draws import typical
from vagus.body.statement import TIME
from vagus.data import read_table

DAY = 86_400.0


def table_of_rodas4():
    """The method in the form of the order conditions: alpha_ij, gamma_ij, weights, embedded."""
    a, c, sums = (
        np.zeros((6, 6)),
        np.zeros((6, 6)),
        {"alpha": np.zeros(6), "gamma_sum": np.zeros(6)},
    )
    gamma = 0.0
    for row in read_table("body/rodas4.csv"):
        i, j, value = int(row["row"]) - 1, int(row["column"]) - 1, float(row["value"])
        if row["coefficient"] in ("a", "c"):
            {"a": a, "c": c}[row["coefficient"]][i, j] = value
        elif row["coefficient"] in sums:
            sums[row["coefficient"]][i] = value
        elif row["coefficient"] == "gamma":
            gamma = value
    g = np.linalg.inv(np.eye(6) / gamma - c)
    weights = np.append(a[5, :5], 1.0) @ g
    embedded = np.append(a[5, :5], 0.0) @ g
    return a @ g, g, weights, embedded, sums


def test_order_conditions():
    alpha, gamma, b, embedded, sums = table_of_rodas4()
    a, beta = alpha.sum(axis=1), (alpha + gamma).sum(axis=1)
    whole = alpha + gamma
    for weights, highest in ((b, 4), (embedded, 3)):
        conditions = [
            (1, weights.sum(), 1),
            (2, weights @ beta, 1 / 2),
            (3, weights @ a**2, 1 / 3),
            (3, weights @ whole @ beta, 1 / 6),
            (4, weights @ a**3, 1 / 4),
            (4, (weights * a) @ alpha @ beta, 1 / 8),
            (4, weights @ whole @ a**2, 1 / 12),
            (4, weights @ whole @ whole @ beta, 1 / 24),
        ]
        for order, got, wanted in conditions:
            assert order > highest or abs(got - wanted) < 1e-13
    assert np.allclose(whole[5], b, atol=1e-13), "stiffly accurate"
    assert np.allclose(a, sums["alpha"], atol=1e-13)
    assert np.allclose(gamma.sum(axis=1), sums["gamma_sum"], atol=1e-13)


def test_linear_system_is_the_matrix_exponential():
    matrix = np.array([[-1000.0, 3.0, 0.0], [2.0, -1.0, 0.5], [0.0, 1.0, -0.01]])
    y = symbols("a b c")
    rows = "\n".join(
        f"state {s} 1 {v}\nparameter k_{s} 1/s 1" for s, v in zip("abc", (1, -2, 3), strict=True)
    )
    ones = dict(zip("abc", symbols("k_a k_b k_c"), strict=True))
    rates = {
        s: ones[s.name] * sum(m * x for m, x in zip(row, y, strict=True))
        for s, row in zip(y, matrix, strict=True)
    }
    times = np.array([0.001, 0.1, 1.0, 50.0])
    course = solve(toy(rows, rates), times, rtol=1e-8)
    exact = np.array([expm(matrix * t) @ [1, -2, 3] for t in times])
    assert np.abs(course.states[0] / exact - 1).max() < 1e-7
    assert course.status[0] == 0


def robertson():
    x, y, z, k1, k2, k3 = symbols("x y z k1 k2 k3")
    rows = """state x 1 1
        state y 1 0
        state z 1 0
        parameter k1 1/s 0.04
        parameter k2 1/s 3e7
        parameter k3 1/s 1e4"""
    back, slow, fast = k3 * y * z, k1 * x, k2 * y**2
    return toy(rows, {x: back - slow, y: slow - back - fast, z: fast})


def van_der_pol():
    x, v, mu, k = symbols("x v mu k")
    rows = "state x 1 2\nstate v 1 0\nparameter mu 1 100\nparameter k 1/s 1"
    return toy(rows, {x: k * v, v: k * (mu * (1 - x**2) * v - x)})


@pytest.mark.parametrize(
    ("model", "times", "rtol"),
    [(robertson(), [0.4, 4e2, 4e5, 4e7], 1e-6), (van_der_pol(), [50.0, 100.0, 200.0], 1e-7)],
)
def test_stiff_problems_agree_with_radau(model, times, rtol):
    names = [sp.Symbol(s, real=True) for s in model.states]
    values = {sp.Symbol(p, real=True): float(model.quantities[p].default) for p in model.parameters}
    f = sp.lambdify(names, [model.rates[s].subs(values) for s in model.states])
    start = [float(e) for e in model.initial().values()]
    other = solve_ivp(
        lambda t, y: f(*y), (0, times[-1]), start, "Radau", times, rtol=1e-10, atol=1e-14
    )
    course = solve(model, times, rtol=rtol)
    assert np.abs(course.states[0] / other.y.T - 1).max() < 20 * rtol


def fixed_steps(model, end, n):
    """Steps of equal length: tolerances that accept all, an edge at the end of each."""
    edges = np.linspace(0, end, n + 1)
    course = solve(model, [end], edges_s=edges, rtol=0.5, atol=1e9)
    assert course.steps[0] == n
    return course.states[0, 0]


@pytest.mark.parametrize("explicit", [False, True])
def test_fourth_order_also_where_time_appears(explicit):
    x, v, k = symbols("x v k")
    phase = k * TIME
    drive = sp.sin(phase) * (1 + 0.5 * x) if explicit else v / (1 + x**2)
    model = toy(
        "state x 1 1\nstate v 1 0.5\nparameter k 1/s 1",
        {x: k * (v - x**3 / 3 + drive), v: -k * sp.tanh(x) * (1 + v**2 / 4)},
    )
    exact = solve(model, [2.0], rtol=1e-12, atol=1e-14).states[0, 0]
    lengths = np.array([40, 80, 160])
    errors = [np.abs(fixed_steps(model, 2.0, n) - exact).max() for n in lengths]
    slope = np.polyfit(np.log(lengths), np.log(errors), 1)[0]
    assert -4.3 < slope < -3.85


def delayed():
    y, z, k = symbols("y z k")
    rows = "state y 1 1\nparameter k 1/s 1\nparameter d s 1\nlag z 1 0"
    return toy(rows, {y: -k * z}, lags={"z": ("y", "d")})


def steps_of_delay(t, d=1.0):
    """y' = -y(t - d), y = 1 until 0: polynomials, by the method of steps."""
    last = int(t // d) + 1
    return sum((-1) ** n * (t - (n - 1) * d) ** n / math.factorial(n) for n in range(last + 1))


def test_delay_equation_is_the_method_of_steps():
    times = np.array([0.5, 1.0, 1.7, 2.0, 3.3, 5.5])
    exact = np.array([steps_of_delay(t) for t in times])
    for rtol, bound in ((1e-5, 1e-4), (1e-11, 1e-9)):
        course = solve(delayed(), times, rtol=rtol, atol=1e-12)
        assert np.abs(course["y"][0] - exact).max() < bound
    assert course.steps[0] / 5.5 > 64, "more steps in a delay than the ring first holds"


def test_delays_differ_between_patients():
    draws = typical(delayed(), 2).having(d=[1.0, 0.3])
    course = solve(delayed(), [2.0], draws=draws, rtol=1e-9)
    exact = [steps_of_delay(2.0), steps_of_delay(2.0, 0.3)]
    assert np.allclose(course["y"][:, 0], exact, atol=1e-7)


def test_order_with_a_delay():
    errors = []
    y, z, k = symbols("y z k")
    rows = "state y 1 1\nparameter k 1/s 1\nparameter d s 1\nlag z 1 0"
    model = toy(rows, {y: -k * z * (1 + y**2) / 2}, lags={"z": ("y", "d")})
    exact = solve(model, [3.0], rtol=1e-12, atol=1e-14)["y"][0, 0]
    for n in (12, 24, 48):
        errors.append(abs(fixed_steps(model, 3.0, n)[0] - exact))
    assert -5.0 < np.polyfit(np.log([12, 24, 48]), np.log(errors), 1)[0] < -3.5


def test_lagged_input_is_exact():
    x, on, late, k = symbols("x on late k")
    rows = "state x 1 0\nparameter k 1/s 1\nparameter d min 0.05\ninput on 1 2\nlag late 1 0"
    model = toy(rows, {x: k * late}, {on: on}, {"late": ("on", "d")})
    times = np.array([1.0, 3.0, 4.0, 7.0, 9.0, 10.0])
    edges, values = [0.0, 1.0, 5.0, 10.0], {"on": [0.0, 1.0, -3.0]}
    course = solve(model, times, edges_s=edges, values=values)
    exact = [2, 6, 6, 9, 7, 4]  # 2 until 3 s (the row's default), 0 until 4, 1 until 8, then -3
    assert np.allclose(course["x"][0], exact, atol=1e-9)


def pulsed():
    x, count, on, k, seen = symbols("x count on k seen")
    rows = """state x 1 0
        state count 1 0
        parameter k 1/s 1
        input on 1 0
        output seen 1 0"""
    return toy(rows, {x: k * (on - x), count: k * on}, {seen: x + 10 * on})


def test_no_pulse_is_missed():
    starts = DAY * np.arange(90) + 36_000.0
    edges = np.concatenate([[0.0], np.ravel(np.column_stack([starts, starts + 2.0])), [90 * DAY]])
    values = {"on": np.append(np.tile([0.0, 1.0], 90), 0.0)}
    times = np.ravel(np.column_stack([starts + 2.0, starts + 5.0]))
    course = solve(pulsed(), times, edges_s=edges, values=values, rtol=1e-7)
    top = 1 - math.exp(-2.0)
    assert np.abs(course["x"][0, ::2] / top - 1).max() < 1e-6
    assert np.abs(course["x"][0, 1::2] / (top * math.exp(-3.0)) - 1).max() < 1e-6
    assert np.abs(course["count"][0, ::2] - 2.0 * np.arange(1, 91)).max() < 1e-5


def test_segments_are_half_open():
    edges, values = [0.0, 1.0, 2.0, 3.0], {"on": [0.0, 1.0, 0.0]}
    course = solve(pulsed(), edges, edges_s=edges, values=values, rtol=1e-9)
    rise = 1 - math.exp(-1.0)
    assert np.allclose(course["x"][0], [0, 0, rise, rise * math.exp(-1.0)], atol=1e-8)
    assert np.allclose(course["seen"][0], course["x"][0] + [0, 10, 0, 0])
