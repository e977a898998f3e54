"""The lists of pixels that people and ad accounts are shown, and why an expected one is missing (P01, P03, P05)."""

from __future__ import annotations

from dataclasses import dataclass

from pixelsim.sharing.causes import Cause
from pixelsim.sharing.checks import bc_refusal, person_refusal, pixel_access_refusal, unknown_id
from pixelsim.sharing.decision import Decision, allow, refuse
from pixelsim.sharing.visibility import may_see
from pixelsim.world.entities import BusinessRole
from pixelsim.world.queries import account_role_of_business, is_linked, share_in_force
from pixelsim.world.world import World

__all__ = ["PixelList", "list_pixels", "pixels_in", "usable_pixels", "visible_pixels"]

_WORTH_TELLING = (Cause.OWNED_NOT_LINKED, Cause.PENDING, Cause.REVOKED)


@dataclass(frozen=True, slots=True)
class PixelList:
    """A list of pixels as it is shown, with what the screen does not say.

    Parameters
    ----------
    decision
        Whether the list could be given at all; it is a refusal for unknown ids and people who left.
    pixels
        Codes of the pixels shown, ascending.
    missing
        Pairs (code, refusal) of pixels that one would expect and that are not shown.
    hint
        What would help, or an empty text.
    """

    decision: Decision
    pixels: tuple[str, ...] = ()
    missing: tuple[tuple[str, Decision], ...] = ()
    hint: str = ""

    def __str__(self) -> str:
        if not self.decision.allowed:
            return str(self.decision)
        lines = [", ".join(self.pixels) or "no pixels"]
        lines += [f"  not {pixel}: {decision}" for pixel, decision in self.missing]
        return "\n".join([*lines, *([f"  {self.hint}"] if self.hint else [])])


def usable_pixels(world: World, account: str) -> PixelList:
    """List the pixels that an ad account can pick, and why others of its businesses are missing (P01).

    Missing are pixels that its own Business Center, or one with a role on the account, has but did not link; those
    whose partnership is pending; and those whose access was revoked. Pixels of strangers are not named.
    """
    if account not in world.ad_accounts:
        return PixelList(unknown_id("R16", "ad account", account))
    pixels: list[str] = []
    missing: list[tuple[str, Decision]] = []
    for pixel in sorted(world.pixels):
        refusal = pixel_access_refusal(world, "R16", pixel, account)
        if refusal is None:
            pixels.append(pixel)
        elif refusal.cause in _WORTH_TELLING:
            missing.append((pixel, refusal))
    return PixelList(allow("R16"), tuple(pixels), tuple(missing))


def visible_pixels(world: World, person: str) -> list[str]:
    """List the pixels whose data a person sees, through any role on any ad account or an assignment (R17, P03)."""
    return [pixel for pixel in sorted(world.pixels) if may_see(world, person, pixel).allowed]


def list_pixels(world: World, person: str, active_bc: str | None = None) -> PixelList:
    """List the pixels that a person finds with a Business Center open on the screen (P05).

    An Admin finds every pixel that the Business Center owns or that is shared with it; other members find those whose
    data they may see and that the Business Center, or one of the ad accounts it has a role on, has.

    Parameters
    ----------
    active_bc
        The Business Center that is open; None stands for all of the person's together, and what they see by name.

    Returns
    -------
    PixelList
        An empty list from a wrong Business Center carries a hint that counts what the others would show, and names
        none of it.
    """
    refusal = person_refusal(world, "R17", person)
    if refusal is None and active_bc is not None:
        refusal = bc_refusal(world, "R17", active_bc)
        if refusal is None and (active_bc, person) not in world.members:
            refusal = refuse("R17", Cause.NOT_A_MEMBER, person=person, bc=active_bc)
    if refusal is not None:
        return PixelList(refusal)
    homes = sorted(bc for bc, member in world.members if member == person)
    if active_bc is None:
        found = {pixel for bc in homes for pixel in pixels_in(world, person, bc)}
        return PixelList(allow("R17"), tuple(sorted(found.union(visible_pixels(world, person)))))
    pixels = pixels_in(world, person, active_bc)
    elsewhere = [
        f"{len(others)} pixel{'s' if len(others) > 1 else ''} in Business Center {bc}"
        for bc in homes
        if bc != active_bc and (others := set(pixels_in(world, person, bc)).difference(pixels))
    ]
    hint = f"{person} can see {', '.join(elsewhere)}; switch to it" if elsewhere and not pixels else ""
    return PixelList(allow("R17"), tuple(pixels), hint=hint)


def pixels_in(world: World, person: str, bc: str) -> list[str]:
    """List the pixels that a member of a Business Center finds with it open, by code."""
    admin = world.members[bc, person] is BusinessRole.ADMIN
    found: list[str] = []
    for code, pixel in sorted(world.pixels.items()):
        held = pixel.owner_bc == bc or share_in_force(world, code, bc)
        if held and admin:
            found.append(code)
            continue
        reached = held or any(
            is_linked(world, code, account) and account_role_of_business(world, bc, account) is not None
            for account in world.ad_accounts
        )
        if reached and may_see(world, person, code).allowed:
            found.append(code)
    return found
