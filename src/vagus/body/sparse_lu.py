"""LU factors of a small sparse matrix as straight-line code.

The matrix of every step is W = g I - J. Where J can be nonzero is known before any number is, so
the order of elimination is chosen once (Markowitz: least fill, pivots on the diagonal) and each
operation becomes one line of code with constant indices: no loops over zeros, no index arithmetic.

There is no exchange of rows. Small steps make W diagonally dominant; a pivot that cancellation has
made worthless is reported, and the step is tried again with a smaller h (see `rodas4`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

Place = tuple[int, int]

LOST_DIGITS = 1e-10
"""A pivot below this share of its diagonal element has lost its digits to cancellation."""


@dataclass(frozen=True)
class Elimination:
    """``order`` of the pivots; ``factor`` and ``solve``: lines of code; ``size`` of ``lu``."""

    order: tuple[int, ...]
    factor: tuple[str, ...]
    solve: tuple[str, ...]
    size: int


def eliminate(n: int, jacobian: Mapping[Place, str]) -> Elimination:
    """Code that factorises W = g I - J and solves W x = b + r.

    ``jacobian``: (row, column) -> text of that element of J. `factor` reads ``g`` and those texts,
    fills ``lu`` and sets ``ok``; `solve` reads ``lu``, ``b`` and ``r``, and writes ``x[at:]``.
    """
    order = markowitz(n, jacobian)
    lines = [f"w_{i}_{j} = {_element(i, j, jacobian)}" for i, j in _pattern(n, jacobian)]
    filled, changed = _pattern(n, jacobian), set[Place]()
    rank = {k: position for position, k in enumerate(order)}
    slots: dict[Place, int] = {}
    lines.append("ok = True")
    for k in order:
        if (k, k) in changed:
            own = _element(k, k, jacobian)
            lines.append(f"ok = ok and abs(w_{k}_{k}) > {LOST_DIGITS} * abs({own})")
        lines.append(f"d_{k} = 1.0 / w_{k}_{k}")
        lines.append(f"lu[{_slot(slots, k, k)}] = d_{k}")
        later = [j for i, j in sorted(filled) if i == k and rank[j] > rank[k]]
        lines += [f"lu[{_slot(slots, k, j)}] = w_{k}_{j}" for j in later]
        for i in [i for i, j in sorted(filled) if j == k and rank[i] > rank[k]]:
            lines.append(f"l_{i}_{k} = w_{i}_{k} * d_{k}")
            lines.append(f"lu[{_slot(slots, i, k)}] = l_{i}_{k}")
            for j in later:
                before = f"w_{i}_{j} " if (i, j) in filled else ""
                lines.append(f"w_{i}_{j} = {before}- l_{i}_{k} * w_{k}_{j}")
                filled.add((i, j))
                changed.add((i, j))
    return Elimination(order, tuple(lines), tuple(_substitute(order, slots)), len(slots))


def markowitz(n: int, places: Iterable[Place]) -> tuple[int, ...]:
    """Order of diagonal pivots, each the one that can fill least; ties go to the lowest index."""
    rows: list[set[int]] = [{k} for k in range(n)]
    columns: list[set[int]] = [{k} for k in range(n)]
    for i, j in places:
        rows[i].add(j)
        columns[j].add(i)
    left, order = set(range(n)), []
    while left:
        k = min(left, key=lambda k: ((len(rows[k]) - 1) * (len(columns[k]) - 1), k))
        order.append(k)
        left.remove(k)
        for i in columns[k] - {k}:
            rows[i] |= rows[k]
            rows[i].discard(k)
        for j in rows[k] - {k}:
            columns[j] |= columns[k]
            columns[j].discard(k)
    return tuple(order)


def _pattern(n: int, jacobian: Iterable[Place]) -> set[Place]:
    return {(k, k) for k in range(n)} | set(jacobian)


def _element(i: int, j: int, jacobian: Mapping[Place, str]) -> str:
    text = jacobian.get((i, j))
    if i == j:
        return "g" if text is None else f"(g - {text})"
    return f"-{text}"


def _slot(slots: dict[Place, int], i: int, j: int) -> int:
    return slots.setdefault((i, j), len(slots))


def _substitute(order: tuple[int, ...], slots: Mapping[Place, int]) -> list[str]:
    """Forward through L, backward through U; ``b`` in locals meanwhile."""
    rank = {k: position for position, k in enumerate(order)}
    lines = [f"b_{k} = b[{k}] + r[{k}]" for k in range(len(order))]
    for k in order:
        below = [i for i, j in slots if j == k and rank[i] > rank[k]]
        lines += [f"b_{i} = b_{i} - lu[{slots[i, k]}] * b_{k}" for i in below]
    for k in reversed(order):
        right = [j for i, j in slots if i == k and rank[j] > rank[k]]
        terms = "".join(f" - lu[{slots[k, j]}] * b_{j}" for j in right)
        lines.append(f"b_{k} = (b_{k}{terms}) * lu[{slots[k, k]}]")
        lines.append(f"x[at + {k}] = b_{k}")
    return lines
