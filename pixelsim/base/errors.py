"""The tree of errors, and the one shape of a fault in a user's input.

::

    PixelsimError
    ├── InputError            a file or argument of the user's; carries every fault found
    ├── UnknownNameError      an id or name that does not exist, with the nearest known ones
    ├── MissingExtraError     an optional package is not installed
    └── EnvelopeError         a variant asks for more traffic than was drawn
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

__all__ = [
    "EnvelopeError",
    "Fault",
    "InputError",
    "MissingExtraError",
    "PixelsimError",
    "UnknownNameError",
    "nearest",
]


class PixelsimError(Exception):
    """Anything pixelsim refuses; its text is one sentence that a user can act on."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with an input: where, which value, which rule, and the remedy.

    Parameters
    ----------
    place
        Where it stands: ``$.shares[0].start_day`` in a scenario, ``row 7, column Cost`` in a table, or a path.
    field
        The name of the field concerned.
    value
        The offending value as text, shortened to 60 characters when shown.
    rule
        What a right value looks like, in words ("a whole number of at least 1").
    remedy
        What to do about it, as an imperative without a full stop.
    """

    place: str
    field: str
    value: str
    rule: str
    remedy: str

    def __str__(self) -> str:
        shown = self.value if len(self.value) <= 60 else self.value[:57] + "..."
        where = "" if self.place == "$" else f"{self.place}: "
        return f"{where}{self.field} is {shown!r}, but must be {self.rule}; {self.remedy}."


class InputError(PixelsimError):
    """An input is refused; every fault found in it is listed, not only the first.

    Parameters
    ----------
    source
        What was read: a file name or the name of an argument.
    faults
        All the faults; at least one.
    """

    def __init__(self, source: str, faults: Iterable[Fault]) -> None:
        self.source = source
        self.faults: tuple[Fault, ...] = tuple(faults)
        super().__init__(source, self.faults)

    def __str__(self) -> str:
        if len(self.faults) == 1:
            return f"{self.source}: {self.faults[0]}"
        lines = "\n".join(f"  {fault}" for fault in self.faults)
        return f"{self.source}: {len(self.faults)} faults\n{lines}"

    @classmethod
    def single(cls, source: str, *, field: str, value: object, rule: str, remedy: str, place: str = "$") -> InputError:
        """Make the error of exactly one fault."""
        return cls(source, [Fault(place, field, str(value), rule, remedy)])


def nearest(name: str, known: Iterable[str], *, count: int = 3) -> list[str]:
    """Give up to ``count`` known names that look like ``name``, the closest first."""
    return difflib.get_close_matches(name, sorted(known), n=count, cutoff=0.5)


class UnknownNameError(PixelsimError):
    """A name that does not exist was asked for; the message lists the nearest known ones.

    Parameters
    ----------
    kind
        What was looked for, such as ``"scenario"`` or ``"ad account"``.
    name
        The name that was not found.
    known
        All names that exist.
    """

    def __init__(self, kind: str, name: str, known: Sequence[str]) -> None:
        self.kind, self.name, self.known = kind, name, tuple(known)
        super().__init__(kind, name, self.known)

    def __str__(self) -> str:
        close = nearest(self.name, self.known)
        if close:
            hint = "did you mean " + " or ".join(repr(c) for c in close) + "?"
        else:
            hint = "known: " + (", ".join(self.known[:12]) + (", ..." if len(self.known) > 12 else "") or "none")
        return f"{self.kind} {self.name!r} does not exist; {hint}"


class MissingExtraError(PixelsimError):
    """An optional package is needed and not installed.

    Parameters
    ----------
    purpose
        What was asked for ("reading XLSX files").
    package
        The package that is missing.
    extra
        The extra of pixelsim that brings it.
    """

    def __init__(self, purpose: str, package: str, extra: str) -> None:
        self.purpose, self.package, self.extra = purpose, package, extra
        super().__init__(purpose, package, extra)

    def __str__(self) -> str:
        return (
            f"{self.purpose} needs the package {self.package!r}; install it with: pip install 'pixelsim[{self.extra}]'"
        )


class EnvelopeError(PixelsimError):
    """A variant asks for more traffic than the declared upper envelope has drawn."""
