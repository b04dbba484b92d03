"""Endotoxin rows of `vagus validate`: complete, honest about whose fit they are, failures kept."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from vagus.body.integrate import Segments, integrate
from vagus.body.organs import endotoxin_2021
from vagus.data import read_table
from vagus.validation import endotoxin
from vagus.validation.comparison import Observation, Simulated, verdict

ROWS = {row["id"]: row for row in read_table("body/observations_endotoxin.csv")}
SIMULATED = {c.observation: c for c in endotoxin.COMPARISONS}

FAILED = {
    # another dose: the published model is a switch between 1 and 2 ng/kg
    "w2023-0.6ng-tnf", "w2023-0.6ng-il6", "w2023-0.6ng-il8",
    "w2023-0.5ng-tnf", "w2023-0.5ng-il6", "w2023-0.5ng-il8", "bn2021-0.6ng-hr",
    # another way of giving it: the bolus parameters do not predict the infusion
    "w2023-bolus-set-infused-il8", "w2023-bolus-set-infused-il10",
    # misfits of the authors
    "bn2021-janum-il10-extremum", "bn2021-ppt-recovery",
    # other groups
    "bn2021-hijma-ppt-2ng", "bn2021-dillingh-temperature",
}  # fmt: skip
CLOSE = {"bn2021-copeland-bp-r2", "bn2021-janum-hr-time"}
"""Rows that lie on the edge of their band: 0.9045 for 0.905, 4.5 h for 4.5 h."""


def observation(row: dict[str, str]) -> Observation:
    value, low, high = (float(row[c]) for c in ("value", "low", "high"))
    null = float(row["null"]) if row["null"] else None
    words = (row[c] for c in ("band", "role", "mark", "source", "note"))
    study, quantity, unit = row["study"], row["quantity"], row["unit"]
    return Observation(
        row["id"], "endotoxin", study, quantity, unit, value, low, high, null, *words
    )


@cache
def simulated(name: str) -> Simulated:
    return SIMULATED[name].simulate(16, 1)


def test_every_row_is_simulated_once() -> None:
    assert len(endotoxin.COMPARISONS) == len(SIMULATED)
    assert set(SIMULATED) == set(ROWS)
    assert len(ROWS) == 67


@pytest.mark.parametrize("name", ROWS)
def test_verdict(name: str) -> None:
    """Point estimates: verdicts do not depend on draws; all failures are known and explained."""
    found = observation(ROWS[name])
    assert found.low <= found.value <= found.high
    if name not in CLOSE:
        assert (verdict(found, simulated(name)) == "failed") == (name in FAILED)


def test_what_the_authors_fitted_is_calibrate_and_the_rest_is_not() -> None:
    for name, row in ROWS.items():
        fitted = "fitted by its authors to these data" in row["note"]
        assert (row["role"] == "calibrate") == fitted, name


def test_draws_and_seed_change_nothing() -> None:
    for name in ("w2023-bolus-tnf-peak", "bn2021-janum-hr-extremum"):
        assert SIMULATED[name].simulate(200, 7) == simulated(name)


# Extremes and their hours as an earlier run of the original equations printed them.
EXTREMES = {
    "janum": {
        "TNF": ("394", 1.73), "IL6": ("832", 2.11), "IL8": ("789", 2.12), "IL10": ("37", 2.67),
        "T": ("38.87", 3.6), "HR": ("90.2", 4.5),
    },
    "copeland": {
        "TNF": ("257", 1.72), "IL6": ("791", 2.07), "IL8": ("248", 2.12), "T": ("38.24", 3.6),
        "HR": ("92.6", 2.9), "BP": ("135", 1.1),
    },
}  # fmt: skip


@pytest.mark.parametrize("name", EXTREMES)
def test_2021_reproduces_the_extremes_of_the_original_code(name: str) -> None:
    course = endotoxin.course(2021, name, 2.0)
    for quantity, (printed, hour) in EXTREMES[name].items():
        y = course[quantity][0]
        last_digit = 10.0 ** -len(printed.partition(".")[2])
        assert y.max() == pytest.approx(float(printed), abs=0.6 * last_digit), quantity
        assert endotoxin.COURSE_H[y.argmax()] == pytest.approx(hour, abs=0.06), quantity
    if name == "janum":
        least = course["PPT"][0]
        assert least.min() == pytest.approx(617, abs=0.5)
        assert endotoxin.COURSE_H[least.argmin()] == pytest.approx(2.0, abs=0.06)


def test_one_row_of_pressure_is_not_reproduced_exactly() -> None:
    """130.8 mmHg at 2.0 h with r2 0.44 was found with the original code; here 130.3 at 2.1, 0.59.
    The switch at 100 mmHg, whose form is not known, cannot explain it: pressure never gets there.
    """
    y = endotoxin.course(2021, "janum", 2.0)["BP"][0]
    assert y.max() == pytest.approx(130.8, abs=0.6)
    assert y[endotoxin.COURSE_H <= 9].min() > 110


def test_heart_rate_of_copeland_needs_the_slip_of_units() -> None:
    """With volumes filled per second r2 of heart rate falls from 0.99 to below zero."""
    draws = endotoxin_2021.published("copeland").having(filling=1.0)
    times, means = endotoxin.measured("copeland-2005", "HR")
    segments = Segments(np.array([0.0, 9.0]) * 3600, {})
    right = integrate(endotoxin.system(2021), draws, segments, times * 3600)["HR"][0]
    assert endotoxin.determination(right, means) < 0


def test_2023_is_a_switch_in_dose() -> None:
    """TNF peaks: 34 pg/mL at 1 ng/kg, 366 at 2, 413 at 4."""
    peaks = [endotoxin.course(2023, "bolus", dose)["TNF"].max() for dose in (0.6, 1.0, 2.0, 4.0)]
    assert peaks == pytest.approx([20.4, 33.7, 365.7, 413.0], rel=0.01)


def test_r2_of_lines() -> None:
    """On y = a + b x with noise-free data both have closed forms."""
    data = np.array([1.0, 2.0, 3.0, 6.0])
    assert endotoxin.determination(data, data) == 1
    assert endotoxin.squared_correlation(5 - 2 * data, data) == pytest.approx(1)
    assert endotoxin.determination(np.full(4, data.mean()), data) == pytest.approx(0)
    shift, scatter = 1.5, ((data - data.mean()) ** 2).sum()
    shifted = endotoxin.determination(data + shift, data)
    assert shifted == pytest.approx(1 - 4 * shift**2 / scatter)


def test_shifted_and_infused_groups_start_from_the_same_rest() -> None:
    for cytokine in endotoxin.CYTOKINES:
        one = endotoxin.measured("janum-2016-shifted", cytokine)[1][0]
        two = endotoxin.measured("continuous-4h", cytokine)[1][0]
        assert one == pytest.approx(two, rel=1e-5)


def test_padded_points_are_halves_and_marked() -> None:
    rows = read_table("body/lps_timecourses.csv")
    padded = [r for r in rows if r["note"].startswith("padded")]
    assert len(padded) == 13
    mean = {(r["study"], r["quantity"], float(r["time_h"])): float(r["mean"]) for r in rows}
    for row in padded:
        key, hour = (row["study"], row["quantity"]), float(row["time_h"])
        before = max(t for s, q, t in mean if (s, q) == key and t < hour)
        assert mean[*key, hour] == pytest.approx(mean[*key, before] / 2, rel=1e-4)
