"""A page that the build makes, and what such pages are written with."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import unescape

from markupsafe import Markup, escape

_LINK = re.compile(r"https?://[^\s<>()]+[^\s<>().,;:]|\bdoi:(10\.\d{4,9}/[^\s<>,;]+[^\s<>,;.)\]])")
_CODE = re.compile(r"`+([^`]+)`+")
_JOINT = re.compile(r"([_/])(?=[^/<>]{2})")
_MARKS = ("seen", "derived", "recalled", "assumed", "not_found")


@dataclass(frozen=True)
class Page:
    """``path``: below docs/, with forward slashes; ``text``: markdown (or an svg's bytes)."""

    path: str
    title: str
    text: str | bytes


def cell(text: object) -> Markup:
    """Text of a table as html: escaped, addresses and doi as links, `code` as code, which may
    break after ``_`` and ``/``."""
    if isinstance(text, Markup):
        return text
    shown = _LINK.sub(_linked, str(escape(text)))
    return Markup(_CODE.sub(_coded, shown))


def mark(name: str) -> Markup:
    """The mark of a number as a coloured label; text that is none as it is."""
    if name not in _MARKS:
        return cell(name)
    return Markup('<span class="mark {0}">{1}</span>').format(name, name.replace("_", " "))


def table(head: Sequence[str], rows: Iterable[Sequence[object]], kind: str = "") -> str:
    """An html table that scrolls sideways where it has to; ``kind``: a class of the style sheet.

    Html rather than markdown: cells may hold bars and several lines.
    """
    top = "".join(f"<th>{cell(name)}</th>" for name in head)
    body = "\n".join(
        "<tr>" + "".join(f"<td>{cell(value)}</td>" for value in row) + "</tr>" for row in rows
    )
    return (
        f'<div class="scroll"><table class="made {kind}">\n<thead><tr>{top}</tr></thead>\n'
        f"<tbody>\n{body}\n</tbody></table></div>\n"
    )


def picture(svg_base64: str, alternative: str, width_px: int) -> str:
    """An inline svg at its own width, with words for those who do not see it."""
    return str(
        Markup('<img style="width: {}px" src="data:image/svg+xml;base64,{}" alt="{}">').format(
            width_px, svg_base64, alternative
        )
    )


def encoded(svg: bytes) -> str:
    """As `picture` takes it."""
    return base64.b64encode(svg).decode()


def prose(docstring: str | None) -> str:
    """A docstring as markdown: a paragraph that ends in ``::`` leads on to indented code."""
    lines = (docstring or "").strip().splitlines()
    return re.sub(r"::(?=\n\s*\n)", ":", "\n".join(lines))


def _coded(found: re.Match[str]) -> str:
    return "<code>" + _JOINT.sub(r"\1<wbr>", found.group(1)) + "</code>"


def _linked(found: re.Match[str]) -> str:
    shown = found.group(0)
    target = f"https://doi.org/{found.group(1)}" if found.group(1) else shown
    return f'<a href="{escape(unescape(target))}">{shown}</a>'
