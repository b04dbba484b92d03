"""``vagus threshold``: one fibre beside a point source, the case that programs are compared on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from vagus.commands.output import AsJson, print_json, reported, stdout, table, warn
from vagus.commands.quantity import quantity
from vagus.errors import InputError

if TYPE_CHECKING:
    from vagus.fibre.models import Fibres
    from vagus.protocol.waveform import Waveform

MODELS = (
    "mrg-interpolation, mrg-discrete, pena, sundt, tigerholm, rattay, schild94, schild97, sweeney"
)
WAVEFORMS = ("monophasic", "biphasic", "burst")
SOURCES = ("point",)


Model = Annotated[str, typer.Option(help=f"Fibre model: {MODELS}.")]
Diameter = Annotated[str, typer.Option(help="Fibre diameter with its unit: 8.7um.")]
Distance = Annotated[str, typer.Option(help="From the source to the fibre's axis: 500um.")]
Shape = Annotated[
    str,
    typer.Option(help="monophasic, biphasic (symmetric) or burst (sine). First phase cathodic."),
]
PulseWidth = Annotated[
    str | None, typer.Option(help="Width of the pulse, or of each phase of a biphasic: 100us.")
]
Carrier = Annotated[str, typer.Option(help="Carrier of a burst.")]
Cycles = Annotated[int, typer.Option(help="Cycles of a burst.")]
Anodic = Annotated[bool, typer.Option("--anodic", help="First phase anodic: positive currents.")]
Nodes = Annotated[
    int | None,
    typer.Option(help="Nodes; compartments where unmyelinated.", show_default="51 or 601"),
]
Length = Annotated[
    str | None, typer.Option(help="Length of the fibre, in place of --nodes: 5008.133um.")
]
Source = Annotated[str, typer.Option(help="point: over the centre of the fibre.")]
Conductivity = Annotated[str, typer.Option(help="Of the homogeneous medium.")]
Stepping = Annotated[
    str, typer.Option(help="converged (second order, graded steps) or neuron (backward Euler).")
]
Step = Annotated[str, typer.Option(help="Step of the scheme neuron.")]
Stop = Annotated[
    str | None,
    typer.Option(
        help="End of the simulation; the stimulus starts at 1 ms.",
        show_default="5 ms, 20 ms where unmyelinated, later after a longer stimulus",
    ),
]
Tolerance = Annotated[float, typer.Option(help="Relative width of the bracket.")]


@reported
def threshold(
    model: Model,
    diameter: Diameter,
    distance: Distance,
    waveform: Shape = "monophasic",
    pulse_width: PulseWidth = None,
    carrier: Carrier = "5kHz",
    cycles: Cycles = 5,
    anodic: Anodic = False,
    nodes: Nodes = None,
    length: Length = None,
    source: Source = "point",
    conductivity: Conductivity = "1S/m",
    scheme: Stepping = "converged",
    dt: Step = "5us",
    tstop: Stop = None,
    tolerance: Tolerance = 1e-3,
    as_json: AsJson = False,
) -> None:
    """Threshold of one fibre beside a point source, with its certificate.

    The current is that of the source, in mA: NEGATIVE where the first phase is cathodic, as in
    tables made with NEURON. At lower_mA the fibre was simulated and silent, at upper_mA (which is
    threshold_mA) it fired; they differ by at most the tolerance. Computed in float64.
    """
    from vagus.fibre.point_source import point_source_threshold
    from vagus.fibre.timegrid import SCHEMES

    shape = _waveform(waveform, pulse_width, carrier, cycles)
    if scheme not in SCHEMES:
        raise InputError("--scheme", scheme, " or ".join(SCHEMES))
    if source not in SOURCES:
        raise InputError("--source", source, ", ".join(SOURCES))
    fibre = _fibre(model, diameter, distance, conductivity, nodes, length)
    tstop_ms = quantity("--tstop", tstop, "ms", "5 ms") if tstop is not None else None
    found = point_source_threshold(
        fibre,
        shape,
        scheme="neuron" if scheme == "neuron" else "converged",
        dt_ms=quantity("--dt", dt, "ms", "5 us"),
        tolerance=tolerance,
        tstop_ms=tstop_ms,
        cathodic=not anodic,
    )
    result = {
        "threshold_mA": float(found.threshold_mA[0]),
        "lower_mA": float(found.lower_mA[0]),
        "upper_mA": float(found.upper_mA[0]),
        "simulations": int(found.simulations[0]),
        "scheme": scheme,
    }
    if as_json:
        print_json(result)
        return
    rows = [(key, f"{v:.8g}" if isinstance(v, float) else str(v)) for key, v in result.items()]
    stdout().print(table(f"{model}, {diameter}, {shape.name}", ("", ">"), rows))


def _waveform(name: str, pulse_width: str | None, carrier: str, cycles: int) -> Waveform:
    from vagus.protocol.device import nearest
    from vagus.protocol.waveform import biphasic, monophasic, sine_burst

    if name not in WAVEFORMS:
        raise InputError("--waveform", name, ", ".join(WAVEFORMS), nearest(name, WAVEFORMS))
    if name == "burst":
        if pulse_width is not None:
            warn("--pulse-width is not used by a burst; --carrier and --cycles set its length.")
        return sine_burst(quantity("--carrier", carrier, "Hz", "5 kHz"), cycles)
    if pulse_width is None:
        raise InputError("--pulse-width", "missing", "a time such as `100us`")
    width_us = quantity("--pulse-width", pulse_width, "us", "100 us")
    return monophasic(width_us) if name == "monophasic" else biphasic(width_us)


def _fibre(
    model: str,
    diameter: str,
    distance: str,
    conductivity: str,
    nodes: int | None,
    length: str | None,
) -> Fibres:
    """The fibre beside the source; --nodes and --length together must say the same."""
    from vagus.fibre.models import check_model
    from vagus.fibre.point_source import fibre_at_point_source

    check_model(model)
    diameter_um = quantity("--diameter", diameter, "um", "8.7 um")
    length_um = quantity("--length", length, "um", "5 mm") if length is not None else None
    fibre = fibre_at_point_source(
        model,
        diameter_um,
        quantity("--distance", distance, "um", "500 um"),
        quantity("--conductivity", conductivity, "S/m", "1 S/m"),
        nodes=nodes,
        length_um=length_um if nodes is None else None,
    )
    if nodes is not None and length_um is not None:
        _check_agreement(model, diameter_um, nodes, length_um)
    return fibre


def _check_agreement(model: str, diameter_um: float, nodes: int, length_um: float) -> None:
    """To within a spacing, since lengths are counted with and without the ends."""
    import numpy as np

    from vagus.fibre.models import positions_um

    between = float(np.ptp(positions_um(model, np.array([diameter_um]), nodes)))
    if abs(length_um - between) > 1.5 * between / (nodes - 1):
        allowed = f"about {between:g} um with --nodes {nodes}"
        raise InputError("--length", f"{length_um:g} um", allowed, "Give one of the two.")
