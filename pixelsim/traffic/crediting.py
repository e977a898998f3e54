"""What the platform remembers of touches, and what it makes of the events that it keeps: credit, claims and counts."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from pixelsim.base.clock import DAY
from pixelsim.scenario.measurement import InFlight, MeasurementSettings
from pixelsim.traffic.access import AccessBook, Grants
from pixelsim.traffic.attribution import Credit, Reason, credit
from pixelsim.traffic.capture import Copies
from pixelsim.traffic.counting import CountState, count_conversions
from pixelsim.traffic.flow import TouchRows
from pixelsim.traffic.keys import Sieve, order_of_time
from pixelsim.traffic.log import ClaimRows, Fate, LogRows
from pixelsim.traffic.numbering import Numbering
from pixelsim.traffic.touches import Touches, Windows

__all__ = ["MEMORY", "MOST_ADS", "Crediting"]

Longs = NDArray[np.int64]
MEMORY = 28 * DAY
"""How long a touch is remembered, in ms: the longest attribution window that the platform has."""
MOST_ADS = 1 << 24
"""Ads that the compiled crediting can tell apart; with more, a run is credited by NumPy."""
_Number = TypeVar("_Number", np.int64, np.int32, np.int8)


class Crediting:
    """Credits and counts the kept events of one step after another; carries only what later steps can still need.

    Parameters
    ----------
    settings
        How the platform counts and credits.
    numbering
        Numbers of everything in the run.
    windows
        Attribution windows by number of the ad group.
    modes
        How conversions are counted, by ad group and event name: codes of `CountMode`, shape (ad groups, events).
    access
        Grants by interval.
    """

    def __init__(
        self,
        settings: MeasurementSettings,
        numbering: Numbering,
        windows: Windows,
        modes: NDArray[np.int8],
        access: AccessBook,
    ) -> None:
        self.settings, self.numbering, self.windows, self.access = settings, numbering, windows, access
        self._modes = modes
        self._counted: CountState | None = None
        self._touches: list[tuple[Touches, NDArray[np.int32]]] = []
        self._numbers, self._rows = 0, 0

    def add(self, rows: TouchRows) -> None:
        """Append touches, none before those given earlier, in order of time, and number them."""
        rows = rows.take(order_of_time(rows.at, rows.ad_group, rows.kind, rows.number))
        group = rows.ad_group
        new = Touches(
            rows.at,
            rows.person,
            rows.kind,
            group,
            self.numbering.group_account[group],
            self.numbering.group_pixel[group],
            self._numbers + np.arange(len(rows)),
        )
        self._numbers += len(rows)
        self._touches.append((new, rows.ad))

    def settle(self, rows: Copies, fate: NDArray[np.int8]) -> tuple[LogRows, ClaimRows]:
        """Credit the kept events, and give the step's rows of log and claims."""
        kept = np.flatnonzero(fate == Fate.KEPT)
        touches, ads = self._touches_of(rows.match.take(kept))
        result = self._credit(rows, kept, touches)
        credited = np.flatnonzero(result.touch >= 0)
        touch, row = result.touch[credited], kept[credited]
        refused = np.flatnonzero(result.refused >= 0)
        passed_over = touches.account[result.refused[refused]]
        claims, again = self._claim_rows(rows, kept, result, touches, ads)
        size = len(rows)
        reason = _spread(result.reason, kept, size)
        reason[again] = Reason.NOT_COUNTED_AGAIN
        self._rows += size
        log = logged(
            rows,
            fate,
            reason,
            _spread(touches.ad_group.take(touch), row, size),
            _spread(ads.take(touch), row, size),
            _spread(touches.at.take(touch), row, size),
            _spread(touches.kind.take(touch), row, size),
            _spread(passed_over, kept[refused], size),
        )
        return log, claims

    def forget(self, oldest: int) -> None:
        """Drop the touches that no event at ``oldest`` ms or later can be told of."""
        kept = []
        for touches, ads in self._touches:
            first = int(np.searchsorted(touches.at, oldest - MEMORY))
            if first < len(touches):
                kept.append((touches.take(slice(first, None)), ads[first:]) if first else (touches, ads))
        self._touches = kept
        if self._counted is not None:
            self._counted = self._counted.forget(int(kept[0][0].id[0]) if kept else self._numbers)

    def _touches_of(self, people: Longs) -> tuple[Touches, NDArray[np.int32]]:
        """Give the remembered touches of some people, and perhaps a few more, with their ads."""
        wanted = Sieve(people)
        parts = [(touches, ads, wanted.positions(touches.person)) for touches, ads in self._touches]
        small = np.empty(0, dtype=np.int32)
        return (
            Touches.gather((touches, here) for touches, _, here in parts),
            np.concatenate([small, *(ads.take(here) for _, ads, here in parts)]),
        )

    def _grants(self, pixel: NDArray[np.int32], account: NDArray[np.int32], at: Longs) -> Grants | None:
        """Give what decides which touches may earn; None: all may."""
        if self.access.always:
            return None
        return self.access.grants(pixel, account, at, cut=self.settings.in_flight is InFlight.CUT)

    def _credit(self, rows: Copies, kept: Longs, touches: Touches) -> Credit:
        everything = len(kept) == len(rows)
        at, match, pixel = (c if everything else c.take(kept) for c in (rows.at, rows.match, rows.pixel))
        return credit(
            at,
            match,
            pixel,
            touches,
            self.windows,
            scope=self.settings.scope.value,
            eligible=self._grants(touches.pixel, touches.account, touches.at),
            inclusive=self.settings.last_instant,
            memory=MEMORY,
        )

    def _claim_rows(
        self, rows: Copies, kept: Longs, result: Credit, touches: Touches, ads: NDArray[np.int32]
    ) -> tuple[ClaimRows, Longs]:
        """Give the claims, and mark the credited log rows that do not count as a conversion once more."""
        claims = result.claims
        row, touch = kept.take(claims.event), claims.touch
        event, received, group = rows.event.take(row), rows.received.take(row), touches.ad_group.take(touch)
        found = count_conversions(touches.id.take(touch), event, received, group, self._modes, state=self._counted)
        self._counted = found.state
        again = row[~found.mask & (touch == result.touch[claims.event])]
        return (
            ClaimRows(
                row=self._rows + row,
                at=rows.at.take(row),
                received=received,
                touch_at=touches.at.take(touch),
                event=event,
                pixel=rows.pixel.take(row),
                account=claims.account,
                ad_group=group,
                ad=ads.take(touch),
                kind=touches.kind.take(touch),
                value=rows.value.take(row),
                key=rows.key.take(row),
                counted=found.mask,
            ),
            again,
        )


def logged(rows: Copies, fate: NDArray[np.int8], reason: NDArray[np.int8], *credited: NDArray[Any]) -> LogRows:
    """Give the log's rows of copies, from what became of each and the log's last columns."""
    return LogRows(
        rows.at,
        rows.received,
        rows.person,
        rows.visitor,
        rows.event,
        rows.key,
        rows.event_id,
        rows.pixel,
        rows.channel,
        rows.value,
        rows.visit,
        rows.loss,
        fate,
        reason,
        *credited,
    )


def _spread(values: NDArray[_Number], index: Longs, size: int) -> NDArray[_Number]:
    """Put values at their rows in a column that is -1 elsewhere."""
    column = np.full(size, -1, dtype=values.dtype)
    column[index] = values
    return column
