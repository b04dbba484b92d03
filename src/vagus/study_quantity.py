"""Sections of a study file, and its numbers with units: "1.5 mA" becomes 1.5 in its field's unit.

pint is imported when the first quantity is read, not before: it takes longer to load than the
rest of the study file's machinery.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import PydanticCustomError, core_schema

if TYPE_CHECKING:
    from pint import UnitRegistry

NUMBER_AND_UNIT = re.compile(
    r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*([a-zA-Zµμ%/].*?)?\s*"
)
KINDS = {
    "[current]": "an electric current",
    "[time]": "a time",
    "1 / [time]": "a frequency",
    "[length]": "a length",
    "dimensionless": "a number without unit",
}


class Section(BaseModel):
    """A mapping of a study file: no unknown keys, frozen once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_by_alias=True)


@dataclass(frozen=True)
class QuantityIn:
    """Reads a quantity and returns it in ``unit``; metadata of an annotated float.

    ``minimum`` and ``maximum`` bound the result (``minimum`` itself is allowed unless
    ``above_minimum``). Raises `PydanticCustomError` whose context holds ``allowed`` and ``fix``.
    """

    unit: str
    example: str
    minimum: float = 0.0
    maximum: float = math.inf
    above_minimum: bool = False
    fix: str = ""

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_before_validator_function(self, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"type": "string", "examples": [self.example], "description": f"kept in {self.unit}"}

    @property
    def allowed(self) -> str:
        """What is allowed, in words."""
        low = f"{'above' if self.above_minimum else 'at least'} {self.minimum:g} {self.unit}"
        high = "" if math.isinf(self.maximum) else f", up to {self.maximum:g} {self.unit}"
        return f"{_kind(self.unit)} {low}{high}, such as `{self.example}`"

    def __call__(self, text: object) -> float:
        """The number in ``unit``."""
        value = self._read(text)
        low = value > self.minimum if self.above_minimum else value >= self.minimum
        if not (math.isfinite(value) and low and value <= self.maximum):
            raise problem(self.allowed, self.fix)
        return value

    def _read(self, text: object) -> float:
        if isinstance(text, bool) or not isinstance(text, str | int | float):
            raise problem(self.allowed)
        match = NUMBER_AND_UNIT.fullmatch(str(text))
        if match is None:
            comma = "Write a decimal point, not a comma." if "," in str(text) else ""
            raise problem(self.allowed, comma or "Write a number and its unit.")
        number, written = match.groups()
        if not written:
            fix = f"It has no unit: write `{number} {self.unit}` if {self.unit} is what you mean."
            raise problem(self.allowed, fix)
        return float(number) * self._factor(written)

    def _factor(self, written: str) -> float:
        registry = _registry()
        unit_text = f"1 {written}" if written.startswith("/") else written
        try:
            given = registry.parse_expression(unit_text.replace("^", "**"))
            given = registry.Quantity(given)
        except Exception as error:  # pint raises from several trees, tokenizer included
            message = f"`{written}` is not a unit that is known."
            raise problem(self.allowed, message) from error
        wanted = registry.Quantity(1, self.unit)
        if given.dimensionality != wanted.dimensionality:
            raise problem(
                self.allowed,
                f"`{written}` is {_kind_and_dimensions(written)}; this is "
                f"{_kind_and_dimensions(self.unit)}.",
            )
        return float(given.to(self.unit).magnitude)


def problem(allowed: str, fix: str = "") -> PydanticCustomError:
    """An error for pydantic that carries what the study's own message needs."""
    return PydanticCustomError("study", "allowed: {allowed}", {"allowed": allowed, "fix": fix})


@cache
def _registry() -> UnitRegistry[Any]:
    import pint

    return pint.UnitRegistry()


def _dimensions(unit: str) -> str:
    text = f"1 {unit}" if unit.startswith("/") else unit
    return str(_registry().Quantity(_registry().parse_expression(text)).dimensionality)


def _kind(unit: str) -> str:
    return KINDS.get(_dimensions(unit), f"a quantity of {_dimensions(unit)}")


def _kind_and_dimensions(unit: str) -> str:
    known = KINDS.get(_dimensions(unit))
    return f"{known} ({_dimensions(unit)})" if known else _kind(unit)
