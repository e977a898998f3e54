"""What people can do: one frozen record for each action, told apart by its field ``do``.

``actor`` is a person; ``bc`` is the Business Center that the person acts from. Every action is data, so that plans,
change logs, the planner and the exhaustive explorer share one alphabet.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from pixelsim.world.entities import AccountRole, BusinessRole, CountMode, PixelLevel

__all__ = [
    "Action",
    "AddMember",
    "AdsAction",
    "AnyAction",
    "ApprovePartnership",
    "AssignAccount",
    "AssignPixel",
    "BuildAudience",
    "CreateAd",
    "CreateAdGroup",
    "CreateCampaign",
    "CreatePixel",
    "DeleteAudience",
    "EditPixel",
    "GrantAccountAccess",
    "InstallPixel",
    "IssueToken",
    "LeavePerson",
    "LinkPixel",
    "RejectPartnership",
    "RemoveMember",
    "RemovePartner",
    "RequestPartnership",
    "RevokeAccountAccess",
    "RevokeToken",
    "SetAttribution",
    "SetTrackingPixel",
    "ShareAudience",
    "SharePixel",
    "Switch",
    "TransferPixel",
    "UnassignAccount",
    "UnassignPixel",
    "UndoTransfer",
    "UnlinkPixel",
    "UnsharePixel",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Something that a person does at one instant."""

    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AdsAction(Action):
    """Something done in Ads Manager; ``active_bc`` is the Business Center that is open on the person's screen."""

    active_bc: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatePixel(Action):
    """Create a pixel in Events Manager (R02)."""

    do: Literal["create_pixel"] = "create_pixel"
    account: str
    pixel: str
    number: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferPixel(Action):
    """Transfer a pixel to a Business Center, for ever (R03 to R06)."""

    do: Literal["transfer_pixel"] = "transfer_pixel"
    bc: str
    pixel: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoTransfer(Action):
    """Try to take a transfer back; always refused (R03, P11)."""

    do: Literal["undo_transfer"] = "undo_transfer"
    bc: str
    pixel: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkPixel(Action):
    """Link a pixel to an ad account, as its owner (R07) or as a partner (R09)."""

    do: Literal["link_pixel"] = "link_pixel"
    bc: str
    pixel: str
    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnlinkPixel(Action):
    """Unlink a pixel from an ad account (R11 to R13); ``force`` skips the guard, ``api`` tells the way it is done."""

    do: Literal["unlink_pixel"] = "unlink_pixel"
    bc: str
    pixel: str
    account: str
    api: bool = False
    force: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SharePixel(Action):
    """Share a pixel with a partner's Business Center, named by its id (R08)."""

    do: Literal["share_pixel"] = "share_pixel"
    bc: str
    pixel: str
    partner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsharePixel(Action):
    """Unshare a pixel from a partner (R12, R14); ``force`` skips the guard, ``api`` tells the way it is done."""

    do: Literal["unshare_pixel"] = "unshare_pixel"
    bc: str
    pixel: str
    partner: str
    api: bool = False
    force: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignPixel(Action):
    """Assign a pixel to a member at a level (R10)."""

    do: Literal["assign_pixel"] = "assign_pixel"
    bc: str
    pixel: str
    person: str
    level: PixelLevel = PixelLevel.VIEW


@dataclass(frozen=True, slots=True, kw_only=True)
class UnassignPixel(Action):
    """Take a pixel away from a member; touches no link and no delivery (R15a)."""

    do: Literal["unassign_pixel"] = "unassign_pixel"
    bc: str
    pixel: str
    person: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestPartnership(Action):
    """Ask another Business Center to become a partner."""

    do: Literal["request_partnership"] = "request_partnership"
    bc: str
    partner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovePartnership(Action):
    """Accept a partnership that ``partner`` asked for."""

    do: Literal["approve_partnership"] = "approve_partnership"
    bc: str
    partner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectPartnership(Action):
    """Turn down a partnership that ``partner`` asked for."""

    do: Literal["reject_partnership"] = "reject_partnership"
    bc: str
    partner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovePartner(Action):
    """End a partnership: pixel shares and account grants over it end too; tokens and people by name stay (P28)."""

    do: Literal["remove_partner"] = "remove_partner"
    bc: str
    partner: str
    api: bool = False
    force: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantAccountAccess(Action):
    """Give another Business Center a role on an ad account of one's own."""

    do: Literal["grant_account_access"] = "grant_account_access"
    bc: str
    account: str
    partner: str
    role: AccountRole = AccountRole.OPERATOR


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeAccountAccess(Action):
    """Take another Business Center's role on an ad account back."""

    do: Literal["revoke_account_access"] = "revoke_account_access"
    bc: str
    account: str
    partner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddMember(Action):
    """Make a person a member of a Business Center."""

    do: Literal["add_member"] = "add_member"
    bc: str
    person: str
    role: BusinessRole = BusinessRole.STANDARD


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveMember(Action):
    """Take a person out of a Business Center."""

    do: Literal["remove_member"] = "remove_member"
    bc: str
    person: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignAccount(Action):
    """Assign an ad account to a person, through a Business Center, or by name when ``bc`` is None."""

    do: Literal["assign_account"] = "assign_account"
    bc: str | None = None
    account: str
    person: str
    role: AccountRole = AccountRole.OPERATOR


@dataclass(frozen=True, slots=True, kw_only=True)
class UnassignAccount(Action):
    """Take an ad account away from a person."""

    do: Literal["unassign_account"] = "unassign_account"
    bc: str | None = None
    account: str
    person: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LeavePerson(Action):
    """A person leaves; ``actor`` is the person."""

    do: Literal["leave"] = "leave"


@dataclass(frozen=True, slots=True, kw_only=True)
class EditPixel(Action):
    """Change a setting of a pixel (R21, R22)."""

    do: Literal["edit_pixel"] = "edit_pixel"
    pixel: str
    setting: Literal["name", "first_party_cookies", "advanced_matching", "events", "statistic_type"]
    value: str | bool | tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallPixel(Action):
    """Put a pixel on a website's pages; ``replace`` takes the others off."""

    do: Literal["install_pixel"] = "install_pixel"
    website: str
    pixel: str
    beside: bool = False
    replace: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueToken(Action):
    """Make a server token for a pixel, held by a Business Center."""

    do: Literal["issue_token"] = "issue_token"
    bc: str
    pixel: str
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeToken(Action):
    """Revoke a server token."""

    do: Literal["revoke_token"] = "revoke_token"
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateCampaign(AdsAction):
    """Create a campaign in an ad account."""

    do: Literal["create_campaign"] = "create_campaign"
    account: str
    campaign: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateAdGroup(AdsAction):
    """Create and publish an ad group with its pixel and schedule (R16, R16a)."""

    do: Literal["create_ad_group"] = "create_ad_group"
    campaign: str
    ad_group: str
    name: str = ""
    pixel: str | None = None
    event: str = "Purchase"
    start: int = 0
    end: int | None = None
    click_days: int = 7
    engaged_view_days: int = 1
    view_days: int = 1
    count: CountMode = CountMode.BY_GOAL
    audiences: tuple[str, ...] = ()


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
class DeleteAudience(Action):
    """Delete an audience; ads that target it stop."""

    do: Literal["delete_audience"] = "delete_audience"
    audience: str


AnyAction = Annotated[
    CreatePixel
    | TransferPixel
    | UndoTransfer
    | LinkPixel
    | UnlinkPixel
    | SharePixel
    | UnsharePixel
    | AssignPixel
    | UnassignPixel
    | RequestPartnership
    | ApprovePartnership
    | RejectPartnership
    | RemovePartner
    | GrantAccountAccess
    | RevokeAccountAccess
    | AddMember
    | RemoveMember
    | AssignAccount
    | UnassignAccount
    | LeavePerson
    | EditPixel
    | InstallPixel
    | IssueToken
    | RevokeToken
    | CreateCampaign
    | CreateAdGroup
    | CreateAd
    | Switch
    | SetTrackingPixel
    | SetAttribution
    | BuildAudience
    | ShareAudience
    | DeleteAudience,
    Field(discriminator="do"),
]
"""Any action, as a discriminated union for scenario files."""
