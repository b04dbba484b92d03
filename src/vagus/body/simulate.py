"""Arms of a virtual comparison: stimulated, sham and natural course, over the same draws.

Every arm starts from the same draws of the parameters and the same edges of time, so that arms
differ by what was given and by nothing else. *Sham* is everything but the drive of the nerve;
*natural course* is sham without expectation. With all routes switched off, and the links to locus
coeruleus and heart too, the stimulated arm equals sham bit for bit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vagus.body.compiled import Compiled
from vagus.body.conditions import Condition
from vagus.body.decompose import ROUTES, SENSATION, Subset, shapley, subsets
from vagus.body.draws import Draws
from vagus.body.integrate import Segments, integrate
from vagus.body.outcome import Course, Decomposition

Floats = NDArray[np.float64]
Progress = Callable[[int, int], None]

DRIVE = ("u_A", "u_C", "u_B", "u_S", "u_E", "sensation")
"""Parameters that stimulation sets and a sham device leaves at zero: it is not felt either."""

ABLATIONS: Mapping[str, tuple[str, ...]] = {
    "no monoamine effect on mood": ("link_monoamine_mood",),
    "no link from mood to pain": ("link_mood_pain",),
    "no link from trained maps to pain": ("link_plasticity_pain",),
    "no link from cytokines to pain": ("link_cytokine_pain", "link_cytokine_ppt"),
    "no descending control of pain": ("link_descending_pain", "link_descending_ppt"),
    "sensation only": tuple(link for route, link in ROUTES.items() if route != SENSATION),
}
"""What is switched off to see what a prediction rests on: name -> links."""
DAY_S = 86_400.0
RESOLVED_DIGITS = 5
"""Pain is read to 1e-5 SD: arms that differ by less differ by the steps of the integration."""

RESOLVED = 1e-6
"""What integration resolves of a quantity, relative to its size."""


@dataclass(frozen=True)
class Scenario:
    """What is simulated. ``draws``: drive, condition and switches set. ``output_s`` [time].

    ``decomposed``: what of ``record`` is decomposed besides the outcome. Every effect of
    stimulation on it has to run through a route.

    ``record``: states and outputs kept in courses, besides `outcome`: pain on the condition's own
    scale, as a mean over its recall period, which is what patients and diaries report.
    ``end_s``: when the outcome is read, one of ``output_s``.
    """

    system: Compiled
    draws: Draws
    segments: Segments
    output_s: Floats
    record: tuple[str, ...]
    condition: Condition
    end_s: float
    decomposed: tuple[str, ...] = ()
    workers: int | None = None


@dataclass(frozen=True)
class Arms:
    """Courses of the arms, the shares of the routes, and ablations.

    ``decompositions``: quantity -> what its change is made of; `outcome` first.
    ``ablated``: what was switched off -> [draw] stimulated minus sham at the end. ``failed``: draw
    -> why it could not be integrated in at least one arm; it is NaN there.
    """

    active: Course
    sham: Course
    natural: Course
    decompositions: Mapping[str, Decomposition]
    ablated: Mapping[str, Floats]
    failed: Mapping[int, str]

    @property
    def decomposition(self) -> Decomposition:
        """That of the condition's outcome."""
        return self.decompositions["outcome"]


def simulate(s: Scenario, folder: Path | None = None, progress: Progress | None = None) -> Arms:
    """All arms of ``s``; an arm kept in ``folder`` is read rather than simulated again."""
    routes = [part for part, link in ROUTES.items() if np.any(s.draws[link])]
    plan = _plan(s.draws, routes)
    done: dict[str, Course] = {}
    tell = progress or (lambda done, total: None)
    n = len(s.draws)
    for number, (name, draws) in enumerate(plan.items()):
        counted = partial(_of_all, tell, number * n, len(plan) * n)
        done[name] = _arm(s, name, draws, folder, counted)
        counted(n, n)
    at = int(np.argmin(np.abs(s.output_s - s.end_s)))
    end = {name: course["outcome"][:, at] for name, course in done.items()}
    return Arms(
        done["active"],
        done["sham"],
        done["natural"],
        {q: _decomposition(q, routes, done, at) for q in ("outcome", *s.decomposed)},
        {name: end[f"{name}, active"] - end[f"{name}, sham"] for name in ABLATIONS},
        dict(found for course in done.values() for found in course.failed),
    )


def _plan(draws: Draws, routes: Sequence[str]) -> dict[str, Draws]:
    """Name of each arm -> its draws: subsets of routes, natural course, ablations."""
    silent = dict.fromkeys(DRIVE, 0.0)
    plan = {"active": draws, "sham": draws.having(**silent)}
    plan["natural"] = plan["sham"].having(link_expectation=0.0)
    for chosen in subsets(routes)[1:-1]:
        off = {ROUTES[r]: 0.0 for r in routes if r not in chosen}
        plan[_name(chosen, routes)] = draws.having(**off)
    for name, links in ABLATIONS.items():
        off = dict.fromkeys(links, 0.0)
        plan[f"{name}, active"] = draws.having(**off)
        plan[f"{name}, sham"] = plan["sham"].having(**off)
    return plan


def _name(chosen: Subset, routes: Sequence[str]) -> str:
    """The arm in which only the routes ``chosen`` act. Without any, that is sham."""
    if len(chosen) == len(routes) and routes:
        return "active"
    return "via " + ", ".join(sorted(chosen)) if chosen else "sham"


def _decomposition(
    quantity: str, routes: Sequence[str], done: Mapping[str, Course], at: int
) -> Decomposition:
    """What the change of ``quantity`` up to the output ``at`` is made of."""
    sham, start = done["sham"][quantity][:, at], done["sham"][quantity][:, 0]
    end = {name: resolved(course[quantity][:, at], sham) for name, course in done.items()}
    shares = shapley(routes, {chosen: end[_name(chosen, routes)] for chosen in subsets(routes)})
    parts = {
        "natural course": end["natural"] - start,
        "sham response": sham - end["natural"],
        **{r: shares.get(r, np.zeros_like(start)) for r in ROUTES if r != SENSATION or r in shares},
    }
    total = end["active"] - start if routes else sham - start
    values = np.stack(list(parts.values()), axis=1)
    unit = dict(zip(done["sham"].names, done["sham"].units, strict=True))[quantity]
    return Decomposition(quantity, unit, tuple(parts), values, total)


def resolved(values: Floats, beside: Floats) -> Floats:
    """``values``, or ``beside`` where they differ by no more than the steps of the integration."""
    same = np.isclose(values, beside, rtol=RESOLVED, atol=RESOLVED, equal_nan=True)
    return np.asarray(np.where(same, beside, values))


def _of_all(tell: Progress, before: int, total: int, done: int, _: int) -> None:
    """Draws done in one arm, told as draws done in all arms."""
    tell(before + done, total)


def _arm(s: Scenario, name: str, draws: Draws, folder: Path | None, tell: Progress) -> Course:
    key = _key(s, draws)
    kept = None if folder is None else folder / f"{key}.npz"
    if kept is not None and kept.is_file():
        return Course.load(kept)
    course = integrate_course(s, name, draws, tell)
    if kept is not None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        partial = kept.with_suffix(".part.npz")
        course.save(partial)
        partial.replace(kept)  # an interrupted write leaves no half file under the final name
    return course


def integrate_course(
    s: Scenario, name: str, draws: Draws, progress: Progress | None = None
) -> Course:
    """One arm: what ``s`` records, and the outcome on the condition's scale."""
    found = integrate(s.system, draws, s.segments, s.output_s, workers=s.workers, progress=progress)
    quantities = s.system.model.quantities
    columns = [found[symbol] for symbol in s.record]
    pain = recalled(found["pain_area"], found["pain"], s.output_s, s.condition.recall_d)
    values = np.stack([s.condition.read(np.round(pain, RESOLVED_DIGITS)), *columns], axis=2)
    values[list(found.failures)] = np.nan
    return Course(
        name,
        s.output_s,
        ("outcome", *s.record),
        (s.condition.unit, *(quantities[symbol].unit for symbol in s.record)),
        values,
        tuple(found.failures.items()),
    )


def recalled(area_SD_d: Floats, pain_SD: Floats, time_s: Floats, recall_d: float) -> Floats:
    """[n, time] mean pain over the ``recall_d`` days before each time, or since the first time.

    ``area_SD_d`` [n, time]: pain summed over time. Between times it is taken as linear, so means
    are exact where the period begins on one of them.
    """
    since = np.maximum(time_s - recall_d * DAY_S, time_s[0])
    before = np.stack([np.interp(since, time_s, one) for one in area_SD_d])
    days = (time_s - since) / DAY_S
    means = np.divide(area_SD_d - before, days, out=pain_SD.copy(), where=days > 0)
    return np.asarray(means)


def _key(s: Scenario, draws: Draws) -> str:
    """A name that changes with anything the arm depends on."""
    digest = hashlib.sha256(s.system.key.encode())
    for part in (draws.values, s.segments.edges_s, *s.segments.values.values(), s.output_s):
        digest.update(np.ascontiguousarray(part, dtype=np.float64).tobytes())
    digest.update(repr((draws.names, tuple(s.segments.values), s.record, s.condition)).encode())
    return digest.hexdigest()[:16]
