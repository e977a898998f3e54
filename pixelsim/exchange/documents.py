"""JSON as files hold it: every number kept as its digits, every fault with its line, never another exception."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pixelsim.base.errors import Fault, InputError

__all__ = ["NumberText", "as_row", "number_of", "parse_json", "read_documents", "rows_of", "text_of", "whole_of"]

LARGEST = 256 << 20
"""Bytes of a JSON file that is read at once; larger ones belong into JSON lines (assumption)."""

_SURROGATE = re.compile("[\ud800-\udfff]")


class NumberText(str):
    """A number of a JSON text as its digits, so that a long id loses none (field case P129)."""

    __slots__ = ()


def _no_constant(name: str) -> Any:
    msg = f"{name} is no number"
    raise ValueError(msg)


def _whole_text(value: Any) -> Any:
    """Replace half surrogate pairs, which no file can hold, in a text."""
    return _SURROGATE.sub("\ufffd", value) if isinstance(value, str) and not isinstance(value, NumberText) else value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {_whole_text(key): _whole_text(value) for key, value in pairs}


def parse_json(text: str, source: str, *, first_line: int = 1) -> Any:
    """Read one JSON text; numbers become :class:`NumberText`.

    Parameters
    ----------
    text
        The text.
    source
        Name of the file, for a refusal.
    first_line
        Line number of the text's first line in the file, from 1.

    Raises
    ------
    InputError
        The text is no JSON, has a number that is none (``NaN``), or is nested too deeply.
    """
    reason, line = "", first_line
    try:
        return json.loads(
            text,
            parse_int=NumberText,
            parse_float=NumberText,
            parse_constant=_no_constant,
            object_pairs_hook=_object,
        )
    except json.JSONDecodeError as error:
        reason, line = error.msg, first_line + error.lineno - 1
    except ValueError as error:
        reason = str(error)
    except RecursionError:
        reason = "nested too deeply"
    raise InputError.single(
        source, place=f"row {line}", field="text", value=reason, rule="JSON", remedy="save the answer again, as it came"
    )


def read_documents(path: Path) -> tuple[list[tuple[int, Any]], list[Fault]]:
    """Read the JSON values of a file: one value, or one on each line.

    Returns
    -------
    values : list of (int, value)
        Row number in the file at which each begins, and the value.
    faults : list of Fault
        Lines that are no JSON, where others are.

    Raises
    ------
    InputError
        The file is missing, empty, too large, no UTF-8 text, or has no JSON value.
    """
    text = _text(path)
    if not text.strip():
        raise InputError.single(
            path.name, field="file", value="empty", rule="a file with JSON", remedy="save the answer again"
        )
    try:
        return [(1, parse_json(text, path.name))], []
    except InputError as error:
        whole = error
    values: list[tuple[int, Any]] = []
    faults: list[Fault] = []
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            values.append((number, parse_json(line, path.name, first_line=number)))
        except InputError as error:
            faults += error.faults
    # Lines of a broken document may be JSON by chance (a bracket, a number); objects and lists make a file of lines.
    if len(faults) >= len(values) or not any(isinstance(v, dict | list) for _, v in values):
        raise whole
    return values, faults


def _text(path: Path) -> str:
    try:
        size = path.stat().st_size
        if size > LARGEST:
            raise InputError.single(
                path.name,
                field="file",
                value=f"{size >> 20} MB",
                rule=f"at most {LARGEST >> 20} MB of JSON",
                remedy="save it in several files",
            )
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        value, rule, remedy = f"byte {error.start}", "text in UTF-8, as the API answers", "save the answer as it came"
    except OSError as error:
        value, rule, remedy = str(path), f"a file that can be read ({error.strerror})", "check the path"
    raise InputError.single(path.name, field="file", value=value, rule=rule, remedy=remedy)


def text_of(row: Mapping[str, Any], *names: str) -> str | None:
    """Give the first of some fields that says something, as text; None for lists, objects, truth values and blanks."""
    for name in names:
        value = row.get(name)
        if isinstance(value, str) and value.strip() and value.strip() != "-":
            return str(value.strip())
    return None


def number_of(row: Mapping[str, Any], *names: str) -> float | None:
    """Give the first of some fields that is a finite number; None where there is none."""
    text = text_of(row, *names)
    if text is None or len(text) > 64:
        return None
    try:
        value = float(text)
    except ValueError:
        return None
    return value if abs(value) < float("inf") else None


def whole_of(row: Mapping[str, Any], name: str) -> int | None:
    """Give a field that is a whole number; None where it is none."""
    text = text_of(row, name)
    return int(text) if text is not None and re.fullmatch(r"-?[0-9]{1,18}", text) else None


def as_row(value: Any) -> Mapping[str, Any]:
    """Give an object as it is, and anything else as an empty one."""
    return value if isinstance(value, dict) else {}


def rows_of(value: Any) -> Iterator[Mapping[str, Any]]:
    """Give the objects of a list; anything else in it is passed over."""
    if isinstance(value, list):
        yield from (entry for entry in value if isinstance(entry, dict))
