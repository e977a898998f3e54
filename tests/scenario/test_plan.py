"""Plans: dated steps in the order of ties, and the right and the wrong order of stop and unshare."""

from __future__ import annotations

import pytest

from pixelsim.base.errors import InputError
from pixelsim.scenario import Plan, PlannedAction, scenario
from pixelsim.sharing.actions import RemovePartner, SharePixel, Switch, UnlinkPixel, UnsharePixel


def stop(day: float, campaign: str = "c", to: str = "off") -> PlannedAction:
    return PlannedAction(day=day, action=Switch(actor="ben", kind="campaign", id=campaign, to=to))


def unshare(day: float) -> PlannedAction:
    return PlannedAction(day=day, action=UnsharePixel(actor="ann", bc="bc", pixel="PX", partner="bc_p"))


def share(day: float) -> PlannedAction:
    return PlannedAction(day=day, action=SharePixel(actor="ann", bc="bc", pixel="PX", partner="bc_p"))


def order(plan: Plan) -> list[tuple[float, str]]:
    """Give the steps in the order in which they happen: by day, ties by place."""
    return [(s.day, s.action.do) for s in sorted(plan.steps, key=lambda s: s.at)]


def test_unshare_first_puts_every_unshare_before_the_first_stop():
    plan = Plan(steps=(share(1), stop(14, "a"), stop(16, "b"), unshare(20)))
    assert order(plan.unshare_first(3)) == [
        (1, "share_pixel"),
        (11, "unshare_pixel"),
        (14, "switch"),
        (16, "switch"),
    ]


def test_unshare_first_on_the_same_instant_wins_the_tie():
    plan = Plan(steps=(stop(14), unshare(15)))
    assert order(plan.unshare_first()) == [(14, "unshare_pixel"), (14, "switch")]


def test_stop_first_puts_every_stop_before_the_first_unshare():
    plan = Plan(steps=(unshare(10), stop(14, "a"), stop(2, "b"), share(1)))
    assert order(plan.stop_first(1.5)) == [
        (1, "share_pixel"),
        (2, "switch"),
        (8.5, "switch"),
        (10, "unshare_pixel"),
    ]
    assert order(plan.stop_first())[-2:] == [(10, "switch"), (10, "unshare_pixel")]


def test_unlinking_and_removing_the_partner_end_access_too_and_deleting_stops_too():
    unlink = PlannedAction(day=9, action=UnlinkPixel(actor="ann", bc="bc", pixel="PX", account="acc"))
    remove = PlannedAction(day=9, action=RemovePartner(actor="ann", bc="bc", partner="bc_p"))
    for end in (unlink, remove):
        plan = Plan(steps=(stop(5, to="deleted"), end))
        assert order(plan.unshare_first(1)) == [(4, end.action.do), (5, "switch")]


def test_switching_on_is_no_stop():
    with pytest.raises(InputError, match="0 stops, 1 unshares"):
        Plan(steps=(stop(5, to="on"), unshare(6))).unshare_first()


@pytest.mark.parametrize("days", [-1.0, 14.5, float("nan"), float("inf")])
def test_the_unshare_cannot_fall_before_the_start_nor_after_the_stop(days):
    plan = Plan(steps=(stop(14), unshare(15)))
    with pytest.raises(InputError, match="between 0 and 14, the day of the first stop"):
        plan.unshare_first(days)


@pytest.mark.parametrize("days", [-1.0, 15.5, float("nan")])
def test_the_stop_cannot_fall_before_the_start_nor_after_the_unshare(days):
    plan = Plan(steps=(stop(14), unshare(15)))
    with pytest.raises(InputError, match="between 0 and 15, the day of the first unshare"):
        plan.stop_first(days)


def test_a_plan_without_both_has_no_order_to_change():
    for steps in ((), (stop(3),), (unshare(3),)):
        with pytest.raises(InputError, match="at least one stop and one unshare"):
            Plan(steps=steps).unshare_first()
        with pytest.raises(InputError, match="at least one stop and one unshare"):
            Plan(steps=steps).stop_first()


def test_also_adds_steps_at_the_end_and_leaves_the_plan_alone():
    plan = Plan(steps=(stop(3),))
    assert plan.also(unshare(3), share(1)).steps == (stop(3), unshare(3), share(1))
    assert plan.steps == (stop(3),)


def test_days_become_whole_milliseconds():
    assert stop(3.5).at == 302_400_000
    assert stop(1 / 3).at == 28_800_000


def test_both_orders_of_the_built_in_plan_have_the_same_steps():
    plan = scenario("agency").plan
    late, early = plan.unshare_first(2), plan.stop_first()

    def kinds(one):
        return sorted(str(step.action) for step in one.steps)

    assert kinds(late) == kinds(early) == kinds(plan)
    assert late.unshare_first(2) == late
    assert early.stop_first() == early
