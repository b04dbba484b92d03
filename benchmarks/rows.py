"""What every benchmark returns: a target beside its measurement."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One line of a table; ``met`` is None where nothing was promised."""

    what: str
    target: str
    measured: str
    met: bool | None = None


def cpu_seconds(work: Callable[[], object], repeats: int = 3) -> float:
    """Process CPU seconds of ``work``, best of ``repeats``."""
    used = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        used.append(time.process_time() - start)
    return min(used)
