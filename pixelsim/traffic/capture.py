"""From events on the page to copies at the pixels: tags, browser and server legs, losses, ids, cookies and consent.

Sent = received + lost holds for each leg and pixel: every copy that was sent is a row, with a reason where it was lost.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray
from scipy import special

from pixelsim.base.clock import SECOND
from pixelsim.base.streams import Streams
from pixelsim.scenario.capture import EVENT_NAMES, ServerLeg
from pixelsim.scenario.measurement import WhileNoConsent
from pixelsim.scenario.traffic import SiteTraffic
from pixelsim.traffic.columns import Columns, replaced
from pixelsim.traffic.counter import key_of, keys_of, uniform
from pixelsim.traffic.dedup import BROWSER, SERVER
from pixelsim.traffic.events import Events
from pixelsim.traffic.identity import event_key, in_population, sent_id
from pixelsim.traffic.kernels import chosen
from pixelsim.traffic.numbering import Numbering
from pixelsim.traffic.sessions import Visit
from pixelsim.traffic.tabulated import WholeParts

__all__ = ["Capturer", "Copies", "Loss", "Page", "server_delay"]

Longs = NDArray[np.int64]
Mask = NDArray[np.bool_]

NONE = -1
CHECKOUT = EVENT_NAMES.index("InitiateCheckout")


class Loss(IntEnum):
    """Why a pixel never received a copy that was sent, or would have been."""

    RECEIVED = 0
    BLOCKED = 1
    NO_CONSENT = 2
    LEFT_TOO_SOON = 3
    LOST_BY_RELAY = 4
    TOKEN_REVOKED = 5


_LOSSES = np.array(
    [Loss.RECEIVED, Loss.LEFT_TOO_SOON, Loss.NO_CONSENT, Loss.BLOCKED, Visit.PERSON],
    dtype=np.int8,
)
_SERVER_LOSSES = np.array(
    [Loss.RECEIVED, Loss.NO_CONSENT, Loss.LOST_BY_RELAY, Loss.TOKEN_REVOKED, Visit.PERSON], dtype=np.int8
)
"""Codes that the compiled kernels are told."""


@dataclass(frozen=True, slots=True, eq=False)
class Copies(Columns):
    """Copies of events: when it happened and when it arrives, whose, what, for which pixel, and whether it was lost.

    ``visitor`` is the first-party cookie and ``match`` the key by which the platform finds touches, -1 where there is
    none; ``key`` identifies the event, ``event_id`` is the id that was sent with it (-1: none); ``channel`` is 0 for
    browser and 1 for server; ``value`` is in smallest money units, -1 where there is none.
    """

    at: Longs
    received: Longs
    person: Longs
    visitor: Longs
    match: Longs
    event: NDArray[np.int8]
    key: Longs
    event_id: Longs
    pixel: NDArray[np.int32]
    channel: NDArray[np.int8]
    value: Longs
    visit: NDArray[np.int8]
    loss: NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Page:
    """A stretch of time in which a site's pages do not change: pixels on them, and whether the server's token holds."""

    start: int
    end: int
    pixels: Sequence[int]
    token: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class _Base:
    """Copies of events before they go to any pixel, with the counter and origin of their numbers, and who refuses."""

    copies: Copies
    counter: Longs
    origin: NDArray[np.int32]
    refuses: Mask


class Capturer:
    """Makes the copies of one website's events.

    Parameters
    ----------
    streams
        Random streams of the replication.
    traffic
        The site's parameters.
    numbering
        Numbers of everything in the run.
    population
        Name of the site's population, whose traits are lasting.
    consent
        What becomes of events before a visitor's consent.
    """

    def __init__(
        self, streams: Streams, traffic: SiteTraffic, numbering: Numbering, *, population: str, consent: WhileNoConsent
    ) -> None:
        self.capture, self.numbering, self.consent = traffic.capture, numbering, consent
        names = [origin.key for origin in numbering.origins]
        self._lost = keys_of(streams, "event lost", names)
        server = ("server sends", "server loses", "server delay") if traffic.capture.server is not None else ()
        self._server = {purpose: keys_of(streams, purpose, names) for purpose in server}
        self._delay = WholeParts(functools.partial(server_delay, traffic.capture.server))
        self._consent_time = keys_of(streams, "consent time", names)
        traits = ("blocks trackers", "refuses consent", "consents late", "cannot be tracked", "checks out elsewhere")
        self._traits = {trait: key_of(streams, trait, population) for trait in traits}
        self._shares = np.array([self.capture.lost_by_event.get(e, self.capture.lost_events) for e in EVENT_NAMES])
        self._targets = self._fires(numbering)

    def _fires(self, numbering: Numbering) -> Mask:
        """Tell which event fires on which pixel, bool of shape (events, pixels); no tags: every event on every one."""
        fires = np.ones((len(EVENT_NAMES), max(len(numbering.pixels), 1)), dtype=np.bool_)
        if self.capture.tags:
            fires[:] = False
            for tag in self.capture.tags:
                event = EVENT_NAMES.index(tag.event)
                if tag.pixel is None:
                    fires[event, :] = True
                elif tag.pixel in numbering.pixels:
                    fires[event, numbering.pixels.index(tag.pixel)] = True
        return fires

    def copies(self, tables: Sequence[Events], pages: Sequence[Page]) -> tuple[list[Copies], list[Mask]]:
        """Give the copies of events in several tables, and for each event whether a copy is received anywhere.

        Parameters
        ----------
        tables
            Events on the site's pages, all events of a session from some instant on in one table.
        pages
            Stretches of time; of events outside of them nothing is sent.
        """
        parts: list[Copies] = []
        heard = [np.zeros(len(events), dtype=np.bool_) for events in tables]
        for events, received in zip(tables, heard, strict=True):
            base = self._base(events)
            following = _following_views(events) if self.capture.resends_previous else None
            for page in pages:
                here = (events.at >= page.start) & (events.at < page.end)
                for pixel in page.pixels:
                    fires = self._targets[:, pixel]
                    rows = np.flatnonzero(here if fires.all() else here & fires[events.event])
                    for made, index in self._of_pixel(base, rows, pixel, following, token=page.token):
                        arrives = made.loss == Loss.RECEIVED
                        if len(index) == len(received):
                            np.logical_or(received, arrives, out=received)
                        else:
                            received[index] |= arrives
                        parts.append(made)
        return parts, heard

    def _base(self, events: Events) -> _Base:
        """Give one browser copy of each event, without a pixel yet."""
        capture = self.capture
        person, count = events.person, len(events)
        real = events.visit == Visit.PERSON
        received, early = events.at, np.empty(0, dtype=np.bool_)
        if capture.late_consent_people > 0:
            early, granted = self._before_consent(events, real)
            if self.consent is WhileNoConsent.HOLD:
                received, early = np.where(early, granted, events.at), early[:0]
        counter, key, loss, refuses = self._losses(events, early, real)
        visitor, match = person, person
        if capture.other_checkout > 0:
            elsewhere = real & self._trait("checks out elsewhere", person, capture.other_checkout)
            elsewhere &= events.event >= CHECKOUT
            visitor = person + (elsewhere.astype(np.int64) << 62)
            if not capture.click_id_passed:
                match = np.where(elsewhere, NONE, match)
        if capture.untrackable_people > 0:
            lost = real & self._trait("cannot be tracked", person, capture.untrackable_people)
            match = np.where(lost, NONE, match)
        copies = Copies(
            at=events.at,
            received=received,
            person=person,
            visitor=visitor,
            match=match,
            event=events.event,
            key=key,
            event_id=sent_id(self._id_base(events, key), 0) if capture.browser_event_id else np.full(count, NONE),
            pixel=np.full(count, NONE, dtype=np.int32),
            channel=np.full(count, BROWSER, dtype=np.int8),
            value=events.value,
            visit=events.visit,
            loss=loss,
        )
        return _Base(copies, counter, events.origin, refuses)

    def _losses(self, events: Events, early: Mask, real: Mask) -> tuple[Longs, Longs, NDArray[np.int8], Mask]:
        """Give counters of draws and numbers of events, losses of the browser's copies, and who refuses consent.

        ``early`` tells what comes before consent and is lost for it; empty: nothing.
        """
        refusing, blocked = self.capture.refusing_people, self.capture.blocked_people
        compiled = chosen()
        if compiled is not None:
            columns = (events.origin, events.number, events.place, events.person, events.event, events.visit)
            refuse, block = (np.array([self._traits[name]]) for name in ("refuses consent", "blocks trackers"))
            traits = (refuse, refusing, block, blocked)
            return compiled.browser(columns, early, (self._lost, self._shares), traits, _LOSSES)
        counter = events.number << 8 | events.place
        drawn = uniform(counter, self._lost, events.origin)
        refuses = real & self._trait("refuses consent", events.person, refusing)
        loss = np.full(len(counter), Loss.RECEIVED, dtype=np.int8)
        loss = replaced(loss, drawn < self._shares.take(events.event.astype(np.int64)), Loss.LEFT_TOO_SOON)
        loss = replaced(loss, refuses | early if len(early) else refuses, Loss.NO_CONSENT)
        loss = replaced(loss, real & self._trait("blocks trackers", events.person, blocked), Loss.BLOCKED)
        return counter, event_key(events.origin, events.number, events.place), loss, refuses

    def _id_base(self, events: Events, key: Longs) -> Longs:
        """Give what event ids are made of: the event, or the visitor and the event name (P49)."""
        if self.capture.id_from == "visitor":
            return events.person << 3 | events.event
        return key

    def _trait(self, name: str, person: Longs, share: float) -> Mask:
        """Tell who has a lasting trait that a share of people has."""
        if share <= 0:
            return np.zeros(len(person), dtype=np.bool_)
        return np.asarray(uniform(in_population(person), self._traits[name]) < share)

    def _before_consent(self, events: Events, real: Mask) -> tuple[Mask, Longs]:
        """Tell what a late consenter does before consent, and when consent is given."""
        late = real & self._trait("consents late", events.person, self.capture.late_consent_people)
        score = special.ndtri(uniform(events.number, self._consent_time, events.origin))
        wait = np.floor(self.capture.consent_seconds * np.exp(score) * SECOND).astype(np.int64)
        granted = events.session_at + wait
        return late & (events.at < granted), granted

    def _of_pixel(
        self, base: _Base, rows: Longs, pixel: int, following: Longs | None, *, token: bool
    ) -> Iterator[tuple[Copies, Longs]]:
        """Give the copies of some events for one pixel, a table for each load and leg, with the events' positions."""
        capture = self.capture
        code = self.numbering.pixels[pixel]
        browser = base.copies.take(rows).with_columns(pixel=np.full(len(rows), pixel, dtype=np.int32))
        for load in range(capture.loads.get(code, 1)):
            own = load > 0 and capture.id_per_load and capture.browser_event_id
            yield (browser.with_columns(event_id=browser.event_id | load) if own else browser), rows
        if following is not None:
            yield self._again(base.copies, browser, rows, following)
        if capture.server is not None:
            yield self._of_server(capture.server, base, browser, rows, token=token)

    @staticmethod
    def _again(base: Copies, browser: Copies, rows: Longs, following: Longs) -> tuple[Copies, Longs]:
        """Give the page views that the next page of the same session sends once more, with an id of their own (P48)."""
        again = np.flatnonzero(following[rows] != NONE)
        made = browser.take(again)
        fresh = np.where(made.event_id == NONE, NONE, made.event_id | 6)
        return made.with_columns(event_id=fresh, received=base.received[following[rows[again]]]), rows[again]

    def _of_server(
        self, server: ServerLeg, base: _Base, browser: Copies, rows: Longs, *, token: bool
    ) -> tuple[Copies, Longs]:
        """Give the copies that the site's server sends: later, not blocked, lost for reasons of their own."""
        sent, quantile, loss = self._relayed(server, base, browser, rows, token=token)
        made = browser.take(sent)
        ids = made.event_id
        if server.event_id != "shared":
            ids = sent_id(made.key, 7) if server.event_id == "own" else np.full(len(made), NONE)
        copies = made.with_columns(
            received=made.received + self._delay(quantile),
            channel=np.full(len(made), SERVER, dtype=np.int8),
            event_id=ids,
            visitor=made.visitor if server.cookie else np.full(len(made), NONE),
            loss=loss,
        )
        return copies, rows.take(sent)

    def _relayed(
        self, server: ServerLeg, base: _Base, browser: Copies, rows: Longs, *, token: bool
    ) -> tuple[Longs, NDArray[np.float64], NDArray[np.int8]]:
        """Give which browser copies the server sends once more, the quantiles of their delays, and their losses."""
        relays = np.array([name in server.events for name in EVENT_NAMES])
        keys = self._server
        compiled = chosen()
        if compiled is not None:
            return compiled.server(
                (base.counter, base.origin, base.refuses),
                rows,
                (browser.event, browser.visit, browser.loss),
                relays,
                (keys["server sends"], keys["server delay"], keys["server loses"]),
                (server.sent, server.lost, token),
                _SERVER_LOSSES,
            )
        sends = relays.take(browser.event.astype(np.int64)) & (browser.visit == Visit.PERSON)
        if server.sent < 1:
            sends &= uniform(base.counter.take(rows), keys["server sends"], base.origin.take(rows)) < server.sent
        sent = np.flatnonzero(sends)
        rows, before = rows.take(sent), browser.loss.take(sent)
        counter, origin = base.counter.take(rows), base.origin.take(rows)
        # The browser's loss names the blocker before the refusal; a server is not blocked, but consent binds it too.
        withheld = (before == Loss.NO_CONSENT) | base.refuses.take(rows)
        loss = replaced(np.full(len(rows), Loss.RECEIVED, dtype=np.int8), withheld, Loss.NO_CONSENT)
        if server.lost > 0:
            relay = uniform(counter, keys["server loses"], origin) < server.lost
            loss[relay & (loss == Loss.RECEIVED)] = Loss.LOST_BY_RELAY
        if not token:
            loss[loss == Loss.RECEIVED] = Loss.TOKEN_REVOKED
        return sent, uniform(counter, keys["server delay"], origin), loss


def server_delay(server: ServerLeg | None, quantile: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give delays of the server's copies in ms, log-normal, by their quantiles; without a server there are none."""
    if server is None:
        return np.zeros(len(quantile))
    return server.delay_seconds * np.exp(server.delay_sigma * special.ndtri(quantile)) * SECOND


def _following_views(events: Events) -> Longs:
    """Give for each page view the next one of the same session, -1 where there is none and for all other events."""
    views = np.flatnonzero(events.event == 0)
    views = views[np.lexsort((events.at[views], events.number[views], events.origin[views]))]
    same = (events.origin[views[1:]] == events.origin[views[:-1]]) & (
        events.number[views[1:]] == events.number[views[:-1]]
    )
    following = np.full(len(events), NONE)
    following[views[:-1][same]] = views[1:][same]
    return following


def no_copies() -> Copies:
    """Give a table without copies."""
    none = np.empty(0, dtype=np.int64)
    small = none.astype(np.int8)
    return Copies(none, none, none, none, none, small, none, none, none.astype(np.int32), small, none, small, small)
