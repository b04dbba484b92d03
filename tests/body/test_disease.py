"""Disease activity: the published numbers, steady states, bounds, and the switches."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from vagus.body.compiled import compile_model
from vagus.body.draws import Draws, draw, typical
from vagus.body.integrate import Segments, integrate
from vagus.body.organs.disease import disease
from vagus.errors import InputError

DAY = 86_400.0


def change(who: Draws, suppression: float, natural: float, days: float) -> NDArray[np.float64]:
    """[n] change of DAS28 after ``days``."""
    inputs = {"suppression": suppression, "link_natural_course": natural}
    segments = Segments(np.array([0.0, days * DAY]), inputs)
    found = integrate(compile_model(disease()), who, segments, [days * DAY], rtol=1e-9)
    assert not found.status.any()
    assert found["DAS"] == pytest.approx(found["das_change"] + who["das_0"][:, None])
    return found["das_change"][:, -1]


def test_placebo_and_background_take_off_0_9_in_twelve_weeks() -> None:
    assert change(typical(disease()), 0.0, 1.0, 84) == pytest.approx(-0.90, abs=0.01)


@pytest.mark.parametrize("share", [0.25, 0.5, 1.0])
def test_a_share_of_a_full_block_adds_2_1_times_that_share(share: float) -> None:
    who = typical(disease()).having(phi_DAS=share)
    extra = change(who, 1.0, 1.0, 84) - change(who, 0.0, 1.0, 84)
    assert extra == pytest.approx(-2.1 * share, abs=0.03)


def test_half_of_the_change_is_there_after_26_days() -> None:
    who = typical(disease())
    half_life = np.log(2) / 0.0264
    final = change(who, 1.0, 0.0, 2000)
    assert half_life == pytest.approx(26.3, abs=0.1)
    assert change(who, 1.0, 0.0, half_life) == pytest.approx(final / 2, rel=1e-5)


def test_it_settles_where_the_closed_form_says() -> None:
    who = typical(disease())
    assert change(who, 1.0, 0.0, 3000) == pytest.approx(-6.06 * 0.559 * 0.5, rel=1e-6)


def test_without_block_and_natural_course_it_stays_exactly() -> None:
    assert not change(draw(disease(), 30, 1), 0.0, 0.0, 365).any()


def test_the_link_switches_suppression_off_bit_for_bit() -> None:
    who = draw(disease(), 30, 1).having(link_cytokine_das=0.0)
    assert np.array_equal(change(who, 0.8, 1.0, 84), change(who, 0.0, 1.0, 84))


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 10_000), share=st.floats(0, 1), natural=st.floats(0, 1),
    days=st.floats(1, 500),
)  # fmt: skip
def test_it_falls_and_stays_above_zero(
    seed: int, share: float, natural: float, days: float
) -> None:
    who = draw(disease(), 16, seed)
    fall = change(who, share, natural, days)
    assert (fall <= 1e-9).all()
    assert (who["das_0"] + fall > 0).all()


def test_more_suppression_never_means_more_disease() -> None:
    who = draw(disease(), 30, 3)
    falls = np.stack([change(who, share, 1.0, 84) for share in np.linspace(0, 1, 6)])
    assert (np.diff(falls, axis=0) <= 1e-9).all()


def test_an_unknown_input_is_one_clear_error() -> None:
    segments = Segments(np.array([0.0, DAY]), {"supression": 1.0})
    with pytest.raises(InputError, match="suppression"):
        integrate(compile_model(disease()), typical(disease()), segments, [DAY])
