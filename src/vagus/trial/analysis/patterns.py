"""Sufficient statistics of a linear model over visits, by pattern of what was observed.

Patients whose visits are observed alike share one inverse covariance, so all that the restricted
likelihood needs of them is their number and the sums of x x', y x' and y y'. A trial with
monotone drop-out has no more patterns than visits.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from vagus.trial.analysis.columns import Columns
from vagus.trial.analysis.contrast import Bools, Floats, Ints

SINGULAR = 1e-10
"""Least eigenvalue of the columns' correlations below which a design is not estimable."""


@dataclass(frozen=True, eq=False)
class Statistics:
    """R replicates, P patterns, V visits, q columns, p coefficients.

    ``seen`` [P, V]; ``count`` [R, P]; ``xx`` [R, P, q, q]; ``yx`` [R, P, V, q]; ``yy``
    [R, P, V, V] of values minus ``centre`` [R, V]; ``expand`` [V q, p] places the coefficients:
    column j at visit v has the coefficient (expand beta)[v q + j]; ``kept`` [R, p] is False for
    columns that are zero in a replicate.
    """

    seen: Bools
    count: Floats
    xx: Floats
    yx: Floats
    yy: Floats
    centre: Floats
    expand: Floats
    kept: Bools

    def take(self, at: Ints) -> Statistics:
        """Those replicates only."""
        return replace(
            self, count=self.count[at], xx=self.xx[at], yx=self.yx[at], yy=self.yy[at],
            centre=self.centre[at], kept=self.kept[at],
        )  # fmt: skip

    @property
    def observations(self) -> Floats:
        """[R] values observed."""
        return np.asarray(self.count @ self.seen.sum(axis=1))

    @property
    def full(self) -> bool:
        """Every column has a coefficient per visit."""
        return bool(self.expand.shape[0] == self.expand.shape[1])


def statistics(values: Floats, design: Columns) -> Statistics:
    """Of ``values`` [R, n, V] (NaN: missing) and columns [R, n, q]; who was never seen is out."""
    seen = ~np.isnan(values)
    visits = values.shape[-1]
    number = np.maximum(seen.sum(axis=1), 1)
    centre = np.where(seen, values, 0.0).sum(axis=1) / number
    y = np.where(seen, values - centre[:, None], 0.0)
    code = seen @ (1 << np.arange(visits, dtype=np.int64))
    patterns = np.unique(code[code > 0])
    z = np.concatenate([design.x, y], axis=-1)
    q = design.x.shape[-1]
    sums = np.empty((len(values), len(patterns), q + visits, q + visits))
    for k, pattern in enumerate(patterns):
        sums[:, k] = (z * (code == pattern)[..., None]).swapaxes(1, 2) @ z
    mask = (patterns[:, None] >> np.arange(visits)) & 1 > 0
    expand, column = _expand(design.crossed, visits)
    xx = sums[..., :q, :q]
    kept = np.einsum("rpjj->rj", xx)[:, column] > 0
    return Statistics(
        mask, sums[..., 0, 0], xx, sums[..., q:, :q], sums[..., q:, q:], centre, expand, kept
    )


def _expand(crossed: tuple[bool, ...], visits: int) -> tuple[Floats, Ints]:
    """[V q, p] placement, and [p] the column of each coefficient: those of each visit in turn,
    then those that all visits share."""
    q = len(crossed)
    by_visit = [(v, j) for v in range(visits) for j in range(q) if crossed[j]]
    shared = [j for j in range(q) if not crossed[j]]
    expand = np.zeros((visits * q, len(by_visit) + len(shared)))
    for k, (v, j) in enumerate(by_visit):
        expand[v * q + j, k] = 1
    for k, j in enumerate(shared, start=len(by_visit)):
        expand[j::q, k] = 1
    return expand, np.array([j for _, j in by_visit] + shared)


def estimable(s: Statistics) -> Bools:
    """[R] whether the columns (those that are not zero) are linearly independent over what was
    observed, and each visit has more patients than coefficients of its own."""
    normal = gram(s, np.eye(s.seen.shape[1]) * s.seen[:, None])
    size = np.sqrt(np.einsum("rjj->rj", normal))
    size = np.where(s.kept, size, 1.0)
    size = np.where(size > 0, size, np.inf)  # observed nowhere: an eigenvalue of 0
    least = np.linalg.eigvalsh(normal / (size[..., None] * size[..., None, :]))[:, 0]
    own = (s.kept * (s.expand.sum(axis=0) == 1)).sum(axis=-1) / s.seen.shape[1]
    left = (s.count @ s.seen.astype(float)).min(axis=-1) - own
    return np.asarray((least > SINGULAR) & (left > 0))


def gram(s: Statistics, w: Floats) -> Floats:
    """[R, p, p] X' W X of the inverse covariances ``w`` [(R,) P, V, V] of the patterns, with 1 on
    the diagonal of columns left out."""
    return place(s, over_patterns(w, s.xx)) + np.eye(s.kept.shape[1]) * ~s.kept[:, None]


def over_patterns(a: Floats, b: Floats) -> Floats:
    """[R, i k, j l] sum over the patterns of kron(a [(R,) P, i, j], b [R, P, k, l])."""
    (i, j), (k, m) = a.shape[-2:], b.shape[-2:]
    a = np.broadcast_to(a, (len(b), *a.shape[-3:]))
    # Sizes are spelled out, as there are no patterns where nobody was ever seen.
    left, right = a.reshape(*a.shape[:2], i * j), b.reshape(*b.shape[:2], k * m)
    summed = left.swapaxes(1, 2) @ right
    return summed.reshape(-1, i, j, k, m).swapaxes(2, 3).reshape(-1, i * k, j * m)


def place(s: Statistics, full: Floats) -> Floats:
    """E' M E of M [R, ..., V q, V q], for the coefficients that visits share."""
    return full if s.full else s.expand.T @ full @ s.expand
