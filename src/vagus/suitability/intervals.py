"""Exact intervals: of a share (Clopper & Pearson 1934), of a count (Garwood 1936).

doi:10.1093/biomet/26.4.404 and doi:10.1093/biomet/28.3-4.437. Both hold at least the level
asked for, whatever the true value.
"""

from __future__ import annotations

from scipy.special import betaincinv, gammaincinv

LEVEL = 0.95


def share_interval(count: int, n: int, level: float = LEVEL) -> tuple[float, float]:
    """Clopper-Pearson interval of ``count`` of ``n`` as shares from 0 to 1.

    Raises ValueError where ``count`` does not lie in 0..``n``.
    """
    if not 0 <= count <= n or n == 0:
        raise ValueError(f"{count} of {n} is no share")
    tail = (1 - level) / 2
    low = 0.0 if count == 0 else float(betaincinv(count, n - count + 1, tail))
    high = 1.0 if count == n else float(betaincinv(count + 1, n - count, 1 - tail))
    return low, high


def count_interval(count: int, level: float = LEVEL) -> tuple[float, float]:
    """Garwood's interval of the mean of a Poisson variable of which ``count`` was seen."""
    tail = (1 - level) / 2
    low = 0.0 if count == 0 else float(gammaincinv(count, tail))
    return low, float(gammaincinv(count + 1, 1 - tail))


def counts_behind(percent: str, n: int) -> tuple[int, ...]:
    """Whole numbers of ``n`` whose share, rounded as printed, is ``percent`` (text); often one.

    Empty where no number of ``n`` gives it: then ``n`` is not what the percentage is of. A share
    just between two roundings counts for both.
    """
    digits = len(percent.partition(".")[2])
    half = 0.5 * 10.0**-digits
    return tuple(k for k in range(n + 1) if abs(100 * k / n - float(percent)) <= half + 1e-9)
