"""The table of `vagus validate`: every published result beside what the body gives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module

from vagus.errors import InputError, VagusError
from vagus.validation.comparison import (
    ORGANS,
    Comparison,
    Observation,
    Simulated,
    observations,
    verdict,
)

Progress = Callable[[str, int, int], None]
VERDICTS = ("reproduced", "compatible", "failed")


@dataclass(frozen=True)
class Row:
    """One line: the observation, the simulated interval, the verdict; ``how`` it was simulated.

    ``problem``: what went wrong where a simulation raised an error; such a row has failed.
    """

    observation: Observation
    simulated: Simulated
    verdict: str
    how: str
    problem: str = ""

    def as_dict(self) -> dict[str, object]:
        """Flat, ready for JSON and tables."""
        o, s = self.observation, self.simulated
        return {
            "id": o.id, "organ": o.organ, "study": o.study, "quantity": o.quantity,
            "unit": o.unit, "measured": o.value, "measured_low": o.low, "measured_high": o.high,
            "simulated": _finite(s.middle), "simulated_low": _finite(s.low),
            "simulated_high": _finite(s.high), "role": o.role, "verdict": self.verdict,
            "mark": o.mark, "source": o.source, "band": o.band, "how": self.how,
            "note": o.note, "problem": self.problem,
        }  # fmt: skip


def comparisons(organ: str | None = None) -> tuple[Comparison, ...]:
    """How each observation is simulated, of one organ or of all."""
    if organ is not None and organ not in ORGANS:
        raise InputError("organ", organ, ", ".join(ORGANS))
    chosen = ORGANS if organ is None else (organ,)
    return tuple(c for o in chosen for c in import_module(f"vagus.validation.{o}").COMPARISONS)


def validate(
    organ: str | None = None,
    draws: int = 200,
    seed: int = 0,
    progress: Progress | None = None,
    only: Sequence[str] | None = None,
) -> tuple[Row, ...]:
    """Simulate every observation (of one ``organ``, or those of ``only``) and judge it.

    A simulation that raises an error makes its row fail, with the message; the others go on.
    Raises `InputError` for an unknown organ and for fewer than 2 draws.
    """
    if draws < 2:
        raise InputError("draws", draws, "2 or more", "An interval needs several draws.")
    found = observations()
    chosen = [c for c in comparisons(organ) if only is None or c.observation in only]
    rows = []
    for done, comparison in enumerate(chosen):
        if progress:
            progress("rows", done, len(chosen))
        rows.append(_row(comparison, found[comparison.observation], draws, seed))
    if progress:
        progress("rows", len(chosen), len(chosen))
    return tuple(rows)


def _row(comparison: Comparison, found: Observation, draws: int, seed: int) -> Row:
    try:
        simulated = comparison.simulate(draws, seed)
    except (VagusError, ArithmeticError, ValueError) as error:
        nothing = Simulated(float("nan"), float("nan"), float("nan"))
        return Row(found, nothing, "failed", comparison.how, str(error))
    return Row(found, simulated, verdict(found, simulated), comparison.how)


def _finite(value: float) -> float | None:
    return value if abs(value) < float("inf") else None
