"""From pulse to pain: what a run writes, what adds up, what it resumes, what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from vagus import chain
from vagus.body.drive import Drive
from vagus.errors import InputError
from vagus.study import Study, parse_study

SURFACE = """
device: gammacore
patient: {condition: migraine}
stimulation: {current: 30 mA, session: 2 min, sessions_per_day: 2, duration: 10 days}
recruitment: prior
body: {draws: 10, follow_up: 2 days}
seed: 5
"""
CUFF = """
device: livanova-vns-therapy
patient: {condition: rheumatoid-arthritis}
stimulation:
  {current: 1.5 mA, pulse_width: 250 us, frequency: 20 Hz, on_time: 30 s, off_time: 5 min,
   duration: 7 days}
nerve: human-cervical-sub57
fibres: {count: 120}
body: {draws: 6, lps: {dose: 1 ng/kg, at: 1 h}}
"""


def study(text: str = SURFACE, **replaced: str) -> Study:
    for old, new in replaced.items():
        assert old in text
        text = text.replace(old, new)
    return parse_study(text)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("run")


@pytest.fixture(scope="module")
def done(folder: Path) -> chain.ChainRun:
    return chain.run(study(), folder)


def test_parts_add_up_to_the_change_of_the_treated_arm(done: chain.ChainRun) -> None:
    for change, parts in zip(done.changes, done.arms.decompositions.values(), strict=False):
        assert parts.values.sum(axis=1) == pytest.approx(parts.total, abs=1e-9)
        assert parts.total == pytest.approx(change.active, abs=1e-12), parts.outcome
    parts = done.arms.decomposition
    beyond_sham = parts.values[:, 2:].sum(axis=1)
    difference = done.changes[0].active - done.changes[0].sham
    assert beyond_sham == pytest.approx(difference, abs=1e-9)


def test_a_route_that_leads_nowhere_gets_exactly_nothing(done: chain.ChainRun) -> None:
    """The link from trained maps to pain is off unless a study switches it on."""
    parts = done.arms.decomposition
    share = parts.values[:, parts.parts.index("plasticity")]
    assert np.abs(share).max() <= 1e-5 * done.condition.sd


def test_sensation_only_leaves_nothing_but_sham(done: chain.ChainRun) -> None:
    assert np.abs(done.arms.ablated["sensation only"]).max() <= 1e-5 * done.condition.sd


def test_what_is_written(done: chain.ChainRun, folder: Path) -> None:
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    assert summary["headline"] == done.headline
    assert summary["failed"] == {}
    for arm in ("active", "sham", "natural", "first-minutes"):
        table = pq.read_table(folder / f"{arm}.parquet")
        assert {"draw", "time_s", "outcome"} <= set(table.column_names)
    table = pq.read_table(folder / "active.parquet")
    assert table.column("outcome").to_numpy().reshape(10, -1) == pytest.approx(
        done.arms.active["outcome"]
    )
    assert table.schema.field("outcome").metadata[b"unit"] == b"days/28 d"
    assert np.array_equal(Drive.load(folder / "drive").rate_Hz("u_A"), done.drive.rate_Hz("u_A"))
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert done.condition.evidence in page.replace("&#39;", "'")
    assert "http://" not in page.split("<body")[0]


def test_an_arm_that_is_kept_is_not_simulated_again(
    done: chain.ChainRun, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("simulated again")

    monkeypatch.setattr("vagus.body.simulate.integrate_course", never)
    again = chain.run(study(), folder, report=False)
    assert np.array_equal(again.arms.active.values, done.arms.active.values)


def test_ctrl_c_leaves_what_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from vagus.body import simulate

    real, calls = simulate.integrate_course, []

    def third_time_stops(*given: object) -> object:
        calls.append(given)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(simulate, "integrate_course", third_time_stops)
    with pytest.raises(KeyboardInterrupt):
        chain.run(study(), tmp_path, report=False)
    assert len(list((tmp_path / "body").glob("*.npz"))) == 2
    calls.clear()
    monkeypatch.setattr(simulate, "integrate_course", lambda *g: calls.append(g) or real(*g))  # type: ignore[func-returns-value]
    chain.run(study(), tmp_path, report=False)
    assert len(calls) == len(list((tmp_path / "body").glob("*.npz"))) - 2


def test_the_same_seed_gives_the_same_bits(done: chain.ChainRun) -> None:
    again = chain.run(study(), workers=1)
    assert np.array_equal(again.arms.active.values, done.arms.active.values)
    other = chain.run(study(**{"seed: 5": "seed: 6"}))
    assert not np.array_equal(other.arms.active.values, done.arms.active.values)


def test_no_current_is_sham_exactly() -> None:
    silent = chain.run(study(**{"30 mA": "0 mA"}))
    assert np.array_equal(silent.arms.active.values, silent.arms.sham.values)
    assert "exactly" in silent.headline


def test_what_is_felt_is_a_part_of_its_own_once_it_is_linked() -> None:
    """A sham device is not felt; feeling the real one then raises what is expected."""
    linked = "links: {link_sensation_expectation: on}, parameters: {k_sensation: 0.5}"
    run = chain.run(study(**{"draws: 10": f"draws: 6, {linked}"}))
    parts = run.arms.decomposition
    felt = parts.values[:, parts.parts.index("sensation")]
    assert np.abs(felt).max() > 1e-3
    assert parts.values.sum(axis=1) == pytest.approx(parts.total, abs=1e-9)
    assert run.arms.ablated["sensation only"] == pytest.approx(felt, abs=0.02)


def test_routes_that_a_study_switches_off_get_nothing() -> None:
    off = "links: {cytokines: off, brainstem: off, mood: off, plasticity: off}"
    run = chain.run(study(**{"draws: 10": f"draws: 10, {off}"}))
    parts = run.arms.decomposition
    assert not parts.values[:, 2:].any()
    assert np.isfinite(parts.total).all()


@pytest.mark.slow
def test_an_implanted_cuff_with_endotoxin() -> None:
    run = chain.run(study(CUFF))
    assert run.recruited is not None
    tnf = np.median(run.arms.sham["TNF"], axis=0)
    assert tnf.max() > 2 * tnf[0]
    assert run.arms.active.time_s[np.argmax(tnf)] < 6 * 3600
    assert run.summary()["outcomes"][1]["name"] == "DAS"


def test_a_run_says_where_it_applies_and_what_regulators_say() -> None:
    told = chain.run(study(), draws=2).summary()
    assert told["applicability"]["colour"] in ("amber", "red")
    assert {light["dimension"] for light in told["applicability"]["lights"]} >= {"condition"}
    assert set(told["regulators"]) == {"US", "EU", "UK", "CH"}
    assert "migraine" in told["regulators"]["US"]["sentence"]


def test_a_patient_is_needed() -> None:
    with pytest.raises(InputError, match=r"patient.condition.*missing"):
        chain.run(study(**{"patient: {condition: migraine}\n": ""}))


def test_a_failed_draw_is_reported_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vagus.body.integrate.MAX_STEPS", 300)
    run = chain.run(study())
    assert len(run.arms.failed) > 0
    assert all("too many steps" in why for why in run.arms.failed.values())
    assert np.isnan(run.arms.active.values[list(run.arms.failed)]).any()
