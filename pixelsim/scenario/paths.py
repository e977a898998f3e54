"""Paths into a scenario: ``traffic.delivery[ag_1].daily_budget``; items of a list by id or by number.

An id may hold anything, dots, spaces and brackets too, so a path is read along the data that it leads through.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pixelsim.base.errors import UnknownNameError

__all__ = ["item_name", "put"]

_NAMES = ("id", "code", "ad_group", "website", "name")
_STEP = re.compile(r"\[[^\]]*\]|[^.\[]+|.")


def item_name(item: Any) -> str | None:
    """Give the text that names an item of a list in a path: its id, its code, or what it belongs to.

    Parameters
    ----------
    item
        An entry of plain data, or a part of a scenario.
    """
    for name in _NAMES:
        found = item.get(name) if isinstance(item, Mapping) else getattr(item, name, None)
        if isinstance(found, str):
            return found
    return None


def put(data: Any, path: str, value: Any) -> None:
    """Set one value of plain data in place.

    Parameters
    ----------
    data
        Nested dicts and lists.
    path
        Fields joined by dots; items of lists, and keys of tables of the user's, in brackets.
    value
        What to put there.

    Raises
    ------
    UnknownNameError
        The path leads nowhere; the message names the nearest places that exist.
    """
    here, done, rest = data, "", path
    while True:
        choices = _choices(here)
        step = max((c for c in choices if _begins(rest, c)), key=len, default=None)
        if step is None:
            tail = _STEP.sub("", rest, count=1)
            raise UnknownNameError("scenario path", path, [_join(done, c) + tail for c in _proper(here)] or [done])
        rest = rest[len(step) :]
        if not rest:
            here[choices[step]] = value
            return
        here, done, rest = here[choices[step]], _join(done, step), rest.removeprefix(".")


def _choices(here: Any) -> dict[str, str | int]:
    """Give the steps that lead on from a place, each with its key or number; an id goes before a number."""
    if isinstance(here, Mapping):
        return {name: name for name in here} | {f"[{name}]": name for name in here}
    if not isinstance(here, Sequence) or isinstance(here, str):
        return {}
    numbered: dict[str, str | int] = {}
    for number in range(len(here)):
        numbered |= {f"[{number}]": number, str(number): number}
    return numbered | {f"[{name}]": i for i, item in enumerate(here) if (name := item_name(item)) is not None}


def _proper(here: Any) -> list[str]:
    """List the steps that lead on from a place as they are best written: ids before numbers, brackets where needed."""
    if isinstance(here, Mapping):
        return [name if name.isidentifier() else f"[{name}]" for name in here]
    if not isinstance(here, Sequence) or isinstance(here, str):
        return []
    return [f"[{item_name(item) or number}]" for number, item in enumerate(here)]


def _begins(rest: str, step: str) -> bool:
    return rest.startswith(step) and (len(rest) == len(step) or rest[len(step)] in ".[")


def _join(done: str, step: str) -> str:
    return f"{done}.{step}" if done and not step.startswith("[") else done + step
