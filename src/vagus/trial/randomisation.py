"""Who gets what: stratified permuted blocks.

A block of size s holds each arm in the ratio of the arms' numbers, in random order; sizes follow
each other at random, so that the end of a block cannot be foreseen. Each stratum has blocks of its
own. A crossover is allocated in the same way: its arms are sequences. The order of periods in an
n-of-1 trial is one of `vagus.trial.periods.orders`, all equally likely.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vagus.errors import InputError

if TYPE_CHECKING:
    from vagus.trial.design import Design

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

# An arm's part of a block is rounded to whole patients where it is off by less than this: 121
# against 122 patients may use blocks of 4, but 2 to 1 may not.
ROUNDING = 0.25
LARGEST = 24  # of the blocks that are tried; in larger ones the balance comes late


def randomise(design: Design, baseline: Floats, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Arm and stratum, each of the shape of ``baseline``, [n] or [R, n], in order of entry.

    Strata are those of ``design.strata`` (a baseline on a cut belongs above it), and every arm gets
    precisely its number of patients. Raises `InputError` where the number of patients is another.
    """
    baseline = np.asarray(baseline, dtype=float)
    stratum = np.searchsorted(np.array(design.strata.baseline_cuts), baseline, side="right")
    n = [arm.n for arm in design.arms]
    sizes = design.strata.block_sizes or (usual_size(n),)
    arm = allocate(n, np.atleast_2d(stratum), sizes, rng)
    return np.asarray(arm.reshape(baseline.shape)), stratum.astype(np.int64)


def usual_size(n: Sequence[int]) -> int:
    """Twice the smallest block that holds the ratio of arms with ``n`` patients: 4 for 1 to 1.

    Of arms in no simple ratio, all patients are one block.
    """
    share = np.asarray(n, dtype=float) / np.sum(n)
    return next((2 * s for s in range(len(n), LARGEST + 1) if _both_fit(share, s)), int(np.sum(n)))


def composition(n: Sequence[int], size: int) -> Ints:
    """[arms] patients of each arm in a block of ``size``, for arms of ``n`` patients in all.

    Raises `InputError` where the ratio of the arms does not fit into such a block.
    """
    share = np.asarray(n, dtype=float) / np.sum(n)
    if not _fits(share, size):
        ratio = ":".join(str(k) for k in np.asarray(n) // np.gcd.reduce(np.asarray(n)))
        good = [str(s) for s in range(len(n), LARGEST + 1) if _fits(share, s)]
        fix = f"Such as {', '.join(good[:3])}." if good else "Make the arms' ratio simpler."
        allowed = f"sizes that hold arms in the ratio {ratio}"
        raise InputError("strata.block_sizes", size, allowed, fix)
    return np.asarray(np.rint(size * share), dtype=np.int64)


def allocate(
    n: Sequence[int],
    strata: Ints,
    block_sizes: Sequence[int],
    rng: np.random.Generator,
    *,
    exact: bool = True,
) -> Ints:
    """Arm of every patient, [R, m], by permuted blocks within strata, in order of entry.

    ``n``: patients per arm, whose ratio the blocks have; ``strata`` [R, m] from 0. With ``exact``
    each arm gets precisely its ``n`` (then m must be their sum): patients beyond it are moved to
    arms that are short, first those of blocks that were not filled. Raises `InputError`.
    """
    strata = np.asarray(strata, dtype=np.int64)
    if strata.ndim != 2 or (strata.size and strata.min() < 0):
        raise InputError("strata", strata.shape, "whole numbers from 0, [replicates, patients]")
    if exact and strata.shape[1] != sum(n):
        allowed = f"{sum(n)} patients, as the arms have"
        raise InputError("strata", f"{strata.shape[1]} patients", allowed)
    arm, filled = np.zeros_like(strata), np.zeros(strata.shape, dtype=bool)
    for stratum in range(int(strata.max(initial=-1)) + 1):
        inside = strata == stratum
        lists, ends = _lists(n, strata.shape, block_sizes, rng)
        place = np.cumsum(inside, axis=1) - 1  # how many of the stratum came before
        rows = np.broadcast_to(np.arange(strata.shape[0])[:, None], strata.shape)[inside]
        arm[inside] = lists[rows, place[inside]]
        size = inside.sum(axis=1)[rows]
        filled[inside] = ends[rows, place[inside]] <= size
    return _exactly(arm, filled, n, rng) if exact else arm


def _fits(share: Floats, size: int) -> bool:
    """Whether a block of ``size`` holds every arm, by its share of whole patients."""
    part = np.rint(size * share)
    near = bool(np.all(np.abs(part - size * share) < ROUNDING))
    return near and part.sum() == size and bool(np.all(part >= 1))


def _both_fit(share: Floats, size: int) -> bool:
    return _fits(share, size) and _fits(share, 2 * size)


def _lists(
    n: Sequence[int], shape: tuple[int, ...], sizes: Sequence[int], rng: np.random.Generator
) -> tuple[Ints, Ints]:
    """Arms in order, [R, m], of one stratum, and where the block of each place ends, [R, m]."""
    parts = [np.repeat(np.arange(len(n)), composition(n, size)) for size in sizes]
    replicates, m = shape
    longest = max(sizes)
    table = np.stack([np.pad(part, (0, longest - part.size)) for part in parts])
    blocks = -(-m // min(sizes)) if m else 1
    kind = rng.integers(0, len(sizes), size=(replicates, blocks))
    ends = np.cumsum(np.asarray(sizes, dtype=np.int64)[kind], axis=1)
    width = blocks * longest
    place = np.arange(width)
    # Block of each place: how many blocks have ended before it; places after the last are cut off.
    starts_new = np.zeros((replicates, width + 1), dtype=np.int64)
    np.put_along_axis(starts_new, ends, 1, axis=1)
    block = np.minimum(np.cumsum(starts_new[:, :width], axis=1), blocks - 1)
    order = np.argsort(block + rng.random((replicates, width)), axis=1, kind="stable")
    begin = ends - np.asarray(sizes, dtype=np.int64)[kind]
    rank = np.minimum(place - np.take_along_axis(begin, block, axis=1), longest - 1)
    arms = np.empty((replicates, width), dtype=np.int64)
    np.put_along_axis(arms, order, table[np.take_along_axis(kind, block, axis=1), rank], axis=1)
    return arms[:, :m], np.take_along_axis(ends, block, axis=1)[:, :m]


def _exactly(
    arm: Ints, filled: NDArray[np.bool_], n: Sequence[int], rng: np.random.Generator
) -> Ints:
    """``arm`` [R, m] with ``n`` patients per arm; of few moved, those not ``filled`` first."""
    exact = arm.copy()
    late = rng.random(arm.shape) + ~filled  # who is moved: the highest of an arm that is too full
    moved = np.zeros(arm.shape, dtype=bool)
    short = np.zeros((arm.shape[0], len(n)), dtype=np.int64)
    for a, wanted in enumerate(n):
        inside = arm == a
        key = np.where(inside, late, np.inf)
        rank = np.argsort(np.argsort(key, axis=1, kind="stable"), axis=1, kind="stable")
        moved |= inside & (rank >= wanted)
        short[:, a] = np.maximum(wanted - inside.sum(axis=1), 0)
    for r in np.flatnonzero(moved.any(axis=1)):
        exact[r, moved[r]] = rng.permutation(np.repeat(np.arange(len(n)), short[r]))
    return exact
