"""Event statistics of the Business API: events received by channel, and attributed to the asking account's ads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from pixelsim.exchange.answers import Answer
from pixelsim.exchange.documents import number_of, rows_of, text_of
from pixelsim.exchange.event_names import standard_event

__all__ = ["STATISTICS", "stats_of"]

STATISTICS = {
    "total_count": "total",
    "browser_event_total_count": "browser",
    "server_event_total_count": "server",
    "attributed_count": "attributed",
    "preview_count": "previews",
}
"""Counts of the statistics call, and what they are called here."""


def stats_of(answers: Iterable[Answer]) -> pd.DataFrame:
    """Give the event statistics of all answers of ``pixel/event/stats``, one row for each pixel and event.

    Returns
    -------
    DataFrame
        ``pixel_id``, ``event`` (today's name), ``custom`` (bool), ``total`` (browser and server together), ``browser``,
        ``server``, ``attributed`` (to ads of the account that asked, never pixel-wide), ``previews`` (float64, NaN =
        not said), ``start_date``, ``end_date`` (UTC days as asked for, if known) and ``place``.
    """
    rows: list[list[Any]] = []
    for answer in answers:
        for pixel in answer.rows:
            listed = pixel.get("statistics")
            rows += [_stat(answer, pixel, entry) for entry in rows_of(listed)]
    names = ["pixel_id", "event", "custom", *STATISTICS.values(), "start_date", "end_date", "place"]
    frame = pd.DataFrame(rows, columns=names)
    return frame.astype(dict.fromkeys(STATISTICS.values(), float))


def _stat(answer: Answer, pixel: Mapping[str, Any], entry: Mapping[str, Any]) -> list[Any]:
    standard, custom = text_of(entry, "pixel_event_type"), text_of(entry, "custom_event_type")
    name = standard_event(standard) if standard is not None else custom
    counts = [number_of(entry, field) for field in STATISTICS]
    asked = answer.asked
    return [
        text_of(pixel, "pixel_id"),
        name,
        standard is None,
        *counts,
        asked.get("start_date"),
        asked.get("end_date"),
        answer.place,
    ]
