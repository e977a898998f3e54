"""When an ad group may deliver by the clock alone: its dates, its review, and the half hours of its week."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from pixelsim.base.clock import MINUTE
from pixelsim.world.entities import AdGroup

__all__ = ["HALF_HOUR", "SLOTS", "WEEK", "dayparting_fits", "flips", "in_daypart", "open_spans", "opens_at"]

HALF_HOUR = 30 * MINUTE
SLOTS = 48 * 7
"""Half hours of a week: the API writes dayparting as a text of 48 x 7 zeros and ones."""
WEEK = SLOTS * HALF_HOUR


def dayparting_fits(text: str) -> bool:
    """Whether a text is a grid of half hours: 336 times "0" or "1", with at least one "1"."""
    return len(text) == SLOTS and "1" in text and set(text) <= {"0", "1"}


def in_daypart(ad_group: AdGroup, week_start: int, at: int) -> bool:
    """Whether an instant lies in a half hour of the week in which an ad group may deliver.

    Parameters
    ----------
    week_start
        A midnight before a Monday on the account's clock, in ms since the scenario's start.
    at
        Milliseconds since the scenario's start.
    """
    grid = ad_group.dayparting
    return grid is None or grid[(at - week_start) // HALF_HOUR % SLOTS] == "1"


def opens_at(ad_group: AdGroup, week_start: int, at: int) -> int | None:
    """Give the first instant from ``at`` on at which dates, review and dayparting let an ad group deliver, or None."""
    first = max(at, ad_group.start, ad_group.review_until)
    grid = ad_group.dayparting
    if grid is not None and not in_daypart(ad_group, week_start, first):
        slot = (first - week_start) // HALF_HOUR
        ahead = next((n for n in range(1, SLOTS) if grid[(slot + n) % SLOTS] == "1"), None)
        if ahead is None:
            return None
        first = week_start + (slot + ahead) * HALF_HOUR
    return None if ad_group.end is not None and first >= ad_group.end else first


def flips(ad_group: AdGroup, week_start: int, start: int, end: int) -> Iterator[int]:
    """Give the instants between two others, both excluded, at which dayparting begins or ends delivery, ascending."""
    grid = ad_group.dayparting
    if grid is None:
        return
    for slot in range((start - week_start) // HALF_HOUR + 1, -((week_start - end) // HALF_HOUR)):
        if grid[slot % SLOTS] != grid[(slot - 1) % SLOTS]:
            yield week_start + slot * HALF_HOUR


def open_spans(ad_group: AdGroup, week_start: int, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Give the intervals (from, to) between two instants in which the clock alone lets an ad group deliver."""
    begin = max(start, ad_group.start, ad_group.review_until)
    upto = end if ad_group.end is None else min(end, ad_group.end)
    if begin < upto:
        for one, two in itertools.pairwise([begin, *flips(ad_group, week_start, begin, upto), upto]):
            if in_daypart(ad_group, week_start, one):
                yield one, two
