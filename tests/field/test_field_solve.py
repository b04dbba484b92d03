"""Whole solutions: reciprocity, conservation, symmetry, limits, and what is refused."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from field_sections import irregular, ring, three_fascicles, two_patches
from numpy.typing import NDArray

from vagus.errors import GeometryError, InputError
from vagus.field import Conductivity, Field, Resolution, Tissue, preset, solve_field
from vagus.field.contours import circle, signed_area
from vagus.field.mesh2d import triangulate
from vagus.field.solve import build_system
from vagus.nerve.section import CrossSection, Fascicle

Array = NDArray[np.float64]
COARSE = Resolution(300.0, 200.0, 700.0, 1)


@pytest.fixture(scope="module")
def solved() -> Field:
    return solve_field(three_fascicles(), two_patches(), Tissue(), COARSE)


def contact_values(field: Field) -> Array:
    """Potential [contact, source] of every contact, from the spread over its nodes."""
    system = build_system(field.section, field.cuff, Tissue(), COARSE)
    rows = [
        [field.potential_mV_per_mA[z, c, p] for c in range(len(field.contacts))]
        for z, p in (system.contact_nodes(i) for i in range(len(field.contacts)))
    ]
    for row in rows:
        for values in row:
            assert np.ptp(values) < 1e-9 * np.abs(values).max()  # equipotential
    return np.array([[v.mean() for v in row] for row in rows])


def test_contacts_are_equipotential_and_reciprocal(solved: Field) -> None:
    z = contact_values(solved)
    assert z[0, 1] == pytest.approx(z[1, 0], rel=1e-6)
    assert z[0, 0] > z[1, 0] > 0


def test_fibre_and_contact_are_reciprocal(solved: Field) -> None:
    """1 mA into a fibre's place drives the contact as 1 mA into the contact drives the fibre."""
    system = build_system(solved.section, solved.cuff, Tissue(), COARSE)
    node, z = int(solved.plane.elements[solved.plane.mesh.region == 1][5, 0]), 20
    load = np.zeros((len(solved.line.nodes), 1, solved.plane.size))
    load[z, 0, node] = 1.0
    driven = 1e3 * system.solve(load, 1e-9)[:, 0]
    zc, pc = system.contact_nodes(0)
    assert driven[zc, pc].mean() == pytest.approx(solved.potential_mV_per_mA[z, 0, node], rel=1e-6)


def flux(field: Field, contact: int) -> float:
    """mA out of a tilted ellipsoid that cuts nerve, fill and surround beyond both cuff ends."""
    n = 160
    polar, weight = np.polynomial.legendre.leggauss(n)
    turn = 2 * np.pi * (np.arange(2 * n) + 0.5) / (2 * n)
    c, t = (a.ravel() for a in np.meshgrid(polar, turn, indexing="ij"))
    s = np.sqrt(1 - c**2)
    unit = np.column_stack([s * np.cos(t), s * np.sin(t), c])
    axes = np.array([4.0, 5.0, 7.0])
    tilt = np.radians(15.0)
    turnover = np.array(
        [[np.cos(tilt), 0, np.sin(tilt)], [0, 1, 0], [-np.sin(tilt), 0, np.cos(tilt)]]
    )
    at = (unit * axes) @ turnover.T
    normal = (unit / axes * np.prod(axes)) @ turnover.T
    gradient, triangle = field.gradient(at * 1e3, contact)
    tissue, count = Tissue(), len(field.section.fascicles)
    table = [tissue.endoneurium] * count + [tissue.epineurium] + [tissue.surround] * 3
    region = field.plane.mesh.region[triangle]
    sigma = np.array([[c.transverse, c.transverse, c.longitudinal] for c in table])[region]
    density = np.einsum("pi,pi->p", -sigma * gradient, normal)
    return float(np.sum(density * np.repeat(weight, 2 * n)) * np.pi / n)


def test_current_through_a_tilted_ellipsoid_is_conserved() -> None:
    """A surface that is no test function of the scheme; the error falls with the mesh."""
    errors = []
    for resolution in (COARSE, Resolution(150.0, 100.0, 350.0, 1, grading=0.2)):
        field = solve_field(three_fascicles(), two_patches(), Tissue(), resolution)
        errors.append(abs(flux(field, 0) - 1.0))
    assert errors[1] < 0.01
    assert errors[1] < errors[0]


def test_mirrored_contacts_give_mirrored_potentials() -> None:
    section = CrossSection("one", ring(0, 0, 1000.0), (Fascicle(ring(0, 0, 500.0)),))
    basis = solve_field(section, preset("two-ring"), Tissue(), COARSE).basis(
        np.zeros(1), np.zeros(1), np.zeros(1, dtype=int)
    )
    phi = basis.potential_mV_per_mA[:, 0]
    assert phi[0] == pytest.approx(phi[1, ::-1], rel=1e-4)
    peak = basis.z_um[np.argmax(phi[0])]
    assert 2000.0 < peak < 5000.0  # the first contact is the cranial one


def test_thicker_perineurium_shields_more() -> None:
    x, y, f = np.array([300.0]), np.array([200.0]), np.array([0])
    peaks = []
    for rule in ("3-percent", "human-fit"):
        tissue = Tissue(perineurium_rule=rule)
        basis = solve_field(three_fascicles(), two_patches(), tissue, COARSE).basis(x, y, f)
        bipolar = basis.combined(np.array([-1.0, 1.0]))[0]
        peaks.append(np.abs(np.diff(bipolar, 2)).max())
    assert peaks[1] < 0.95 * peaks[0]


def test_long_domains_decay_to_ground(solved: Field) -> None:
    basis = solved.basis(np.array([300.0]), np.array([200.0]), np.array([0]))
    assert basis.z_um[[0, -1]].tolist() == [-50000.0, 50000.0]
    assert np.all(basis.potential_mV_per_mA[:, 0, [0, -1]] == 0)
    assert np.all(basis.potential_mV_per_mA[:, 0, 1:-1] > 0)


def test_single_precision_basis_is_the_same(solved: Field) -> None:
    at = np.array([250.0, -500.0]), np.array([250.0, 100.0]), np.array([0, 1])
    double, single = solved.basis(*at), solved.basis(*at, single=True)
    assert single.potential_mV_per_mA.dtype == np.float32
    assert single.potential_mV_per_mA == pytest.approx(double.potential_mV_per_mA, rel=1e-6)


def test_fibres_outside_their_fascicle_are_refused(solved: Field) -> None:
    with pytest.raises(InputError, match=r"\(900\.0, 0\.0\) for fibre 0"):
        solved.basis(np.array([900.0]), np.zeros(1), np.zeros(1, dtype=int))
    with pytest.raises(InputError, match="0 to 2"):
        solved.basis(np.array([900.0]), np.zeros(1), np.array([3]))


@pytest.mark.parametrize(
    ("fascicles", "match"),
    [
        ([(0.0, 0.0, 300.0), (500.0, 0.0, 300.0)], "0 and 1 .*overlap"),
        ([(-300.0, 0.0, 300.0), (300.5, 0.0, 300.0)], "0 and 1 .*apart"),
        ([(900.0, 0.0, 300.0)], "fascicle 0 .*leaves the nerve"),
        ([(699.5, 0.0, 300.0)], "fascicle 0 .*touches the outline"),
        ([], "no fascicle"),
    ],
)
def test_impossible_sections(fascicles: list[tuple[float, float, float]], match: str) -> None:
    section = CrossSection("bad", ring(0, 0, 1000.0), tuple(Fascicle(ring(*f)) for f in fascicles))
    with pytest.raises(GeometryError, match=match):
        solve_field(section, preset("two-ring"), Tissue(), COARSE)


def test_impossible_settings() -> None:
    section, cuff = three_fascicles(), two_patches()
    with pytest.raises(InputError, match="publication"):
        solve_field(section, cuff, resolution="finest")
    with pytest.raises(InputError, match="domain_length_um"):
        solve_field(section, cuff, Tissue(domain_length_um=9000.0))
    with pytest.raises(InputError, match="domain_radius_um"):
        solve_field(section, cuff, Tissue(domain_radius_um=2000.0))
    with pytest.raises(GeometryError, match="does not fit"):
        solve_field(section, dataclasses.replace(cuff, inner_diameter_um=1900.0))
    with pytest.raises(InputError, match="order"):
        Resolution(100.0, 100.0, 100.0, 3)


def test_every_preset_solves() -> None:
    for name in ("livanova-helical", "six-contact"):
        field = solve_field(three_fascicles(), preset(name), Tissue(), COARSE)
        assert field.steps < 100
        basis = field.basis(np.array([300.0]), np.array([200.0]), np.array([0]))
        assert np.all(np.isfinite(basis.potential_mV_per_mA))
        centre = np.array([s.z_um for s in field.cuff.contacts])
        peak = basis.z_um[basis.potential_mV_per_mA[:, 0].argmax(axis=1)]
        assert np.all(np.sign(peak) == np.sign(centre))


def test_meshes_keep_contours_and_areas() -> None:
    o = np.zeros(2)
    contours = [circle(0.3, 0.1, o), circle(1.0, 0.1, o, [-20.0, 31.0]), circle(5.0, 1.0, o)]
    mesh = triangulate(contours, 1)
    assert mesh.quality().min() > 0.2
    corner = mesh.points[mesh.triangles]
    u, v = corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]
    area = 0.5 * (u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0])
    assert area.min() > 0
    for i, radius in enumerate((0.3, 1.0, 5.0)):
        assert area[mesh.region <= i].sum() == pytest.approx(
            signed_area(contours[i].points), rel=1e-9
        )
        assert signed_area(mesh.points[mesh.loops[i]]) == pytest.approx(np.pi * radius**2, rel=1e-3)
    at = np.degrees(np.arctan2(*mesh.points[mesh.loops[1]].T[::-1]))
    assert np.abs(at[:, None] - [-20.0, 31.0]).min(axis=0) == pytest.approx([0, 0], abs=0.2)


def test_touching_contours_are_named() -> None:
    o = np.zeros(2)
    pair = [circle(0.5, 0.1, o), circle(0.5, 0.1, np.array([1.0, 0.0])), circle(5.0, 1.0, o)]
    with pytest.raises(GeometryError, match=r"0 and 1 touch near \(500, 0\) um"):
        triangulate(pair, 2)


def check_irregular(seed: int, count: int) -> None:
    section = irregular(seed, count)
    field = solve_field(section, preset("two-ring"), Tissue(), COARSE)
    assert field.plane.mesh.quality().min() > 0.05
    middle = [np.mean(f.inner_um, axis=0) for f in section.fascicles]
    at = np.array(middle)
    basis = field.basis(at[:, 0], at[:, 1], np.arange(len(at)))
    assert np.all(basis.potential_mV_per_mA[:, :, 1:-1] > 0)


@pytest.mark.parametrize("seed", range(4))
def test_irregular_nerves_mesh_and_solve(seed: int) -> None:
    check_irregular(seed, (1, 7, 18, 40)[seed])


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100))
def test_hundred_irregular_nerves_mesh_and_solve(seed: int) -> None:
    check_irregular(1000 + seed, 1 + (seed * 7) % 40)


def test_anisotropy_rotates_nothing_when_isotropic() -> None:
    """With one conductivity everywhere and a leaky sheet, the section leaves no trace."""
    same = Conductivity(0.3, 0.3)
    tissue = Tissue(same, same, same, same, perineurium_ohm_m=1e-3)
    fields = [
        solve_field(s, two_patches(), tissue, COARSE)
        for s in (
            three_fascicles(),
            CrossSection("one", ring(0, 0, 1000.0), (Fascicle(ring(0, 0, 600.0)),)),
        )
    ]
    at = np.array([[-100.0, 0.0, z] for z in np.linspace(-8000, 8000, 15)])
    first, second = (f.potential(at, 0) for f in fields)
    assert first == pytest.approx(second, rel=0.02)
