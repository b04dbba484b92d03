"""Permuted blocks: balance, totals, chance, and the same from the same seed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from vagus.errors import InputError
from vagus.patient.regimen import Regimen
from vagus.trial.design import Arm, Design, Strata
from vagus.trial.estimand import default_estimand
from vagus.trial.randomisation import allocate, composition, randomise, usual_size


def rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_imbalance_within_a_stratum_is_half_a_block_at_most() -> None:
    """At any time, in every stratum and replicate, and in balance where a block ends."""
    strata = rng(1).integers(0, 3, (200, 90))
    arm = allocate((45, 45), strata, (4, 6), rng(2), exact=False)
    for stratum in range(3):
        lead = np.cumsum(np.where(strata == stratum, 2 * arm - 1, 0), axis=1)
        assert np.abs(lead).max() == 3  # half of the block of 6, and it does happen
    single = allocate((30, 30), np.zeros((50, 60), dtype=np.int64), (4,), rng(3), exact=False)
    blocks = single.reshape(50, 15, 4).sum(axis=2)
    assert np.all(blocks == 2)


def test_blocks_have_the_ratio_of_the_arms() -> None:
    arm = allocate((60, 30, 30), np.zeros((20, 120), dtype=np.int64), (8,), rng(4))
    blocks = arm.reshape(20, 15, 8)
    for a, wanted in enumerate((4, 2, 2)):
        assert np.all((blocks == a).sum(axis=2) == wanted)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.integers(2, 40), min_size=1, max_size=4), st.integers(1, 4), st.integers(0, 10**6)
)
def test_totals_are_exact_for_any_arms(n: list[int], strata: int, seed: int) -> None:
    which = rng(seed).integers(0, strata, (7, sum(n)))
    arm = allocate(n, which, (usual_size(n),), rng(seed))
    for a, wanted in enumerate(n):
        assert np.all((arm == a).sum(axis=1) == wanted)


def test_exact_totals_keep_strata_in_balance() -> None:
    """Only those of unfilled blocks are moved, so no stratum is off by a block."""
    strata = rng(5).integers(0, 4, (300, 120))
    arm = allocate((60, 60), strata, (4,), rng(6))
    for stratum in range(4):
        difference = np.where(strata == stratum, 2 * arm - 1, 0).sum(axis=1)
        assert np.abs(difference).max() <= 4


@pytest.mark.parametrize("exact", [True, False])
def test_every_arm_is_as_likely_at_every_place(exact: bool) -> None:
    replicates = 6000
    strata = np.broadcast_to(rng(7).integers(0, 2, 30), (replicates, 30))
    arm = allocate((10, 20), strata, (3, 6), rng(8), exact=exact)
    first = (arm == 0).sum(axis=0)
    expected = replicates / 3
    chi2 = ((first - expected) ** 2 / expected / (2 / 3)).sum()
    # Places within a block are tied to each other, which only narrows the sum.
    assert chi2 < stats.chi2.isf(0.001, 30)


def test_sizes_of_blocks_cannot_be_foreseen() -> None:
    """With one size the last of each block is known from the others; with two it is not."""
    zeros = np.zeros((4000, 4), dtype=np.int64)
    one = allocate((20, 20), zeros, (4,), rng(9), exact=False)
    assert np.all(one[:, :3].sum(axis=1) + one[:, 3] == 2)
    two = allocate((20, 20), zeros, (2, 4, 6), rng(10), exact=False)
    assert set(np.unique(two.sum(axis=1))) == {1, 2, 3}


def test_the_seed_says_all() -> None:
    strata = rng(11).integers(0, 2, (5, 40))
    first, again = (allocate((20, 20), strata, (4, 6), rng(12)) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert np.any(first != allocate((20, 20), strata, (4, 6), rng(13)))


def design(**changes: object) -> Design:
    arms = (
        Arm("active", "active", 12, Regimen("active", ((0.0, 84.0),))),
        Arm("sham", "sham", 12, Regimen("sham")),
    )
    estimand = default_estimand("parallel", "mmrm", "adults", "a against b", "pain", binary=False)
    plan = Design("t", "fibromyalgia", "nrs", "parallel", arms, (84.0,), estimand)
    return replace(plan, **changes)  # type: ignore[arg-type]


def test_strata_are_cut_at_the_baseline() -> None:
    plan = design(strata=Strata((5.0, 7.0), (4,)))
    baseline = rng(14).uniform(3, 9, (6, 24))
    baseline[0, :2] = 5.0, 7.0
    arm, stratum = randomise(plan, baseline, rng(15))
    assert stratum[0, :2].tolist() == [1, 2]
    np.testing.assert_array_equal(stratum, (baseline >= 5).astype(int) + (baseline >= 7))
    assert np.all(arm.sum(axis=1) == 12)
    one, of = randomise(plan, baseline[0], rng(16))
    assert one.shape == of.shape == (24,)
    assert one.sum() == 12


def test_crossover_sequences_are_balanced() -> None:
    arms = (
        Arm("active first", "active", 10, Regimen("active first", ((0.0, 14.0),))),
        Arm("sham first", "sham", 10, Regimen("sham first", ((28.0, 42.0),))),
    )
    plan = design(
        kind="crossover", analysis="crossover", arms=arms, period_d=14.0, washout_d=14.0,
        visits_d=(14.0, 42.0),
    )  # fmt: skip
    arm, _ = randomise(plan, np.full((50, 20), 6.0), rng(17))
    assert np.all(arm.sum(axis=1) == 10)
    assert np.all(arm.reshape(50, 5, 4).sum(axis=2) == 2)


def test_usual_sizes() -> None:
    assert usual_size((60, 60)) == 4
    assert usual_size((121, 122)) == 4
    assert usual_size((40, 20)) == 6
    assert usual_size((10, 10, 10)) == 6
    assert usual_size((7,)) == 2
    assert composition((121, 122), 4).tolist() == [2, 2]


@pytest.mark.parametrize("size", [2, 4, 5, 7])
def test_blocks_that_do_not_hold_the_ratio(size: int) -> None:
    with pytest.raises(InputError, match=r"strata.block_sizes.*2:1.*Such as 3, 6, 9"):
        composition((40, 20), size)


def test_bad_strata() -> None:
    with pytest.raises(InputError, match="24 patients, as the arms have"):
        randomise(design(), np.full(23, 6.0), rng(0))
    with pytest.raises(InputError, match="whole numbers from 0"):
        allocate((2, 2), np.array([[0, 0, -1, 0]]), (4,), rng(0))
