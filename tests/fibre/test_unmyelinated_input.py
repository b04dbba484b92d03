"""Bad input is one clear error each; and the kernel is made of packed instructions."""

from __future__ import annotations

import platform
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from llvmlite.binding import get_host_cpu_features
from numba import float32, njit

from vagus.errors import ConvergenceError, InputError
from vagus.fibre.lanes import JIT
from vagus.fibre.timegrid import TimeGrid
from vagus.fibre.unmyelinated import UnmyelinatedFibres
from vagus.fibre.unmyelinated_kernel import integrate

GOOD: dict[str, Any] = {
    "model": "sundt", "diameter_um": np.array([0.8, 1.0]), "dx_um": 25.0, "n": 11,
    "ve_mV_per_mA": np.zeros((2, 11)),
}  # fmt: skip
GRID = TimeGrid("neuron", np.array([0.005]), np.zeros(10, np.int64), np.ones(10), 10)
NAN_POTENTIAL = np.where(np.eye(2, 11) > 0, np.nan, 0.0)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("model", "sunny"),
        ("diameter_um", np.array([0.8, 0.0])),
        ("diameter_um", np.array([-1.0, 1.0])),
        ("diameter_um", np.array([np.nan, 1.0])),
        ("dx_um", 0.0),
        ("dx_um", np.inf),
        ("n", 4),
        ("ve_mV_per_mA", np.zeros((2, 10))),
        ("ve_mV_per_mA", np.zeros((3, 11))),
        ("ve_mV_per_mA", NAN_POTENTIAL),
        ("detector", np.array([3, 10])),
        ("detector", np.array([3, 4, 5])),
        ("inject_node", 0),
        ("end_ohm_cm", 0.0),
    ],
)
def test_fibres_that_cannot_be(name: str, value: Any) -> None:
    with pytest.raises(InputError) as error:
        UnmyelinatedFibres(**(GOOD | {name: value}))
    assert error.value.field == name
    assert name in str(error.value)


def test_a_potential_that_is_nan_is_located() -> None:
    with pytest.raises(InputError, match="fibre 0, compartment 0"):
        UnmyelinatedFibres(**(GOOD | {"ve_mV_per_mA": NAN_POTENTIAL}))


@pytest.mark.parametrize(
    ("name", "grid"),
    [
        ("dt_ms", replace(GRID, dt_ms=np.array([0.0]))),
        ("dt_ms", replace(GRID, dt_ms=np.array([-0.005]))),
        ("dt_ms", replace(GRID, dt_ms=np.array([np.nan]))),
        ("w", replace(GRID, w=np.ones(9))),
        ("w", replace(GRID, w=np.full(10, np.nan))),
        ("inject_nA", replace(GRID, inject_nA=np.ones(3))),
    ],
)
def test_steps_that_cannot_be(name: str, grid: TimeGrid) -> None:
    with pytest.raises(InputError) as error:
        UnmyelinatedFibres(**GOOD).simulate(grid, np.array([0]), np.array([1.0]))
    assert error.value.field == name


@pytest.mark.parametrize(
    ("name", "fibre", "amplitude"),
    [
        ("fibre", [2], [1.0]),
        ("fibre", [-1], [1.0]),
        ("amplitude_mA", [0, 1], [1.0]),
        ("amplitude_mA", [0], [np.nan]),
    ],
)
def test_items_that_cannot_be(name: str, fibre: list[int], amplitude: list[float]) -> None:
    with pytest.raises(InputError) as error:
        UnmyelinatedFibres(**GOOD).simulate(GRID, np.array(fibre), np.array(amplitude))
    assert error.value.field == name


def test_nodes_outside_the_fibre() -> None:
    fibres = UnmyelinatedFibres(**GOOD)
    with pytest.raises(InputError, match="nodes"):
        fibres.trace(GRID, 0, 1.0, [11])
    with pytest.raises(InputError, match="nodes"):
        fibres.crossings_ms(GRID, [0])


@pytest.mark.parametrize("model", ["sundt", "schild97"])
def test_a_current_beyond_the_membrane_model(model: str) -> None:
    """No number is no answer: it must not pass for `silent`."""
    fibres = UnmyelinatedFibres(**(GOOD | {"model": model, "ve_mV_per_mA": np.eye(2, 11, 5)}))
    with pytest.raises(ConvergenceError, match=rf"{model}.* fibre 1 at 1e\+38 mA"):
        fibres.simulate(GRID, np.array([0, 1]), np.array([1e-3, 1e38]))


def test_nothing_to_simulate() -> None:
    outcome = UnmyelinatedFibres(**GOOD).simulate(GRID, np.zeros(0, np.int64), np.zeros(0))
    assert outcome.fired.shape == (0,)


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="reads x86 assembly")
def test_the_kernel_is_vectorised() -> None:
    """Arithmetic on whole registers; hardly any on single floats. (Compiled afresh: Numba shows no
    assembly of cached code.)"""
    UnmyelinatedFibres(**GOOD).simulate(GRID, np.array([0]), np.array([1.0]))
    signature = next(s for s in integrate.signatures if s[1].dtype == float32)
    fresh = njit(**(JIT | {"cache": False}))(integrate.py_func)
    fresh.compile(signature)
    text = fresh.inspect_asm(signature)
    fused = re.findall(r"\bv?(?:fn?m(?:add|sub)\w*|mul|add)ps\b[^\n]*([xyz])mm", text)
    single = re.findall(r"\bv?(?:fn?m(?:add|sub)\w*|mul|add)ss\b", text)
    assert len(fused) > 100
    assert len(single) < 0.1 * len(fused)
    features = get_host_cpu_features()
    widest = "z" if features.get("avx512f") else "y" if features.get("avx2") else "x"
    assert fused.count(widest) > 0.8 * len(fused)
