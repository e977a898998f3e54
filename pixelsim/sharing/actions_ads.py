"""What people can do in Ads Manager: campaigns, ad groups, ads, audiences, and how an ad account is billed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pixelsim.sharing.actions_access import Action
from pixelsim.world.entities import CountMode

__all__ = [
    "AdsAction",
    "BuildAudience",
    "BuildLookalike",
    "CreateAd",
    "CreateAdGroup",
    "CreateCampaign",
    "DeleteAudience",
    "EditAdGroup",
    "SetAttribution",
    "SetPaymentMethod",
    "SetTrackingPixel",
    "ShareAudience",
    "SharePayment",
    "Switch",
    "UnshareAudience",
    "UnsharePayment",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class AdsAction(Action):
    """Something done in Ads Manager; ``active_bc`` is the Business Center that is open on the person's screen."""

    active_bc: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateCampaign(AdsAction):
    """Create a campaign in an ad account."""

    do: Literal["create_campaign"] = "create_campaign"
    account: str
    campaign: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateAdGroup(AdsAction):
    """Create and publish an ad group with its pixel and schedule (R16, R16a).

    ``start`` and ``end`` are ms since the scenario's start; ``dayparting`` is as for :class:`EditAdGroup`.
    """

    do: Literal["create_ad_group"] = "create_ad_group"
    campaign: str
    ad_group: str
    name: str = ""
    pixel: str | None = None
    event: str = "Purchase"
    start: int = 0
    end: int | None = None
    dayparting: str | None = None
    click_days: int = 7
    engaged_view_days: int = 1
    view_days: int = 1
    count: CountMode = CountMode.BY_GOAL
    audiences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EditAdGroup(AdsAction):
    """Edit a published ad group; what is left out stays as it is. Pixel, event and windows are fixed (R16a).

    ``budget_factor`` and ``bid_factor`` multiply what is in force, 1.2 for a fifth more. ``audiences`` are those
    targeted from now on; ``targeting`` names another change of targeting, which may be one of ``age`` only.
    ``creatives`` says that they are exchanged. ``end`` is in ms since the scenario's start. ``dayparting`` tells for
    each half hour of the week, from Monday 00:00 on the account's clock on, whether it may deliver: 336 times "0" or
    "1" as in the API.
    """

    do: Literal["edit_ad_group"] = "edit_ad_group"
    ad_group: str
    budget_factor: float | None = None
    bid_factor: float | None = None
    audiences: tuple[str, ...] | None = None
    targeting: Literal["age", "other"] | None = None
    creatives: bool = False
    end: int | None = None
    dayparting: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateAd(AdsAction):
    """Create an ad (R16); its tracking pixel has to be the ad group's when that is set (R16a)."""

    do: Literal["create_ad"] = "create_ad"
    ad_group: str
    ad: str
    name: str = ""
    tracking_pixel: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch(Action):
    """Switch a campaign, ad group or ad on or off, or delete it."""

    do: Literal["switch"] = "switch"
    kind: Literal["campaign", "ad_group", "ad"]
    id: str
    to: Literal["on", "off", "deleted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetTrackingPixel(Action):
    """Change an ad's tracking pixel (R16a)."""

    do: Literal["set_tracking_pixel"] = "set_tracking_pixel"
    ad: str
    pixel: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAttribution(Action):
    """Try to change a published ad group's windows or count (R16a); always refused (P66)."""

    do: Literal["set_attribution"] = "set_attribution"
    ad_group: str
    click_days: int | None = None
    view_days: int | None = None
    count: CountMode | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildAudience(AdsAction):
    """Build a website-traffic audience from a pixel (R18)."""

    do: Literal["build_audience"] = "build_audience"
    account: str
    audience: str
    pixel: str
    name: str = ""
    event: str = "PageView"
    look_back_days: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareAudience(Action):
    """Share an audience with another ad account of the same Business Center (P25)."""

    do: Literal["share_audience"] = "share_audience"
    audience: str
    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnshareAudience(Action):
    """Stop sharing an audience with an ad account, whose ad groups are disconnected from it."""

    do: Literal["unshare_audience"] = "unshare_audience"
    audience: str
    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildLookalike(AdsAction):
    """Build an audience of people like those of ``seed``, an audience of the same ad account."""

    do: Literal["build_lookalike"] = "build_lookalike"
    account: str
    audience: str
    seed: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SharePayment(Action):
    """Let the ad accounts of a partner be billed through a payment method (P34)."""

    do: Literal["share_payment"] = "share_payment"
    bc: str
    payment: str
    partner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsharePayment(Action):
    """Withdraw a payment method from a partner; everything billed through it stops at once (P34)."""

    do: Literal["unshare_payment"] = "unshare_payment"
    bc: str
    payment: str
    partner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPaymentMethod(Action):
    """Bill an ad account through a payment method, or by its own billing when ``payment`` is None."""

    do: Literal["set_payment_method"] = "set_payment_method"
    account: str
    payment: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteAudience(Action):
    """Delete an audience; ads that target it stop (P32)."""

    do: Literal["delete_audience"] = "delete_audience"
    audience: str
