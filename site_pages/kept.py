"""Results that take a minute to compute, kept in the checkout until code or tables change."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import vagus

T = TypeVar("T")
CACHE = Path(".cache") / "site"
APART = {"report", "commands", "__pycache__"}
"""Folders of the package that change no result."""


def kept(name: str, compute: Callable[[], T]) -> T:
    """What ``compute`` gives, or gave for the same source: a fresh checkout always computes."""
    file = CACHE / f"{name}-{source_hash()}.pickle"
    if file.is_file():
        found: T = pickle.loads(file.read_bytes())
        return found
    found = compute()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(pickle.dumps(found))
    return found


def source_hash() -> str:
    """Hash of every module and table of the package that a result may depend on."""
    root = Path(vagus.__path__[0])
    found = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        inside = path.relative_to(root)
        if path.suffix in (".py", ".csv") and inside.parts[0] not in APART:
            found.update(inside.as_posix().encode() + path.read_bytes())
    return found.hexdigest()[:16]
