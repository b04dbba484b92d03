"""From a study to recruitment: device, protocol, nerve, field, every fibre, report."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vagus.errors import InputError, VagusError
from vagus.fibre.recruitment import Recruitment
from vagus.fibre.solve import SolverSettings, solve_population
from vagus.field.basis import PotentialBasis
from vagus.field.electrodes import Cuff, preset
from vagus.field.importers import import_csv, import_npz
from vagus.field.sample import Field
from vagus.field.solve import solve_field
from vagus.field.tissue import Tissue, conductivity
from vagus.nerve import Nerve, load_nerve, section_from_masks, section_from_polygons
from vagus.nerve.sampling import sample_population
from vagus.protocol.protocol import Protocol
from vagus.protocol.safety import safety_lines
from vagus.study import Study

Floats = NDArray[np.float64]
Progress = Callable[[str, int, int], None]

DEFAULT_LIMIT_MA = 100.0
"""Thresholds are searched up to here unless the study says otherwise; no device delivers it."""


@dataclass(frozen=True)
class RecruitRun:
    """What one study gave.

    ``weights`` [contact]: current of each contact per mA of the device. ``field`` is None where
    potentials were imported. ``seconds``: wall time per stage; ``folder`` and ``report``: what was
    written.
    """

    study: Study
    protocol: Protocol
    nerve: Nerve
    field: Field | None
    basis: PotentialBasis
    weights: Floats
    recruitment: Recruitment
    seconds: dict[str, float]
    warnings: tuple[str, ...]
    folder: Path | None = None
    report: Path | None = None

    def summary(self) -> dict[str, Any]:
        """The run in numbers, ready for JSON: what ``vagus recruit --json`` prints."""
        from vagus.report.tables import delay_rows, recruitment_rows, selectivity_rows

        current, seed = self.protocol.current_mA, self.study.seed
        r = self.recruitment
        return {
            "title": self.study.title,
            "device": self.study.device.key,
            "current_mA": current,
            "fibres": len(r),
            "unreached": int(np.isinf(r.threshold_mA).sum()),
            "max_current_mA": r.max_current_mA,
            "recruitment": [plain(row) for row in recruitment_rows(r, current, seed)],
            "selectivity": [plain(row) for row in selectivity_rows(r, current)],
            "delays": [plain(row) for row in delay_rows(r, current, self.study.fibres.side)],
            "safety": plain(safety_lines(self.protocol)),
            "warnings": list(self.warnings),
            "seconds": {k: round(v, 3) for k, v in self.seconds.items()},
            "seed": seed,
            "folder": str(self.folder) if self.folder else None,
            "report": str(self.report) if self.report else None,
        }


def recruit(
    study: Study,
    folder: Path | str | None = None,
    *,
    progress: Progress | None = None,
    workers: int | None = None,
    report: bool = True,
) -> RecruitRun:
    """Thresholds of every fibre of the study's nerve under the study's protocol.

    With ``folder``, fibres.parquet, summary.json, the study and (unless ``report`` is False)
    figures and report.html are written there; finished batches are kept in ``folder``/shards, so
    that a run that was stopped goes on where it was. Raises the errors of `vagus.errors`.
    """
    target = None if folder is None else Path(folder)
    clock = Clock(progress)
    with clock.stage("nerve"):
        nerve = _nerve(study)
    with clock.stage("field"):
        field, basis, weights = potentials(study, nerve, study.field.perineurium[0])
    protocol = _protocol(study, field)
    settings = _settings(study, field)
    shards = None if target is None else target / "shards"
    with clock.stage("fibres"):
        recruitment = solve_population(
            nerve.population,
            basis,
            weights,
            protocol.waveform,
            settings,
            folder=shards,
            workers=workers,
            progress=clock.counter("fibres"),
        )
    run = RecruitRun(
        study, protocol, nerve, field, basis, weights, recruitment, clock.seconds,
        _warnings(nerve, protocol, recruitment), target,
    )  # fmt: skip
    if target is None:
        return run
    if report:
        from vagus.recruit_report import write_recruit_report

        with clock.stage("report"):
            page = write_recruit_report(run, target, settings)
        run = replace(run, report=page)
    _write(run, target)
    return run


def _nerve(study: Study) -> Nerve:
    source, fibres, seed = study.nerve, study.fibres, study.fibre_seed
    if source.name is not None:
        return load_nerve(
            source.name, fibres.alternative, fibres.side, seed=seed, n_fibres=fibres.count
        )
    if source.polygons is not None:
        section = section_from_polygons(source.polygons, source.um_per_px)
    elif source.masks is None:
        raise InputError(
            "nerve",
            "missing",
            "the name of a nerve, such as human-cervical-sub57, or a file",
            "Where `recruitment` is `prior`, `vagus run` needs no nerve.",
        )
    else:
        assert source.um_per_px is not None  # the study file is refused without it
        masks = source.masks
        section = section_from_masks(masks.nerve, masks.fascicles, um_per_px=source.um_per_px)
    population = sample_population(
        section, fibres.alternative, fibres.side, seed=seed, n_fibres=fibres.count
    )
    return Nerve(section, population)


def potentials(
    study: Study, nerve: Nerve, rule: str
) -> tuple[Field | None, PotentialBasis, Floats]:
    """The field of the study's electrode, or the potentials it names."""
    polarity = study.protocol().polarity
    settings = study.field
    if settings.potentials is not None:
        reader = import_csv if settings.potentials.suffix == ".csv" else import_npz
        basis = reader(settings.potentials)
        if basis.fibres != len(nerve.population):
            raise InputError(
                "field.potentials",
                f"{basis.fibres} fibres",
                f"{len(nerve.population)}, one row per fibre of the population",
                "Set `fibres: {count: ...}` to the number of rows in the file.",
            )
        return None, basis, polarity * _bipolar(basis)
    cuff = _cuff(study)
    tissue = Tissue(
        fill=conductivity(settings.lumen),
        surround=conductivity(settings.surrounding),
        perineurium_rule=rule,
    )
    field = solve_field(nerve.section, cuff, tissue, settings.resolution)
    p = nerve.population
    basis = field.basis(p.x_um, p.y_um, p.fascicle)
    return field, basis, polarity * np.array(field.cuff.weights)


def _bipolar(basis: PotentialBasis) -> Floats:
    """First contact cathode, last contact anode; a single contact is the cathode."""
    weights = np.zeros(len(basis.contacts))
    weights[-1] = 1.0
    weights[0] = -1.0  # of a single contact this is what stays
    return weights


def _cuff(study: Study) -> Cuff:
    if study.field.cuff is None:
        raise InputError(
            "field.cuff",
            "not given",
            "the name of a cuff, or `potentials: FILE`",
            f"{study.device.name} has no cuff: its field in the nerve must be worked out elsewhere "
            "(surface and needle electrodes need a head or neck model) and imported; or write "
            "`recruitment: prior` and let `vagus run` take a documented prior for its fibres.",
        )
    return preset(study.field.cuff)


def _protocol(study: Study, field: Field | None) -> Protocol:
    """The study's protocol, its electrode the size of the lead that fits the nerve."""
    protocol = study.protocol()
    if study.stimulation.electrode is None and field is not None:
        size = f"{field.cuff.inner_diameter_um * 1e-3:.0f} mm"
        for electrode in study.device.electrodes:
            if electrode.name.endswith(size):
                return replace(protocol, electrode=electrode)
    return protocol


def _settings(study: Study, field: Field | None) -> SolverSettings:
    solver, models = study.solver, study.fibres.models
    electrode = (
        None
        if field is None
        else max(abs(z) for contact in field.cuff.contacts for z in contact.extent_um)
    )
    return SolverSettings(
        scheme=solver.scheme,
        tolerance=solver.tolerance,
        max_current_mA=solver.max_current_mA or DEFAULT_LIMIT_MA,
        precision="single" if solver.precision == "float32" else "double",
        small_model=models.myelinated_small,
        large_model=models.myelinated_large,
        unmyelinated_model=models.unmyelinated,
        electrode_um=electrode,
        seed=study.fibre_seed,
    )


def _warnings(nerve: Nerve, protocol: Protocol, recruitment: Recruitment) -> tuple[str, ...]:
    found = [str(f) for f in protocol.findings()]
    found += list(nerve.notes)
    silent = int(np.isinf(recruitment.threshold_mA).sum())
    if silent:
        limit = recruitment.max_current_mA
        found.append(f"{silent} of {len(recruitment)} fibres do not fire up to {limit:g} mA")
    return tuple(dict.fromkeys(found))


class Clock:
    """Wall time per stage, and the caller told of each."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        self.tell(name, 0, 1)
        start = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - start
        self.tell(name, 1, 1)

    def counter(self, name: str) -> Callable[[int, int], None]:
        return lambda done, total: self.tell(name, done, total)

    def tell(self, name: str, done: int, total: int) -> None:
        if self._progress:
            self._progress(name, done, total)


def plain(row: Any) -> Any:
    """Dataclasses and arrays as JSON values; what is not finite as null."""
    if hasattr(row, "__dataclass_fields__"):
        return {name: plain(getattr(row, name)) for name in row.__dataclass_fields__}
    if isinstance(row, dict):
        return {str(key): plain(value) for key, value in row.items()}
    if isinstance(row, list | tuple | np.ndarray):
        return [plain(value) for value in row]
    if isinstance(row, np.generic):
        row = row.item()
    if isinstance(row, float) and not np.isfinite(row):
        return None
    return row


def _write(run: RecruitRun, folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        run.recruitment.to_parquet(folder / "fibres.parquet")
        (folder / "summary.json").write_text(json.dumps(run.summary(), indent=1), encoding="utf-8")
        source = Path(run.study.source)
        if source.is_file():
            shutil.copyfile(source, folder / "study.yaml")
    except OSError as error:
        raise VagusError(
            f"could not write results to {folder}: {error.strerror}. Thresholds are kept in "
            f"{folder / 'shards'}; free some space and run the same command again."
        ) from error
