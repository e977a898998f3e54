"""Sentences for actions: what to do, and who has to do it."""

from __future__ import annotations

import dataclasses
from enum import Enum

from pixelsim.base.clock import DAY
from pixelsim.sharing import actions as do
from pixelsim.sharing.actions import Action
from pixelsim.sharing.rulebook import Rulebook, StopFirst
from pixelsim.world.queries import account_of_ad, account_of_ad_group
from pixelsim.world.world import World

__all__ = ["account_of", "describe", "must", "stop_first_text"]

_TEMPLATES: dict[type[Action], str] = {
    do.CreatePixel: "create pixel {pixel} in ad account {account}",
    do.TransferPixel: "transfer pixel {pixel} to Business Center {bc}",
    do.UndoTransfer: "take the transfer of pixel {pixel} to {bc} back",
    do.LinkPixel: "link pixel {pixel} to ad account {account}",
    do.UnlinkPixel: "unlink pixel {pixel} from ad account {account}",
    do.SharePixel: "share pixel {pixel} with Business Center {partner}",
    do.UnsharePixel: "unshare pixel {pixel} from Business Center {partner}",
    do.AssignPixel: "assign pixel {pixel} to {person} at level {level}",
    do.UnassignPixel: "take pixel {pixel} away from {person}",
    do.RequestPartnership: "ask Business Center {partner} to become a partner of {bc}",
    do.ApprovePartnership: "approve the partnership that {partner} asked {bc} for",
    do.RejectPartnership: "turn down the partnership that {partner} asked {bc} for",
    do.RemovePartner: "end the partnership of {bc} and {partner}",
    do.GrantAccountAccess: "give Business Center {partner} the role {role} on ad account {account}",
    do.RevokeAccountAccess: "take ad account {account} away from Business Center {partner}",
    do.AddMember: "make {person} a member of Business Center {bc} as {role}",
    do.RemoveMember: "take {person} out of Business Center {bc}",
    do.AssignAccount: "assign ad account {account} to {person} as {role}",
    do.UnassignAccount: "take ad account {account} away from {person}",
    do.LeavePerson: "let {actor} leave",
    do.EditPixel: "set {setting} of pixel {pixel} to {value}",
    do.InstallPixel: "install pixel {pixel} on website {website}",
    do.UninstallPixel: "take pixel {pixel} off website {website}",
    do.IssueToken: "make the server token {token} for pixel {pixel}, held by {bc}",
    do.RevokeToken: "revoke the server token {token}",
    do.CreateCampaign: "create campaign {campaign} in ad account {account}",
    do.CreateAdGroup: "publish ad group {ad_group} in campaign {campaign}",
    do.CreateAd: "create ad {ad} in ad group {ad_group}",
    do.SetTrackingPixel: "set the tracking pixel of ad {ad} to {pixel}",
    do.SetAttribution: "change the attribution of ad group {ad_group}",
    do.BuildAudience: "build audience {audience} from pixel {pixel} in ad account {account}",
    do.ShareAudience: "share audience {audience} with ad account {account}",
    do.UnshareAudience: "stop sharing audience {audience} with ad account {account}",
    do.BuildLookalike: "build lookalike {audience} of audience {seed} in ad account {account}",
    do.DeleteAudience: "delete audience {audience}",
    do.SharePayment: "let ad accounts of {partner} be billed through payment method {payment}",
    do.UnsharePayment: "withdraw payment method {payment} from {partner}",
    do.SetPaymentMethod: "bill ad account {account} through payment method {payment}",
}


def _shown(value: object) -> str:
    if isinstance(value, Enum):
        return str(value.value).capitalize()
    return "none" if value is None else str(value)


def describe(action: Action) -> str:
    """Say in the imperative what an action does, without its actor and without a full stop."""
    names = {field.name: _shown(getattr(action, field.name)) for field in dataclasses.fields(action)}
    if isinstance(action, do.Switch):
        kind = action.kind.replace("_", " ")
        return f"delete {kind} {action.id}" if action.to == "deleted" else f"switch {kind} {action.id} {action.to}"
    if isinstance(action, do.EditAdGroup):
        return f"edit ad group {action.ad_group}: {', '.join(_edits(action)) or 'nothing'}"
    template = _TEMPLATES.get(type(action))
    if template is None:
        rest = ", ".join(f"{name} {text}" for name, text in names.items() if name not in {"actor", "do"})
        return f"{names.get('do', type(action).__name__).replace('_', ' ')} ({rest})"
    text = template.format_map(names)
    if isinstance(action, do.CreateAdGroup) and action.pixel is not None:
        text += f" on pixel {action.pixel}"
        if action.start > 0:
            text += f", to start on day {action.start / DAY:g}"
    if isinstance(action, do.UnlinkPixel | do.UnsharePixel | do.RemovePartner):
        text += " through the API" if action.api else ""
        text += ", past the guard" if action.force else ""
    if isinstance(action, do.InstallPixel) and action.replace:
        text += " in place of what it carries"
    return text


def _edits(action: do.EditAdGroup) -> list[str]:
    """Say what an edit changes, part by part."""
    found = [
        f"{word} times {factor:g}"
        for word, factor in (("budget", action.budget_factor), ("bid", action.bid_factor))
        if factor is not None
    ]
    if action.audiences is not None:
        found.append(f"target {' and '.join(action.audiences) or 'no audience'}")
    if action.targeting is not None:
        found.append("other ages" if action.targeting == "age" else "other targeting")
    if action.creatives:
        found.append("other creatives")
    if action.end is not None:
        found.append(f"end on day {action.end / DAY:g}")
    return [*found, "other hours of the week"] if action.dayparting is not None else found


def stop_first_text(rulebook: Rulebook) -> str:
    """Give the practice B4 as an imperative, as the setting ``stop_first`` reads it (R15)."""
    if rulebook.policy.stop_first is StopFirst.DELIVERING:
        return "stop what is in delivery and cancel what is scheduled first, then end the access"
    return "stop what spends less than planned and cancel what is scheduled first, then end the access"


def account_of(world: World, action: Action) -> str | None:
    """Give the ad account in which an action is done, or None for what is done in a Business Center."""
    match action:
        case do.Switch():
            return _account_of_object(world, action.kind, action.id)
        case do.SetTrackingPixel():
            return _account_of_object(world, "ad", action.ad)
        case do.SetAttribution() | do.CreateAd() | do.EditAdGroup():
            return _account_of_object(world, "ad_group", action.ad_group)
        case do.CreateAdGroup():
            return _account_of_object(world, "campaign", action.campaign)
        case do.CreateCampaign() | do.BuildAudience() | do.BuildLookalike() | do.CreatePixel() | do.SetPaymentMethod():
            return action.account
        case do.AssignAccount() | do.UnassignAccount() if action.bc is None:
            return action.account
        case do.ShareAudience() | do.UnshareAudience() | do.DeleteAudience():
            found = world.audiences.get(action.audience)
            return None if found is None else found.account
        case _:
            return None


def _account_of_object(world: World, kind: str, key: str) -> str | None:
    if kind == "campaign":
        return world.campaigns[key].account if key in world.campaigns else None
    if kind == "ad_group":
        return account_of_ad_group(world, key) if key in world.ad_groups else None
    return account_of_ad(world, key) if key in world.ads else None


def must(world: World, action: Action) -> str:
    """Say which role an action is for: who must do it."""
    account = account_of(world, action)
    if account is not None:
        admin = isinstance(action, do.CreatePixel | do.AssignAccount | do.UnassignAccount | do.SetPaymentMethod)
        return f"an Admin of ad account {account}" if admin else f"an Admin or Operator of ad account {account}"
    match action:
        case do.RevokeToken():
            token = world.tokens.get(action.token)
            holder = token.holder_bc if token is not None else "its holder"
            return f"an Admin of {holder} or of the pixel's owner"
        case do.EditPixel():
            return f"an editor of pixel {action.pixel}"
        case do.InstallPixel() | do.UninstallPixel():
            return f"whoever maintains website {action.website}"
        case do.LeavePerson():
            return ""
        case _:
            bc = getattr(action, "bc", None)
            return "anyone" if bc is None else f"an Admin of {bc}"
