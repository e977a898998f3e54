"""In which detail traffic is simulated: event by event, or in counts at a cost that does not depend on traffic."""

from __future__ import annotations

from typing import Literal

from pixelsim.base.errors import InputError

__all__ = ["DETAILS", "Detail", "check_detail"]

Detail = Literal["events", "counts"]
DETAILS: tuple[Detail, ...] = ("events", "counts")


def check_detail(detail: str) -> None:
    """Refuse a detail that does not exist.

    Raises
    ------
    InputError
        It is neither ``"events"`` nor ``"counts"``.
    """
    if detail not in DETAILS:
        raise InputError.single(
            "study", field="detail", value=detail, rule=" or ".join(DETAILS), remedy="choose one of them"
        )
