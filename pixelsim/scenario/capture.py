"""What a site's pixels capture: browser and server legs, consent, cookies, tags, repeats, junk and page weight."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, field_validator

from pixelsim.scenario.base import Input, Positive, Share, Weight, figure

__all__ = ["EVENT_NAMES", "Capture", "Junk", "PageViews", "PageWeight", "ServerLeg", "Tag"]

EVENT_NAMES = ("PageView", "ViewContent", "AddToCart", "InitiateCheckout", "Purchase")
"""Standard web events that pixelsim generates, from the first to the last step of a purchase."""


def _event(name: str) -> str:
    if name not in EVENT_NAMES:
        msg = f"must be one of {', '.join(EVENT_NAMES)}; choose an event that the site sends"
        raise ValueError(msg)
    return name


class Tag(Input):
    """A tag: on which event it fires, and for which pixel; None fires on every pixel of the page (P45)."""

    event: str
    pixel: str | None = None

    _known = field_validator("event")(_event)


class ServerLeg(Input):
    """Events sent once more from the site's server, beside the browser's.

    ``event_id`` says whether the server's copy bears the browser's event id (``shared``), one of its own (``own``), or
    none (``missing``); ``cookie`` whether it carries the visitor's first-party cookie; ``token`` is the id of the
    access token that it uses, and nothing is accepted once that is revoked (None: a token that nobody revokes).
    """

    events: tuple[str, ...] = EVENT_NAMES
    sent: Share = figure(1.0, "share of events", "a server sends what it is told to", assumption=True)
    lost: Share = figure(0.0, "share of sent events", "losses between relay and platform", assumption=True)
    delay_seconds: Positive = figure(2.0, "median seconds", "time until the server's copy arrives", assumption=True)
    delay_sigma: Weight = figure(1.0, "ln units", "spread of that time", assumption=True)
    event_id: Literal["shared", "own", "missing"] = "shared"
    cookie: bool = True
    token: str | None = None

    @field_validator("events")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_event(name) for name in names)


class PageViews(StrEnum):
    """Who reports page views on a site whose pages change without loading (P47)."""

    AUTO = "auto"
    """The library: first load and every navigation."""
    MANUAL = "manual"
    """The developers: navigations only."""
    BOTH = "both"
    """Both: first load once, every navigation twice."""


class Junk(Input):
    """Visits that are none: bots, the tag manager's preview host, and pages of others that carry the pixel."""

    bots: Share = figure(0.0, "share of organic sessions", "none unless given; differs by source", assumption=True)
    preview_sessions: Weight = figure(0.0, "sessions a day", "none unless given", assumption=True)
    foreign_sessions: Weight = figure(0.0, "sessions a day", "none unless given", assumption=True)


class PageWeight(Input):
    """What pixels cost: each adds load time to every page, and load time costs sessions."""

    milliseconds_per_pixel: Weight = figure(80.0, "ms of load time", "size of a pixel's script", assumption=True)
    lost_per_second: Share = figure(0.0, "share of sessions per second", "none unless given", assumption=True)

    def kept_share(self, pixels: int) -> float:
        """Give the share of sessions that stay although ``pixels`` pixels load."""
        return float((1 - self.lost_per_second) ** (pixels * self.milliseconds_per_pixel / 1000))


class Capture(Input):
    """What becomes of a site's events on their way to the pixels.

    Shares of people are lasting traits: the same person blocks, refuses or cannot be tracked in every session.
    ``lost_by_event`` overrides ``lost_events`` for single events. ``loads`` tells how many times a pixel's code is
    loaded on each page (1 unless given), and ``id_per_load`` whether each load makes event ids of its own (P43).
    ``id_from`` ``visitor`` makes all events of a visitor and name bear the same id (P49).
    """

    blocked_people: Share = figure(0.10, "share of people", "no figure for this site", assumption=True)
    refusing_people: Share = figure(0.05, "share of people", "people who refuse consent", assumption=True)
    late_consent_people: Share = figure(0.0, "share of people", "none unless given", assumption=True)
    consent_seconds: Positive = figure(8.0, "median seconds", "time until a late consent is given", assumption=True)
    untrackable_people: Share = figure(
        0.0, "share of people", "app-tracking refusal: none unless given; see untrackable_share", assumption=True
    )
    lost_events: Share = figure(0.02, "share of events", "page left before the event was sent", assumption=True)
    lost_by_event: dict[str, Share] = Field(default_factory=dict)
    cookie_days: Weight = figure(390.0, "days", "life of the first-party cookie: 13 months", assumption=True)
    other_checkout: Share = figure(
        0.0, "share of people", "checkout on another registered domain; none unless given", assumption=True
    )
    click_id_passed: bool = False
    browser_event_id: bool = True
    id_from: Literal["event", "visitor"] = "event"
    server: ServerLeg | None = None
    tags: tuple[Tag, ...] = ()
    loads: dict[str, Annotated[int, Field(ge=0, le=6)]] = Field(default_factory=dict)
    id_per_load: bool = True
    page_views: PageViews = PageViews.AUTO
    navigations: Weight = figure(0.0, "mean navigations a session", "pages that load anew", assumption=True)
    resends_previous: bool = False
    junk: Junk = Junk()
    weight: PageWeight = PageWeight()

    @field_validator("lost_by_event")
    @classmethod
    def _known(cls, shares: dict[str, float]) -> dict[str, float]:
        return {_event(name): share for name, share in shares.items()}

    @property
    def seen_share(self) -> float:
        """Share of orders whose purchase event reaches the pixel by the browser, losses being independent."""
        lost = self.lost_by_event.get("Purchase", self.lost_events)
        return (1 - self.blocked_people) * (1 - self.refusing_people) * (1 - lost)
