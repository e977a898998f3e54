"""Shapes of traffic over the hours of a day or of a whole week, as a file gives them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from annotated_types import Len
from pydantic import ValidationInfo

from pixelsim.scenario.base import Weight

__all__ = ["FLAT_WEEK", "Hours", "HoursOfWeek", "Weekdays", "one_shape", "some_hour"]

FLAT_WEEK = (1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0)

Hours = Annotated[tuple[Weight, ...], Len(24, 24)]
"""Weights of the local hours 0 to 23."""
Weekdays = Annotated[tuple[Weight, ...], Len(7, 7)]
"""Weights of Monday to Sunday."""
HoursOfWeek = Annotated[tuple[Weight, ...], Len(168, 168)]
"""Weights of the local hours of a week, Monday 00 first."""


def some_hour(hours: tuple[float, ...] | None) -> tuple[float, ...] | None:
    """Give the weights of hours back, for a validator.

    Raises
    ------
    ValueError
        All of them are 0.
    """
    if hours is not None and not any(hours):
        msg = "must be at least one hour above 0; give a shape"
        raise ValueError(msg)
    return hours


def one_shape(model: Any, hours: tuple[float, ...] | None, info: ValidationInfo) -> tuple[float, ...] | None:
    """Give the weights of a week back, for a validator of a class that has ``hours`` and ``weekdays`` as well.

    Raises
    ------
    ValueError
        All of them are 0, or hours or weekdays are given too, which would say the same twice.
    """
    if hours is not None and _given(model, info.data):
        msg = "must be the only shape, as it takes the place of hours and weekdays; leave these out, or hours_of_week"
        raise ValueError(msg)
    return some_hour(hours)


def _given(model: Any, data: Mapping[str, Any]) -> bool:
    """Whether hours or weekdays differ from their defaults."""
    fields = model.model_fields
    return any(name in data and data[name] != fields[name].default for name in ("hours", "weekdays"))
