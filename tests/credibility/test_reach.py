"""What reaches an outcome, read off the equations of a model small enough to see it."""

from __future__ import annotations

import pytest
import sympy as sp

from vagus.body.statement import Model, Quantity
from vagus.credibility.reach import pruned, reaching
from vagus.errors import InputError


def toy() -> Model:
    """x is driven by y through a link, y by a lagged u; z is apart; initial x is a parameter."""
    kinds = {
        "x": "state", "y": "state", "z": "state", "link": "link", "k": "parameter",
        "a": "parameter", "c": "parameter", "x0": "parameter", "delay": "parameter", "u": "input",
        "late": "lag", "seen": "output",
    }  # fmt: skip
    initial = {"x": "x0"}
    quantities = {
        s: Quantity(
            kind, s, "s" if s == "delay" else "1", initial.get(s, "1"), None, "fixed", "", "",
            "assumed", (), "toy",
        )
        for s, kind in kinds.items()
    }  # fmt: skip
    x, y, z, link, k, a, c, late = sp.symbols("x y z link k a c late", real=True)
    rates = {"x": -k * x + link * y, "y": late - a * y, "z": -c * z}
    return Model("toy", quantities, rates, {"seen": 2 * x}, {"late": ("u", "delay")})


def test_reach_follows_rates_initial_values_and_lags() -> None:
    everything = {"seen", "x", "y", "link", "k", "a", "x0", "late", "u", "delay"}
    assert reaching(toy(), ["seen"], {}) == everything
    assert reaching(toy(), ["seen"], {"link": 1.0, "c": 0.5}) == everything - {"link"}
    assert reaching(toy(), ["seen"], {"link": 0.0}) == {"seen", "x", "k", "x0"}
    assert reaching(toy(), ["z"], {"link": 0.0}) == {"z", "c"}
    with pytest.raises(InputError, match="outcome"):
        reaching(toy(), ["pain"], {})


def test_states_that_nothing_moves_are_at_rest() -> None:
    """y starts at late / a = 1 and stays there; x is then driven by 1."""
    known = {"a": 1.0, "late": 1.0}
    assert reaching(toy(), ["seen"], known) == {"seen", "x", "link", "k", "x0"}
    assert str(pruned(toy(), ["seen"], known).rates["x"]) == "-k*x + link"
    assert reaching(toy(), ["seen"], {"a": 1.0, "late": 0.0}) >= {"y"}, "y decays"
    assert reaching(toy(), ["y"], known) == {"y"}


def test_a_pruned_model_keeps_the_equations_of_what_reaches() -> None:
    part = pruned(toy(), ["seen"], {"link": 0.0, "x0": 1.0})
    assert (part.states, part.parameters, part.inputs) == (("x",), ("k",), ())
    assert part.initial() == {"x": 1}
    assert str(part.rates["x"]) == "-k*x"
    assert pruned(toy(), ["seen"], {}).lags == {"late": ("u", "delay")}
