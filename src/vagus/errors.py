"""Every error a user can cause, in one tree.

::

    VagusError                 anything the user can mend
    ├── InputError             one bad value: field, value, allowed range, fix
    ├── InputErrors            several of them at once (a study file)
    ├── GeometryError          a section, cuff or mesh that cannot be built
    └── ConvergenceError       a search or solver that could not reach its tolerance

The command line prints ``str(error)`` and exits with ``exit_code``; a traceback is a bug of ours.
"""

from __future__ import annotations

from collections.abc import Sequence


class VagusError(Exception):
    """Base of all errors that a user can mend."""

    exit_code = 1


class InputError(VagusError, ValueError):
    """One value that cannot be used.

    Names the field, the value given, what is allowed and how to mend it.
    """

    exit_code = 2

    def __init__(self, field: str, value: object, allowed: str, fix: str = "") -> None:
        self.field, self.value, self.allowed, self.fix = field, value, allowed, fix
        text = f"`{field}` is {value!s}; allowed: {allowed}."
        super().__init__(f"{text} {fix}".rstrip())


class InputErrors(VagusError, ValueError):
    """All bad values of one input, so that they can be mended in one go."""

    exit_code = 2

    def __init__(self, errors: Sequence[str], source: str = "") -> None:
        self.errors = tuple(errors)
        head = f"{source}: {len(self.errors)} problem{'s' * (len(self.errors) != 1)}"
        super().__init__("\n".join([head, *(f"  - {e}" for e in self.errors)]))


class GeometryError(VagusError, ValueError):
    """A cross-section, cuff or mesh that cannot be built; the message says where and what to do."""

    exit_code = 3


class ConvergenceError(VagusError, RuntimeError):
    """A search or solver that did not reach its tolerance; the message says how far it came."""

    exit_code = 4
