"""A whole population: every fibre once, kept on disk, resumed after an interrupt or a full disk."""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vagus.errors import InputError, VagusError
from vagus.fibre import solve
from vagus.fibre.recruitment import Recruitment
from vagus.fibre.solve import SolverSettings, models_of, solve_population
from vagus.field.basis import PotentialBasis
from vagus.nerve.population import FibrePopulation
from vagus.protocol.waveform import biphasic, monophasic

WEIGHTS = np.array([-1.0, 1.0])
PULSE = monophasic(200)
SETTINGS = SolverSettings(tolerance=1e-3)


def population(diameter_um: Any, myelinated: Any = True, seed: int = 0) -> FibrePopulation:
    diameter = np.atleast_1d(np.asarray(diameter_um, float))
    count = len(diameter)
    random = np.random.default_rng(seed)
    fat = np.broadcast_to(np.asarray(myelinated), count).copy()
    return FibrePopulation(
        group=np.array(["somatic"] * count),
        fibre_class=np.where(fat, "A-beta", "C"),
        diameter_um=diameter,
        x_um=random.uniform(-500, 500, count),
        y_um=random.uniform(-500, 500, count),
        fascicle=np.zeros(count, np.int64),
        myelinated=fat,
        afferent=random.random(count) < 0.7,
    )


def basis_of(fibres: FibrePopulation, half_mm: float = 25.0, scale: float = 1.0) -> PotentialBasis:
    """Two point contacts 8 mm apart beside the nerve, in 0.25 S/m."""
    z = np.linspace(-1e3 * half_mm, 1e3 * half_mm, 401)
    aside = np.hypot(fibres.x_um - 1500.0, fibres.y_um)
    r_m = [np.hypot(aside[:, None], z - at) * 1e-6 for at in (-4000.0, 4000.0)]
    return PotentialBasis(("a", "b"), z, scale / (4 * np.pi * 0.25 * np.stack(r_m)))


MIXED = population([2.2, 2.25, 5.6, 5.69, 5.7, 5.9, 9.5, 9.6, 14.0, 14.2], seed=1)
FIBRES, BATCHES = 10, 5
BASIS = basis_of(MIXED)


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(solve, "BATCH", 2)


@pytest.fixture
def searches(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of fibres of every threshold search, as they are made."""
    made: list[int] = []
    original = solve.activation_thresholds

    def counted(fibres: Any, *args: Any, **kwargs: Any) -> Any:
        made.append(len(fibres.diameter_um))
        return original(fibres, *args, **kwargs)

    monkeypatch.setattr(solve, "activation_thresholds", counted)
    return made


@cache
def undisturbed(batch: int) -> Recruitment:
    """What the question's answer is without a folder; ``batch`` is the `BATCH` in force."""
    assert batch == solve.BATCH
    return run()


def run(folder: Path | None = None, **more: Any) -> Recruitment:
    arguments: dict[str, Any] = {"folder": folder, "workers": 1} | more
    return solve_population(MIXED, BASIS, WEIGHTS, PULSE, SETTINGS, **arguments)


def test_every_fibre_has_a_certified_bracket_and_a_velocity() -> None:
    found = undisturbed(solve.BATCH)
    assert len(found) == len(MIXED)
    assert (found.lower_mA > 0).all()
    assert (found.upper_mA / found.lower_mA - 1).max() <= 1e-3 + 1e-12
    np.testing.assert_array_equal(found.threshold_mA, found.upper_mA)
    order = np.argsort(MIXED.diameter_um)
    assert (np.diff(found.conduction_velocity_m_per_s[order][3:]) > 0).all()
    assert set(found.model[MIXED.diameter_um < 5.7]) == {"pena"}
    assert set(found.model[MIXED.diameter_um >= 5.7]) == {"mrg-interpolation"}


def test_twice_the_field_half_the_threshold() -> None:
    doubled = solve_population(
        MIXED, basis_of(MIXED, scale=2.0), WEIGHTS, PULSE, SETTINGS, workers=1
    )
    np.testing.assert_array_equal(2 * doubled.threshold_mA, undisturbed(solve.BATCH).threshold_mA)


def test_workers_and_progress(small_batches: None) -> None:
    told: list[tuple[int, int]] = []
    one = run(progress=lambda done, total: told.append((done, total)))
    two = run(workers=2)
    np.testing.assert_array_equal(one.threshold_mA, two.threshold_mA)
    done = [d for d, _ in told]
    assert done == sorted(done)
    assert told[-1] == (FIBRES, FIBRES)
    assert len(told) == BATCHES


def test_polarity_is_that_of_the_weights() -> None:
    """An afferent and an efferent beside swapped contacts change roles."""
    swapped = solve_population(MIXED, BASIS, -WEIGHTS, PULSE, SETTINGS, workers=1)
    assert (swapped.threshold_mA != undisturbed(solve.BATCH).threshold_mA).all()


def test_limits_leave_fibres_unreached() -> None:
    reached = undisturbed(solve.BATCH)
    limit = float(np.median(reached.threshold_mA))
    held = solve_population(
        MIXED, BASIS, WEIGHTS, PULSE, replace(SETTINGS, max_current_mA=limit), workers=1
    )
    np.testing.assert_array_equal(
        np.isfinite(held.threshold_mA), reached.threshold_mA <= limit * (1 + 1e-3)
    )
    assert held.max_current_mA == limit


def test_unmyelinated_fibres_have_their_own_model() -> None:
    thin = population([1.0, 1.0], myelinated=False)
    settings = replace(SETTINGS, tolerance=0.05, dx_um=50.0)
    found = solve_population(thin, basis_of(thin, 5.0), WEIGHTS, PULSE, settings, workers=1)
    assert set(models_of(thin, settings)) == {"sundt"}
    assert np.isfinite(found.threshold_mA).all()
    assert (found.conduction_velocity_m_per_s < 1).all()


# --- shards -------------------------------------------------------------------------------------
def test_finished_batches_are_reused(
    tmp_path: Path, small_batches: None, searches: list[int]
) -> None:
    first = run(tmp_path)
    made = len(searches)
    assert made == BATCHES
    assert len(list(tmp_path.glob("*.npz"))) == made
    again = run(tmp_path)
    assert len(searches) == made
    np.testing.assert_array_equal(again.lower_mA, first.lower_mA)
    np.testing.assert_array_equal(again.upper_mA, first.upper_mA)
    np.testing.assert_array_equal(first.upper_mA, undisturbed(2).upper_mA)


@pytest.mark.parametrize("workers", [1, 2])
def test_an_interrupt_keeps_what_is_finished(
    tmp_path: Path, small_batches: None, searches: list[int], workers: int
) -> None:
    """Ctrl-C after the second batch: a restart computes the others only, with the same result."""

    def impatient(done: int, total: int) -> None:
        if done >= 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, progress=impatient, workers=workers)
    kept = len(list(tmp_path.glob("*.npz")))
    assert 2 <= kept < BATCHES
    assert not list(tmp_path.glob("*.part"))
    before = len(searches)
    resumed = run(tmp_path)
    assert len(searches) - before == BATCHES - kept
    np.testing.assert_array_equal(resumed.threshold_mA, undisturbed(2).threshold_mA)


def test_a_full_disk_is_explained_and_loses_nothing(
    tmp_path: Path, small_batches: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes = 0
    original: Callable[..., None] = np.savez

    def savez(file: Any, **arrays: Any) -> None:
        nonlocal writes
        writes += 1
        if writes > 2:
            file.write(b"half a shard")
            raise OSError(errno.ENOSPC, "No space left on device")
        original(file, **arrays)

    with monkeypatch.context() as full:
        full.setattr(np, "savez", savez)
        with pytest.raises(VagusError, match=r"No space left on device.*run the same command"):
            run(tmp_path)
    assert len(list(tmp_path.glob("*.npz"))) == 2
    assert not list(tmp_path.glob("*.part"))
    np.testing.assert_array_equal(run(tmp_path).threshold_mA, undisturbed(2).threshold_mA)


def test_a_broken_shard_is_computed_again(
    tmp_path: Path, small_batches: None, searches: list[int]
) -> None:
    first = run(tmp_path)
    made = len(searches)
    shards = sorted(tmp_path.glob("*.npz"))
    shards[0].write_bytes(shards[0].read_bytes()[:100])  # a power failure
    shards[1].write_bytes(b"")
    np.testing.assert_array_equal(run(tmp_path).threshold_mA, first.threshold_mA)
    assert len(searches) == made + 2


@pytest.mark.parametrize(
    "change",
    [
        {"waveform": biphasic(200)},
        {"weights": np.array([-1.0, 0.5])},
        {"settings": replace(SETTINGS, seed=5)},
        {"settings": replace(SETTINGS, tolerance=2e-3)},
        {"basis": basis_of(MIXED, scale=1.01)},
    ],
    ids=["waveform", "weights", "seed", "tolerance", "field"],
)
def test_another_question_reuses_nothing(
    change: dict[str, Any], tmp_path: Path, searches: list[int]
) -> None:
    few = np.array([6, 7])
    solve_population(
        MIXED.select(few), BASIS.select(few), WEIGHTS, PULSE, SETTINGS, folder=tmp_path, workers=1
    )
    made = len(searches)
    asked: dict[str, Any] = {
        "basis": BASIS,
        "weights": WEIGHTS,
        "waveform": PULSE,
        "settings": SETTINGS,
    } | change
    solve_population(
        MIXED.select(few), asked["basis"].select(few), asked["weights"], asked["waveform"],
        asked["settings"], folder=tmp_path, workers=1,
    )  # fmt: skip
    assert len(searches) == 2 * made


# --- bad input ----------------------------------------------------------------------------------
def test_fibres_and_potentials_must_match() -> None:
    with pytest.raises(InputError, match="`basis` is 10 fibres; allowed: 9"):
        solve_population(MIXED.select(np.arange(9)), BASIS, WEIGHTS, PULSE)
    with pytest.raises(InputError, match="weights"):
        solve_population(MIXED, BASIS, np.array([1.0]), PULSE, workers=1)


def test_potentials_shorter_than_the_fibre() -> None:
    with pytest.raises(InputError, match=r"`potentials` is along 10 mm; allowed: >= .* mm"):
        solve_population(MIXED, basis_of(MIXED, 5.0), WEIGHTS, PULSE, SETTINGS, workers=1)


def test_potentials_that_are_not_numbers() -> None:
    broken = BASIS.potential_mV_per_mA.copy()
    broken[0, 3, 7] = np.nan
    with pytest.raises(InputError, match="potential_mV_per_mA"):
        PotentialBasis(("a", "b"), BASIS.z_um, broken)


def test_diameters_that_no_model_covers() -> None:
    with pytest.raises(InputError, match="diameter_um"):
        population([8.0, -8.0])
    with pytest.raises(InputError, match="diameter_um"):
        population([8.0, 0.0])
    for diameter in (0.5, 22.0):
        odd = population([8.0, diameter])
        with pytest.raises(InputError, match="diameter"):
            solve_population(odd, basis_of(odd), WEIGHTS, PULSE, SETTINGS, workers=1)
