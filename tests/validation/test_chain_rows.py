"""Pain in trials beside the whole chain: every row runs, rests on what was read, holds nothing out.

Also the drives of published studies, which rows of heart, immune system and chain share.
"""

from __future__ import annotations

import numpy as np
import pytest

from vagus.body.compiled import compile_model
from vagus.body.conditions import condition_keys
from vagus.body.drive import drive_from_recruitment, prior_keys, segments
from vagus.body.integrate import integrate
from vagus.body.published_drives import surface_drive
from vagus.data import read_table
from vagus.errors import InputError
from vagus.pipeline import recruit
from vagus.protocol.schedule import DAY_S
from vagus.study import parse_study
from vagus.validation import chain
from vagus.validation.chain import COMPARISONS, design, schedule
from vagus.validation.comparison import Observation, observations, verdict
from vagus.validation.study_drives import channels, cuff_rates, study

ROWS: dict[str, Observation] = {k: o for k, o in observations().items() if o.organ == "chain"}
DESIGNS = read_table("body/vns_trial_designs.csv")
HELD_OUT = ("premium ii", "act2", "act 2", "lommano", "reset", "baker", "estival", "liu 2024",
            "prott", "relax")  # fmt: skip
DRAWS, SEED = 12, 2


def test_trials_to_be_predicted_and_recalled_numbers_are_not_here() -> None:
    for name in ("observations_chain", "vns_trial_designs", "vns_study_drives"):
        text = " ".join(v for row in read_table(f"body/{name}.csv") for v in row.values()).lower()
        assert not any(word in text for word in HELD_OUT)
    assert {row.mark for row in ROWS.values()} <= {"seen", "derived"}


def test_trials_named_for_validation_stay_out_of_every_fit() -> None:
    for trial in ("premium", "event", "straube", "lai"):
        (row,) = [o for i, o in ROWS.items() if i.startswith(trial)]
        assert row.role == "validate"
    fitted = {
        identity
        for name in ("descending", "pain", "mood", "immune", "plasticity", "condition_values")
        for row in read_table(f"body/{name}.csv")
        for identity in row.get("fitted_to", "").split()
    }
    assert not fitted & ROWS.keys()


def test_rows_without_a_control_group_say_so() -> None:
    for identity, row in ROWS.items():
        assert ("no control group" in row.note) == identity.endswith("-arm")


@pytest.mark.parametrize("row", DESIGNS, ids=lambda row: row["design"])
def test_designs_can_be_given(row: dict[str, str]) -> None:
    assert row["condition"] in condition_keys()
    assert row["prior"] in prior_keys()
    plan = schedule(row)
    weeks = int(row["days"]) / 7
    if weeks >= 1:
        per_week = int(row["days_per_week"]) * int(row["per_day"])
        assert len(plan.edges_s) == pytest.approx(weeks * per_week, abs=per_week / 2)
    minutes = float(row["session_min"]) * len(plan.edges_s)
    assert plan.on_time_s() == pytest.approx(60 * minutes)
    assert plan.end_s <= int(row["days"]) * DAY_S + 1e-6
    # Trials of one kind are read off one run, so none may be followed up after its last day.
    assert 0 < float(row["read_d"]) <= int(row["days"])


def test_a_shorter_trial_is_the_beginning_of_a_longer_one() -> None:
    """EVENT, read off the run of PREMIUM, equals EVENT simulated alone."""
    row = design("event-2016")
    plan, horizon = schedule(row), float(row["read_d"]) * DAY_S
    drive = surface_drive(row["prior"], float(row["rate_Hz"]), plan, DRAWS, SEED)
    who = drive.apply(chain._patients(row["condition"], DRAWS, SEED))
    system = compile_model(chain.full_body())
    recall_d = float(row["recall_d"])
    begins = horizon - recall_d * DAY_S
    area = integrate(system, who, segments(plan, horizon), [begins, horizon])["pain_area"]
    alone = (area[:, 1] - area[:, 0]) / recall_d
    assert chain.stimulated("event-2016", DRAWS, SEED) == pytest.approx(alone, abs=2e-5)


def test_zhang_had_twelve_sessions() -> None:
    assert len(schedule(design("zhang-2021")).edges_s) == 12


def test_without_routes_there_is_no_difference() -> None:
    """The arms differ by what stimulation does, not by their schedules or draws."""
    row = design("muthulingam-2021")
    plan = schedule(row)
    off = dict.fromkeys(
        ("route_cytokines", "route_brainstem", "route_mood", "route_plasticity"), 0.0
    )
    system = compile_model(chain.full_body())
    who = chain._patients(row["condition"], DRAWS, SEED).having(**off)
    driven = surface_drive(row["prior"], 25.0, plan, DRAWS, SEED).apply(who)
    horizon = float(row["read_d"]) * DAY_S
    pain = integrate(system, driven, segments(plan, horizon), [horizon])["pain"][:, 0]
    without = chain.sham(row["condition"], float(row["read_d"]), 0.0, DRAWS, SEED)
    assert pain == pytest.approx(without, abs=2e-5)


def test_the_same_patients_are_in_both_arms() -> None:
    """Where the prior recruits no afferent of the ear, arms agree draw by draw."""
    row = design("shi-2021")
    drive = surface_drive(row["prior"], 25.0, schedule(row), DRAWS, SEED)
    none = drive.rate_Hz("u_E") == 0
    assert none.any()
    assert chain.difference("shi-2021", DRAWS, SEED)[none] == pytest.approx(0.0, abs=2e-5)


def test_an_unknown_design_or_study_is_named() -> None:
    with pytest.raises(InputError, match="premium-2019"):
        design("premium")
    with pytest.raises(InputError, match="kox-2015"):
        study("kox")
    with pytest.raises(InputError, match="implant_fractions"):
        cuff_rates(9.0, 20.0, 5, 0)


def test_a_mixture_of_devices_is_their_mean() -> None:
    rate, n = float(study("schiweck-2024")["rate_Hz"]), 40
    plan = schedule(design("aranow-2021"))
    ear = surface_drive("auricular", rate, plan, n, 3).rate_Hz("u_E")
    neck = surface_drive("cervical", rate, plan, n, 3).rate_Hz("u_S")
    cuff = cuff_rates(1.5, rate, n, 3)["u_S"]
    mixed = channels("schiweck-2024", n, 3)
    np.testing.assert_allclose(mixed["u_E"], ear / 3, rtol=1e-12)
    np.testing.assert_allclose(mixed["u_S"], (neck + cuff) / 3, rtol=1e-12)


def test_a_cuff_drives_as_its_table_says() -> None:
    """Median share x rate (B fibres follow 10 Hz); shares from 0 to 1, rising with current."""
    table = read_table("body/implant_fractions.csv")
    for row in table:
        levels = [float(v) for k, v in row.items() if k.startswith("q")]
        assert levels == sorted(levels)
        assert 0 <= levels[0] <= levels[-1] <= 1
        rates = cuff_rates(float(row["current_mA"]), 10.0, 4000, 0)[row["channel"]]
        assert np.median(rates) == pytest.approx(10 * float(row["q50"]), abs=0.15)
    low, high = cuff_rates(1.0, 10.0, 50, 0), cuff_rates(2.0, 10.0, 50, 0)
    assert all((low[channel] <= high[channel]).all() for channel in low)


@pytest.mark.slow
def test_the_shipped_shares_are_those_of_our_own_nerve() -> None:
    """Fewer fibres of the same nerve, solved anew, agree to within their sampling error."""
    text = """
device: setpoint
patient: {condition: rheumatoid-arthritis}
stimulation:
  {current: 1.5 mA, pulse_width: 250 us, frequency: 10 Hz, session: 1 min, sessions_per_day: 1,
   duration: 7 days}
nerve: human-cervical-sub57
fibres: {count: 600}
"""
    done = recruit(parse_study(text), report=False, workers=1)
    drive = drive_from_recruitment(done.recruitment, done.protocol, 2000, 0)
    for channel, tolerance in (("u_A", 0.1), ("u_B", 0.15), ("u_S", 0.25)):
        shipped = cuff_rates(1.5, 10.0, 2000, 0)[channel].mean() / 10
        assert drive.fraction(channel).mean() == pytest.approx(shipped, abs=tolerance)


@pytest.mark.slow
def test_verdicts_at_200_draws() -> None:
    found = {c.observation: verdict(ROWS[c.observation], c.simulate(200, 0)) for c in COMPARISONS}
    failed = {name for name, said in found.items() if said == "failed"}
    assert failed == {"shi-2021-pain", "straube-2015-1hz-minus-25hz"}
