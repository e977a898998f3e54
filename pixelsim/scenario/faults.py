"""From what a validator says to what a user can act on: place, field, value, rule and remedy of each fault."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from pixelsim.base.errors import Fault, nearest

__all__ = ["faults_of"]

Place = tuple[str | int, ...]

_RULES = {
    "missing": ("present", "add it"),
    "missing_keyword_only_argument": ("present", "add it"),
    "missing_argument": ("present", "add it"),
    "union_tag_not_found": ("an action with a field 'do'", 'say what is done, such as do = "link_pixel"'),
    "timezone_aware": ("an instant with a time zone", "add an offset such as +00:00"),
    "string_type": ("text", "put it in quotes"),
    "int_type": ("a whole number", "write it without quotes and without decimals"),
    "int_from_float": ("a whole number", "write it without decimals"),
    "float_type": ("a number", "write it without quotes"),
    "bool_type": ("true or false", "write it without quotes"),
    "finite_number": ("a finite number", "correct the value"),
    "dict_type": ("a table of names and values", "write [name] above its lines"),
    "model_type": ("a table of fields", "write its fields in { } or below [name]"),
    "model_attributes_type": ("a table of fields", "write its fields in { } or below [name]"),
    "dataclass_type": ("a table of fields", "write its fields in { } or below [name]"),
    "tuple_type": ("a list", "write it in [ ]"),
    "list_type": ("a list", "write it in [ ]"),
    "string_too_short": ("text that is not empty", "give it one"),
    "string_pattern_mismatch": ("three capital letters", "write a currency as ISO 4217 names it, such as USD"),
}
_BOUNDS = {
    "greater_than_equal": ("ge", "at least"),
    "greater_than": ("gt", "above"),
    "less_than_equal": ("le", "at most"),
    "less_than": ("lt", "below"),
}
_UNKNOWN_FIELDS = {"extra_forbidden", "unexpected_keyword_argument"}


def faults_of(error: ValidationError, model: type[BaseModel]) -> list[Fault]:
    """Give each fault that a validator found, in the order of the fields.

    Parameters
    ----------
    error
        What was found; its places may hold the tags of unions, which are no part of a user's file.
    model
        What was validated, whose field names help against slips of the pen.
    """
    return [_fault(details, model) for details in error.errors(include_url=False)]


def _fault(details: ErrorDetails, model: type[BaseModel]) -> Fault:
    kind, loc = details["type"], details["loc"]
    steps = _without_tags(loc, model)
    value = "" if kind.startswith("missing") else _shown(details["input"])
    if kind == "union_tag_invalid":
        steps, value = (*steps, "do"), str(details["ctx"]["tag"])
        known = [tag.strip("' ") for tag in str(details["ctx"]["expected_tags"]).split(",")]
        rule, remedy = "an action that exists", f"choose {_either(nearest(value, known) or known)}"
    elif kind in _UNKNOWN_FIELDS:
        close = nearest(str(steps[-1]), _fields(model, loc[:-1]))
        rule = "a field that exists"
        remedy = f"write {_either(close)}, or remove it" if close else "remove it, or correct its name"
    elif kind in _RULES:
        rule, remedy = _RULES[kind]
    elif kind in _BOUNDS:
        name, words = _BOUNDS[kind]
        rule, remedy = f"{words} {details['ctx'][name]:g}", "correct the value"
    elif kind in {"too_short", "too_long"}:
        bound = details["ctx"].get("min_length", details["ctx"].get("max_length"))
        rule, remedy = f"a list of {bound} entries", f"give {bound} instead of {details['ctx']['actual_length']}"
    else:
        text = details["msg"].removeprefix("Value error, ").removeprefix("Input should be ").removeprefix("must be ")
        rule, _, told = text.partition("; ")
        remedy = told or "correct the value"
    field = next((str(step) for step in reversed(steps) if isinstance(step, str)), "scenario")
    return Fault(written(steps), field, value, rule, remedy)


def written(steps: Place) -> str:
    """Write a place as people read it: ``$.plan.steps[0].day``."""
    return "$" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)


def _shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _either(names: Sequence[str]) -> str:
    return " or ".join(names) if len(names) < 4 else ", ".join(names)


@functools.cache
def _schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """Keep a model's schema, which takes as long to make as many files take to read."""
    return model.model_json_schema()


def _schema(model: type[BaseModel], loc: Place) -> tuple[Place, dict[str, Any]]:
    """Follow a place through the schema of a model: the place without tags of unions, and the schema there."""
    root = _schema_of(model)
    here: dict[str, Any] = root
    steps: list[str | int] = []
    for step in loc:
        here = _resolved(here, root)
        if isinstance(step, int):
            here = here.get("items", {})
        elif "discriminator" in here:
            here = {"$ref": here["discriminator"]["mapping"].get(step, "")}
            continue
        else:
            here = here.get("properties", {}).get(step, here.get("additionalProperties") or {})
        steps.append(step)
    return tuple(steps), _resolved(here, root)


def _resolved(schema: Any, root: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(schema, dict):
        return {}
    if "$ref" in schema:
        found: dict[str, Any] = root["$defs"].get(schema["$ref"].rpartition("/")[2], {})
        return found
    tables = [one for one in schema.get("anyOf", []) if "$ref" in one]
    return _resolved(tables[0], root) if tables else schema


def _without_tags(loc: Place, model: type[BaseModel]) -> Place:
    return _schema(model, loc)[0]


def _fields(model: type[BaseModel], loc: Place) -> list[str]:
    return list(_schema(model, loc)[1].get("properties", {}))
