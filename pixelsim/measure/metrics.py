"""R24 to R27: what each viewer reads, row by row, with missing values and their reason where a viewer has no access.

Events Manager counts by the day of the event, Ads Manager by the day of the interaction, each on the viewing account's
clock. *Total events* are received events after de-duplication. *Attributed events* of a pixel count each event once,
whichever account earned it; the campaign level counts what one account's own ads claim.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pixelsim.base.clock import DAY, HOUR, days, format_offset
from pixelsim.base.errors import UnknownNameError
from pixelsim.scenario.measurement import AttributedShown, DayBasis
from pixelsim.scenario.scenario import Viewer
from pixelsim.scenario.traffic import EVENT_NAMES
from pixelsim.sharing.causes import Cause
from pixelsim.sharing.decision import Decision
from pixelsim.sharing.visibility import account_may_see
from pixelsim.traffic.attribution import Reason
from pixelsim.traffic.log import Fate
from pixelsim.traffic.sessions import Visit
from pixelsim.traffic.shapes import LocalDays
from pixelsim.traffic.simulate import Simulation
from pixelsim.world.world import World

__all__ = ["COLUMNS", "Level", "Metric", "Reading", "Surface", "metrics", "viewers_of"]

Level = Literal["campaign", "ad_group", "ad"]
LONGEST_WINDOW = 28 * DAY
"""The longest attribution window of the platform: until it is over, conversions of an interaction may come in."""
Longs = NDArray[np.int64]


class Surface(StrEnum):
    """Where a figure is read."""

    EVENTS_MANAGER = "Events Manager"
    ADS_MANAGER = "Ads Manager"


class Metric(StrEnum):
    """The three quantities; the first two are read on both surfaces, which makes five metrics."""

    TOTAL = "total events"
    ATTRIBUTED = "attributed events"
    CAMPAIGN = "attributed events (campaign level)"


COLUMNS = (
    "viewer",
    "account",
    "surface",
    "metric",
    "rule",
    "pixel",
    "event",
    "object_type",
    "object",
    "day",
    "day_basis",
    "utc_offset",
    "value",
    "state",
    "reason",
)


@dataclass(frozen=True, slots=True)
class _Counted:
    """The events behind one metric on one surface, and the instant by which each finds its day."""

    surface: Surface
    metric: Metric
    rule: str
    basis: DayBasis
    event: NDArray[np.int8]
    at: Longs
    object_type: str = "pixel"
    objects: NDArray[np.int64] | None = None
    names: tuple[str, ...] = ()


def viewers_of(simulation: Simulation, viewer: str | None = None) -> list[Viewer]:
    """Give all viewers of a scenario, or the one that has a name.

    Raises
    ------
    UnknownNameError
        No viewer has this name.
    """
    viewers = simulation.scenario.viewers or tuple(
        Viewer(name=account, account=account) for account in simulation.numbering.accounts
    )
    if viewer is None:
        return list(viewers)
    found = [v for v in viewers if v.name == viewer]
    if not found:
        raise UnknownNameError("viewer", viewer, [v.name for v in viewers])
    return found


def metrics(
    simulation: Simulation,
    viewer: str | None = None,
    *,
    by: Literal["total", "day"] = "total",
    level: Level = "campaign",
    as_of: float | None = None,
) -> pd.DataFrame:
    """Give what viewers read: the five metrics of R24 to R27, as tidy rows.

    Parameters
    ----------
    simulation
        One replication.
    viewer
        Name of one viewer; None for all.
    by
        ``"total"``: one row for the whole run; ``"day"``: one for each day of the run.
    level
        Object of the campaign-level metric.
    as_of
        Day since the scenario's start, decimals allowed, on which the reports are read: access is that of the
        instant, and events count once they are older than the reporting lag. None: when everything is in.

    Returns
    -------
    DataFrame
        Columns `COLUMNS`. ``value`` is a count of events (Int64), missing where the viewer has no access, with the
        rule and the reason beside it, and never 0 for that cause. ``day`` is missing under ``by="total"``. Events of
        an interaction before the run's first day are counted in the total and stand on their own day. ``state`` is
        ``final``; or ``may grow`` where conversions of the day can still come in, since a window is open; or
        ``incomplete`` where the day is not over, or is younger than the reporting lag.
    """
    now = Reading(simulation, by, level, as_of)
    parts = [
        frame
        for one in viewers_of(simulation, viewer)
        for pixel in range(len(simulation.numbering.pixels))
        for frame in now.of_viewer(one, pixel)
    ]
    if not parts:
        return pd.DataFrame(columns=list(COLUMNS))
    frame = pd.concat(parts, ignore_index=True)[list(COLUMNS)]
    return frame.astype({"value": "Int64"})


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at the reports of a simulation: how they are grouped, and when."""

    simulation: Simulation
    by: Literal["total", "day"]
    level: Level
    as_of: float | None

    @property
    def instant(self) -> int:
        """Milliseconds since the scenario's start at which the reports are read."""
        return self.simulation.scenario.length if self.as_of is None else days(self.as_of)

    @property
    def newest(self) -> int | None:
        """Events received after this instant are not in the reports yet; None: all are."""
        if self.as_of is None:
            return None
        return self.instant - round(self.simulation.scenario.measurement.reporting_lag_hours * HOUR)

    def of_viewer(self, viewer: Viewer, pixel: int) -> Iterator[pd.DataFrame]:
        """Give the rows of one viewer and pixel."""
        code = self.simulation.numbering.pixels[pixel]
        world = self.simulation.history.at(self.instant)
        if code not in world.pixels:
            return
        decision = account_may_see(world, viewer.account, code)
        account = world.ad_accounts[viewer.account]
        for counted in self._counted(viewer, pixel, world):
            allowed = decision.allowed or (counted.metric is Metric.CAMPAIGN and _had_access(decision))
            table = self._table(viewer, counted, world) if allowed else _missing(counted, decision)
            if not len(table):
                continue
            yield table.assign(
                viewer=viewer.name,
                account=viewer.account,
                surface=counted.surface.value,
                metric=counted.metric.value,
                pixel=code,
                day_basis=counted.basis.value,
                utc_offset=f"UTC{format_offset(account.utc_offset)}",
            )

    def _counted(self, viewer: Viewer, pixel: int, world: World) -> Iterator[_Counted]:
        """Give the events behind each of the five metrics."""
        log, claims, numbering = self.simulation.log, self.simulation.claims, self.simulation.numbering
        settings = self.simulation.scenario.measurement
        here = (log.pixel == pixel) & (log.fate == Fate.KEPT) & (log.visit != Visit.PREVIEW)
        mine = (claims.pixel == pixel) & (claims.account == numbering.accounts.index(viewer.account)) & claims.counted
        if self.newest is not None:
            here &= log.received <= self.newest
            mine &= claims.received <= self.newest
        kept, own = np.flatnonzero(here), np.flatnonzero(mine)
        credited = np.flatnonzero(here & (log.reason == Reason.CREDITED))
        owner = world.pixels[numbering.pixels[pixel]].creator == viewer.account
        own_only = settings.attributed_shown is AttributedShown.OWN_ADS and not owner
        event = claims.event[own] if own_only else log.event[credited]
        event_at = claims.at[own] if own_only else log.at[credited]
        touch_at = claims.touch_at[own] if own_only else log.touch_at[credited]
        by_event, basis = DayBasis.EVENT, settings.day_basis
        manager, ads = Surface.EVENTS_MANAGER, Surface.ADS_MANAGER
        interaction = basis is DayBasis.INTERACTION
        yield _Counted(manager, Metric.TOTAL, "R24", by_event, log.event[kept], log.at[kept])
        yield _Counted(manager, Metric.ATTRIBUTED, "R25", by_event, event, event_at)
        yield _Counted(ads, Metric.TOTAL, "R26", by_event, log.event[kept], log.at[kept])
        yield _Counted(ads, Metric.ATTRIBUTED, "R26", basis, event, touch_at if interaction else event_at)
        names, objects = _objects(self.simulation, own, self.level)
        at = claims.touch_at[own] if interaction else claims.at[own]
        yield _Counted(ads, Metric.CAMPAIGN, "R27", basis, claims.event[own], at, self.level, objects, names)

    def _table(self, viewer: Viewer, counted: _Counted, world: World) -> pd.DataFrame:
        """Count events by event name, object, and day where days are asked for."""
        objects = [0] if counted.objects is None else _own_objects(world, viewer, counted)
        offset = world.ad_accounts[viewer.account].utc_offset
        clock = self.simulation.scenario.clock
        last = min(self.instant, self.simulation.scenario.length)
        edges = clock.day_index(np.array([0, max(last - 1, 0)], dtype=np.int64), offset)
        day = clock.day_index(counted.at, offset)
        if self.by == "day":
            shown = np.arange(min(edges[0], day.min(initial=edges[0])), max(edges[1], day.max(initial=edges[1])) + 1)
            dates = pd.to_datetime(shown, unit="D")
        else:
            shown, day = edges[:1], np.full(len(day), edges[0])
            dates = pd.DatetimeIndex([pd.NaT])
        shape = (len(objects), len(EVENT_NAMES), len(shown))
        place = np.zeros(len(counted.event), dtype=np.int64)
        if counted.objects is not None:
            place = np.searchsorted(objects, counted.objects)
        index = (place * shape[1] + counted.event) * shape[2] + (day - shown[0])
        counts = np.bincount(index, minlength=int(np.prod(shape)))
        one, two, three = (axis.ravel() for axis in np.indices(shape))
        names = [counted.names[o] for o in objects] if counted.objects is not None else [""]
        return pd.DataFrame(
            {
                "event": np.array(EVENT_NAMES, dtype=object)[two] if len(two) else [],
                "object_type": counted.object_type,
                "object": np.array(names, dtype=object)[one] if len(one) else [],
                "day": np.asarray(dates)[three],
                "value": counts,
                "state": self._states(counted, shown, offset)[three],
                "rule": counted.rule,
                "reason": "",
            }
        )

    def _states(self, counted: _Counted, shown: Longs, offset: int) -> NDArray[np.object_]:
        """Tell for each day whether its figure is final, may grow, or is incomplete."""
        states = np.full(len(shown), "final", dtype=object)
        if self.newest is None:
            return states
        clock = self.simulation.scenario.clock
        first = int(clock.day_index(np.zeros(1, dtype=np.int64), offset)[0])
        origin = LocalDays.on(clock.start_offset, clock.start_weekday, offset).origin
        ends = origin + (shown - first + 1) * DAY if self.by == "day" else np.array([self.instant])
        if counted.basis is DayBasis.INTERACTION and counted.metric is not Metric.TOTAL:
            states[ends + LONGEST_WINDOW > self.newest] = "may grow"
        states[ends > self.newest] = "incomplete"
        return states


def _had_access(decision: Decision) -> bool:
    """R20: an account's own campaign reports keep what was attributed before access was revoked."""
    return decision.cause is Cause.REVOKED


def _objects(simulation: Simulation, rows: Longs, level: Level) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Give the names of campaigns, ad groups or ads, and the number of each claim's."""
    claims, numbering, world = simulation.claims, simulation.numbering, simulation.history.now
    if level == "ad":
        return numbering.ads, claims.ad[rows].astype(np.int64)
    if level == "ad_group":
        return numbering.ad_groups, claims.ad_group[rows].astype(np.int64)
    names = tuple(sorted(world.campaigns))
    of_group = np.array(
        [names.index(world.ad_groups[g].campaign) if g in world.ad_groups else -1 for g in numbering.ad_groups],
        dtype=np.int64,
    )
    return names, of_group[claims.ad_group[rows]] if len(of_group) else np.empty(0, np.int64)


def _own_objects(world: World, viewer: Viewer, reading: _Counted) -> list[int]:
    """List the objects of the viewer's account that exist, so that a zero is shown where nothing was attributed."""
    found = []
    for number, name in enumerate(reading.names):
        if reading.object_type == "campaign":
            campaign = name
        elif reading.object_type == "ad_group":
            campaign = world.ad_groups[name].campaign if name in world.ad_groups else ""
        else:
            ad = world.ads.get(name)
            campaign = world.ad_groups[ad.ad_group].campaign if ad is not None else ""
        if campaign in world.campaigns and world.campaigns[campaign].account == viewer.account:
            found.append(number)
    return found


def _missing(reading: _Counted, decision: Decision) -> pd.DataFrame:
    """Give rows without a value, with the rule and the reason of the refusal."""
    return pd.DataFrame(
        {
            "event": list(EVENT_NAMES),
            "object_type": reading.object_type,
            "object": "",
            "day": pd.NaT,
            "value": pd.array([pd.NA] * len(EVENT_NAMES), dtype="Int64"),
            "state": "",
            "rule": decision.rule,
            "reason": decision.reason,
        }
    )
