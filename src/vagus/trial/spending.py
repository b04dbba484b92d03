"""How much of alpha has been spent when a share of the information is in (Lan and DeMets 1983).

Each function takes the one-sided level and the shares of the final information, and returns the
level spent up to each; a two-sided test spends half its level on each side.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from vagus.errors import InputError

Floats = NDArray[np.float64]
Efficacy = Literal["obrien-fleming", "pocock", "lan-demets-obf", "lan-demets-pocock"]


def obrien_fleming_spending(alpha: float, share: Floats) -> Floats:
    """alpha*(t) = 2 (1 - Phi(z_{1-alpha/2} / sqrt(t))), Lan and DeMets 1983.

    ``share`` [K] of information, 0 < t <= 1 -> [K] level spent, alpha at t = 1.
    """
    return np.asarray(2.0 * ndtr(ndtri(alpha / 2.0) / np.sqrt(share)))


def pocock_spending(alpha: float, share: Floats) -> Floats:
    """alpha*(t) = alpha ln(1 + (e - 1) t), Lan and DeMets 1983. Shapes as above."""
    return np.asarray(alpha * np.log1p((np.e - 1.0) * share))


def check_information(information: Sequence[float]) -> Floats:
    """The shares as an array [K]; `InputError` unless they rise from above 0 to exactly 1."""
    shares = np.asarray(information, dtype=float)
    rising = shares.ndim == 1 and shares.size > 0 and bool(np.all(np.diff(shares, prepend=0.0) > 0))
    if not rising or shares[-1] != 1.0:
        fix = "Give the share of the final information at each look, such as 0.5, 1."
        raise InputError("looks.information", tuple(information), "shares that rise to 1", fix)
    return shares


def check_level(alpha: float, sides: int, field: str = "alpha") -> None:
    """`InputError` for a level outside (0, 1), one-sided 0.5 or more, or sides not 1 or 2."""
    if sides not in (1, 2):
        raise InputError("sides", sides, "1 or 2")
    if not 0.0 < alpha < 1.0:
        raise InputError(field, alpha, "above 0 and below 1", "0.05 is usual.")
    if alpha / sides >= 0.5:
        allowed = f"below {0.5 * sides:g} with {sides} side{'s' * (sides == 2)}"
        fix = "Beyond it the boundary would lie on the other side of no effect."
        raise InputError(field, alpha, allowed, fix)
