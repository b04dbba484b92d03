"""What must hold for any effects: bounds, symmetries, and what more or less data does."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from vagus.evidence.cumulative import cumulative
from vagus.evidence.effects import Effects
from vagus.evidence.heterogeneity import COMMON, ESTIMATORS
from vagus.evidence.leave_one_out import leave_one_out
from vagus.evidence.pooled import Pooled, pool
from vagus.evidence.q_profile import q_profile
from vagus.evidence.three_level import three_level
from vagus.evidence.wald import interval, quantile

METHODS = st.sampled_from(sorted(ESTIMATORS))
RANDOM = st.sampled_from(sorted(set(ESTIMATORS) - {COMMON}))


@st.composite
def effects(draw: st.DrawFn, least: int = 2, most: int = 9) -> Effects:
    k = draw(st.integers(least, most))
    y = draw(st.lists(st.floats(-3, 3), min_size=k, max_size=k))
    v = draw(st.lists(st.floats(1e-3, 2), min_size=k, max_size=k))
    return Effects("SMD", np.array(y), np.array(v))


def same(a: Pooled, b: Pooled, tolerance: float = 1e-7) -> None:
    for name in ("estimate", "se", "low", "high", "tau2", "q", "i2", "h2"):
        ours, theirs = getattr(a, name), getattr(b, name)
        assert ours == pytest.approx(theirs, rel=tolerance, abs=tolerance), name


@given(effects(1), METHODS)
def test_pooled_lies_within_its_inputs(e: Effects, method: str) -> None:
    p = pool(e, method)
    slack = 1e-12 * (1 + np.abs(e.y).max())
    assert e.y.min() - slack <= p.estimate <= e.y.max() + slack
    assert p.tau2 >= 0
    assert p.low <= p.estimate <= p.high
    assert p.prediction.low <= p.low + 1e-12
    assert p.prediction.high >= p.high - 1e-12
    assert 0 <= p.i2 <= 100
    assert 0 <= p.p <= 1
    assert 0 <= p.q_p <= 1
    assert p.weights.sum() == pytest.approx(1)
    assert (p.weights > 0).all()
    assert p.se <= math.sqrt((e.v + p.tau2).max()) + 1e-12


@given(effects(), METHODS, st.randoms())
def test_order_of_studies_does_not_matter(e: Effects, method: str, random: object) -> None:
    order = list(range(e.k))
    random.shuffle(order)  # type: ignore[attr-defined]
    same(pool(e, method), pool(e.select(order), method))


@given(effects(), METHODS, st.floats(0.1, 30), st.booleans())
def test_scaling_scales(e: Effects, method: str, c: float, flip: bool) -> None:
    factor = -c if flip else c
    p, s = pool(e, method), pool(Effects("SMD", factor * e.y, c * c * e.v), method)
    assert s.estimate == pytest.approx(factor * p.estimate, rel=1e-7, abs=1e-7 * c)
    assert s.se == pytest.approx(c * p.se, rel=1e-7)
    assert s.tau2 == pytest.approx(c * c * p.tau2, rel=1e-7, abs=1e-7 * c * c)
    assert s.i2 == pytest.approx(p.i2, rel=1e-6, abs=1e-6)


@given(effects(), METHODS, st.floats(-5, 5))
def test_adding_a_constant_shifts(e: Effects, method: str, c: float) -> None:
    p, s = pool(e, method), pool(Effects("SMD", e.y + c, e.v), method)
    assert s.estimate == pytest.approx(p.estimate + c, abs=1e-6)
    assert (s.se, s.tau2) == pytest.approx((p.se, p.tau2), rel=1e-6, abs=1e-7)


@given(effects(1), st.lists(st.floats(1, 10), min_size=9, max_size=9))
def test_noisier_studies_widen_the_common_effect_interval(e: Effects, more: list[float]) -> None:
    p = pool(e, COMMON)
    noisier = pool(Effects("SMD", e.y, e.v * np.array(more[: e.k])), COMMON)
    assert noisier.high - noisier.low >= (p.high - p.low) * (1 - 1e-12)


@given(effects(), st.floats(1, 20))
def test_more_sampling_noise_leaves_less_heterogeneity(e: Effects, c: float) -> None:
    """The same spread explained by larger variances: τ² of PM and its Q-profile bounds fall."""
    noisier = Effects("SMD", e.y, c * e.v)
    assert pool(noisier, "PM").tau2 <= pool(e, "PM").tau2 * (1 + 1e-9) + 1e-12
    for a, b in zip(q_profile(noisier).tau2, q_profile(e).tau2, strict=True):
        assert a <= b * (1 + 1e-9) + 1e-12


@given(effects(), METHODS)
@settings(max_examples=30)
def test_leaving_out_is_pooling_the_rest(e: Effects, method: str) -> None:
    for i, left_out in enumerate(leave_one_out(e, method)):
        rest = Effects("SMD", np.delete(e.y, i), np.delete(e.v, i))
        same(left_out.pooled, pool(rest, method), 1e-12)


@given(effects(1), METHODS)
@settings(max_examples=30)
def test_cumulative_ends_with_all_and_begins_with_one(e: Effects, method: str) -> None:
    steps = cumulative(e, tau2=method)
    same(steps[-1].pooled, pool(e, method), 1e-12)
    assert steps[0].pooled.estimate == pytest.approx(e.y[0])


@given(effects(), RANDOM)
def test_the_ad_hoc_bound_never_narrows(e: Effects, method: str) -> None:
    z, hk, bound = (pool(e, method, test) for test in ("z", "knapp-hartung", "ad hoc"))
    assert bound.se >= max(z.se, hk.se) * (1 - 1e-12)
    assert bound.high - bound.low > z.high - z.low
    assert bound.se == pytest.approx(max(z.se, hk.se), rel=1e-9)
    narrower = hk.high - hk.low < z.high - z.low
    assert any("narrower than z" in text for text in hk.warnings) == narrower


@given(effects(), st.integers(2, 5))
def test_splitting_a_study_changes_no_common_effect(e: Effects, parts: int) -> None:
    """One study in `parts` pieces of the same effect, each with `parts` times the variance."""
    y = np.concatenate([np.repeat(e.y[0], parts), e.y[1:]])
    v = np.concatenate([np.repeat(parts * e.v[0], parts), e.v[1:]])
    p, s = pool(e, COMMON), pool(Effects("SMD", y, v), COMMON)
    assert (s.estimate, s.se, s.q) == pytest.approx((p.estimate, p.se, p.q), rel=1e-9, abs=1e-9)


@given(effects(3, 8))
@settings(max_examples=40)
def test_three_levels_lie_within_their_inputs(e: Effects) -> None:
    cluster = [i // 2 for i in range(e.k)]
    assume(len(set(cluster)) > 1)
    r = three_level(e, cluster)
    assert e.y.min() - 1e-9 <= r.estimate <= e.y.max() + 1e-9
    assert r.between >= 0
    assert r.within >= 0
    assert r.log_likelihood >= pool(e).log_likelihood - 1e-8  # holds REML as its special case


@given(st.floats(0.01, 0.999), st.one_of(st.just(math.inf), st.integers(1, 200).map(float)))
def test_quantiles_are_those_of_scipy(level: float, df: float) -> None:
    law = stats.norm if math.isinf(df) else stats.t(df)
    assert quantile(level, df) == pytest.approx(law.ppf(0.5 + level / 2), rel=1e-9, abs=1e-12)
    low, high = interval(1.0, 2.0, df, level)
    assert float(high - low) == pytest.approx(4 * quantile(level, df), rel=1e-12)


@pytest.mark.parametrize("test", ["z", "knapp-hartung"])
def test_coverage_of_the_pooled_interval(test: str) -> None:
    """10 studies, τ² = 0.1: Knapp-Hartung holds its level; z is known to fall somewhat short."""
    rng = np.random.default_rng(5)
    v, hits, n = rng.uniform(0.02, 0.3, 10), 0, 400
    for _ in range(n):
        p = pool(Effects("SMD", rng.normal(0.3, np.sqrt(v + 0.1)), v), "REML", test)  # type: ignore[arg-type]
        hits += p.low <= 0.3 <= p.high
    error = math.sqrt(0.05 * 0.95 / n)
    assert hits / n > (0.95 - 3.5 * error if test == "knapp-hartung" else 0.86)
    assert hits / n < 0.95 + 3.5 * error
