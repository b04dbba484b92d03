"""The report: one html file that needs nothing else, with its figures beside it as files."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined

from vagus.data import read_table
from vagus.fibre.recruitment import Band
from vagus.report import style
from vagus.report.compare import Published, compare
from vagus.report.content import (
    BAND_TEXT,
    MARKS,
    CaptionedFigure,
    Fact,
    Report,
    figures,
    headline,
)
from vagus.report.tables import delay_rows, recruitment_rows, selectivity_rows

_DASH = "–"
_TO = "\u2060–\u2060"  # a range that does not break at the end of a line


def write_report(folder: Path, report: Report) -> Path:
    """Write ``folder``/report.html and ``folder``/figures/*.svg|png|pdf; returns the html's path.

    Deterministic: equal reports give equal files. OSError from the file system is passed on.
    """
    s = report.stimulus
    comparisons = compare(report.recruitment, s.pulse_width_us, s.lowest_current_mA, report.seed)
    drawn = figures(report, comparisons)
    filters = {
        "current": current, "group_name": style.group_name, "band_share": _band_share,
        "current_band": _current_band, "published": _published, "spaced": style.spaced_percent,
    }  # fmt: skip
    current_mA = s.current_mA
    return write_page(
        folder / "report.html", "report.html.jinja", drawn, filters,
        report=report,
        headline=headline(report, tuple(comparisons)),
        comparisons=comparisons,
        rows=recruitment_rows(report.recruitment, current_mA, report.seed),
        selectivity=selectivity_rows(report.recruitment, current_mA),
        delays=delay_rows(report.recruitment, current_mA, report.side),
        limits=[*report.limits, *(row["text"] for row in read_table("report/limits.csv"))],
        marks=mark_shares(report.parameters),
        class_colour=style.class_colour,
        band_text=BAND_TEXT,
        max_current=f"{report.recruitment.max_current_mA:g}",
        study_current=f"{current_mA:g}",
    )  # fmt: skip


def page_environment() -> Environment:
    """Jinja with the templates and style sheet of this folder and the filters all pages share."""
    folder = files("vagus.report")
    environment = Environment(
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        loader=FunctionLoader(lambda name: folder.joinpath(name).read_text(encoding="utf-8")),
    )
    environment.filters |= {
        "share": style.percent,
        "number": number,
        "class_name": style.class_name,
    }
    return environment


def write_page(
    page: Path, template: str, drawn: Sequence[CaptionedFigure],
    filters: Mapping[str, Any], **values: Any,
) -> Path:  # fmt: skip
    """Write ``page`` from a template, and its figures into a folder beside it; returns ``page``.

    ``filters``: functions by name, besides those that all pages share; ``values``: what the
    template shows, to which ``figures`` is added. Deterministic: equal values give equal files.
    OSError from the file system is passed on.
    """
    plots = page.parent / "figures"
    page.parent.mkdir(parents=True, exist_ok=True)
    save_figures(drawn, plots)
    environment = page_environment()
    environment.filters |= filters
    figures_of_page = inline_figures(drawn, plots)
    text = environment.get_template(template).render(figures=figures_of_page, **values)
    page.write_text(text, encoding="utf-8")
    return page


def save_figures(drawn: Sequence[CaptionedFigure], plots: Path) -> None:
    """Write every figure into ``plots`` as svg, png and pdf; the folder is made for the first."""
    if drawn:
        plots.mkdir(parents=True, exist_ok=True)
    for item in drawn:
        style.save(item.figure, plots / item.stem)


def inline_figures(drawn: Sequence[CaptionedFigure], plots: Path) -> dict[str, dict[str, str]]:
    """Stem -> what the page shows of a figure saved in ``plots``, numbered in order."""
    return {item.stem: _inline(item, number, plots) for number, item in enumerate(drawn, 1)}


def _inline(item: CaptionedFigure, number: int, plots: Path) -> dict[str, str]:
    svg = (plots / item.stem).with_suffix(".svg").read_bytes()
    width = item.figure.get_size_inches()[0] / style.WIDTH_in
    return {
        "data": base64.b64encode(svg).decode(),
        "caption": item.caption,
        "number": str(number),
        "stem": item.stem,
        "width": f"{100 * min(width, 1.0):.0f}%",
    }


def mark_shares(parameters: Sequence[Fact]) -> list[tuple[str, int, float]]:
    """(mark, number, share) of the parameters, in the order of trust; only marks that occur."""
    names = [*MARKS, *sorted({p.mark for p in parameters} - set(MARKS))]
    counts = [(name, sum(p.mark == name for p in parameters)) for name in names]
    return [(name or "no mark", n, n / len(parameters)) for name, n in counts if n]


def current(value_mA: float) -> str:
    """A current in mA with three digits; a dash for nan, "not reached" for inf."""
    if math.isnan(value_mA):
        return _DASH
    return "not reached" if math.isinf(value_mA) else number(value_mA)


def number(value: float) -> str:
    """Three significant digits without exponent; a dash for nan."""
    if math.isnan(value):
        return _DASH
    if math.isinf(value):
        return "∞"
    digits = 2 - math.floor(math.log10(abs(value))) if value else 0
    return f"{value:.{min(max(digits, 0), 6)}f}".replace("-", "−")


def _band_share(lower: float, upper: float) -> str:
    if math.isnan(lower):
        return _DASH
    return f"{100 * lower:.0f}{_TO}{100 * upper:.0f} %"


def _current_band(band: Band, max_current_mA: float) -> str:
    if band.fibres == 0:
        return _DASH
    beyond = f"> {max_current_mA:g}"
    if math.isinf(band.lower):
        return beyond
    upper = beyond if math.isinf(band.upper) else number(band.upper)
    return f"{number(band.lower)} to {upper}"


def _published(row: Published) -> str:
    parts = [f"{row.value_mA:g}"] if math.isfinite(row.value_mA) else []
    if row.has_range:
        ends = f"{row.lower_mA:g}{_TO}{row.upper_mA:g}"
        parts.append(f"({ends})" if parts else ends)
    elif math.isfinite(row.lower_mA):
        parts.append(f"≥ {row.lower_mA:g}")
    return " ".join(parts) or "qualitative"
