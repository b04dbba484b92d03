"""The fibres of a nerve: what they do, how thick they are, where they lie."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from vagus.errors import InputError

FIBRE_CLASSES = ("A-alpha", "A-beta", "A-delta", "B", "C")


@dataclass(frozen=True)
class FibrePopulation:
    """F fibres; every field is an array [F].

    ``diameter_um`` is the outer diameter (with myelin, where there is any); ``x_um``, ``y_um`` the
    position in the section; ``fascicle`` the index into ``section.fascicles``; ``afferent`` is True
    for fibres that conduct towards the brain. Raises `InputError` when lengths differ, a diameter
    is not above 0, a position is not finite or a fibre class is unknown.
    """

    group: NDArray[np.str_]
    fibre_class: NDArray[np.str_]
    diameter_um: NDArray[np.float64]
    x_um: NDArray[np.float64]
    y_um: NDArray[np.float64]
    fascicle: NDArray[np.int64]
    myelinated: NDArray[np.bool_]
    afferent: NDArray[np.bool_]

    def __post_init__(self) -> None:
        shapes = {f.name: getattr(self, f.name).shape for f in fields(self)}
        if len(set(shapes.values())) != 1 or self.group.ndim != 1:
            raise InputError("population", shapes, "arrays of one and the same length")
        _require(self.diameter_um > 0, "diameter_um", self.diameter_um, "numbers above 0 (um)")
        for name in ("diameter_um", "x_um", "y_um"):
            values = getattr(self, name)
            _require(np.isfinite(values), name, values, "finite numbers (um)")
        _require(self.fascicle >= 0, "fascicle", self.fascicle, "indices from 0")
        known = np.isin(self.fibre_class, FIBRE_CLASSES)
        _require(known, "fibre_class", self.fibre_class, ", ".join(FIBRE_CLASSES))

    def __len__(self) -> int:
        return len(self.group)

    def select(self, mask_or_index: NDArray[Any] | slice) -> FibrePopulation:
        """The fibres that a mask [F] or indices name, in that order."""
        return FibrePopulation(
            **{f.name: getattr(self, f.name)[mask_or_index] for f in fields(self)}
        )

    @property
    def efferent(self) -> NDArray[np.bool_]:
        """True for fibres that conduct away from the brain."""
        efferent: NDArray[np.bool_] = ~self.afferent
        return efferent

    def summary(self) -> list[dict[str, str | int | float]]:
        """One row per functional group and fibre class, in order of first appearance.

        Columns: group, fibre_class, direction, fibres, share (of all), and the diameters' mean, sd,
        smallest and largest.
        """
        keys = np.char.add(np.char.add(self.group, "\t"), self.fibre_class)
        _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
        rows: list[dict[str, str | int | float]] = []
        for k in np.argsort(first):
            of_group = inverse == k
            d = self.diameter_um[of_group]
            rows.append(
                {
                    "group": str(self.group[first[k]]),
                    "fibre_class": str(self.fibre_class[first[k]]),
                    "direction": "afferent" if self.afferent[first[k]] else "efferent",
                    "fibres": len(d),
                    "share": len(d) / len(self),
                    "diameter_mean_um": float(d.mean()),
                    "diameter_sd_um": float(d.std()),
                    "diameter_min_um": float(d.min()),
                    "diameter_max_um": float(d.max()),
                }
            )
        return rows

    def to_table(self) -> pa.Table:
        """The same columns as an Arrow table."""
        return pa.table({f.name: pa.array(getattr(self, f.name)) for f in fields(self)})

    @classmethod
    def from_table(cls, table: pa.Table) -> FibrePopulation:
        """From an Arrow table with (at least) the columns named as the fields.

        Raises `InputError` when a column is missing.
        """
        dtypes = {"group": str, "fibre_class": str, "fascicle": np.int64}
        dtypes |= {"myelinated": np.bool_, "afferent": np.bool_}
        columns: dict[str, NDArray[Any]] = {}
        for name in (f.name for f in fields(cls)):
            if name not in table.column_names:
                raise InputError("columns", table.column_names, f"tables with a column `{name}`")
            values = table.column(name).to_numpy()
            columns[name] = np.asarray(values, dtype=dtypes.get(name, np.float64))
        return cls(**columns)

    def to_parquet(self, path: Path | str) -> None:
        """Write without loss."""
        pq.write_table(self.to_table(), path)

    @classmethod
    def from_parquet(cls, path: Path | str) -> FibrePopulation:
        """Read what `to_parquet` wrote."""
        return cls.from_table(pq.read_table(path))


def _require(good: NDArray[np.bool_], field: str, values: NDArray[Any], allowed: str) -> None:
    if not good.all():
        bad = int(np.argmin(good))
        value = f"{values[bad]!s} (fibre {bad}; {int((~good).sum())} such)"
        raise InputError(field, value, allowed)
