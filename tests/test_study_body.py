"""What a study file says of patient and body: recruitment, links, parameters, endotoxin."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vagus.data import read_table
from vagus.errors import InputError, InputErrors
from vagus.pipeline import recruit
from vagus.protocol.device import device, device_keys
from vagus.study import Study, parse_study, study_schema
from vagus.study_checks import prior_of

GOOD = """\
device: gammacore
stimulation:
  current: 30 mA
  session: 2 min
  sessions_per_day: 3
  duration: 4 weeks
recruitment: prior
patient: {condition: migraine}
body:
  draws: 50
  follow_up: 2 weeks
  links: {mood: off, link_expectation: on}
  parameters: {pairing: 0.5}
  lps: {dose: 2 ng/kg, at: 1 h, infusion: 4 h}
"""


def changed(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new)


def complaints(text: str) -> list[str]:
    with pytest.raises(InputErrors) as caught:
        parse_study(text)
    return list(caught.value.errors)


def test_the_body_reads_as_written() -> None:
    study = parse_study(GOOD)
    body = study.body
    assert (study.recruitment, study.prior) == ("prior", "cervical")
    assert (body.draws, body.follow_up_s) == (50, 14 * 86400.0)
    assert study.horizon_s == 42 * 86400.0
    assert body.links == {"route_mood": False, "link_expectation": True}
    assert body.parameters == {"pairing": 0.5}
    assert body.lps is not None
    assert (body.lps.dose_ng_per_kg, body.lps.at_s, body.lps.infusion_s) == (2.0, 3600.0, 14400.0)


def test_what_is_left_out_has_defaults() -> None:
    head = GOOD[: GOOD.index("body:")]
    body = parse_study(head).body
    assert (body.draws, body.follow_up_s, body.links, body.parameters) == (200, 0.0, {}, {})
    assert body.lps is None
    bolus = parse_study(changed("{dose: 2 ng/kg, at: 1 h, infusion: 4 h}", "{dose: 0.6 ng/kg}"))
    assert bolus.body.lps is not None
    assert (bolus.body.lps.at_s, bolus.body.lps.infusion_s) == (0.0, 60.0)


@pytest.mark.parametrize(
    ("old", "new", "line", "part"),
    [
        ("migraine", "migrane", 8, "Did you mean `migraine`"),
        ("migraine", "housemaid's knee", 8, "rheumatoid-arthritis"),
        ("recruitment: prior", "recruitment: priors", 7, "Did you mean `prior`"),
        ("recruitment: prior\n", "", 1, "Or write `recruitment: prior`: gammacore has no cuff"),
        ("30 mA", "61 mA", 3, "up to 60 mA"),
        ("  session: 2 min", "  frequency: -25 Hz\n  session: 2 min", 4, "above 0 Hz"),
        ("session: 2 min", "session: 9 h", 4, "up to 28800 s with 3 sessions a day"),
        ("sessions_per_day: 3", "sessions_per_day: 31", 5, "up to 30"),
        ("draws: 50", "draws: 0", 10, "greater than or equal to 1"),
        ("draws: 50", "draws: 2.5", 10, "valid integer"),
        ("draws: 50", "drws: 50", 10, "Did you mean `draws`"),
        ("draws: 50", "draws: 50\n  draws: 60", 11, "duplicate key"),
        ("2 weeks", "-2 weeks", 11, "at least 0 s"),
        ("mood: off", "mod: off", 12, "Did you mean `mood`"),
        ("mood: off", "mood: off, mood: on", 12, "duplicate key"),
        ("mood: off", "mood: sometimes", 12, "on or off"),
        ("mood: off", "link_mood_pian: off", 12, "Did you mean `link_mood_pain`"),
        ("{mood: off, link_expectation: on}", "[mood]", 12, "valid dictionary"),
        ("pairing: 0.5", "pairin: 0.5", 13, "Did you mean `pairing`"),
        ("pairing: 0.5", "u_A: 5 Hz", 13, "not a parameter"),
        ("pairing: 0.5", "route_mood: 0", 13, "not a parameter"),
        ("pairing: 0.5", "pairing: -0.5", 13, "0 or above"),
        ("pairing: 0.5", "pairing: 0.5 pg/mL", 13, "`pg/mL` is pg/mL; this is 1"),
        ("pairing: 0.5", "pairing: often", 13, "Write a number"),
        ("pairing: 0.5", "pairing: true", 13, "a number without unit"),
        ("pairing: 0.5", "pairing: 1e999", 13, "Write a number"),
        ("2 ng/kg", "-2 ng/kg", 14, "above 0 ng/kg"),
        ("2 ng/kg", "5 ng/kg", 14, "up to 4 ng/kg"),
        ("2 ng/kg", "2 ug/kg", 14, "its unit, ng/kg"),
        ("2 ng/kg", "2", 14, "its unit, ng/kg"),
        ("dose: 2 ng/kg, ", "", 14, "`body.lps.dose` is missing"),
        ("at: 1 h", "at: 7 weeks", 14, "Give it earlier"),
        ("infusion: 4 h", "infusion: 0 h", 14, "above 0 s"),
    ],
)
def test_one_mistake_one_complaint_on_its_line(old: str, new: str, line: int, part: str) -> None:
    found = complaints(changed(old, new))
    assert len(found) == 1, found
    assert found[0].startswith(f"line {line}:"), found
    assert part in found[0], found


def with_parameter(text: str) -> Study:
    return parse_study(changed("pairing: 0.5", text))


def clock() -> tuple[str, float]:
    """A parameter of the body that is a rate per day, and its default."""
    from vagus.body.full import full_body

    found = (
        (s, float(q.default))
        for s, q in full_body().quantities.items()
        if q.kind == "parameter" and q.unit == "1/d" and float(q.default) > 0
    )
    return next(found)


@given(st.floats(1e-6, 1e6))
def test_times_of_a_parameter_may_have_any_unit(value: float) -> None:
    name, _ = clock()
    daily = with_parameter(f"{name}: {value!r} 1/d").body.parameters[name]
    assert daily == value
    hourly = with_parameter(f"{name}: {value / 24!r} /h").body.parameters[name]
    assert hourly == pytest.approx(value, rel=1e-12)


def test_a_parameter_with_a_unit_needs_it() -> None:
    name, default = clock()
    (found,) = complaints(changed("pairing: 0.5", f"{name}: {default}"))
    assert f"It has no unit: write `{default} 1/d`" in found
    (found,) = complaints(changed("pairing: 0.5", f"{name}: {default} mmHg"))
    assert "`mmHg` is mmHg; this is 1/s" in found
    (found,) = complaints(changed("pairing: 0.5", f"{name}: -{default} 1/d"))
    assert "not negative" in found


def test_every_link_of_the_table_can_be_switched() -> None:
    symbols = [row["symbol"] for row in read_table("body/links.csv")]
    for symbol in symbols:
        for written, on in (("off", False), ("on", True), ("false", False), ("true", True)):
            study = parse_study(changed("mood: off, link_expectation: on", f"{symbol}: {written}"))
            assert study.body.links[symbol] is on


@pytest.mark.parametrize("key", device_keys())
def test_every_device_is_implanted_or_has_a_prior(key: str) -> None:
    which = device(key)
    assert (prior_of(which) is None) == (which.route == "implanted")


def test_an_implanted_device_has_no_prior() -> None:
    """One complaint, on its line; with a nerve in place of the prior the study is good."""
    text = changed("gammacore", "setpoint").replace("30 mA", "1.5 mA")
    (found,) = complaints(text)
    assert found.startswith("line 7: `recruitment` is prior; allowed: `computed` for an implanted")
    computed = parse_study(text.replace("recruitment: prior", "nerve: human-cervical-sub57"))
    assert (computed.recruitment, computed.prior) == ("computed", None)


def test_recruit_says_what_a_study_without_nerve_or_cuff_needs() -> None:
    with pytest.raises(InputError, match="`vagus run` needs no nerve"):
        recruit(parse_study(GOOD))
    text = changed("recruitment: prior", "nerve: human-cervical-sub57\nfibres: {count: 20}")
    with pytest.raises(InputError, match=r"field\.cuff.*write `recruitment: prior`"):
        recruit(parse_study(text))


def test_the_schema_knows_the_body() -> None:
    schema: dict[str, Any] = study_schema()["$defs"]
    assert set(schema["Lps"]["required"]) == {"dose"}
    assert schema["Lps"]["properties"]["dose"]["examples"] == ["2 ng/kg"]
    assert schema["Body"]["properties"]["links"]["type"] == "object"
