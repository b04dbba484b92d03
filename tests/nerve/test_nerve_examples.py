"""The files in examples/nerves are what their script draws, and all say the same nerve."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
from numpy.testing import assert_allclose
from PIL import Image

from vagus.nerve import load_nerve, section_from_masks, section_from_polygons

FOLDER = Path(__file__).parents[2] / "examples" / "nerves"


def test_the_script_draws_the_files_again(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("make_example_nerves", FOLDER / "make.py")
    assert spec is not None
    assert spec.loader is not None
    make = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make)
    make.main(tmp_path)
    drawn = section_from_polygons(tmp_path / "six-fascicles.json")
    shipped = section_from_polygons(FOLDER / "six-fascicles.json")
    for f, g in zip(drawn.fascicles, shipped.fascicles, strict=True):
        assert_allclose(f.inner_um, g.inner_um, atol=1e-6)
    for name in ("nerve.png", "fascicles.png", "labels.tif"):
        with Image.open(tmp_path / name) as new, Image.open(FOLDER / name) as old:
            assert np.mean(np.asarray(new) != np.asarray(old)) < 1e-5


def test_polygons_masks_and_labels_are_one_nerve() -> None:
    polygons = load_nerve(FOLDER / "six-fascicles.json", n_fibres=10).section
    labels = load_nerve(FOLDER / "labels.tif", n_fibres=10, um_per_px=5.0).section
    masks = section_from_masks(FOLDER / "nerve.png", FOLDER / "fascicles.png", um_per_px=5.0)
    assert_allclose(labels.area_um2, polygons.area_um2, rtol=5e-3)
    for f, g in zip(polygons.fascicles, labels.fascicles, strict=True):
        assert_allclose(g.area_um2, f.area_um2, rtol=0.02)
        assert_allclose(g.centroid_um, f.centroid_um, atol=5.0)
    areas = [sorted(f.area_um2 for f in s.fascicles) for s in (masks, labels)]
    assert_allclose(*areas)
