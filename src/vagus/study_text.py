"""From the text of a study file to plain values, each with the line it stands on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from vagus.errors import InputError, InputErrors
from vagus.protocol.device import nearest

Keys = tuple[str | int, ...]


@dataclass(frozen=True)
class Problem:
    """One bad value: where it is, what it is, what is allowed, how to mend it."""

    keys: Keys
    value: object
    allowed: str
    fix: str = ""

    @property
    def field(self) -> str:
        """The dotted name of the field ("stimulation.current")."""
        return ".".join(str(key) for key in self.keys)


@dataclass(frozen=True)
class StudyText:
    """The values of a study file as plain dicts and lists, and the line of each (from 1)."""

    values: dict[str, Any]
    lines: Mapping[Keys, int]
    source: str
    folder: Path = field(default_factory=Path)

    def line(self, keys: Keys) -> int:
        """The line of a value; of the mapping that should hold it, where it is missing."""
        while keys and keys not in self.lines:
            keys = keys[:-1]
        return self.lines.get(keys, 1)

    def errors(self, problems: list[Problem]) -> InputErrors:
        """All problems as one error, in the order of the file, each with its line."""
        ordered = sorted(problems, key=lambda p: self.line(p.keys))
        unique: dict[str, None] = {}
        for p in ordered:
            unique[
                f"line {self.line(p.keys)}: {InputError(p.field, p.value, p.allowed, p.fix)}"
            ] = None
        return InputErrors(list(unique), self.source)


def read_study_text(path: str | Path) -> StudyText:
    """Read a study file. Raises `InputErrors` for no file, no YAML, or a key that occurs twice."""
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        beside = [p.name for p in path.parent.glob("*.y*ml")] if path.parent.is_dir() else []
        missing = InputError("study file", path, "a file that exists", nearest(path.name, beside))
        raise InputErrors([str(missing)], str(path)) from error
    except (OSError, UnicodeDecodeError) as error:
        raise InputErrors([f"cannot be read as UTF-8 text: {error}"], str(path)) from error
    return parse_study_text(text, str(path), path.parent)


def parse_study_text(text: str, source: str = "study", folder: Path = Path()) -> StudyText:
    """As `read_study_text`, from text; files it names are looked for in ``folder``."""
    try:
        tree = YAML(typ="rt", pure=True).load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark is not None else 1
        said = (error.problem or "it is not valid YAML").splitlines()[0]
        fix = "Give the key once." if "duplicate key" in said else _yaml_fix(said)
        raise InputErrors([f"line {line}: {said}. {fix}".rstrip()], source) from error
    except YAMLError as error:
        raise InputErrors([f"not valid YAML: {str(error).splitlines()[0]}"], source) from error
    except (AttributeError, RecursionError) as error:  # ruamel, at a merge (`<<`) of itself
        raise InputErrors(
            ["a key `<<` merges what holds it. Write the keys out."], source
        ) from error
    if not isinstance(tree, Mapping):
        what = "empty" if tree is None else "a list" if isinstance(tree, list) else "plain text"
        fix = "Write `device: ...`, `stimulation: ...` and `nerve: ...`, one key per line."
        raise InputErrors([f"line 1: the study is {what}; allowed: keys and values. {fix}"], source)
    lines: dict[Keys, int] = {}
    return StudyText(_plain(tree, (), lines), lines, source, folder)


def _plain(node: Any, keys: Keys, lines: dict[Keys, int]) -> Any:
    """Copy ruamel's tree into plain containers and note the line of every entry."""
    if isinstance(node, Mapping):
        plain = {}
        for key, value in node.items():
            # keys merged by << have no line, and where all are merged there is no data at all
            if key in (node.lc.data or {}):  # type: ignore[attr-defined]
                lines[(*keys, str(key))] = node.lc.key(key)[0] + 1  # type: ignore[attr-defined]
            if value is not None:  # a key with nothing after it is as good as left out
                plain[str(key)] = _plain(value, (*keys, str(key)), lines)
        return plain
    if isinstance(node, list):
        items = []
        for i, value in enumerate(node):
            lines[(*keys, i)] = node.lc.item(i)[0] + 1  # type: ignore[attr-defined]
            items.append(_plain(value, (*keys, i), lines))
        return items
    if isinstance(node, bool) or node is None:
        return node
    for kind in (int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return str(node)


def _yaml_fix(said: str) -> str:
    if "mapping values are not allowed" in said:
        return "Check the indentation and that each line holds one `key: value`."
    if "could not find expected ':'" in said:
        return "Write `key: value`, with a space after the colon."
    if "another document" in said:
        return "Write one file per study or person, without `---` between parts."
    if "tab" in said or "\\t" in said:
        return "Indent with spaces, not tabs."
    return ""
