"""Recruitment: shares, bands, selectivity and delays against closed forms; lossless files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from vagus.errors import InputError
from vagus.fibre.recruitment import (
    Recruitment,
    conduction_delay_ms,
    current_band,
    fraction_band,
    placements,
    recruitment_curve,
    selectivity,
)
from vagus.nerve.population import FibrePopulation


def recruit(threshold: np.ndarray, x_um: np.ndarray | None = None) -> Recruitment:
    """A-alpha laryngeal fibres in the first half, B cardiac ones in the second."""
    n = len(threshold)
    fast = np.arange(n) < n // 2
    population = FibrePopulation(
        np.where(fast, "laryngeal-motor", "cardiac-efferent"),
        np.where(fast, "A-alpha", "B"),
        np.where(fast, 11.0, 2.0),
        np.linspace(-100.0, 100.0, n) if x_um is None else x_um,
        np.zeros(n),
        (np.arange(n) % 3).astype(np.int64),
        np.ones(n, dtype=bool),
        np.zeros(n, dtype=bool),
    )
    model = np.array(["mrg-interpolation"] * n)
    return Recruitment(
        population,
        model,
        threshold,
        threshold * 0.999,
        threshold,
        5.0 * population.diameter_um,
        9.0,
    )


thresholds = arrays(
    np.float64,
    st.integers(2, 40),
    elements=st.one_of(st.floats(1e-3, 9.0), st.just(np.inf)),
)


@given(thresholds, st.floats(1e-4, 20.0))
def test_fraction_counts_thresholds_up_to_the_current(
    threshold: np.ndarray, current: float
) -> None:
    r = recruit(threshold)
    assert float(r.fraction(current)) == np.mean(threshold <= current)


@given(thresholds)
def test_fraction_never_falls_with_current(threshold: np.ndarray) -> None:
    share = recruit(threshold).fraction(np.linspace(0, 10, 50))
    assert np.all(np.diff(share) >= 0)
    assert share[-1] == np.mean(np.isfinite(threshold))


@given(thresholds, st.floats(0.001, 1.0))
def test_current_for_is_the_least_that_suffices(threshold: np.ndarray, share: float) -> None:
    r = recruit(threshold)
    current = float(r.current_for(share))
    if np.isinf(current):
        assert float(r.fraction(1e9)) < share
    else:
        assert float(r.fraction(current)) >= share - 1e-9
        assert float(r.fraction(np.nextafter(current, 0))) < share


def test_current_for_a_tenth_of_thirty_is_the_third_threshold() -> None:
    r = recruit(np.arange(1, 31) / 10)
    assert r.current_for([0.1, 0.5, 1.0]) == pytest.approx([0.3, 1.5, 3.0])


def test_empty_mask_gives_nan_not_an_error() -> None:
    r = recruit(np.array([1.0, 2.0]))
    none = r.mask("C")
    assert not none.any()
    assert np.isnan(r.fraction([1.0, 2.0], none)).all()
    assert np.isnan(r.current_for(0.5, none))
    assert np.isnan(current_band(r, none, 0.5, seed=0).middle)
    assert recruitment_curve(r, none, np.array([1.0]), seed=0).fibres == 0
    assert np.isnan(selectivity(r, none, r.mask("B"), 1.0).index)


def test_mask_by_class_group_and_fascicle() -> None:
    r = recruit(np.ones(12))
    assert r.mask("A-alpha").sum() == 6
    assert r.mask("A-alpha", "cardiac-efferent").sum() == 0
    assert r.mask(group="cardiac-efferent", fascicle=0).sum() == 2


def test_placements_are_seeded_sorted_and_of_the_group() -> None:
    r = recruit(np.linspace(0.1, 8.0, 600))
    mask = r.mask("B")
    drawn = placements(r, mask, seed=3)
    assert drawn.shape == (400, 30)  # a tenth of 300
    assert np.array_equal(drawn, placements(r, mask, seed=3))
    assert not np.array_equal(drawn, placements(r, mask, seed=4))
    assert np.isin(drawn, r.threshold_mA[mask]).all()
    assert np.all(np.diff(drawn, axis=1) >= 0)


def test_a_placement_holds_neighbours_only() -> None:
    """Thresholds rise with x, so the range within a placement is that of a tenth of the group."""
    r = recruit(np.linspace(0.1, 8.0, 600))
    drawn = placements(r, np.ones(600, dtype=bool), seed=0)
    assert np.max(drawn[:, -1] - drawn[:, 0]) <= 0.1 * 7.9 + 1e-9


def test_band_follows_position_when_threshold_does() -> None:
    """Uniform thresholds along x: half of a placed tenth fires over the whole range of currents."""
    r = recruit(np.linspace(1.0, 2.0, 2000))
    band = current_band(r, np.ones(2000, dtype=bool), 0.5, seed=1)
    assert band.middle == pytest.approx(1.5, abs=1e-3)
    assert band.lower == pytest.approx(1.05, abs=0.02)
    assert band.upper == pytest.approx(1.95, abs=0.02)


def test_band_is_sampling_error_when_position_does_not_matter() -> None:
    rng = np.random.default_rng(5)
    n = 4000
    r = recruit(rng.uniform(1.0, 2.0, n), rng.uniform(-100, 100, n))
    band = fraction_band(r, np.ones(n, dtype=bool), 1.5, seed=1)
    spread = 1.645 * np.sqrt(2 * 0.25 / 400)  # neighbours drawn, then resampled: twice the variance
    assert band.upper - band.middle == pytest.approx(spread, rel=0.35)
    assert band.middle - band.lower == pytest.approx(spread, rel=0.35)


def test_band_of_equal_thresholds_has_no_width() -> None:
    band = current_band(recruit(np.full(50, 1.25)), np.ones(50, dtype=bool), 0.5, seed=0)
    assert (band.lower, band.middle, band.upper, band.fibres) == (1.25, 1.25, 1.25, 50)


def test_band_of_unreached_fibres_is_infinite() -> None:
    band = current_band(recruit(np.full(50, np.inf)), np.ones(50, dtype=bool), 0.5, seed=0)
    assert np.isinf([band.lower, band.middle, band.upper]).all()


def test_wider_shares_widen_the_band() -> None:
    r = recruit(np.linspace(0.5, 4.0, 300))
    every = np.ones(300, dtype=bool)
    narrow, wide = current_band(r, every, 0.5, 2), current_band(r, every, 0.5, 2, 0.05, 0.95)
    assert wide.lower < narrow.lower <= narrow.upper < wide.upper
    assert wide.middle == narrow.middle


@settings(max_examples=20)
@given(st.integers(0, 2**31))
def test_curve_band_is_ordered_and_bounded(seed: int) -> None:
    rng = np.random.default_rng(seed)
    r = recruit(rng.lognormal(0, 1, 60).clip(0.01, 8.9), rng.uniform(-500, 500, 60))
    curve = recruitment_curve(r, r.mask("B"), np.geomspace(0.01, 9, 40), seed)
    assert np.all((curve.lower >= 0) & (curve.lower <= curve.upper) & (curve.upper <= 1))
    assert np.all(np.diff(curve.lower) >= 0)
    assert np.all(np.diff(curve.upper) >= 0)


def test_selectivity_of_separate_groups() -> None:
    r = recruit(np.concatenate([np.linspace(0.2, 0.4, 10), np.linspace(2.0, 4.0, 10)]))
    s = selectivity(r, r.mask("B"), r.mask("A-alpha"), 1.0)
    assert (s.wanted, s.unwanted, s.index) == (0.0, 1.0, -1.0)
    assert s.ratio == pytest.approx(
        r.current_for(0.5, r.mask("B")) / r.current_for(0.5, r.mask("A-alpha"))
    )
    assert selectivity(r, r.mask("B"), r.mask("B"), 3.0).index == 0.0


def test_selectivity_ratio_where_fibres_are_not_reached() -> None:
    r = recruit(np.concatenate([np.full(5, 0.3), np.full(5, np.inf)]))
    assert selectivity(r, r.mask("B"), r.mask("A-alpha"), 1.0).ratio == np.inf
    assert selectivity(r, r.mask("A-alpha"), r.mask("B"), 1.0).ratio == 0.0
    assert np.isnan(selectivity(r, r.mask("B"), r.mask("B"), 1.0).ratio)


def test_delay_is_distance_over_velocity() -> None:
    delay = conduction_delay_ms([60.0, 1.0, np.nan, 0.0], 120.0)
    assert delay[:2] == pytest.approx([2.0, 120.0])
    assert np.isnan(delay[2:]).all()
    with pytest.raises(InputError, match="distance_mm"):
        conduction_delay_ms([1.0], -1.0)


def test_parquet_keeps_every_bit(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    threshold = rng.uniform(0.01, 9, 40)
    threshold[::7] = np.inf
    r = recruit(threshold)
    r.to_parquet(tmp_path / "r.parquet")
    back = Recruitment.from_parquet(tmp_path / "r.parquet")
    for name in ("model", "threshold_mA", "lower_mA", "upper_mA", "conduction_velocity_m_per_s"):
        assert np.array_equal(getattr(back, name), getattr(r, name))
        assert getattr(back, name).dtype.kind == getattr(r, name).dtype.kind
    for name, column in vars(r.population).items():
        assert np.array_equal(getattr(back.population, name), column)
    assert back.max_current_mA == r.max_current_mA
    assert np.array_equal(back.fraction([1.0, 5.0]), r.fraction([1.0, 5.0]))


def test_parquet_of_another_kind_is_refused(tmp_path: Path) -> None:
    r = recruit(np.ones(4))
    r.population.to_parquet(tmp_path / "p.parquet")
    with pytest.raises(InputError, match="threshold_mA"):
        Recruitment.from_parquet(tmp_path / "p.parquet")
    r.to_parquet(tmp_path / "r.parquet")
    pq.write_table(
        pq.read_table(tmp_path / "r.parquet").replace_schema_metadata(None), tmp_path / "m.parquet"
    )
    with pytest.raises(InputError, match="largest current"):
        Recruitment.from_parquet(tmp_path / "m.parquet")


@pytest.mark.parametrize("bad", [np.nan, 0.0, -1.0])
def test_unusable_thresholds_are_named(bad: float) -> None:
    with pytest.raises(InputError, match=r"threshold_mA\[1\]"):
        recruit(np.array([1.0, bad, 2.0]))


def test_wrong_lengths_and_currents_are_named() -> None:
    r = recruit(np.ones(4))
    with pytest.raises(InputError, match="model"):
        Recruitment(r.population, r.model[:2], *(np.ones(4) for _ in range(4)), 9.0)
    with pytest.raises(InputError, match="max_current_mA"):
        Recruitment(r.population, r.model, *(np.ones(4) for _ in range(4)), 0.0)
    with pytest.raises(InputError, match="fraction"):
        r.current_for(0.0)
