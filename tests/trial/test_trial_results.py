"""Results of trials: what a file may look like, what is refused, and that nothing is recalled."""

from __future__ import annotations

from pathlib import Path

import pytest

from vagus.data import read_table
from vagus.errors import InputError, InputErrors
from vagus.evidence.cell import Cell
from vagus.evidence.tables import Line
from vagus.trial import pools, results
from vagus.trial.results import COLUMNS, Result, calibration_results, read_results

HEAD = ",".join(COLUMNS)
ROW = "RELAX,taVNS,change_mean,-1.2,58,paper"
FOUND = Result("RELAX", "taVNS", "change_mean", -1.2, 58, "paper")


def written(folder: Path, *lines: str, encoding: str = "utf-8") -> Path:
    path = folder / "RESULTS.csv"
    path.write_bytes("\n".join([*lines, ""]).encode(encoding))
    return path


def problems(path: Path) -> tuple[str, ...]:
    with pytest.raises(InputErrors) as caught:
        read_results(path)
    return caught.value.errors


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_file_of_any_spreadsheet_gives_its_rows(tmp_path: Path, encoding: str, end: str) -> None:
    path = tmp_path / "RESULTS.csv"
    path.write_bytes(end.join([HEAD, "", ROW, ""]).encode(encoding))
    assert read_results(path) == (FOUND,)


def test_spaces_quotes_and_order_of_columns_do_not_matter(tmp_path: Path) -> None:
    path = written(
        tmp_path, "source, n, value, quantity, arm, trial_key",
        '"paper", 58, -1.2, change_mean, taVNS , RELAX',
    )  # fmt: skip
    assert read_results(path) == (FOUND,)


def test_n_and_source_may_be_empty_or_missing(tmp_path: Path) -> None:
    bare = Result("RELAX", "taVNS", "change_mean", -1.2, None, "")
    for head, row in (
        (HEAD, "RELAX,taVNS,change_mean,-1.2,,"),
        (HEAD, "RELAX,taVNS,change_mean,-1.2"),
        ("trial_key,arm,quantity,value", "RELAX,taVNS,change_mean,-1.2"),
    ):
        assert read_results(written(tmp_path, head, row)) == (bare,)


def test_lines_too_short_and_too_long_are_named(tmp_path: Path) -> None:
    path = written(
        tmp_path, HEAD, ROW, "RELAX", "RELAX,taVNS", "RELAX,taVNS,change_mean", ",,,,,",
        "RELAX,taVNS,change_mean,-1,2,58,paper", "", "RELAX,sham",
    )  # fmt: skip
    said = [("3", "`arm` is empty"), ("4", "`quantity` is empty"), ("5", "`value` is empty"),
            ("6", "`trial_key` is empty"), ("7", "longer than the first"),
            ("9", "`quantity` is empty")]  # fmt: skip
    for error, (line, words) in zip(problems(path), said, strict=True):
        assert error.startswith(f"line {line}: ")
        assert words in error


@pytest.mark.parametrize("n", ["58.5", "0", "-3", "many", "nan", "inf", "0.4"])
def test_n_is_a_whole_number(tmp_path: Path, n: str) -> None:
    (error,) = problems(written(tmp_path, HEAD, f"RELAX,taVNS,change_mean,-1.2,{n},"))
    assert error.startswith(f"line 2: `n` is {n};")


def test_a_whole_number_may_be_written_as_a_decimal(tmp_path: Path) -> None:
    path = written(tmp_path, HEAD, "RELAX,taVNS,change_mean,-1.2,58.0,paper")
    assert read_results(path) == (FOUND,)


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e999", "minus one"])
def test_a_value_is_a_finite_number(tmp_path: Path, value: str) -> None:
    (error,) = problems(written(tmp_path, HEAD, f"RELAX,taVNS,change_mean,{value},58,"))
    assert error.startswith(f"line 2: `value` is {value};")


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_a_file_in_another_encoding_is_one_clear_error(tmp_path: Path, encoding: str) -> None:
    path = written(tmp_path, HEAD, ROW.replace("paper", "Müller"), encoding=encoding)
    with pytest.raises(InputError, match="UTF-8"):
        read_results(path)


def test_a_file_that_lacks_columns_or_rows(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Add arm, value to its first line"):
        read_results(written(tmp_path, "trial_key,quantity"))
    with pytest.raises(InputError, match="commas"):
        read_results(written(tmp_path, HEAD.replace(",", ";"), ROW.replace(",", ";")))
    with pytest.raises(InputError, match="at least one row"):
        read_results(written(tmp_path, HEAD))
    with pytest.raises(InputError, match="Add trial_key"):
        read_results(written(tmp_path))


def test_calibration_results_are_rows_of_the_evidence() -> None:
    found = {(r.trial, r.arm, r.quantity): r for r in calibration_results()}
    assert len(found) == len(read_table("trial/scored_outcomes.csv"))
    premium = found["PREMIUM", "nVNS", "change_mean"]
    assert (premium.value, premium.n, premium.source) == (-2.26, 165, "Diener2019")


@pytest.mark.parametrize("column", ["change", "n"])
def test_a_recalled_number_is_no_result(column: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = pools.line_of

    def recalled(trial: str, arm: str, *rest: str) -> Line:
        line = seen(trial, arm, *rest)
        if (trial, arm) != ("PREMIUM", "nVNS"):
            return line
        cells = {**line.cells, column: Cell(line.cell(column).value, "recalled", "")}
        return Line(line.text, cells)

    monkeypatch.setattr(results, "line_of", recalled)
    with pytest.raises(InputError, match="PREMIUM, nVNS"):
        calibration_results()


def test_a_row_that_the_evidence_lacks_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    row = {**read_table("trial/scored_outcomes.csv")[0], "time_point": "99 wk"}
    monkeypatch.setattr(results, "read_table", lambda name: (row,))
    with pytest.raises(InputError, match="0 rows"):
        calibration_results()
