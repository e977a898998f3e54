"""Saved answers of the Business API: what was asked, whether it succeeded inside, and whether pages are missing.

Nearly every answer comes with HTTP status 200; the number ``code`` inside decides: 0 success, 20001 partial success,
anything else failure (field case P138). An answer that failed says nothing about what exists (field case P07).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pixelsim.exchange.documents import as_row, rows_of, text_of, whole_of

__all__ = ["ENDPOINTS", "Answer", "AnswerStatus", "answers_in", "endpoint_named", "overall"]

AnswerStatus = Literal["complete", "partial", "failed"]

PARTIAL = 20001
"""Code of a partial success."""

ENDPOINTS = (
    *("report/integrated/get", "bc/get", "bc/asset/get", "bc/asset/admin/get", "bc/partner/get"),
    *("bc/asset/partner/get", "bc/pixel/link/get", "pixel/list", "pixel/event/stats", "campaign/get"),
    *("adgroup/get", "ad/get", "advertiser/info"),
)
"""Calls whose answers are read."""

ASKED = ("bc_id", "advertiser_id", "pixel_code", "asset_id", "asset_type", "start_date", "end_date", "data_level")
"""Parameters of a call that its answer does not repeat."""

DEEPEST = 6

_ID = re.compile(r"(?<![0-9A-Za-z])[0-9]{15,20}(?![0-9A-Za-z])")
_PIXEL_CODE = re.compile(r"(?<![0-9A-Za-z])(?=[A-Z0-9]*[A-Z])(?=[A-Z0-9]*[0-9])[A-Z0-9]{20}(?![0-9A-Za-z])")
_ASSET_TYPE = re.compile(r"(?<![A-Z])(PIXEL|ADVERTISER|CATALOG)(?![A-Z])")
_BODY = ("response", "body", "answer", "json")
_REQUEST = ("request", "params", "query", "asked")
_NAME = ("path", "endpoint", "url")


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """One answer.

    Parameters
    ----------
    endpoint
        Which call it answers, such as ``pixel/list``; None where neither name nor content tells.
    place
        File, and place in it.
    status
        ``complete`` (code 0), ``partial`` (code 20001, or no code at all), ``failed``.
    code, message
        As the answer has them; None for a code that is missing or no number.
    rows
        The objects of its list.
    page, pages, total
        Number of this page, of all pages, and of all rows, as the answer says; None where it does not.
    asked
        Parameters of the call, as far as a saved request or the name of the file tells.
    """

    endpoint: str | None
    place: str
    status: AnswerStatus
    code: int | None
    message: str
    rows: tuple[Mapping[str, Any], ...] = ()
    page: int | None = None
    pages: int | None = None
    total: int | None = None
    asked: Mapping[str, str] = field(default_factory=dict)


def endpoint_named(name: str) -> str | None:
    """Find a call in the name of a file or key, whatever stands between its words; the longest that fits."""
    folded = "/" + re.sub(r"[^a-z0-9]+", "/", name.lower()) + "/"
    if "/request/" in folded:
        return None
    found = [e for e in ENDPOINTS if f"/{e}/" in folded]
    return max(found, key=len, default=None)


def _shaped(rows: tuple[Mapping[str, Any], ...], data: Mapping[str, Any]) -> str | None:
    """Find a call by the shape of its answer."""
    if "pixels" in data:
        return "pixel/list"
    first = rows[0] if rows else {}
    keys = set(first)
    shapes: tuple[tuple[frozenset[str], str], ...] = (
        (frozenset({"dimensions", "metrics"}), "report/integrated/get"),
        (frozenset({"bc_info"}), "bc/get"),
        (frozenset({"asset_id", "asset_type", "relation_status"}), "bc/asset/admin/get"),
        (frozenset({"asset_id", "asset_type"}), "bc/asset/get"),
        (frozenset({"pixel_id", "statistics"}), "pixel/event/stats"),
        (frozenset({"ad_id", "ad_name"}), "ad/get"),
        (frozenset({"adgroup_id", "adgroup_name"}), "adgroup/get"),
        (frozenset({"campaign_id", "campaign_name"}), "campaign/get"),
        (frozenset({"advertiser_id", "timezone"}), "advertiser/info"),
        (frozenset({"bc_id", "bc_name"}), "bc/partner/get"),
    )
    return next((name for needed, name in shapes if needed <= keys), None)


def _asked(request: Any, name: str, endpoint: str | None) -> dict[str, str]:
    """Gather the parameters of a call: from a saved request, else from ids in the name."""
    found = {k: v for k in ASKED if (v := text_of(as_row(request), k)) is not None}
    codes, ids, kinds = set(_PIXEL_CODE.findall(name)), set(_ID.findall(name)), set(_ASSET_TYPE.findall(name.upper()))
    if len(codes) == 1:
        found.setdefault("pixel_code", codes.pop())
    if len(kinds) == 1:
        found.setdefault("asset_type", kinds.pop())
    if len(ids) == 1 and endpoint is not None and endpoint != "bc/asset/partner/get":
        found.setdefault("bc_id" if endpoint.startswith("bc/") else "advertiser_id", ids.pop())
    return found


def _answer(value: Mapping[str, Any], name: str, place: str, request: Any) -> Answer:
    data = as_row(value.get("data"))
    listed = value.get("data") if isinstance(value.get("data"), list) else data.get("list", data.get("pixels"))
    rows = tuple(rows_of(listed))
    code = whole_of(value, "code")
    status: AnswerStatus = "complete" if code == 0 else "failed"
    if code == PARTIAL or (code is None and "code" not in value):
        status = "partial"
    if code == 0 and not isinstance(listed, list) and endpoint_named(name) is not None:
        # The answer of a call that lists must have a list, or nothing was listed.
        status = "failed"
    info = as_row(data.get("page_info"))
    endpoint = endpoint_named(name) or _shaped(rows, data)
    return Answer(
        endpoint=endpoint,
        place=place,
        status=status,
        code=code,
        message=text_of(value, "message") or ("no code" if code is None else "no list of rows"),
        rows=rows if status != "failed" else (),
        page=whole_of(info, "page"),
        pages=whole_of(info, "total_page"),
        total=whole_of(info, "total_number"),
        asked=_asked(request, name, endpoint),
    )


def answers_in(value: Any, name: str, place: str, *, depth: int = 0) -> Iterator[Answer]:
    """Find the answers in a JSON value: one, a list, several by name, or report rows on their own.

    Parameters
    ----------
    value
        What a file holds.
    name
        Name of the file or key, in which the call and its parameters may be told.
    place
        Where it stands, for people.
    """
    if depth > DEEPEST:
        return
    if isinstance(value, list):
        rows = tuple(r for r in rows_of(value) if {"dimensions", "metrics"} <= set(r))
        if rows:
            yield Answer("report/integrated/get", place, "complete", None, "rows without an envelope", rows)
        for at, entry in enumerate(value):
            if isinstance(entry, dict) and not {"dimensions", "metrics"} <= set(entry):
                yield from answers_in(entry, name, f"{place}[{at}]", depth=depth + 1)
    elif isinstance(value, dict):
        if {"dimensions", "metrics"} <= set(value):
            yield Answer("report/integrated/get", place, "complete", None, "rows without an envelope", (value,))
        elif "code" in value and ("message" in value or "data" in value):
            yield _answer(value, name, place, None)
        elif "page_info" in value or isinstance(value.get("list"), list):
            yield _answer({"data": value}, name, place, None)
        else:
            yield from _wrapped(value, name, place, depth)


def _wrapped(value: Mapping[str, Any], name: str, place: str, depth: int) -> Iterator[Answer]:
    body = next((value[k] for k in _BODY if isinstance(value.get(k), dict)), None)
    if body is not None and ("code" in body or "data" in body):
        told = text_of(value, *_NAME)
        request = next((value[k] for k in _REQUEST if isinstance(value.get(k), dict)), None)
        yield _answer(body, f"{name} {told or ''}", place, request)
        return
    for key, part in value.items():
        if isinstance(part, dict | list):
            # A name of its own wins: the file's could name another call.
            inner = key if endpoint_named(key) is not None else f"{name} {key}"
            yield from answers_in(part, inner, f"{place}: {key}", depth=depth + 1)


def overall(statuses: list[AnswerStatus], *, incomplete: bool) -> AnswerStatus:
    """Give the status of several answers together: complete only if all are, failed if none succeeded."""
    if not statuses or all(s == "failed" for s in statuses):
        return "failed"
    return "partial" if incomplete or any(s != "complete" for s in statuses) else "complete"
