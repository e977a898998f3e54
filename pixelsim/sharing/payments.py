"""P34: payment methods are shared too, with the opposite default: withdrawn, everything billed through them stops."""

from __future__ import annotations

from pixelsim.sharing.actions import SetPaymentMethod, SharePayment, UnsharePayment
from pixelsim.sharing.causes import Cause
from pixelsim.sharing.checks import account_role_refusal, admin_refusal, bc_refusal, unknown_id
from pixelsim.sharing.decision import Decision, allow, refuse
from pixelsim.sharing.rulebook import Rulebook
from pixelsim.world.entities import AccountRole
from pixelsim.world.queries import partnership_status
from pixelsim.world.relations import RelationStatus
from pixelsim.world.world import World

__all__ = ["may_set_payment_method", "may_share_payment", "may_unshare_payment"]


def _owner_refusal(world: World, action: SharePayment | UnsharePayment) -> Decision | None:
    """Refuse who is no Admin of the Business Center that owns a payment method."""
    refusal = admin_refusal(world, "P34", action.actor, action.bc) or bc_refusal(world, "P34", action.partner)
    if refusal is not None:
        return refusal
    method = world.payment_methods.get(action.payment)
    if method is None:
        return unknown_id("P34", "payment method", action.payment)
    if method.owner_bc != action.bc:
        what = f"Payment method {method.id}"
        return refuse("P34", Cause.NOT_OWNER, what=what, owner=method.owner_bc, bc=action.bc)
    return None


def may_share_payment(world: World, action: SharePayment, _rulebook: Rulebook, _at: int) -> Decision:
    """P34: an Admin of the owning Business Center lets a bound partner be billed through a payment method."""
    bc, partner = action.bc, action.partner
    refusal = _owner_refusal(world, action)
    if refusal is not None:
        return refusal
    if bc == partner:
        return refuse("P34", Cause.SELF_SHARE, bc=bc)
    if partnership_status(world, bc, partner) is not RelationStatus.BOUND:
        return refuse("P34", Cause.NOT_PARTNER, bc=bc, partner=partner)
    if (action.payment, partner) in world.payment_shares:
        what = f"payment method {action.payment} is shared with Business Center {partner} already"
        return refuse("P34", Cause.ALREADY_SO, what=what)
    return allow("P34")


def may_unshare_payment(world: World, action: UnsharePayment, _rulebook: Rulebook, _at: int) -> Decision:
    """P34: the owner withdraws a payment method; no guard watches this, and all that it pays for stops at once."""
    refusal = _owner_refusal(world, action)
    if refusal is None and (action.payment, action.partner) not in world.payment_shares:
        return refuse("P34", Cause.NOT_SHARED, what=f"Payment method {action.payment}", partner=action.partner)
    return refusal or allow("P34")


def may_set_payment_method(world: World, action: SetPaymentMethod, _rulebook: Rulebook, _at: int) -> Decision:
    """P34: an Admin of an ad account chooses a method of its Business Center, a lent one, or the account's own."""
    account, payment = action.account, action.payment
    refusal = account_role_refusal(world, "P34", action.actor, account, AccountRole.ADMIN)
    if refusal is not None:
        return refusal
    found = world.ad_accounts[account]
    if payment is not None:
        method = world.payment_methods.get(payment)
        if method is None:
            return unknown_id("P34", "payment method", payment)
        home = found.owner_bc
        if home is None or (method.owner_bc != home and (payment, home) not in world.payment_shares):
            partner = home or f"of ad account {account}"
            return refuse("P34", Cause.NOT_SHARED, what=f"Payment method {payment}", partner=partner)
    if found.payment_method == payment:
        return refuse("P34", Cause.ALREADY_SO, what=f"ad account {account} is billed that way already")
    return allow("P34")
