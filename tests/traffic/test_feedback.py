"""Learning inside a run: exact thinnings of what was drawn, and phases that a recount of the conversions gives."""

from __future__ import annotations

import itertools
from collections import Counter
from fractions import Fraction
from math import floor
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_scenarios import GROUPS, SITES, scenarios, structure

from pixelsim.base.streams import Streams
from pixelsim.control.timeline import Span
from pixelsim.scenario import Scenario
from pixelsim.scenario.traffic import AdDelivery, ConversionDelay, Learning
from pixelsim.traffic.delivery import BEST, AdGroupTraffic, Pace
from pixelsim.traffic.feedback import UNSETTLED, LearningBook, whole_days
from pixelsim.traffic.flow import AdFlow, AdSource, FlowStep
from pixelsim.traffic.learning import LearningRules, Phase, learn
from pixelsim.traffic.numbering import Numbering
from pixelsim.traffic.shapes import LocalDays
from pixelsim.traffic.simulate import Simulation, simulate
from pixelsim.traffic.touches import TouchKind
from pixelsim.world.status import DeliveryStatus

HOUR, DAY = 3_600_000, 86_400_000
DAYS = LocalDays.on(0, 0, 0)
DELIVERY = AdDelivery(
    ad_group="g",
    website="a",
    daily_budget=60.0,
    click_rate=0.05,
    conversion_rate=0.5,
    engaged_view_rate=0.002,
    view_rate=0.002,
)


def traffic(seed: int = 1) -> AdGroupTraffic:
    return AdGroupTraffic(Streams(seed, 0), DELIVERY, DAYS, "USD")


def step(pace: Pace, *, days: int = 3, seed: int = 1) -> FlowStep:
    """Let an ad group deliver for whole days at one pace."""
    source = AdSource(0, DELIVERY, traffic(seed))
    flow = AdFlow(Streams(seed, 0), [source], ConversionDelay(), people=(0, 5_000), ads={"ad_1": 0, "ad_2": 1})
    span = Span(0, days * DAY, DeliveryStatus.DELIVERY_OK, ("ad_1", "ad_2"), authorised=True)
    return flow.step([[span]], days * DAY, [pace])


@pytest.mark.parametrize("factor", [1.0, 1.25, 1.5, 2.0, 2.75, 4.0])
def test_impressions_that_are_too_dear_are_left_out_by_the_floor_rule(factor):
    slots = np.arange(5_000)
    exact = Fraction(factor)
    bought = [floor((slot + 1) / exact) > floor(slot / exact) for slot in slots.tolist()]
    np.testing.assert_array_equal(AdGroupTraffic.bought(slots, factor), bought)


@settings(derandomize=True, deadline=None)
@given(st.floats(1.0, 10.0), st.integers(0, 20_000))
def test_as_many_impressions_are_bought_as_the_money_pays_for(factor, slots):
    assert np.count_nonzero(AdGroupTraffic.bought(np.arange(slots), factor)) == int(slots / factor)


@settings(derandomize=True, deadline=None, max_examples=40)
@given(st.floats(1.0, 5.0), st.lists(st.integers(1, 3 * DAY - 1), max_size=5, unique=True), st.integers(0, 3))
def test_a_days_parts_add_up_to_what_its_money_buys(factor, borders, seed):
    one = traffic(seed)
    total = one.impressions(0, 3)
    money = np.zeros(3, dtype=np.int64)
    shown = np.zeros(3, dtype=np.int64)
    for begin, end in itertools.pairwise([0, *sorted(borders), 3 * DAY]):
        for part in one.delivered(begin, end, factor):
            shown[part.day] += part.impressions
            money[part.day] += part.spend
    assert shown.tolist() == [int(n / factor) for n in total.tolist()]
    assert (money <= 60_00).all()
    best = np.array([sum(p.spend for p in one.delivered(d * DAY, (d + 1) * DAY)) for d in range(3)])
    cpm = one._cpm * 100 / 1000
    # Dearer by the factor and fewer by the factor: the same money, but for one impression's price.
    assert (np.abs(money - best) <= np.ceil(cpm[:3] * factor) + 1).all()


@pytest.mark.parametrize("factor", [1.2, 1.75, 3.0])
def test_clicks_kept_are_those_on_impressions_that_were_bought(factor):
    plain, dear = step(BEST), step(Pace(cpm=factor))
    arrivals = traffic().touches(3 * DAY)
    for kind, found in arrivals.items():
        kept = [
            number
            for slot, number in zip(found.slot.tolist(), found.number.tolist(), strict=True)
            if int((slot + 1) / factor) > int(slot / factor)
        ]
        assert 0 < len(kept) < len(found)
        assert dear.touches.number[dear.touches.kind == kind].tolist() == kept
        assert plain.touches.number[plain.touches.kind == kind].tolist() == found.number.tolist()
    same = {
        (int(k), int(n)): row
        for k, n, *row in zip(*(plain.touches.columns()[i].tolist() for i in (2, 5, 0, 1, 3, 4, 6)), strict=True)
    }
    for k, n, *row in zip(*(dear.touches.columns()[i].tolist() for i in (2, 5, 0, 1, 3, 4, 6)), strict=True):
        assert same[k, n] == row, "a touch that is kept is the same to the last field"
    assert sum(p.clicks for p in dear.shown) == np.count_nonzero(dear.touches.kind == TouchKind.CLICK)


def test_orders_that_happen_at_a_lower_share_happen_at_a_higher_one():
    found = {}
    for share in (0.0, 0.3, 0.6, 1.0):
        orders = step(Pace(orders=share), days=5).orders
        rows = list(zip(orders.kind.tolist(), orders.number.tolist(), orders.at.tolist(), strict=True))
        assert len(set(rows)) == len(rows)
        found[share] = set(rows)
        touches = step(Pace(orders=share), days=5).touches
        assert len(touches) == len(step(BEST, days=5).touches), "fewer orders, and not one touch less"
    assert found[0.0] == set()
    assert found[0.0] < found[0.3] < found[0.6] < found[1.0]
    total = len(found[1.0])
    for share in (0.3, 0.6):
        assert abs(len(found[share]) - share * total) < 4 * np.sqrt(total * share * (1 - share))


def book(**learning: Any) -> LearningBook:
    """Give the learning of the four ad groups, of which the first two have learned before."""
    scenario = Scenario.read({"days": 1, "structure": structure()})
    return LearningBook(
        Streams(1, 0),
        Learning(**learning),
        Numbering.of(scenario, scenario.structure.world()),
        goals=np.full(4, 4, dtype=np.int8),
        learned=np.array([True, True, False, False]),
    )


def test_learning_costs_all_half_or_nothing_by_its_phase():
    settings_ = {"orders_share": 0.6, "cpm_factor": 1.5, "noise": 0.0}
    assert UNSETTLED[Phase.STABLE] == 0
    found = book(**settings_)
    assert found.pace(0, 3) is BEST
    assert (found.pace(2, 3).cpm, found.pace(2, 3).orders) == (1.5, 0.6)
    everyone = np.ones(4, dtype=np.bool_)
    for _ in range(7):
        found.end_of_day([], everyone)
    assert found.phases[-1].tolist() == [Phase.STABLE, Phase.STABLE, Phase.LIMITED, Phase.LIMITED]
    assert (found.pace(2, 3).cpm, found.pace(2, 3).orders) == pytest.approx((1.25, 0.8))
    assert found.pace(1, 3) is BEST


def test_noise_makes_days_dearer_and_never_cheaper_than_the_best():
    found = book(cpm_factor=1.0, noise=0.3)
    factors = np.array([found.pace(2, day).cpm for day in range(4_000)])
    assert (factors >= 1).all()
    # The absolute value of a normal number with standard deviation 0.3: mean 0.3 sqrt(2 / pi).
    score = np.log(factors)
    spread = 0.3 * np.sqrt(1 - 2 / np.pi)
    assert abs(score.mean() - 0.3 * np.sqrt(2 / np.pi)) < 4 * spread / np.sqrt(4_000)
    assert abs((score < 0.3 * 0.6745).mean() - 0.5) < 4 * 0.5 / np.sqrt(4_000)
    assert found.pace(2, 7) == book(cpm_factor=1.0, noise=0.3).pace(2, 7)
    assert found.pace(2, 7) != found.pace(3, 7)


def test_days_end_at_whole_days_of_the_scenario():
    assert [hour for hour in range(1, 73) if whole_days(hour * HOUR)] == [24, 48, 72]


def recounted(simulation: Simulation) -> np.ndarray:
    """Take every ad group through its days on conversions counted from the claims: phases by day and ad group."""
    scenario, numbering, claims = simulation.scenario, simulation.numbering, simulation.claims
    spec, length = scenario.traffic.learning, scenario.days
    rules = LearningRules(
        spec.calm_conversions, spec.calm_days, spec.stable_conversions, spec.stable_days, spec.shared_history
    )
    count = Counter(
        (int(g), int(at) // DAY)
        for g, at, event, counted in zip(claims.ad_group, claims.received, claims.event, claims.counted, strict=True)
        if counted and event == 4
    )
    shown = {(part.ad_group, part.at // DAY) for part in simulation.shown if part.impressions}
    phases = np.zeros((length, len(numbering.ad_groups)), dtype=np.int8)
    for group, name in enumerate(numbering.ad_groups):
        if spec.learned_at_start and name != "g_4":
            phases[:, group] = Phase.STABLE
            continue
        days = [day for day in range(length) if (group, day) in shown]
        if not days:
            continue
        mates = [g for g in range(len(numbering.ad_groups)) if numbering.group_pixel[g] == numbering.group_pixel[group]]
        before = range(max(days[0] - spec.stable_days, 0), days[0])
        history = sum(count[mate, day] for mate in mates for day in before)
        path = learn([[count[group, day] for day in days]], rules, history=[history]).phase[0]
        for place, day in enumerate(days):
            phases[day:, group] = path[place]
    return phases


@settings(derandomize=True, deadline=None, max_examples=25)
@given(scenarios(days=5), st.integers(0, 99))
def test_phases_are_those_of_the_conversions_recounted_from_the_claims(scenario, seed):
    simulation = simulate(scenario, seed)
    np.testing.assert_array_equal(simulation.phases, recounted(simulation))


def learning_run(clock: str = "+00:00", **learning: Any) -> Simulation:
    """Give 8 days on one clock: three ad groups that have learned, and g_4, which begins on day 1."""
    plain = structure()
    for account in plain["ad_accounts"]:
        account["utc_offset"] = clock
    delivery = [
        {"ad_group": k, "website": where, "daily_budget": 30.0, "budget_spent": 1.0, "budget_spread": 0.0}
        | {"click_rate": 0.03, "conversion_rate": 0.2}
        for k, (_, _, where) in GROUPS.items()
    ]
    site = {"organic_sessions": 50.0, "population": "both", "people": 2_000}
    traffic_ = {"sites": [site | {"website": key} for key in SITES], "delivery": delivery, "learning": learning}
    return simulate(Scenario.read({"days": 8, "structure": plain, "traffic": traffic_, "policy": "continue"}), 5)


COSTS = {"orders_share": 0.4, "cpm_factor": 2.0, "noise": 0.4}


@pytest.fixture(scope="module")
def pair() -> tuple[Simulation, Simulation]:
    """The same luck with a learning phase that costs nothing, and with one that costs a lot."""
    return learning_run(orders_share=1.0, cpm_factor=1.0, noise=0.0), learning_run(**COSTS)


def of_group(simulation: Simulation, name: str) -> list[tuple[int, ...]]:
    group = simulation.numbering.ad_groups.index(name)
    return [(p.at, p.impressions, p.clicks, p.spend) for p in simulation.shown if p.ad_group == group]


def test_what_does_not_learn_stays_the_same_to_the_last_event(pair):
    free, dear = pair
    for name in ("g_1", "g_2", "g_3"):
        assert of_group(free, name) == of_group(dear, name)
    assert of_group(free, "g_4") != of_group(dear, "g_4")
    logs = []
    for run in pair:
        origins = np.array([o.entity for o in run.numbering.origins], dtype=object)[run.log.key >> 42]
        rows = np.flatnonzero(origins != "g_4")
        logs.append({name: getattr(run.log, name)[rows] for name in ("key", "at", "pixel", "person", "loss", "fate")})
    for name, column in logs[0].items():
        np.testing.assert_array_equal(column, logs[1][name], err_msg=name)


def test_what_learns_has_a_part_of_what_was_drawn(pair):
    _free, _dear = pair
    orders = []
    for run in pair:
        origins = np.array([o.entity for o in run.numbering.origins], dtype=object)[run.orders.origin]
        orders.append(set(run.orders.key[origins == "g_4"].tolist()))
    assert orders[1] < orders[0]
    one, other = (np.array(of_group(run, "g_4")) for run in pair)
    assert other[:, 1:3].sum(axis=0).tolist() < one[:, 1:3].sum(axis=0).tolist()
    assert (other[:, 1] <= one[:, 1]).all()


@pytest.mark.parametrize("clock", ["+00:00", "-08:00", "+05:30"])
@pytest.mark.parametrize("learned", [True, False])
def test_no_day_costs_more_than_its_budget(learned, clock):
    run = learning_run(clock, learned_at_start=learned, **COSTS)
    by_day: Counter[tuple[int, int]] = Counter()
    for part in run.shown:
        by_day[part.ad_group, part.day] += part.spend
    assert max(by_day.values()) <= 30_00
    whole = [spend for (group, day), spend in by_day.items() if 2 <= day < 8]
    assert len(whole) == 6 * 4
    assert min(whole) > 29_00, "a learning ad group spends its budget too, on fewer impressions"
