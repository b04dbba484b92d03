"""The house holds: who may import whom, small files, no plots outside the report."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "vagus"
FILES = sorted(SOURCE.rglob("*.py"))
LONGEST_FILE, LONGEST_FUNCTION = 400, 60

# What each part may import besides itself. Left to right only, as docs/architecture.md draws it.
BASE = {"errors", "data"}
STUDY = {"study", "study_checks", "study_model", "study_quantity", "study_text", "study_trial"}
SCIENCE = BASE | {"protocol", "nerve", "field", "fibre"}
BODY = SCIENCE | {"body", "validation"}
TRIALS = BODY | {"patient", "evidence", "trial"}
TRUST = {"suitability", "credibility", "citations"}
TOP = {
    "report", "pipeline", "chain", "virtual_trial", "prediction", "screening", "checklist",
    "assessment",
}  # fmt: skip
ALLOWED = {
    "errors": set(),
    "data": set(),
    "protocol": BASE,
    "nerve": BASE,
    "field": BASE | {"protocol", "nerve"},
    "fibre": BASE | {"protocol", "nerve", "field"},
    "body": SCIENCE,
    "evidence": BASE,
    "patient": SCIENCE | {"body"},
    "trial": SCIENCE | {"body", "patient", "evidence"},
    "validation": SCIENCE | {"body", "patient", "trial", "evidence"},
    "suitability": BASE | {"protocol", "evidence"},
    "credibility": TRIALS | STUDY | {"suitability"},
    "citations": TRIALS | STUDY,
    "report": TRIALS | STUDY | TRUST | {"checklist"},
    **{name: BASE | STUDY | {"protocol", "nerve", "field", "body", "patient"} for name in STUDY},
    "pipeline": SCIENCE | STUDY | {"report", "recruit_report"},
    "recruit_report": SCIENCE | STUDY | {"report", "pipeline"},
    "chain": BODY | STUDY | TRUST | {"report", "pipeline", "chain_report"},
    "chain_report": BODY | STUDY | TRUST | {"report", "pipeline", "recruit_report", "chain"},
    "virtual_trial": TRIALS | STUDY | {"report", "pipeline", "chain"},
    "prediction": TRIALS | {"report"},
    "screening": BASE | {"study_text", "protocol", "evidence", "suitability", "report"},
    "checklist": TRIALS | STUDY | {"suitability"},
    "assessment": TRIALS | STUDY | TRUST | {"report", "pipeline", "chain", "vagus"},
    "commands": TRIALS | STUDY | TRUST | TOP,
    "cli": {"commands", "vagus"},
    "vagus": set(),
}
PLOTTING = {"report", "recruit_report", "chain_report"}
# Modules that the start of every command loads, before it is known what is asked.
AT_START = [f for f in FILES if f.parent.name == "commands" or f.name == "cli.py"]
LIGHT = {"typer", "rich", "vagus"}


def part(path: Path) -> str:
    """The package or module of `vagus` that a file belongs to."""
    first = path.relative_to(SOURCE).parts[0].removesuffix(".py")
    return "vagus" if first == "__init__" else first


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def modules(nodes: ast.AST | list[ast.stmt]) -> set[str]:
    """Dotted names of everything imported below a node."""
    found = set()
    for root in nodes if isinstance(nodes, list) else [nodes]:
        for node in ast.walk(root):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, "imports are absolute"
                module = str(node.module)
                found |= (
                    {f"{module}.{a.name}" for a in node.names} if module == "vagus" else {module}
                )
    return found


def own(name: str) -> str:
    """The part of `vagus` that a dotted name refers to; `vagus` itself for `__version__`."""
    second = name.split(".")[1]
    return second if (SOURCE / second).is_dir() or (SOURCE / f"{second}.py").is_file() else "vagus"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_imports_point_left(path: Path) -> None:
    here = part(path)
    assert here in ALLOWED, f"`{here}` is a new part: say in ALLOWED what it may import"
    used = {own(name) for name in modules(tree(path)) if name.startswith("vagus.")}
    assert used - {here} <= ALLOWED[here]


def test_no_part_imports_one_that_imports_it() -> None:
    """But for the two halves of the pipeline, which import each other inside functions."""
    pairs = {(a, b) for a in ALLOWED for b in ALLOWED[a] if a in ALLOWED[b] and not {a, b} <= STUDY}
    halves = ("pipeline", "recruit_report"), ("chain", "chain_report")
    assert pairs == {*halves, *((b, a) for a, b in halves)}


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_plots_are_drawn_in_the_report_only(path: Path) -> None:
    used = modules(tree(path))
    assert not any(name.startswith("matplotlib.pyplot") for name in used), "pyplot keeps state"
    if part(path) not in PLOTTING:
        assert not any(name.split(".")[0] == "matplotlib" for name in used)


@pytest.mark.parametrize("path", AT_START, ids=lambda p: p.name)
def test_commands_start_light(path: Path) -> None:
    """Numerical libraries are imported inside functions (or for types only), never at the top."""
    top = [
        node
        for node in tree(path).body
        if isinstance(node, ast.Import | ast.ImportFrom)
        and getattr(node, "module", None) != "__future__"
    ]
    for name in modules(list(top)):
        package, *rest = name.split(".")
        assert package in LIGHT or package in stdlib(), f"{name} is imported at the start"
        if package == "vagus":
            assert rest[0] in {"commands", "errors", "__version__"}


def stdlib() -> frozenset[str]:
    import sys

    return sys.stdlib_module_names


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_files_and_functions_stay_short(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").count("\n")
    assert lines <= LONGEST_FILE
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef):
            assert node.end_lineno is not None
            assert node.end_lineno - node.lineno <= LONGEST_FUNCTION, node.name


def test_validation_uses_no_weights() -> None:
    """Trials that weight patients (PREMIUM, EVENT) are `validate` rows there: prior draws only."""
    banned = {"vagus.patient.calibrate", "vagus.trial.calibrated", "vagus.trial.forecast"}
    for path in FILES:
        if part(path) == "validation":
            assert not modules(tree(path)) & banned, path
