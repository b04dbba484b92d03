"""What the page of `vagus run` is made of: plain values handed over by the chain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vagus.body.outcome import Course, Decomposition, Interval, interval
from vagus.body.parameter_table import ParameterRow
from vagus.credibility.applicability import Applicability
from vagus.fibre.recruitment import Recruitment
from vagus.report.content import Fact

GRADES = ("strong", "moderate", "weak", "contested", "none")
"""Grades of evidence for a link, best first."""


@dataclass(frozen=True)
class Condition:
    """The condition simulated and the outcome followed in it.

    ``outcome`` is the quantity's name in words ("pain"), ``unit`` what its points are called
    ("NRS points"); ``better``: "lower" or "higher". ``smallest_noticed``: the smallest difference
    that patients notice (MCID), in ``unit``, with its source; None where none is published.
    """

    name: str
    outcome: str
    unit: str
    baseline_mean: float
    baseline_sd: float
    evidence: str
    better: str = "lower"
    smallest_noticed: float | None = None
    smallest_noticed_source: str = ""


@dataclass(frozen=True)
class DriveRow:
    """What one channel carries into the body while stimulation is on.

    ``channel``: symbol of the drive (`u_A`, `u_C`, `u_B`, `u_S`, `u_E`); ``recruited``: share of
    its fibres; ``spikes_per_s``: mean per fibre.
    """

    channel: str
    what: str
    recruited: Interval
    spikes_per_s: Interval
    source: str
    mark: str = ""


@dataclass(frozen=True)
class OutcomeRow:
    """Change from baseline to the end in both arms and their difference, paired by draw.

    ``probability_better``: share of draws in which the treated arm ends better than sham;
    ``probability_noticed``: by at least the smallest difference that patients notice. Both may be
    None: not stated.
    """

    name: str
    unit: str
    active: Interval
    sham: Interval
    difference: Interval
    probability_better: float | None = None
    probability_noticed: float | None = None


@dataclass(frozen=True)
class Link:
    """A switch of the chain: from where to where, its evidence, and whether it was on."""

    symbol: str
    start: str
    end: str
    grade: str
    on: bool
    claim: str
    evidence: str


@dataclass(frozen=True)
class Ablation:
    """The outcome's difference from sham with one thing of the chain changed."""

    change: str
    difference: Interval


@dataclass(frozen=True)
class Finding:
    """A finding on safety; ``severity``: "stop", "caution" or "note"."""

    severity: str
    text: str
    source: str = ""


@dataclass(frozen=True)
class CourseReport:
    """All that the page of one run shows. Optional parts are left out where they are empty.

    ``given``: what is given, to follow "With" ("12 weeks of cervical stimulation").
    ``active``, ``sham``, ``natural``: courses that share draws and times; ``quantity`` is the
    outcome's name in them, in clinical units; ``sessions_s``, ``fast_sessions_s`` [n, 2]: half-open
    on-times of the course and of ``fast``, the course over seconds. ``end_s``: when outcomes are
    read. ``other_parts``: decompositions of other outcomes. ``regulators``: (region, what its rows
    say of this device in this condition).
    ``outcomes``: the outcome itself first. ``failed``: (reason, number of draws that could
    not be integrated).
    """

    title: str
    given: str
    condition: Condition
    study: Sequence[Fact]
    device: Sequence[Fact]
    drive: Sequence[DriveRow]
    active: Course
    sham: Course
    outcomes: Sequence[OutcomeRow]
    links: Sequence[Link]
    draws: int
    run: Sequence[Fact]
    quantity: str = "outcome"
    end_s: float | None = None
    natural: Course | None = None
    sessions_s: NDArray[np.float64] | None = None
    decomposition: Decomposition | None = None
    other_parts: Sequence[Decomposition] = ()
    ablations: Sequence[Ablation] = ()
    fast: Course | None = None
    fast_sessions_s: NDArray[np.float64] | None = None
    failed: Sequence[tuple[str, int]] = ()
    recruitment: Recruitment | None = None
    current_mA: float | None = None
    seed: int = 0
    safety: Sequence[Finding] = ()
    applicability: Applicability | None = None
    regulators: Sequence[tuple[str, str]] = ()
    device_key: str = ""
    warnings: Sequence[str] = ()
    limits: Sequence[str] = ()
    parameters: Sequence[ParameterRow] = ()
    equations: Sequence[tuple[str, Sequence[str]]] = ()
    citations: Sequence[str] = ()


def outcome_row(
    name: str,
    unit: str,
    active: NDArray[np.float64],
    sham: NDArray[np.float64],
    better: str = "",
    smallest_noticed: float | None = None,
) -> OutcomeRow:
    """The row of one outcome from its change from baseline [draw] in each arm, paired by draw.

    ``better``: "lower", "higher", or empty where neither is better. Failed draws are NaN.
    """
    difference = active - sham
    kept = difference[np.isfinite(difference)]
    gain = -kept if better == "lower" else kept
    chance = None if not better or not kept.size else float(np.mean(gain > 0))
    noticed = None
    if chance is not None and smallest_noticed is not None:
        noticed = float(np.mean(gain >= smallest_noticed))
    return OutcomeRow(
        name, unit, interval(active), interval(sham), interval(difference), chance, noticed
    )
