"""Integrate a model over many patients: inputs in segments, results at given times."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vagus.body.compiled import Compiled
from vagus.body.draws import Draws
from vagus.body.problem import Problem as Problem
from vagus.body.problem import Segments as Segments
from vagus.body.problem import times, unknown
from vagus.body.rodas4 import NOT_FINITE, OK, TOO_MANY, TOO_SMALL
from vagus.errors import InputError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Progress = Callable[[int, int], None]

STATUS: Mapping[int, str] = {
    OK: "reached the end",
    TOO_MANY: "gave up: too many steps",
    TOO_SMALL: "gave up: the step became too small",
    NOT_FINITE: "gave up: a rate or a state is not finite",
}
"""What the codes of `Trajectory.status` mean."""

MAX_STEPS = 2_000_000
"""Steps tried for one patient before it is given up: seconds of computing."""

TOGETHER = 16
"""Patients of one call of compiled code: progress and Ctrl-C wait for no more."""


@dataclass(frozen=True)
class Trajectory:
    """States and observables of n patients at q times, in the units of the tables.

    ``states`` [n, q, s] of ``names``; ``observed`` [n, q, o] of ``observed_names``; ``status`` [n]
    (see `STATUS`; what a patient did not reach is NaN); ``steps`` [n] tried.
    At an edge a state is what it is (states are continuous), and an observable is that under the
    inputs of the segment that starts there.
    """

    time_s: Floats
    names: tuple[str, ...]
    states: Floats
    observed_names: tuple[str, ...]
    observed: Floats
    status: Ints
    steps: Ints

    def __getitem__(self, symbol: str) -> Floats:
        """[n, q] of one state or observable."""
        if symbol in self.names:
            return self.states[:, :, self.names.index(symbol)]
        if symbol in self.observed_names:
            return self.observed[:, :, self.observed_names.index(symbol)]
        raise unknown("state or output", symbol, self.names + self.observed_names)

    @property
    def failures(self) -> dict[int, str]:
        """Patient -> why it was given up."""
        return {int(i): STATUS[int(self.status[i])] for i in np.flatnonzero(self.status)}


def integrate(
    system: Compiled,
    draws: Draws,
    segments: Segments,
    output_s: ArrayLike,
    *,
    initial: Mapping[str, ArrayLike] | None = None,
    rtol: float = 1e-6,
    atol: float | Mapping[str, float] = 1e-9,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Trajectory:
    """Course of every patient of ``draws`` from the first edge to the last time of ``output_s``.

    ``output_s`` [q] seconds, increasing, within the edges. ``initial``: state -> a number or [n],
    in the unit of its row, in place of the row's default. ``rtol``: error of a step relative to a
    state's size (see `rodas4`); ``atol``: the error that never matters, in the units of the rows,
    for all states or by state (others: 1e-9). ``progress(done, all)`` is called as patients finish.

    Results do not depend on ``workers`` (threads; None: one per core) nor on who else is in
    ``draws``. A patient that cannot be integrated has a status; nothing is raised for it.
    Raises `InputError` for values that cannot be used.
    """
    problem = Problem(system, draws, segments, times(output_s, segments), rtol)
    p, y0 = problem.parameters(), problem.start(initial or {})
    delays, (u, edges, kinds) = problem.delays(p), problem.inputs()
    tolerance = problem.tolerance(atol)
    n, q = len(draws), len(problem.output_s)
    states = np.empty((n, q, len(system.states)))
    observed = np.empty((n, q, len(system.outputs)))
    status, steps = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)

    def some(part: slice) -> int:
        with np.errstate(all="ignore"):  # for plain Python: a failed step is tried again
            system.run(
                p[part], y0[part], delays[part], u, edges, kinds, problem.output_s, rtol,
                tolerance, MAX_STEPS, states[part], observed[part], status[part], steps[part],
            )  # fmt: skip
        return len(p[part])

    in_parallel(some, n, TOGETHER, workers, progress)
    states /= problem.seconds(system.states)
    observed /= problem.seconds(system.outputs)
    return Trajectory(
        problem.output_s, system.states, states, system.outputs, observed, status, steps
    )


def in_parallel(
    work: Callable[[slice], int], n: int, together: int, workers: int | None,
    progress: Progress | None = None,
) -> None:  # fmt: skip
    """``work`` on parts of ``n`` things, ``together`` at a time, in ``workers`` threads (None: one
    per core). It returns how many are done, which ``progress(done, n)`` is told. Work that has not
    begun is dropped when one part fails or the user stops."""
    if workers is not None and workers < 1:
        raise InputError("workers", workers, "1 or more")
    parts = [slice(i, min(i + together, n)) for i in range(0, n, together)]
    done = 0
    with ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
        futures = [pool.submit(work, part) for part in parts]
        try:
            for future in as_completed(futures):
                done += future.result()
                if progress is not None:
                    progress(done, n)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
