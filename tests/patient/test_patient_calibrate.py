"""Calibration: weighted patients show what was published, by patients of known response."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from vagus.body.conditions import condition
from vagus.errors import InputError
from vagus.patient.calibrate import Statistic, Target, calibrate
from vagus.patient.cohort import Cohort
from vagus.patient.regimen import Regimen
from vagus.patient.screening import Entry

SHAM = Regimen("sham")
DAYS = 84


def cohort(seed: int = 1, populations: int = 20, patients: int = 30) -> Cohort:
    """People with osteoarthritis whose change at week 12 is spread around -0.5 SD."""
    n = populations * patients
    rng = np.random.default_rng(seed)
    population = np.repeat(np.arange(populations), patients)
    end = -0.5 + 0.4 * rng.standard_normal(populations)[population] + 0.2 * rng.standard_normal(n)
    pain = end[:, None] * np.linspace(0, 1, DAYS + 1)
    traits = {"tau_level": 28.5, "icc_day": 0.6, "phi_day": 0.27}
    return Cohort(
        condition("osteoarthritis"), (SHAM,), np.arange(DAYS + 1.0), population,
        np.full(n, 1 / n), {"sham": {"pain": pain}}, {k: np.full(n, v) for k, v in traits.items()},
        seed, "made up",
    )  # fmt: skip


def target(statistic: Statistic, value: float, tolerance: float = 0.0, **more: object) -> Target:
    given = Target(
        f"trial: {statistic}", "TRIAL", "sham", "nrs", statistic, value, tolerance,
        Entry(at_least=4.0), (-7.0, 0.0), (DAYS - 7.0, float(DAYS)),
    )  # fmt: skip
    return dataclasses.replace(given, **more)  # type: ignore[arg-type]


def test_exact_target_is_met_in_fresh_ratings() -> None:
    """Weights found with one seed of the noise give the published change with another."""
    people = cohort()
    found = calibrate([(people, [target("change mean", -1.6)])], seed=1, rated=400)
    assert found.after[0] == pytest.approx(-1.6, abs=1e-6)
    again = calibrate(
        [(people.reweighted(found.weight), [target("change mean", -1.6, 1e3)])], seed=2, rated=400
    )
    assert again.before[0] == pytest.approx(-1.6, abs=0.05)
    assert found.effective < len(people)
    assert 1 <= found.effective_populations <= 20


def test_tolerance_goes_part_of_the_way() -> None:
    people = cohort()
    loose = calibrate([(people, [target("change mean", -3.0, 1.0)])])
    tight = calibrate([(people, [target("change mean", -3.0, 0.1)])])
    assert -3.0 < tight.after[0] < loose.after[0] < loose.before[0]
    assert tight.effective < loose.effective < len(people)
    assert loose.missed() == ()
    far = calibrate([(people, [target("change mean", -9.0, 0.1)])])
    assert far.missed() == ("trial: change mean",)


def test_several_moments_at_once() -> None:
    people = cohort()
    asked = [
        target("change mean", -1.8, 0.05),
        target("baseline mean", 6.1, 0.05),
        target("change sd", 2.2, 0.1, center=-1.8),
        target("responders", 0.35, 0.05),
    ]
    found = calibrate([(people, asked)], rated=60)
    for t, after in zip(asked, found.after, strict=True):
        assert after == pytest.approx(t.value, abs=3 * t.tolerance), t.name


def test_regression_to_the_mean_is_in_what_is_matched() -> None:
    """Nobody changes, but those admitted at 4 or more rate lower later: that counts as change."""
    people = cohort()
    still = dataclasses.replace(
        people, courses={"sham": {"pain": np.zeros((len(people), DAYS + 1))}}
    )
    found = calibrate([(still, [target("change mean", 0.0, 1e3)])])
    assert found.before[0] < -0.3


def test_out_of_reach_is_named() -> None:
    with pytest.raises(InputError, match="trial: change mean"):
        calibrate([(cohort(), [target("change mean", -9.5)])])


def test_without_targets_weights_stay() -> None:
    people = cohort()
    found = calibrate([(people, [])])
    assert np.array_equal(found.weight, people.weight)
    assert found.effective == pytest.approx(len(people))


def test_same_seed_same_bits() -> None:
    people = cohort()
    asked = [target("change mean", -1.5, 0.2)]
    first, second = (calibrate([(people, asked)], seed=3).weight for _ in range(2))
    assert np.array_equal(first, second)


@pytest.mark.parametrize(
    ("change", "field"),
    [({"tolerance": -1.0}, "tolerance"), ({"statistic": "mode"}, "statistic")],
)
def test_bad_targets(change: dict[str, object], field: str) -> None:
    with pytest.raises(InputError, match=field):
        dataclasses.replace(target("change mean", -1.0, 0.1), **change)  # type: ignore[arg-type]


def test_negative_sd_and_shares_beyond_one() -> None:
    with pytest.raises(InputError, match="above 0"):
        target("change sd", -2.0, 0.1)
    with pytest.raises(InputError, match="share"):
        target("responders", 35.0, 0.1)


def test_other_people_are_refused() -> None:
    with pytest.raises(InputError, match="same people"):
        calibrate([(cohort(), []), (cohort(seed=2), [target("change mean", -1.0, 0.1)])])
