"""Which uncertain parameters the answer of a study rests on: global sensitivity by Sobol indices.

Inputs are every parameter of the body that has a distribution (the condition's own in its place),
the recruited share of each functional group, and the conduction of each fibre class, independent of
each other: `vagus.credibility.sensitivity_inputs`. Outcomes are read as ``vagus run`` reads them,
pain on the condition's own scale as a mean over its recall period, at the end of stimulation:

1. the change from baseline in the stimulated arm,
2. the stimulated arm minus sham.

The integrations are those of ``vagus run``, restricted to what reaches pain
(`vagus.credibility.reach`) and with a coarser tolerance (``data/credibility/sensitivity.csv`` says
what that moves). What does not reach has indices of exactly 0 and is not run.

A distribution of the tables says what is uncertain or differs between patients; for many it is an
assumption, and an index is no better than it is. `Influence.mark` says which.

`Sensitivity.groups` has the same indices for inputs taken together by route
(``sensitivity_groups.csv``): first then is the closed index, what the group does without help of
other groups. Groups part all varied inputs: their closed indices sum to at most 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from math import nan
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vagus.body.compiled import compile_model
from vagus.body.conditions import Condition, condition, condition_keys
from vagus.body.drive import Drive, Endotoxin, segments
from vagus.body.full import full_body
from vagus.body.integrate import Segments
from vagus.body.simulate import DRIVE, resolved
from vagus.credibility.reach import pruned, reaching
from vagus.credibility.sensitivity_inputs import Inputs, UncertainInput, inputs_of
from vagus.credibility.sensitivity_runs import READ, Outcomes, Runs, run_design
from vagus.credibility.sobol import sobol_design, sobol_indices
from vagus.data import read_table
from vagus.errors import InputError
from vagus.protocol.schedule import DAY_S
from vagus.study import Study

Floats = NDArray[np.float64]
Progress = Callable[[str, int, int], None]

STAGE = "sensitivity"
STIMULATED, BEYOND_SHAM = "change in the stimulated arm", "stimulated minus sham"


@dataclass(frozen=True)
class Influence:
    """One uncertain input, or a group of them, with its indices and their 95 % intervals.

    ``distribution``, ``reference``, ``mark``: what its spread rests on. ``reaches``: whether the
    equations lead from it to the outcome at all; where not, both indices are exactly 0. ``spread``:
    why its spread counts as assumed where ``mark`` is that of the value alone, else empty. Of a
    group, ``symbol`` names it, ``description`` lists its inputs, and other texts are empty.
    """

    symbol: str
    organ: str
    description: str
    unit: str
    distribution: str
    reference: str
    mark: str
    first: float
    first_low: float
    first_high: float
    total: float
    total_low: float
    total_high: float
    reaches: bool
    spread: str = ""

    @property
    def assumed(self) -> bool:
        """Whether it is assumed altogether."""
        return self.mark == "assumed"

    @property
    def told(self) -> str:
        """The mark, and whether it is that of the value alone: "derived, spread assumed"."""
        return f"{self.mark}, spread assumed" if self.spread else self.mark


@dataclass(frozen=True)
class Sensitivity:
    """What one outcome rests on.

    ``base``: rows of each sample; ``evaluations``: outcomes that the indices are made of;
    ``integrated``: rows that had to be run for both outcomes; ``failed``: rows left out because an
    integration failed. ``mean`` and ``sd`` of the outcome in ``unit``. ``influences``: every input,
    largest total first. ``additive``: sum of the first-order indices, the share of the variance
    without any interplay, and the ends of its 95 % interval. ``fixed``: parameters that are not
    varied; ``switches``: routes and links, held as the study sets them. ``note``: why indices are
    nan.
    """

    outcome: str
    unit: str
    base: int
    evaluations: int
    integrated: int
    failed: int
    mean: float
    sd: float
    influences: tuple[Influence, ...]
    groups: tuple[Influence, ...]
    additive: tuple[float, float, float]
    fixed: tuple[str, ...]
    switches: tuple[str, ...]
    note: str = ""

    def top(self, n: int = 10) -> tuple[Influence, ...]:
        """The ``n`` inputs of largest total index."""
        return self.influences[:n]

    def carrying(self) -> tuple[Influence, ...]:
        """The inputs that carry at least `least_share` of the variance, alone or with others."""
        return tuple(one for one in self.influences if one.total >= least_share())

    def as_dict(self) -> dict[str, Any]:
        """Everything, ready for JSON but for nan."""
        return asdict(self)


def sensitivity(
    study: Study,
    drive: Callable[[int, int], Drive],
    *,
    base: int | None = None,
    folder: Path | None = None,
    progress: Progress | None = None,
    workers: int | None = None,
) -> tuple[Sensitivity, ...]:
    """Sobol indices of both outcomes of ``study``, `STIMULATED` and `BEYOND_SHAM`.

    ``drive(n, seed)``: n draws of what the nerve sends, as `vagus.chain.drive_of` makes them.
    ``base``: a power of 2 (None: that of the table). A run takes at most 2 base x (inputs that
    reach + groups + 2) integrations; in the examples it takes under half of that. With ``folder``
    rows that are run are kept there, so that a run that was stopped goes on. The same study and
    base give the same numbers on any number of ``workers``.

    Raises `InputError` for a study without a condition and a base that is no power of 2.
    """
    setting = _settings()
    sample = drive(int(setting["drive-draws"]), study.seed)
    inputs = inputs_of(full_body(), _condition(study), _given(study), sample)
    runs, sets = _prepared(study, inputs, folder, workers)
    rows = int(setting["base"]) if base is None else base
    single = [(i,) for i in range(len(runs.varied))]
    design = sobol_design(len(single), rows, study.seed, [*single, *sets.values()])
    tell = progress or (lambda stage, done, total: None)
    found = run_design(runs, design, lambda done, total: tell(STAGE, done, total))
    return tuple(
        _sensitivity(name, values, runs, sets, found.integrated, study.seed)
        for name, values in _changes(found).items()
    )


def _condition(study: Study) -> Condition:
    if study.patient.condition is None:
        raise InputError(
            "patient.condition", "missing", ", ".join(condition_keys()),
            "Sensitivity is that of somebody's pain: say who is treated.",
        )  # fmt: skip
    return condition(study.patient.condition)


def _given(study: Study) -> dict[str, float]:
    """What the study sets in everybody."""
    return {**study.body.parameters, **{k: float(v) for k, v in study.body.links.items()}}


def _segments(study: Study) -> Segments:
    lps = study.body.lps
    dose = None
    if lps is not None:
        dose = Endotoxin(lps.dose_ng_per_kg, lps.at_s, lps.at_s + lps.infusion_s)
    return segments(study.protocol().schedule, study.horizon_s, lps=dose)


def _prepared(
    study: Study, inputs: Inputs, folder: Path | None, workers: int | None
) -> tuple[Runs, dict[str, tuple[int, ...]]]:
    """How the study is run, and the groups of inputs that reach pain."""
    body, given = inputs.model, _segments(study)
    known = inputs.known() | {
        s: float(body.quantities[s].default or 0) for s in body.inputs if s not in given.values
    }
    reached = reaching(body, READ, known)
    at_rest = reaching(body, READ, known | dict.fromkeys(DRIVE, 0.0))
    varied = tuple(one for one in inputs.uncertain if reached.intersection(one.sets))
    system = compile_model(pruned(body, READ, known))
    read = {s: v for s, v in given.values.items() if s in system.inputs}
    end = study.stimulation.duration_s
    begins = max(end - inputs.condition.recall_d * DAY_S, 0.0)
    runs = Runs(
        system, inputs, varied,
        np.array([one.kind == "parameter" and one.symbol in at_rest for one in varied]),
        Segments(given.edges_s, read), np.unique([0.0, begins, end]),
        _settings()["rtol"], folder, workers,
    )  # fmt: skip
    return runs, _groups(varied)


def _groups(varied: tuple[UncertainInput, ...]) -> dict[str, tuple[int, ...]]:
    """Name of each group -> its inputs, in the order of the table."""
    rows = read_table("credibility/sensitivity_groups.csv")
    of = {(row["kind"], row["name"]): row["group"] for row in rows}
    found: dict[str, list[int]] = {row["group"]: [] for row in rows}
    for i, one in enumerate(varied):
        found[of.get(("symbol", one.symbol), of["organ", one.organ])].append(i)
    return {name: tuple(members) for name, members in found.items() if members}


def _changes(found: Outcomes) -> dict[str, Floats]:
    """Outcome -> [mixture, base] values; arms that differ by steps of the integration are one."""
    end = resolved(found.active[..., 1], found.sham[..., 1])
    start, sham = found.sham[..., 0], found.sham[..., 1]
    failed = np.isnan(start)  # in either arm, so that both outcomes rest on the same rows
    return {STIMULATED: np.where(failed, np.nan, end - start), BEYOND_SHAM: end - sham}


def _sensitivity(
    name: str, values: Floats, runs: Runs, sets: dict[str, tuple[int, ...]], integrated: int,
    seed: int,
) -> Sensitivity:  # fmt: skip
    setting, inputs = _settings(), runs.inputs
    found = sobol_indices(values, seed, int(setting["replicates"]), len(runs.varied))
    sd = float(np.sqrt(found.variance))
    varies = sd > setting["flat"] * inputs.condition.sd
    columns = found.columns() if varies else np.full(found.columns().shape, np.nan)
    at = {one.symbol: row for one, row in zip(runs.varied, columns, strict=False)}
    influences = [_influence(one, at.get(one.symbol)) for one in inputs.uncertain]
    groups = [
        _group(group, [runs.varied[i].symbol for i in members], row)
        for (group, members), row in zip(sets.items(), columns[len(at) :], strict=True)
    ]
    return Sensitivity(
        name, inputs.condition.unit, found.base, found.evaluations, integrated, found.dropped,
        found.mean, sd, _by_total(influences), _by_total(groups),
        found.additive if varies else (nan, nan, nan), inputs.fixed, inputs.switches,
        "" if varies else f"{name} is the same in all rows: there is no variance to part",
    )  # fmt: skip


def _influence(one: UncertainInput, found: Floats | None) -> Influence:
    return Influence(
        one.symbol, one.organ, one.description, one.unit, one.distribution, one.reference,
        one.mark, *_six(np.zeros(6) if found is None else found), found is not None, one.spread,
    )  # fmt: skip


def _group(name: str, members: list[str], found: Floats) -> Influence:
    return Influence(name, "", ", ".join(members), "", "", "", "", *_six(found), True)


def _six(row: Floats) -> tuple[float, float, float, float, float, float]:
    """First index, its interval, total index, its interval."""
    first, low, high, total, total_low, total_high = map(float, row)
    return first, low, high, total, total_low, total_high


def _by_total(found: list[Influence]) -> tuple[Influence, ...]:
    """Largest total first; nan before what does not reach, ties in the order of the tables."""
    return tuple(sorted(found, key=lambda one: (not one.reaches, -np.nan_to_num(one.total))))


def least_share() -> float:
    """Total index from which on a parameter is said to matter."""
    return _settings()["carries"]


def _settings() -> dict[str, float]:
    return {row["id"]: float(row["value"]) for row in read_table("credibility/sensitivity.csv")}
