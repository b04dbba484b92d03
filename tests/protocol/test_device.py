"""Devices: the tables agree with their source, unknown stays unknown, checks find faults."""

from __future__ import annotations

import re

import pytest

from vagus.data import read_table
from vagus.errors import InputError
from vagus.protocol.device import device, device_keys
from vagus.protocol.protocol import Protocol, check_against_device, check_setting
from vagus.protocol.schedule import continuous
from vagus.protocol.waveform import biphasic, monophasic

FACTOR = {
    ("us", "us"): 1,
    ("mA", "mA"): 1,
    ("Hz", "Hz"): 1,
    ("s", "s"): 1,
    ("s", "min"): 60,
    ("s", "h"): 3600,
    ("day", "1"): 1,
    ("cycles", "1"): 1,
}


def test_every_device_of_the_table_has_a_key() -> None:
    ids = {r["device_id"] for r in read_table("devices/devices.csv")}
    assert ids == {r["device_id"] for r in read_table("devices/keys.csv")}
    for key in device_keys():
        assert device(key).facts


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("LivaNova", "livanova-vns-therapy"),
        ("vns_therapy", "livanova-vns-therapy"),
        ("parasym", "nurosym"),
        ("EAD", "penfs"),
        ("ib-stim", "ib-stim"),
        ("gammaCore Sapphire", "gammacore"),
    ],
)
def test_other_names(name: str, key: str) -> None:
    assert device(name).key == key


def test_unknown_device_names_the_nearest() -> None:
    with pytest.raises(InputError, match="Did you mean `gammacore`"):
        device("gamacore")


def test_settings_repeat_the_numbers_of_their_facts() -> None:
    """Each number in settings.csv is in the row of devices.csv that it cites, units converted."""
    compared = 0
    for key in device_keys():
        which = device(key)
        facts = {f.parameter: f for f in which.facts}
        for row in (r for r in read_table("devices/settings.csv") if r["key"] == key):
            fact = facts[row["parameter"]]
            factor = FACTOR.get((row["quantity"].rpartition("_")[2], fact.unit))
            pairs = [("minimum", fact.minimum), ("maximum", fact.maximum), ("value", fact.typical)]
            for column, stated in pairs:
                if row[column] and stated is not None and factor is not None:
                    if row["role"] == "variant" or row["quantity"] == "sessions_per_day":
                        continue
                    assert float(row[column]) == pytest.approx(stated * factor), (key, row)
                    compared += 1
    assert compared >= 20


def test_pulse_widths_and_rates_are_the_sets_of_the_manual() -> None:
    livanova = device("livanova-vns-therapy")
    for quantity, parameter in (
        ("pulse_width_us", "pulse_width_set"),
        ("frequency_Hz", "frequency_set"),
        ("on_time_s", "on_time_set"),
    ):
        text = next(f.text for f in livanova.facts if f.parameter == parameter)
        numbers = re.match(r"[\d,. ]+", text)
        assert numbers is not None
        listed = [float(x) for x in numbers[0].split(",")]
        limit = livanova.limits(quantity)[0]
        assert [first for first, _, _ in limit.values] == listed
        assert limit.mark == "recalled"


def test_not_found_is_shown_as_unknown() -> None:
    spacing = next(
        f for f in device("gammacore").facts if f.parameter == "electrode_diameter_spacing"
    )
    assert str(spacing) == "unknown"
    assert device("gammacore").electrode().contact_area_cm2 is None
    assert device("pulsetto").electrode().contact_area_cm2 is None


def test_contact_area_follows_from_the_geometry() -> None:
    """0.775 mm wide, 338.5 degrees of a circle of 0.99 mm: the derived row's own arithmetic."""
    import math

    area = 0.775 * math.radians(338.5) * 0.99 / 100
    assert device("livanova").electrode().contact_area_cm2 == pytest.approx(area, abs=5e-5)
    wide = device("livanova").electrode("helical lead 3 mm")
    assert wide.contact_area_cm2 == pytest.approx(0.775 * math.radians(346.5) * 1.5 / 100, abs=5e-5)
    with pytest.raises(InputError, match="helical lead 2 mm"):
        device("livanova").electrode("helical lead 2mm")


@pytest.mark.parametrize(
    ("key", "quantity", "value", "level", "mark"),
    [
        ("livanova", "current_mA", 3.75, "error", "seen"),
        ("livanova", "current_mA", 1.6, "warning", "seen"),
        ("livanova", "current_mA", 1.625, "warning", "recalled"),
        ("livanova", "current_mA", 2.625, "warning", "seen"),
        ("livanova", "pulse_width_us", 100.0, "error", "recalled"),
        ("livanova", "pulse_width_us", 300.0, "warning", "recalled"),
        ("livanova", "off_time_s", 400.0, "warning", "recalled"),
        ("gammacore", "current_mA", 61.0, "error", "seen"),
        ("gammacore", "frequency_Hz", 20.0, "warning", "seen"),
        ("nemos", "pulse_width_us", 500.0, "error", "seen"),
        ("nurosym", "current_mA", 1.0, "unknown", "not_found"),
        ("pulsetto", "frequency_Hz", 20.0, "unknown", "not_found"),
    ],
)
def test_findings(key: str, quantity: str, value: float, level: str, mark: str) -> None:
    (finding,) = check_setting(device(key), quantity, value)
    assert (finding.level, finding.mark) == (level, mark)
    assert ("[limit recalled]" in str(finding)) == (mark == "recalled")


@pytest.mark.parametrize(
    ("quantity", "value"),
    [
        ("current_mA", 1.75),
        ("pulse_width_us", 250.0),
        ("frequency_Hz", 20.0),
        ("off_time_s", 300.0),
        ("off_time_s", 66.0),
        ("off_time_s", 5400.0),
        ("on_time_s", 30.0),
    ],
)
def test_usual_settings_pass(quantity: str, value: float) -> None:
    assert check_setting(device("livanova"), quantity, value) == []


def test_a_protocol_is_checked_whole() -> None:
    livanova = device("livanova")
    wrong = Protocol(
        livanova,
        biphasic(100.0),
        4.0,
        50.0,
        continuous(60.0),
        livanova.electrode(),
        settings={"pulse_width_us": 100.0},
    )
    findings = check_against_device(wrong)
    assert [f.field for f in findings if f.level == "error"] == [
        "current",
        "frequency",
        "pulse_width",
    ]


def test_protocol_summary_and_bad_protocols() -> None:
    livanova = device("livanova")
    good = Protocol(livanova, biphasic(250.0), 1.5, 20.0, continuous(60.0), livanova.electrode())
    rows = {what: value for what, value, _ in good.summary()}
    assert rows["current"] == "1.5 mA"
    assert rows["charge per phase"] == "0.375 uC"
    assert rows["contact area"] == "0.0453 cm2"
    for current, rate, field in (
        (-1.5, 20.0, "current_mA"),
        (1.5, 0.0, "frequency_Hz"),
        (float("nan"), 20.0, "current_mA"),
        (1.5, 4000.0, "2000 Hz"),
    ):
        with pytest.raises(InputError, match=field):
            Protocol(
                livanova, biphasic(250.0), current, rate, continuous(1.0), livanova.electrode()
            )
    unbalanced = Protocol(
        livanova, monophasic(250.0), 1.5, 20.0, continuous(60.0), livanova.electrode()
    )
    assert any("NOT balanced" in note for _, _, note in unbalanced.summary())
