"""The five metrics by viewer (R24 to R27) from counts, row by row as from events, each with its exactness."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pixelsim.base.clock import DAY, HOUR, days, format_offset
from pixelsim.base.errors import InputError, UnknownNameError
from pixelsim.counts.cells import by_event
from pixelsim.counts.copies import HOPS
from pixelsim.counts.draws import grouped
from pixelsim.counts.exactness import Exactness, of_attribution, of_copies
from pixelsim.counts.result import Counts
from pixelsim.measure.metrics import COLUMNS, LONGEST_WINDOW, Level, Metric, Surface
from pixelsim.scenario.measurement import AttributedShown, DayBasis
from pixelsim.scenario.scenario import Viewer
from pixelsim.scenario.traffic import EVENT_NAMES
from pixelsim.sharing.causes import Cause
from pixelsim.sharing.decision import Decision
from pixelsim.sharing.visibility import account_may_see
from pixelsim.world.world import World

__all__ = ["CountReading", "Row", "count_metrics"]

Longs = NDArray[np.int64]
Stretch = tuple[int, int]
"""Cells from one to another, the second excluded."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the metrics; ``value`` and ``day`` (days since 1970-01-01) are None where they are missing."""

    viewer: str
    account: str
    surface: str
    metric: str
    rule: str
    pixel: str
    event: str
    object_type: str
    object: str
    day: int | None
    day_basis: str
    utc_offset: str
    value: int | None
    state: str
    reason: str
    exactness: str


@dataclass(frozen=True, slots=True)
class _Series:
    """Events by cell behind one metric, int64 of shape (objects, events, cells), by the cell that decides the day."""

    surface: Surface
    metric: Metric
    rule: str
    basis: DayBasis
    counts: Longs
    exactness: dict[int, Exactness]
    object_type: str = "pixel"
    names: tuple[str, ...] = ("",)


@dataclass(frozen=True)
class CountReading:
    """One look at the reports of a run in counts.

    Parameters
    ----------
    counts
        The run.
    by, level, as_of
        As for :func:`pixelsim.measure.metrics`.
    stretch
        Cells that count; None: all of them.
    event
        The only standard event that is read; None: all of them.
    """

    counts: Counts
    by: Literal["total", "day"] = "total"
    level: Level = "campaign"
    as_of: float | None = None
    stretch: Stretch | None = None
    event: str | None = None

    @functools.cached_property
    def _events(self) -> list[tuple[int, str]]:
        """Numbers and names of the events that are read."""
        return [(number, name) for number, name in enumerate(EVENT_NAMES) if self.event in {None, name}]

    @property
    def _numbers(self) -> slice:
        """Numbers of the events that are read: one, or all of them."""
        numbers = [number for number, _ in self._events]
        return slice(numbers[0], numbers[-1] + 1) if numbers else slice(0)

    @property
    def instant(self) -> int:
        """Milliseconds since the scenario's start at which the reports are read."""
        return self.counts.scenario.length if self.as_of is None else days(self.as_of)

    @property
    def newest(self) -> int | None:
        """Cells that end after this instant are not in the reports yet; None: all are."""
        if self.as_of is None:
            return None
        return self.instant - round(self.counts.scenario.measurement.reporting_lag_hours * HOUR)

    @property
    def _known(self) -> int:
        """Number of cells that are in the reports."""
        borders = self.counts.cells.borders
        if self.newest is None or self.newest >= borders[-1]:
            return len(borders) - 1
        known = int(np.searchsorted(borders, max(self.newest, 0)))
        if borders[known] != max(self.newest, 0):
            raise InputError.single(
                "metrics",
                field="as_of",
                value=self.as_of,
                rule="a whole day, reporting lag taken off, in a run in counts",
                remedy='choose a whole day, or run it with detail="events"',
            )
        return known

    def rows(self, viewer: str | None = None) -> Iterator[Row]:
        """Give the rows of one viewer, or of all.

        Raises
        ------
        UnknownNameError
            No viewer has this name.
        InputError
            The reports are read within a cell.
        """
        for one in self._viewers(viewer):
            for pixel in range(len(self.counts.numbering.pixels)):
                yield from self.of_viewer(one, pixel)

    def _viewers(self, viewer: str | None) -> list[Viewer]:
        accounts = self.counts.numbering.accounts
        viewers = self.counts.scenario.viewers or tuple(Viewer(name=a, account=a) for a in accounts)
        found = [one for one in viewers if viewer is None or one.name == viewer]
        if not found:
            raise UnknownNameError("viewer", str(viewer), [one.name for one in viewers])
        return found

    def of_viewer(self, viewer: Viewer, pixel: int, *, campaigns_only: bool = False) -> Iterator[Row]:
        """Give the rows of one viewer and of the pixel of a number.

        Parameters
        ----------
        viewer, pixel
            Who reads, and the number of the pixel.
        campaigns_only
            Whether totals and attributed events of the pixel are left out.

        Raises
        ------
        InputError
            The reports are read within a cell.
        """
        code = self.counts.numbering.pixels[pixel]
        world = self.counts.history.at(self.instant)
        if code not in world.pixels:
            return
        decision = account_may_see(world, viewer.account, code)
        for series in self._series(viewer, pixel, world, campaigns_only=campaigns_only):
            allowed = decision.allowed or (series.metric is Metric.CAMPAIGN and decision.cause is Cause.REVOKED)
            if allowed:
                yield from self._read(viewer, code, series, world)
            else:
                yield from self._missing(viewer, code, series, decision, world)

    def _series(self, viewer: Viewer, pixel: int, world: World, *, campaigns_only: bool) -> Iterator[_Series]:
        """Give the events behind each of the five metrics."""
        counts, numbering, basis = self.counts, self.counts.numbering, self.counts.scenario.measurement.day_basis
        groups = [n for n in counts.credit if numbering.group_pixel[n] == pixel]
        account = numbering.accounts.index(viewer.account)
        own = [n for n in groups if numbering.group_account[n] == account]
        earned = {event: of_attribution(counts, pixel, event) for event, _ in self._events}
        if not campaigns_only:
            yield from self._of_pixel(viewer, pixel, world, own=own, groups=groups, earned=earned)
        names, tables = self._objects(own, viewer.account, world)
        by_object = [np.zeros((0, len(EVENT_NAMES), len(counts.cells)), dtype=np.int64)]
        by_object += [self._joint(some, basis) for some in tables]
        campaigns = np.concatenate(by_object)
        yield _Series(Surface.ADS_MANAGER, Metric.CAMPAIGN, "R27", basis, campaigns, earned, self.level, names)

    def _of_pixel(
        self,
        viewer: Viewer,
        pixel: int,
        world: World,
        *,
        own: list[int],
        groups: list[int],
        earned: dict[int, Exactness],
    ) -> Iterator[_Series]:
        """Give the events behind the metrics of a pixel, on which are ad groups, some of them the viewer's own."""
        counts, settings = self.counts, self.counts.scenario.measurement
        total = counts.copies[pixel, ..., HOPS.index("kept")].T[np.newaxis]
        exact = {event: of_copies(counts, pixel) for event, _ in self._events}
        owner = world.pixels[counts.numbering.pixels[pixel]].creator == viewer.account
        own_only = settings.attributed_shown is AttributedShown.OWN_ADS and not owner
        shown = [counts.credit[n].claims for n in own] if own_only else [counts.credit[n].credited for n in groups]
        basis, by_day = settings.day_basis, DayBasis.EVENT
        of_event = self._joint(shown, by_day)
        of_basis = of_event if basis is by_day else self._joint(shown, basis)
        yield _Series(Surface.EVENTS_MANAGER, Metric.TOTAL, "R24", by_day, total, exact)
        yield _Series(Surface.EVENTS_MANAGER, Metric.ATTRIBUTED, "R25", by_day, of_event, earned)
        yield _Series(Surface.ADS_MANAGER, Metric.TOTAL, "R26", by_day, total, exact)
        yield _Series(Surface.ADS_MANAGER, Metric.ATTRIBUTED, "R26", basis, of_basis, earned)

    def _joint(self, tables: Sequence[Longs], basis: DayBasis) -> Longs:
        """Add up events by touch cell and lag, and give them by the cell that decides, shape (1, events, cells)."""
        total = np.zeros((1, len(EVENT_NAMES), len(self.counts.cells)), dtype=np.int64)
        known = self._of_credit[basis]
        for table in tables:
            found = known.get(id(table))
            total[0, self._numbers] += self._by_cell(table[np.newaxis], basis)[0] if found is None else found
        return total

    @functools.cached_property
    def _of_credit(self) -> dict[DayBasis, dict[int, Longs]]:
        """What `_by_cell` gives of all that ad groups earned, by the table's place in memory."""
        found: dict[DayBasis, dict[int, Longs]] = {basis: {} for basis in DayBasis}
        every = {id(table): table for one in self.counts.credit.values() for table in (one.claims, one.credited)}
        keyed = [*every]
        for places in grouped([table.shape for table in every.values()]):
            keys = [keyed[place] for place in places]
            stacked = np.stack([every[key] for key in keys])
            for basis in DayBasis:
                found[basis].update(zip(keys, self._by_cell(stacked, basis), strict=True))
        return found

    def _by_cell(self, tables: Longs, basis: DayBasis) -> Longs:
        """Add up the events that are read, shape (tables, events, cells, lags), by the cell that decides."""
        known, size = tables[:, self._numbers], len(self.counts.cells)
        if self._known < size:
            known = known * (np.arange(size)[:, np.newaxis] + np.arange(known.shape[3]) < self._known)
        return known.sum(axis=3) if basis is DayBasis.INTERACTION else by_event(known, 2)

    @functools.cached_property
    def _campaigns(self) -> dict[str, dict[str, list[str]]]:
        """Ad groups that exist by account and campaign, both by id."""
        world = self.counts.history.at(self.instant)
        found: dict[str, dict[str, list[str]]] = {}
        for campaign in sorted(world.campaigns):
            found.setdefault(world.campaigns[campaign].account, {})[campaign] = []
        for group in self.counts.numbering.ad_groups:
            campaign = world.ad_groups[group].campaign if group in world.ad_groups else ""
            if campaign in world.campaigns:
                found[world.campaigns[campaign].account][campaign].append(group)
        return found

    def _objects(self, own: list[int], account: str, world: World) -> tuple[tuple[str, ...], list[list[Longs]]]:
        """Give the campaigns, ad groups or ads of an account that exist, with the tables of what each earned."""
        counts, names = self.counts, self.counts.numbering.ad_groups
        claims = {names[n]: counts.credit[n].claims for n in own}
        of_campaign = self._campaigns.get(account, {})
        campaigns = tuple(of_campaign)
        if self.level == "campaign":
            return campaigns, [[claims[g] for g in of_campaign[c] if g in claims] for c in campaigns]
        groups = [g for g in names if any(g in some for some in of_campaign.values())]
        if self.level == "ad_group":
            return tuple(groups), [[claims[g]] if g in claims else [] for g in groups]
        ads = [ad for ad in counts.numbering.ads if ad in world.ads and world.ads[ad].ad_group in groups]
        of_ad = {ad: table for g in groups if g in claims for ad, table in counts.by_ad(names.index(g)).items()}
        return tuple(ads), [[of_ad[ad]] if ad in of_ad else [] for ad in ads]

    def _read(self, viewer: Viewer, pixel: str, series: _Series, world: World) -> Iterator[Row]:
        """Give the rows of a metric, by days on the viewer's clock where these are asked for."""
        if not series.names:
            return
        offset = world.ad_accounts[viewer.account].utc_offset
        cells, clock = self.counts.cells, self.counts.scenario.clock
        first, last = self.stretch or (0, len(cells))
        known = min(last, self._known) if series.metric is Metric.TOTAL else last
        here = slice(first, max(known, first))
        # One figure of all cells, unless days are asked for.
        shown, place, begin = np.zeros(1, dtype=np.int64), None, 0
        if self.by == "day":
            days_of_cells, end = clock.day_index(cells.start, offset), min(self.instant, int(cells.borders[last]))
            to = clock.day_index(np.array([max(end - 1, 0)], dtype=np.int64), offset)[0]
            shown, begin = np.arange(days_of_cells[first], to + 1), int(days_of_cells[0])
            place = np.clip(days_of_cells[here] - shown[0], 0, len(shown) - 1)
        states = self._states(series, shown, offset, begin)
        keys = (viewer.name, viewer.account, series.surface.value, series.metric.value, series.rule, pixel)
        utc = f"UTC{format_offset(offset)}"
        for number, name in enumerate(series.names):
            for event, title in self._events:
                of_cell = series.counts[number, event, here]
                by_day = [of_cell.sum()] if place is None else np.bincount(place, of_cell, len(shown)).tolist()
                for day, value, state in zip(shown.tolist(), by_day, states, strict=True):
                    told = (day if self.by == "day" else None, series.basis.value, utc, int(value), state, "")
                    yield Row(*keys, title, series.object_type, name, *told, series.exactness[event].value)

    def _states(self, series: _Series, shown: Longs, offset: int, first: int) -> list[str]:
        """Tell for each day whether its figure is final, may grow, or is incomplete."""
        if self.newest is None:
            return ["final"] * len(shown)
        clock = self.counts.scenario.clock
        ends = np.array([self.instant])
        if self.by == "day":
            ends = (shown - first + 1) * DAY - (clock.start_offset + offset) % DAY
        grows = series.basis is DayBasis.INTERACTION and series.metric is not Metric.TOTAL
        may_grow = np.array(grows) & (ends + LONGEST_WINDOW > self.newest)
        states: list[str] = np.where(ends > self.newest, "incomplete", np.where(may_grow, "may grow", "final")).tolist()
        return states

    def _missing(self, viewer: Viewer, pixel: str, series: _Series, decision: Decision, world: World) -> Iterator[Row]:
        """Give rows without a value, with the rule and the reason of the refusal."""
        utc = f"UTC{format_offset(world.ad_accounts[viewer.account].utc_offset)}"
        keys = (viewer.name, viewer.account, series.surface.value, series.metric.value, decision.rule, pixel)
        for _, event in self._events:
            basis, reason, exact = series.basis.value, decision.reason, Exactness.EXACT.value
            yield Row(*keys, event, series.object_type, "", None, basis, utc, None, "", reason, exact)


def count_metrics(
    counts: Counts,
    viewer: str | None = None,
    *,
    by: Literal["total", "day"] = "total",
    level: Level = "campaign",
    as_of: float | None = None,
    stretch: Stretch | None = None,
) -> pd.DataFrame:
    """Give what viewers read, as :func:`pixelsim.measure.metrics` does, with ``exactness`` as the last column.

    Parameters
    ----------
    counts
        One replication in counts.
    viewer, by, level
        As for the metrics of events.
    as_of
        Day since the scenario's start on which the reports are read; the reporting lag taken off, a whole day.
    stretch
        Cells that count; None: all of them.

    Raises
    ------
    UnknownNameError
        No viewer has this name.
    InputError
        ``as_of`` falls within a cell.
    """
    reading = CountReading(counts, by, level, as_of, stretch)
    frame = pd.DataFrame(list(reading.rows(viewer)), columns=[*COLUMNS, "exactness"])
    frame["day"] = pd.to_datetime(frame["day"].astype("Int64"), unit="D").astype("datetime64[ns]")
    return frame.astype({"value": "Int64"})
