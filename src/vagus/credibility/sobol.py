"""Sobol indices: which share of an outcome's variance each uncertain input is answerable for.

For independent inputs x_1 ... x_k the variance V of f(x) splits into shares of single inputs and
of their interplay [1]. Of a set u of inputs,

    first  S_u = V[E(f | x_u)] / V              alone (for several inputs together: closed)
    total  T_u = E[V(f | x_not u)] / V          alone and in every interplay with others.

Two samples A and B of ``base`` rows each come from one scrambled Sobol sequence of dimension 2 k
(its first and its last k coordinates), a radial design [2]: row j of A_B^u is row j of A with the
inputs u taken from row j of B. With all mixtures of A and B written as 0/1 *members* of B, the
design is one matrix: nobody (A), everybody (B), then the sets whose indices are asked for. Then

    first    V S_u = mean_j (f(B)_j - m) (f(A_B^u)_j - f(A)_j)         [2], f centred at its mean m
    total    V T_u = 1/2 mean_j (f(A)_j - f(A_B^u)_j)^2                [3]
    V = 1/2 mean_j (f(A)_j - f(B)_j)^2

V is thus the total of all inputs together, from the same pairs of rows: where one input is
answerable for nearly everything, numerator and V err together and their ratio hardly errs (in a
function of that kind half as much as with the variance over A and B; else about as much).
Intervals: 95 % percentiles of a bootstrap over rows j [4]. Rows of a Sobol sequence are more even
than independent ones, which makes them wide rather than narrow. A first-order index that is small
may come out slightly negative, and a total slightly above 1.

[1] Sobol 2001 doi:10.1016/S0378-4754(00)00270-6 [2] Saltelli 2010 doi:10.1016/j.cpc.2009.09.018
[3] Jansen 1999 doi:10.1016/S0010-4655(98)00154-4 [4] Archer 1997 doi:10.1080/00949659708811825
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from vagus.errors import InputError

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Interval = tuple[float, float, float]

EDGE = 2.0**-31
"""Half a step of the sequence: its points are kept that far from 0 and 1, where quantiles of
unbounded distributions are not finite."""
LEVELS = (0.025, 0.975)


@dataclass(frozen=True, eq=False)
class Design:
    """Rows ``a`` and ``b`` [base, k], uniform from 0 to 1, and ``members`` [g + 2, k].

    ``members[s]``: inputs taken from b in mixture s; the first is a, the second is b.
    """

    a: Floats
    b: Floats
    members: Mask

    @property
    def base(self) -> int:
        """Rows of each sample."""
        return len(self.a)

    def mixture(self, s: int) -> Floats:
        """[base, k] rows of mixture ``s``."""
        return np.where(self.members[s], self.b, self.a)


@dataclass(frozen=True, eq=False)
class SobolIndices:
    """Indices of g inputs or sets of inputs, each [g] with the ends of its 95 % interval.

    ``mean`` and ``variance`` of the outcome. ``base``: rows that were used; ``dropped``: rows left
    out because a mixture of theirs has no value; ``evaluations``: values that were used.
    ``additive``: sum of the first indices of the sets that were asked to be added, and the ends of
    its interval. All indices are nan where the outcome does not vary.
    """

    first: Floats
    first_low: Floats
    first_high: Floats
    total: Floats
    total_low: Floats
    total_high: Floats
    mean: float
    variance: float
    base: int
    evaluations: int
    dropped: int = 0
    additive: Interval = (float("nan"),) * 3

    def columns(self) -> Floats:
        """[g, 6] first index, its interval, total index, its interval."""
        first = (self.first, self.first_low, self.first_high)
        return np.stack([*first, self.total, self.total_low, self.total_high], axis=1)


def sobol_design(
    k: int, base: int, seed: int, sets: Sequence[Sequence[int]] | None = None
) -> Design:
    """A design for ``k`` inputs and the indices of ``sets`` of them (None: each alone).

    Deterministic in ``seed``. Raises `InputError` unless ``base`` is a power of 2 of 2 or more and
    every set names inputs from 0 to k - 1.
    """
    if k < 1:
        raise InputError("inputs", k, "1 or more")
    if base < 2 or base & (base - 1):
        raise InputError(
            "base", base, "a power of 2, 2 or more",
            "A Sobol sequence is balanced at powers of 2 only; take 64, 128, 256, ...",
        )  # fmt: skip
    chosen = [(i,) for i in range(k)] if sets is None else [tuple(s) for s in sets]
    members = np.zeros((len(chosen) + 2, k), dtype=np.bool_)
    members[1] = True
    for row, inputs in zip(members[2:], chosen, strict=True):
        if not all(0 <= i < k for i in inputs):
            raise InputError("sets", inputs, f"inputs from 0 to {k - 1}")
        row[list(inputs)] = True
    points = qmc.Sobol(2 * k, rng=np.random.default_rng(seed)).random(base)
    points = np.clip(points, EDGE, 1 - EDGE)
    return Design(points[:, :k], points[:, k:], members)


def sobol_indices(
    values: Floats, seed: int = 0, replicates: int = 1000, added: int | None = None
) -> SobolIndices:
    """Indices from the outcome ``values`` [g + 2, base] of a design's mixtures, in its order.

    Rows in which any mixture is nan are left out and counted. ``seed`` and ``replicates``: of the
    bootstrap; ``added``: how many sets, from the first on, are added up (None: all), which are to
    be disjoint. Raises `InputError` where fewer than two rows are left.
    """
    kept: Mask = np.asarray(np.isfinite(values).all(axis=0))
    base = int(kept.sum())
    if base < 2:
        raise InputError(
            "values", f"complete in {base} of {len(kept)} rows", "2 rows or more",
            "Most runs failed: look at why, or take a larger base.",
        )  # fmt: skip
    used = values[:, kept]
    centre = float(used[:2].mean())
    terms = _Terms(used - centre)
    first, total = terms.shares(np.full((1, base), 1.0 / base))
    rng = np.random.default_rng(seed)
    weights = rng.multinomial(base, np.full(base, 1.0 / base), size=replicates) / base
    drawn_first, drawn_total = terms.shares(weights)
    low, high = _ends(drawn_first[:, :added].sum(axis=1, keepdims=True))
    additive = (float(first[0, :added].sum()), float(low[0]), float(high[0]))
    return SobolIndices(
        first[0], *_ends(drawn_first), total[0], *_ends(drawn_total), centre,
        float(used[:2].var()), base, used.size, len(kept) - base, additive,
    )  # fmt: skip


def _ends(shares: Floats) -> tuple[Floats, Floats]:
    """Ends [g] of the interval of bootstrapped ``shares`` [r, g]; nan where all of them are."""
    varied: Floats = shares[np.asarray(np.isfinite(shares).all(axis=1))]
    if not len(varied):
        return np.full(shares.shape[1], np.nan), np.full(shares.shape[1], np.nan)
    low, high = np.quantile(varied, LEVELS, axis=0)
    return np.asarray(low), np.asarray(high)


class _Terms:
    """What the estimators average over rows, from centred values [g + 2, n]."""

    def __init__(self, centred: Floats) -> None:
        a, b, mixed = centred[0], centred[1], centred[2:]
        self.alone = b * (mixed - a)
        self.total = 0.5 * (a - mixed) ** 2
        self.all = 0.5 * (a - b) ** 2

    def shares(self, weights: Floats) -> tuple[Floats, Floats]:
        """First [r, g] and total [r, g] under ``weights`` [r, n] of the rows."""
        variance = (weights @ self.all)[:, None]
        known = np.where(variance > 0, variance, np.nan)
        return weights @ self.alone.T / known, weights @ self.total.T / known
