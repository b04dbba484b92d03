"""Pain in trials beside the whole chain: stimulated minus sham, over draws of every prior.

Each trial is simulated with the whole body: the documented prior of its electrode, its schedule as
far as it was read (``vns_trial_designs.csv``), the nearest condition. Both arms share their draws,
so a simulated interval is that of the mean effect, without the sampling error of a trial: that lies
in the measured interval. Trials to be predicted are not here. The priors hold no effect, so a null
cannot be missed by much, and no positive result can be more than compatible.
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
from vagus.body.published_drives import surface_drive
from vagus.body.simulate import RESOLVED_DIGITS, recalled
from vagus.data import Row, read_table
from vagus.errors import InputError
from vagus.protocol.schedule import DAY_S, Schedule
from vagus.validation.comparison import Comparison, Simulated, interval

Floats = NDArray[np.float64]
MINUTE_S = 60.0
_GIVEN = (
    "condition", "prior", "rate_Hz", "session_min", "per_day", "days_per_week", "recall_d",
)  # fmt: skip


@cache
def _body() -> Compiled:
    return compile_model(full_body())


@cache
def design(name: str) -> Row:
    """The row of ``vns_trial_designs.csv``; `InputError` where there is none."""
    rows = {row["design"]: row for row in read_table("body/vns_trial_designs.csv")}
    if name not in rows:
        raise InputError("design", name, ", ".join(rows))
    return rows[name]


def schedule(row: Row) -> Schedule:
    """Sessions of a design, evenly over the days of a week and the hours of a day."""
    per_week, per_day = int(row["days_per_week"]), int(row["per_day"])
    day = np.arange(int(row["days"]))
    days = day[(day + 1) * per_week // 7 > day * per_week // 7]
    starts = (days[:, None] + np.arange(per_day) / per_day).ravel() * DAY_S
    return Schedule(np.stack([starts, starts + float(row["session_min"]) * MINUTE_S], axis=1))


@cache
def _patients(key: str, draws: int, seed: int) -> Draws:
    return condition(key).apply(draw(_body().model, draws, seed), seed)


def stimulated(name: str, draws: int, seed: int) -> Floats:
    """[draw] change of pain (SD) of the stimulated arm when the trial was read."""
    row = design(name)
    return _courses(tuple(row[column] for column in _GIVEN), draws, seed)[float(row["read_d"])]


@cache
def _courses(given: tuple[str, ...], draws: int, seed: int) -> dict[float, Floats]:
    """Day of reading -> [draw] pain (SD): trials that differ only in length are one run."""
    alike = [
        row
        for row in read_table("body/vns_trial_designs.csv")
        if tuple(row[column] for column in _GIVEN) == given
    ]
    longest = max(alike, key=lambda row: int(row["days"]))
    read_d = sorted({float(row["read_d"]) for row in alike})
    plan = schedule(longest)
    drive = surface_drive(longest["prior"], float(longest["rate_Hz"]), plan, draws, seed)
    who = drive.apply(_patients(longest["condition"], draws, seed))
    recall_d = float(longest["recall_d"])
    found = _pain(who, segments(plan, read_d[-1] * DAY_S), read_d, recall_d)
    return dict(zip(read_d, found.T, strict=True))


@cache
def sham(key: str, read_d: float, recall_d: float, draws: int, seed: int) -> Floats:
    """[draw] change of pain (SD) with everything but a drive, ``read_d`` days after baseline."""
    nothing = Segments(np.array([0.0, read_d * DAY_S]), {})
    return np.asarray(_pain(_patients(key, draws, seed), nothing, [read_d], recall_d)[:, 0])


def _pain(who: Draws, given: Segments, read_d: list[float], recall_d: float) -> Floats:
    """[draw, time] change of pain (SD): mean over the days recalled, 0 for a rating of now."""
    read_s = np.array(read_d) * DAY_S
    times = np.unique([0.0, *read_s, *np.maximum(read_s - recall_d * DAY_S, 0.0)])
    found = integrate(_body(), who, given, times)
    pain = recalled(found["pain_area"], found["pain"], times, recall_d)
    return np.asarray(np.round(pain[:, np.searchsorted(times, read_s)], RESOLVED_DIGITS))


def difference(name: str, draws: int, seed: int) -> Floats:
    """[draw] stimulated minus sham pain (SD)."""
    row = design(name)
    read_d, recall_d = float(row["read_d"]), float(row["recall_d"])
    without = sham(row["condition"], read_d, recall_d, draws, seed)
    return stimulated(name, draws, seed) - without


def _standardised(name: str, draws: int, seed: int) -> Simulated:
    return interval(difference(name, draws, seed))


def _contrast(name: str, draws: int, seed: int) -> Simulated:
    return interval(condition(design(name)["condition"]).sd * difference(name, draws, seed))


def _rates(slow: str, fast: str, draws: int, seed: int) -> Simulated:
    pain = stimulated(slow, draws, seed) - stimulated(fast, draws, seed)
    return interval(condition(design(slow)["condition"]).sd * pain)


def _arm(name: str, draws: int, seed: int) -> Simulated:
    return interval(condition(design(name)["condition"]).sd * stimulated(name, draws, seed))


def _how(name: str) -> str:
    row = design(name)
    return (
        f"whole body, {row['condition']}, prior `{row['prior']}`, {row['rate_Hz']} Hz, "
        f"{row['session_min']} min x {row['per_day']} on {row['days_per_week']} days a week, "
        f"day {row['read_d']}; {row['basis']}"
    )


_CONTRASTS = {
    "premium-2019-migraine-days": "premium-2019", "event-2016-headache-days": "event-2016",
    "zhang-2021-migraine-days": "zhang-2021", "muthulingam-2021-pain": "muthulingam-2021",
    "aranow-2021-pain": "aranow-2021", "shi-2021-pain": "shi-2021",
    "krasaelap-2020-pain": "krasaelap-2020",
}  # fmt: skip
_ARMS = {"courties-2022-arm": "courties-2022", "clbp-2024-arm": "clbp-2024"}
_SLOW, _FAST = "straube-2015-1hz", "straube-2015-25hz"

COMPARISONS: tuple[Comparison, ...] = (
    Comparison(
        "lai-2020-headache-days", partial(_standardised, "premium-2019"), _how("premium-2019")
    ),
    *(Comparison(i, partial(_contrast, name), _how(name)) for i, name in _CONTRASTS.items()),
    Comparison("straube-2015-1hz-minus-25hz", partial(_rates, _SLOW, _FAST), _how(_SLOW)),
    *(Comparison(i, partial(_arm, name), _how(name)) for i, name in _ARMS.items()),
)
