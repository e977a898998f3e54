"""What people can do about access: pixels, links, shares, partnerships, members, ad-account roles and tokens.

``actor`` is a person; ``bc`` is the Business Center that the person acts from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pixelsim.world.entities import AccountRole, BusinessRole, PixelLevel

__all__ = [
    "Action",
    "AddMember",
    "ApprovePartnership",
    "AssignAccount",
    "AssignPixel",
    "CreatePixel",
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
    "SharePixel",
    "TransferPixel",
    "UnassignAccount",
    "UnassignPixel",
    "UndoTransfer",
    "UninstallPixel",
    "UnlinkPixel",
    "UnsharePixel",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Something that a person does at one instant."""

    actor: str


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
    """Give another Business Center a role on an ad account of one's own.

    With ``bc`` None an Admin of an ad account that belongs to no Business Center does it.
    """

    do: Literal["grant_account_access"] = "grant_account_access"
    bc: str | None = None
    account: str
    partner: str
    role: AccountRole = AccountRole.OPERATOR


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeAccountAccess(Action):
    """Take another Business Center's role on an ad account back, or give up the role of ``partner`` itself.

    With ``bc`` None an Admin of an ad account that belongs to no Business Center does it; with ``bc`` equal to
    ``partner`` that Business Center gives its role up.
    """

    do: Literal["revoke_account_access"] = "revoke_account_access"
    bc: str | None = None
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
class UninstallPixel(Action):
    """Take a pixel off a website's pages; what it received stays readable (P38)."""

    do: Literal["uninstall_pixel"] = "uninstall_pixel"
    website: str
    pixel: str


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
