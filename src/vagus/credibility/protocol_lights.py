"""Lights of what is delivered: current, pulse, rate, time on, weeks, follow-up.

Each asked number stands beside those of protocols that were compared at the same site: held out in
pain and reproduced (green inside), known, missed or with another outcome (amber at best), and
within a stated, assumed factor of all of them (amber). Where nobody gave the number it is grey. The
rate is never green, since the model has no effect of it on pain; nothing is where no current flows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from vagus.credibility.coverage import at, passed, spans, values
from vagus.credibility.light import ROUNDING, Colour, Light, Span, by_distance, near, said, span
from vagus.data import read_table
from vagus.study import Study
from vagus.study_model import Stimulation

RATE = "frequency"
MINUTE_S, DAY_S, WEEK_S = 60.0, 86_400.0, 604_800.0
TABLES = "data/credibility/covered.csv, data/trial/designs.csv, data/evidence/trials.csv"


@dataclass(frozen=True)
class Asked:
    """One number of a study's protocol: ``dimension`` in words, ``quantity`` as in `coverage`."""

    dimension: str
    quantity: str
    value: float
    unit: str


def protocol_lights(study: Study, site: str, verdicts: Mapping[str, str]) -> tuple[Light, ...]:
    """One light for each number of the protocol; ``verdicts``: observation -> verdict."""
    numbers = [_number(asked, site, verdicts) for asked in asked_of(study)]
    numbers = [_capped(n, "rate_alone") if n.dimension == RATE else n for n in numbers]
    if study.stimulation.current_mA == 0:
        numbers = [_capped(n, "nothing_delivered") for n in numbers]
    return (_current(study, site), *numbers)


def _capped(light: Light, key: str) -> Light:
    """No better than amber, with the statement ``key`` as a first reason."""
    text, source = said(key)
    colour: Colour = "amber" if light.colour == "green" else light.colour
    return replace(
        light, colour=colour, reason=f"{text}; {light.reason}", source=f"{source}; {light.source}"
    )


def asked_of(study: Study) -> tuple[Asked, ...]:
    """What a study delivers, in the quantities that published protocols give."""
    s = study.stimulation
    duty = _duty(s)
    length_s = s.duration_s if s.session_s is None else min(s.session_s, s.duration_s)
    daily_s = min(length_s, DAY_S) if s.session_s is None else length_s * (s.sessions_per_day or 1)
    return (
        Asked("pulse width", "width_us", phase_us(s), "us"),
        Asked(RATE, "rate_Hz", s.frequency_Hz, "Hz"),
        Asked("time on per day", "on_min_per_day", duty * min(daily_s, DAY_S) / MINUTE_S, "min"),
        Asked("share of the session on", "duty", duty, ""),
        Asked("weeks of stimulation", "weeks", s.duration_s / WEEK_S, "wk"),
        Asked("follow-up", "follow_up_weeks", study.body.follow_up_s / WEEK_S, "wk"),
    )


def phase_us(s: Stimulation) -> float:
    """Width of the first phase; of a burst half a wave of its sine."""
    if s.pulse_width_us is not None:
        return s.pulse_width_us
    assert s.carrier_Hz is not None  # a waveform without a width is a burst
    return 1e6 / (2 * s.carrier_Hz)


def _duty(s: Stimulation) -> float:
    duty = 1.0 if s.on_time_s is None else s.on_time_s / (s.on_time_s + (s.off_time_s or 0.0))
    gate = s.respiratory_gating
    if gate is None:
        return duty
    share = gate.expiration_share
    if gate.window_s is not None:
        share = gate.window_s * gate.breaths_per_min / MINUTE_S
    return duty * share


def _number(asked: Asked, site: str, verdicts: Mapping[str, str]) -> Light:
    held, known = spans(site, asked.quantity, verdicts)
    shown = in_words(asked.value, asked.unit)
    if known is None:
        reason = "no protocol that was compared at this site gives it, so that the distance cannot"
        return Light(asked.dimension, shown, "unknown", "grey", f"{reason} be said", TABLES)
    factor, why = near(asked.dimension)
    colour = by_distance(asked.value, held, known, factor)
    own = values(at(site), asked.quantity)
    validated = f"{_span_words(known, asked.unit)} ({', '.join(own)})"
    if held is not None:
        names = ", ".join(values(passed(site, verdicts), asked.quantity))
        span_held = f"{_span_words(held, asked.unit)} held out in pain, reproduced ({names})"
        validated = f"{span_held}; all: {validated}"
    nearest = min(own, key=lambda key: _log_ratio(asked.value, own[key]))
    beside = f"the nearest is {nearest} ({in_words(own[nearest], asked.unit)})"
    reason = _reason(asked, colour, held, known, factor, why)
    read = next(c for c in at(site) if c.key == nearest)
    source = f"{TABLES}; {nearest}: {read.source}"
    return Light(asked.dimension, shown, validated, colour, f"{reason}; {beside}", source)


def _reason(
    asked: Asked, colour: Colour, held: Span | None, known: Span, factor: float, why: str
) -> str:
    if colour == "green":
        return "inside what was held out in pain and reproduced"
    if known.holds(asked.value):
        lack = "outside those held out in pain and reproduced"
        if held is None:
            lack = "no such protocol was held out in pain and reproduced"
        return f"inside what was compared, but {lack}"
    return beyond(asked.value, asked.unit, known, factor, why)


def beyond(value: float, unit: str, known: Span, factor: float, why: str) -> str:
    """How far ``value`` lies outside ``known``, and what ``factor`` counts as near."""
    ratio = known.ratio(value)
    place = "within" if ratio <= factor * (1 + ROUNDING) else "more than"
    far = f"outside what was compared by a factor of {ratio:.3g}"
    if math.isinf(ratio):
        end = known.low if value < known.low else known.high
        far = f"outside what was compared, which ends at {in_words(end, unit)}"
    return f"{far}: {place} the {factor:g} that counts as near ({why})"


def _current(study: Study, site: str) -> Light:
    asked = in_words(study.stimulation.current_mA, "mA")
    if study.stimulation.current_mA == 0:
        text, source = said("nothing_delivered")
        prior = said("current_zero_prior")[0] if study.recruitment == "prior" else ""
        reason = "; ".join(filter(None, (text, prior)))
        return Light("current", asked, "nothing", "red", reason, source)
    if site != "cuff":
        text, source = said("current_prior" if study.recruitment == "prior" else "current_imported")
        return Light("current", asked, "unknown", "grey", text, source)
    text, source = said("current_cuff")
    measured, ids = _human_thresholds()
    factor, why = near("current")
    value = study.stimulation.current_mA
    colour = by_distance(value, None, measured, factor)
    reason = text
    if not measured.holds(value):
        reason = f"{beyond(value, 'mA', measured, factor, why)}. {text}"
    validated = f"{_span_words(measured, 'mA')} (human thresholds {', '.join(ids)})"
    where = "data/report/human_thresholds.csv, data/report/comparison.csv"
    return Light("current", asked, validated, colour, reason, f"{source}; {where}")


def _human_thresholds() -> tuple[Span, tuple[str, ...]]:
    """Span of the human thresholds under a helix that the report judges, and their ids."""
    judged = {r["threshold_id"] for r in read_table("report/comparison.csv")}
    rows = [
        row
        for row in read_table("report/human_thresholds.csv")
        if row["id"] in judged and row["species"] == "human" and row["unit"] == "mA"
        and row["device_class"] == "iVNS helical"
    ]  # fmt: skip
    numbers = [float(row[c]) for row in rows for c in ("value", "lo", "hi") if row[c]]
    found = span(numbers)
    assert found is not None  # the tables hold some
    return found, tuple(row["id"] for row in rows)


def in_words(value: float, unit: str) -> str:
    """A number with its unit, to three digits and without a power of ten."""
    shown = f"{value:.0f}" if 100 <= abs(value) < 1e9 else f"{value:.3g}"
    return f"{shown} {unit}".strip()


def _span_words(of: Span, unit: str) -> str:
    if of.low == of.high:
        return in_words(of.low, unit)
    return f"{in_words(of.low, '')} to {in_words(of.high, unit)}"


def _log_ratio(a: float, b: float) -> float:
    if a == b:
        return 0.0
    return abs(math.log(a / b)) if a > 0 and b > 0 else math.inf
