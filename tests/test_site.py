"""The documentation site: what the build makes is complete, and nothing is loaded from afar."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from html import unescape
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ruamel.yaml import YAML

from site_pages import fibres, hooks, kept, organs, page, pictures, reference
from site_pages.commands import command_page
from site_pages.data_tables import data_page
from site_pages.drive import drive_page
from vagus.body.latex import equations
from vagus.body.statement import Model
from vagus.data import read_table
from vagus.report.equations import Equation

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
MADE = ("models/", "results/", "reference/")


def leaves(nav: Any) -> Iterator[str]:
    for item in nav if isinstance(nav, list) else nav.values():
        yield from [item] if isinstance(item, str) else leaves(item)


def test_navigation_names_every_written_page_once() -> None:
    nav = list(leaves(YAML(typ="safe").load(ROOT / "mkdocs.yml")["nav"]))
    written = [p.relative_to(DOCS).as_posix() for p in DOCS.rglob("*.md")]
    assert sorted(nav) == sorted([*written, *MADE])


@pytest.fixture(scope="module")
def made() -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """Pages of organs by path, and their equations by model; drawing them is tested elsewhere."""
    written: dict[str, dict[str, str]] = {}

    def noted(model: Model) -> dict[str, str]:
        return written.setdefault(model.name, equations(model))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(organs, "equations", noted)
        patch.setattr(organs, "draw_equation", lambda text: Equation(text, "c3Zn", 1))
        return {p.path: str(p.text) for p in organs.organ_pages()}, written


@pytest.mark.parametrize("make", [*organs.ORGANS, *organs.ALONE], ids=lambda m: str(m.__name__))
def test_every_equation_and_parameter_is_on_its_page(make: Any, made: Any) -> None:
    model = make()
    text, written = made[0][f"models/{model.name}.md"], made[1][model.name]
    own = {s: q for s, q in model.quantities.items() if q.organ == model.name}
    assert written.keys() == model.rates.keys() | model.outputs.keys()
    shown = [unescape(latex) for latex in re.findall(r'alt="([^"]*)"', text)]
    assert shown == [latex for symbol, latex in written.items() if symbol in own]
    for symbol, q in own.items():
        assert str(page.cell(f"`{symbol}`")) in text, symbol
        assert str(page.cell(q.description)) in text, symbol
        if q.kind in ("parameter", "link"):
            row = next(r for r in text.split("<tr>") if f"{page.cell(f'`{symbol}`')}</td><td>" in r)
            assert f"<td>{q.default}</td>" in row, symbol
            assert str(page.cell(q.distribution)) in row, symbol
            assert str(page.mark(q.mark)) in row, symbol
        if q.kind == "input":
            row = next(r for r in text.split("<tr>") if f"{page.cell(f'`{symbol}`')}</td><td>" in r)
            assert 'class="mark' not in row, symbol


def test_an_equation_is_drawn_with_its_latex_as_words() -> None:
    shown = organs._equation(r"\frac{d\,x}{dt} = - \frac{x}{\tau}")
    assert 'src="data:image/svg+xml;base64,' in shown
    assert r"\frac{x}{\tau}" in shown


def test_every_link_is_on_the_overview_with_its_grade() -> None:
    text = str(organs.overview().text)
    for row in read_table("body/links.csv"):
        line = next(r for r in text.split("<tr>") if f"<code>{row['symbol']}</code>" in r)
        assert f">{row['grade']}</span>" in line


def test_the_sizes_add_up_to_the_part_that_the_marks_are_counted_over() -> None:
    numbers = re.search(r"\((\d+)\), the (\d+) inputs .* (\d+) constants .* the (\d+) values",
                        " ".join(str(organs.overview().text).split()))  # fmt: skip
    assert numbers is not None
    *parts, total = map(int, numbers.groups())
    assert sum(parts) == total


def test_every_row_of_the_drive_is_on_its_page() -> None:
    text = unescape(str(drive_page().text))
    for name in ("drive", "drive_channels", "recruitment_priors", "conduction_reliability",
                 "drive_settings"):  # fmt: skip
        for row in read_table(f"body/{name}.csv"):
            shown = row.get("source") or row["reference"]
            assert unescape(str(page.cell(shown))) in text, shown
    assert "u = fraction recruited x pulses per second x conduction reliability" in text


@pytest.mark.parametrize("name", [*fibres.MODULES, "mrg"])
def test_the_rates_of_every_membrane_are_shown_as_they_run(name: str) -> None:
    place = "fibre.mrg_membrane" if name == "mrg" else f"fibre.membranes.{name}"
    module = import_module(f"vagus.{place}")
    shown = fibres.rates(module)
    assert shown in str(fibres.membrane_page().text)
    own = {
        key
        for key, value in vars(module).items()
        if getattr(value, "__module__", None) == module.__name__ and hasattr(value, "py_func")
    }
    assert own <= set(re.findall(r"^def (\w+)", shown, re.MULTILINE))
    assert "import " not in shown
    assert "overload" not in shown


def test_a_picture_takes_the_place_of_its_comment() -> None:
    text = "before\n\n<!-- picture: lights -->\n\nafter"
    assert re.search(r"\n!\[[^]]+\]\(lights.svg\)\n", pictures.placed(text))
    with pytest.raises(KeyError):
        pictures.placed("<!-- picture: nothing -->")
    written = "".join(p.read_text(encoding="utf-8") for p in DOCS.rglob("*.md"))
    assert sorted(re.findall(r"<!-- picture: (\w+) -->", written)) == sorted(pictures.WORDS)


def test_every_module_with_a_docstring_is_in_the_reference_once() -> None:
    named = [m for modules in reference.grouped().values() for m in modules]
    assert len(named) == len(set(named))
    assert {"vagus.body.integrate", "vagus.trial.analysis.mmrm", "vagus.chain"} <= set(named)
    assert not [m for m in named if m.startswith("vagus.commands")]


def test_a_package_without_a_heading_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(reference.PACKAGES, "fibre")
    with pytest.raises(ValueError, match="'fibre'"):
        reference.grouped()


def test_every_command_with_its_options() -> None:
    text = str(command_page().text)
    for name in ("check", "run", "validate", "evidence", "trial run", "trial predict", "report"):
        assert f"## `vagus {name}`" in text
    part = text.split("## `vagus run`")[1].split("\n## ")[0]
    assert "<code>STUDY.yaml</code></td><td>" in part
    assert "<code>--draws " in part
    assert "<code>--help" not in part


def test_every_table_with_its_rows() -> None:
    text = str(data_page().text)
    for path in sorted((ROOT / "src" / "vagus" / "data").glob("*/*.csv")):
        name = f"{path.parent.name}/{path.name}"
        shown = page.cell(f"`{name}`")
        assert f"{shown}</td><td>{len(read_table(name))}</td>" in text, name


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a < b | c", "a &lt; b | c"),
        ("`x_y` and ``z``", "<code>x_y</code> and <code>z</code>"),
        ("`tau_cyt a/b_c_de`", "<code>tau_<wbr>cyt a/<wbr>b_<wbr>c_<wbr>de</code>"),
        (
            "Ma 2020 (doi:10.1007/s40262-020-00899-7).",
            'Ma 2020 (<a href="https://doi.org/10.1007/s40262-020-00899-7">'
            "doi:10.1007/s40262-020-00899-7</a>).",
        ),
        (
            "https://example.org/a?b=1&c=2, read",
            '<a href="https://example.org/a?b=1&amp;c=2">https://example.org/a?b=1&amp;c=2</a>'
            ", read",
        ),
    ],
)
def test_cells(text: str, shown: str) -> None:
    assert page.cell(text) == shown


def test_prose_leads_to_code_without_a_sign() -> None:
    assert page.prose("As follows::\n\n    x' = 1\n") == "As follows:\n\n    x' = 1"


@pytest.mark.parametrize(
    ("source", "link", "shown"),
    [
        ("data.md", "[body](body.md#pain)", "[body](body.md#pain)"),
        ("data.md", "[readme](../README.md)", "[readme](index.md)"),
        ("extend/nerve.md", "[readme](../../README.md#limits)", "[readme](../index.md#limits)"),
        ("data.md", "[frozen](../predictions/index.csv)", "frozen (`predictions/index.csv`)"),
        ("data.md", "[`predictions/`](../predictions/)", "`predictions/`"),
        ("data.md", "[doi](https://doi.org/10.1)", "[doi](https://doi.org/10.1)"),
    ],
)
def test_links_that_leave_the_docs(source: str, link: str, shown: str) -> None:
    here: Any = SimpleNamespace(file=SimpleNamespace(src_uri=source))
    nothing: Any = None
    assert hooks.on_page_markdown(link, here, nothing, nothing) == shown


def test_results_are_kept_until_the_source_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    computed = []

    def compute() -> int:
        computed.append(1)
        return len(computed)

    assert [kept.kept("n", compute), kept.kept("n", compute)] == [1, 1]
    monkeypatch.setattr(kept, "source_hash", lambda apart: "other")
    assert kept.kept("n", compute) == 2


LOADED = re.compile(
    r"<(?:script|link|img|iframe|source|video|audio|object|embed)\b[^>]*?"
    r"\b(?:src|href|data|srcset)=[\"'](?:https?:)?//"
)
IN_STYLE = re.compile(r"(?:@import|url\()\s*[\"']?(?:https?:)?//")


@pytest.mark.slow
def test_the_site_builds_without_a_warning_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    site = tmp_path / "site"
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-d", str(site)]
    env = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > 60
    assert not (site / "404.html").exists()
    for path in pages:
        assert not LOADED.search(path.read_text(encoding="utf-8")), path
    for path in site.rglob("*.css"):
        assert not IN_STYLE.search(path.read_text(encoding="utf-8")), path
    assert "lognormal" in (site / "models" / "pain.html").read_text(encoding="utf-8")
