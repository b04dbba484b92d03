"""From fibres to the body: how many spikes per second each channel of the body receives.

A channel is what an organ reads (`u_A` [Hz] and so on, ``data/body/drive.csv``): spikes per second
while stimulation is on, mean over all fibres of the channel, recruited or not,

    u = fraction recruited x pulses per second x conduction reliability.

Which functional group feeds which channel: ``drive_channels.csv``, with a reason for each.

**Fraction.** From a nerve: the share of a group's fibres whose threshold is at most the current.
Where in a nerve the fibres of one organ lie is not known, so each draw takes one *placement* of
`vagus.fibre.recruitment`, by group and class; the same seed takes the same places at every current.
For electrodes on or in the skin: a documented prior (``recruitment_priors.csv``), wide and with
mass at zero. It does not depend on the current, which users of such devices set until they feel it;
at 0 mA it is 0. Channels are drawn apart.

**Reliability.** A class follows every pulse up to a rate f_max and f_max pulses per second beyond
it: min(1, f_max / f), f_max drawn from ``conduction_reliability.csv``. A burst counts as one pulse,
since it is shorter than a fibre needs to recover.

**Direction.** A pulse sends one spike each way. The orthodromic one (afferents: to the brain,
efferents: to the organ) is what the channel counts; the antidromic one is counted and reported
(`GroupDrive.antidromic_Hz`) and acts on nothing. Collision with a fibre's own spikes is ignored:
it would take away own spikes, not evoked ones, while stimulation is faster than they are.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from vagus.body.draws import Draws
from vagus.body.integrate import Segments
from vagus.body.priors import parse_prior, uniforms
from vagus.body.stretches import on_course
from vagus.data import Row, read_table
from vagus.errors import InputError
from vagus.fibre.recruitment import Recruitment, placements
from vagus.protocol.protocol import Protocol
from vagus.protocol.schedule import Schedule

Floats = NDArray[np.float64]
CHANNELS = ("u_A", "u_C", "u_B", "u_S", "u_E")
SENSATION = "sensation"
HOUR_S = 3600.0
_META = b"vagus.drive"


@dataclass(frozen=True)
class Endotoxin:
    """``dose_ng_per_kg`` given evenly from ``start_s`` to ``stop_s``."""

    dose_ng_per_kg: float
    start_s: float
    stop_s: float

    def __post_init__(self) -> None:
        if not (self.dose_ng_per_kg >= 0 and 0 <= self.start_s < self.stop_s):
            allowed = "a dose of 0 or more, and a start before the stop"
            raise InputError("endotoxin", self, allowed, "A bolus is an infusion of a minute.")

    @property
    def rate_ng_per_kg_h(self) -> float:
        """Rate of the infusion."""
        return self.dose_ng_per_kg * HOUR_S / (self.stop_s - self.start_s)


@dataclass(frozen=True, eq=False)
class GroupDrive:
    """What one functional group and fibre class sends, over n draws.

    ``direction``: afferent or efferent, that of the orthodromic spike. ``channel``: what that spike
    feeds; empty where it acts on nothing. ``weight``: fibres of the nerve, 1 where a prior stands
    for them. ``fraction`` [n]: share recruited. ``reliability`` [n]: share of a recruited fibre's
    pulses that arrive. ``pulse_Hz``: pulses per second while on.
    """

    group: str
    fibre_class: str
    direction: str
    channel: str
    weight: float
    fraction: Floats
    reliability: Floats
    pulse_Hz: float

    @property
    def orthodromic_Hz(self) -> Floats:
        """[n] spikes per second per fibre of the group that reach its target."""
        return self.fraction * self.reliability * self.pulse_Hz

    @property
    def antidromic_Hz(self) -> Floats:
        """[n] spikes per second per fibre that run the other way, and act on nothing here."""
        return self.orthodromic_Hz


@dataclass(frozen=True, eq=False)
class Drive:
    """Drive of the body over n draws: ``groups``, at ``f_stim`` Hz, whenever ``schedule`` is on.

    ``n_train``: pulses in the median window. ``source``: whether the fractions come from a nerve or
    a prior; ``prior``: its key, or empty.
    """

    groups: tuple[GroupDrive, ...]
    f_stim: float
    n_train: float
    schedule: Schedule
    source: Literal["nerve", "prior"]
    prior: str = ""

    def __len__(self) -> int:
        return len(self.groups[0].fraction)

    def fraction(self, channel: str) -> Floats:
        """[n] share of the channel's fibres that is recruited; 0 where it has none."""
        return self._mean(channel, {id(g): g.fraction for g in self.groups})

    def rate_Hz(self, channel: str) -> Floats:
        """[n] spikes per second that arrive, mean over the channel's fibres."""
        return self._mean(channel, {id(g): g.orthodromic_Hz for g in self.groups})

    def reliability(self, channel: str) -> Floats:
        """[n] share of the recruited fibres' pulses that arrive; 1 where none is recruited."""
        sent = self.fraction(channel) * self.f_stim
        arrives = np.divide(self.rate_Hz(channel), sent, out=np.ones(len(self)), where=sent > 0)
        return np.asarray(arrives)

    @property
    def absent(self) -> tuple[str, ...]:
        """Channels that no fibre feeds: the ear's from a cervical nerve, most of them from skin."""
        fed = {g.channel for g in self.groups}
        return tuple(c for c in CHANNELS if c not in fed)

    @property
    def notes(self) -> tuple[str, ...]:
        """One sentence for each channel that rests on few fibres of the nerve."""
        if self.source == "prior":
            return ()
        fewest = _fewest_fibres()
        counted = {c: sum(g.weight for g in self.groups if g.channel == c) for c in CHANNELS}
        return tuple(
            f"{channel} rests on {fibres:.0f} fibres, fewer than {fewest:.0f}: the share recruited "
            "is coarse; give the nerve more fibres."
            for channel, fibres in counted.items()
            if 0 < fibres < fewest
        )

    def columns(self) -> dict[str, Floats]:
        """Symbol of ``drive.csv`` -> [n] values; `pairing` is left to the study."""
        rates = {channel: self.rate_Hz(channel) for channel in CHANNELS}
        constant = {"f_stim": self.f_stim, "n_train": self.n_train}
        same = {name: np.full(len(self), value) for name, value in constant.items()}
        return {**rates, **same, SENSATION: self.fraction(SENSATION)}

    def apply(self, draws: Draws) -> Draws:
        """``draws`` (of the same number) with the drive's parameters set, those that it has.

        Raises `InputError` where the numbers differ or the model takes no drive.
        """
        if len(draws) != len(self):
            raise InputError("draws", len(draws), f"{len(self)}, as many as the drive has")
        known = {s: v for s, v in self.columns().items() if s in draws.names}
        if not known:
            names = ", ".join(self.columns())
            raise InputError("draws", "of a model without drive", f"a model with some of {names}")
        return draws.having(**known)

    def save(self, folder: Path) -> None:
        """Write drive.parquet and schedule.parquet to ``folder``; `load` gives the same bits."""
        folder.mkdir(parents=True, exist_ok=True)
        arrays: dict[str, Floats] = {}
        described = []
        for k, g in enumerate(self.groups):
            arrays |= {f"{k}.fraction": g.fraction, f"{k}.reliability": g.reliability}
            plain = [f.name for f in fields(g) if f.name not in ("fraction", "reliability")]
            described.append({name: getattr(g, name) for name in plain})
        own = {name: getattr(self, name) for name in ("f_stim", "n_train", "source", "prior")}
        meta = {_META: json.dumps({**own, "groups": described}).encode()}
        pq.write_table(pa.table(arrays).replace_schema_metadata(meta), folder / "drive.parquet")
        on, off = self.schedule.edges_s.T
        pq.write_table(pa.table({"on_s": on, "off_s": off}), folder / "schedule.parquet")

    @staticmethod
    def load(folder: Path) -> Drive:
        """Read what `save` wrote; `InputError` where the file is another's."""
        table = pq.read_table(folder / "drive.parquet")
        windows = pq.read_table(folder / "schedule.parquet")
        said = (table.schema.metadata or {}).get(_META)
        if said is None:
            raise InputError("drive file", folder / "drive.parquet", "one written by `Drive.save`")
        own: dict[str, Any] = json.loads(said)
        groups = tuple(
            GroupDrive(
                **described,
                fraction=table.column(f"{k}.fraction").to_numpy(),
                reliability=table.column(f"{k}.reliability").to_numpy(),
            )
            for k, described in enumerate(own.pop("groups"))
        )
        edges = np.stack([windows.column(name).to_numpy() for name in ("on_s", "off_s")], axis=1)
        return Drive(groups=groups, schedule=Schedule(edges), **own)

    def _mean(self, channel: str, values: Mapping[int, Floats]) -> Floats:
        """Mean over the fibres of a channel of what is known per group."""
        if channel not in (*CHANNELS, SENSATION):
            raise InputError("channel", channel, ", ".join((*CHANNELS, SENSATION)))
        parts = [g for g in self.groups if g.channel == channel]
        if not parts:
            return np.zeros(len(self))
        weight = np.array([g.weight for g in parts])
        return np.asarray(weight @ np.stack([values[id(g)] for g in parts]) / weight.sum())


def drive_from_recruitment(
    recruitment: Recruitment, protocol: Protocol, n: int = 200, seed: int = 0
) -> Drive:
    """The drive of a nerve at the protocol's current and rate, over ``n`` draws.

    The order of the fibres does not matter. Raises `InputError` for a functional group that
    ``drive_channels.csv`` does not know.
    """
    _check_number(n)
    ordered, rate = _in_order(recruitment), protocol.frequency_Hz
    keys = set(zip(recruitment.population.group, recruitment.population.fibre_class, strict=True))
    rows = {(r["group"], r["fibre_class"]): r for r in read_table("body/drive_channels.csv")}
    unknown = sorted(keys - rows.keys())
    if unknown:
        known = ", ".join(" ".join(key) for key in rows)
        raise InputError("functional group", " ".join(unknown[0]), known, "See drive_channels.csv.")
    groups = []
    for (group, fibre_class), row in rows.items():
        mask = ordered.mask(fibre_class, group)
        if not mask.any():
            continue
        place = f"{seed} {group} {fibre_class}"
        groups.append(
            GroupDrive(
                group, fibre_class, row["direction"], row["channel"], float(mask.sum()),
                _placed_share(ordered, mask, protocol.current_mA, n, place),
                reliability(fibre_class, rate, n, seed), rate,
            )
        )  # fmt: skip
    return Drive(tuple(groups), rate, _pulses_per_train(protocol), protocol.schedule, "nerve")


def drive_from_prior(key: str, protocol: Protocol, n: int = 200, seed: int = 0) -> Drive:
    """The drive of electrodes on or in the skin, from the documented prior ``key``.

    `InputError` for a prior that does not exist.
    """
    _check_number(n)
    rows = [row for row in read_table("body/recruitment_priors.csv") if row["prior"] == key]
    if not rows:
        raise InputError("recruitment prior", key, ", ".join(prior_keys()))
    rate, on = protocol.frequency_Hz, float(protocol.current_mA > 0)
    groups = tuple(
        GroupDrive(
            row["group"], row["fibre_class"], row["direction"], row["channel"], 1.0,
            on * _prior_share(row, n, seed), reliability(row["fibre_class"], rate, n, seed), rate,
        )
        for row in rows
    )  # fmt: skip
    train = _pulses_per_train(protocol)
    return Drive(groups, rate, train, protocol.schedule, "prior", key)


def prior_keys() -> tuple[str, ...]:
    """Keys of the documented recruitment priors."""
    return tuple(dict.fromkeys(row["prior"] for row in read_table("body/recruitment_priors.csv")))


def reliability(fibre_class: str, rate_Hz: float, n: int, seed: int) -> Floats:
    """[n] share of pulses at ``rate_Hz`` that a recruited fibre of the class conducts."""
    rows = {row["fibre_class"]: row for row in read_table("body/conduction_reliability.csv")}
    row = rows[fibre_class]
    prior = parse_prior(row["distribution"], f"conduction_reliability.csv: {fibre_class}")
    assert prior is not None  # the table holds distributions only
    follows_Hz = prior.quantile(uniforms(f"follows {fibre_class}", n, seed))
    return np.minimum(1.0, follows_Hz / rate_Hz)


def segments(
    schedule: Schedule,
    horizon_s: float,
    exact_windows: int | None = None,
    lps: Endotoxin | None = None,
) -> Segments:
    """Inputs `on` and `lps` of an integration from 0 to ``horizon_s``.

    Which windows of the schedule stay exact: `vagus.body.stretches`.
    """
    edges, on = on_course(schedule.edges_s, horizon_s, exact_windows)
    if lps is None:
        return Segments(edges, {"on": on})
    inside = [t for t in (lps.start_s, lps.stop_s) if 0 <= t <= horizon_s]
    cut = np.unique(np.concatenate([edges, inside]))
    given = (cut[:-1] >= lps.start_s) & (cut[:-1] < lps.stop_s)
    on = on[np.searchsorted(edges, cut[:-1], side="right") - 1]
    return Segments(cut, {"on": on, "lps": np.where(given, lps.rate_ng_per_kg_h, 0.0)})


def _in_order(recruitment: Recruitment) -> Recruitment:
    """The same fibres in an order that depends on nothing but them."""
    p = recruitment.population
    order = np.lexsort((recruitment.threshold_mA, p.diameter_um, p.y_um, p.x_um))
    own = {
        f.name: getattr(recruitment, f.name)[order]
        for f in fields(recruitment)
        if f.name not in ("population", "max_current_mA")
    }
    return Recruitment(p.select(order), **own, max_current_mA=recruitment.max_current_mA)


def _placed_share(
    recruitment: Recruitment, mask: NDArray[np.bool_], current_mA: float, n: int, stream: str
) -> Floats:
    """[n] share of the fibres in ``mask`` that fires, one placement per draw."""
    drawn = placements(recruitment, mask, zlib.crc32(stream.encode()))
    shares = (drawn <= current_mA).mean(axis=1)
    which = (uniforms(f"placement {stream}", n, 0) * len(shares)).astype(np.int64)
    return np.asarray(shares[which])


def _prior_share(row: Row, n: int, seed: int) -> Floats:
    prior = parse_prior(row["distribution"], f"recruitment_priors.csv: {row['prior']}")
    assert prior is not None  # the table holds distributions only
    return prior.quantile(uniforms(f"{row['prior']} {row['channel']}", n, seed))


def _pulses_per_train(protocol: Protocol) -> float:
    """Pulses in the median window of the schedule."""
    on, off = protocol.schedule.edges_s.T
    if not on.size:
        return 0.0
    return float(np.ceil(np.median(off - on) * protocol.frequency_Hz - 1e-6))


def _fewest_fibres() -> float:
    rows = {row["id"]: row["value"] for row in read_table("body/drive_settings.csv")}
    return float(rows["few-fibres"])


def _check_number(n: int) -> None:
    if n < 1:
        raise InputError("draws", n, "1 or more")
