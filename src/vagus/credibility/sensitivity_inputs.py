"""What is uncertain about a study: every parameter with a distribution, and the drive.

Each becomes an independent input that is uniform from 0 to 1 and goes through the quantile function
of its distribution: of a parameter, its table's, or the condition's own in its place; of the drive,
that of the recruited share of each functional group and class, and of the conduction of each class,
as the drive's own draws have them (atoms at zero included). What the study sets is fixed, and so is
a part of the drive that is the same in every draw.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from vagus.body.conditions import Condition, ConditionValue
from vagus.body.draws import Draws, typical
from vagus.body.drive import Drive, GroupDrive
from vagus.body.statement import Model, Quantity
from vagus.credibility.spreads import assumed_spread
from vagus.data import Row, read_table

Floats = NDArray[np.float64]
Kind = Literal["parameter", "recruited", "conduction"]

DRIVE_ORGAN = "drive"


@dataclass(frozen=True, eq=False)
class UncertainInput:
    """One input and where its distribution comes from; ``quantile`` [n] -> [n], in ``unit``.

    ``sets``: the parameters of the body that it has a part in. ``spread``: why its spread counts as
    assumed where ``mark`` is that of its value alone; else empty.
    """

    kind: Kind
    symbol: str
    organ: str
    description: str
    unit: str
    distribution: str
    reference: str
    mark: str
    quantile: Callable[[Floats], Floats]
    sets: tuple[str, ...]
    spread: str


@dataclass(frozen=True, eq=False)
class Inputs:
    """All uncertain inputs of a study, and what stays the same whatever their values.

    ``given``: parameters and links that the study sets -> value. ``drive``: one draw, whose parts
    that are uncertain are replaced; ``steady``: symbols of its parts that are the same in all.
    """

    model: Model
    condition: Condition
    uncertain: tuple[UncertainInput, ...]
    given: Mapping[str, float]
    drive: Drive
    steady: tuple[str, ...]

    def draws(self, values: Mapping[str, Floats], n: int) -> Draws:
        """Parameters of ``n`` patients: ``values`` (symbol of an input -> [n]) over the typical."""
        draws = self.condition.apply(typical(self.model, n))
        own = {s: v for s, v in values.items() if s in draws.names}
        driven = replace(self.drive, groups=tuple(_driven(g, values, n) for g in self.drive.groups))
        return driven.apply(draws.having(**own)).having(**self.given)

    def known(self) -> dict[str, float]:
        """Parameters and links of the body that are the same in every draw -> value."""
        moved = {s for one in self.uncertain for s in one.sets}
        row = self.draws({}, 1)
        return {s: float(row[s][0]) for s in row.names if s not in moved}

    @property
    def fixed(self) -> tuple[str, ...]:
        """Symbols of the parameters, and of the parts of the drive, that are not varied."""
        return (*(s for s in self.known() if self._kind(s) == "parameter"), *self.steady)

    @property
    def switches(self) -> tuple[str, ...]:
        """Routes and links, whether on (1) or off (0): structure, the same in all draws."""
        return tuple(f"{s} = {v:g}" for s, v in self.known().items() if self._kind(s) == "link")

    def _kind(self, symbol: str) -> str:
        return self.model.quantities[symbol].kind


def inputs_of(
    model: Model, condition: Condition, given: Mapping[str, float], drive: Drive
) -> Inputs:
    """The inputs of ``model`` in ``condition``, with ``given`` set and ``drive``'s distributions.

    ``drive`` [many draws] is read as a sample: each group's share and each class's conduction
    become quantile functions.
    """
    driven = (*_recruited(drive, given), *_conduction(drive, given))
    varied = tuple(one for one, values in driven if np.ptp(values) > 0)
    steady = tuple(one.symbol for one, values in driven if not np.ptp(values) > 0)
    first = tuple(
        replace(g, fraction=g.fraction[:1], reliability=g.reliability[:1]) for g in drive.groups
    )
    uncertain = (*_parameters(model, condition, given), *varied)
    return Inputs(model, condition, uncertain, given, replace(drive, groups=first), steady)


def _parameters(
    model: Model, condition: Condition, given: Mapping[str, float]
) -> list[UncertainInput]:
    found = []
    for symbol in model.symbols("parameter"):
        q, own = model.quantities[symbol], condition.parameters.get(symbol)
        prior = q.prior if own is None else own.prior
        if prior is None or symbol in given:
            continue
        said = (
            (q.distribution, q.reference, q.mark)
            if own is None
            else (own.distribution, own.source, own.mark)
        )
        found.append(
            UncertainInput(
                "parameter", symbol, q.organ, q.description, q.unit, *said, prior.quantile,
                (symbol,), _spread(q, own, condition),
            )
        )  # fmt: skip
    return found


def _spread(q: Quantity, own: ConditionValue | None, condition: Condition) -> str:
    if own is None:
        return assumed_spread(f"body/{q.organ}.csv", q.symbol)
    return assumed_spread("body/condition_values.csv", f"{condition.key} {q.organ} {q.symbol}")


def _recruited(drive: Drive, given: Mapping[str, float]) -> list[tuple[UncertainInput, Floats]]:
    """Each group's recruited share; groups that feed nothing, or what the study sets, are left."""
    rows = _rows_of(drive)
    found = []
    for g in drive.groups:
        row = rows[g.group, g.fibre_class]
        ends = np.quantile(g.fraction, (0.025, 0.5, 0.975))
        computed = f"placements in the nerve: {ends[1]:.3g} ({ends[0]:.3g} to {ends[2]:.3g})"
        prior = drive.source == "prior"
        one = UncertainInput(
            "recruited", recruited(g), DRIVE_ORGAN,
            f"share recruited of the {_words(g.group)} {g.fibre_class} fibres", "1",
            row["distribution"] if prior else computed,
            row["reference"] if prior else "computed from the study's nerve, one draw a placement",
            row["mark"] if prior else "derived",
            partial(_of_sample, np.sort(g.fraction)), _sets((g,), given),
            assumed_spread("body/recruitment_priors.csv", f"{drive.prior} {g.group} {g.channel}")
            if prior else "",
        )  # fmt: skip
        found.append((one, g.fraction))
    return found


def _conduction(drive: Drive, given: Mapping[str, float]) -> list[tuple[UncertainInput, Floats]]:
    rows = {row["fibre_class"]: row for row in read_table("body/conduction_reliability.csv")}
    found = []
    for fibre_class in dict.fromkeys(g.fibre_class for g in drive.groups):
        groups = tuple(g for g in drive.groups if g.fibre_class == fibre_class)
        row, values = rows[fibre_class], groups[0].reliability
        one = UncertainInput(
            "conduction", conduction(groups[0]), DRIVE_ORGAN,
            f"share of pulses that a recruited fibre of class {fibre_class} conducts", "1",
            f"least of 1 and f / {drive.f_stim:g} Hz, f from {row['distribution']}",
            row["reference"], row["mark"],
            partial(_of_sample, np.sort(values)), _sets(groups, given), "",
        )  # fmt: skip
        found.append((one, values))
    return found


def recruited(g: GroupDrive) -> str:
    """Symbol of the share recruited of a group."""
    return f"recruited {g.group} {g.fibre_class}"


def conduction(g: GroupDrive) -> str:
    """Symbol of the conduction of a group's class."""
    return f"conduction {g.fibre_class}"


def _driven(g: GroupDrive, values: Mapping[str, Floats], n: int) -> GroupDrive:
    """The group with its inputs' values [n] in place of its first draw."""
    fraction = values.get(recruited(g), np.full(n, g.fraction[0]))
    reliability = values.get(conduction(g), np.full(n, g.reliability[0]))
    return replace(g, fraction=fraction, reliability=reliability)


def _sets(groups: tuple[GroupDrive, ...], given: Mapping[str, float]) -> tuple[str, ...]:
    """Channels that groups feed and the study does not set."""
    channels = dict.fromkeys(g.channel for g in groups if g.channel and g.fraction.any())
    return tuple(c for c in channels if c not in given)


def _of_sample(ordered: Floats, u: Floats) -> Floats:
    """Quantiles of a sample [m] at the probabilities ``u`` [n]."""
    at = np.minimum((u * len(ordered)).astype(np.int64), len(ordered) - 1)
    return np.asarray(ordered[at])


def _rows_of(drive: Drive) -> dict[tuple[str, str], Row]:
    table = "recruitment_priors" if drive.source == "prior" else "drive_channels"
    rows = read_table(f"body/{table}.csv")
    own = [r for r in rows if drive.source == "nerve" or r["prior"] == drive.prior]
    return {(r["group"], r["fibre_class"]): r for r in own}


def _words(key: str) -> str:
    return key.replace("-", " ")
