"""One picture per tutorial, drawn by the build from a small run; a comment marks its place.

A page says `<!-- picture: NAME -->`: code hosts show nothing, the site shows the picture.
"""

from __future__ import annotations

import io
import re
import tempfile
from functools import cache
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure

import vagus
from site_pages.kept import kept
from site_pages.page import Page
from vagus.credibility.applicability import applicability
from vagus.report import style
from vagus.report.figures.credibility import lights
from vagus.report.figures.section import nerve_section
from vagus.study import parse_study

REPLICATES = 400
CURRENT_MA = 1.5
EXAMPLES = Path(__file__).parents[1] / "examples"
CUFF = f"""
title: A cuff on six fascicles
device: livanova-vns-therapy
stimulation: {{current: {CURRENT_MA} mA, pulse_width: 250 us, frequency: 20 Hz}}
nerve: {{polygons: {EXAMPLES / "nerves" / "six-fascicles.json"}}}
fibres: {{count: 60}}
field: {{cuff: two-ring}}
seed: 1
"""
"""The study of the tutorial's thresholds."""
WORDS = {
    "section": "The 60 fibres of this study, by class, coloured by threshold; grey: not reached.",
    "power": "Power and type I error of the small trial over the number of patients: more patients "
    "hardly help where most plausible truths hold no effect.",
    "lights": "The traffic light of the migraine study: how far each setting lies from data.",
}
_PLACE = re.compile(r"^<!-- picture: (\w+) -->$", re.MULTILINE)


@cache
def pictures() -> list[Page]:
    """The svg of each; some 10 s unless kept."""
    made = kept("pictures", _drawn, apart=frozenset({"commands", "__pycache__"}))
    return [Page(f"tutorials/{name}.svg", "", svg) for name, svg in made.items()]


def placed(markdown: str) -> str:
    """A page with its picture, and what it shows below it. KeyError for an unknown name."""
    return _PLACE.sub(
        lambda found: (
            f"![{WORDS[found[1]]}]({found[1]}.svg)\n\n"
            f"*{WORDS[found[1]]} Drawn when this site was built.*"
        ),
        markdown,
    )


def _drawn() -> dict[str, bytes]:
    cuff = vagus.recruit(parse_study(CUFF))
    study = vagus.load_study(EXAMPLES / "migraine-cervical.yaml")
    with matplotlib.rc_context(style.RC):
        return {
            "section": _svg(nerve_section(cuff.nerve.section, cuff.recruitment, CURRENT_MA)),
            "power": _power(),
            "lights": _svg(lights(applicability(study).lights)),
        }


def _power() -> bytes:
    study = vagus.load_study(EXAMPLES / "trial-small.yaml")
    with tempfile.TemporaryDirectory() as folder:
        vagus.run_trial(study, folder, replicates=REPLICATES)
        return (Path(folder) / "figures" / "trial-power.svg").read_bytes()


def _svg(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()
