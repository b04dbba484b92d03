"""Monoamines: analytic courses, lesion, human share, duty, bounds."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from vagus.body.draws import Draws, draw, typical
from vagus.body.organs.monoamines import monoamines, rat_share
from vagus.body.statement import table
from vagus.errors import InputError
from vagus.validation.brainstem import (
    DAY_S,
    HOUR_S,
    MINUTE_S,
    PAUSE_S,
    brain,
    course,
    duty,
    held,
    people,
    rats,
)  # fmt: skip

q = table("monoamines")
NAMES = ("NE", "LC_day", "DRN1", "DRN2", "S5HT")


def rat() -> Draws:
    """A typical rat at full LC response."""
    full = {"u_A": 17.3, "f_stim": 17.3, "lambda_h": 1.0, "intensity_LC": 0.0}
    return typical(brain().model).having(**full)


def test_linear_in_the_lc_but_for_the_raphe() -> None:
    for state, rate in monoamines().rates.items():
        assert sp.diff(rate, q.lc_excess, 2) == 0, state


def test_norepinephrine_at_steady_state_and_its_return() -> None:
    one = rat()
    end = 3 * HOUR_S
    tau_s = one["tau_NE"][0] * MINUTE_S
    found = course(one, [1.0, 0.0], [0.0, end, 2 * end], [end, end + 60.0, end + 60.0 + tau_s])
    share = found["lc_excess"][0, 0] / one["g_L"][0]
    assert found["NE"][0, 0] - 1 == pytest.approx(one["ne_rise"][0] * share, rel=1e-4)
    rise = found["NE"][0] - 1
    assert rise[2] / rise[1] == pytest.approx(np.exp(-1.0), rel=1e-4)


def test_raphe_follows_two_stages() -> None:
    """With a dose known from the start, DRN2 / plateau = 1 - (1 + T) e^-T."""
    one = rat().having(tau_day=1e-3, duty50=1e-6)  # at once, and saturated
    days = np.array([1.0, 3.0, 14.0])
    gain = course(one, 0.5, [0.0, 14 * DAY_S], days * DAY_S)["DRN2"][0]
    stages = days / one["tau_DRN"][0]
    assert gain == pytest.approx(1 - (1 + stages) * np.exp(-stages), abs=2e-3)


def test_serotonin_takes_weeks_norepinephrine_minutes() -> None:
    one = rat()
    early = course(one, duty(PAUSE_S), [0.0, DAY_S], [HOUR_S])
    late = held(one, duty(PAUSE_S), 60 * DAY_S, "S5HT")[0] - 1
    assert (early["S5HT"][0, 0] - 1) / late < 1e-3
    assert late == pytest.approx(one["g_5HT"][0], rel=0.01)


def test_duty_counts_by_the_day() -> None:
    """12 h a day at a duty acts within 15 % like 24 h at half of it, once steady."""
    one = rats(8, 2).having(n_duty=1.0)
    usual = duty(PAUSE_S)
    edges = np.arange(81) * DAY_S / 2
    half_days = course(one, np.tile([usual, 0.0], 40), edges, [40 * DAY_S])["DRN2"][:, 0]
    assert half_days == pytest.approx(held(one, usual / 2, 40 * DAY_S, "DRN2"), rel=0.15)


@pytest.mark.parametrize("seed", [0, 1])
def test_lesion_abolishes_serotonin_rise(seed: int) -> None:
    """The raphe is driven through the LC: DSP-4 leaves nothing (Manta 2009)."""
    intact, lesioned = (rats(8, seed, lesion_ne=x) for x in (0.0, 1.0))
    assert (held(intact, duty(PAUSE_S), 14 * DAY_S, "S5HT") > 1.01).all()
    assert held(lesioned, duty(PAUSE_S), 14 * DAY_S, "S5HT") == pytest.approx(1.0, abs=1e-9)
    assert held(lesioned, 1.0, HOUR_S, "NE") == pytest.approx(0.0, abs=1e-9)


def test_no_human_share_changes_nothing() -> None:
    """`lambda_h` 0, half of the prior: both ratios stay exactly 1 whatever the LC does."""
    none = people(8, 3, u_A=10.0, f_stim=20.0, lambda_h=0.0)
    found = course(none, 0.2, [0.0, 20 * DAY_S], [DAY_S, 20 * DAY_S])
    assert (found["NE"] == 1).all()
    assert (found["S5HT"] == 1).all()
    assert (found["lc_excess"] > 0).any()


def test_half_of_the_prior_has_no_human_effect() -> None:
    share = draw(monoamines(), 4000, 1)["lambda_h"]
    assert np.mean(share == 0) == pytest.approx(0.5, abs=0.03)
    assert share.max() <= 1


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    lesion=st.floats(0, 1),
    on=st.lists(st.floats(0, 1), min_size=1, max_size=5),
)
def test_bounds(seed: int, lesion: float, on: list[float]) -> None:
    draws = people(4, seed, u_A=15.0, f_stim=20.0, lesion_ne=min(lesion, 0.99))
    edges = np.arange(len(on) + 1) * 3 * DAY_S
    found = course(draws, on, edges, np.linspace(1.0, edges[-1], 30))
    assert not found.status.any()
    assert (found["NE"] > 0).all()
    assert (found["S5HT"] > 1 - 1e-6).all()
    for symbol in ("LC_day", "DRN1", "DRN2"):
        assert (found[symbol] > -1e-6).all()
        assert (found[symbol] < 1 + 1e-6).all()


def test_rat_current() -> None:
    assert rat_share(0.42, 0.42, 8.0) == pytest.approx(0.5)
    assert rat_share(0.0, 0.42, 8.0) == 0
    with pytest.raises(InputError, match="current"):
        rat_share(-0.1, 0.42, 8.0)
    with pytest.raises(InputError, match="half-current"):
        rat_share(0.1, 0.0, 8.0)
