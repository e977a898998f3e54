"""What all parts of a scenario share: frozen models, constrained numbers, and the source of every default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Literal, Never, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import to_json

from pixelsim.base.clock import fixed_offset
from pixelsim.base.errors import InputError
from pixelsim.scenario.faults import faults_of

__all__ = [
    "Count",
    "Currency",
    "FrozenDict",
    "Input",
    "Positive",
    "Share",
    "Source",
    "SourceKind",
    "Spread",
    "Weight",
    "checked_offset",
    "figure",
]

Share = Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)]
"""A probability or share in [0, 1]."""
Weight = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]
"""A number of at least 0."""
Positive = Annotated[float, Field(gt=0.0, allow_inf_nan=False)]
"""A number above 0."""
Count = Annotated[int, Field(ge=0)]
"""A whole number of at least 0."""
Currency = Annotated[str, Field(pattern="^[A-Z]{3}$")]
"""Three capital letters, as ISO 4217 names currencies."""


class SourceKind(StrEnum):
    """Where a parameter's value comes from."""

    FILE = "file"
    DEFAULT = "default"
    ASSUMPTION = "assumption"
    GIVEN = "given"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """One cause of a value's uncertainty: its name, and the standard error that it brings, on the scale of the source.

    Values that name the same cause are uncertain together. A value of several numbers has an error for each, or one for
    each of equally long runs of them, as the seven days of a week by the hour.
    """

    cause: str
    error: float | tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a value comes from: kind, words, and the number of rows behind it (None where rows mean nothing).

    ``spread`` says how uncertain it is, by independent causes; ``scale`` says where the errors add up: in the
    logarithm of the value, in its logit, or plainly.
    """

    kind: SourceKind
    text: str
    rows: int | None = None
    spread: tuple[Spread, ...] = ()
    scale: Literal["ln", "logit", "plain"] = "ln"


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


class FrozenDict(dict[str, Any]):
    """A dictionary that cannot be changed, so that a frozen scenario is frozen all the way down."""

    def _refuse(self, *_args: object, **_kwargs: object) -> Never:
        msg = "a scenario does not change; make a variant with replace() or vary()"
        raise TypeError(msg)

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self.items()))

    def __reduce__(self) -> tuple[type[FrozenDict], tuple[dict[str, Any]]]:
        return type(self), (dict(self),)


class Input(BaseModel):
    """A frozen part of a scenario.

    Unknown fields are refused and never dropped. In files, and in what :meth:`replace` is given, wrong types are
    refused and never guessed: a text is no number, and a whole number is no truth value.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=False)

    @model_validator(mode="after")
    def _freeze(self) -> Self:
        for name, value in self.__dict__.items():
            if type(value) is dict:
                self.__dict__[name] = FrozenDict(value)
        return self

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        # Nothing in it can change, so copies of what holds it may share it.
        return self

    @classmethod
    def checked(cls, data: Mapping[str, Any], source: str) -> Self:
        """Validate plain data or parts of a scenario, strictly.

        Parameters
        ----------
        data
            Values by field.
        source
            What is read, for the error's first words.

        Raises
        ------
        InputError
            With every fault, each with its place.
        """
        text = to_json(data, inf_nan_mode="constants", fallback=_plain)
        try:
            return cls.model_validate_json(text, strict=True)
        except ValidationError as error:
            raise InputError(source, faults_of(error, cls)) from None

    def replace(self, **changes: Any) -> Self:
        """Give a copy with some fields changed, checked like a file.

        Raises
        ------
        InputError
            A field does not exist, or its value is refused.
        """
        now = {name: getattr(self, name) for name in type(self).model_fields}
        return type(self).checked({**now, **changes}, type(self).__name__)


def _plain(value: Any) -> Any:
    """Give what JSON has for a value that it does not know: a number of NumPy's as a number, others as text."""
    return value.item() if isinstance(value, np.generic) else str(value)
