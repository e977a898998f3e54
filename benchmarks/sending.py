"""How the events of visits are sent in plain Python: losses, consent, ids, pixels of the page, the server's copies."""

from __future__ import annotations

import math

import simpy

from benchmarks.ads import inverse_normal
from benchmarks.draws import Draw
from benchmarks.platform import Platform
from benchmarks.sites import PlainSite
from pixelsim.base.clock import SECOND
from pixelsim.scenario.capture import EVENT_NAMES
from pixelsim.traffic.capture import Loss
from pixelsim.traffic.dedup import BROWSER, SERVER
from pixelsim.traffic.sessions import Visit

__all__ = ["LATE", "PURCHASE", "Sender"]

PURCHASE = EVENT_NAMES.index("Purchase")
CHECKOUT = EVENT_NAMES.index("InitiateCheckout")
PERSON = int(Visit.PERSON)
RECEIVED, BLOCKED, NO_CONSENT = int(Loss.RECEIVED), int(Loss.BLOCKED), int(Loss.NO_CONSENT)
TOO_SOON, BY_RELAY, REVOKED = int(Loss.LEFT_TOO_SOON), int(Loss.LOST_BY_RELAY), int(Loss.TOKEN_REVOKED)
BLOCKS, REFUSES, LATE, UNTRACKABLE, ELSEWHERE = range(5)


class Sender:
    """Sends events to the platform.

    Parameters
    ----------
    hold
        Whether what happens before a visitor's consent is held until then, instead of being lost.
    """

    platform: Platform

    def __init__(self, *, hold: bool) -> None:
        self.env = simpy.Environment()
        self.orders: dict[int, list[int]] = {}
        """By event key: time, time of the touch, person, value, whether it was seen, product, market, and refund."""
        self._hold = hold

    def _send(
        self,
        site: PlainSite,
        person: int,
        traits: tuple[float, ...],
        event: int,
        key: int,
        value: int,
        visit: int,
        granted: int,
        draw: Draw,
        before: list[tuple[tuple[int, ...], int]],
    ) -> list[tuple[tuple[int, ...], int]]:
        """Send one event to the pixels of the page; give what a next page would send once more."""
        capture, now, place = site.capture, int(self.env.now), key & 255
        loss = TOO_SOON if draw("event lost", place) < site.lost[event] else RECEIVED
        received, visitor, match = now, person, person
        refuses = False
        if visit == PERSON:
            if now < granted:
                if self._hold:
                    received = granted
                else:
                    loss = NO_CONSENT
            refuses = traits[REFUSES] < capture.refusing_people
            if refuses:
                loss = NO_CONSENT
            if traits[BLOCKS] < capture.blocked_people:
                loss = BLOCKED
            if event >= CHECKOUT and traits[ELSEWHERE] < capture.other_checkout:
                visitor = person + (1 << 62)
                if not capture.click_id_passed:
                    match = -1
            if traits[UNTRACKABLE] < capture.untrackable_people:
                match = -1
        of_id = person << 3 | event if capture.id_from == "visitor" else key
        event_id = of_id << 3 if capture.browser_event_id else -1
        pixels, token = site.page(now)
        relayed = None
        if event in site.relayed and visit == PERSON:
            relayed = self._relay(site, key, received, loss, event_id, visitor, token, draw, refuses=refuses)
        sent: list[tuple[tuple[int, ...], int]] = []
        for pixel in pixels:
            if not site.fires[event][pixel]:
                continue
            for load in range(site.loads[pixel]):
                own = event_id | load if load and capture.id_per_load and event_id >= 0 else event_id
                row = (now, received, person, visitor, event, key, own, pixel, BROWSER, value, visit, loss)
                self._arrives(row, match)
            if capture.resends_previous and event == 0:
                again = event_id | 6 if event_id >= 0 else -1
                row = (now, received, person, visitor, event, key, again, pixel, BROWSER, value, visit, loss)
                sent.append((row, match))
            if relayed is not None:
                later, cookie, own, fate = relayed
                self._arrives((now, later, person, cookie, event, key, own, pixel, SERVER, value, visit, fate), match)
        if event != 0:
            return before
        for first, known in before:
            self._arrives((first[0], received, *first[2:]), known)
        return sent

    def _relay(
        self,
        site: PlainSite,
        key: int,
        received: int,
        loss: int,
        event_id: int,
        visitor: int,
        token: bool,
        draw: Draw,
        *,
        refuses: bool,
    ) -> tuple[int, int, int, int] | None:
        """Let the site's server send the event once more, to all pixels alike: time, visitor, event id and loss."""
        server, place = site.capture.server, key & 255
        if server is None or draw("server sends", place) >= server.sent:
            return None
        score = inverse_normal(draw("server delay", place))
        received += int(server.delay_seconds * math.exp(server.delay_sigma * score) * SECOND)
        loss = NO_CONSENT if loss == NO_CONSENT or refuses else RECEIVED
        if draw("server loses", place) < server.lost and loss == RECEIVED:
            loss = BY_RELAY
        if not token and loss == RECEIVED:
            loss = REVOKED
        if server.event_id == "own":
            event_id = key << 3 | 7
        elif server.event_id == "missing":
            event_id = -1
        return received, visitor if server.cookie else -1, event_id, loss

    def _arrives(self, row: tuple[int, ...], match: int) -> None:
        """Let a copy arrive at its time, now or later."""
        if row[11] == RECEIVED and row[4] == PURCHASE:
            self.orders[row[5]][4] = 1
        if row[1] == self.env.now:
            self.arrived(row, match)
        else:
            later = self.env.timeout(row[1] - self.env.now)
            later.callbacks.append(lambda _: self.arrived(row, match))

    def arrived(self, row: tuple[int, ...], match: int) -> None:
        """Hand a copy to the platform."""
        if row[11] == RECEIVED:
            self.platform.receive(row, match)
        else:
            self.platform.lost(row)
