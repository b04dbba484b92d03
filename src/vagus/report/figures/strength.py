"""Strength-duration curves of the classes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from vagus.fibre.strength_duration import StrengthDuration, fit_strength_duration
from vagus.report import style


@style.styled
def strength_duration(
    curves: Sequence[StrengthDuration], pulse_width_us: float, current_mA: float
) -> Figure:
    """Thresholds against pulse width with both laws fitted; the study's pulse marked by a cross."""
    figure = style.new_figure(4.1)
    ax = figure.subplots()
    handles: list[Line2D] = []
    for curve in curves:
        colour = style.class_colour(curve.fibre_class)
        finite = np.isfinite(curve.threshold_mA)
        ax.plot(curve.pulse_width_us[finite], curve.threshold_mA[finite], "o", color=colour, ms=4.5)
        label = f"{curve.label}: " + ("not reached" if not finite.any() else "no fit, < 3 points")
        width = np.geomspace(curve.pulse_width_us.min(), curve.pulse_width_us.max(), 120)
        for law, line in (("Weiss", "-"), ("Lapicque", ":")):
            fit = fit_strength_duration(curve, law)
            if fit is None:
                continue
            ax.plot(width, fit.threshold_mA(width), line, color=colour, lw=1.4)
            if law == "Weiss":
                label = (
                    f"{curve.label}: rheobase {fit.rheobase_mA:.3g} mA, "
                    f"chronaxie {fit.chronaxie_us:.0f} µs"
                )
        handles.append(Line2D([], [], color=colour, marker="o", ms=4.5, lw=1.4, label=label))
    handles += [
        Line2D([], [], color=style.MUTED, lw=1.4, label="Weiss (figures given)"),
        Line2D([], [], color=style.MUTED, lw=1.4, ls=":", label="Lapicque"),
        Line2D(
            [],
            [],
            color=style.ACCENT,
            marker="P",
            ms=8,
            lw=0,
            label=f"study: {current_mA:g} mA, {pulse_width_us:g} µs",
        ),
    ]
    ax.plot([pulse_width_us], [current_mA], "P", color=style.ACCENT, ms=9, mec="white", zorder=6)
    ax.set_xscale("log")
    ax.set_yscale("log")
    for which in "xy":
        style.plain_log_ticks(ax, which)
    ax.grid(True, which="major")
    ax.set_xlabel("pulse width (µs)")
    ax.set_ylabel("threshold (mA)")
    figure.legend(handles=handles, loc="outside lower center", ncols=2)
    return figure
