"""Group-sequential boundaries, power and expected information.

Boundaries are found by the recursion of `vagus.trial.walk`, without simulation. ``drift`` is the
mean of z at the last look; positive z speaks for active treatment.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, get_args

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from vagus.errors import ConvergenceError, InputError
from vagus.trial.spending import (
    Efficacy,
    Floats,
    check_information,
    check_level,
    obrien_fleming_spending,
    pocock_spending,
)
from vagus.trial.walk import Z_TOLERANCE, Walk

if TYPE_CHECKING:
    from vagus.trial.design import Design

# Probability that the recursion may lose over all looks before its result is refused.
LOST = 1e-7
TOO_CLOSE = "looks are too close together. Leave out one of two that are."
Spending = Callable[[float, Floats], Floats]
SPENDING: dict[str, Spending] = {
    "lan-demets-obf": obrien_fleming_spending,
    "lan-demets-pocock": pocock_spending,
}


@dataclass(frozen=True, eq=False)
class Boundaries:
    """When to stop. ``information`` [K] of the final; ``efficacy_z`` [K]; ``futility_z`` [K - 1].

    A trial stops for benefit at z >= efficacy, with two sides for harm at z <= -efficacy, and for
    futility at z < futility (-inf: never). Futility is non-binding: efficacy does not count on it.
    ``stage_levels`` [K]: one-sided p value at each bound; ``alpha_spent`` [K]: cumulative, over all
    sides.
    """

    information: Floats
    efficacy_z: Floats
    futility_z: Floats
    stage_levels: Floats
    alpha_spent: Floats
    alpha: float
    sides: int


@dataclass(frozen=True, eq=False)
class Crossing:
    """Probability [K] of stopping at each look, by reason; the rest reaches the end undecided."""

    benefit: Floats
    harm: Floats
    futility: Floats


def boundaries(
    information: Sequence[float],
    efficacy: Efficacy,
    alpha: float = 0.05,
    sides: int = 2,
    futility_z: Sequence[float] = (),
) -> Boundaries:
    """Boundaries of one plan.

    ``obrien-fleming``: c / sqrt(t) (O'Brien and Fleming 1979); ``pocock``: the same c at every look
    (Pocock 1977); ``lan-demets-...``: a spending function (Lan and DeMets 1983). Raises
    `InputError` for shares that do not rise to 1, a level that is impossible, or futility above
    efficacy; `ConvergenceError` where looks are too close together for the integration.
    """
    t = check_information(information)
    check_level(alpha, sides)
    if efficacy not in get_args(Efficacy):
        raise InputError("looks.efficacy", efficacy, ", ".join(get_args(Efficacy)))
    if efficacy in SPENDING:
        upper = _spend(t, SPENDING[efficacy](alpha / sides, t), sides)
    else:
        shape = 1.0 / np.sqrt(t) if efficacy == "obrien-fleming" else np.ones_like(t)
        upper = shape * _constant(t, shape, alpha, sides)
    none = np.full(t.size - 1, -np.inf)
    plan = Boundaries(t, upper, none, ndtr(-upper), np.zeros_like(t), alpha, sides)
    found = crossing(plan, 0.0)
    plan = replace(plan, alpha_spent=np.cumsum(found.benefit + found.harm))
    return with_futility(plan, futility_z) if len(futility_z) else plan


def plan_of(design: Design) -> Boundaries | None:
    """The boundaries of a design, None where it has no looks. Raises as `boundaries` does."""
    looks = design.looks
    if looks is None:
        return None
    return boundaries(
        looks.information, looks.efficacy, design.alpha, design.sides, looks.futility_z
    )


def with_futility(plan: Boundaries, futility_z: Sequence[float] | Floats) -> Boundaries:
    """``plan`` with a z value below which each look but the last stops; efficacy is unchanged."""
    lower = np.asarray(futility_z, dtype=float)
    if lower.shape != (plan.information.size - 1,) or np.isnan(lower).any():
        allowed = f"{plan.information.size - 1} numbers, one per look but the last"
        raise InputError("looks.futility_z", tuple(futility_z), allowed)
    if np.any(lower >= plan.efficacy_z[:-1]):
        below = ", ".join(f"{z:.4g}" for z in plan.efficacy_z[:-1])
        fix = "A look cannot stop for both."
        raise InputError("looks.futility_z", tuple(futility_z), f"below {below}", fix)
    return replace(plan, futility_z=lower)


def crossing(plan: Boundaries, drift: float) -> Crossing:
    """Where trials stop when the mean of the last z is ``drift``. Raises `ConvergenceError`."""
    walk = Walk(drift)
    lower = np.append(plan.futility_z, -np.inf)
    benefit, harm, futility = (np.zeros(plan.information.size) for _ in range(3))
    for k, (t, upper) in enumerate(zip(plan.information, plan.efficacy_z, strict=True)):
        least = -upper if plan.sides == 2 else -np.inf
        benefit[k] = walk.above(t, upper)
        harm[k] = walk.below(t, least)
        floor = max(least, lower[k])
        futility[k] = walk.below(t, floor) - harm[k] if floor > least else 0.0
        walk = walk.onward(t, floor, upper)
    lost = abs(1.0 - walk.mass.sum() - benefit.sum() - harm.sum() - futility.sum())
    if lost > LOST:
        raise ConvergenceError(
            f"The integration over looks is off by {lost:.1g} of the probability (at most "
            f"{LOST:.0g}): {TOO_CLOSE}"
        )
    return Crossing(benefit, harm, futility)


def power(plan: Boundaries, drift: float) -> float:
    """Probability of stopping for benefit at any look, futility stops counted as lost."""
    return float(crossing(plan, drift).benefit.sum())


def expected_information(plan: Boundaries, drift: float) -> float:
    """Mean share of the final information when a trial ends, futility stops counted."""
    found = crossing(plan, drift)
    stops = (found.benefit + found.harm + found.futility)[:-1]
    return float(stops @ plan.information[:-1] + (1.0 - stops.sum()))


def drift_for_power(plan: Boundaries, wanted: float) -> float:
    """Mean of the last z at which the power is ``wanted``. Raises `InputError` if not possible."""
    least = power(plan, 0.0)
    if not least < wanted < 1.0:
        raise InputError("power", wanted, f"above {least:.4g} and below 1", "0.8 or 0.9.")
    fixed = _fixed_drift(plan, wanted)
    high = _first_above(lambda drift: power(plan, drift), wanted, max(fixed, 1.0))
    return float(brentq(lambda drift: power(plan, drift) - wanted, 0.0, high, xtol=Z_TOLERANCE))


def inflation(plan: Boundaries, wanted: float) -> float:
    """Largest information over that of a fixed design with the same level and power."""
    return float((drift_for_power(plan, wanted) / _fixed_drift(plan, wanted)) ** 2)


def with_beta_spending(
    plan: Boundaries, wanted: float, efficacy: Efficacy = "lan-demets-obf"
) -> Boundaries:
    """``plan`` with non-binding futility that spends 1 - ``wanted`` power by a spending function.

    The lower bounds are those under the drift at which the power, futility counted, is ``wanted``
    (Pampallona, Tsiatis and Kim 2001; efficacy is kept, so the level holds if they are overruled).
    Raises `InputError` for a kind that is no spending function or a power that is impossible.
    """
    if efficacy not in SPENDING:
        raise InputError("futility spending", efficacy, ", ".join(SPENDING))
    if not plan.alpha < wanted < 1.0:
        raise InputError("power", wanted, f"above {plan.alpha:.4g} and below 1", "0.8 or 0.9.")
    steps = np.diff(SPENDING[efficacy](1.0 - wanted, plan.information), prepend=0.0)

    def at(drift: float) -> Boundaries:
        return with_futility(plan, _lower_bounds(plan, steps, drift))

    low = _fixed_drift(plan, wanted)
    high = _first_above(lambda drift: power(at(drift), drift), wanted, low)
    drift = brentq(lambda d: power(at(d), d) - wanted, 0.9 * low, high, xtol=1e-10)
    return at(float(drift))


def _lower_bounds(plan: Boundaries, steps: Floats, drift: float) -> Floats:
    """Bounds [K - 1] below which ``steps`` of probability stop at each look under ``drift``."""
    walk, bounds = Walk(drift), np.full(plan.information.size - 1, -np.inf)
    for k, (t, upper) in enumerate(zip(plan.information[:-1], plan.efficacy_z, strict=False)):
        top = upper - 1e-6  # where beta is spent before alpha, looks would stop for both
        if walk.below(t, top) <= steps[k]:
            bounds[k] = top
        elif steps[k] > 0.0:
            bounds[k] = walk.lower_for(t, steps[k], top)
        least = -upper if plan.sides == 2 else -np.inf
        walk = walk.onward(t, max(bounds[k], least), upper)
    return bounds


def _spend(t: Floats, spent: Floats, sides: int) -> Floats:
    """Upper bounds [K] crossed with probability ``spent`` [K] up to each look, without drift."""
    walk, bounds = Walk(0.0), np.full(t.size, np.inf)
    for k, step in enumerate(np.diff(spent, prepend=0.0)):
        if step > 0.0:  # a share so small that nothing is spent in double precision: never stop
            bounds[k] = walk.upper_for(t[k], step)
        walk = walk.onward(t[k], -bounds[k] if sides == 2 else -np.inf, bounds[k])
    return bounds


def _constant(t: Floats, shape: Floats, alpha: float, sides: int) -> float:
    """c for which bounds c ``shape`` are crossed with probability ``alpha`` under no drift."""

    def excess(c: float) -> float:
        walk, total = Walk(0.0), 0.0
        for share, upper in zip(t, c * shape, strict=True):
            total += walk.above(share, upper)
            walk = walk.onward(share, -upper if sides == 2 else -np.inf, upper)
        return total - alpha / sides

    # One look alone needs less, and K independent looks (Bonferroni) would need more.
    least, most = -ndtri(alpha / sides), -ndtri(alpha / sides / t.size)
    if t.size == 1:
        return float(least)
    try:
        return float(brentq(excess, least - 1e-3, most + 1e-3, xtol=Z_TOLERANCE))
    except ValueError as error:
        raise ConvergenceError(f"No constant has the level {alpha:g}: {TOO_CLOSE}") from error


def _first_above(rising: Callable[[float], float], wanted: float, start: float) -> float:
    """A value where ``rising`` exceeds ``wanted``, by growing ``start``; `ConvergenceError`."""
    for factor in (1.2, 1.5, 2.0, 4.0, 8.0):
        if rising(start * factor) > wanted:
            return start * factor
    raise ConvergenceError(
        f"A power of {wanted:g} is not reached however large the trial: futility bounds stop it. "
        "Lower `looks.futility_z`."
    )


def _fixed_drift(plan: Boundaries, wanted: float) -> float:
    """Drift of the fixed design with the plan's level: z_{1-alpha/sides} + z_{power}."""
    return float(-ndtri(plan.alpha / plan.sides) + ndtri(wanted))
