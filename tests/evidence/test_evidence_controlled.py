"""Effects from the shipped rows: signs, ways, what is left out, and published answers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from vagus.data import read_table
from vagus.errors import InputError
from vagus.evidence.cell import Cell
from vagus.evidence.controlled import controlled_effects, controlled_studies, effects_of
from vagus.evidence.effects import join
from vagus.evidence.endpoints import MEASURES, endpoint, endpoints
from vagus.evidence.pooled import pool
from vagus.evidence.published import published, rebuilt
from vagus.evidence.routes import EMPTY_LINE, Rows, best_route
from vagus.evidence.shifts import shift_effect, shifts
from vagus.evidence.study import RECALLED, Study
from vagus.evidence.synthesis import synthesise
from vagus.evidence.tables import CONTRAST, Line, designs_to_predict, evidence
from vagus.evidence.words import headline


def study(key: str, trial: str, **asked: str) -> Study:
    found = [s for s in controlled_studies(key, **asked) if s.trial == trial]  # type: ignore[arg-type]
    return found[0]


def line(**cells: float) -> Line:
    return Line({"stat": "mean"}, {name: Cell(x, "seen", "A") for name, x in cells.items()})


def seen(value: float) -> Cell:
    return Cell(value, "seen", "A")


def every() -> list[Study]:
    return [
        s for e in endpoints() for m in e.measures for s in controlled_studies(e.key, measure=m)
    ]


def test_every_comparison_is_a_row_of_the_tables() -> None:
    shipped = evidence()
    for row in read_table("evidence/comparisons.csv"):
        found = {
            o["arm_key"]
            for o in shipped.outcomes_of(row["trial_key"])
            if (o["outcome"], o["time_point"]) == (row["outcome"], row["time_point"])
        }
        assert found & {row["active_arm"], row["control_arm"], CONTRAST}, row
        for arm in ("active_arm", "control_arm"):
            known = {a["arm_key"] for a in shipped.trial(row["trial_key"]).arms} | found
            assert row[arm] in known, row
        assert row["endpoint"] in {e.key for e in endpoints()}
        assert row["why"]
        assert row["use"] in ("pool", "sensitivity", "never")


def test_one_comparison_per_trial_and_endpoint_is_pooled() -> None:
    for e in endpoints():
        labels = controlled_effects(e.key).labels
        assert len(labels) == len(set(labels))


# --- signs -------------------------------------------------------------------------------------


def test_negative_is_less_pain_and_an_odds_ratio_above_one_more_responders() -> None:
    """SHI2021: 1.1 (1.1) under stimulation, 3.1 (2.2) under sham. ARANOW2021: 10/12 against 1/6."""
    assert study("pain", "SHI2021", measure="MD").y == pytest.approx(-2.0)
    assert study("pain", "SHI2021").y < 0
    assert study("responders", "ARANOW2021").y == pytest.approx(math.log(25))
    assert study("responders", "ARANOW2021", measure="RD").y == pytest.approx(10 / 12 - 1 / 6)


def test_scales_where_higher_is_better_are_turned() -> None:
    """IBS-QOL 83.2 under stimulation, 69.5 under sham: better, so negative."""
    turned = study("function", "SHI2021")
    assert turned.y < 0
    assert "turned" in turned.method


def test_swapping_the_arms_turns_the_sign() -> None:
    a, c = line(end=4.0, end_sd=2.0), line(end=5.5, end_sd=2.5)
    one = best_route(Rows(a, c, EMPTY_LINE, seen(20), seen(30)), "SMD")
    other = best_route(Rows(c, a, EMPTY_LINE, seen(30), seen(20)), "SMD")
    assert one is not None
    assert other is not None
    assert one.effect.y[0] == pytest.approx(-other.effect.y[0])
    assert one.effect.v[0] == pytest.approx(other.effect.v[0])


# --- ways --------------------------------------------------------------------------------------


def test_the_most_trusted_way_is_taken() -> None:
    """Means and SDs before the difference, the difference before p, p before medians."""
    means = {"end": 4.0, "end_sd": 2.0}
    quartiles = {"end": 4.0, "q1": 3.0, "q3": 5.0}
    contrast = line(diff=-1.0, se=0.5)
    median = Line({"stat": "median"}, line(**quartiles).cells)
    n, p = (seen(20.0), seen(22.0)), seen(0.04)
    cases = [
        (Rows(line(**means), line(end=5.0, end_sd=2.0), contrast, *n, p, "="), "means and SDs"),
        (Rows(line(end=4.0), line(end=5.0), contrast, *n, p, "="), "difference and its SE"),
        (Rows(median, Line({"stat": "median"}, line(end=5.0, q1=4.0, q3=7.0).cells), EMPTY_LINE,
              *n, p, "="), "p value"),
        (Rows(median, Line({"stat": "median"}, line(end=5.0, q1=4.0, q3=7.0).cells), EMPTY_LINE,
              *n, p, "<"), "quartiles"),
    ]  # fmt: skip
    for rows, words in cases:
        route = best_route(rows, "SMD")
        assert route is not None
        assert words in route.effect.method[0]
        assert route.effect.y[0] < 0
        assert route.approximate == (words in ("p value", "quartiles"))


def test_a_recalled_number_is_avoided_where_another_way_exists() -> None:
    remembered = Line({"stat": "mean"}, {"end": Cell(4.0, "recalled", ""), "end_sd": seen(2.0)})
    rows = Rows(remembered, line(end=5.0, end_sd=2.0), line(diff=-1.0, se=0.5), seen(9), seen(9))
    route = best_route(rows, "MD")
    assert route is not None
    assert not route.recalled
    assert route.effect.y[0] == -1.0
    only = best_route(
        Rows(remembered, line(end=5.0, end_sd=2.0), EMPTY_LINE, seen(9), seen(9)), "MD"
    )
    assert only is not None
    assert only.recalled


def test_rows_without_numbers_give_no_effect() -> None:
    assert best_route(Rows(EMPTY_LINE, EMPTY_LINE, EMPTY_LINE, seen(5), seen(5)), "SMD") is None
    assert best_route(Rows(EMPTY_LINE, EMPTY_LINE, EMPTY_LINE, seen(5), seen(5)), "log OR") is None
    natelson = study("pain", "NATELSON2021")
    assert not natelson.known
    assert "no numbers" in natelson.left_out


def test_percentages_become_whole_persons_and_say_so() -> None:
    rows = Rows(line(pct=12.7), line(pct=4.2), EMPTY_LINE, seen(120), seen(123))
    route = best_route(rows, "log OR")
    assert route is not None
    assert route.approximate
    assert "rounded" in route.effect.method[0]
    assert route.effect.y[0] == pytest.approx(math.log(15 * 118 / (105 * 5)))


# --- what is left out ----------------------------------------------------------------------------


def test_recalled_numbers_never_enter_a_fit() -> None:
    for s in every():
        if s.pooled:
            assert "recalled" not in s.marks
        if "recalled" in s.marks:
            assert s.left_out == RECALLED
    kovacic = study("pain", "KOVACIC2017")
    assert kovacic.known  # shown in grey
    assert not kovacic.pooled
    assert "KOVACIC2017" not in controlled_effects("pain").labels
    with pytest.raises(InputError, match="recalled"):
        controlled_effects("pain", trials=["KOVACIC2017"])


def test_open_label_shifts_have_no_effect_at_all() -> None:
    for s in every():
        trial = evidence().trial(s.trial)
        assert trial.control != "none"
        if "open-label shift" in trial.line["proposed_split"]:
            assert not s.known
    assert study("responders", "PREVA").left_out.startswith("open label")


def test_sensitivity_trials_are_pooled_only_when_asked() -> None:
    assert "ELSEHRAWY2025" not in controlled_effects("pain").labels
    assert "ELSEHRAWY2025" in controlled_effects("pain", also=["sensitivity"]).labels
    with pytest.raises(InputError, match="sensitivity, context"):
        controlled_effects("pain", also=["everything"])


def test_a_subset_and_its_whole_are_refused_together() -> None:
    with pytest.raises(InputError, match="KRASAELAP2020 is a subset of KOVACIC2017"):
        controlled_effects("pain", trials=["KOVACIC2017", "KRASAELAP2020"])
    twice = [s for s in controlled_studies("pain") if s.pooled]
    with pytest.raises(InputError, match="twice"):
        effects_of([*twice, twice[0]])


def test_results_of_the_designs_to_predict_are_nowhere() -> None:
    held = {design.key for design in designs_to_predict()}
    assert not held & {s.trial for s in every()}


def test_changes_within_arms_cannot_join_controlled_effects() -> None:
    one = next(s for s in shifts("pain") if s.trial == "CLBP2024")
    effect = shift_effect(one)
    assert effect.measure == "MD pre-post"
    assert effect.y[0] == pytest.approx(-16.1)
    assert effect.v[0] == pytest.approx(17.9**2 / 27)
    with pytest.raises(InputError, match="natural course"):
        join([controlled_effects("pain", measure="MD"), effect])
    with pytest.raises(InputError, match="mean change"):
        shift_effect(next(s for s in shifts("pain") if s.middle == "median"))
    assert any(s.recalled for s in shifts("pain"))


@pytest.mark.parametrize(
    ("field", "asked"),
    [
        ("endpoint", {"key": "pian"}),
        ("measure", {"key": "pain", "measure": "OR"}),
        ("trial", {"key": "pain", "trials": ["NOBODY"]}),
        ("condition", {"key": "pain", "condition": "gout"}),
        ("effects", {"key": "pain", "condition": "fibromyalgia"}),
    ],
)
def test_bad_questions(field: str, asked: dict[str, str]) -> None:
    with pytest.raises(InputError) as raised:
        controlled_effects(**asked)  # type: ignore[arg-type]
    assert raised.value.field == field


# --- published answers ---------------------------------------------------------------------------


def test_event_risk_ratio() -> None:
    """OntarioHTA2025: 6.77 (0.37-125.65) from 3/30 against 0/29 with 0.5 added."""
    event = study("responders", "EVENT", measure="RR")
    ratio, (low, high) = math.exp(event.y), event.interval()
    assert ratio == pytest.approx(6.77, abs=0.005)
    assert math.exp(low) == pytest.approx(0.37, abs=0.005)
    assert math.exp(high) == pytest.approx(125.65, abs=0.1)


def test_headache_days_of_lai_2020() -> None:
    """SMD -0.159 (-0.357 to 0.040); from shipped rows to 0.003: their own rounding of p values."""
    made = {one.published.key: one for one in rebuilt("headache-days")}["Lai2020_days"]
    assert made.trials == ("PREMIUM", "EVENT")
    assert made.estimate == pytest.approx(-0.159, abs=0.003)
    assert made.low == pytest.approx(-0.357, abs=0.003)
    assert made.high == pytest.approx(0.040, abs=0.003)


def test_what_cannot_be_rebuilt_says_what_is_missing() -> None:
    """Song 2023, responders: OR 1.64 (1.10-2.47); two trials with seen numbers give 1.20."""
    made = {one.published.key: one for one in rebuilt()}["Song2023_c50"]
    assert made.published.estimate.value == 1.64
    assert made.trials == ("PREMIUM", "EVENT")
    assert "recalled" in made.missing
    by_hand = pool(controlled_effects("responders", trials=["PREMIUM", "EVENT"]), "FE")
    assert math.log(made.estimate) == pytest.approx(by_hand.estimate)
    assert made.low < made.published.estimate.value < made.high
    assert all(one.missing for one in rebuilt())


def test_pre_post_meta_analyses_are_not_effects_of_stimulation() -> None:
    by_key = {one.key: one for one in published()}
    assert not by_key["MSKMA2025_ce"].controlled
    assert not by_key["Kim2022_AE"].controlled
    assert by_key["Costa2024_all"].controlled


# --- synthesis -----------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [e.key for e in endpoints()])
def test_a_pooled_effect_lies_within_its_studies(key: str) -> None:
    for measure in endpoint(key).measures:
        made = synthesise(key, measure=measure)
        y = made.effects.y
        assert min(y) - 1e-12 <= made.pooled.estimate <= max(y) + 1e-12
        assert made.effects.measure == MEASURES[measure]
        assert np.sum(made.pooled.weights) == pytest.approx(1.0)
        assert tuple(s.trial for s in made.used) == made.effects.labels
        assert {s.trial for s in made.studies} >= set(made.effects.labels)


def test_what_is_said_of_few_trials() -> None:
    made = synthesise("pain")
    assert any("below 10" in caution for caution in made.cautions)
    assert any("Kovacic" in caution for caution in made.cautions)
    assert any("subset of KOVACIC2017" in caution for caution in made.cautions)
    assert any("visceral" in caution for caution in made.cautions)
    (silent,) = (c for c in made.cautions if "gave no numbers" in c)
    assert all(name in silent for name in ("Natelson", "Kutlu", "Paccione"))
    assert len(made.without) == made.effects.k
    left = made.without[0]
    rest = controlled_effects("pain").select(range(1, made.effects.k))
    assert left.pooled.estimate == pytest.approx(pool(rest, "REML", "knapp-hartung").estimate)
    assert "prediction interval includes it" in headline(made)
    assert "One trial is no synthesis" in headline(synthesise("mood"))
    assert "includes a null effect" in headline(synthesise("headache-days"))


def test_a_common_effect_is_judged_by_z() -> None:
    made = synthesise("acute", tau2="FE")
    assert made.pooled.test == "z"
    assert made.tau2_interval is None
    weights = 1 / made.effects.v
    expected = float(np.sum(weights * made.effects.y) / np.sum(weights))
    assert made.pooled.estimate == pytest.approx(expected)
    half = stats.norm.ppf(0.975) / math.sqrt(float(np.sum(weights)))
    assert made.pooled.high == pytest.approx(expected + half)


@pytest.mark.parametrize("test", ["knapp-hartung", "ad hoc", "nonsense", ""])
def test_a_test_that_does_not_belong_to_a_common_effect_is_refused(test: str) -> None:
    with pytest.raises(InputError) as caught:
        synthesise("pain", tau2="FE", test=test)
    assert caught.value.field == "test"


@pytest.mark.parametrize("tau2", ["REML", "DL"])
def test_random_effects_are_judged_by_knapp_hartung_unless_a_test_is_named(tau2: str) -> None:
    effects = controlled_effects("pain")
    for asked, test in ((None, "knapp-hartung"), ("z", "z"), ("ad hoc", "ad hoc")):
        made = synthesise("pain", tau2=tau2, test=asked)
        expected = pool(effects, tau2, test)  # type: ignore[arg-type]
        assert (made.pooled.test, made.pooled.high) == (test, expected.high)
        assert {left.pooled.test for left in made.without} == {test}


@pytest.mark.parametrize(("key", "near"), [("foo", ""), ("", ""), ("pian", "`pain`")])
def test_an_endpoint_that_there_is_not(key: str, near: str) -> None:
    with pytest.raises(InputError) as caught:
        endpoint(key)
    assert caught.value.allowed == ", ".join(e.key for e in endpoints())
    assert near in caught.value.fix
    assert bool(caught.value.fix) == bool(near)
