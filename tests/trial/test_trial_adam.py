"""Tables shaped as in ADaM: round trips, rules of the guide that apply, and the same numbers."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
from trial_samples import cohort_for, crossover, make_cohort, make_design, n_of_1, withdrawal

from vagus.data import read_table
from vagus.errors import InputError
from vagus.trial.adam import Adam, adam, column_dictionary
from vagus.trial.conduct import conduct
from vagus.trial.consort import flow
from vagus.trial.data import TrialData
from vagus.trial.design import DropOut, Rescue, Strata


@pytest.fixture(scope="module")
def data() -> TrialData:
    design = make_design(
        30, drop_out=DropOut(0.1, 0.5, 1.0), rescue=Rescue(7.0, 0.7, -0.4), adherence=0.8,
        strata=Strata((6.0, 8.0), (4,)),
    )  # fmt: skip
    return conduct(design, make_cohort(), 3, 1)


@pytest.fixture(scope="module")
def tables(data: TrialData) -> Adam:
    return adam(data, 2, "VAGUS-1")


def test_files_hold_what_the_tables_hold(tables: Adam, tmp_path: Path) -> None:
    tables.write(tmp_path)
    for name, table in (("adsl", tables.adsl), ("adeff", tables.adeff)):
        assert pq.read_table(tmp_path / f"{name}.parquet").equals(table)
        kinds = pa_csv.ConvertOptions(
            column_types=table.schema, strings_can_be_null=True, quoted_strings_can_be_null=True
        )
        back = pa_csv.read_csv(tmp_path / f"{name}.csv", convert_options=kinds)
        for column in table.column_names:
            said, read = table[column].to_pylist(), back[column].to_pylist()
            assert read == [None if v == "" else v for v in said], column
    with (tmp_path / "columns.csv").open(encoding="utf-8") as file:
        assert list(csv.DictReader(file)) == list(read_table("trial/adam_columns.csv"))


def test_ratings_come_back(data: TrialData, tables: Adam) -> None:
    """From the table alone: the array of ratings, nan where somebody had left."""
    rows = tables.adeff.to_pydict()
    subjects = tables.adsl["USUBJID"].to_pylist()
    place = {s: i for i, s in enumerate(subjects)}
    back = np.full((data.n, data.visits + 1), np.nan)
    for who, visit, value in zip(rows["USUBJID"], rows["AVISITN"], rows["AVAL"], strict=True):
        back[place[who], visit] = value
    np.testing.assert_array_equal(back[:, 0], data.baseline[2])
    np.testing.assert_array_equal(back[:, 1:], data.values[2])


def test_columns_are_those_of_the_dictionary(tables: Adam) -> None:
    rows = read_table("trial/adam_columns.csv")
    for name, table in (("ADSL", tables.adsl), ("ADEFF", tables.adeff)):
        own = [r for r in rows if r["dataset"] == name]
        assert table.column_names == [r["column"] for r in own]
        for r in own:
            field = table.schema.field(r["column"])
            assert field.metadata[b"label"].decode() == r["label"]
            kind = {"text": pa.string(), "integer": pa.int64(), "real": pa.float64()}[r["type"]]
            assert field.type == kind
    for r in rows:  # names and labels that SAS transport files can hold
        assert len(r["column"]) <= 8
        assert len(r["label"]) <= 40
        assert r["meaning"]
        assert f"| {r['column']} |" in column_dictionary()


def test_rules_of_the_guide_that_apply(data: TrialData, tables: Adam) -> None:
    rows = tables.adeff.to_pylist()
    subjects = {s["USUBJID"]: s for s in tables.adsl.to_pylist()}
    assert len(subjects) == data.n
    keys = [(r["USUBJID"], r["PARAMCD"], r["AVISITN"]) for r in rows]
    assert len(set(keys)) == len(keys)
    for r in rows:
        assert (r["ABLFL"] == "Y") == (r["AVISITN"] == 0) == (r["ANL01FL"] is None)
        assert r["BASE"] == subjects[r["USUBJID"]]["BASE"]
        assert r["TRTP"] == subjects[r["USUBJID"]]["TRT01P"]
        assert r["ADY"] == (-1, 21, 42, 63, 84)[r["AVISITN"]]
        assert r["DTYPE"] is None
        if r["AVISITN"]:
            assert r["CHG"] == r["AVAL"] - r["BASE"]
            assert r["PCHG"] == pytest.approx(100 * r["CHG"] / r["BASE"])
            assert (r["CRIT1FL"] == "Y") == (r["CHG"] <= -0.5 * r["BASE"])
        else:
            assert r["CHG"] is r["PCHG"] is r["CRIT1FL"] is None
            assert r["AVAL"] == r["BASE"]


def test_flags_agree_with_the_flow(data: TrialData, tables: Adam) -> None:
    found = flow(data, 2)
    subjects = tables.adsl.to_pylist()
    for arm in found.arms:
        own = [s for s in subjects if s["ARM"] == arm.name]
        assert len(own) == arm.allocated
        assert sum(s["COMPLFL"] == "Y" for s in own) == arm.completed
        assert sum(s["FASFL"] == "Y" for s in own) == arm.analysed
    for s in subjects:
        assert (s["DCSREAS"] is None) == (s["EOSSTT"] == "COMPLETED") == (s["COMPLFL"] == "Y")
        assert s["PPROTFL"] == "N" or (s["COMPLFL"] == "Y" and s["ADHER"] >= 0.67)
        assert s["STRAT1R"] == ("below 6", "6 to below 8", "8 or more")[s["STRAT1RN"]]
    flags = [r["RESCFL"] for r in tables.adeff.to_pylist()]
    after = np.arange(data.visits) > data.rescue_at[2][:, None]
    assert flags.count("Y") == np.sum(after & ~np.isnan(data.values[2]))


def test_subjects_are_told_apart_over_replicates(data: TrialData) -> None:
    ids = [set(adam(data, r).adsl["USUBJID"].to_pylist()) for r in range(3)]
    assert len(set.union(*ids)) == 3 * data.n
    with pytest.raises(InputError, match="replicate"):
        adam(data, 3)


def test_periods_have_their_own_treatment() -> None:
    trial = crossover()
    tables = adam(conduct(trial, cohort_for(trial), 1, 1))
    first = tables.adsl.to_pylist()[0]
    order = ["active", "sham"] if first["ARM"] == "active first" else ["sham", "active"]
    assert first["TRTSEQP"] == " - ".join(order)
    rows = [r for r in tables.adeff.to_pylist() if r["USUBJID"] == first["USUBJID"]]
    assert [r["TRTP"] for r in rows] == [order[0], *order]
    single = n_of_1()
    one = adam(conduct(single, cohort_for(single), 1, 1)).adsl.to_pylist()
    assert one[0]["TRTSEQP"].count(" - ") == 5


def test_days_count_from_randomisation() -> None:
    trial = withdrawal()
    rows = adam(conduct(trial, cohort_for(trial), 1, 1)).adeff.to_pylist()
    assert {r["ADY"] for r in rows} == {-1, 28, 56}


def test_yes_or_no_has_no_value_before() -> None:
    trial = make_design(condition="rheumatoid-arthritis", endpoint="acr20", analysis="responder")
    rows = adam(conduct(trial, make_cohort(key="rheumatoid-arthritis"), 1, 1)).adeff.to_pylist()
    assert all(r["AVISITN"] > 0 and r["BASE"] is None and r["CHG"] is None for r in rows)
    assert all((r["CRIT1FL"] == "Y") == (r["AVAL"] == 1) for r in rows)
