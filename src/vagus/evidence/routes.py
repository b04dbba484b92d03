"""From published rows to one controlled effect, by the best way that the rows allow.

Order of trust. Continuous outcomes: means and SDs of both arms; a difference with its SE or
interval; a p value with group sizes and a direction; medians with quartiles. Binary outcomes:
events; percentages turned into whole persons; a ratio with its interval. A way that needs a
recalled number is taken only where no other exists, and says so: such an effect is never pooled.

Signs follow the endpoint: active minus control, turned where a scale counts the other way.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from vagus.evidence.binary import TwoByTwo, log_odds_ratio, log_risk_ratio, risk_difference
from vagus.evidence.cell import EMPTY, Cell
from vagus.evidence.effects import Effects
from vagus.evidence.from_reported import (
    from_interval,
    from_quartiles,
    sd_from_se,
    smd_from_p,
    smd_from_t,
)
from vagus.evidence.smd import hedges_g, mean_difference
from vagus.evidence.tables import Line

EMPTY_LINE = Line({}, {})


@dataclass(frozen=True)
class Rows:
    """What a report says of one outcome: a row per arm, one between them, and group sizes.

    ``p``: the two-sided p value of the comparison of arms, which some tables print beside an arm.
    ``sds``: SDs to standardise by where the arms' sizes are not stated. ``quartiles``: whether the
    printed quartiles can be trusted.
    """

    active: Line
    control: Line
    contrast: Line
    n_active: Cell
    n_control: Cell
    p: Cell = EMPTY
    p_relation: str = ""
    sds: tuple[Cell, ...] = ()
    quartiles: bool = True


@dataclass(frozen=True)
class Route:
    """One effect, the cells it was made of by name, and whether the way is an approximation."""

    effect: Effects
    cells: tuple[tuple[str, Cell], ...]
    approximate: bool

    @property
    def recalled(self) -> bool:
        """Whether a recalled number is in it."""
        return any(cell.recalled for _, cell in self.cells)


def best_route(rows: Rows, measure: str) -> Route | None:
    """The first way without recalled numbers; else the first with; None where there is none.

    ``measure``: SMD, MD, log OR, log RR or RD.
    """
    ways = _CONTINUOUS if measure in ("SMD", "MD") else _BINARY
    found = [route for way in ways for route in way(rows, measure)]
    return next((route for route in found if not route.recalled), found[0] if found else None)


def _means_and_sds(rows: Rows, measure: str) -> Iterator[Route]:
    if "median" in (rows.active.text.get("stat"), rows.control.text.get("stat")):
        return
    for kind in ("end", "change"):
        parts: list[float] = []
        cells: list[tuple[str, Cell]] = []
        for name, line, n in _arms(rows):
            mean, sd, se = line.cell(kind), line.cell(f"{kind}_sd"), line.cell(f"{kind}_se")
            if not (mean.known and n.known and (sd.known or se.known)):
                break
            spread = sd.value if sd.known else float(sd_from_se(se.value, n.value))
            parts += [mean.value, spread, n.value]
            cells += [(f"{name} mean", mean), (f"{name} SD", sd if sd.known else se)]
            cells += [(f"{name} n", n)]
        else:
            words = "at the end" if kind == "end" else "of the change"
            effect = _difference_of_means(measure, parts, f"means and SDs {words}")
            yield Route(effect, tuple(cells), False)


def _difference(rows: Rows, measure: str) -> Iterator[Route]:
    line = rows.contrast
    diff, se, low, high = (line.cell(name) for name in ("diff", "se", "ci_low", "ci_high"))
    if not diff.known or not (se.known or (low.known and high.known)):
        return
    bounded = low.known and high.known
    spread = [("lower bound", low), ("upper bound", high)] if bounded else [("SE", se)]
    cells = (("difference", diff), *spread)
    if bounded:
        given = from_interval("MD", diff.value, low.value, high.value)
    else:
        given = Effects("MD", np.array([diff.value]), np.array([se.value**2]))
    y, v, how = float(given.y[0]), float(given.v[0]), "interval" if bounded else "SE"
    if (line.text.get("scale") == "SMD") == (measure == "SMD"):
        reported = all(cell.provenance == "seen" for _, cell in cells)
        way = (f"{measure} and its {how}, {'as reported' if reported else 'derived'}",)
        effect = Effects(measure, given.y, given.v, (), way)
        yield Route(effect, cells, False)
    elif measure == "SMD" and rows.n_active.known and rows.n_control.known:
        effect = smd_from_t(y / math.sqrt(v), rows.n_active.value, rows.n_control.value)
        way = (f"SMD from a difference and its {how}",)
        sizes = (("active n", rows.n_active), ("control n", rows.n_control))
        yield Route(Effects("SMD", effect.y, effect.v, (), way), cells + sizes, False)
    elif measure == "SMD" and rows.sds:
        sd2 = sum(sd.value**2 for sd in rows.sds) / len(rows.sds)
        way = (f"SMD from a difference with its {how}, over the mean of the variances",)
        spreads = tuple(("SD", sd) for sd in rows.sds)
        effect = Effects("SMD", given.y / math.sqrt(sd2), given.v / sd2, (), way)
        yield Route(effect, cells + spreads, True)


def _p_value(rows: Rows, measure: str) -> Iterator[Route]:
    known = rows.p.known and rows.p_relation == "=" and 0 < rows.p.value < 1
    if measure != "SMD" or not (known and rows.n_active.known and rows.n_control.known):
        return
    direction, cells = _direction(rows)
    if not direction:
        return
    effect = smd_from_p(rows.p.value, rows.n_active.value, rows.n_control.value, direction)
    sizes = (("active n", rows.n_active), ("control n", rows.n_control))
    yield Route(effect, (("p", rows.p), *sizes, *cells), True)


def _direction(rows: Rows) -> tuple[int, tuple[tuple[str, Cell], ...]]:
    """Sign of active minus control, 0 where unknown, and the cells that say it."""
    diff = rows.contrast.cell("diff")
    if diff.known:
        return _sign(diff.value), (("difference", diff),)
    for kind in ("end", "change"):
        a, c = rows.active.cell(kind), rows.control.cell(kind)
        if a.known and c.known:
            return _sign(a.value - c.value), (("active middle", a), ("control middle", c))
    return 0, ()


def _medians(rows: Rows, measure: str) -> Iterator[Route]:
    if not rows.quartiles:
        return
    parts: list[float] = []
    cells: list[tuple[str, Cell]] = []
    for name, line, n in _arms(rows):
        middle = line.cell("end") if line.cell("end").known else line.cell("change")
        q1, q3 = line.cell("q1"), line.cell("q3")
        ordered = q1.value <= middle.value <= q3.value and q1.value < q3.value
        if line.text.get("stat") != "median" or not (ordered and n.known):
            return
        worked = from_quartiles(q1.value, middle.value, q3.value, n.value)
        parts += [float(worked.mean), float(worked.sd), n.value]
        cells += [(f"{name} median", middle), (f"{name} quartile 1", q1)]
        cells += [(f"{name} quartile 3", q3), (f"{name} n", n)]
    way = "mean (Luo 2018) and SD (Wan 2014) from medians and quartiles"
    yield Route(_difference_of_means(measure, parts, way), tuple(cells), True)


def _difference_of_means(measure: str, parts: Sequence[float], way: str) -> Effects:
    """SMD or MD from mean, SD and n of the active, then of the control arm."""
    m1, s1, n1, m2, s2, n2 = parts
    make = hedges_g if measure == "SMD" else mean_difference
    return make(m1, s1, n1, m2, s2, n2, method=way)


def _events(rows: Rows, measure: str) -> Iterator[Route]:
    """Counts, or percentages turned into whole persons."""
    for kind in ("events", "pct"):
        cells = [(name, line.cell(kind), n) for name, line, n in _arms(rows)]
        if not all(cell.known and n.known for _, cell, n in cells):
            continue
        share = kind == "pct"
        (e1, n1), (e2, n2) = (
            (round(c.value * n.value / 100) if share else c.value, n.value) for _, c, n in cells
        )
        effect = _RATIO[measure](TwoByTwo(*np.array([[e1], [n1], [e2], [n2]], dtype=float)))
        if share:
            way = (f"{effect.method[0]}, rounded from percentages",)
            effect = Effects(measure, effect.y, effect.v, (), way)
        what = "%" if share else "events"
        made = [(f"{name} {what}", cell) for name, cell, _ in cells]
        made += [(f"{name} n", n) for name, _, n in cells]
        yield Route(effect, tuple(made), share)


def _ratio(rows: Rows, measure: str) -> Iterator[Route]:
    line = rows.contrast
    three = [line.cell(name) for name in ("diff", "ci_low", "ci_high")]
    if f"log {line.text.get('scale')}" != measure or not all(cell.known for cell in three):
        return
    ratio, low, high = (cell.value for cell in three)
    effect = from_interval(measure, ratio, low, high)
    names = ("ratio", "lower bound", "upper bound")
    yield Route(effect, tuple(zip(names, three, strict=True)), False)


_Way = Callable[[Rows, str], Iterator[Route]]
_CONTINUOUS: tuple[_Way, ...] = (_means_and_sds, _difference, _p_value, _medians)
_BINARY: tuple[_Way, ...] = (_events, _ratio)
_RATIO: dict[str, Callable[[TwoByTwo], Effects]] = {
    "log OR": log_odds_ratio,
    "log RR": log_risk_ratio,
    "RD": risk_difference,
}


def _arms(rows: Rows) -> tuple[tuple[str, Line, Cell], tuple[str, Line, Cell]]:
    return ("active", rows.active, rows.n_active), ("control", rows.control, rows.n_control)


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)
