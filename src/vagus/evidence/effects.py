"""Effects of trials and their sampling variances: what every meta-analysis here takes.

Positive means: the first arm's outcome is greater. Measures, and the scale that `y` is on:

    SMD           standardised mean difference of two arms (Hedges g), [SD]
    MD            mean difference of two arms, in the unit of the outcome
    log RR        natural logarithm of the ratio of two risks
    log OR        natural logarithm of the ratio of two odds
    RD            difference of two risks
    SMCC pre-post change within one arm, standardised by the SD of the change, [SD]
    SMCR pre-post change within one arm, standardised by the SD before, [SD]
    MD pre-post   mean change within one arm, in the unit of the outcome

A change within one arm holds natural course, regression to the mean and sham response: it is not
an effect of what was given, so effects of a `pre-post` measure never join controlled ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from vagus.errors import InputError
from vagus.evidence.checks import Floats, finite, inside_0_1, positive

CHANGES = ("SMCC pre-post", "SMCR pre-post", "MD pre-post")
MEASURES = ("SMD", "MD", "log RR", "log OR", "RD", *CHANGES)


@dataclass(frozen=True, eq=False)
class Effects:
    """Effects ``y`` [k] of one measure, their variances ``v`` [k], and how each was got.

    ``labels`` [k]: the trials. ``method`` [k]: the way from the report to the effect, in words.
    One text for either stands for all rows; the default label of a row is its number, from 1.
    `InputError`: an unknown measure, no effects, lengths that differ, values that are not finite,
    variances that are not above 0.
    """

    measure: str
    y: Floats
    v: Floats
    labels: tuple[str, ...] = ()
    method: tuple[str, ...] = ("as given",)

    def __post_init__(self) -> None:
        if self.measure not in MEASURES:
            raise InputError("measure", self.measure, "one of " + ", ".join(MEASURES))
        y = finite("y", np.atleast_1d(self.y))
        v = finite("v", np.atleast_1d(self.v))
        k = len(y)
        if k == 0 or y.shape != v.shape or y.ndim != 1:
            raise InputError("y, v", f"{y.shape}, {v.shape}", "one row per effect, equal lengths")
        positive("v", v, "A variance of 0 would give one trial all the weight.")
        object.__setattr__(self, "y", y)
        object.__setattr__(self, "v", v)
        labels = self.labels or tuple(str(i + 1) for i in range(k))
        object.__setattr__(self, "labels", _one_each("labels", labels, k))
        object.__setattr__(self, "method", _one_each("method", self.method, k))

    def __len__(self) -> int:
        return len(self.y)

    @property
    def k(self) -> int:
        """Number of effects."""
        return len(self.y)

    @property
    def se(self) -> Floats:
        """[k] standard errors."""
        return np.sqrt(self.v)

    @property
    def controlled(self) -> bool:
        """Whether the effects compare arms (True), or are changes within one arm (False)."""
        return self.measure not in CHANGES

    @property
    def logarithmic(self) -> bool:
        """Whether `exp` of the effects is what is read (ratios)."""
        return self.measure.startswith("log ")

    def interval(self, level: float = 0.95) -> tuple[Floats, Floats]:
        """Lower [k] and upper [k] bounds of each effect by the normal distribution."""
        half = stats.norm.ppf(0.5 + inside_0_1("level", level) / 2) * self.se
        return self.y - half, self.y + half

    def select(self, index: ArrayLike) -> Effects:
        """The rows at ``index``: integers, a slice's range or a mask [k]; order as asked."""
        rows = np.arange(self.k)[np.atleast_1d(np.asarray(index))]
        return Effects(
            self.measure,
            self.y[rows],
            self.v[rows],
            tuple(self.labels[i] for i in rows),
            tuple(self.method[i] for i in rows),
        )


def join(parts: Sequence[Effects]) -> Effects:
    """All rows of several `Effects` in order. `InputError` where their measures differ.

    Pre-post effects cannot be joined with controlled ones at all.
    """
    if not parts:
        raise InputError("parts", "none", "at least one Effects")
    measures = sorted({part.measure for part in parts})
    if len({part.controlled for part in parts}) > 1:
        raise InputError(
            "measure",
            ", ".join(measures),
            "controlled effects only, or pre-post effects only",
            "A change within one arm contains natural course, regression to the mean and sham "
            "response; pool the controlled effects and show pre-post changes apart.",
        )
    if len(measures) > 1:
        raise InputError("measure", ", ".join(measures), "one measure", "Convert or pool apart.")
    return Effects(
        measures[0],
        np.concatenate([part.y for part in parts]),
        np.concatenate([part.v for part in parts]),
        tuple(label for part in parts for label in part.labels),
        tuple(way for part in parts for way in part.method),
    )


def _one_each(field: str, texts: Sequence[str] | str, k: int) -> tuple[str, ...]:
    """[k] texts; one stands for all rows."""
    given = (texts,) if isinstance(texts, str) else tuple(texts)
    if len(given) == 1:
        given *= k
    if len(given) != k:
        raise InputError(field, f"{len(given)} texts", f"one or {k}, one per effect")
    return given
