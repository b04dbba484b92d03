"""Conditions: complete, in support, applied to the organs they name, one clear error for a typo."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vagus.body.conditions import condition, condition_keys
from vagus.body.draws import draw, typical
from vagus.body.organs.descending import descending
from vagus.body.organs.pain import pain
from vagus.body.statement import MARKS, compose, table
from vagus.data import read_table
from vagus.errors import InputError

KEYS = (
    "migraine", "fibromyalgia", "rheumatoid-arthritis", "osteoarthritis", "low-back-pain",
    "neuropathic", "visceral",
)  # fmt: skip


def test_the_seven_conditions_exist() -> None:
    assert condition_keys() == KEYS


@pytest.mark.parametrize("key", KEYS)
def test_every_number_has_a_source_a_mark_and_a_range(key: str) -> None:
    c = condition(key)
    assert c.unit == ("days/28 d" if key == "migraine" else "NRS")
    assert c.mean_range[0] <= c.mean <= c.mean_range[1]
    assert c.sd_range[0] <= c.sd <= c.sd_range[1]
    assert c.low < c.mean < c.high
    assert c.recall_d == (28.0 if key == "migraine" else 7.0)
    assert len(c.recall_source) > 10
    assert len(c.source) > 10
    assert c.mark in MARKS
    assert c.evidence.endswith(".")
    for value in c.parameters.values():
        assert value.source, value.symbol
        assert value.mark in MARKS
        assert value.mark != "assumed" or "assumed" in value.source


@pytest.mark.parametrize("key", KEYS)
def test_every_parameter_exists_and_its_default_is_in_support(key: str) -> None:
    for value in condition(key).parameters.values():
        assert table(value.organ).quantities[value.symbol].kind == "parameter"
        if value.prior is not None:
            low, high = value.prior.support
            assert low <= value.default <= high


@pytest.mark.parametrize("key", KEYS)
def test_every_condition_has_a_sham_response_and_an_inflammatory_weight(key: str) -> None:
    assert {"placebo_change", "w_inflammatory", "k_suppression"} <= set(condition(key).parameters)


def test_every_row_of_values_belongs_to_a_condition_once() -> None:
    rows = [(r["condition"], r["symbol"]) for r in read_table("body/condition_values.csv")]
    assert {key for key, _ in rows} == set(KEYS)
    assert len(rows) == len(set(rows))


def test_inflammation_carries_pain_in_arthritis_and_hardly_in_fibromyalgia() -> None:
    model = pain()
    treated = {key: condition(key).apply(draw(model, 400, 1), 1) for key in KEYS}
    assert treated["rheumatoid-arthritis"]["w_inflammatory"].mean() > 0.3
    assert treated["fibromyalgia"]["k_suppression"].mean() < 0.03
    assert "not a credible driver" in condition("fibromyalgia").evidence


@pytest.mark.parametrize("key", KEYS)
def test_inflammation_is_counted_once(key: str) -> None:
    """By DAS28 where the condition has it, else by suppression of TNF."""
    own = condition(key).apply(draw(pain(), 200, 1), 1)
    by_das = "das_0" in condition(key).parameters
    assert np.all(own["k_suppression"] == 0.0) == by_das
    assert np.all(own["w_inflammatory"] == 0.0) != by_das


def test_apply_sets_only_what_the_condition_names() -> None:
    model = compose("some", pain(), descending())
    before = draw(model, 50, 7)
    c = condition("neuropathic")
    after = c.apply(before, 7)
    for symbol in before.names:
        if symbol not in c.parameters:
            assert np.array_equal(before[symbol], after[symbol])
    assert set(np.unique(after["sign_ne"])) == {-1.0, 0.0, 1.0}
    assert np.array_equal(after.values, c.apply(before, 7).values)
    assert not np.array_equal(after.values, c.apply(before, 8).values)


def test_apply_without_a_seed_gives_the_defaults() -> None:
    c = condition("rheumatoid-arthritis")
    after = c.apply(typical(pain()))
    assert after["placebo_change"] == c.parameters["placebo_change"].default
    assert after["tau_nat"] == 14.2


def test_values_of_absent_organs_are_left_out_and_unknown_ones_are_an_error() -> None:
    c = condition("rheumatoid-arthritis")
    assert "b_TNF" in c.parameters
    c.apply(typical(pain()))
    wrong = replace(c.parameters["placebo_change"], symbol="placebo_chnge")
    with pytest.raises(InputError, match="placebo_chnge"):
        replace(c, parameters={"placebo_chnge": wrong}).apply(typical(pain()))


def test_outcomes_are_read_within_the_scale() -> None:
    c = condition("low-back-pain")
    assert c.read(np.array([-9.0, 0.0, 9.0])) == pytest.approx([0.0, 5.1, 10.0])


@pytest.mark.parametrize(
    ("typo", "meant"),
    [("fibromialgia", "fibromyalgia"), ("back pain", "low-back-pain"), ("Migraine", "migraine")],
)
def test_an_unknown_condition_is_one_error_with_the_nearest_key(typo: str, meant: str) -> None:
    with pytest.raises(InputError, match=f"Did you mean `{meant}`"):
        condition(typo)


@pytest.mark.parametrize("nonsense", ["", "xyz"])
def test_nonsense_gets_the_list_without_a_guess(nonsense: str) -> None:
    with pytest.raises(InputError, match="rheumatoid-arthritis") as found:
        condition(nonsense)
    assert "Did you mean" not in str(found.value)


def test_placebo_arms_in_migraine_have_the_published_quartiles() -> None:
    """73 arms (J Headache Pain 2023): median 1.8 days, quartiles 1.0 and 3.0, so skewed."""
    c = condition("migraine")
    prior = c.parameters["placebo_change"].prior
    assert prior is not None
    low, middle, high = c.sd * prior.quantile(np.array([0.25, 0.5, 0.75]))
    assert (low, middle, high) == pytest.approx((1.0, 1.8, 3.0), abs=0.15)
    assert high - middle > middle - low
    assert prior.support[0] == 0.0
