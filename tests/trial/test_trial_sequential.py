"""Group-sequential boundaries against rpact, printed tables, exact integrals and simulation."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal, norm

from vagus.errors import ConvergenceError, InputError
from vagus.trial import walk
from vagus.trial.sequential import (
    Boundaries,
    boundaries,
    crossing,
    drift_for_power,
    expected_information,
    inflation,
    power,
    with_beta_spending,
    with_futility,
)
from vagus.trial.spending import (
    Efficacy,
    obrien_fleming_spending,
    pocock_spending,
)

GOLDEN = Path(__file__).parents[1] / "golden"
GOLD = json.loads((GOLDEN / "gold.json").read_text())["group_sequential_one_sided_0.025"]
R_LOG = (GOLDEN / "gold2_R.txt").read_text()
THIRDS = (1 / 3, 2 / 3, 1.0)
KINDS: tuple[Efficacy, ...] = (
    "obrien-fleming",
    "pocock",
    "lan-demets-obf",
    "lan-demets-pocock",
)


def r_values(label: str, after: str = "crit") -> list[float]:
    """Numbers that R printed on the line that starts with ``label``, after a word."""
    line = next(line for line in R_LOG.splitlines() if line.startswith(label))
    part = re.split(r"[a-zA-Z]", line.split(f" {after} ")[1])[0]
    return [float(x) for x in part.split()]


def equal(found: object, wanted: object) -> None:
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-6)


def test_boundaries_are_those_of_rpact() -> None:
    """rpact 3.3.4, one-sided 0.025; both copies of its numbers."""
    classic = boundaries(THIRDS, "obrien-fleming", 0.025, 1)
    equal(classic.efficacy_z, GOLD["OBrienFleming_3"])
    equal(classic.efficacy_z, r_values("OF kMax3"))
    equal(classic.stage_levels, r_values("OF kMax3", "stageLevels"))
    same = boundaries(THIRDS, "pocock", 0.025, 1)
    equal(same.efficacy_z, np.full(3, GOLD["Pocock_3"]))
    equal(same.efficacy_z, r_values("Pocock kMax3"))
    spending = boundaries((0.25, 0.5, 0.75, 1.0), "lan-demets-obf", 0.025, 1)
    equal(spending.efficacy_z, GOLD["LD_OF_4"])
    equal(spending.efficacy_z, r_values("LD OF 4"))
    equal(spending.alpha_spent, r_values("LD OF 4", "spent"))
    uneven = boundaries((0.3, 0.7, 1.0), "lan-demets-pocock", 0.025, 1)
    equal(uneven.efficacy_z, GOLD["LD_Pocock_.3_.7_1"])
    equal(uneven.efficacy_z, r_values("LD Pocock"))
    # The inverse normal combination test has the same critical values.
    equal(boundaries((0.5, 1.0), "obrien-fleming", 0.025, 1).efficacy_z, r_values("inverse", "OF2"))


def test_inflation_and_expected_number_are_those_of_rpact() -> None:
    plan = boundaries(THIRDS, "lan-demets-obf", 0.025, 1)
    equal(inflation(plan, 0.8), GOLD["LD_OF_3_inflation"])
    (largest,) = re.findall(r"n max .*?: ([\d.]+)", R_LOG)
    (fixed,) = re.findall(r"n max .* fixed n ([\d.]+)", R_LOG)
    (expected,) = re.findall(r"E\[N\|H1\] ([\d.]+)", R_LOG)
    equal(inflation(plan, 0.8) * float(fixed), float(largest))
    share = expected_information(plan, drift_for_power(plan, 0.8))
    equal(share * float(largest), float(expected))


@pytest.mark.parametrize(
    ("looks", "pocock", "obrien_fleming", "inflation_pocock", "inflation_obf"),
    [
        (2, 2.178, 1.977, 1.100, 1.007),
        (3, 2.289, 2.004, 1.151, 1.016),
        (4, 2.361, 2.024, 1.183, 1.022),
        (5, 2.413, 2.040, 1.207, 1.026),
        (10, 2.555, 2.087, 1.271, 1.037),
    ],
)
def test_constants_of_the_textbook(
    looks: int,
    pocock: float,
    obrien_fleming: float,
    inflation_pocock: float,
    inflation_obf: float,
) -> None:
    """Jennison and Turnbull 2000, tables 2.1 to 2.4: two-sided 0.05, power 0.9."""
    rates = tuple(k / looks for k in range(1, looks + 1))
    flat, steep = boundaries(rates, "pocock"), boundaries(rates, "obrien-fleming")
    assert flat.efficacy_z[-1] == pytest.approx(pocock, abs=6e-4)
    assert steep.efficacy_z[-1] == pytest.approx(obrien_fleming, abs=6e-4)
    assert inflation(flat, 0.9) == pytest.approx(inflation_pocock, abs=6e-4)
    assert inflation(steep, 0.9) == pytest.approx(inflation_obf, abs=6e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_a_finer_grid_changes_nothing(kind: Efficacy, monkeypatch: pytest.MonkeyPatch) -> None:
    coarse = boundaries((0.3, 0.7, 1.0), kind, 0.025, 1).efficacy_z
    monkeypatch.setattr(walk, "GRID", 2 * walk.GRID)
    fine = boundaries((0.3, 0.7, 1.0), kind, 0.025, 1).efficacy_z
    np.testing.assert_allclose(coarse, fine, rtol=0, atol=1e-8)


def test_spending_functions() -> None:
    t = np.array([0.2, 0.6, 1.0])
    wanted = [2 * norm.sf(norm.isf(0.0125) / np.sqrt(s)) for s in t]
    np.testing.assert_allclose(obrien_fleming_spending(0.025, t), wanted, rtol=1e-12)
    wanted = [0.025 * np.log(1 + (np.e - 1) * s) for s in t]
    np.testing.assert_allclose(pocock_spending(0.025, t), wanted, rtol=1e-12)


@pytest.mark.parametrize("drift", [0.0, 1.3, 3.0, -2.0])
def test_two_looks_are_a_bivariate_normal_integral(drift: float) -> None:
    plan = boundaries((0.4, 1.0), "pocock", 0.05, 1)
    c, rho = plan.efficacy_z[0], np.sqrt(0.4)
    joint = multivariate_normal([drift * rho, drift], [[1.0, rho], [rho, 1.0]])
    stays = float(joint.cdf(plan.efficacy_z, rng=np.random.default_rng(1)))
    found = crossing(plan, drift)
    assert found.benefit[0] == pytest.approx(norm.sf(c - drift * rho), abs=1e-12)
    assert found.benefit.sum() == pytest.approx(1.0 - stays, abs=1e-8)


def simulated(plan: Boundaries, drift: float, trials: int, seed: int) -> np.ndarray:
    """[3, K] shares of simulated trials that stop for benefit, harm, futility at each look."""
    rng = np.random.default_rng(seed)
    steps = np.diff(plan.information, prepend=0.0)
    walks = drift * steps + np.sqrt(steps) * rng.standard_normal((trials, steps.size))
    z = np.cumsum(walks, axis=1) / np.sqrt(plan.information)
    benefit = z >= plan.efficacy_z
    harm = z <= -plan.efficacy_z if plan.sides == 2 else np.zeros_like(benefit)
    futility = ~harm & (z < np.append(plan.futility_z, -np.inf))
    stop = benefit | harm | futility
    first = stop & (np.cumsum(stop, axis=1) == 1)
    return np.stack([(first & kind).mean(axis=0) for kind in (benefit, harm, futility)])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("drift", "sides"), [(0.0, 2), (2.5, 2), (2.5, 1)])
def test_simulated_trials_stop_as_computed(kind: Efficacy, drift: float, sides: int) -> None:
    trials = 200_000
    plan = boundaries((0.3, 0.55, 1.0), kind, 0.05, sides, futility_z=(-0.4, 0.6))
    found = crossing(plan, drift)
    computed = np.stack([found.benefit, found.harm, found.futility])
    observed = simulated(plan, drift, trials, seed=11)
    error = np.sqrt(np.maximum(computed * (1 - computed), 1 / trials) / trials)
    assert np.all(np.abs(observed - computed) < 4.5 * error)


rates = st.lists(st.integers(1, 9), min_size=1, max_size=5).map(
    lambda steps: (*(float(x) for x in np.cumsum(steps)[:-1] / np.sum(steps)), 1.0)
)


@settings(deadline=None, max_examples=25)
@given(rates, st.sampled_from(KINDS), st.floats(0.001, 0.3), st.sampled_from([1, 2]))
def test_alpha_is_spent_and_no_more(
    information: tuple[float, ...], kind: Efficacy, alpha: float, sides: int
) -> None:
    plan = boundaries(information, kind, alpha, sides)
    assert plan.alpha_spent[-1] == pytest.approx(alpha, abs=1e-8)
    assert np.all(np.diff(plan.alpha_spent) >= 0)
    under_none = crossing(plan, 0.0)
    assert power(plan, 0.0) == pytest.approx(alpha / sides, abs=1e-8)
    if sides == 2:
        np.testing.assert_allclose(under_none.benefit, under_none.harm, atol=1e-9)
    against = crossing(plan, -1.7)
    if sides == 2:  # permuting the arms turns benefit into harm
        np.testing.assert_allclose(against.harm, crossing(plan, 1.7).benefit, atol=1e-9)
    assert expected_information(plan, 3.0) <= 1.0 + 1e-12
    assert inflation(plan, 0.8) >= 1.0 - 1e-9


def test_one_look_is_the_fixed_test() -> None:
    for kind in KINDS:
        plan = boundaries((1.0,), kind, 0.05, 2)
        assert plan.efficacy_z[0] == pytest.approx(norm.isf(0.025), abs=1e-10)
        assert inflation(plan, 0.9) == pytest.approx(1.0, abs=1e-9)
        assert expected_information(plan, 1.0) == 1.0


def test_futility_costs_power_and_saves_patients_but_not_alpha() -> None:
    plan = boundaries(THIRDS, "lan-demets-obf", 0.025, 1)
    stops = with_futility(plan, (0.0, 0.8))
    np.testing.assert_array_equal(stops.efficacy_z, plan.efficacy_z)
    assert stops.alpha_spent[-1] == pytest.approx(0.025)  # non-binding: may be overruled
    assert power(stops, 0.0) < 0.025
    assert power(stops, 2.8) < power(plan, 2.8)
    assert expected_information(stops, 0.0) < expected_information(plan, 0.0)
    assert inflation(stops, 0.8) > inflation(plan, 0.8)


@pytest.mark.parametrize("kind", ["lan-demets-obf", "lan-demets-pocock"])
def test_beta_spending_spends_beta(kind: Efficacy) -> None:
    plan = with_beta_spending(boundaries(THIRDS, "lan-demets-obf", 0.025, 1), 0.8, kind)
    drift = drift_for_power(plan, 0.8)
    spend = obrien_fleming_spending if kind == "lan-demets-obf" else pocock_spending
    wanted = spend(0.2, plan.information)
    lost = np.cumsum(crossing(plan, drift).futility)
    np.testing.assert_allclose(lost[:2], wanted[:2], atol=1e-7)
    assert power(plan, drift) == pytest.approx(0.8, abs=1e-9)
    assert np.all(np.diff(plan.futility_z) > 0)


@pytest.mark.parametrize(
    ("information", "field"),
    [
        ((), "information"),
        ((0.5, 0.5, 1.0), "information"),
        ((0.5, 0.9), "information"),
        ((0.0, 1.0), "information"),
        ((0.7, 0.3, 1.0), "information"),
        ((0.5, float("nan"), 1.0), "information"),
        ((0.5, 1.0, 1.5), "information"),
    ],
)
def test_shares_that_are_no_plan(information: tuple[float, ...], field: str) -> None:
    with pytest.raises(InputError, match=field):
        boundaries(information, "pocock")


@pytest.mark.parametrize("alpha", [0.0, 1.0, -0.1, 1.2, float("nan")])
def test_levels_that_are_none(alpha: float) -> None:
    with pytest.raises(InputError, match=r"`alpha` is .* above 0 and below 1"):
        boundaries(THIRDS, "pocock", alpha)


def test_what_cannot_be_is_said() -> None:
    with pytest.raises(InputError, match=r"below 0\.5 with 1 side"):
        boundaries(THIRDS, "pocock", 0.6, 1)
    with pytest.raises(InputError, match="1 or 2"):
        boundaries(THIRDS, "pocock", 0.05, 3)
    with pytest.raises(InputError, match="lan-demets-pocock"):
        boundaries(THIRDS, "haybittle")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="2 numbers, one per look but the last"):
        boundaries(THIRDS, "pocock", futility_z=(0.0,))
    with pytest.raises(InputError, match="cannot stop for both"):
        boundaries(THIRDS, "pocock", futility_z=(0.0, 3.0))
    plan = boundaries(THIRDS, "pocock", futility_z=(2.2, 2.2))
    with pytest.raises(InputError, match="`power` is 1"):
        drift_for_power(plan, 1.0)
    with pytest.raises(InputError, match="lan-demets-obf"):
        with_beta_spending(plan, 0.8, "pocock")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("apart", [1e-4, 1e-6, 1e-12])
def test_looks_too_close_together_do_not_converge(kind: Efficacy, apart: float) -> None:
    with pytest.raises(ConvergenceError, match="too close together"):
        boundaries((0.5, 0.5 + apart, 1.0), kind)
