"""Membrane models of fibres: what each is, its rates as they run, every parameter."""

from __future__ import annotations

import ast
import importlib
import inspect
from types import ModuleType

from site_pages.page import Page, mark, prose, table
from vagus.data import read_table
from vagus.fibre.membranes import gating

READING = """\
Rates of the gates are code, since they are compiled as written, for many fibres at once. Each block
below is that code, taken from the module when this site was built. To read it:

- `v` is the membrane potential in mV, `exponential(z)` is `exp(z)`.
- `relax(x, inf, rate, dt)` moves a gate to its steady state `inf` = alpha / (alpha + beta), with
  `rate` = 1 / tau = alpha + beta, exactly for rates that stay; `relax_rates`, `relax_logistic` and
  `relax_fractions` are the same for rates that are given in other forms, and share divisions. Their
  definitions are the [last section](#what-the-rates-are-written-with).
- `load` and `store` read and write a row of a compartment's state; `G` and `J` are what is left for
  the cable: `dv/dt = J - G v`.
- `_Q` and the like speed a rate up from the temperature of its paper to 37 °C.

How a fibre is solved: [Fibres](../fibre.md)."""
MODULES = ("sundt", "tigerholm", "rattay", "schild", "sweeney")


def membrane_page() -> Page:
    """Rates of all membranes as code, and the parameters of membranes and geometries."""
    parts = [f"# Fibres: membranes and geometries\n\n{READING}\n"]
    for name in MODULES:
        module = importlib.import_module(f"vagus.fibre.membranes.{name}")
        parts.append(_stated(name.capitalize(), module) + f"### Parameters\n\n{_parameters(name)}")
    parts.append(_mrg())
    parts.append(_stated("What the rates are written with", gating))
    return Page("models/membranes.md", "Fibres", "\n".join(parts))


def _stated(name: str, module: ModuleType) -> str:
    """Docstring and rates of a module, and the way to its page in the reference."""
    return f"""## {name}

{prose(module.__doc__)}

### Rates, as they run

From [`{module.__name__}`][{module.__name__}]:

```python
{rates(module)}
```

"""


def rates(module: ModuleType) -> str:
    """The source of a module between its imports and what ties it to the solver."""
    source = inspect.getsource(module)
    body = ast.parse(source).body
    imports = [n for n in body if isinstance(n, ast.Import | ast.ImportFrom)]
    tied = [n for n in body if isinstance(n, ast.FunctionDef) and _overloads(n)]
    last = min((n.decorator_list[0].lineno - 1 for n in tied), default=None)
    lines = source.splitlines()[imports[-1].end_lineno : last]
    return "\n".join(lines).strip().replace("\n\n\n", "\n\n")


def _overloads(function: ast.FunctionDef) -> bool:
    return any("overload" in ast.dump(d) for d in function.decorator_list)


def _parameters(module: str) -> str:
    rows = [
        (f"`{r['id']}`", r["model"], r["value"], r["unit"], r["quantity"], r["source"], r["mark"])
        for r in read_table("fibre/unmyelinated.csv")
        if r["model"].startswith(module)
    ]
    head = ("id", "model", "value", "unit", "what", "source", "mark")
    return table(head, [(*row[:-1], mark(row[-1])) for row in rows])


def _mrg() -> str:
    module = importlib.import_module("vagus.fibre.mrg_membrane")
    parameters = [
        (f"`{r['symbol']}`", r["models"], r["value"], r["unit"], r["description"], r["source"],
         mark(r["mark"]))
        for r in read_table("fibre/mrg_parameters.csv")
    ]  # fmt: skip
    curves = [
        (r["model"], r["quantity"], r["from_um"], r["c2"], r["c1"], r["c0"], r["unit"],
         r["source"], mark(r["mark"]))
        for r in read_table("fibre/mrg_polynomials.csv")
    ]  # fmt: skip
    head = ("model", "quantity", "from, um", "c2", "c1", "c0", "unit", "source", "mark")
    return f"""{_stated("MRG", module)}### Parameters

{table(("symbol", "models", "value", "unit", "what", "source", "mark"), parameters)}

Geometry over the diameter of the fibre, c2 D² + c1 D + c0:

{table(head, curves)}
"""
