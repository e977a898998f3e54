"""Everybody's access in one table, and what a departed partner or person still reaches (P28, P29)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pixelsim.base.errors import UnknownNameError
from pixelsim.sharing.decision import Decision
from pixelsim.sharing.editing import edit_decision
from pixelsim.sharing.explain import explain
from pixelsim.sharing.frames import table
from pixelsim.sharing.rulebook import Rulebook
from pixelsim.sharing.visibility import api_relation, label
from pixelsim.world.entities import AccountRole, BusinessRole, PixelLevel
from pixelsim.world.queries import (
    account_role_of_business,
    account_role_of_person,
    accounts_of_pixel,
    pixel_level_of_person,
    share_in_force,
)
from pixelsim.world.world import World

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Reach", "access_matrix", "residual", "residual_access"]

_VERBS = ("see", "use", "edit", "share")


def access_matrix(world: World, rulebook: Rulebook) -> pd.DataFrame:
    """Tell for every person, ad account and pixel who may see, use, edit and share.

    Parameters
    ----------
    world
        The state in force.
    rulebook
        Unshare policy, settings and limits.

    Returns
    -------
    DataFrame
        One row for each person, ad account and pixel, by their ids. ``role`` is the person's role on the account (empty
        for none), ``label`` and ``relation`` are the account's to the pixel (R19, R20). ``see`` (R17, or R10 where the
        pixel was assigned) and ``use`` (R16) are the person's in that account; ``edit`` (R21) and ``share`` (R08, from
        any Business Center of the person's) do not depend on it. Each is ``"yes"`` or ``"no"``, with ``..._rule`` and
        ``..._cause`` beside it.
    """
    rows: list[tuple[str, ...]] = []
    for pixel in sorted(world.pixels):
        labels = {a: (label(world, pixel, a).value, api_relation(world, pixel, a).value) for a in world.ad_accounts}
        for person in sorted(world.people):
            edit = edit_decision(world, person, pixel, rulebook)
            share = explain(world, person, "share", pixel, rulebook=rulebook)
            assigned = pixel_level_of_person(world, pixel, person) is not None
            for account in sorted(world.ad_accounts):
                role = account_role_of_person(world, account, person)
                see = explain(world, person, "see", pixel if assigned else (pixel, account), rulebook=rulebook)
                use = explain(world, person, "use", (pixel, account), rulebook=rulebook)
                answers = [text for d in (see, use, edit, share) for text in _answer(d)]
                rows.append((person, account, pixel, role.value if role else "", *labels[account], *answers))
    columns = [name for verb in _VERBS for name in (verb, f"{verb}_rule", f"{verb}_cause")]
    return table(rows, ["person", "account", "pixel", "role", "label", "relation", *columns])


def _answer(decision: Decision) -> tuple[str, str, str]:
    return decision.verdict.value, decision.rule, decision.cause.value


@dataclass(frozen=True, slots=True)
class Reach:
    """One thing that somebody still reaches.

    Parameters
    ----------
    kind
        ``"person"``, ``"token"``, ``"ad account"``, ``"business center"`` or ``"payment method"``.
    who
        Id of who, or what, reaches.
    reach
        What can be done, in words that name the asset.
    through
        The Business Center that it comes through, ``"by name"``, ``"owner"``, ``"granted"`` or ``"shared"``.
    rule
        Id of the rule or field case that lets it last.
    remedy
        What would end it.
    """

    kind: str
    who: str
    reach: str
    through: str
    rule: str
    remedy: str


def residual_access(world: World, pixel: str, *, after: str) -> pd.DataFrame:
    """Tell what a departed partner or person still reaches of a pixel; an empty table says that nothing is left.

    Parameters
    ----------
    world
        The state in force, usually after a partner was removed or unshared.
    pixel
        Code of the pixel.
    after
        Id of the Business Center, all of whose people count, or of the person who departed.

    Returns
    -------
    DataFrame
        One row for each thing reached, with the columns of :class:`Reach`: people with roles on ad accounts that have
        the pixel or with a level on it, tokens not revoked, ad accounts still linked, a share still in force, and
        payment methods of the pixel's owner that are still lent (P28, P29).

    Raises
    ------
    UnknownNameError
        The pixel, or who departed, does not exist.
    """
    return table(
        ((r.kind, r.who, r.reach, r.through, r.rule, r.remedy) for r in residual(world, pixel, after=after)),
        ["kind", "who", "reach", "through", "rule", "remedy"],
    )


def residual(world: World, pixel: str, *, after: str) -> list[Reach]:
    """Give the same as :func:`residual_access` as a list."""
    if pixel not in world.pixels:
        raise UnknownNameError("pixel", pixel, sorted(world.pixels))
    if after in world.business_centers:
        people = sorted(person for bc, person in world.members if bc == after)
        return [
            *(reach for person in people for reach in _person(world, pixel, person)),
            *_business(world, pixel, after),
        ]
    if after in world.people:
        return list(_person(world, pixel, after))
    raise UnknownNameError("Business Center or person", after, sorted([*world.business_centers, *world.people]))


def _person(world: World, pixel: str, person: str) -> Iterator[Reach]:
    creator = world.pixels[pixel].creator
    for account in accounts_of_pixel(world, pixel):
        role = account_role_of_person(world, account, person)
        if role is None:
            continue
        through = world.account_people[account, person].via or "by name"
        remedy = f"take ad account {account} away from {person}"
        doing = "see its data in" if role is AccountRole.ANALYST else "run ads on"
        yield Reach(
            "person", person, f"{doing} {account}", through, "R17" if role is AccountRole.ANALYST else "R16", remedy
        )
        if account == creator and role is AccountRole.ADMIN:
            yield Reach("person", person, f"edit {pixel}", through, "R21", remedy)
    level = pixel_level_of_person(world, pixel, person)
    if level is not None:
        through = world.pixel_people[pixel, person].via or "by name"
        doing, rule = ("edit", "R21") if level is PixelLevel.EDIT else ("see", "R10")
        yield Reach("person", person, f"{doing} {pixel}", through, rule, f"take pixel {pixel} away from {person}")
    owner = world.pixels[pixel].owner_bc
    if owner is not None and world.members.get((owner, person)) is BusinessRole.ADMIN and not world.people[person].left:
        remedy = f"remove {person} from Business Center {owner}"
        yield Reach("person", person, f"link and share {pixel}", owner, "R08", remedy)


def _business(world: World, pixel: str, bc: str) -> Iterator[Reach]:
    owner = world.pixels[pixel].owner_bc
    if share_in_force(world, pixel, bc):
        yield Reach("business center", bc, f"link {pixel}", "shared", "R09", f"unshare pixel {pixel} from {bc}")
    for account in accounts_of_pixel(world, pixel):
        if account_role_of_business(world, bc, account) is None:
            continue
        if world.ad_accounts[account].owner_bc != bc:
            remedy = f"revoke the role of {bc} on ad account {account}"
            yield Reach("ad account", account, f"use {pixel}", "granted", "R07", remedy)
        elif account == world.pixels[pixel].creator:
            remedy = f"none: ad account {account} created {pixel}, and its link stays"
            yield Reach("ad account", account, f"use {pixel}", "owner", "R11", remedy)
        else:
            remedy = f"unlink pixel {pixel} from ad account {account}"
            yield Reach("ad account", account, f"use {pixel}", "owner", "R07", remedy)
    for key, token in sorted(world.tokens.items()):
        if token.pixel == pixel and token.holder_bc == bc and not token.revoked:
            yield Reach("token", key, f"send events to {pixel}", bc, "P29", f"revoke token {key}")
    for method, partner in sorted(world.payment_shares):
        if partner == bc and world.payment_methods[method].owner_bc == owner:
            yield Reach("payment method", method, "be billed through it", bc, "P28", f"unshare payment method {method}")
