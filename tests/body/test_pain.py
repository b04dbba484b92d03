"""Weekly pain: relaxations that pass through published means, each link, superposition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vagus.body.compiled import Compiled, compile_model
from vagus.body.draws import Draws, draw, typical
from vagus.body.integrate import Segments, Trajectory, integrate
from vagus.body.organs.disease import disease
from vagus.body.organs.pain import pain
from vagus.body.statement import compose

WEEK_s = 604_800.0
NOTHING = {"link_natural_course": 0.0, "link_expectation": 0.0}


@pytest.fixture(scope="module")
def system() -> Compiled:
    return compile_model(pain())


def course(system: Compiled, draws: Draws, weeks: object, **inputs: float) -> Trajectory:
    output_s = np.asarray(weeks, dtype=np.float64) * WEEK_s
    segments = Segments(np.array([0.0, max(output_s[-1], WEEK_s)]), inputs)
    return integrate(system, draws, segments, output_s, rtol=1e-8)


def test_sham_passes_through_the_published_change_whatever_the_split(system: Compiled) -> None:
    draws = draw(system.model, 50, 2)
    found = course(system, draws, [12.0])["pain"][:, 0]
    assert found == pytest.approx(-draws["placebo_change"], abs=1e-6)


def test_course_and_expectation_relax_as_exponentials(system: Compiled) -> None:
    draws = draw(system.model, 20, 3)
    weeks = np.array([1.0, 4.0, 12.0, 40.0])
    found = course(system, draws, weeks)
    for state, share, tau in (
        ("N_course", 1 - draws["share_expect"], draws["tau_nat"]),
        ("X_expect", draws["share_expect"], draws["tau_X"]),
    ):
        end = -share * draws["placebo_change"] / (1 - np.exp(-12 / tau))
        expected = end[:, None] * (1 - np.exp(-weeks / tau[:, None]))
        assert found[state] == pytest.approx(expected, abs=1e-6)


def test_pain_area_gives_the_mean_over_any_window(system: Compiled) -> None:
    """Course and expectation as exponentials: their mean over the last four of twelve weeks."""
    draws = draw(system.model, 20, 3).having(A_PM=0.0)
    area = course(system, draws, [8.0, 12.0])["pain_area"]
    expected = 0.0
    for share, tau in (
        (1 - draws["share_expect"], draws["tau_nat"]),
        (draws["share_expect"], draws["tau_X"]),
    ):
        end = -share * draws["placebo_change"] / (1 - np.exp(-12 / tau))
        expected = expected + end * (1 - tau / 4 * (np.exp(-8 / tau) - np.exp(-12 / tau)))
    assert (area[:, 1] - area[:, 0]) / 28 == pytest.approx(expected, abs=1e-6)


def test_the_core_follows_constant_mood_as_the_linear_model(system: Compiled) -> None:
    draws = typical(system.model).having(**NOTHING)
    weeks = np.array([2.0, 12.0, 60.0])
    found = course(system, draws, weeks, M=1.0)["pain"][0]
    assert found == pytest.approx(0.0126 / 0.051 * (1 - np.exp(-0.051 * weeks)), abs=1e-6)


def test_nothing_changes_without_anything(system: Compiled) -> None:
    found = course(system, draw(system.model, 30, 4).having(**NOTHING), [1.0, 52.0])
    assert np.all(found.states == 0.0)
    assert np.all(found["pain"] == 0.0)


@pytest.mark.parametrize(
    ("link", "source", "value", "gain"),
    [
        ("link_cytokine_pain", "das_change", -2.0, 0.43 * 0.5 * -2.0),
        ("link_cytokine_pain", "suppression", 0.5, -0.2 * 0.5),
        ("link_descending_pain", "D", 0.5, -0.45 * 0.5),
        ("link_descending_pain", "P_last", 0.3, -0.3),
        ("link_plasticity_pain", "W", 0.8, -0.3 * 0.8),
    ],
)
def test_each_link_adds_its_own_part_and_nothing_when_off(
    system: Compiled, link: str, source: str, value: float, gain: float
) -> None:
    own = {"w_inflammatory": 0.43, "k_suppression": 0.2, "chi": 0.3}
    draws = typical(system.model).having(**NOTHING, **own, **{link: 1.0})
    on = course(system, draws, [1.0], **{source: value})["pain"][0, 0]
    off = course(system, draws.having(**{link: 0.0}), [1.0], **{source: value})["pain"][0, 0]
    assert on == pytest.approx(gain)
    assert off == 0.0


def test_mood_link_off_leaves_the_core_at_rest(system: Compiled) -> None:
    draws = typical(system.model).having(link_mood_pain=0.0)
    assert np.all(course(system, draws, [4.0, 30.0], M=2.0)["P_core"] == 0.0)


def test_sensation_raises_expectation_only_where_the_link_is_on(system: Compiled) -> None:
    off = typical(system.model)
    on = off.having(link_sensation_expectation=1.0)
    plain, felt = (course(system, d, [12.0], sensation=1.0)["X_expect"][0, 0] for d in (off, on))
    assert course(system, off, [12.0])["X_expect"][0, 0] == plain
    assert felt == pytest.approx(1.3 * plain)


def test_the_fall_of_disease_activity_under_placebo_is_counted_once(system: Compiled) -> None:
    """What placebo does to DAS28 is part of the published change of pain already."""
    draws = typical(system.model).having(link_expectation=0.0, w_inflammatory=1.0)
    placebo = 0.991 / (2.32 + 0.991) * 0.559 * 6.06 * (1 - np.exp(-0.0264 * 84))
    found = course(system, draws, [12.0], plb_DAS=0.991, das_change=-placebo)
    assert found["das_course"][0, 0] == pytest.approx(-placebo, rel=1e-6)
    assert found["pain"][0, 0] == pytest.approx(found["N_course"][0, 0], abs=1e-6)


def test_with_the_disease_organ_only_what_the_vagus_adds_reaches_pain() -> None:
    joined = compile_model(compose("joined", pain(), disease()), compiled=False)
    draws = draw(joined.model, 6, 1).having(
        w_inflammatory=0.5, k_suppression=0.0, link_expectation=0.0
    )
    sham, active = (course(joined, draws, [12.0], suppression=s) for s in (0.0, 0.5))
    assert np.all(sham["das_change"] < -0.01)
    assert sham["pain"] == pytest.approx(sham["N_course"], abs=1e-6)
    difference = 0.5 * draws["k_das"][:, None] * (active["das_change"] - sham["das_change"])
    assert active["pain"] - sham["pain"] == pytest.approx(difference, abs=1e-6)


def test_plasticity_is_off_by_default_and_no_draw_switches_it_on(system: Compiled) -> None:
    assert np.all(draw(system.model, 200, 0)["link_plasticity_pain"] == 0.0)
    assert np.mean(draw(system.model, 400, 0)["chi"] == 0.0) > 0.4


@settings(max_examples=25)
@given(st.floats(-3, 3), st.floats(-1, 1), st.floats(0, 1), st.floats(0, 1), st.integers(0, 999))
def test_contributions_superpose(
    system: Compiled, mood: float, tone: float, trained: float, felt: float, seed: int
) -> None:
    draws = draw(system.model, 4, seed).having(link_plasticity_pain=1.0)
    weeks = [12.0]
    rest = course(system, draws, weeks)["pain"]
    parts = [
        course(system, draws, weeks, **one)["pain"] - rest
        for one in ({"M": mood}, {"D": tone}, {"W": trained}, {"sensation": felt})
    ]
    together = course(system, draws, weeks, M=mood, D=tone, W=trained, sensation=felt)["pain"]
    assert np.isfinite(together).all()
    assert together - rest == pytest.approx(sum(parts), abs=1e-6)
