"""What all parts of a scenario share: frozen models, constrained numbers, and the source of every default."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field

from pixelsim.base.clock import fixed_offset
from pixelsim.base.errors import InputError

__all__ = ["Count", "Input", "Positive", "Share", "Source", "SourceKind", "Weight", "checked_offset", "figure"]

Share = Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)]
"""A probability or share in [0, 1]."""
Weight = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]
"""A number of at least 0."""
Positive = Annotated[float, Field(gt=0.0, allow_inf_nan=False)]
"""A number above 0."""
Count = Annotated[int, Field(ge=0)]
"""A whole number of at least 0."""


class SourceKind(StrEnum):
    """Where a parameter's value comes from."""

    FILE = "file"
    DEFAULT = "default"
    ASSUMPTION = "assumption"
    GIVEN = "given"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a value comes from: kind, words, and the number of rows behind it (None where rows mean nothing)."""

    kind: SourceKind
    text: str
    rows: int | None = None


def figure(default: Any, unit: str, source: str, *, assumption: bool = False) -> Any:
    """Declare a parameter with its default, its unit, and the source of the default.

    Parameters
    ----------
    default
        The value in force when nothing else is given.
    unit
        Unit in words.
    source
        Public source of the figure, or the reason for an assumption.
    assumption
        Whether no public figure stands behind it.
    """
    kind = SourceKind.ASSUMPTION if assumption else SourceKind.DEFAULT
    extra: dict[str, Any] = {"unit": unit, "source": source, "kind": kind.value}
    return Field(default=default, description=f"{unit}; {source}", json_schema_extra=extra)


def checked_offset(text: str) -> str:
    """Give a clock's offset back, for a validator.

    Raises
    ------
    ValueError
        It is no fixed offset in whole or half hours.
    """
    try:
        fixed_offset(text)
    except InputError as error:
        fault = error.faults[0]
        msg = f"must be {fault.rule}; {fault.remedy}"
        raise ValueError(msg) from None
    return text


class Input(BaseModel):
    """A frozen part of a scenario: unknown fields and wrong types are refused, never dropped or guessed."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=False)

    def replace(self, **changes: Any) -> Self:
        """Give a copy with some fields changed, validated like any other input."""
        return type(self).model_validate({**{name: getattr(self, name) for name in type(self).model_fields}, **changes})
