"""A guard: the kernels are compiled to packed arithmetic, with no scalar exponentials.

Measured on the machine's code, not by time: the kernel is compiled in a fresh process and cache,
and its assembly is counted. Works with AVX-512 (zmm), AVX2 (ymm), SSE (xmm) and NEON (v registers).
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

COUNT = r"""
import json, re
import numpy as np
from point_fibres import beside
from vagus.fibre import mrg_kernel
from vagus.fibre.timegrid import time_grid
from vagus.protocol.waveform import monophasic

# the resting state is found in float64, the run is made in float32: both are compiled
fibres = beside(np.array([10.0]), np.array([500.0]), 7)
grid = time_grid("converged", monophasic(100), 0.5)
fibres.simulate(grid, np.zeros(16, int), -np.linspace(0.01, 1, 16), np.float32)
counts = {}
for signature, asm in mrg_kernel.simulate.inspect_asm().items():
    single = "float32" in str(signature)
    letter, neon = ("s", r"\.4s") if single else ("d", r"\.2d")

    def x86(verb, kind):
        return len(re.findall(rf"\bv?{verb}[0-9]*{kind}{letter}\b", asm))

    def arm(verb, operand):
        return len(re.findall(rf"\b{verb}\s+{operand}", asm))

    packed, alone = rf"v[0-9]+{neon}", rf"{letter}[0-9]+"
    counts["float32" if single else "float64"] = {
        "packed": x86("(?:fn?m(?:add|sub)|mul|add)", "p") + arm("f(?:mla|mls|mul|add)", packed),
        "scalar": x86("(?:fn?m(?:add|sub)|mul|add)", "s") + arm("f(?:madd|mul|add)", alone),
        "packed divisions": x86("div", "p") + arm("fdiv", packed),
        "scalar divisions": x86("div", "s") + arm("fdiv", alone),
        "libm": len(re.findall(r"\b_?(?:exp2?f?|exp10f?|powf?|ldexpf?|numba_ldexpf?)\b", asm)),
        "widest": next((r for r in ("zmm", "ymm", "xmm") if r in asm), ""),
    }
print(json.dumps(counts))
"""


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    here = Path(__file__).resolve().parent
    paths = [str(here), str(here.parents[1] / "src"), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {
        "NUMBA_CACHE_DIR": str(tmp_path_factory.mktemp("numba")),
        "PYTHONPATH": os.pathsep.join(p for p in paths if p),
    }
    done = subprocess.run(
        [sys.executable, "-c", COUNT], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_kernel_is_packed_arithmetic(dtype: str, counted: dict[str, dict[str, Any]]) -> None:
    counts = counted[dtype]
    assert counts["libm"] == 0, counts
    assert counts["packed"] > 1000, counts
    # what stays scalar gathers the lanes and reads out the results
    assert counts["scalar"] < 0.2 * counts["packed"], counts
    assert counts["packed divisions"] >= 5, counts
    assert counts["scalar divisions"] == 0, counts


def test_the_widest_registers_are_used(counted: dict[str, dict[str, Any]]) -> None:
    """LLVM may prefer half of AVX-512, where its full width lowers the clock."""
    cpu = Path("/proc/cpuinfo")
    if platform.machine() != "x86_64" or not cpu.exists():
        pytest.skip("registers are told by /proc/cpuinfo of an x86-64 machine")
    flags = cpu.read_text(encoding="utf-8")
    wide = ("zmm", "ymm") if "avx512f" in flags else ("ymm",) if "avx2" in flags else ("xmm",)
    assert all(c["widest"] in wide for c in counted.values()), counted
