"""Distributions of parameters, written in the tables as text, and how they are drawn.

    fixed                           the default
    normal(mean, sd)                normal(mean, sd, low, high) is truncated
    lognormal(median, sd_log)       lognormal(median, sd_log, low, high) is truncated
    uniform(low, high)
    beta(a, b)
    spike(p, OTHER)                 zero with probability p, else drawn from OTHER
    choice(value: p, value: p)      structural alternatives; the probabilities sum to 1

Every parameter has a stream of its own, made from the seed and its symbol: adding a parameter to a
model changes no other's draws.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from vagus.errors import InputError

Floats = NDArray[np.float64]
_FORM = re.compile(r"^(\w+)\((.*)\)$", re.DOTALL)
_COUNTS = {"normal": (2, 4), "lognormal": (2, 4), "uniform": (2,), "beta": (2,)}


@dataclass(frozen=True)
class Prior:
    """A distribution as its table writes it; ``numbers`` in the unit of its parameter.

    ``inner``: what a spike draws from where it is not zero.
    """

    kind: str
    numbers: tuple[float, ...] = ()
    inner: Prior | None = None

    def quantile(self, u: Floats) -> Floats:
        """Values at the probabilities ``u`` (0 to 1), same shape."""
        n = self.numbers
        if self.kind == "uniform":
            return np.asarray(n[0] + (n[1] - n[0]) * u)
        if self.kind == "beta":
            return np.asarray(stats.beta.ppf(u, *n))
        if self.kind == "choice":
            values, shares = np.array(n[::2]), np.cumsum(n[1::2])
            return np.asarray(values[np.minimum(np.searchsorted(shares, u), len(values) - 1)])
        if self.kind == "spike":
            assert self.inner is not None
            share = n[0]
            above = np.clip((u - share) / max(1.0 - share, 1e-12), 1e-12, 1 - 1e-12)
            return np.where(u < share, 0.0, self.inner.quantile(above))
        mean, sd = (np.log(n[0]), n[1]) if self.kind == "lognormal" else (n[0], n[1])
        low, high = n[2:] if len(n) == 4 else (-np.inf, np.inf)
        if self.kind == "lognormal" and len(n) == 4:
            low, high = np.log(low) if low > 0 else -np.inf, np.log(high)
        z = stats.truncnorm.ppf(u, (low - mean) / sd, (high - mean) / sd)
        drawn = mean + sd * z
        return np.asarray(np.exp(drawn) if self.kind == "lognormal" else drawn)

    @property
    def support(self) -> tuple[float, float]:
        """Least and greatest value it can take."""
        ends = self.quantile(np.array([0.0, 1.0]))
        if self.inner is not None:
            low, high = self.inner.support
            return min(0.0, low), max(0.0, high)
        if self.kind == "choice":
            return min(self.numbers[::2]), max(self.numbers[::2])
        return float(ends[0]), float(ends[1])


def parse_prior(text: str, field: str) -> Prior | None:
    """The distribution that ``text`` writes; None for ``fixed``. `InputError` names ``field``."""
    text = text.strip()
    if text in ("", "fixed"):
        return None
    form = _FORM.match(text)
    try:
        if form is None:
            raise ValueError
        kind, inside = form[1], form[2]
        if kind == "spike":
            share, inner = inside.split(",", 1)
            prior = Prior(kind, (float(share),), parse_prior(inner, field))
            ok = prior.inner is not None and 0 <= prior.numbers[0] <= 1
        elif kind == "choice":
            pairs = [tuple(map(float, pair.split(":"))) for pair in inside.split(",")]
            prior = Prior(kind, tuple(x for pair in pairs for x in pair))
            ok = abs(sum(prior.numbers[1::2]) - 1) < 1e-9
        else:
            prior = Prior(kind, tuple(float(x) for x in inside.split(",")))
            ok = len(prior.numbers) in _COUNTS[kind] and _ordered(prior)
        if not ok:
            raise ValueError
    except (ValueError, KeyError) as error:
        raise InputError(
            f"{field}: distribution",
            text,
            "fixed, normal(mean, sd[, low, high]), lognormal(median, sd_log[, low, high]), "
            "uniform(low, high), beta(a, b), spike(p, OTHER) or choice(value: p, ...)",
        ) from error
    return prior


def _ordered(prior: Prior) -> bool:
    n = prior.numbers
    if prior.kind == "uniform":
        return n[0] < n[1]
    if prior.kind == "beta":
        return min(n) > 0
    positive = n[1] > 0 and (prior.kind == "normal" or n[0] > 0)
    return positive and (len(n) == 2 or n[2] < n[3])


def uniforms(symbol: str, n: int, seed: int) -> Floats:
    """[n] uniform numbers of the stream that belongs to ``symbol``."""
    stream = np.random.SeedSequence([seed, zlib.crc32(symbol.encode())])
    return np.random.Generator(np.random.PCG64(stream)).random(n)
