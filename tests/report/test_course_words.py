"""The headline: what it says of benefit, no effect, harm and nothing, and on which evidence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from course_samples import CONDITION, PARTS, links, make_course_report, parts

from vagus.body.outcome import Decomposition, Interval
from vagus.report.course_content import Link, OutcomeRow, outcome_row
from vagus.report.course_words import (
    Carrier,
    carrier,
    headline,
    interval_words,
    key_numbers,
    range_words,
    sentence,
    share_of_draws,
    signed,
)

GIVEN = "12 weeks of ear stimulation"
SHAM = Interval(-2.0, -1.2, -0.4)


def say(
    low: float, middle: float, high: float, grade: str = "contested", better: str = "lower"
) -> str:
    row = OutcomeRow("pain", "NRS points", SHAM, SHAM, Interval(low, middle, high))
    part = Carrier("cytokines", grade, None) if grade else None
    return sentence(GIVEN, replace(CONDITION, better=better), row, part)


def test_benefit_that_excludes_no_effect() -> None:
    text = say(-1.6, -0.9, -0.3, "moderate")
    assert "0.90 NRS points below sham" in text
    assert "(95 % interval 0.30 to 1.6 lower, which excludes no effect)" in text
    assert "rests on moderate evidence" in text
    assert "harm" not in text
    assert ", but" not in text


def test_benefit_on_weak_evidence_is_qualified() -> None:
    for grade, words in (
        ("weak", "weak evidence"), ("contested", "contested evidence"),
        ("none", "without evidence, which is an assumption"),
    ):  # fmt: skip
        text = say(-1.6, -0.9, -0.3, grade)
        assert ", but the route that carries most of it, cytokines, " in text
        assert words in text


def test_interval_that_holds_no_effect_says_so() -> None:
    text = say(-1.3, -0.4, 0.2)
    assert "0.40 NRS points below sham, but the 95 % interval, 1.3 lower to 0.20 higher" in text
    assert "includes no effect" in text
    assert "excludes" not in text


def test_interval_that_only_touches_no_effect_includes_it() -> None:
    """Priors with mass at zero end the interval at exactly zero."""
    text = say(-1.3, -0.4, 0.0)
    assert "1.3 lower to 0, includes no effect" in text


def test_harm_is_called_harm() -> None:
    text = say(0.2, 0.5, 0.9)
    assert "0.50 NRS points above sham" in text
    assert "which excludes no effect: the model predicts harm" in text
    text = say(-0.9, -0.5, -0.2, better="higher")
    assert "the model predicts harm" in text
    assert "harm" not in say(0.2, 0.5, 0.9, better="higher")


def test_uncertain_harm_is_no_harm() -> None:
    text = say(-0.2, 0.3, 0.9)
    assert "above sham, but the 95 % interval" in text
    assert "harm" not in text


def test_no_effect_at_all() -> None:
    text = say(0.0, 0.0, 0.0)
    assert "exactly where sham puts it, in every draw" in text
    assert "interval" not in text


def test_effect_too_small_to_print() -> None:
    text = say(-0.002, 0.001, 0.003)
    assert "level with sham (median difference below 0.01 NRS points); the 95 % interval" in text
    assert "includes no effect" in text


def test_nothing_was_integrated() -> None:
    assert "nothing is predicted" in say(np.nan, np.nan, np.nan)


def test_no_route() -> None:
    assert "no graded evidence carries this difference" in say(-1.3, -0.4, 0.2, "")


def test_every_headline_is_one_sentence() -> None:
    for numbers in ((-1.6, -0.9, -0.3), (-1.3, -0.4, 0.2), (0.2, 0.5, 0.9), (0.0, 0.0, 0.0)):
        text = say(*numbers)
        assert text.endswith(".")
        assert ". " not in text
    assert headline(make_course_report()).count("With 12 weeks of implanted") == 1


def test_carrier_is_the_largest_route_and_its_weakest_link() -> None:
    found = carrier(parts(), links(), -0.3)
    assert found is not None
    assert (found.route, found.grade) == ("cytokines", "contested")
    assert found.link is not None
    assert found.link.symbol == "route_cytokines"


def test_carrier_goes_the_way_of_the_difference() -> None:
    """A large route against the effect does not carry it."""
    values = np.tile([0.0, 0.0, 0.8, -0.5, -0.6, 0.0], (5, 1))
    found = carrier(Decomposition("pain", "", PARTS, values, values.sum(axis=1)), links(), -0.3)
    assert found is not None
    assert found.route == "mood"


def test_carrier_ignores_links_that_are_off_and_routes_that_do_nothing() -> None:
    off = [replace(link, on=link.symbol == "link_cytokine_pain") for link in links()]
    found = carrier(parts(), off, -0.3)
    assert found is not None
    assert found.grade == "moderate"
    nothing = np.zeros((5, 6))
    assert carrier(Decomposition("pain", "", PARTS, nothing, nothing[:, 0]), off, 0.0) is None
    assert carrier(None, off, -0.3) is None


def test_where_the_median_is_none_the_widest_route_is_named() -> None:
    """A tiny median carries nothing; what leaves room for an effect is the widest interval."""
    values = np.zeros((41, 6))
    values[:, 4] = -0.001
    values[:, 3] = np.linspace(-0.3, 0.3, 41)
    part = carrier(Decomposition("pain", "", PARTS, values, values.sum(axis=1)), links(), -0.001)
    assert part is not None
    assert part.route == "brainstem"
    row = OutcomeRow("pain", "NRS points", SHAM, SHAM, Interval(-0.29, -0.001, 0.29))
    assert "the route that could move it most, brainstem," in sentence(GIVEN, CONDITION, row, part)


def test_a_condition_is_not_named_twice() -> None:
    row = OutcomeRow("migraine days", "days", SHAM, SHAM, Interval(-1.0, -0.5, 0.2))
    condition = replace(CONDITION, name="migraine", outcome="migraine days")
    assert "puts migraine days 0.50 NRS points" in sentence(GIVEN, condition, row, None)


def test_unknown_grade_counts_as_none_stated() -> None:
    odd = (Link("route_cytokines", "a", "b", "excellent", True, "", ""),)
    found = carrier(parts(), odd, -0.3)
    assert found is not None
    assert found.grade == ""


def test_outcome_row_is_paired_by_draw() -> None:
    sham = np.array([0.0, -5.0, 3.0, np.nan])
    row = outcome_row("pain", "points", sham - np.array([1, 2, -1, 1]), sham, "lower", 2.0)
    assert row.difference.middle == -1.0
    assert row.probability_better == pytest.approx(2 / 3)
    assert row.probability_noticed == pytest.approx(1 / 3)
    other = outcome_row("TNF", "pg/mL", sham, sham)
    assert other.probability_better is None


def test_draws_without_effect_are_no_better() -> None:
    row = outcome_row("pain", "points", np.zeros(4), np.zeros(4), "lower")
    assert row.probability_better == 0.0


def test_key_numbers_are_those_of_the_outcome() -> None:
    report = make_course_report()
    first, second, third = key_numbers(report)
    row = report.outcomes[0]
    assert first.value == signed(row.difference.middle)
    assert row.probability_noticed is not None
    assert second.value == share_of_draws(row.probability_noticed)
    assert third.value == signed(row.sham.middle)
    plain = replace(row, probability_noticed=None)
    scaled = key_numbers(replace(report, outcomes=[plain]))[1]
    assert scaled.value == signed(row.difference.middle / CONDITION.baseline_sd)
    assert "better than sham, by however little, in" in scaled.detail
    silent = replace(plain, probability_better=None)
    assert "better" not in key_numbers(replace(report, outcomes=[silent]))[1].detail


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (-0.001, "≈\u202f0"), (-0.234, "−0.23"), (1.26, "+1.3"), (-12.7, "−13"),
     (float("nan"), "–")],
)  # fmt: skip
def test_changes_carry_their_sign(value: float, text: str) -> None:
    assert signed(value) == text


def test_intervals_in_words() -> None:
    assert interval_words(Interval(-1.2, -0.5, 0.1)) == "−0.50 (−1.2 to +0.10)"
    assert interval_words(Interval(-0.25, -0.25, -0.25)) == "−0.25"
    assert range_words(Interval(0.2, 0.5, 1.4)) == "0.20 to 1.4 higher"
    assert range_words(Interval(-0.001, 0.0, 0.001)) == "0 to 0"


def test_shares_of_draws_never_round_to_certainty() -> None:
    words = [share_of_draws(v) for v in (0.0, 0.004, 0.5, 0.996, 1.0, float("nan"))]
    assert [w.replace("\u00a0", " ").replace("\u202f", " ") for w in words] == [
        "0 %", "< 1 %", "50 %", "> 99 %", "100 %", "–",
    ]  # fmt: skip
