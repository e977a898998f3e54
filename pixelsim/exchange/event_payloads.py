"""Events as they are sent: Events API in both versions, batches of them, and calls of the browser's pixel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pixelsim.base.errors import InputError
from pixelsim.exchange.documents import as_row, read_documents, rows_of, text_of
from pixelsim.exchange.event_table import EventTable, Gatherer
from pixelsim.exchange.times import TimeUnit

__all__ = ["events_in", "read_event_payloads"]

DEEPEST = 6


def read_event_payloads(path: str | Path, *, unit: TimeUnit | None = None, by_size: bool = False) -> EventTable:
    """Read events from JSON or JSON lines: bodies of Events API requests, and calls of the browser's pixel.

    Personal identifiers are hashed on reading; addresses, user agents and queries of pages are not kept.

    Parameters
    ----------
    path
        The file.
    unit, by_size
        Unit of the times where they are mixed (field case P133).

    Raises
    ------
    InputError
        The file cannot be read, has no event, or its times are in several units.
    """
    path = Path(path)
    values, faults = read_documents(path)
    out = Gatherer(path.name, unit, by_size)
    out.notes += [f"{f.place} is not read: {f.value}" for f in faults]
    number = 0
    for _, value in values:
        for kind, event in events_in(value):
            number += 1
            out.add(number, kind, event)
    if not number:
        raise InputError.single(
            path.name,
            field="events",
            value="none",
            rule="bodies of Events API requests, or calls of the pixel",
            remedy="save the request, not its answer",
        )
    return out.table()


def events_in(value: Any, *, depth: int = 0) -> Iterator[tuple[str, dict[str, Any]]]:
    """Find the events in a JSON value.

    Yields
    ------
    kind : str
        ``v2``, ``v1`` or ``browser``.
    event : dict
        Values by the names of the table's fields.
    """
    if depth > DEEPEST:
        return
    if isinstance(value, list):
        for entry in value:
            yield from events_in(entry, depth=depth + 1)
        return
    if not isinstance(value, dict):
        return
    if isinstance(value.get("data"), list) and "code" not in value:
        for item in rows_of(value["data"]):
            yield "v2", _v2(value, item)
    elif isinstance(value.get("batch"), list):
        for item in rows_of(value["batch"]):
            yield "v1", _v1({"pixel_code": value.get("pixel_code"), **item})
    elif "event" in value and "code" not in value:
        pixel = as_row(as_row(value.get("context")).get("pixel"))
        if "event_time" in value:
            yield "v2", _v2(value, value)
        elif pixel:
            yield "browser", {**_v1(value), "pixel": text_of(pixel, "code", "pixel_code"), "channel": "browser"}
        else:
            yield "v1", _v1(value)
    elif "code" not in value:
        for part in value.values():
            yield from events_in(part, depth=depth + 1)


def _first(value: Any) -> Any:
    """Give the first entry of a list, and anything else as it is; identifiers may come either way."""
    return (value[0] if value else None) if isinstance(value, list) else value


def _v2(head: Mapping[str, Any], item: Mapping[str, Any]) -> dict[str, Any]:
    user, properties, page = as_row(item.get("user")), as_row(item.get("properties")), as_row(item.get("page"))
    return {
        "pixel": text_of(item, "event_source_id", "pixel_code") or text_of(head, "event_source_id", "pixel_code"),
        "event": item.get("event"),
        "event_id": item.get("event_id"),
        "at": item.get("event_time"),
        "received_at": item.get("received_at"),
        "channel": text_of(item, "channel") or "server",
        "visitor": user.get("ttp"),
        "click_id": user.get("ttclid"),
        "email": _first(user.get("email")),
        "phone": _first(user.get("phone", user.get("phone_number"))),
        "external_id": _first(user.get("external_id")),
        "value": properties.get("value"),
        "currency": properties.get("currency"),
        "order_id": properties.get("order_id"),
        "page": page.get("url"),
    }


def _v1(item: Mapping[str, Any]) -> dict[str, Any]:
    context, properties = as_row(item.get("context")), as_row(item.get("properties"))
    user, page = as_row(context.get("user")), as_row(context.get("page"))
    return {
        "pixel": text_of(item, "pixel_code"),
        "event": item.get("event"),
        "event_id": item.get("event_id"),
        "at": item.get("timestamp"),
        "received_at": item.get("received_at"),
        "channel": "server",
        "visitor": user.get("ttp", user.get("anonymous_id")),
        "click_id": as_row(context.get("ad")).get("callback"),
        "email": _first(user.get("email")),
        "phone": _first(user.get("phone_number", user.get("phone"))),
        "external_id": _first(user.get("external_id")),
        "value": properties.get("value"),
        "currency": properties.get("currency"),
        "order_id": properties.get("order_id"),
        "page": page.get("url"),
    }
