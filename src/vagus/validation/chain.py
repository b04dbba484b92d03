"""Pain in trials beside the whole chain: stimulated minus sham, over draws of every prior.

Each trial is simulated with the whole body: the documented prior of its electrode, its sessions as
far as they were read (`vagus.trial.published`), the nearest condition and its SD, also where the
endpoint has a spread of its own. Entry, drop-out and open labels are left aside. Both arms share
their draws, so a simulated interval is that of the mean effect, without the sampling error of a
trial: that lies in the measured interval. Trials to be predicted are not here. The priors hold no
effect, so a null cannot be missed by much, and no positive result can be more than compatible.
"""

from __future__ import annotations

from functools import cache, partial

import numpy as np
from numpy.typing import NDArray

from vagus.body.compiled import Compiled, compile_model
from vagus.body.conditions import condition
from vagus.body.draws import Draws, draw
from vagus.body.drive import segments
from vagus.body.full import full_body
from vagus.body.integrate import Segments, integrate
from vagus.body.simulate import RESOLVED_DIGITS, recalled
from vagus.errors import InputError
from vagus.protocol.schedule import DAY_S, Schedule
from vagus.trial.design import Design
from vagus.trial.published import published_trial
from vagus.validation.comparison import Comparison, Simulated, interval

Floats = NDArray[np.float64]


@cache
def _body() -> Compiled:
    return compile_model(full_body())


def design_of(key: str) -> Design:
    """The design of a published trial; `InputError` where it counts single attacks."""
    design = published_trial(key).design
    if not isinstance(design, Design):
        raise InputError("trial", key, "a trial whose patients were read after a time")
    return design


def read_day(key: str) -> float:
    """Days from randomisation to the reading: the last, of a crossover that of its first period."""
    design = design_of(key)
    return design.period_d if design.kind == "crossover" else design.visits_d[-1]


def sessions(key: str) -> Schedule:
    """Sessions of a trial's stimulated arm, up to its reading."""
    active = next(arm for arm in design_of(key).arms if arm.role == "active")
    days = min(active.regimen.stimulated_d[0][1], read_day(key))
    return published_trial(key).delivery.schedule(days)


@cache
def _patients(condition_key: str, draws: int, seed: int) -> Draws:
    return condition(condition_key).apply(draw(_body().model, draws, seed), seed)


@cache
def stimulated(key: str, draws: int, seed: int) -> Floats:
    """[draw] change of pain (SD) of the stimulated arm when the trial was read."""
    design, plan, read_d = design_of(key), sessions(key), read_day(key)
    drive = published_trial(key).delivery.drive(plan, draws, seed)
    who = drive.apply(_patients(design.condition, draws, seed))
    return _pain(who, segments(plan, read_d * DAY_S), read_d, design.recall_d)


@cache
def sham(condition_key: str, read_d: float, recall_d: float, draws: int, seed: int) -> Floats:
    """[draw] change of pain (SD) with everything but a drive, ``read_d`` days after baseline."""
    nothing = Segments(np.array([0.0, read_d * DAY_S]), {})
    return _pain(_patients(condition_key, draws, seed), nothing, read_d, recall_d)


def _pain(who: Draws, given: Segments, read_d: float, recall_d: float) -> Floats:
    """[draw] change of pain (SD): mean over the ``recall_d`` days before ``read_d``."""
    times = np.unique([0.0, max(read_d - recall_d, 0.0) * DAY_S, read_d * DAY_S])
    found = integrate(_body(), who, given, times)
    pain = recalled(found["pain_area"], found["pain"], times, recall_d)
    return np.asarray(np.round(pain[:, -1], RESOLVED_DIGITS))


def difference(key: str, draws: int, seed: int) -> Floats:
    """[draw] stimulated minus sham pain (SD)."""
    design = design_of(key)
    without = sham(design.condition, read_day(key), design.recall_d, draws, seed)
    return stimulated(key, draws, seed) - without


def _scale(key: str) -> float:
    """SD of the outcome of a trial's condition, in its unit."""
    return condition(design_of(key).condition).sd


def _standardised(key: str, draws: int, seed: int) -> Simulated:
    return interval(difference(key, draws, seed))


def _contrast(key: str, draws: int, seed: int) -> Simulated:
    return interval(_scale(key) * difference(key, draws, seed))


def _rates(slow: str, fast: str, draws: int, seed: int) -> Simulated:
    pain = stimulated(slow, draws, seed) - stimulated(fast, draws, seed)
    return interval(_scale(slow) * pain)


def _arm(key: str, draws: int, seed: int) -> Simulated:
    return interval(_scale(key) * stimulated(key, draws, seed))


def _how(key: str) -> str:
    trial, design = published_trial(key), design_of(key)
    given, who = trial.delivery, condition(design.condition)
    pauses = "" if given.on_s is None else f" ({given.on_s:g} s on, {given.off_s:g} s off)"
    return (
        f"whole body, {who.key} with an SD of {who.sd:g} {who.unit}, prior `{given.prior}`, "
        f"{given.rate_Hz:g} Hz, {given.session_min:g} min{pauses} x {given.sessions_per_day} on "
        f"{given.days_per_week} days a week, read on day {read_day(key):g} as the mean over a "
        f"recall of {design.recall_d:g} d; "
    ) + "; ".join(words for words in (trial.taken_as, given.basis) if words)


_CONTRASTS = {
    "premium-2019-migraine-days": "PREMIUM", "event-2016-headache-days": "EVENT",
    "zhang-2021-migraine-days": "ZHANG", "muthulingam-2021-pain": "MUTHULINGAM2021",
    "aranow-2021-pain": "ARANOW2021", "shi-2021-pain": "SHI2021",
    "krasaelap-2020-pain": "KRASAELAP2020",
}  # fmt: skip
_ARMS = {"courties-2022-arm": "COURTIES2022", "clbp-2024-arm": "CLBP2024"}
_SLOW, _FAST = "STRAUBE_1HZ", "STRAUBE_25HZ"

COMPARISONS: tuple[Comparison, ...] = (
    Comparison("lai-2020-headache-days", partial(_standardised, "PREMIUM"), _how("PREMIUM")),
    *(Comparison(i, partial(_contrast, key), _how(key)) for i, key in _CONTRASTS.items()),
    Comparison("straube-2015-1hz-minus-25hz", partial(_rates, _SLOW, _FAST), _how(_SLOW)),
    *(Comparison(i, partial(_arm, key), _how(key)) for i, key in _ARMS.items()),
)
