"""Figures that people compare: shop orders, copies sent and received, and the metrics that parties read.

A figure is a set of log rows of one event name, so that two figures can be compared row by row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pixelsim.base.clock import HOUR, days
from pixelsim.base.errors import InputError, UnknownNameError
from pixelsim.measure.domains import sites_of_events
from pixelsim.scenario.capture import EVENT_NAMES, Capture
from pixelsim.scenario.measurement import DayBasis
from pixelsim.traffic.attribution import Reason
from pixelsim.traffic.capture import Loss
from pixelsim.traffic.events import Orders
from pixelsim.traffic.log import Fate
from pixelsim.traffic.sessions import Visit
from pixelsim.traffic.simulate import Simulation

__all__ = ["Figure", "FigureRows", "Stage", "Unsent", "rows_of"]

Longs = NDArray[np.int64]
_Because = Callable[["pd.Series | NDArray[np.bool_]", "str | NDArray[np.object_]"], None]


class Unsent(IntEnum):
    """Why the log has no copy of an order's purchase event for a pixel."""

    SENT = 0
    NOT_ON_PAGE = 1
    NO_TAG = 2
    ON_ITS_WAY = 3


class Stage(StrEnum):
    """How far an event has come when a figure counts it, from the shop to one campaign."""

    HAPPENED = "happened"
    """On the website, in truth; for purchases these are the shop's orders."""
    SENT = "sent"
    RECEIVED = "received"
    TOTAL = "total events"
    ATTRIBUTED = "attributed events"
    ACCOUNT = "attributed events of an account"
    CAMPAIGN = "attributed events (campaign level)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure.

    Parameters
    ----------
    stage
        What it counts.
    event
        Name of the event.
    pixel
        Code of the pixel; None where the scenario has one only.
    account
        Ad account whose claims are meant, from ``account`` on; for its clock, at any stage.
    campaign
        Id of the campaign, at the last stage.
    day
        Calendar day as text (``"2026-01-12"``); None for all days.
    basis
        Day of the event or of the interaction; the interaction exists from ``attributed events`` on.
    utc_offset
        Offset of the clock in ms; None: the account's, else UTC.
    as_of
        Day since the start on which it is read; None: when everything is in.

    Stage and basis may be given by their words too.

    Raises
    ------
    UnknownNameError
        There is no such stage or basis.
    """

    stage: Stage
    event: str = "Purchase"
    pixel: str | None = None
    account: str | None = None
    campaign: str | None = None
    day: str | None = None
    basis: DayBasis = DayBasis.EVENT
    utc_offset: int | None = None
    as_of: float | None = None

    def __post_init__(self) -> None:
        for name, kind in (("stage", Stage), ("basis", DayBasis)):
            value = getattr(self, name)
            if value not in list(kind):
                raise UnknownNameError(f"{name} of a figure", str(value), [member.value for member in kind])
            object.__setattr__(self, name, kind(value))

    def __str__(self) -> str:
        words = [f"{self.stage.value}, {self.event}"]
        words += [f"{name} {value}" for name in ("account", "campaign") if (value := getattr(self, name)) is not None]
        if self.day is not None:
            words.append(f"on {self.day} by day of the {self.basis.value}")
        if self.as_of is not None:
            words.append(f"read on day {self.as_of:g}")
        return ", ".join(words)


@dataclass(frozen=True, slots=True, eq=False)
class FigureRows:
    """The rows behind figures of one event name and pixel: a log row each, and one for each event never sent.

    Columns: ``row`` (position in the log, -1 for an event of which the log has no copy for the pixel), ``unsent`` (why
    it has none, an `Unsent`), ``key``, ``happens`` (whether the row stands for its event in truth; one row of each
    event does), and everything that figures ask of a row.
    """

    table: pd.DataFrame
    simulation: Simulation

    def contains(self, figure: Figure) -> NDArray[np.bool_]:
        """Mark the rows that a figure counts."""
        return np.asarray(self.reason(figure) == "")

    def reason(self, figure: Figure) -> NDArray[np.object_]:
        """Give for each row why a figure does not count it, the empty text where it does."""
        table, stage = self.table, list(Stage).index(figure.stage)
        reason = np.full(len(table), "", dtype=object)

        def because(rows: pd.Series | NDArray[np.bool_], words: str | NDArray[np.object_]) -> None:
            free = np.asarray(rows, dtype=np.bool_) & (reason == "")
            reason[free] = words[free] if isinstance(words, np.ndarray) else words

        if stage == 0:
            because(~table["happens"], "a further copy of the same event")
        if stage >= 1:
            because(table["row"] < 0, _words(table["unsent"], UNSENT))
        if stage >= 2:
            because(table["loss"] != Loss.RECEIVED, _words(table["loss"], LOSSES))
        if stage >= 3:
            because(table["fate"] != Fate.KEPT, _words(table["fate"], FATES))
            because(table["visit"] == Visit.PREVIEW, "from a preview host")
        if stage == 4:
            because(table["credit"] != Reason.CREDITED, _words(table["credit"], CREDITS))
        if stage >= 5:
            self._by_account(figure, stage, because)
        self._by_time(figure, because)
        return reason

    def _by_account(self, figure: Figure, stage: int, because: _Because) -> None:
        table = self.table
        account = _index(self.simulation.numbering.accounts, figure.account, "ad account")
        claimed = table[f"claim_{account}"]
        because((claimed < 0) & (table["credit"] == Reason.CREDITED), "credited to another account")
        because((claimed < 0) & (table["credit"] != Reason.CREDITED), _words(table["credit"], CREDITS))
        because(~table[f"counted_{account}"], CREDITS[Reason.NOT_COUNTED_AGAIN])
        if stage == 6 and figure.campaign is not None:
            world, groups = self.simulation.history.now, self.simulation.numbering.ad_groups
            if figure.campaign not in world.campaigns:
                raise UnknownNameError("campaign", figure.campaign, sorted(world.campaigns))
            mine = [g in world.ad_groups and world.ad_groups[g].campaign == figure.campaign for g in groups]
            because(~np.asarray(mine, dtype=np.bool_)[claimed.to_numpy()], "credited to another campaign")

    def _by_time(self, figure: Figure, because: _Because) -> None:
        table, scenario = self.table, self.simulation.scenario
        if figure.as_of is not None:
            lag = round(scenario.measurement.reporting_lag_hours * HOUR)
            because(table["received"] > days(figure.as_of) - lag, "not reported yet")
        if figure.day is None:
            return
        wanted = int(pd.Timestamp(figure.day).value // pd.Timedelta(days=1).value)
        at = self._instants(figure)
        day = scenario.clock.day_index(at, self.offset(figure))
        because(day != wanted, self._other_day(figure))

    def offset(self, figure: Figure) -> int:
        """Give the offset in ms of the clock that parts a figure's days."""
        if figure.utc_offset is not None:
            return figure.utc_offset
        if figure.account is not None:
            return self.simulation.history.now.ad_accounts[figure.account].utc_offset
        return 0

    def _instants(self, figure: Figure) -> Longs:
        event_at = self.table["at"].to_numpy()
        if figure.basis is DayBasis.EVENT or list(Stage).index(figure.stage) < 4:
            return event_at
        column = "touch_at"
        if figure.account is not None and list(Stage).index(figure.stage) >= 5:
            column = f"touch_{_index(self.simulation.numbering.accounts, figure.account, 'ad account')}"
        return self.table[column].to_numpy()

    def _other_day(self, figure: Figure) -> str:
        basis = "interaction" if figure.basis is DayBasis.INTERACTION else "event"
        return f"stands on another day, by day of the {basis} on the clock of the figure"


UNSENT = {
    Unsent.NOT_ON_PAGE: "the pixel was not on the page",
    Unsent.NO_TAG: "no tag of the page sends it to the pixel",
    Unsent.ON_ITS_WAY: "no copy had arrived when the run ended",
}
LOSSES = {
    Loss.BLOCKED: "lost: a blocker stopped it",
    Loss.NO_CONSENT: "lost: no consent",
    Loss.LEFT_TOO_SOON: "lost: the page was left too soon",
    Loss.LOST_BY_RELAY: "lost: between the site's server and the platform",
    Loss.TOKEN_REVOKED: "lost: the server's token was revoked",
}
FATES = {
    Fate.MERGED: "merged into the first copy",
    Fate.DUPLICATE: "dropped as a duplicate",
    Fate.REPEAT: "dropped as a repeat",
    Fate.LOST: "lost before the pixel",
}
CREDITS = {
    Reason.NO_TOUCH: "no ad was touched before",
    Reason.OUTSIDE_WINDOW: "the touch lies outside its window",
    Reason.ACCESS_ENDED: "the account's access had ended",
    Reason.NOT_COUNTED_AGAIN: "the touch had its conversion already",
}


def _words(codes: pd.Series, table: Mapping[Any, str]) -> NDArray[np.object_]:
    plain = {int(code): words for code, words in table.items()}
    known, place = np.unique(codes, return_inverse=True)
    return np.array([plain.get(int(code), "for another reason") for code in known], dtype=object)[place]


def _index(names: tuple[str, ...], name: str | None, kind: str) -> int:
    if name is None:
        raise InputError.single(
            "figure", field=kind.replace(" ", "_"), value="none", rule=f"the {kind} of the figure", remedy="name it"
        )
    if name not in names:
        raise UnknownNameError(kind, name, names)
    return names.index(name)


def rows_of(simulation: Simulation, event: str = "Purchase", pixel: str | None = None) -> FigureRows:
    """Gather the rows behind the figures of one event name and pixel.

    Raises
    ------
    UnknownNameError, InputError
        The event or the pixel does not exist, or the scenario has several pixels and none is named.
    """
    if event not in EVENT_NAMES:
        raise UnknownNameError("event", event, EVENT_NAMES)
    pixels = simulation.numbering.pixels
    if pixel is None and len(pixels) != 1:
        raise InputError.single(
            "figure", field="pixel", value="none", rule=f"one of {', '.join(pixels)}", remedy="name the pixel"
        )
    number = 0 if pixel is None else _index(pixels, pixel, "pixel")
    log = simulation.log
    rows = np.flatnonzero((log.event == EVENT_NAMES.index(event)) & (log.pixel == number))
    table = pd.DataFrame(
        {
            "row": rows,
            "unsent": np.full(len(rows), Unsent.SENT, dtype=np.int8),
            "key": log.key[rows],
            "at": log.at[rows],
            "received": log.received[rows],
            "loss": log.loss[rows],
            "fate": log.fate[rows],
            "visit": log.visit[rows],
            "credit": log.reason[rows],
            "touch_at": log.touch_at[rows],
        }
    )
    if event == "Purchase":
        table = pd.concat([table, _unsent(simulation, number, table["key"].to_numpy())], ignore_index=True)
    # One row of each event stands for it in truth: the kept one, else the first that was received, else the first.
    rank = np.where(table["fate"] == Fate.KEPT, 0, np.where(table["loss"] == Loss.RECEIVED, 1, 2))
    first = table.assign(rank=rank).sort_values(["key", "rank", "received", "row"]).drop_duplicates("key").index
    table["happens"] = False
    table.loc[first, "happens"] = True
    _add_claims(simulation, table)
    return FigureRows(table, simulation)


def _unsent(simulation: Simulation, pixel: int, sent: Longs) -> pd.DataFrame:
    """Give the orders that the log has no copy of for this pixel, and why."""
    orders = simulation.orders.take(~np.isin(simulation.orders.key, sent))
    count = len(orders)
    return pd.DataFrame(
        {
            "row": np.full(count, -1),
            "unsent": _why_unsent(simulation, pixel, orders),
            "key": orders.key,
            "at": orders.at,
            "received": orders.at,
            "loss": np.full(count, -1, dtype=np.int8),
            "fate": np.full(count, Fate.LOST, dtype=np.int8),
            "visit": np.zeros(count, dtype=np.int8),
            "credit": np.full(count, -1, dtype=np.int8),
            "touch_at": np.full(count, -1),
        }
    )


def _why_unsent(simulation: Simulation, pixel: int, orders: Orders) -> NDArray[np.int8]:
    """Tell for each order why no copy of it for the pixel is in the log: codes of `Unsent`."""
    numbering, code = simulation.numbering, simulation.numbering.pixels[pixel]
    captures = {site.website: site.capture for site in simulation.scenario.traffic.sites}
    site = sites_of_events(simulation, orders.key)
    why = np.full(len(orders), Unsent.ON_ITS_WAY, dtype=np.int8)
    for number, key in enumerate(numbering.sites):
        capture = captures.get(key, Capture())
        tagged = not capture.tags or any(t.event == "Purchase" and t.pixel in {None, code} for t in capture.tags)
        if not tagged or (capture.loads.get(code, 1) == 0 and capture.server is None):
            why[site == number] = Unsent.NO_TAG
    for begin, end, world in simulation.history.spans(0, simulation.scenario.length):
        carries = np.array([code in world.websites[key].pixels for key in numbering.sites], dtype=np.bool_)
        why[(orders.at >= begin) & (orders.at < end) & ~carries[site]] = Unsent.NOT_ON_PAGE
    return why


def _add_claims(simulation: Simulation, table: pd.DataFrame) -> None:
    """Add, for each account, the ad group that claims a row, the touch's time, and whether it counts."""
    claims = simulation.claims
    sent = table["row"].to_numpy()
    order = np.argsort(sent, kind="stable")
    for number in range(len(simulation.numbering.accounts)):
        mine = np.flatnonzero((claims.account == number) & np.isin(claims.row, sent))
        where = order[np.searchsorted(sent[order], claims.row[mine])]
        group, touch = np.full(len(table), -1), np.full(len(table), -1)
        counted = np.zeros(len(table), dtype=np.bool_)
        group[where], touch[where] = claims.ad_group[mine], claims.touch_at[mine]
        counted[where] = claims.counted[mine]
        table[f"claim_{number}"], table[f"touch_{number}"], table[f"counted_{number}"] = group, touch, counted
