"""What a scenario's own plan leads to: practices that it breaks on its way, what that costs, and where it ends.

The people of the plan act on the clock with their delays, approvals and retries; traffic is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import simpy

from pixelsim.base.streams import Streams
from pixelsim.control import ControlPlane, Timeline
from pixelsim.plan.costs import Cost, CostCase, CostKind, Estimator, price
from pixelsim.plan.findings import Code, Finding, Severity, when
from pixelsim.plan.lint import Tag, check, in_order
from pixelsim.plan.practices import live_users
from pixelsim.plan.replay import orphaned_spend
from pixelsim.plan.wording import account_of, describe, stop_first_text
from pixelsim.scenario.scenario import Scenario
from pixelsim.sharing import actions as do
from pixelsim.sharing.causes import Cause
from pixelsim.sharing.history import History, Record
from pixelsim.sharing.revoking import links_over_partnership, links_through, to_stop_first
from pixelsim.sharing.rulebook import AfterRefusal
from pixelsim.world.status import DeliveryStatus
from pixelsim.world.world import World

__all__ = ["UNDER_PACING", "carried_out", "check_scenario"]

SMALLEST_BUDGET = 20.0
"""US dollars a day that an ad group's budget has to exceed (help centre, "About budgets", August 2025)."""
_BROKEN = {Code.NOT_STOPPED_FIRST, Code.NEVER_UNSHARED, Code.ORPHANED_SPEND, Code.UNSHARED_BEFORE_STOP}
"""What keeps an end of access from having followed B4, however clean it looks afterwards."""
_AFTER_REFUSAL = {
    AfterRefusal.RETRY_AFTER_STOP: "what it lists is stopped then, and the attempt is made again",
    AfterRefusal.GIVE_UP: "access goes on, since nobody tries again",
    AfterRefusal.FORCE: "access is ended by force",
}
UNDER_PACING = 0.9
"""Share of its budget under which an ad group counts as under-pacing (assumption; no public figure exists)."""


def carried_out(scenario: Scenario, seed: int = 0) -> History:
    """Let the people of a scenario carry its plan out, and give the record of it.

    Parameters
    ----------
    seed
        Root seed of their delays, at least 0.
    """
    env = simpy.Environment()
    history = History(scenario.structure.world(), scenario.rulebook)
    ControlPlane(env, history, scenario.plan, Streams(seed), end=scenario.length)
    env.run()
    return history


def check_scenario(scenario: Scenario, *, estimator: Estimator | None = None, seed: int = 0) -> list[Finding]:
    """Check a scenario against the good practices B1 to B4: what exists at its start, its plan, and its end.

    Parameters
    ----------
    scenario
        Structure, plan, policy and settings; tags come from its traffic.
    estimator
        Who prices what was found; without one, costs are not estimated.
    seed
        Root seed of the delays of people, at least 0.

    Returns
    -------
    list of Finding
        Faults first, then warnings, notes, and the practices that are followed. ``since`` tells from when on something
        is so; what is so at the start and at the end is told once.
    """
    tags = [
        Tag(website=site.website, name=tag.event, pixel=tag.pixel)
        for site in scenario.traffic.sites
        for tag in site.capture.tags
    ]
    history = carried_out(scenario, seed)
    begin = check(scenario.structure.world(), scenario.rulebook, tags=tags, estimator=estimator)
    course = _Course(scenario, history, estimator)
    begin += course.small_budgets()
    on_the_way = [
        *course.not_stopped_first(),
        *course.never_unshared(),
        *course.refused(),
        *course.orphaned(),
        *course.standing_still(),
    ]
    known = {(found.code, found.subjects) for found in [*begin, *on_the_way]}
    broken = any(found.code in _BROKEN for found in on_the_way)
    spent = {subject for found in on_the_way if found.code is Code.ORPHANED_SPEND for subject in found.subjects}
    last = check(history.now, scenario.rulebook, at=scenario.length, tags=tags, estimator=estimator)
    end = [
        found.dated(scenario.length)
        for found in last
        if (found.code, found.subjects) not in known
        and not (broken and found.code is Code.FOLLOWS_B4)
        and not (found.code in {Code.ORPHANED_SPEND, Code.UNSHARED_BEFORE_STOP} and spent & set(found.subjects))
    ]
    return in_order([*begin, *on_the_way, *end])


class _Course:
    """The single looks at what was carried out."""

    def __init__(self, scenario: Scenario, history: History, estimator: Estimator | None) -> None:
        self.scenario, self.history, self.estimator = scenario, history, estimator
        delivery = scenario.traffic.delivery
        self._under_pacing = {one.ad_group for one in delivery if one.budget_spent < UNDER_PACING}

    def small_budgets(self) -> Iterator[Finding]:
        """Tell daily budgets that are not above the platform's minimum, after the plan's edits too: a warning only."""
        accounts = {campaign.id: campaign.account for campaign in self.scenario.structure.campaigns}
        currencies = {account.id: account.currency for account in self.scenario.structure.ad_accounts}
        homes = {group.id: accounts[group.campaign] for group in self.scenario.structure.ad_groups}
        for delivery in self.scenario.traffic.delivery:
            group = self.history.now.ad_groups.get(delivery.ad_group)
            factor = 1.0 if group is None else min(1.0, group.budget_factor)
            account = homes.get(delivery.ad_group)
            budget = delivery.daily_budget * factor
            if account is not None and currencies[account] == "USD" and budget <= SMALLEST_BUDGET:
                yield Finding(
                    code=Code.BUDGET_BELOW_MINIMUM,
                    severity=Severity.WARNING,
                    subjects=(delivery.ad_group, account),
                    sentence=f"{delivery.ad_group} has a daily budget of {budget:g} USD; the platform takes none that "
                    f"is not above {SMALLEST_BUDGET:g} USD.",
                    rule="R16",
                    remedy="raise the budget, or join it with another ad group",
                )

    def not_stopped_first(self) -> Iterator[Finding]:
        """B4: whoever ends access has not stopped and cancelled first what the practice asks for (R15)."""
        policy = self.scenario.policy
        told: set[tuple[type[do.Action], tuple[tuple[str, str], ...]]] = set()
        for record in self.history.records:
            world = self.history.before(record)
            pairs = _ending(world, record.action)
            what = (type(record.action), tuple(pairs))
            if not pairs or what in told:
                continue
            told.add(what)
            listed = to_stop_first(world, pairs, self.scenario.rulebook, record.at, under_pacing=self._under_pacing)
            if listed:
                sentence = f"{', '.join(listed)} {_are(listed)} neither stopped nor cancelled before it is time to "
                sentence += f"{describe(record.action)}."
                if record.decision.cause is Cause.ACTIVE_CAMPAIGNS:
                    sentence += f" The guard refuses that: {_AFTER_REFUSAL[policy.after_refused_unshare]}."
                yield Finding(
                    code=Code.NOT_STOPPED_FIRST,
                    severity=Severity.WARNING,
                    subjects=listed,
                    sentence=sentence,
                    rule="B4",
                    remedy=stop_first_text(self.scenario.rulebook),
                    since=record.at,
                )

    def never_unshared(self) -> Iterator[Finding]:
        """B4: the plan stops ads of a partner, but never ends its access."""
        world = self.history.now
        for pixel, partner in sorted(world.shares):
            accounts = {account for _, account in links_through(world, pixel, partner)}
            stops = [record for record in self.history.records if _stops(record, accounts, world)]
            if not stops:
                continue
            users = (live_users(world, pixel, account, self.scenario.length) for account in sorted(accounts))
            left = [key for found in users for key in found]
            goes_on = f", and {', '.join(left)} {_are(left)} still on" if left else ""
            yield Finding(
                code=Code.NEVER_UNSHARED,
                severity=Severity.WARNING,
                subjects=(pixel, partner),
                sentence=f"Ads of {partner} are stopped, but its access to pixel {pixel} is never ended{goes_on}.",
                rule="B4",
                remedy=f"unshare pixel {pixel} from {partner} once everything is stopped",
                since=stops[0].at,
                cost=self._price(world, CostCase(kind=CostKind.UNWANTED_ACCESS, pixel=pixel, start=stops[0].at)),
            )

    def refused(self) -> Iterator[Finding]:
        """Tell steps that the rules refuse for any other reason than the guard, whose refusals are told above."""
        for record in self.history.records:
            if not record.decision.allowed and record.decision.cause is not Cause.ACTIVE_CAMPAIGNS:
                yield Finding(
                    code=Code.STEP_REFUSED,
                    severity=Severity.WARNING,
                    subjects=(record.action.actor,),
                    sentence=f"The rules refuse to {describe(record.action)}: {record.decision.reason}",
                    rule=record.decision.rule,
                    remedy=record.decision.remedy,
                    since=record.at,
                )

    def orphaned(self) -> Iterator[Finding]:
        """R15: ad groups that spend without access to their pixel, until somebody stops them."""
        for spend in orphaned_spend(self.history, 0, self.scenario.length):
            case = CostCase(
                kind=CostKind.UNATTRIBUTED_SPEND,
                pixel=spend.pixel,
                accounts=(spend.account,),
                ad_groups=(spend.ad_group,),
                start=spend.start,
                end=spend.end,
            )
            yield Finding(
                code=Code.ORPHANED_SPEND,
                severity=Severity.FAULT,
                subjects=(spend.ad_group,),
                sentence=f"{spend.ad_group} spends in {spend.account} without access to pixel {spend.pixel} until "
                f"{self._day(spend.end)}.",
                rule="R15",
                remedy=stop_first_text(self.scenario.rulebook),
                since=spend.start,
                until=spend.end,
                cost=self._price(self.history.at(spend.start), case),
            )

    def standing_still(self) -> Iterator[Finding]:
        """B4: ad groups that were on when their access ended, and stand still as Pixel Unauthorized."""
        timeline = Timeline(self.history)
        for group in timeline.ad_groups():
            for span in timeline.ad_group(group, 0, self.scenario.length):
                if span.status is not DeliveryStatus.PIXEL_UNBIND:
                    continue
                case = CostCase(kind=CostKind.LOST_DELIVERY, ad_groups=(group,), start=span.start, end=span.end)
                yield Finding(
                    code=Code.UNSHARED_BEFORE_STOP,
                    severity=Severity.WARNING,
                    subjects=(group,),
                    sentence=f"{group} is on, but stands still without access to its pixel until "
                    f"{self._day(span.end)}.",
                    rule="B4",
                    remedy="switch it off first, or link the pixel again",
                    since=span.start,
                    until=span.end,
                    cost=self._price(self.history.at(span.start), case),
                )

    def _day(self, at: int) -> str:
        return "the end" if at >= self.scenario.length else when(at)

    def _price(self, world: World, case: CostCase) -> Cost:
        return price(self.estimator, world, case)


def _are(listed: Iterable[str]) -> str:
    return "is" if len(list(listed)) == 1 else "are"


def _stops(record: Record, accounts: set[str], world: World) -> bool:
    """Whether an attempt has stopped a campaign, an ad group or an ad of some ad accounts."""
    action = record.action
    stop = isinstance(action, do.Switch) and action.to != "on" and record.decision.allowed
    return stop and account_of(world, action) in accounts


def _ending(world: World, action: do.Action) -> list[tuple[str, str]]:
    """List the pairs (pixel, ad account) whose access an action would end."""
    match action:
        case do.UnlinkPixel():
            pair = (action.pixel, action.account)
            return [pair] if pair in world.links else []
        case do.UnsharePixel() if action.pixel in world.pixels:
            return links_through(world, action.pixel, action.partner)
        case do.RemovePartner():
            return links_over_partnership(world, action.bc, action.partner)
        case _:
            return []
