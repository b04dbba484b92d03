"""One fibre beside a point source: every row that NEURON computed, and what cannot be asked."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vagus.errors import InputError
from vagus.fibre.models import DX_UM, MODELS, positions_um
from vagus.fibre.point_source import fibre_at_point_source, point_source_threshold
from vagus.fibre.timegrid import time_grid
from vagus.protocol.waveform import Waveform, biphasic, monophasic, sine_burst

Row = dict[str, str]
DATA = Path(__file__).resolve().parents[1] / "data"
NAMES = {"MRG_INTERPOLATION": "mrg-interpolation", "MRG_DISCRETE": "mrg-discrete"}
MYELINATED = ("mrg-interpolation", "mrg-discrete", "pena", "sweeney")
WAVEFORMS: dict[str, Waveform] = {
    "mono100us": monophasic(100),
    "biphasic300us_per_phase": biphasic(300),
    "burst5kHz_1ms": sine_burst(5000, 5),
}


def model_of(row: Row) -> str:
    return NAMES.get(row["model"], row["model"].lower())


def name_of(row: Row) -> str:
    parts = (row["diameter_um"], row["distance_um"], row["waveform"], f"dt {row['dt_ms']}")
    return " ".join((model_of(row), *parts))


with (DATA / "reference_thresholds.csv").open(encoding="utf-8", newline="") as _file:
    ROWS = list(csv.DictReader(_file))
MYELINATED_ROWS = [row for row in ROWS if model_of(row) in MYELINATED]
C_FIBRE_ROWS = [row for row in ROWS if model_of(row) not in MYELINATED]
QUICK = [
    row for row in C_FIBRE_ROWS
    if row["waveform"] == "mono100us" and row["distance_um"] == "250.0"
    and (model_of(row), row["diameter_um"]) in {("sundt", "1.0"), ("rattay", "1.0")}
]  # fmt: skip


def solve(row: Row, tolerance: float, dtype: Any = np.float64) -> tuple[float, float]:
    fibre = fibre_at_point_source(
        model_of(row), float(row["diameter_um"]), float(row["distance_um"]),
        float(row["sigma_S_per_m"]), nodes=int(row["n_nodes"]),
    )  # fmt: skip
    found = point_source_threshold(
        fibre, WAVEFORMS[row["waveform"]], scheme="neuron", dt_ms=float(row["dt_ms"]),
        tolerance=tolerance, tstop_ms=float(row["tstop_ms"]), dtype=dtype,
    )  # fmt: skip
    return float(found.lower_mA[0]), float(found.upper_mA[0])


def test_the_table_is_whole() -> None:
    assert len(MYELINATED_ROWS) == 130
    assert len(C_FIBRE_ROWS) == 66
    assert {model_of(row) for row in ROWS} == set(MODELS)
    assert len(QUICK) == 2


@pytest.mark.parametrize("row", MYELINATED_ROWS, ids=name_of)
def test_myelinated_thresholds_are_neurons(row: Row) -> None:
    lower, upper = solve(row, 1e-4)
    assert upper == pytest.approx(float(row["threshold_mA"]), rel=2e-4)
    # NEURON's conductances come from finite differences: three rows lie 0.006 to 0.010 % above its
    # bracket, as does the earlier study's independent program, which agrees with ours
    overlap(row, lower, upper, 1.2e-4)
    if row["independent_threshold_mA"]:
        assert upper == pytest.approx(float(row["independent_threshold_mA"]), rel=1.2e-4)


def overlap(row: Row, lower_mA: float, upper_mA: float, slack: float) -> None:
    """NEURON's bracket and ours have a current in common, within ``slack``."""
    assert abs(upper_mA) >= abs(float(row["lower_bound_mA"])) * (1 - slack)
    assert abs(lower_mA) <= abs(float(row["threshold_mA"])) * (1 + slack)


def check_c_fibre(row: Row) -> None:
    """NEURON searched to 0.1 % only: our threshold, found to 0.005 %, must lie in its bracket,
    which 0.02 % may widen."""
    _, upper = solve(row, 5e-5)
    assert abs(upper) >= abs(float(row["lower_bound_mA"])) * (1 - 2e-4)
    assert abs(upper) <= abs(float(row["threshold_mA"])) * (1 + 2e-4)


@pytest.mark.parametrize("row", QUICK, ids=name_of)
def test_c_fibre_thresholds_are_neurons(row: Row) -> None:
    check_c_fibre(row)


# At 430 mA the burst acts on the cut ends, and the fibre fires from 428.53 to 428.7 mA and again
# from 429.4 mA: both searches are right. NEURON's bracket must hold, and ours is the lower window.
TWO_WINDOWS = next(
    r for r in C_FIBRE_ROWS
    if (model_of(r), r["distance_um"], r["waveform"]) == ("schild97", "1000.0", "burst5kHz_1ms")
)  # fmt: skip


@pytest.mark.slow
def test_a_row_with_two_windows() -> None:
    fibre = fibre_at_point_source("schild97", 1.0, 1000.0, nodes=601)
    grid = time_grid("neuron", WAVEFORMS["burst5kHz_1ms"], 15.0, 0.005, 1.0)
    lower, upper = (float(TWO_WINDOWS[k]) for k in ("lower_bound_mA", "threshold_mA"))
    current = np.array([428.5, -428.55, 428.6, 0.9998 * lower, lower, 1.0002 * upper])
    fired = fibre.simulate(grid, np.zeros(6, np.int64), -np.abs(current), np.float64).fired
    assert fired.tolist() == [False, True, True, False, False, True]


@pytest.mark.slow
@pytest.mark.parametrize("row", [r for r in C_FIBRE_ROWS if r is not TWO_WINDOWS], ids=name_of)
def test_all_c_fibre_thresholds_are_neurons(row: Row) -> None:
    check_c_fibre(row)


def test_single_precision_stays_within_two_in_ten_thousand() -> None:
    for row in MYELINATED_ROWS[::12]:
        _, upper = solve(row, 1e-4, np.float32)
        assert upper == pytest.approx(float(row["threshold_mA"]), rel=3e-4)


# --- building the fibre -------------------------------------------------------------------------
@pytest.mark.parametrize("model", MODELS)
def test_the_source_sits_over_the_middle(model: str) -> None:
    diameter = {"mrg-discrete": 10.0, "sweeney": 10.0, "mrg-interpolation": 8.7, "pena": 3.0}
    fibre = fibre_at_point_source(model, diameter.get(model, 1.0), 400.0, 0.5, nodes=41)
    ve = fibre.ve_mV_per_mA[0]
    assert ve.max() == pytest.approx(1e6 / (4 * np.pi * 0.5 * 400.0), rel=1e-12)
    assert ve.argmax() == len(ve) // 2
    np.testing.assert_allclose(ve, ve[::-1], rtol=1e-9)


def test_lengths_become_an_odd_number_of_compartments() -> None:
    fibre = fibre_at_point_source("sundt", 1.0, 250.0, length_um=5008.133)
    assert fibre.ve_mV_per_mA.shape == (1, 601)
    shorter = fibre_at_point_source("sundt", 1.0, 250.0, length_um=600 * DX_UM)
    assert shorter.ve_mV_per_mA.shape[1] % 2 == 1
    myelinated = fibre_at_point_source("mrg-interpolation", 10.0, 250.0, length_um=30000.0)
    assert np.ptp(positions_um("mrg-interpolation", [10.0], myelinated.n_nodes)) < 30000.0  # type: ignore[arg-type, union-attr]


def test_anodic_thresholds_are_positive_and_higher() -> None:
    fibre = fibre_at_point_source("mrg-interpolation", 10.0, 500.0, nodes=21)
    cathodic = point_source_threshold(fibre, monophasic(100))
    anodic = point_source_threshold(fibre, monophasic(100), cathodic=False)
    assert cathodic.upper_mA[0] < 0 < anodic.upper_mA[0]
    assert anodic.upper_mA[0] > 2 * abs(cathodic.upper_mA[0])


# --- bad input ----------------------------------------------------------------------------------
@pytest.mark.parametrize("bad", [0.0, -500.0, np.nan, np.inf])
@pytest.mark.parametrize("field", ["diameter", "distance", "conductivity"])
def test_quantities_must_be_positive(field: str, bad: float) -> None:
    values = {"diameter": 10.0, "distance": 500.0, "conductivity": 1.0, field: bad}
    with pytest.raises(InputError, match=f"`{field}` is .*; allowed: > 0"):
        fibre_at_point_source("mrg-interpolation", *values.values())


def test_what_else_cannot_be_asked() -> None:
    with pytest.raises(InputError, match=r"`model` is mrg-interpolaton.*Did you mean mrg-interpol"):
        fibre_at_point_source("mrg-interpolaton", 10.0, 500.0)
    with pytest.raises(InputError, match="2 to 16 um"):
        fibre_at_point_source("mrg-interpolation", 17.0, 500.0)
    with pytest.raises(InputError, match="nodes"):
        fibre_at_point_source("mrg-interpolation", 10.0, 500.0, nodes=3)
    with pytest.raises(InputError, match="not beside `nodes`"):
        fibre_at_point_source("sundt", 1.0, 500.0, nodes=601, length_um=5000.0)
    for length_um in (0.0, -5.0, np.nan, np.inf):
        with pytest.raises(InputError, match="length"):
            fibre_at_point_source("sundt", 1.0, 500.0, length_um=length_um)
    fibre = fibre_at_point_source("mrg-interpolation", 10.0, 500.0, nodes=21)
    with pytest.raises(InputError, match="tstop"):
        point_source_threshold(fibre, monophasic(100), tstop_ms=1.05)
    with pytest.raises(InputError, match="`dt`"):
        point_source_threshold(fibre, monophasic(100), scheme="neuron", dt_ms=0.0)
