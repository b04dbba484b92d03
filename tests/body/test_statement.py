"""Model statements: units, priors, tables; what does not fit is an error that says so."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from vagus.body.dimensions import UnitError, unit_of
from vagus.body.draws import draw, typical
from vagus.body.priors import parse_prior
from vagus.body.statement import Model, Quantity, Table, compose, hill, state_model
from vagus.body.units import ONE, parse_unit
from vagus.errors import InputError


def quantity(kind: str, symbol: str, unit: str, default: str = "1", prior: str = "") -> Quantity:
    return Quantity(
        kind,
        symbol,
        unit,
        default,
        parse_prior(prior, symbol),
        prior,
        "",
        "",
        "assumed",
        (),
        "made",
    )


def made(*rows: Quantity, name: str = "made") -> Table:
    source = Table.__new__(Table)
    source.name, source.quantities = name, {q.symbol: q for q in rows}
    return source


def turnover(k_unit: str = "1/h", **changes: str) -> Model:
    q = made(
        quantity("state", "x", changes.get("x", "pg/mL"), "b"),
        quantity("parameter", "k", k_unit, "0.5", "lognormal(0.5, 0.2)"),
        quantity("parameter", "b", changes.get("b", "pg/mL"), "4", "normal(4, 1, 0, 8)"),
    )
    return state_model(q, {q.x: q.k * (q.b - q.x)})


@pytest.mark.parametrize(
    ("text", "same", "seconds"),
    [
        ("1/h", "Hz", 1 / 3600),
        ("pg/mL/d", "pg/(mL*s)", 1 / 86_400),
        ("ms/Hz", "s^2", 1e-3),
        ("bpm", "1/min", 1 / 60),
        ("1", "1", 1.0),
        ("s^-2", "1/(s*s)", 1.0),
    ],
)
def test_units_read_and_times_become_seconds(text: str, same: str, seconds: float) -> None:
    assert parse_unit(text).same_dimension(parse_unit(same))
    assert parse_unit(text).seconds == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "pg//mL", "3 mL", "pg/", "(pg", "kPa)", "pg^x", "mL s"])
def test_what_is_no_unit_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="unit"):
        parse_unit(text)


@given(st.integers(-4, 4), st.integers(-4, 4))
def test_powers_of_units_add(a: int, b: int) -> None:
    unit = parse_unit("pg/mL/h")
    assert unit**a * unit**b == unit ** (a + b) or (unit ** (a + b)).seconds == pytest.approx(
        (unit**a * unit**b).seconds
    )
    assert (unit**a * unit**-a).same_dimension(ONE)


def test_a_wrong_unit_is_an_error_that_names_both() -> None:
    with pytest.raises(UnitError, match=r"kPa.*pg/mL|pg/mL.*kPa"):
        turnover(b="kPa")
    with pytest.raises(UnitError, match=r"pg/mL is needed|pg/mL/s"):
        turnover(k_unit="1")


def test_hill_needs_one_unit_and_gives_none() -> None:
    x, half, n = sp.symbols("x half n", real=True)
    units = {"x": parse_unit("kPa"), "half": parse_unit("kPa"), "n": ONE}
    assert unit_of(hill(x, half, n), units, "here") == ONE
    with pytest.raises(UnitError):
        unit_of(hill(x, half, n), units | {"half": parse_unit("mmHg")}, "here")
    value = hill(x, half, n).subs({x: 3.0, half: 1.5, n: 2.0})
    assert float(value) == pytest.approx(4 / 5)


def test_functions_take_numbers_only() -> None:
    x = sp.Symbol("x", real=True)
    with pytest.raises(UnitError, match="argument of exp"):
        unit_of(sp.exp(x), {"x": parse_unit("s")}, "here")
    with pytest.raises(UnitError, match="exponent"):
        unit_of(sp.Symbol("y", real=True) ** x, {"x": parse_unit("s"), "y": ONE}, "here")


def test_each_state_needs_an_equation_and_each_symbol_a_row() -> None:
    q = made(quantity("state", "x", "1"), quantity("parameter", "k", "1/s"))
    with pytest.raises(InputError, match="one equation for each state"):
        state_model(q, {})
    with pytest.raises(InputError, match="symbols of the organ's table"):
        state_model(q, {q.x: -q.k * q.x * sp.Symbol("z", real=True)})
    with pytest.raises(AttributeError, match="no quantity 'kk'"):
        _ = q.kk


def test_composition_joins_inputs_to_states_and_outputs() -> None:
    a = made(quantity("state", "x", "1"), quantity("parameter", "k", "1/s"),
             quantity("output", "twice", "1"), name="a")  # fmt: skip
    b = made(quantity("input", "twice", "1"), quantity("state", "y", "1"),
             quantity("parameter", "m", "1/s"), name="b")  # fmt: skip
    first = state_model(a, {a.x: -a.k * a.x}, {a.twice: 2 * a.x})
    second = state_model(b, {b.y: b.m * (b.twice - b.y)})
    for pair in ((first, second), (second, first)):
        whole = compose("whole", *pair)
        assert whole.inputs == ()
        assert sp.simplify(whole.rates["y"] - b.m * (2 * a.x - b.y)) == 0
    with pytest.raises(InputError, match="defined by"):
        compose("twice", first, first)
    other = made(quantity("input", "x", "kPa"), quantity("state", "z", "kPa"),
                 quantity("parameter", "n", "1/s"), name="other")  # fmt: skip
    third = state_model(other, {other.z: other.n * (other.x - other.z)})
    with pytest.raises(UnitError, match="kPa"):
        compose("wrong", first, third)


@pytest.mark.parametrize(("lag", "delay"), [("kPa", "h"), ("1", "1")])
def test_a_lag_has_the_unit_of_its_source_and_its_delay_is_a_time(lag: str, delay: str) -> None:
    q = made(quantity("state", "x", "1"), quantity("parameter", "d", delay),
             quantity("parameter", "k", "1/s"), quantity("lag", "late", lag))  # fmt: skip
    with pytest.raises(UnitError, match="lag late"):
        state_model(q, {q.x: -q.k * q.x}, lags={q.late: (q.x, q.d)})


@pytest.mark.parametrize(
    "text",
    ["normal(1)", "lognormal(-1, 2)", "uniform(2, 1)", "beta(0, 1)", "spike(2, uniform(0, 1))",
     "choice(0: 0.5, 1: 0.4)", "gamma(1, 2)", "normal(a, b)", "spike(0.5, fixed)"],
)  # fmt: skip
def test_a_distribution_that_cannot_be_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="distribution"):
        parse_prior(text, "k")


@pytest.mark.parametrize(
    ("text", "mean"),
    [("normal(2, 1)", 2.0), ("uniform(0, 4)", 2.0), ("beta(2, 2)", 0.5),
     ("spike(0.25, uniform(0, 4))", 1.5), ("choice(0: 0.25, 2: 0.75)", 1.5),
     ("normal(0, 1, 0, 9)", np.sqrt(2 / np.pi)), ("lognormal(1, 0.5)", np.exp(0.125))],
)  # fmt: skip
def test_draws_have_the_mean_of_their_distribution(text: str, mean: float) -> None:
    prior = parse_prior(text, "k")
    assert prior is not None
    middles = (np.arange(20_000) + 0.5) / 20_000
    values = prior.quantile(middles)
    assert values.mean() == pytest.approx(mean, rel=2e-3)
    low, high = prior.support
    assert low <= values.min()
    assert values.max() <= high


def test_draws_are_reproducible_and_independent_of_the_rest_of_the_model() -> None:
    model = turnover()
    first, second = draw(model, 50, 7), draw(model, 50, 7)
    assert np.array_equal(first.values, second.values)
    assert not np.array_equal(first["k"], draw(model, 50, 8)["k"])
    q = made(*model.quantities.values(), quantity("parameter", "extra", "1", "0", "uniform(0, 1)"))
    larger = state_model(q, dict(zip((q.x,), (q.k * (q.b - q.x),), strict=True)))
    assert np.array_equal(draw(larger, 50, 7)["k"], first["k"])


def test_setting_parameters() -> None:
    draws = typical(turnover(), 3).having(k=[1.0, 2.0, 3.0])
    assert draws["k"].tolist() == [1, 2, 3]
    assert draws.select([2, 0])["k"].tolist() == [3, 1]
    with pytest.raises(InputError, match="Did you mean `k`"):
        draws.having(kk=1.0)
    with pytest.raises(InputError, match="draws"):
        draw(turnover(), 0, 1)
