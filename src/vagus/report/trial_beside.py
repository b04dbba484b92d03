"""The virtual trial beside published ones: controlled trials of the same condition and outcome.

The published trials are pooled alone. What a trial of this size would report is the middle of what
the replicates report: their effect and its 95 % interval, on the scale of the published effects.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from vagus.body.conditions import condition
from vagus.evidence.binary import TwoByTwo, log_odds_ratio
from vagus.evidence.controlled import controlled_studies
from vagus.evidence.endpoints import Endpoint, endpoint
from vagus.evidence.smd import small_sample_factor
from vagus.evidence.study import Study
from vagus.evidence.synthesis import Synthesis, synthesise
from vagus.evidence.words import Verdict, headline, verdicts
from vagus.patient.observables import observable
from vagus.report.evidence_content import forest_rows
from vagus.report.figures.forest import ForestRow
from vagus.report.trial_words import capital
from vagus.trial.data import TrialData
from vagus.trial.design import Design
from vagus.trial.primary import Primary, compared, higher_is_better, response

Floats = NDArray[np.float64]
LEVEL = 0.95
DRAWN_K = 3  # with two trials the interval has one degree of freedom and hides all others
ENDPOINT: Mapping[str, str] = {
    "nrs": "pain", "vas": "pain", "gcps": "pain", "migraine_days": "headache-days",
    "headache_days": "headache-days", "function": "function", "fiqr": "function",
    "hads_depression": "mood",
}  # fmt: skip
"""Observable -> outcome that published trials are pooled for."""
WORDS: Mapping[str, str] = {
    "migraine": "migraine", "fibromyalgia": "fibromyalgia",
    "rheumatoid-arthritis": "rheumatoid arthritis", "osteoarthritis": "osteoarthritis",
    "low-back-pain": "low back pain", "visceral": "visceral pain",
}  # fmt: skip
"""Condition -> how the tables of trials call it; neuropathic pain is in none of them."""
GROUPS: Mapping[str, tuple[str, ...]] = {
    "migraine": ("migraine",), "fibromyalgia": ("fibromyalgia", "chronic widespread pain"),
    "rheumatoid-arthritis": ("arthritis",), "osteoarthritis": ("arthritis",),
    "low-back-pain": ("low back/neck pain",), "visceral": ("visceral pain",),
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Virtual:
    """Effects [R] of the replicates on the scale of published ones, with 95 % bounds.

    ``truth`` [R]: of each replicate's population; nan where none is defined.
    """

    estimate: Floats
    low: Floats
    high: Floats
    truth: Floats

    @property
    def middle(self) -> tuple[float, float, float]:
        """Medians of effects and bounds: what one trial reports."""
        return _median(self.estimate), _median(self.low), _median(self.high)


@dataclass(frozen=True, eq=False)
class Beside:
    """``rows`` of a forest plot (none where nothing can be drawn) with ``why`` not.

    ``virtual``: on the scale of ``measure``, None where there is no such effect. ``synthesis``: of
    the published trials, None where there is none. ``left_out``: comparisons without a usable
    effect, where nothing is pooled. ``remarks`` in sentences; ``verdicts`` of the dossier.
    """

    rows: tuple[ForestRow, ...]
    why: str
    measure: str
    endpoint: Endpoint | None
    virtual: Virtual | None
    synthesis: Synthesis | None
    left_out: tuple[Study, ...]
    remarks: tuple[str, ...]
    verdicts: tuple[Verdict, ...]


def beside(data: TrialData, found: Primary, truths: Floats, calibrated_on: set[str]) -> Beside:
    """``found`` and the ``truths`` [R] of ``data`` beside published trials.

    ``calibrated_on``: trials whose results shaped the patients' weights.
    """
    design = data.design
    said = verdicts(GROUPS.get(design.condition, ("none",)))
    key, measure = _asked(design)
    why = _incomparable(design, key)
    if why:
        return Beside((), why, measure, None, None, None, (), (), said)
    virtual = _virtual(data, found, truths)
    synthesis, left_out = _published(key, measure, design)
    remarks = tuple(_remarks(design, synthesis, calibrated_on))
    if synthesis is None:
        why = (
            f"No controlled trial of vagus nerve stimulation in {condition(design.condition).name} "
            f"gives a usable effect on {endpoint(key).name}: there is nothing to stand beside."
        )
        return Beside((), why, measure, endpoint(key), virtual, None, left_out, remarks, said)
    rows = [
        r for r in forest_rows(synthesis) if r.kind != "pooled" or synthesis.pooled.k >= DRAWN_K
    ]
    at = next((i for i, r in enumerate(rows) if r.kind == "excluded"), len(rows))
    rows[at:at] = virtual_rows(data, virtual)
    return Beside(
        tuple(rows), "", measure, endpoint(key), virtual, synthesis, left_out, remarks, said
    )


def virtual_rows(data: TrialData, virtual: Virtual) -> list[ForestRow]:
    """What one trial of this size would report, and the truth over populations."""
    effect, low, high = virtual.middle
    note = f"{data.n} patients; median effect and interval of {len(data)} trials"
    rows = [ForestRow("this design, virtual", effect, low, high, kind="virtual", note=note)]
    true = virtual.truth[np.isfinite(virtual.truth)]
    if true.size:
        low, median, high = np.quantile(true, [0.025, 0.5, 0.975]).tolist()
        note = "median and 95 % of the populations simulated; no trial's interval"
        rows.append(ForestRow("its true effect", median, low, high, kind="virtual", note=note,
                              hollow=True, marker="o"))  # fmt: skip
    return rows


def _asked(design: Design) -> tuple[str, str]:
    """(outcome, measure) of published trials that measure what the design does."""
    if design.analysis == "responder" or observable(design.endpoint).kind == "binary":
        return "responders", "OR"
    return ENDPOINT.get(design.endpoint, ""), "SMD"


def _incomparable(design: Design, key: str) -> str:
    if design.analysis == "change-within":
        return (
            "A change within one arm is not an effect of stimulation; it is not put beside "
            "controlled trials."
        )
    if design.kind == "n-of-1":
        return "Periods of one patient are not put beside trials of groups."
    if not key:
        name = observable(design.endpoint).name
        return f"No published trial is pooled for {name}: there is nothing to stand beside."
    return ""


def _published(
    key: str, measure: str, design: Design
) -> tuple[Synthesis | None, tuple[Study, ...]]:
    words = WORDS.get(design.condition)
    if words is None:
        return None, ()
    studies = controlled_studies(key, measure=measure, condition=words)
    if not any(study.pooled for study in studies):
        return None, studies
    return synthesise(key, measure=measure, condition=words), ()


def _remarks(design: Design, synthesis: Synthesis | None, calibrated_on: set[str]) -> list[str]:
    said = []
    if synthesis is not None:
        said.append(f"Published, pooled alone: {headline(synthesis)}")
        seen = [s.name for s in synthesis.used if s.trial in calibrated_on]
        if seen:
            said.append(
                f"The virtual patients were weighted to match results of {', '.join(seen)}: the "
                "virtual trial is no independent confirmation of these."
            )
        if 1 < synthesis.pooled.k < DRAWN_K:
            said.append("Two trials: the pooled interval is too wide to be drawn beside them.")
        if _asked(design)[0] == "responders":
            said.append("Published responders are as each trial defined them.")
        said += [f"{capital(c)}." for c in synthesis.cautions if "study: " not in c]
    if synthesis is not None and design.kind == "enriched-withdrawal":
        said.append("None of the published trials withdrew treatment from responders.")
    return said


def _virtual(data: TrialData, found: Primary, truths: Floats) -> Virtual:
    if _asked(data.design)[1] == "OR":
        return _odds(data, truths)
    treated, control = compared(data.design)
    last = data.values[..., -1]
    square, df = np.zeros(len(data)), np.zeros(len(data))
    for arm in (treated, control):
        own = np.where(data.arm == arm, last, np.nan)
        n = np.sum(~np.isnan(own), axis=1)
        mean = np.divide(np.nansum(own, axis=1), n, out=np.full(len(n), np.nan), where=n > 0)
        square += np.nansum((own - mean[:, None]) ** 2, axis=1)
        df += n - 1
    good = (df > 1) & (square > 0)
    factor = np.full(len(data), np.nan)
    factor[good] = small_sample_factor(df[good]) / np.sqrt(square[good] / df[good])
    if higher_is_better(data.design):
        factor = -factor
    half = norm.ppf(0.5 + LEVEL / 2) * np.abs(factor) * found.se
    g = factor * found.estimate
    return Virtual(g, g - half, g + half, _median(factor) * truths)


def _odds(data: TrialData, truths: Floats) -> Virtual:
    """log odds ratios; the truth at the comparator's mean share over replicates."""
    treated, control = compared(data.design)
    answer = response(data)
    events = [np.nansum(np.where(data.arm == k, answer, 0.0), axis=1) for k in (treated, control)]
    n = [np.sum(data.arm == k, axis=1).astype(np.float64) for k in (treated, control)]
    some = (sum(events) > 0) & (sum(events) < sum(n))
    y, v = (np.full(len(data), np.nan) for _ in range(2))
    if some.any():
        table = TwoByTwo(events[0][some], n[0][some], events[1][some], n[1][some])
        effects = log_odds_ratio(table)
        y[some], v[some] = effects.y, effects.v
    half = norm.ppf(0.5 + LEVEL / 2) * np.sqrt(v)
    base = float(np.mean(events[1] / n[1]))
    with np.errstate(invalid="ignore", divide="ignore"):
        share = base + truths
        true = np.log(share / (1 - share)) - np.log(base / (1 - base))
    return Virtual(y, y - half, y + half, np.where((share > 0) & (share < 1), true, np.nan))


def _median(values: Floats) -> float:
    """Without those that are nan; nan of none."""
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if finite.size else float("nan")
