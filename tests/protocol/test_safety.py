"""Electrical safety against the derived rows of ``safety_limits.csv`` and hand arithmetic."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vagus.data import read_table
from vagus.protocol.device import device, device_keys
from vagus.protocol.protocol import Protocol
from vagus.protocol.safety import (
    SafetyLine,
    charge_density_uC_per_cm2,
    charge_per_phase_uC,
    current_at_shannon_k_mA,
    direct_current_uA,
    rms_current_mA,
    safety_findings,
    safety_lines,
    shannon_k,
)
from vagus.protocol.schedule import continuous, duty_cycle
from vagus.protocol.waveform import Waveform, biphasic, monophasic, pseudo_monophasic, sine_burst


def protocol(
    key: str = "livanova-vns-therapy",
    waveform: Waveform | None = None,
    current_mA: float = 1.5,
    frequency_Hz: float = 20.0,
) -> Protocol:
    which = device(key)
    shape = pseudo_monophasic(250.0, 5000.0) if waveform is None else waveform
    schedule = duty_cycle(30.0, 300.0, 3300.0)
    return Protocol(which, shape, current_mA, frequency_Hz, schedule, which.electrode())


def line(lines: list[SafetyLine], start: str) -> SafetyLine:
    return next(found for found in lines if found.quantity.startswith(start))


LN_ROWS = [r for r in read_table("devices/safety_limits.csv") if r["limit_id"].startswith("LN-k")]


@pytest.mark.parametrize("row", LN_ROWS, ids=lambda r: r["limit_id"])
def test_currents_at_shannon_limits(row: dict[str, str]) -> None:
    """The published-geometry currents at k = 1.85 and 1.5 for each pulse width of the lead."""
    area = device("livanova").electrode().contact_area_cm2
    assert area == 0.0453
    width = float(row["limit_id"].removeprefix("LN-k"))
    for k, text in zip((1.85, 1.5), row["value"].split(" / "), strict=True):
        current = current_at_shannon_k_mA(k, area, width)
        assert current == pytest.approx(float(text), abs=0.006)  # two decimals in the table
        at_limit = protocol(waveform=biphasic(width), current_mA=current)
        assert shannon_k(charge_per_phase_uC(at_limit), area) == pytest.approx(k)


def test_gammacore_rms_row() -> None:
    row = next(r for r in read_table("devices/safety_limits.csv") if r["limit_id"] == "GC-rms")
    burst = protocol("gammacore", sine_burst(5000.0, 5), 60.0, 25.0)
    assert rms_current_mA(burst) == pytest.approx(float(row["value"]), abs=0.05)
    density = line(safety_lines(burst), "r.m.s. current density")
    assert density.verdict == "unknown"
    assert "3.4 cm2" in density.note


def test_livanova_by_hand() -> None:
    """1.5 mA x 250 us = 0.375 uC; over 0.0453 cm2 8.28 uC/cm2; k = log10(0.375 x 8.278)."""
    p = protocol()
    assert charge_per_phase_uC(p) == pytest.approx(0.375)
    assert charge_density_uC_per_cm2(p) == pytest.approx(0.375 / 0.0453)
    lines = safety_lines(p)
    for name in ("conservative", "intermediate", "lowest"):
        shannon = line(lines, f"Shannon k ({name}")
        assert shannon.value == pytest.approx(np.log10(0.375 * 0.375 / 0.0453))
        assert shannon.verdict == "within"
    assert line(lines, "net charge").value == 0
    assert not safety_findings(replace(p, schedule=continuous(60.0)))


@settings(deadline=None)
@given(st.floats(0.05, 5.0), st.floats(10.0, 1000.0), st.floats(1e-3, 1.0))
def test_shannon_limit_current_inverts_k(current: float, width: float, area: float) -> None:
    k = shannon_k(current * width * 1e-3, area)
    assert current_at_shannon_k_mA(k, area, width) == pytest.approx(current)


@pytest.mark.parametrize("key", [k for k in device_keys() if not k.startswith("livanova")])
def test_unknown_contact_area_is_never_within(key: str) -> None:
    lines = safety_lines(protocol(key, biphasic(200.0)))
    for name in ("charge density", "Shannon k (c", "Shannon k (i", "Shannon k (l"):
        assert line(lines, name).verdict == "unknown"
        assert line(lines, name).value is None
    assert any(f.level == "unknown" for f in safety_findings(protocol(key)))


def test_unbalanced_charge_warns_and_leaves_shannon() -> None:
    p = protocol(waveform=monophasic(250.0))
    lines = safety_lines(p)
    assert line(lines, "net charge").value == pytest.approx(0.375)
    assert direct_current_uA(p) == pytest.approx(0.375 * 20.0)  # uC x 1/s = uA
    assert line(lines, "Shannon").verdict == "not applicable"
    assert any(f.level == "warning" and "NOT balanced" in f.message for f in safety_findings(p))


def test_above_limits_is_said() -> None:
    loud = protocol(waveform=biphasic(1000.0), current_mA=3.5)
    lines = safety_lines(loud)
    assert line(lines, "Shannon k (lowest").verdict == "above"
    assert line(lines, "charge density").verdict == "above"
    assert (
        line(safety_lines(protocol(waveform=biphasic(100.0), frequency_Hz=60.0)), "Shannon").verdict
        == "not applicable"
    )


def test_chronic_limits_apply_to_chronic_use_only() -> None:
    p = protocol()
    assert line(safety_lines(p), "duty").verdict == "not applicable"
    months = replace(p, schedule=continuous(90 * 86_400.0), frequency_Hz=30.0)
    assert line(safety_lines(months), "duty").verdict == "above"


def test_energy_per_pulse_in_the_standard_load() -> None:
    """10 mA for 1 ms into 500 ohm is 0.05 mJ... times two phases of 1 ms: 0.1 mJ."""
    p = protocol("nurosym", biphasic(1000.0), 10.0)
    assert line(safety_lines(p), "energy").value == pytest.approx(0.1)
