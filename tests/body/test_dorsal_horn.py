"""Dorsal horn: rest, frequency ordering of wind-up, monotone responses, bounds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vagus.body.compiled import Compiled, compile_model
from vagus.body.draws import typical
from vagus.body.integrate import Segments, integrate
from vagus.body.organs.dorsal_horn import dorsal_horn
from vagus.validation.dorsal_horn import bistable_gap, response, wind_up

FREQUENCIES = (0.1, 0.5, 1.0, 2.0)


@pytest.fixture(scope="module")
def system() -> Compiled:
    return compile_model(dorsal_horn())


def test_rest_solves_the_equations_of_the_paper(system: Compiled) -> None:
    """Fixed point of the four published equations, written out here a second time."""
    found = integrate(system, typical(system.model), Segments(np.array([0.0, 60.0]), {}), [60.0])
    p, e, i, g = found.states[0, -1]

    def curve(x: float, top: float, half: float, width: float) -> float:
        return float(top / 2 * (1 + np.tanh((x - half) / width)))

    assert p == pytest.approx(curve(0.8 + (0.8 + g) + 0.35 * e - 1.8 * i, 50, 28.2, 11.5), rel=1e-4)
    assert e == pytest.approx(curve(1.6 - 0.6 * i, 60, 29.2, 5.2), rel=1e-4)
    assert i == pytest.approx(1 + curve(0.8, 80, 28.0, 9.5), rel=1e-4)
    assert g == pytest.approx(curve(p, 2, 38, 10), rel=1e-4)


def test_wind_up_grows_with_frequency_and_is_absent_at_a_tenth_of_a_hertz() -> None:
    growth = [wind_up(f)[-1] / wind_up(f)[0] for f in FREQUENCIES]
    assert growth[0] == pytest.approx(1.0, abs=1e-3)
    assert np.all(np.diff(growth) > 0)
    assert np.all(np.diff(wind_up(1.0)) > -1e-6)


def test_the_released_ceiling_winds_up_from_a_higher_first_response() -> None:
    assert wind_up(1.0, 4.0)[0] > wind_up(1.0, 2.0)[0]


def test_inhibition_and_presynaptic_loss_lower_the_response() -> None:
    by_inhibition = [response(22.0, inhibition=d) for d in (0.0, 4.0, 8.0, 12.0)]
    by_loss = [response(22.0 * share) for share in (1.0, 0.9, 0.8)]
    assert np.all(np.diff(by_inhibition) < 0)
    assert np.all(np.diff(by_loss) < 0)


def test_bistability_hangs_on_the_ceiling_but_not_on_it_alone() -> None:
    """Both ceilings have two states at 18 Hz; only that of the code has them at 12 Hz."""
    assert bistable_gap(12.0, 4.0) > 40
    assert bistable_gap(12.0, 2.0) < 1e-3
    assert bistable_gap(18.0, 2.0) > 30


@settings(max_examples=25)
@given(
    st.floats(0, 100), st.floats(0, 100), st.floats(0, 50), st.sampled_from([2.0, 4.0]),
    st.floats(0, 1),
)  # fmt: skip
def test_states_stay_in_their_bounds(
    system: Compiled, a: float, c: float, inhibition: float, ceiling: float, start: float
) -> None:
    inputs = {"f_A": a, "f_C": c, "inhibition_dh": inhibition}
    first = {"P_dh": 50 * start, "E_dh": 60 * start, "I_dh": 81 * start, "g_nmda": ceiling * start}
    found = integrate(
        system, typical(system.model).having(max_N=ceiling),
        Segments(np.array([0.0, 5.0]), inputs), [0.01, 0.1, 1.0, 5.0], initial=first,
    )  # fmt: skip
    assert not found.status.any()
    for symbol, top in (("P_dh", 50), ("E_dh", 60), ("I_dh", 81), ("g_nmda", ceiling)):
        assert np.all(found[symbol] >= -1e-6)
        assert np.all(found[symbol] <= top + 1e-6)
    assert np.all(np.abs(found["relief_dh"] - (1 - found["P_dh"] / 50)) < 1e-9)
