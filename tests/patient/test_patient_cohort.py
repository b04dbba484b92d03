"""Cohorts: the same people under every regimen, sham bit for bit, kept on disk, bad input."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from vagus.body.beats import simulate_beats, variability
from vagus.body.conditions import condition
from vagus.body.draws import Draws, typical
from vagus.body.drive import Drive, drive_from_prior
from vagus.body.full import full_body
from vagus.body.integrate import Trajectory, integrate
from vagus.body.organs.heart_beats import heart_beats
from vagus.errors import ConvergenceError, InputError
from vagus.patient import courses as courses_module
from vagus.patient.background import relief
from vagus.patient.build import build_cohort, rmssd_factor
from vagus.patient.cohort import QUANTITIES, Cohort
from vagus.patient.regimen import Regimen
from vagus.patient.response import lagged, responses
from vagus.patient.sharing import Crowd, draw_crowd
from vagus.patient.switches import Switches
from vagus.protocol.protocol import Protocol
from vagus.protocol.schedule import Schedule, continuous, duty_cycle, sessions
from vagus.study import parse_study

Floats = NDArray[np.float64]
STUDY = """
device: livanova-vns-therapy
nerve: human-cervical-sub57
stimulation: {current: 1.5 mA, pulse_width: 250 us, frequency: 25 Hz, duration: 1 day}
"""
DAYS = 10
TWICE = sessions(continuous(120.0), 2, DAYS)
ACTIVE, SHAM = Regimen("active", ((0, DAYS),)), Regimen("sham")
ROUTES = dict.fromkeys(
    (
        "route_cytokines", "route_brainstem", "route_mood", "route_plasticity", "route_heart",
        "link_vagus_lc",
    ),
    0.0,
)  # fmt: skip


@cache
def protocol() -> Protocol:
    return parse_study(STUDY).protocol()


def drive_of(n: int, seed: int) -> Drive:
    return drive_from_prior("cervical", protocol(), n, seed)


def build(
    *regimens: Regimen, key: str = "visceral", schedule: Schedule = TWICE, days: float = DAYS,
    seed: int = 3, switches: Switches | None = None, visits: int | None = None,
    parameters: dict[str, float] | None = None, folder: Path | None = None,
    workers: int | None = None,
) -> Cohort:  # fmt: skip
    return build_cohort(
        key, drive_of, schedule, regimens, days, populations=3, patients=3, seed=seed,
        switches=switches, visits=visits, parameters=parameters, folder=folder, workers=workers,
    )  # fmt: skip


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    return build(ACTIVE, SHAM, Regimen("none", knows="untreated"))


def pain(c: Cohort, regimen: str) -> Floats:
    return c.courses[regimen]["pain"]


def test_shapes_and_starts(cohort: Cohort) -> None:
    assert cohort.time_d.tolist() == list(range(DAYS + 1))
    assert cohort.population.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert cohort.weight.sum() == pytest.approx(1)
    assert cohort.notes == ()
    for course in cohort.courses.values():
        assert set(course) == set(QUANTITIES)
        assert all(np.isfinite(v).all() for v in course.values())
        assert np.all(course["pain"][:, 0] == 0)
        assert np.all(course["rmssd_factor"][:, 0] == 1)
    felt = cohort.courses["active"]["sensation"]
    assert np.all(felt[:, 0] == 0)
    assert np.all(felt[:, 1:] > 0)
    assert np.all(cohort.courses["sham"]["sensation"] == 0)
    assert cohort.members(1).tolist() == [3, 4, 5]
    assert cohort.regimen("none") == 2


def test_stimulation_does_something_and_expectation_too(cohort: Cohort) -> None:
    assert np.abs(pain(cohort, "active") - pain(cohort, "sham")).max() > 1e-3
    gained = pain(cohort, "none")[:, -1] - pain(cohort, "sham")[:, -1]
    assert np.corrcoef(gained, cohort.traits["expectation"])[0, 1] > 0.9


def test_pain_is_the_mean_over_the_day_that_ends(cohort: Cohort) -> None:
    """Two relaxations in closed form; what pain and mood do to each other is below 0.01 SD."""
    treated, crowd = condition("visceral"), Crowd(3, 3, seed=3)
    draws = draw_crowd(full_body(), treated, crowd)
    found = responses(draws, treated, crowd, Switches(), "skin", None)
    expected = np.zeros_like(pain(cohort, "sham"))
    factor = found.multiplier["blinded"]
    for change, tau_wk in (
        (found.course, draws["tau_nat"]),
        (factor * found.expectation, draws["tau_X"]),
    ):
        reach = change / (1 - np.exp(-draws["t_placebo"] / tau_wk))
        expected -= reach[:, None] * lagged(np.ones(DAYS + 1), 7 * tau_wk)
    assert pain(cohort, "sham") == pytest.approx(expected, abs=0.01)
    assert np.abs(expected).max() > 0.1


def test_all_routes_off_is_sham_bit_for_bit() -> None:
    off = build(ACTIVE, SHAM, parameters=ROUTES)
    for quantity in ("pain", "DAS", "M", "heart_rate", "rmssd_factor"):
        active, sham = (off.courses[r][quantity] for r in ("active", "sham"))
        assert np.array_equal(active, sham), quantity


def test_same_people_under_any_regimen_schedule_and_number_of_threads(cohort: Cohort) -> None:
    once = sessions(continuous(60.0), 1, DAYS)
    other = build(SHAM, Regimen("half", ((0, 5),)), schedule=once, workers=1)
    for trait, values in cohort.traits.items():
        assert np.array_equal(values, other.traits[trait]), trait
    # Steps of the integration follow the windows; courses of sham do not.
    assert pain(other, "sham") == pytest.approx(pain(cohort, "sham"), abs=1e-6)
    again = build(ACTIVE, SHAM, Regimen("none", knows="untreated"), workers=1)
    assert again.key == cohort.key
    assert np.array_equal(pain(again, "active"), pain(cohort, "active"))
    fresh = build(SHAM, seed=4)
    assert not np.array_equal(fresh.traits["u_A"], cohort.traits["u_A"])


def test_days_outside_the_spans_are_not_stimulated(cohort: Cohort) -> None:
    part = build(Regimen("first", ((0, 5),)), Regimen("later", ((5, 8),)), ACTIVE, SHAM)
    first, later = part.courses["first"], part.courses["later"]
    assert first["pain"][:, :6] == pytest.approx(pain(part, "active")[:, :6], abs=1e-6)
    assert later["pain"][:, :6] == pytest.approx(pain(part, "sham")[:, :6], abs=1e-6)
    assert np.all(first["sensation"][:, 6:] == 0)
    assert np.all(first["sensation"][:, 1:6] > 0)
    assert np.flatnonzero(later["sensation"][0]).tolist() == [6, 7, 8]


def test_long_duty_cycles_are_averaged_by_day() -> None:
    cycle = duty_cycle(30.0, 270.0, DAYS * 86_400.0)
    c = build(ACTIVE, Regimen("first", ((0, 5),)), SHAM, schedule=cycle)
    assert len(cycle.edges_s) > 2000  # more than are simulated one by one
    assert np.abs(pain(c, "active") - pain(c, "sham")).max() > 1e-3
    assert pain(c, "first")[:, :6] == pytest.approx(pain(c, "active")[:, :6], abs=1e-6)


def test_switches_take_their_part_away(cohort: Cohort) -> None:
    quiet = build(SHAM, switches=Switches(natural_course=False, expectation=False))
    assert np.abs(pain(quiet, "sham")).max() < 0.01  # mood by itself
    believing = build(SHAM, switches=Switches(natural_course=False))
    course = build(SHAM, switches=Switches(expectation=False))
    assert pain(course, "sham") == pytest.approx(pain(cohort, "none"), abs=1e-9)
    both = pain(believing, "sham") + pain(course, "sham") - pain(quiet, "sham")
    assert both == pytest.approx(pain(cohort, "sham"), abs=1e-6)
    open_ = Regimen("open", ((0, DAYS),), "open")
    told = build(ACTIVE, SHAM, open_, switches=Switches(unblinding=True))
    assert np.array_equal(pain(told, "open"), pain(build(open_), "open"))  # they know already
    assert np.array_equal(pain(told, "sham"), pain(cohort, "sham"))
    assert not np.array_equal(pain(told, "active"), pain(cohort, "active"))
    silent = build(SHAM, switches=Switches(visits=False), visits=12)
    assert np.array_equal(pain(silent, "sham"), pain(cohort, "sham"))
    assert not np.array_equal(pain(build(SHAM, visits=12), "sham"), pain(cohort, "sham"))


def test_background_adds_and_costs_no_integration(cohort: Cohort) -> None:
    told: list[tuple[int, int]] = []
    both = build_cohort(
        "visceral", drive_of, TWICE, (SHAM, Regimen("and", background="exercise")), DAYS,
        populations=3, patients=3, seed=3, progress=lambda done, total: told.append((done, total)),
    )  # fmt: skip
    assert told[-1] == (9, 9)
    eased = relief("exercise", Crowd(3, 3, 3), DAYS)
    assert pain(both, "and") == pytest.approx(pain(both, "sham") - eased, abs=1e-12)


def test_kept_cohort_is_read_and_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = build(ACTIVE, SHAM, folder=tmp_path)

    def never(*args: object, **kwargs: object) -> Trajectory:
        raise AssertionError("integrated again")

    monkeypatch.setattr(courses_module, "integrate", never)
    read = build(ACTIVE, SHAM, folder=tmp_path)
    same(made, read)
    (tmp_path / f"cohort-{made.key}.npz").unlink()
    same(made, build(ACTIVE, SHAM, folder=tmp_path))  # from its blocks
    assert not list(tmp_path.rglob("*.part.npz"))


def same(a: Cohort, b: Cohort) -> None:
    assert (a.key, a.regimens, a.condition, a.seed) == (b.key, b.regimens, b.condition, b.seed)
    assert np.array_equal(a.weight, b.weight)
    assert np.array_equal(a.population, b.population)
    for name in a.courses:
        for quantity, values in a.courses[name].items():
            assert np.array_equal(values, b.courses[name][quantity])
    assert all(np.array_equal(v, b.traits[k]) for k, v in a.traits.items())


def test_interrupted_run_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(courses_module, "BLOCK", 4)
    calls: list[int] = []

    def sometimes(system: object, draws: Draws, *args: object, **kwargs: object) -> Trajectory:
        calls.append(len(draws))
        if len(calls) == 3:
            raise KeyboardInterrupt
        return integrate(system, draws, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(courses_module, "integrate", sometimes)
    with pytest.raises(KeyboardInterrupt):
        build(SHAM, ACTIVE, folder=tmp_path)
    made = build(SHAM, ACTIVE, folder=tmp_path)
    assert calls == [4, 4, 1, 1, 4, 4, 1]  # what was done is not done again
    same(made, build(SHAM, ACTIVE))


@pytest.mark.parametrize(("failing", "most"), [(1, 0.2), (3, 0.2)])
def test_failed_patients_are_left_out_or_too_many(
    failing: int, most: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(system: object, draws: Draws, *args: object, **kwargs: object) -> Trajectory:
        found = integrate(system, draws, *args, **kwargs)  # type: ignore[arg-type]
        status = found.status.copy()
        status[:failing] = 1
        return replace(found, status=status)

    monkeypatch.setattr(courses_module, "integrate", broken)
    monkeypatch.setattr("vagus.patient.build.MOST_FAILED", most)
    if failing == 3:
        with pytest.raises(ConvergenceError, match="3 of 9 patients"):
            build(SHAM)
        return
    left = build(SHAM)
    assert len(left) == 8
    assert left.weight.sum() == pytest.approx(1)
    assert left.population.tolist() == [0, 0, 1, 1, 1, 2, 2, 2]
    assert left.notes == ("patient 0 was left out: gave up: too many steps",)


def test_rmssd_follows_the_heart_period_as_beats_do() -> None:
    """Against integral pulse frequency modulation, at six intrinsic periods."""
    draws = typical(heart_beats(), 6).having(T_0=np.linspace(0.48, 0.8, 6))
    seen = variability(simulate_beats(draws, 300.0))
    factor = rmssd_factor(seen.heart_rate_bpm[None, :])[0]
    assert factor == pytest.approx(seen.rmssd_ms / seen.rmssd_ms[0], rel=0.005)


def test_reweighted_and_saved_without_loss(cohort: Cohort, tmp_path: Path) -> None:
    heavy = cohort.reweighted(np.arange(1.0, 10.0))
    assert heavy.weight == pytest.approx(np.arange(1, 10) / 45)
    heavy.save(tmp_path / "a.npz")
    same(heavy, Cohort.load(tmp_path / "a.npz"))


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"weight": np.zeros(9)}, "weight"),
        ({"weight": np.ones(9)}, "weight"),
        ({"time_d": np.arange(1.0, DAYS + 2)}, "time_d"),
        ({"regimens": (SHAM,)}, "courses"),
        ({"regimens": (SHAM, SHAM)}, "regimens"),
        ({"traits": {"tau_level": np.ones(2)}}, "tau_level"),
        ({"population": np.zeros(3, dtype=np.int64), "weight": np.ones(3) / 3}, "active"),
    ],
)
def test_pieces_that_do_not_fit(cohort: Cohort, changed: dict[str, object], field: str) -> None:
    with pytest.raises(InputError, match=field):
        replace(cohort, **changed)  # type: ignore[arg-type]


def test_bad_members_horizon_and_background(cohort: Cohort) -> None:
    with pytest.raises(InputError, match="population"):
        cohort.members(3)
    with pytest.raises(InputError, match="regimen"):
        cohort.regimen("real")
    with pytest.raises(InputError, match="horizon_d"):
        build(SHAM, days=0)
    with pytest.raises(InputError, match="Did you mean `exercise`"):
        build(Regimen("x", background="exercize"))


@pytest.mark.parametrize(
    "bad",
    [
        {"name": ""},
        {"stimulated_d": ((3.0, 3.0),)},
        {"stimulated_d": ((0.0, 5.0), (4.0, 8.0))},
        {"stimulated_d": ((-1.0, 5.0),)},
        {"stimulated_d": ((0.0, np.inf),)},
        {"knows": "guessed"},
        {"stimulated_d": ((0.0, 5.0),), "knows": "untreated"},
    ],
)
def test_regimens_that_cannot_be(bad: dict[str, object]) -> None:
    with pytest.raises(InputError):
        Regimen(**{"name": "x", **bad})  # type: ignore[arg-type]
