"""Scenario files: TOML in, with every fault at its place, and TOML out, with a comment on where values come from."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.items import AoT, Table

from pixelsim.base.errors import InputError
from pixelsim.base.files import write_text
from pixelsim.scenario.paths import item_name
from pixelsim.scenario.scenario import Scenario

__all__ = ["dump_scenario", "load_scenario", "write_scenario"]


def load_scenario(path: str | Path) -> Scenario:
    """Read a scenario file.

    Raises
    ------
    InputError
        The file is missing, is no TOML, or has faults; all of them are listed, each with its path.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError.single(
            str(path), field="file", value=reason, rule="a file that can be read", remedy="check the path"
        ) from None
    except UnicodeDecodeError:
        raise InputError.single(
            str(path), field="file", value="undecodable bytes", rule="UTF-8 text", remedy="save the file as UTF-8"
        ) from None
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        told, _, where = str(error).rstrip(")").rpartition(" (at ")
        remedy = "mend what stands there" if told else "mend the file"
        raise InputError.single(
            str(path), field="file", value=told or where, rule="valid TOML", remedy=remedy, place=where if told else "$"
        ) from None
    return Scenario.read(data, source=str(path))


def dump_scenario(scenario: Scenario) -> str:
    """Write a scenario as TOML text; values whose source is known carry it as a comment.

    Fields that hold their default are left out, so that a file shows what is special about a scenario.
    """
    data = scenario.model_dump(mode="json", exclude_defaults=True, exclude_none=True)
    for step, written in zip(scenario.plan.steps, data.get("plan", {}).get("steps", []), strict=True):
        written["action"] = {"do": step.action.do, **written["action"]}
    sources = data.pop("sources", {})
    document = tomlkit.document()
    document.add(tomlkit.comment(_line(f"pixelsim scenario {scenario.name}")))
    _fill(document, data, "", {path: _told(source) for path, source in sources.items()})
    if sources:
        document["sources"] = {path: _one_line(source) for path, source in sources.items()}
    return tomlkit.dumps(document)


def _one_line(source: dict[str, Any]) -> dict[str, Any]:
    """Give a source whose spread, if it has one, stands on a single line."""
    if "spread" not in source:
        return source
    causes = tomlkit.array()
    for cause in source["spread"]:
        causes.append(tomlkit.inline_table().append("cause", cause["cause"]).append("error", cause["error"]))
    return {**source, "spread": causes}


def _told(source: dict[str, Any]) -> str:
    rows = source.get("rows")
    return _line(f"{source['kind']}: {source['text']}" + (f", {rows} rows" if rows is not None else ""))


def _line(text: str) -> str:
    """Give a text that can stand in a comment: one line, nothing but what can be printed."""
    return "".join(character if character.isprintable() else " " for character in text)


def _fill(target: Any, data: dict[str, Any], path: str, told: dict[str, str]) -> None:
    plain = {k: v for k, v in data.items() if not _is_table(v)}
    tables = {k: v for k, v in data.items() if _is_table(v)}
    for key, value in plain.items():
        item = tomlkit.item(value)
        note = told.get(f"{path}{key}")
        if note is not None:
            item.comment(note)
        target.add(key, item)
    for key, value in tables.items():
        if isinstance(value, dict):
            table: Table = tomlkit.table()
            _fill(table, value, f"{path}{key}.", told)
            target.add(key, table)
        else:
            array: AoT = tomlkit.aot()
            for i, entry in enumerate(value):
                row = tomlkit.table()
                _fill(row, entry, f"{path}{key}[{item_name(entry) or i}].", told)
                array.append(row)
            target.add(key, array)


def _is_table(value: Any) -> bool:
    if isinstance(value, dict):
        return True
    return isinstance(value, list) and bool(value) and all(isinstance(v, dict) for v in value)


def write_scenario(scenario: Scenario, path: str | Path) -> None:
    """Write a scenario file, whole or not at all."""
    write_text(Path(path), dump_scenario(scenario))
