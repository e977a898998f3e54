"""Events by the website and host that sent them: one pixel on several domains, or several pixels on one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pixelsim.base.clock import DAY
from pixelsim.base.errors import InputError, UnknownNameError
from pixelsim.scenario.capture import EVENT_NAMES
from pixelsim.traffic.identity import origins_of
from pixelsim.traffic.log import Fate
from pixelsim.traffic.numbering import SITE_ORIGINS
from pixelsim.traffic.sessions import Visit
from pixelsim.traffic.simulate import Simulation

__all__ = [
    "BrandTotal",
    "HostAlert",
    "attributed_by_site",
    "brand_total",
    "events_by_host",
    "events_by_site",
    "new_host_alerts",
    "resolve_pixel",
    "sites_of_events",
]

Longs = NDArray[np.int64]
HOSTS = {Visit.PREVIEW: "preview host", Visit.FOREIGN: "pages of others"}
"""Hosts that are no domain of a website, by the kind of visit."""


def _sites_of_origins(simulation: Simulation) -> Longs:
    """Give the website of each origin of sessions, -1 for those of ad groups without delivery, which have no events."""
    numbering = simulation.numbering
    leads_to = {delivery.ad_group: delivery.website for delivery in simulation.scenario.traffic.delivery}
    names = [o.entity if o.kind in SITE_ORIGINS else leads_to.get(o.entity) for o in numbering.origins]
    return np.array([numbering.sites.index(name) if name is not None else -1 for name in names], dtype=np.int64)


def sites_of_events(simulation: Simulation, key: Longs) -> Longs:
    """Give the websites on which events happened.

    Parameters
    ----------
    simulation
        One replication.
    key
        Numbers of the events, as in log, claims and orders, int64, shape (n,).

    Returns
    -------
    ndarray of int64, shape (n,)
        Positions in the numbering's sites.
    """
    return _sites_of_origins(simulation)[origins_of(key)]


def _event(event: str) -> int:
    if event not in EVENT_NAMES:
        raise UnknownNameError("event", event, EVENT_NAMES)
    return EVENT_NAMES.index(event)


def _kept(simulation: Simulation, event: str | None, pixel: str | None) -> Longs:
    """Give the log rows that were kept, of one event and pixel or of all."""
    log, pixels = simulation.log, simulation.numbering.pixels
    here = log.fate == Fate.KEPT
    if event is not None:
        here &= log.event == _event(event)
    if pixel is not None:
        if pixel not in pixels:
            raise UnknownNameError("pixel", pixel, pixels)
        here &= log.pixel == pixels.index(pixel)
    return np.flatnonzero(here)


def _hosts(simulation: Simulation) -> NDArray[np.object_]:
    """Give for each website its first domain, or its id where it names none."""
    websites = simulation.history.now.websites
    names = [websites[key].domains[0] if websites[key].domains else key for key in simulation.numbering.sites]
    return np.array(names, dtype=object)


def events_by_host(simulation: Simulation, *, pixel: str | None = None, event: str | None = None) -> pd.DataFrame:
    """Count what a pixel keeps by day and by the host that sent it (P85, P99).

    Parameters
    ----------
    simulation
        One replication.
    pixel, event
        Code of the pixel and name of the event; None for all together.

    Returns
    -------
    DataFrame
        Columns ``day`` (from the scenario's start, 0 is the first), ``host`` (the website's first domain, or what
        kind of host it is), ``events``, ``share`` of the day's events in [0, 1], and ``excluded``: preview hosts are
        known, and left out of total events (R24).

    Raises
    ------
    UnknownNameError
        The pixel or the event does not exist.
    """
    log, rows = simulation.log, _kept(simulation, event, pixel)
    hosts = np.concatenate([_hosts(simulation), list(HOSTS.values())])
    number = sites_of_events(simulation, log.key[rows])
    for place, visit in enumerate(HOSTS):
        number[log.visit[rows] == visit] = len(simulation.numbering.sites) + place
    frame = pd.DataFrame({"day": log.at[rows] // DAY, "host": hosts[number]})
    table = frame.groupby(["day", "host"]).size().rename("events").reset_index()
    table["share"] = table["events"] / table.groupby("day")["events"].transform("sum")
    table["excluded"] = table["host"] == HOSTS[Visit.PREVIEW]
    return table


@dataclass(frozen=True, slots=True)
class HostAlert:
    """A host that a pixel had not heard of before, and that now sends most of its events (P85)."""

    host: str
    first_day: int
    last_day: int
    share: float

    def __str__(self) -> str:
        days = f"day {self.first_day}" if self.first_day == self.last_day else f"days {self.first_day}-{self.last_day}"
        return f"new domain sends most events: {self.host}, {self.share:.0%} on {days}"


def new_host_alerts(table: pd.DataFrame, *, threshold: float = 0.5) -> tuple[HostAlert, ...]:
    """Find hosts that came after the first day and at once sent most of a pixel's events (P85).

    What that does to delivery is not told: no public source names a cause, so it is left to the user's own rule.

    Parameters
    ----------
    table
        What `events_by_host` gave for one pixel.
    threshold
        Share of a day's events above which a new host is told, in [0, 1]. Default a half: *most*.

    Returns
    -------
    tuple of HostAlert
        One for each host, with the stretch of days for which it sends so much from its first day on, and its share of
        all events of those days.
    """
    found = []
    begin = table["day"].min()
    for host, rows in table.groupby("host"):
        first = int(rows["day"].min())
        above = rows.loc[rows["share"] > threshold, "day"].tolist()
        if first == begin or first not in above:
            continue
        last = first
        while last + 1 in above:
            last += 1
        within = table[table["day"].between(first, last)]
        share = within.loc[within["host"] == host, "events"].sum() / within["events"].sum()
        found.append(HostAlert(str(host), first, last, float(share)))
    return tuple(found)


def resolve_pixel(view: str, pixels: Mapping[str, str | None], parents: Mapping[str, str]) -> str | None:
    """Give the pixel of a store view: its own, or that of the nearest level above that has one (P87).

    Parameters
    ----------
    view
        Name of the store view, store or website.
    pixels
        Pixel set on each level; None or absent where none is set.
    parents
        The level above each level; the highest has none.

    Returns
    -------
    str or None
        Code of the pixel; None where no level has one.

    Raises
    ------
    InputError
        The levels go round in a circle.
    """
    passed: list[str] = []
    level: str | None = view
    while level is not None:
        if level in passed:
            raise InputError.single(
                "store views",
                field="parents",
                value=" > ".join([*passed, level]),
                rule="levels that lead upwards to one without a parent",
                remedy="take the parent of one of them away",
            )
        if pixels.get(level) is not None:
            return pixels[level]
        passed.append(level)
        level = parents.get(level)
    return None


def attributed_by_site(simulation: Simulation, account: str, *, event: str = "Purchase") -> pd.DataFrame:
    """Part an account's conversions by where they happened and where the credited ad leads to (P60).

    Returns
    -------
    DataFrame
        Columns ``host`` of the event, ``ad_leads_to``, ``conversions``, and ``elsewhere``: whether the event happened
        on another website than the one that the ad leads to. A filter by host hides such conversions, this table
        lists them.

    Raises
    ------
    UnknownNameError
        The account or the event does not exist.
    """
    accounts, claims = simulation.numbering.accounts, simulation.claims
    if account not in accounts:
        raise UnknownNameError("ad account", account, accounts)
    mine = np.flatnonzero(
        claims.counted & (claims.account == accounts.index(account)) & (claims.event == _event(event))
    )
    hosts = _hosts(simulation)
    leads_to = {delivery.ad_group: delivery.website for delivery in simulation.scenario.traffic.delivery}
    sites = simulation.numbering.sites
    of_group = np.array([sites.index(leads_to[g]) if g in leads_to else -1 for g in simulation.numbering.ad_groups])
    happened, led = sites_of_events(simulation, claims.key[mine]), of_group[claims.ad_group[mine]]
    frame = pd.DataFrame({"host": hosts[happened], "ad_leads_to": hosts[led], "elsewhere": happened != led})
    table = frame.groupby(["host", "ad_leads_to", "elsewhere"]).size().rename("conversions").reset_index()
    return table[["host", "ad_leads_to", "conversions", "elsewhere"]]


def events_by_site(simulation: Simulation, *, event: str = "Purchase") -> pd.DataFrame:
    """Count kept events by pixel and website: a hub pixel tells locations apart only so (P90).

    Returns
    -------
    DataFrame
        Columns ``pixel``, ``website``, ``events``.

    Raises
    ------
    UnknownNameError
        The event does not exist.
    """
    log, rows, numbering = simulation.log, _kept(simulation, event, None), simulation.numbering
    frame = pd.DataFrame(
        {
            "pixel": np.array(numbering.pixels, dtype=object)[log.pixel[rows]],
            "website": np.array(numbering.sites, dtype=object)[sites_of_events(simulation, log.key[rows])],
        }
    )
    return frame.groupby(["pixel", "website"]).size().rename("events").reset_index()


@dataclass(frozen=True, slots=True)
class BrandTotal:
    """Events of a brand over all of its pixels (P90).

    Parameters
    ----------
    added
        Kept events of all pixels, added up.
    distinct
        The same with each event once, whichever pixels kept it.
    pixels
        How many pixels kept any.
    """

    added: int
    distinct: int
    pixels: int

    def __str__(self) -> str:
        if self.added > self.distinct:
            why = f"{self.added} added up over {self.pixels} pixels that hear of the same events; name the pixel"
            return f"{self.distinct} events ({why})"
        if self.pixels > 1:
            return f"{self.distinct} events, added up over {self.pixels} pixels; people may stand in several of them"
        return f"{self.distinct} events"


def brand_total(simulation: Simulation, *, event: str = "Purchase") -> BrandTotal:
    """Add up a brand's events over its pixels, and count each event once.

    Raises
    ------
    UnknownNameError
        The event does not exist.
    """
    log, rows = simulation.log, _kept(simulation, event, None)
    return BrandTotal(len(rows), len(np.unique(log.key[rows])), len(np.unique(log.pixel[rows])))
