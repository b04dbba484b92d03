"""Cuffs and tissues: presets, coverage, fit, and what is refused."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from field_sections import ring, three_fascicles, two_patches

from vagus.errors import GeometryError, InputError
from vagus.field import Conductivity, Cuff, Strip, Tissue, conductivity, preset, preset_names
from vagus.nerve.section import CrossSection, Fascicle


def test_presets_are_whole_and_marked() -> None:
    assert set(preset_names()) == {
        "livanova-helical", "two-ring", "setpoint-like", "three-ring", "six-contact",
    }  # fmt: skip
    for name in preset_names():
        cuff = preset(name)
        assert sum(cuff.weights) == pytest.approx(0.0)
        assert len(cuff.contacts) == {"three-ring": 3, "six-contact": 6}.get(name, 2)
    with pytest.raises(InputError, match="two-ring"):
        preset("two-rings")


def test_livanova_contacts_have_the_published_area_and_spacing() -> None:
    cuff = preset("livanova-helical")
    cranial, caudal = cuff.contacts
    assert cranial.z_um - caudal.z_um == 8000.0
    angle, z = np.linspace(-180, 180, 7201)[:-1, None], np.linspace(-8000, 8000, 3201)[None]
    covered = cranial.cover(angle, z[:, :-1], z[:, 1:]).mean() * 16.0
    area_cm2 = 1e-2 * covered * np.pi * cuff.inner_diameter_um * 1e-3
    assert area_cm2 == pytest.approx(0.0453, rel=0.005)


def test_strip_covers_rings_patches_and_helices() -> None:
    low, high = np.array([-500.0, 0.0, 499.0]), np.array([0.0, 500.0, 501.0])
    assert Strip("ring", 0.0, 1000.0).cover(np.array([37.0]), low, high).tolist() == [1, 1, 0.5]
    patch = Strip("patch", 0.0, 1000.0, arc_deg=90.0, angle_deg=180.0)
    assert patch.cover(np.array([0.0, 134.0, 136.0, -170.0]), low[:1], high[:1]).tolist() == [
        0,
        0,
        1,
        1,
    ]
    helix = Strip("helix", 0.0, 400.0, arc_deg=720.0, pitch_um=1000.0)
    assert helix.extent_um == (-1200.0, 1200.0)
    at = np.array([-1000.0, -500.0, 0.0, 500.0, 1000.0])
    assert helix.cover(np.array([90.0]), at + 240, at + 260).tolist() == [1, 0, 1, 0, 0]


def test_contacts_must_be_backed_and_apart() -> None:
    tube = (Strip("tube", 0.0, 4000.0),)
    with pytest.raises(GeometryError, match=r"`far`.*leaves the insulation.*lengthen the cuff"):
        Cuff("c", 2000.0, 500.0, tube, (Strip("far", 1800.0, 1000.0),), (1.0,))
    close = (Strip("a", 0.0, 1000.0), Strip("b", 900.0, 1000.0))
    with pytest.raises(GeometryError, match="overlap"):
        Cuff("c", 2000.0, 500.0, tube, close, (1.0, -1.0))
    slit = (Strip("sleeve", 0.0, 4000.0, arc_deg=300.0),)
    with pytest.raises(GeometryError, match="leaves the insulation"):
        Cuff("c", 2000.0, 500.0, slit, (Strip("ring", 0.0, 1000.0),), (1.0,))


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"inner_diameter_um": 0.0}, "inner_diameter_um"),
        ({"thickness_um": -1.0}, "thickness_um"),
        ({"weights": (1.0,)}, "weights"),
        ({"contacts": ()}, "contacts"),
    ],
)
def test_bad_cuffs(change: dict[str, object], match: str) -> None:
    with pytest.raises(InputError, match=match):
        dataclasses.replace(two_patches(), **change)


def test_sizes_follow_the_nerve() -> None:
    def nerve(radius: float) -> CrossSection:
        return CrossSection("n", ring(0, 0, radius), (Fascicle(ring(0, 0, 0.5 * radius)),))

    helix = preset("livanova-helical")
    assert helix.fitted(nerve(900.0)).inner_diameter_um == 1980.0
    assert helix.fitted(nerve(1200.0)).inner_diameter_um == 3000.0
    assert helix.fitted(nerve(1200.0)).contacts[0].arc_deg == 346.5
    assert helix.fitted(nerve(2000.0)).inner_diameter_um == pytest.approx(4100.0, abs=5.0)
    with pytest.raises(GeometryError, match=r"4\.00 mm across.*inner_diameter_um.*at least 41"):
        two_patches().fitted(nerve(2000.0))


def test_perineurium_rules() -> None:
    round_one = Fascicle(ring(0, 0, 250.0, 720))
    assert Tissue().perineurium_um(round_one) == pytest.approx(0.03702 * 500 + 10.5, rel=1e-4)
    assert Tissue(perineurium_rule="3-percent").perineurium_um(round_one) == pytest.approx(
        15, rel=1e-4
    )
    measured = Tissue(perineurium_rule="measured")
    assert measured.perineurium_um(Fascicle(round_one.inner_um, 12.5)) == 12.5
    with pytest.raises(InputError, match=r"perineurium_um.*human-fit"):
        measured.perineurium_um(round_one)
    with pytest.raises(InputError, match="3-percent"):
        Tissue(perineurium_rule="5-percent")
    section = CrossSection("n", ring(0, 0, 900.0), (round_one,))
    per_m2 = 1.0 / (1149.0 * 15e-6)
    sheet = Tissue(perineurium_rule="3-percent").sheet_conductance(section)
    assert sheet == pytest.approx([per_m2 * 1e-3], rel=1e-3)


def test_tissues_are_published_values_and_can_be_overridden() -> None:
    assert Tissue().endoneurium == Conductivity(1 / 6, 1 / 1.75)
    assert Tissue(fill=conductivity("encapsulation")).fill.transverse == 0.15873
    with pytest.raises(InputError, match="muscle"):
        conductivity("mussel")
    with pytest.raises(InputError, match="> 0 S/m"):
        Conductivity(0.0, 1.0)
    with pytest.raises(InputError, match="perineurium_ohm_m"):
        Tissue(perineurium_ohm_m=-1.0)
    assert len(three_fascicles().fascicles) == 3
