"""What a scenario's own plan leads to: which practice it breaks on its way, from when, until when, at what cost."""

from __future__ import annotations

import dataclasses

import pytest

from pixelsim.base.clock import DAY
from pixelsim.plan import Code, Finding, RateEstimator, Severity
from pixelsim.plan.course import carried_out, check_scenario
from pixelsim.scenario import Plan, PlannedAction, Scenario, scenario, scenario_names
from pixelsim.scenario.practices import ending, many_domains
from pixelsim.sharing import PRESETS, AfterRefusal, StopFirst
from pixelsim.sharing import actions as do

RUNNING, SCHEDULED = "acc_agency_campaign_1_group", "acc_agency_campaign_2_group"
RATES = RateEstimator(spend_per_day={SCHEDULED: 100, RUNNING: 100}, conversions_per_day={SCHEDULED: 3.0, RUNNING: 2.0})
B4 = {Code.NOT_STOPPED_FIRST, Code.NEVER_UNSHARED, Code.ORPHANED_SPEND, Code.UNSHARED_BEFORE_STOP, Code.FOLLOWS_B4}


def told(one: Scenario, code: Code) -> list[Finding]:
    return [found for found in check_scenario(one, estimator=RATES) if found.code is code]


def ends(one: Scenario) -> set[Code]:
    return {found.code for found in check_scenario(one)} & B4


@pytest.mark.parametrize(
    ("name", "practice", "broken"),
    [
        ("one_domain", Code.FOLLOWS_B1, None),
        ("one_domain_wrong", None, Code.PIXELS_FOR_ONE_DOMAIN),
        ("many_domains", Code.FOLLOWS_B2, None),
        ("many_domains_wrong", None, Code.ONE_PIXEL_ON_ALL_DOMAINS),
        ("agency_clients", Code.FOLLOWS_B3, None),
        ("agency_clients_wrong", None, Code.AGENCY_OWNS_PIXEL),
        ("ending", Code.FOLLOWS_B4, None),
        ("ending_unshare_first", None, Code.NOT_STOPPED_FIRST),
        ("ending_only_running", None, Code.ORPHANED_SPEND),
        ("ending_never", None, Code.NEVER_UNSHARED),
        ("agency", None, Code.ORPHANED_SPEND),
    ],
)
def test_each_practice_is_recognised_and_each_wrong_way_is_found(name, practice, broken):
    found = check_scenario(scenario(name))
    codes = {one.code for one in found}
    follows = {code for code in codes if code.value.startswith("FOLLOWS")} - (
        {Code.FOLLOWS_B3} if "B3" not in str(practice) else set()
    )
    assert follows == ({practice} if practice else set())
    faulty = {one.code for one in found if one.severity in {Severity.FAULT, Severity.WARNING}} - {Code.SOLE_ADMIN}
    assert (broken in faulty) if broken else not faulty
    assert name in scenario_names()


def test_the_brands_of_many_domains_may_own_several_and_headquarters_one_none():
    assert Code.FOLLOWS_B2 in {found.code for found in check_scenario(many_domains(brands=2, domains=7))}
    alone = {found.code for found in check_scenario(many_domains(brands=1, domains=3))}
    assert Code.FOLLOWS_B2 not in alone, "one owner of all is no practice for many brands"


def test_a_forgotten_campaign_spends_from_its_start_to_the_end():
    # The unshare is on day 15 of 35; the forgotten campaign starts on day 18: 17 days at 1.00 and 3 orders.
    (spend,) = told(ending(way="only_running"), Code.ORPHANED_SPEND)
    assert (spend.subjects, spend.since, spend.until) == ((SCHEDULED,), 18 * DAY, 35 * DAY)
    assert spend.cost is not None
    assert (spend.cost.amount("USD"), spend.cost.conversions) == (17 * 100, pytest.approx(17 * 3.0))
    assert spend.sentence.endswith("until the end.")
    (first,) = told(ending(way="only_running"), Code.NOT_STOPPED_FIRST)
    assert (first.subjects, first.since) == ((SCHEDULED,), 15 * DAY)


@pytest.mark.parametrize(
    ("after", "says", "codes"),
    [
        (AfterRefusal.RETRY_AFTER_STOP, "made again", {Code.NOT_STOPPED_FIRST}),
        (AfterRefusal.GIVE_UP, "access goes on", {Code.NOT_STOPPED_FIRST, Code.NEVER_UNSHARED}),
        (AfterRefusal.FORCE, "by force", {Code.NOT_STOPPED_FIRST, Code.ORPHANED_SPEND}),
    ],
)
def test_an_unshare_before_the_stop_leads_to_what_the_policy_says(after, says, codes):
    one = ending(way="unshare_first")
    one = one.replace(policy=dataclasses.replace(PRESETS["documented"], after_refused_unshare=after))
    assert ends(one) == codes
    (first,) = told(one, Code.NOT_STOPPED_FIRST)
    assert (first.subjects, first.since) == ((RUNNING, SCHEDULED), 11 * DAY)
    assert says in first.sentence


def test_where_access_stops_delivery_the_days_that_are_lost_are_counted():
    # Under "pause" the unshare of day 11 stops the running campaign three days before its own stop.
    one = ending(way="unshare_first").replace(policy="pause")
    (still, later) = told(one, Code.UNSHARED_BEFORE_STOP)
    assert (still.subjects, still.since, still.until) == ((RUNNING,), 11 * DAY, 14 * DAY)
    assert still.cost is not None
    assert still.cost.conversions == pytest.approx(3 * 2.0)
    assert later.subjects == (SCHEDULED,), "cancelled on day 14, four days before it would have started"
    assert later.cost is not None
    assert later.cost.conversions == 0


def test_never_unsharing_is_found_by_the_stops_and_names_what_is_still_on():
    (found,) = told(ending(way="never"), Code.NEVER_UNSHARED)
    assert (found.since, found.rule) == (14 * DAY, "B4")
    assert SCHEDULED in found.sentence
    everything = ending(way="right")
    steps = tuple(step for step in everything.plan.steps if not isinstance(step.action, do.UnsharePixel))
    (quiet,) = told(everything.replace(plan=Plan(steps=steps)), Code.NEVER_UNSHARED)
    assert "still on" not in quiet.sentence


def test_how_the_practice_is_read_is_a_setting():
    one = ending(way="unshare_first")
    lenient = one.replace(policy=dataclasses.replace(one.policy, stop_first=StopFirst.UNDER_PACING))
    (first,) = told(lenient, Code.NOT_STOPPED_FIRST)
    assert first.subjects == (SCHEDULED,), "what spends as planned need not be stopped first"
    assert first.remedy.startswith("stop what spends less than planned")
    slow = lenient.vary(f"traffic.delivery[{RUNNING}].budget_spent", 0.6)
    (both,) = told(slow, Code.NOT_STOPPED_FIRST)
    assert both.subjects == (RUNNING, SCHEDULED)


def test_ending_a_link_or_a_whole_partnership_is_looked_at_like_an_unshare():
    base = ending(way="never")
    leave = do.RemovePartner(actor="client_admin", bc="bc_client", partner="bc_agency")
    cut = do.UnlinkPixel(
        actor="client_admin", bc="bc_client", pixel=base.structure.pixels[0].code, account="acc_agency"
    )
    gone = dataclasses.replace(cut, account="acc_client")
    for action, found in ((leave, 1), (cut, 1), (gone, 0)):
        steps = (*base.plan.steps, PlannedAction(day=3.0, action=action))
        assert len(told(base.replace(plan=Plan(steps=steps)), Code.NOT_STOPPED_FIRST)) == found


def test_other_refusals_are_told_with_what_repairs_them():
    base = ending()
    step = PlannedAction(day=1.0, action=do.LinkPixel(actor="agency_buyer", bc="bc_agency", pixel="none", account="x"))
    (found,) = told(base.replace(plan=Plan(steps=(step,))), Code.STEP_REFUSED)
    assert (found.since, found.severity, found.subjects) == (DAY, Severity.WARNING, ("agency_buyer",))
    assert found.remedy
    assert carried_out(base).records[-1].decision.allowed


def test_budgets_that_the_platform_would_not_take_are_a_warning_with_and_without_edits():
    one = ending()
    assert told(one, Code.BUDGET_BELOW_MINIMUM) == []
    small = one.vary(f"traffic.delivery[{RUNNING}].daily_budget", 20.0)
    (found,) = told(small, Code.BUDGET_BELOW_MINIMUM)
    assert (found.severity, found.subjects) == (Severity.WARNING, (RUNNING, "acc_agency"))
    assert told(one.vary(f"traffic.delivery[{RUNNING}].daily_budget", 20.01), Code.BUDGET_BELOW_MINIMUM) == []
    edit = do.EditAdGroup(actor="agency_buyer", ad_group=RUNNING, budget_factor=0.4)
    cut = one.replace(plan=Plan(steps=(PlannedAction(day=1.0, action=edit),)))
    assert len(told(cut, Code.BUDGET_BELOW_MINIMUM)) == 1, "0.4 of 50 is 20"
    number = [a.id for a in one.structure.ad_accounts].index("acc_agency")
    euros = small.vary(f"structure.ad_accounts[{number}].currency", "EUR")
    assert told(euros, Code.BUDGET_BELOW_MINIMUM) == [], "the minimum is known in US dollars only"
