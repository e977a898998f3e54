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

from pixelsim.base.clock import format_offset
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
from pixelsim.traffic.simulate import Simulation

__all__ = ["COLUMNS", "Level", "Metric", "Surface", "metrics", "viewers_of"]

Level = Literal["campaign", "ad_group", "ad"]
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
    "reason",
)


@dataclass(frozen=True, slots=True)
class _Reading:
    """One surface and metric of one viewer on one pixel: the events it counts, and the day each stands on."""

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
) -> pd.DataFrame:
    """Give what viewers read at the end of the run: the five metrics of R24 to R27, as tidy rows.

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

    Returns
    -------
    DataFrame
        Columns `COLUMNS`. ``value`` is a count of events (Int64), missing where the viewer has no access, with the
        rule and the reason beside it, and never 0 for that cause. ``day`` is missing under ``by="total"``. Events of
        an interaction before the run's first day are counted in the total and stand on their own day.
    """
    parts = [
        frame
        for one in viewers_of(simulation, viewer)
        for pixel in range(len(simulation.numbering.pixels))
        for frame in _of_viewer(simulation, one, pixel, by, level)
    ]
    if not parts:
        return pd.DataFrame(columns=list(COLUMNS))
    frame = pd.concat(parts, ignore_index=True)[list(COLUMNS)]
    return frame.astype({"value": "Int64"})


def _of_viewer(
    simulation: Simulation, viewer: Viewer, pixel: int, by: Literal["total", "day"], level: Level
) -> Iterator[pd.DataFrame]:
    code = simulation.numbering.pixels[pixel]
    world = simulation.history.now
    if code not in world.pixels:
        return
    decision = account_may_see(world, viewer.account, code)
    for reading in _readings(simulation, viewer, pixel, level):
        allowed = decision.allowed or (reading.metric is Metric.CAMPAIGN and _had_access(decision))
        table = _table(simulation, viewer, reading, by) if allowed else _missing(reading, decision)
        if not len(table):
            continue
        account = world.ad_accounts[viewer.account]
        yield table.assign(
            viewer=viewer.name,
            account=viewer.account,
            surface=reading.surface.value,
            metric=reading.metric.value,
            pixel=code,
            day_basis=reading.basis.value,
            utc_offset=f"UTC{format_offset(account.utc_offset)}",
        )


def _had_access(decision: Decision) -> bool:
    """R20: an account's own campaign reports keep what was attributed before access was revoked."""
    return decision.cause is Cause.REVOKED


def _readings(simulation: Simulation, viewer: Viewer, pixel: int, level: Level) -> Iterator[_Reading]:
    log, claims, numbering = simulation.log, simulation.claims, simulation.numbering
    settings = simulation.scenario.measurement
    here = log.pixel == pixel
    kept = np.flatnonzero(here & (log.fate == Fate.KEPT) & (log.visit != Visit.PREVIEW))
    credited = np.flatnonzero(here & (log.reason == Reason.CREDITED))
    account = numbering.accounts.index(viewer.account)
    own = np.flatnonzero((claims.pixel == pixel) & (claims.account == account) & claims.counted)
    owner = simulation.history.now.pixels[numbering.pixels[pixel]].creator == viewer.account
    own_only = settings.attributed_shown is AttributedShown.OWN_ADS and not owner
    event = claims.event[own] if own_only else log.event[credited]
    event_at = claims.at[own] if own_only else log.at[credited]
    touch_at = claims.touch_at[own] if own_only else log.touch_at[credited]
    by_event, by_day = DayBasis.EVENT, settings.day_basis
    manager, ads = Surface.EVENTS_MANAGER, Surface.ADS_MANAGER
    interaction = by_day is DayBasis.INTERACTION
    yield _Reading(manager, Metric.TOTAL, "R24", by_event, log.event[kept], log.at[kept])
    yield _Reading(manager, Metric.ATTRIBUTED, "R25", by_event, event, event_at)
    yield _Reading(ads, Metric.TOTAL, "R26", by_event, log.event[kept], log.at[kept])
    yield _Reading(ads, Metric.ATTRIBUTED, "R26", by_day, event, touch_at if interaction else event_at)
    names, objects = _objects(simulation, own, level)
    at = claims.touch_at[own] if interaction else claims.at[own]
    yield _Reading(ads, Metric.CAMPAIGN, "R27", by_day, claims.event[own], at, level, objects, names)


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


def _own_objects(simulation: Simulation, viewer: Viewer, reading: _Reading) -> list[int]:
    """List the objects of the viewer's account that exist, so that a zero is shown where nothing was attributed."""
    world = simulation.history.now
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


def _table(simulation: Simulation, viewer: Viewer, reading: _Reading, by: Literal["total", "day"]) -> pd.DataFrame:
    """Count a reading's events by event name, object, and day where days are asked for."""
    objects = [0] if reading.objects is None else _own_objects(simulation, viewer, reading)
    offset = simulation.history.now.ad_accounts[viewer.account].utc_offset
    clock = simulation.scenario.clock
    edges = clock.day_index(np.array([0, simulation.scenario.length - 1], dtype=np.int64), offset)
    day = clock.day_index(reading.at, offset)
    if by == "day":
        days = np.arange(min(edges[0], day.min(initial=edges[0])), max(edges[1], day.max(initial=edges[1])) + 1)
    else:
        days, day = edges[:1], np.full(len(day), edges[0])
    shape = (len(objects), len(EVENT_NAMES), len(days))
    place = np.zeros(len(reading.event), dtype=np.int64)
    if reading.objects is not None:
        place = np.searchsorted(objects, reading.objects)
    index = (place * shape[1] + reading.event) * shape[2] + (day - days[0])
    counts = np.bincount(index, minlength=int(np.prod(shape)))
    one, two, three = (axis.ravel() for axis in np.indices(shape))
    names = [reading.names[o] for o in objects] if reading.objects is not None else [""]
    dates = pd.to_datetime(days, unit="D") if by == "day" else pd.to_datetime(pd.Series([pd.NaT]))
    return pd.DataFrame(
        {
            "event": np.array(EVENT_NAMES, dtype=object)[two] if len(two) else [],
            "object_type": reading.object_type,
            "object": np.array(names, dtype=object)[one] if len(one) else [],
            "day": np.asarray(dates)[three],
            "value": counts,
            "rule": reading.rule,
            "reason": "",
        }
    )


def _missing(reading: _Reading, decision: Decision) -> pd.DataFrame:
    """Give rows without a value, with the rule and the reason of the refusal."""
    return pd.DataFrame(
        {
            "event": list(EVENT_NAMES),
            "object_type": reading.object_type,
            "object": "",
            "day": pd.NaT,
            "value": pd.array([pd.NA] * len(EVENT_NAMES), dtype="Int64"),
            "rule": decision.rule,
            "reason": decision.reason,
        }
    )
