"""A trial's design: arms, visits, entry, endpoint, alpha, looks, and what goes wrong on the way.

Times are whole days. Day 0 is randomisation, and a cohort's day 0, but for `enriched-withdrawal`:
there day 0 begins the open lead-in and patients are randomised on day ``lead_in_d``. The rating of
a visit is over the ``recall_d`` days that end at it, [visit - recall, visit). What arms are:

- `parallel`, `enriched-withdrawal`: groups of patients, ``n`` randomised to each;
- `crossover`: the two sequences, named by role for what comes first, ``n`` randomised to each;
  periods are [0, period) and [period + washout, 2 period + washout), as regimens say;
- `n-of-1`: the two treatments that one patient has in turn (``n`` 1 each); visits end the periods,
  two of them a pair, and the order within each pair is drawn.

In the last two patients have both treatments. A regimen has one way of knowing and one background
for all its days, so both arms have the same, and none is `untreated`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal, get_args

from vagus.body.conditions import condition
from vagus.errors import InputError
from vagus.patient.observables import check_endpoint, observable
from vagus.patient.regimen import Regimen
from vagus.patient.screening import Entry
from vagus.protocol.device import nearest
from vagus.trial.estimand import Estimand
from vagus.trial.randomisation import composition
from vagus.trial.spending import Efficacy, check_information, check_level

Role = Literal["active", "sham", "untreated", "control"]
Kind = Literal["parallel", "crossover", "enriched-withdrawal", "n-of-1"]
Analysis = Literal["mmrm", "ancova", "responder", "crossover", "n-of-1", "change-within"]
# What can be done with the ratings of each kind of trial.
ANALYSES: dict[Kind, tuple[Analysis, ...]] = {
    "parallel": ("mmrm", "ancova", "responder", "change-within"),
    "enriched-withdrawal": ("mmrm", "ancova", "responder"),
    "crossover": ("crossover",),
    "n-of-1": ("n-of-1",),
}
LEAST_PAIRS = 2  # one pair of periods has two outcomes, which show nothing
MOST_PAIRS = 5  # 32 orders, each a cohort's courses: minutes become hours beyond
LEAST_ALPHA = 1e-12  # far below, 1 - alpha is 1 in double precision and no interval has that level
LENGTHS = ("run_in_d", "recall_d", "period_d", "washout_d", "lead_in_d")


def among(name: str, value: str, names: tuple[str, ...]) -> None:
    """`InputError` with the nearest name where ``value`` is none of ``names``."""
    if value not in names:
        raise InputError(name, value, ", ".join(names), nearest(str(value), names))


def _within(name: str, value: float, allowed: str, good: bool, fix: str = "") -> None:
    if not good:  # NaN is never good: each caller's condition is false for it
        raise InputError(name, value, allowed, fix)


def _whole(days: float) -> bool:
    return math.isfinite(days) and abs(days - round(days)) < 1e-9


@dataclass(frozen=True)
class Arm:
    """One group (or sequence, or treatment: see above): ``n`` patients are randomised to it."""

    name: str
    role: Role
    n: int
    regimen: Regimen

    def __post_init__(self) -> None:
        among(f"arms.{self.name}.role", self.role, get_args(Role))
        good = isinstance(self.n, int) and not isinstance(self.n, bool) and self.n >= 1
        fix = f"Say how many patients are randomised to `{self.name}`."
        _within(f"arms.{self.name}.n", self.n, "a whole number, at least 2", good, fix)


@dataclass(frozen=True)
class DropOut:
    """Logistic hazard of leaving at each visit.

    ``per_visit``: probability for a patient no worse than at entry and without side effects;
    ``log_odds_pain`` per SD of pain worse than at entry; ``log_odds_side_effects`` per unit of
    sensation.
    """

    per_visit: float = 0.0
    log_odds_pain: float = 0.0
    log_odds_side_effects: float = 0.0

    def __post_init__(self) -> None:
        share = self.per_visit
        _within("drop_out.per_visit", share, "at least 0 and below 1", 0 <= share < 1)
        for name in ("log_odds_pain", "log_odds_side_effects"):
            value = getattr(self, name)
            _within(f"drop_out.{name}", value, "a finite number", math.isfinite(value))


@dataclass(frozen=True)
class Rescue:
    """Other treatment, allowed when the rating is ``at_least`` that (unit of the endpoint).

    Taken with ``probability`` per visit at which it is allowed; shifts ratings after it by
    ``effect_SD`` (SD of the endpoint, negative is better).
    """

    at_least: float
    probability: float
    effect_SD: float

    def __post_init__(self) -> None:
        share = self.probability
        _within("rescue.probability", share, "0 to 1", 0 <= share <= 1)
        for name in ("at_least", "effect_SD"):
            value = getattr(self, name)
            _within(f"rescue.{name}", value, "a finite number", math.isfinite(value))


@dataclass(frozen=True)
class Strata:
    """Stratified permuted blocks.

    ``baseline_cuts``: values of the baseline, rising, that part the strata; ``block_sizes``: sizes
    that are drawn from, each able to hold the arms in their ratio; none: twice the smallest that
    is, 4 for two equal arms.
    """

    baseline_cuts: tuple[float, ...] = ()
    block_sizes: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        cuts, sizes = self.baseline_cuts, self.block_sizes
        if any(b <= a for a, b in pairwise(cuts)) or any(map(math.isnan, cuts)):
            raise InputError("strata.baseline_cuts", cuts, "values that rise", "Sort them.")
        if any(not isinstance(s, int) or s < 1 for s in sizes):
            raise InputError("strata.block_sizes", sizes, "whole numbers, at least 1")


@dataclass(frozen=True)
class Looks:
    """Group-sequential plan.

    ``information``: share of the final information at each look, rising to 1; ``efficacy``: kind of
    boundary; ``futility_z``: z value below which each look but the last stops (non-binding).
    """

    information: tuple[float, ...]
    efficacy: Efficacy
    futility_z: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        among("looks.efficacy", self.efficacy, get_args(Efficacy))
        check_information(self.information)
        wanted = len(self.information) - 1
        if self.futility_z and len(self.futility_z) != wanted:
            fix = "The last look has none: it decides."
            allowed = f"{wanted} values, one per look but the last"
            raise InputError("looks.futility_z", self.futility_z, allowed, fix)
        if any(math.isnan(z) for z in self.futility_z):
            raise InputError("looks.futility_z", self.futility_z, "numbers")


@dataclass(frozen=True)
class Design:
    """A trial as it is planned. Semantics of days and arms: the head of this module.

    ``visits_d``: days at which the rating windows end; the last is the primary time.
    ``responder_share``: improvement over baseline, as a share of it, that is a response (to the
    lead-in too). ``adherence``: expected share of sessions done. ``period_d``, ``washout_d``:
    crossover and n-of-1; ``lead_in_d``: enriched withdrawal. Raises `InputError`.
    """

    title: str
    condition: str
    endpoint: str
    kind: Kind
    arms: tuple[Arm, ...]
    visits_d: tuple[float, ...]
    estimand: Estimand
    run_in_d: float = 7.0
    entry: Entry = field(default_factory=Entry)
    recall_d: float = 7.0
    alpha: float = 0.05
    sides: Literal[1, 2] = 2
    responder_share: float = 0.5
    strata: Strata = Strata()
    looks: Looks | None = None
    drop_out: DropOut = DropOut()
    rescue: Rescue | None = None
    analysis: Analysis = "mmrm"
    adherence: float = 1.0
    period_d: float = 0.0
    washout_d: float = 0.0
    lead_in_d: float = 0.0

    def __post_init__(self) -> None:
        condition(self.condition)
        check_endpoint(self.condition, self.endpoint)
        among("kind", self.kind, get_args(Kind))
        self._check_numbers()
        self._check_visits()
        self._check_analysis()
        self._check_scale()
        self._check_arms()
        for size in self.strata.block_sizes:
            composition([arm.n for arm in self.arms], size)
        if self.kind == "crossover":
            self._check_crossover()
        elif self.kind == "n-of-1":
            self._check_n_of_1()

    def horizon_d(self) -> float:
        """Whole days that a cohort must be simulated for, from day 0."""
        return float(math.ceil(self.visits_d[-1]))

    def patients(self) -> int:
        """Patients randomised, all arms together; 1 for `n-of-1`, whose arms one patient has."""
        return 1 if self.kind == "n-of-1" else sum(arm.n for arm in self.arms)

    def role_index(self, role: Role) -> int:
        """Index of the first arm with ``role``; -1 where none has it."""
        return next((i for i, arm in enumerate(self.arms) if arm.role == role), -1)

    def comparator(self) -> int:
        """Index of the arm that active is held against: sham, else control, else untreated; -1."""
        found = (self.role_index(role) for role in ("sham", "control", "untreated"))
        return next((i for i in found if i >= 0), -1)

    def _check_numbers(self) -> None:
        check_level(self.alpha, self.sides)
        good = self.alpha >= LEAST_ALPHA
        _within("alpha", self.alpha, f"{LEAST_ALPHA:g} or more", good, "0.05 is usual.")
        share = self.responder_share
        _within("responder_share", share, "above 0 and below 1", 0 < share < 1, "0.3 or 0.5.")
        _within("adherence", self.adherence, "above 0, up to 1", 0 < self.adherence <= 1)
        for name in LENGTHS:
            value = getattr(self, name)
            least = 1 if name in ("run_in_d", "recall_d") else 0
            good = _whole(value) and value >= least
            _within(name, value, f"whole days, {least} or more", good, "Courses are by the day.")

    def _check_visits(self) -> None:
        days = self.visits_d
        start = self.lead_in_d
        if not days:
            raise InputError("visits_d", "()", "at least one visit", "Give the primary time.")
        rising = all(b > a for a, b in pairwise((start, *days)))
        if not rising or not all(map(_whole, days)):
            allowed = f"whole days that rise, the first after day {start:g}"
            raise InputError("visits_d", days, allowed, "Sort them; each visit has its own day.")
        if (self.kind == "enriched-withdrawal") != (start > 0):
            fix = (
                "Patients respond to open treatment first." if start == 0 else "It has no lead-in."
            )
            allowed = "above 0 days for `enriched-withdrawal`, 0 for any other kind"
            raise InputError("lead_in_d", start, allowed, fix)

    def _check_analysis(self) -> None:
        among("analysis", self.analysis, get_args(Analysis))
        if self.analysis not in ANALYSES[self.kind]:
            allowed = f"{', '.join(ANALYSES[self.kind])} for `{self.kind}`"
            raise InputError("analysis", self.analysis, allowed)
        counted = self.analysis in ("responder", "change-within")
        if observable(self.endpoint).kind == "binary" and not counted:
            allowed = f"`responder` for `{self.endpoint}`, which is yes or no"
            raise InputError("analysis", self.analysis, allowed, "Or take another endpoint.")

    def _check_scale(self) -> None:
        """Limits of entry lie on the scale of the rating, rescue has one that allows it."""
        scale = condition(self.condition)
        low, high = self.entry.limits
        allowed = f"on the scale of {scale.low:g} to {scale.high:g} {scale.unit}"
        fix = "Nobody rates so."
        _within("entry.at_least", low, allowed, low <= scale.high, fix)
        _within("entry.at_most", high, allowed, high >= scale.low, fix)
        if self.rescue is not None and observable(self.endpoint).kind == "binary":
            fix = "Leave `rescue` out, or take a rating as the endpoint."
            allowed = "none, as there is no rating that allows rescue"
            raise InputError("rescue", f"with `{self.endpoint}`, which is yes or no", allowed, fix)

    def _check_arms(self) -> None:
        names = [arm.name for arm in self.arms]
        if len(set(names)) < len(names):
            raise InputError("arms", ", ".join(names), "each name once", "Rename one.")
        regimens = {arm.regimen for arm in self.arms}
        if len({regimen.name for regimen in regimens}) < len(regimens):
            said = ", ".join(arm.regimen.name for arm in self.arms)
            raise InputError("arms", said, "regimens that differ to have names of their own")
        if self.role_index("active") < 0:
            fix = "Give one arm the role `active`."
            raise InputError("arms", ", ".join(names) or "none", "an active arm", fix)
        if self.analysis != "change-within" and self.comparator() < 0:
            fix = "Add one, or take the analysis `change-within`."
            allowed = "an arm to compare with: sham, control or untreated"
            raise InputError("arms", ", ".join(names), allowed, fix)
        for arm in self.arms:
            good = arm.n >= 2 or self.kind == "n-of-1"
            fix = "One patient has no spread; `kind: n-of-1` is the design for one."
            _within(f"arms.{arm.name}.n", arm.n, "a whole number, at least 2", good, fix)

    def _check_in_turn(self) -> None:
        """Patients have both treatments: what they know and have besides is one thing."""
        first, second = self.arms
        for name in ("knows", "background"):
            both = [getattr(arm.regimen, name) or "none" for arm in (first, second)]
            if both[0] != both[1]:
                fix = "Compare what differs so in a `parallel` trial."
                allowed = f"the same in both, as `{self.kind}` gives both to each patient"
                raise InputError(f"arms.{second.name}.{name}", " and ".join(both), allowed, fix)
        for arm in self.arms:
            if "untreated" in (arm.role, arm.regimen.knows):
                fix = "Nobody is untreated in a trial whose patients have both treatments."
                raise InputError(f"arms.{arm.name}.role", "untreated", "sham, control", fix)

    def _check_crossover(self) -> None:
        if len(self.arms) != 2 or self.role_index("active") < 0 or self.comparator() < 0:
            names = ", ".join(arm.name for arm in self.arms)
            fix = "One arm has active treatment first, the other its comparator."
            raise InputError("arms", names, "two sequences", fix)
        _within("period_d", self.period_d, "above 0 days", self.period_d > 0)
        end = 2 * self.period_d + self.washout_d
        second = self.period_d + self.washout_d
        inside = [v <= self.period_d or second < v <= end for v in self.visits_d]
        if not all(inside) or not inside or self.visits_d[0] > self.period_d:
            allowed = f"days up to {self.period_d:g}, and after {second:g} up to {end:g}"
            raise InputError("visits_d", self.visits_d, allowed, "Visit in both periods.")
        if self.visits_d[-1] <= second:
            raise InputError("visits_d", self.visits_d, f"a visit after day {second:g} too")
        self._check_in_turn()

    def _check_n_of_1(self) -> None:
        if len(self.arms) != 2 or any(arm.n != 1 for arm in self.arms):
            value = ", ".join(f"{arm.name}: {arm.n}" for arm in self.arms)
            fix = "The one patient has both treatments in turn."
            raise InputError("arms", value, "two treatments with n 1 each", fix)
        periods = len(self.visits_d)
        if periods % 2 or not 2 * LEAST_PAIRS <= periods <= 2 * MOST_PAIRS:
            fix = "Each visit ends a period; an active and a control period are a pair."
            allowed = f"an even number of periods, {2 * LEAST_PAIRS} to {2 * MOST_PAIRS}"
            raise InputError("visits_d", f"{periods} periods", allowed, fix)
        if self.looks is not None:
            fix = "Leave `looks` out."
            raise InputError("looks", "given", "none for `n-of-1`, which has one patient", fix)
        self._check_in_turn()
