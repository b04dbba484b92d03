"""What a membrane is: a tuple of parameters, and `advance` for tuples of that class.

A membrane's state is a few rows of lane vectors per compartment. `advance` moves them one step at
the potential already found and leaves the linearised current for the next solution:
``dv/dt = J - G v`` with G in 1/ms and J in mV/ms (both per unit of membrane capacitance).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from numba import njit

from vagus.data import read_table
from vagus.fibre.lanes import JIT, W, load

V, SOURCE, G, J, PIVOT, FORWARD = (row * W for row in range(6))
"""Rows that every compartment has, as offsets: potential (mV, relative to outside), axial source
of the extracellular field (mV/ms per mA of stimulus), conductance, current, two of the solver."""

FIRST_STATE = 6
"""The membrane's own rows start here."""


def advance(p: Any, x: Any, at: int, diameter: Any, dt: float, dt_ions: float) -> None:
    """Advance the compartment at ``x[at]``: gates by ``dt``, concentrations by ``dt_ions`` (ms).

    Each membrane overloads this for its own parameter class; only kernels call it.
    """
    raise TypeError("only callable from a kernel")


@njit(**JIT)
def settle(p: Any, x: Any, diameter: Any) -> None:
    """Gates of the compartment ``x`` at their steady state, concentrations untouched.

    ``diameter`` [W] um.
    """
    advance(p, x, 0, load(diameter, 0), 1e9, 0.0)


@cache
def parameters(model: str) -> Mapping[str, float]:
    """Parameters of one model from the shipped table, by id."""
    rows = read_table("fibre/unmyelinated.csv")
    return MappingProxyType({r["id"]: float(r["value"]) for r in rows if r["model"] == model})
