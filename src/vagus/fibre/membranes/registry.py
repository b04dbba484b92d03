"""The membranes by name, with what the solver must know of each besides `advance`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from vagus.fibre.lanes import W, aligned
from vagus.fibre.membranes import rattay, schild, sundt, sweeney, tigerholm
from vagus.fibre.membranes.contract import FIRST_STATE, V, parameters, settle
from vagus.fibre.timegrid import Scheme


@dataclass(frozen=True)
class Membrane:
    """One membrane model.

    ``build`` gives the kernel's parameters for a scheme; ``states`` is the number of its own rows;
    ``silent_mV`` how far below and above rest a fibre may be everywhere and still count as silent;
    ``start`` the rows that are not gates and the parameters they start from.
    """

    name: str
    build: Callable[[Scheme], Any]
    states: int
    silent_mV: tuple[float, float]
    start: tuple[tuple[int, str], ...] = ()

    @property
    def rows(self) -> int:
        return FIRST_STATE + self.states

    def __getitem__(self, parameter: str) -> float:
        """A parameter of the shipped table, by id."""
        return parameters(self.name)[parameter]


def _named(cls: Any, model: str, **more: float) -> Any:
    table = dict(parameters(model)) | more
    return cls(**{field: table[field] for field in cls._fields})


def _sundt(scheme: Scheme) -> Any:
    return _named(sundt.Sundt, "sundt")


def _rattay(scheme: Scheme) -> Any:
    cls = rattay.RattayTabulated if scheme == "neuron" else rattay.Rattay
    return _named(cls, "rattay")


def _schild94(scheme: Scheme) -> Any:
    return _named(schild.Schild94, "schild94")


def _schild97(scheme: Scheme) -> Any:
    return _named(schild.Schild97, "schild97")


def _sweeney(scheme: Scheme) -> Any:
    return _named(sweeney.Sweeney, "sweeney")


_TIGERHOLM_IONS = (
    (tigerholm.NA_IN, "na_in"),
    (tigerholm.NA_OUT, "na_out"),
    (tigerholm.K_IN, "k_in"),
    (tigerholm.K_OUT, "k_out"),
)
_SCHILD_IONS = (
    (schild.CA_IN, "ca_in"),
    (schild.CA_OUT, "ca_out"),
    (schild.BOUND, "buffer_start"),
)


@cache
def _tigerholm(scheme: Scheme) -> Any:
    """With the leaks, or pumps, that balance sodium and potassium at the resting potential."""
    p = parameters("tigerholm")
    nothing = dict.fromkeys(("balance_g_na", "balance_i_na", "balance_g_k", "balance_i_k"), 0.0)
    x = aligned((FIRST_STATE + tigerholm.STATES) * W, np.float64)
    x[V : V + W] = p["v_rest"]
    for row, name in _TIGERHOLM_IONS:
        x[row : row + W] = p[name]
    settle(_named(tigerholm.Tigerholm, "tigerholm", **nothing), x, np.ones(W))
    balance = {}
    for ion, row in (("na", tigerholm.I_NA), ("k", tigerholm.I_K)):
        current = float(x[row])
        reversal = tigerholm.RT_F * np.log(p[f"{ion}_out"] / p[f"{ion}_in"])
        g = -current / (p["v_rest"] - reversal)
        balance[f"balance_g_{ion}"] = max(g, 0.0)
        balance[f"balance_i_{ion}"] = 0.0 if g >= 0 else -current
    return _named(tigerholm.Tigerholm, "tigerholm", **balance)


MEMBRANES: dict[str, Membrane] = {
    m.name: m
    for m in (
        Membrane("sundt", _sundt, sundt.STATES, (30.0, 8.0)),
        Membrane("rattay", _rattay, rattay.STATES, (20.0, 3.0)),
        Membrane("tigerholm", _tigerholm, tigerholm.STATES, (30.0, 8.0), _TIGERHOLM_IONS),
        Membrane("schild94", _schild94, schild.STATES, (20.0, 3.5), _SCHILD_IONS),
        Membrane("schild97", _schild97, schild.STATES, (30.0, 12.0), _SCHILD_IONS),
        Membrane("sweeney", _sweeney, sweeney.STATES, (40.0, 15.0)),
    )
}
