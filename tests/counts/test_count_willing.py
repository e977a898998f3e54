"""What people make of touches: the same in every design on the same luck, and drawn once where these run together."""

from __future__ import annotations

import dataclasses
import operator
from unittest.mock import patch

import numpy as np
import pytest
from count_worlds import FOLLOWED
from scipy import stats

from benchmarks.scenarios import OWN_PIXEL, ending_of, small
from pixelsim.base.streams import Streams
from pixelsim.counts import Counts, count, count_together, forget
from pixelsim.counts import willing as module
from pixelsim.counts.cells import by_event
from pixelsim.counts.draws import draw_of
from pixelsim.counts.sessions import Habits
from pixelsim.counts.tally import Tally
from pixelsim.scenario.capture import EVENT_NAMES, Capture, PageViews
from pixelsim.scenario.plan import PlannedAction
from pixelsim.scenario.practices import agency_clients
from pixelsim.scenario.scenario import Scenario
from pixelsim.scenario.traffic import Funnel, SiteTraffic
from pixelsim.sharing.actions import UninstallPixel

WEIGHT = {"weight": {"milliseconds_per_pixel": 800.0, "lost_per_second": 0.3}}
SIGMAS = 4.5
VIEW, CART, CHECKOUT = (EVENT_NAMES.index(name) for name in ("ViewContent", "AddToCart", "InitiateCheckout"))


def every_array(counts: Counts) -> dict[str, bytes]:
    """Give the bytes of all that followed from touches."""
    names = [f"followed.{name}" for name in FOLLOWED]
    names += [f"tally.{field.name}" for field in dataclasses.fields(Tally)]
    found = {(n, name): operator.attrgetter(name)(paid) for n, paid in counts.paid.items() for name in names}
    return {f"{n} {name}": array.tobytes() for (n, name), array in found.items()}


def test_two_designs_on_the_same_luck_draw_people_once_and_come_out_as_alone() -> None:
    """Pages of the second design are heavier, so that fewer of the same people stay."""
    designs = [small(days=6, delivery={"bots": 0.1}, capture=more) for more in ({}, WEIGHT)]
    asked = [(scenario, 4, replication) for replication in (0, 1) for scenario in designs]
    given: list[int] = []
    drawing = module._Drawing

    def noted(parts: list[module.Part]) -> module._Drawing:
        given.append(sum(len(part.cell) for part in parts))
        return drawing(parts)

    with patch.object(module, "_Drawing", noted):
        forget()
        together, (rows, *_) = count_together(asked), given
        alone, of_each = [], []
        for one in asked:
            forget()
            given.clear()
            alone.append(count(*one))
            of_each.append(given[0])
    assert [every_array(one) for one in together] == [every_array(one) for one in alone]
    # The first round draws whole cells: those of both designs at once take as many rows as those of one.
    assert 2 * rows == sum(of_each)
    orders = [sum(int(paid.followed.orders.sum()) for paid in one.paid.values()) for one in together]
    assert orders[1] < orders[0]
    assert orders[3] < orders[2]


def test_a_design_looked_at_next_has_the_same_people_who_are_not_drawn_again() -> None:
    one, other = (agency_clients(clients=clients) for clients in (2, 3))
    drawn: list[str] = []
    drawing = module._Drawing

    def noted(parts: list[module.Part]) -> module._Drawing:
        drawn.extend(part.delivery.ad_group for part in parts if part.luck is not None)
        return drawing(parts)

    forget()
    with patch.object(module, "_Drawing", noted):
        found, of_each = [], []
        for scenario in (one, one, other):
            drawn.clear()
            found.append(every_array(count(scenario, 4)))
            of_each.append(sorted(drawn))
    forget()
    anew = every_array(count(other, 4))
    assert found[0] == found[1]
    assert found[2] == anew
    of_one, of_other = ({delivery.ad_group for delivery in of.traffic.delivery} for of in (one, other))
    assert of_each == [sorted(of_one), [], sorted(of_other - of_one)]


def ended(**delivery: float) -> Counts:
    """Run with learning and with parts of cells, so that there are touches of which a part happens."""
    return count(small(days=8, steps=ending_of("agency", stop=4.3, unshare=3.6), delivery=delivery), 6)


def test_who_lands_more_often_orders_the_same() -> None:
    one, other = ended(landing_share=0.5), ended(landing_share=0.9)
    for number, paid in one.paid.items():
        same, more = paid.followed, other.paid[number].followed
        for name in ("touches", "orders", "ordered", "ordered_once", "later"):
            assert np.array_equal(getattr(same, name), getattr(more, name)), name
        assert np.array_equal(paid.tally.late, other.paid[number].tally.late)
        assert more.landed.sum() > same.landed.sum()


def test_more_buyers_are_the_same_ones_and_some_others() -> None:
    """Designs that differ in a rate scatter together, so that few pairs tell their difference."""
    runs = range(30)
    designs = [small(days=8, delivery={"conversion_rate": rate}) for rate in (0.05, 0.055)]
    orders = np.array(
        [[one.orders()[0] for one in count_together([(scenario, 3, n) for n in runs])] for scenario in designs]
    )
    alone, apart = orders.std(axis=1, ddof=1).mean(), (orders[1] - orders[0]).std(ddof=1)
    assert (orders[1] - orders[0]).mean() > 0
    # Independent designs would scatter 1.4 times as far apart as each does.
    assert apart < 0.5 * alone


def paid_by_cell(run: Counts, number: int) -> np.ndarray:
    """Give the orders of an ad group by the cell of their touch, and how many cells later they come."""
    paid = run.paid[number]
    table = np.zeros((len(run.cells), paid.followed.orders.shape[1]), dtype=np.int64)
    np.add.at(table, paid.rows.cell, paid.followed.orders)
    return table


def without_pixel(group: str) -> Scenario:
    """Give a scenario in which an ad group, and its ads, report to no pixel."""
    given = small(days=30, steps=ending_of("agency", stop=20.3, unshare=None))
    parts = given.structure
    groups = tuple(g.replace(pixel=None) if g.id == group else g for g in parts.ad_groups)
    ads = tuple(dataclasses.replace(a, tracking_pixel=None) if a.ad_group == group else a for a in parts.ads)
    return given.replace(structure=parts.replace(ad_groups=groups, ads=ads))


@pytest.mark.parametrize("group", ["brand_group", "agency_group", "second_group"])
def test_every_session_with_an_order_has_its_purchase_whatever_pixel_hears_of_it(group: str) -> None:
    """The windows of the ad group without a pixel are longer or shorter than those of the others."""
    run = count(without_pixel(group), 3)
    purchase = EVENT_NAMES.index("Purchase")
    for number, paid in run.paid.items():
        ordered = by_event(paid_by_cell(run, number))
        assert np.array_equal(paid.tally.events[:, purchase].sum(axis=-1), ordered)
        assert ordered.sum() > 0


@pytest.mark.parametrize("day", [3.0, 3.4])
def test_a_change_of_pages_moves_no_session_before_it(day: float) -> None:
    """A pixel of the second agency goes from the pages, which are quicker from then on."""
    same = {"days": 7, "own_pixel": True, "capture": WEIGHT, "traffic": {"learning": {"learned_at_start": True}}}
    gone = UninstallPixel(actor="brand_admin", website="shop", pixel=OWN_PIXEL)
    one, other = count(small(**same), 2), count(small(**same, steps=[PlannedAction(day=day, action=gone)]), 2)
    assert not any(record.decision.refused for record in other.history.records)
    before = np.searchsorted(one.cells.borders, day * 86_400_000, side="right") - 1
    assert before > 0
    brand = one.numbering.ad_groups.index("brand_group")
    for field in dataclasses.fields(Tally):
        pair = [getattr(run.paid[brand].tally, field.name) for run in (one, other)]
        assert np.array_equal(pair[0][:before], pair[1][:before]), field.name
    assert other.paid[brand].tally.lost[before:].sum() < one.paid[brand].tally.lost[before:].sum()


def site(page_views: PageViews) -> SiteTraffic:
    capture = Capture(page_views=page_views, navigations=1.4)
    return SiteTraffic(website="shop", organic_sessions=0.0, capture=capture, funnel=FUNNEL)


FUNNEL = Funnel(view=0.6, cart=0.25, checkout=0.4)
"""More check out than put something in the cart: they buy at once."""


def events_of(page_views: PageViews, plain: np.ndarray, ordered: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    draw = draw_of(Streams(8, 1), "shop")
    return Habits.of(site(page_views)).happen(draw, plain, ordered, np.zeros(len(plain), dtype=np.int64))


def test_sessions_reach_each_step_as_often_as_the_funnel_says_and_none_without_the_ones_before() -> None:
    rows, sessions = 4_000, 30
    plain = np.full((rows, 1), sessions)
    events, _ = events_of(PageViews.AUTO, plain, np.zeros_like(plain))
    for name, share in ((VIEW, 0.6), (CART, 0.25), (CHECKOUT, 0.4)):
        reached = events[:, 0, name]
        spread = np.sqrt(sessions * share * (1 - share))
        assert abs(reached.mean() - sessions * share) < SIGMAS * spread / np.sqrt(rows)
        assert abs(reached.var() / spread**2 - 1) < SIGMAS * np.sqrt(2 / rows)
    # Steps follow each other from the most frequent one on.
    assert np.all(events[:, 0, CART] <= events[:, 0, CHECKOUT])
    assert np.all(events[:, 0, CHECKOUT] <= events[:, 0, VIEW])
    assert np.all(events[:, 0, EVENT_NAMES.index("Purchase")] == 0)


@pytest.mark.parametrize("page_views", [PageViews.AUTO, PageViews.BOTH, PageViews.MANUAL])
def test_page_views_are_sums_of_geometric_numbers_of_navigations(page_views: PageViews) -> None:
    rows, sessions, mean = 6_000, 3, 1.4
    ordered = np.full((rows, 1), sessions)
    events, again = events_of(page_views, np.zeros_like(ordered), ordered)
    first, each = int(page_views is not PageViews.MANUAL), 2 if page_views is PageViews.BOTH else 1
    navigations = (events[:, 0, 0] - first * sessions) / each
    # Independent of how it is drawn: the probabilities of the negative binomial distribution.
    expected = stats.nbinom(sessions, 1 / (1 + mean))
    upto = int(expected.ppf(0.99))
    seen = np.bincount(np.minimum(navigations, upto + 1).astype(np.int64), minlength=upto + 2)
    chances = np.append(expected.pmf(np.arange(upto + 1)), expected.sf(upto))
    assert stats.chisquare(seen, rows * chances).pvalue > 1e-4
    if first:
        assert np.array_equal(again[:, 0], events[:, 0, 0] - sessions)
    else:
        # The last view of each session that has any is sent once.
        with_any = navigations - again[:, 0]
        share = mean / (1 + mean)
        assert abs(with_any.mean() - sessions * share) < SIGMAS * np.sqrt(sessions * share * (1 - share) / rows)
