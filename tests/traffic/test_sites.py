"""One website in a run: its sessions, events, orders and copies."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from benchmarks.scenarios import OWN_PIXEL, SMALL_PIXEL, ending_of, small
from pixelsim.base.clock import DAY, HOUR, MINUTE
from pixelsim.base.streams import Streams
from pixelsim.scenario.capture import EVENT_NAMES
from pixelsim.scenario.scenario import Scenario
from pixelsim.traffic.capture import Copies, Loss, Page, no_copies
from pixelsim.traffic.flow import FlowStep, TouchRows, WouldBeOrders
from pixelsim.traffic.numbering import Numbering
from pixelsim.traffic.plane import DataPlane, Kept
from pixelsim.traffic.setup import timeline_of
from pixelsim.traffic.shapes import LocalDays
from pixelsim.traffic.sites import Site, SiteStep
from pixelsim.traffic.touches import TouchKind

CLEAR: dict[str, Any] = {"blocked_people": 0.0, "refusing_people": 0.0, "lost_events": 0.0}
VISIT = 30 * MINUTE
BRAND = 1
"""Number of the brand's ad group: the second by id."""


def site_of(given: Scenario, *, block_days: int = 7, seed: int = 7) -> tuple[Site, Numbering]:
    numbering = Numbering.of(given, given.structure.world())
    made = Site(
        Streams(seed),
        given.traffic.sites[0],
        0,
        numbering,
        days=LocalDays(0, 0),
        session_length=VISIT,
        block_days=block_days,
    )
    return made, numbering


def copies_of(step: SiteStep) -> Copies:
    return Copies.join([no_copies(), *step.copies])


def page(end: int, *pixels: int, start: int = 0) -> Page:
    return Page(start, end + DAY, pixels)


def flow_step(
    *touches: tuple[int, int, int], orders: tuple[tuple[int, int], ...] = (), landed: tuple[int, ...] = ()
) -> FlowStep:
    """Touches of the brand as (time, person, kind); orders as (touch, delay)."""
    at, person, kind = (np.array([touch[i] for touch in touches], dtype=np.int64) for i in range(3))
    n = len(touches)
    rows = TouchRows(
        at,
        person,
        kind.astype(np.int8),
        np.full(n, BRAND, np.int32),
        np.zeros(n, np.int32),
        np.arange(n, dtype=np.int64),
        np.zeros(n, np.bool_),
    )
    index = np.array([touch for touch, _ in orders], dtype=np.int64)
    of = rows.take(index)
    delay = np.array([wait for _, wait in orders], dtype=np.int64)
    would_be = WouldBeOrders(of.at + delay, of.at, of.person, of.kind, of.ad_group, of.number, index)
    return FlowStep([], rows, np.array(landed, dtype=np.int64), would_be)


def empty_site(**capture: Any) -> tuple[Site, Numbering]:
    return site_of(small(site={"organic_sessions": 0.0}, capture={**CLEAR, **capture}))


def names(step: SiteStep) -> list[str]:
    order = np.lexsort((copies_of(step).event, copies_of(step).at))
    return [EVENT_NAMES[event] for event in copies_of(step).event[order].tolist()]


def test_a_landed_click_is_a_session_at_once() -> None:
    site, numbering = empty_site()
    step = site.step(flow_step((HOUR, 11, TouchKind.CLICK), landed=(0,)), [page(DAY, 0)], DAY)
    assert step.sessions == 1
    assert copies_of(step).at.min() == HOUR
    assert set(copies_of(step).person.tolist()) == {11}
    origins = {numbering.origins[key >> 42].key for key in copies_of(step).key.tolist()}
    assert origins == {"click > brand_group"}
    assert len(step.orders) == 0


def test_a_click_that_does_not_land_is_no_session() -> None:
    site, _ = empty_site()
    step = site.step(flow_step((HOUR, 11, TouchKind.CLICK)), [page(DAY, 0)], DAY)
    assert (step.sessions, len(copies_of(step))) == (0, 0)
    assert len(step.touches) == 1, "it is a touch all the same"


def test_an_order_soon_after_the_click_is_the_same_session() -> None:
    site, _ = empty_site()
    step = site.step(
        flow_step((HOUR, 11, TouchKind.CLICK), orders=((0, 10 * MINUTE),), landed=(0,)), [page(DAY, 0)], DAY
    )
    assert step.sessions == 1
    assert names(step) == list(EVENT_NAMES)
    # Steps lie at 0, 20, 50, 80 and 100 percent of the session.
    assert sorted(copies_of(step).at.tolist()) == [HOUR + share * 10 * MINUTE // 10 for share in (0, 2, 5, 8, 10)]
    assert step.orders.at.tolist() == [HOUR + 10 * MINUTE]
    assert step.orders.touch_at.tolist() == [HOUR]
    assert step.orders.seen.tolist() == [True]


def test_it_has_landed_by_having_ordered() -> None:
    site, _ = empty_site()
    step = site.step(flow_step((HOUR, 11, TouchKind.CLICK), orders=((0, 10 * MINUTE),)), [page(DAY, 0)], DAY)
    assert step.sessions == 1
    assert names(step)[-1] == "Purchase"


def test_a_later_order_is_a_session_of_its_own_that_waits_for_its_step() -> None:
    site, numbering = empty_site()
    click = flow_step((HOUR, 11, TouchKind.CLICK), orders=((0, 2 * DAY),), landed=(0,))
    first = site.step(click, [page(DAY, 0)], DAY)
    assert first.sessions == 1
    assert "Purchase" not in names(first)
    second = site.step(flow_step(), [page(2 * DAY, 0, start=DAY)], 2 * DAY)
    assert second.sessions == 0
    third = site.step(flow_step(), [page(3 * DAY, 0, start=2 * DAY)], 3 * DAY)
    assert third.sessions == 1
    assert third.orders.at.tolist() == [HOUR + 2 * DAY]
    assert numbering.origins[third.orders.origin[0]].key == "after click > brand_group"
    assert names(third) == list(EVENT_NAMES)


@pytest.mark.parametrize(
    ("kind", "origin"), [(TouchKind.VIEW, "after view"), (TouchKind.ENGAGED_VIEW, "after engaged view")]
)
def test_a_view_leads_to_a_later_session_even_if_soon(kind: TouchKind, origin: str) -> None:
    site, numbering = empty_site()
    step = site.step(flow_step((HOUR, 11, kind), orders=((0, MINUTE),)), [page(DAY, 0)], DAY)
    assert step.sessions == 1
    assert numbering.origins[step.orders.origin[0]].kind == origin
    assert copies_of(step).at.min() >= HOUR, "nobody comes back before having seen the ad"


def test_an_order_across_the_end_of_a_step_is_an_order_of_the_next() -> None:
    site, _ = empty_site()
    click = flow_step((DAY - MINUTE, 11, TouchKind.CLICK), orders=((0, 10 * MINUTE),))
    first = site.step(click, [page(DAY, 0)], DAY)
    assert (first.sessions, len(first.orders)) == (1, 0)
    second = site.step(flow_step(), [page(2 * DAY, 0, start=DAY)], 2 * DAY)
    assert (second.sessions, second.orders.at.tolist()) == (0, [DAY + 9 * MINUTE])
    bought = [copies.at[copies.event == 4].tolist() for copies in (copies_of(first), copies_of(second))]
    assert bought[0] + bought[1] == [DAY + 9 * MINUTE]


def test_every_pixel_on_the_page_hears_every_event() -> None:
    given = small(own_pixel=True, capture=CLEAR)
    site, numbering = site_of(given)
    one, other = numbering.pixels.index(SMALL_PIXEL), numbering.pixels.index(OWN_PIXEL)
    pages = [Page(0, 12 * HOUR, [one, other]), Page(12 * HOUR, 2 * DAY, [one])]
    copies = copies_of(site.step(flow_step(), pages, DAY))
    keys = {pixel: set(copies.key[copies.pixel == pixel].tolist()) for pixel in (one, other)}
    morning = set(copies.key[copies.at < 12 * HOUR].tolist())
    assert keys[other] == morning
    assert keys[one] > morning


def test_a_page_without_pixels_is_heard_by_nobody_and_sells_all_the_same() -> None:
    site, _ = site_of(small(site={"order_rate": 0.5}, capture=CLEAR))
    step = site.step(flow_step(), [page(DAY)], DAY)
    assert step.sessions > 30
    assert len(copies_of(step)) == 0
    assert len(step.orders) > 10
    assert not step.orders.seen.any()


def test_an_order_is_seen_where_a_copy_was_received() -> None:
    site, _ = site_of(small(site={"order_rate": 0.5, "organic_sessions": 500.0}, capture={"blocked_people": 0.5}))
    step = site.step(flow_step(), [page(DAY, 0)], DAY)
    bought = copies_of(step).take(copies_of(step).event == 4)
    heard = set(bought.key[bought.loss == Loss.RECEIVED].tolist())
    assert {key for key, seen in zip(step.orders.key.tolist(), step.orders.seen.tolist(), strict=True) if seen} == heard
    assert 0 < step.orders.seen.sum() < len(step.orders)


@pytest.mark.parametrize("block_days", [1, 3, 30])
def test_days_drawn_at_a_time_do_not_matter(block_days: int) -> None:
    given = small()
    wanted, _ = site_of(given)
    site, _ = site_of(given, block_days=block_days)
    for day in range(1, 9):
        pages = [page(day * DAY, 0, start=(day - 1) * DAY)]
        one, other = wanted.step(flow_step(), pages, day * DAY), site.step(flow_step(), pages, day * DAY)
        for name in copies_of(one).names():
            assert getattr(copies_of(one), name).tobytes() == getattr(copies_of(other), name).tobytes(), name


def test_an_order_passes_every_step_of_the_funnel() -> None:
    site, _ = site_of(small(site={"order_rate": 0.3, "organic_sessions": 500.0}, capture=CLEAR))
    copies = copies_of(site.step(flow_step(), [page(DAY, 0)], DAY))
    events: dict[int, set[int]] = {}
    for key, event in zip((copies.key >> 8).tolist(), copies.event.tolist(), strict=True):
        events.setdefault(key, set()).add(event)
    for found in events.values():
        assert 4 not in found or found == {0, 1, 2, 3, 4}


def test_the_funnel_has_its_chances() -> None:
    funnel = {"view": 0.6, "cart": 0.2, "checkout": 0.05}
    site, _ = site_of(small(site={"order_rate": 0.0, "organic_sessions": 20_000.0, "funnel": funnel}, capture=CLEAR))
    step = site.step(flow_step(), [page(DAY, 0)], DAY)
    counts, n = np.bincount(copies_of(step).event, minlength=5), step.sessions
    assert counts[0] == n
    for event, share in ((1, 0.6), (2, 0.2), (3, 0.05)):
        assert abs(counts[event] - share * n) < 4 * np.sqrt(share * (1 - share) * n)


def test_lengths_of_sessions_are_exponential_up_to_the_time_out() -> None:
    """With a mean of 4 minutes, a share of exp(-7.5) would be longer than half an hour."""
    site, _ = site_of(small(site={"order_rate": 1.0, "organic_sessions": 20_000.0}, capture=CLEAR))
    copies = copies_of(site.step(flow_step(), [page(DAY, 0)], DAY))
    start = {
        key >> 8: at
        for key, at in zip(copies.key[copies.event == 0].tolist(), copies.at[copies.event == 0].tolist(), strict=True)
    }
    bought = copies.event == 4
    length = np.array(
        [at - start[key >> 8] for key, at in zip(copies.key[bought].tolist(), copies.at[bought].tolist(), strict=True)]
    )
    assert length.max() < VISIT
    for minutes in (1, 4, 10):
        share = np.exp(-minutes / 4)
        assert abs(np.mean(length >= minutes * MINUTE) - share) < 4 * np.sqrt(share * (1 - share) / len(length))


def test_pages_are_one_stretch_as_long_as_their_pixels_stay() -> None:
    """A campaign that is switched off changes the world, and nothing on the page."""
    given = small(steps=ending_of("agency", stop=0.25, unshare=None))
    plane = DataPlane(given, timeline_of(given), Streams(7, 0), Kept())
    history = plane.timeline.history
    for step in given.plan.steps:
        assert history.attempt(step.action, step.at).decision.allowed
    assert len(list(history.spans(0, DAY))) > 1
    assert [(page.start, page.end) for page in plane._pages(plane.sites[0], 0, DAY)] == [(0, 2 * DAY)]
