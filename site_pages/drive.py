"""What drives the body: the tables between fibres (or a prior) and the organs."""

from __future__ import annotations

from markupsafe import Markup

from site_pages.page import Page, cell, mark, prose, table
from vagus.body import drive
from vagus.data import read_table


def drive_page() -> Page:
    """Channels, what feeds them, priors of electrodes on the skin, reliability of conduction."""
    text = f"""# Drive

{prose(drive.__doc__)}

## Channels

What a study gives the body. A run sets them; the values here are those without stimulation.

{_channels()}

## Which fibres feed which channel

{_fibres()}

## Recruitment by electrodes on or in the skin

Share of a channel's fibres that is recruited. Which prior a device has: {_devices()}.

{_priors()}

## Reliability of conduction

Highest rate f_max, Hz, that a recruited fibre follows pulse by pulse.

{_reliability()}

## Settings

{_settings()}

Code: [`{drive.__name__}`][{drive.__name__}]; numbers: `src/vagus/data/body/drive*.csv`,
`recruitment_priors.csv`, `conduction_reliability.csv`, `prior_of_device.csv`.
"""
    return Page("models/drive.md", "Drive", text)


def _noted(text: str, note: str) -> Markup:
    return Markup('{}<div class="note">{}</div>').format(cell(text), cell(note))


def _channels() -> str:
    rows = [
        (f"`{r['symbol']}`", r["default"], r["unit"], _noted(r["description"], r["reference"]),
         mark(r["mark"]))
        for r in read_table("body/drive.csv")
    ]  # fmt: skip
    return table(("symbol", "at rest", "unit", "what, and from where", "mark"), rows, "drive")


def _fibres() -> str:
    rows = [
        (_noted(r["group"], r["fibre_class"]), r["direction"],
         f"`{r['channel']}`" if r["channel"] else "none", _noted(r["reason"], r["source"]),
         mark(r["mark"]))
        for r in read_table("body/drive_channels.csv")
    ]  # fmt: skip
    return table(("fibres", "direction", "channel", "why", "mark"), rows, "drive")


def _priors() -> str:
    rows = [
        (f"`{r['prior']}`", f"`{r['channel']}`", f"`{r['distribution']}`",
         _noted(f"{r['group']}, {r['fibre_class']}: {r['reason']}", r["reference"]),
         mark(r["mark"]))
        for r in read_table("body/recruitment_priors.csv")
    ]  # fmt: skip
    head = ("prior", "channel", "share recruited", "why", "mark")
    return table(head, rows, "drive")


def _reliability() -> str:
    rows = [
        (r["fibre_class"], r["max_rate_Hz"], f"`{r['distribution']}`", r["reference"],
         mark(r["mark"]))
        for r in read_table("body/conduction_reliability.csv")
    ]  # fmt: skip
    return table(("fibres", "f_max, Hz", "distribution", "from where", "mark"), rows, "drive")


def _settings() -> str:
    rows = [
        (f"`{r['id']}`", r["value"], r["unit"], _noted(r["quantity"], r["source"]), mark(r["mark"]))
        for r in read_table("body/drive_settings.csv")
    ]
    return table(("id", "value", "unit", "what, and from where", "mark"), rows, "drive")


def _devices() -> str:
    rows = read_table("body/prior_of_device.csv")
    return "; ".join(f"{r['note']}, `{r['prior']}`" for r in rows)
