"""From events to copies at the pixels, in counts: which fates an event's copies can have together, and how often.

An event's fate is what became of its browser copy and of its server copy; a table then says what that means at a
pixel: copies sent, received, kept, merged and dropped. All pixels of a page share the fates, as they do in the log.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import special

from pixelsim.base.clock import MINUTE, SECOND
from pixelsim.counts.draws import Numbers
from pixelsim.counts.visitors import VisitorKind
from pixelsim.scenario.capture import EVENT_NAMES, Capture, ServerLeg
from pixelsim.scenario.measurement import MeasurementSettings, WhileNoConsent
from pixelsim.traffic.collector import dedup_rule
from pixelsim.traffic.events import STAGE_PLACES
from pixelsim.traffic.sessions import MEAN_MINUTES

__all__ = ["HOPS", "CopyFates", "FateClasses"]

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]

HOPS = ("sent", "received", "kept", "merged", "dropped")
"""What can become of copies at a pixel; lost ones are those sent and not received."""
NOT_SENT, LOST, MERGES, REPEATS, COUNTS_AGAIN = range(5)
"""Fates of a server copy; the last three arrive within the merge window, within the dedup window, and after both."""


@dataclass(frozen=True, eq=False)
class CopyFates:
    """The fates of one site's events.

    Parameters
    ----------
    capture, settings
        What the site captures, and how the platform counts.
    chances
        Chance of each fate, float64 of shape (kinds of visitor, events, fates). A site without a server has two
        fates, lost and received; one with a server ten: the browser's two times the server's five.
    known
        What `at_pixel` gave before.
    """

    capture: Capture
    settings: MeasurementSettings
    chances: Floats
    known: dict[tuple[str, bool], Longs] = field(default_factory=dict)

    @classmethod
    def of(
        cls, capture: Capture, settings: MeasurementSettings, kinds: tuple[VisitorKind, ...], longest: float
    ) -> CopyFates:
        """Work out the chances for some kinds of visitors; ``longest`` is the session time-out in minutes."""
        early = _before_consent(capture.consent_seconds, longest)
        if settings.consent is WhileNoConsent.HOLD:
            early = np.zeros_like(early)
        lost = [capture.lost_by_event.get(event, capture.lost_events) for event in EVENT_NAMES]
        server = capture.server
        without_id = server is not None and (server.event_id == "missing" or not capture.browser_event_id)
        fates = 2 if server is None else 10
        chances = np.zeros((len(kinds), len(EVENT_NAMES), fates))
        for i, kind in enumerate(kinds):
            for j, event in enumerate(EVENT_NAMES):
                refused = float(early[j]) if kind.late else 0.0
                heard = (1 - lost[j]) if kind.browser else 0.0
                if server is None:
                    chances[i, j] = 1 - (1 - refused) * heard, (1 - refused) * heard
                    continue
                sent = server.sent if kind.person and event in server.events else 0.0
                arrives = _arrivals(server, settings, sent, accepted=kind.server, without_id=without_id)
                before = np.array([1 - sent, sent, 0.0, 0.0, 0.0])
                chances[i, j, :5] = refused * before + (1 - refused) * (1 - heard) * arrives
                chances[i, j, 5:] = (1 - refused) * heard * arrives
        return cls(capture, settings, chances)

    def silent(self, kind: int) -> bool:
        """Tell whether no pixel ever hears of a kind of visitor, by browser or server."""
        return self.chances.shape[-1] == 2 and bool(np.all(self.chances[kind, :, 0] >= 1))

    def draw(self, rng: Numbers, events: Longs, kind: int) -> Longs:
        """Draw the fates of events of a kind of visitor, shape (..., events), into a further last axis."""
        chances = self.chances[kind]
        found = np.empty((*events.shape, chances.shape[-1]), dtype=np.int64)
        if chances.shape[-1] == 2:
            found[..., 1] = rng.binomial(events, chances[..., 1])
            found[..., 0] = events - found[..., 1]
        else:
            found[...] = rng.multinomial(events, chances)
        return found

    def at_pixel(self, pixel: str, *, token: bool) -> Longs:
        """Give what each fate means at a pixel, int64 of shape (events, fates, hops)."""
        if (pixel, token) not in self.known:
            self.known[pixel, token] = self._at_pixel(pixel, token=token)
        return self.known[pixel, token]

    def _at_pixel(self, pixel: str, *, token: bool) -> Longs:
        loads = self.capture.loads.get(pixel, 1)
        fires = self._fires(pixel)
        fates = self.chances.shape[-1]
        table = np.zeros((len(EVENT_NAMES), fates, len(HOPS)), dtype=np.int64)
        for fate in range(fates):
            browser = bool(fate if fates == 2 else fate // 5) and loads > 0
            server = NOT_SENT if fates == 2 else fate % 5
            row = self._browser(loads, received=browser) + self._server(server, browser=browser, token=token)
            table[:, fate] = fires[:, np.newaxis] * row
        return table

    def again_at_pixel(self, pixel: str) -> Longs:
        """Give the same for the copies of page views that the next page sends once more, shape (fates, hops)."""
        fates = self.chances.shape[-1]
        heard = (np.arange(fates) >= (1 if fates == 2 else 5)).astype(np.int64)
        # Without an id such a copy arrives together with the next page's own view, of which it is a repeat.
        kept = heard * (self.capture.browser_event_id or self.repeat_window == 0)
        sent, none = np.ones_like(heard), np.zeros_like(heard)
        table: Longs = np.stack([sent, heard, kept, none, heard - kept], axis=-1)
        return np.asarray(table * self._fires(pixel)[0])

    @functools.cached_property
    def repeat_window(self) -> int:
        """How long, in ms, a person's next events of a name repeat one that was kept; 0: every event is its own."""
        rule = dedup_rule(self.settings)
        if self.capture.browser_event_id:
            return rule.window if self.capture.id_from == "visitor" else 0
        return rule.repeat

    def beside_repeats(self, pixel: str, *, token: bool) -> Longs:
        """Give the copies of each fate that are kept even where the event repeats another, shape (events, fates).

        They are the server's, where no id and no cookie tells that they are of the same person.
        """
        server, fates = self.capture.server, self.chances.shape[-1]
        table = np.zeros((len(EVENT_NAMES), fates), dtype=np.int64)
        if server is None or not token:
            return table
        by_id = server.event_id == "shared" and self.capture.browser_event_id
        if server.event_id == "own" or not (by_id or server.cookie):
            table[:, np.arange(fates) % 5 >= MERGES] = 1
        return table * self._fires(pixel)[:, np.newaxis]

    def heard_anywhere(self, pixels: tuple[str, ...], *, token: bool) -> NDArray[np.bool_]:
        """Tell of which fates of a purchase some pixel receives a copy, bool of shape (fates,)."""
        found = np.zeros(self.chances.shape[-1], dtype=np.bool_)
        for pixel in pixels:
            found |= self.at_pixel(pixel, token=token)[-1, :, HOPS.index("received")] > 0
        return found

    def _fires(self, pixel: str) -> Longs:
        """Tell which events fire on a pixel; no tags: all."""
        if not self.capture.tags:
            return np.ones(len(EVENT_NAMES), dtype=np.int64)
        tags = {tag.event for tag in self.capture.tags if tag.pixel in {None, pixel}}
        return np.array([event in tags for event in EVENT_NAMES], dtype=np.int64)

    def _browser(self, loads: int, *, received: bool) -> Longs:
        arrived = loads if received else 0
        own = self.capture.id_per_load or self.settings.dedup_hours == 0
        alike = not own if self.capture.browser_event_id else self.repeat_window > 0
        kept = min(arrived, 1) if alike else arrived
        return np.array([loads, arrived, kept, 0, arrived - kept], dtype=np.int64)

    def _server(self, fate: int, *, browser: bool, token: bool) -> Longs:
        if fate == NOT_SENT:
            return np.zeros(len(HOPS), dtype=np.int64)
        if fate == LOST or not token:
            return np.array([1, 0, 0, 0, 0], dtype=np.int64)
        server = self.capture.server
        by_id = server is not None and server.event_id == "shared" and self.capture.browser_event_id
        by_cookie = server is not None and server.event_id != "own" and not by_id and server.cookie
        if not browser or not (by_id or by_cookie) or fate == COUNTS_AGAIN:
            return np.array([1, 1, 1, 0, 0], dtype=np.int64)
        merges = fate == MERGES
        return np.array([1, 1, 0, int(merges), int(not merges)], dtype=np.int64)


@dataclass(frozen=True, eq=False)
class FateClasses:
    """Fates that mean the same to one pixel: what it keeps is drawn for classes of them, the fates where they matter.

    Parameters
    ----------
    members
        Which fates each class has, bool of shape (classes, fates).
    occur
        Which of these occur at all.
    table
        Kept copies of an event of each class, shape (events, classes).
    chances
        Chance of each class, shape (websites, kinds of visitor, events, classes).
    within
        Chance of each fate among those of its class, shape (websites, kinds of visitor, events, fates).
    share
        Which share of the kept copies each cell has, shape (websites, cells, events, classes); None where all have all.
    """

    members: NDArray[np.bool_]
    occur: NDArray[np.bool_]
    table: Longs
    chances: Floats
    within: Floats
    share: Floats | None

    @classmethod
    def of(cls, fates: CopyFates, kept: tuple[Longs, Floats | None] | None) -> FateClasses:
        """Tell a website's fates apart by the copies that a pixel keeps of them, as `Pages.kept` gives these.

        None: there is no pixel.
        """
        size = fates.chances.shape[-1]
        table, share = kept if kept is not None else (np.zeros((len(EVENT_NAMES), size), dtype=np.int64), None)
        alike = table if share is None else np.concatenate([table, share.reshape(-1, size)])
        order = np.lexsort(alike[::-1])
        begins = np.append(True, (alike[:, order[1:]] != alike[:, order[:-1]]).any(axis=0))
        first, of_fate = order[begins], np.empty(size, dtype=np.int64)
        of_fate[order] = np.cumsum(begins) - 1
        members = of_fate == np.arange(len(first))[:, np.newaxis]
        chances = np.clip(fates.chances @ members.T.astype(np.float64), 0.0, 1.0)
        whole = chances @ members.astype(np.float64)
        within = np.divide(fates.chances, whole, out=np.zeros_like(whole), where=whole > 0)
        occur = members & within.any(axis=(0, 1))
        share = None if share is None else share[np.newaxis, ..., first]
        return cls(members, occur, table[:, first], chances[np.newaxis], within[np.newaxis], share)

    @functools.cached_property
    def alike(self) -> tuple[object, ...]:
        """What websites have the same whose events go through together."""
        tables = (self.members, self.occur, self.table)
        return (self.share is None, self.chances.shape, *((some.shape, some.tobytes()) for some in tables))

    @classmethod
    def together(cls, parts: Sequence[FateClasses]) -> FateClasses:
        """Put websites that are alike one after another."""
        first = parts[0]
        chances, within = (np.concatenate([getattr(one, name) for one in parts]) for name in ("chances", "within"))
        shares = [one.share for one in parts if one.share is not None]
        share = np.concatenate(shares) if shares else None
        return cls(first.members, first.occur, first.table, chances, within, share)

    @property
    def number(self) -> int:
        """Number of classes."""
        return len(self.members)

    def draw(self, rng: Numbers, events: Longs, website: Longs, visitors: slice) -> Longs:
        """Draw the classes of events of some visitors, shape (rows, kinds, events), into a further last axis."""
        chances = self.chances[:, visitors]
        if self.number > 2:
            return rng.multinomial(events, chances[website])
        found = np.empty((*events.shape, self.number), dtype=np.int64)
        found[..., 0] = events
        if self.number == 2:
            found[..., 1] = rng.binomial(events, chances[..., 1][website])
            found[..., 0] -= found[..., 1]
        return found

    def split(self, rng: Numbers, classes: Longs, website: Longs) -> Longs:
        """Draw the fates of events by class, shape (rows, kinds, events, classes), into the last axis."""
        found = np.zeros((*classes.shape[:-1], self.members.shape[1]), dtype=np.int64)
        for number, members in enumerate(self.occur):
            fates = np.flatnonzero(members)
            if len(fates) == 1:
                found[..., fates[0]] = classes[..., number]
            elif len(fates):
                chances = self.within[..., fates]
                total = chances.sum(axis=-1, keepdims=True)
                chances = np.divide(chances, total, out=np.full_like(chances, 1 / len(fates)), where=total > 0)
                found[..., fates] = rng.multinomial(classes[..., number], chances[website])
        return found

    def kept(self, rng: Numbers, events: Longs, at: tuple[Longs, Longs], sessions: Longs) -> tuple[Longs, Longs]:
        """Count kept copies of events by class, shape (rows, events, classes), and the sessions with any.

        Parameters
        ----------
        rng
            Random numbers; where the pages change within a cell, not every event finds the pixel on them.
        events
            Events by class.
        at
            Website and cell of each row.
        sessions
            Sessions that they are of, shape (rows,): at most one event of a name counts for each.
        """
        found = events if self.share is None else rng.binomial(events, self.share[at])
        copies, any_copy = np.zeros((2, *events.shape[:-1]), dtype=np.int64)
        for number, each in enumerate(self.table.T):
            if each.any():
                copies += found[..., number] * each
                any_copy += found[..., number] * (each > 0)
        return copies, np.minimum(any_copy, sessions[..., np.newaxis])


def _arrivals(
    server: ServerLeg, settings: MeasurementSettings, sent: float, *, accepted: bool, without_id: bool
) -> Floats:
    """Give the chances of a server copy's fates, consent before it given."""
    if not accepted:
        return np.array([1 - sent, sent, 0.0, 0.0, 0.0])
    rule = dedup_rule(settings)
    longest = max(rule.window, rule.repeat) if without_id else rule.window
    merge, window = (_within(server, limit) for limit in (rule.merge, longest))
    arrives = sent * (1 - server.lost)
    by_time = np.array([merge, window - merge, 1 - window])
    return np.concatenate([[1 - sent, sent * server.lost], arrives * by_time])


def _within(server: ServerLeg, limit: int) -> float:
    """Give the share of server copies that arrive within so many ms; a window of 0 holds none."""
    if limit <= 0:
        return 0.0
    distance = np.log(limit / SECOND / server.delay_seconds)
    if server.delay_sigma == 0:
        return float(distance >= 0)
    return float(special.ndtr(distance / server.delay_sigma))


@functools.cache
def _before_consent(median: float, longest: float) -> Floats:
    """Give the share of late consenters' events that come before consent, by event: its place in the session decides.

    The wait is log-normal with a sigma of 1, the length exponential and cut, as in the events.
    """
    quantile = (np.arange(2000) + 0.5) / 2000
    length = np.minimum(-MEAN_MINUTES * np.log1p(-quantile), longest) * MINUTE / SECOND
    at = STAGE_PLACES[:, np.newaxis] * length
    with np.errstate(divide="ignore"):
        return np.asarray(special.ndtr(-np.log(at / median)).mean(axis=1))
