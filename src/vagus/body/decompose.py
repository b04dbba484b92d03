"""What a change is made of: the share of each route by which stimulation acts.

The outcome is simulated with every subset of the routes switched on. A route's share is its
Shapley value: the change it makes when switched on, averaged over every order in which the routes
could be switched on [1]. The shares of the routes add up to the difference between all on and all
off whatever the interplay between routes, and a route that does nothing gets exactly nothing.

[1] Shapley 1953, A value for n-person games; Contributions to the Theory of Games II, 307-317.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from math import factorial

import numpy as np
from numpy.typing import NDArray

from vagus.errors import InputError

Floats = NDArray[np.float64]
Subset = frozenset[str]

SENSATION = "sensation"
ROUTES: Mapping[str, str] = {
    "cytokines": "route_cytokines",
    "brainstem": "route_brainstem",
    "mood": "route_mood",
    "plasticity": "route_plasticity",
    SENSATION: "link_sensation_expectation",
}
"""Part of the decomposition -> the link that switches it. Sensation is no effect of the nerve: what
is felt may raise what is expected (off by default)."""


def subsets(routes: Sequence[str]) -> tuple[Subset, ...]:
    """Every subset of ``routes``, none first, all last."""
    sizes = range(len(routes) + 1)
    return tuple(frozenset(chosen) for size in sizes for chosen in combinations(routes, size))


def shapley(routes: Sequence[str], outcome: Mapping[Subset, Floats]) -> dict[str, Floats]:
    """Share of each route [draw], from the outcome [draw] under every subset of the routes.

    The shares sum to ``outcome[all] - outcome[none]``. `InputError` where a subset is missing.
    """
    missing = set(subsets(routes)) - outcome.keys()
    if missing:
        raise InputError("outcome", sorted(map(sorted, missing)), "a value for every subset")
    n = len(routes)
    shares = {}
    for route in routes:
        others = [r for r in routes if r != route]
        shares[route] = sum(
            (
                factorial(len(before))
                * factorial(n - len(before) - 1)
                / factorial(n)
                * (outcome[before | {route}] - outcome[before])
                for before in subsets(others)
            ),
            np.zeros_like(outcome[frozenset()]),
        )
    return shares
