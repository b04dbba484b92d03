"""The whole body: organs fit together, nothing happens without stimulation, switches switch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from vagus.body.compiled import Compiled, compile_model
from vagus.body.decompose import ROUTES
from vagus.body.draws import Draws, draw
from vagus.body.full import full_body
from vagus.body.integrate import Segments, Trajectory, integrate
from vagus.body.simulate import DRIVE
from vagus.data import read_table
from vagus.validation.comparison import observations

DAY_S = 86_400.0
DAYS = 14
LONGEST_ORGAN = 200
OUTCOMES = ("pain", "DAS", "M", "ppt", "TNF", "IL6")
DATA = Path(__file__).parents[2] / "src/vagus/data/body"
ORGAN_FILES = sorted((Path(__file__).parents[2] / "src/vagus/body/organs").glob("*.py"))
STIMULATED = {"u_A": 15.0, "u_B": 5.0, "u_S": 8.0, "u_C": 2.0, "u_E": 0.0, "f_stim": 20.0,
              "n_train": 600.0, "pairing": 0.5, "sensation": 0.5}  # fmt: skip


@pytest.fixture(scope="module")
def system() -> Compiled:
    return compile_model(full_body())


@pytest.fixture(scope="module")
def draws() -> Draws:
    return draw(full_body(), 24, 3).having(**STIMULATED)


def daily(days: int = DAYS, session_s: float = 120.0) -> Segments:
    starts = np.arange(days) * DAY_S
    edges = np.append(np.stack([starts, starts + session_s], axis=1).ravel(), days * DAY_S)
    return Segments(edges, {"on": np.tile([1.0, 0.0], days)})


def course(system: Compiled, draws: Draws, segments: Segments | None = None) -> Trajectory:
    found = integrate(system, draws, segments or daily(), np.arange(DAYS + 1) * DAY_S)
    assert not found.status.any()
    return found


def outcomes(found: Trajectory) -> NDArray[np.float64]:
    return np.stack([found[name] for name in OUTCOMES])


def test_without_drive_nothing_is_stimulated(system: Compiled, draws: Draws) -> None:
    """To what integration resolves: without windows there are no edges to stop at."""
    silent = draws.having(**dict.fromkeys(DRIVE, 0.0))
    never = course(system, silent, Segments(daily().edges_s[[0, -1]], {}))
    assert course(system, silent)["pain"] == pytest.approx(never["pain"], abs=1e-6)
    assert course(system, silent)["TNF"] == pytest.approx(never["TNF"], rel=1e-6)


def test_with_all_links_off_stimulation_equals_sham_exactly(system: Compiled, draws: Draws) -> None:
    off = draws.having(**dict.fromkeys(ROUTES.values(), 0.0), link_vagus_lc=0.0, route_heart=0.0)
    sham = off.having(**dict.fromkeys(DRIVE, 0.0))
    assert np.array_equal(outcomes(course(system, off)), outcomes(course(system, sham)))


def test_stimulation_does_something_when_links_are_on(system: Compiled, draws: Draws) -> None:
    sham = draws.having(**dict.fromkeys(DRIVE, 0.0))
    difference = np.abs(outcomes(course(system, draws)) - outcomes(course(system, sham)))
    assert (difference.max(axis=(1, 2)) > 1e-6).sum() >= 4


def test_states_stay_in_their_bounds(system: Compiled, draws: Draws) -> None:
    found = course(system, draws)
    assert np.isfinite(found.states).all()
    for name in ("TNF", "IL6", "IL8", "IL10", "NE", "S5HT", "LC", "ppt"):
        assert (found[name] > 0).all(), name
    for name in ("anti", "suppression", "W"):
        assert ((found[name] >= -1e-9) & (found[name] <= 1 + 1e-9)).all(), name
    assert ((found["DAS"] >= 0) & (found["DAS"] <= 10)).all()
    assert ((found["heart_rate"] > 25) & (found["heart_rate"] < 220)).all()


def test_rest_is_a_steady_state(system: Compiled, draws: Draws) -> None:
    """No drive, no expectation, no natural course: nothing moves."""
    rest = draws.having(**dict.fromkeys(DRIVE, 0.0), link_expectation=0.0, link_natural_course=0.0)
    found = course(system, rest, Segments(np.array([0.0, DAYS * DAY_S]), {}))
    scale = np.maximum(np.abs(found.states[:, :1]), 1e-3)
    assert (np.abs(found.states - found.states[:, :1]) / scale).max() < 1e-5


def test_permuting_patients_permutes_results(system: Compiled, draws: Draws) -> None:
    order = np.random.default_rng(0).permutation(len(draws))
    found = course(system, draws)
    assert np.array_equal(course(system, draws.select(order)).states, found.states[order])


def test_the_same_seed_gives_the_same_bits(system: Compiled) -> None:
    first, second = (draw(full_body(), 6, 11).having(**STIMULATED) for _ in range(2))
    assert np.array_equal(course(system, first).states, course(system, second).states)


def test_every_link_has_a_grade_and_every_grade_a_link() -> None:
    rows = {row["symbol"]: row for row in read_table("body/links.csv")}
    model = full_body()
    assert set(rows) == set(model.symbols("link"))
    for symbol, row in rows.items():
        assert float(row["default"]) == float(model.quantities[symbol].default)
        assert row["grade"] in ("strong", "moderate", "weak", "contested", "none")


def test_the_plasticity_link_to_pain_is_off_by_default() -> None:
    assert float(full_body().quantities["link_plasticity_pain"].default) == 0.0


def test_every_parameter_has_a_source_or_is_marked_assumed() -> None:
    for q in full_body().quantities.values():
        assert q.description, q.symbol
        assert q.reference or q.mark == "assumed", q.symbol


def test_every_gain_is_a_distribution_with_its_default_inside() -> None:
    for q in full_body().quantities.values():
        if q.prior is not None:
            low, high = q.prior.support
            assert low <= float(q.default) <= high, q.symbol


def test_nothing_was_fitted_to_what_validates() -> None:
    """In every table of the body that says what its values were fitted to."""
    roles = {o.id: o.role for o in observations().values()}
    fitted = [
        (file.name, row["symbol"], source)
        for file in sorted(DATA.glob("*.csv"))
        for row in read_table(f"body/{file.name}")
        for source in row.get("fitted_to", "").split()
    ]
    assert fitted
    for table, symbol, source in fitted:
        assert roles.get(source) == "calibrate", f"{table}: {symbol} was fitted to {source}"


@pytest.mark.parametrize("path", ORGAN_FILES, ids=lambda p: p.name)
def test_organs_stay_short(path: Path) -> None:
    assert path.read_text(encoding="utf-8").count("\n") <= LONGEST_ORGAN
