"""Published results beside the body: `vagus validate`, computed by the build."""

from __future__ import annotations

import io
from collections.abc import Sequence

import matplotlib
from markupsafe import Markup

from site_pages.kept import kept
from site_pages.organs import title
from site_pages.page import Page, cell, mark, table
from vagus.report import style
from vagus.report.figures.validation import measured_and_simulated, plain
from vagus.report.validation_content import ROLES, ValidationReport, headline, organs, tally
from vagus.validation.table import VERDICTS, Row, validate

DRAWS = 200
PER_FIGURE = 20
EXPLAINED = """\
*Measured*: the published interval, or the acceptance band that the row states. *Simulated*: median
and 95 % interval over {draws} draws of the priors.

- **reproduced**: the simulated interval overlaps the measured one, and lies inside it where no
  effect was found.
- **compatible**: it overlaps, but the model would have agreed with the opposite too.
- **failed**: no overlap, or an effect where none was measured. Failures stay in the table.
- *held out*: the result shaped no prior. *known*: a parameter was fitted to it, or chosen with it
  in view.
"""
NAMES = {"validate": "held out", "calibrate": "known"}


def result_pages() -> list[Page]:
    """A page of counts and one per organ, with figures; some 90 s of CPU unless kept."""
    rows = kept(f"validation-{DRAWS}", lambda: validate(draws=DRAWS))
    names = organs(rows)
    pages = [_overview(rows)]
    for organ in names:
        own = [r for r in rows if r.observation.organ == organ]
        pages += _organ(organ, own)
    return pages


def _overview(rows: Sequence[Row]) -> Page:
    counts = []
    for organ in (*organs(rows), ""):
        name = Markup('<a href="{0}.html">{1}</a>').format(organ, title(organ)) if organ else "all"
        by_role = [tally(rows, role, organ)[v] for role in ROLES for v in VERDICTS]
        counts.append((name, *by_role))
    head = ["", *(f"{NAMES[role]}: {v}" for role in ROLES for v in VERDICTS)]
    text = f"""# Published results beside the model

{headline(ValidationReport(rows, DRAWS, 0))}

{EXPLAINED.format(draws=DRAWS)}

{table(head, counts, "counts")}

Computed for this source (`vagus validate`, {DRAWS} draws, seed 0). What the counts mean
and why rows fail: [Validation](../validation.md).
"""
    return Page("results/index.md", "Published results", text)


def _organ(organ: str, rows: Sequence[Row]) -> list[Page]:
    figures = []
    for page, first in enumerate(range(0, len(rows), PER_FIGURE), 1):
        path = f"results/{organ}-{page}.svg"
        figures.append(Page(path, "", _svg(rows[first : first + PER_FIGURE])))
    shown = "\n\n".join(
        f"![Measured and simulated intervals, {organ}, figure {n}]({organ}-{n}.svg)"
        for n in range(1, len(figures) + 1)
    )
    head = ("published result", "measured", "simulated", "role", "verdict")
    text = f"""# {title(organ)}: published results

Measured interval in grey, simulated 95 % interval in colour, each row on the scale of its own
measurement (the grey bar runs from −1 to 1). Arrows: beyond the figure. Grey labels: *known*.

{shown}

{table(head, map(_row, rows), "results")}
"""
    return [Page(f"results/{organ}.md", title(organ), text), *figures]


def _svg(rows: Sequence[Row]) -> bytes:
    buffer = io.BytesIO()
    with matplotlib.rc_context(style.RC):
        measured_and_simulated(rows).savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()


def _row(row: Row) -> tuple[object, ...]:
    o, s = row.observation, row.simulated
    unit = f" ({o.unit})" if o.unit not in ("", "1") else ""
    what = Markup('{}: {}{}<div class="note"><code>{}</code> {}. {} {} {}</div>').format(
        o.study, cell(o.quantity), unit, o.id, cell(o.band), cell(o.source), mark(o.mark),
        cell(o.note),
    )  # fmt: skip
    verdict = Markup('<span class="verdict {0}">{0}</span><div class="note">{1}</div>').format(
        row.verdict, cell(row.problem or row.how)
    )
    measured = _interval(o.low, o.value, o.high)
    return what, measured, _interval(s.low, s.middle, s.high), NAMES[o.role], verdict


def _interval(low: float, middle: float, high: float) -> Markup:
    return Markup('{}<div class="note">{} to {}</div>').format(
        plain(middle), plain(low), plain(high)
    )
