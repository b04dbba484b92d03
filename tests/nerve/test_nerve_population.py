"""Fibre counts as published, positions inside, seeds that reproduce, files without loss."""

from __future__ import annotations

from dataclasses import fields, replace
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from nerve_shapes import nerve, ring, square
from numpy.testing import assert_allclose, assert_array_equal

from vagus.data import read_table
from vagus.errors import GeometryError, InputError
from vagus.nerve import (
    CrossSection,
    FibrePopulation,
    alternatives,
    group_counts,
    load_section,
    sample_population,
)


@cache
def sub57() -> CrossSection:
    return load_section("human-cervical-sub57")


@cache
def population(alternative: str = "kronsteiner-2024", side: str = "left") -> FibrePopulation:
    return sample_population(sub57(), alternative, side)


def assert_same(a: FibrePopulation, b: FibrePopulation) -> None:
    for f in fields(a):
        x, y = getattr(a, f.name), getattr(b, f.name)
        assert_array_equal(x, y)
        assert x.dtype.kind == y.dtype.kind


# published: total by side, myelinated, sensory, vagal efferent, sympathetic (%)
PUBLISHED = {
    ("kronsteiner-2024", "left"): (23286, 33, 72.4, 13.3, 14.3),
    ("kronsteiner-2024", "right"): (25489, 33, 73.9, 13.2, 13.0),
    ("stakenborg-2020", "left"): (23286, 54, 72.4, 13.3, 14.3),
    ("light-microscopy-100k", "left"): (100_000, 33, 72.4, 13.3, 14.3),
}


@pytest.mark.parametrize("key", PUBLISHED)
def test_counts_are_the_published_ones(key: tuple[str, str]) -> None:
    p = population(*key)
    total, myelinated, sensory, efferent, sympathetic = PUBLISHED[key]
    assert len(p) == total
    assert_allclose(100 * p.myelinated.mean(), myelinated, atol=0.05)
    assert_allclose(100 * p.afferent.mean(), sensory, atol=0.15)  # right sides add up to 100.1 %
    of_sympathetic = p.group == "sympathetic"
    assert_allclose(100 * of_sympathetic.mean(), sympathetic, atol=0.05)
    assert_allclose(100 * (p.efferent & ~of_sympathetic).mean(), efferent, atol=0.05)


@pytest.mark.parametrize("alternative", ["kronsteiner-2024", "stakenborg-2020"])
def test_myelinated_sizes_are_stakenborgs(alternative: str) -> None:
    p = population(alternative)
    d = p.diameter_um[p.myelinated]
    shares = [np.mean(d < 4), np.mean((d >= 4) & (d < 8)), np.mean(d >= 8)]
    assert_allclose(shares, [0.63, 0.33, 0.04], atol=0.001)


def test_myelinated_diameters_have_two_peaks() -> None:
    p = population("light-microscopy-100k")
    counts, _ = np.histogram(p.diameter_um[p.myelinated], bins=np.arange(1.0, 9.0, 0.5))
    first, dip, second = counts[2], counts[5], counts[8]  # 2.0-2.5, 3.5-4.0, 5.0-5.5 um
    assert first > 2 * dip
    assert second > 1.5 * dip


def test_diameters_stay_within_the_fibre_models() -> None:
    p = population("light-microscopy-100k")
    assert p.diameter_um[p.myelinated].min() >= 1.011
    assert p.diameter_um[p.myelinated].max() <= 16.0
    assert p.diameter_um[~p.myelinated].min() >= 0.2
    assert p.diameter_um[~p.myelinated].max() <= 1.5
    assert_array_equal(p.myelinated, p.fibre_class != "C")


def test_classes_are_ordered_by_diameter() -> None:
    p = population()
    means = [p.diameter_um[p.fibre_class == c].mean() for c in ("A-alpha", "A-beta", "B", "C")]
    assert means == sorted(means, reverse=True)


def test_every_alternative_says_what_is_assumed() -> None:
    assert alternatives() == ("kronsteiner-2024", "stakenborg-2020", "light-microscopy-100k")
    marks = {"seen", "derived", "recalled", "assumed", "not_found"}
    for name in ("populations", "fibre_diameters", "functional_groups", "sub57_areas"):
        for row in read_table(f"nerve/{name}.csv"):
            assert row["mark"] in marks
            assert row["source"] or row["mark"] == "assumed"


def test_populations_agree_with_the_anatomy_table() -> None:
    anatomy = {r["id"]: r for r in read_table("nerve/anatomy.csv")}
    rows = {
        (r["side"], r["quantity"]): r
        for r in read_table("nerve/populations.csv")
        if r["alternative"] == "kronsteiner-2024"
    }
    pairs = {
        ("right", "total fibre count"): "AN034",
        ("left", "total fibre count"): "AN035",
        ("right", "sensory fraction"): "AN037",
        ("right", "vagal efferent fraction"): "AN038",
        ("right", "sympathetic fraction"): "AN039",
        ("left", "sensory fraction"): "AN040",
        ("left", "vagal efferent fraction"): "AN041",
        ("left", "sympathetic fraction"): "AN042",
    }
    for key, row_id in pairs.items():
        assert float(rows[key]["value"]) == float(anatomy[row_id]["value"])
        assert float(rows[key]["spread"]) == float(anatomy[row_id]["sd"])
    unmyelinated = float(anatomy["AN036"]["value"])
    assert float(rows["both", "myelinated fraction"]["value"]) == 100 - unmyelinated


@given(st.integers(1, 200_000), st.sampled_from(["left", "right"]))
def test_counts_add_up_and_are_rounded_fairly(n: int, side: str) -> None:
    for alternative in alternatives():
        counts = group_counts(alternative, side, n)
        assert sum(c.fibres for c in counts) == n
        exact = np.array([c.fibres for c in group_counts(alternative, side, 10**9)]) / 1e9 * n
        assert np.abs(exact - [c.fibres for c in counts]).max() < 1.001


def test_shares_of_pools_add_up() -> None:
    pools: dict[tuple[str, str], float] = {}
    for row in read_table("nerve/functional_groups.csv"):
        per_size = row["pool"] == "afferent of its size class"
        key = (row["pool"], row["size_class"] if per_size else "")
        pools[key] = pools.get(key, 0.0) + float(row["share"])
    assert len(pools) == 6
    assert set(pools.values()) == {100.0}


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**40), st.integers(1, 3000))
def test_fibres_lie_inside_and_seeds_reproduce(seed: int, n: int) -> None:
    section = sub57()
    p = sample_population(section, seed=seed, n_fibres=n)
    assert len(p) == n
    assert_array_equal(section.fascicle_at(p.x_um, p.y_um), p.fascicle)
    points = shapely.points(p.x_um, p.y_um)
    for k, fascicle in enumerate(section.fascicles):
        here = p.fascicle == k
        distance = shapely.distance(fascicle.polygon.exterior, points[here])
        assert (distance >= p.diameter_um[here] / 2).all()
    assert_same(p, sample_population(section, seed=seed, n_fibres=n))


def test_another_seed_moves_fibres_and_keeps_counts() -> None:
    a, b = (sample_population(sub57(), seed=s, n_fibres=500) for s in (1, 2))
    assert_array_equal(a.group, b.group)
    assert not np.isin(a.x_um, b.x_um).any()


def test_positions_are_uniform_over_the_fascicles() -> None:
    section = nerve(square(-200, 0, 200), square(200, 0, 100))
    p = sample_population(section, n_fibres=20_000, seed=5)
    assert_allclose(np.mean(p.fascicle == 0), 0.8, atol=0.015)
    x = p.x_um[(p.fascicle == 0)]
    quarters = np.histogram(x, bins=np.linspace(-300, -100, 5))[0] / len(x)
    assert_allclose(quarters, 0.25, atol=0.02)


def test_the_order_of_fascicles_does_not_matter_to_their_share() -> None:
    parts = (ring(-250, 0, 300), ring(150, 0, 200))
    forth = sample_population(nerve(*parts), n_fibres=20_000)
    back = sample_population(nerve(*parts[::-1]), n_fibres=20_000)
    assert_allclose(np.mean(forth.fascicle == 0), np.mean(back.fascicle == 1), atol=0.01)


@given(st.permutations(range(60)))
def test_select_permutes_and_returns(order: list[int]) -> None:
    p = sample_population(sub57(), n_fibres=60)
    index = np.array(order)
    assert_same(p.select(index).select(np.argsort(index)), p)
    assert len(p.select(p.afferent)) + len(p.select(p.efferent)) == 60


@settings(max_examples=5, deadline=None)
@given(st.integers(1, 2000), st.integers(0, 99))
def test_parquet_keeps_every_bit(
    tmp_path_factory: pytest.TempPathFactory, n: int, seed: int
) -> None:
    path = tmp_path_factory.mktemp("parquet") / "fibres.parquet"
    p = sample_population(sub57(), n_fibres=n, seed=seed)
    p.to_parquet(path)
    assert_same(FibrePopulation.from_parquet(path), p)


def test_an_empty_selection_survives_parquet(tmp_path: Path) -> None:
    none = population().select(np.zeros(len(population()), bool))
    none.to_parquet(tmp_path / "none.parquet")
    assert len(FibrePopulation.from_parquet(tmp_path / "none.parquet")) == 0


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    pq.write_table(pa.table({"group": ["x"]}), tmp_path / "bad.parquet")
    with pytest.raises(InputError, match="a column `fibre_class`"):
        FibrePopulation.from_parquet(tmp_path / "bad.parquet")


def test_summary_counts_every_fibre_once() -> None:
    rows = population().summary()
    assert sum(int(r["fibres"]) for r in rows) == 23286
    assert_allclose(sum(float(r["share"]) for r in rows), 1.0)
    laryngeal = rows[0]
    assert (laryngeal["group"], laryngeal["direction"]) == ("laryngeal-motor", "efferent")
    assert 8.0 <= float(laryngeal["diameter_min_um"]) <= float(laryngeal["diameter_max_um"]) <= 16.0
    assert {r["group"] for r in rows} >= {
        "laryngeal-motor",
        "pulmonary-stretch",
        "baroreceptor",
        "cough-mechanosensor",
        "cardiac-efferent",
        "visceral-efferent",
        "splenic-efferent",
        "chemoreceptor",
        "gastrointestinal-afferent",
        "bronchopulmonary-c",
        "sympathetic",
    }


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"alternative": "kronsteiner"}, "Did you mean `kronsteiner-2024`"),
        ({"side": "middle"}, "left or right"),
        ({"n_fibres": 0}, "whole numbers from 1"),
        ({"n_fibres": 10.5}, "whole numbers from 1"),
        ({"seed": -1}, "whole numbers from 0"),
    ],
)
def test_bad_wishes_are_explained(arguments: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=words):
        sample_population(sub57(), **arguments)  # type: ignore[arg-type]


def test_fibres_that_fit_nowhere_are_told() -> None:
    with pytest.raises(GeometryError, match="fits into none of its 1 fascicles"):
        sample_population(nerve(square(0, 0, 8), side=200))


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("diameter_um", 0.0, "above 0"),
        ("diameter_um", -1.0, "above 0"),
        ("diameter_um", np.nan, "above 0"),
        ("diameter_um", np.inf, "finite"),
        ("x_um", np.nan, "finite"),
        ("fascicle", -1, "indices from 0"),
        ("fibre_class", "D", "A-alpha, A-beta"),
    ],
)
def test_impossible_fibres_are_refused(field: str, value: object, words: str) -> None:
    p = sample_population(sub57(), n_fibres=5)
    values = getattr(p, field).copy()
    values[3] = value
    with pytest.raises(InputError, match=rf"`{field}` is .*\(fibre 3; 1 such\).*{words}"):
        replace(p, **{field: values})


def test_unequal_lengths_are_refused() -> None:
    p = sample_population(sub57(), n_fibres=5)
    with pytest.raises(InputError, match="one and the same length"):
        replace(p, x_um=p.x_um[:4])
