"""Central pain against published results: dorsal horn, descending control, course of pain.

Means of sham arms come from the weekly model with the condition's values; draws are then means of
different trials. Shares of patients and correlations come from `ratings`, simulated patients around
such a mean, with selection where the study selected.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from vagus.body.compiled import Compiled, compile_model
from vagus.body.conditions import condition
from vagus.body.draws import Draws, draw
from vagus.body.integrate import Segments, integrate
from vagus.body.organs.pain import pain
from vagus.patient.ratings import Population, Scatter, on_scale, rate
from vagus.validation.comparison import Comparison, Simulated, interval
from vagus.validation.descending import DESCENDING
from vagus.validation.dorsal_horn import DORSAL_HORN

Floats = NDArray[np.float64]

WEEK_s = 604_800.0
WEEKS = (4.0, 6.0, 12.0, 13.0, 24.0, 26.0, 27.0, 52.0)
PATIENTS = 2000
# CHOIR: mean and SD of the normal law that puts 586, 3052 and 3447 of 7085 patients at 0-3, 4-6 and
# 7-10; ratings of the past week; overall change over 12 weeks.
CLINIC = Population(6.43, 2.11, days=7, whole_points=True)
CLINIC_CHANGE = -0.34
# Trials admit from 4 of 10 on, and read one day or one recall of 24 hours (assumed).
TRIAL = Population(6.43, 2.11, days=1, at_least=4.0)
# Depression returns by 0.03 a week in the weekly core of pain and mood.
MOOD_RETURN = 0.03
# DAS28 in sustained remission or low activity: 2.2 (Ibrahim 2022).
REMISSION_DAS28 = 2.2


@cache
def _system() -> Compiled:
    return compile_model(pain())


@cache
def _draws(key: str | None, draws: int, seed: int) -> Draws:
    drawn = draw(_system().model, draws, seed)
    return drawn if key is None else condition(key).apply(drawn, seed)


@cache
def sham(key: str, draws: int, seed: int, expectation: bool = True) -> dict[float, Floats]:
    """Week -> change of pain [draw] in SD under sham; without expectation, untreated."""
    drawn = _draws(key, draws, seed).having(link_expectation=float(expectation))
    output_s = np.array(WEEKS) * WEEK_s
    segments = Segments(np.array([0.0, output_s[-1]]), {})
    found = integrate(_system(), drawn, segments, output_s, workers=1)["pain"]
    return {week: found[:, i] for i, week in enumerate(WEEKS)}


def _arm(
    identity: str, key: str, week: float, scale: float = 1.0, expectation: bool = True,
    share_of_baseline: bool = False, baseline: bool = False,
) -> Comparison:  # fmt: skip
    """Mean change of an arm in the condition's unit times ``scale``; 0: in SD.

    Or, where so asked, in percent of the baseline mean, or the mean itself instead of its change.
    """

    def simulate(draws: int, seed: int) -> Simulated:
        found, c = sham(key, draws, seed, expectation)[week], condition(key)
        if share_of_baseline:
            return interval(100 * c.sd * found / c.mean)
        if baseline:
            return interval(scale * c.read(found))
        return interval((scale * c.sd if scale else 1.0) * found)

    arm = "sham arm" if expectation else "untreated"
    return Comparison(identity, simulate, f"{key}, {arm}, week {week:g}")


@cache
def _rated(
    who: Population, weeks: float, draws: int, seed: int
) -> tuple[tuple[Floats, Floats], ...]:
    """Ratings of a group of patients per draw: first, and ``weeks`` later."""
    d = _draws(None, draws, seed)
    rng = np.random.default_rng([seed, int(10 * weeks)])
    scatters = zip(d["tau_level"], d["icc_day"], d["phi_day"], strict=True)
    return tuple(rate(Scatter(*s), who, weeks, PATIENTS, rng) for s in scatters)


def _correlation(identity: str, who: Population, weeks: float, how: str) -> Comparison:
    def simulate(draws: int, seed: int) -> Simulated:
        return interval([np.corrcoef(*pair)[0, 1] for pair in _rated(who, weeks, draws, seed)])

    return Comparison(identity, simulate, how)


def _by_baseline(identity: str, low: int, high: int) -> Comparison:
    def simulate(draws: int, seed: int) -> Simulated:
        changes = []
        for first, later in _rated(CLINIC, 12.0, draws, seed):
            group = (first >= low) & (first <= high)
            changes.append(np.mean((later - first)[group]) + CLINIC_CHANGE)
        return interval(changes)

    return Comparison(identity, simulate, f"clinic, first rating {low}-{high}, week 12")


def _responders(identity: str, share: float) -> Comparison:
    def simulate(draws: int, seed: int) -> Simulated:
        """Patients rating lower by ``share`` in a sham arm whose mean changes as drawn, %."""
        means = condition("fibromyalgia").sd * sham("fibromyalgia", draws, seed)[12.0]
        found = []
        for mean, (first, later) in zip(means, _rated(TRIAL, 12.0, draws, seed), strict=True):
            # The published change holds regression to the mean, which `later` already shows.
            shifted = on_scale(later - np.mean(later - first) + mean)
            found.append(100 * np.mean(shifted <= (1 - share) * first))
        return interval(found)

    return Comparison(identity, simulate, "fibromyalgia, sham arm, week 12, patients from 4 of 10")


def _mood(draws: int, seed: int) -> Simulated:
    """Pain after 12 weeks, in SD, per SD of depression at the start."""
    edges = np.arange(13, dtype=np.float64) * WEEK_s
    middle = np.arange(12) + 0.5
    segments = Segments(edges, {"M": np.exp(-MOOD_RETURN * middle)})
    found = integrate(_system(), _draws(None, draws, seed), segments, edges[-1:], workers=1)
    return interval(found["P_core"][:, -1])


def _das(draws: Draws, das_change: float) -> Floats:
    """Change of pain [draw] in NRS of rheumatoid arthritis with ``das_change`` of treatment."""
    segments = Segments(np.array([0.0, WEEK_s]), {"das_change": das_change})
    alone = draws.having(link_natural_course=0.0, link_expectation=0.0)
    found = integrate(_system(), alone, segments, [WEEK_s], workers=1)["pain"][:, -1]
    return np.asarray(condition("rheumatoid-arthritis").sd * found)


def _slope(draws: int, seed: int) -> Simulated:
    return interval(10 * _das(_draws("rheumatoid-arthritis", draws, seed), 1.0))


def _remission(draws: int, seed: int) -> Simulated:
    """Patients in remission who rate 4 or more, %: normal around the mean, baseline SD."""
    c, rng = condition("rheumatoid-arthritis"), np.random.default_rng(seed)
    fall = REMISSION_DAS28 - c.parameters["das_0"].default
    means = c.mean + _das(_draws(c.key, draws, seed), fall)
    z = rng.standard_normal(PATIENTS)
    return interval([100 * np.mean(on_scale(m + c.sd * z) >= 4.0) for m in means])


COURSE = (
    _correlation("choir-pain-12wk", CLINIC, 12.0, "clinic, week-long ratings"),
    _correlation("vollert-2020-r-4wk", Population(6.43, 2.11, 1), 4.0, "single ratings"),
    _correlation("vollert-2020-r-12wk", Population(6.43, 2.11, 1), 12.0, "single ratings"),
    _correlation("vase-2015-r-12wk", TRIAL, 12.0, "single ratings, patients from 4 of 10"),
    _by_baseline("choir-rtm-0-3", 0, 3),
    _by_baseline("choir-rtm-4-6", 4, 6),
    _by_baseline("choir-rtm-7-10", 7, 10),
    Comparison("choir-mood-to-pain", _mood, "mood returning by 0.03 a week"),
    _arm("hauser-2011-fibromyalgia", "fibromyalgia", 12.0, 10.0),
    _responders("hauser-2011-responders-30", 0.30),
    _responders("hauser-2011-responders-50", 0.50),
    _arm("hauser-2011-dpn", "neuropathic", 12.0, 10.0),
    _arm("freeman-2015-neuropathic", "neuropathic", 12.0),
    _arm("cepeda-diabetic-neuropathy", "neuropathic", 12.0),
    _arm("cepeda-postherpetic", "neuropathic", 12.0),
    _arm("cepeda-central", "neuropathic", 12.0),
    _arm("cepeda-hiv-neuropathy", "neuropathic", 12.0),
    _arm("vollert-2020-wk12", "rheumatoid-arthritis", 12.0, 10.0),
    _arm("vollert-2020-wk24", "rheumatoid-arthritis", 24.0, 10.0),
    Comparison("ibrahim-2022-slope", _slope, "the condition's share of inflammation"),
    Comparison("ra-pain-in-remission", _remission, "the condition's share of inflammation"),
    _arm("menezes-costa-2012-wk6", "low-back-pain", 6.0, 10.0, baseline=True),
    _arm("menezes-costa-2012-wk26", "low-back-pain", 26.0, 10.0, baseline=True),
    _arm("menezes-costa-2012-wk52", "low-back-pain", 52.0, 10.0, baseline=True),
    _arm("artus-2014-wk6", "low-back-pain", 6.0, 0.0),
    _arm("artus-2014-wk13", "low-back-pain", 13.0, 0.0),
    _arm("artus-2014-wk27", "low-back-pain", 27.0, 0.0),
    _arm("artus-2014-wk52", "low-back-pain", 52.0, 0.0),
    _arm("zhang-2008-placebo", "osteoarthritis", 12.0, 0.0),
    _arm("zhang-2008-untreated", "osteoarthritis", 12.0, 0.0, expectation=False),
    _arm("duloxetine-oa-placebo-china", "osteoarthritis", 13.0),
    _arm("duloxetine-oa-placebo-japan", "osteoarthritis", 13.0),
    _arm("migraine-placebo-2023", "migraine", 13.0),
    _arm("van-der-kuy-2002", "migraine", 12.0, share_of_baseline=True),
    _arm("premium-sham", "migraine", 12.0),
    _arm("linaclotide-ibs-placebo", "visceral", 12.0),
    _arm("ibs-children-placebo", "visceral", 12.0, 0.0),
)
COMPARISONS: tuple[Comparison, ...] = (*DORSAL_HORN, *DESCENDING, *COURSE)
