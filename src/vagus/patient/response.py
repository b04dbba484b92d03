"""How much of a sham response each patient shows, and what raises or lowers it.

Published trials give the mean improvement of a sham arm as one number, `placebo_change`. It is made
of expectation, natural course, and regression to the mean under the entry criterion of those
trials. Here regression emerges from noisy ratings and an entry criterion (`vagus.patient.ratings`);
so that it is not counted twice, what the typical entry of the condition's trials leads one to
expect is taken off the natural course. In SD of the outcome, at the time `t_placebo` of the trials:

    expectation = share_expect placebo_change     course = (1 - share_expect) placebo_change - RTM

and with the typical entry, course + expectation + emergent RTM is the published change again. The
course may come out as a worsening: then those trials' patients would have got worse, were it not
for regression.

Patients differ in expectation by `sd_response`. Expectation is multiplied by what arm, device and
visits do to it (``response.csv``, each with its source; priors include none):

    arm        blinded 1, people who know that they are treated `open_label`, untreated 0
    device     `device_pill` (the reference), `device_skin`, `device_implant`
    visits     1 + k_visit (visits - usual_visits), at least 0

Unblinding, a hypothesis and off by default: what is felt adds the share `k_sensation` x sensation
to the expectation of blinded patients while they are stimulated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from vagus.body.conditions import Condition
from vagus.body.draws import Draws
from vagus.body.priors import parse_prior
from vagus.data import read_table
from vagus.errors import InputError
from vagus.patient.regimen import Knowledge
from vagus.patient.screening import expected_regression, screening
from vagus.patient.sharing import Crowd
from vagus.patient.switches import Switches

Floats = NDArray[np.float64]
Device = Literal["pill", "skin", "implant"]

LEAST_CHANGE = 1e-6
"""The body splits one change in two shares; a change of nothing is split as one of 1e-6 SD."""


@dataclass(frozen=True, eq=False)
class Response:
    """Improvement [n] at the time of the published placebo change, in SD of the outcome.

    ``expectation``: of a blinded patient with the reference device and the usual visits, own
    responsiveness included; ``course``: natural course without regression to the mean;
    ``regression``: what regression adds under the typical entry. ``multiplier``: what a patient
    knows -> [n] factor of expectation.
    """

    expectation: Floats
    course: Floats
    regression: Floats
    multiplier: Mapping[Knowledge, Floats]


def responses(
    draws: Draws, treated: Condition, crowd: Crowd, switches: Switches, device: Device,
    visits: int | None,
) -> Response:  # fmt: skip
    """The sham response of every patient of ``crowd``, whose body is ``draws``.

    ``visits``: follow-up visits; None: the usual number. Raises `InputError` for a device class
    that does not exist and for a negative number of visits.
    """
    total, share = draws["placebo_change"], draws["share_expect"]
    regression = typical_regression(draws, treated)
    own = drawn("sd_response", crowd) * crowd.scores("responsiveness", shared=0.0)
    factor = _device(device, crowd) * _visits(visits if switches.visits else None, crowd)
    return Response(
        share * total + own,
        (1 - share) * total - regression,
        regression,
        {
            "blinded": factor,
            "open": factor * drawn("open_label", crowd),
            "untreated": np.zeros(len(crowd)),
        },
    )


def typical_regression(draws: Draws, treated: Condition) -> Floats:
    """[n] improvement (SD) at `t_placebo` through regression alone, under the typical entry."""
    who = screening(treated.key)
    columns = [draws[s] for s in ("t_placebo", "tau_level", "icc_day", "phi_day")]
    kinds, kind = np.unique(np.stack(columns, axis=1), axis=0, return_inverse=True)
    found = np.empty(len(kinds))
    for weeks in np.unique(kinds[:, 0]):
        rows = kinds[:, 0] == weeks
        found[rows] = expected_regression(who, who.entry, float(weeks), *kinds[rows, 1:].T)
    return np.asarray(-found[kind.reshape(-1)] / treated.sd)


def with_response(
    draws: Draws, response: Response, knows: Knowledge, switches: Switches
) -> Draws:  # fmt: skip
    """``draws`` with natural course and expectation as in ``response``, for one arm.

    Unblinding is not in here: see `unblinding`.
    """
    change = response.expectation + response.course
    change = np.where(np.abs(change) < LEAST_CHANGE, LEAST_CHANGE, change)
    return draws.having(
        placebo_change=change,
        share_expect=response.expectation / change,
        link_natural_course=draws["link_natural_course"] * switches.natural_course,
        link_expectation=draws["link_expectation"]
        * switches.expectation
        * response.multiplier[knows],
        link_sensation_expectation=0.0,
    )


def unblinding(
    draws: Draws, response: Response, sensation: Floats, stimulated: Floats
) -> Floats:  # fmt: skip
    """[n, T] pain (SD, daily means, negative) that sensation takes away from blinded patients.

    ``sensation`` [n]: how strongly stimulation is felt; ``stimulated`` [T]: whether it was given on
    the day that ends then. As the body's `link_sensation_expectation`, but only while stimulated.
    """
    tau_d = 7.0 * draws["tau_X"]
    reach = response.expectation / (1 - np.exp(-7.0 * draws["t_placebo"] / tau_d))
    added = reach * response.multiplier["blinded"] * draws["k_sensation"] * sensation
    return np.asarray(-added[:, None] * lagged(stimulated, tau_d))


def lagged(on: Floats, tau_d: Floats) -> Floats:
    """[n, T] daily means of x in x' = (on - x) / tau, x = 0 at day 0.

    ``on`` [T]: its value on the day that ends at each time (the first is not used); ``tau_d`` [n].
    """
    means = np.zeros((len(tau_d), len(on)))
    x = np.zeros(len(tau_d))
    kept = np.exp(-1 / tau_d)
    for day in range(1, len(on)):
        means[:, day] = on[day] + (x - on[day]) * tau_d * (1 - kept)
        x = on[day] + (x - on[day]) * kept
    return means


def drawn(symbol: str, crowd: Crowd) -> Floats:
    """[n] a parameter of ``response.csv``, common to the patients of a population."""
    row = {r["symbol"]: r for r in read_table("patient/response.csv")}[symbol]
    prior = parse_prior(row["distribution"], f"response.csv: {symbol}")
    if prior is None:
        return np.full(len(crowd), float(row["default"]))
    return prior.quantile(crowd.uniforms(symbol))


def _device(device: Device, crowd: Crowd) -> Floats:
    if device not in get_args(Device):
        raise InputError("device", device, ", ".join(get_args(Device)))
    return drawn(f"device_{device}", crowd)


def _visits(visits: int | None, crowd: Crowd) -> Floats:
    if visits is None:
        return np.ones(len(crowd))
    if visits < 0:
        raise InputError("visits", visits, "0 or more")
    more = visits - drawn("usual_visits", crowd)
    return np.maximum(0.0, 1 + drawn("k_visit", crowd) * more)
