"""Compile the NMODL files of this folder once per NEURON version and load them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
CACHE = HERE.parents[1] / "build" / "neuron_peer"  # git-ignored


def _compile(folder: Path) -> None:
    """Run `nrnivmodl` on copies of the NMODL files in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    for source in HERE.glob("*.mod"):
        shutil.copy2(source, folder)
    beside = Path(sys.executable).parent  # the scripts of a virtual environment that is not active
    path = f"{beside}{os.pathsep}{os.environ.get('PATH', '')}"
    command = shutil.which("nrnivmodl", path=path)
    if command is None:
        raise RuntimeError("nrnivmodl not found: install the `bench` extra (neuron>=9)")
    done = subprocess.run(
        [command, "."],
        cwd=folder,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"nrnivmodl failed (is a C++ compiler installed?):\n{done.stderr}")


@cache
def neuron_with_mechanisms() -> Any:
    """NEURON's interpreter ``h`` with the mechanisms ``mrg_node`` and ``sundt`` loaded."""
    os.environ.setdefault("NEURON_MODULE_OPTIONS", "-nogui")
    import neuron

    folder = CACHE / f"neuron-{neuron.__version__}"
    newest = max(source.stat().st_mtime for source in HERE.glob("*.mod"))

    def library() -> Path | None:
        found = [f for f in folder.glob("*/libnrnmech.*") if f.suffix in (".so", ".dylib")]
        return next((f for f in found if f.stat().st_mtime >= newest), None)

    if library() is None:
        _compile(folder)
    built = library()
    if built is None:
        raise RuntimeError(f"nrnivmodl left no library in {folder}")
    if not neuron.h.nrn_load_dll(str(built)):
        raise RuntimeError(f"NEURON could not load {built}")
    neuron.h.load_file("stdrun.hoc")
    return neuron.h
