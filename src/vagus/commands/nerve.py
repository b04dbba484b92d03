"""``vagus nerve``: what is there, a section and the fibres that run through it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from vagus.commands.output import AsJson, print_json, reported, stdout, table
from vagus.commands.quantity import quantity
from vagus.errors import InputError

if TYPE_CHECKING:
    from vagus.nerve import Nerve

OPTIONS = {"n_fibres": "--count", "um_per_px": "--scale", "seed": "--seed"}
"""What the library's arguments are called here."""


@reported
def nerve(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME|PATH]",
            help="A nerve of the library, polygons (.json, .csv) or a label image (.png, .tif).",
        ),
    ] = None,
    alternative: Annotated[
        str, typer.Option(help="Which published view of the fibre counts.")
    ] = "kronsteiner-2024",
    side: Annotated[str, typer.Option(help="left or right.")] = "left",
    seed: Annotated[int, typer.Option(help="Seed of the fibres.")] = 0,
    count: Annotated[
        int | None, typer.Option(help="How many fibres.", show_default="the published number")
    ] = None,
    scale: Annotated[str | None, typer.Option(help="Size of an image's pixel: 0.5um.")] = None,
    as_json: AsJson = False,
) -> None:
    """A cross-section and its fibres; without a name, the library and the published views."""
    if name is None:
        _library(as_json)
        return
    from vagus.nerve import load_nerve

    um_per_px = quantity("--scale", scale, "um", "0.5 um") if scale is not None else None
    try:
        found = load_nerve(name, alternative, side, seed, count, um_per_px)
    except InputError as error:
        option = OPTIONS.get(error.field, error.field)
        raise InputError(option, error.value, error.allowed, error.fix) from error
    if as_json:
        print_json(_facts(found, alternative, side, seed))
    else:
        _print(found, alternative, side)


def _library(as_json: bool) -> None:
    from vagus.nerve import LIBRARY, alternatives

    if as_json:
        print_json({"nerves": list(LIBRARY), "alternatives": list(alternatives())})
        return
    stdout().print(table("Nerves", ("",), [(n,) for n in LIBRARY]))
    stdout().print(table("Views of the fibre counts", ("",), [(a,) for a in alternatives()]))


def _facts(found: Nerve, alternative: str, side: str, seed: int) -> dict[str, Any]:
    s = found.section
    return {
        "name": s.name,
        "source": s.source,
        "licence": s.licence,
        "diameter_um": s.diameter_um,
        "enclosing_diameter_um": s.enclosing_diameter_um,
        "fascicular_area_um2": s.fascicular_area_um2,
        "fascicles": [
            {"diameter_um": f.diameter_um, "perineurium_um": f.perineurium_um} for f in s.fascicles
        ],
        "alternative": alternative,
        "side": side,
        "seed": seed,
        "fibres": len(found.population),
        "packing": found.packing,
        "groups": found.population.summary(),
        "notes": list(found.notes),
    }


def _print(found: Nerve, alternative: str, side: str) -> None:
    s, out = found.section, stdout()
    out.print(
        f"[bold]{escape(s.name)}[/]: {len(s.fascicles)} fascicles, effective diameter "
        f"{s.diameter_um * 1e-3:.2f} mm, fascicular area {s.fascicular_area_um2 * 1e-6:.3f} mm2"
    )
    if s.source:
        out.print(escape(f"source: {s.source}; licence: {s.licence or 'not stated'}"))
    fascicles = [
        (str(i + 1), f"{f.diameter_um:.0f}", _thickness(f.perineurium_um))
        for i, f in enumerate(s.fascicles)
    ]
    out.print(table("Fascicles", (">no.", ">diameter, um", ">perineurium, um"), fascicles))
    groups = [
        (
            str(r["group"]),
            str(r["fibre_class"]),
            str(r["direction"]),
            f"{r['fibres']}",
            f"{r['diameter_mean_um']:.2f}",
            f"{r['diameter_min_um']:.2f} to {r['diameter_max_um']:.2f}",
        )
        for r in found.population.summary()
    ]
    title = f"{len(found.population)} fibres ({alternative}, {side})"
    columns = ("group", "class", "direction", ">fibres", ">mean diameter, um", ">range, um")
    out.print(table(title, columns, groups))
    for note in found.notes:
        out.print(escape(f"note: {note}"))


def _thickness(perineurium_um: float | None) -> str:
    return "by rule" if perineurium_um is None else f"{perineurium_um:.1f}"
