"""What is wrong with a stream of events: duplicates, ids, pixels, lateness, values and currencies, with row numbers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pixelsim.base.clock import MINUTE, SECOND
from pixelsim.exchange.event_names import is_standard
from pixelsim.exchange.event_table import EventTable
from pixelsim.traffic.dedup import BROWSER, SERVER, DedupOutcome, DedupRule, deduplicate

__all__ = ["Audit", "audit_events"]

Mask = NDArray[np.bool_]
Longs = NDArray[np.int64]

LATE_DAYS = 7.0
"""Events that arrive later than the default click window can no longer be credited (assumption: 7 days)."""

SAME_PAGE = 2 * SECOND
"""Calls of several pixels on one page within this time belong to one view of it (assumption)."""

ABSURD = 1000.0
"""A value this many times the median of its event and currency is absurd (assumption)."""

FEWEST_VALUES = 10
"""Values from which a median says something (assumption)."""

SHOWN_ROWS = 20

VALUED = ("Purchase", "InitiateCheckout", "AddToCart")


@dataclass(frozen=True, eq=False)
class Audit:
    """Findings about events.

    Parameters
    ----------
    findings
        ``finding``, ``count`` (events concerned), ``of`` (events looked at), ``share``, ``rows`` (numbers of the first
        rows, as text), ``meaning`` and ``remedy``. Findings that were looked for and not found have count 0.
    coverage
        Values by event: ``event``, ``events``, ``with_value``, ``with_currency``, ``share`` (both), ``currencies``.
    dedup
        Events by outcome: ``kept``, ``merged``, ``duplicate``, ``repeat``.
    outcome
        Outcome of each event, in the order of the table: codes of :class:`~pixelsim.traffic.dedup.DedupOutcome`.
    not_told
        What the events do not say, so that it could not be looked for.
    source
        Name of the file.
    """

    findings: pd.DataFrame
    coverage: pd.DataFrame
    dedup: dict[str, int]
    outcome: NDArray[np.int8]
    not_told: tuple[str, ...]
    source: str

    def count(self, finding: str) -> int:
        """Give how many events a finding concerns; 0 if it was not looked for."""
        rows = self.findings.loc[self.findings["finding"] == finding, "count"]
        return int(rows.sum())

    def __repr__(self) -> str:
        found = int((self.findings["count"] > 0).sum())
        return f"<Audit {self.source}: {sum(self.dedup.values())} events, {self.dedup['kept']} count, {found} findings>"


class _Findings:
    """Collects findings."""

    def __init__(self, rows: Longs) -> None:
        self.source_row = rows
        self.made: list[tuple[str, int, int, float, str, str, str]] = []

    def add(self, finding: str, mask: Mask, meaning: str, remedy: str, *, of: int | None = None) -> None:
        """Add a finding about the events of a mask."""
        count, total = int(np.count_nonzero(mask)), len(mask) if of is None else of
        found = self.source_row[np.flatnonzero(mask)[:SHOWN_ROWS]]
        rows = ", ".join(map(str, found.tolist())) + (", ..." if count > SHOWN_ROWS else "")
        self.made.append((finding, count, total, count / total if total else 0.0, rows, meaning, remedy))


def _numbers(values: pd.Series) -> Longs:
    """Give numbers to the distinct values of a column; -1 where missing."""
    codes, _ = pd.factorize(values, use_na_sentinel=True)
    return np.asarray(codes, dtype=np.int64)


def _ms(times: pd.Series) -> Longs:
    return times.to_numpy(dtype="datetime64[ms]").astype(np.int64)


def audit_events(events: EventTable, *, rule: DedupRule | None = None, late_days: float = LATE_DAYS) -> Audit:
    """Look for what makes a pixel's numbers wrong.

    Parameters
    ----------
    events
        The events.
    rule
        Windows of deduplication; the platform's own when left out.
    late_days
        Days after which an event counts as late.
    """
    frame = events.frame
    rows = frame["source_row"].to_numpy(dtype=np.int64)
    found = _Findings(rows)
    not_told: list[str] = []
    outcome, dedup = _duplicates(frame, found, rule or DedupRule(), not_told)
    _ids(frame, found, not_told)
    _pixels(frame, found, not_told)
    _times(frame, found, late_days, not_told)
    _values(frame, found)
    refused = events.rejects["row"].nunique()
    notes = [*not_told, f"{refused} rows have cells that could not be read; see rejects"] if refused else not_told
    columns = ["finding", "count", "of", "share", "rows", "meaning", "remedy"]
    return Audit(
        findings=pd.DataFrame(found.made, columns=columns),
        coverage=_coverage(frame),
        dedup=dedup,
        outcome=outcome,
        not_told=tuple(notes),
        source=events.source,
    )


def _duplicates(
    frame: pd.DataFrame, found: _Findings, rule: DedupRule, not_told: list[str]
) -> tuple[NDArray[np.int8], dict[str, int]]:
    """Run the platform's deduplication over the events in the order in which they were received."""
    received = frame["received_at"].where(frame["received_at"].notna(), frame["at"])
    if frame["received_at"].isna().any():
        not_told.append(
            "when events were received: the time of the event stands in, so order and windows are close to it"
        )
    known = received.notna().to_numpy()
    at = np.where(known, _ms(received.fillna(pd.Timestamp(0))), 0)
    order = np.lexsort((np.arange(len(frame)), at))
    order = order[known[order]]
    event_id, page_order = _numbers(frame["event_id"]), _numbers(frame["order_id"])
    columns = (
        _numbers(frame["pixel"]),
        _numbers(frame["event"]),
        event_id,
        np.where(frame["channel"].to_numpy() == "server", SERVER, BROWSER),
        _numbers(frame["visitor"]),
    )
    pixel, event, ids, channel, visitor = (c[order] for c in columns)
    result = deduplicate(at[order], pixel, event, ids, channel, visitor, rule)
    outcome = np.zeros(len(frame), dtype=np.int8)
    outcome[order] = result.outcome
    first = np.arange(len(frame))
    first[order] = order[result.first]
    duplicate = outcome == DedupOutcome.DUPLICATE
    found.add(
        "duplicates",
        duplicate,
        "same pixel, event and event id within the window; the platform drops them",
        "send each event once by each channel",
    )
    found.add(
        "merged copies",
        outcome == DedupOutcome.MERGED,
        "browser and server copies of one event; merged, as they should be",
        "nothing to do",
    )
    kept = outcome == DedupOutcome.KEPT
    twice = np.zeros(len(frame), dtype=bool)
    of_order = kept & (page_order >= 0)
    twice[of_order] = frame.loc[of_order, ["pixel", "event", "order_id"]].duplicated(keep="first").to_numpy()
    found.add(
        "counted twice",
        twice,
        "one order reported more than once by the same event; deduplication does not see it",
        "give all copies of an event the same event id",
    )
    dropped = np.isin(outcome, (DedupOutcome.DUPLICATE, DedupOutcome.MERGED, DedupOutcome.REPEAT))
    other = dropped & (page_order >= 0) & (page_order[first] >= 0) & (page_order != page_order[first])
    found.add(
        "different orders with one event id",
        other,
        "real orders that deduplication swallows",
        "make event ids unique for each order",
    )
    totals = {o.name.lower(): int(np.count_nonzero(outcome == o)) for o in DedupOutcome}
    return outcome, totals


def _ids(frame: pd.DataFrame, found: _Findings, not_told: list[str]) -> None:
    missing = frame["event_id"].isna().to_numpy()
    both = set(frame["channel"].dropna()) == {"browser", "server"}
    for channel in ("browser", "server"):
        of = (frame["channel"] == channel).to_numpy()
        meaning = "cannot be told apart from the other channel's copy" if both else "cannot be deduplicated"
        found.add(
            f"no event id, {channel}",
            missing & of,
            meaning,
            "send an event id with every event, the same by both channels",
            of=int(of.sum()),
        )
    custom = ~frame["event"].map(is_standard).to_numpy(dtype=bool)
    found.add("custom event names", custom, "no standard event; it cannot be optimised as one", "check the spelling")
    former = (frame["event"] != frame["sent_as"]).to_numpy() & ~custom
    found.add("former event names", former, "read as today's names", "rename them when the tags are next changed")
    no_pixel = frame["pixel"].isna().to_numpy()
    if no_pixel.all():
        # A log of one website need not say it in every row.
        not_told.append("which pixel heard the events: they are taken as those of one")
        no_pixel = np.zeros(len(frame), dtype=bool)
    found.add("no pixel", no_pixel, "which pixel heard it is not told", "add the pixel code")


def _pixels(frame: pd.DataFrame, found: _Findings, not_told: list[str]) -> None:
    """Find pages on which several pixels fire the same event at the same time."""
    usable = frame["page"].notna() & frame["pixel"].notna() & frame["at"].notna() & (frame["channel"] == "browser")
    if not usable.any():
        not_told.append("which pixels fire on which page: no browser event has page, pixel and time")
    part = frame.loc[usable, ["page", "event", "pixel", "visitor", "at"]].copy()
    part["visitor"] = part["visitor"].fillna("")
    part = part.sort_values(["page", "event", "visitor", "at"], kind="stable")
    ms = _ms(part["at"])
    same = (part[["page", "event", "visitor"]] == part[["page", "event", "visitor"]].shift()).all(axis=1).to_numpy()
    new = np.ones(len(part), dtype=bool)
    new[1:] = ~(same[1:] & (ms[1:] - ms[:-1] <= SAME_PAGE))
    view = np.cumsum(new)
    pixels = part.groupby(view)["pixel"].transform("nunique") if len(part) else pd.Series(dtype=np.int64)
    mask = np.zeros(len(frame), dtype=bool)
    mask[part.index.to_numpy()[pixels.to_numpy() > 1]] = True
    found.add(
        "several pixels on a page",
        mask,
        "each pixel counts the event; added up over pixels it counts more than once",
        "share one pixel instead of loading several",
    )


def _times(frame: pd.DataFrame, found: _Findings, late_days: float, not_told: list[str]) -> None:
    known = (frame["at"].notna() & frame["received_at"].notna()).to_numpy()
    if not known.any():
        not_told.append("how late events arrive: no event has a time of receipt")
    delay = (frame["received_at"] - frame["at"]).dt.total_seconds().to_numpy(dtype=np.float64) * 1000
    with np.errstate(invalid="ignore"):
        late, early = known & (delay > late_days * 86_400_000), known & (delay < -5 * MINUTE)
    of = int(known.sum())
    found.add(
        "late events", late, f"received more than {late_days:g} days after they happened", "send events at once", of=of
    )
    found.add("events from the future", early, "happened after they were received", "check clock and unit", of=of)
    found.add("no time", frame["at"].isna().to_numpy(), "when it happened is not told", "add the time of the event")


def _values(frame: pd.DataFrame, found: _Findings) -> None:
    value = frame["value"].to_numpy(dtype=np.float64)
    has = np.isfinite(value)
    of = int(has.sum())
    with np.errstate(invalid="ignore"):
        found.add("negative values", has & (value < 0), "amounts below 0", "send refunds another way", of=of)
        bought = (frame["event"] == "Purchase").to_numpy()
        found.add(
            "purchases worth nothing", has & bought & (value == 0), "purchases of value 0", "send the value", of=of
        )
    median = np.full(len(frame), np.nan)
    usable = has & (value > 0)
    if usable.any():
        groups = frame.loc[usable].groupby(["event", "currency"], dropna=False)["value"]
        enough = groups.transform("size") >= FEWEST_VALUES
        median[usable] = groups.transform("median").where(enough).to_numpy(dtype=np.float64)
    with np.errstate(invalid="ignore"):
        absurd = usable & (value > ABSURD * median)
    found.add(
        "absurd values",
        absurd,
        f"more than {ABSURD:,.0f} times the median of that event and currency",
        "check units: cents or thousands instead of the currency's own unit",
        of=of,
    )
    found.add("value without currency", has & frame["currency"].isna().to_numpy(), "worth what?", "send it", of=of)
    code = frame["currency"].fillna("").str.fullmatch("[A-Z]{3}").to_numpy(dtype=bool)
    wrong = frame["currency"].notna().to_numpy() & ~code
    found.add("currencies that are none", wrong, "no code of three letters", "send codes such as USD")
    mixed = np.zeros(len(frame), dtype=bool)
    priced = has & code
    if priced.any():
        keys = ["pixel", "event"]
        counts = frame.loc[priced].groupby(keys, dropna=False)["currency"].transform("nunique").to_numpy()
        most = frame.loc[priced].groupby(keys, dropna=False)["currency"].transform(_most_frequent)
        mixed[priced] = (counts > 1) & (frame.loc[priced, "currency"] != most).to_numpy()
    found.add(
        "mixed currencies",
        mixed,
        "another currency than most values of that pixel and event",
        "send one currency for each pixel, or never add the values up",
        of=of,
    )


def _most_frequent(values: Iterable[str]) -> str:
    counts = pd.Series(values).value_counts()
    return str(min(counts.index[counts == counts.max()]))


def _coverage(frame: pd.DataFrame) -> pd.DataFrame:
    """Give the share of events with a usable value, for events that should have one or have some."""
    rows = []
    for event, part in frame.groupby("event", sort=True):
        has = np.isfinite(part["value"].to_numpy(dtype=np.float64))
        if event not in VALUED and not has.any():
            continue
        priced = has & part["currency"].notna().to_numpy()
        currencies = ", ".join(sorted(part["currency"].dropna().unique()))
        rows.append((event, len(part), int(has.sum()), int(priced.sum()), float(priced.mean()), currencies))
    return pd.DataFrame(rows, columns=["event", "events", "with_value", "with_currency", "share", "currencies"])
