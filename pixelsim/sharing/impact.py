"""What an action would stop before it is done, and two ways of ending side by side (P32, P34)."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from pixelsim.sharing.actions import Action, RemovePartner, UnlinkPixel, UnsharePixel
from pixelsim.sharing.causes import Cause
from pixelsim.sharing.decision import Decision
from pixelsim.sharing.effects import perform
from pixelsim.sharing.engine import decide
from pixelsim.sharing.frames import table
from pixelsim.sharing.rulebook import Rulebook
from pixelsim.world.entities import AccountStatus, AdGroup
from pixelsim.world.queries import account_of_ad_group, ad_groups_of_account, audience_stopped, is_billed, is_linked
from pixelsim.world.status import DeliveryStatus, ad_group_status, ad_status, is_delivering
from pixelsim.world.world import World

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Affected", "Impact", "ImpactCode", "preview", "side_by_side"]


class ImpactCode(StrEnum):
    """Why an ad group or ad is affected; the first that fits."""

    CANNOT_CHANGE_DISABLED_ACCOUNT = "CANNOT_CHANGE_DISABLED_ACCOUNT"
    """It depends on what goes, but nothing in its ad account can be changed: look after it by hand."""
    SOURCE_DELETED = "SOURCE_DELETED"
    """It targets an audience that goes."""
    SEED_GONE = "SEED_GONE"
    """It targets a lookalike whose seed goes: it runs on with the last members."""
    PAYMENT_WITHDRAWN = "PAYMENT_WITHDRAWN"
    """Nothing pays for it any more."""
    PIXEL_UNAUTHORIZED = "PIXEL_UNAUTHORIZED"
    """Its pixel goes and it stops, or will not start."""
    UNATTRIBUTED = "UNATTRIBUTED"
    """Its pixel goes and it spends on, unattributed, or will once it starts."""
    LOSES_PIXEL = "LOSES_PIXEL"
    """Its pixel goes while it is off or over anyway."""
    SWITCHED = "SWITCHED"
    """Its status changes with a switch above it, or with access that comes back."""


@dataclass(frozen=True, slots=True)
class Affected:
    """One ad group, or tracking-only ad, that an action touches: its status before and after, and why."""

    kind: str
    id: str
    campaign: str
    account: str
    before: DeliveryStatus
    after: DeliveryStatus
    code: ImpactCode


@dataclass(frozen=True, slots=True)
class Impact:
    """What an action would do to delivery.

    Parameters
    ----------
    decision
        Whether the action is allowed; where only the guard refuses it, ``affected`` tells what it holds back.
    affected
        Every ad group and tracking-only ad that would be touched, by id, ad groups first.
    """

    decision: Decision
    affected: tuple[Affected, ...]

    @property
    def campaigns(self) -> tuple[str, ...]:
        """Ids of the campaigns concerned, ascending."""
        return tuple(sorted({item.campaign for item in self.affected}))

    def to_frame(self) -> pd.DataFrame:
        """Give one row for each thing affected, with the columns of :class:`Affected`."""
        rows = (
            (a.kind, a.id, a.campaign, a.account, a.before.value, a.after.value, a.code.value) for a in self.affected
        )
        return table(rows, ["kind", "id", "campaign", "account", "before", "after", "code"])


def preview(world: World, action: Action, rulebook: Rulebook, at: int) -> Impact:
    """Tell what an action would touch, without doing it.

    Parameters
    ----------
    world
        The state in force.
    action
        What a person wants to do, such as deleting an audience, unsharing a pixel or withdrawing a payment method.
    rulebook
        Unshare policy, settings and limits.
    at
        Milliseconds since the scenario's start.
    """
    decision = decide(world, action, rulebook, at)
    if not decision.allowed and decision.cause is not Cause.ACTIVE_CAMPAIGNS:
        return Impact(decision, ())
    after = perform(world, action, rulebook, at)
    return Impact(decision, tuple(_affected(world, after, at)))


def _affected(world: World, after: World, at: int) -> Iterator[Affected]:
    for key, group in sorted(world.ad_groups.items()):
        if group.deleted:
            continue
        account = account_of_ad_group(world, key)
        old, new = ad_group_status(world, key, at), ad_group_status(after, key, at)
        code = _code(world, after, group, account, at)
        if code is None and old is not new:
            code = ImpactCode.SWITCHED
        if code is not None:
            yield Affected("ad_group", key, group.campaign, account, old, new, code)
    for key, ad in sorted(world.ads.items()):
        group = world.ad_groups[ad.ad_group]
        account = account_of_ad_group(world, ad.ad_group)
        if ad.deleted or group.pixel == ad.tracking_pixel or not _cut(world, after, ad.tracking_pixel, account):
            continue
        old, new = ad_status(world, key, at), ad_status(after, key, at)
        yield Affected("ad", key, group.campaign, account, old, new, _after_cut(world, account, new))


def _code(world: World, after: World, group: AdGroup, account: str, at: int) -> ImpactCode | None:
    gone = [a for a in group.audiences if _usable(world, a, at) and not _usable(after, a, at)]
    seeds = [world.audiences[a].seed for a in group.audiences if a in world.audiences]
    seeds = [seed for seed in seeds if seed is not None and _usable(world, seed, at) and not _usable(after, seed, at)]
    cut = _cut(world, after, group.pixel, account)
    if world.ad_accounts[account].status is not AccountStatus.ENABLE and (gone or cut):
        return ImpactCode.CANNOT_CHANGE_DISABLED_ACCOUNT
    if gone:
        return ImpactCode.SOURCE_DELETED
    if seeds:
        return ImpactCode.SEED_GONE
    if is_billed(world, account) and not is_billed(after, account):
        return ImpactCode.PAYMENT_WITHDRAWN
    return _after_cut(world, account, ad_group_status(after, group.id, at)) if cut else None


def _usable(world: World, audience: str, at: int) -> bool:
    found = world.audiences.get(audience)
    return found is not None and not found.deleted and not audience_stopped(world, found, at)


def _cut(world: World, after: World, pixel: str | None, account: str) -> bool:
    return pixel is not None and is_linked(world, pixel, account) and not is_linked(after, pixel, account)


def _after_cut(world: World, account: str, status: DeliveryStatus) -> ImpactCode:
    if world.ad_accounts[account].status is not AccountStatus.ENABLE:
        return ImpactCode.CANNOT_CHANGE_DISABLED_ACCOUNT
    if status is DeliveryStatus.PIXEL_UNBIND:
        return ImpactCode.PIXEL_UNAUTHORIZED
    going_on = status.primary in {"STATUS_DELIVERY_OK", "STATUS_NOT_DELIVERY"}
    return ImpactCode.UNATTRIBUTED if going_on else ImpactCode.LOSES_PIXEL


def side_by_side(world: World, endings: Mapping[str, Action], rulebook: Rulebook, at: int) -> pd.DataFrame:
    """Compare ways of ending something by what keeps running: the kind of asset decides (P34).

    Parameters
    ----------
    world
        The state in force.
    endings
        Actions by the name of their column; the guard is left aside, since the question is what happens after.
    rulebook
        Unshare policy, settings and limits.
    at
        Milliseconds since the scenario's start.

    Returns
    -------
    DataFrame
        One row for each ad account that has ad groups: ``account``, ``now``, and a column for each ending, with
        ``"runs"`` where any ad group delivers and ``"stands"`` where none does; a refused ending leaves all as it is.
    """
    worlds = {"now": world}
    for name, action in endings.items():
        forced = action
        if isinstance(action, UnlinkPixel | UnsharePixel | RemovePartner):
            forced = dataclasses.replace(action, force=True)
        allowed = decide(world, forced, rulebook, at).allowed
        worlds[name] = perform(world, forced, rulebook, at) if allowed else world
    accounts = [account for account in sorted(world.ad_accounts) if ad_groups_of_account(world, account)]
    rows = [(account, *(_runs(state, account, at) for state in worlds.values())) for account in accounts]
    return table(rows, ["account", *worlds])


def _runs(world: World, account: str, at: int) -> str:
    delivers = any(is_delivering(world, group.id, at) for group in ad_groups_of_account(world, account))
    return "runs" if delivers else "stands"
