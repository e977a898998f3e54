"""Where the copies of all sites meet: order of time, de-duplication, attribution, and the rows of the log."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from pixelsim.base.clock import DAY, HOUR, MINUTE, SECOND
from pixelsim.scenario.measurement import InFlight, MeasurementSettings
from pixelsim.traffic.access import AccessBook
from pixelsim.traffic.attribution import Credit, Reason, credit
from pixelsim.traffic.audiences import AudienceBook
from pixelsim.traffic.capture import Copies, Loss, no_copies
from pixelsim.traffic.counting import CountState, count_conversions
from pixelsim.traffic.dedup import DedupRule, DedupState, deduplicate
from pixelsim.traffic.flow import TouchRows
from pixelsim.traffic.keys import NONE, Sieve, order_of_time, order_with_ties
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


def in_order(copies: Sequence[Copies], times: Longs) -> Longs:
    """Give the order of copies: time of arrival, origin and draw number (both in the key), pixel, channel, id.

    Parameters
    ----------
    copies
        Tables that stand one after another.
    times
        Their times of arrival in ms.
    """
    begins = np.cumsum([0, *(len(table) for table in copies)])

    def then(rows: Longs) -> list[NDArray[np.integer]]:
        some = [np.flatnonzero((one <= rows) & (rows < two)) for one, two in itertools.pairwise(begins.tolist())]
        picked: list[NDArray[np.integer]] = []
        for name in ("key", "pixel", "channel", "event_id"):
            column = np.empty(len(rows), dtype=np.int64)
            for table, begin, here in zip(copies, begins, some, strict=False):
                column[here] = getattr(table, name)[rows[here] - begin]
            picked.append(column)
        return picked

    return order_with_ties(times, then)


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
    ) -> None:
        self.settings, self.numbering, self.windows, self.access = settings, numbering, windows, access
        self._modes = modes
        self._counted: CountState | None = None
        self._repeats, self._audiences = repeats, audiences
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
        rows, self._later = self._arrived([no_copies(), *self._later, *copies], end)
        lost = rows.loss != Loss.RECEIVED
        fate = self._deduplicate(rows, lost) if self._repeats else np.full(len(rows), Fate.KEPT, dtype=np.int8)
        fate[lost] = Fate.LOST
        kept = np.flatnonzero(fate == Fate.KEPT)
        settled = self._settle(rows, fate, kept)
        if self._audiences is not None and self._audiences.listens:
            self._audiences.add(rows.take(kept))
        self._forget(end)
        return settled

    @staticmethod
    def _arrived(copies: Sequence[Copies], end: int) -> tuple[Copies, list[Copies]]:
        """Give the copies that arrive before ``end`` ms, in their order, and those that are still on their way."""
        times = np.concatenate([table.received for table in copies])
        cut = int(np.count_nonzero(times < end))
        rows = Copies.merged(copies, in_order(copies, times))
        return rows.take(slice(0, cut)), [rows.take(np.arange(cut, len(rows)))]

    def _deduplicate(self, rows: Copies, lost: Mask) -> NDArray[np.int8]:
        """Tell what becomes of the received copies: kept, merged or dropped; lost ones have no id and no cookie."""
        found = deduplicate(
            rows.received,
            rows.pixel,
            rows.event,
            np.where(lost, NONE, rows.event_id),
            rows.channel,
            np.where(lost, NONE, rows.visitor),
            self._rule,
            state=self._dedup,
            returning=None if self._ids_return else np.concatenate([copies.event_id for copies in self._later]),
        )
        self._dedup = found.state
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
        parts = [(touches, ads, wanted.positions(touches.person)) for touches, ads in self._touches]
        small = np.empty(0, dtype=np.int32)
        return (
            Touches.gather((touches, here) for touches, _, here in parts),
            np.concatenate([small, *(ads.take(here) for _, ads, here in parts)]),
        )

    def _settle(self, rows: Copies, fate: NDArray[np.int8], kept: Longs) -> tuple[LogRows, ClaimRows]:
        """Credit the kept events, and give the step's rows of log and claims."""
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
            ad_group=_spread(touches.ad_group.take(touch), row, size),
            ad=_spread(ads.take(touch), row, size),
            touch_at=_spread(touches.at.take(touch), row, size),
            touch_kind=_spread(touches.kind.take(touch), row, size),
            refused_account=_spread(passed_over, kept[refused], size),
        )
        return log, claims

    def _credit(self, rows: Copies, kept: Longs, touches: Touches) -> Credit:
        everything = len(kept) == len(rows)
        at, match, pixel = (c if everything else c.take(kept) for c in (rows.at, rows.match, rows.pixel))
        grants = None
        if not self.access.always:
            cut = self.settings.in_flight is InFlight.CUT
            grants = self.access.grants(touches.pixel, touches.account, touches.at, cut=cut)
        return credit(
            at,
            match,
            pixel,
            touches,
            self.windows,
            scope=self.settings.scope.value,
            eligible=grants,
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
