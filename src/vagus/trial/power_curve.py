"""Power over the number of patients, or over the size of the effect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from vagus.errors import InputError
from vagus.patient.cohort import Cohort
from vagus.patient.switches import Switches
from vagus.trial.design import Design
from vagus.trial.effect import with_effect
from vagus.trial.operating import (
    Estimate,
    Progress,
    behaviour,
    operating_characteristics,
    part_of,
)


@dataclass(frozen=True)
class CurvePoint:
    """Power at ``x``, and the type I error of the same design under the null, of ``replicates``."""

    x: float
    power: Estimate
    type_i_error: Estimate
    replicates: int


def power_by_n(
    design: Design, cohort: Cohort, patients: Sequence[int], replicates: int, seed: int, *,
    switches: Switches | None = None, workers: int | None = None,
    progress: Progress | None = None,
) -> tuple[CurvePoint, ...]:  # fmt: skip
    """Power and type I error over the number of ``patients``, all arms together.

    Arms keep their ratio, rounded to whole patients. Raises `InputError` for too few.
    """
    points = []
    for k, total in enumerate(patients):
        sized = resized(design, total)
        found = operating_characteristics(
            sized, cohort, replicates, seed, switches=switches, workers=workers,
            progress=part_of(progress, k, len(patients)),
        )  # fmt: skip
        points.append(CurvePoint(sized.patients(), found.power, found.type_i_error, replicates))
    return tuple(points)


def power_by_effect(
    design: Design, cohort: Cohort, factors: Sequence[float], replicates: int, seed: int, *,
    switches: Switches | None = None, workers: int | None = None,
    progress: Progress | None = None,
) -> tuple[CurvePoint, ...]:  # fmt: skip
    """Power over the size of the effect: what stimulation adds, times each of ``factors``.

    The type I error is that of the null hypothesis, one for all points.
    """
    parts = [part_of(progress, k, len(factors) + 1) for k in range(len(factors) + 1)]
    how = {"switches": switches, "workers": workers}
    null = behaviour(design, cohort, replicates, seed, null=True, progress=parts[0], **how)  # type: ignore[arg-type]
    error = null.rejected if design.sides == 2 else null.success
    found = [
        behaviour(design, with_effect(cohort, f), replicates, seed, progress=step, **how)  # type: ignore[arg-type]
        for f, step in zip(factors, parts[1:], strict=True)
    ]
    return tuple(
        CurvePoint(f, b.success, error, replicates) for f, b in zip(factors, found, strict=True)
    )


def resized(design: Design, patients: int) -> Design:
    """``design`` with so many patients in all, arms in their ratio."""
    now = design.patients()
    if patients < 2 * len(design.arms) or design.kind == "n-of-1":
        allowed = f"{2 * len(design.arms)} or more, and no n-of-1 trial"
        raise InputError("patients", patients, allowed)
    arms = tuple(replace(a, n=max(2, round(a.n * patients / now))) for a in design.arms)
    return replace(design, arms=arms)
