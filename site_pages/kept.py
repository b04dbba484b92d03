"""Results that take a minute to compute, kept in the checkout until code or tables change."""

from __future__ import annotations

import hashlib
import pickle
import sys
from collections.abc import Callable, Set
from pathlib import Path
from typing import TypeVar

import vagus

T = TypeVar("T")
CACHE = Path(".cache") / "site"
VERSIONS = Path(__file__).parents[1] / "constraints.txt"
APART = frozenset({"report", "commands", "__pycache__"})
"""Folders of the package that change no result."""


def kept(name: str, compute: Callable[[], T], apart: Set[str] = APART) -> T:
    """What ``compute`` gives, or gave for the same source: a fresh checkout always computes.

    ``apart``: folders of the package that do not change it.
    """
    file = CACHE / f"{name}-{source_hash(apart)}.pickle"
    if file.is_file():
        found: T = pickle.loads(file.read_bytes())
        return found
    found = compute()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(pickle.dumps(found))
    return found


def source_hash(apart: Set[str] = APART) -> str:
    """Hash of every module and table of the package that a result may depend on, of the versions
    of what it is computed with, and of Python's."""
    root = Path(vagus.__path__[0])
    found = hashlib.sha256(sys.version.encode() + VERSIONS.read_bytes())
    for path in sorted(root.rglob("*")):
        inside = path.relative_to(root)
        if path.suffix in (".py", ".csv") and inside.parts[0] not in apart:
            found.update(inside.as_posix().encode() + path.read_bytes())
    return found.hexdigest()[:16]
