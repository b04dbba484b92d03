"""Potentials along fibres: interpolation, storage, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import CubicSpline

from vagus.errors import InputError
from vagus.field import PotentialBasis, import_csv, import_npz

Z = np.concatenate([[-9000.0, -5000.0], np.linspace(-3000.0, 3000.0, 25), [4500.0, 9000.0]])


def basis(fibres: int = 5) -> PotentialBasis:
    centre = np.linspace(-2000.0, 2000.0, 2)[:, None, None]
    width = np.linspace(600.0, 1500.0, fibres)[None, :, None]
    return PotentialBasis(("a", "b"), Z, 300.0 / np.sqrt(1 + ((Z - centre) / width) ** 2))


def test_along_is_the_cubic_spline_of_the_weighted_sum() -> None:
    b, rng = basis(), np.random.default_rng(1)
    fibre = np.array([4, 0, 0, 2])
    z = rng.uniform(-9000, 9000, (4, 300))
    got = b.along(np.array([-1.0, 0.5]), fibre, z)
    total = -b.potential_mV_per_mA[0] + 0.5 * b.potential_mV_per_mA[1]
    for row, f in enumerate(fibre):
        assert got[row] == pytest.approx(CubicSpline(Z, total[f])(z[row]), rel=1e-10, abs=1e-9)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(-5, 5), min_size=4, max_size=4))
def test_along_reproduces_cubic_polynomials(c: list[float]) -> None:
    cubic = np.polynomial.Polynomial(c, domain=[-9000.0, 9000.0])
    b = PotentialBasis(("a",), Z, cubic(Z)[None, None])
    z = np.linspace(-9000, 9000, 101)[None]
    assert b.along(np.ones(1), np.zeros(1, dtype=int), z) == pytest.approx(cubic(z), abs=1e-9)


def test_saved_bases_come_back_bit_for_bit(tmp_path: Path) -> None:
    single = basis().potential_mV_per_mA.astype(np.float32)
    for b in (basis(), PotentialBasis(("a", "b"), Z, single)):
        b.save(tmp_path / "b.npz")
        back = PotentialBasis.load(tmp_path / "b.npz")
        assert back.contacts == b.contacts
        assert back.potential_mV_per_mA.dtype == b.potential_mV_per_mA.dtype
        assert np.array_equal(back.potential_mV_per_mA, b.potential_mV_per_mA)
        assert np.array_equal(back.z_um, b.z_um)


def test_leaving_the_range_names_it_and_the_fix() -> None:
    with pytest.raises(InputError, match=r"-9000 to 9000 um.*domain_length_um"):
        basis().along(np.ones(2), np.array([0]), np.array([[0.0, 9001.0]]))
    with pytest.raises(InputError, match="z_um"):
        basis().along(np.ones(2), np.array([0]), np.array([[0.0, np.nan]]))


@pytest.mark.parametrize(
    ("weights", "fibre", "match"),
    [([1.0], [0], "weights"), ([1.0, np.nan], [0], "weights"), ([1.0, 1.0], [5], "0 to 4")],
)
def test_wrong_weights_and_fibres(weights: list[float], fibre: list[int], match: str) -> None:
    with pytest.raises(InputError, match=match):
        basis().along(np.array(weights), np.array(fibre), np.zeros((1, 2)))


def test_bad_arrays_are_refused() -> None:
    good = basis()
    falling = Z.copy()
    falling[5] = falling[4]
    with pytest.raises(InputError, match="not increasing after position"):
        PotentialBasis(good.contacts, falling, good.potential_mV_per_mA)
    with pytest.raises(InputError, match=r"\[contact, fibre, position\]"):
        PotentialBasis(("a",), Z, good.potential_mV_per_mA)
    holed = good.potential_mV_per_mA.copy()
    holed[1, 2, 3] = np.nan
    with pytest.raises(InputError, match=r"not finite at .* \[1, 2, 3\]"):
        PotentialBasis(good.contacts, Z, holed)


def test_loading_something_else_says_what_is_wanted(tmp_path: Path) -> None:
    (tmp_path / "x.npz").write_text("not a zip")
    with pytest.raises(InputError, match="z_um and potential_mV_per_mA"):
        PotentialBasis.load(tmp_path / "x.npz")
    with pytest.raises(InputError, match="path"):
        PotentialBasis.load(tmp_path / "none.npz")


def test_npz_export_of_another_program(tmp_path: Path) -> None:
    b = basis()
    path = tmp_path / "comsol.npz"
    volts = 2.0 * b.potential_mV_per_mA[:, :, ::-1] / 1e3
    np.savez(path, z=Z[::-1] / 1e3, potential=volts, contacts=np.array(["a", "b"]))
    back = import_npz(path, length_unit="mm", voltage_unit="V", current_mA=2.0)
    assert back.contacts == ("a", "b")
    assert back.z_um == pytest.approx(Z)
    assert back.potential_mV_per_mA == pytest.approx(b.potential_mV_per_mA)


def test_csv_export_of_another_program(tmp_path: Path) -> None:
    b = basis(2)
    lines = ["% Model: nerve.mph", "z,Potential,fibre,contact"]
    for c, name in enumerate(b.contacts):
        for f in range(2):
            values = b.potential_mV_per_mA[c, f]
            lines += [
                f"{z},{v!r},{f},{name}" for z, v in zip(Z.tolist(), values.tolist(), strict=True)
            ]
    path = tmp_path / "fibres.csv"
    path.write_text("\n".join(lines))
    back = import_csv(path)
    assert back.contacts == b.contacts
    assert np.array_equal(back.potential_mV_per_mA, b.potential_mV_per_mA)
    path.write_text("\n".join(lines[:-1]))
    with pytest.raises(InputError, match="same 29 positions"):
        import_csv(path)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("z,potential\n0,1\n1,NaN\n2,3\n3,4\n", "not finite at"),
        ("z,potential\n0,1\n1,x\n2,3\n3,4\n", "line 3"),
        ("z,phi\n0,1\n", "lacks potential"),
        ("z,potential\n0,1\n2,1\n1,3\n3,4\n", "not increasing after position"),
        ("z,potential\n", "at least one row"),
    ],
)
def test_bad_csv(tmp_path: Path, text: str, match: str) -> None:
    (tmp_path / "bad.csv").write_text(text)
    with pytest.raises(InputError, match=match):
        import_csv(tmp_path / "bad.csv")


def test_bad_npz(tmp_path: Path) -> None:
    path = tmp_path / "bad.npz"
    np.savez(path, z=Z, phi=np.zeros((1, 1, len(Z))))
    with pytest.raises(InputError, match="missing: potential"):
        import_npz(path)
    np.savez(path, z=Z, potential=np.zeros((1, 1, len(Z) - 1)))
    with pytest.raises(InputError, match=r"\(1, any, 29\)"):
        import_npz(path)
    np.savez(path, z=Z, potential=np.zeros((1, 1, len(Z))))
    with pytest.raises(InputError, match="length_unit"):
        import_npz(path, length_unit="inch")
