"""Numbers and results of the evidence as printed words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from vagus.data import read_table
from vagus.evidence.synthesis import Synthesis

RATIO = {"log OR": "odds ratio", "log RR": "risk ratio"}
DIFFERENCE = {"SMD": "SMD (Hedges g)", "RD": "risk difference"}
SHORT = {"log OR": "OR", "log RR": "RR"}


@dataclass(frozen=True)
class Verdict:
    """What the dossier says of one group of conditions; ``sources``: keys."""

    group: str
    verdict: str
    text: str
    sources: tuple[str, ...]


def verdicts(groups: Sequence[str] = ()) -> tuple[Verdict, ...]:
    """Verdicts of the condition groups given, of all where none is."""
    return tuple(
        Verdict(r["group"], r["verdict"], r["text"], tuple(r["source"].split("; ")))
        for r in read_table("evidence/verdicts.csv")
        if not groups or r["group"] in groups
    )


def headline(synthesis: Synthesis) -> str:
    """The pooled effect in one sentence, with what it does not show."""
    p, endpoint = synthesis.pooled, synthesis.endpoint
    text = interval_text(p.estimate, (p.low, p.high), synthesis.effects.logarithmic)
    name = RATIO.get(p.measure) or ("difference" if p.measure == "MD" else DIFFERENCE[p.measure])
    unit = f" {endpoint.md_unit}" if p.measure == "MD" else ""
    if p.k == 1:
        return f"One trial of {endpoint.name}: {name} {text}{unit}. One trial is no synthesis."
    said = f"{p.k} controlled trials of {endpoint.name}: pooled {name} {text}{unit}."
    if p.low <= 0 <= p.high:
        return f"{said} The interval includes a null effect."
    if p.prediction.low <= 0 <= p.prediction.high:
        return (
            f"{said} The interval excludes a null effect, but the prediction interval includes it: "
            "the next trial may well find none."
        )
    return f"{said} Read it as an upper bound: small trials report larger effects here."


def pooled_facts(synthesis: Synthesis) -> list[tuple[str, str]]:
    """(name, value as printed) of the pooled effect, heterogeneity and asymmetry."""
    p, log = synthesis.pooled, synthesis.effects.logarithmic
    if p.k == 1:
        text = interval_text(p.estimate, (p.low, p.high), log)
        return [("the one trial's effect", text), ("p", f"{p.p:.3g}")]
    found = [
        ("pooled effect", interval_text(p.estimate, (p.low, p.high), log)),
        ("method", f"tau² by {p.tau2_method}, test {p.test}"),
        ("p", f"{p.p:.3g}" + ("" if math.isinf(p.df) else f" (t, {p.df:g} df)")),
        (f"prediction interval ({p.prediction.definition})",
         interval_text(math.nan, (p.prediction.low, p.prediction.high), log)),
        ("tau²", plain_tau2(synthesis)),
        ("I²", f"{p.i2:.1f} %"),
        ("Q", f"{p.q:.2f}, {p.k - 1} df, p {p.q_p:.3g}"),
    ]  # fmt: skip
    if synthesis.egger is not None:
        e = synthesis.egger
        found.append(("Egger (mixed model)", f"z {plain(e.statistic)}, p {e.p:.3g}"))
    if synthesis.begg is not None:
        b = synthesis.begg
        found.append(("Begg", f"Kendall tau {plain(b.tau)}, p {b.p:.3g}"))
    if synthesis.filled is not None:
        f = synthesis.filled
        text = interval_text(f.pooled.estimate, (f.pooled.low, f.pooled.high), log)
        found.append(("trim and fill", f"{f.k0} filled on the {f.side}: {text} by z"))
    return found


def plain_tau2(synthesis: Synthesis) -> str:
    """tau² with its Q-profile interval."""
    p, interval = synthesis.pooled, synthesis.tau2_interval
    if interval is None:
        return f"{p.tau2:.3g}"
    low, high = interval.tau2
    return f"{p.tau2:.3g} ({low:.3g} to {high:.3g}, Q-profile)"


def interval_text(middle: float, ends: tuple[float, float], logarithmic: bool = False) -> str:
    """`-0.62 (-1.22 to -0.01)` with a true minus; ratios where values are logarithms.

    Without a middle (nan) the ends alone.
    """
    read = math.exp if logarithmic else float
    low, high = (plain(read(end)) for end in ends)
    return (
        f"({low} to {high})" if math.isnan(middle) else f"{plain(read(middle))} ({low} to {high})"
    )


def plain(value: float) -> str:
    """Two decimals, fewer from 10 on, one digit where these would be zero; a true minus."""
    if not math.isfinite(value):
        return "–"
    if 0 < abs(value) < 0.005:
        return f"{value:.0e}" if abs(value) < 1e-4 else f"{value:.1g}".replace("-", "−")
    digits = 2 if abs(value) < 9.995 else 1 if abs(value) < 99.95 else 0
    return f"{value:.{digits}f}".replace("-", "−")
