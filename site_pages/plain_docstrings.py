"""Docstrings here are prose in which ``::`` announces code; markdown needs no such sign."""

from __future__ import annotations

from typing import Any

import griffe

from site_pages.page import prose


class PlainDocstrings(griffe.Extension):
    """Rewrites each docstring before it is rendered."""

    def on_instance(self, *, obj: griffe.Object, **_: Any) -> None:
        """Called by griffe for every module, class, function and attribute."""
        if obj.docstring:
            obj.docstring.value = prose(obj.docstring.value)
