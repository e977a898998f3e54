"""Effective delivery status of ad groups and ads: a pure function of the world and the instant.

The order of the platform's checks is not published; ours is stated in :func:`ad_group_status`, first match wins.
"""

from __future__ import annotations

from enum import StrEnum

from pixelsim.world.entities import AccountStatus, Ad
from pixelsim.world.queries import account_of_ad_group, audience_stopped, is_billed, is_linked
from pixelsim.world.relations import Effect
from pixelsim.world.schedule import flips, in_daypart, opens_at
from pixelsim.world.world import World

__all__ = [
    "DeliveryStatus",
    "ad_group_status",
    "ad_status",
    "in_review",
    "is_delivering",
    "is_scheduled",
    "status_borders",
    "status_changes",
]


class DeliveryStatus(StrEnum):
    """Secondary statuses of the platform that pixelsim models, without their level prefix; in their order here."""

    DELETE = "DELETE"
    CAMPAIGN_DISABLE = "CAMPAIGN_DISABLE"
    ADGROUP_DISABLE = "ADGROUP_DISABLE"
    DISABLE = "DISABLE"
    ACCOUNT_PUNISH = "ADVERTISER_ACCOUNT_PUNISH"
    BALANCE_EXCEED = "BALANCE_EXCEED"
    AUDIT_DENY = "AUDIT_DENY"
    AUDIT = "AUDIT"
    REAUDIT = "REAUDIT"
    PIXEL_UNBIND = "PIXEL_UNBIND"
    ASSET_AUTHORIZATION_LOST = "ASSET_AUTHORIZATION_LOST"
    NOT_START = "NOT_START"
    TIME_DONE = "TIME_DONE"
    CREATE = "CREATE"
    BUDGET_EXCEED = "BUDGET_EXCEED"
    DELIVERY_OK = "DELIVERY_OK"

    @property
    def primary(self) -> str:
        """The primary status that the platform files this secondary one under."""
        if self is DeliveryStatus.DELIVERY_OK:
            return "STATUS_DELIVERY_OK"
        if self is DeliveryStatus.DELETE:
            return "STATUS_DELETE"
        if self is DeliveryStatus.TIME_DONE:
            return "STATUS_TIME_DONE"
        if self in {
            DeliveryStatus.DISABLE,
            DeliveryStatus.CAMPAIGN_DISABLE,
            DeliveryStatus.ADGROUP_DISABLE,
        }:
            return "STATUS_DISABLE"
        return "STATUS_NOT_DELIVERY"

    @property
    def label(self) -> str:
        """The words shown to people."""
        return _LABELS[self]


_LABELS = {
    DeliveryStatus.DELETE: "Deleted",
    DeliveryStatus.CAMPAIGN_DISABLE: "Inactive: campaign off",
    DeliveryStatus.ADGROUP_DISABLE: "Inactive: ad group off",
    DeliveryStatus.DISABLE: "Inactive",
    DeliveryStatus.ACCOUNT_PUNISH: "Not delivering: account suspended",
    DeliveryStatus.BALANCE_EXCEED: "Not delivering: payment method withdrawn",
    DeliveryStatus.AUDIT_DENY: "Not delivering: not approved",
    DeliveryStatus.AUDIT: "Not delivering: in review",
    DeliveryStatus.REAUDIT: "Not delivering: edited, in review again",
    DeliveryStatus.PIXEL_UNBIND: "Not delivering: Pixel Unauthorized",
    DeliveryStatus.ASSET_AUTHORIZATION_LOST: "Not delivering: asset authorization lost",
    DeliveryStatus.NOT_START: "Not delivering: outside of schedule",
    DeliveryStatus.TIME_DONE: "Completed",
    DeliveryStatus.CREATE: "Not delivering: no ads",
    DeliveryStatus.BUDGET_EXCEED: "Not delivering: budget used up",
    DeliveryStatus.DELIVERY_OK: "Delivering",
}


def _parents(world: World, ad_group: str) -> DeliveryStatus | None:
    """Give the status that an ad group has from its own switches, its parents and its account, if any."""
    group = world.ad_groups[ad_group]
    campaign = world.campaigns[group.campaign]
    if group.deleted or campaign.deleted:
        return DeliveryStatus.DELETE
    if not campaign.on:
        return DeliveryStatus.CAMPAIGN_DISABLE
    if not group.on:
        return DeliveryStatus.DISABLE
    account = world.ad_accounts[campaign.account]
    if account.status is not AccountStatus.ENABLE:
        return DeliveryStatus.ACCOUNT_PUNISH
    if account.payment_method is not None and not is_billed(world, account.id):
        return DeliveryStatus.BALANCE_EXCEED
    return None


def _lost_pixel(world: World, pixel: str, account: str, *, tracking: bool) -> bool:
    """Whether access to a pixel was cut under the effect ``not_delivering``."""
    if is_linked(world, pixel, account):
        return False
    tombstone = world.unbound.get((pixel, account))
    if tombstone is None:
        return False
    effect = tombstone.tracking_only if tracking else tombstone.effect
    return effect is Effect.NOT_DELIVERING


def _lost_audience(world: World, ad_group: str, at: int) -> bool:
    """Whether a targeted audience stops its users: paused, past its deadline, or deleted (P32)."""
    for key in world.ad_groups[ad_group].audiences:
        audience = world.audiences.get(key)
        if audience is None or audience.deleted or audience_stopped(world, audience, at):
            return True
    return False


def ad_group_status(world: World, ad_group: str, at: int, *, budget_left: bool = True) -> DeliveryStatus:
    """Give an ad group's effective status at an instant.

    First match: deleted, disabled (its campaign's or its own switch), account not in good standing, payment method
    withdrawn, not approved, in review (of an edit: *edited*), pixel not linked (only where the effect is
    ``not_delivering``), audience stopped or deleted, not started, done, outside its dayparting (the platform's status
    is that of one not started), without an ad, budget used up, delivering.

    Parameters
    ----------
    world
        The state in force.
    ad_group
        Id of the ad group.
    at
        Milliseconds since the scenario's start; a start counts from its own instant, an end is excluded.
    budget_left
        Whether its budget has anything left to spend.
    """
    status = _parents(world, ad_group)
    if status is not None:
        return status
    group = world.ad_groups[ad_group]
    if group.denied:
        return DeliveryStatus.AUDIT_DENY
    if at < group.review_until:
        return DeliveryStatus.REAUDIT if group.edited else DeliveryStatus.AUDIT
    account = account_of_ad_group(world, ad_group)
    if group.waiting or (group.pixel is not None and _lost_pixel(world, group.pixel, account, tracking=False)):
        return DeliveryStatus.PIXEL_UNBIND
    if group.audiences and _lost_audience(world, ad_group, at):
        return DeliveryStatus.ASSET_AUTHORIZATION_LOST
    if at < group.start:
        return DeliveryStatus.NOT_START
    if group.end is not None and at >= group.end:
        return DeliveryStatus.TIME_DONE
    if not in_daypart(group, world.ad_accounts[account].week_start, at):
        return DeliveryStatus.NOT_START
    if not any(ad.ad_group == ad_group and not ad.deleted for ad in world.ads.values()):
        return DeliveryStatus.CREATE
    return DeliveryStatus.DELIVERY_OK if budget_left else DeliveryStatus.BUDGET_EXCEED


def ad_status(world: World, ad: str, at: int, *, budget_left: bool = True) -> DeliveryStatus:
    """Give an ad's effective status: its own switch, then its ad group's status, its review, its tracking pixel."""
    found = world.ads[ad]
    if found.deleted:
        return DeliveryStatus.DELETE
    return _below(world, found, ad_group_status(world, found.ad_group, at, budget_left=budget_left), at)


def _below(world: World, ad: Ad, parent: DeliveryStatus, at: int) -> DeliveryStatus:
    """Give the status of an ad that is not deleted, from that of its ad group."""
    if parent is DeliveryStatus.DISABLE:
        return DeliveryStatus.ADGROUP_DISABLE
    if parent is DeliveryStatus.DELETE or parent is DeliveryStatus.CAMPAIGN_DISABLE:
        return parent
    if not ad.on:
        return DeliveryStatus.DISABLE
    if parent in _BEFORE_THE_PIXEL:
        return parent
    if at < ad.review_until:
        return DeliveryStatus.AUDIT
    if ad.waiting:
        return DeliveryStatus.PIXEL_UNBIND
    if ad.tracking_pixel is not None and world.ad_groups[ad.ad_group].pixel != ad.tracking_pixel:
        account = account_of_ad_group(world, ad.ad_group)
        if _lost_pixel(world, ad.tracking_pixel, account, tracking=True):
            return DeliveryStatus.PIXEL_UNBIND
    return parent


_BEFORE_THE_PIXEL = {
    DeliveryStatus.ACCOUNT_PUNISH,
    DeliveryStatus.BALANCE_EXCEED,
    DeliveryStatus.AUDIT_DENY,
    DeliveryStatus.AUDIT,
    DeliveryStatus.REAUDIT,
}


def in_review(status: DeliveryStatus) -> bool:
    """Whether a status is that of a first review, or of one after an edit."""
    return status is DeliveryStatus.AUDIT or status is DeliveryStatus.REAUDIT


def is_delivering(world: World, ad_group: str, at: int) -> bool:
    """Whether an ad group delivers at an instant: its own status, and at least one ad that can run."""
    status = ad_group_status(world, ad_group, at)
    if status is not DeliveryStatus.DELIVERY_OK:
        return False
    return any(
        ad.ad_group == ad_group and not ad.deleted and _below(world, ad, status, at) is DeliveryStatus.DELIVERY_OK
        for ad in world.ads.values()
    )


def is_scheduled(world: World, ad_group: str, at: int) -> bool:
    """Whether an ad group is enabled and starts later by itself: at its date, after its review, in its half hours."""
    group = world.ad_groups[ad_group]
    if group.denied or _parents(world, ad_group) is not None:
        return False
    opens = opens_at(group, world.ad_accounts[account_of_ad_group(world, ad_group)].week_start, at)
    return opens is not None and opens > at


def status_borders(world: World, ad_group: str) -> list[int]:
    """List the dates at which an ad group's status, or one of its ads', may change by the clock alone, ascending.

    Those of dayparting come back each week and are not among them: see :func:`status_changes`.
    """
    group = world.ad_groups[ad_group]
    borders = {group.start, group.review_until}
    borders |= {ad.review_until for ad in world.ads.values() if ad.ad_group == ad_group and ad.review_until > 0}
    if group.end is not None:
        borders.add(group.end)
    for key in group.audiences:
        audience = world.audiences.get(key)
        if audience is not None:
            tombstone = world.unbound.get((audience.pixel, audience.account))
            if tombstone is not None and tombstone.audience_until is not None:
                borders.add(tombstone.audience_until)
    return sorted(borders)


def status_changes(world: World, ad_group: str, start: int, end: int) -> list[int]:
    """List the instants between two others, both excluded, at which the clock alone may change a status, ascending.

    Parameters
    ----------
    start, end
        Milliseconds since the scenario's start.
    """
    week_start = world.ad_accounts[account_of_ad_group(world, ad_group)].week_start
    borders = {at for at in status_borders(world, ad_group) if start < at < end}
    return sorted(borders.union(flips(world.ad_groups[ad_group], week_start, start, end)))
