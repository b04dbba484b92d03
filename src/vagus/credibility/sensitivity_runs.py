"""The outcome of every mixture of a design in both arms, with as few integrations as there can be.

A row of a mixture differs from the same row of A only in what it takes from B. The outcome is that
of A, and is not integrated again, where all of that

- has the same value in both: zeros of a prior with mass at zero, structural alternatives;
- or reaches the arm by no path (`vagus.credibility.reach`): most parameters do not reach sham;
- or reaches it by no path *in that row*, because of what is 0 or 1 there: the delay of a relief
  that is drawn as none, the gain of a structural alternative that is not drawn.

All three are exact; in the examples the last halves the work.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vagus.body.compiled import Compiled
from vagus.body.draws import Draws
from vagus.body.integrate import Segments, integrate
from vagus.body.simulate import DRIVE, RESOLVED_DIGITS, recalled
from vagus.credibility.reach import Equations
from vagus.credibility.sensitivity_inputs import Inputs, UncertainInput
from vagus.credibility.sobol import Design

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Tell = Callable[[int], None]

READ = ("pain", "pain_area")
"""What is read of the body."""
BLOCK = 512
"""Rows integrated, and kept, at a time: what an interrupted run loses."""


@dataclass(frozen=True, eq=False)
class Runs:
    """How rows are run. ``varied`` [k]: inputs of the design; ``reaches_sham`` [k]: which of them
    reach the sham arm. ``output_s`` [time]: 0, where the recall period begins, the end."""

    system: Compiled
    inputs: Inputs
    varied: tuple[UncertainInput, ...]
    reaches_sham: Mask
    segments: Segments
    output_s: Floats
    rtol: float
    folder: Path | None
    workers: int | None


@dataclass(frozen=True, eq=False)
class Outcomes:
    """[mixture, base, 2] outcome at the start and at the end of each arm, nan where a run failed;
    ``integrated``: rows that were run, both arms together."""

    active: Floats
    sham: Floats
    integrated: int


def run_design(runs: Runs, design: Design, progress: Callable[[int, int], None]) -> Outcomes:
    """Both arms of every row of ``design``; ``progress(done, all)`` counts rows."""
    a, b = (_values(runs.varied, rows) for rows in (design.a, design.b))
    differ = (a != b) & _matters(runs, a)
    jobs = {
        sham: _jobs(design.members, differ & (runs.reaches_sham if sham else True))
        for sham in (False, True)
    }
    total, done = sum(len(job) for job in jobs.values()), 0

    def tell(rows: int) -> None:
        nonlocal done
        done += rows
        progress(done, total)

    arms = [_arm(runs, design.members, a, b, jobs[sham], sham, tell) for sham in (False, True)]
    return Outcomes(arms[0], arms[1], total)


def _values(varied: tuple[UncertainInput, ...], uniform: Floats) -> Floats:
    """[base, k] values of the inputs at the probabilities ``uniform`` [base, k]."""
    return np.stack([one.quantile(u) for one, u in zip(varied, uniform.T, strict=True)], axis=1)


def _matters(runs: Runs, a: Floats) -> Mask:
    """[base, k] whether each input can matter in each row of A: it reaches pain with what is 0 or 1
    in that row put in, or is itself among the latter."""
    model = runs.system.model
    stated = Equations.of(model)
    draws = _draws(runs, a)
    columns = {s: draws[s] for s in model.parameters}
    found = np.zeros(a.shape, dtype=np.bool_)
    for row in range(len(a)):
        known = {s: float(v[row]) for s, v in columns.items() if v[row] in (0.0, 1.0)}
        alive = stated.having(known).reaching(READ) | known.keys()
        found[row] = [not alive.isdisjoint(one.sets) for one in runs.varied]
    return found


def _draws(runs: Runs, values: Floats) -> Draws:
    """Parameters of the body for rows of values [n, k] of the inputs."""
    named = {one.symbol: v for one, v in zip(runs.varied, values.T, strict=True)}
    return runs.inputs.draws(named, len(values))


def _jobs(members: Mask, differ: Mask) -> NDArray[np.int64]:
    """[m, 2] (mixture, row) of what has to be run: A, and whatever differs from it."""
    needed = (members.astype(np.int64) @ differ.T.astype(np.int64)) > 0
    needed[0] = True
    return np.argwhere(needed)


def _arm(
    runs: Runs, members: Mask, a: Floats, b: Floats, jobs: NDArray[np.int64], sham: bool, tell: Tell
) -> Floats:
    found = np.full((len(members), len(a), 2), np.nan)
    ran = np.zeros(found.shape[:2], dtype=np.bool_)
    for start in range(0, len(jobs), BLOCK):
        mixture, row = jobs[start : start + BLOCK].T
        draws = _draws(runs, np.where(members[mixture], b[row], a[row]))
        if sham:
            draws = draws.having(**dict.fromkeys(DRIVE, 0.0))
        found[mixture, row] = _block(runs, draws, tell)
        ran[mixture, row] = True
    return np.where(ran[:, :, None], found, found[0])


def _block(runs: Runs, draws: Draws, tell: Tell) -> Floats:
    """[n, 2] outcome of ``draws`` at the start and the end, from the folder where it is kept."""
    kept = None if runs.folder is None else runs.folder / f"{_key(runs, draws)}.npz"
    if kept is not None and kept.is_file():
        with np.load(kept) as z:
            tell(len(draws))
            return np.asarray(z["outcome"], dtype=np.float64)
    before = 0

    def counted(done: int, _: int) -> None:
        nonlocal before
        tell(done - before)
        before = done

    outcome = _outcome(runs, draws, counted)
    if kept is not None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        partial = kept.with_suffix(".part.npz")
        np.savez(partial, outcome=outcome)
        partial.replace(kept)  # an interrupted write leaves no half file under the final name
    return outcome


def _outcome(runs: Runs, draws: Draws, counted: Callable[[int, int], None]) -> Floats:
    """As `vagus.body.simulate` reads it: pain over the recall period, on the condition's scale."""
    found = integrate(
        runs.system, draws, runs.segments, runs.output_s, rtol=runs.rtol, workers=runs.workers,
        progress=counted,
    )  # fmt: skip
    treated = runs.inputs.condition
    pain = recalled(found["pain_area"], found["pain"], runs.output_s, treated.recall_d)
    read = treated.read(np.round(pain[:, [0, -1]], RESOLVED_DIGITS))
    read[list(found.failures)] = np.nan
    return read


def _key(runs: Runs, draws: Draws) -> str:
    """A name that changes with anything the outcomes depend on."""
    digest = hashlib.sha256(runs.system.key.encode())
    inputs = runs.segments
    for part in (draws.values, inputs.edges_s, *inputs.values.values(), runs.output_s):
        digest.update(np.ascontiguousarray(part, dtype=np.float64).tobytes())
    treated = runs.inputs.condition
    scale = (treated.mean, treated.sd, treated.low, treated.high, treated.recall_d)
    digest.update(repr((draws.names, tuple(inputs.values), runs.rtol, scale)).encode())
    return digest.hexdigest()[:24]
