"""Knapp-Hartung: the variance of b scaled by what the residuals say, and t in place of z.

    q = y'Py / (k - p),        Cov(b) = q (X'WX)⁻¹,        t with k - p degrees of freedom

Hartung & Knapp (2001, Stat Med 20:3875), Knapp & Hartung (2003, 22:2693), Sidik & Jonkman (2002).
Where effects happen to agree closely q is near 0 and the interval can be far narrower than the
normal one, which is no sign of precision. The ad-hoc bound takes max(1, q) (Knapp & Hartung 2003;
Röver et al. 2015, BMC Med Res Methodol 15:99): never narrower than with t and q = 1.
"""

from __future__ import annotations

import math
from typing import Literal, get_args

from vagus.errors import InputError
from vagus.evidence.wald import quantile

Test = Literal["z", "knapp-hartung", "ad hoc"]
TESTS: tuple[str, ...] = get_args(Test)


def check_test(test: str, common: bool) -> None:
    """`InputError`: an unknown test, or Knapp-Hartung on a ``common`` effect."""
    if test not in TESTS:
        raise InputError("test", test, "one of " + ", ".join(TESTS))
    if common and test != "z":
        raise InputError(
            "test", test, "z with FE",
            "Knapp-Hartung belongs to random effects: choose a method for tau2, REML say.",
        )  # fmt: skip


def variance_factor(q: float, df: int, test: str) -> tuple[float, float]:
    """The factor on (X'WX)⁻¹ and the degrees of freedom of the test (inf for z).

    ``q``: y'Py with the weights 1/(v + τ²); ``df`` = k - p > 0.
    """
    if test == "z":
        return 1.0, math.inf
    factor = q / df
    return (max(1.0, factor) if test == "ad hoc" else factor), float(df)


def narrower_than_z(factor: float, df: float, level: float) -> bool:
    """Whether the interval is narrower than the normal one: √factor t < z."""
    return math.sqrt(factor) * quantile(level, df) < quantile(level, math.inf)
