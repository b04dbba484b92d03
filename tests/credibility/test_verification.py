"""Verification: every check holds, is measured anew, and fails when something is broken."""

from __future__ import annotations

import csv
import math
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vagus.body import simulate as simulate_module
from vagus.credibility import verify_body, verify_evidence, verify_field
from vagus.credibility.verification import MEASURES, Check, verify
from vagus.data import read_table
from vagus.errors import ConvergenceError, InputError
from vagus.evidence import pooled as pooled_module
from vagus.fibre.myelinated import MyelinatedFibres
from vagus.field.mesh2d import Mesh2D
from vagus.protocol.waveform import Waveform

TESTS = Path(__file__).parents[1]
ROWS = {row["key"]: row for row in read_table("credibility/verification.csv")}
SLOW = {
    "point-source", "current-conservation", "steps-default", "neuron-thresholds",
    "neuron-c-fibre-thresholds", "neuron-velocities", "radau", "roadrunner",
}  # fmt: skip
QUICK = [key for key in ROWS if key in MEASURES and key not in SLOW]


def one(key: str) -> Check:
    (found,) = verify(only=[key])
    return found


@pytest.mark.parametrize("key", QUICK)
def test_checks_hold(key: str) -> None:
    found = one(key)
    assert found.verdict == "passed", found
    assert found.how == "computed now"


@pytest.mark.slow
def test_every_check_holds_and_progress_is_told() -> None:
    told: list[tuple[str, int, int]] = []
    found = verify(lambda *step: told.append(step))
    assert [check.key for check in found] == list(ROWS)
    assert [check for check in found if check.passed is False] == []
    assert told[-1] == ("checks", len(ROWS), len(ROWS))
    assert len(told) == len(ROWS) + 1


# --- what is broken shows -----------------------------------------------------------------------
def test_a_wrong_tau2_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    right = pooled_module.estimate_tau2

    def wrong(*args: Any) -> Any:
        found = right(*args)
        return replace(found, tau2=found.tau2 * (1 + 1e-7))

    monkeypatch.setattr(pooled_module, "estimate_tau2", wrong)
    assert one("metafor-reml").verdict == "failed"
    assert one("metafor-fe").verdict == "passed"  # it has no tau2


def test_a_charge_off_by_a_millionth_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    right = Waveform.integral
    monkeypatch.setattr(Waveform, "integral", lambda self, t: right(self, t) * (1 + 1e-6))
    assert one("charge-closed-form").verdict == "failed"


def test_a_potential_off_by_ten_nanovolts_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    right = MyelinatedFibres.trace
    monkeypatch.setattr(MyelinatedFibres, "trace", lambda *args: right(*args) + 1e-5)
    found = one("neuron-traces")
    assert found.measured == pytest.approx(1e-5, rel=0.1)
    assert found.verdict == "failed"


def test_a_part_left_out_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    right = simulate_module.shapley
    monkeypatch.setattr(
        simulate_module, "shapley", lambda *args: {k: 0.999 * v for k, v in right(*args).items()}
    )
    assert one("parts-add-up").verdict == "failed"


def test_with_links_on_stimulation_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The check that all links off is sham would be empty if stimulation did nothing."""
    monkeypatch.setattr(verify_body, "ROUTES", {})
    monkeypatch.setattr(verify_body.Draws, "having", _but_links(verify_body.Draws.having))
    found = one("links-off")
    assert found.measured is not None
    assert found.measured > 10
    assert found.verdict == "failed"


def _but_links(right: Any) -> Any:
    def having(self: Any, **values: Any) -> Any:
        kept = {k: v for k, v in values.items() if k not in ("link_vagus_lc", "route_heart")}
        return right(self, **kept)

    return having


def test_a_computation_that_ends_in_an_error_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: Any) -> Any:
        raise ConvergenceError("no root")

    monkeypatch.setattr(verify_evidence, "pool", broken)
    found = one("metafor-dl")
    assert found.passed is False
    assert found.measured is not None
    assert math.isnan(found.measured)
    assert "no root" in found.note
    assert found.as_dict()["measured"] is None
    assert found.as_dict()["verdict"] == "failed"


def test_a_missing_program_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "roadrunner", None)
    found = one("roadrunner")
    assert (found.measured, found.passed, found.how) == (None, None, "not run here")
    assert found.high == 1e-6
    assert "not installed" in found.note
    assert "tests/body/test_exports.py" in found.source


# --- the table ----------------------------------------------------------------------------------
def test_what_is_not_run_is_listed() -> None:
    assert set(MEASURES) <= set(ROWS)
    assert set(ROWS) - set(MEASURES) == {"patch-electrode", "ngsolve", "pyfibers-live"}


def test_rows_are_whole() -> None:
    kinds = {"exact solution", "convergence order", "conservation", "agreement", "identity"}
    for key, row in ROWS.items():
        assert row["kind"] in kinds, key
        assert all(row[column] for column in ("part", "what", "against", "numbers", "test")), key
        assert (TESTS.parent / row["test"]).is_file(), row["test"]
        assert row["low"] or row["high"] or key == "ngsolve"


@pytest.mark.parametrize(
    ("key", "what"),
    [
        ("neuron-traces", "membrane potentials after every step"),
        ("neuron-thresholds", "130 MRG"),
        ("neuron-c-fibre-thresholds", "66 C-fibre"),
        ("neuron-velocities", "conduction velocities"),
        ("steps-default", "default scheme against vanishing steps"),
        ("steps-order", "order of the error in the potential"),
        ("point-source", "point source in an anisotropic"),
        ("patch-electrode", "patch electrode"),
        ("contact-reciprocity", "reciprocity of contacts"),
        ("current-conservation", "current through a tilted"),
        ("roadrunner", "final states, CVODE"),
    ],
)
def test_bounds_are_those_of_the_documentation(key: str, what: str) -> None:
    text = (TESTS.parent / "docs/validation.md").read_text(encoding="utf-8")
    (line,) = [line for line in text.splitlines() if line.startswith(f"| {what}")]
    bound = line.split("|")[2]
    assert float(ROWS[key]["high"]) in [float(x) for x in re.findall(r"\d[\d.]*(?:e-?\d+)?", bound)]
    assert ROWS[key]["test"].removeprefix("tests/") in line


def test_what_a_test_holds_is_said_where_it_is_something_else() -> None:
    said = one("type-i-error").source
    assert "tests/trial/test_trial_operating.py holds 3.3 standard errors" in said
    assert one("crps-normal").source.endswith("the same bound: tests/trial/test_trial_scores.py")


def test_contacts_of_the_reciprocity_check_are_no_mirror_images() -> None:
    """Symmetry alone would make the potentials of such equal."""
    wide, small = verify_field._unequal().contacts
    assert wide.arc_deg != small.arc_deg
    assert wide.width_um != small.width_um
    assert abs(wide.z_um) != abs(small.z_um)
    assert (wide.angle_deg - small.angle_deg) % 180 != 0


def test_a_field_that_is_not_reciprocal_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    right = verify_field.solve_field

    def skewed(*args: Any) -> Any:
        field = right(*args)
        skew = np.array([1.0, 1 + 1e-5])[:, None]
        return replace(field, potential_mV_per_mA=field.potential_mV_per_mA * skew)

    monkeypatch.setattr(verify_field, "solve_field", skewed)
    assert one("contact-reciprocity").verdict == "failed"


def test_smaller_quadratic_triangles_in_the_same_polygon_gain_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Why their order is 2: the straight edges of the round sheet hold the error where it is."""
    coarse, fine = (verify_field.cylinder_error(size, 2) for size in (0.2, 0.1))
    right = verify_field.triangulate
    monkeypatch.setattr(verify_field, "triangulate", lambda *args: split(right(*args)))
    assert verify_field.cylinder_error(0.2, 2) == pytest.approx(coarse, rel=0.1)
    assert fine < 0.3 * coarse


def split(mesh: Mesh2D) -> Mesh2D:
    """Every triangle cut into four by the middles of its straight edges."""
    corner = mesh.triangles
    ends = np.sort(corner[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    edges, back = np.unique(ends, axis=0, return_inverse=True)
    (a, b, c), (ab, bc, ca) = corner.T, len(mesh.points) + back.reshape(-1, 3).T
    parts = ((a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca))
    at = {tuple(pair): len(mesh.points) + i for i, pair in enumerate(edges.tolist())}
    loops = [
        [
            n
            for i, j in zip(loop, [*loop[1:], loop[0]], strict=True)
            for n in (i, at[*sorted((i, j))])
        ]
        for loop in (loop.tolist() for loop in mesh.loops)
    ]
    return replace(
        mesh,
        points=np.vstack([mesh.points, mesh.points[edges].mean(axis=1)]),
        triangles=np.vstack([np.column_stack(part) for part in parts]),
        region=np.tile(mesh.region, 4),
        loops=tuple(np.array(loop) for loop in loops),
    )


def rows(path: str) -> list[dict[str, str]]:
    with (TESTS / path).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_shipped_numbers_of_neuron_are_those_of_the_tests() -> None:
    known = {
        (r["diameter_um"], r["distance_um"], r["waveform"], r["threshold_mA"], r["lower_bound_mA"])
        for r in rows("data/reference_thresholds.csv")
    }
    shipped = read_table("credibility/neuron_thresholds.csv")
    keys = ("diameter_um", "distance_um", "waveform", "threshold_mA", "lower_mA")
    assert {tuple(r[k] for k in keys) for r in shipped} <= known
    assert len(shipped) == 12
    speeds = {r["cv_25_75_m_per_s"] for r in rows("data/conduction_velocity.csv")}
    assert {r["velocity_m_per_s"] for r in read_table("credibility/neuron_velocities.csv")} < speeds
    with np.load(TESTS / "data/neuron/traces.npz") as file:
        for row in read_table("credibility/neuron_traces.csv"):
            four = [float(row[f"mV_at_{x}"]) for x in ("0.05", "0.50", "0.65", "0.95")]
            assert four == pytest.approx(file[row["case"]][int(row["step"])], abs=1e-9)


def test_shipped_numbers_of_r_are_those_it_printed() -> None:
    for row in read_table("credibility/r_golden.csv"):
        log = (TESTS.parent / row["source"].split()[0]).read_text(encoding="utf-8")
        assert row["value"] in log, row
    bcg = [tuple(r[k] for k in ("tpos", "tneg", "cpos", "cneg")) for r in rows("golden/bcg.csv")]
    keys = ("treated_cases", "treated_well", "control_cases", "control_well")
    assert [tuple(r[k] for k in keys) for r in read_table("credibility/bcg_trials.csv")] == bcg
    known = {(r["Subject"], r["age"]): r["distance"] for r in rows("golden/orthodont.csv")}
    for row in read_table("credibility/orthodont.csv"):
        for age in ("8", "10", "12", "14"):
            assert row[f"mm_at_{age}"] == known[row["subject"], age]


def test_a_name_that_is_none() -> None:
    with pytest.raises(InputError, match="metafor-reml"):
        verify(only=["metafor"])
