"""What the timeline picture shows, as plain data: grants, delivery, spend by day, and the marks of all actions."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import pandas as pd

from pixelsim.base.clock import fixed_offset
from pixelsim.control.timeline import Span
from pixelsim.sharing import actions as do
from pixelsim.sharing.history import Record
from pixelsim.show.names import Names
from pixelsim.study.count_run import CountRun
from pixelsim.study.run import Run
from pixelsim.world.status import DeliveryStatus, ad_status, in_review
from pixelsim.world.world import World

__all__ = ["Block", "Kind", "Mark", "MarkKind", "Row", "Section", "delivery", "grants", "marks", "spend_by_day"]


class Kind(StrEnum):
    """What a block of the timeline says; the value is its word in the legend."""

    ACCESS = "has access to the pixel"
    DELIVERING = "delivering"
    ORPHANED = "delivering without access"
    UNAUTHORIZED = "not delivering: Pixel Unauthorized"
    REVIEW = "in review"
    SCHEDULED = "not started yet"
    OFF = "off"
    DONE = "completed"
    OTHER = "not delivering"


class MarkKind(StrEnum):
    """What a mark of the timeline stands for."""

    UNSHARE = "access ended"
    ACTION = "action"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of one row, in ms since the scenario's start, ``end`` excluded."""

    start: int
    end: int
    kind: Kind


@dataclass(frozen=True, slots=True)
class Row:
    """One thing through time, by its name."""

    label: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """Rows under a heading.

    ``left_out`` tells what is not shown, the least telling rows; ``detail`` goes with the heading where there is room.
    """

    heading: str
    rows: tuple[Row, ...]
    left_out: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """One attempt: its number in the change log, its instant in ms, what it was, and a sentence with names."""

    number: int
    at: int
    kind: MarkKind
    text: str


_HEADINGS = 3
"""Things that get a heading of their own; where there are more, they are named in the rows of one heading."""


def _sections(rows: Sequence[tuple[str, str, Row]], what: str, single: str, most: int, rest: str) -> list[Section]:
    """Put rows, given as (heading's subject, detail, row) with the most telling first, under headings.

    Parameters
    ----------
    what, single
        Heading before the subject, and heading where there are too many subjects.
    most
        Rows shown.
    rest
        What one row is called when rows are counted and not shown.
    """
    if not rows:
        return []
    shown, subjects = rows[:most], dict.fromkeys(row[0] for row in rows)
    if len(subjects) > _HEADINGS:
        named = tuple(Row(f"{row.label} – {subject}", row.blocks) for subject, _, row in shown)
        sections = [Section(single, named)]
    else:
        details = {subject: detail for subject, detail, _ in rows}
        sections = []
        for subject in subjects:
            mine = tuple(row for of, _, row in shown if of == subject)
            if mine:
                sections.append(Section(f"{what} {subject}", mine, detail=details[subject]))
    if len(rows) > len(shown):
        more = len(rows) - len(shown)
        left_out = f"and {more} more {rest}{'' if more == 1 else 's'}, not drawn"
        sections[-1] = dataclasses.replace(sections[-1], left_out=left_out)
    return sections


def grants(run: Run | CountRun, names: Names, most: int = 8) -> list[Section]:
    """Give who had access to each pixel, and when.

    Accounts whose access changes come first; those that never had any are no rows.

    Parameters
    ----------
    most
        Rows of all sections together, at least 1.
    """
    timeline, length = run.simulation.timeline, run.scenario.length
    rows: list[tuple[bool, tuple[str, str, Row]]] = []
    for pixel in run.simulation.numbering.pixels:
        name = names.of("pixels", pixel)
        detail = "" if name == pixel else f" ({pixel})"
        for account in run.simulation.numbering.accounts:
            spans = timeline.access(pixel, account, 0, length)
            if spans:
                blocks = tuple(Block(start, end, Kind.ACCESS) for start, end in spans)
                row = Row(names.of("ad_accounts", account), blocks)
                rows.append((spans == [(0, length)], (name, detail, row)))
    rows.sort(key=lambda row: row[0])
    return _sections([row for _, row in rows], "Access to pixel", "Access: ad account – pixel", most, "grant")


_KINDS = {
    DeliveryStatus.DELIVERY_OK: Kind.DELIVERING,
    DeliveryStatus.PIXEL_UNBIND: Kind.UNAUTHORIZED,
    DeliveryStatus.AUDIT: Kind.REVIEW,
    DeliveryStatus.REAUDIT: Kind.REVIEW,
    DeliveryStatus.NOT_START: Kind.SCHEDULED,
    DeliveryStatus.TIME_DONE: Kind.DONE,
    DeliveryStatus.CAMPAIGN_DISABLE: Kind.OFF,
    DeliveryStatus.ADGROUP_DISABLE: Kind.OFF,
    DeliveryStatus.DISABLE: Kind.OFF,
    DeliveryStatus.DELETE: Kind.OFF,
}


def _kind(span: Span, world: World, group: str) -> Kind:
    if span.status is DeliveryStatus.DELIVERY_OK and not span.ads:
        ads = [key for key, ad in world.ads.items() if ad.ad_group == group and not ad.deleted]
        reviewed = all(in_review(ad_status(world, key, span.start)) for key in ads)
        return Kind.REVIEW if ads and reviewed else Kind.OTHER
    if span.delivering and not span.authorised:
        return Kind.ORPHANED
    return _KINDS.get(span.status, Kind.OTHER)


def _joined(run: Run | CountRun, group: str) -> tuple[Block, ...]:
    """Give the spans of an ad group, with neighbouring ones that look the same in one block."""
    simulation, blocks = run.simulation, list[Block]()
    for span in simulation.timeline.ad_group(group, 0, run.scenario.length):
        kind = _kind(span, simulation.history.at(span.start), group)
        if blocks and blocks[-1].end == span.start and blocks[-1].kind is kind:
            blocks[-1] = Block(blocks[-1].start, span.end, kind)
        else:
            blocks.append(Block(span.start, span.end, kind))
    return tuple(blocks)


def delivery(run: Run | CountRun, names: Names, most: int = 10) -> list[Section]:
    """Give the delivery status of ad groups through time.

    Ad groups that delivered without access come first, then those that delivered longest.

    Parameters
    ----------
    most
        Rows of all sections together, at least 1.
    """
    world, timeline = run.simulation.history.now, run.simulation.timeline
    rows: list[tuple[int, int, tuple[str, str, Row]]] = []
    for group in timeline.ad_groups():
        blocks = _joined(run, group)
        if not blocks:
            continue
        campaign = world.campaigns[world.ad_groups[group].campaign]
        row = Row(_group_label(names, campaign.id, group), blocks)
        longest = _length(blocks, Kind.ORPHANED), _length(blocks, Kind.DELIVERING)
        rows.append((-longest[0], -longest[1], (names.of("ad_accounts", campaign.account), "", row)))
    rows.sort(key=lambda row: row[:2])
    single = "Delivery: ad group – ad account"
    return _sections([row for _, _, row in rows], "Delivery of", single, most, "ad group")


def _length(blocks: Sequence[Block], kind: Kind) -> int:
    return sum(block.end - block.start for block in blocks if block.kind is kind)


def _group_label(names: Names, campaign: str, group: str) -> str:
    """Name an ad group with its campaign, once where both are called nearly the same."""
    one, two = names.of("campaigns", campaign), names.of("ad_groups", group)
    return one if two in one else f"{one} / {two}"


def spend_by_day(run: Run | CountRun) -> dict[str, pd.DataFrame]:
    """Give spend by day of each account's own clock, one table for each currency.

    Returns
    -------
    dict
        By currency, a DataFrame with columns ``start`` (ms since the scenario's start at which the day began, int64),
        ``spend`` (with access) and ``orphaned`` (without), summed over the accounts whose day starts there.
    """
    frame = run.delivery()
    clock = run.scenario.clock
    tables: dict[str, pd.DataFrame] = {}
    for currency, part in frame.groupby("currency", sort=True):
        start = [
            clock.to_ms(day.tz_localize("UTC").to_pydatetime()) - fixed_offset(offset)[0]
            for day, offset in zip(part["day"], part["utc_offset"], strict=True)
        ]
        table = pd.DataFrame(
            {
                "start": start,
                "spend": part["spend"] - part["orphaned_spend"],
                "orphaned": part["orphaned_spend"],
            }
        )
        tables[str(currency)] = table.groupby("start", as_index=False, sort=True).sum()
    return tables


def marks(run: Run | CountRun, names: Names) -> list[Mark]:
    """Give a mark for every attempt of the run, numbered as in its change log."""
    return list(_marks(run, names))


def _marks(run: Run | CountRun, names: Names) -> Iterator[Mark]:
    for record in run.simulation.history.records:
        told = f"{names.who(record.action)}: {names.action(record.action)}"
        if record.decision.allowed:
            kind = MarkKind.UNSHARE if _ends_access(record) else MarkKind.ACTION
        else:
            kind = MarkKind.REFUSED
            told += f" – refused ({record.decision.rule})"
        yield Mark(record.number, record.at, kind, told)


def _ends_access(record: Record) -> bool:
    return isinstance(record.action, do.UnsharePixel | do.UnlinkPixel | do.RemovePartner)
