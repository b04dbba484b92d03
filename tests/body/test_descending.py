"""Descending control: sham is rest, signs over recruitment, linearity in time on, bounds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vagus.body.compiled import Compiled, compile_model
from vagus.body.draws import Draws, draw, typical
from vagus.body.integrate import Segments, Trajectory, integrate
from vagus.body.organs.descending import descending

HOUR_s = 3600.0


@pytest.fixture(scope="module")
def system() -> Compiled:
    return compile_model(descending(), compiled=False)  # few steps: not worth compiling


def stimulate(system: Compiled, draws: Draws, hours: float = 3.0, **inputs: float) -> Trajectory:
    given_ = {"on": 1.0, "f_stim": 20.0, **inputs}
    return integrate(
        system, draws, Segments(np.array([0.0, hours * HOUR_s]), given_), [0.0, hours * HOUR_s]
    )


def plain(system: Compiled, shape: float) -> Draws:
    """Known gains: inhibition 0.5, facilitation 0.2, threshold at half the fibres."""
    return typical(system.model).having(
        sign_shape=shape, g_inh=0.5, g_fac=0.2, x_T=0.5, phi_fac=0.4, n_D=4.0
    )


def test_without_drive_tone_is_exactly_rest(system: Compiled) -> None:
    found = stimulate(system, draw(system.model, 64, 3).having(g_last=1.0))
    assert np.all(found["D"] == 0.0)
    assert np.all(found["P_last"] == 0.0)


def test_route_off_equals_sham_bit_for_bit(system: Compiled) -> None:
    off = draw(system.model, 32, 4).having(route_brainstem=0.0)
    active = stimulate(system, off, u_A=15.0, u_C=3.0, u_E=10.0, NE=1.4)
    sham = stimulate(system, off)
    assert np.array_equal(active.states, sham.states)
    assert np.array_equal(active["D"], sham["D"])


def test_relaxes_to_the_hill_curves_at_its_time_constant(system: Compiled) -> None:
    draws = plain(system, 0)
    times = np.array([0.0, 150.0, 300.0, 3000.0])
    found = integrate(
        system, draws, Segments(times[[0, -1]], {"on": 1.0, "f_stim": 20.0, "u_A": 12.0}), times
    )
    up, down = (0.6 / 0.5) ** 4, (0.6 / 0.2) ** 4
    target = 0.5 * up / (1 + up) - 0.2 * down / (1 + down)
    assert found["D"][0] == pytest.approx(target * (1 - np.exp(-times / 300.0)), abs=1e-6)
    assert found["evoked_pain_change"][0] == pytest.approx(-18.1 * found["D"][0])


def test_weak_stimulation_facilitates_and_strong_inhibits_where_biphasic(system: Compiled) -> None:
    weak, strong = (stimulate(system, plain(system, 0), u_A=20 * x) for x in (0.2, 1.0))
    assert weak["D"][0, -1] < 0 < strong["D"][0, -1]


@pytest.mark.parametrize(("shape", "sign"), [(1, 1), (-1, -1)])
def test_monotone_shapes_keep_their_sign(system: Compiled, shape: int, sign: int) -> None:
    for share in (0.1, 0.3, 0.6, 1.0):
        found = stimulate(system, plain(system, shape), u_A=20 * share)
        assert sign * found["D"][0, -1] > 0


def test_tone_is_linear_in_the_share_of_time_on(system: Compiled) -> None:
    draws = draw(system.model, 16, 5)
    half, full = (stimulate(system, draws, u_A=15.0, on=on)["D_fast"][:, -1] for on in (0.5, 1.0))
    assert half == pytest.approx(full / 2, abs=1e-6)


def test_the_noradrenergic_part_has_the_sign_of_the_condition(system: Compiled) -> None:
    draws = typical(system.model, 3).having(sign_ne=[1.0, 0.0, -1.0], g_ne=0.5, tone_by_NE=1.0)
    found = stimulate(system, draws, NE=1.3)["D"][:, -1]
    assert found == pytest.approx([0.15, 0.0, -0.15], abs=1e-5)


def test_direct_and_noradrenergic_parts_never_add(system: Compiled) -> None:
    draws = plain(system, 1).having(g_ne=0.5)
    direct, both = (stimulate(system, draws, u_A=20.0, NE=ne)["D"][0, -1] for ne in (1.0, 1.4))
    through = stimulate(system, draws.having(tone_by_NE=1.0), u_A=20.0, NE=1.4)["D"][0, -1]
    assert direct == both
    assert through == pytest.approx(0.2, abs=1e-5)


def daily(system: Compiled, draws: Draws, days: int, on_s: float, times_d: object) -> Trajectory:
    """Sessions of ``on_s`` at the start of each day, half of the A fibres recruited."""
    starts = np.arange(days) * 24 * HOUR_s
    edges = np.append(np.stack([starts, starts + on_s], axis=1).ravel(), 2 * days * 24 * HOUR_s)
    given_ = {"on": np.tile([1.0, 0.0], days), "u_A": 10.0, "f_stim": 20.0}
    output_s = np.asarray(times_d, dtype=np.float64) * 24 * HOUR_s
    return integrate(system, draws, Segments(edges, given_), output_s, rtol=1e-8)


def test_lasting_relief_follows_its_exact_solution(system: Compiled) -> None:
    draws = typical(system.model, 3).having(g_last=[0.4, 0.0, -0.4], k_last=[6.0, 6.0, 600.0])
    rate = draws["k_last"] * 0.5 / (0.5 + draws["half_last"]) + 1 / 72
    end = draws["g_last"] * (1 - 1 / (72 * rate))
    found = daily(system, draws, 1, 300.0, [1.0])["P_last"][:, 0]
    decayed = np.exp(-(24 - 300 / 3600) / 72)
    assert found == pytest.approx(end * (1 - np.exp(-rate * 300 / 3600)) * decayed, abs=1e-6)


def test_a_minute_a_day_can_last_and_need_not(system: Compiled) -> None:
    """Where a minute saturates, it is near its end within days; where hours are needed, never."""
    draws = typical(system.model, 2).having(g_last=0.3, k_last=[600.0, 0.01])
    found = daily(system, draws, 12, 60.0, [12.0, 20.0])["P_last"]
    assert found[0, 0] > 0.2
    assert 0 < found[0, 1] < 0.1 * found[0, 0]
    assert abs(found[1, 0]) < 1e-3


def test_lasting_relief_has_no_preferred_sign_and_half_its_mass_at_zero(system: Compiled) -> None:
    found = draw(system.model, 2000, 1)["g_last"]
    assert np.mean(found == 0) == pytest.approx(0.5, abs=0.04)
    assert np.mean(found > 0) == pytest.approx(np.mean(found < 0), abs=0.04)


def test_priors_leave_the_sign_open_and_have_mass_at_zero(system: Compiled) -> None:
    found = stimulate(system, draw(system.model, 400, 1), u_A=15.0)["D"][:, -1]
    assert 0.15 < np.mean(found > 1e-3) < 0.85
    assert 0.15 < np.mean(found < -1e-3) < 0.85
    assert np.mean(np.abs(found) < 1e-3) > 0.05


@settings(max_examples=30)
@given(
    st.floats(0, 400), st.floats(0, 400), st.floats(0, 400), st.floats(0, 300), st.floats(0, 1),
    st.floats(0, 3), st.integers(0, 1000),
)  # fmt: skip
def test_tone_stays_within_its_gains(
    system: Compiled, a: float, c: float, e: float, rate: float, on: float, ne: float, seed: int
) -> None:
    draws = draw(system.model, 8, seed)
    found = stimulate(system, draws, u_A=a, u_C=c, u_E=e, f_stim=rate, on=on, NE=ne)
    assert not found.status.any()
    most = np.maximum(draws["g_inh"], draws["g_fac"])
    assert np.all(np.abs(found["P_last"]) <= np.abs(draws["g_last"])[:, None] + 1e-6)
    bound = most + draws["g_ne"] * abs(ne - 1)
    assert np.all(np.abs(found["D_fast"]) <= bound[:, None] + 1e-5)
