"""`vagus screen`: a patient file against the labels of a device, and one page to take along.

age: 54
region: US
condition: rheumatoid-arthritis
history:
  pacemaker: yes
  pregnancy: no
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from vagus.errors import InputError, InputErrors
from vagus.protocol.device import Device, nearest
from vagus.protocol.device import device as find_device
from vagus.study_text import Problem, parse_study_text
from vagus.suitability.patient import FIELDS, PatientFile, bad_values, patient_file
from vagus.suitability.screen import Screening
from vagus.suitability.screen import screen as look_up

NAME = "screening"


def screen(
    patient: PatientFile | str | Path, device: Device | str, folder: str | Path | None = None
) -> Screening:
    """What labels, regulators and reports say of ``device`` for what ``patient`` states.

    ``patient``: a patient file or its path; ``device``: a device or its key. With ``folder`` also
    writes screening.html and screening.json there. Raises `InputErrors` for a file with problems
    and `InputError` for a device that is not known.
    """
    which = find_device(device) if isinstance(device, str) else device
    stated = patient if isinstance(patient, PatientFile) else load_patient(patient)
    found = look_up(stated, which)
    if folder is not None:
        write_screening(found, Path(folder))
    return found


def load_patient(path: str | Path) -> PatientFile:
    """Read a patient file. Raises `InputErrors` with every problem at once, each with its line."""
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        beside = {p.stem: p.name for p in sorted(path.parent.glob("*.y*ml"))}
        fix = nearest(path.stem, beside)  # without the suffix, which all files have in common
        for stem, name in beside.items():
            fix = fix.replace(f"`{stem}`", f"`{name}`")
        missing = InputError("patient file", path, "a file that exists", fix)
        raise InputErrors([str(missing)], str(path)) from error
    except (OSError, UnicodeDecodeError) as error:
        raise InputErrors([f"cannot be read as UTF-8 text: {error}"], str(path)) from error
    return parse_patient(text, str(path))


def parse_patient(text: str, source: str = "patient") -> PatientFile:
    """As `load_patient`, from text."""
    if not _holds_keys(text):
        said = f"line 1: no patient file; allowed: keys and values ({', '.join(FIELDS)})."
        raise InputErrors([f"{said} Write `age: 54`, one key per line."], source)
    read = parse_study_text(text, source)
    bad = bad_values(read.values)
    if bad:
        raise read.errors([Problem(b.keys, b.value, b.allowed, b.fix) for b in bad])
    return patient_file(read.values)


def write_screening(found: Screening, folder: Path) -> Path:
    """Write ``folder``/screening.html and .json; returns the page's path.

    Deterministic: equal screenings give equal files. OSError from the file system is passed on.
    """
    from vagus.report.screening_html import write_screening_page

    folder.mkdir(parents=True, exist_ok=True)
    written = json.dumps(document(found), indent=2, ensure_ascii=False) + "\n"
    (folder / f"{NAME}.json").write_text(written, encoding="utf-8")
    return write_screening_page(folder / f"{NAME}.html", found)


def document(found: Screening) -> dict[str, Any]:
    """The screening for JSON, with its headline in words."""
    from vagus.suitability.words import headline, notes

    return found.as_dict() | {"headline": headline(found), "limits": notes("limit")}


def _holds_keys(text: str) -> bool:
    """Whether the text is a mapping, or no YAML at all (which is reported with its line)."""
    try:
        return isinstance(YAML(typ="safe", pure=True).load(text), dict)
    except YAMLError:
        return True
