"""All that is said of one endpoint: what is pooled, how uncertain, how biased, what is left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from vagus.errors import ConvergenceError
from vagus.evidence.begg import BeggTest, begg_test
from vagus.evidence.controlled import controlled_studies, effects_of
from vagus.evidence.effects import Effects
from vagus.evidence.egger import LEAST_K, EggerTest, egger_test
from vagus.evidence.endpoints import Endpoint, endpoint
from vagus.evidence.heterogeneity import COMMON
from vagus.evidence.knapp_hartung import Test, check_test
from vagus.evidence.leave_one_out import LeftOut, leave_one_out
from vagus.evidence.overlap import subset_of
from vagus.evidence.pooled import Pooled, pool
from vagus.evidence.q_profile import HeterogeneityInterval, q_profile
from vagus.evidence.study import NO_NUMBERS, RECALLED, Study
from vagus.evidence.tables import evidence
from vagus.evidence.trim_and_fill import TrimAndFill, trim_and_fill

ENOUGH_K = 10
"""Tests of asymmetry have little power with fewer studies (Cochrane Handbook 6, 13.3.5.4)."""


@dataclass(frozen=True, eq=False)
class Synthesis:
    """One endpoint pooled; parts that need more studies than there are, are None or empty.

    ``studies``: all comparisons, those left out with reasons; ``effects`` and ``pooled``: of the
    others, in the same order. ``cautions``: what a reader must know, in words.
    """

    endpoint: Endpoint
    studies: tuple[Study, ...]
    effects: Effects
    pooled: Pooled
    tau2_interval: HeterogeneityInterval | None
    egger: EggerTest | None
    begg: BeggTest | None
    filled: TrimAndFill | None
    without: tuple[LeftOut, ...]
    cautions: tuple[str, ...]

    @property
    def used(self) -> tuple[Study, ...]:
        """The studies pooled, in the order of ``effects``."""
        return tuple(study for study in self.studies if study.pooled)

    @property
    def left_out(self) -> tuple[Study, ...]:
        """The others."""
        return tuple(study for study in self.studies if not study.pooled)


def synthesise(
    key: str,
    *,
    measure: str = "",
    condition: str = "",
    device_class: str = "",
    trials: Sequence[str] = (),
    also: Sequence[str] = (),
    tau2: str = "REML",
    test: str | None = None,
    level: float = 0.95,
) -> Synthesis:
    """Pool the endpoint ``key``; filters as `controlled_studies`, methods as `pool`.

    ``test`` is Knapp-Hartung where none is named, z with FE. Raises `InputError` as these do, also
    for Knapp-Hartung asked for with FE.
    """
    judged = _test(test, common=tau2 == COMMON)
    studies = controlled_studies(
        key, measure=measure, condition=condition, device_class=device_class, trials=trials,
        also=also,
    )  # fmt: skip
    effects = effects_of(studies)
    pooled = pool(effects, tau2, judged, level)
    several, testable = effects.k >= 2, effects.k >= LEAST_K
    return Synthesis(
        endpoint(key), studies, effects, pooled,
        q_profile(effects, level) if several and tau2 != COMMON else None,
        egger_test(effects) if testable else None,
        begg_test(effects) if testable else None,
        _filled(effects, tau2) if testable else None,
        leave_one_out(effects, tau2, judged, level) if several else (),
        (*pooled.warnings, *_cautions(studies, effects)),
    )  # fmt: skip


def _test(asked: str | None, common: bool) -> Test:
    if asked is None:
        return "z" if common else "knapp-hartung"
    check_test(asked, common)
    return cast(Test, asked)


def _filled(effects: Effects, tau2: str) -> TrimAndFill | None:
    """Trim and fill, None where it goes in circles."""
    try:
        return trim_and_fill(effects, tau2=tau2)
    except ConvergenceError:
        return None


def _cautions(studies: Sequence[Study], effects: Effects) -> tuple[str, ...]:
    said = []
    if effects.k < ENOUGH_K:
        said.append(
            f"{effects.k} {'study' if effects.k == 1 else 'studies'}: tests of asymmetry (Egger, "
            f"Begg, trim and fill) say little below {ENOUGH_K}"
        )
    worked = [study.name for study in studies if study.pooled and study.approximate]
    if worked:
        said.append(f"worked back from p values, medians or percentages: {', '.join(worked)}")
    recalled = [study.name for study in studies if study.left_out == RECALLED]
    if recalled:
        said.append(f"left out because numbers are recalled: {', '.join(recalled)}")
    for study in studies:
        overlap = subset_of(study.trial)
        if study.pooled and overlap is not None:
            said.append(f"{study.name} is a subset of {overlap.whole}, which it stands for here")
    silent = [study.name for study in studies if _null_without_numbers(study)]
    if silent:
        said.append(
            "trials that found no difference but gave no numbers are missing, which moves the "
            f"pooled effect away from none: {', '.join(silent)}"
        )
    groups = dict.fromkeys(evidence().trial(key).group for key in effects.labels)
    if len(groups) > 1:
        said.append(f"different conditions, devices and durations are pooled: {', '.join(groups)}")
    if effects.k > 1:
        said.append(
            "small trials report larger effects in this field: read a pooled effect as an upper "
            "bound"
        )
    return tuple(said)


def _null_without_numbers(study: Study) -> bool:
    """A trial that missed its primary endpoint and whose rows hold no effect."""
    met = evidence().trial(study.trial).line["primary_met"]
    return study.left_out.startswith(NO_NUMBERS) and met.partition(" ")[0] == "no"
