"""Events in the shapes in which they are sent: Events API 2 requests of servers, and calls of the browser's pixel."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from pixelsim.base.errors import InputError
from pixelsim.base.files import write_text
from pixelsim.exchange.event_table import EventTable
from pixelsim.exchange.export_api import number_text

__all__ = ["BATCH", "write_event_payloads"]

BATCH = 1000
"""Events of one request at most; with more the platform refuses all of them."""


def write_event_payloads(events: EventTable | pd.DataFrame, path: str | Path, *, batch: int = BATCH) -> Path:
    """Write events as JSON lines: one request or call on each line, in the order of the events.

    :func:`~pixelsim.exchange.event_payloads.read_event_payloads` gives the same events back, except that times of
    server events are cut to the second, as that request has them, and that neither shape has a time of receipt.
    Identifiers stay hashed.

    Parameters
    ----------
    events
        Events, or a table with the columns of :data:`~pixelsim.exchange.event_table.FIELDS` that it has; ``event`` and
        ``at`` in every row.
    path
        The file.
    batch
        Server events of one request, 1 to 1,000.

    Raises
    ------
    InputError
        A row has no event or no time, or the file cannot be written.
    """
    path = Path(path)
    frame = events.frame if isinstance(events, EventTable) else events
    lost = [c for c in ("event", "at") if c not in frame.columns or frame[c].isna().any()]
    if lost or frame.empty or not 1 <= batch <= BATCH:
        raise InputError.single(
            path.name,
            field=", ".join(lost) or ("rows" if frame.empty else "batch"),
            value="missing" if lost else ("none" if frame.empty else batch),
            rule="event and time in every row, and 1 to 1,000 events in a request",
            remedy="leave out rows without them",
        )
    lines = [json.dumps(v, ensure_ascii=True, allow_nan=False) for v in _payloads(frame, batch)]
    try:
        write_text(path, "\n".join(lines) + "\n")
    except OSError as error:
        rule = f"a file that can be written ({error.strerror})"
        raise InputError.single(path.name, field="path", value=path, rule=rule, remedy="choose another place") from None
    return path


def _payloads(frame: pd.DataFrame, batch: int) -> Iterator[dict[str, Any]]:
    """Give the requests and calls; server events of one pixel that follow each other share a request."""
    items: list[dict[str, Any]] = []
    pixel: str | None = None

    def request() -> Iterator[dict[str, Any]]:
        if items:
            head = {"event_source": "web", **({"event_source_id": pixel} if pixel is not None else {})}
            yield {**head, "data": list(items)}
            items.clear()

    for row in frame.to_dict("records"):
        own = _text(row, "pixel")
        if row.get("channel") == "browser":
            yield from request()
            yield _call(row, own)
            continue
        if own != pixel or len(items) >= batch:
            yield from request()
            pixel = own
        items.append(_item(row))
    yield from request()


def _text(row: dict[Any, Any], name: str) -> str | None:
    value = row.get(name)
    return None if value is None or pd.isna(value) else str(value)


def _present(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value not in (None, {}, [])}


def _properties(row: dict[Any, Any]) -> dict[str, Any]:
    value = row.get("value")
    amount = None if value is None or math.isnan(value) else json.loads(number_text(value))
    return _present(value=amount, currency=_text(row, "currency"), order_id=_text(row, "order_id"))


def _page(row: dict[Any, Any]) -> dict[str, Any]:
    page = _text(row, "page")
    return {} if page is None else {"url": f"https://{page}"}


def _item(row: dict[Any, Any]) -> dict[str, Any]:
    user = _present(
        ttp=_text(row, "visitor"),
        ttclid=_text(row, "click_id"),
        email=[e] if (e := _text(row, "email")) else None,
        phone=[p] if (p := _text(row, "phone")) else None,
        external_id=[x] if (x := _text(row, "external_id")) else None,
    )
    return {
        "event": str(row["event"]),
        "event_time": pd.Timestamp(row["at"]).value // 1_000_000_000,
        **_present(event_id=_text(row, "event_id"), user=user, properties=_properties(row), page=_page(row)),
    }


def _call(row: dict[Any, Any], pixel: str | None) -> dict[str, Any]:
    user = _present(
        anonymous_id=_text(row, "visitor"),
        email=_text(row, "email"),
        phone_number=_text(row, "phone"),
        external_id=_text(row, "external_id"),
    )
    click = _text(row, "click_id")
    context = _present(user=user, page=_page(row), ad={} if click is None else {"callback": click})
    stamp = pd.Timestamp(row["at"]).isoformat(timespec="milliseconds")
    return {
        "event": str(row["event"]),
        "timestamp": f"{stamp}Z",
        "context": {"pixel": {"code": pixel or ""}, **context},
        **_present(event_id=_text(row, "event_id"), properties=_properties(row)),
    }
