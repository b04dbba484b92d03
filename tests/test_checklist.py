"""The reporting checklist: nothing is made up, every part is named, defaults say what they are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from vagus.checklist import Checklist, Item, tvns_checklist
from vagus.checklist.known import RESOLVED
from vagus.cli import app
from vagus.data import read_table
from vagus.errors import InputError, InputErrors
from vagus.protocol.device import device, device_keys
from vagus.study import load_study, parse_study
from vagus.study_model import Reporting

EXAMPLES = Path(__file__).parents[1] / "examples"
ROWS = read_table("reporting/tvns_items.csv")
FIELDS = tuple(Reporting.model_fields)
SKIN = [key for key in device_keys() if device(key).route == "transcutaneous"]
PLAN = """
device: {device}
stimulation: {{{settings}}}
recruitment: prior
patient: {{condition: fibromyalgia}}
trial:
{kind}  endpoint: nrs
  arms: {{active: {{role: active, n: 20{knows}}}, {other}}}
  visits: [{visit}]
  entry: {{at_least: 4}}
"""
NEMOS = "current: 1 mA, pulse_width: 250 us, frequency: 25 Hz, on_time: 30 s, off_time: 30 s"


def checklist(reporting: dict[str, object] | None = None, **changed: str) -> Checklist:
    """Of a study of the ear, four weeks long unless said."""
    words = {
        "device": "nemos", "settings": f"{NEMOS}, duration: 4 weeks", "visit": "4 weeks",
        "other": "sham: {role: sham, n: 20}", "kind": "", "knows": "",
    } | changed  # fmt: skip
    text = PLAN.format(**words) + f"reporting: {json.dumps(reporting or {})}\n"
    return tvns_checklist(parse_study(text))


def item(found: Checklist, item_id: str) -> Item:
    return next(i for i in (*found.items, *found.additions) if i.id == item_id)


def parts(row: dict[str, str]) -> list[list[str]]:
    return [[*spec.strip().split("|"), "", ""][:4] for spec in row["parts"].split(";")]


def test_the_table_is_that_of_the_reference() -> None:
    """29 items and the project's own; every required field is a part, by its name or finer."""
    found = checklist()
    assert [i.id for i in found.items] == [f"R{n:02d}" for n in range(1, 30)]
    assert [i.id for i in found.additions] == ["R30"]
    split = {"design.blinding", "subject.criteria", "subject.age", "stim.on_s", "stim.off_s"}
    for row in ROWS:
        wanted = {field.strip() for field in row["required_field"].split(";")}
        assert wanted - {key for key, *_ in parts(row)} <= split, row["item_id"]


def test_every_field_of_the_section_and_every_resolver_is_used() -> None:
    used = [part for row in ROWS for part in parts(row)]
    assert {field for _, _, field, _ in used if field} == set(FIELDS)
    assert set(RESOLVED) <= {key for key, *_ in used}


def test_what_the_study_says_is_filled_with_its_origin() -> None:
    found = checklist()
    assert item(found, "R16").value == "1 mA, amplitude of the first phase"
    assert item(found, "R16").source == "study file"
    assert item(found, "R19").value == "30 s on, 30 s off"
    assert "28 days" in item(found, "R11").value
    assert "at least 4" in item(found, "R24").value


def test_what_only_the_device_says_is_told_apart() -> None:
    """NEMOS: 25 Hz and 30 s on, 30 s off are in its table; so is where it sits."""
    usual = checklist(settings="current: 1 mA, pulse_width: 250 us, duration: 4 weeks")
    for name, value in (("R18", "25 Hz"), ("R19", "30 s on, 30 s off")):
        assert item(usual, name).status == "from the device"
        assert item(usual, name).value == value
        assert "Farmer 2021" in item(usual, name).source
        assert item(usual, name).mark == "seen"
        assert item(checklist(), name).status == "given"
    assert item(usual, "R14").status == "part"  # the skin's preparation is missing
    assert "cymba conchae" in item(usual, "R14").value
    assert "marketed" in item(usual, "R02").value
    assert item(usual, "R02").mark == "recalled"


def test_what_the_simulation_assumes_is_missing() -> None:
    """The waveform of Nurosym is assumed; its duration, where none is given, too."""
    settings = "current: 1 mA, pulse_width: 200 us, frequency: 20 Hz"
    text = f"device: nurosym\nstimulation: {{{settings}}}\nrecruitment: prior\n"
    found = tvns_checklist(parse_study(text))
    assert item(found, "R22").status == "missing"
    assert "the simulation assumes: square, biphasic" in item(found, "R22").missing
    assert found.kind == "acute"
    assert "which is assumed" in found.rule


def test_design_and_blinding_are_what_the_file_says() -> None:
    """Kind, allocation and knowledge of the simulation's own are named as such."""
    found = checklist()
    assert item(found, "R03").value == "arms: active (20), sham (20)"
    assert "assumes: parallel, randomised" in item(found, "R03").missing
    assert item(found, "R04").status == item(found, "R05").status == "missing"
    assert "assumes: active blinded, sham blinded" in item(found, "R05").missing
    said = checklist(
        kind="  kind: parallel\n", knows=", knows: open", other="usual: {role: untreated, n: 20}"
    )
    assert item(said, "R03").value == "parallel: active (20), usual (20)"
    assert item(said, "R03").missing == "study design (the simulation assumes: randomised)"
    assert item(said, "R04").value == "between subjects"
    assert item(said, "R05").status == "part"
    assert item(said, "R05").value == "blinding of subjects: active open"
    assert "assumes: usual untreated" in item(said, "R05").missing
    words = {"design": "randomised, parallel", "blinding_of_subjects": "blinded"}
    told = checklist(dict(words))
    assert (item(told, "R03").value, item(told, "R03").status) == (words["design"], "given")


def test_times_that_are_not_in_the_file_are_missing() -> None:
    """gammaCore has no on- and off-time; of gating and cycle both are told."""
    neck = checklist(device="gammacore", settings="current: 30 mA, duration: 4 weeks")
    assert item(neck, "R19").status == "missing"
    assert "assumes: on throughout each session" in item(neck, "R19").missing
    gate = "respiratory_gating: {breathing_rate: 15/min, expiration_share: 0.5}"
    gated = item(checklist(settings=f"{NEMOS}, duration: 4 weeks, {gate}"), "R19")
    assert gated.value.startswith("in expiration only, the last 50 % of each breath")
    assert gated.value.endswith("within 30 s on, 30 s off")


def test_a_long_trial_with_a_sham_is_told_to_report_it() -> None:
    for name in ("R09", "R10"):
        found = item(checklist({"sham": "ear lobe"}), name)
        assert found.status == "not applicable"
        assert "this trial has a sham: report both" in found.value
        usual = checklist(other="usual: {role: untreated, n: 20}")
        assert "report both" not in item(usual, name).value


def test_items_of_the_other_column_do_not_apply() -> None:
    """Acute and long-term items swap; the rest is the same."""
    long_term = checklist()
    acute = checklist(settings=f"{NEMOS}, duration: 1 day", visit="1 day")
    for row in ROWS:
        a, b = item(acute, row["item_id"]), item(long_term, row["item_id"])
        if row["phase"] == "acute":
            assert b.status == "not applicable"
            assert b.value.startswith("for acute stimulation")
            assert a.status != "not applicable"
        if row["phase"] == "long_term":
            assert a.status == "not applicable"
            assert b.status != "not applicable"
    assert (acute.kind, long_term.kind) == ("acute", "long-term")


@pytest.mark.parametrize("key", SKIN)
@pytest.mark.parametrize("days", ["1 day", "4 weeks"])
def test_a_section_filled_in_full_leaves_nothing_missing(key: str, days: str) -> None:
    """But for what only the settings can say, where the device's own are not known."""
    settings = f"{NEMOS}, duration: {days}, waveform: biphasic, session: 1 h, sessions_per_day: 2"
    every: dict[str, object] = dict.fromkeys(FIELDS, "said")
    every["control_mode"] = "constant current"
    found = checklist(every, device=key, settings=settings, visit=days)
    counts = found.counts()
    assert counts["missing"] == counts["part"] == 0, [i for i in found.items if i.missing]
    assert sum(counts.values()) == 29


@pytest.mark.parametrize("field", FIELDS)
def test_one_field_left_out_is_named_and_changes_its_items_only(field: str) -> None:
    """Neither statuses nor values of other items move, but for the voltage's own condition."""
    every: dict[str, object] = dict.fromkeys(FIELDS, "said")
    every["control_mode"] = "constant voltage"
    without = {k: v for k, v in every.items() if k != field}
    full, found = checklist(every), checklist(without)
    for row in ROWS:
        before, after = item(full, row["item_id"]), item(found, row["item_id"])
        asked = [label for _, label, name, _ in parts(row) if name == field]
        if not asked:
            assert before == after
        elif after.status != "not applicable":
            assert after != before
            filled = after.value != before.value and asked[0] not in after.missing
            assert filled or any(label in after.missing for label in asked)


def test_an_empty_text_is_missing() -> None:
    nothing: dict[str, object] = dict.fromkeys(FIELDS, "  ") | {"control_mode": ""}
    for empty in (nothing, dict.fromkeys(FIELDS, ""), dict.fromkeys(FIELDS)):
        assert checklist(dict(empty)) == checklist()


def test_sham_items_do_not_apply_without_a_sham() -> None:
    settings = f"{NEMOS}, duration: 1 day"
    compared = checklist(settings=settings, visit="1 day")
    assert item(compared, "R10").status == "missing"
    usual = checklist(settings=settings, visit="1 day", other="usual: {role: untreated, n: 20}")
    assert item(usual, "R09").status == item(usual, "R10").status == "not applicable"
    assert item(usual, "R10").value == "no sham arm"


def test_voltage_is_asked_for_where_it_is_controlled() -> None:
    assert "needed if" in item(checklist(), "R23").missing
    assert item(checklist({"control_mode": "constant current"}), "R23").status == "not applicable"
    controlled = {"control_mode": "constant voltage"}
    assert item(checklist(controlled), "R23").missing == "voltage"
    assert item(checklist(controlled | {"voltage": "12 V"}), "R23").value == "12 V"


def test_the_ear_is_asked_about_where_it_is_stimulated() -> None:
    neck = checklist(device="gammacore", settings="current: 30 mA, duration: 4 weeks")
    assert item(neck, "R28").status == "not applicable"
    assert item(neck, "R17").value == "100 us per half-wave of the sine"
    assert item(neck, "R17").status == "from the device"
    assert item(checklist(), "R28").status == "missing"


@pytest.mark.parametrize("key", [k for k in device_keys() if k not in SKIN])
def test_other_routes_are_refused(key: str) -> None:
    settings = "current: 1 mA, pulse_width: 250 us, frequency: 20 Hz"
    nerve = "nerve: human-cervical-sub57"
    if device(key).route == "percutaneous":
        nerve = "recruitment: prior"
    study = parse_study(f"device: {key}\nstimulation: {{{settings}}}\n{nerve}\n")
    with pytest.raises(InputError, match="through the skin") as raised:
        tvns_checklist(study)
    assert raised.value.field == "device"


def test_texts_may_be_numbers_and_lists_but_no_other_names() -> None:
    found = checklist({"mean_age": 47.5, "inclusion_criteria": ["adults", "pain of 4"]})
    assert "47.5" in item(found, "R25").value
    assert "adults; pain of 4" in item(found, "R24").value
    with pytest.raises(InputErrors, match="Did you mean `skin_preparation`"):
        checklist({"skin_preperation": "wipe"})
    with pytest.raises(InputErrors, match="constant current"):
        checklist({"control_mode": "current"})


def test_the_command_and_its_page(tmp_path: Path) -> None:
    study = str(EXAMPLES / "ear-fibromyalgia.yaml")
    run = CliRunner()
    first = run.invoke(app, ["report", "--tvns-checklist", study, "--out", str(tmp_path), "--json"])
    assert first.exit_code == 0
    told = json.loads(first.stdout)
    found = tvns_checklist(load_study(study))
    assert told["counts"] == found.counts()
    assert [i["id"] for i in told["items"]] == [i.id for i in found.items]
    page = tmp_path / "checklist.html"
    text = page.read_text(encoding="utf-8")
    for one in (*found.items, *found.additions):
        assert f">{one.id}<" in text
    assert found.count_sentence() in text.replace("&#39;", "'")
    shown = run.invoke(app, ["report", "--tvns-checklist", study, "--out", str(tmp_path)])
    assert shown.exit_code == 0
    assert page.read_text(encoding="utf-8") == text  # equal studies, equal pages
    assert found.count_sentence() in shown.stdout


def test_bad_use_of_the_command() -> None:
    run = CliRunner()
    plain = run.invoke(app, ["report"])
    assert plain.exit_code == 0
    assert "--tvns-checklist" in plain.stdout
    implant = str(EXAMPLES / "quick.yaml")
    refused = run.invoke(app, ["report", "--tvns-checklist", implant, "--json"])
    assert refused.exit_code == 2
    assert json.loads(refused.stdout)["error"]["field"] == "device"
    assert run.invoke(app, ["report", "--out", "somewhere"]).exit_code == 2
