"""Plan the start with a partner: partnership, pixels, ad accounts, people and editing rights (B3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pixelsim.base.errors import InputError, UnknownNameError
from pixelsim.plan.draft import Draft, Result
from pixelsim.plan.giving import finish, make_crew, owner_to_be, read_back, share_in_draft
from pixelsim.plan.goals import NOBODY, Condition
from pixelsim.plan.people import Availability, Delays
from pixelsim.plan.steps import ActionPlan, StepKind
from pixelsim.sharing import actions as do
from pixelsim.sharing.editing import edit_decision
from pixelsim.sharing.rulebook import Rulebook
from pixelsim.world.entities import AccountRole, PixelLevel
from pixelsim.world.queries import account_role_of_business, account_role_of_person, is_linked, share_in_force
from pixelsim.world.world import World

__all__ = ["plan_onboard"]


def plan_onboard(
    world: World,
    *,
    partner: str,
    pixels: Sequence[str],
    accounts: Sequence[str],
    people: Sequence[str] = (),
    editors: Sequence[str] = (),
    now: int = 0,
    rulebook: Rulebook | None = None,
    delays: Delays | None = None,
    unavailable: Mapping[str, Availability | str] | None = None,
) -> ActionPlan:
    """Plan how a partner's people come to run ads with pixels in ad accounts; what is so already is left out.

    Parameters
    ----------
    world
        The state now.
    partner
        Id of the partner's Business Center.
    pixels
        Codes of the pixels that it shall use.
    accounts
        Ids of the ad accounts in which it shall use them, its own or others'.
    people
        Ids of the people who shall run ads there, as Operators through the partner.
    editors
        Ids of the people who shall edit the pixels: a share gives no editing (R21).
    now
        When the first step may be asked for, in ms since the scenario's start.
    rulebook, delays, unavailable
        As for :func:`plan_unshare`.

    Returns
    -------
    ActionPlan
        Partnership and shares, roles on accounts of others, links, members and assignments, editing, and a check.

    Raises
    ------
    UnknownNameError
        A name does not exist.
    InputError
        No pixel or no ad account is named.
    """
    _check_names(world, partner, pixels, accounts, [*people, *editors])
    crew = make_crew(world, rulebook, delays, unavailable)
    work = _Onboarding(Draft(world, crew, now), partner, tuple(pixels), tuple(accounts))
    work.share()
    work.reach_accounts()
    work.link()
    for person in people:
        work.assign(person)
    for person in editors:
        work.let_edit(person)
    listed = f"{', '.join(pixels)} in {', '.join(accounts)}"
    if work.draft.steps:
        read_back(work.draft, f"its people see {listed}", partner, [step.number for step in work.draft.steps])

    def ready(after: World) -> bool:
        editing = all(
            edit_decision(after, person, pixel, crew.rulebook).allowed for person in editors for pixel in pixels
        )
        return editing and _can_run_ads(after, pixels, accounts, people)

    return finish(work.draft, Condition(f"let Business Center {partner} use {listed}", ready), work.reasons)


def _can_run_ads(world: World, pixels: Sequence[str], accounts: Sequence[str], people: Sequence[str]) -> bool:
    linked = all(is_linked(world, pixel, account) for pixel in pixels for account in accounts)
    return linked and all(_is_operator(world, account, person) for account in accounts for person in people)


def _is_operator(world: World, account: str, person: str) -> bool:
    role = account_role_of_person(world, account, person)
    return role is not None and role.at_least(AccountRole.OPERATOR)


@dataclass(slots=True)
class _Onboarding:
    """The parts of one onboarding, in their order, and what stands against it."""

    draft: Draft
    partner: str
    pixels: tuple[str, ...]
    accounts: tuple[str, ...]
    reasons: list[str] = field(default_factory=list)
    shared: list[int] = field(default_factory=list)
    reached: list[int] = field(default_factory=list)

    def _note(self, result: Result) -> tuple[int, ...]:
        if not result.ok:
            self.reasons.append(result.reason)
        return result.numbers

    def share(self) -> None:
        """Share every pixel that the partner does not have, and see the partnership approved."""
        for pixel in self.pixels:
            owner = owner_to_be(self.draft.world, pixel)
            if owner not in {None, self.partner} and not share_in_force(self.draft.world, pixel, self.partner):
                self.shared.extend(self._note(share_in_draft(self.draft, pixel, str(owner), self.partner)))

    def reach_accounts(self) -> None:
        """Have the partner given a role on each ad account that is not its own."""
        for account in self.accounts:
            role = account_role_of_business(self.draft.world, self.partner, account)
            if role is not None and role.at_least(AccountRole.OPERATOR):
                continue
            home = self.draft.world.ad_accounts[account].owner_bc
            if home is None:
                self.reasons.append(f"Ad account {account} is in no Business Center, so none can share it.")
                continue
            grant = do.GrantAccountAccess(actor=NOBODY, bc=home, account=account, partner=self.partner)
            why = "Its people create campaigns only in ad accounts that it has a role on."
            result = self.draft.achieve(grant, StepKind.ACT, why=why, after=self.shared, waiting="the partnership")
            self.reached.extend(self._note(result))

    def link(self) -> None:
        """Link every pixel to every ad account: the partner to its own, the owner to others'."""
        for pixel in self.pixels:
            for account in self.accounts:
                world = self.draft.world
                if is_linked(world, pixel, account):
                    continue
                own = world.ad_accounts[account].owner_bc == self.partner
                bc = self.partner if own else owner_to_be(world, pixel) or self.partner
                link = do.LinkPixel(actor=NOBODY, bc=bc, pixel=pixel, account=account)
                why = "Shared is not linked: nobody can pick a pixel that is not linked to the ad account."
                after = tuple(dict.fromkeys((*self.shared, *self.reached)))
                self._note(self.draft.achieve(link, StepKind.ACT, why=why, after=after, waiting="the shares"))

    def assign(self, person: str) -> None:
        """Make a person an Operator of every ad account, through the partner."""
        for account in self.accounts:
            if _is_operator(self.draft.world, account, person):
                continue
            assign = do.AssignAccount(actor=NOBODY, bc=self.partner, account=account, person=person)
            why = "A role in the Business Center alone reaches no ad account."
            result = self.draft.achieve(assign, StepKind.ACT, why=why, after=self.reached, waiting="the role")
            self._note(result)

    def let_edit(self, person: str) -> None:
        """Grant a person pixel editing, through the Business Center that may."""
        rulebook = self.draft.crew.rulebook
        for pixel in self.pixels:
            if edit_decision(self.draft.world, person, pixel, rulebook).allowed:
                continue
            by_partner = rulebook.settings.partner_admin_may_grant_editing
            bc = self.partner if by_partner else owner_to_be(self.draft.world, pixel)
            level = PixelLevel.EDIT
            grant = do.AssignPixel(actor=NOBODY, bc=bc or self.partner, pixel=pixel, person=person, level=level)
            why = "A share or a link gives no editing."
            self._note(self.draft.achieve(grant, StepKind.ACT, why=why, after=self.shared, waiting="the share"))


def _check_names(
    world: World, partner: str, pixels: Sequence[str], accounts: Sequence[str], people: Sequence[str]
) -> None:
    for named, listed in (("pixels", pixels), ("accounts", accounts)):
        if not listed:
            raise InputError.single(
                "plan_onboard", field=named, value="none", rule="at least one", remedy=f"name the {named} to be used"
            )
    checks: list[tuple[str, str, Mapping[str, object]]] = [("Business Center", partner, world.business_centers)]
    checks += [("pixel", pixel, world.pixels) for pixel in pixels]
    checks += [("ad account", account, world.ad_accounts) for account in accounts]
    checks += [("person", person, world.people) for person in people]
    for kind, name, known in checks:
        if name not in known:
            raise UnknownNameError(kind, name, list(known))
