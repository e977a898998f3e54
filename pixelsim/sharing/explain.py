"""Why, or why not: one question about who may do what with which pixel, answered with rule, cause and repairs.

::

    explain(world, "ann", "see", "px_1")                      # a person, or an ad account
    explain(world, "ann", "use", ("px_1", "acc_1"))           # ads with the pixel in that ad account, or in any
    explain(world, "ann", "build audience", ("px_1", "acc_1"))
    explain(world, "ann", "edit", "px_1")                     # also "change log", "test events", "diagnostics"
    explain(world, "ann", "share", ("px_1", "bc_p"))          # also "unshare"; from any Business Center of hers,
    explain(world, "ann", "link", ("px_1", "acc_1"), active_bc="bc_a")   # or from the one that is open; also "unlink"
    explain(world, "ann", "transfer", "px_1", active_bc="bc_a")
    explain(world, "ann", "create campaign", "acc_1")         # also "create pixel"
    explain(world, "tok_1", "send", "px_1")                   # a server token
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from pixelsim.base.errors import InputError, UnknownNameError
from pixelsim.sharing.actions import Action, LinkPixel, SharePixel, TransferPixel, UnlinkPixel, UnsharePixel
from pixelsim.sharing.causes import Cause
from pixelsim.sharing.checks import (
    account_role_refusal,
    admin_refusal,
    availability_refusal,
    bc_refusal,
    person_refusal,
    pixel_access_refusal,
    unknown_id,
)
from pixelsim.sharing.coverage import Reads
from pixelsim.sharing.decision import Decision, allow, refuse, unknown
from pixelsim.sharing.editing import edit_decision
from pixelsim.sharing.engine import decide
from pixelsim.sharing.granting import owner_share_refusal
from pixelsim.sharing.listing import pixels_in
from pixelsim.sharing.rulebook import Rulebook
from pixelsim.sharing.tokens import may_send
from pixelsim.sharing.visibility import account_may_see, may_see
from pixelsim.world.entities import AccountRole
from pixelsim.world.queries import account_role_of_person, accounts_of_person, share_in_force
from pixelsim.world.world import World

__all__ = ["VERBS", "explain"]


@dataclass(frozen=True, slots=True)
class _Question:
    world: World
    who: str
    on: tuple[str, ...]
    active_bc: str | None
    rulebook: Rulebook
    at: int
    reads: Reads

    @property
    def first(self) -> str:
        """What it is about: a pixel, or an ad account."""
        return self.on[0]

    @property
    def second(self) -> str | None:
        """The ad account or partner that it is about besides, if any."""
        return self.on[1] if len(self.on) > 1 else None

    @property
    def owner(self) -> str | None:
        """The Business Center that owns the pixel, if any."""
        found = self.world.pixels.get(self.first)
        return None if found is None else found.owner_bc

    def homes(self) -> list[str]:
        """List the person's Business Centers: the one that owns the pixel, those it is shared with, the rest."""
        found = sorted(bc for bc, member in self.world.members if member == self.who)
        found.sort(key=lambda bc: (bc != self.owner, not share_in_force(self.world, self.first, bc)))
        return found

    def link_decision(self, rule: str, account: str) -> Decision:
        """Answer for one ad account: whether it has access to the pixel, as far as that could be read (P07)."""
        exists = self.first in self.world.pixels and account in self.world.ad_accounts
        if exists and not self.reads.source(self.first, account):
            what = f"the link of pixel {self.first} and ad account {account}"
            return unknown(rule, Cause.NOT_READABLE, what=what)
        if rule == "R17":
            return account_may_see(self.world, account, self.first)
        return pixel_access_refusal(self.world, rule, self.first, account) or allow(rule)


def explain(
    world: World,
    who: str,
    what: str,
    on: str | tuple[str, ...],
    *,
    active_bc: str | None = None,
    rulebook: Rulebook | None = None,
    at: int = 0,
    readable: Reads | None = None,
) -> Decision:
    """Answer who may do what, with the rule, the cause and what would repair a refusal.

    Parameters
    ----------
    world
        The state in force.
    who
        Id of a person; of an ad account for "see", "use" and "build audience"; of a token for "send".
    what
        One of :data:`VERBS`; underscores and capitals do not matter.
    on
        A pixel or an ad account, or a pair of a pixel and the ad account or partner that it is about.
    active_bc
        The Business Center that is open on the person's screen; None tries all that the person is a member of.
    rulebook
        Unshare policy, settings and limits; the documented ones by default.
    at
        Milliseconds since the scenario's start.
    readable
        What could be read of the links; everything by default. An answer that hangs on something else is unknown.

    Returns
    -------
    Decision
        Yes, no or unknown; unknown ids and people who left are refusals too.

    Raises
    ------
    UnknownNameError
        There is no such verb.
    InputError
        ``on`` names too few or too many things for the verb.
    """
    verb = " ".join(what.replace("_", " ").lower().split())
    if verb not in _ANSWERS:
        raise UnknownNameError("verb", what, VERBS)
    things, answer = _ANSWERS[verb]
    named = (on,) if isinstance(on, str) else on
    if len(named) not in things:
        rule = " or ".join(_COUNTS[count] for count in things)
        raise InputError.single("explain", field="on", value=named, rule=rule, remedy=f"name what to {verb!r}")
    return answer(_Question(world, who, named, active_bc, rulebook or Rulebook(), at, readable or Reads()))


_COUNTS = {1: "one id", 2: "a pair of a pixel and an ad account or partner"}


def _best(decisions: Iterable[Decision], otherwise: Decision) -> Decision:
    """Give the first yes; else the first unknown; else ``otherwise``."""
    held = list(decisions)
    for decision in held:
        if decision.allowed:
            return decision
    for decision in held:
        if not decision.refused:
            return decision
    return otherwise


def _see(q: _Question) -> Decision:
    world, pixel = q.world, q.first
    if q.who in world.ad_accounts and q.who not in world.people:
        return q.link_decision("R17", q.who)
    if q.second is not None:
        refusal = account_role_refusal(world, "R17", q.who, q.second, AccountRole.ANALYST, active_bc=q.active_bc)
        return refusal or q.link_decision("R17", q.second)
    whole = may_see(world, q.who, pixel)
    if whole.rule != "R10":
        whole = _best((q.link_decision("R17", account) for account in accounts_of_person(world, q.who)), whole)
    return _from_here(q, whole) if whole.allowed and q.active_bc is not None else whole


def _from_here(q: _Question, decision: Decision) -> Decision:
    """Refuse a pixel that the open Business Center does not show, where another one of the person's does (P05)."""
    world, active = q.world, q.active_bc or ""
    refusal = bc_refusal(world, "R17", active)
    if refusal is not None:
        return refusal
    shown = [bc for bc in q.homes() if q.first in pixels_in(world, q.who, bc)]
    if active in shown or not shown:
        return decision
    return refuse("R17", Cause.WRONG_BC, person=q.who, bc=active, asset=f"pixel {q.first}", other=shown[0])


def _use(q: _Question, rule: str = "R16") -> Decision:
    world = q.world
    if q.who in world.ad_accounts and q.who not in world.people:
        return q.link_decision(rule, q.who)

    def in_account(account: str) -> Decision:
        refusal = account_role_refusal(world, rule, q.who, account, AccountRole.OPERATOR, active_bc=q.active_bc)
        return refusal or q.link_decision(rule, account)

    if q.second is not None:
        return in_account(q.second)
    refusal = person_refusal(world, rule, q.who)
    if refusal is None and q.first not in world.pixels:
        refusal = unknown_id(rule, "pixel", q.first)
    if refusal is not None:
        return refusal
    held = [in_account(account) for account in accounts_of_person(world, q.who)]
    asset = f"pixel {q.first} or an ad account with it"
    return _best(held, held[0] if held else refuse(rule, Cause.ASSET_NOT_ASSIGNED, person=q.who, asset=asset))


def _build_audience(q: _Question) -> Decision:
    return _use(q, "R18")


def _edit(q: _Question) -> Decision:
    world, pixel = q.world, q.first
    decision = edit_decision(world, q.who, pixel, q.rulebook)
    if pixel not in world.pixels or q.who not in world.people or world.people[q.who].left or q.reads.pixel(pixel):
        return decision
    creator = world.pixels[pixel].creator
    if q.reads.account(creator) and account_role_of_person(world, creator, q.who) is AccountRole.ADMIN:
        return decision
    return unknown("R21", Cause.NOT_READABLE, what=f"who may edit pixel {pixel}")


def _share_at_all(q: _Question, bc: str) -> Decision:
    """R08: whether a person may share a pixel from a Business Center, whoever the partner would be."""
    return (
        admin_refusal(q.world, "R08", q.who, bc)
        or owner_share_refusal(q.world, q.first, bc, None)
        or availability_refusal(q.world, bc, None, q.rulebook)
        or allow("R08")
    )


def _share(q: _Question) -> Decision:
    partner = q.second
    if partner is None:
        return _acting(q, "R08", lambda bc: _share_at_all(q, bc))
    return _acting_by(q, "R08", lambda bc: SharePixel(actor=q.who, bc=bc, pixel=q.first, partner=partner))


def _unshare(q: _Question) -> Decision:
    return _acting_by(q, "R14", lambda bc: UnsharePixel(actor=q.who, bc=bc, pixel=q.first, partner=q.on[1]))


def _link(q: _Question) -> Decision:
    return _acting_by(q, "R07", lambda bc: LinkPixel(actor=q.who, bc=bc, pixel=q.first, account=q.on[1]))


def _unlink(q: _Question) -> Decision:
    return _acting_by(q, "R12", lambda bc: UnlinkPixel(actor=q.who, bc=bc, pixel=q.first, account=q.on[1]))


def _transfer(q: _Question) -> Decision:
    return _acting_by(q, "R04", lambda bc: TransferPixel(actor=q.who, bc=bc, pixel=q.first))


def _acting_by(q: _Question, rule: str, action: Callable[[str], Action]) -> Decision:
    return _acting(q, rule, lambda bc: decide(q.world, action(bc), q.rulebook, q.at))


def _acting(q: _Question, rule: str, ask: Callable[[str], Decision]) -> Decision:
    """Ask for the open Business Center, or for all of the person's; name the right one where the open one is wrong."""
    world, pixel, active = q.world, q.first, q.active_bc
    refusal = person_refusal(world, rule, q.who)
    if refusal is None and pixel not in world.pixels and rule != "R04":
        refusal = unknown_id(rule, "pixel", pixel)
    if refusal is not None:
        return refusal
    if not q.reads.pixel(pixel):
        return unknown(rule, Cause.NOT_READABLE, what=f"pixel {pixel}")
    homes = q.homes()
    if active is not None:
        decision = ask(active)
        if decision.allowed or active not in world.business_centers:
            return decision
        for bc in homes:
            if bc != active and ask(bc).allowed:
                return refuse(rule, Cause.WRONG_BC, person=q.who, bc=active, asset=f"pixel {pixel}", other=bc)
        return decision
    if not homes:
        return refuse(rule, Cause.NOT_A_MEMBER, person=q.who, bc=q.owner or "of any kind")
    decisions = [ask(bc) for bc in homes]
    return _best(decisions, decisions[0])


def _create_campaign(q: _Question) -> Decision:
    refusal = account_role_refusal(q.world, "R16", q.who, q.first, AccountRole.OPERATOR, active_bc=q.active_bc)
    return refusal or allow("R16")


def _create_pixel(q: _Question) -> Decision:
    refusal = account_role_refusal(q.world, "R02", q.who, q.first, AccountRole.ADMIN, active_bc=q.active_bc)
    return refusal or allow("R02")


def _send(q: _Question) -> Decision:
    token = q.world.tokens.get(q.who)
    if token is not None and token.pixel != q.first:
        return refuse("R14", Cause.NO_ACCESS, who=f"Token {q.who}", pixel=q.first, owner=f"pixel {q.first}'s owner")
    return may_send(q.world, q.who)


_ANSWERS: dict[str, tuple[tuple[int, ...], Callable[[_Question], Decision]]] = {
    "see": ((1, 2), _see),
    "use": ((1, 2), _use),
    "build audience": ((1, 2), _build_audience),
    "edit": ((1,), _edit),
    "change log": ((1,), _edit),
    "test events": ((1,), _edit),
    "diagnostics": ((1,), _edit),
    "share": ((1, 2), _share),
    "unshare": ((2,), _unshare),
    "link": ((2,), _link),
    "unlink": ((2,), _unlink),
    "transfer": ((1,), _transfer),
    "create campaign": ((1,), _create_campaign),
    "create pixel": ((1,), _create_pixel),
    "send": ((1,), _send),
}
VERBS = tuple(_ANSWERS)
"""What can be asked about."""
