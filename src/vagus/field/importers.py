"""Potentials computed elsewhere (ASCENT, PyFibers, COMSOL, NGSolve), read as a `PotentialBasis`.

Two layouts. npz: arrays ``z`` [P] and ``potential`` [contact, fibre, P] (or [fibre, P], [P] for one
contact or fibre), optional ``contacts``. csv: one row per point with columns ``z``, ``potential``
and, where there are several, ``fibre`` and ``contact``; lines that start with % or # are comments,
as COMSOL writes them. Every fibre must be sampled at the same positions.
"""

from __future__ import annotations

import csv
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from vagus.errors import InputError
from vagus.field.basis import PotentialBasis

Array = NDArray[np.float64]

LENGTHS_UM = {"um": 1.0, "mm": 1e3, "cm": 1e4, "m": 1e6}
VOLTAGES_MV = {"mV": 1.0, "V": 1e3, "uV": 1e-3}


def import_npz(
    path: str | os.PathLike[str],
    length_unit: str = "um",
    voltage_unit: str = "mV",
    current_mA: float = 1.0,
) -> PotentialBasis:
    """Read ``z`` and ``potential`` from an npz file, in the units stated.

    ``current_mA``: the current through the contact for which the potential was computed. Raises
    InputError on missing arrays, wrong shapes, NaN, or positions that do not increase.
    """
    try:
        with np.load(Path(path), allow_pickle=False) as data:
            arrays = {key: data[key] for key in data.files}
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise InputError("path", path, "a readable npz file", str(error)) from error
    missing = [key for key in ("z", "potential") if key not in arrays]
    if missing:
        raise InputError("path", path, f"arrays `z` and `potential`; missing: {', '.join(missing)}",
                         f"It holds {sorted(arrays)}.")  # fmt: skip
    z, potential = _numbers("z", arrays["z"]), _numbers("potential", arrays["potential"])
    if potential.ndim not in (1, 2, 3):
        raise InputError("potential", f"array {potential.shape}", "[contact, fibre, position]")
    potential = potential.reshape((1,) * (3 - potential.ndim) + potential.shape)
    names = arrays.get("contacts", np.array([f"contact-{i + 1}" for i in range(len(potential))]))
    return _basis(tuple(str(n) for n in names), z, potential, length_unit, voltage_unit, current_mA)


def import_csv(
    path: str | os.PathLike[str],
    length_unit: str = "um",
    voltage_unit: str = "mV",
    current_mA: float = 1.0,
) -> PotentialBasis:
    """Read a table with one potential per row, in the units stated; see the module for its columns.

    Raises InputError with the line of the first bad number, and where fibres differ in positions.
    """
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            rows = list(_rows(file, path))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("path", path, "a readable csv file", str(error)) from error
    if not rows:
        raise InputError("path", path, "at least one row of numbers")
    contacts = tuple(dict.fromkeys(r[0] for r in rows))
    fibres = tuple(dict.fromkeys(r[1] for r in rows))
    grouped: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for contact, fibre, z, value in rows:
        grouped.setdefault((contact, fibre), []).append((z, value))
    first = np.array([p[0] for p in grouped[contacts[0], fibres[0]]])
    potential = np.empty((len(contacts), len(fibres), len(first)))
    for i, contact in enumerate(contacts):
        for j, fibre in enumerate(fibres):
            points = np.array(grouped.get((contact, fibre), np.zeros((0, 2))))
            if points.shape != (len(first), 2) or not np.array_equal(points[:, 0], first):
                raise InputError(
                    "z", f"{len(points)} positions for contact {contact}, fibre {fibre}",
                    f"the same {len(first)} positions as contact {contacts[0]}, fibre {fibres[0]}",
                    "Resample every fibre at the same z before exporting.",
                )  # fmt: skip
            potential[i, j] = points[:, 1]
    return _basis(contacts, first, potential, length_unit, voltage_unit, current_mA)


def _rows(file: IO[str], path: str | os.PathLike[str]) -> Iterator[tuple[str, str, float, float]]:
    lines = ((n, line) for n, line in enumerate(file, 1) if line.strip() and line[0] not in "%#")
    number, head = next(lines, (0, ""))
    names = [name.strip().lower() for name in next(csv.reader([head]), [])]
    missing = [name for name in ("z", "potential") if name not in names]
    if missing:
        raise InputError("path", path, "columns `z`, `potential`, optional `fibre`, `contact`",
                         f"Line {number} lacks {', '.join(missing)}.")  # fmt: skip
    for number, line in lines:
        cells = dict(zip(names, next(csv.reader([line])), strict=False))
        values = []
        for name in ("z", "potential"):
            try:
                values.append(float(cells[name]))
            except (KeyError, ValueError):
                raise InputError(
                    name, repr(cells.get(name)), "a number", f"See line {number} of {path}."
                ) from None
        contact = cells.get("contact", "contact-1").strip()
        yield contact, cells.get("fibre", "0").strip(), values[0], values[1]


def _numbers(name: str, values: NDArray[np.generic]) -> Array:
    if values.dtype.kind not in "fiu":
        raise InputError(name, f"array of {values.dtype}", "real numbers")
    return values.astype(np.float64)


def _basis(
    contacts: tuple[str, ...],
    z: Array,
    potential: Array,
    length_unit: str,
    voltage_unit: str,
    current_mA: float,
) -> PotentialBasis:
    if length_unit not in LENGTHS_UM:
        raise InputError("length_unit", length_unit, ", ".join(LENGTHS_UM))
    if voltage_unit not in VOLTAGES_MV:
        raise InputError("voltage_unit", voltage_unit, ", ".join(VOLTAGES_MV))
    if not np.isfinite(current_mA) or current_mA == 0:
        raise InputError("current_mA", current_mA, "a finite current other than 0 mA")
    if z.ndim == 1 and len(z) > 1 and np.all(np.diff(z) < 0):
        z, potential = z[::-1], potential[..., ::-1]
    factor = VOLTAGES_MV[voltage_unit] / current_mA
    return PotentialBasis(contacts, z * LENGTHS_UM[length_unit], potential * factor)
