"""Three forecasts without a body, which a simulator has to beat before it is worth anything.

    sham    no effect beyond pooled sham: both arms get the pooled response of sham arms
    effect  pooled effect: sham as above; the active arm has what calibration trials found besides
    pilot   the open-label pilot at face value for the active arm, sham as above

Each is a distribution of what the trial would report, samples [S] as a `Forecast` has them: the
pool's standard error, its spread between trials (one draw per trial, shared by its arms), and the
sampling error of an arm of this size. Nothing comes from the trial itself, nor from trials left
out, nor from those that share patients with them. Source: dossier of clinical evidence, `Scoring a
prediction`.

Sampling: of a mean change `change_sd` / sqrt(n), n those expected at the last visit, as the means
that a virtual trial reports are of those seen there; of a median sqrt(pi / 2) times that, as in a
normal law. Shares are binomial and of all randomised, the attacks of one patient counted as one.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from vagus.patient.observables import observable
from vagus.trial.design import Arm, Design
from vagus.trial.endpoint_scale import change_sd, endpoint_sd
from vagus.trial.pilots import Pilot, pilot_of
from vagus.trial.pools import Kind, Pool, effect_pool, sham_pool
from vagus.trial.published import AttackDesign, PublishedTrial
from vagus.trial.results import CONTRAST, POOLED

Floats = NDArray[np.float64]
BaselineName = Literal["sham", "effect", "pilot"]
BASELINES: tuple[BaselineName, ...] = get_args(BaselineName)
TITLES: dict[BaselineName, str] = {
    "sham": "no effect beyond pooled sham",
    "effect": "pooled effect",
    "pilot": "open-label pilot at face value",
}
SIZE = 4000
CONTINUOUS = ("change_mean", "change_median")


@dataclass(frozen=True, eq=False)
class Baseline:
    """One baseline's samples: (arm, quantity) -> [S], in the units of `vagus.trial.results`.

    What it has no number for is missing. ``trials``: all that entered; ``basis``: in words.
    """

    name: BaselineName
    samples: Mapping[tuple[str, str], Floats]
    trials: tuple[str, ...]
    basis: tuple[str, ...]


def baselines(
    trial: PublishedTrial, *, without: frozenset[str] = frozenset(), seed: int = 0,
    size: int = SIZE,
) -> tuple[Baseline, ...]:  # fmt: skip
    """The three baselines of ``trial``, from calibration trials other than it and ``without``."""
    out = without | {trial.key}
    return tuple(_baseline(name, trial, out, seed, size) for name in BASELINES)


def quantities(trial: PublishedTrial) -> tuple[tuple[str, str], ...]:
    """(arm, quantity) of all that can be asked of a trial, its own endpoint first."""
    design = trial.design
    arms = [arm.name for arm in design.arms]
    contrast = [(CONTRAST, "difference")] if len(arms) > 1 else []
    if isinstance(design, AttackDesign):
        return (*((arm, "event_share") for arm in arms), *contrast)
    if design.kind == "crossover":
        return tuple(contrast)
    if observable(design.endpoint).kind == "binary":
        return (*((arm, "responder_share") for arm in arms), *contrast)
    of_arms = [(arm, q) for q in (*CONTINUOUS, "responder_share") for arm in arms]
    pooled = [(POOLED, "change_mean")] if contrast else []
    return (*of_arms[: len(arms)], *contrast, *of_arms[len(arms) :], *pooled)


def _baseline(
    name: BaselineName, trial: PublishedTrial, out: frozenset[str], seed: int, size: int
) -> Baseline:
    made: dict[tuple[str, str], Floats] = {}
    known: list[_Known] = []
    for quantity in _of_arms(trial):
        source = _known(name, trial, quantity, out)
        if source is None:
            continue
        key = zlib.crc32(f"{trial.key} {name} {quantity}".encode())
        rng = np.random.default_rng(np.random.SeedSequence([seed, key]))
        arms = _drawn(source, trial.design, quantity, rng, size)
        made |= {(arm, quantity): drawn for arm, drawn in arms.items()}
        made |= _together(trial.design, quantity, arms)
        known.append(source)
    samples = {key: made[key] for key in quantities(trial) if key in made}
    used = known if samples else []
    trials = dict.fromkeys(key for one in used for key in one.trials)
    words = dict.fromkeys(part for one in used for part in one.words)
    return Baseline(name, samples, tuple(trials), tuple(words))


@dataclass(frozen=True)
class _Known:
    """What a baseline knows of one quantity."""

    sham: Pool
    effect: Pool | None = None
    pilot: Pilot | None = None

    @property
    def trials(self) -> tuple[str, ...]:
        added = self.effect.trials if self.effect else ()
        return (*self.sham.trials, *added, *((self.pilot.trial,) if self.pilot else ()))

    @property
    def words(self) -> tuple[str, ...]:
        parts = [f"sham {_pool_words(self.sham)}"]
        if self.effect:
            parts.append(f"effect {_pool_words(self.effect)}")
        if self.pilot:
            p = self.pilot
            parts.append(f"pilot {p.trial}, {p.outcome}: {p.value:.3g}, n = {p.n} ({p.reason})")
        return tuple(parts)


def _of_arms(trial: PublishedTrial) -> tuple[str, ...]:
    """Quantities of arms that all others are made of."""
    named = dict.fromkeys(q for _, q in quantities(trial) if q != "difference")
    return tuple(named) or ("change_mean",)


def _kind(quantity: str) -> Kind:
    if quantity in CONTINUOUS:
        return "change"
    return "event_share" if quantity == "event_share" else "responder_share"


def _known(
    name: BaselineName, trial: PublishedTrial, quantity: str, out: frozenset[str]
) -> _Known | None:
    """None where the pools are empty, or where the trial has no pilot for this quantity."""
    kind = _kind(quantity)
    sham = sham_pool(kind, out)
    if sham is None or name == "sham":
        return None if sham is None else _Known(sham)
    if name == "effect":
        effect = effect_pool(kind, out)
        return None if effect is None else _Known(sham, effect=effect)
    pilot = pilot_of(trial.key, quantity, out)
    return None if pilot is None else _Known(sham, pilot=pilot)


def _drawn(
    known: _Known, design: Design | AttackDesign, quantity: str, rng: np.random.Generator, size: int
) -> dict[str, Floats]:
    """arm -> [size] what it reports."""
    level = known.sham.estimate + known.sham.sd * rng.standard_normal(size)
    found = {}
    for arm in design.arms:
        at = level
        if known.effect is not None and arm.role == "active":
            at = level + known.effect.estimate + known.effect.sd * rng.standard_normal(size)
        if known.pilot is not None and arm.role == "active":
            true = _pilot(known.pilot, design, rng, size)
        elif isinstance(design, Design) and quantity in CONTINUOUS:
            true = _unit(at, design)
        else:
            true = expit(at)
        found[arm.name] = _sampled(true, design, arm, quantity, rng)
    return found


def _together(
    design: Design | AttackDesign, quantity: str, arms: Mapping[str, Floats]
) -> dict[tuple[str, str], Floats]:
    """Contrast of the first two arms and, of mean changes, all arms together."""
    if quantity == "change_median" or (quantity == "responder_share" and not _binary(design)):
        return {}
    names = [arm.name for arm in design.arms]
    found = {}
    if len(names) > 1:
        found[CONTRAST, "difference"] = arms[names[0]] - arms[names[1]]
    if quantity == "change_mean":
        n = [arm.n for arm in design.arms]
        mixed = np.average([arms[name] for name in names], axis=0, weights=n)
        found[POOLED, "change_mean"] = np.asarray(mixed)
    return found


def _binary(design: Design | AttackDesign) -> bool:
    return isinstance(design, AttackDesign) or observable(design.endpoint).kind == "binary"


def _pilot(
    pilot: Pilot, design: Design | AttackDesign, rng: np.random.Generator, size: int
) -> Floats:
    """[size] a pilot's shift, as far as its own size tells; of shares, Jeffreys' posterior."""
    if pilot.quantity in CONTINUOUS and isinstance(design, Design):
        error = change_sd(design) / math.sqrt(pilot.n)
        return np.asarray(pilot.value + error * rng.standard_normal(size))
    events = round(pilot.value * pilot.n)
    return rng.beta(events + 0.5, pilot.n - events + 0.5, size)


def _unit(level_SD: Floats, design: Design) -> Floats:
    """SD, negative is better, to the endpoint's unit and direction."""
    sign = 1.0 if observable(design.endpoint).better == "lower" else -1.0
    return np.asarray(sign * endpoint_sd(design) * level_SD)


def _sampled(
    true: Floats, design: Design | AttackDesign, arm: Arm, quantity: str, rng: np.random.Generator
) -> Floats:
    """What an arm of this size reports where ``true`` [S] holds."""
    if quantity not in CONTINUOUS:
        return np.asarray(rng.binomial(arm.n, true) / arm.n)
    assert isinstance(design, Design)
    n: float = arm.n
    if design.kind == "crossover":
        # All patients get both: the difference has the error of one change in all of them.
        n = 2.0 * sum(a.n for a in design.arms)
    error = change_sd(design) / math.sqrt(n * _share_left(design))
    if quantity == "change_median":
        error *= math.sqrt(math.pi / 2)
    return np.asarray(true + error * rng.standard_normal(len(true)))


def _share_left(design: Design) -> float:
    """Share of patients expected at the last visit."""
    return float((1 - design.drop_out.per_visit) ** len(design.visits_d))


def _pool_words(pool: Pool) -> str:
    unit = "SD" if pool.kind == "change" else "log odds"
    names = ", ".join(pool.trials)
    words = f"{pool.estimate:.2f} (SE {pool.se:.2f}, tau {pool.tau:.2f}) {unit} from {names}"
    lacks = f"; for want of usable numbers without {', '.join(pool.lacks)}" if pool.lacks else ""
    return words + lacks
