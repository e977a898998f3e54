"""What the timeline picture shows, as plain data: grants, delivery, spend by day, and the marks of all actions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import pandas as pd

from pixelsim.base.clock import fixed_offset
from pixelsim.control.timeline import Span
from pixelsim.show.names import Names
from pixelsim.sharing import actions as do
from pixelsim.sharing.history import Record
from pixelsim.study.run import Run
from pixelsim.world.status import DeliveryStatus

__all__ = ["Block", "Kind", "Mark", "MarkKind", "Row", "Section", "delivery", "grants", "marks", "spend_by_day"]


class Kind(StrEnum):
    """What a block of the timeline says; the value is its word in the legend."""

    ACCESS = "has access to the pixel"
    DELIVERING = "delivering"
    ORPHANED = "delivering without access"
    UNAUTHORIZED = "not delivering: Pixel Unauthorized"
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
    """Rows under a heading; ``left_out`` counts the rows that are not shown, the least telling ones.

    ``detail`` goes with the heading where there is room for it.
    """

    heading: str
    rows: tuple[Row, ...]
    left_out: int = 0
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """One attempt: its number from 1, its instant in ms, what it was, and a sentence with names."""

    number: int
    at: int
    kind: MarkKind
    text: str


def grants(run: Run, names: Names, most: int = 8) -> list[Section]:
    """Give one section for each pixel: who had access to it, and when.

    Accounts whose access changes come first; those that never had any are no rows.

    Parameters
    ----------
    most
        Rows of one section, at least 1.
    """
    timeline, length = run.simulation.timeline, run.scenario.length
    found: list[Section] = []
    for pixel in run.simulation.numbering.pixels:
        rows: list[tuple[bool, Row]] = []
        for account in run.simulation.numbering.accounts:
            spans = timeline.access(pixel, account, 0, length)
            if spans:
                whole = spans == [(0, length)]
                blocks = tuple(Block(start, end, Kind.ACCESS) for start, end in spans)
                rows.append((whole, Row(names.of("ad_accounts", account), blocks)))
        rows.sort(key=lambda row: row[0])
        name = names.of("pixels", pixel)
        shown = tuple(row for _, row in rows[:most])
        detail = "" if name == pixel else f" ({pixel})"
        found.append(Section(f"Access to pixel {name}", shown, len(rows) - len(shown), detail))
    return found


_KINDS = {
    DeliveryStatus.DELIVERY_OK: Kind.DELIVERING,
    DeliveryStatus.PIXEL_UNBIND: Kind.UNAUTHORIZED,
    DeliveryStatus.NOT_START: Kind.SCHEDULED,
    DeliveryStatus.TIME_DONE: Kind.DONE,
    DeliveryStatus.CAMPAIGN_DISABLE: Kind.OFF,
    DeliveryStatus.ADGROUP_DISABLE: Kind.OFF,
    DeliveryStatus.DISABLE: Kind.OFF,
    DeliveryStatus.DELETE: Kind.OFF,
}


def _kind(span: Span) -> Kind:
    if span.status is DeliveryStatus.DELIVERY_OK and not span.ads:
        return Kind.OTHER
    if span.delivering and not span.authorised:
        return Kind.ORPHANED
    return _KINDS.get(span.status, Kind.OTHER)


def _joined(spans: Sequence[Span]) -> tuple[Block, ...]:
    """Put neighbouring spans that look the same into one block."""
    blocks: list[Block] = []
    for span in spans:
        kind = _kind(span)
        if blocks and blocks[-1].end == span.start and blocks[-1].kind is kind:
            blocks[-1] = Block(blocks[-1].start, span.end, kind)
        else:
            blocks.append(Block(span.start, span.end, kind))
    return tuple(blocks)


def delivery(run: Run, names: Names, most: int = 12) -> list[Section]:
    """Give one section for each ad account: the delivery status of its ad groups, campaign by campaign.

    Ad groups that delivered without access come first, then those that delivered longest.

    Parameters
    ----------
    most
        Rows of all sections together, at least 1.
    """
    world, timeline = run.simulation.history.now, run.simulation.timeline
    rows: list[tuple[int, int, str, Row]] = []
    for group in timeline.ad_groups():
        blocks = _joined(timeline.ad_group(group, 0, run.scenario.length))
        if not blocks:
            continue
        campaign = world.campaigns[world.ad_groups[group].campaign]
        lost = _length(blocks, Kind.ORPHANED)
        label = _group_label(names, campaign.id, group)
        rows.append((-lost, -_length(blocks, Kind.DELIVERING), campaign.account, Row(label, blocks)))
    rows.sort(key=lambda row: row[:2])
    shown = rows[:most]
    sections = []
    for account in dict.fromkeys(row[2] for row in rows):
        mine = tuple(row[3] for row in shown if row[2] == account)
        left_out = sum(row[2] == account for row in rows) - len(mine)
        sections.append(Section(f"Delivery of {names.of('ad_accounts', account)}", mine, left_out))
    return sections


def _length(blocks: Sequence[Block], kind: Kind) -> int:
    return sum(block.end - block.start for block in blocks if block.kind is kind)


def _group_label(names: Names, campaign: str, group: str) -> str:
    """Name an ad group with its campaign, once where both are called nearly the same."""
    one, two = names.of("campaigns", campaign), names.of("ad_groups", group)
    return one if two in one else f"{one} / {two}"


def spend_by_day(run: Run) -> dict[str, pd.DataFrame]:
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


def marks(run: Run, names: Names) -> list[Mark]:
    """Give a mark for every attempt of the run, numbered as in the change log plus one."""
    return list(_marks(run, names))


def _marks(run: Run, names: Names) -> Iterator[Mark]:
    for record in run.simulation.history.records:
        told = f"{names.who(record.action)}: {names.action(record.action)}"
        if record.decision.allowed:
            kind = MarkKind.UNSHARE if _ends_access(record) else MarkKind.ACTION
        else:
            kind = MarkKind.REFUSED
            told += f" – refused ({record.decision.rule})"
        yield Mark(record.number + 1, record.at, kind, told)


def _ends_access(record: Record) -> bool:
    return isinstance(record.action, do.UnsharePixel | do.UnlinkPixel | do.RemovePartner)
