"""Disease activity as scored, and a stand-in for ACR responses.

The body has one number for disease activity, DAS28. An ACR20 response asks that both joint counts
and three of five others (patient's and physician's global assessment, pain, disability, acute
phase) be better by 20 %. Here each component k falls with the ratio of DAS28 to its baseline, with
that of pain, or both,

    component_k / baseline_k = exp(s_k e) (DAS / DAS_0)^p_k  mixed with  pain / pain_0,

with powers, shares and scatter of ``data/patient/acr.csv``: DAS28 holds the square roots of joint
counts, so that these go as its square. It is a proxy: the scatter is set by what share of patients
reach ACR20 and ACR50 at a given EULAR response in trials of drugs (``acr_anchors.csv``), and by no
trial of stimulation.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vagus.data import read_table

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

# Least baseline that a ratio is taken of: below it 20 % is less than the scale resolves.
LEAST_DAS28, LEAST_NRS = 0.5, 0.5
# Of five components, besides both joint counts.
NEEDED = 3


@dataclass(frozen=True)
class Component:
    """One component of the ACR criteria; see the module. ``must``: a joint count."""

    name: str
    power: float
    pain_share: float
    scatter: float
    must: bool


@dataclass(frozen=True)
class Pair:
    """Values [m, V] and the column that is the baseline."""

    values: Floats
    baseline: int

    def ratio(self, least: float) -> Floats:
        """[m, V] values over those at baseline."""
        first = self.values[:, self.baseline : self.baseline + 1]
        return np.asarray(self.values / np.maximum(first, least))


def das28(course: Floats, global_part: Floats, error: Floats) -> Floats:
    """[m, V] DAS28 as scored: the course, what the patient's global assessment adds, an error."""
    return np.asarray(course + global_part + error)


def improved(
    das: Pair, pain: Pair, share: float, scatter: ArrayLike, rng: np.random.Generator
) -> Bools:
    """[m, V] whether a patient is better by ``share`` (0.2: ACR20) than at baseline.

    ``das`` in DAS28, ``pain`` in NRS, both as rated. ``scatter``: common factor of the scatter of
    components, [m, 1] or one number. Patients with less of everything never respond less often.
    """
    das_ratio, pain_ratio = das.ratio(LEAST_DAS28), pain.ratio(LEAST_NRS)
    joints = np.ones(das_ratio.shape, dtype=bool)
    others = np.zeros(das_ratio.shape, dtype=np.int64)
    for c in components():
        e = rng.standard_normal(das_ratio.shape)
        mixed = (1 - c.pain_share) * das_ratio**c.power + c.pain_share * pain_ratio
        better = mixed * np.exp(c.scatter * np.asarray(scatter) * e) <= 1 - share
        if c.must:
            joints &= better
        else:
            others += better
    return np.asarray(joints & (others >= NEEDED))


def eular_moderate(das: Pair) -> Bools:
    """[m, V] at least moderate EULAR response.

    A fall of DAS28 by more than 1.2, or by more than 0.6 to 5.1 or less (van de Putte 2004).
    """
    fall = das.values[:, das.baseline : das.baseline + 1] - das.values
    return np.asarray((fall > 1.2) | ((fall > 0.6) & (das.values <= 5.1)))


@cache
def components() -> tuple[Component, ...]:
    """The seven components of the ACR criteria."""
    return tuple(
        Component(
            row["component"], float(row["power"]), float(row["pain_share"]),
            float(row["scatter"]), row["must"] == "1",
        )
        for row in read_table("patient/acr.csv")
    )  # fmt: skip
