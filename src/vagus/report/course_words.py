"""Sentences of the course report: the headline and the three numbers under it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from vagus.body.outcome import Decomposition, Interval
from vagus.report.course_content import GRADES, Condition, CourseReport, Link, OutcomeRow

ROUTES = {
    "cytokines": ("route_cytokines", "link_cytokine_pain"),
    "brainstem": ("link_vagus_lc", "route_brainstem", "link_descending_pain"),
    "mood": ("route_mood", "link_monoamine_mood", "link_mood_pain"),
    "plasticity": ("route_plasticity", "link_plasticity_pain"),
    "sensation": ("link_sensation_expectation", "link_expectation"),
}
"""Parts of a decomposition that are routes of the stimulation, with the links each runs through."""

CARRIES, COULD = "carries most of it", "could move it most"


@dataclass(frozen=True)
class Carrier:
    """The route that decides the difference, and the grade of its weakest link.

    ``share``: "carries most of it", or, where the median is none, "could move it most".
    """

    route: str
    grade: str
    link: Link | None
    share: str = CARRIES


@dataclass(frozen=True)
class KeyNumber:
    """One of the numbers printed large: its value, what it is, and a line of detail."""

    value: str
    label: str
    detail: str


def headline(report: CourseReport) -> str:
    """One sentence: what is predicted beyond sham, how sure, and which evidence carries it."""
    outcome = report.outcomes[0]
    part = carrier(report.decomposition, report.links, outcome.difference.middle)
    return sentence(report.given, report.condition, outcome, part)


def carrier(
    parts: Decomposition | None, links: Sequence[Link], difference: float
) -> Carrier | None:
    """The route with the largest median in the direction of ``difference``; None where all are 0.

    Where ``difference`` or every median prints as none, the route of the widest interval: what it
    rests on is then what leaves room for an effect. The grade is that of the route's weakest link
    that is on: a chain holds no better than that.
    """
    if parts is None:
        return None
    found = {p: parts.interval(p) for p in parts.parts if p in ROUTES}
    moved = {p: abs(i.middle) for p, i in found.items() if i.middle * difference > 0}
    width = {p: i.high - i.low for p, i in found.items() if i.high > i.low}
    if _printed(difference) and any(map(_printed, moved.values())):
        route, share = max(moved, key=lambda p: moved[p]), CARRIES
    elif width:
        route, share = max(width, key=lambda p: width[p]), COULD
    else:
        return None
    used = [link for link in links if link.symbol in ROUTES[route] and link.on]
    known = [link for link in used if link.grade in GRADES]
    if not known:
        return Carrier(route, "", None, share)
    weakest = max(known, key=lambda link: GRADES.index(link.grade))
    return Carrier(route, weakest.grade, weakest, share)


def sentence(given: str, condition: Condition, outcome: OutcomeRow, part: Carrier | None) -> str:
    """The headline from its numbers.

    ``given`` follows "With"; ``outcome.difference`` is treated minus sham. "Includes no effect" is
    said of an interval that holds or touches zero.
    """
    d = outcome.difference
    named = condition.name in condition.outcome  # "migraine days", not "in migraine" again
    what = condition.outcome if named else f"{condition.outcome} in {condition.name}"
    if not math.isfinite(d.middle):
        return f"No draw of this run could be integrated: nothing is predicted for {what}."
    if d.low == d.high == 0:
        return (
            f"With {given}, the model puts {what} exactly where sham puts it, in every draw: what "
            "reaches the body moves nothing that is linked to this outcome."
        )
    put = f"With {given}, the model puts {what} {_place(d.middle, condition.unit)}"
    ends = range_words(d)
    includes = d.low <= 0 <= d.high
    if includes:
        joint = ", but" if _printed(d.middle) else ";"
        put += f"{joint} the 95 % interval, {ends}, includes no effect"
    else:
        good = (d.middle < 0) == (condition.better == "lower")
        harm = "" if good else ": the model predicts harm"
        put += f" (95 % interval {ends}, which excludes no effect{harm})"
    return f"{put}{_evidence(part, includes)}."


def _place(value: float, unit: str) -> str:
    if not _printed(value):
        return f"level with sham (median difference below 0.01 {unit})"
    return f"{amount(value)} {unit} {'below' if value < 0 else 'above'} sham"


def _evidence(part: Carrier | None, includes: bool) -> str:
    if part is None or not part.grade:
        return "; no graded evidence carries this difference"
    carried = {
        "strong": "rests on strong evidence",
        "moderate": "rests on moderate evidence at its weakest link",
        "weak": "rests on weak evidence at its weakest link",
        "contested": "rests on contested evidence at its weakest link",
        "none": "has a link without evidence, which is an assumption",
    }[part.grade]
    firm = part.grade in ("strong", "moderate")
    joint = "; " if includes or firm else ", but "
    return f"{joint}the route that {part.share}, {part.route}, {carried}"


def key_numbers(report: CourseReport) -> tuple[KeyNumber, ...]:
    """Difference from sham, how often it is better, and what sham alone does."""
    c, o = report.condition, report.outcomes[0]
    first = KeyNumber(
        signed(o.difference.middle),
        f"{c.unit} against sham at the end",
        f"95 % interval {range_words(o.difference)}",
    )
    third = KeyNumber(
        signed(o.sham.middle),
        f"{c.unit} with sham alone",
        f"natural course and expectation; with stimulation {signed(o.active.middle)}",
    )
    return (first, _chance(c, o, report.draws), third)


def _chance(c: Condition, o: OutcomeRow, draws: int) -> KeyNumber:
    better = "" if o.probability_better is None else share_of_draws(o.probability_better)
    if o.probability_noticed is not None and c.smallest_noticed is not None:
        often = f"; better than sham at all in {better}" if better else ""
        return KeyNumber(
            share_of_draws(o.probability_noticed),
            f"of {draws} draws: better than sham by {c.smallest_noticed:g} or more",
            f"the smallest difference patients notice{often}",
        )
    d = o.difference
    if not c.baseline_sd > 0 or not math.isfinite(d.middle):
        return KeyNumber(str(draws), "draws over the priors", "none of them says more")
    often = f"; better than sham, by however little, in {better} of {draws} draws" if better else ""
    scaled = Interval(d.low / c.baseline_sd, d.middle / c.baseline_sd, d.high / c.baseline_sd)
    return KeyNumber(
        signed(scaled.middle),
        "SD of the baseline against sham",
        f"95 % interval {range_words(scaled)}{often}",
    )


def decimals(value: float) -> int:
    """Digits after the point that show two significant ones of ``value``, at most 2."""
    if not value or not math.isfinite(value):
        return 1
    return min(max(1 - math.floor(math.log10(abs(value))), 0), 2)


def signed(value: float) -> str:
    """A change as printed, with its sign; "≈ 0" where it prints as none, a dash for nan."""
    if not math.isfinite(value):
        return "–"
    text = f"{value:+.{decimals(value)}f}"
    if not float(text):
        return "≈\u202f0" if value else "0"
    return text.replace("-", "−")


def interval_words(i: Interval) -> str:
    """ "−0.5 (−1.2 to +0.1)"; a single value where the interval has no width."""
    if not math.isfinite(i.middle):
        return "–"
    if not any(map(_printed, (i.low, i.middle, i.high))):
        return signed(max(i.low, i.high, key=abs))
    low, middle, high = signed(i.low), signed(i.middle), signed(i.high)
    return middle if low == middle == high else f"{middle} ({low} to {high})"


def range_words(i: Interval) -> str:
    """Ends of an interval of changes in words: "1.2 lower to 0.1 higher"."""
    if not math.isfinite(i.low):
        return "not known"
    if _printed(i.low) and _printed(i.high) and i.low * i.high > 0:
        near, far = sorted((abs(i.low), abs(i.high)))
        return f"{amount(near)} to {amount(far)} {'lower' if i.low < 0 else 'higher'}"
    return f"{_end(i.low)} to {_end(i.high)}"


def amount(value: float) -> str:
    """The size of a change, without its sign."""
    return f"{abs(value):.{decimals(value)}f}"


def _end(value: float) -> str:
    if not _printed(value):
        return "0"
    return f"{amount(value)} {'lower' if value < 0 else 'higher'}"


def _printed(value: float) -> bool:
    """Whether the value prints as other than zero."""
    return float(amount(value)) != 0


def share_of_draws(share: float) -> str:
    """A share in whole per cent; 0 and 100 % only where it is none and all."""
    if not math.isfinite(share):
        return "–"
    if 0 < share < 0.01:
        return "<\u202f1\u00a0%"
    if 0.99 < share < 1:
        return ">\u202f99\u00a0%"
    return f"{100 * share:.0f}\u00a0%"


def share_words(i: Interval) -> str:
    """ "42 % (30 to 55 %)", whole per cent; a dash where not known."""
    if not math.isfinite(i.middle):
        return "–"
    if i.low == i.high:
        return share_of_draws(i.middle)
    low = share_of_draws(i.low).removesuffix("\u00a0%")
    return f"{share_of_draws(i.middle)} ({low} to {share_of_draws(i.high)})"


def rate_words(i: Interval) -> str:
    """ "8.4 (6 to 11)", two digits."""
    if not math.isfinite(i.middle):
        return "–"
    if i.low == i.high:
        return f"{i.middle:.2g}"
    return f"{i.middle:.2g} ({i.low:.2g} to {i.high:.2g})"
