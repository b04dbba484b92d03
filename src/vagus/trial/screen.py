"""Screening inside a trial: who is assessed, who is admitted, until the trial is full.

Candidates come one after the other, drawn from a population by weight with replacement; each is
another person with that row's body and with ratings of their own. Entry is judged on the noisy
rating of the run-in, so those admitted happen to rate high, and their next ratings are nearer the
mean: regression to the mean emerges. In enriched withdrawal those admitted are treated openly, and
who responds is randomised.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from vagus.errors import InputError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

BELOW, ABOVE = "rated below the entry criterion", "rated above the entry criterion"
NO_RESPONSE = "no response to open treatment"
EXCLUSIONS = (BELOW, ABOVE, NO_RESPONSE)
"""Why somebody assessed is not randomised, in the order in which it is judged."""

LEAST_SHARE = 0.001
"""Share admitted below which screening stops: a thousand people assessed for each one randomised
is beyond any trial, and says that entry and population do not fit."""
JUDGED_FROM = 5_000  # people assessed: five expected at the least share

AT_ONCE, MOST_AT_ONCE = 64, 20_000  # candidates per call: few enough for memory, many for speed


@dataclass(frozen=True, eq=False)
class Candidates:
    """Some candidates in order: rows ``who`` [m], ``baseline`` [m], ``latent`` [m, W].

    ``verdict`` [m]: index into `EXCLUSIONS`, -1 for those admitted. ``seed``: of the noise of their
    endpoint, so that they can be rated again under another regimen. ``assessed``: how many of them
    the trial still needed; it never saw the rest.
    """

    who: Ints
    baseline: Floats
    latent: Floats
    verdict: Ints
    seed: int
    assessed: int

    @property
    def admitted(self) -> Ints:
        """Positions of those randomised, in order."""
        return np.flatnonzero(self.verdict[: self.assessed] < 0)

    def up_to(self, needed: int) -> Candidates:
        """These, assessed until ``needed`` have been admitted."""
        passing = np.flatnonzero(self.verdict < 0)
        if passing.size < needed:
            return self
        return replace(self, assessed=int(passing[needed - 1]) + 1)


@dataclass(frozen=True, eq=False)
class Enrolled:
    """Who was randomised, in the order of entry, in ``batches`` of those assessed."""

    batches: tuple[Candidates, ...]

    @property
    def who(self) -> Ints:
        """[n] rows of the cohort."""
        return np.concatenate([b.who[b.admitted] for b in self.batches])

    @property
    def baseline(self) -> Floats:
        """[n] ratings before randomisation."""
        return np.concatenate([b.baseline[b.admitted] for b in self.batches])

    @property
    def latent(self) -> Floats:
        """[n, W] deviations of ratings."""
        return np.concatenate([b.latent[b.admitted] for b in self.batches])

    @property
    def screened(self) -> int:
        """People assessed, up to the last one admitted."""
        return sum(b.assessed for b in self.batches)

    @property
    def excluded(self) -> Ints:
        """How many were excluded, by `EXCLUSIONS`."""
        verdict = np.concatenate([b.verdict[: b.assessed] for b in self.batches])
        return np.bincount(verdict[verdict >= 0], minlength=len(EXCLUSIONS))


def enrol(assess: Callable[[int], Candidates], n: int) -> Enrolled:
    """Assess candidates, by ``assess(how many)``, until ``n`` are admitted.

    Raises `InputError` where fewer than `LEAST_SHARE` of them are.
    """
    batches: list[Candidates] = []
    admitted = assessed = 0
    while admitted < n:
        share = max(admitted, 0.5) / assessed if assessed else 1.0
        wanted = int(np.ceil(1.1 * (n - admitted) / share))
        batch = assess(min(max(wanted, AT_ONCE), MOST_AT_ONCE)).up_to(n - admitted)
        batches.append(batch)
        assessed += batch.assessed
        admitted += batch.admitted.size
        if assessed >= JUDGED_FROM and admitted < assessed * LEAST_SHARE:
            raise _hardly_anybody(admitted, Enrolled(tuple(batches)))
    return Enrolled(tuple(batches))


def _hardly_anybody(admitted: int, people: Enrolled) -> InputError:
    reason = EXCLUSIONS[int(np.argmax(people.excluded))]
    value = f"met by {admitted} of {people.screened} people assessed, the others mostly: {reason}"
    fix = {
        BELOW: "Lower `entry: at_least`, or take a condition whose patients rate higher.",
        ABOVE: "Raise `entry: at_most`, or take a condition whose patients rate lower.",
        NO_RESPONSE: "Lower `responder_share`, or make the lead-in longer.",
    }[reason]
    return InputError("entry", value, f"a share of at least {LEAST_SHARE:.1%}", fix)
