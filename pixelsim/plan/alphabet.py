"""The alphabet of the explorer: small worlds, and everything that people can do in them, one letter each."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass

from pixelsim.base.clock import DAY
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

__all__ = ["ACCOUNTS", "CLOCK", "PIXELS", "Letter", "full_alphabet", "launch", "small_world"]

PIXELS = ("px_1", "px_2")
ACCOUNTS = {"acc_own": "bc_own", "acc_reg": "bc_reg", "acc_p1": "bc_par", "acc_p2": "bc_par"}
"""The four ad accounts and the Business Center that owns each."""
_OPERATORS = {"acc_own": "ann", "acc_reg": "rob", "acc_p1": "pit", "acc_p2": "pit"}


@dataclass(frozen=True, slots=True)
class Letter:
    """One thing that somebody does in one sitting: a name, and the actions that it takes; no action is the clock.

    A letter counts as refused when one of its actions is; then nothing of it is done.
    """

    name: str
    actions: tuple[Action, ...]

    @classmethod
    def of(cls, *actions: Action, name: str = "") -> Letter:
        """Make a letter from actions, named by what they do."""
        return cls(name or f"{actions[0].actor}: {'; '.join(describe(action) for action in actions)}", actions)

    @property
    def is_clock(self) -> bool:
        """Whether it is nobody's act but the clock's next step."""
        return not self.actions


CLOCK = Letter("the clock goes on by one step", ())
"""The letter by which scheduled ad groups come to their start, and reviews and deadlines pass."""


def small_world() -> World:
    """Give a world of two Business Centers and a partner, four people and four ad accounts, and nothing else yet.

    ``bc_own`` (Admin ann) will own the pixels; ``bc_reg`` (Admin rob) is a second brand; ``bc_par`` is the partner,
    an agency with the Admin pam, and pit, who runs the ads of its two accounts. Nobody is a partner of anybody.
    """
    agency = BusinessCenterType.AGENCY
    people = ("ann", "rob", "pam", "pit")
    return World.of(
        BusinessCenter(id="bc_own", name="Owner"),
        BusinessCenter(id="bc_reg", name="Region"),
        BusinessCenter(id="bc_par", name="Partner", type=agency),
        *(Person(id=name, name=name) for name in people),
        *(AdAccount(id=key, name=key, owner_bc=home, created_from_bc=home) for key, home in ACCOUNTS.items()),
        members={
            ("bc_own", "ann"): BusinessRole.ADMIN,
            ("bc_reg", "rob"): BusinessRole.ADMIN,
            ("bc_par", "pam"): BusinessRole.ADMIN,
            ("bc_par", "pit"): BusinessRole.STANDARD,
        },
        account_people={
            (account, person): AccountAssignment(
                role=AccountRole.OPERATOR if person == "pit" else AccountRole.ADMIN, via=ACCOUNTS[account]
            )
            for account, person in _OPERATORS.items()
        },
    )


def launch(account: str, pixel: str, *, start: int = 0, suffix: str = "") -> Letter:
    """Give the letter that publishes an account's campaign, with one ad group and one ad, on a pixel.

    Parameters
    ----------
    account
        Id of an account of :data:`ACCOUNTS`.
    pixel
        Code of the pixel.
    start
        Steps of the clock until its start, at least 0.
    suffix
        Ending of the ids, to tell several campaigns of one account apart.
    """
    actor, tail = _OPERATORS[account], account.removeprefix("acc_") + suffix
    group = do.CreateAdGroup(
        actor=actor, campaign=f"c_{tail}", ad_group=f"g_{tail}", pixel=pixel, start=start * DAY
    )
    when = f", to start in {start} step{'s' if start > 1 else ''}" if start else ""
    return Letter.of(
        do.CreateCampaign(actor=actor, account=account, campaign=f"c_{tail}"),
        group,
        do.CreateAd(actor=actor, ad_group=f"g_{tail}", ad=f"d_{tail}"),
        name=f"{actor}: launch campaign c_{tail} in ad account {account} on pixel {pixel}{when}",
    )


def _creating() -> list[Letter]:
    letters = []
    for pixel in PIXELS:
        for bc, account, person in (("bc_own", "acc_own", "ann"), ("bc_reg", "acc_reg", "rob")):
            number = pixel.removeprefix("px_").zfill(19)
            letters += [
                Letter.of(do.CreatePixel(actor=person, account=account, pixel=pixel, number=number, name=pixel)),
                Letter.of(do.TransferPixel(actor=person, bc=bc, pixel=pixel)),
            ]
    return letters


def _partnering() -> list[Letter]:
    letters = []
    for one, person, other, answer in (("bc_own", "ann", "bc_par", "pam"), ("bc_own", "ann", "bc_reg", "rob")):
        letters += [
            Letter.of(do.RequestPartnership(actor=person, bc=one, partner=other)),
            Letter.of(do.ApprovePartnership(actor=answer, bc=other, partner=one)),
            Letter.of(do.RemovePartner(actor=person, bc=one, partner=other)),
        ]
    return letters


def _giving() -> list[Letter]:
    letters = []
    for pixel in PIXELS:
        letters += [
            Letter.of(do.SharePixel(actor="ann", bc="bc_own", pixel=pixel, partner="bc_par")),
            Letter.of(do.SharePixel(actor="ann", bc="bc_own", pixel=pixel, partner="bc_reg")),
            Letter.of(do.SharePixel(actor="pam", bc="bc_par", pixel=pixel, partner="bc_reg")),
            Letter.of(do.LinkPixel(actor="pam", bc="bc_par", pixel=pixel, account="acc_p1")),
            Letter.of(do.LinkPixel(actor="pam", bc="bc_par", pixel=pixel, account="acc_p2")),
            Letter.of(do.LinkPixel(actor="rob", bc="bc_reg", pixel=pixel, account="acc_reg")),
            Letter.of(do.LinkPixel(actor="pam", bc="bc_par", pixel=pixel, account="acc_reg")),
        ]
    return letters


def _people() -> list[Letter]:
    letters = [
        Letter.of(do.GrantAccountAccess(actor="ann", bc="bc_own", account="acc_own", partner="bc_par")),
        Letter.of(do.RevokeAccountAccess(actor="ann", bc="bc_own", account="acc_own", partner="bc_par")),
        Letter.of(do.GrantAccountAccess(actor="rob", bc="bc_reg", account="acc_reg", partner="bc_own")),
        Letter.of(do.RevokeAccountAccess(actor="rob", bc="bc_reg", account="acc_reg", partner="bc_own")),
        Letter.of(do.AssignAccount(actor="ann", account="acc_own", person="pit")),
        Letter.of(do.UnassignAccount(actor="ann", account="acc_own", person="pit")),
        Letter.of(do.LeavePerson(actor="pit")),
    ]
    for account in ("acc_p1", "acc_p2"):
        letters += [
            Letter.of(do.AssignAccount(actor="pam", bc="bc_par", account=account, person="pam")),
        ]
    return letters


def _using() -> list[Letter]:
    letters = [launch(account, pixel) for account in ("acc_p1", "acc_p2", "acc_own", "acc_reg") for pixel in PIXELS]
    letters += [launch(account, pixel, start=1) for account in ("acc_p1", "acc_p2") for pixel in PIXELS]
    for group in ("g_p1", "g_p2"):
        letters += [
            Letter.of(do.Switch(actor="pit", kind="ad_group", id=group, to="off")),
            Letter.of(do.Switch(actor="pit", kind="ad_group", id=group, to="on")),
            Letter.of(do.Switch(actor="pit", kind="ad_group", id=group, to="deleted")),
        ]
    for account in ("acc_p1", "acc_p2"):
        for pixel in PIXELS:
            letters.append(Letter.of(do.BuildAudience(actor="pit", account=account, audience=f"au_{account[4:]}_{pixel[3:]}", pixel=pixel)))
    return letters


def _ending() -> list[Letter]:
    letters = []
    for pixel in PIXELS:
        letters += [
            Letter.of(do.UnsharePixel(actor="ann", bc="bc_own", pixel=pixel, partner="bc_par")),
            Letter.of(do.UnsharePixel(actor="ann", bc="bc_own", pixel=pixel, partner="bc_reg")),
            Letter.of(do.UnlinkPixel(actor="ann", bc="bc_own", pixel=pixel, account="acc_p1")),
            Letter.of(do.UnlinkPixel(actor="ann", bc="bc_own", pixel=pixel, account="acc_p2")),
            Letter.of(do.EditPixel(actor="ann", pixel=pixel, setting="first_party_cookies", value=False)),
            Letter.of(do.IssueToken(actor="pam", bc="bc_par", pixel=pixel, token=f"tk_{pixel[3:]}")),
            Letter.of(do.RevokeToken(actor="ann", token=f"tk_{pixel[3:]}")),
        ]
    return letters


def full_alphabet() -> tuple[Letter, ...]:
    """x."""
    return (*_creating(), *_partnering(), *_giving(), *_people(), *_using(), *_ending())
