"""How each model works: equations from the statement, parameters from the table, links, grades."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence

from markupsafe import Markup

from site_pages.page import Page, cell, mark, picture, prose, table
from vagus.body.full import ORGANS
from vagus.body.latex import equations
from vagus.body.organs.dorsal_horn import dorsal_horn
from vagus.body.organs.endotoxin_2021 import endotoxin_2021
from vagus.body.organs.endotoxin_2023 import endotoxin_2023
from vagus.body.organs.heart import heart
from vagus.body.organs.heart_beats import heart_beats
from vagus.body.statement import Model, Quantity
from vagus.credibility.audit import audited
from vagus.data import Row, read_table
from vagus.report.equations import draw_equation

ALONE = (heart_beats, dorsal_horn, endotoxin_2021, endotoxin_2023)
"""Models that stand beside the chain."""


def organ_pages() -> list[Page]:
    """One page per organ of the body and per model that stands alone."""
    return [
        *(_organ(organ) for organ in ORGANS),
        *(_organ(model, alone=True) for model in ALONE),
    ]


def overview() -> Page:
    """All models with their sizes, and every link with its grade."""
    links = [(_switch(r), r["from"], r["to"], _grade(r), r["claim"]) for r in _links()]
    text = f"""# How each model works

Every page below is made from the statement that is simulated: the equations are those that are
compiled, the parameters those that are drawn. What the organs are for, and what is contested about
them, is told in [The body](../body.md).

{table(("model", "states", "equations", "parameters", "assumed"), map(_sizes, _models()), "sizes")}

{_counted()}

Times are in the units of the tables. An equation shows another organ's quantity by its symbol.

## Links

What acts on what. Each has a switch that a study may turn off (`body: links:`), and a grade of
evidence.

{table(("switch", "from", "to", "grade", "claim"), links, "links")}
"""
    return Page("models/index.md", "Overview", text)


def _models() -> list[Model]:
    return [make() for make in (*ORGANS, *ALONE)]


def _sizes(model: Model) -> tuple[object, ...]:
    own = [q for q in model.quantities.values() if q.organ == model.name]
    held = [q for q in own if q.kind in ("parameter", "link")]
    states = sum(q.kind == "state" for q in own)
    outputs = sum(q.symbol in model.outputs for q in own)
    assumed = sum(q.mark == "assumed" for q in held)
    name = Markup('<a href="{}.html">{}</a>').format(model.name, title(model.name))
    return name, states, states + outputs, len(held), f"{assumed / max(len(held), 1):.0%}"


def _counted() -> str:
    """How the sizes add up to the part `body` of the page that counts marks."""
    part = sum(p.part == "body" for p in audited())
    organs = sum(held(make()) for make in ORGANS)
    drive, reflex = (len(read_table(f"body/{name}.csv")) for name in ("drive", "baroreflex"))
    return (
        f"The parameters of the {len(ORGANS)} organs of the chain ({organs}), the {drive} inputs "
        f"that [stimulation](drive.md) sets and {reflex} constants of the baroreflex, which only a "
        f"check of the [heart](heart.md#baroreflex) reads, are the {part} values of the part "
        "`body` in [where parameters are from](../results/parameters.md). Values that a state "
        "starts from, a condition brings or a fibre needs are parts of their own there."
    )


def held(model: Model) -> int:
    """Parameters and switches of links in the model's own table."""
    own = (q for q in model.quantities.values() if q.organ == model.name)
    return sum(q.kind in ("parameter", "link") for q in own)


def title(name: str) -> str:
    """A module's name as a heading."""
    words = name.replace("_", " ")
    return words[:1].upper() + words[1:]


def _organ(make: Callable[[], Model], alone: bool = False) -> Page:
    model = make()
    module = inspect.getmodule(make)
    assert module is not None
    first, _, more = prose(module.__doc__).partition("\n\n")
    own = [q for q in model.quantities.values() if q.organ == model.name]
    where = "It stands alone: no other organ reads it." if alone else "It is part of the chain."
    text = f"""# {title(model.name)}

{first} {where}

{more}

## Equations

{_equations(model, own)}

## States, inputs and outputs

{_quantities(own)}

## Parameters

{_parameters(own)}

{_own_links(own)}

{_baroreflex() if make is heart else ""}

Code: [`{module.__name__}`][{module.__name__}]; numbers: `src/vagus/data/body/{model.name}.csv`.
"""
    return Page(f"models/{model.name}.md", title(model.name), text)


def _equations(model: Model, own: Sequence[Quantity]) -> str:
    """Those of the model's own table; what it takes over from another has a page of its own."""
    mine = {q.symbol for q in own}
    return "\n".join(_equation(t) for symbol, t in equations(model).items() if symbol in mine)


def _equation(latex: str) -> str:
    drawn = draw_equation(latex)
    shown = picture(drawn.svg, drawn.latex, drawn.width_px) if drawn.svg else None
    return f'<div class="equation">{shown or Markup("<code>{}</code>").format(latex)}</div>\n'


def _quantities(own: Sequence[Quantity]) -> str:
    rows = [
        (cell(f"`{q.symbol}`"), q.kind, q.unit, q.default, _described(q), _own_mark(q))
        for q in own
        if q.kind not in ("parameter", "link")
    ]
    return table(("symbol", "kind", "unit", "start", "what", "mark"), rows, "quantities")


def _parameters(own: Sequence[Quantity]) -> str:
    rows = [
        (cell(f"`{q.symbol}`"), q.default, q.unit, q.distribution, _described(q), mark(q.mark))
        for q in own
        if q.kind in ("parameter", "link")
    ]
    head = ("symbol", "value", "unit", "distribution", "what, and from where", "mark")
    return table(head, rows, "parameters")


def _own_mark(q: Quantity) -> Markup:
    """None for an input: its reference only names the organ that it comes from."""
    return Markup("") if q.kind == "input" else mark(q.mark)


def _described(q: Quantity) -> Markup:
    return Markup('{}<div class="note">{}</div>').format(cell(q.description), cell(q.reference))


def _own_links(own: Sequence[Quantity]) -> str:
    symbols = {q.symbol for q in own if q.kind == "link"}
    rows = [
        (_switch(r), f"{r['from']} to {r['to']}", _grade(r), _claim(r))
        for r in _links()
        if r["symbol"] in symbols
    ]
    if not rows:
        return ""
    head = ("switch", "between", "grade", "claim and evidence")
    return "## Links\n\n" + table(head, rows, "links")


def _baroreflex() -> str:
    rows = [
        (f"`{r['symbol']}`", r["value"], r["unit"], r["description"], r["source"], mark(r["mark"]))
        for r in read_table("body/baroreflex.csv")
    ]
    return (
        "## Baroreflex\n\n"
        + (
            "Static curves of firing over pressure, against which firing at rest is checked "
            "(`vagus.body.organs.heart.baroreflex_firing`). The loop is left open: no run reads "
            "them.\n\n"
        )
        + table(("symbol", "value", "unit", "what", "from where", "mark"), rows)
    )


def _links() -> tuple[Row, ...]:
    return read_table("body/links.csv")


def _switch(row: Row) -> Markup:
    state = "on" if float(row["default"]) else "off"
    return Markup('<code>{}</code><div class="note">{} by default</div>').format(
        row["symbol"], state
    )


def _grade(row: Row) -> Markup:
    return Markup('<span class="grade {0}">{0}</span>').format(row["grade"])


def _claim(row: Row) -> Markup:
    return Markup('{}<div class="note">{}</div>').format(cell(row["claim"]), cell(row["evidence"]))
