"""Draws the example files of this folder: a generated nerve as polygons and as masks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from skimage.draw import polygon2mask

from vagus.nerve import CrossSection, save_section, synthetic_section

UM_PER_PX = 5.0
SIZE_px = 480


def raster(points_um: NDArray[np.float64]) -> NDArray[np.bool_]:
    """[row, column] mask of a contour; rows run down, the origin is in the middle."""
    columns = points_um[:, 0] / UM_PER_PX + SIZE_px / 2 - 0.5
    rows = -points_um[:, 1] / UM_PER_PX + SIZE_px / 2 - 0.5
    return polygon2mask((SIZE_px, SIZE_px), np.column_stack([rows, columns]))


def write(section: CrossSection, folder: Path) -> None:
    """One JSON file, two masks and one label image."""
    save_section(section, folder / "six-fascicles.json")
    nerve = raster(section.outline_um)
    labels = nerve.astype(np.uint8)
    for number, fascicle in enumerate(section.fascicles, start=2):
        labels[raster(fascicle.inner_um)] = number
    Image.fromarray(nerve.astype(np.uint8) * 255).save(folder / "nerve.png", optimize=True)
    Image.fromarray((labels > 1).astype(np.uint8) * 255).save(
        folder / "fascicles.png", optimize=True
    )
    Image.fromarray(labels).save(folder / "labels.tif", compression="tiff_lzw")


def main(folder: Path) -> None:
    """The nerve of this folder: six fascicles, seed 6."""
    write(synthetic_section(6, seed=6, name="six-fascicles"), folder)


if __name__ == "__main__":
    main(Path(__file__).parent)
