"""Brainstem: linear in `on`, bounded, silent without drive, alternatives shaped as stated."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import ArrayLike, NDArray

from vagus.body.draws import typical
from vagus.body.organs import brainstem as organ
from vagus.body.organs.brainstem import brainstem
from vagus.body.statement import table
from vagus.data import read_table
from vagus.errors import InputError
from vagus.validation.brainstem import (
    DAY_S,
    HOUR_S,
    PAUSE_S,
    TRAIN_S,
    brain,
    course,
    duty,
    held,
    people,
)  # fmt: skip

q = table("brainstem")
HALF = {"u_A": 10.0, "f_stim": 20.0}


def evaluated(expression: sp.Expr, **values: float) -> float:
    """An expression at the defaults of the table but for ``values``."""
    known = {s: float(x.default) for s, x in q.quantities.items() if x.kind not in ("output",)}
    return float(expression.subs({sp.Symbol(s, real=True): v for s, v in (known | values).items()}))


def test_linear_in_on() -> None:
    for rate in brainstem().rates.values():
        assert sp.diff(rate, q.on, 2) == 0


def test_rest_is_exactly_rest() -> None:
    """On for a day without drive: the same bits as never on."""
    silent = people(8, 1, f_stim=20.0)
    on, never = (course(silent, x, [0.0, DAY_S], [DAY_S]) for x in (1.0, 0.0))
    assert np.array_equal(on.states, never.states)
    assert (on["LC"] == 1).all()
    assert (on["LC_build"] == 1).all()


def test_link_off_is_rest() -> None:
    off = people(4, 1, **HALF, link_vagus_lc=0.0)
    assert (held(off, 1.0, HOUR_S, "LC") == 1).all()


def test_steady_state() -> None:
    """LC = 1 + g f H b/b_max with b the balance of growth and loss."""
    found = held(typical(brain().model).having(**HALF), 1.0, DAY_S, "lc_excess")
    effect = evaluated(organ.rate_effect() * organ.recruitment_effect(sp.Rational(1, 2)), **HALF)
    b_max, up = evaluated(q.b_max_LC), effect / evaluated(q.tau_up_LC)
    fade = 1 / (HOUR_S * evaluated(q.tau_fade_LC))
    build = (up * b_max + fade) / (up + fade)
    assert found[0] == pytest.approx(evaluated(q.g_L) * effect * build / b_max, rel=1e-5)


def test_time_constant() -> None:
    """After a train LC falls to 1/e of its excess within one time constant."""
    one = typical(brain().model).having(**HALF)
    found = course(one, [1.0, 0.0], [0.0, 600.0, 700.0], [600.0, 601.0])["lc_excess"][0]
    assert found[1] / found[0] == pytest.approx(np.exp(-1.0), rel=1e-5)


def cycled(on_s: float, off_s: float, cycles: int) -> NDArray[np.float64]:
    """[draw] mean LC excess over the second half of many cycles, and under the mean of `on`."""
    period = on_s + off_s
    starts = np.arange(cycles) * period
    edges = np.append(np.stack([starts, starts + on_s], axis=1).ravel(), cycles * period)
    draws = people(16, 4, **HALF)
    times = (np.arange(cycles // 2, cycles)[:, None] + np.linspace(0, 1, 331)[:-1]) * period
    exact = course(draws, np.tile([1.0, 0.0], cycles), edges, times.ravel())["lc_excess"]
    mean = course(draws, on_s / period, [0.0, cycles * period], times.ravel())["lc_excess"]
    return np.abs(mean.mean(axis=1) / exact.mean(axis=1) - 1)


@pytest.mark.parametrize(("on_s", "off_s", "worst"), [(30.0, 300.0, 0.02), (14.0, 12.0, 0.003)])
def test_mean_duty_replaces_cycles(on_s: float, off_s: float, worst: float) -> None:
    """The build-up grows within a train, which the mean cannot see: hours of cycles, all draws."""
    assert cycled(on_s, off_s, 120).max() < worst


def test_alternatives_over_recruitment() -> None:
    fractions = np.linspace(0, 1, 21)
    rising, inverted = (
        [evaluated(organ.recruitment_effect(sp.Float(r)), intensity_LC=a) for r in fractions]
        for a in (0.0, 1.0)
    )
    assert rising[0] == inverted[0] == 0
    assert rising[-1] == pytest.approx(1.0)
    assert (np.diff(rising) > 0).all()
    assert max(inverted) == pytest.approx(1.0, abs=0.01)
    assert fractions[np.argmax(inverted)] == pytest.approx(evaluated(q.r_opt_LC), abs=0.05)
    assert inverted[-1] < inverted[10]


def test_alternatives_over_rate() -> None:
    """Rats: 10 to 30 Hz beat 2 and 100 Hz. Human fMRI: 100 Hz beats 25, 10 and 2 Hz."""
    rat, human = (
        {f: evaluated(organ.rate_effect(), f_stim=f, frequency_LC=a) for f in (2, 10, 25, 30, 100)}
        for a in (0.0, 1.0)
    )
    assert min(rat[10], rat[30]) > max(rat[2], rat[100])
    assert human[100] > human[25] > human[10] > human[2]


def test_afferents_add_up_to_no_more_than_all() -> None:
    assert evaluated(organ.afferent(), u_A=20.0, f_stim=20.0) == 1
    assert evaluated(organ.afferent(), u_A=0.0, u_C=0.0, u_E=0.0, f_stim=0.0) == 0
    both = evaluated(organ.afferent(), u_A=10.0, u_E=20.0, f_stim=20.0, w_E_LC=0.5)
    assert both == pytest.approx(0.75)
    assert evaluated(organ.afferent(), u_A=90.0, f_stim=20.0) == 1  # a burst counts once


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    fraction=st.floats(0, 1),
    rate=st.floats(0.5, 300),
    on=st.lists(st.floats(0, 1), min_size=1, max_size=6),
)
def test_bounds(seed: int, fraction: float, rate: float, on: ArrayLike) -> None:
    draws = people(4, seed, u_A=fraction * rate, u_E=fraction * rate, f_stim=rate)
    edges = np.arange(len(np.asarray(on)) + 1) * 900.0
    found = course(draws, on, edges, np.linspace(1.0, edges[-1], 40))
    assert not found.status.any()
    assert (found["LC"] > 1 - 1e-6).all()
    assert (found["lc_excess"] < draws["g_L"][:, None] * (1 + 1e-6) + 1e-6).all()
    assert (found["LC_build"] > 1 - 1e-6).all()
    assert (found["LC_build"] < draws["b_max_LC"][:, None] + 1e-6).all()


def test_pupil_is_moved_by_sensation_alone() -> None:
    """Which is why it proves nothing about the LC."""
    felt = typical(brain().model).having(f_stim=25.0, sensation=1.0)
    found = course(felt, [1.0, 0.0], [0.0, TRAIN_S, PAUSE_S], [10.0, 100.0])["pupil"][0]
    assert found[0] == pytest.approx(felt["k_s_pupil"][0])
    assert found[1] == 0


def test_shipped_observations_are_the_dossiers() -> None:
    rows = read_table("body/brain_observations.csv")
    assert len(rows) >= 200
    assert {r["role"] for r in rows} == {"calibrate", "validate", "context"}
    assert all(r["where_seen"] and r["source"] for r in rows)


def test_bad_input() -> None:
    with pytest.raises(InputError, match="g_LC"):
        typical(brainstem()).having(g_LC=1.0)
    with pytest.raises(AttributeError, match="no quantity"):
        q.u_X  # noqa: B018
    assert duty(300.0) == pytest.approx(30 / 330)
