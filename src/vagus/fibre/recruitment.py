"""Which fibres fire at which current: the fibre stage's answer, and what is read off it.

**Recruitment** of a group at a current I is the share of its fibres whose threshold is at most I.

**Bands** say how much that share depends on position and diameter. Where in a human nerve the
fibres of one organ lie is not known, only that such fibres tend to run together. So a *placement*
is drawn: a fibre of the group at random, the share of the group nearest to it (by default a tenth),
and a bootstrap resample of those, which also resamples their diameters. A band is the 5-95 % range
over 400 placements, at a fixed current (of the share recruited) or at a fixed share (of the
current). It is not the sampling error of the whole group, which is far smaller, and it knows
nothing of errors of the model. Its settings are in ``data/fibre/recruitment.csv``, marked as
assumed.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

from vagus.data import read_table
from vagus.errors import InputError
from vagus.nerve.population import FibrePopulation

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

_MAX_CURRENT_KEY = b"vagus.max_current_mA"
_OWN_COLUMNS = ("model", "threshold_mA", "lower_mA", "upper_mA", "conduction_velocity_m_per_s")


@dataclass(frozen=True)
class Recruitment:
    """Thresholds of F fibres for one protocol on one nerve.

    ``model`` [F]: name of the fibre model used. ``threshold_mA`` [F]: least device current
    (positive; its polarity is the protocol's) that makes the fibre fire, inf where none up to
    ``max_current_mA`` does; ``(lower_mA, upper_mA]`` [F] is the certified bracket.
    ``conduction_velocity_m_per_s`` [F]: nan where unknown.
    """

    population: FibrePopulation
    model: NDArray[np.str_]
    threshold_mA: Floats
    lower_mA: Floats
    upper_mA: Floats
    conduction_velocity_m_per_s: Floats
    max_current_mA: float

    def __post_init__(self) -> None:
        n = len(self.population)
        for name in _OWN_COLUMNS:
            shape = getattr(self, name).shape
            if shape != (n,):
                raise InputError(name, f"of shape {shape}", f"shape ({n},), one value per fibre")
        if not self.max_current_mA > 0:
            raise InputError("max_current_mA", self.max_current_mA, "positive mA")
        bad = np.flatnonzero(~(self.threshold_mA > 0))
        if bad.size:
            raise InputError(
                f"threshold_mA[{bad[0]}]",
                self.threshold_mA[bad[0]],
                "positive mA, or inf where the fibre does not fire",
                f"{bad.size} of {n} thresholds are unusable.",
            )

    def __len__(self) -> int:
        return len(self.population)

    def mask(self, fibre_class: str = "", group: str = "", fascicle: int | None = None) -> Mask:
        """[F] fibres of a class and a functional group and a fascicle ("" or None: of any)."""
        keep = np.ones(len(self), dtype=np.bool_)
        if fibre_class:
            keep &= self.population.fibre_class == fibre_class
        if group:
            keep &= self.population.group == group
        if fascicle is not None:
            keep &= self.population.fascicle == fascicle
        return keep

    def fraction(self, current_mA: ArrayLike, mask: Mask | None = None) -> Floats:
        """Share of the fibres in ``mask`` that fire, same shape as ``current_mA``; nan for none."""
        ordered = self._ordered(mask)
        current = np.asarray(current_mA, dtype=np.float64)
        if ordered.size == 0:
            return np.full(current.shape, np.nan)
        return np.asarray(np.searchsorted(ordered, current, side="right") / ordered.size)

    def current_for(self, fraction: ArrayLike, mask: Mask | None = None) -> Floats:
        """Least current (mA) at which at least ``fraction`` (0-1] fires; inf: not reached.

        Same shape as ``fraction``; nan where ``mask`` holds no fibre.
        """
        return _order_statistic(self._ordered(mask), np.asarray(fraction, dtype=np.float64))

    def _ordered(self, mask: Mask | None) -> Floats:
        return np.sort(self.threshold_mA if mask is None else self.threshold_mA[mask])

    def to_parquet(self, path: str | os.PathLike[str]) -> None:
        """Write one row per fibre; `from_parquet` returns the same values bit for bit."""
        table = self.population.to_table()
        for name in _OWN_COLUMNS:
            table = table.append_column(name, pa.array(getattr(self, name)))
        meta = {_MAX_CURRENT_KEY: repr(float(self.max_current_mA)).encode()}
        pq.write_table(table.replace_schema_metadata(meta), os.fspath(path))

    @classmethod
    def from_parquet(cls, path: str | os.PathLike[str]) -> Recruitment:
        """Read what `to_parquet` wrote.

        Raises:
            InputError: the file lacks a column or the largest current searched.
        """
        table = pq.read_table(os.fspath(path))
        missing = [name for name in _OWN_COLUMNS if name not in table.column_names]
        meta = table.schema.metadata or {}
        if missing or _MAX_CURRENT_KEY not in meta:
            what = ", ".join(missing) or "the largest current searched"
            allowed = "one written by `Recruitment.to_parquet`"
            raise InputError("recruitment file", path, allowed, f"It lacks {what}.")
        own = {name: table.column(name).to_numpy() for name in _OWN_COLUMNS}
        own["model"] = np.asarray(own["model"], dtype=np.str_)
        population = FibrePopulation.from_table(table)
        return cls(population, **own, max_current_mA=float(meta[_MAX_CURRENT_KEY]))


def _order_statistic(ordered: Floats, q: Floats) -> Floats:
    """Inverse of the empirical distribution along the last axis, inf allowed: no interpolation."""
    n = ordered.shape[-1]
    if n == 0:
        return np.full(q.shape + ordered.shape[:-1], np.nan)
    if np.any((q <= 0) | (q > 1)):
        raise InputError("fraction", q, "above 0 and up to 1")
    rank = np.ceil(q * n - 1e-9).astype(np.int64) - 1  # 1e-9: 0.1 * 30 must not count as 3.0...04
    return np.asarray(
        np.moveaxis(ordered[..., np.maximum(rank, 0)], -1, 0)
        if q.ndim
        else ordered[..., max(int(rank), 0)]
    )


@dataclass(frozen=True)
class Band:
    """A value of a group and its 5-95 % range over placements; nan where it has no fibre."""

    lower: float
    middle: float
    upper: float
    fibres: int


@dataclass(frozen=True)
class RecruitmentCurve:
    """Recruitment of one group at I currents.

    ``current_mA``, ``fraction`` (whole group), ``lower``, ``upper`` (band): all [I].
    """

    current_mA: Floats
    fraction: Floats
    lower: Floats
    upper: Floats
    fibres: int


def _settings() -> dict[str, float]:
    return {row["id"]: float(row["value"]) for row in read_table("fibre/recruitment.csv")}


def placements(recruitment: Recruitment, mask: Mask, seed: int) -> Floats:
    """[D, K] thresholds of K fibres in each of D drawn placements, each row sorted.

    Deterministic in ``seed``. ``mask`` [F] must hold at least one fibre.
    """
    settings, rng = _settings(), np.random.default_rng(seed)
    index = np.flatnonzero(mask)
    population = recruitment.population
    at = np.column_stack([population.x_um[index], population.y_um[index]])
    share = settings["placement-share"] * index.size
    k = int(min(index.size, max(settings["placement-minimum"], round(share))))
    draws = int(settings["placement-draws"])
    centres = rng.integers(index.size, size=draws)
    near = cKDTree(at).query(at[centres], k=np.arange(1, k + 1))[1]
    resampled = np.take_along_axis(near, rng.integers(k, size=(draws, k)), axis=1)
    return np.sort(recruitment.threshold_mA[index[resampled]], axis=1)


def recruitment_curve(
    recruitment: Recruitment, mask: Mask, current_mA: Floats, seed: int
) -> RecruitmentCurve:
    """Recruitment of the fibres in ``mask`` at ``current_mA`` [I] with its band."""
    fraction = recruitment.fraction(current_mA, mask)
    n = int(np.count_nonzero(mask))
    if n == 0:
        return RecruitmentCurve(current_mA, fraction, fraction, fraction, 0)
    drawn = placements(recruitment, mask, seed)
    shares = np.array([np.searchsorted(row, current_mA, side="right") for row in drawn])
    lower, upper = _band_edges(shares / drawn.shape[1])
    return RecruitmentCurve(current_mA, fraction, lower, upper, n)


def current_band(
    recruitment: Recruitment,
    mask: Mask,
    fraction: float,
    seed: int,
    lower_fraction: float | None = None,
    upper_fraction: float | None = None,
) -> Band:
    """Current (mA) that recruits ``fraction`` of the group, and its band over placements.

    The edges may be those of other shares, where the share itself is uncertain: the band then runs
    from the lower edge for ``lower_fraction`` to the upper edge for ``upper_fraction``.
    """
    n = int(np.count_nonzero(mask))
    if n == 0:
        return Band(np.nan, np.nan, np.nan, 0)
    drawn = placements(recruitment, mask, seed)
    low = _order_statistic(drawn, np.asarray(lower_fraction or fraction))
    high = _order_statistic(drawn, np.asarray(upper_fraction or fraction))
    middle = float(recruitment.current_for(fraction, mask))
    return Band(float(_band_edges(low)[0]), middle, float(_band_edges(high)[1]), n)


def fraction_band(recruitment: Recruitment, mask: Mask, current_mA: float, seed: int) -> Band:
    """Share of the group recruited at ``current_mA``, and its band over placements."""
    curve = recruitment_curve(recruitment, mask, np.array([current_mA]), seed)
    middle, low, high = curve.fraction[0], curve.lower[0], curve.upper[0]
    return Band(float(low), float(middle), float(high), curve.fibres)


def _band_edges(values: Floats) -> tuple[Floats, Floats]:
    """Lower and upper quantile over the first axis (draws)."""
    settings, ordered = _settings(), np.moveaxis(np.sort(values, axis=0), 0, -1)
    low, high = (np.asarray(settings[key]) for key in ("band-lower", "band-upper"))
    return _order_statistic(ordered, low), _order_statistic(ordered, high)


@dataclass(frozen=True)
class Selectivity:
    """Wanted against unwanted fibres.

    ``wanted``, ``unwanted``: shares recruited at ``current_mA``. ``index``: their difference,
    1 = only wanted, -1 = only unwanted fibres. ``ratio``: current that recruits half of the wanted
    fibres over that for half of the unwanted ones; above 1 the unwanted fire first; nan where
    neither is reached or one of them has no fibre.
    """

    current_mA: float
    wanted: float
    unwanted: float
    index: float
    ratio: float


def selectivity(
    recruitment: Recruitment, wanted: Mask, unwanted: Mask, current_mA: float
) -> Selectivity:
    """Selectivity for the fibres in ``wanted`` over those in ``unwanted`` at one current."""
    yes, no = (float(recruitment.fraction(current_mA, m)) for m in (wanted, unwanted))
    half_yes, half_no = (float(recruitment.current_for(0.5, m)) for m in (wanted, unwanted))
    undefined = np.isinf(half_yes) and np.isinf(half_no)
    ratio = np.nan if undefined else half_yes / half_no
    return Selectivity(current_mA, yes, no, yes - no, ratio)


def conduction_delay_ms(velocity_m_per_s: ArrayLike, distance_mm: float) -> Floats:
    """Travelling time over ``distance_mm`` (mm over m/s is ms), same shape as the velocities."""
    if not distance_mm >= 0:
        raise InputError("distance_mm", distance_mm, "zero or more")
    velocity = np.asarray(velocity_m_per_s, dtype=np.float64)
    usable = np.where(velocity > 0, velocity, np.nan)
    return np.asarray(distance_mm / usable)
