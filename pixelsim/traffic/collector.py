"""Where the copies of all sites meet: order of time, de-duplication, attribution, and the rows of the log."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pixelsim.base.clock import HOUR, MINUTE, SECOND
from pixelsim.scenario.measurement import MeasurementSettings
from pixelsim.traffic.access import AccessBook
from pixelsim.traffic.audiences import AudienceBook
from pixelsim.traffic.capture import Copies, Loss, no_copies
from pixelsim.traffic.columns import replaced
from pixelsim.traffic.crediting import MOST_ADS, Crediting
from pixelsim.traffic.dedup import DedupRule, DedupState, deduplicate
from pixelsim.traffic.flow import TouchRows
from pixelsim.traffic.kernels import chosen
from pixelsim.traffic.keys import order_with_ties
from pixelsim.traffic.log import ClaimRows, Fate, LogRows
from pixelsim.traffic.numbering import Numbering
from pixelsim.traffic.touches import Windows

__all__ = ["Collector", "dedup_rule"]

Longs = NDArray[np.int64]
Mask = NDArray[np.bool_]


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
        # What is carried from step to step is of one make, so the choice of kernels is made here.
        # The kernels have so many bits for the number of an ad.
        way = Crediting if chosen() is None or len(numbering.ads) > MOST_ADS else _chained()
        self._crediting = way(settings, numbering, windows, modes, access)
        self._access = access
        self._repeats, self._audiences = repeats, audiences
        self._ids_return = ids_return
        self._rule = dedup_rule(settings)
        self._dedup = DedupState()
        self._later: list[Copies] = []

    def collect(self, touches: Sequence[TouchRows], copies: Sequence[Copies], end: int) -> tuple[LogRows, ClaimRows]:
        """Take what the sites sent in a step that ends at ``end`` ms, and settle all events before it.

        Returns
        -------
        LogRows, ClaimRows
            The rows of the events settled.
        """
        self._access.extend(end)
        if touches:
            self._crediting.add(TouchRows.join(touches))
        rows, self._later = self._arrived([no_copies(), *self._later, *copies], end)
        lost = rows.loss != Loss.RECEIVED
        fate = self._deduplicate(rows, lost) if self._repeats else np.full(len(rows), Fate.KEPT, dtype=np.int8)
        fate = replaced(fate, lost, Fate.LOST)
        settled = self._crediting.settle(rows, fate)
        if self._audiences is not None and self._audiences.listens:
            self._audiences.add(rows.take(fate == Fate.KEPT))
        # Copies that are still on their way may be of events before the end.
        self._crediting.forget(min([end, *(int(copies.at.min()) for copies in self._later if len(copies))]))
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
            rows.event_id,
            rows.channel,
            rows.visitor,
            self._rule,
            lost=lost,
            state=self._dedup,
            returning=None if self._ids_return else np.concatenate([copies.event_id for copies in self._later]),
        )
        self._dedup = found.state
        return found.outcome


def _chained() -> type[Crediting]:
    from pixelsim.traffic.chained import ChainedCrediting  # noqa: PLC0415 - it needs the compiled kernels

    return ChainedCrediting
