"""One door to all rules: decide an action, and apply it or leave the world as it was."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pixelsim.sharing import actions as do
from pixelsim.sharing import editing, granting, ownership, partners, revoking, using
from pixelsim.sharing.decision import Decision
from pixelsim.sharing.effects import perform
from pixelsim.sharing.rulebook import Rulebook
from pixelsim.world.world import World

__all__ = ["Outcome", "apply", "decide"]

_Rule = Callable[[World, Any, Rulebook, int], Decision]

_RULES: dict[type[do.Action], _Rule] = {
    do.CreatePixel: ownership.may_create_pixel,
    do.TransferPixel: ownership.may_transfer,
    do.UndoTransfer: ownership.may_undo_transfer,
    do.LinkPixel: granting.may_link,
    do.SharePixel: granting.may_share,
    do.AssignPixel: granting.may_assign_pixel,
    do.UnlinkPixel: revoking.may_unlink,
    do.UnsharePixel: revoking.may_unshare,
    do.UnassignPixel: revoking.may_unassign_pixel,
    do.RemovePartner: revoking.may_remove_partner,
    do.RequestPartnership: partners.may_request_partnership,
    do.ApprovePartnership: partners.may_answer_partnership,
    do.RejectPartnership: partners.may_answer_partnership,
    do.GrantAccountAccess: partners.may_grant_account_access,
    do.RevokeAccountAccess: partners.may_revoke_account_access,
    do.AddMember: partners.may_add_member,
    do.RemoveMember: partners.may_remove_member,
    do.AssignAccount: partners.may_assign_account,
    do.UnassignAccount: partners.may_unassign_account,
    do.LeavePerson: partners.may_leave,
    do.EditPixel: editing.may_edit,
    do.InstallPixel: editing.may_install,
    do.IssueToken: editing.may_issue_token,
    do.RevokeToken: editing.may_revoke_token,
    do.CreateCampaign: using.may_create_campaign,
    do.CreateAdGroup: using.may_create_ad_group,
    do.CreateAd: using.may_create_ad,
    do.Switch: using.may_switch,
    do.SetTrackingPixel: using.may_set_tracking_pixel,
    do.SetAttribution: using.may_set_attribution,
    do.BuildAudience: using.may_build_audience,
    do.ShareAudience: using.may_share_audience,
    do.DeleteAudience: using.may_delete_audience,
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an attempt led to: the decision, and the world after it (the same object when it was refused)."""

    world: World
    decision: Decision


def decide(world: World, action: do.Action, rulebook: Rulebook, at: int) -> Decision:
    """Decide whether an action is allowed at an instant, without doing it.

    Parameters
    ----------
    world
        The state in force.
    action
        What a person wants to do.
    rulebook
        Unshare policy and settings.
    at
        Milliseconds since the scenario's start.
    """
    return _RULES[type(action)](world, action, rulebook, at)


def apply(world: World, action: do.Action, rulebook: Rulebook, at: int) -> Outcome:
    """Do an action if the rules allow it; a refused one leaves the world as it was."""
    decision = decide(world, action, rulebook, at)
    if not decision.allowed:
        return Outcome(world, decision)
    return Outcome(perform(world, action, rulebook, at), decision)
