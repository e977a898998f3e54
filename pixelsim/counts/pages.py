"""The pages of one website through time: which pixels they carry, whether the server's token holds, what load costs."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pixelsim.base.streams import Streams
from pixelsim.counts.cells import Cells, Spread
from pixelsim.counts.copies import HOPS, CopyFates, FateClasses
from pixelsim.counts.draws import stream
from pixelsim.counts.sessions import Fates
from pixelsim.scenario.traffic import SiteTraffic
from pixelsim.sharing.history import History
from pixelsim.world.world import World

__all__ = ["Pages"]

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _State:
    """A state of the pages: codes of the pixels on them, and whether the server's token holds."""

    pixels: tuple[str, ...]
    token: bool


@dataclass(frozen=True, eq=False)
class Pages:
    """The states of a site's pages, and the share of each cell's traffic that falls into each.

    Parameters
    ----------
    traffic, name
        The site's parameters, and what names the random streams of its cut cells.
    states
        The states, in the order of their first appearance.
    shares
        float64 of shape (states, cells); each cell's add up to 1.
    known, classes_known
        What `kept` and `classes` gave before.
    """

    traffic: SiteTraffic
    name: str
    states: tuple[_State, ...]
    shares: Floats
    known: dict[tuple[CopyFates, str], tuple[Longs, Floats | None]] = field(default_factory=dict)
    classes_known: dict[tuple[object, ...], FateClasses] = field(default_factory=dict)

    @classmethod
    def of(cls, history: History, traffic: SiteTraffic, cells: Cells, day: Spread, name: str) -> Pages:
        """Read the states from what people did in the whole run; ``day`` says how sessions spread over time."""
        spans = [(a, b, _state(world, traffic)) for a, b, world in history.spans(0, int(cells.borders[-1]))]
        states = {state for _, _, state in spans}
        if len(states) == 1:
            return cls(traffic, name, tuple(states), np.ones((1, len(cells))))
        lengths, weight = np.diff(cells.borders), day.share(cells.borders[:-1], cells.borders[1:])
        found: dict[_State, Floats] = {}
        for start, end, state in spans:
            low, high = np.clip(cells.borders[:-1], start, end), np.clip(cells.borders[1:], start, end)
            # Where nobody comes in a cell, time decides.
            share = np.divide(day.share(low, high), weight, out=(high - low) / lengths, where=weight > 0)
            found[state] = found.get(state, 0.0) + share
        shares = np.stack(list(found.values()))
        return cls(traffic, name, tuple(found), shares / shares.sum(axis=0))

    @functools.cached_property
    def pixel(self) -> str | None:
        """Code of a pixel that is on the pages at some time; None: there never is any."""
        return next((state.pixels[0] for state in self.states if state.pixels), None)

    @functools.cached_property
    def stays(self) -> Floats:
        """Share of sessions that load time does not drive away, by cell."""
        weight, loads = self.traffic.capture.weight, self.traffic.capture.loads
        kept = [weight.kept_share(sum(loads.get(code, 1) for code in state.pixels)) for state in self.states]
        return np.asarray(np.array(kept) @ self.shares)

    def kept(self, fates: CopyFates, pixel: str) -> tuple[Longs, Floats | None]:
        """Give the kept copies of each fate at a pixel, and what share of the events of each cell finds it so.

        Returns
        -------
        table : ndarray of int64, shape (events, fates)
            The most kept copies that any state leaves.
        share : ndarray of float64, shape (cells, events, fates), or None
            Which share of these a cell has; None where all have all.
        """
        if (fates, pixel) not in self.known:
            self.known[fates, pixel] = self._kept(fates, pixel)
        return self.known[fates, pixel]

    def _kept(self, fates: CopyFates, pixel: str) -> tuple[Longs, Floats | None]:
        place = HOPS.index("kept")
        tables = np.stack(
            [fates.at_pixel(pixel, token=state.token)[..., place] * (pixel in state.pixels) for state in self.states]
        )
        most = tables.max(axis=0)
        if np.all(tables == most):
            return most, None
        mean = np.einsum("sc,sjf->cjf", self.shares, tables.astype(np.float64))
        return most, np.clip(np.divide(mean, most, out=np.zeros_like(mean), where=most > 0), 0.0, 1.0)

    def classes(self, fates: CopyFates, pixel: str | None) -> FateClasses:
        """Tell fates apart by what a pixel keeps of them, None for no pixel; pixels that keep the same share it."""
        known = self.classes_known
        if (fates, pixel) not in known:
            kept = None if pixel is None else self.kept(fates, pixel)
            alike = (fates, *(None if some is None else some.tobytes() for some in kept or ()))
            if alike not in known:
                known[alike] = FateClasses.of(fates, kept)
            known[fates, pixel] = known[alike]
        return known[fates, pixel]

    def expected(self, fates: CopyFates, events: Longs, pixel: str, name: int) -> Floats:
        """Give the expected kept copies at a pixel of events of a name by fate, shape (..., cells, fates)."""
        table, share = self.kept(fates, pixel)
        return np.asarray((events * table[name] * (1.0 if share is None else share[:, name])).sum(axis=-1))

    def tally(self, streams: Streams, fates: CopyFates, events: Fates) -> dict[str, Longs]:
        """Count copies by cell, event and hop, int64 of shape (cells, events, hops), at each pixel on the pages."""
        found: dict[str, Longs] = {}
        for state, part in self._split(streams, events):
            # Pixels to which each fate means the same hear the same.
            known: dict[tuple[bytes, bytes], Longs] = {}
            resent, none = part.again.any(), np.zeros((0, len(HOPS)), dtype=np.int64)
            for pixel in state.pixels:
                table = fates.at_pixel(pixel, token=state.token)
                again = fates.again_at_pixel(pixel) if resent else none
                key = table.tobytes(), again.tobytes()
                if key not in known:
                    known[key] = np.einsum("cjf,jfh->cjh", part.all, table)
                    if resent:
                        known[key][:, 0] += part.again @ again
                found[pixel] = found[pixel] + known[key] if pixel in found else known[key]
        return found

    def seen(self, streams: Streams, fates: CopyFates, purchases: Longs) -> Longs:
        """Count the purchases of which any pixel received a copy, by cell; shape (cells, fates) goes in."""
        only = Fates(purchases[:, np.newaxis], purchases[:, np.newaxis], np.zeros_like(purchases))
        total = np.zeros(len(purchases), dtype=np.int64)
        for state, part in self._split(streams, only):
            total += part.all[:, 0] @ fates.heard_anywhere(state.pixels, token=state.token).astype(np.int64)
        return total

    def _split(self, streams: Streams, events: Fates) -> list[tuple[_State, Fates]]:
        """Deal out events to the states of the pages; each cell that has several draws for itself."""
        if len(self.states) == 1:
            return [(self.states[0], events)]
        parts = [Fates(*(np.zeros_like(a) for a in (events.all, events.matched, events.again))) for _ in self.states]
        whole = self.shares.argmax(axis=0)
        mixed = np.flatnonzero(self.shares.max(axis=0) < 1)
        for state, part in enumerate(parts):
            alone = np.flatnonzero((whole == state) & (self.shares.max(axis=0) >= 1))
            part.all[alone], part.again[alone] = events.all[alone], events.again[alone]
        for cell in mixed.tolist():
            rng = stream(streams, "cut pages", self.name, cell)
            chances = self.shares[:, cell]
            for name in ("all", "again"):
                dealt = rng.multinomial(getattr(events, name)[cell], chances)
                for state, part in enumerate(parts):
                    getattr(part, name)[cell] = dealt[..., state]
        return list(zip(self.states, parts, strict=True))


def _state(world: World, traffic: SiteTraffic) -> _State:
    server = traffic.capture.server
    token = server.token if server is not None else None
    holds = token is None or (token in world.tokens and not world.tokens[token].revoked)
    return _State(tuple(world.websites[traffic.website].pixels), holds)
