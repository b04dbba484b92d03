"""What is measured: table, windows of courses, every scale, ACR proxy, switches, bad input."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rating_toys import cohort, people

from vagus.body.conditions import condition, condition_keys
from vagus.body.drive import drive_from_prior
from vagus.body.priors import parse_prior
from vagus.data import read_table
from vagus.errors import InputError
from vagus.patient.build import build_cohort
from vagus.patient.disease_activity import Pair, components, eular_moderate, improved
from vagus.patient.observables import (
    check_endpoint,
    observable,
    observables,
    observables_of,
    observe,
    parameter,
    primary_outcome,
    window_means,
)
from vagus.patient.ratings import latent
from vagus.patient.regimen import Regimen
from vagus.patient.screening import screening
from vagus.patient.switches import Switches
from vagus.protocol.schedule import continuous, sessions
from vagus.study import parse_study

WINDOWS = [(-7, 0), (21, 28), (77, 84)]
MIGRAINE = [(-28, 0), (0, 28), (56, 84)]
MARKS = {"seen", "derived", "recalled", "assumed"}
EVERYWHERE = [(c, o) for c in condition_keys() for o in observables_of(c)]


def seen(
    key: str, endpoint: str, regimen: int = 1, m: int = 20_000, switches: Switches | None = None,
    **course: float,
) -> np.ndarray:  # fmt: skip
    of = cohort(key, **course)  # type: ignore[arg-type]
    who, given_to = people(of, m, regimen)
    windows = MIGRAINE if key == "migraine" else WINDOWS
    z = latent(of, who, windows, np.random.default_rng(0), switches)
    rng = np.random.default_rng(1)
    return observe(of, endpoint, who, given_to, windows, z, rng, switches)


def test_the_table_is_complete() -> None:
    for o in observables():
        assert o.better in ("lower", "higher")
        assert o.kind in ("continuous", "count", "binary")
        assert set(o.conditions) <= set(condition_keys())
        assert o.low < o.high
        assert o.how
        assert o.mark in MARKS
        assert o.smallest_important is None or o.smallest_important_source
    for name in ("observation", "acr", "acr_anchors"):
        for row in read_table(f"patient/{name}.csv"):
            assert row["mark"] in MARKS
            assert row["source"]


def test_defaults_lie_within_their_distributions() -> None:
    for row in read_table("patient/observation.csv"):
        prior = parse_prior(row["distribution"], row["symbol"])
        if prior is not None:
            low, high = prior.support
            assert low <= float(row["default"]) <= high


@pytest.mark.parametrize(("key", "endpoint"), EVERYWHERE)
def test_every_endpoint_of_every_condition(key: str, endpoint: str) -> None:
    o, values = observable(endpoint), seen(key, endpoint, m=500)
    assert values.shape == (500, 3)
    assert np.isfinite(values).all()
    assert values.min() >= o.low
    assert values.max() <= o.high
    if o.kind != "continuous":
        assert np.array_equal(values, np.round(values))


@pytest.mark.parametrize(("key", "endpoint"), EVERYWHERE)
def test_what_the_body_improves_is_better_on_every_scale(key: str, endpoint: str) -> None:
    o = observable(endpoint)
    worse = 1.0 if o.better == "lower" else -1.0
    course = {"change": -1.0, "das": -1.5, "mood": -1.0, "rmssd": 1.3}
    treated, alone = (seen(key, endpoint, regimen, 2000, **course) for regimen in (1, 0))
    assert worse * (treated - alone)[:, 2].mean() < -0.01
    assert np.array_equal(treated[:, 0], alone[:, 0])  # before day 0 nobody is treated
    assert np.all(worse * (treated - alone)[:, 2] <= 1e-9)


def test_ratings_are_mean_sd_and_course() -> None:
    c = condition("rheumatoid-arthritis")
    values = seen("rheumatoid-arthritis", "nrs", change=-0.7)
    assert values[:, 0].mean() == pytest.approx(c.mean, abs=0.05)
    assert values[:, 0].std() == pytest.approx(c.sd, abs=0.05)
    assert (values[:, 2] - values[:, 0]).mean() == pytest.approx(-0.7 * c.sd, abs=0.12)


def test_windows_of_courses() -> None:
    of = cohort("fibromyalgia", change=-1.0)
    who, regimen = np.array([0, 5]), np.array([1, 0])
    windows = [(-7, 0), (-1, 1), (0, 1), (0, 50), (60, 67)]
    found = window_means(of, "pain", who, regimen, windows)
    assert found[0] == pytest.approx([0, -0.01, -0.02, -np.arange(1, 51).mean() / 50, -1.0])
    assert np.array_equal(found[1], np.zeros(5))
    das = window_means(of, "DAS", who, regimen, [(-7, 0)])[:, 0]
    assert das == pytest.approx(of.traits["das_0"][who])


def test_visual_analogue_marks_scatter_around_ten_times_the_rating() -> None:
    nrs, vas = (seen("neuropathic", k) for k in ("nrs", "vas"))
    inside = (nrs > 2) & (nrs < 8)
    assert (vas - 10 * nrs)[inside].std() == pytest.approx(3.9, abs=0.6)
    assert (vas - 10 * nrs)[inside].mean() == pytest.approx(0.0, abs=0.1)


def test_linear_scales_have_their_mean_sd_and_direction() -> None:
    fiqr = seen("fibromyalgia", "fiqr", regimen=0)
    assert fiqr[:, 0].mean() == pytest.approx(57, abs=5)
    assert fiqr[:, 0].std() == pytest.approx(20, abs=1.5)
    pain = seen("fibromyalgia", "nrs", regimen=0)[:, 0]
    assert np.corrcoef(pain, fiqr[:, 0])[0, 1] == pytest.approx(0.58, abs=0.15)
    assert np.corrcoef(pain, seen("fibromyalgia", "function")[:, 0])[0, 1] < -0.2
    retest = np.corrcoef(fiqr[:, 0], fiqr[:, 1])[0, 1]
    assert 0.6 < retest < 0.95


def test_relief_moves_fiqr_by_its_own_share() -> None:
    """By `fiqr_change`, which reaches beyond what pain explains between patients."""
    of = cohort("fibromyalgia")
    eased, same = (seen("fibromyalgia", "fiqr", change=c) for c in (-0.5, 0.0))
    inside = (eased[:, 2] > 0) & (same[:, 2] < 100)
    share = parameter(of, "fiqr_change")[people(of, 20_000)[0]]
    shift = -0.5 * 20 * condition("fibromyalgia").sd / screening("fibromyalgia").sd
    assert (eased - same)[inside, 2] == pytest.approx((share * shift)[inside])
    assert prior_of("fiqr_change")[1] > prior_of("fiqr_pain")[1]
    assert prior_of("fiqr_change")[0] == prior_of("fiqr_pain")[0]


def prior_of(symbol: str) -> tuple[float, float]:
    rows = {r["symbol"]: r for r in read_table("patient/observation.csv")}
    prior = parse_prior(rows[symbol]["distribution"], symbol)
    assert prior is not None
    return prior.support


def test_mood_moves_hads_by_its_own_scale() -> None:
    calm = seen("fibromyalgia", "hads_depression", mood=-1.0)
    same = seen("fibromyalgia", "hads_depression", mood=0.0)
    assert (calm - same)[:, 2].mean() == pytest.approx(-0.9 * 4, abs=0.7)


def test_das28_fluctuates_as_published() -> None:
    values = seen("rheumatoid-arthritis", "das28", regimen=0)
    assert 0.5 < (values[:, 2] - values[:, 1]).std() / np.sqrt(2) < 0.8
    assert values.mean() == pytest.approx(6.3, abs=0.15)


def anchors(mean_change: float, n: int = 12_000) -> tuple[float, float, float]:
    """(EULAR moderate, ACR20, ACR50) in % where DAS28 falls by a mean, from 7.1 (SD 0.85).

    Patients differ by 1.25 in how much; pain follows by 0.8 NRS per DAS28.
    """
    rng = np.random.default_rng(0)
    before = np.clip(7.1 + 0.85 * rng.standard_normal(n), 3.5, 9.5)
    fall = mean_change + 1.25 * rng.standard_normal(n)
    true = np.stack([before, np.clip(before + fall, 0.5, 10)], axis=1)
    das = Pair(np.clip(true + 0.65 * rng.standard_normal((n, 2)), 0, 10), 0)
    z = rng.standard_normal((n, 2))
    pain = 7 + 1.9 * np.stack([z[:, 0], 0.5 * z[:, 0] + np.sqrt(0.75) * z[:, 1]], axis=1)
    pain[:, 1] += 0.8 * fall
    rated = Pair(np.clip(pain, 0, 10), 0)
    acr = [100 * improved(das, rated, s, 1.4, rng)[:, 1].mean() for s in (0.2, 0.5)]
    return 100 * eular_moderate(das)[:, 1].mean(), acr[0], acr[1]


def test_acr_responses_belong_to_eular_responses_as_in_drug_trials() -> None:
    """Within 6 points of ACR20 and 9 of ACR50 in six arms, the placebo arm among them."""
    curve = np.array([anchors(m) for m in np.linspace(0.4, -2.4, 9)])
    arms = [r for r in read_table("patient/acr_anchors.csv") if r["eular_moderate_pct"]]
    assert len(arms) == 6
    for row in arms:
        eular = float(row["eular_moderate_pct"])
        acr20, acr50 = (np.interp(eular, curve[:, 0], curve[:, k]) for k in (1, 2))
        assert acr20 == pytest.approx(float(row["acr20_pct"]), abs=6)
        assert acr50 == pytest.approx(float(row["acr50_pct"]), abs=9)


def test_fit_check_sham_arms_span_placebo_arms_of_drugs() -> None:
    """A fit check and no validation: `plb_trial` was set on these anchors, nothing else was.

    Populations differ by more than chance, and span EULAR responses and ACR50 of placebo arms
    (acr_anchors.csv). ACR20 stays high: 33 % (18 to 45), published 19 and 10 % in two arms without
    background treatment.
    """
    study = """
device: livanova-vns-therapy
nerve: human-cervical-sub57
stimulation: {current: 1.5 mA, pulse_width: 250 us, frequency: 25 Hz, duration: 1 day}
"""
    protocol = parse_study(study).protocol()
    of = build_cohort(
        "rheumatoid-arthritis", lambda n, seed: drive_from_prior("cervical", protocol, n, seed),
        sessions(continuous(60.0), 1, 1), (Regimen("sham"),), 84, populations=40, patients=40,
        device="implant", workers=1,
    )  # fmt: skip
    fall = np.diff(of.courses["sham"]["DAS"][:, [0, -1]]).reshape(40, 40)
    assert 40 * fall.mean(axis=1).var(ddof=1) > 2 * fall.var(axis=1, ddof=1).mean()
    who, regimen = people(of, 40_000)
    windows = [(-7, 0), (77, 84)]
    z = latent(of, who, windows, np.random.default_rng(0))
    das, acr20, acr50 = (
        observe(of, key, who, regimen, windows, z, np.random.default_rng(1))
        for key in ("das28", "acr20", "acr50")
    )
    shown = np.stack([eular_moderate(Pair(das, 0))[:, 1], acr20[:, 1], acr50[:, 1]])
    arms = np.stack([shown[:, of.population[who] == b].mean(axis=1) for b in range(40)])
    low, high = 100 * np.quantile(arms, (0.025, 0.975), axis=0)
    placebo = [r for r in read_table("patient/acr_anchors.csv") if r["arm"].startswith("placebo")]
    for row in placebo:
        if row["eular_moderate_pct"]:
            assert low[0] < float(row["eular_moderate_pct"]) < high[0]
        if row["trial"] != "van de Putte 2003":  # 1 of 70: below any of these arms
            assert low[2] < float(row["acr50_pct"]) < high[2]
    assert 0.25 < arms[:, 1].mean() < 0.40


def test_acr50_is_rarer_than_acr20_and_neither_is_met_at_baseline() -> None:
    acr20, acr50 = (seen("rheumatoid-arthritis", k) for k in ("acr20", "acr50"))
    assert np.all(acr20[:, 0] == 0)
    assert np.all(acr50 <= acr20)
    assert 0.2 < acr20[:, 2].mean() < 0.45  # a placebo arm whose DAS28 falls by 0.8
    assert 0.02 < acr50[:, 2].mean() < 0.2


@given(st.floats(0, 3), st.floats(0, 3))
@settings(max_examples=20)
def test_more_improvement_never_responds_less(a: float, b: float) -> None:
    less, more = sorted((a, b))
    before = np.full((50, 1), 6.3)
    found = []
    for fall in (less, more):
        das = Pair(np.hstack([before, before - fall]), 0)
        pain = Pair(np.hstack([before, before - fall]), 0)
        found.append(improved(das, pain, 0.2, 1.4, np.random.default_rng(0))[:, 1])
    assert np.all(found[1] >= found[0])


def test_seven_components_two_of_them_joints() -> None:
    assert len(components()) == 7
    assert sum(c.must for c in components()) == 2


def test_without_noise_a_patient_only_follows_the_course() -> None:
    quiet = Switches(noise=False, heaping=False)
    for key, endpoint in EVERYWHERE:
        if observable(endpoint).kind == "continuous":
            values = seen(key, endpoint, regimen=0, m=50, switches=quiet)
            assert np.ptp(values, axis=1).max() == pytest.approx(0.0, abs=1e-9)


def test_parameters_are_shared_within_a_population_only() -> None:
    of = cohort("fibromyalgia")
    values = parameter(of, "fiqr_pain")
    for b in of.populations:
        assert np.ptp(values[of.members(int(b))]) == 0
    assert len(np.unique(values)) == len(of.populations)
    assert np.array_equal(values, parameter(of, "fiqr_pain"))


def test_endpoints_that_a_condition_lacks() -> None:
    check_endpoint("rheumatoid-arthritis", "acr20")
    with pytest.raises(InputError) as error:
        check_endpoint("fibromyalgia", "das28")
    for word in ("das28", "fibromyalgia", "fiqr", "rheumatoid-arthritis"):
        assert word in str(error.value)
    with pytest.raises(InputError, match="Did you mean `nrs`"):
        observable("nr")
    for key in condition_keys():
        check_endpoint(key, primary_outcome(key))


def test_bad_input() -> None:
    of = cohort("rheumatoid-arthritis")
    who, regimen = people(of, 3)
    rng = np.random.default_rng(0)
    with pytest.raises(InputError, match="patients by windows"):
        observe(of, "nrs", who, regimen, WINDOWS, np.zeros((3, 2)), rng)
    with pytest.raises(InputError, match="where courses end"):
        observe(of, "nrs", who, regimen, [(98, 105)], np.zeros((3, 1)), rng)
    with pytest.raises(InputError, match="run-in"):
        observe(of, "acr20", who, regimen, [(0, 7)], np.zeros((3, 1)), rng)
