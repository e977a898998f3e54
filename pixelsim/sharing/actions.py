"""What people can do: one frozen record for each action, told apart by its field ``do``.

Every action is data, so that plans, change logs, the planner and the exhaustive explorer share one alphabet.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from pixelsim.sharing.actions_access import (
    Action,
    AddMember,
    ApprovePartnership,
    AssignAccount,
    AssignPixel,
    CreatePixel,
    EditPixel,
    GrantAccountAccess,
    InstallPixel,
    IssueToken,
    LeavePerson,
    LinkPixel,
    RejectPartnership,
    RemoveMember,
    RemovePartner,
    RequestPartnership,
    RevokeAccountAccess,
    RevokeToken,
    SharePixel,
    TransferPixel,
    UnassignAccount,
    UnassignPixel,
    UndoTransfer,
    UninstallPixel,
    UnlinkPixel,
    UnsharePixel,
)
from pixelsim.sharing.actions_ads import (
    AdsAction,
    BuildAudience,
    BuildLookalike,
    CreateAd,
    CreateAdGroup,
    CreateCampaign,
    DeleteAudience,
    EditAdGroup,
    SetAttribution,
    SetPaymentMethod,
    SetTrackingPixel,
    ShareAudience,
    SharePayment,
    Switch,
    UnshareAudience,
    UnsharePayment,
)

__all__ = [
    "Action",
    "AddMember",
    "AdsAction",
    "AnyAction",
    "ApprovePartnership",
    "AssignAccount",
    "AssignPixel",
    "BuildAudience",
    "BuildLookalike",
    "CreateAd",
    "CreateAdGroup",
    "CreateCampaign",
    "CreatePixel",
    "DeleteAudience",
    "EditAdGroup",
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
    "SetPaymentMethod",
    "SetTrackingPixel",
    "ShareAudience",
    "SharePayment",
    "SharePixel",
    "Switch",
    "TransferPixel",
    "UnassignAccount",
    "UnassignPixel",
    "UndoTransfer",
    "UninstallPixel",
    "UnlinkPixel",
    "UnshareAudience",
    "UnsharePayment",
    "UnsharePixel",
]

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
    | UninstallPixel
    | IssueToken
    | RevokeToken
    | CreateCampaign
    | CreateAdGroup
    | CreateAd
    | EditAdGroup
    | Switch
    | SetTrackingPixel
    | SetAttribution
    | BuildAudience
    | BuildLookalike
    | ShareAudience
    | UnshareAudience
    | DeleteAudience
    | SharePayment
    | UnsharePayment
    | SetPaymentMethod,
    Field(discriminator="do"),
]
"""Any action, as a discriminated union for scenario files."""
