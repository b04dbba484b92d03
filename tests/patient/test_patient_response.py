"""Sham response: nothing counted twice, multipliers, unblinding, and the one number fitted."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from vagus.body.compiled import compile_model
from vagus.body.conditions import Condition, condition, condition_keys
from vagus.body.draws import Draws, typical
from vagus.body.drive import segments
from vagus.body.full import full_body
from vagus.body.integrate import Trajectory, integrate
from vagus.body.priors import parse_prior
from vagus.data import read_table
from vagus.errors import InputError
from vagus.patient.background import background_keys, relief
from vagus.patient.cohort import Cohort
from vagus.patient.ratings import latent
from vagus.patient.regimen import Regimen
from vagus.patient.response import (
    Response,
    drawn,
    lagged,
    responses,
    unblinding,
    with_response,
)
from vagus.patient.screening import screening
from vagus.patient.sharing import Crowd, draw_crowd
from vagus.patient.switches import Switches
from vagus.protocol.schedule import DAY_S, Schedule

Floats = NDArray[np.float64]
CROWD = Crowd(6, 3, seed=1)


def response(
    key: str, switches: Switches | None = None, visits: int | None = None
) -> tuple[Draws, Response]:
    treated = condition(key)
    draws = draw_crowd(full_body(), treated, CROWD)
    return draws, responses(draws, treated, CROWD, switches or Switches(), "skin", visits)


def untouched(draws: Draws, days: int) -> Trajectory:
    """The body left alone, read every day."""
    never = segments(Schedule(np.empty((0, 2))), days * DAY_S)
    return integrate(compile_model(full_body()), draws, never, np.arange(days + 1) * DAY_S)


@pytest.mark.parametrize("key", condition_keys())
def test_parts_add_up_to_the_published_change(key: str) -> None:
    draws, found = response(key)
    own = drawn("sd_response", CROWD) * CROWD.scores("responsiveness", 0.0)
    total = found.expectation - own + found.course + found.regression
    assert total == pytest.approx(draws["placebo_change"], abs=1e-12)
    assert found.expectation - own == pytest.approx(
        draws["share_expect"] * draws["placebo_change"], abs=1e-12
    )


def test_the_body_shows_course_and_expectation_at_the_published_time() -> None:
    draws, found = response("low-back-pain")  # six weeks
    for knows in ("blinded", "untreated", "open"):
        end = untouched(with_response(draws, found, knows, Switches()), 42)
        shown = end["N_course"][:, -1] + end["X_expect"][:, -1]
        factor = found.multiplier[knows]
        assert shown == pytest.approx(-(found.course + factor * found.expectation), abs=1e-5)


def test_a_change_of_nothing_has_parts_still() -> None:
    """Expectation up, course down by as much: the body's shares of zero."""
    draws = typical(full_body(), 2)
    e = np.array([0.3, -0.2])
    split = Response(e, -e, np.zeros(2), {"blinded": np.ones(2)})
    end = untouched(with_response(draws, split, "blinded", Switches()), 84)
    assert end["X_expect"][:, -1] == pytest.approx(-e, abs=1e-5)
    assert end["N_course"][:, -1] == pytest.approx(e, abs=1e-5)


def test_regression_emerges_beside_the_course_and_gives_the_published_change() -> None:
    """Ratings before and 12 weeks after, of those who pass the typical entry."""
    treated, who = condition("neuropathic"), screening("neuropathic")
    draws = treated.apply(typical(full_body(), 1))
    nobody = Crowd(1, 1, 0)
    found = responses(draws, treated, nobody, Switches(), "pill", None)
    own = float((drawn("sd_response", nobody) * nobody.scores("responsiveness", 0.0))[0])
    change = float(found.expectation[0] - own + found.course[0])
    cohort = one_patient(treated, draws)
    z = latent(
        cohort, np.zeros(200_000, dtype=np.int64), [(-7, 0), (77, 84)], np.random.default_rng(0)
    )
    level = who.mean + who.sd * z - np.array([0.0, treated.sd * change])
    rating = np.clip(level, who.low, who.high)
    kept = who.entry.admits(rating[:, 0])
    seen = (rating[kept, 0] - rating[kept, 1]).mean() / treated.sd
    assert float(found.regression[0]) > 0.1  # there is something to count twice
    # The floor of the scale takes a few hundredths away.
    assert seen == pytest.approx(float(draws["placebo_change"][0]), abs=0.03)


def one_patient(treated: Condition, draws: Draws) -> Cohort:
    traits = {s: draws[s] for s in ("tau_level", "icc_day", "phi_day")}
    return Cohort(
        treated, (Regimen("sham"),), np.arange(2.0), np.zeros(1, dtype=np.int64), np.ones(1),
        {"sham": {"pain": np.zeros((1, 2))}}, traits, 0, "one",
    )  # fmt: skip


def test_visits_device_and_knowledge_multiply_expectation() -> None:
    usual = int(drawn("usual_visits", CROWD)[0])
    _, plain = response("migraine")
    _, more = response("migraine", visits=usual + 4)
    _, fewer = response("migraine", visits=0)
    _, switched = response("migraine", Switches(visits=False), visits=usual + 4)
    _, same = response("migraine", visits=usual)
    blinded = plain.multiplier["blinded"]
    growth = drawn("k_visit", CROWD)
    assert more.multiplier["blinded"] == pytest.approx(blinded * (1 + 4 * growth))
    assert np.all(fewer.multiplier["blinded"] >= 0)
    assert np.array_equal(same.multiplier["blinded"], blinded)
    assert np.array_equal(switched.multiplier["blinded"], blinded)
    assert np.array_equal(plain.multiplier["untreated"], np.zeros(len(CROWD)))
    assert plain.multiplier["open"] == pytest.approx(blinded * drawn("open_label", CROWD))
    assert np.array_equal(drawn("device_pill", CROWD), np.ones(len(CROWD)))


def test_unblinding_is_the_bodys_while_stimulated_all_along() -> None:
    draws, found = response("visceral")
    felt = np.linspace(0, 1, len(CROWD))
    draws = draws.having(k_sensation=0.5)
    days = 28
    blinded = with_response(draws, found, "blinded", Switches())
    through_body = blinded.having(link_sensation_expectation=1.0, sensation=felt)
    area = untouched(through_body, days)["pain_area"] - untouched(blinded, days)["pain_area"]
    extra = unblinding(draws, found, felt, np.ones(days + 1))
    # The body lets pain act on mood and back besides: a thousandth here.
    assert extra[:, 1:] == pytest.approx(np.diff(area, axis=1), abs=2e-3)
    assert np.all(extra[0] == 0)  # nothing felt
    assert np.abs(extra).max() > 0.05


def test_lagged_is_the_mean_of_the_exponential_over_each_day() -> None:
    tau = np.array([0.5, 3.0, 40.0])
    at = np.arange(0.0, 11.0)[:, None]
    integral = at + tau * np.exp(-at / tau)  # of 1 - exp(-t / tau)
    means = lagged(np.ones(11), tau)[:, 1:].T
    assert means == pytest.approx(np.diff(integral, axis=0), rel=1e-12)
    off = lagged(np.where(np.arange(11) <= 4, 1.0, 0.0), tau)
    assert np.all(np.diff(off[:, 5:]) < 0)  # it fades


def test_background_adds_up_to_its_effect() -> None:
    crowd = Crowd(30, 1, 0)
    late = relief("exercise", crowd, 7 * 104)[:, -1]
    assert late.mean() == pytest.approx(0.4, abs=0.05)
    assert np.all(relief("usual-care", crowd, 10) == 0)
    assert np.all(relief("", crowd, 10) == 0)
    assert {"exercise", "physiotherapy", "pregabalin", "usual-care"} <= set(background_keys())
    with pytest.raises(InputError, match="Did you mean `pregabalin`"):
        relief("pregabaline", crowd, 10)


def test_bad_device_and_visits() -> None:
    draws, treated = draw_crowd(full_body(), condition("migraine"), CROWD), condition("migraine")
    with pytest.raises(InputError, match="device"):
        responses(draws, treated, CROWD, Switches(), "magnet", None)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="visits"):
        responses(draws, treated, CROWD, Switches(), "skin", -1)


def test_tables_have_sources_and_priors_include_none() -> None:
    for name, distribution in (("response", "distribution"), ("background", "effect_distribution")):
        for row in read_table(f"patient/{name}.csv"):
            assert row["mark"] in ("seen", "derived", "recalled", "assumed")
            parse_prior(row[distribution], name)
    for symbol in ("device_skin", "device_implant", "open_label"):
        u = np.array([0.025, 0.975])
        low, high = prior_of(symbol, u)
        assert low < 1 < high


def prior_of(symbol: str, u: Floats) -> Floats:
    rows = {r["symbol"]: r for r in read_table("patient/response.csv")}
    prior = parse_prior(rows[symbol]["distribution"], symbol)
    assert prior is not None
    return prior.quantile(u)


PILOTS = (
    # condition, improvement, its standard error (outcome's unit), SD of the outcome, weeks
    ("osteoarthritis", 23.5, 1.2533 * (37.2 - 7.7) / 1.349 / 18**0.5, 21.0, 4.0),  # COURTIES2022
    ("low-back-pain", 16.1, 17.9 / 27**0.5, 21.0, 4.3),  # CLBP2024
    ("migraine", 7.2 - 4.7, (0.7**2 + 0.5**2 - 0.7 * 0.5) ** 0.5, 2.7, 12.0),  # GRAZZI2016, r 0.5
    ("migraine", 14.7 - 8.9, (8.3 - 3.3) / 3.92, 4.1, 13.0),  # KINFE2015, refractory: own SD
)
"""Rows marked calibration (open-label shift), all seen."""


def test_open_label_multiplier_is_the_posterior_of_four_pilots() -> None:
    """Importance sampling over placebo change, share, device and effect of stimulation."""
    rng, n = np.random.default_rng(0), 20_000
    grid = np.exp(np.linspace(np.log(0.1), np.log(10), 61))
    log_posterior = -0.5 * (np.log(grid / 1.2) / 0.5) ** 2
    for key, better, se, sd, weeks in PILOTS:
        treated = condition(key)
        draws = treated.apply(typical(full_body(), 1))
        values = {s: sample(treated, s, n, rng) for s in SPLIT}
        shape = {
            s: np.expm1(-weeks / values[s]) / np.expm1(-draws["t_placebo"][0] / values[s])
            for s in ("tau_nat", "tau_X")
        }
        e = values["share_expect"] * values["placebo_change"]
        course = (values["placebo_change"] - e) * shape["tau_nat"]
        expected = e * shape["tau_X"] * prior_of("device_skin", rng.random(n))
        spread = np.hypot(se / sd, 0.25)  # of the measurement and of the effect of stimulation
        off = better / sd - course[:, None] - expected[:, None] * grid
        log_posterior += np.log(np.exp(-0.5 * (off / spread) ** 2).mean(axis=0))
    w = np.exp(log_posterior - log_posterior.max())
    w /= w.sum()
    mean = float(w @ np.log(grid))
    width = float(np.sqrt(w @ (np.log(grid) - mean) ** 2))
    low, middle, high = np.log(prior_of("open_label", np.array([0.1587, 0.5, 0.8413])))
    assert middle == pytest.approx(mean, abs=0.05)
    assert (high - low) / 2 >= width - 0.01  # no narrower than the posterior


SPLIT = ("placebo_change", "share_expect", "tau_nat", "tau_X")


def sample(treated: Condition, symbol: str, n: int, rng: np.random.Generator) -> Floats:
    own = treated.parameters.get(symbol)
    prior = full_body().quantities[symbol].prior if own is None else own.prior
    assert prior is not None
    return prior.quantile(rng.random(n))
