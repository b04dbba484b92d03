"""What a report is made of: plain values handed over by the pipeline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from vagus.fibre.recruitment import Recruitment
from vagus.fibre.strength_duration import StrengthDuration
from vagus.nerve.section import CrossSection
from vagus.protocol.waveform import Waveform
from vagus.report.compare import Comparison, tally
from vagus.report.figures import (
    CuffDrawing,
    FieldProfile,
    PotentialMap,
    field_across,
    field_along,
    group_intervals,
    nerve_section,
    published_and_predicted,
    recruitment_curves,
    stimulus,
    strength_duration,
    threshold_against_diameter,
)
from vagus.report.style import class_name, group_name, percent

MARKS = ("seen", "derived", "recalled", "assumed", "not_found")


@dataclass(frozen=True)
class Fact:
    """One line of a table: a quantity, its value as printed with its unit, where it comes from."""

    quantity: str
    value: str
    source: str = ""
    mark: str = ""
    note: str = ""


@dataclass(frozen=True)
class Stimulus:
    """What is delivered; ``on_off_s`` [n, 2] half-open on-times, ``lowest_current_mA`` of the
    device (the least it can be set to)."""

    waveform: Waveform
    current_mA: float
    pulse_width_us: float
    frequency_Hz: float
    lowest_current_mA: float
    on_off_s: NDArray[np.float64] | None = None


@dataclass(frozen=True)
class Report:
    """All that one report shows. Optional parts are left out of the page where they are empty.

    ``study``, ``device``, ``nerve``, ``alternatives``, ``parameters``, ``run``: tables of `Fact`
    (what was asked, device and electrical safety, the nerve, published conflicts that could have
    been chosen, every parameter with its mark, versions with seed and wall time).
    ``potential_map``: (contact's name, map). ``side``: of the body, for conduction ways.
    """

    title: str
    study: Sequence[Fact]
    device: Sequence[Fact]
    nerve: Sequence[Fact]
    parameters: Sequence[Fact]
    run: Sequence[Fact]
    section: CrossSection
    recruitment: Recruitment
    stimulus: Stimulus
    seed: int
    alternatives: Sequence[Fact] = ()
    warnings: Sequence[str] = ()
    limits: Sequence[str] = ()
    side: str = "left"
    cuff: CuffDrawing | None = None
    field_profile: FieldProfile | None = None
    potential_map: tuple[str, PotentialMap] | None = None
    strength_duration: Sequence[StrengthDuration] = field(default=())


@dataclass(frozen=True)
class CaptionedFigure:
    """A figure, the stem of its files, and what stands under it."""

    stem: str
    figure: Figure
    caption: str


BAND_TEXT = (
    "Bands: 5–95 % over placements. A placement is a tenth of the group lying together at a "
    "random place of the nerve, its diameters resampled; where an organ's fibres lie in humans "
    "is not known."
)


def figures(report: Report, comparisons: tuple[Comparison, ...]) -> list[CaptionedFigure]:
    """Every figure whose input is there, in the order of the page."""
    r, s = report.recruitment, report.stimulus
    drawn = [
        CaptionedFigure(
            "stimulus",
            stimulus(s.waveform, s.current_mA, s.frequency_Hz, s.on_off_s),
            "What is delivered. A positive phase is cathodic at contacts of negative weight.",
        ),
        CaptionedFigure(
            "section",
            nerve_section(report.section, r, s.current_mA, report.cuff),
            "The nerve and its fibres, coloured by threshold. Numbers count the fascicles. "
            "Contacts that cover the same arc at different levels are drawn once.",
        ),
        *_field_figures(report),
        CaptionedFigure(
            "recruitment",
            recruitment_curves(r, s.current_mA, report.seed),
            "Recruitment of each class against the device's current. " + BAND_TEXT,
        ),
        CaptionedFigure(
            "groups",
            group_intervals(r, s.current_mA),
            "Currents that recruit 10, 50 and 90 % of each functional group.",
        ),
        CaptionedFigure(
            "diameter",
            threshold_against_diameter(r, s.current_mA),
            "Threshold of every fibre against its diameter.",
        ),
    ]
    if report.strength_duration:
        drawn.append(
            CaptionedFigure(
                "strength-duration",
                strength_duration(report.strength_duration, s.pulse_width_us, s.current_mA),
                "Strength and duration: medians of up to 16 fibres of each class, monophasic "
                "pulses. Rheobase and chronaxie are those of Weiss's law, fitted to "
                "the relative residuals; Lapicque's law is drawn for comparison.",
            )
        )
    drawn.append(
        CaptionedFigure(
            "published",
            published_and_predicted(comparisons, r.max_current_mA, s.current_mA),
            "Published thresholds over the predicted bands; colours are those of the classes.",
        )
    )
    return drawn


def _field_figures(report: Report) -> list[CaptionedFigure]:
    drawn = []
    if report.field_profile is not None:
        drawn.append(
            CaptionedFigure(
                "field-along",
                field_along(report.field_profile),
                "Potential and activating function (second derivative along the fibre) of 1 mA; "
                "grey bars: extent of the active contacts.",
            )
        )
    if report.potential_map is not None:
        contact, potential = report.potential_map
        drawn.append(
            CaptionedFigure(
                "field-across",
                field_across(report.section, potential, contact, report.cuff),
                f"Potential of the stimulus across the nerve at the level of {contact}; dark arcs: "
                "contacts that reach this level, seen along the nerve.",
            )
        )
    return drawn


def headline(report: Report, comparisons: tuple[Comparison, ...]) -> str:
    """One sentence: what fires, and how the prediction stands against published thresholds."""
    r, s = report.recruitment, report.stimulus
    shares = []
    for name, group in (
        ("A-alpha", "laryngeal-motor"),
        ("A-beta", ""),
        ("A-delta", ""),
        ("B", ""),
        ("C", ""),
    ):
        mask = r.mask(name, group)
        if mask.any():
            what = f"{group_name(group)} ({class_name(name)})" if group else class_name(name)
            shares.append(f"{percent(float(r.fraction(s.current_mA, mask)))} of {what} fibres")
    counted = tally(tuple(c for c in comparisons if c.verdict not in ("contested", "no fibres")))
    judged = sum(counted.values())
    fires = f"{', '.join(shares[:-1])} and {shares[-1]}" if len(shares) > 1 else "".join(shares)
    stand = (
        f" {counted.get('inside', 0)} of {judged} published human thresholds lie inside the "
        "predicted band."
    )
    return (
        f"At {s.current_mA:g} mA, {s.pulse_width_us:g} µs and {s.frequency_Hz:g} Hz, "
        f"{fires + ' fire' if fires else 'no fibre fires'}.{stand if judged else ''}"
    )
