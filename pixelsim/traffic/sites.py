"""One website in a run: its sessions, what happens in them, and what its pixels hear of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pixelsim.base.streams import Streams
from pixelsim.scenario.measurement import WhileNoConsent
from pixelsim.scenario.traffic import SiteTraffic
from pixelsim.traffic.capture import Capturer, Copies, Page
from pixelsim.traffic.events import EventMaker, Orders, orders_of
from pixelsim.traffic.flow import FlowStep, TouchRows
from pixelsim.traffic.numbering import Numbering
from pixelsim.traffic.sessions import SessionSource
from pixelsim.traffic.shapes import LocalDays

__all__ = ["Site", "SiteStep"]


@dataclass(frozen=True, slots=True, eq=False)
class SiteStep:
    """What a website brought forth in one step; ``orders`` are those placed in it, whenever their sessions began."""

    touches: list[TouchRows]
    copies: Copies
    orders: Orders
    sessions: int


class Site:
    """A website's people and pages.

    Parameters
    ----------
    streams
        Random streams of the replication.
    traffic
        The site's parameters.
    number
        Number of the site.
    numbering
        Numbers of everything in the run.
    days
        Days on the site's clock.
    session_length
        Milliseconds after which a return counts as a new session.
    consent
        What becomes of events before a visitor's consent.
    block_days
        Days drawn at a time.
    """

    def __init__(
        self,
        streams: Streams,
        traffic: SiteTraffic,
        number: int,
        numbering: Numbering,
        *,
        days: LocalDays,
        session_length: int,
        consent: WhileNoConsent = WhileNoConsent.DROP,
        block_days: int = 7,
    ) -> None:
        self.traffic, self.number = traffic, number
        self._sessions = SessionSource(
            streams, traffic, number, numbering, days=days, session_length=session_length, block_days=block_days
        )
        self._events = EventMaker(streams, traffic, numbering)
        self._capturer = Capturer(streams, traffic, numbering, population=self._sessions.population, consent=consent)
        self._placed_later: list[Orders] = []

    @property
    def lost_sessions(self) -> int:
        """Sessions that the load time of pixels has driven away so far."""
        return self._sessions.lost

    def step(self, flows: Sequence[FlowStep], pages: Sequence[Page], end: int) -> SiteStep:
        """Give what happens on the site up to ``end`` ms, from where the last step ended.

        Parameters
        ----------
        flows
            The step of each ad group that leads here.
        pages
            Stretches of the step, without gaps; the last one reaches beyond the end, for sessions that cross it.
        end
            End of the step in ms.
        """
        sessions = self._sessions.until(end, flows, [(p.start, p.end, p.pixels) for p in pages])
        events = self._events.unfold(sessions)
        copies, heard = self._capturer.copies(events, pages)
        # A session that crosses the end of the step, or of the run, places its order after it.
        orders = Orders.join([*self._placed_later, orders_of(events, sessions, heard)])
        placed = orders.at < end
        self._placed_later = [orders.take(~placed)]
        return SiteStep([flow.touches for flow in flows], copies, orders.take(placed), len(sessions))
