"""What logs of web events tell about a model's inputs: shapes of traffic, delays to orders, and order values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pixelsim.exchange.conversion_delay import SeenDelays
from pixelsim.exchange.estimates import Estimate
from pixelsim.exchange.event_table import EventTable
from pixelsim.exchange.order_values import PURCHASE, event_values
from pixelsim.exchange.shapes import Hourly, hours_of, weekdays_of
from pixelsim.exchange.week_shape import hours_of_week

__all__ = ["EventEstimates", "event_estimates"]

PAGE_VIEW = "PageView"


@dataclass(frozen=True, slots=True, eq=False)
class EventEstimates:
    """All that events tell; a text says why something cannot be told.

    Parameters
    ----------
    hours, weekdays
        Shares of visits by hour of the website's clock (24, sum 1), and weights of weekdays (7, around 1).
    hours_of_week
        Weights of the hours of a week (168, around 1), where weekdays have hours of their own.
    delays
        Delays from clicks to orders.
    value
        Median and spread of order values.
    notes
        How the events were taken, in words.
    """

    hours: tuple[Estimate, ...] | str
    weekdays: tuple[Estimate, ...] | str
    hours_of_week: tuple[Estimate, ...] | str
    delays: SeenDelays | str
    value: tuple[Estimate, Estimate] | str
    notes: tuple[str, ...]


def event_estimates(tables: Sequence[EventTable], *, offset: int, currency: str | None) -> EventEstimates:
    """Estimate what events tell.

    Parameters
    ----------
    tables
        Events; copies with the same pixel, event and id count once, the earliest.
    offset
        Milliseconds east of UTC of the website's clock.
    currency
        Currency of the scenario; None takes that of the events.
    """
    if not tables:
        none = "no file has events"
        return EventEstimates(none, none, none, none, none, ())
    events, notes = _once(tables)
    source = " + ".join(table.source for table in tables)
    visits = events.loc[(events["event"] == PAGE_VIEW) & (events["channel"] == "browser")]
    what = "page views"
    if visits.empty:
        visits, what = events, "events of all kinds, as there are no page views"
    local = visits["at"].to_numpy(dtype="datetime64[ms]").astype(np.int64) + offset
    day = local // 86_400_000
    # The first and the last day of a log begin or end somewhere; only days between them are whole.
    local = local[(day > day.min()) & (day < day.max())] if len(day) else local
    hour = local // 3_600_000
    told = f"{source}, {what}"
    day = hour // 24
    daily = pd.Series(1.0, index=pd.to_datetime(day, unit="D")).groupby(level=0).sum()
    orders = events.loc[events["event"] == PURCHASE]
    rows = Hourly(day, hour % 24, np.ones(len(day)), told)
    weekdays = weekdays_of(daily, told, "visits relative to the mean day", len(day)) if len(daily) else "no whole day"
    return EventEstimates(
        hours=hours_of(rows),
        weekdays=weekdays,
        hours_of_week=hours_of_week(rows, weekdays),
        delays=_delays(events, orders, source),
        value=event_values(orders, currency, source),
        notes=tuple(notes),
    )


def _once(tables: Sequence[EventTable]) -> tuple[pd.DataFrame, list[str]]:
    """Put events together: those with a time, of the pixel that has most, each id once."""
    frame = pd.concat([table.frame for table in tables], ignore_index=True)
    events = frame.loc[frame["at"].notna()].sort_values("at", kind="stable", ignore_index=True)
    notes = []
    pixels = events["pixel"].value_counts()
    if len(pixels) > 1:
        # A page with two pixels sends every event to both; adding them up would count each visit twice.
        events = events.loc[events["pixel"] == pixels.index[0]]
        notes.append(
            f"events of pixel {pixels.index[0]} are used, which has most; {len(pixels) - 1} other pixels left out"
        )
    with_id = events["event_id"].notna()
    again = with_id & events.duplicated(["event", "event_id"], keep="first")
    if again.any():
        notes.append(f"{int(again.sum())} copies of events with the same id count once")
    return events.loc[~again], notes


def _delays(events: pd.DataFrame, orders: pd.DataFrame, source: str) -> SeenDelays | str:
    """Find the first order after each click: by the order's own click id, else by its visitor's last click.

    A click is the first event that carries its click id; only the first order of a click counts.
    """
    clicked = events.loc[events["click_id"].notna()]
    if clicked.empty:
        return "no event has a click id"
    first = clicked.drop_duplicates("click_id").set_index("click_id")["at"]
    own = orders.loc[orders["click_id"].notna(), ["at", "click_id"]]
    found = [own.assign(clicked=own["click_id"].map(first))]
    known = clicked.loc[clicked["visitor"].notna()].drop_duplicates("click_id")[["at", "visitor", "click_id"]]
    bare = orders.loc[orders["click_id"].isna() & orders["visitor"].notna(), ["at", "visitor"]]
    if len(known) and len(bare):
        joined = pd.merge_asof(
            bare, known.rename(columns={"at": "clicked"}), left_on="at", right_on="clicked", by="visitor"
        )
        found.append(joined[["at", "click_id", "clicked"]])
    pairs = pd.concat(found, ignore_index=True).dropna().sort_values("at", kind="stable")
    # An order that is itself the first to carry its click id shows no click before it.
    pairs = pairs.loc[pairs["at"] > pairs["clicked"]].drop_duplicates("click_id")
    if pairs.empty:
        return "no order follows an event with its click id or visitor"
    seconds = np.asarray((pairs["at"] - pairs["clicked"]).dt.total_seconds(), dtype=np.float64)
    watched = np.asarray((events["at"].max() - pairs["clicked"]).dt.total_seconds(), dtype=np.float64)
    return SeenDelays(seconds, watched, source)
