"""The recursion behind group-sequential tests: who is still in after each look, and where.

The density of the z statistic of those trials that go on is carried from look to look (Armitage,
McPherson and Rowe 1969) on the grid of Jennison and Turnbull (Group Sequential Methods, 2000,
chapter 19), with Simpson's rule. From share s of the information to share t,

    Z_t sqrt(t) - Z_s sqrt(s)  ~  N(drift (t - s), t - s),

where ``drift`` is the mean of Z at the last look (t = 1).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr

from vagus.errors import ConvergenceError
from vagus.trial.spending import Floats

# r of Jennison and Turnbull, who take 16. Twice as many move no bound tried by more than 5e-9.
GRID = 64
Z_TOLERANCE = 1e-12
FARTHEST_Z = 38.0  # the normal tail beyond is 0 in double precision


@dataclass(frozen=True, eq=False)
class Walk:
    """Trials that go on after a look: probability ``mass`` [m] on values ``z`` [m] at share ``t``.

    Before the first look all mass is at 0 (t = 0), so that every look is the same step.
    """

    drift: float
    t: float = 0.0
    z: Floats = field(default_factory=lambda: np.zeros(1))
    mass: Floats = field(default_factory=lambda: np.ones(1))

    def above(self, t: float, z: float) -> float:
        """Probability of going on until share ``t`` and then Z >= ``z``."""
        return float(self.mass @ ndtr(-self._standard(t, np.array([z]))[:, 0]))

    def below(self, t: float, z: float) -> float:
        """Probability of going on until share ``t`` and then Z <= ``z``."""
        return float(self.mass @ ndtr(self._standard(t, np.array([z]))[:, 0]))

    def upper_for(self, t: float, probability: float) -> float:
        """z with `above` of ``probability``."""
        return _root(lambda z: self.above(t, z) - probability, FARTHEST_Z)

    def lower_for(self, t: float, probability: float, top: float) -> float:
        """z up to ``top`` with `below` of ``probability``."""
        return _root(lambda z: probability - self.below(t, z), top)

    def onward(self, t: float, low: float, high: float) -> Walk:
        """Those with low < Z < high at share ``t``."""
        grid, weights = _grid(self.drift * np.sqrt(t), low, high)
        density = np.exp(-0.5 * self._standard(t, grid) ** 2) / np.sqrt(2.0 * np.pi)
        density *= np.sqrt(t / (t - self.t))
        return Walk(self.drift, t, grid, weights * (self.mass @ density))

    def _standard(self, t: float, z: Floats) -> Floats:
        """[m, n] z at share ``t``, standardised given each value before."""
        step = t - self.t
        before = self.z[:, None] * np.sqrt(self.t)
        return np.asarray((z * np.sqrt(t) - before - self.drift * step) / np.sqrt(step))


def _root(excess: Callable[[float], float], high: float) -> float:
    """z in [-FARTHEST_Z, high] where a falling ``excess`` is 0; `ConvergenceError` if none is."""
    try:
        return float(brentq(excess, -FARTHEST_Z, high, xtol=Z_TOLERANCE))
    except ValueError as error:
        raise ConvergenceError(
            "No boundary spends what it should: earlier looks have left too few trials. "
            "Use fewer looks or a smaller alpha."
        ) from error


def _grid(mean: float, low: float, high: float) -> tuple[Floats, Floats]:
    """Points and Simpson weights on (low, high), dense about ``mean``.

    Jennison and Turnbull 2000, equations 19.7 and 19.8: 6r - 1 points within 3 + 4 ln r of the
    mean, cut at the bounds, and the midpoints between them.
    """
    r = GRID
    i = np.arange(1, 6 * r)
    tail = 3.0 + 4.0 * np.log(r / np.minimum(np.minimum(i, 6 * r - i), r))
    middle = -3.0 + 3.0 * (i - r) / (2.0 * r)
    x = mean + np.where(i < r, -tail, np.where(i > 5 * r, tail, middle))
    low, high = max(low, x[0]), min(high, x[-1])
    if not low < high:  # bounds far from where trials are: nothing goes on
        return np.zeros(1), np.zeros(1)
    knots = np.concatenate([[low], x[(x > low) & (x < high)], [high]])
    z = np.empty(2 * knots.size - 1)
    z[::2], z[1::2] = knots, 0.5 * (knots[1:] + knots[:-1])
    steps = np.diff(knots) / 6.0
    weights = np.zeros_like(z)
    weights[1::2] = 4.0 * steps
    weights[:-2:2] += steps
    weights[2::2] += steps
    return z, weights
