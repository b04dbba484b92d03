"""Sharing: margins stay the tables', correlation within a population is the share."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from vagus.body.conditions import condition
from vagus.body.drive import CHANNELS, SENSATION, Drive, drive_from_prior
from vagus.body.full import full_body
from vagus.data import read_table
from vagus.errors import InputError
from vagus.patient.sharing import Crowd, draw_crowd, share_of, shared_drive, shares
from vagus.study import parse_study

Floats = NDArray[np.float64]
STUDY = """
device: livanova-vns-therapy
nerve: human-cervical-sub57
stimulation: {current: 1.5 mA, pulse_width: 250 us, frequency: 25 Hz, duration: 1 day}
"""


def drive(n: int, seed: int = 0) -> Drive:
    return drive_from_prior("cervical", parse_study(STUDY).protocol(), n, seed)


def intraclass(values: Floats, populations: int) -> float:
    """One-way analysis of variance: share of variance that is between groups."""
    groups = values.reshape(populations, -1)
    k = groups.shape[1]
    between = k * groups.mean(axis=1).var(ddof=1)
    within = groups.var(axis=1, ddof=1).mean()
    return float((between - within) / (between + (k - 1) * within))


@pytest.mark.parametrize("rho", [0.0, 0.3, 0.5, 0.9, 1.0])
def test_margins_are_uniform_and_populations_correlate_by_the_share(rho: float) -> None:
    crowd = Crowd(400, 25, seed=7)
    u, z = crowd.uniforms("k_D", rho), crowd.scores("k_D", rho)
    assert stats.kstest(u, "uniform").statistic < 0.02
    # Standard error of an intraclass correlation with 400 groups: at most 0.035.
    assert intraclass(z, 400) == pytest.approx(rho, abs=0.07)


def test_shared_wholly_or_not_at_all() -> None:
    crowd = Crowd(5, 4, seed=1)
    common = crowd.scores("A_PP", 1.0).reshape(5, 4)
    assert np.all(common == common[:, :1])
    assert len(np.unique(common)) == 5
    assert len(np.unique(crowd.scores("A_PP", 0.0))) == 20


def test_populations_span_a_prior() -> None:
    """A Latin hypercube: one population in each fortieth of the distribution."""
    u = Crowd(40, 1, seed=3).uniforms("chi", 1.0)
    assert np.array_equal(np.sort(np.floor(40 * u)), np.arange(40))


def test_margins_of_the_body_are_those_of_the_tables() -> None:
    crowd = Crowd(200, 10, seed=2)
    draws = draw_crowd(full_body(), condition("rheumatoid-arthritis"), crowd)
    for symbol, prior in (
        ("das_0", condition("rheumatoid-arthritis").parameters["das_0"].prior),  # patients'
        ("placebo_change", condition("rheumatoid-arthritis").parameters["placebo_change"].prior),
        ("G_Tv", full_body().quantities["G_Tv"].prior),  # half each
        ("r_ppt", full_body().quantities["r_ppt"].prior),
        ("Emax_DAS", full_body().quantities["Emax_DAS"].prior),
    ):
        assert prior is not None
        at = np.array([0.1, 0.25, 0.5, 0.75, 0.9])
        below = [(draws[symbol] <= q).mean() for q in prior.quantile(at)]
        assert below == pytest.approx(list(at), abs=0.06)
    assert np.all(draws["k_suppression"] == 0)  # fixed by the condition
    assert draws["placebo_change"].reshape(200, 10).std(axis=1) == pytest.approx(0, abs=1e-12)


def test_structure_is_shared_and_its_odds_kept() -> None:
    crowd = Crowd(200, 3, seed=0)
    chosen = draw_crowd(full_body(), condition("neuropathic"), crowd)["sign_ne"].reshape(200, 3)
    assert np.all(chosen == chosen[:, :1])
    assert [(chosen[:, 0] == s).mean() for s in (1, 0, -1)] == pytest.approx(
        [0.4, 0.3, 0.3], abs=0.011
    )


def test_draws_do_not_depend_on_what_else_is_drawn() -> None:
    a, b = Crowd(6, 3, seed=4), Crowd(6, 3, seed=4)
    b.scores("T_0")
    assert np.array_equal(a.scores("u_A"), b.scores("u_A"))
    assert not np.array_equal(a.scores("u_A"), Crowd(6, 3, seed=5).scores("u_A"))


def test_drive_is_dealt_out_without_changing_what_was_drawn() -> None:
    crowd = Crowd(100, 20, seed=5)
    drawn = drive(len(crowd), 5)
    # At 25 Hz every fibre follows; here some do not, alike within a class.
    follows = {c: np.random.default_rng(len(c)).random(len(crowd)) for c in ("A-beta", "B", "C")}
    groups = tuple(replace(g, reliability=follows[g.fibre_class]) for g in drawn.groups)
    given = replace(drawn, groups=groups)
    dealt = shared_drive(given, crowd)
    for before, after in zip(given.groups, dealt.groups, strict=True):
        assert np.array_equal(np.sort(before.fraction), np.sort(after.fraction))
        assert np.array_equal(np.sort(before.reliability), np.sort(after.reliability))
    # Fibres of one class conduct alike, as they did before.
    beta = [g.reliability for g in dealt.groups if g.fibre_class == "A-beta"]
    assert len(beta) > 1
    assert all(np.array_equal(beta[0], other) for other in beta)
    ranks = stats.norm.ppf((stats.rankdata(dealt.fraction("u_A")) - 0.5) / len(crowd))
    assert intraclass(ranks, 100) == pytest.approx(share_of("u_A"), abs=0.13)
    apart = stats.spearmanr(dealt.fraction("u_A"), dealt.fraction("u_S")).statistic
    assert apart == pytest.approx(0, abs=0.2)
    assert intraclass(given.fraction("u_A"), 100) == pytest.approx(0, abs=0.05)


def test_drive_of_another_number_is_refused() -> None:
    with pytest.raises(InputError, match="drive_of"):
        shared_drive(drive(5), Crowd(2, 3, 0))


@pytest.mark.parametrize("field", ["populations", "patients"])
def test_nobody_is_no_crowd(field: str) -> None:
    with pytest.raises(InputError, match=field):
        replace(Crowd(1, 1, 0), **{field: 0})


def test_table_names_parameters_and_sources() -> None:
    known = {*full_body().parameters, *CHANNELS, SENSATION}
    assert set(shares()) <= known
    for row in read_table("patient/sharing.csv"):
        assert row["mark"] in ("seen", "derived", "recalled", "assumed")
        assert row["source"]
        assert row["reason"]
    assert share_of("no such parameter") == 1
