"""A small strict reader of BibTeX, written apart from what writes it: TeX's signs, braces, commas.

It knows what `vagus.citations.bibtex` may write and refuses all else.
"""

from __future__ import annotations

import re

SIGNS = {
    r"\textbackslash{}": "\\", r"\textbraceleft{}": "{", r"\textbraceright{}": "}",
    r"\textasciitilde{}": "~", r"\textasciicircum{}": "^",
    **{f"\\{sign}": sign for sign in "&%$#_"},
}  # fmt: skip
VERBATIM = ("doi", "url")
Entry = dict[str, str]


def read_bibtex(text: str) -> dict[str, Entry]:
    """Key -> fields as written, with ``ENTRYTYPE``; ValueError for anything that is no BibTeX."""
    found: dict[str, Entry] = {}
    at = 0
    while (at := skip(text, at)) < len(text):
        head = re.compile(r"@([a-z]+)\{([A-Za-z][A-Za-z0-9]+),\n").match(text, at)
        if not head:
            raise ValueError(f"no entry at {text[at : at + 40]!r}")
        kind, key = head.groups()
        if key in found:
            raise ValueError(f"{key} twice")
        entry, at = {"ENTRYTYPE": kind}, head.end()
        while not text.startswith("}\n", at):
            name = re.compile(r"  ([a-z]+) = (?=\{)").match(text, at)
            if not name or name[1] in entry:
                raise ValueError(f"no field at {text[at : at + 40]!r}")
            entry[name[1]], at = braced(text, name.end())
            if not text.startswith(",\n", at):
                raise ValueError(f"no comma after {name[1]} of {key}")
            at += 2
        found[key], at = entry, at + 2
    return found


def skip(text: str, at: int) -> int:
    while at < len(text) and text[at] == "\n":
        at += 1
    return at


def braced(text: str, at: int) -> tuple[str, int]:
    """What stands between the brace at ``at`` and its own, and where that ends.

    BibTeX counts every brace, those after a backslash too, so they must balance as well.
    """
    depth = 0
    for end in range(at, len(text)):
        depth += (text[end] == "{") - (text[end] == "}")
        if depth == 0:
            return text[at + 1 : end], end + 1
    raise ValueError("a brace that does not close")


def plain(text: str) -> str:
    """A field as a reader sees it: TeX's signs undone, braces that only group gone."""
    out, at = "", 0
    while at < len(text):
        sign = next((s for s in SIGNS if text.startswith(s, at)), "")
        if sign:
            out, at = out + SIGNS[sign], at + len(sign)
        elif text[at] in "{}":
            at += 1
        elif text[at] in "\\&%$#_~^":
            raise ValueError(f"{text[at]!r} not escaped in {text!r}")
        else:
            out, at = out + text[at], at + 1
    return out
