"""Dimensions of the MRG fibre as functions of its diameter (see the papers named in `mrg.py`)."""

from __future__ import annotations

from typing import Literal, NamedTuple

Geometry = Literal["interpolation", "discrete", "pena"]


class Dimensions(NamedTuple):
    """Lengths and diameters in um; ``lamellae`` is a number."""

    spacing: float
    flut: float
    axon: float
    node: float
    lamellae: float

    @property
    def stin(self) -> float:
        """Length of one of the six STIN sections; node 1 um, MYSA 3 um."""
        return (self.spacing - 1.0 - 2 * 3.0 - 2 * self.flut) / 6


TABLE = {  # McIntyre et al. 2002, 2004
    1.0: Dimensions(100, 5, 0.8, 0.7, 15),
    2.0: Dimensions(200, 10, 1.6, 1.4, 30),
    5.7: Dimensions(500, 35, 3.4, 1.9, 80),
    7.3: Dimensions(750, 38, 4.6, 2.4, 100),
    8.7: Dimensions(1000, 40, 5.8, 2.8, 110),
    10.0: Dimensions(1150, 46, 6.9, 3.3, 120),
    11.5: Dimensions(1250, 50, 8.1, 3.7, 130),
    12.8: Dimensions(1350, 54, 9.2, 4.2, 135),
    14.0: Dimensions(1400, 56, 10.4, 4.7, 140),
    15.0: Dimensions(1450, 58, 11.5, 5.0, 145),
    16.0: Dimensions(1500, 60, 12.7, 5.5, 150),
}


def dimensions(diameter_um: float, geometry: Geometry) -> Dimensions:
    """Dimensions of a fibre; KeyError for a diameter that the discrete table does not list."""
    d = float(diameter_um)
    if geometry == "discrete":
        return TABLE[d]
    if geometry == "pena":
        axon = 0.553 * d - 0.024
        return Dimensions(
            spacing=(-3.22 * d + 148.0) * d - 128.0,
            flut=(-0.171 * d + 6.48) * d - 0.935,
            axon=axon,
            node=0.321 * axon + 0.37,
            lamellae=int(17.4 * axon - 1.74),
        )
    return Dimensions(
        spacing=(-8.215 * d + 272.4) * d - 780.2 if d >= 5.643 else 81.08 * d + 37.84,
        flut=(-0.1652 * d + 6.354) * d - 0.2862,
        axon=(0.02361 * d + 0.3673) * d + 0.7122,
        node=(0.01093 * d + 0.1008) * d + 1.099,
        lamellae=(-0.4749 * d + 16.85) * d - 0.7648,
    )
