"""Degrees of freedom of a contrast of an MMRM.

Satterthwaite: with f(theta) = c' cov(beta) c, its gradient g and the inverse M of the information
of theta at the maximum,

    df = 2 f^2 / (g' M g)

(Giesbrecht & Burns 1985, doi:10.2307/2530872; Fai & Cornelius 1996, doi:10.1080/00949659608811740).
The information is the observed one (as SAS and R's lmerTest use), or the expected one where the
observed is not positive definite. For complete data df is the number of patients less the columns.

Between-within: patients less the rank of the columns, for all effects, as SAS does for an
unstructured covariance (the exception in its chapter on DDFM=BETWITHIN).
"""

from __future__ import annotations

import numpy as np

from vagus.trial.analysis.contrast import Floats
from vagus.trial.analysis.patterns import Statistics
from vagus.trial.analysis.reml import Point, elements, information
from vagus.trial.analysis.reml_fit import spectrum


def satterthwaite(s: Statistics, at: Point, c: Floats) -> Floats:
    """[R, m] degrees of freedom of the contrasts ``c`` [m, p] at the maximum."""
    expected, observed = information(s, at)
    values, vectors, scale = spectrum(observed, expected)
    along = (gradient(s, at, c) / scale[:, None]) @ vectors
    spread = (along**2 / values[:, None]).sum(axis=-1)
    f = np.einsum("mi,rij,mj->rm", c, at.cov, c)
    return np.asarray(2 * f**2 / spread)


def gradient(s: Statistics, at: Point, c: Floats) -> Floats:
    """[R, m, K] slope of c' cov(beta) c by the elements of Sigma."""
    r, _, v, _ = at.w.shape
    a = (c @ at.cov) @ s.expand.T  # d cov = cov (X' W G_k W X) cov
    a = a.reshape(r, len(c), 1, v, -1)
    n = at.w[:, None] @ (a @ s.xx[:, None] @ a.swapaxes(-1, -2)) @ at.w[:, None]
    return np.asarray(n.sum(axis=2).reshape(r, len(c), v * v) @ elements(v))


def between_within(s: Statistics) -> Floats:
    """[R] patients less the rank of the columns."""
    columns = np.einsum("rpjj->rj", s.xx) > 0
    return np.asarray(s.count.sum(axis=-1) - columns.sum(axis=-1))
