"""The potential that a cuff makes in a nerve: Poisson's equation in an extruded cross-section.

`solve_field` gives a `Field`, whose `basis` samples it along fibres; `import_npz` and `import_csv`
read potentials that another program computed into the same `PotentialBasis`.
"""

from __future__ import annotations

from vagus.field.basis import PotentialBasis
from vagus.field.electrodes import Cuff, Strip, preset, preset_names
from vagus.field.importers import import_csv, import_npz
from vagus.field.sample import Field
from vagus.field.solve import RESOLUTIONS, Resolution, solve_field
from vagus.field.tissue import Conductivity, Tissue, conductivity, perineurium_rules

__all__ = [
    "RESOLUTIONS",
    "Conductivity",
    "Cuff",
    "Field",
    "PotentialBasis",
    "Resolution",
    "Strip",
    "Tissue",
    "conductivity",
    "import_csv",
    "import_npz",
    "perineurium_rules",
    "preset",
    "preset_names",
    "solve_field",
]
