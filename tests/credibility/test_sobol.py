"""Sobol indices against functions whose indices are known in closed form."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from vagus.credibility.sobol import SobolIndices, sobol_design, sobol_indices
from vagus.errors import InputError

Floats = NDArray[np.float64]
Function = Callable[[Floats], Floats]


def indices(
    f: Function, k: int, base: int, seed: int = 0, sets: list[tuple[int, ...]] | None = None,
    replicates: int = 50,
) -> SobolIndices:  # fmt: skip
    design = sobol_design(k, base, seed, sets)
    values = np.stack([f(design.mixture(s)) for s in range(len(design.members))])
    return sobol_indices(values, seed, replicates)


def ishigami(u: Floats) -> Floats:
    """sin x1 + 7 sin^2 x2 + 0.1 x3^4 sin x1 on (-pi, pi); a fourth input does nothing."""
    x = np.pi * (2 * u - 1)
    return np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])


def ishigami_exact() -> tuple[Floats, Floats]:
    """Ishigami and Homma 1990 doi:10.1109/ISUMA.1990.151285; integrals worked out."""
    a, b = 7.0, 0.1
    v1 = 0.5 * (1 + b * np.pi**4 / 5) ** 2
    v2 = a**2 / 8
    v13 = b**2 * np.pi**8 * (1 / 18 - 1 / 50)
    first = np.array([v1, v2, 0.0, 0.0])
    return first / (v1 + v2 + v13), np.array([v1 + v13, v2, v13, 0.0]) / (v1 + v2 + v13)


G = np.array([0.0, 1.0, 4.5, 9.0, 99.0, 99.0])


def g_function(u: Floats) -> Floats:
    """Product of (|4 u_i - 2| + a_i) / (1 + a_i)."""
    return np.prod((np.abs(4 * u - 2) + G) / (1 + G), axis=1)


def g_exact() -> tuple[Floats, Floats]:
    v = 1 / (3 * (1 + G) ** 2)
    whole = np.prod(1 + v) - 1
    return v / whole, v * np.prod(1 + v) / (1 + v) / whole


@pytest.mark.parametrize(
    ("f", "exact"), [(ishigami, ishigami_exact()), (g_function, g_exact())], ids=["ishigami", "g"]
)
def test_indices_converge_to_the_analytic_ones(f: Function, exact: tuple[Floats, Floats]) -> None:
    """Mean error over seeds falls faster than independent sampling's 4^-1/2 per step of 4."""

    def error(base: int) -> float:
        found = [indices(f, len(exact[0]), base, seed) for seed in range(4)]
        first = np.mean([np.abs(one.first - exact[0]).max() for one in found])
        return float(first + np.mean([np.abs(one.total - exact[1]).max() for one in found]))

    coarse, fine = error(256), error(4096)
    assert fine < 0.02
    assert fine < coarse / 4


def test_intervals_hold_the_analytic_indices() -> None:
    """24 intervals at 95 %, wide ones at that: all but one or two."""
    first, total = ishigami_exact()
    inside = 0
    for seed in range(3):
        found = indices(ishigami, 4, 512, seed, replicates=1000)
        inside += int(((found.first_low <= first) & (first <= found.first_high)).sum())
        inside += int(((found.total_low <= total) & (total <= found.total_high)).sum())
    assert inside >= 22


@pytest.mark.parametrize(
    ("f", "k", "exact"), [(ishigami, 4, ishigami_exact()), (g_function, 6, g_exact())]
)
def test_the_sum_of_first_indices_has_its_own_interval(
    f: Function, k: int, exact: tuple[Floats, Floats]
) -> None:
    """It holds the analytic sum, is no sum of the intervals' ends, and leaves groups out."""
    design = sobol_design(k, 1024, 3, [*((i,) for i in range(k)), tuple(range(k))])
    values = np.stack([f(design.mixture(s)) for s in range(len(design.members))])
    found = sobol_indices(values, 1, 400, k)
    total, low, high = found.additive
    assert total == pytest.approx(found.first[:k].sum())
    assert low <= exact[0].sum() <= high
    assert high - low < (found.first_high - found.first_low)[:k].sum()


@pytest.mark.parametrize(("f", "k"), [(ishigami, 4), (g_function, 6)])
def test_scipy_finds_the_same_from_the_same_values(f: Function, k: int) -> None:
    """Its estimators (Saltelli 2010, Jansen 1999) are over the variance of A and B; ours is another
    estimate of the same variance."""
    design = sobol_design(k, 256, 1)
    values = np.stack([f(design.mixture(s)) for s in range(k + 2)])
    ours = sobol_indices(values, replicates=1)
    theirs = stats.sobol_indices(
        func={"f_A": values[:1], "f_B": values[1:2], "f_AB": values[2:, None]}, n=256
    )
    pairs = float(np.mean((values[0] - values[1]) ** 2) / 2)
    assert ours.variance == pytest.approx(np.var(values[:2]))
    ratio = pairs / ours.variance
    assert ours.first * ratio == pytest.approx(theirs.first_order.ravel(), abs=1e-9)
    assert ours.total * ratio == pytest.approx(theirs.total_order.ravel(), abs=1e-9)
    assert ratio == pytest.approx(1, abs=0.1)


def test_mean_and_variance_of_the_outcome() -> None:
    found = indices(ishigami, 4, 4096)
    assert found.mean == pytest.approx(3.5, abs=0.02)
    assert found.variance == pytest.approx(13.8446, rel=0.02)
    assert found.evaluations == 4096 * 6


@given(st.lists(st.floats(0.1, 5), min_size=2, max_size=6), st.integers(0, 1000))
@settings(max_examples=15)
def test_first_order_indices_of_a_sum_add_up_to_one(weights: list[float], seed: int) -> None:
    found = indices(lambda u: u @ np.array(weights), len(weights), 1024, seed)
    exact = np.square(weights) / np.sum(np.square(weights))
    assert found.first.sum() == pytest.approx(1, abs=0.05)
    assert found.first == pytest.approx(exact, abs=0.05)
    assert found.total == pytest.approx(exact, abs=0.05)


def test_an_input_that_does_nothing_has_exactly_nothing() -> None:
    found = indices(ishigami, 4, 64)
    ends = (found.first_low, found.first_high, found.total_low, found.total_high)
    assert [float(column[3]) for column in (found.first, found.total, *ends)] == [0.0] * 6


@given(st.permutations(range(4)), st.integers(0, 100))
@settings(max_examples=10)
def test_the_order_of_the_inputs_is_the_order_of_the_indices(order: list[int], seed: int) -> None:
    """The same rows with columns in another order give the same numbers, in that order."""
    design = sobol_design(4, 128, seed)
    values = np.stack([ishigami(design.mixture(s)) for s in range(6)])
    moved = values[[0, 1, *(2 + i for i in order)]]
    plain, permuted = sobol_indices(values), sobol_indices(moved)
    assert np.array_equal(permuted.total, plain.total[order])
    assert np.array_equal(permuted.first_high, plain.first_high[order])


def test_a_shift_and_a_scale_of_the_outcome_change_no_index() -> None:
    plain = indices(g_function, 6, 256)
    moved = indices(lambda u: 1e3 - 7 * g_function(u), 6, 256)
    assert moved.first == pytest.approx(plain.first, abs=1e-9)
    assert moved.total_low == pytest.approx(plain.total_low, abs=1e-9)


def test_sets_of_inputs() -> None:
    """Closed and total index of a set; of x1 and x3 both are 1 - S_2 in the Ishigami function."""
    first, _ = ishigami_exact()
    found = indices(ishigami, 4, 4096, sets=[(0, 2), (1,), (0, 1, 2, 3), (3,)])
    assert found.first == pytest.approx([1 - first[1], first[1], 1, 0], abs=0.02)
    assert found.total == pytest.approx([1 - first[1], first[1], 1, 0], abs=0.02)


def test_the_design() -> None:
    """Every column of both samples has one point in each of ``base`` cells; mixtures are mixed."""
    design = sobol_design(5, 64, 3, [(0,), (1, 4)])
    for sample in (design.a, design.b):
        cells = np.sort((sample * 64).astype(int), axis=0)
        assert np.array_equal(cells, np.tile(np.arange(64)[:, None], 5))
    assert np.array_equal(design.mixture(0), design.a)
    assert np.array_equal(design.mixture(1), design.b)
    mixed = design.mixture(3)
    assert np.array_equal(mixed[:, [1, 4]], design.b[:, [1, 4]])
    assert np.array_equal(mixed[:, [0, 2, 3]], design.a[:, [0, 2, 3]])
    assert not np.array_equal(design.a, design.b)


def test_a_seed_gives_the_same_numbers_and_another_seed_others() -> None:
    one, again, other = (indices(g_function, 6, 64, seed).columns() for seed in (1, 1, 2))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_rows_that_failed_are_dropped_whole_and_counted() -> None:
    design = sobol_design(4, 128, 0)
    values = np.stack([ishigami(design.mixture(s)) for s in range(6)])
    whole = sobol_indices(np.delete(values, [5, 77], axis=1))
    values[3, 5] = values[0, 77] = np.nan
    found = sobol_indices(values)
    assert (found.dropped, found.base, found.evaluations) == (2, 126, 126 * 6)
    assert np.array_equal(found.columns(), whole.columns())
    with pytest.raises(InputError, match="complete in 1 of 128 rows"):
        sobol_indices(np.where(np.arange(128) > 0, np.nan, values))


def test_an_outcome_that_does_not_vary_has_no_indices() -> None:
    found = indices(lambda u: np.full(len(u), 2.0), 3, 16)
    assert np.isnan(found.columns()).all()
    assert (found.mean, found.variance) == (2.0, 0.0)


@pytest.mark.parametrize("base", [0, 1, 3, 100, -4])
def test_a_base_that_is_no_power_of_two_is_refused(base: int) -> None:
    with pytest.raises(InputError, match="power of 2"):
        sobol_design(3, base, 0)


def test_sets_and_inputs_that_do_not_exist_are_refused() -> None:
    with pytest.raises(InputError, match="inputs from 0 to 2"):
        sobol_design(3, 8, 0, [(0, 3)])
    with pytest.raises(InputError, match="`inputs` is 0"):
        sobol_design(0, 8, 0)
