"""The draft of an unshare: notify, stop, cancel, wait, replace, look, end access, revoke, sweep, verify, re-check."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from pixelsim.base.clock import DAY
from pixelsim.plan.draft import Draft, State
from pixelsim.plan.findings import when
from pixelsim.plan.goals import NOBODY, EndAccess, PixelUser, UserState
from pixelsim.plan.people import Crew
from pixelsim.plan.precheck import latest_conversion
from pixelsim.plan.steps import Step, StepKind
from pixelsim.plan.wording import stop_first_text
from pixelsim.sharing import actions as do
from pixelsim.sharing.actions import Action
from pixelsim.sharing.rulebook import AfterRefusal, Guard, GuardAppliesTo, UnsharePolicy
from pixelsim.world.entities import AccountStatus, BusinessRole
from pixelsim.world.relations import AudienceAfter, Effect
from pixelsim.world.world import World

__all__ = ["EndBy", "Ended", "Ending", "InFlight", "admins_of", "draft_ending", "ways_past_the_guard"]

WEEK = 7 * DAY


class InFlight(StrEnum):
    """What happens to conversions of clicks before the unshare that come after it (setting of the rules)."""

    CUT = "cut"
    UNTIL_WINDOW_ENDS = "until_window_ends"


class EndBy(StrEnum):
    """The way in which access is ended."""

    SCREEN = "screen"
    API = "api"
    FORCE = "force"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What is to be drafted.

    Parameters
    ----------
    world, goal, crew
        The state now, whose access ends, and the people who can be counted on.
    now, begin
        When people are told, and when the first stop may be asked for; ms since the scenario's start.
    in_flight
        Whether conversions in flight are cut, so that windows have to be waited out.
    wait
        Whether they are waited out, where they are cut.
    stop
        Whether what runs is stopped first; without it, access is ended past the guard.
    revoke_first
        Whether the partner's role on ad accounts of others is taken away before the stops.
    ways
        The ways of ending access that are tried, in this order.
    leave
        Whether the partner ends the whole partnership instead, as an Admin of either side may.
    """

    world: World
    goal: EndAccess
    crew: Crew
    now: int = 0
    begin: int = 0
    in_flight: InFlight = InFlight.CUT
    wait: bool = True
    stop: bool = True
    revoke_first: bool = False
    ways: tuple[EndBy, ...] = (EndBy.SCREEN,)
    leave: bool = False


@dataclass(slots=True)
class Ended:
    """A drafted unshare: its steps, when access ends (ms, or None), what nobody stops, and what stands against it."""

    steps: tuple[Step, ...] = ()
    ended_at: int | None = None
    unstopped: list[PixelUser] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    waits: bool = False


def admins_of(world: World, bc: str | None, crew: Crew) -> tuple[str, ...]:
    """List the Admins of a Business Center who are there and would act, the quickest first."""
    return tuple(
        person
        for person in crew.there(world)
        if bc is not None and world.members.get((bc, person)) is BusinessRole.ADMIN
    )


def ways_past_the_guard(policy: UnsharePolicy) -> tuple[EndBy, ...]:
    """List the ways of ending access that no guard watches, as the policy has them."""
    guarded = Guard.NONE not in {policy.account.guard, policy.partner.guard}
    ways: list[EndBy] = []
    if guarded and policy.guard_applies_to is GuardAppliesTo.UI_ONLY:
        ways.append(EndBy.API)
    if guarded and policy.after_refused_unshare is AfterRefusal.FORCE:
        ways.append(EndBy.FORCE)
    return tuple(ways)


def draft_ending(ending: Ending) -> Ended:
    """Draft the steps of an unshare.

    Steps are asked for as soon as what they wait for is done; what nobody can do is left out and said in ``reasons``.
    """
    return _Drafting(ending).draft()


class _Drafting:
    """The parts of one draft, in their order."""

    def __init__(self, ending: Ending) -> None:
        self.ending = ending
        self.goal = ending.goal
        self.rulebook = ending.crew.rulebook
        self.draft_ = Draft(ending.world, ending.crew, ending.now)
        self.world_before = self.draft_.world
        self.owner = self.world_before.pixels[self.goal.pixel].owner_bc
        self.ended = Ended()
        self._why_unstopped: list[str] = []

    def draft(self) -> Ended:
        """Draft all parts."""
        draft, ended = self.draft_, self.ended
        told = self._notify()
        draft.begin = max(self.ending.now, self.ending.begin)
        early = self._revoke_roles((told,)) if self.ending.revoke_first else []
        stops = self._stop((told, *early)) if self.ending.stop else []
        before = [told, *early, *stops]
        before += self._replace_audiences(before)
        before += self._wait(before)
        look = self._look(before, stops)
        done = self._end(look)
        if done is not None:
            left = self._sweep(done)
            self._verify([*done, *left], left or done)
        ended.steps = draft.listed()
        return ended

    def _notify(self) -> int:
        accounts = ", ".join(account for _, account in self.goal.pairs(self.world_before))
        stops = f", and what has to stop in {accounts}" if accounts else ""
        whom = self.goal.partner if self.goal.partner is not None else f"the people of ad account {self.goal.account}"
        return self.draft_.manual(
            StepKind.NOTIFY,
            f"tell {whom} when access to pixel {self.goal.pixel} ends{stops}",
            must=f"an Admin of {self.owner}",
            can=admins_of(self.world_before, self.owner, self.ending.crew),
            why=f"Unsharing stops nothing by itself, so people {stop_first_text(self.rulebook)}.",
            rule="R15",
        )

    def _revoke_roles(self, after: Sequence[int]) -> list[int]:
        """Take the partner's role on accounts of others away first, so that nobody switches anything on again."""
        numbers: list[int] = []
        for action in self.goal.leftovers(self.draft_.world):
            if isinstance(action, do.RevokeAccountAccess):
                why = f"So that nobody of {action.partner} switches on again what you stop in {action.account}."
                result = self.draft_.achieve(action, StepKind.SWEEP, why=why, after=after, waiting="the notice")
                numbers.extend(result.numbers)
        return numbers

    def _stop(self, after: Sequence[int]) -> list[int]:
        """Stop what delivers, cancel what would start by itself, and retire what could be switched on later."""
        numbers: list[int] = []
        for user in self.goal.users(self.world_before, self.draft_.begin):
            action = self.goal.stop(self.world_before, user, self.rulebook)
            if action is None:
                continue
            kind, why = self._stop_words(user, action)
            result = self.draft_.achieve(action, kind, why=why, rule="R15", after=after, waiting="the notice")
            if result.ok:
                numbers.extend(number for number in result.numbers if number not in after)
            elif user.state is UserState.RESTING:
                numbers.append(self._retire_by_hand(user, result.reason, after))
            else:
                self.ended.unstopped.append(user)
                self._why_unstopped.append(result.reason)
        return list(dict.fromkeys(numbers))

    def _stop_words(self, user: PixelUser, action: Action) -> tuple[StepKind, str]:
        if user.kind == "ad":
            return StepKind.UNTRACK, f"Ad {user.id} uses the pixel for tracking only, so it can run on without it."
        for_ever = isinstance(action, do.Switch) and action.to == "deleted"
        again = " Only deleting keeps it from being switched on again, and its pixel could not be changed anyway."
        more = again if for_ever else ""
        match user.state:
            case UserState.DELIVERING:
                return StepKind.STOP, f"Ad group {user.id} delivers on the pixel in {user.account}.{more}"
            case UserState.SCHEDULED:
                return StepKind.CANCEL, f"Ad group {user.id} in {user.account} would start by itself.{more}"
            case _:
                return StepKind.RETIRE, f"Ad group {user.id} in {user.account} rests, and could be switched on.{more}"

    def _retire_by_hand(self, user: PixelUser, reason: str, after: Sequence[int]) -> int:
        account = self.world_before.ad_accounts[user.account]
        standing = "" if account.status is AccountStatus.ENABLE else ", once the account's standing is restored"
        return self.draft_.manual(
            StepKind.RETIRE,
            f"see to it that ad group {user.id} in {user.account} is deleted{standing}",
            must=f"an Admin or Operator of ad account {user.account}",
            why=f"It rests now, and would spend unattributed if it ran. {reason}",
            rule="R15",
            after=after,
            waiting="the notice",
        )

    def _replace_audiences(self, after: Sequence[int]) -> list[int]:
        """Replace audiences that go with access, in ad groups that run on (P32)."""
        if self.rulebook.settings.audience_after_access is AudienceAfter.FROZEN:
            return []
        world, numbers = self.draft_.world, []
        accounts = {account for _, account in self.goal.pairs(self.world_before)}
        going = {
            key
            for key, audience in world.audiences.items()
            if audience.pixel == self.goal.pixel and audience.account in accounts and not audience.deleted
        }
        for key, group in sorted(world.ad_groups.items()):
            targeted = sorted(going & set(group.audiences))
            campaign = world.campaigns[group.campaign]
            over = group.end is not None and group.end <= self.draft_.begin
            if not targeted or group.deleted or campaign.deleted or over or not (group.on and campaign.on):
                continue
            numbers.append(
                self.draft_.manual(
                    StepKind.REPLACE_AUDIENCE,
                    f"replace {', '.join(targeted)} in ad group {key} of ad account {campaign.account}",
                    must=f"an Admin or Operator of ad account {campaign.account}",
                    why=f"The audience was built from pixel {self.goal.pixel} and goes with the access.",
                    rule="R18",
                    after=after,
                    waiting="the stops",
                    takes=self.ending.crew.delays.default,
                )
            )
        return numbers

    def _wait(self, after: Sequence[int]) -> list[int]:
        """Wait until the last window of what ran has closed, where conversions in flight are cut (P35).

        Where something runs on that nobody stops, waiting would only add clicks.
        """
        if not self.ending.wait or self.ending.in_flight is not InFlight.CUT or self.ended.unstopped:
            return []
        stopped = self.draft_.ready(after)
        until = stopped
        for user in self.goal.users(self.world_before, self.draft_.begin):
            linked = (user.pixel, user.account) in self.world_before.links
            if linked and user.kind == "ad_group" and user.state is not UserState.SCHEDULED:
                resting = user.state is UserState.RESTING
                since = self.ending.now if resting else stopped
                until = max(until, latest_conversion(self.world_before, user.id, since))
        if until <= stopped:
            return []
        self.ended.waits = True
        return [
            self.draft_.manual(
                StepKind.WAIT,
                f"keep access until {when(until)}, when the last attribution window has closed",
                must="everybody",
                why="Conversions of clicks before the stop come later, and are attributed only while access lasts.",
                rule="R20",
                after=after,
                waiting="the last stop",
                takes=until - stopped,
            )
        ]

    def _look(self, after: Sequence[int], stops: Sequence[int]) -> int:
        return self.draft_.manual(
            StepKind.LOOK,
            f"look whether anything on pixel {self.goal.pixel} delivers or is scheduled again; stop what you find",
            must=f"an Admin of {self.owner}, with the Operators of the ad accounts",
            can=admins_of(self.world_before, self.owner, self.ending.crew),
            why="Somebody may have launched or switched on something since the stops.",
            rule="R15",
            after=after,
            waiting="all stops",
            go_back_to=stops[0] if stops else None,
        )

    def _end(self, look: int) -> list[int] | None:
        """End access; None when it cannot be ended without orphaned spend, or at all."""
        world = self.draft_.world
        if self.ending.stop and (risky := [user for user in self.ended.unstopped if self._runs_on(user)]):
            names = ", ".join(user.id for user in risky)
            self.ended.reasons += self._why_unstopped
            self.ended.reasons.append(
                f"Ending access now would leave {names} spending unattributed, since the policy lets them run on."
            )
            return None
        numbers: list[int] = []
        for action in self._ends(world):
            reasons: list[str] = []
            for way in self.ending.ways:
                changed = dataclasses.replace(action, api=way is EndBy.API, force=way is EndBy.FORCE)
                result = self.draft_.achieve(
                    changed,
                    StepKind.END_ACCESS,
                    why=self._end_words(),
                    after=(look, *numbers),
                    waiting="the look",
                    go_back_to=look,
                )
                if result.ok:
                    break
                reasons.append(result.reason)
            else:
                self.ended.reasons += dict.fromkeys([*self._why_unstopped, *reasons])
                return None
            if result.state is State.DONE:
                numbers.extend(result.numbers)
                self.ended.ended_at = self.draft_.ready(numbers)
        return numbers or [look]

    def _end_words(self) -> str:
        if self.ended.unstopped:
            names = ", ".join(user.id for user in self.ended.unstopped)
            return f"Nobody stops {names}, but without access the platform does: Pixel Unauthorized."
        return "The access itself; whoever does it looks once more in the same sitting."

    def _runs_on(self, user: PixelUser) -> bool:
        if user.kind == "ad":
            return self.rulebook.policy.tracking_only is Effect.KEEP_DELIVERING
        return self.goal.effect(self.world_before, user.account, self.rulebook) is Effect.KEEP_DELIVERING

    def _ends(self, world: World) -> list[do.UnsharePixel | do.UnlinkPixel | do.RemovePartner]:
        pixel = self.goal.pixel
        if self.ending.leave and self.owner is not None and self.goal.partner is not None:
            return [do.RemovePartner(actor=NOBODY, bc=self.goal.partner, partner=self.owner)]
        if self.goal.account is not None:
            bc = self.owner if self.owner is not None else NOBODY
            return [do.UnlinkPixel(actor=NOBODY, bc=bc, pixel=pixel, account=self.goal.account)]
        found = self.goal.leftovers(world)
        return [action for action in found if isinstance(action, do.UnsharePixel | do.UnlinkPixel)]

    def _sweep(self, after: list[int]) -> list[int]:
        """Revoke tokens, roles on accounts, and people who were added by name (P28, P29)."""
        numbers: list[int] = []
        for action in self.goal.leftovers(self.draft_.world):
            token = isinstance(action, do.RevokeToken)
            kind = StepKind.REVOKE if token else StepKind.SWEEP
            why = "It outlives the share." if token else "Ending the share does not take it away."
            result = self.draft_.achieve(action, kind, why=why, after=after, waiting="the end of the access")
            if result.ok:
                numbers.extend(number for number in result.numbers if number not in after)
            else:
                self.ended.reasons.append(result.reason)
        return numbers

    def _verify(self, after: list[int], back: list[int]) -> None:
        accounts = ", ".join(account for _, account in self.goal.pairs(self.world_before)) or "its ad accounts"
        able = admins_of(self.world_before, self.owner, self.ending.crew)
        verified = self.draft_.manual(
            StepKind.VERIFY,
            f"check that pixel {self.goal.pixel} is gone in {accounts}, and that nobody and no token still reaches it",
            must=f"an Admin of {self.owner}",
            can=able,
            why="What was overlooked keeps its access for as long as nobody looks.",
            rule="R20",
            after=after,
            waiting="everything before",
            takes=self.ending.crew.delays.default,
            go_back_to=back[0],
        )
        self.draft_.manual(
            StepKind.RECHECK,
            f"check pixel {self.goal.pixel} again a week later: members, roles, tokens, links",
            must=f"an Admin of {self.owner}",
            can=able,
            why="Late events, and people whom somebody let in again, show themselves only then.",
            rule="B4",
            after=(verified,),
            waiting="a week to pass",
            takes=WEEK,
            go_back_to=back[0],
        )
