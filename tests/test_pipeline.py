"""A study from file to run folder: what is written, what is reused, what a user's mistake says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import vagus
from vagus import pipeline
from vagus.errors import InputError
from vagus.fibre import solve
from vagus.fibre.recruitment import Recruitment
from vagus.field.electrodes import Cuff
from vagus.field.sample import Field
from vagus.field.solve import solve_field
from vagus.field.tissue import Tissue
from vagus.nerve.section import CrossSection
from vagus.pipeline import RecruitRun, recruit
from vagus.study import Study, parse_study

STUDY = """
title: small
device: livanova-vns-therapy
stimulation:
  {current: 1.5 mA, pulse_width: 250 us, frequency: 20 Hz, on_time: 30 s, off_time: 5 min}
nerve: human-cervical-sub57
fibres: {count: 40}
solver: {max_current: 5 mA}
seed: 7
"""


def study(text: str = STUDY, folder: Path | str = ".") -> Study:
    return parse_study(text, "small.yaml", folder)


@pytest.fixture(scope="module", autouse=True)
def each_field_once() -> Iterator[None]:
    """Studies of this module share nerve and cuff: solve equal fields once."""
    solved: dict[str, Field] = {}

    def solve_once(section: CrossSection, cuff: Cuff, tissue: Tissue, resolution: str) -> Field:
        key = repr((section.name, cuff, tissue, resolution))
        if key not in solved:
            solved[key] = solve_field(section, cuff, tissue, resolution)
        return solved[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "solve_field", solve_once)
        yield


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RecruitRun:
    return recruit(study(), tmp_path_factory.mktemp("run"), workers=1, report=False)


def test_the_folder_holds_what_the_run_found(run: RecruitRun) -> None:
    assert run.folder is not None
    kept = Recruitment.from_parquet(run.folder / "fibres.parquet")
    np.testing.assert_array_equal(kept.threshold_mA, run.recruitment.threshold_mA)
    summary = json.loads((run.folder / "summary.json").read_text())
    assert summary["fibres"] == len(kept) == 40
    assert summary["unreached"] == np.isinf(kept.threshold_mA).sum()
    assert {row["fibre_class"] for row in summary["recruitment"]} == set(
        kept.population.fibre_class
    )


def test_large_fibres_fire_first(run: RecruitRun) -> None:
    """Within the myelinated fibres, rank of threshold is the reverse of rank of diameter."""
    myelinated = run.recruitment.population.myelinated
    threshold = run.recruitment.threshold_mA[myelinated]
    diameter = run.recruitment.population.diameter_um[myelinated]
    reached = np.isfinite(threshold)
    ranks = np.corrcoef(
        np.argsort(np.argsort(-diameter[reached])), np.argsort(np.argsort(threshold[reached]))
    )
    assert ranks[0, 1] > 0.8


def test_a_second_run_reuses_the_finished_batches(
    run: RecruitRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*args: object, **kwargs: object) -> None:
        raise AssertionError("a finished batch was computed again")

    monkeypatch.setattr(solve, "activation_thresholds", never)
    again = recruit(study(), run.folder, workers=1, report=False)
    np.testing.assert_array_equal(again.recruitment.threshold_mA, run.recruitment.threshold_mA)


def test_another_current_is_the_same_question_another_pulse_is_not(run: RecruitRun) -> None:
    """Thresholds do not depend on the study's current, so its batches are reused for any."""
    assert run.folder is not None
    before = set((run.folder / "shards").iterdir())
    recruit(study(STUDY.replace("1.5 mA", "2 mA")), run.folder, workers=1, report=False)
    assert set((run.folder / "shards").iterdir()) == before
    recruit(study(STUDY.replace("250 us", "500 us")), run.folder, workers=1, report=False)
    assert set((run.folder / "shards").iterdir()) > before


def test_the_same_seed_gives_the_same_thresholds_bit_for_bit(run: RecruitRun) -> None:
    again = recruit(study(), workers=2)
    np.testing.assert_array_equal(again.recruitment.threshold_mA, run.recruitment.threshold_mA)
    assert again.folder is None


def test_reversing_the_polarity_moves_the_cathode(run: RecruitRun) -> None:
    reversed_ = recruit(
        study(STUDY.replace("20 Hz,", "20 Hz, cathode: caudal,")), workers=1, report=False
    )
    np.testing.assert_array_equal(reversed_.weights, -run.weights)


def test_the_charge_density_is_that_of_the_lead_that_fits(run: RecruitRun) -> None:
    assert run.field is not None
    assert run.field.cuff.inner_diameter_um == 3000
    assert run.protocol.electrode.contact_area_cm2 == pytest.approx(0.0703)


def test_imported_potentials_take_the_place_of_the_field(run: RecruitRun, tmp_path: Path) -> None:
    """The run's own potentials, exported and read back, give the run's thresholds."""
    assert run.field is not None
    np.savez(
        tmp_path / "field.npz",
        contacts=np.array(run.basis.contacts),
        z=run.basis.z_um,
        potential=run.basis.potential_mV_per_mA,
    )
    text = STUDY + "field: {potentials: field.npz}\n"
    imported = recruit(study(text, tmp_path), workers=1, report=False)
    assert imported.field is None
    both = np.isfinite(imported.recruitment.threshold_mA) & np.isfinite(
        run.recruitment.threshold_mA
    )
    ratio = imported.recruitment.threshold_mA[both] / run.recruitment.threshold_mA[both]
    np.testing.assert_allclose(ratio, 1.0, atol=4e-3)  # longer fibres, two brackets of 0.1 %


def test_potentials_for_another_number_of_fibres(run: RecruitRun, tmp_path: Path) -> None:
    np.savez(
        tmp_path / "field.npz", z=run.basis.z_um, potential=run.basis.potential_mV_per_mA[:, :7]
    )
    with pytest.raises(InputError, match=r"7 fibres.*40.*count"):
        recruit(study(STUDY + "field: {potentials: field.npz}\n", tmp_path))


def test_a_surface_device_needs_imported_potentials() -> None:
    text = """
device: nemos
stimulation: {current: 2 mA, pulse_width: 250 us, frequency: 25 Hz, on_time: 30 s, off_time: 30 s}
nerve: human-cervical-sub57
"""
    with pytest.raises(InputError, match="potentials"):
        recruit(study(text))


def test_front_door_names_what_it_has() -> None:
    assert vagus.monophasic(100.0).duration_us == 100.0
    with pytest.raises(AttributeError, match="recruit"):
        vagus.recruiting  # noqa: B018
