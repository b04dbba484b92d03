"""Lines of the tables of a virtual trial: over replicates, by arm, by look."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vagus.evidence.words import plain
from vagus.patient.calibrate import Calibration
from vagus.patient.observables import observable
from vagus.report.trial_words import (
    DASH,
    UNITS,
    p_value,
    per_cent,
    scale_of,
    share_with_error,
)
from vagus.trial.blinding import bang_index
from vagus.trial.data import GUESSES, REASONS, STAYED, TrialData
from vagus.trial.design import Design
from vagus.trial.interim import looks
from vagus.trial.operating import Behaviour, Estimate, OperatingCharacteristics
from vagus.trial.primary import Primary, response
from vagus.trial.sequential import plan_of
from vagus.trial.table_one import Summary, TableOne

Floats = NDArray[np.float64]
Line = tuple[str, ...]


@dataclass(frozen=True)
class Block:
    """A table: ``head`` and ``lines`` as printed; ``note`` under it."""

    head: Line
    lines: tuple[Line, ...]
    note: str = ""


def table_one_block(table: TableOne) -> Block:
    """Table 1: mean (SD) and median [quartiles] by arm; no p values, as CONSORT asks."""
    names = [*table.arms, *(["all"] if len(table.arms) > 1 else [])]
    lines = []
    for row in table.rows:
        unit = UNITS.get(row.unit, row.unit)
        label = f"{row.label} ({unit})" if unit and f"({unit})" not in row.label else row.label
        cells = (*row.arms, row.all) if len(table.arms) > 1 else row.arms
        if row.all.n < 2:
            lines.append((label, *(plain(s.mean) for s in cells)))
            continue
        lines.append((f"{label}: mean (SD)", *(_mean(s) for s in cells)))
        lines.append(("median [quartiles]", *(_median(s) for s in cells)))
    counts = [str(s.n) for s in table.rows[0].arms] if table.rows else []
    whole = [str(table.rows[0].all.n)] if len(table.arms) > 1 else []
    first = ("patients", *counts, *whole)
    note = "Arms differ by chance alone, so nothing is tested." * (len(table.arms) > 1)
    return Block(("", *names), (first, *lines), note)


def _mean(s: Summary) -> str:
    return plain(s.mean) if s.n < 2 else f"{plain(s.mean)} ({plain(s.sd)})"


def _median(s: Summary) -> str:
    return DASH if s.n < 2 else f"{plain(s.median)} [{plain(s.low)} to {plain(s.high)}]"


def result_words(data: TrialData, found: Primary) -> str:
    """What the first replicate's analysis says, in a sentence or two."""
    design, scale = data.design, scale_of(data.design)
    estimate, low, high, p = (
        float(getattr(found, name)[0]) for name in ("estimate", "low", "high", "p")
    )
    if np.isnan(estimate):
        return "This trial could not be analysed: too few patients stayed."
    level = 100 * (1 - design.alpha * (2 / design.sides))
    interval = "" if np.isnan(low) else f" ({level:g} % CI {scale.ends(low, high)})"
    what = "Change from baseline" if design.analysis == "change-within" else "Difference"
    said = f"{what}: {scale.text(estimate)}{interval}; p {'' if p < 0.001 else '= '}{p_value(p)}."
    return f"{said} {_verdict(data, found)}"


def _verdict(data: TrialData, found: Primary) -> str:
    design = data.design
    if design.looks is not None:
        interim = looks(data.replicate(0))
        at, total = int(interim.look[0]) + 1, len(interim.patients)
        why = next(
            (k for k in ("benefit", "harm", "futility") if getattr(interim, k)[0]), "nothing shown"
        )
        return (
            f"That is of all patients. By its plan the trial ended at look {at} of {total}, after "
            f"{interim.patients[at - 1]} patients: {why}."
        )
    if design.kind == "n-of-1":
        pairs = len(design.visits_d) // 2
        return f"The smallest p that {pairs} pairs of periods can give is {2 / 2**pairs:.3g}."
    if design.analysis == "change-within":
        return "It says that patients changed, not why."
    if found.shows_benefit(design)[0]:
        return "This one trial would be reported as positive."
    if found.rejects(design)[0]:
        return "This one trial would be reported as showing harm."
    return "This one trial would be reported as having shown no significant difference."


def periods_block(data: TrialData) -> Block:
    """Rating by period of the first patient of an n-of-1 trial."""
    names = [arm.name for arm in data.design.arms]
    given, values = data.treatment[0, 0], data.values[0, 0]
    lines = [
        (f"{k + 1}", names[int(g)], plain(float(v)))
        for k, (g, v) in enumerate(zip(given, values, strict=True))
    ]
    return Block(("period", "treatment", "rating"), tuple(lines))


def operating_block(found: OperatingCharacteristics) -> Block:
    """Operating characteristics with Monte Carlo standard errors, the null beside the effect."""
    design, scale = found.design, scale_of(found.design)
    both, unit = (found.effect, found.null), f" ({scale.unit})"
    single = design.analysis == "change-within"
    what = "change" if single else "effect"
    lines = [
        *_shown(design, both),
        (f"true {what}, mean{unit}", *(scale.plain(b.truth) for b in both)),
        (f"estimate, mean{unit}", *(scale.with_error(b.estimate) for b in both)),
        (f"bias{unit}", *(scale.with_error(b.bias) for b in both)),
        ("intervals that cover the truth", *(share_with_error(b.coverage) for b in both)),
        (f"spread of estimates, SD{unit}", *(scale.plain(b.spread) for b in both)),
        (f"standard error they report, mean{unit}", *(scale.plain(b.mean_se) for b in both)),
        ("patients who left", *(per_cent(b.left) for b in both)),
        ("assessed per patient randomised", *(plain(b.assessed) for b in both)),
    ]
    if any(b.failed for b in both):
        lines.append(("trials that could not be analysed", *(str(b.failed) for b in both)))
    told = tuple(line for line in lines if set(line[1:]) != {DASH})
    head = ("with stimulation", "without") if single else ("under the effect", "under no effect")
    null = "Without: the same people, treated alike but for the stimulation."
    if not single:
        null = "No effect: every arm has the course of the comparator."
    note = f"Over {found.effect.replicates} trials, ± Monte Carlo standard error. {null}"
    return Block(("", *head), told, note)


def _shown(design: Design, both: tuple[Behaviour, Behaviour]) -> list[Line]:
    """What the tests say, in words that fit the design."""
    benefit = tuple(share_with_error(b.success) for b in both)
    harm = tuple(share_with_error(_harm(b)) for b in both)
    rejected = tuple(share_with_error(b.rejected) for b in both)
    if design.analysis == "change-within":
        lines = [("improvement shown", *benefit), ("worsening shown", *harm)]
        return lines[: design.sides]
    if design.sides == 1:
        return [("benefit shown (power; under no effect: type I error)", *benefit)]
    null = "null hypothesis rejected (under no effect: type I error)"
    return [("benefit shown (power)", *benefit), ("harm shown", *harm), (null, *rejected)]


def _harm(b: Behaviour) -> Estimate:
    """Rejected in favour of the comparator: what is rejected and is no benefit."""
    p = max(b.rejected.value - b.success.value, 0.0)
    return Estimate(p, float(np.sqrt(p * (1 - p) / b.replicates)))


def stops_block(found: OperatingCharacteristics) -> Block | None:
    """Looks: boundaries and probabilities of stopping; None without looks."""
    plan, effect, null = plan_of(found.design), found.effect.stops, found.null.stops
    if plan is None or effect is None or null is None:
        return None
    last = len(effect.patients) - 1
    why = ("benefit", "harm", "futility") if plan.sides == 2 else ("benefit", "futility")
    lines = []
    for k, n in enumerate(effect.patients):
        futile = plain(float(plan.futility_z[k])) if k < last else DASH
        stopped = [share_with_error(getattr(s, w)[k]) for s in (effect, null) for w in why]
        lines.append((str(n), plain(float(plan.efficacy_z[k])), futile, *stopped))
    note = (
        f"Expected number of patients: {_number(found.effect)} under the effect, "
        f"{_number(found.null)} under no effect, of {effect.patients[-1]}. Patients enrolled while "
        "others are followed up are not counted."
    )
    head = ("patients", "z for benefit", "z for futility", *(f"stops for {w}" for w in why),
            *(f"no effect: {w}" for w in why))  # fmt: skip
    return Block(head, tuple(lines), note)


def _number(b: Behaviour) -> str:
    assert b.stops is not None
    return f"{b.stops.expected_n.value:.0f} ± {b.stops.expected_n.se:.1f}"


def arms_block(data: TrialData) -> Block:
    """Who left and why, rescue and sessions done, by arm over all replicates."""
    lines = []
    for k, arm in _arms(data):
        own = data.arm == k
        reasons = [
            per_cent(float(np.mean(data.reason[own] == r)))
            for r in range(len(REASONS)) if r != STAYED
        ]  # fmt: skip
        left = per_cent(float(np.mean(data.left_at[own] < data.visits)))
        rescued = per_cent(float(np.mean(data.rescue_at[own] < data.visits)))
        lines.append((arm, left, *reasons, rescued, per_cent(float(data.adherence[own].mean()))))
    what = "sequence" if data.design.kind == "crossover" else "arm"
    head = (what, "left", *(r for i, r in enumerate(REASONS) if i != STAYED), "took rescue",
            "sessions done")  # fmt: skip
    return Block(head, tuple(lines), f"Shares of patients, over {len(data)} trials.")


def blinding_block(data: TrialData) -> Block | None:
    """Guesses and Bang's index by arm; None where nobody is blinded."""
    blinded = [k for k, _ in _arms(data) if data.design.arms[k].regimen.knows == "blinded"]
    if not blinded or data.design.kind in ("crossover", "n-of-1"):
        return None  # guesses are about the last period, arms are named by the first
    over, one = bang_index(data), bang_index(data.replicate(0))
    lines = []
    for k in blinded:
        said = data.guess[data.arm == k]
        shares = [per_cent(float(np.mean(said == g))) for g in range(len(GUESSES))]
        first = one[k]
        lines.append(
            (data.design.arms[k].name, *shares, _two(over[k].index),
             f"{_two(first.index)} ({_two(first.low)} to {_two(first.high)})")
        )  # fmt: skip
    head = ("arm", *(f"says {g}" if g != GUESSES[-1] else g for g in GUESSES), "Bang's index",
            "in the example (95 % CI)")  # fmt: skip
    note = (
        "Bang's index: 1 when all are right about their arm, 0 as by tossing a coin, −1 when all "
        "are wrong. Guesses follow an assumed model (what is felt of stimulation)."
    )
    return Block(head, tuple(lines), note)


def _two(index: float) -> str:
    """Two decimals, a true minus, none before 0.00."""
    return f"{index:z.2f}".replace("-", "−")


def responders_block(data: TrialData) -> Block | None:
    """Shares that respond by arm; None where arms are no treatments."""
    design = data.design
    if design.kind in ("crossover", "n-of-1"):
        return None
    answer = response(data)
    lines = []
    for k, arm in _arms(data):
        own = data.arm == k
        share = np.nansum(np.where(own, answer, 0.0), axis=1) / own.sum(axis=1)
        low, high = np.quantile(share, [0.025, 0.975]).tolist()
        lines.append((arm, per_cent(float(share.mean())), f"{per_cent(low)} to {per_cent(high)}"))
    head = ("arm", "respond, mean", "95 % of trials")
    return Block(head, tuple(lines), _responder_note(design))


def _responder_note(design: Design) -> str:
    if observable(design.endpoint).kind == "binary":
        rule = observable(design.endpoint).name
    else:
        rule = f"better by at least {100 * design.responder_share:.0f} % of the baseline"
    said = f"Response: {rule} at the last visit; who left is no responder. "
    if len(design.arms) < 2:
        return said + "Without a comparator nobody can say how many would have done so anyway."
    return said + (
        "Responders of the comparator come from chance, natural course and expectation. The active "
        "arm has these too: only the difference can be stimulation."
    )


def calibration_block(found: Calibration) -> Block | None:
    """Targets with what patients show before and after weighting; None without any."""
    if not found.targets:
        return None
    missed = set(found.missed())
    lines = []
    for t, before, after in zip(found.targets, found.before, found.after, strict=True):
        name, values = t.name, (before, after)
        if t.statistic == "responders":
            published = share_with_error(Estimate(t.value, t.tolerance))
            shown = [per_cent(float(x)) for x in values]
        else:
            unit = observable(t.endpoint).unit
            name = f"{name} ({UNITS.get(unit, unit)})"
            published = f"{plain(t.value)} ± {plain(t.tolerance)}"
            shown = [plain(float(x)) for x in values]
        lines.append((name, published, *shown, "missed" if t.name in missed else "met"))
    note = (
        "± tolerance: standard error and spread between trials together. Missed: off by more than "
        "two tolerances."
    )
    head = ("moment", "published", "equal weights", "weighted", "")
    return Block(head, tuple(lines), note)


def _arms(data: TrialData) -> list[tuple[int, str]]:
    """(index, name) of the arms that patients are in."""
    if data.design.kind == "n-of-1":
        return [(0, "the patient")]
    return [(k, arm.name) for k, arm in enumerate(data.design.arms)]
