"""Mood: two stages, the dose of D-02, expectation, pain, switches, linearity."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from vagus.body.draws import Draws, typical
from vagus.body.integrate import Segments, integrate
from vagus.body.organs.mood import mood
from vagus.body.statement import table
from vagus.validation.brainstem import DAY_S, brain, people

q = table("mood")
WEEK_S = 7 * DAY_S
D02 = {"u_A": 11.0, "f_stim": 20.0}  # 0.55 of the afferents at a duty of 1/11: the dose of D-02
ON = 1 / 11


def after(draws: Draws, weeks: float, symbol: str = "M", on: float = ON, pain: float = 0.0
          ) -> NDArray[np.float64]:  # fmt: skip
    """[n] of a symbol after weeks at constant inputs."""
    held = Segments(np.array([0.0, weeks * WEEK_S]), {"on": on, "pain": pain})
    return integrate(brain(), draws, held, [weeks * WEEK_S])[symbol][:, 0]


def one(**having: float) -> Draws:
    return typical(brain().model).having(**D02, **having)


def test_linear_in_on_and_in_pain() -> None:
    for rate in mood().rates.values():
        assert sp.diff(rate, q.on, 2) == 0
        assert sp.diff(rate, q.pain, 2) == 0


def test_shows_the_measured_effect_when_it_was_measured() -> None:
    """d_VNS at ten weeks, but for the day in which the dose builds up; sign: + is worse."""
    benefit = -after(one(pl_M=0.0), 10.0)[0]
    assert benefit == pytest.approx(0.26, rel=0.02)


def test_two_stages() -> None:
    """Growth from week 1 to 8 beyond the eightfold that one stage allows."""
    draws = one(pl_M=0.0, tau_dose_M=1e-3)
    weeks = np.array([1.0, 8.0])
    found = np.array([after(draws, w, "M2")[0] for w in weeks])
    exact = 1 - (1 + weeks / 2) * np.exp(-weeks / 2)
    assert found[1] / found[0] == pytest.approx(exact[1] / exact[0], rel=0.01)
    assert found[1] / found[0] > 8


def test_expectation_has_its_time_constant() -> None:
    sham = one().having(u_A=0.0)
    gained = -after(sham, 2.3)[0]
    assert gained == pytest.approx(sham["pl_M"][0] * (1 - np.exp(-1.0)), rel=1e-4)
    assert (after(sham, 2.3, on=0.0) == after(sham, 2.3)).all()


def test_dose_saturates() -> None:
    """Twice the dose of D-02 adds little, a tenth keeps a part (default half-dose: a fifth)."""
    full, double, tenth = (-after(one(pl_M=0.0), 10.0, on=x)[0] for x in (ON, 2 * ON, ON / 10))
    assert double / full < 1.15
    assert 0.2 < tenth / full < 0.6


def test_pain_worsens_mood_by_the_weekly_rate() -> None:
    quiet = one(pl_M=0.0).having(u_A=0.0)
    worse = after(quiet, 12.0, pain=1.0)[0]
    a, b = quiet["A_MP"][0], quiet["a_MM"][0]
    assert worse == pytest.approx(a / b * (1 - np.exp(-12 * b)), rel=1e-4)
    assert after(quiet.having(link_pain_mood=0.0), 12.0, pain=1.0)[0] == 0


def test_only_one_of_measured_and_serotonin_acts() -> None:
    """Never both, which would count the effect twice."""
    open_ = {"lambda_h": 1.0, "pl_M": 0.0}
    measured, serotonin = one(mood_by_5HT=0.0, **open_), one(mood_by_5HT=1.0, **open_)
    assert (after(measured, 10.0) == after(measured.having(k_5HT_M=5.0), 10.0)).all()
    assert (after(serotonin, 10.0) == after(serotonin.having(d_VNS=5.0), 10.0)).all()
    assert after(serotonin, 10.0)[0] < -0.01
    assert after(serotonin.having(lambda_h=0.0), 10.0)[0] == 0
    assert after(serotonin.having(link_monoamine_mood=0.0), 10.0)[0] == 0


@pytest.mark.parametrize("by_5HT", [0.0, 1.0])
def test_route_off_is_sham_bit_for_bit(by_5HT: float) -> None:
    """With the LC's own link, too: its course shortens the steps, which shows in last digits."""
    draws = people(8, 2, **D02).having(route_mood=0.0, mood_by_5HT=by_5HT, lambda_h=1.0)
    sham = after(draws.having(u_A=0.0), 6.0, pain=0.5)
    assert after(draws, 6.0, pain=0.5) == pytest.approx(sham, abs=1e-6)
    assert np.array_equal(after(draws.having(link_vagus_lc=0.0), 6.0, pain=0.5), sham)


def test_without_drive_nothing_but_expectation() -> None:
    silent = people(8, 2, f_stim=20.0)
    assert np.array_equal(after(silent, 6.0), after(silent, 6.0, on=0.0))


def test_priors_hold_no_effect_and_harm() -> None:
    """D-02 does not exclude harm, and neither does the prior."""
    draws = people(2000, 1, **D02)
    assert 0.08 < np.mean(draws["d_VNS"] < 0) < 0.18
    assert np.mean(draws["k_5HT_M"] == 0) == pytest.approx(0.5, abs=0.04)


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10_000), on=st.floats(0, 1), pain=st.floats(-2, 2))
def test_bounds(seed: int, on: float, pain: float) -> None:
    """Within the sum of what each part can do at most."""
    draws = people(4, seed, u_A=20.0, f_stim=20.0)
    found = after(draws, 52.0, on=on, pain=pain)
    stages = 10 / draws["tau_M"]
    plateau = np.abs(draws["d_VNS"]) / (1 - (1 + stages) * np.exp(-stages))
    dose = 1 + draws["dose50_M"] / draws["dose_D02"]
    serotonin = draws["k_5HT_M"] * draws["g_5HT"]
    most = plateau * dose + serotonin + draws["pl_M"] + draws["A_MP"] / draws["a_MM"] * abs(pain)
    assert np.isfinite(found).all()
    assert (np.abs(found) <= most + 1e-6).all()
