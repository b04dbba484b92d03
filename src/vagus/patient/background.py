"""Treatment given besides: exercise, a drug, usual care.

It starts at randomisation and approaches its effect exponentially; ``background.csv`` holds effect
(SD of the outcome, + is relief) and time constant with their sources. Effects add to those of
stimulation, differ between populations and not between patients, and act on pain alone, not on
disease activity or mood.
"""

from __future__ import annotations

import difflib

import numpy as np
from numpy.typing import NDArray

from vagus.body.priors import parse_prior
from vagus.data import Row, read_table
from vagus.errors import InputError
from vagus.patient.response import lagged
from vagus.patient.sharing import Crowd

Floats = NDArray[np.float64]


def background_keys() -> tuple[str, ...]:
    """Keys of all background treatments, in the order of the table."""
    return tuple(row["key"] for row in read_table("patient/background.csv"))


def relief(key: str, crowd: Crowd, days: int) -> Floats:
    """[n, days + 1] daily means of the relief (SD) by background ``key``; none for "".

    Raises `InputError` with the nearest key where there is none of that name.
    """
    if not key:
        return np.zeros((len(crowd), days + 1))
    row = _row(key)
    effect, tau_wk = _drawn(row, "effect", "effect_SD", crowd), _drawn(row, "tau", "tau_wk", crowd)
    return np.asarray(effect[:, None] * lagged(np.ones(days + 1), 7.0 * tau_wk))


def check_background(key: str) -> None:
    """`InputError` where ``key`` is neither empty nor a background treatment."""
    if key:
        _row(key)


def _row(key: str) -> Row:
    rows = {row["key"]: row for row in read_table("patient/background.csv")}
    if key not in rows:
        near = difflib.get_close_matches(key, rows, 1)
        fix = f"Did you mean `{near[0]}`?" if near else "Take one of these."
        raise InputError("background", key, ", ".join(rows), fix)
    return rows[key]


def _drawn(row: Row, what: str, default: str, crowd: Crowd) -> Floats:
    prior = parse_prior(row[f"{what}_distribution"], f"background.csv: {row['key']}")
    if prior is None:
        return np.full(len(crowd), float(row[default]))
    return prior.quantile(crowd.uniforms(f"background {row['key']} {what}"))
