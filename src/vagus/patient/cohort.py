"""A cohort: plausible patients before anybody is selected, and their courses by regimen."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vagus.body.conditions import Condition, condition
from vagus.errors import InputError
from vagus.patient.regimen import Regimen

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

QUANTITIES: Mapping[str, str] = {
    "pain": "SD", "DAS": "DAS28", "M": "SD", "heart_rate": "bpm", "rmssd_factor": "1",
    "sensation": "1",
}  # fmt: skip
"""What courses hold -> unit. `pain` is the mean over the day that ends at its time, as a change
from baseline in SD of the condition's outcome; `rmssd_factor` a ratio to baseline."""


@dataclass(frozen=True, eq=False)
class Cohort:
    """B populations of patients, n rows in all, before any selection.

    ``time_d`` [T]: days 0, 1, 2 ... of the courses. ``population`` [n]: 0 to B-1; patients of one
    population share what is uncertain (`vagus.patient.sharing`), and differ in what differs between
    patients. ``weight`` [n]: above 0, sums to 1. ``courses``: name of the regimen -> quantity of
    `QUANTITIES` -> [n, T]. ``traits``: parameter -> [n], what models of ratings read. ``key``
    changes with anything the courses depend on. ``notes``: what went wrong on the way.

    Raises `InputError` where the pieces do not fit together.
    """

    condition: Condition
    regimens: tuple[Regimen, ...]
    time_d: Floats
    population: Ints
    weight: Floats
    courses: Mapping[str, Mapping[str, Floats]]
    traits: Mapping[str, Floats]
    seed: int
    key: str
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        n, times = len(self.population), len(self.time_d)
        names = [r.name for r in self.regimens]
        if len(set(names)) < len(names) or not names:
            raise InputError("regimens", ", ".join(names) or "none", "one or more, named apart")
        if set(names) != set(self.courses):
            raise InputError("courses", ", ".join(self.courses), ", ".join(names))
        if times < 1 or np.any(self.time_d != np.arange(times)):
            raise InputError("time_d", self.time_d, "days 0, 1, 2 ...")
        w = self.weight
        if w.shape != (n,) or not (np.all(w > 0) and abs(w.sum() - 1) < 1e-9):
            raise InputError("weight", f"{w.shape}", f"{n} numbers above 0 that sum to 1")
        for name, course in self.courses.items():
            for quantity, values in course.items():
                if values.shape != (n, times):
                    raise InputError(f"{name}: {quantity}", values.shape, f"({n}, {times})")
        for trait, values in self.traits.items():
            if values.shape != (n,):
                raise InputError(f"traits: {trait}", values.shape, f"({n},)")

    def __len__(self) -> int:
        return len(self.population)

    @property
    def populations(self) -> Ints:
        """Numbers of the populations that have patients, rising."""
        return np.unique(self.population)

    def members(self, population: int) -> Ints:
        """Rows of the patients of one population; `InputError` where it has none."""
        rows = np.flatnonzero(self.population == population)
        if not rows.size:
            raise InputError("population", population, f"one of {self.populations.tolist()}")
        return rows

    def regimen(self, name: str) -> int:
        """Index of a regimen; `InputError` where the cohort has none of that name."""
        names = [r.name for r in self.regimens]
        if name not in names:
            raise InputError("regimen", name, ", ".join(names))
        return names.index(name)

    def reweighted(self, weight: Floats) -> Cohort:
        """The same patients with other weights [n], above 0; they are scaled to sum to 1."""
        given = np.asarray(weight, dtype=np.float64)
        return replace(self, weight=given / given.sum())

    def save(self, path: Path) -> None:
        """Write to ``path`` (npz), without loss. The condition is kept by key."""
        meta = {
            "condition": self.condition.key, "says": repr(self.condition), "seed": self.seed,
            "key": self.key, "notes": self.notes, "regimens": [asdict(r) for r in self.regimens],
        }  # fmt: skip
        arrays: dict[str, Any] = {f"trait/{name}": values for name, values in self.traits.items()}
        for k, regimen in enumerate(self.regimens):
            for quantity, values in self.courses[regimen.name].items():
                arrays[f"course/{k}/{quantity}"] = values
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".part.npz")
        own: dict[str, Any] = {
            "time_d": self.time_d,
            "population": self.population,
            "weight": self.weight,
        }
        np.savez_compressed(partial, meta=np.array(json.dumps(meta)), **own, **arrays)
        partial.replace(path)  # an interrupted write leaves no half file under the final name

    @staticmethod
    def load(path: Path) -> Cohort:
        """Read what `save` wrote; `InputError` where the condition's tables have changed since."""
        with np.load(path) as z:
            meta = json.loads(str(z["meta"]))
            treated = condition(meta["condition"])
            if repr(treated) != meta["says"]:
                allowed = f"one made with the present tables of {treated.key}"
                raise InputError("cohort", path, allowed, "Build the cohort again.")
            regimens = tuple(_regimen(r) for r in meta["regimens"])
            courses: dict[str, dict[str, Floats]] = {r.name: {} for r in regimens}
            traits: dict[str, Floats] = {}
            for name in z.files:
                kind, _, rest = name.partition("/")
                if kind == "course":
                    k, quantity = rest.split("/")
                    courses[regimens[int(k)].name][quantity] = z[name]
                elif kind == "trait":
                    traits[rest] = z[name]
            return Cohort(
                treated, regimens, z["time_d"], z["population"], z["weight"], courses, traits,
                meta["seed"], meta["key"], tuple(meta["notes"]),
            )  # fmt: skip


def _regimen(said: Mapping[str, object]) -> Regimen:
    spans = tuple((float(a), float(b)) for a, b in said["stimulated_d"])  # type: ignore[attr-defined]
    return Regimen(**{**said, "stimulated_d": spans})  # type: ignore[arg-type]
