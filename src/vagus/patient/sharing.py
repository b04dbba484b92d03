"""Two levels of uncertainty: what all patients of a population share, and what tells them apart.

Priors of the tables mix what is uncertain about everybody (a gain, a link, a structural choice)
with what differs between patients (a resting heart rate). ``sharing.csv`` gives for each parameter
the share rho of its variance, on the scale of a Gaussian copula, that the patients of one
population have in common; a parameter not listed is uncertain knowledge and common to all, rho = 1:

    u = Phi(sqrt(rho) z_population + sqrt(1 - rho) z_patient)     value = quantile of the prior at u

Over populations and patients the distribution stays the table's whatever rho; within a population
scores correlate by rho. A trial takes its patients from one population, so that what is uncertain
does not average out over patients. Scores of populations are stratified (Latin hypercube: McKay
1979, doi:10.1080/00401706.1979.10489755), which leaves the distribution as it is and spans it.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from vagus.body.conditions import Condition
from vagus.body.draws import Draws, typical
from vagus.body.drive import Drive
from vagus.body.statement import Model
from vagus.data import read_table
from vagus.errors import InputError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

POPULATION, PATIENT = 0, 1
EDGE = 1e-12  # scores stay finite


@dataclass(frozen=True)
class Share:
    """``shared`` (0 to 1) of a parameter's variance is common to a population, for ``reason``."""

    shared: float
    reason: str
    source: str
    mark: str


@dataclass(frozen=True)
class Crowd:
    """``populations`` x ``patients`` people of one ``seed``: row = population * patients + patient.

    Raises `InputError` for less than one of either.
    """

    populations: int
    patients: int
    seed: int

    def __post_init__(self) -> None:
        for field in ("populations", "patients"):
            if getattr(self, field) < 1:
                raise InputError(field, getattr(self, field), "1 or more")

    def __len__(self) -> int:
        return self.populations * self.patients

    @property
    def population(self) -> Ints:
        """[n] number of each one's population."""
        return np.repeat(np.arange(self.populations, dtype=np.int64), self.patients)

    def scores(self, symbol: str, shared: float | None = None) -> Floats:
        """[n] standard normal, correlated by ``shared`` (`share_of` unless given) in populations.

        The same for a symbol and seed, whatever else is drawn.
        """
        rho = share_of(symbol) if shared is None else shared
        common = np.repeat(self._population_scores(symbol), self.patients)
        if rho == 1:
            return common
        own = _stream(self.seed, symbol, PATIENT).standard_normal(len(self))
        return np.asarray(np.sqrt(rho) * common + np.sqrt(1 - rho) * own)

    def uniforms(self, symbol: str, shared: float | None = None) -> Floats:
        """[n] the probabilities of `scores`: uniform from 0 to 1."""
        return np.asarray(np.clip(ndtr(self.scores(symbol, shared)), EDGE, 1 - EDGE))

    def _population_scores(self, symbol: str) -> Floats:
        stream = _stream(self.seed, symbol, POPULATION)
        strata = stream.permutation(self.populations) + stream.random(self.populations)
        return np.asarray(ndtri(np.clip(strata / self.populations, EDGE, 1 - EDGE)))


@cache
def shares() -> Mapping[str, Share]:
    """Parameter -> what of it is common, as ``sharing.csv`` says."""
    found = {}
    for row in read_table("patient/sharing.csv"):
        share = Share(float(row["shared"]), row["reason"], row["source"], row["mark"])
        if not 0 <= share.shared <= 1:
            raise InputError(f"sharing.csv: {row['symbol']}", share.shared, "0 to 1")
        found[row["symbol"]] = share
    return found


def share_of(symbol: str) -> float:
    """Share of the variance of a parameter that is common; 1 where the table does not list it."""
    found = shares().get(symbol)
    return 1.0 if found is None else found.shared


def draw_crowd(model: Model, treated: Condition, crowd: Crowd) -> Draws:
    """Parameters of every patient, those of the condition in place of the organs' own.

    Raises `InputError` where the condition sets a parameter that its organ lacks.
    """
    draws = treated.apply(typical(model, len(crowd)))
    for column, symbol in enumerate(draws.names):
        own = treated.parameters.get(symbol)
        prior = model.quantities[symbol].prior if own is None else own.prior
        if prior is not None:
            draws.values[:, column] = prior.quantile(crowd.uniforms(symbol))
    return draws


def shared_drive(drive: Drive, crowd: Crowd) -> Drive:
    """The same n draws of a drive, dealt out so that recruitment follows the copula.

    `vagus.body.drive` draws the fraction of each group apart, and reliability once per fibre class.
    So each group's fractions are dealt by ranks of the scores of its channel (groups of one channel
    keep scores of their own), and each class's reliability by one set of scores: every margin and
    every joint distribution that the drive has is kept. Raises `InputError` where the drive has
    another number of draws.
    """
    if len(drive) != len(crowd):
        raise InputError("drive_of", f"{len(drive)} draws", f"{len(crowd)}, as many as patients")
    dealt = []
    for group in drive.groups:
        fraction = crowd.scores(f"{group.group} {group.fibre_class}", share_of(group.channel))
        follows = crowd.scores(f"follows {group.fibre_class}")
        dealt.append(
            replace(
                group,
                fraction=_dealt(group.fraction, fraction),
                reliability=_dealt(group.reliability, follows),
            )
        )
    return replace(drive, groups=tuple(dealt))


def _dealt(values: Floats, scores: Floats) -> Floats:
    """``values`` [n] reordered so that their ranks are those of ``scores`` [n]."""
    out = np.empty_like(values)
    out[np.argsort(scores, kind="stable")] = np.sort(values)
    return out


def _stream(seed: int, symbol: str, level: int) -> np.random.Generator:
    entropy = [seed, zlib.crc32(symbol.encode()), level]
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(entropy)))
