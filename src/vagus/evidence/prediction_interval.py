"""Where the true effect of a new study is expected: more than the interval of the mean.

    b ∓ c √(τ² + se²)

The definitions differ in c and in se, and reports seldom say which was used:

    normal                          c = z, se of z: metafor 3.8 with test z
    Higgins-Thompson-Spiegelhalter  c = t with k - 2 df (2009, J R Stat Soc A 172:137; Riley 2011)
    Knapp-Hartung                   c = t with k - 1 df, se of Knapp-Hartung: metafor, test knha

Each takes the standard error it is given. Higgins-Thompson-Spiegelhalter is defined with that of
z; with that of Knapp-Hartung it is the variant of Partlett & Riley (2017, Stat Med 36:301).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

from vagus.errors import InputError
from vagus.evidence.wald import quantile

Definition = Literal["normal", "Higgins-Thompson-Spiegelhalter", "Knapp-Hartung"]
DEFINITIONS: tuple[str, ...] = get_args(Definition)
COMMON_EFFECT = "common effect: the interval of the estimate"
"""What is given where no τ² is estimated: all studies are taken to share one effect."""


@dataclass(frozen=True)
class PredictionInterval:
    """Bounds in the unit of the effects; ``definition`` as the module names it."""

    low: float
    high: float
    definition: str


def prediction_interval(
    estimate: float, se: float, tau2: float, k: int, definition: str, level: float = 0.95
) -> PredictionInterval:
    """Prediction interval by ``definition``. `InputError`: unknown, or too few studies for it."""
    if definition not in DEFINITIONS:
        raise InputError("definition", definition, "one of " + ", ".join(DEFINITIONS))
    df = {"normal": math.inf, "Knapp-Hartung": k - 1, "Higgins-Thompson-Spiegelhalter": k - 2}
    if df[definition] < 1:
        raise InputError("k", k, f"more studies for the definition {definition}")
    half = quantile(level, df[definition]) * math.sqrt(tau2 + se**2)
    return PredictionInterval(estimate - half, estimate + half, definition)
