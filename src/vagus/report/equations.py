"""Equations of the body as pictures: LaTeX drawn by matplotlib, so that the page needs no font."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import matplotlib
from matplotlib.figure import Figure

from vagus.report import style

SIZE_pt = 11.0
FULL_SIZE_DEPTH = 2
"""Fractions nested less deeply are set at full size; a text-style one shrinks to 70 %."""


@dataclass(frozen=True)
class Equation:
    """``latex`` as given; ``svg`` in base64, empty where matplotlib cannot draw it.

    ``width_px``: as shown, at 96 per inch.
    """

    latex: str
    svg: str
    width_px: int


def drawn_equations(
    organs: Sequence[tuple[str, Sequence[str]]],
) -> tuple[tuple[str, tuple[Equation, ...]], ...]:
    """(organ, its equations), each drawn; LaTeX beyond matplotlib's subset is kept as text."""
    return tuple((organ, tuple(draw_equation(text) for text in lines)) for organ, lines in organs)


def draw_equation(latex: str) -> Equation:
    """One equation without its dollar signs; equal LaTeX gives equal bytes."""
    settings = {**style.RC, "mathtext.fontset": "cm"}
    with matplotlib.rc_context(settings):
        figure = Figure(figsize=(0.1, 0.1))
        figure.patch.set_alpha(0.0)
        shown = _display(latex.strip().strip("$"))
        figure.text(0, 0, f"${shown}$", fontsize=SIZE_pt, parse_math=True)
        buffer = io.BytesIO()
        try:
            figure.savefig(
                buffer, format="svg", bbox_inches="tight", pad_inches=0.03, metadata={"Date": None}
            )
        except ValueError:  # mathtext's own words for what it cannot parse
            return Equation(latex, "", 0)
    data = buffer.getvalue()
    points = float(data.split(b'width="', 1)[1].split(b"pt", 1)[0])
    return Equation(latex, base64.b64encode(data).decode(), round(points * 96 / 72))


def _display(latex: str) -> str:
    """Outer fractions in display style, as printed formulas have them."""
    pieces = latex.split(r"\frac")
    depth, text = 0, pieces[0]
    for before, after in pairwise(pieces):
        depth += before.count("{") - before.count("}")
        text += (r"\dfrac" if depth < FULL_SIZE_DEPTH else r"\frac") + after
    return text
