"""One door to all rules: decide an action, and apply it or leave the world as it was."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pixelsim.sharing import actions as do
from pixelsim.sharing import (
    ad_edits,
    audiences,
    editing,
    granting,
    members,
    ownership,
    partners,
    payments,
    revoking,
    tokens,
    using,
)
from pixelsim.sharing.decision import Decision, Verdict
from pixelsim.sharing.effects import EFFECTS
from pixelsim.sharing.rulebook import Rulebook
from pixelsim.world.world import World

__all__ = ["RULES", "Outcome", "apply", "decide"]

_Rule = Callable[[World, Any, Rulebook, int], Decision]

RULES: dict[type[do.Action], _Rule] = {
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
    do.AddMember: members.may_add_member,
    do.RemoveMember: members.may_remove_member,
    do.AssignAccount: members.may_assign_account,
    do.UnassignAccount: members.may_unassign_account,
    do.LeavePerson: members.may_leave,
    do.EditPixel: editing.may_edit,
    do.InstallPixel: editing.may_install,
    do.UninstallPixel: editing.may_uninstall,
    do.IssueToken: tokens.may_issue_token,
    do.RevokeToken: tokens.may_revoke_token,
    do.CreateCampaign: using.may_create_campaign,
    do.CreateAdGroup: using.may_create_ad_group,
    do.CreateAd: using.may_create_ad,
    do.EditAdGroup: ad_edits.may_edit_ad_group,
    do.Switch: using.may_switch,
    do.SetTrackingPixel: using.may_set_tracking_pixel,
    do.SetAttribution: using.may_set_attribution,
    do.BuildAudience: audiences.may_build_audience,
    do.BuildLookalike: audiences.may_build_lookalike,
    do.ShareAudience: audiences.may_share_audience,
    do.UnshareAudience: audiences.may_unshare_audience,
    do.DeleteAudience: audiences.may_delete_audience,
    do.SharePayment: payments.may_share_payment,
    do.UnsharePayment: payments.may_unshare_payment,
    do.SetPaymentMethod: payments.may_set_payment_method,
}
"""The rule that decides each kind of action."""


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

    Raises
    ------
    KeyError
        The action is of no known kind; unknown ids, by contrast, are refused with a decision.
    """
    return RULES[type(action)](world, action, rulebook, at)


def apply(world: World, action: do.Action, rulebook: Rulebook, at: int) -> Outcome:
    """Do an action if the rules allow it; a refused one leaves the world as it was."""
    kind = type(action)
    decision = RULES[kind](world, action, rulebook, at)
    if decision.verdict is Verdict.YES:
        world = EFFECTS[kind](world, action, rulebook, at)
    return Outcome(world, decision)
