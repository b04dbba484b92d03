"""Conduction velocities against NEURON's, and how they depend on diameter."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from vagus.errors import InputError
from vagus.fibre.conduction import conduction_velocity, interpolated_velocity
from vagus.fibre.models import MODELS

DATA = Path(__file__).resolve().parents[1] / "data"
with (DATA / "conduction_velocity.csv").open(encoding="utf-8", newline="") as _file:
    ROWS = [
        (row["model"].lower().replace("_", "-"), row)
        for row in csv.DictReader(_file)
        if row["model"].lower().replace("_", "-") in MODELS
    ]
MYELINATED = [(m, r) for m, r in ROWS if m.startswith("mrg") or m in ("pena", "sweeney")]
C_FIBRES = [(m, r) for m, r in ROWS if (m, r) not in MYELINATED]
QUICK_C = [(m, r) for m, r in C_FIBRES if (m, r["diameter_um"]) in {("sundt", "1.0")}]


def check(model: str, row: dict[str, str]) -> None:
    found = conduction_velocity(model, np.array([float(row["diameter_um"])]), float(row["dt_ms"]))
    assert found[0] == pytest.approx(float(row["cv_25_75_m_per_s"]), rel=0.01)


def test_the_table_is_whole() -> None:
    """All models but the two of Thio et al., which are not offered."""
    assert len(ROWS) == 36
    assert {m for m, _ in ROWS} == set(MODELS)


@pytest.mark.parametrize(("model", "row"), MYELINATED, ids=lambda x: str(x)[:16])
def test_myelinated_velocities_are_neurons(model: str, row: dict[str, str]) -> None:
    check(model, row)


@pytest.mark.parametrize(("model", "row"), QUICK_C)
def test_c_fibre_velocity_is_neurons(model: str, row: dict[str, str]) -> None:
    check(model, row)


@pytest.mark.slow
@pytest.mark.parametrize(("model", "row"), C_FIBRES, ids=lambda x: str(x)[:16])
def test_all_c_fibre_velocities_are_neurons(model: str, row: dict[str, str]) -> None:
    check(model, row)


@pytest.mark.parametrize("model", ["mrg-interpolation", "pena"])
def test_interpolated_velocities_hold_between_the_simulated(model: str) -> None:
    low, high = (5.7, 15.0) if model == "mrg-interpolation" else (1.2, 5.6)
    diameter = np.linspace(low, high, 40)
    curve = interpolated_velocity(model, diameter)
    assert (np.diff(curve) > 0).all()
    between = diameter[[4, 17, 33]]
    exact = conduction_velocity(model, between)
    # the number of lamellae of `pena` jumps by whole ones, and velocity with it
    np.testing.assert_allclose(curve[[4, 17, 33]], exact, rtol=0.01)


def test_no_fibres_no_velocities() -> None:
    assert interpolated_velocity("sundt", np.empty(0)).shape == (0,)


def test_bad_input() -> None:
    with pytest.raises(InputError, match="diameter"):
        conduction_velocity("mrg-interpolation", np.array([-1.0]))
    with pytest.raises(InputError, match="dt"):
        conduction_velocity("mrg-interpolation", np.array([10.0]), -0.001)
