"""Effects on events: risk ratio, odds ratio, risk difference, with their continuity correction.

Formulas and corrections as in metafor's `escalc`: where a correction applies to a trial, ``add`` is
added to all four cells of its table, and its arms grow by twice that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vagus.errors import InputError
from vagus.evidence.checks import Floats, at_least, first
from vagus.evidence.effects import Effects

Rule = Literal["only0", "all", "none"]
RULES = ("only0", "all", "none")


@dataclass(frozen=True, eq=False)
class TwoByTwo:
    """Events and patients of two arms in k trials: ``events`` of ``n``, against the control's.

    All [k]. `InputError`: negative events, more events than patients, an arm without patients,
    lengths that differ.
    """

    events: Floats
    n: Floats
    events_control: Floats
    n_control: Floats
    labels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        given = {}
        for name in ("events", "n", "events_control", "n_control"):
            least = 0 if name.startswith("events") else 1
            given[name] = np.atleast_1d(at_least(name, getattr(self, name), least))
        shapes = {a.shape for a in given.values()}
        if len(shapes) > 1 or given["n"].ndim != 1 or not len(given["n"]):
            raise InputError("events, n", sorted(shapes), "one row per trial, equal lengths")
        for name, size in (("events", "n"), ("events_control", "n_control")):
            too_many = given[name] > given[size]
            if too_many.any():
                at = int(np.argmax(too_many))
                raise InputError(
                    name,
                    first(given[name], too_many),
                    f"at most `{size}`, {given[size][at]:g}",
                    "Count patients with the event, not events.",
                )
        labels = self.labels or tuple(str(i + 1) for i in range(len(given["n"])))
        if len(labels) != len(given["n"]):
            raise InputError("labels", f"{len(labels)} texts", f"{len(given['n'])}, one per trial")
        for name, values in given.items():
            object.__setattr__(self, name, values)
        object.__setattr__(self, "labels", tuple(labels))

    @property
    def cells(self) -> tuple[Floats, Floats, Floats, Floats]:
        """a, b, c, d [k]: events and non-events of the arm, then of the control."""
        return (
            self.events,
            self.n - self.events,
            self.events_control,
            self.n_control - self.events_control,
        )

    @property
    def swapped(self) -> TwoByTwo:
        """The same trials with the arms exchanged."""
        return TwoByTwo(self.events_control, self.n_control, self.events, self.n, self.labels)

    def select(self, index: ArrayLike) -> TwoByTwo:
        """The trials at ``index``: integers or a mask [k]."""
        rows = np.arange(len(self.n))[np.atleast_1d(np.asarray(index))]
        labels = tuple(self.labels[i] for i in rows)
        control = self.events_control[rows], self.n_control[rows]
        return TwoByTwo(self.events[rows], self.n[rows], *control, labels)


def log_risk_ratio(table: TwoByTwo, to: Rule = "only0", add: float = 0.5) -> Effects:
    """log((a/n1) / (c/n2)), variance 1/a - 1/n1 + 1/c - 1/n2, cells after the correction.

    ``to`` says which trials are corrected: those with an empty cell, all, or none. `InputError`:
    a trial without events in either arm holds nothing on the ratio (not estimable).
    """
    a, _, c, _ = table.cells
    _estimable(table, (a == 0) & (c == 0), "log RR", "events in neither arm")
    a, b, c, d = _corrected(table, to, add)
    n1, n2 = a + b, c + d
    _no_empty_cell(np.minimum(a, c), to)
    _no_empty_cell(np.maximum(b, d), to)  # everybody had the event: the variance would be 0
    y = np.log(a / n1) - np.log(c / n2)
    return Effects("log RR", y, 1 / a - 1 / n1 + 1 / c - 1 / n2, table.labels, _way(table, to, add))


def log_odds_ratio(table: TwoByTwo, to: Rule = "only0", add: float = 0.5) -> Effects:
    """log(a d / (b c)), variance 1/a + 1/b + 1/c + 1/d (Woolf), cells after the correction.

    As `log_risk_ratio`; a trial where everybody had the event is not estimable either.
    """
    a, b, c, d = table.cells
    _estimable(table, (a == 0) & (c == 0), "log OR", "events in neither arm")
    _estimable(table, (b == 0) & (d == 0), "log OR", "events in all patients of both arms")
    a, b, c, d = _corrected(table, to, add)
    _no_empty_cell(np.minimum(np.minimum(a, b), np.minimum(c, d)), to)
    y = np.log(a * d) - np.log(b * c)
    return Effects("log OR", y, 1 / a + 1 / b + 1 / c + 1 / d, table.labels, _way(table, to, add))


def risk_difference(table: TwoByTwo, to: Rule = "only0", add: float = 0.5) -> Effects:
    """p1 - p2 with variance p1 (1 - p1)/n1 + p2 (1 - p2)/n2, p after the correction."""
    a, b, c, d = _corrected(table, to, add)
    n1, n2 = a + b, c + d
    v = a * b / n1**3 + c * d / n2**3
    _no_empty_cell(v, to)
    return Effects("RD", a / n1 - c / n2, v, table.labels, _way(table, to, add))


def _corrected(table: TwoByTwo, to: Rule, add: float) -> tuple[Floats, Floats, Floats, Floats]:
    """The four cells with ``add`` in the trials that ``to`` says."""
    if to not in RULES:
        raise InputError("to", to, "only0, all, none")
    at_least("add", add, 0)
    cells = table.cells
    more = add * _adjusted(table, to)
    a, b, c, d = (cell + more for cell in cells)
    return a, b, c, d


def _adjusted(table: TwoByTwo, to: Rule) -> NDArray[np.bool_]:
    """[k] whether a trial is corrected."""
    if to == "only0":
        return np.asarray(np.min(table.cells, axis=0) == 0)
    return np.full(len(table.n), to == "all")


def _way(table: TwoByTwo, to: Rule, add: float) -> tuple[str, ...]:
    """[k] how each effect was got."""
    corrected = f"events of two arms, {add:g} added to each cell"
    return tuple(corrected if c else "events of two arms" for c in _adjusted(table, to))


def _estimable(table: TwoByTwo, empty: NDArray[np.bool_], measure: str, why: str) -> None:
    """`InputError` where the trials marked ``empty`` hold nothing on the measure."""
    if empty.any():
        names = ", ".join(label for label, e in zip(table.labels, empty, strict=True) if e)
        raise InputError(
            "events",
            f"trial {names}: {why}",
            f"{measure} is not estimable there",
            "Leave the trial out and say so, or use the risk difference.",
        )


def _no_empty_cell(least: Floats, to: Rule) -> None:
    """`InputError` where a cell that the formula divides by is 0."""
    if (least <= 0).any():
        raise InputError("to", to, "a rule that corrects trials with an empty cell", "Use only0.")
