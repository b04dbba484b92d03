"""BibTeX that a reader written apart takes back, whatever the words."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from bibtex_reader import VERBATIM, plain, read_bibtex
from hypothesis import given
from hypothesis import strategies as st

from vagus.citations.bibtex import bibtex, by_mark, escape, note
from vagus.citations.works import FIELDS, VENUE, Work, works

TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")))
HARD = st.text(st.sampled_from(list("\\{}&%$#_~^ aé'\"@,=")))


def test_every_known_work_is_read_back() -> None:
    known = list(works().values())
    found = read_bibtex(bibtex(known))
    assert list(found) == sorted(work.key for work in known)
    for work in known:
        entry = found[work.key]
        for name in FIELDS:
            shown = VENUE.get(work.kind, "howpublished") if name == "venue" else name
            written = entry.get(shown, "")
            read = written if name in VERBATIM else plain(written)
            value = work.fields.get(name, "")
            assert read == (value.replace("{", "").replace("}", "") if name == "author" else value)
        assert plain(entry.get("note", "")) == note(work)


def test_kinds_become_entries_that_bibtex_has() -> None:
    found = read_bibtex(bibtex(works().values()))
    assert found["Ursino1998"]["ENTRYTYPE"] == "article"
    assert found["HairerWanner1996"]["publisher"] == "Springer"
    assert found["Sweeney1987"]["ENTRYTYPE"] == "inproceedings"
    assert found["gammaCoreIFU"]["ENTRYTYPE"] == "manual"
    assert found["numpy"]["ENTRYTYPE"] == found["SPARC65"]["ENTRYTYPE"] == "misc"
    assert found["FDAK182369"]["author"] == "{U.S. Food and Drug Administration}"
    assert found["HrobjartssonGotzsche2010"]["author"] == "Hróbjartsson, A. and Gøtzsche, P. C."


@given(TEXT | HARD)
def test_any_words_survive(text: str) -> None:
    assert plain(escape(text)) == " ".join(text.split())


@given(TEXT | HARD, TEXT | HARD, TEXT | HARD)
def test_any_work_is_read_back(title: str, venue: str, use: str) -> None:
    work = Work("Some2020", "article", {"title": title, "venue": venue}, (use,), "seen")
    entry = read_bibtex(bibtex([work]))["Some2020"]
    assert plain(entry.get("title", "")) == " ".join(title.split())
    assert plain(entry.get("journal", "")) == " ".join(venue.split())
    assert plain(entry["note"]) == " ".join(f"Used for {use}".split())


def test_the_same_works_give_the_same_bytes_in_any_order() -> None:
    some = list(works().values())[:50]
    assert bibtex(some) == bibtex(reversed(some))
    assert bibtex([]) == ""


def test_a_note_says_the_use_and_what_is_from_memory() -> None:
    work = Work("A1", "article", {"title": "T"}, ("fibre model x", "y.csv (2 rows)"), "recalled",
                "from memory: title; check them before use")  # fmt: skip
    assert note(work) == (
        "Used for fibre model x; y.csv (2 rows). From memory: title; check them before use"
    )
    assert by_mark([work, work]) == {"recalled": 2}


@pytest.mark.parametrize(
    "text", ["", "@article{A1,\n}\n@article{A1,\n}\n", "@article{A1,\n  title = {x\n}\n", "x"]
)
def test_the_reader_is_strict(text: str) -> None:
    if not text:
        assert read_bibtex(text) == {}
        return
    with pytest.raises(ValueError, match=r"twice|close|no entry|no comma"):
        read_bibtex(text)


@pytest.mark.skipif(shutil.which("bibtex") is None, reason="bibtex is not installed")
def test_bibtex_itself_reads_every_work(tmp_path: Path) -> None:
    (tmp_path / "all.bib").write_text(bibtex(works().values()), encoding="utf-8")
    lines = ["\\citation{*}", "\\bibstyle{plain}", "\\bibdata{all}"]
    (tmp_path / "all.aux").write_text("\n".join(lines), encoding="utf-8")
    done = subprocess.run(["bibtex", "all"], cwd=tmp_path, capture_output=True, text=True)
    assert "error message" not in done.stdout, done.stdout
