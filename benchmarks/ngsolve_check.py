"""The field solver against NGSolve on one problem (`python benchmarks/ngsolve_check.py`).

A 2 mm nerve with three fascicles in a tube with two ring contacts, in a grounded muscle cylinder
(15 mm x 60 mm). NGSolve meshes it with curved tetrahedra and solves it by its own assembly and
conjugate gradients: only the numbers of the problem are shared. Its z axis is compressed, so that
tetrahedra come out long along the nerve. Both methods minimise energy, so both resistances rise as
they are refined; edges of contacts and tube, where the current density is singular, decide how
fast. Needs `ngsolve` (the extra `bench`). Three minutes on one core.
"""

from __future__ import annotations

import itertools
import os
import sys
import time
from dataclasses import dataclass
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from numpy.typing import NDArray

from vagus.field import Cuff, Field, Resolution, Strip, Tissue, solve_field
from vagus.nerve.section import CrossSection, Fascicle

try:
    import netgen.occ as occ
    import ngsolve as ngs
except ImportError:
    ngs = None

Array = NDArray[np.float64]
RADIUS_UM = 1000.0
CIRCLES_UM = np.array([[-380.0, 100.0, 420.0], [400.0, 350.0, 300.0], [300.0, -450.0, 250.0]])
TISSUE = Tissue(domain_length_um=60_000.0, domain_radius_um=15_000.0)
CUFF = Cuff(
    "two rings", 2300.0, 500.0, (Strip("tube", 0.0, 10_000.0),),
    (Strip("cranial", 3000.0, 1000.0), Strip("caudal", -3000.0, 1000.0)), (-1.0, 1.0),
)  # fmt: skip
FINER = Resolution(110.0, 100.0, 160.0, 2, grading=0.2)
FEEDS = {"bipolar": np.array([-1.0, 1.0]), "one contact": np.array([1.0, 0.0])}


@dataclass(frozen=True)
class Level:
    """Polynomial order; sizes of tetrahedra in the nerve and at the edges of contacts and tube (mm,
    in compressed space); compression of z."""

    order: int
    nerve: float
    edge: float
    compression: float


USUAL = Level(3, 0.25, 0.04, 4.0)
FINE = Level(3, 0.2, 0.025, 3.0)


def section() -> CrossSection:
    """The nerve; polygons of 240 points."""
    turn = 2 * np.pi * np.arange(240) / 240
    unit = np.column_stack([np.cos(turn), np.sin(turn)])
    inside = tuple(Fascicle(c[:2] + c[2] * unit) for c in CIRCLES_UM)
    return CrossSection("three fascicles", RADIUS_UM * unit, inside)


def fibres(count: int = 21) -> tuple[Array, Array, NDArray[np.int64]]:
    """x, y (um) and fascicle of fibres, out to 0.92 of each fascicle's radius."""
    rng = np.random.default_rng(8)
    owner = np.arange(count) % len(CIRCLES_UM)
    turn = rng.uniform(0.0, 2 * np.pi, count)
    x, y, radius = CIRCLES_UM[owner].T
    away = 0.92 * radius * np.sqrt(rng.uniform(size=count))
    return x + away * np.cos(turn), y + away * np.sin(turn), owner.astype(np.int64)


def _cylinder(radius: float, low: float, high: float, wall: str, ends: str) -> Any:
    shape = occ.Cylinder(occ.Pnt(0, 0, low), occ.Z, r=radius, h=high - low)
    shape.faces.name = wall
    shape.faces.Min(occ.Z).name = ends
    shape.faces.Max(occ.Z).name = ends
    return shape


def build_mesh(level: Level) -> Any:
    """Curved tetrahedra in mm, z compressed; insulation left out, boundaries and regions named."""
    squeeze = 1e-3 / level.compression
    half = 0.5 * TISSUE.domain_length_um * squeeze
    low, high = (v * squeeze for v in CUFF.extent_um)
    lumen = 0.5e-3 * CUFF.inner_diameter_um
    nerve = _cylinder(1e-3 * RADIUS_UM, -half, half, "outline", "ground")
    parts = []
    for i, (x, y, radius) in enumerate(1e-3 * CIRCLES_UM):
        shape = _cylinder(radius, -half, half, f"sheet{i}", "ground").Move((x, y, 0))
        parts.append(shape.mat(f"endo{i}"))
    around = nerve
    for part in parts:
        around = around - part
    muscle = _cylinder(1e-3 * TISSUE.domain_radius_um, -half, half, "ground", "ground")
    block = _cylinder(lumen + 1e-3 * CUFF.thickness_um, low, high, "tube", "tube")
    parts += [around.mat("epineurium"), (muscle - block - nerve).mat("surround")]
    for part in parts[:-1]:
        part.maxh = level.nerve
    walls = {tuple(v * squeeze for v in c.extent_um): c.name for c in CUFF.contacts}
    knots = sorted({low, high, *(v for extent in walls for v in extent)})
    for a, b in itertools.pairwise(knots):
        band = _cylinder(lumen, a, b, walls.get((a, b), "tube"), "cut")
        for end in (band.faces.Min(occ.Z), band.faces.Max(occ.Z)):
            end.edges.maxh = level.edge
        parts.append((band - nerve).mat("fill"))
    geometry = occ.OCCGeometry(occ.Glue(parts))
    return ngs.Mesh(geometry.GenerateMesh(maxh=4.0, grading=0.3)).Curve(3)


def _forms(mesh: Any, level: Level) -> tuple[Any, Any]:
    """The space (fascicles x the rest) and its assembled, condensed bilinear form, in mS."""
    endo = mesh.Materials("endo.*")
    contacts = "|".join(c.name for c in CUFF.contacts)
    inner = ngs.H1(mesh, order=level.order, definedon=endo, dirichlet="ground")
    outer = ngs.H1(mesh, order=level.order, definedon=~endo, dirichlet=f"ground|{contacts}")
    space = inner * outer
    (ui, ue), (vi, ve) = space.TnT()
    media = {
        "endo.*": TISSUE.endoneurium,
        "epineurium": TISSUE.epineurium,
        "fill": TISSUE.fill,
        "surround": TISSUE.surround,
    }
    # z = compression * z': dV gains the compression, and (d/dz)^2 loses its square
    factor = level.compression
    across = mesh.MaterialCF({k: c.transverse * factor for k, c in media.items()})
    along = mesh.MaterialCF({k: c.longitudinal / factor for k, c in media.items()})
    sigma = ngs.CF((across, 0, 0, 0, across, 0, 0, 0, along), dims=(3, 3))
    sheet = TISSUE.sheet_conductance(section()) * factor
    leak = mesh.BoundaryCF({f"sheet{i}": g for i, g in enumerate(sheet)})
    form = ngs.BilinearForm(space, symmetric=True, condense=True)
    form += sigma * ngs.grad(ui) * ngs.grad(vi) * ngs.dx(definedon=endo)
    form += sigma * ngs.grad(ue) * ngs.grad(ve) * ngs.dx(definedon=~endo)
    form += leak * (ue - ui) * (ve - vi) * ngs.ds(definedon=mesh.Boundaries("sheet.*"))
    return space, form


def solve_ngsolve(level: Level, at_um: Array) -> tuple[Array, Array, int, int]:
    """Potential [contact, P] (mV per mA) at points [P, 3] in fascicles, the contacts' resistance
    matrix (ohm), and the numbers of tetrahedra and unknowns.

    Each contact is held at 1 V with the others at 0; the currents that this takes, read from the
    energy, turn these solutions into those of 1 mA with the other contact floating.
    """
    mesh = build_mesh(level)
    space, form = _forms(mesh, level)
    preconditioner = ngs.Preconditioner(form, "local")
    form.Assemble()
    inverse = ngs.CGSolver(form.mat, preconditioner.mat, tol=1e-9, maxiter=6000)
    points = mesh(*(at_um * [1e-3, 1e-3, 1e-3 / level.compression]).T)
    fields, values = [], []
    for contact in CUFF.contacts:
        field = ngs.GridFunction(space)
        field.components[1].Set(1.0, definedon=mesh.Boundaries(contact.name))
        lifted = (-form.mat * field.vec).Evaluate()
        field.vec.data += inverse * lifted
        field.vec.data += form.harmonic_extension * field.vec
        fields.append(field)
        values.append(np.asarray(field.components[0](points)).ravel())
    conductance = np.array([[_energy(form, f, g) for g in fields] for f in fields])
    resistance = np.linalg.inv(conductance) * 1e3
    return resistance @ np.array(values), resistance, mesh.ne, sum(space.FreeDofs())


def _energy(form: Any, f: Any, g: Any) -> float:
    """a(f, g): the condensed matrix is enough, as both solve the equations inside each element."""
    image = (form.mat * f.vec).Evaluate()
    return float(ngs.InnerProduct(image, g.vec))


def solve_vagus(resolution: Resolution | str, z_um: Array) -> tuple[Array, Array, Field]:
    """Potential [contact, fibre, z] in mV per mA, the contacts' resistance matrix, the field."""
    field = solve_field(section(), CUFF, TISSUE, resolution)
    x, y, owner = fibres()
    basis = field.basis(x, y, owner)
    at = np.broadcast_to(z_um, (len(x), len(z_um)))
    values = np.stack([basis.along(w, np.arange(len(x)), at) for w in np.eye(2)])
    wall = field.plane.loop(len(CIRCLES_UM) + 1)[0]
    nodes = [np.abs(field.line.nodes - 1e-3 * c.z_um).argmin() for c in CUFF.contacts]
    return values, field.potential_mV_per_mA[nodes, :, wall], field


def row(what: str, expected: str, measured: str) -> None:
    print(f"| {what:<58} | {expected:<22} | {measured:<28} |", flush=True)


def compare(
    name: str, expected: str, mine: tuple[Array, Array], reference: tuple[Array, Array]
) -> None:
    """Rows of the largest difference of the potential over its peak, and of the resistances."""
    for feed, weights in FEEDS.items():
        here, there = (np.tensordot(weights, v[0], 1) for v in (mine, reference))
        off = 100.0 * np.abs(here - there).max() / np.abs(there).max()
        row(f"{name}: {feed}, potential, of peak", expected, f"{off:.2f} %")
    off_own, off_mutual = (100.0 * (mine[1] / reference[1] - 1.0))[0]
    row(f"{name}: contact resistance", expected, f"{mine[1][0, 0]:.1f} ohm, {off_own:+.2f} %")
    row(f"{name}: mutual resistance", expected, f"{mine[1][0, 1]:.1f} ohm, {off_mutual:+.2f} %")


def run() -> None:
    """Print the table: NGSolve against itself, then every resolution against NGSolve's finest."""
    x, y, _ = fibres()
    z = np.arange(-25_000.0, 25_001.0, 250.0)
    points = np.column_stack([np.repeat(x, len(z)), np.repeat(y, len(z)), np.tile(z, len(x))])
    row("field against NGSolve", "expected", "measured")
    row("-" * 58, "-" * 22, "-" * 28)
    solved = []
    for level in (USUAL, FINE):
        start = time.process_time()
        values, resistance, tetrahedra, unknowns = solve_ngsolve(level, points)
        solved.append((values.reshape(2, len(x), len(z)), resistance))
        spent = time.process_time() - start
        name = f"NGSolve, order {level.order}: {tetrahedra} tetrahedra, {unknowns} unknowns"
        row(name, "", f"{spent:.0f} s, {resistance[0, 0]:.1f} ohm")
    compare("NGSolve, coarser mesh", "(its own error)", solved[0], solved[1])
    settings: dict[str, tuple[Resolution | str, str]] = {
        "default": ("default", "(reported)"),
        "publication": ("publication", "<= 1 %"),
        "finer": (FINER, "below publication"),
    }
    for name, (setting, expected) in settings.items():
        start = time.process_time()
        values, resistance, field = solve_vagus(setting, z)
        nodes = field.plane.size * len(field.line.nodes)
        row(f"vagus, {name}: {nodes} nodes", "", f"{time.process_time() - start:.1f} s")
        compare(name, expected, (values, resistance), solved[-1])


def main() -> None:
    if ngs is None:
        print("NGSolve is not installed (the extra `bench`): field not checked against it")
        return
    run()


if __name__ == "__main__":
    sys.exit(main())
