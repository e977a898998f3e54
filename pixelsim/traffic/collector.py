"""Where the copies of all sites meet: order of time, de-duplication, attribution, and the rows of the log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from pixelsim.base.clock import DAY, HOUR, MINUTE, SECOND
from pixelsim.scenario.measurement import InFlight, MeasurementSettings
from pixelsim.traffic.access import AccessBook
from pixelsim.traffic.attribution import Credit, Reason, credit
from pixelsim.traffic.audiences import AudienceBook
from pixelsim.traffic.capture import Copies, Loss
from pixelsim.traffic.counting import CountState, count_conversions
from pixelsim.traffic.dedup import DedupRule, DedupState, deduplicate
from pixelsim.traffic.flow import TouchRows
from pixelsim.traffic.keys import Finder, Sieve, TimeLine, latest, order_of_time
from pixelsim.traffic.log import ClaimRows, Fate, LogRows
from pixelsim.traffic.numbering import Numbering
from pixelsim.traffic.touches import Touches, Windows

__all__ = ["Collector", "dedup_rule"]

Longs = NDArray[np.int64]
Mask = NDArray[np.bool_]
MEMORY = 28 * DAY
"""How long a touch is remembered, in ms: the longest attribution window that the platform has."""
_Number = TypeVar("_Number", np.int64, np.int32, np.int8)


def dedup_rule(settings: MeasurementSettings) -> DedupRule:
    """Give the de-duplication windows of the settings, in ms."""
    return DedupRule(
        window=round(settings.dedup_hours * HOUR),
        merge=min(round(settings.merge_minutes * MINUTE), round(settings.dedup_hours * HOUR)),
        repeat=round(settings.repeat_seconds * SECOND),
        inclusive=settings.last_instant,
    )


def in_order(copies: Copies) -> Longs:
    """Give the order of copies: time of arrival, origin and draw number (both in the key), pixel, channel, id."""
    return order_of_time(copies.received, copies.key, copies.pixel, copies.channel, copies.event_id)


class Collector:
    """Measures what the sites sent, one step after another; carries only what later steps can still need.

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
    audiences
        Hears of every kept event.
    repeats
        Whether copies can repeat one another at all; where they cannot, every received copy is kept.
    ids_return
        Whether an id can come again in a copy that a later step makes; where it cannot, only copies on their way are
        carried against.
    finder
        How the last touches are found.
    """

    def __init__(
        self,
        settings: MeasurementSettings,
        numbering: Numbering,
        windows: Windows,
        modes: NDArray[np.int8],
        access: AccessBook,
        *,
        audiences: AudienceBook | None = None,
        repeats: bool = True,
        ids_return: bool = True,
        finder: Finder = latest,
    ) -> None:
        self.settings, self.numbering, self.windows, self.access = settings, numbering, windows, access
        self._modes = modes
        self._counted: CountState | None = None
        self._finder, self._repeats, self._audiences = finder, repeats, audiences
        self._ids_return = ids_return
        self._rule = dedup_rule(settings)
        self._dedup = DedupState()
        self._touches: list[tuple[Touches, NDArray[np.int32]]] = []
        self._numbers, self._rows = 0, 0
        self._later: list[Copies] = []

    def collect(self, touches: Sequence[TouchRows], copies: Sequence[Copies], end: int) -> tuple[LogRows, ClaimRows]:
        """Take what the sites sent in a step that ends at ``end`` ms, and settle all events before it.

        Returns
        -------
        LogRows, ClaimRows
            The rows of the events settled.
        """
        self.access.extend(end)
        self._add_touches(touches)
        waiting = Copies.join([*self._later, *copies])
        order = in_order(waiting)
        cut = int(np.searchsorted(waiting.received[order], end))
        rows, self._later = waiting.take(order[:cut]), [waiting.take(order[cut:])]
        received = np.flatnonzero(rows.loss == Loss.RECEIVED)
        if self._repeats:
            outcome = self._deduplicate(rows, received)
        else:
            outcome = np.full(len(received), Fate.KEPT, dtype=np.int8)
        fate = np.full(len(rows), Fate.LOST, dtype=np.int8)
        fate[received] = outcome
        kept = received[outcome == Fate.KEPT]
        settled = self._settle(rows, fate, kept)
        if self._audiences is not None and self._audiences.listens:
            self._audiences.add(rows.take(kept))
        self._forget(end)
        return settled

    def _deduplicate(self, rows: Copies, received: Longs) -> NDArray[np.int8]:
        """Tell what becomes of the received copies: kept, merged or dropped."""
        found = deduplicate(
            rows.received[received],
            rows.pixel[received],
            rows.event[received],
            rows.event_id[received],
            rows.channel[received],
            rows.visitor[received],
            self._rule,
            state=self._dedup,
        )
        self._dedup = found.state
        if not self._ids_return:
            self._dedup = found.state.only(Sieve(np.concatenate([copies.event_id for copies in self._later])))
        return found.outcome

    def _add_touches(self, parts: Sequence[TouchRows]) -> None:
        """Append the step's touches in order of time, and number them."""
        if not parts:
            return
        rows = TouchRows.join(parts)
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

    def _touches_of(self, people: Longs) -> tuple[Touches, NDArray[np.int32]]:
        """Give the remembered touches of some people, and perhaps a few more, with their ads."""
        wanted = Sieve(people)
        parts = [(touches, ads, np.flatnonzero(wanted.passes(touches.person))) for touches, ads in self._touches]
        small = np.empty(0, dtype=np.int32)
        return (
            Touches.gather((touches, here) for touches, _, here in parts),
            np.concatenate([small, *(ads[here] for _, ads, here in parts)]),
        )

    def _settle(self, rows: Copies, fate: NDArray[np.int8], kept: Longs) -> tuple[LogRows, ClaimRows]:
        """Credit the kept events, and give the step's rows of log and claims."""
        touches, ads = self._touches_of(rows.match[kept])
        result = self._credit(rows, kept, touches)
        credited = np.flatnonzero(result.touch >= 0)
        touch, row = result.touch[credited], kept[credited]
        refused = np.flatnonzero(result.refused >= 0)
        passed_over = touches.account[result.refused[refused]]
        self._remembered(rows, kept, result.reason, touches)
        claims, again = self._claim_rows(rows, kept, result, touches, ads)
        size = len(rows)
        reason = _spread(result.reason, kept, size)
        reason[again] = Reason.NOT_COUNTED_AGAIN
        self._rows += size
        log = LogRows(
            at=rows.at,
            received=rows.received,
            person=rows.person,
            visitor=rows.visitor,
            event=rows.event,
            key=rows.key,
            event_id=rows.event_id,
            pixel=rows.pixel,
            channel=rows.channel,
            value=rows.value,
            visit=rows.visit,
            loss=rows.loss,
            fate=fate,
            reason=reason,
            ad_group=_spread(touches.ad_group[touch], row, size),
            ad=_spread(ads[touch], row, size),
            touch_at=_spread(touches.at[touch], row, size),
            touch_kind=_spread(touches.kind[touch], row, size),
            refused_account=_spread(passed_over, kept[refused], size),
        )
        return log, claims

    def _credit(self, rows: Copies, kept: Longs, touches: Touches) -> Credit:
        at, pixel = rows.at[kept], rows.pixel[kept]
        eligible = None
        if not self.access.always:
            cut = self.settings.in_flight is InFlight.CUT

            def eligible(touch: Longs, event: Longs) -> Mask:
                """Tell whether a touch may earn: made with access, and, where it is cut, access at the event too."""
                one, other = touches.pixel[touch], touches.account[touch]
                may = self.access.has(one, other, touches.at[touch])
                return may & self.access.has(one, other, at[event]) if cut else may

        return credit(
            at,
            rows.match[kept],
            pixel,
            touches,
            self.windows,
            scope=self.settings.scope.value,
            eligible=eligible,
            inclusive=self.settings.last_instant,
            finder=self._finder,
        )

    def _claim_rows(
        self, rows: Copies, kept: Longs, result: Credit, touches: Touches, ads: NDArray[np.int32]
    ) -> tuple[ClaimRows, Longs]:
        """Give the claims, and mark the credited log rows that do not count as a conversion once more."""
        claims = result.claims
        row = kept[claims.event]
        found = count_conversions(
            touches.id[claims.touch],
            rows.event[row],
            rows.received[row],
            touches.ad_group[claims.touch],
            self._modes,
            state=self._counted,
        )
        self._counted = found.state
        again = row[~found.mask & (claims.touch == result.touch[claims.event])]
        return (
            ClaimRows(
                row=self._rows + row,
                at=rows.at[row],
                received=rows.received[row],
                touch_at=touches.at[claims.touch],
                event=rows.event[row],
                pixel=rows.pixel[row],
                account=claims.account,
                ad_group=touches.ad_group[claims.touch],
                ad=ads[claims.touch],
                kind=touches.kind[claims.touch],
                value=rows.value[row],
                key=rows.key[row],
                counted=found.mask,
            ),
            again,
        )

    @staticmethod
    def _remembered(rows: Copies, kept: Longs, reason: NDArray[np.int8], touches: Touches) -> None:
        """Call a touch too long ago no touch at all, in place, so that reasons do not depend on what is carried."""
        outside = np.flatnonzero(reason == Reason.OUTSIDE_WINDOW)
        if not len(outside):
            return
        asked = kept[outside]
        by_time = order_of_time(rows.at[asked])
        outside, asked = outside[by_time], asked[by_time]
        queries = TimeLine(rows.at[asked], rows.match[asked], rows.pixel[asked].astype(np.int64))
        lines = TimeLine(touches.at, touches.person, touches.pixel.astype(np.int64))
        found = latest(queries, lines, np.zeros(len(touches), dtype=np.int16), classes=1)
        age = np.full(len(outside), MEMORY + 1)
        known = found.row[0] >= 0
        age[found.query[known]] = queries.at[found.query[known]] - touches.at[found.row[0, known]]
        reason[outside[age > MEMORY]] = Reason.NO_TOUCH

    def _forget(self, end: int) -> None:
        """Drop the touches that no later event can be told of."""
        # Copies that are still on their way may be of events before the end.
        oldest = min([end, *(int(copies.at.min()) for copies in self._later if len(copies))])
        kept = []
        for touches, ads in self._touches:
            first = int(np.searchsorted(touches.at, oldest - MEMORY))
            if first < len(touches):
                kept.append((touches.take(slice(first, None)), ads[first:]) if first else (touches, ads))
        self._touches = kept
        if self._counted is not None:
            self._counted = self._counted.forget(int(kept[0][0].id[0]) if kept else self._numbers)


def _spread(values: NDArray[_Number], index: Longs, size: int) -> NDArray[_Number]:
    """Put values at their rows in a column that is -1 elsewhere."""
    column = np.full(size, -1, dtype=values.dtype)
    column[index] = values
    return column
