"""Field benchmark: every target beside its measurement (`python benchmarks/field.py`).

One ten-fascicle nerve (2.5 mm) with two 1 mm x 90 degree contacts in a 12 mm cuff, then the helix.
Times are CPU seconds of this process without imports; errors are against a much finer solution.
`--quick` leaves the fine solutions out.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import replace

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from numpy.typing import NDArray

from vagus.field import (
    RESOLUTIONS,
    Cuff,
    Field,
    Resolution,
    Strip,
    Tissue,
    preset,
    solve_field,
)
from vagus.nerve.section import CrossSection, Fascicle

Array = NDArray[np.float64]
BIPOLAR, MONOPOLAR = np.array([-1.0, 1.0]), np.array([1.0, 0.0])
CUFF = Cuff(
    "two patches", 2700.0, 1000.0, (Strip("tube", 0.0, 12_000.0),),
    (Strip("cranial", 4000.0, 1000.0, 90.0), Strip("caudal", -4000.0, 1000.0, 90.0)),
    (-1.0, 1.0),
)  # fmt: skip
FINE = {
    "patches": Resolution(120.0, 70.0, 200.0, 2, grading=0.25),
    "helix": Resolution(150.0, 150.0, 160.0, 2),
}


def ring(x: float, y: float, radius: float) -> Array:
    turn = 2 * np.pi * np.arange(240) / 240
    return np.column_stack([x + radius * np.cos(turn), y + radius * np.sin(turn)])


def ten_fascicles() -> tuple[CrossSection, Array]:
    """The section and its circles (x, y, radius) [10, 3], all in um."""
    rng = np.random.default_rng(3)
    circles: list[tuple[float, float, float]] = []
    for radius in (400.0, 350.0, 300.0, 250.0, 220.0, 200.0, 170.0, 150.0, 120.0, 100.0):
        while True:
            x, y = rng.uniform(-1250.0, 1250.0, 2)
            apart = [np.hypot(x - a, y - b) > radius + r + 30.0 for a, b, r in circles]
            if np.hypot(x, y) + radius < 1200.0 and all(apart):
                circles.append((float(x), float(y), radius))
                break
    inside = tuple(Fascicle(ring(*c)) for c in circles)
    return CrossSection("ten fascicles", ring(0.0, 0.0, 1250.0), inside), np.array(circles)


def fibres(circles: Array, count: int) -> tuple[Array, Array, NDArray[np.int64]]:
    rng = np.random.default_rng(8)
    owner = np.arange(count) % len(circles)
    turn = rng.uniform(0.0, 2 * np.pi, count)
    away = 0.96 * circles[owner, 2] * np.sqrt(rng.uniform(size=count))
    return (
        circles[owner, 0] + away * np.cos(turn),
        circles[owner, 1] + away * np.sin(turn),
        owner.astype(np.int64),
    )


def sampled(field: Field, circles: Array, count: int, z: Array) -> Array:
    """Potential [bipolar or monopolar, fibre, z]."""
    basis = field.basis(*fibres(circles, count))
    at = np.broadcast_to(z, (count, len(z)))
    return np.stack([basis.along(w, np.arange(count), at) for w in (BIPOLAR, MONOPOLAR)])


def errors(values: Array, exact: Array) -> list[float]:
    """Per cent: largest error / peak, then median and worst error of the fibres' peak second
    difference over 0.5 mm."""
    result = [np.abs(values - exact).max() / np.abs(exact).max()]
    lag = 10

    def peak(v: Array) -> Array:
        bend = v[:, 2 * lag :] - 2 * v[:, lag:-lag] + v[:, : -2 * lag]
        return np.abs(bend).max(axis=1)

    off = np.abs(peak(values) / peak(exact) - 1)
    return [100.0 * float(v) for v in (*result, np.median(off), off.max())]


def row(name: str, target: str, measured: str) -> None:
    print(f"| {name:<58} | {target:<22} | {measured:<28} |", flush=True)


def million_potentials(section: CrossSection, circles: Array, setting: str) -> None:
    z = np.linspace(-25_000.0, 25_000.0, 501)
    at = np.broadcast_to(z, (3000, 501))
    start = time.process_time()
    basis = solve_field(section, CUFF, resolution=setting).basis(*fibres(circles, 3000))
    for weights in np.eye(2):
        basis.along(weights, np.arange(3000), at)
    spent = time.process_time() - start
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    limit = {"default": ("<= 5 s, <= 0.6 GB"), "publication": "<= 20 s"}[setting]
    row(
        f"{setting}: contours to 3 million fibre potentials",
        limit,
        f"{spent:.1f} s, {memory:.2f} GB",
    )


def accuracy(
    name: str, section: CrossSection, circles: Array, cuff: Cuff, settings: dict[str, str]
) -> None:
    z = np.arange(-25_000.0, 25_001.0, 50.0)
    exact = sampled(solve_field(section, cuff, resolution=FINE[name]), circles, 100, z)
    for setting, limit in settings.items():
        start = time.process_time()
        field = solve_field(section, cuff, resolution=setting)
        spent = time.process_time() - start
        values = sampled(field, circles, 100, z)
        nodes = field.plane.size * len(field.line.nodes)
        row(f"{name}, {setting}: {nodes} nodes, {field.steps} steps", "", f"{spent:.1f} s")
        for i, feed in enumerate(("bipolar", "one contact")):
            phi, median, worst = errors(values[i], exact[i])
            row(f"  {feed}: potential, of peak", limit if i == 0 else "", f"{phi:.2f} %")
            row(
                "  second difference, median / worst",
                "<= 1 % / <= 3 %",
                f"{median:.2f} / {worst:.2f} %",
            )


def helix_time(section: CrossSection, circles: Array) -> None:
    start = time.process_time()
    solve_field(section, preset("livanova-helical")).basis(*fibres(circles, 3000))
    row("helix, default: contours to basis", "<= 8 s", f"{time.process_time() - start:.1f} s")


def along_time(section: CrossSection, circles: Array) -> None:
    field = solve_field(section, CUFF)
    start = time.process_time()
    basis = field.basis(*fibres(circles, 24_000))
    row(
        "basis of 24,000 fibres x 2 contacts",
        "a few seconds",
        f"{time.process_time() - start:.2f} s",
    )
    z = np.sort(np.random.default_rng(0).uniform(-29_000, 29_000, (8000, 1000)), axis=1)
    start = time.process_time()
    basis.along(BIPOLAR, np.arange(8000), z)
    row("along: 8,000 fibres x 1,000 positions x 2 contacts", "about 1 s",
        f"{time.process_time() - start:.2f} s")  # fmt: skip


def truncation(section: CrossSection, circles: Array) -> None:
    """What the domain's finite size costs, against one three times as large."""
    z = np.arange(-25_000.0, 25_001.0, 50.0)
    large = replace(Tissue(), domain_length_um=180_000.0, domain_radius_um=45_000.0)
    usual, wide = (
        sampled(solve_field(section, CUFF, t), circles, 50, z) for t in (Tissue(), large)
    )
    for i, feed in enumerate(("bipolar", "one contact")):
        row(f"domain 100 mm x 30 mm against 180 mm x 45 mm, {feed}", "(reported)",
            f"{errors(usual[i], wide[i])[0]:.2f} % of peak")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="leave out the fine solutions")
    quick = parser.parse_args().quick
    section, circles = ten_fascicles()
    z = np.zeros((1, 1))  # compiles the kernel (cached on disk), as imports are excluded too
    solve_field(section, CUFF, resolution=Resolution(400.0, 400.0, 2000.0, 1)).basis(
        *fibres(circles, 1)
    ).along(BIPOLAR, np.zeros(1, dtype=np.int64), z)
    row("field", "target", "measured")
    row("-" * 58, "-" * 22, "-" * 28)
    tasks: list[Callable[[], None]] = [
        lambda: million_potentials(section, circles, "default"),
        lambda: helix_time(section, circles),
        lambda: along_time(section, circles),
        lambda: million_potentials(section, circles, "publication"),
        lambda: truncation(section, circles),
    ]
    if not quick:
        limits = {"default": "<= 1 %", "publication": "<= 0.2 %"}
        tasks += [
            lambda: accuracy("patches", section, circles, CUFF, limits),
            lambda: accuracy("helix", section, circles, preset("livanova-helical"),
                             dict.fromkeys(RESOLUTIONS, "(reported)")),
        ]  # fmt: skip
    for task in tasks:
        task()


if __name__ == "__main__":
    sys.exit(main())
