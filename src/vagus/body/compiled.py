"""From a model statement to running code, generated and compiled once and kept on disk.

The module of a model lies in ``$XDG_CACHE_HOME/vagus/body`` (``~/.cache`` if unset), under a name
that contains a hash of everything it is made from: the statement, the sources of the generator and
of the solver, its coefficients, the versions of numba and sympy. What has changed is therefore
never read, and a second process neither derives nor compiles.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import inspect
import os
import re
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numba
import numpy as np
import sympy as sp

from vagus.body import codegen, printing, rodas4, sparse_lu
from vagus.body.statement import Model
from vagus.data import read_table

# Read once, at import: an editor may change the files while this process runs.
_SOURCES = {m.__name__: inspect.getsource(m) for m in (codegen, printing, sparse_lu, rodas4)}
_SOURCES[__name__] = inspect.getsource(sys.modules[__name__])
_KERNEL = (
    "copy", "advance", "fitted", "guess", "resized", "next_kink", "remember", "recall", "report",
    "combine", "attempt", "integrate_patient",
)  # fmt: skip
_NAMES = (
    "OK", "TOO_MANY", "TOO_SMALL", "NOT_FINITE", "PEAK_SHARE", "SAFETY", "SHRINK", "GROW"
)  # fmt: skip
_SIGNATURE = (
    "void(float64[:, ::1], float64[:, ::1], float64[:, ::1], float64[:, ::1], float64[::1],"
    " int64[::1], float64[::1], float64, float64[::1], int64,"
    " float64[:, :, ::1], float64[:, :, ::1], int64[::1], int64[::1])"
)


@dataclass(frozen=True)
class Compiled:
    """A model ready to be integrated; ``run`` is `rodas4.integrate_patients` over its equations.

    ``key`` changes with anything that results depend on: statement, table, solver, versions.
    """

    model: Model
    key: str
    layout: codegen.Layout
    run: Callable[..., None]

    @property
    def states(self) -> tuple[str, ...]:
        """Symbols of the states, in the order of the last axis of `Trajectory.states`."""
        return self.layout.states

    @property
    def parameters(self) -> tuple[str, ...]:
        """Symbols of the parameters and links."""
        return self.layout.parameters

    @property
    def inputs(self) -> tuple[str, ...]:
        """Symbols of the inputs."""
        return self.layout.inputs

    @property
    def outputs(self) -> tuple[str, ...]:
        """Symbols of the outputs."""
        return self.layout.outputs


@cache
def _sources() -> str:
    """Everything but the statement that the code of a model is made from."""
    versions = (numba.__version__, sp.__version__, np.__version__, sys.version)
    return repr((_SOURCES, read_table("body/rodas4.csv"), versions))


_MODULES: dict[tuple[str, bool], ModuleType] = {}


def compile_model(model: Model, *, compiled: bool = True) -> Compiled:
    """Code for ``model``: by numba, or with ``compiled=False`` the same text as plain Python.

    Raises `InputError` for functions that cannot be printed and for lags of outputs.
    """
    places = codegen.layout(model)
    key = _key(model, places)
    if (key, compiled) not in _MODULES:
        name = f"{re.sub(r'[^A-Za-z0-9_]', '_', model.name)}_{key}"
        path = _folder() / f"{name}.py"
        if not path.is_file():
            _write(path, _text(model, places))
        _MODULES[key, compiled] = _load(path, name, compiled)
    rows = repr([(q.symbol, q.kind, q.unit, q.default) for q in model.quantities.values()])
    whole = hashlib.sha256((key + rows).encode()).hexdigest()[:20]
    return Compiled(model, whole, places, _MODULES[key, compiled].integrate_patients)


def _key(model: Model, places: codegen.Layout) -> str:
    """Hash of everything the text is made from."""
    equations = [[(s, sp.srepr(e)) for s, e in x.items()] for x in (model.rates, model.outputs)]
    lags = [sorted(x.items()) for x in (places.lag_states, places.lag_inputs, model.lags)]
    order = (places.states, places.parameters, places.inputs, places.outputs)
    whole = repr((equations, lags, order)) + _sources()
    return hashlib.sha256(whole.encode()).hexdigest()[:20]


def _text(model: Model, places: codegen.Layout) -> str:
    lagged = [places.states.index(source) for source, _ in places.lag_states.values()] or [0]
    head = [
        f'"""Made by vagus.body.compiled from the model `{model.name}`; do not edit."""',
        "from __future__ import annotations\n",
        "import numpy as np",
        printing.imports(),
        *(f"{name} = {getattr(rodas4, name)!r}" for name in _NAMES),
        *_coefficients(),
        f"LAG_STATE = np.array({lagged})",
    ]
    kernel = [f"@{'inlined' if f == 'combine' else 'jit'}\n{_function(f)}\n" for f in _KERNEL]
    driver = f"@driver\n{_function('integrate_patients')}\n"
    return "\n".join(head) + "\n\n".join(
        [printing.PRELUDE, codegen.generate(model), *kernel, driver]
    )


def _function(name: str) -> str:
    """Source of one function of `rodas4`."""
    text = _SOURCES[rodas4.__name__]
    found = [n for n in ast.parse(text).body if isinstance(n, ast.FunctionDef) and n.name == name]
    return str(ast.get_source_segment(text, found[0]))


def _coefficients() -> list[str]:
    """The table of the method under the names that `rodas4` reads."""
    arrays = {"alpha": np.zeros(6), "gamma_sum": np.zeros(6), "dense": np.zeros((2, 5))}
    lines = []
    for entry in read_table("body/rodas4.csv"):
        name, row, column = entry["coefficient"], int(entry["row"]), int(entry["column"])
        value = float(entry["value"])
        if name in ("a", "c"):
            lines.append(f"{name.upper()}{row}{column} = {value!r}")
        elif name == "gamma":
            lines.append(f"GAMMA = {value!r}")
        else:
            arrays[name].reshape(-1, 5 if name == "dense" else 1)[row - 1, column - 1] = value
    return lines + [f"{name.upper()} = np.array({a.tolist()})" for name, a in arrays.items()]


def _write(path: Path, text: str) -> None:
    """Write in one move, so that another process never reads half of it."""
    handle, part = tempfile.mkstemp(dir=path.parent, suffix=".part")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(part, path)


def _load(path: Path, name: str, compiled: bool) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"vagus_body_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    if compiled:  # what numba keeps on disk refers to the module by name
        sys.modules[spec.name] = module
    plain: Callable[[Any], Any] = lambda function: function  # noqa: E731
    settings: dict[str, Any] = {"error_model": "numpy", "nogil": True}
    module.__dict__["jit"] = numba.njit(**settings) if compiled else plain
    module.__dict__["inlined"] = numba.njit(forceinline=True, **settings) if compiled else plain
    module.__dict__["driver"] = (
        numba.njit(_SIGNATURE, cache=True, **settings) if compiled else plain
    )
    spec.loader.exec_module(module)
    return module


@cache
def _folder() -> Path:
    """Where generated modules are kept; a folder of this process where that cannot be written."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(base) / "vagus" / "body"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError:
        return Path(tempfile.mkdtemp(prefix="vagus-"))
