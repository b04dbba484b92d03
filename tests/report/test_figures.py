"""Figures: what is drawn is what was given; formats, and no text over another."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from report_samples import (
    make_cuff,
    make_map,
    make_population,
    make_profile,
    make_recruitment,
    make_report,
    make_section,
)

from vagus.fibre.recruitment import Recruitment
from vagus.field.electrodes import preset, preset_names
from vagus.protocol.waveform import biphasic, monophasic
from vagus.report import style
from vagus.report.adapt import _subdivision, cuff_drawing
from vagus.report.compare import compare
from vagus.report.content import figures
from vagus.report.figures import (
    FieldProfile,
    field_across,
    field_along,
    map_points,
    nerve_section,
    stimulus,
    threshold_against_diameter,
)
from vagus.report.figures.field import activating_function
from vagus.report.figures.stimulus import waveform_points


@pytest.fixture(scope="module")
def drawn() -> dict[str, Figure]:
    report = make_report(make_recruitment(800))
    rows = compare(report.recruitment, 250.0, 0.25, 1)
    return {item.stem: item.figure for item in figures(report, rows)}


def drawn_text(figure: Figure) -> list[tuple[str, np.ndarray]]:
    """Every text that reaches the canvas, once for all its lines, with its box in pixels."""
    found: dict[int, tuple[str, np.ndarray]] = {}

    class Canvas(RendererAgg):
        def draw_text(self, gc, x, y, s, prop, angle, ismath=False, mtext=None):  # type: ignore
            if mtext is not None and s.strip():
                found[id(mtext)] = (mtext.get_text(), mtext.get_window_extent(self).extents)
            super().draw_text(gc, x, y, s, prop, angle, ismath, mtext)

    with matplotlib.rc_context(style.RC):
        FigureCanvasAgg(figure).draw()  # lays the figure out
        figure.draw(Canvas(int(figure.bbox.width), int(figure.bbox.height), figure.dpi))
    return list(found.values())


NAMES = (
    "stimulus", "section", "field-along", "field-across", "recruitment", "groups", "diameter",
    "strength-duration", "published",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_text_stays_inside_and_apart(drawn: dict[str, Figure], name: str) -> None:
    figure = drawn[name]
    shown = []
    for text, (x0, y0, x1, y1) in drawn_text(figure):
        assert min(x0, y0) > -2, text
        assert x1 < figure.bbox.width + 2, text
        assert y1 < figure.bbox.height + 2, text
        shown.append((text, (x0 + 1, y0 + 1, x1 - 1, y1 - 1)))
    for i, (first, a) in enumerate(shown):
        for second, b in shown[:i]:
            apart = a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
            assert apart, f"{first!r} over {second!r} in {name}"


def test_all_figures_are_there(drawn: dict[str, Figure]) -> None:
    assert tuple(drawn) == NAMES


def test_section_draws_every_fibre_once() -> None:
    r = make_recruitment(500)
    figure = nerve_section(make_section(), r, 1.5, make_cuff())
    points = sum(
        len(np.asarray(c.get_offsets()))
        for ax in figure.axes
        for c in ax.collections
        if isinstance(c, PathCollection)
    )
    assert points == 500


def test_unreached_fibres_lie_on_the_shelf() -> None:
    r = make_recruitment(500)
    (ax,) = threshold_against_diameter(r, 1.5).axes
    heights = np.asarray(ax.collections[0].get_offsets())[:, 1]
    assert np.count_nonzero(heights > r.max_current_mA) == np.isinf(r.threshold_mA).sum()


def test_pulse_line_returns_to_zero_and_keeps_its_charge() -> None:
    for waveform, net in ((monophasic(200.0), 200.0), (biphasic(100.0, 50.0), 0.0)):
        t, w = waveform_points(waveform)
        assert w[0] == w[-1] == 0.0
        assert np.all(np.diff(t) >= 0)
        assert np.trapezoid(w, t) == pytest.approx(net, abs=1e-6)


def test_activating_function_of_a_parabola_and_a_point_source() -> None:
    z = np.linspace(-5e3, 5e3, 401)
    assert activating_function(z, 3e-6 * z**2) == pytest.approx(np.full(401, 6.0))
    r = np.hypot(z, 1000.0)
    exact = (2 * z**2 - 1000.0**2) / r**5 * 1e6  # d2/dz2 of 1/r, mm
    inner = slice(20, -20)
    assert activating_function(z, 1 / r)[inner] == pytest.approx(
        exact[inner], abs=1e-3 * np.abs(exact).max()
    )


def test_many_contacts_show_the_sum_alone() -> None:
    one = make_profile()
    names = tuple(f"contact-{i}" for i in range(6))
    phi = np.concatenate([one.potential_mV_per_mA] * 3)
    many = FieldProfile(names, one.z_um, phi, np.array([1.0, -1, 1, -1, 1, -1]), one.fibres)
    assert len(field_along(many).axes) == 2
    assert len(field_along(one).axes) == 6


def test_map_points_lie_in_their_fascicles() -> None:
    section = make_section()
    x, y, fascicle = map_points(section)
    assert np.array_equal(section.fascicle_at(x, y), fascicle)
    assert np.bincount(fascicle).min() > 200


def test_map_of_both_signs_is_centred_on_zero() -> None:
    potential = make_map()
    signed = replace(potential, potential_mV_per_mA=potential.potential_mV_per_mA + 50.0)
    figure = field_across(make_section(), signed, "cathode")
    norm = figure.axes[0].collections[0].norm
    assert norm(0.0) == pytest.approx(0.5)


def test_subdivision_tiles_a_triangle() -> None:
    for n in (1, 2, 3):
        points, triangles = _subdivision(n)
        corner = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
        xy = (points @ corner)[triangles]
        u, v = xy[:, 1] - xy[:, 0], xy[:, 2] - xy[:, 0]
        area = np.abs(u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]) / 2
        assert area == pytest.approx(np.full(n * n, 0.5 / n**2))
        assert points.sum(axis=1) == pytest.approx(np.ones(len(points)))


@pytest.mark.parametrize("name", preset_names())
def test_cuffs_are_drawn_round_the_nerve(name: str) -> None:
    cuff, section = preset(name), make_section()
    drawing = cuff_drawing(cuff, section, np.array(cuff.weights))
    reach = np.linalg.norm(section.outline_um - np.array(drawing.centre_um), axis=1).max()
    assert drawing.inner_radius_um > reach
    assert [c.polarity for c in drawing.contacts] == [int(np.sign(w)) for w in cuff.weights]
    assert all(c.z_start_um < c.z_end_um for c in drawing.contacts)
    assert all(0 < c.end_deg - c.start_deg <= 360 for c in drawing.contacts)


def test_formats_are_written(tmp_path: Path) -> None:
    figure = stimulus(biphasic(250.0), 1.5, 20.0)
    style.save(figure, tmp_path / "f")
    heads = {"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF"}
    for kind, head in heads.items():
        assert (tmp_path / f"f.{kind}").read_bytes().startswith(head)


def test_user_settings_do_not_change_figures(tmp_path: Path) -> None:
    r: Recruitment = make_recruitment(200)
    style.save(threshold_against_diameter(r, 1.5), tmp_path / "a", ("svg",))
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "black"}):
        style.save(threshold_against_diameter(r, 1.5), tmp_path / "b", ("svg",))
    assert make_population(200, 1).group.tolist() == r.population.group.tolist()
    a, b = (tmp_path / f"{n}.svg" for n in "ab")
    assert a.stat().st_size == pytest.approx(b.stat().st_size, rel=0.02)
