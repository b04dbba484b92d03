"""How many patients: two means, two rates, looks on the way, and those who leave.

Numbers of patients are real numbers, as the equations give them; `whole` rounds them up by arm.
``ratio`` is patients in the active arm per patient in the other. A two-sided level spends half on
each side, and only the right direction counts as power.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.optimize import brentq
from scipy.special import ndtri
from scipy.stats import nct, t

from vagus.errors import ConvergenceError, InputError
from vagus.trial.sequential import Boundaries, drift_for_power, expected_information, inflation
from vagus.trial.spending import check_level

MOST = 1e9  # patients; a difference that needs more is not a difference
LEAST = 4.0  # patients: two in each of two arms


@dataclass(frozen=True)
class SequentialSize:
    """Patients of a group-sequential trial.

    ``largest``: if no look stops it; ``expected_effect``, ``expected_none``: mean number under the
    effect planned for and under none; ``looks``: patients in at each look.
    """

    largest: float
    expected_effect: float
    expected_none: float
    looks: tuple[float, ...]


def power_means(
    n: float, difference: float, sd: float, alpha: float = 0.05, sides: int = 2, ratio: float = 1.0
) -> float:
    """Power of the two-sample t test with ``n`` patients in all: the noncentral t distribution.

    P(T > t_{1-alpha/sides}), T ~ t(n - 2, |difference| / (sd sqrt(1/n1 + 1/n2))).
    """
    df = n - 2.0
    ncp = abs(difference) / sd * math.sqrt(n * ratio) / (1.0 + ratio)
    return float(nct.sf(t.isf(alpha / sides, df), df, ncp))


def patients_for_means(
    difference: float,
    sd: float,
    power: float = 0.8,
    alpha: float = 0.05,
    sides: int = 2,
    ratio: float = 1.0,
) -> float:
    """Patients in all for a ``difference`` of means [unit of ``sd``], by the t test.

    The n at which `power_means` is ``power``, at least 4. Raises `InputError` for a difference of
    0, an SD that is not above 0, or a power not between alpha and 1.
    """
    _check(power, alpha, sides, ratio)
    if not (math.isfinite(sd) and sd > 0):
        raise InputError("sd", sd, "above 0", "It is a standard deviation.")
    if not math.isfinite(difference) or difference == 0:
        raise InputError("difference", difference, "a number other than 0", "None needs no trial.")

    def excess(n: float) -> float:
        return power_means(n, difference, sd, alpha, sides, ratio) - power

    z = -ndtri(alpha / sides) + ndtri(power)
    large = (1.0 + ratio) ** 2 / ratio * (z * sd / difference) ** 2  # with the SD known
    if large > MOST:
        allowed = f"a difference that up to {MOST:.0e} patients can show"
        raise InputError("difference", difference, allowed, "Is its unit that of `sd`?")
    high = 2.0 * large + 10.0
    while excess(high) < 0.0:
        high *= 2.0
        if high > 4.0 * MOST:
            raise ConvergenceError(f"No number of patients gives a power of {power:g}.")
    if excess(LEAST) >= 0.0:
        return LEAST
    return float(brentq(excess, LEAST, high, xtol=1e-10, rtol=1e-14))


def patients_for_rates(
    active: float,
    control: float,
    power: float = 0.8,
    alpha: float = 0.05,
    sides: int = 2,
    ratio: float = 1.0,
) -> float:
    """Patients in all to tell two shares apart by the normal test of their difference.

    n_control = (z_{1-a} sqrt((1 + 1/r) p (1 - p)) + z_{power} sqrt(p1 q1 / r + p2 q2))^2 / (p1 -
    p2)^2 with p the pooled share (Fleiss, Tytun and Ury 1980, without continuity correction).
    Raises `InputError` for shares that are equal or not within 0 to 1.
    """
    _check(power, alpha, sides, ratio)
    for field, share in (("active", active), ("control", control)):
        if not 0.0 <= share <= 1.0:
            raise InputError(field, share, "0 to 1", "It is a share of patients.")
    if active == control:
        raise InputError("active", active, "a share other than the control's")
    pooled = (ratio * active + control) / (1.0 + ratio)
    none = math.sqrt((1.0 + 1.0 / ratio) * pooled * (1.0 - pooled))
    some = math.sqrt(active * (1.0 - active) / ratio + control * (1.0 - control))
    z = -ndtri(alpha / sides) * none + ndtri(power) * some
    return float((1.0 + ratio) * (z / (active - control)) ** 2)


def sequential_patients(fixed: float, plan: Boundaries, power: float = 0.8) -> SequentialSize:
    """Patients of a trial with looks, where one without needs ``fixed`` for the same power.

    The largest number is ``fixed`` times the inflation factor of the plan (Jennison and Turnbull
    2000, section 2.3). Raises `InputError` for a power that the plan cannot have.
    """
    largest = fixed * inflation(plan, power)
    drift = drift_for_power(plan, power)
    return SequentialSize(
        largest,
        largest * expected_information(plan, drift),
        largest * expected_information(plan, 0.0),
        tuple(float(largest * share) for share in plan.information),
    )


def with_drop_out(n: float, per_visit: float, visits: int) -> float:
    """Patients to randomise so that ``n`` stay to the last of ``visits``.

    n / (1 - h)^V, with h the probability of leaving at each visit.
    """
    if not 0.0 <= per_visit < 1.0:
        raise InputError("drop_out.per_visit", per_visit, "at least 0 and below 1")
    if visits < 1:
        raise InputError("visits", visits, "at least 1")
    return n / (1.0 - per_visit) ** visits


def whole(n: float, ratio: float = 1.0) -> tuple[int, int]:
    """Whole patients (active, other): each arm rounded up, none of less than 2."""
    slack = 1e-9  # 100.0000000001 is 100
    other = max(2, math.ceil(n / (1.0 + ratio) - slack))
    return max(2, math.ceil(n * ratio / (1.0 + ratio) - slack)), other


def smallest_shown(
    n: float, power: float = 0.8, alpha: float = 0.05, sides: int = 2, ratio: float = 1.0
) -> float:
    """Difference of means, in SD, that ``n`` patients in all show with ``power``."""
    _check(power, alpha, sides, ratio)
    if not n > 2.0:
        raise InputError("n", n, "above 2", "The t test needs a degree of freedom.")
    high = 1.0
    while power_means(n, high, 1.0, alpha, sides, ratio) < power:
        high *= 2.0
    return float(brentq(lambda d: power_means(n, d, 1.0, alpha, sides, ratio) - power, 0.0, high))


def _check(power: float, alpha: float, sides: int, ratio: float) -> None:
    check_level(alpha, sides)
    if not alpha / sides < power < 1.0:
        raise InputError("power", power, f"above {alpha / sides:g} and below 1", "0.8 or 0.9.")
    if not 0.0 < ratio < math.inf:
        raise InputError("ratio", ratio, "above 0", "Patients in active per one in the other arm.")
