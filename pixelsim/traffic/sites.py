"""One website in a run: its sessions, what happens in them, and what its pixels hear of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pixelsim.base.streams import Streams
from pixelsim.scenario.measurement import WhileNoConsent
from pixelsim.scenario.traffic import SiteTraffic
from pixelsim.traffic.capture import Capturer, Copies, Page
from pixelsim.traffic.events import EventMaker, Events, Orders
from pixelsim.traffic.flow import FlowStep, TouchRows
from pixelsim.traffic.numbering import Numbering
from pixelsim.traffic.sessions import Sessions, SessionSource
from pixelsim.traffic.shapes import LocalDays

__all__ = ["Site", "SiteStep"]


@dataclass(frozen=True, slots=True, eq=False)
class SiteStep:
    """What a website brought forth in one step; ``sessions`` counts those that began in it."""

    touches: TouchRows
    copies: list[Copies]
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
            streams, traffic, numbering, days=days, session_length=session_length, block_days=block_days
        )
        self._events = EventMaker(streams, traffic, numbering)
        self._capturer = Capturer(streams, traffic, numbering, population=self._sessions.population, consent=consent)
        self._going_on: list[tuple[Sessions, Events]] = []

    @property
    def market_sessions(self) -> NDArray[np.int64]:
        """Sessions of each of the site's markets so far."""
        return self._sessions.of_markets

    @property
    def lost_sessions(self) -> int:
        """Sessions that the load time of pixels has driven away so far."""
        return self._sessions.lost

    def step(self, flow: FlowStep, pages: Sequence[Page], end: int) -> SiteStep:
        """Give what happens on the site up to ``end`` ms, from where the last step ended.

        Parameters
        ----------
        flow
            The step of the ad groups that lead here.
        pages
            Stretches of the step, without gaps.
        end
            End of the step in ms. Events of sessions that go on after it wait for the pages of the next step.
        """
        pages = [replace(page, end=min(page.end, end)) for page in pages]
        sessions = self._sessions.until(end, flow, [(p.start, p.end, p.pixels) for p in pages])
        cuts = [int(np.searchsorted(events.at, end)) for _, events in self._going_on]
        made, cut = self._events.unfold(sessions, end)
        parts, cuts = [*self._going_on, (sessions, made)], [*cuts, cut]
        self._going_on = [
            (began.take(began.at + began.length >= end), events.take(slice(cut, None)))
            for (began, events), cut in zip(parts, cuts, strict=True)
            if cut < len(events)
        ]
        if not self.traffic.capture.resends_previous:
            # Only a page view that waits for the session's next one needs the events that are still to come.
            parts = [(began, events.take(slice(0, cut))) for (began, events), cut in zip(parts, cuts, strict=True)]
        copies, heard = self._capturer.copies([events for _, events in parts], pages)
        placed = zip(parts, heard, strict=True)
        orders = [self._events.orders(events, began, known, end) for (began, events), known in placed]
        return SiteStep(flow.touches, copies, Orders.join(orders), len(sessions))
