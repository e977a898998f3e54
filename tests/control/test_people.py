"""People act on dates, late or on time, and do something about a refusal."""

from __future__ import annotations

import dataclasses
import itertools
import math

import numpy as np
import pytest
from scipy import stats

from pixelsim.base.clock import DAY, HOUR
from pixelsim.scenario import HumanDelay, Plan, PlannedAction, Scenario
from pixelsim.sharing import actions as do
from pixelsim.sharing.causes import Cause
from pixelsim.world.relations import RelationStatus
from pixelsim.world.status import DeliveryStatus, ad_group_status, is_delivering

PIXEL = "BRANDSHOPPIXEL000001"
RUNNING = ("prospecting_1", "retargeting_1")
SCHEDULED = "launch_1"
UNSHARE = do.UnsharePixel(actor="brand_admin", bc="bc_brand", pixel=PIXEL, partner="bc_agency")
UNLINK = do.UnlinkPixel(actor="brand_admin", bc="bc_brand", pixel=PIXEL, account="acc_agency")
OK, UNBIND = DeliveryStatus.DELIVERY_OK, DeliveryStatus.PIXEL_UNBIND
NOT_START, OFF = DeliveryStatus.NOT_START, DeliveryStatus.DISABLE


def off(campaign: str, day: float, actor: str = "agency_buyer") -> PlannedAction:
    return PlannedAction(day=day, action=do.Switch(actor=actor, kind="campaign", id=campaign, to="off"))


def at(day: float, action: do.Action) -> PlannedAction:
    return PlannedAction(day=day, action=action)


def told(history):
    """Give what was attempted, as (day, actor, do, target, verdict)."""
    rows = []
    for record in history.records:
        action = record.action
        target = getattr(action, "id", None) or getattr(action, "partner", None) or getattr(action, "account", None)
        rows.append((record.at / DAY, action.actor, action.do, target, record.decision.verdict.value))
    return rows


def test_steps_happen_on_their_dates(agency, act):
    assert told(act(agency)) == [
        (14.0, "agency_buyer", "switch", "prospecting", "yes"),
        (14.0, "agency_buyer", "switch", "retargeting", "yes"),
        (15.0, "brand_admin", "unshare_pixel", "bc_agency", "yes"),
    ]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_ties_are_done_in_the_order_of_the_plan(agency, act, order):
    steps = [off("prospecting", 5), off("retargeting", 5), at(5, UNSHARE)]
    plan = Plan(steps=tuple(steps[i] for i in order))
    history = act(agency.replace(plan=plan, policy="pause"))
    assert [record.action for record in history.records] == [steps[i].action for i in order]
    assert {record.at for record in history.records} == {5 * DAY}


def test_a_later_step_of_the_plan_that_is_dated_earlier_happens_earlier(agency, act):
    plan = Plan(steps=(at(6, UNSHARE), off("prospecting", 5), off("retargeting", 5.5)))
    assert [row[0] for row in told(act(agency.replace(plan=plan)))] == [5.0, 5.5, 6.0]


def test_what_a_refusal_leads_to_comes_after_all_steps_of_the_instant(agency, act):
    plan = Plan(steps=(at(5, UNSHARE), off("retargeting", 5), at(5, UNLINK)))
    verdicts = [(row[2], row[3], row[4]) for row in told(act(agency.replace(plan=plan)))]
    assert verdicts[:3] == [
        ("unshare_pixel", "bc_agency", "no"),
        ("switch", "retargeting", "yes"),
        ("unlink_pixel", "acc_agency", "no"),
    ]
    # Both refusals lead to one stop of what still runs; the unshare is retried first and takes the link with it.
    assert verdicts[3:] == [
        ("switch", "prospecting_1", "yes"),
        ("unshare_pixel", "bc_agency", "yes"),
        ("unlink_pixel", "acc_agency", "no"),
    ]


@pytest.mark.parametrize(
    ("day", "hours"), [(2.0, 51.0), (2 + 3 / 24, 51.0), (2 + 4 / 24, 57.0), (0.0, 3.0), (2 + 22 / 24, 75.0)]
)
def test_what_pages_carry_changes_when_they_next_fetch_their_settings(agency, act, day, hours):
    # Settings are fetched at 3:00, 9:00, 15:00 and 21:00.
    settings = dataclasses.replace(agency.settings, settings_refresh_hours=6.0, settings_refresh_from_hour=3.0)
    site = agency.structure.websites[0].id
    take = do.UninstallPixel(actor="brand_admin", website=site, pixel=PIXEL)
    history = act(agency.replace(settings=settings, plan=Plan(steps=(at(day, take), at(day, UNLINK)))))
    fetched = next(r for r in history.records if r.action == take)
    unlink = next(r for r in history.records if r.action == UNLINK)
    assert fetched.at / HOUR == pytest.approx(hours)
    assert unlink.at / DAY == pytest.approx(day), "nothing else waits for it"
    assert ("asked for on day" in fetched.note) is (fetched.at != round(day * DAY))
    at_once = act(agency.replace(plan=Plan(steps=(at(day, take),))))
    assert at_once.records[0].at == round(day * DAY)


def test_notes_tell_the_step_and_what_led_to_an_attempt(agency, act):
    plan = Plan(steps=(off("retargeting", 4), PlannedAction(day=5, action=UNSHARE, why="the contract ends")))
    notes = [record.note for record in act(agency.replace(plan=plan)).records]
    assert notes == [
        "step 1 of the plan",
        "the contract ends",
        "listed by the refused attempt 1",
        "retry of the refused attempt 1",
    ]


# Delays.


def delays_of(history, plan: Plan) -> dict[str, int]:
    """Give how late each action of a plan was done, in ms, by what it does."""
    late = {}
    for step in plan.steps:
        (record,) = [r for r in history.records if r.action == step.action]
        late[str(step.action)] = record.at - step.at
    return late


def test_without_a_delay_people_are_on_time(agency, act):
    plan = agency.plan.replace(delays={"agency_buyer": HumanDelay(median_hours=0.0, sigma=2.0)})
    assert set(delays_of(act(agency.replace(plan=plan)), plan).values()) == {0}


def test_a_delay_without_spread_is_its_median(agency, act):
    plan = agency.plan.replace(delays={"agency_buyer": HumanDelay(median_hours=5.0)})
    late = delays_of(act(agency.replace(plan=plan)), plan)
    assert sorted(late.values()) == [0, 5 * HOUR, 5 * HOUR]


def test_delays_are_log_normal(agency, act):
    median, sigma = 6.0, 0.8
    steps = tuple(at(1, do.RequestPartnership(actor="brand_admin", bc="bc_brand", partner=f"p{i}")) for i in range(40))
    plan = Plan(steps=steps, delays={"brand_admin": HumanDelay(median_hours=median, sigma=sigma)})
    one = agency.replace(plan=plan)
    hours = [(r.at - DAY) / HOUR for k in range(10) for r in act(one, replication=k).records]
    assert len(hours) == 400
    assert stats.kstest(np.log(hours), "norm", (math.log(median), sigma)).pvalue > 0.01
    assert len(set(hours)) == 400


def test_delays_belong_to_the_person_and_the_deed_not_to_the_place_in_the_plan(agency, act):
    slow = {
        "agency_buyer": HumanDelay(median_hours=8.0, sigma=1.0),
        "brand_admin": HumanDelay(median_hours=8.0, sigma=1.0),
    }
    plan = agency.plan.replace(delays=slow)
    one = agency.replace(plan=plan, policy="pause")
    late = delays_of(act(one), plan)
    assert len(set(late.values())) == 3
    turned = plan.replace(steps=plan.steps[::-1])
    assert delays_of(act(one.replace(plan=turned)), turned) == late
    wrong_order = plan.unshare_first(3)
    assert delays_of(act(one.replace(plan=wrong_order)), wrong_order) == late
    longer = plan.replace(steps=(off("brand_always_on", 2, "brand_admin"), *plan.steps))
    assert late.items() < delays_of(act(one.replace(plan=longer)), longer).items()


def test_the_same_deed_twice_has_two_delays(agency, act):
    steps = (off("prospecting", 2), at(9, do.Switch(actor="agency_buyer", kind="campaign", id="prospecting", to="on")))
    plan = Plan(
        steps=(*steps, off("prospecting", 16)), delays={"agency_buyer": HumanDelay(median_hours=9.0, sigma=1.0)}
    )
    history = act(agency.replace(plan=plan))
    late = [record.at - day * DAY for record, day in zip(history.records, (2, 9, 16), strict=True)]
    assert len(set(late)) == 3


def test_replications_have_delays_of_their_own_and_seeds_repeat(agency, act):
    plan = agency.plan.replace(delays={"brand_admin": HumanDelay(median_hours=9.0, sigma=1.0)})
    one = agency.replace(plan=plan)

    def when(**keys):
        return act(one, **keys).records[-1].at

    assert when(seed=3, replication=2) == when(seed=3, replication=2)
    assert len({when(seed=s, replication=k) for s in (1, 2) for k in range(5)}) == 10


def test_what_a_delay_carries_past_the_end_does_not_happen(agency, act):
    plan = agency.plan.replace(delays={"brand_admin": HumanDelay(median_hours=24.0 * 30)})
    history = act(agency.replace(plan=plan))
    assert [row[2] for row in told(history)] == ["switch", "switch"]
    assert (PIXEL, "bc_agency") in history.now.shares


def test_P146_nothing_happens_at_the_end_itself(agency, act):
    for hours, verdicts in ((24.0 * 20, 2), (24.0 * 20 - 1e-5, 3)):
        plan = agency.plan.replace(delays={"brand_admin": HumanDelay(median_hours=hours)})
        assert len(act(agency.replace(plan=plan)).records) == verdicts


# Refusals.


def unshared_at(
    agency, act, policy: str, *, after: str = "retry_after_stop", action=UNSHARE, day: float = 10.0, **delays
):
    plan = Plan(steps=(at(day, action),), delays={k: HumanDelay(median_hours=v) for k, v in delays.items()})
    return act(agency.replace(plan=plan, policy=policy).vary("policy.after_refused_unshare", after))


def test_giving_up_leaves_everything_as_it_was(agency, act):
    history = unshared_at(agency, act, "documented", after="give_up")
    (record,) = history.records
    assert record.decision.cause is Cause.ACTIVE_CAMPAIGNS
    assert record.decision.blocking == RUNNING
    assert record.decision.scheduled == (SCHEDULED,)
    assert history.now == agency.structure.world()


def test_force_carries_the_unshare_out_at_once_without_the_guard(agency, act):
    history = unshared_at(agency, act, "strict", after="force")
    first, second = history.records
    assert (first.decision.refused, second.decision.allowed) == (True, True)
    assert second.action == do.UnsharePixel(
        actor="brand_admin", bc="bc_brand", pixel=PIXEL, partner="bc_agency", force=True
    )
    assert first.at == second.at == 10 * DAY
    assert (PIXEL, "acc_agency") not in history.now.links
    assert all(history.now.ad_groups[group].on for group in (*RUNNING, SCHEDULED))


def test_retry_stops_what_the_refusal_lists_after_the_delay_of_those_who_stop(agency, act):
    history = unshared_at(agency, act, "documented", agency_buyer=36.0, brand_admin=2.0)
    assert told(history) == [
        (10 + 2 / 24, "brand_admin", "unshare_pixel", "bc_agency", "no"),
        (10 + 38 / 24, "agency_buyer", "switch", "prospecting_1", "yes"),
        (10 + 38 / 24, "agency_buyer", "switch", "retargeting_1", "yes"),
        (10 + 38 / 24, "brand_admin", "unshare_pixel", "bc_agency", "yes"),
    ]


def test_the_retry_waits_for_the_last_stop(agency, act):
    plan = Plan(steps=(at(10, UNSHARE),), delays={"agency_buyer": HumanDelay(median_hours=20.0, sigma=1.0)})
    history = act(agency.replace(plan=plan))
    stops = [r.at for r in history.records if isinstance(r.action, do.Switch)]
    assert len(set(stops)) == 2
    assert history.records[-1].at == max(stops)
    assert history.records[-1].decision.allowed


def test_what_starts_meanwhile_is_stopped_in_another_round(agency, act):
    # Refused on day 17; the buyer takes two days, on day 18 the scheduled one starts and blocks the first retry.
    history = unshared_at(agency, act, "documented", day=17.0, agency_buyer=48.0)
    assert told(history) == [
        (17.0, "brand_admin", "unshare_pixel", "bc_agency", "no"),
        (19.0, "agency_buyer", "switch", "prospecting_1", "yes"),
        (19.0, "agency_buyer", "switch", "retargeting_1", "yes"),
        (19.0, "brand_admin", "unshare_pixel", "bc_agency", "no"),
        (21.0, "agency_buyer", "switch", "launch_1", "yes"),
        (21.0, "brand_admin", "unshare_pixel", "bc_agency", "yes"),
    ]


def test_what_was_stopped_meanwhile_is_not_stopped_again(agency, act):
    plan = Plan(steps=(at(10, UNSHARE), off("prospecting", 11)), delays={"agency_buyer": HumanDelay(median_hours=36.0)})
    history = act(agency.replace(plan=plan.replace(steps=(*plan.steps, off("retargeting", 9.75)))))
    assert told(history) == [
        (10.0, "brand_admin", "unshare_pixel", "bc_agency", "no"),
        (11.25, "agency_buyer", "switch", "retargeting", "yes"),
        (11.5, "agency_buyer", "switch", "prospecting_1", "yes"),
        (11.5, "brand_admin", "unshare_pixel", "bc_agency", "yes"),
        (12.5, "agency_buyer", "switch", "prospecting", "yes"),
    ]


def test_an_ad_that_uses_the_pixel_for_tracking_only_is_stopped_by_itself(agency, act):
    plain = agency.plain()
    for group in plain["structure"]["ad_groups"]:
        if group["id"] == "prospecting_1":
            group["pixel"] = None
    for ad in plain["structure"]["ads"]:
        if ad["ad_group"] == "prospecting_1":
            ad["tracking_pixel"] = PIXEL
    ads = sorted(ad["id"] for ad in plain["structure"]["ads"] if ad["ad_group"] == "prospecting_1")
    history = unshared_at(Scenario.read(plain), act, "documented", agency_buyer=24.0)
    assert history.records[0].decision.blocking == ("retargeting_1", *ads)
    stopped = {r.action.id: r.action.kind for r in history.records if isinstance(r.action, do.Switch)}
    assert stopped == {"retargeting_1": "ad_group", **dict.fromkeys(ads, "ad")}
    assert history.records[-1].decision.allowed


def test_who_could_stop_it_and_leaves_at_that_instant_stops_nothing(agency, act):
    # The unshare is refused, and all of the agency leave in the same instant: nobody can stop what blocks.
    leaving = (at(10, do.LeavePerson(actor=person)) for person in ("agency_buyer", "agency_admin"))
    plan = Plan(steps=(at(10, UNSHARE), *leaving))
    history = act(agency.replace(plan=plan))
    assert (PIXEL, "acc_agency") in history.now.links
    tried = [r.decision.cause for r in history.records if isinstance(r.action, do.Switch)]
    assert tried == [Cause.PERSON_LEFT] * 2
    assert history.records[-1].decision.cause is Cause.ACTIVE_CAMPAIGNS


def test_operators_stop_before_admins_and_by_id(agency, act):
    people = [{"id": "agency_aide", "name": "Aide"}, *agency.plain()["structure"]["people"]]
    roles = agency.plain()["structure"]["account_people"]
    aide = {"account": "acc_agency", "person": "agency_aide", "role": "OPERATOR", "via": None}
    structure = agency.structure.replace(people=people, account_people=[*roles, aide])
    history = unshared_at(agency.replace(structure=structure), act, "documented")
    assert {row[1] for row in told(history) if row[2] == "switch"} == {"agency_aide"}
    gone = agency.replace(structure=agency.structure.replace(account_people=[r for r in roles if r["role"] == "ADMIN"]))
    assert {row[1] for row in told(unshared_at(gone, act, "documented")) if row[2] == "switch"} == {"agency_admin"}


def test_where_nobody_can_stop_the_refusal_stands(agency, act):
    roles = [r for r in agency.plain()["structure"]["account_people"] if r["account"] != "acc_agency"]
    orphaned = agency.replace(structure=agency.structure.replace(account_people=roles))
    history = unshared_at(orphaned, act, "documented")
    assert [row[4] for row in told(history)] == ["no"]


def test_a_refusal_for_another_cause_is_not_retried(agency, act):
    stranger = do.UnsharePixel(actor="agency_admin", bc="bc_brand", pixel=PIXEL, partner="bc_agency")
    (record,) = unshared_at(agency, act, "documented", action=stranger).records
    assert record.decision.cause is Cause.NOT_A_MEMBER


# Presets.


def states(history, day: float) -> dict[str, DeliveryStatus]:
    world = history.at(round(day * DAY))
    return {group: ad_group_status(world, group, round(day * DAY)) for group in (*RUNNING, SCHEDULED)}


@pytest.mark.parametrize(
    ("policy", "action", "just_after", "later"),
    [
        ("documented", UNSHARE, (OFF, OFF, NOT_START), (OFF, OFF, OK)),
        ("documented", UNLINK, (OFF, OFF, UNBIND), (OFF, OFF, UNBIND)),
        ("strict", UNSHARE, (OFF, OFF, OFF), (OFF, OFF, OFF)),
        ("strict", UNLINK, (OFF, OFF, OFF), (OFF, OFF, OFF)),
        ("pause", UNSHARE, (UNBIND, UNBIND, UNBIND), (UNBIND, UNBIND, UNBIND)),
        ("pause", UNLINK, (UNBIND, UNBIND, UNBIND), (UNBIND, UNBIND, UNBIND)),
        ("continue", UNSHARE, (OK, OK, NOT_START), (OK, OK, OK)),
        ("continue", UNLINK, (OK, OK, NOT_START), (OK, OK, OK)),
    ],
    ids=lambda value: getattr(value, "do", value) if not isinstance(value, tuple) else None,
)
def test_presets_with_running_and_scheduled_ad_groups(agency, act, policy, action, just_after, later):
    history = unshared_at(agency, act, policy, action=action)
    groups = (*RUNNING, SCHEDULED)
    assert states(history, 9.999) == dict(zip(groups, (OK, OK, NOT_START), strict=True))
    assert states(history, 10) == dict(zip(groups, just_after, strict=True))
    assert states(history, 18) == dict(zip(groups, later, strict=True))
    assert (PIXEL, "acc_agency") not in history.now.links
    assert ((PIXEL, "bc_agency") in history.now.shares) == (action is UNLINK)
    # People's own switches and schedules stay as they were unless somebody turned them (R15).
    assert all(campaign.on for campaign in history.now.campaigns.values())
    assert is_delivering(history.now, "brand_always_on_1", 18 * DAY)


# Partnerships.


def sharing_with_outsider(agency, days: float, **delays) -> object:
    link = do.LinkPixel(actor="outsider_admin", bc="bc_outsider", pixel=PIXEL, account="acc_outsider")
    share = do.SharePixel(actor="brand_admin", bc="bc_brand", pixel=PIXEL, partner="bc_outsider")
    plan = Plan(
        steps=(at(2, share), at(2, link), at(4.999, link), at(5, link)),
        delays={k: HumanDelay(median_hours=v) for k, v in delays.items()},
    )
    return agency.replace(plan=plan).vary("settings.partnership_acceptance", days)


def test_a_partnership_is_pending_until_the_other_side_has_approved(agency, act):
    history = act(sharing_with_outsider(agency, 3.0))
    assert told(history) == [
        (2.0, "brand_admin", "share_pixel", "bc_outsider", "yes"),
        (2.0, "outsider_admin", "link_pixel", "acc_outsider", "no"),
        (4.999, "outsider_admin", "link_pixel", "acc_outsider", "no"),
        (5.0, "outsider_admin", "link_pixel", "acc_outsider", "no"),
        (5.0, "outsider_admin", "approve_partnership", "bc_brand", "yes"),
    ]
    assert {r.decision.cause for r in history.records if r.decision.refused} == {Cause.PENDING}
    status = {day: history.at(round(day * DAY)).partnerships["bc_brand", "bc_outsider"].status for day in (2, 4.9, 5)}
    assert list(status.values()) == [RelationStatus.PENDING, RelationStatus.PENDING, RelationStatus.BOUND]


def test_once_approved_the_link_is_made(agency, act):
    history = act(sharing_with_outsider(agency, 2.5))
    assert told(history)[-3:] == [
        (4.5, "outsider_admin", "approve_partnership", "bc_brand", "yes"),
        (4.999, "outsider_admin", "link_pixel", "acc_outsider", "yes"),
        (5.0, "outsider_admin", "link_pixel", "acc_outsider", "no"),
    ]
    assert history.records[-1].decision.cause is Cause.ALREADY_LINKED


def test_without_an_acceptance_delay_a_share_counts_at_once(agency, act):
    assert told(act(sharing_with_outsider(agency, 0.0)))[:2] == [
        (2.0, "brand_admin", "share_pixel", "bc_outsider", "yes"),
        (2.0, "outsider_admin", "link_pixel", "acc_outsider", "yes"),
    ]


def test_two_requests_are_answered_once(agency, act):
    one = sharing_with_outsider(agency, 3.0)
    request = do.RequestPartnership(actor="brand_admin", bc="bc_brand", partner="bc_outsider")
    history = act(one.replace(plan=one.plan.also(at(2, request))))
    answers = [record for record in history.records if isinstance(record.action, do.ApprovePartnership)]
    assert len(answers) == 1


def test_nobody_answers_where_the_asked_side_has_no_admin_left(agency, act):
    one = sharing_with_outsider(agency, 3.0)
    leave = at(1, do.LeavePerson(actor="outsider_admin"))
    history = act(one.replace(plan=one.plan.replace(steps=(leave, *one.plan.steps))))
    assert not [record for record in history.records if isinstance(record.action, do.ApprovePartnership)]
    assert history.now.partnerships["bc_brand", "bc_outsider"].status is RelationStatus.PENDING


def test_a_partnership_withdrawn_meanwhile_is_not_approved(agency, act):
    one = sharing_with_outsider(agency, 3.0)
    remove = at(3, do.RemovePartner(actor="brand_admin", bc="bc_brand", partner="bc_outsider"))
    history = act(one.replace(plan=one.plan.also(remove)))
    assert not [record for record in history.records if isinstance(record.action, do.ApprovePartnership)]
    assert history.now.partnerships["bc_brand", "bc_outsider"].status is RelationStatus.REMOVED
