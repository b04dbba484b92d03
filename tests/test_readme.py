"""What the README and docs/ say is true: every command and every Python block is run.

The blocks of a page are run in order, in one folder that holds a copy of the examples. Targets of
`make` are only looked up, since their recipes are what runs these tests. Blocks that solve a study
are slow, and so are those that a comment `<!-- slow -->` on the line before them calls so.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from vagus.study import parse_study, study_schema

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^(<!-- slow -->\n)?```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FENCE = re.compile(r"^\s*(?:```|~~~).*$|<!-- *slow *-->", re.MULTILINE)
RUN = ("sh", "python")
LANGUAGES = {*RUN, "json", "yaml", "text"}
COMMAND = re.compile(r"^\s*(?:\$ *)?(?:vagus|make|import|from) |^\s*>>>", re.MULTILINE)
"""What belongs into a block that is run."""
LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")
MADE = ("models/", "results/", "reference/")
"""Folders of pages that the site's build makes (tests/test_site.py looks into those)."""


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix().removeprefix("docs/")


def blocks(page: Path, *languages: str, slow: bool | None = None) -> list[tuple[str, str]]:
    """(language, text) of a page's fenced blocks, in order; those that are slow or not, or all."""
    return [
        (language, text)
        for called, language, text in BLOCK.findall(page.read_text(encoding="utf-8"))
        if language in languages and slow in (None, bool(called) or solves_a_study(text))
    ]


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_block_is_known_and_run_if_it_can_be(page: Path) -> None:
    """No fence is indented, untagged or attributed, and no command hides in plain text."""
    written = page.read_text(encoding="utf-8")
    assert not FENCE.findall(BLOCK.sub("", written))
    assert {language for _, language, _ in BLOCK.findall(written)} <= LANGUAGES
    assert not [text for _, text in blocks(page, "text") if COMMAND.search(text)]


@pytest.mark.parametrize(
    "text",
    [
        "  ```sh\n  vagus devices\n  ```\n",
        "```\nvagus devices\n```\n",
        '```sh title="x"\nvagus devices\n```\n',
        "```bash\nvagus devices\n```\n",
        "~~~sh\nvagus devices\n~~~\n",
        "<!-- slow -->\n\n```sh\nvagus devices\n```\n",
        "```text\nvagus devices\n```\n",
        "```text\n$ vagus devices\n```\n",
        "```text\n>>> vagus\n```\n",
        "```sh\nvagus devices\n",
    ],
)
def test_a_block_that_would_not_be_run_is_found(text: str, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(text)
    with pytest.raises(AssertionError):
        test_every_block_is_known_and_run_if_it_can_be(page)


def solves_a_study(text: str) -> bool:
    return "vagus recruit " in text or "vagus.recruit(" in text


@pytest.fixture
def desk(tmp_path: Path) -> dict[str, Any]:
    """A folder with the examples and predictions, where `vagus` is a command."""
    for name in ("examples", "predictions"):
        shutil.copytree(ROOT / name, tmp_path / name)
    command = tmp_path / "bin" / "vagus"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m vagus.cli "$@"\n')
    command.chmod(0o755)
    path = f"{command.parent}{os.pathsep}{os.environ['PATH']}"
    source = os.pathsep.join(filter(None, [str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]))
    return {"cwd": tmp_path, "env": os.environ | {"PATH": path, "PYTHONPATH": source}}


def run(command: list[str], desk: dict[str, Any]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, **desk)
    assert done.returncode == 0, f"{command}\n{done.stderr}"
    return done.stdout


def check_page(page: Path, desk: dict[str, Any], slow: bool) -> None:
    """Run the blocks that solve a study (``slow``), or all others."""
    printed = ""
    wanted = blocks(page, "sh", "python", slow=slow)
    for language, text in blocks(page, "sh", "python", "json"):
        if language == "json":
            if printed:
                assert_same(json.loads(text), json.loads(printed))
        elif (language, text) not in wanted:
            printed = ""
        elif language == "python":
            printed = run([sys.executable, "-W", "error", "-c", text], desk)
        else:
            for line in text.strip().splitlines():
                printed = run_line(line, desk)


def run_line(line: str, desk: dict[str, Any]) -> str:
    if line.startswith("make "):
        dry = ["make", "-n", "-C", str(ROOT), *line.split()[1:]]
        assert run(dry, desk), f"`{line}` does nothing"
        return ""
    assert line.startswith("vagus "), f"`{line}` is neither a command of ours nor of make"
    return run(["bash", "-c", line], desk)


def assert_same(shown: dict[str, Any], printed: dict[str, Any]) -> None:
    """A result that the page shows; how many simulations it took may change."""
    assert shown.keys() == printed.keys()
    for key, value in shown.items():
        if key.endswith("_mA"):
            assert printed[key] == pytest.approx(value, rel=1e-4)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_quick_blocks_run(page: Path, desk: dict[str, Any]) -> None:
    check_page(page, desk, slow=False)


@pytest.mark.slow
@pytest.mark.parametrize(
    "page",
    [p for p in PAGES if blocks(p, "sh", "python", slow=True)],
    ids=name,
)
def test_studies_run(page: Path, desk: dict[str, Any]) -> None:
    check_page(page, desk, slow=True)
    if page.name == "README.md":
        out = desk["cwd"] / "runs" / "quick"
        for name in ("fibres.parquet", "summary.json", "study.yaml", "report.html"):
            assert (out / name).is_file()
        figures = {path.suffix for path in (out / "figures").iterdir()}
        assert figures == {".svg", ".png", ".pdf"}


def test_the_first_python_is_short() -> None:
    (_, text), *_ = blocks(ROOT / "README.md", "python")
    assert len([line for line in text.splitlines() if line.strip()]) <= 8


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_yaml_blocks_are_studies(page: Path) -> None:
    for _, text in blocks(page, "yaml"):
        assert parse_study(text, page.name, ROOT / "examples").stimulation.current_mA > 0


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        path = Path(os.path.normpath(page.parent / target))
        made = path.is_relative_to(ROOT / "docs") and name(path).startswith(MADE)
        if not target.startswith("http") and not made:
            assert path.exists(), target


def test_the_study_page_names_every_field_and_no_other() -> None:
    """Headings name the sections, first columns the fields, as the schema has them."""
    page = (ROOT / "docs" / "study-file.md").read_text(encoding="utf-8")
    written: dict[str, set[str]] = {}
    for part in page.split("\n## ")[1:]:
        title, _, body = part.partition("\n")
        section = title.strip("`") if title.startswith("`") else ""
        cells = re.findall(r"^\| (`[^|]+?) \|", body, re.MULTILINE)
        written[section] = {name for cell in cells for name in re.findall(r"`([\w-]+)`", cell)}
    assert written == dict(schema_fields())


def schema_fields() -> Iterator[tuple[str, set[str]]]:
    """(dotted section, names of its fields) of the whole schema."""
    schema = study_schema()

    def walk(node: dict[str, Any], section: str) -> Iterator[tuple[str, set[str]]]:
        yield section, set(node["properties"])
        for name, field in node["properties"].items():
            for option in [field, *field.get("anyOf", [])]:
                if "$ref" in option:
                    below = schema["$defs"][option["$ref"].rpartition("/")[2]]
                    yield from walk(below, f"{section}.{name}".lstrip("."))

    yield from walk(schema, "")


def test_exit_codes_in_the_readme_are_those_of_the_program() -> None:
    from vagus.commands.output import EXIT_CODES, INTERRUPTED
    from vagus.errors import ConvergenceError, GeometryError, InputError, VagusError

    page = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = set(re.findall(r"^\| (\d+) \|", page, re.MULTILINE))
    kinds = (VagusError, InputError, GeometryError, ConvergenceError)
    codes = {"0", str(INTERRUPTED), *(str(kind.exit_code) for kind in kinds)}
    assert shown == codes
    assert all(code in EXIT_CODES for code in codes)


@pytest.mark.slow
def test_counts_and_failures_of_the_body_are_those_of_the_program() -> None:
    """By organ and role in the validation page's table, failures by id; sums in the README."""
    from vagus.validation.comparison import ORGANS
    from vagus.validation.table import VERDICTS, Row, validate

    def counted(rows: list[Row], role: str) -> str:
        found = [row.verdict for row in rows if row.observation.role == role]
        return " / ".join(str(found.count(verdict)) for verdict in VERDICTS)

    rows = list(validate())
    page = (ROOT / "docs" / "validation.md").read_text(encoding="utf-8")
    part = page.split("\n## Body: published results\n")[1].split("\n## ")[0]
    table = re.findall(r"^\| [^|]+ \| (\d+) \| ([^|]+) \| ([^|]+) \|$", part, re.MULTILINE)
    for organ, shown in zip((*ORGANS, None), table, strict=True):
        own = [row for row in rows if organ in (None, row.observation.organ)]
        assert shown == (str(len(own)), counted(own, "validate"), counted(own, "calibrate")), organ
    named = re.findall(r"^- `([\w.-]+)`:", part, re.MULTILINE)
    assert sorted(named) == sorted(r.observation.id for r in rows if r.verdict == "failed")
    readme = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    held, said = counted(rows, "validate").split(" / "), f"beside {len(rows)} published results"
    unused = f"{said}. Of the {sum(map(int, held))} that shaped no prior"
    assert f"{unused} it reproduces {held[0]}," in readme
    assert re.search(rf"is compatible with {held[1]} \(.*?\) and fails {held[2]}\.", readme)
