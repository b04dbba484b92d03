"""The `trial` section of a study file: what it reads as, and every mistake with its line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vagus import study_trial
from vagus.errors import InputError, InputErrors
from vagus.study import Study, load_study, parse_study, study_schema
from vagus.trial import design as trial_design
from vagus.trial import estimand, spending
from vagus.trial.design import Design
from vagus.trial.from_section import design_from_section
from vagus.trial.sequential import plan_of

EXAMPLES = Path(__file__).parents[1] / "examples"
GOOD = """\
device: gammacore
patient: {condition: migraine}
stimulation: {current: 30 mA, sessions_per_day: 3, duration: 12 weeks}
recruitment: prior
body: {follow_up: 4 weeks}
trial:
  kind: parallel
  endpoint: migraine_days
  arms:
    active: {role: active, n: 60}
    sham: {role: sham, n: 60}
  visits: [4 weeks, 8 weeks, 16 weeks]
  run_in: 28 days
  entry: {at_least: 5, at_most: 15}
  recall: 4 weeks
  strata: {baseline_cuts: [7, 10], block_sizes: [4, 6]}
  looks: {information: [0.5, 1], efficacy: lan-demets-obf, futility_z: [0]}
  drop_out: {per_visit: 0.05, log_odds_pain: 0.4, log_odds_side_effects: 0.2}
  rescue: {at_least: 12, probability: 0.2, effect: -0.3}
  adherence: 0.9
  estimand: {rescue: composite}
  replicates: 50
"""


LOOKS = "  looks: {information: [0.5, 1], efficacy: lan-demets-obf, futility_z: [0]}\n"
FOUR = "[2 weeks, 4 weeks, 6 weeks, 8 weeks]"


def designed(study: Study) -> Design:
    assert study.trial is not None
    assert study.patient.condition is not None
    values = study.trial.model_dump()
    return design_from_section(
        values, study.patient.condition, study.stimulation.duration_s, study.title
    )


def changed(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new)


def complaints(text: str) -> list[str]:
    with pytest.raises(InputErrors) as caught:
        parse_study(text)
    return list(caught.value.errors)


def test_the_section_reads_as_written() -> None:
    study = parse_study(GOOD)
    assert study.trial is not None
    plan = designed(study)
    assert (plan.kind, plan.endpoint, plan.condition) == ("parallel", "migraine_days", "migraine")
    assert [(a.name, a.role, a.n) for a in plan.arms] == [
        ("active", "active", 60),
        ("sham", "sham", 60),
    ]
    assert plan.arms[0].regimen.stimulated_d == ((0.0, 84.0),)  # not in the follow-up
    assert plan.arms[1].regimen.stimulated_d == ()
    assert {a.regimen.knows for a in plan.arms} == {"blinded"}
    assert plan.visits_d == (28.0, 56.0, 112.0)
    assert (plan.run_in_d, plan.recall_d, plan.horizon_d()) == (28.0, 28.0, 112.0)
    assert (plan.entry.at_least, plan.entry.at_most) == (5.0, 15.0)
    assert (plan.alpha, plan.sides, plan.responder_share) == (0.05, 2, 0.5)
    assert (plan.strata.baseline_cuts, plan.strata.block_sizes) == ((7.0, 10.0), (4, 6))
    assert plan.looks is not None
    assert (plan.looks.information, plan.looks.futility_z) == ((0.5, 1.0), (0.0,))
    assert plan.drop_out.log_odds_pain == 0.4
    assert plan.rescue is not None
    assert plan.rescue.effect_SD == -0.3
    assert (plan.analysis, plan.adherence) == ("mmrm", 0.9)
    assert plan.estimand.strategies["taking rescue treatment"] == "composite"
    assert plan.estimand.strategies["stopping treatment"] == "hypothetical"
    sentence = plan.estimand.sentence()
    assert "at least 5 days/28 d and at most 15 days/28 d" in sentence
    assert "migraine days on day 112, active against sham" in sentence
    assert (study.trial.populations, study.trial.patients, study.trial.replicates) == (40, 50, 50)


def test_what_is_left_out_comes_from_the_condition() -> None:
    short = GOOD[: GOOD.index("  visits:")] + "  visits: 12 weeks\n"
    plan = designed(parse_study(short.replace("  kind: parallel\n", "")))
    assert plan.kind == "parallel"
    assert plan.visits_d == (84.0,)
    assert plan.recall_d == plan.run_in_d == 28.0  # days per 28 days
    assert plan.entry.at_least is None
    assert (plan.looks, plan.rescue, plan.adherence) == (None, None, 1.0)
    assert parse_study(GOOD[: GOOD.index("trial:")]).trial is None


def test_a_crossover_stimulates_in_one_of_two_periods() -> None:
    text = changed("kind: parallel", "kind: crossover\n  period: 4 weeks\n  washout: 2 weeks")
    text = text.replace("[4 weeks, 8 weeks, 16 weeks]", "[4 weeks, 10 weeks]")
    plan = designed(parse_study(text))
    assert (plan.period_d, plan.washout_d, plan.analysis) == (28.0, 14.0, "crossover")
    assert [a.regimen.stimulated_d for a in plan.arms] == [((0.0, 28.0),), ((42.0, 70.0),)]
    assert plan.estimand.treatment == "stimulation against sham"  # the arms are sequences
    assert plan.estimand.strategies["stopping treatment"] == "hypothetical"


def test_enriched_withdrawal_stops_stimulation_after_the_lead_in() -> None:
    text = changed("kind: parallel", "kind: enriched-withdrawal\n  lead_in: 4 weeks")
    plan = designed(parse_study(text.replace("[4 weeks, 8 weeks,", "[8 weeks,")))
    assert plan.lead_in_d == 28.0
    assert [a.regimen.stimulated_d for a in plan.arms] == [((0.0, 84.0),), ((0.0, 28.0),)]
    assert "responded to open treatment" in plan.estimand.population


def test_n_of_1_has_one_patient() -> None:
    text = changed("kind: parallel", "kind: n-of-1").replace("n: 60", "n: 1")
    text = text.replace("[4 weeks, 8 weeks, 16 weeks]", "[2 weeks, 4 weeks, 6 weeks, 8 weeks]")
    plan = designed(parse_study(text.replace("  strata", "  # strata").replace(LOOKS, "")))
    assert (plan.patients(), plan.analysis) == (1, "n-of-1")
    assert "In one person among adults with migraine who rate" in plan.estimand.sentence()
    assert plan.estimand.treatment == "active against sham"


def test_untreated_people_know_it() -> None:
    text = changed("sham: {role: sham, n: 60}", "waiting: {role: untreated, n: 60}")
    assert designed(parse_study(text)).arms[1].regimen.knows == "untreated"
    text = changed("role: active, n: 60", "role: active, n: 60, knows: open")
    assert designed(parse_study(text)).arms[0].regimen.knows == "open"


@pytest.mark.parametrize(
    ("old", "new", "line", "part"),
    [
        ("condition: migraine", "", 2, "`patient.condition` is missing"),
        ("kind: parallel", "kind: paralel", 7, "Did you mean `parallel`"),
        ("migraine_days", "das28", 8, "of migraine: "),
        ("migraine_days", "migrain_days", 8, "Did you mean `migraine_days`"),
        ("  endpoint: migraine_days\n", "", 6, "`trial.endpoint` is missing"),
        ("active, n: 60", "active", 10, "`trial.arms.active.n` is missing"),
        ("active, n: 60", "active, n: 0", 10, "greater than or equal to 1"),
        ("active, n: 60", "active, n: 1", 10, "`kind: n-of-1` is the design for one"),
        ("active, n: 60", "active, n: 60.5", 10, "valid integer"),
        ("active, n: 60", "active, n: 60, knows: all", 10, "blinded, open or untreated"),
        ("active, n: 60", "active, n: 60, knows: untreated", 10, "Write `open`"),
        ("active, n: 60", "active, n: 60, background: exercis", 10, "Did you mean `exercise`"),
        ("active, n: 60", "active, m: 60, n: 3", 10, "allowed: role, n, knows, background"),
        ("role: sham", "role: shamm", 11, "Did you mean `sham`"),
        ("role: sham", "role: active", 9, "an arm to compare with"),
        ("role: active", "role: sham", 9, "an active arm"),
        ("[4 weeks, 8 weeks, 16 weeks]", "[8 weeks, 4 weeks]", 12, "later than day 56"),
        ("[4 weeks, 8 weeks, 16 weeks]", "[4 weeks, 17 weeks]", 12, "up to day 112"),
        ("[4 weeks, 8 weeks, 16 weeks]", "[4 weeks, 8]", 12, "It has no unit: write `8 d`"),
        ("[4 weeks, 8 weeks, 16 weeks]", "[4 mA]", 12, "`mA` is an electric current"),
        ("[4 weeks, 8 weeks, 16 weeks]", "[100 h]", 12, "Write `4 days`"),
        ("[4 weeks, 8 weeks, 16 weeks]", "[]", 12, "allowed: one or more"),
        ("28 days", "0 days", 13, "above 0 d"),
        ("28 days", "30 h", 13, "`trial.run_in` is 30 h; allowed: whole days"),
        ("at_least: 5, at_most: 15", "at_least: 29", 14, "on the scale of 0 to 28 days/28 d"),
        ("at_least: 5, at_most: 15", "at_most: -1", 14, "on the scale of 0 to 28 days/28 d"),
        ("at_most: 15", "at_most: 3", 14, "at least `at_least`, 5"),
        ("at_most: 15", "at_mots: 15", 14, "Did you mean `at_most`"),
        ("recall: 4 weeks", "alpha: 1", 15, "less than 1"),
        ("recall: 4 weeks", "alpha: 0", 15, "greater than 0"),
        ("recall: 4 weeks", "sides: 3", 15, "1 or 2"),
        ("recall: 4 weeks", "alpha: 0.6\n  sides: 1", 15, "below 0.5 on each side"),
        ("recall: 4 weeks", "alpha: 1.0e-300", 15, "1e-12 or more"),
        ("recall: 4 weeks", "responder_share: 1", 15, "less than 1"),
        ("recall: 4 weeks", "analysis: mmmr", 15, "Did you mean `mmrm`"),
        ("recall: 4 weeks", "analysis: crossover", 15, "mmrm, ancova, responder"),
        ("recall: 4 weeks", "period: 4 weeks", 15, "It belongs to `kind: crossover`"),
        ("recall: 4 weeks", "populations: 0", 15, "greater than or equal to 1"),
        ("[7, 10]", "[10, 7]", 16, "values that rise"),
        ("[4, 6]", "[0]", 16, "greater than or equal to 2"),
        ("[0.5, 1]", "[]", 17, "allowed: one or more"),
        ("[0.5, 1]", "[0.5, 0.9]", 17, "shares that rise to 1"),
        ("[0.5, 1]", "[0.5, 0.5, 1]", 17, "shares that rise to 1"),
        ("[0.5, 1]", "[0.5, 1.5]", 17, "less than or equal to 1"),
        ("[0.5, 1]", "[0.001, 1]", 17, "4 patients or more at the first look, not 1"),
        ("lan-demets-obf", "lan-demets", 17, "Did you mean `lan-demets-obf`"),
        ("futility_z: [0]", "futility_z: [0, 1]", 17, "1 values, one per look but the last"),
        ("per_visit: 0.05", "per_visit: 1", 18, "less than 1"),
        ("log_odds_pain: 0.4", "log_odds_pain: .nan", 18, "finite number"),
        ("probability: 0.2", "probability: 2", 19, "less than or equal to 1"),
        ("at_least: 12, ", "", 19, "`trial.rescue.at_least` is missing"),
        ("adherence: 0.9", "adherence: 0", 20, "greater than 0"),
        ("rescue: composite", "rescue: composit", 21, "Did you mean `composite`"),
        ("rescue: composite", "rescu: composite", 21, "Did you mean `rescue`"),
        ("replicates: 50", "replicats: 50", 22, "Did you mean `replicates`"),
    ],
)  # fmt: skip
def test_one_mistake_one_complaint_on_its_line(old: str, new: str, line: int, part: str) -> None:
    found = complaints(changed(old, new))
    assert len(found) == 1, found
    assert found[0].startswith(f"line {line}:"), found
    assert part in found[0], found


@pytest.mark.parametrize(
    ("kind", "visits", "part"),
    [
        ("crossover", "[4 weeks, 10 weeks]", "`trial.period` is missing"),
        ("crossover\n  period: 8 weeks", "[8 weeks, 15 weeks]", "two periods and a washout within"),
        ("crossover\n  period: 4 weeks", "[4 weeks, 12 weeks]", "after 28 up to 56"),
        ("crossover\n  period: 4 weeks", "[2 weeks, 4 weeks]", "visits in both periods"),
        ("enriched-withdrawal", "[8 weeks]", "`trial.lead_in` is missing"),
        ("enriched-withdrawal\n  lead_in: 8 weeks", "[8 weeks]", "later than day 56"),
        ("parallel\n  washout: 2 weeks", "[8 weeks]", "nothing for `parallel`"),
    ],
)
def test_lengths_go_with_their_kind(kind: str, visits: str, part: str) -> None:
    text = changed("kind: parallel", f"kind: {kind}")
    found = complaints(text.replace("[4 weeks, 8 weeks, 16 weeks]", visits))
    assert len(found) == 1, found
    assert part in found[0], found


@pytest.mark.parametrize(
    ("old", "new", "part"),
    [
        ("role: sham", "role: untreated", "`trial.arms` is active, sham; allowed: sham or control"),
        ("role: sham", "role: sham, knows: untreated", "allowed: sham or control"),
        ("role: sham", "role: sham, knows: open", "`trial.arms.sham.knows` is open; allowed: the"),
        ("role: active", "role: active, knows: open", "knows` is missing; allowed: the same in"),
        ("role: sham", "role: sham, background: exercise", "background` is exercise; allowed: the"),
    ],
)
@pytest.mark.parametrize("kind", ["crossover", "n-of-1"])
def test_who_has_both_treatments_knows_one_thing(kind: str, old: str, new: str, part: str) -> None:
    of_kind = changed("kind: parallel", f"kind: {kind}").replace(
        "[4 weeks, 8 weeks, 16 weeks]", FOUR
    )
    of_kind = of_kind.replace(LOOKS, "")
    if kind == "n-of-1":
        of_kind = of_kind.replace("n: 60", "n: 1")
    else:
        of_kind = of_kind.replace("kind: crossover", "kind: crossover\n  period: 4 weeks")
    assert designed(parse_study(of_kind)).kind == kind
    (found,) = complaints(of_kind.replace(old, new))
    assert part in found
    both = of_kind.replace("role: active", "role: active, background: exercise, knows: open")
    both = both.replace("role: sham", "role: sham, background: exercise, knows: open")
    assert {a.regimen.background for a in designed(parse_study(both)).arms} == {"exercise"}


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ([("n: 60", "n: 1")], "`trial.looks` is given; allowed: none for `n-of-1`"),
        (
            [("n: 60", "n: 1"), (LOOKS, ""), (FOUR, str([f"{k} weeks" for k in range(1, 13)]))],
            "12 periods; allowed: an even number of periods, 4 to 10",
        ),
    ],
)
def test_an_n_of_1_trial_is_not_too_much(changes: list[tuple[str, str]], part: str) -> None:
    text = changed("kind: parallel", "kind: n-of-1").replace("[4 weeks, 8 weeks, 16 weeks]", FOUR)
    for old, new in changes:
        text = text.replace(old, new)
    (found,) = complaints(text)
    assert part in found


def test_rescue_needs_a_rating() -> None:
    text = changed("condition: migraine", "condition: rheumatoid-arthritis")
    (found,) = complaints(text.replace("migraine_days", "acr20") + "  analysis: responder\n")
    assert found.startswith("line 19: `trial.rescue` is with `acr20`")


@pytest.mark.parametrize(
    ("arms", "analysis", "said"),
    [
        ("drug: {role: control, n: 9}, on: {role: active, n: 9}, s: {role: sham, n: 9}", "mmrm",
         "on against s"),
        ("on: {role: active, n: 9}, drug: {role: control, n: 9}", "ancova", "on against drug"),
        ("on: {role: active, n: 9}, s: {role: sham, n: 9}", "change-within", "on"),
    ],
)  # fmt: skip
def test_the_estimand_names_what_is_compared(arms: str, analysis: str, said: str) -> None:
    text = GOOD.replace("    active: {role: active, n: 60}\n    sham: {role: sham, n: 60}\n", "")
    text = text.replace("  arms:\n", f"  arms: {{{arms}}}\n")
    text = text.replace("block_sizes: [4, 6]", "").replace("[7, 10], ", "[7, 10]")
    plan = designed(parse_study(text + f"  analysis: {analysis}\n"))
    assert plan.estimand.treatment == said


def test_kinds_of_one_patient_or_two_sequences() -> None:
    text = changed("kind: parallel", "kind: n-of-1")
    found = complaints(text.replace("[4 weeks, 8 weeks, 16 weeks]", "[4 weeks, 8 weeks]"))
    assert any("two treatments with `n: 1` each" in e for e in found)
    assert any("2 periods; allowed: an even number of periods, 4 to 10" in e for e in found)
    three = changed("kind: parallel", "kind: crossover\n  period: 4 weeks")
    three = three.replace("    sham:", "    drug: {role: control, n: 9}\n    sham:")
    three = three.replace("[4 weeks, 8 weeks, 16 weeks]", "[4 weeks, 8 weeks]")
    assert any("two sequences" in e for e in complaints(three.replace("block_sizes: [4, 6]", "")))


def test_a_binary_endpoint_needs_a_responder_analysis() -> None:
    text = changed("condition: migraine", "condition: rheumatoid-arthritis")
    text = text.replace("migraine_days", "acr20").replace("  rescue: {", "  # rescue: {")
    (found,) = complaints(text)
    assert "Write `analysis: responder`" in found
    plan = designed(parse_study(text + "  analysis: responder\n"))
    assert "shares that respond" in plan.estimand.summary
    assert plan.estimand.strategies["stopping treatment"] == "composite"


def test_what_only_the_design_knows() -> None:
    """Bounds that cross and blocks that do not hold the arms show once the design is built."""
    with pytest.raises(InputError, match=r"strata\.block_sizes.* arms in the ratio 1:1"):
        designed(parse_study(changed("[4, 6]", "[4, 5]")))
    with pytest.raises(InputError, match="cannot stop for both"):
        designed(parse_study(changed("futility_z: [0]", "futility_z: [3.5]")))


@pytest.mark.parametrize("name", ["trial-migraine", "trial-ra-sequential"])
def test_examples_are_designs(name: str) -> None:
    plan = designed(load_study(EXAMPLES / f"{name}.yaml"))
    assert plan.patients() == 240
    assert len(plan.visits_d) == 3
    if name == "trial-ra-sequential":
        boundaries = plan_of(plan)
        assert boundaries is not None
        assert boundaries.efficacy_z == pytest.approx([2.963, 2.359, 2.014], abs=6e-4)


def test_the_section_knows_the_words_of_the_trial() -> None:
    """Names are written twice, as files may be read without the simulator: they are the same."""
    assert get_args(study_trial.TrialKind) == get_args(trial_design.Kind)
    assert get_args(study_trial.TrialRole) == get_args(trial_design.Role)
    assert get_args(study_trial.TrialAnalysis) == get_args(trial_design.Analysis)
    assert get_args(study_trial.StrategyName) == get_args(estimand.Strategy)
    assert study_trial.ANALYSES == trial_design.ANALYSES
    assert study_trial.MOST_PAIRS == trial_design.MOST_PAIRS
    assert study_trial.LEAST_ALPHA == trial_design.LEAST_ALPHA
    efficacy = study_trial.TrialLooks.model_fields["efficacy"].annotation
    assert get_args(efficacy) == get_args(spending.Efficacy)


DEFS = study_schema()["$defs"]
PARTS = {
    (): "Trial", ("entry",): "TrialEntry", ("strata",): "TrialStrata", ("looks",): "TrialLooks",
    ("drop_out",): "TrialDropOut", ("rescue",): "TrialRescue", ("estimand",): "TrialEstimand",
}  # fmt: skip
FIELDS = [(*keys, f) for keys, name in PARTS.items() for f in DEFS[name]["properties"]]
FIELDS += [("arms", "active", f) for f in study_trial.TrialArm.model_fields]
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 10**12), st.floats(), st.text(max_size=8),
    st.builds("{} {}".format, st.integers(-3, 300), st.sampled_from(["d", "weeks", "h", "mA"])),
    st.sampled_from(["parallel", "crossover", "n-of-1", "nrs", "open", "pocock", "composite"]),
)  # fmt: skip
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=4,
)


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(FIELDS), values), min_size=1, max_size=4))
def test_whatever_is_written_is_a_design_or_one_clear_error(
    changes: list[tuple[tuple[str, ...], Any]],
) -> None:
    trial: dict[str, Any] = {
        "endpoint": "migraine_days",
        "visits": ["4 weeks", "8 weeks"],
        "arms": {"active": {"role": "active", "n": 9}, "sham": {"role": "sham", "n": 9}},
    }
    for keys, value in changes:
        place = trial
        for key in keys[:-1]:
            below = place.get(key)
            place[key] = below if isinstance(below, dict) else {}
            place = place[key]
        place[keys[-1]] = value
    study = {
        "device": "gammacore", "patient": {"condition": "migraine"}, "recruitment": "prior",
        "stimulation": {"current": "30 mA", "sessions_per_day": 3, "duration": "12 weeks"},
        "trial": trial,
    }  # fmt: skip
    try:
        found = [designed(parse_study(json.dumps(study))).title]
    except InputErrors as error:
        found = [e for e in error.errors if e.startswith(("line 1: ", "not valid YAML"))]
    except InputError as error:  # what only blocks and boundaries themselves show
        found = [error.field] if error.field.startswith(("strata", "looks")) else []
    assert found
