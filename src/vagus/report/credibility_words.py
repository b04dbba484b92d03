"""The credibility page in words: how far to believe a result, never better than its parts."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vagus.credibility.applicability import Applicability
from vagus.credibility.evidence_link import Evidence
from vagus.credibility.sensitivity import Influence, Sensitivity
from vagus.credibility.verification import Check
from vagus.report.credibility_content import (
    CredibilityReport,
    checks_by_result,
    failures,
    marks_of,
    matter_most,
    on_pain,
    rests_on,
)
from vagus.report.figures.validation import plain
from vagus.report.validation_content import tally

ASKED = "the effect on pain of this protocol"
STANCES = {
    "red": f"Not to be relied on for {ASKED}",
    "amber": f"Only for exploring {ASKED}, not for any decision",
    "grey": f"Only for exploring {ASKED}, not for any decision",
    "green": f"Near to what was validated, yet only for exploring {ASKED}",
}
WITHOUT_STUDY = "Only for exploring, not for any decision"
BROKEN = "Not to be relied on as it stands"
"""Said whenever a check of the program itself fails: no result stands above that."""
UNPLACED = "how far it lies from anything validated could not be worked out"
COLOUR_WORDS = {
    "green": "as compared, and reproduced or unchanged",
    "amber": "near it, or compared only in part",
    "red": "beyond anything validated",
    "grey": "cannot be said",
}
DOI = re.compile(r"10\.\d{4,9}/\S+")
SUPERSCRIPT = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


@dataclass(frozen=True)
class Key:
    """A number for a reader with two minutes; ``colour`` of a traffic light, or empty."""

    value: str
    label: str
    detail: str = ""
    colour: str = ""


def headline(report: CredibilityReport) -> str:
    """One sentence, led by the worst of: a failed check, what applicability says, nothing asked."""
    return f"{_stance(report)}: {'; '.join(_reasons(report))}."


def _stance(report: CredibilityReport) -> str:
    if checks_by_result(report.checks)["failed"]:
        return BROKEN
    if report.applicability is not None:
        return STANCES[report.applicability.colour]
    return STANCES["red"] if "applicability" in report.problems else WITHOUT_STUDY


def _reasons(report: CredibilityReport) -> list[str]:
    found = []
    broken = checks_by_result(report.checks)["failed"]
    if broken:
        found.append(f"{count(len(broken), 'check')} of the program itself "
                     f"{'fails' if len(broken) == 1 else 'fail'}")  # fmt: skip
    found += _distance(report)
    found += _pain(report)
    if report.parameters:
        found.append(_assumed(report))
    missing = [part for part in ("verification", "validation", "sensitivity")
               if part in report.problems]  # fmt: skip
    if missing:
        found.append(f"{listed(missing)} could not be worked out")
    return found


def _pain(report: CredibilityReport) -> list[str]:
    """What became of published results on pain under stimulation that were held out."""
    rows = on_pain(report.validation)
    if not rows:
        return []
    free = tally(rows, "validate")
    n = sum(free.values())
    what = "on pain under stimulation"
    told = f"no result {what} was held out"
    if n == 1:
        (only,) = (name for name, rows_of in free.items() if rows_of)
        words = {"failed": "it fails", "compatible": "it is compatible with"}.get(
            only, "it reproduces"
        )
        told = f"the one result {what} that was held out {words}"
    elif n:
        told = f"of {n} held-out results {what} it {_verdicts(free)}"
    return [told]


def _verdicts(found: Mapping[str, int]) -> str:
    return (
        f"reproduces {found['reproduced']}, is compatible with {found['compatible']} and fails "
        f"{found['failed']}"
    )


def _assumed(report: CredibilityReport) -> str:
    """What is assumed of what pain rests on, and of what carries the effect over sham."""
    every, pain = marks_of(report.parameters), rests_on(report.parameters)
    told = f"{whole_percent(every.share('assumed'))} of {every.total} parameters are assumed"
    if pain.total:
        told = (
            f"{whole_percent(pain.share('assumed'))} of the {pain.total} parameters that a result "
            f"on pain rests on are assumed"
        )
    top = matter_most(report)
    if not top:
        return told
    return f"{told}; {carried(top)}"


def carried(top: Sequence[Influence]) -> str:
    """ "of the 4 that carry at least a hundredth of the variance 3 are assumed"."""
    assumed, spreads = _guessed(top)
    told = f"{assumed} {'is' if assumed == 1 else 'are'} assumed"
    if top[0].assumed:
        told += f" (most of all: {_short(top[0].description)})"
    if spreads:
        told += f" and {spreads} {'has' if spreads == 1 else 'have'} an assumed spread"
    return f"of the {len(top)} that carry at least a hundredth of the variance {told}"


def _guessed(top: Sequence[Influence]) -> tuple[int, int]:
    """How many are assumed, and of how many others the spread is."""
    return sum(i.assumed for i in top), sum(bool(i.spread) and not i.assumed for i in top)


def _short(text: str) -> str:
    """A description up to its first remark."""
    return re.split(r"[,;:(]", text)[0].strip()


def _distance(report: CredibilityReport) -> list[str]:
    """Which dimensions of the protocol lie how far from anything validated."""
    if report.applicability is None:
        if "applicability" in report.problems:
            return [UNPLACED]
        return ["no protocol was asked about"]
    lights = report.applicability.lights
    names = {c: [light.dimension for light in lights if light.colour == c] for c in COLOUR_WORDS}
    if names["red"]:
        beyond = names["red"]
        return [
            f"in {len(beyond)} of {len(lights)} respects beyond anything validated "
            f"({', '.join(beyond)})"
        ]
    if names["amber"] or names["grey"]:
        partly = len(names["amber"]) + len(names["grey"])
        return [
            f"in {partly} of {len(lights)} respects only near what was validated, compared in "
            "part, or not to be placed"
        ]
    return []


def key_numbers(report: CredibilityReport) -> list[Key]:
    """What a reader with two minutes should see."""
    keys = []
    if report.applicability is not None:
        keys.append(_light_key(report.applicability))
    pain, every = rests_on(report.parameters), marks_of(report.parameters)
    if pain.total:
        keys.append(
            Key(whole_percent(pain.share("assumed")), "of what pain rests on is assumed",
                f"{pain.counts.get('assumed', 0)} of {pain.total} in body, conditions and drive; "
                f"{whole_percent(every.share('assumed'))} of all {every.total} shipped")
        )  # fmt: skip
    top = matter_most(report)
    if top:
        assumed, spreads = _guessed(top)
        others = f"; of {spreads} more the spread is" if spreads else ""
        keys.append(Key(f"{assumed} of {len(top)}", "of what matters most is assumed",
                        f"each at least a hundredth of the variance{others}"))  # fmt: skip
    held = tally(on_pain(report.validation), "validate")
    if n := sum(held.values()):
        keys.append(Key(f"{held['failed']} of {n}", "held-out results on pain that failed",
                        "under stimulation"))  # fmt: skip
    if n := sum(tally(report.validation, "validate").values()):
        known = sum(tally(report.validation, "calibrate").values())
        failed, missed = (len(failures(report.validation, r)) for r in ("validate", "calibrate"))
        keys.append(Key(f"{failed} of {n}", "held-out results of any kind that failed",
                        f"and {missed} of {known} known before"))  # fmt: skip
    results = checks_by_result(report.checks)
    ran = len(results["passed"]) + len(results["failed"])
    if report.checks:
        keys.append(Key(f"{len(results['failed'])} of {ran}", "checks that failed",
                        f"{len(results['not run'])} not run here"))  # fmt: skip
    return keys


def _light_key(found: Applicability) -> Key:
    colours = [light.colour for light in found.lights]
    detail = ", ".join(f"{colours.count(c)} {c}" for c in COLOUR_WORDS if c in colours)
    return Key(found.colour, "how near to anything validated", detail, found.colour)


def accepted(check: Check) -> str:
    """The acceptance interval as printed: "1.8 to 2.2", "at most 1e-6", "at least 3"."""
    if check.low is None and check.high is None:
        return "–"
    if check.low is None:
        return f"at most {figure(check.high)}"
    if check.high is None:
        return f"at least {figure(check.low)}"
    if check.low == check.high:
        return figure(check.low)
    return f"{figure(check.low)} to {figure(check.high)}"


def figure(value: float | None) -> str:
    """Three digits, powers of ten written out; a dash where there is no number."""
    if value is None or not math.isfinite(value):
        return "–"
    if value == 0 or 1e-3 <= abs(value) < 1e5:
        return plain(value)
    mantissa, _, exponent = f"{value:.1e}".partition("e")
    mantissa = mantissa.removesuffix(".0").replace("-", "−")
    power = f"10{str(int(exponent)).translate(SUPERSCRIPT)}"
    return power if mantissa == "1" else f"{mantissa}\u00a0×\u00a0{power}"


def index(value: float) -> str:
    """A Sobol index; two decimals are more than sampling resolves, and none is rounded to 0."""
    if not math.isfinite(value):
        return "–"
    if 0 < value < 0.005:
        return "< 0.01"
    text = f"{value:z.2f}"
    return text.replace("-", "−")


def span(low: float, high: float) -> str:
    """The interval of an index; once where both ends print alike."""
    ends = index(low), index(high)
    return ends[0] if ends[0] == ends[1] else " to ".join(ends)


def additivity(found: Sensitivity) -> str:
    """What the sum of the first-order indices says, and what sampling leaves open."""
    total, low, high = found.additive
    told = f"First-order indices add up to {index(total)} (95 % interval {span(low, high)})"
    if high < 1:
        return (
            f"{told}: less than 1 by more than sampling; parameters acting together carry the rest."
        )
    if low > 1:
        return f"{told}: more than 1, which only sampling can give; take a larger base sample."
    return (
        f"{told}: 1 lies within, so that the difference to 1 may be sampling; whether parameters "
        "act together cannot be told from it."
    )


def address(evidence: Evidence) -> str:
    """Where a paper can be read; empty for what lies in the repository."""
    target = evidence.target.removeprefix("doi:")
    if target.startswith(("https://", "http://")):
        return target
    return f"https://doi.org/{target}" if DOI.fullmatch(target) else ""


def spread(found: Sensitivity) -> str:
    """What the outcome does over the draws, in its unit."""
    return f"{found.mean:.2g} ± {found.sd:.2g} {found.unit}".replace("-", "−")


def whole_percent(share: float) -> str:
    """A share in whole per cent; never 0 % where there is some, nor 100 % where some is not."""
    if 0 < share < 0.005:
        return "< 1 %"
    return "> 99 %" if 0.995 <= share < 1 else f"{100 * share:.0f} %"


def listed(names: Sequence[str]) -> str:
    """Names as a sentence holds them: "a, b and c"."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def count(number: int, noun: str, plural: str = "s") -> str:
    """A number and its noun, in the plural where it must be."""
    return f"{number} {noun}{'' if number == 1 else plural}"
