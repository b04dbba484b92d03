"""Where a group-sequential trial stops, given its stagewise statistics and boundaries.

At each look the trial stops for efficacy if z is at or above its boundary (|z| in a two-sided
test), and, at looks before the last, for futility if z is below the futility bound. z is positive
where the treated arm is better.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from vagus.errors import InputError
from vagus.trial.analysis.contrast import Bools, Floats, Ints

Decision = Literal["efficacy", "futility", "not shown"]
DECISIONS: tuple[Decision, ...] = ("efficacy", "futility", "not shown")


@dataclass(frozen=True, eq=False)
class SequentialResult:
    """[...] as ``z`` without its last axis. ``look``: where the trial stopped, from 1;
    ``decision``: index into `DECISIONS`; ``information`` and ``z`` then; ``nominal_p``: p of that z
    alone, which looking more than once makes too small."""

    look: Ints
    decision: Ints
    information: Floats
    z: Floats
    nominal_p: Floats

    @property
    def success(self) -> Bools:
        """[...] stopped for efficacy."""
        return np.asarray(self.decision == DECISIONS.index("efficacy"))


def sequential_test(
    z: ArrayLike,
    information: ArrayLike,
    efficacy: ArrayLike,
    futility: ArrayLike | None = None,
    *,
    sides: Literal[1, 2] = 1,
) -> SequentialResult:
    """``z`` [..., K] stagewise statistics (NaN: no statistic at that look; it then goes on);
    ``information`` [K] rising; ``efficacy`` [K] and ``futility`` [K - 1] boundaries on z (-inf: no
    stop). In a two-sided test efficacy means either direction. Raises `InputError`."""
    values = np.asarray(z, dtype=float)
    looks = values.shape[-1] if values.ndim else 0
    rates, upper = np.asarray(information, dtype=float), np.asarray(efficacy, dtype=float)
    lower = np.full(max(looks - 1, 0), -np.inf) if futility is None else np.asarray(futility, float)
    for field, array, k in (
        ("information", rates, looks), ("efficacy", upper, looks), ("futility", lower, looks - 1)
    ):  # fmt: skip
        if array.shape != (k,) or not looks or np.isnan(array).any():
            raise InputError(field, f"of shape {array.shape}", f"{k} numbers: {looks} looks")
    if (rates <= 0).any() or (np.diff(rates) <= 0).any():
        raise InputError("information", rates.tolist(), "positive and rising")
    if sides not in (1, 2):
        raise InputError("sides", sides, "1 or 2")
    if (lower > upper[:-1]).any():
        raise InputError("futility", lower.tolist(), f"at most efficacy, {upper[:-1].tolist()}")
    known = ~np.isnan(values)
    size = np.abs(values) if sides == 2 else values
    won = known & (size >= upper)
    lost = known & (values < np.append(lower, -np.inf)) & ~won
    stopped = won | lost
    stopped[..., -1] = True
    at = stopped.argmax(axis=-1)

    def there(a: Floats | Bools) -> Floats:
        return np.asarray(np.take_along_axis(a, at[..., None], axis=-1)[..., 0])

    decision = np.where(there(won), 0, np.where(there(lost), 1, 2))
    final = np.asarray(there(values))
    p = np.asarray(sides * stats.norm.sf(np.abs(final) if sides == 2 else final))
    return SequentialResult(at + 1, decision, rates[at], final, p)
