"""The flow of patients through a trial, as the CONSORT 2010 statement asks for it.

Everybody assessed is either excluded or randomised, everybody randomised is in one arm, everybody
in an arm stayed or left for one reason: `Flow` refuses numbers that do not add up. (Schulz, Altman
and Moher 2010, BMJ 340:c332.)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from vagus.errors import InputError
from vagus.trial.data import REASONS, STAYED, TrialData


@dataclass(frozen=True)
class ArmFlow:
    """One arm: ``allocated``; ``left`` by reason; ``completed``; ``rescued``; ``analysed``.

    ``rescued`` counts those who took rescue treatment, whether they stayed or not. ``analysed``:
    whom the design's analysis reads, which is everybody with a rating after randomisation (mixed
    model, n-of-1), everybody (responders: a missing response counts as none), or completers.
    """

    name: str
    allocated: int
    left: Mapping[str, int]
    completed: int
    rescued: int
    analysed: int

    def __post_init__(self) -> None:
        total = self.completed + sum(self.left.values())
        if total != self.allocated:
            allowed = f"{self.allocated}, as many as were allocated"
            raise InputError(f"flow: {self.name}", f"{total} completed or left", allowed)
        if not self.completed <= self.analysed <= self.allocated:
            allowed = f"{self.completed} to {self.allocated}"
            raise InputError(f"flow: {self.name}", f"{self.analysed} analysed", allowed)


@dataclass(frozen=True)
class Flow:
    """One trial: ``assessed``; ``excluded`` by reason; ``randomised``; its ``arms``."""

    title: str
    assessed: int
    excluded: Mapping[str, int]
    randomised: int
    arms: tuple[ArmFlow, ...]

    def __post_init__(self) -> None:
        total = sum(self.excluded.values()) + self.randomised
        if total != self.assessed:
            allowed = f"{self.assessed}, as many as were assessed"
            raise InputError("flow", f"{total} excluded or randomised", allowed)
        allocated = sum(arm.allocated for arm in self.arms)
        if allocated != self.randomised:
            allowed = f"{self.randomised}, as many as were randomised"
            raise InputError("flow", f"{allocated} allocated", allowed)


def flow(data: TrialData, replicate: int = 0) -> Flow:
    """Flow of one replicate. In n-of-1 trials the one patient counts for the first treatment."""
    one = data.replicate(replicate)
    arms = tuple(_arm_flow(one, k) for k in range(len(data.design.arms)))
    if data.design.kind == "n-of-1":
        arms = arms[:1]
    excluded = {reason: int(count[0]) for reason, count in one.excluded.items()}
    return Flow(data.design.title, int(one.screened[0]), excluded, one.n, arms)


def _arm_flow(one: TrialData, arm: int) -> ArmFlow:
    own = one.arm[0] == arm
    reason = one.reason[0, own]
    left = {REASONS[k]: int(np.sum(reason == k)) for k in range(len(REASONS)) if k != STAYED}
    read = {
        "mmrm": one.left_at[0, own] > 0,
        "n-of-1": one.left_at[0, own] > 0,
        "responder": np.ones(own.sum(), dtype=bool),
    }.get(one.design.analysis, reason == STAYED)
    return ArmFlow(
        one.design.arms[arm].name, int(own.sum()), left, int(np.sum(reason == STAYED)),
        int(np.sum(one.rescue_at[0, own] < one.visits)), int(read.sum()),
    )  # fmt: skip
