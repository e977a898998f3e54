"""The alphabet of the explorer: a small world, and everything that people can do in it, one letter each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pixelsim.base.clock import DAY
from pixelsim.base.errors import InputError
from pixelsim.plan.wording import describe
from pixelsim.sharing import actions as do
from pixelsim.sharing.actions import Action
from pixelsim.sharing.engine import apply
from pixelsim.sharing.rulebook import Rulebook
from pixelsim.world.entities import (
    AccountRole,
    AdAccount,
    BusinessCenter,
    BusinessCenterType,
    BusinessRole,
    Person,
    PixelLevel,
)
from pixelsim.world.relations import AccountAssignment
from pixelsim.world.world import World

__all__ = ["PIXELS", "SWAPS", "Letter", "full_alphabet", "launch", "running_world", "small_world", "written"]

PIXELS = ("px_1", "px_2")
_HOMES = {"acc_own": "bc_own", "acc_reg": "bc_reg", "acc_p1": "bc_par", "acc_p2": "bc_par"}
_OPERATORS = {"acc_own": "ann", "acc_reg": "rob", "acc_p1": "pit", "acc_p2": "pit"}
_PARTNERS = ("acc_p1", "acc_p2")


@dataclass(frozen=True, slots=True)
class Letter:
    """One thing that somebody does in one sitting: a name, and the actions that it takes, at least one.

    A letter counts as refused when one of its actions is; then nothing of it is done.
    """

    name: str
    actions: tuple[Action, ...]

    @classmethod
    def of(cls, *actions: Action) -> Letter:
        """Make a letter from actions, named by who does what."""
        return cls(f"{actions[0].actor}: {'; '.join(describe(action) for action in actions)}", actions)


def _number(pixel: str) -> str:
    """Give a pixel of the small world its 19-digit number."""
    return pixel.removeprefix("px_").zfill(19)


def _swap(*pairs: tuple[str, str]) -> dict[str, str]:
    return {one: other for pair in pairs for one, other in (pair, pair[::-1])}


SWAPS: tuple[dict[str, str], ...] = (
    _swap(
        *((f"{kind}_p1", f"{kind}_p2") for kind in ("acc", "c", "g", "d")),
        ("au_p1_1", "au_p2_1"),
        ("au_p1_2", "au_p2_2"),
    ),
    _swap(PIXELS, (_number("px_1"), _number("px_2")), ("tk_1", "tk_2"), ("au_p1_1", "au_p1_2"), ("au_p2_1", "au_p2_2")),
)
"""What is alike in the small world: the two ad accounts of the partner, and the two pixels, with all that is theirs."""


def small_world() -> World:
    """Give a world of two Business Centers and a partner, four people and four ad accounts, and nothing else yet.

    ``bc_own`` (Admin ann) and ``bc_reg`` (Admin rob) are two brands that may create and own pixels; ``bc_par`` is the
    partner, an agency with the Admin pam, and pit, who runs the ads of its two accounts. Nobody is anybody's partner.
    """
    return World.of(
        BusinessCenter(id="bc_own", name="Owner"),
        BusinessCenter(id="bc_reg", name="Region"),
        BusinessCenter(id="bc_par", name="Partner", type=BusinessCenterType.AGENCY),
        *(Person(id=name, name=name) for name in ("ann", "rob", "pam", "pit")),
        *(AdAccount(id=key, name=key, owner_bc=home, created_from_bc=home) for key, home in _HOMES.items()),
        members={
            ("bc_own", "ann"): BusinessRole.ADMIN,
            ("bc_reg", "rob"): BusinessRole.ADMIN,
            ("bc_par", "pam"): BusinessRole.ADMIN,
            ("bc_par", "pit"): BusinessRole.STANDARD,
        },
        account_people={
            (account, person): AccountAssignment(
                role=AccountRole.OPERATOR if person == "pit" else AccountRole.ADMIN, via=_HOMES[account]
            )
            for account, person in _OPERATORS.items()
        },
    )


def launch(account: str, pixel: str, start: int = 0) -> Letter:
    """Give the letter that publishes an account's one campaign, with one ad group and one ad, on a pixel.

    Parameters
    ----------
    account
        Id of an ad account of :func:`small_world`.
    pixel
        Code of the pixel.
    start
        Steps of the clock until it starts, at least 0.
    """
    actor, tail = _OPERATORS[account], account.removeprefix("acc_")
    letter = Letter.of(
        do.CreateCampaign(actor=actor, account=account, campaign=f"c_{tail}"),
        do.CreateAdGroup(actor=actor, campaign=f"c_{tail}", ad_group=f"g_{tail}", pixel=pixel, start=start * DAY),
        do.CreateAd(actor=actor, ad_group=f"g_{tail}", ad=f"d_{tail}"),
    )
    when = f", to start in {start} step{'s' if start > 1 else ''}" if start else ""
    return Letter(f"{actor}: launch campaign c_{tail} in ad account {account} on pixel {pixel}{when}", letter.actions)


def _create(pixel: str, account: str, person: str) -> Action:
    return do.CreatePixel(actor=person, account=account, pixel=pixel, number=_number(pixel), name=pixel)


def _owning(pixel: str) -> list[Action]:
    return [
        _create(pixel, "acc_own", "ann"),
        do.TransferPixel(actor="ann", bc="bc_own", pixel=pixel),
        _create(pixel, "acc_reg", "rob"),
        do.TransferPixel(actor="rob", bc="bc_reg", pixel=pixel),
        do.EditPixel(actor="ann", pixel=pixel, setting="first_party_cookies", value=False),
        do.AssignPixel(actor="ann", bc="bc_own", pixel=pixel, person="pit", level=PixelLevel.EDIT),
        do.UnassignPixel(actor="ann", bc="bc_own", pixel=pixel, person="pit"),
    ]


def _sharing(pixel: str) -> list[Action]:
    return [
        do.SharePixel(actor="ann", bc="bc_own", pixel=pixel, partner="bc_par"),
        do.SharePixel(actor="ann", bc="bc_own", pixel=pixel, partner="bc_reg"),
        do.SharePixel(actor="rob", bc="bc_reg", pixel=pixel, partner="bc_own"),
        do.SharePixel(actor="rob", bc="bc_reg", pixel=pixel, partner="bc_par"),
        do.SharePixel(actor="pam", bc="bc_par", pixel=pixel, partner="bc_reg"),
        *(do.LinkPixel(actor="pam", bc="bc_par", pixel=pixel, account=account) for account in _PARTNERS),
        do.LinkPixel(actor="pam", bc="bc_par", pixel=pixel, account="acc_reg"),
        do.LinkPixel(actor="rob", bc="bc_reg", pixel=pixel, account="acc_reg"),
        do.LinkPixel(actor="ann", bc="bc_own", pixel=pixel, account="acc_reg"),
    ]


def _ending(pixel: str) -> list[Action]:
    tail = pixel.removeprefix("px_")
    return [
        do.UnsharePixel(actor="ann", bc="bc_own", pixel=pixel, partner="bc_par"),
        do.UnsharePixel(actor="ann", bc="bc_own", pixel=pixel, partner="bc_reg"),
        do.UnsharePixel(actor="rob", bc="bc_reg", pixel=pixel, partner="bc_par"),
        *(do.UnlinkPixel(actor="ann", bc="bc_own", pixel=pixel, account=account) for account in _PARTNERS),
        do.UnlinkPixel(actor="ann", bc="bc_own", pixel=pixel, account="acc_own"),
        do.IssueToken(actor="pam", bc="bc_par", pixel=pixel, token=f"tk_{tail}"),
        do.RevokeToken(actor="ann", token=f"tk_{tail}"),
    ]


def _people() -> list[Action]:
    return [
        do.RequestPartnership(actor="ann", bc="bc_own", partner="bc_par"),
        do.ApprovePartnership(actor="pam", bc="bc_par", partner="bc_own"),
        do.RemovePartner(actor="ann", bc="bc_own", partner="bc_par"),
        do.RequestPartnership(actor="ann", bc="bc_own", partner="bc_reg"),
        do.ApprovePartnership(actor="rob", bc="bc_reg", partner="bc_own"),
        do.GrantAccountAccess(actor="ann", bc="bc_own", account="acc_own", partner="bc_par"),
        do.RevokeAccountAccess(actor="ann", bc="bc_own", account="acc_own", partner="bc_par"),
        do.GrantAccountAccess(actor="rob", bc="bc_reg", account="acc_reg", partner="bc_own"),
        do.RevokeAccountAccess(actor="rob", bc="bc_reg", account="acc_reg", partner="bc_own"),
        do.AssignAccount(actor="ann", account="acc_own", person="pit"),
        do.UnassignAccount(actor="ann", account="acc_own", person="pit"),
        *(do.AssignAccount(actor="pam", bc="bc_par", account=account, person="pam") for account in _PARTNERS),
        do.AddMember(actor="ann", bc="bc_own", person="pit"),
        do.RemoveMember(actor="ann", bc="bc_own", person="pit"),
        do.LeavePerson(actor="pit"),
        do.LeavePerson(actor="pam"),
    ]


def _running() -> list[Action]:
    found: list[Action] = []
    for group in ("g_p1", "g_p2"):
        found += [do.Switch(actor="pit", kind="ad_group", id=group, to="off")]
        found += [do.Switch(actor="pit", kind="ad_group", id=group, to="on")]
        found += [do.Switch(actor="pit", kind="ad_group", id=group, to="deleted")]
        found += [do.EditAdGroup(actor="pit", ad_group=group, creatives=True)]
    for account in _PARTNERS:
        for pixel in PIXELS:
            key = f"au_{account.removeprefix('acc_')}_{pixel.removeprefix('px_')}"
            found.append(do.BuildAudience(actor="pit", account=account, audience=key, pixel=pixel))
    return found


def full_alphabet() -> tuple[Letter, ...]:
    """Give the alphabet of the small world: owning, sharing, linking, using, ending, and people coming and going.

    It holds attempts that the rules always refuse (sharing on what was received, unlinking the creating account), so
    that a rule that lets them through is found.
    """
    singles = [*_people(), *_running()]
    for pixel in PIXELS:
        singles += [*_owning(pixel), *_sharing(pixel), *_ending(pixel)]
    launches = [launch(account, pixel) for account in _HOMES for pixel in PIXELS]
    launches += [launch(account, pixel, start=1) for account in _PARTNERS for pixel in PIXELS]
    return (*(Letter.of(action) for action in singles), *launches)


def written(world: World, letters: Iterable[Letter], rulebook: Rulebook) -> World:
    """Give the world after some letters, one after the other at the clock's start.

    Raises
    ------
    InputError
        The rules refuse one of them.
    """
    for letter in letters:
        for action in letter.actions:
            outcome = apply(world, action, rulebook, 0)
            if not outcome.decision.allowed:
                raise InputError.single(
                    "letters",
                    field="action",
                    value=letter.name,
                    rule="an action that is allowed at that point",
                    remedy=f"repair it: {outcome.decision}",
                )
            world = outcome.world
    return world


def running_world() -> World:
    """Give the small world in full swing, made by the product's own actions.

    ``px_1`` and ``px_2`` belong to ``bc_own``; ``px_1`` is shared with the region and the partner, and four campaigns
    use it: those of the owner and of the partner's two accounts run, that of the region starts in two steps.
    """
    singles: list[Action] = []
    for pixel in PIXELS:
        singles += _owning(pixel)[:2]
    singles += [
        do.SharePixel(actor="ann", bc="bc_own", pixel="px_1", partner="bc_par"),
        do.SharePixel(actor="ann", bc="bc_own", pixel="px_1", partner="bc_reg"),
        *(do.LinkPixel(actor="pam", bc="bc_par", pixel="px_1", account=account) for account in _PARTNERS),
        do.LinkPixel(actor="rob", bc="bc_reg", pixel="px_1", account="acc_reg"),
    ]
    letters = [Letter.of(action) for action in singles]
    letters += [launch(account, "px_1") for account in ("acc_own", *_PARTNERS)]
    return written(small_world(), [*letters, launch("acc_reg", "px_1", start=2)], Rulebook())
