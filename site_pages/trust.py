"""Verification as it comes out on the machine that builds, and where every parameter is from."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from site_pages.kept import kept
from site_pages.page import Page, cell, mark, table
from vagus.credibility.audit import MARKS, AuditedParameter, audited, orphans, shares
from vagus.credibility.verification import Check, verify

WEAK = ("recalled", "assumed", "not_found")


def verification_page() -> Page:
    """Every check with what was measured and what is accepted; some 40 s of CPU unless kept."""
    checks = kept("verification", verify)
    run = [c for c in checks if c.passed is not None]
    passed = sum(bool(c.passed) for c in run)
    parts = [
        f"""# Verification

Does the code solve the equations it claims to solve? Measured for this source: {passed} of
{len(run)} checks hold, {len(checks) - len(run)} need another program or take too long and were not
run here. What else was compared, with whom and how closely: [Validation](../validation.md).
"""
    ]
    for part in dict.fromkeys(c.part for c in checks):
        rows = [_check(c) for c in checks if c.part == part]
        head = ("what", "kind", "measured", "accepted", "verdict")
        parts.append(f"## {part.capitalize()}\n\n{table(head, rows, 'checks')}")
    return Page("results/verification.md", "Verification", "\n".join(parts))


def _check(c: Check) -> tuple[object, ...]:
    what = Markup("{}; against {}{}{}").format(
        cell(c.what), cell(c.against), _note(c.source), _note(c.note)
    )
    measured = "" if c.measured is None else f"{c.measured:.3g} {c.unit}"
    verdict = Markup('<span class="verdict {}">{}</span>').format(
        c.verdict.replace(" ", "-"), c.verdict
    )
    return what, c.kind, measured, _accepted(c), verdict


def _note(text: str) -> Markup:
    return Markup('<div class="note">{}</div>').format(cell(text)) if text else Markup("")


def _accepted(c: Check) -> str:
    if c.low is None:
        return f"up to {c.high:g}" if c.high is not None else "not set"
    return f"{c.low:g} to {c.high:g}" if c.high is not None else f"from {c.low:g}"


def parameter_page() -> Page:
    """Marks of all parameters by part, and each that rests on memory or assumption by name."""
    found = audited()
    head = ("part", "values", *(name.replace("_", " ") for name in MARKS))
    counts = [
        _shares(part, [p for p in found if p.part == part])
        for part in dict.fromkeys(p.part for p in found)
    ]
    weak = [p for p in found if p.mark in WEAK]
    text = f"""# Where every parameter is from

{len(found)} values of parameters ship with the package. {len(orphans())} of them have neither a
source nor the mark `assumed`. What the marks mean: [the tables](../data.md).

{table(head, [*counts, _shares("all", found)], "counts")}

## Not read in a source

The {len(weak)} values that are recalled, assumed or were not found.

{table(("table", "name", "value", "unit", "why", "mark"), map(_weak, weak), "weak")}
"""
    return Page("results/parameters.md", "Where parameters are from", text)


def _shares(part: str, rows: Sequence[AuditedParameter]) -> tuple[object, ...]:
    share = shares(rows)
    return part, len(rows), *(f"{100 * share.get(name, 0.0):.0f} %" for name in MARKS)


def _weak(p: AuditedParameter) -> tuple[object, ...]:
    value = Markup('{}<div class="note">{}</div>').format(p.value, p.spread.replace("fixed", ""))
    return f"`{p.table}`", f"`{p.name}`", value, p.unit, p.source, mark(p.mark)
