"""Patients of one replicate: screened and enrolled, and rated under whatever regimen they have."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vagus.patient.cohort import Cohort
from vagus.patient.observables import observable, observe
from vagus.patient.ratings import latent
from vagus.trial.design import Design
from vagus.trial.screen import ABOVE, BELOW, EXCLUSIONS, NO_RESPONSE, Candidates, Enrolled, enrol
from vagus.trial.stage import Stage

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


def enrol_patients(stage: Stage, part: Cohort, n: int, rng: np.random.Generator) -> Enrolled:
    """Assess patients of one population until ``n`` are randomised."""
    low, high = stage.design.entry.limits

    def assess(many: int) -> Candidates:
        who = rng.choice(len(part), size=many, p=part.weight)
        z = latent(part, who, stage.windows, rng, stage.switches)
        seed = int(rng.integers(2**63))
        rating, before = _before(stage, part, who, z, seed)
        verdict = np.full(many, -1)
        if stage.before == 2:
            verdict[~responds_to_lead_in(stage.design, before)] = EXCLUSIONS.index(NO_RESPONSE)
        verdict[rating > high] = EXCLUSIONS.index(ABOVE)
        verdict[rating < low] = EXCLUSIONS.index(BELOW)
        return Candidates(who, before[:, -1], z, verdict, seed, many)

    return enrol(assess, n)


def _before(stage: Stage, part: Cohort, who: Ints, z: Floats, seed: int) -> tuple[Floats, Floats]:
    """Rating [m] judged for entry, and the endpoint [m, 1 or 2] before randomisation.

    Where the endpoint is yes or no, the rating stands for it.
    """
    design, rng = stage.design, np.random.default_rng(seed)
    under = np.full(len(who), stage.sequence[max(design.role_index("active"), 0)])
    some = slice(0, stage.before)

    def rate(key: str, part_of: slice, rng: np.random.Generator) -> Floats:
        windows, deviations = stage.windows[part_of], z[:, part_of]
        return observe(part, key, who, under, windows, deviations, rng, stage.switches)

    if stage.together:
        rating = rate(stage.rating, some, np.random.default_rng((seed, 1)))
        if observable(design.endpoint).kind == "binary":
            return rating[:, 0], rating
        return rating[:, 0], rate(design.endpoint, slice(None), rng)[:, some]
    before = rate(design.endpoint, some, rng)
    if design.endpoint == stage.rating:
        return before[:, 0], before
    return rate(stage.rating, some, np.random.default_rng((seed, 1)))[:, 0], before


def rated(
    stage: Stage, part: Cohort, people: Enrolled, regimen: Ints, rng: np.random.Generator,
    shift_SD: Floats | float = 0.0,
) -> Floats:  # fmt: skip
    """Ratings [n, V] at the visits, had ``people`` the ``regimen`` [n] of the cohort.

    ``shift_SD`` [n, V] is added to their deviations. Where ratings share what stays with a patient,
    the same people have the same noise under every regimen; else ``rng`` draws it.
    """
    design, switches, visits = stage.design, stage.switches, slice(stage.before, None)
    shift = np.zeros((len(regimen), len(stage.windows)))
    shift[:, visits] = shift_SD
    key, windows = design.endpoint, stage.windows
    if not stage.together:
        z = (people.latent + shift)[:, visits]
        return observe(part, key, people.who, regimen, windows[visits], z, rng, switches)
    found, start = [], 0
    for batch in people.batches:
        own, stop = batch.admitted, start + batch.admitted.size
        under, z = np.full(len(batch.who), stage.sequence[0]), batch.latent.copy()
        under[own] = regimen[start:stop]
        z[own] += shift[start:stop]
        again = np.random.default_rng(batch.seed)
        all_of_them = observe(part, key, batch.who, under, windows, z, again, switches)
        found.append(all_of_them[own, visits])
        start = stop
    return np.concatenate(found)


def responds_to_lead_in(design: Design, before: Floats) -> Bools:
    """Whether [m] ratings [m, 2] of the run-in and of the end of the lead-in are a response."""
    binary = observable(design.endpoint).kind == "binary"  # the pain rating stands for it
    lower = binary or observable(design.endpoint).better == "lower"
    return _improved(design.responder_share, before[:, 0], before[:, 1], lower)


def responds(design: Design, before: Floats, after: Floats) -> Bools:
    """Whether ratings improve by ``responder_share`` of what they were; yes or no is as it is."""
    what = observable(design.endpoint)
    if what.kind == "binary":
        return np.asarray(after == 1)
    return _improved(design.responder_share, before, after, what.better == "lower")


def _improved(share: float, before: Floats, after: Floats, lower: bool) -> Bools:
    better = before - after if lower else after - before
    return np.asarray((better >= share * np.abs(before)) & (better > 0))
