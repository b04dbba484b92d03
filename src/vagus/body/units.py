"""Units as products of powers, for the dimensional check of model statements.

A unit is written as in papers: ``pg/mL/h``, ``1/(mmHg*s)``, ``ms^2``, ``1``. Times of any kind are
one dimension and are converted to seconds inside; every other name is a dimension of its own, so
that kPa and mmHg, or NRS points and DAS28 points, never mix without a parameter that converts them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from vagus.errors import InputError

# Seconds per unit, and the power of time. `bpm` counts beats, which carry no unit.
_TIMES: Mapping[str, tuple[float, int]] = {
    "ms": (1e-3, 1), "s": (1.0, 1), "min": (60.0, 1), "h": (3600.0, 1), "d": (86_400.0, 1),
    "wk": (604_800.0, 1), "Hz": (1.0, -1), "bpm": (1.0 / 60.0, -1),
}  # fmt: skip
_TOKEN = re.compile(r"\s*(?:(1)|([A-Za-zµ%][A-Za-z0-9_µ%]*)|([*/()])|\^\s*(-?\d+))")


@dataclass(frozen=True)
class Unit:
    """``powers``: (name, power) sorted by name, time as ``s``; ``seconds``: what a number in this
    unit is multiplied by to be in the same unit with all times in seconds."""

    powers: tuple[tuple[str, Fraction], ...] = ()
    seconds: float = 1.0

    def __mul__(self, other: Unit) -> Unit:
        powers = dict(self.powers)
        for name, power in other.powers:
            powers[name] = powers.get(name, Fraction(0)) + power
        kept = tuple(sorted((n, p) for n, p in powers.items() if p))
        return Unit(kept, self.seconds * other.seconds)

    def __pow__(self, power: Fraction | int) -> Unit:
        kept = tuple((n, p * power) for n, p in self.powers if p * power)
        return Unit(kept, float(self.seconds ** float(power)))

    def same_dimension(self, other: Unit) -> bool:
        """Whether numbers in the two may be added once times are in seconds."""
        return self.powers == other.powers

    def __str__(self) -> str:
        above = [_power(n, p) for n, p in self.powers if p > 0]
        below = [_power(n, -p) for n, p in self.powers if p < 0]
        return "*".join(above or ["1"]) + "".join(f"/{n}" for n in below)


ONE = Unit()
SECOND = Unit((("s", Fraction(1)),))


def _power(name: str, power: Fraction) -> str:
    return name if power == 1 else f"{name}^{power}"


def parse_unit(text: str) -> Unit:
    """The unit that ``text`` names; `InputError` where it cannot be read."""
    tokens, at = [], 0
    while at < len(text.rstrip()):
        found = _TOKEN.match(text, at)
        if found is None:
            raise _unreadable(text)
        tokens.append(found)
        at = found.end()
    unit, rest = _product(text, tokens, 0)
    if rest != len(tokens) or not tokens:
        raise _unreadable(text)
    return unit


def _product(text: str, tokens: list[re.Match[str]], at: int) -> tuple[Unit, int]:
    """Factors joined by * and /, until the end or a closing bracket."""
    unit, at = _factor(text, tokens, at)
    while at < len(tokens) and tokens[at][3] in ("*", "/"):
        sign = 1 if tokens[at][3] == "*" else -1
        factor, at = _factor(text, tokens, at + 1)
        unit = unit * factor**sign
    return unit, at


def _factor(text: str, tokens: list[re.Match[str]], at: int) -> tuple[Unit, int]:
    if at >= len(tokens):
        raise _unreadable(text)
    token = tokens[at]
    if token[3] == "(":
        unit, at = _product(text, tokens, at + 1)
        if at >= len(tokens) or tokens[at][3] != ")":
            raise _unreadable(text)
    elif token[1]:
        unit = ONE
    elif token[2] in _TIMES:
        seconds, power = _TIMES[token[2]]
        unit = Unit((("s", Fraction(power)),), seconds)
    elif token[2]:
        unit = Unit(((token[2], Fraction(1)),))
    else:
        raise _unreadable(text)
    at += 1
    if at < len(tokens) and tokens[at][4]:
        return unit ** int(tokens[at][4]), at + 1
    return unit, at


def _unreadable(text: str) -> InputError:
    return InputError(
        "unit",
        text,
        "names joined by * and /, with powers such as s^2, or 1",
        "Write it as in pg/mL/h or 1/(mmHg*s).",
    )
