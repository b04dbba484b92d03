"""The fibre models by name, and fibres of any of them through one door."""

from __future__ import annotations

import difflib

import numpy as np
from numpy.typing import NDArray

from vagus.errors import InputError
from vagus.fibre.membranes import MEMBRANES
from vagus.fibre.mrg_geometry import MRG_MODELS, mrg_geometry, parameters
from vagus.fibre.myelinated import MyelinatedFibres
from vagus.fibre.unmyelinated import UnmyelinatedFibres, compartment_centres_um

Floats = NDArray[np.float64]
Fibres = MyelinatedFibres | UnmyelinatedFibres

MODELS: tuple[str, ...] = (*MRG_MODELS, *MEMBRANES)
DX_UM = 8.333
"""Compartment length of unmyelinated fibres in the reference tables (PyFibers' default)."""


def check_model(model: str) -> None:
    """Raise `InputError` with the nearest name if there is no such model."""
    if model not in MODELS:
        near = difflib.get_close_matches(model, MODELS, 1)
        fix = f"Did you mean {near[0]}?" if near else ""
        raise InputError("model", model, ", ".join(MODELS), fix)


def is_myelinated(model: str) -> bool:
    """Whether ``model`` is an MRG double cable (with nodes and internodes)."""
    return model in MRG_MODELS


UNMYELINATED_RANGE_UM = (0.4, 1.6)
"""Diameters that velocities of unmyelinated fibres are tabulated for; the models themselves have no
limits. Most human C fibres lie between (data/nerve/fibre_diameters.csv)."""


def diameter_range_um(model: str) -> tuple[float, float]:
    """Smallest and largest diameter of a model."""
    if is_myelinated(model):
        p = parameters(model)
        return p["diameter_min"], p["diameter_max"]
    return UNMYELINATED_RANGE_UM


def positions_um(model: str, diameter_um: Floats, n: int, dx_um: float = DX_UM) -> Floats:
    """[F, P] section (MRG) or compartment centres of fibres with n nodes (compartments)."""
    diameter = np.atleast_1d(np.asarray(diameter_um, float))
    if is_myelinated(model):
        return mrg_geometry(model, diameter).centres_um(n)
    if model == "sweeney":
        dummy = [UnmyelinatedFibres(model, np.array([d]), dx_um, n, np.zeros((1, n)))
                 for d in diameter]  # fmt: skip
        return np.stack([fibre.positions_um() for fibre in dummy])
    return np.tile(compartment_centres_um(n, dx_um), (len(diameter), 1))


def fibres_of(
    model: str, diameter_um: Floats, n: int, ve_mV_per_mA: Floats, dx_um: float = DX_UM
) -> Fibres:
    """Fibres of ``model`` with n nodes or compartments in the potentials given."""
    check_model(model)
    if is_myelinated(model):
        return MyelinatedFibres(model, diameter_um, n, ve_mV_per_mA)
    return UnmyelinatedFibres(model, diameter_um, dx_um, n, ve_mV_per_mA)
