"""What a plan is to reach, as something that can be tested on a world, and what still stands in its way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from pixelsim.sharing import actions as do
from pixelsim.sharing.actions import Action
from pixelsim.sharing.revoking import links_through
from pixelsim.sharing.rulebook import Rulebook
from pixelsim.world.entities import AccountRole, PixelLevel
from pixelsim.world.queries import accounts_of_pixel, is_linked, pixel_users, share_in_force
from pixelsim.world.relations import Effect
from pixelsim.world.status import DeliveryStatus, ad_group_status, ad_status, in_review, is_delivering, is_scheduled
from pixelsim.world.world import World

__all__ = [
    "Condition",
    "EndAccess",
    "Goal",
    "PixelUser",
    "Removal",
    "StopBy",
    "UserState",
    "pixel_users_at",
    "removals",
]

NOBODY = ""
"""Actor of an action that nobody was chosen for yet."""


class Goal(Protocol):
    """What is to be reached, and how to look whether something stands in its way."""

    @property
    def sentence(self) -> str:
        """The goal as an imperative."""

    def reached(self, world: World) -> bool:
        """Whether the world is as it should be."""

    def in_the_way(self, world: World, rulebook: Rulebook, at: int) -> tuple[Action, ...]:
        """Give what a *look* just before the main step has to do first; empty when the way is clear."""

    def leftovers(self, world: World) -> tuple[Action, ...]:
        """Give what a *verify* after the main step has to do still; empty when nothing is left."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A goal that is one test of the world, with nothing to clear away before or after."""

    sentence: str
    test: Callable[[World], bool]

    def reached(self, world: World) -> bool:
        """Whether the test holds."""
        return self.test(world)

    def in_the_way(self, world: World, rulebook: Rulebook, at: int) -> tuple[Action, ...]:  # noqa: ARG002
        """Give nothing: no other action stands in the way of such a goal."""
        return ()

    def leftovers(self, world: World) -> tuple[Action, ...]:  # noqa: ARG002
        """Give nothing: such a goal leaves nothing behind."""
        return ()


class StopBy(StrEnum):
    """How ad groups are stopped before access ends."""

    AUTO = "auto"
    """Deleted where they would keep delivering without access, switched off where the platform stops them anyway."""
    OFF = "off"
    """Switched off; any Operator of the account can switch them on again."""
    DELETED = "deleted"
    """Deleted; nobody can switch them on again, and a published ad group's pixel could not be changed anyway."""


class UserState(StrEnum):
    """What something that uses a pixel does at an instant."""

    DELIVERING = "delivering"
    SCHEDULED = "scheduled"
    """Starts by itself: at its date, or once its review is over."""
    RESTING = "resting"
    """Delivers only if somebody switches it on, adds an ad, or the account's standing is restored."""
    OVER = "over"
    """Its schedule has ended."""


@dataclass(frozen=True, slots=True)
class PixelUser:
    """An ad group, or an ad that uses a pixel for tracking only (R16a), in one account."""

    kind: str
    id: str
    pixel: str
    account: str
    state: UserState


def pixel_users_at(world: World, pixel: str, account: str, at: int) -> Iterator[PixelUser]:
    """Give all that uses a pixel in an account and is not deleted, with what it does at an instant."""
    for kind, key in pixel_users(world, pixel, account):
        group = key if kind == "ad_group" else world.ads[key].ad_group
        if kind == "ad_group":
            status, runs = ad_group_status(world, key, at), is_delivering(world, key, at)
        else:
            status = ad_status(world, key, at)
            runs = status is DeliveryStatus.DELIVERY_OK
        end = world.ad_groups[group].end
        starts = is_scheduled(world, group, at) or in_review(status)
        if end is not None and end <= at:
            state = UserState.OVER
        elif runs:
            state = UserState.DELIVERING
        elif starts and (kind == "ad_group" or world.ads[key].on):
            state = UserState.SCHEDULED
        else:
            state = UserState.RESTING
        yield PixelUser(kind, key, pixel, account, state)


@dataclass(frozen=True, slots=True)
class Removal:
    """Something through which a former partner, or one of its people, still reaches a pixel.

    Parameters
    ----------
    holder
        Id of the person, token or Business Center.
    what
        What it still can do, in words.
    asset
        Id of the pixel or ad account it goes through.
    action
        What takes it away; its actor is not chosen yet.
    """

    holder: str
    what: str
    asset: str
    action: Action


def _belongs(world: World, person: str, partner: str) -> bool:
    """Whether a person is the partner's, or nobody's: a member of the partner, or of no Business Center at all."""
    homes = {home for home, member in world.members if member == person}
    return partner in homes or not homes


def removals(world: World, pixel: str, partner: str) -> list[Removal]:
    """List what of a partner's still reaches a pixel besides its share and its links, and what removes it (P28, P29).

    That is: server tokens, people with a level on the pixel or a role by name on an ad account that has it, and the
    partner's own role on such accounts of others. People who are members of no Business Center count as the partner's;
    those of the owner, or of a third Business Center, do not.
    """
    owner = world.pixels[pixel].owner_bc
    found: list[Removal] = []
    for key, token in sorted(world.tokens.items()):
        if token.pixel == pixel and token.holder_bc == partner and not token.revoked:
            found.append(Removal(key, f"send events to {pixel}", pixel, do.RevokeToken(actor=NOBODY, token=key)))
    for (code, person), held in sorted(world.pixel_people.items()):
        if code != pixel or world.people[person].left or owner is None:
            continue
        if held.via == partner or (held.via is None and _belongs(world, person, partner)):
            what = f"{'edit' if held.level is PixelLevel.EDIT else 'see'} {pixel}"
            removal = do.UnassignPixel(actor=NOBODY, bc=owner, pixel=pixel, person=person)
            found.append(Removal(person, what, pixel, removal))
    accounts = {
        account for account in accounts_of_pixel(world, pixel) if world.ad_accounts[account].owner_bc != partner
    }
    for bc, account in sorted(world.account_grants):
        home = world.ad_accounts[account].owner_bc
        if bc == partner and account in accounts and home is not None:
            removal_of_role = do.RevokeAccountAccess(actor=NOBODY, bc=home, account=account, partner=partner)
            found.append(Removal(partner, f"use {pixel} in {account}", account, removal_of_role))
    for (account, person), assigned in sorted(world.account_people.items()):
        if account in accounts and assigned.via is None and not world.people[person].left:
            if not _belongs(world, person, partner):
                continue
            what = f"{'run ads' if assigned.role.at_least(AccountRole.OPERATOR) else 'see'} on {account}"
            away = do.UnassignAccount(actor=NOBODY, bc=None, account=account, person=person)
            found.append(Removal(person, what, account, away))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class EndAccess:
    """The goal of an unshare: a partner, or one ad account, no longer reaches a pixel (B4).

    Parameters
    ----------
    pixel
        Code of the pixel.
    partner
        Id of the partner's Business Center, or None when one account is meant.
    account
        Id of the ad account, or None when a partner is meant.
    stop_by
        How ad groups are stopped before.
    """

    pixel: str
    partner: str | None = None
    account: str | None = None
    stop_by: StopBy = StopBy.AUTO

    @property
    def sentence(self) -> str:
        """The goal as an imperative."""
        if self.partner is not None:
            return f"end the access of Business Center {self.partner} to pixel {self.pixel}"
        return f"end the access of ad account {self.account} to pixel {self.pixel}"

    def pairs(self, world: World) -> list[tuple[str, str]]:
        """List the pairs (pixel, ad account) whose access is to end, as the rules end it (R13, R14)."""
        if self.partner is None:
            pair = (self.pixel, str(self.account))
            return [pair] if pair in world.links else []
        return links_through(world, self.pixel, self.partner)

    def effect(self, world: World, account: str, rulebook: Rulebook) -> Effect:
        """Say what happens to an account's ads once access has ended.

        The partner's rule decides where a share ends, the account's rule elsewhere; where access has ended already, it
        is what was in force then.
        """
        tombstone = world.unbound.get((self.pixel, account))
        if tombstone is not None and (self.pixel, account) not in world.links:
            return tombstone.effect
        shared = self.partner is not None and (self.pixel, self.partner) in world.shares
        return rulebook.policy.partner.effect if shared else rulebook.policy.account.effect

    def deletes(self, world: World, account: str, rulebook: Rulebook) -> bool:
        """Whether an account's ad groups are to be deleted rather than switched off."""
        if self.stop_by is StopBy.AUTO:
            return self.effect(world, account, rulebook) is Effect.KEEP_DELIVERING
        return self.stop_by is StopBy.DELETED

    def users(self, world: World, at: int) -> list[PixelUser]:
        """List what uses the pixel in the accounts concerned, by account; those that lost access before among them."""
        accounts = {account for _, account in self.pairs(world)}
        accounts |= {
            key
            for key, account in world.ad_accounts.items()
            if key == self.account or (self.partner is not None and account.owner_bc == self.partner)
        }
        concerned = sorted(accounts - {world.pixels[self.pixel].creator})
        return [user for account in concerned for user in pixel_users_at(world, self.pixel, account, at)]

    def stop(self, world: World, user: PixelUser, rulebook: Rulebook) -> Action | None:
        """Give what has to be done about one user before access ends, or None when nothing has."""
        if user.state is UserState.OVER:
            return None
        if user.kind == "ad":
            return do.SetTrackingPixel(actor=NOBODY, ad=user.id, pixel=None)
        if self.deletes(world, user.account, rulebook):
            return do.Switch(actor=NOBODY, kind="ad_group", id=user.id, to="deleted")
        if user.state is UserState.RESTING:
            return None
        return do.Switch(actor=NOBODY, kind="ad_group", id=user.id, to="off")

    def in_the_way(self, world: World, rulebook: Rulebook, at: int) -> tuple[Action, ...]:
        """Give what has to be stopped before access may end without orphaned spend."""
        stops = (self.stop(world, user, rulebook) for user in self.users(world, at))
        return tuple(stop for stop in stops if stop is not None)

    def leftovers(self, world: World) -> tuple[Action, ...]:
        """Give what still has to be taken away once the main step is done."""
        owner = world.pixels[self.pixel].owner_bc
        found: list[Action] = []
        if owner is not None and self.partner is not None and (self.pixel, self.partner) in world.shares:
            found.append(do.UnsharePixel(actor=NOBODY, bc=owner, pixel=self.pixel, partner=self.partner))
        elif owner is not None:
            found += [
                do.UnlinkPixel(actor=NOBODY, bc=owner, pixel=self.pixel, account=account)
                for _, account in self.pairs(world)
            ]
        if self.partner is not None:
            found += [removal.action for removal in removals(world, self.pixel, self.partner)]
        return tuple(found)

    def reached(self, world: World) -> bool:
        """Whether neither a share, a link nor anything left behind reaches the pixel any more."""
        if self.partner is None:
            return not is_linked(world, self.pixel, str(self.account))
        creator = world.pixels[self.pixel].creator
        if world.ad_accounts[creator].owner_bc == self.partner:
            return False
        return not share_in_force(world, self.pixel, self.partner) and not self.leftovers(world)
