"""Shares of routes: additive, symmetric, nothing for a route that does nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vagus.body.decompose import ROUTES, shapley, subsets
from vagus.errors import InputError

NAMES = tuple(ROUTES)[:4]
number = st.floats(-5, 5)


@given(st.lists(number, min_size=16, max_size=16))
def test_shares_add_up_to_the_whole(values: list[float]) -> None:
    outcome = {s: np.array([v]) for s, v in zip(subsets(NAMES), values, strict=True)}
    shares = shapley(NAMES, outcome)
    whole = outcome[frozenset(NAMES)] - outcome[frozenset()]
    assert sum(shares.values())[0] == pytest.approx(whole[0], abs=1e-9)


@given(st.lists(number, min_size=4, max_size=4))
def test_effects_that_do_not_interact_are_returned_as_they_are(effects: list[float]) -> None:
    of = dict(zip(NAMES, effects, strict=True))
    outcome = {s: np.array([1.0 + sum(of[r] for r in s)]) for s in subsets(NAMES)}
    shares = shapley(NAMES, outcome)
    assert [shares[r][0] for r in NAMES] == pytest.approx(effects, abs=1e-9)


def test_a_route_that_does_nothing_gets_exactly_nothing() -> None:
    outcome = {
        s: np.array([0.3 * ("mood" in s) * (1 + ("cytokines" in s))]) for s in subsets(NAMES)
    }
    shares = shapley(NAMES, outcome)
    assert shares["plasticity"][0] == 0.0
    assert shares["brainstem"][0] == 0.0
    assert shares["mood"][0] == pytest.approx(0.45)
    assert shares["cytokines"][0] == pytest.approx(0.15)


def test_interplay_of_two_is_split_evenly() -> None:
    outcome = {s: np.array([float({"mood", "cytokines"} <= s)]) for s in subsets(NAMES)}
    shares = shapley(NAMES, outcome)
    assert shares["mood"][0] == shares["cytokines"][0] == pytest.approx(0.5)


def test_a_missing_subset_is_named() -> None:
    with pytest.raises(InputError, match="every subset"):
        shapley(NAMES, {frozenset(): np.zeros(1)})
