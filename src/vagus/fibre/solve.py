"""Thresholds of every fibre of a population in a field, in batches that can be kept and resumed.

Each fibre is straight, its nodes at a random (seeded) offset along the nerve, and long enough to
carry a spike out of the electrode. A spike counts where it leaves towards the fibre's target: the
cranial end of an afferent, the caudal end of an efferent.
"""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from vagus.errors import InputError, VagusError
from vagus.fibre.conduction import interpolated_velocity
from vagus.fibre.models import Fibres, is_myelinated, positions_um
from vagus.fibre.mrg_geometry import mrg_geometry
from vagus.fibre.myelinated import MyelinatedFibres
from vagus.fibre.recruitment import Recruitment
from vagus.fibre.threshold import SCOUT_DT_US, Thresholds, activation_thresholds
from vagus.fibre.timegrid import MYELINATED, QUIET, UNMYELINATED, Scheme, TimeGrid, time_grid
from vagus.fibre.unmyelinated import UnmyelinatedFibres
from vagus.field.basis import PotentialBasis
from vagus.nerve.population import FibrePopulation
from vagus.protocol.waveform import Waveform

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

BATCH = 256
SPACING_RATIO = 1.25
"""Fibres of a batch share their number of nodes, so their spacings must be alike."""
SMALL_MYELINATED_UM = 5.7
"""Below it the geometry for small fibres applies (its recommended range,
doi:10.1371/journal.pcbi.1011833)."""
BEYOND_UM, NODES_BEYOND, LEAST_NODES = 14_000.0, 14, 8
"""How far fibres reach beyond the contacts, and the fewest nodes on either side of its middle.
Against 26 mm on either side this changes thresholds by less than 0.1 %
(benchmarks/population.py)."""
C_BEYOND_UM, EXIT_UM = 4_500.0, 1_500.0
"""The window on an unmyelinated fibre beyond the contacts, and where in it a spike has left."""
C_SCOUT_DT_US = 50.0
LATENCY_MS = 3.0
"""Longest wait for a spike near threshold, beyond the time it travels."""


@dataclass(frozen=True)
class SolverSettings:
    """How thresholds are searched; lengths in um.

    ``electrode_um``: from its middle to the outer edge of its last contact; fibres reach
    `BEYOND_UM` or `NODES_BEYOND` nodes beyond it, whichever is more (None: as far as the
    potentials go). Unmyelinated fibres have compartments of ``dx_um``.
    """

    scheme: Scheme = "converged"
    tolerance: float = 1e-3
    max_current_mA: float = 100.0
    precision: Literal["single", "double"] = "single"
    small_model: str = "pena"
    large_model: str = "mrg-interpolation"
    unmyelinated_model: str = "sundt"
    electrode_um: float | None = None
    dx_um: float = 40.0
    seed: int = 0

    @property
    def dtype(self) -> Any:
        return np.float32 if self.precision == "single" else np.float64


@dataclass(frozen=True)
class _Batch:
    """Fibres ``index`` of the population, simulated together as ``n`` nodes of ``model``."""

    model: str
    index: Ints
    n: int


def models_of(population: FibrePopulation, settings: SolverSettings) -> NDArray[np.str_]:
    """[F] the fibre model that stands for each fibre."""
    small = population.diameter_um < SMALL_MYELINATED_UM
    myelinated = np.where(small, settings.small_model, settings.large_model)
    return np.where(population.myelinated, myelinated, settings.unmyelinated_model)


def solve_population(
    population: FibrePopulation,
    basis: PotentialBasis,
    weights: Floats,
    waveform: Waveform,
    settings: SolverSettings | None = None,
    *,
    folder: Path | None = None,
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Recruitment:
    """Threshold of every fibre; fibre f of ``population`` is fibre f of ``basis``.

    ``weights`` [contact]: current of each contact per mA of the device. ``folder``: finished
    batches are kept there and reused by the next run of the same question. ``progress(done,
    total)`` counts fibres. Raises `InputError` where potentials and fibres do not match and
    `VagusError` when the disk is full; what is finished stays.
    """
    settings = settings or SolverSettings()
    if basis.fibres != len(population):
        raise InputError("basis", f"{basis.fibres} fibres", f"{len(population)}, as the population")
    solver = _Solver(population, basis, np.asarray(weights, float), waveform, settings)
    batches = list(solver.batches())
    lower, upper = np.empty(len(population)), np.empty(len(population))
    done = 0
    for batch, thresholds in _in_parallel(solver, batches, folder, workers):
        lower[batch.index], upper[batch.index] = thresholds.lower_mA, thresholds.upper_mA
        done += len(batch.index)
        if progress:
            progress(done, len(population))
    limit = settings.max_current_mA
    return Recruitment(population, solver.model, upper, lower, upper, solver.velocity, limit)


def _in_parallel(
    solver: _Solver, batches: list[_Batch], folder: Path | None, workers: int | None
) -> Iterator[tuple[_Batch, Thresholds]]:
    """Results in whatever order they come; an interrupt waits for the batches under way."""
    store = _Shards(folder, solver.fingerprint()) if folder else None
    if folder:
        folder.mkdir(parents=True, exist_ok=True)

    def run(batch: _Batch) -> Thresholds:
        kept = store.load(batch) if store else None
        if kept is None:
            kept = solver.thresholds(batch)
            if store:
                store.save(batch, kept)
        return kept

    # the largest batches first, so that no worker is left alone with one at the end
    queue = sorted(batches, key=lambda b: -len(b.index) * b.n)
    with ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
        waiting: dict[Future[Thresholds], _Batch] = {pool.submit(run, b): b for b in queue}
        try:
            while waiting:
                for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                    yield waiting.pop(future), future.result()
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


class _Solver:
    """What all batches share."""

    def __init__(
        self,
        population: FibrePopulation,
        basis: PotentialBasis,
        weights: Floats,
        waveform: Waveform,
        settings: SolverSettings,
    ) -> None:
        self.population, self.basis, self.weights = population, basis, weights
        self.waveform, self.settings = waveform, settings
        self.model = models_of(population, settings)
        self.velocity = np.empty(len(population))
        for model in np.unique(self.model):
            mine = self.model == model
            self.velocity[mine] = interpolated_velocity(str(model), population.diameter_um[mine])
        rng = np.random.default_rng(settings.seed)
        self.offset = rng.random(len(population)) - 0.5
        self.middle = float(basis.z_um[0] + basis.z_um[-1]) / 2
        self.covered = float(basis.z_um[-1] - basis.z_um[0]) / 2

    def batches(self) -> Iterator[_Batch]:
        """Fibres of one model and nearly one spacing, at most `BATCH` together."""
        for model in np.unique(self.model):
            mine = np.flatnonzero(self.model == model)
            mine = mine[np.argsort(self.population.diameter_um[mine], kind="stable")]
            spacing = self._spacing(str(model), self.population.diameter_um[mine])
            start = 0
            while start < len(mine):
                stop = int(np.searchsorted(spacing, spacing[start] * SPACING_RATIO, "right"))
                stop = min(stop, start + BATCH)
                nodes = self._nodes(str(model), spacing[start:stop])
                yield _Batch(str(model), mine[start:stop], nodes)
                start = stop

    def _spacing(self, model: str, diameter: Floats) -> Floats:
        if is_myelinated(model):
            return mrg_geometry(model, diameter).node_spacing_um
        return np.full(len(diameter), self.settings.dx_um)

    def _reach(self, model: str, spacing_um: float) -> float:
        """Half the length of fibres whose nodes are so far apart, from the electrode's middle."""
        if self.settings.electrode_um is None:
            return self.covered
        nodes = NODES_BEYOND * spacing_um
        beyond = max(BEYOND_UM, nodes) if is_myelinated(model) else C_BEYOND_UM
        return min(self.settings.electrode_um + beyond, self.covered)

    def _nodes(self, model: str, spacing: Floats) -> int:
        """Odd number of nodes that take the finest spacing as far as it must go."""
        least, largest = float(spacing[0]), float(spacing[-1])
        room = int((self.covered - 0.5 * largest - 1.0) / largest)
        half = min(int(np.ceil(self._reach(model, least) / least)), room)
        if half < LEAST_NODES:
            raise InputError(
                "potentials",
                f"along {2 * self.covered * 1e-3:.3g} mm",
                f">= {2 * (LEAST_NODES + 1) * largest * 1e-3:.3g} mm for these fibres",
                "Export them over a longer stretch of the nerve.",
            )
        return 2 * half + 1

    def fibres(self, batch: _Batch) -> Fibres:
        """The batch's fibres in the field, mirrored where the spike must leave caudally."""
        diameter = self.population.diameter_um[batch.index]
        at = positions_um(batch.model, diameter, batch.n, self.settings.dx_um)
        shift = self.offset[batch.index] * self._spacing(batch.model, diameter)
        centred = at - (at[:, :1] + at[:, -1:]) / 2 + (self.middle + shift)[:, None]
        ve = self.basis.along(self.weights, batch.index, centred)
        afferent = self.population.afferent[batch.index]
        ve = np.where(afferent[:, None], ve, ve[:, ::-1])
        if is_myelinated(batch.model):
            return MyelinatedFibres(batch.model, diameter, batch.n, ve, cut_ends=False)
        detector = np.tile(self._exits(centred[0] - self.middle), (len(diameter), 1))
        return UnmyelinatedFibres(
            batch.model, diameter, self.settings.dx_um, batch.n, ve, detector, cut_ends=False
        )

    def _exits(self, z_um: Floats) -> Ints:
        """Compartments just outside the electrode, on either side.

        A C fibre's spike takes milliseconds to pass the electrode, by when the pulse is over: it
        leaves at both ends or at none, so the nearer one decides.
        """
        half = self.settings.electrode_um
        edge = 0.8 * float(z_um[-1]) if half is None else half + EXIT_UM
        return np.searchsorted(z_um, [-edge, edge])

    def grid(self, batch: _Batch) -> TimeGrid:
        """Steps that outlast the stimulus and the slowest spike's way out."""
        slowest = self.population.diameter_um[batch.index[:1]]
        velocity = self.velocity[batch.index[0]]
        active_ms = self.waveform.settled_us(QUIET) * 1e-3
        length_mm = 1e-3 * np.ptp(positions_um(batch.model, slowest, batch.n, self.settings.dx_um))
        tstop_ms = active_ms + LATENCY_MS + length_mm / velocity
        cut = self.waveform
        if cut.duration_us * 1e-3 >= tstop_ms:
            cut = cut.until(1e3 * tstop_ms - 25.0)
        grades = MYELINATED if is_myelinated(batch.model) else UNMYELINATED
        return time_grid(self.settings.scheme, cut, tstop_ms, grades=grades)

    def thresholds(self, batch: _Batch) -> Thresholds:
        return activation_thresholds(
            self.fibres(batch),
            self.grid(batch),
            tolerance=self.settings.tolerance,
            max_current_mA=self.settings.max_current_mA,
            dtype=self.settings.dtype,
            scout_dt_us=SCOUT_DT_US if is_myelinated(batch.model) else C_SCOUT_DT_US,
        )

    def fingerprint(self) -> str:
        """Names the question: the same text for the same fibres, field, pulse and settings."""
        digest = hashlib.sha256(repr((self.settings, BATCH, self.weights.tolist())).encode())
        p = self.population
        for array in (
            self.basis.z_um, self.basis.potential_mV_per_mA, p.diameter_um, p.afferent,
            p.myelinated, self.waveform.edges_us,
            self.waveform.sample(_middles(self.waveform.edges_us)),
            self.waveform.integral(self.waveform.edges_us),
        ):  # fmt: skip
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()[:16]


def _middles(edges: Floats) -> Floats:
    return (edges[1:] + edges[:-1]) / 2


class _Shards:
    """Finished batches on disk, named by question and first fibre; written whole or not at all."""

    def __init__(self, folder: Path, fingerprint: str) -> None:
        self._folder, self._name = folder, fingerprint

    def _path(self, batch: _Batch) -> Path:
        return self._folder / f"{self._name}-{batch.model}-{batch.index[0]}-{len(batch.index)}.npz"

    def load(self, batch: _Batch) -> Thresholds | None:
        try:
            with self._path(batch).open("rb") as file, np.load(file) as kept:
                return Thresholds(kept["lower_mA"], kept["upper_mA"], kept["simulations"])
        except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile):
            return None  # absent, or cut short by a power failure: compute it

    def save(self, batch: _Batch, found: Thresholds) -> None:
        path = self._path(batch)
        part = path.with_suffix(".part")
        try:
            with part.open("wb") as file:
                np.savez(
                    file,
                    lower_mA=found.lower_mA,
                    upper_mA=found.upper_mA,
                    simulations=found.simulations,
                )
            part.replace(path)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise VagusError(
                f"could not write `{path.name}` in {self._folder}: {error.strerror}. "
                "Finished batches are kept; free some space and run the same command again."
            ) from error
