"""``vagus cite``: every model, parameter source, trial and method behind a study, as BibTeX."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vagus.commands.output import AsJson, print_json, reported, stderr
from vagus.errors import VagusError

if TYPE_CHECKING:
    from vagus.citations import Work

StudyPath = Annotated[Path, typer.Argument(metavar="STUDY.yaml", help="The study file.")]
Out = Annotated[
    Path | None, typer.Option(metavar="FILE.bib", help="Write the BibTeX here, not to stdout.")
]


@reported
def cite(study: StudyPath, out: Out = None, as_json: AsJson = False) -> None:
    """BibTeX of every model, parameter source, trial and method that a run of the study uses.

    Nothing is simulated. Each entry's note says what the work was used for, and which of its fields
    were written from memory: check those before you print them. Counts go to stderr.
    """
    from vagus.citations import bibtex, cite
    from vagus.study import load_study

    works = cite(load_study(study))
    if out is not None:
        _write(out, bibtex(works))
    if as_json:
        print_json({"works": [work.as_dict() for work in works], "counts": _counts(works)})
    elif out is None:
        print(bibtex(works), end="")
    said = ", ".join(f"{n} {what}" for what, n in _counts(works).items())
    where = "" if out is None else f"; written to {out}"
    stderr().print(f"{said}{where}", soft_wrap=True)


def _counts(works: tuple[Work, ...]) -> dict[str, int]:
    """How many works, by mark, and how many without a title; one in brackets is a description."""
    from vagus.citations.bibtex import by_mark

    titles = [work.fields.get("title", "[") for work in works]
    untitled = sum(title.startswith("[") for title in titles)
    return {"works": len(works)} | dict(by_mark(works)) | {"without a title": untitled}


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise VagusError(
            f"could not write {path}: {error.strerror}. Give another file to `--out`."
        ) from error
