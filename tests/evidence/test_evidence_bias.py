"""Small-study effects: Egger, Begg, trim and fill, fail-safe N, against metafor and simulations."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from vagus.errors import InputError
from vagus.evidence.begg import begg_test
from vagus.evidence.binary import TwoByTwo, log_risk_ratio
from vagus.evidence.effects import Effects
from vagus.evidence.egger import egger_test
from vagus.evidence.failsafe import failsafe_n
from vagus.evidence.pooled import pool
from vagus.evidence.trim_and_fill import trim_and_fill

GOLDEN = Path(__file__).parents[1] / "golden"
TESTS = (egger_test, begg_test, trim_and_fill)


@pytest.fixture(scope="module")
def bcg() -> Effects:
    a, b, c, d = np.genfromtxt(
        GOLDEN / "bcg.csv", delimiter=",", skip_header=1, usecols=(3, 4, 5, 6)
    ).T
    return log_risk_ratio(TwoByTwo(a, a + b, c, c + d))


def fisher_scoring(y: np.ndarray, v: np.ndarray, threshold: float) -> tuple[float, float, float]:
    """Estimate, SE and tau2 of REML where Fisher scoring from HE stops at ``threshold``."""
    tau2, change = max(0.0, np.var(y, ddof=1) - v.mean()), np.inf
    while abs(change) > threshold:
        w = 1 / (v + tau2)
        p = np.diag(w) - np.outer(w, w) / w.sum()
        change = (y @ p @ p @ y - np.trace(p)) / np.trace(p @ p)
        tau2 += change
    w = 1 / (v + tau2)
    return float(w @ y / w.sum()), float(w.sum() ** -0.5), float(tau2)


def test_egger_is_metafors(bcg: Effects) -> None:
    mixed, classic = egger_test(bcg), egger_test(bcg, "classic")
    assert (mixed.statistic, mixed.p) == pytest.approx((-0.8033291931, 0.4217844889), abs=1e-9)
    assert mixed.df == np.inf
    assert (classic.statistic, classic.p) == pytest.approx((-1.4012820023, 0.1887069951), abs=5e-11)
    assert classic.limit == pytest.approx(-0.1909286424, abs=5e-11)
    assert classic.df == 11


def test_classic_egger_is_the_regression_of_z_on_precision(bcg: Effects) -> None:
    """Egger's own form: y/se = b + a/se, by ordinary least squares."""
    line = stats.linregress(1 / bcg.se, bcg.y / bcg.se)
    classic = egger_test(bcg, "classic")
    assert classic.slope == pytest.approx(line.intercept)
    assert classic.se == pytest.approx(line.intercept_stderr)
    assert classic.limit == pytest.approx(line.slope)
    assert classic.limit_se == pytest.approx(line.stderr)


def test_egger_finds_the_line_that_effects_lie_on() -> None:
    se = np.array([0.1, 0.2, 0.3, 0.4, 0.5])
    wobble = np.array([1e-3, -1e-3, 0, -1e-3, 1e-3])
    found = egger_test(Effects("SMD", 0.2 + 1.5 * se + wobble, se**2))
    assert (found.limit, found.slope) == pytest.approx((0.2, 1.5), abs=0.02)
    assert found.tau2 == 0


def test_egger_keeps_its_level_when_nothing_is_selected() -> None:
    """3,000 symmetric meta-analyses of 12 trials: 5 % of the classic tests are significant."""
    rng = np.random.default_rng(3)
    v = np.linspace(0.02, 0.4, 12)
    p = [
        egger_test(Effects("SMD", rng.normal(0.3, np.sqrt(v)), v), "classic").p for _ in range(3000)
    ]
    share = np.mean(np.array(p) < 0.05)
    assert share == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / len(p)))


def test_begg_is_metafors(bcg: Effects) -> None:
    found = begg_test(bcg)
    assert (found.tau, found.p) == pytest.approx((0.0256410256, 0.9523619080), abs=5e-11)
    assert found.exact


def test_begg_counts_pairs() -> None:
    """Five effects, tau and the exact p by counting: all 10 pairs agree, 2 orders of 5! are so."""
    v = np.array([0.01, 0.02, 0.03, 0.04, 0.05])
    found = begg_test(Effects("SMD", np.array([-1.0, 0.2, 1.4, 3.0, 5.0]), v))
    assert found.tau == pytest.approx(1)
    assert found.p == pytest.approx(2 / 120)


def test_begg_with_ties_takes_tau_b_and_the_normal_p() -> None:
    v = np.array([0.01, 0.02, 0.02, 0.04, 0.05])
    found = begg_test(Effects("SMD", np.array([-1.0, 0.2, 1.4, 3.0, 5.0]), v))
    assert found.tau == pytest.approx(9 / np.sqrt(9 * 10))
    assert not found.exact


def test_trim_and_fill_is_metafors(bcg: Effects) -> None:
    """metafor stops Fisher scoring of the filled trials at a change of 1e-5: 6 digits here."""
    found = trim_and_fill(bcg)
    pooled = found.pooled
    assert (found.k0, found.side) == (1, "right")
    assert (pooled.estimate, pooled.se, pooled.tau2) == pytest.approx(
        (-0.6570828008, 0.1785284670, 0.3312880373), rel=1.5e-6
    )
    assert pooled.estimate == pytest.approx(-0.6570828008, abs=5e-8)
    assert found.filled.labels[-1] == "filled: 7"


def test_the_rest_of_the_difference_is_metafors_stopping_rule(bcg: Effects) -> None:
    """Stopped where metafor stops, the same filled trials give its numbers to all digits."""
    filled = trim_and_fill(bcg).filled
    metafors = -0.6570828008, 0.1785284670, 0.3312880373
    # metafor fits the trimmed trials with the same threshold, which moves the mirrored one
    centre = fisher_scoring(np.delete(bcg.y, 6), np.delete(bcg.v, 6), 1e-5)[0]
    y = np.append(bcg.y, 2 * centre - bcg.y[6])
    assert fisher_scoring(y, filled.v, 1e-5) == pytest.approx(metafors, abs=1e-10)


def test_trim_and_fill_mirrors_with_the_sign(bcg: Effects) -> None:
    turned = Effects(bcg.measure, -bcg.y, bcg.v)
    there, back = trim_and_fill(bcg), trim_and_fill(turned)
    assert (back.k0, back.side) == (there.k0, "left")
    assert back.filled.y == pytest.approx(-there.filled.y)
    assert back.se_k0 == there.se_k0


def test_symmetric_trials_need_no_filling() -> None:
    se = np.array([0.05, 0.1, 0.1, 0.2, 0.2, 0.4, 0.4])
    effects = Effects("SMD", 0.3 + se * [0.1, 1, -1, 1.1, -1.1, 0.9, -0.9], se**2)
    for side in ("left", "right"):
        found = trim_and_fill(effects, side)
        assert found.k0 == 0
        assert found.filled.k == effects.k


def test_filling_puts_back_the_trials_that_were_left_out() -> None:
    """A funnel of 25 mirrored pairs around 0.5 without its 8 lowest trials: 7 come back."""
    v = np.geomspace(0.001, 0.5, 25)
    shares = (0.618034 * np.arange(25)) % 1  # evenly scattered, no draw
    half = np.abs(stats.norm.ppf(0.001 + 0.998 * shares)) * np.sqrt(v)
    effects = Effects("SMD", np.append(0.5 - half, 0.5 + half), np.append(v, v))
    order = np.argsort(effects.y)
    kept = effects.select(order[8:])
    found = trim_and_fill(kept)
    assert (found.k0, found.side) == (7, "left")
    assert np.sort(found.filled.y[kept.k :]) == pytest.approx(effects.y[order[:7]], abs=5e-4)
    assert found.pooled.estimate == pytest.approx(0.5, abs=5e-4)
    assert abs(pool(kept).estimate - 0.5) > 5e-3


def test_failsafe_n_is_metafors(bcg: Effects) -> None:
    assert failsafe_n(bcg) == 598


def test_failsafe_n_is_what_it_says(bcg: Effects) -> None:
    """With N null trials more Stouffer's p is above alpha, with one fewer it is not."""
    z = bcg.y / bcg.se

    def p(more: int) -> float:
        return float(stats.norm.sf(abs(z.sum()) / np.sqrt(len(z) + more)))

    n = failsafe_n(bcg)
    assert p(n - 1) < 0.05 <= p(n)
    assert failsafe_n(Effects("SMD", [0.1, -0.1, 0.05], [1, 1, 1])) == 0
    with pytest.raises(InputError, match="`alpha` is 1"):
        failsafe_n(bcg, 1)


@pytest.mark.parametrize("test", TESTS)
def test_two_trials_are_too_few(test: object) -> None:
    with pytest.raises(InputError, match="`effects` is 2 trials; allowed: at least 3"):
        test(Effects("SMD", [0.1, 0.2], [0.1, 0.2]))


@pytest.mark.parametrize("test", TESTS)
def test_equal_precision_shows_nothing(test: object) -> None:
    with pytest.raises(InputError, match="the same for all trials"):
        test(Effects("SMD", [0.1, 0.2, 0.4], [0.1, 0.1, 0.1]))


def test_bad_choices_are_named(bcg: Effects) -> None:
    with pytest.raises(InputError, match="`model` is linear; allowed: mixed, classic"):
        egger_test(bcg, "linear")
    with pytest.raises(InputError, match="`side` is up; allowed: left, right"):
        trim_and_fill(bcg, "up")
