"""Peto's one-step odds ratio: for rare events, small effects and arms of like size.

As metafor's `rma.peto`. With a, E and V the events of the first arm, their hypergeometric mean and
variance: log OR = sum(a - E) / sum(V), variance 1 / sum(V) (Yusuf et al. 1985, Prog Cardiovasc Dis
27:335).
"""

from __future__ import annotations

import numpy as np
from scipy import stats

from vagus.errors import InputError
from vagus.evidence.binary import TwoByTwo
from vagus.evidence.mantel_haenszel import CommonEffect, hypergeometric


def peto_or(table: TwoByTwo) -> CommonEffect:
    """log OR of all trials; trials without events, or where everybody had one, do not count.

    Q = sum((a - E)^2/V) - (sum(a - E))^2/sum(V). `InputError`: no trial is left.
    """
    expected, variance = hypergeometric(table)
    some = variance > 0
    if not some.any():
        raise InputError("events", "none, or everybody in every trial", "events in some patients")
    away, v = (table.events - expected)[some], variance[some]
    total = float(np.sum(v))
    estimate = float(np.sum(away)) / total
    q = float(np.sum(away**2 / v)) - estimate**2 * total
    df = int(some.sum()) - 1
    q_p = float(stats.chi2.sf(q, df)) if df else 1.0
    return CommonEffect("log OR", "Peto", estimate, total**-0.5, q, df, q_p, df + 1)
