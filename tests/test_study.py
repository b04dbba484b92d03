"""Study files: what is read, what is filled in, and every mistake with its line."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from vagus.errors import InputErrors
from vagus.protocol.device import device_keys
from vagus.study import load_study, parse_study, study_schema

EXAMPLES = Path(__file__).parents[1] / "examples"
GOOD = """\
device: livanova-vns-therapy
stimulation:
  current: 1.5 mA
  pulse_width: 250 us
  frequency: 20 Hz
  on_time: 30 s
  off_time: 5 min
  duration: 12 weeks
nerve: human-cervical-sub57
patient: {condition: rheumatoid-arthritis}
seed: 7
"""


AS_JSON = """\
{"device": "livanova-vns-therapy", "nerve": "human-cervical-sub57", "seed": 7,
 "stimulation": {"current": "1.5 mA", "pulse_width": "250 us", "frequency": "20 Hz"}}
"""


def with_line(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new)


def complaints(text: str, folder: Path = Path()) -> list[str]:
    with pytest.raises(InputErrors) as caught:
        parse_study(text, folder=folder)
    return list(caught.value.errors)


def only(text: str, folder: Path = Path()) -> str:
    (single,) = complaints(text, folder)
    return single


def test_the_study_of_the_design_reads_as_written() -> None:
    study = parse_study(GOOD)
    s = study.stimulation
    assert (s.current_mA, s.pulse_width_us, s.frequency_Hz) == (1.5, 250.0, 20.0)
    assert (s.on_time_s, s.off_time_s, s.duration_s) == (30.0, 300.0, 12 * 7 * 86400.0)
    assert study.device.key == "livanova-vns-therapy"
    assert study.nerve.name == "human-cervical-sub57"
    assert study.patient.condition == "rheumatoid-arthritis"
    assert study.seed == study.fibre_seed == 7
    assert study.findings() == []


def test_protocol_of_the_study() -> None:
    protocol = parse_study(GOOD).protocol()
    assert protocol.waveform.name == "pseudo-monophasic"
    assert protocol.waveform.is_balanced
    assert protocol.waveform.first_phase_us == pytest.approx(250.0)
    assert protocol.schedule.edges_s[1].tolist() == [330.0, 360.0]
    assert protocol.duration_s == 12 * 7 * 86400.0
    assert protocol.cathode == "cranial"
    assert len(protocol.schedule.pulse_times_s(20.0, 0.0, 330.0)) == 600


def test_defaults_say_where_they_come_from() -> None:
    added = {d.field: d for d in parse_study(GOOD).defaults}
    assert added["stimulation.waveform"].mark == "recalled"
    assert added["stimulation.recovery_tau"].mark == "assumed"
    short = GOOD.replace("  on_time: 30 s\n  off_time: 5 min\n  duration: 12 weeks\n", "")
    study = parse_study(short)
    added = {d.field: d for d in study.defaults}
    assert added["stimulation.on_time"].value == "30 s"
    assert added["stimulation.off_time"].mark == "seen"
    assert study.stimulation.off_time_s == 300.0
    assert study.stimulation.duration_s == 86400.0


@pytest.mark.parametrize("key", device_keys())
def test_every_device_makes_a_protocol(key: str) -> None:
    """Whatever a device lacks can be written; its own shape of pulse is used unless it is said."""
    missing = {
        "current": "0.5 mA",
        "frequency": "10 Hz",
        "sessions_per_day": "1",
        "session": "10 min",
        "pulse_width": "250 us",
        "carrier": "5 kHz",
        "cycles": "5",
    }
    text = f"device: {key}\nnerve: human-cervical-sub57\nstimulation:\n  duration: 2 days\n"
    for _ in range(4):
        try:
            study = parse_study(text)
            break
        except InputErrors as error:
            fields = [e.split("`")[1].removeprefix("stimulation.") for e in error.errors]
            if not all("is missing" in e for e in error.errors):
                raise
            text += "".join(f"  {f}: {missing[f]}\n" for f in dict.fromkeys(fields))
    protocol = study.protocol()
    assert protocol.schedule.on_time_s() > 0
    assert protocol.waveform.name == study.stimulation.waveform
    assert protocol.summary()


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")), ids=lambda p: p.stem)
def test_examples_load(path: Path) -> None:
    study = load_study(path)
    assert study.protocol().schedule.on_time_s() > 0
    assert not [f for f in study.findings() if f.level == "error"]


def test_examples_are_pinned() -> None:
    cuff = load_study(EXAMPLES / "livanova-cuff.yaml").protocol()
    rows = {what: value for what, value, _ in cuff.summary()}
    assert rows["charge per phase"] == "0.375 uC"
    ten = load_study(EXAMPLES / "ten-fascicles.yaml")
    assert ten.field.perineurium == ("3-percent", "human-fit")
    assert ten.protocol().waveform.edges_us.tolist() == [0.0, 250.0, 300.0, 550.0]


@settings(deadline=None)
@given(
    st.floats(0.01, 3.5).map(lambda x: round(x, 4)),
    st.sampled_from([("mA", 1.0), ("uA", 1e3), ("A", 1e-3), ("milliampere", 1.0)]),
)
def test_units_of_one_dimension_are_the_same_value(current: float, unit: tuple[str, float]) -> None:
    name, factor = unit
    written = f"{current * factor:.12g} {name}"
    study = parse_study(with_line("1.5 mA", written))
    assert study.stimulation.current_mA == pytest.approx(current)


def test_all_problems_at_once_each_with_its_line() -> None:
    bad = """\
device: livanova-vns-therapy
stimulation:
  current: 4 mA
  pulse_width: 250 Hz
  frequency: 20
  on_time: 30 s
  off_time: 5 m
  waveform: biphasicc
  ratio: -1
  current_: 1 mA
nerve: human-cervical-sub56
fibres: {count: 0, side: middle, models: {unmyelinated: sunt}}
field: {perineurium: [3-percent, 4-percent], potentials: nothere.npz}
solver: 7
sed: 3
"""
    found = complaints(bad)
    lines = [int(e.split(":")[0].removeprefix("line ")) for e in found]
    assert lines == [3, 4, 5, 7, 8, 9, 10, 11, 12, 12, 12, 13, 13, 14, 15]
    text = "\n".join(found)
    for part in (
        "`stimulation.current` is 4 mA; allowed: 0 to 3.5 mA",
        "`Hz` is a frequency (1 / [time]); this is a time ([time])",
        "It has no unit: write `20 Hz`",
        "`m` is a length",
        "Did you mean `biphasic`?",
        "Did you mean `current`?",
        "Did you mean `human-cervical-sub57`?",
        "Did you mean `sundt`?",
        "Did you mean `3-percent`?",
        "`field.potentials` is nothere.npz",
        "`solver` is 7; allowed: keys and values: scheme, tolerance, max_current, precision",
        "Did you mean `seed`?",
    ):
        assert part in text


@pytest.mark.parametrize(
    ("old", "new", "line", "part"),
    [
        ("livanova-vns-therapy", "livanova-vns", 1, "Did you mean `livanova-vns-therapy`"),
        ("1.5 mA", "-1.5 mA", 3, "Reverse the polarity with `cathode`"),
        ("1.5 mA", "'1,5 mA'", 3, "decimal point"),
        ("1.5 mA", "1.5 mAmp5re", 3, "not a unit that is known"),
        ("1.5 mA", "[1.5 mA]", 3, "an electric current"),
        ("1.5 mA", "true", 3, "an electric current"),
        ("1.5 mA", "nan mA", 3, "Write a number and its unit"),
        ("1.5 mA", "1e999 mA", 3, "at least 0 mA"),
        ("1.5 mA", "3.75 mA", 3, "0 to 3.5 mA"),
        ("1.5 mA", "", 3, "missing"),
        ("250 us", "0 us", 4, "above 0 us"),
        ("20 Hz", "20 ms", 5, "`ms` is a time"),
        ("20 Hz", "5 kHz", 5, "beyond|allowed"),
        ("off_time: 5 min", "gap: 1 us\n  ratio: 2", 8, "no `ratio` with the waveform"),
        ("off_time: 5 min", "carrier: 5 kHz", 7, "no `carrier` with the waveform"),
        ("off_time: 5 min", "sessions_per_day: 2", 2, "`stimulation.session` is missing"),
        ("off_time: 5 min", "electrode: helical", 7, "helical lead 2 mm, helical lead 3 mm"),
        ("off_time: 5 min", "cathode: left", 7, "cranial or caudal"),
        (
            "off_time: 5 min",
            "respiratory_gating: {breathing_rate: 15/min, expiration_share: 0.5, window: 3 s}",
            2,
            "up to the expiration of 2 s",
        ),
        ("seed: 7", "field: {cuff: livanova}", 11, "Did you mean `livanova-helical`"),
        ("seed: 7", "field: {perineurium: 4-percent}", 11, "Did you mean `3-percent`"),
        ("human-cervical-sub57", "{masks: b.png}", 9, "scale: 0.5 um"),
        ("human-cervical-sub57", "{masks: c.png, scale: 1 um}", 9, "Did you mean `b.png`"),
        ("human-cervical-sub57", "{masks: b.png, scale: 1 mA}", 9, "a length"),
        ("12 weeks", "12 weaks", 8, "not a unit"),
        ("human-cervical-sub57", "{polygons: a.json, masks: b.png}", 9, "one of"),
        ("human-cervical-sub57", "{}", 9, "one of"),
        ("human-cervical-sub57", "[a]", 9, "keys and values"),
        ("seed: 7", "seed: -1", 11, "greater than or equal to 0"),
        ("seed: 7", "seed: 1.5", 11, "valid integer"),
        ("seed: 7", "fibres: {alternative: kronsteiner}", 11, "Did you mean `kronsteiner-2024`"),
        ("seed: 7", "fibres: {alternative: light}", 11, "light-microscopy-100k"),
        ("seed: 7", "solver: {tolerance: 0}", 11, "greater than 0"),
        ("seed: 7", "solver: {scheme: neurons}", 11, "Did you mean `neuron`"),
        ("seed: 7", "device: gammacore", 11, "duplicate key"),
        ("seed: 7", "seed:\t7:8: 9", 11, "line 11"),
        ("seed: 7", "seed: [1", 12, "expected"),
    ],
)
def test_one_mistake_one_complaint_on_its_line(
    old: str, new: str, line: int, part: str, tmp_path: Path
) -> None:
    (tmp_path / "a.json").write_text("{}")
    (tmp_path / "b.png").write_text("")
    found = complaints(with_line(old, new), tmp_path)
    assert any(
        e.startswith(f"line {line}:") and any(p in e for p in part.split("|")) for e in found
    ), found
    assert len(found) == 1, found


def test_recalled_limits_warn_and_seen_limits_refuse() -> None:
    narrow = parse_study(with_line("250 us", "100 us"))
    (finding,) = narrow.findings()
    assert finding.level == "error"
    assert "[limit recalled]" in str(finding)
    assert "0 to 3.5 mA" in only(with_line("1.5 mA", "5 mA"))


def test_unbalanced_charge_is_a_warning() -> None:
    study = parse_study(with_line("off_time: 5 min", "off_time: 5 min\n  waveform: monophasic"))
    assert any("NOT balanced" in f.message for f in study.findings() if f.level == "warning")


def test_recovery_ends_where_the_next_pulse_begins() -> None:
    fast = parse_study(with_line("20 Hz", "30 Hz\n  recovery_tau: 50 ms")).protocol()
    assert fast.waveform.duration_us == pytest.approx(1e6 / 30)
    assert fast.waveform.is_balanced


def test_sessions_and_gating_shape_the_schedule() -> None:
    text = """\
device: ravans
stimulation:
  current: 5 mA
  session: 30 min
  sessions_per_day: 2
  duration: 3 days
  respiratory_gating: {breathing_rate: 15/min, expiration_share: 0.5, window: 1.5 s}
nerve: human-cervical-sub57
"""
    schedule = parse_study(text).protocol().schedule
    assert schedule.on_time_s() == pytest.approx(3 * 2 * 1800 * 1.5 / 4)
    assert np.diff(schedule.edges_s).max() == pytest.approx(1.5)
    assert not schedule.is_on(np.linspace(1800.0, 43_200.0, 999, endpoint=False)).any()


def test_files_are_relative_to_the_study(tmp_path: Path) -> None:
    (tmp_path / "section.json").write_text("{}")
    (tmp_path / "study.yaml").write_text(
        with_line("human-cervical-sub57", "{polygons: section.json}")
    )
    study = load_study(tmp_path / "study.yaml")
    assert study.nerve.polygons == tmp_path / "section.json"
    (tmp_path / "study.yaml").write_text(
        with_line("human-cervical-sub57", "{polygons: sction.json}")
    )
    with pytest.raises(InputErrors, match=r"line 9.*Did you mean `section.json`"):
        load_study(tmp_path / "study.yaml")


def test_masks_are_one_image_or_two(tmp_path: Path) -> None:
    (tmp_path / "n.png").write_text("")
    (tmp_path / "f.png").write_text("")
    one = with_line("human-cervical-sub57", "{masks: n.png, scale: 0.5 um}")
    masks = parse_study(one, folder=tmp_path).nerve.masks
    assert masks is not None
    assert (masks.nerve, masks.fascicles) == (tmp_path / "n.png", None)
    both = "{masks: {nerve: n.png, fascicles: f.png}, scale: 500 nm}"
    nerve = parse_study(with_line("human-cervical-sub57", both), folder=tmp_path).nerve
    assert nerve.masks is not None
    assert nerve.masks.fascicles == tmp_path / "f.png"
    assert nerve.um_per_px == pytest.approx(0.5)


def test_cuff_of_the_device_unless_another_is_named() -> None:
    assert parse_study(GOOD).field.cuff == "livanova-helical"
    assert parse_study(GOOD + "field: {cuff: two-ring}").field.cuff == "two-ring"
    assert parse_study(GOOD + "field: {perineurium: measured}").field.perineurium == ("measured",)


def test_files_that_are_no_studies(tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text(GOOD)
    with pytest.raises(InputErrors, match=r"Did you mean `study.yaml`"):
        load_study(tmp_path / "stdy.yaml")
    with pytest.raises(InputErrors, match="cannot be read"):
        load_study(tmp_path)
    (tmp_path / "image.yaml").write_bytes(b"\x89PNG\xff\xfe\x00")
    with pytest.raises(InputErrors, match="cannot be read"):
        load_study(tmp_path / "image.yaml")
    assert "is empty" in only("")
    assert "a list" in only("- 1\n")
    assert "plain text" in only("livanova")


def test_without_a_device_its_defaults_are_not_missed() -> None:
    found = complaints(GOOD.replace("device: livanova-vns-therapy\n", ""))
    assert len(found) == 1
    assert "`device` is missing" in found[0]


FIELDS = [
    *[("stimulation", f) for f in study_schema()["$defs"]["Stimulation"]["properties"]],
    *[("field", f) for f in study_schema()["$defs"]["FieldSettings"]["properties"]],
    *[("fibres", f) for f in study_schema()["$defs"]["Fibres"]["properties"]],
    *[("solver", f) for f in study_schema()["$defs"]["SolverSettings"]["properties"]],
    *[("nerve", f) for f in study_schema()["$defs"]["NerveSource"]["properties"]],
    *[("body", f) for f in study_schema()["$defs"]["Body"]["properties"]],
    *[("body", "lps", f) for f in study_schema()["$defs"]["Lps"]["properties"]],
    *[(f,) for f in study_schema()["properties"]],
]
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 10**12),
    st.floats(),
    st.text(max_size=8),
    st.builds(
        "{} {}".format, st.floats(), st.sampled_from(["us", "mA", "Hz", "s", "h", "%", "dB"])
    ),
    st.sampled_from(
        ["burst", "biphasic", "monophasic", "15/min", "gammacore", "nemos", "measured"]
    ),
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=4,
)


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(FIELDS), values), min_size=1, max_size=5))
def test_whatever_is_written_is_a_study_or_one_clear_error(
    changes: list[tuple[tuple[str, ...], object]],
) -> None:
    study: dict[str, Any] = json.loads(AS_JSON)
    for keys, value in changes:
        place = study
        for key in keys[:-1]:
            place = place[key] if isinstance(place.get(key), dict) else place.setdefault(key, {})
            if not isinstance(place, dict):
                break
        if isinstance(place, dict):
            place[keys[-1]] = value
    try:
        found = parse_study(json.dumps(study)).protocol().summary()
    except InputErrors as error:
        found = [e for e in error.errors if e.startswith(("line 1: ", "not valid YAML"))]
    assert found


def test_a_study_is_frozen() -> None:
    study = parse_study(GOOD)
    with pytest.raises(FrozenInstanceError):
        study.seed = 8  # type: ignore[misc]
    with pytest.raises(ValidationError, match="frozen"):
        study.stimulation.current_mA = 2.0


def test_empty_keys_are_as_good_as_left_out() -> None:
    assert parse_study(GOOD + "fibres:\nfield:\n").fibres.side == "left"


def test_schema_names_the_fields_of_the_file() -> None:
    schema = study_schema()
    stimulation = schema["$defs"]["Stimulation"]["properties"]
    assert stimulation["current"]["examples"] == ["1.5 mA"]
    assert "current_mA" not in stimulation
    assert set(schema["required"]) == {"device", "stimulation"}  # a nerve where fibres are computed


def test_pint_is_imported_by_the_first_quantity_only() -> None:
    code = (
        "import sys, vagus.study; assert 'pint' not in sys.modules; "
        f"vagus.study.parse_study({GOOD!r}); assert 'pint' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_merge_of_itself_is_one_clear_error() -> None:
    with pytest.raises(InputErrors, match="Write the keys out"):
        parse_study("device: gammacore\nstimulation: &a {<<: *a}\n")
