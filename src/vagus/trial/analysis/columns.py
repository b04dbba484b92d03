"""Between-patient columns of the linear models: arms, baseline, strata, other covariates.

A patient's row x holds 1, a dummy per arm after the first, the baseline, dummies of strata and
covariates. All but the arms are centred, so the intercept is the mean of arm 0 at the average of
the covariates. In a model over visits a column either has one coefficient per visit (`crossed`)
or one for all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from vagus.errors import InputError
from vagus.trial.analysis.contrast import Bools, Floats, Ints

FLAT = 1e-12
"""A covariate whose scatter is below this share of its size is a constant to rounding."""


@dataclass(frozen=True, eq=False)
class Columns:
    """``x`` [R, n, q]; ``names`` and ``crossed`` [q]; ``arms``: how many. R replicates."""

    x: Floats
    names: tuple[str, ...]
    crossed: tuple[bool, ...]
    arms: int


def columns(
    arm: Ints,
    arms: int,
    used: Bools,
    baseline: Floats | None = None,
    stratum: Ints | None = None,
    covariates: Floats | None = None,
    baseline_by_visit: bool = True,
) -> Columns:
    """Columns of R replicates of n patients; averages are over the patients ``used`` [R, n].

    ``arm`` [R, n] 0 ... ``arms`` - 1; ``baseline`` [R, n]; ``stratum`` [R, n] labels, any integers;
    ``covariates`` [R, n, k]. What does not vary in a replicate becomes a column of zeros there,
    which the fits leave out.
    """
    parts = [np.ones((*arm.shape, 1)), (arm[..., None] == np.arange(1, arms)).astype(float)]
    names = ["intercept", *(f"arm {a}" for a in range(1, arms))]
    crossed = [True] * arms
    if baseline is not None:
        parts.append(_centred(baseline[..., None], used))
        names.append("baseline")
        crossed.append(baseline_by_visit)
    if stratum is not None:
        dummies = _centred(_dummies(stratum, used), used)
        parts.append(dummies)
        names += [f"stratum {k}" for k in range(1, dummies.shape[-1] + 1)]
        crossed += [False] * dummies.shape[-1]
    if covariates is not None:
        parts.append(_centred(covariates, used))
        names += [f"covariate {k}" for k in range(covariates.shape[-1])]
        crossed += [False] * covariates.shape[-1]
    return Columns(np.concatenate(parts, axis=-1), tuple(names), tuple(crossed), arms)


def _centred(x: Floats, used: Bools) -> Floats:
    weight = used[..., None] / np.maximum(used.sum(axis=-1), 1)[:, None, None]
    centred = x - (weight * x).sum(axis=1, keepdims=True)
    scatter = np.sqrt((weight * centred**2).sum(axis=1, keepdims=True))
    return np.where(scatter > FLAT * np.abs(x).max(axis=1, keepdims=True), centred, 0.0)


def _dummies(stratum: Ints, used: Bools) -> Floats:
    """[R, n, S - 1]: strata are numbered anew in each replicate, so that those that occur come
    first and the rest are empty columns."""
    labels, code = np.unique(stratum, return_inverse=True)
    code = code.reshape(stratum.shape)
    here = (code[..., None] == np.arange(len(labels))) & used[..., None]
    number = np.cumsum(here.any(axis=1), axis=-1) - 1
    return 1.0 * np.asarray(
        np.take_along_axis(number, code, axis=-1)[..., None] == np.arange(1, len(labels))
    )


def check_patients(
    values: ArrayLike,
    arm: ArrayLike,
    baseline: ArrayLike | None = None,
    stratum: ArrayLike | None = None,
    covariates: ArrayLike | None = None,
    *,
    visits: bool,
) -> tuple[Floats, Ints, Floats | None, Ints | None, Floats | None]:
    """Arrays [R, n(, V)] of one type each, or `InputError` that names what does not fit.

    ``values`` may hold NaN (missing); nothing else may. R is 1 where ``arm`` is [n].
    """
    arm = np.asarray(arm)
    lone = arm.ndim == 1
    lead = (1, *arm.shape) if lone else arm.shape
    if arm.ndim not in (1, 2) or not arm.size:
        raise InputError("arm", f"of shape {arm.shape}", "[n] or [replicates, n], not empty")
    codes = _integers("arm", arm, lead)
    empty = set(range(max(2, int(codes.max()) + 1))) - set(np.unique(codes))
    if codes.min() < 0 or empty:
        raise InputError(
            "arm", f"{sorted({int(a) for a in np.unique(codes)})}",
            "0, 1, ... (0 the control) with patients in every arm",
        )  # fmt: skip
    y = np.asarray(values, dtype=float)
    y = y[None] if lone else y
    if y.ndim != 2 + visits or y.shape[:2] != lead or not y.shape[-1]:
        shape = "[n, visits]" if visits else "[n]"
        raise InputError("values", f"of shape {np.shape(values)}", f"{shape} as `arm`, {lead}")
    if np.isinf(y).any():
        raise InputError("values", "infinite", "numbers, NaN where missing")
    return (
        y,
        codes,
        None if baseline is None else _floats("baseline", baseline, lead, ()),
        None if stratum is None else _integers("stratum", np.asarray(stratum), lead),
        None if covariates is None else _floats("covariates", covariates, lead, (-1,)),
    )


def _floats(field: str, given: ArrayLike, lead: tuple[int, ...], more: tuple[int, ...]) -> Floats:
    x = np.asarray(given, dtype=float)
    if x.ndim == len(more) + 1:
        x = x[None]
    if x.ndim != 2 + len(more) or x.shape[:2] != lead:
        raise InputError(field, f"of shape {np.shape(given)}", f"one value per patient, {lead}")
    if not np.isfinite(x).all():
        raise InputError(
            field, "missing for some patients", "a number for everyone",
            "Leave those patients out, or leave the covariate out.",
        )  # fmt: skip
    return x


def _integers(field: str, given: np.ndarray, lead: tuple[int, ...]) -> Ints:
    x = given[None] if given.ndim == 1 else given
    if x.shape != lead:
        raise InputError(field, f"of shape {given.shape}", f"one value per patient, {lead}")
    if not np.all(np.equal(x, np.floor(x))):
        raise InputError(field, "not whole", "whole numbers")
    return x.astype(np.int64)
