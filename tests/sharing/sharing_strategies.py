"""Random sound worlds, rulebooks, and actions with any ids, each from one number that Hypothesis draws.

A world drawn piece by piece takes Hypothesis thirty times as long as one made from a seed.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Sequence
from enum import Enum
from typing import Any, Literal

import numpy as np
from hypothesis import strategies as st

from pixelsim.base.clock import DAY
from pixelsim.sharing import Limits, Rulebook, SharingSettings, UnsharePolicy, UnshareRule
from pixelsim.sharing import actions as do
from pixelsim.sharing.actions import Action
from pixelsim.sharing.engine import RULES
from pixelsim.sharing.rulebook import (
    AfterRefusal,
    AfterRelink,
    AvailabilitySide,
    Guard,
    GuardAppliesTo,
    PartnerMayLink,
    StopFirst,
)
from pixelsim.world import (
    AccountAssignment,
    AccountGrant,
    AccountRole,
    AccountStatus,
    Ad,
    AdAccount,
    AdGroup,
    Audience,
    AudienceAfter,
    BusinessCenter,
    BusinessCenterType,
    BusinessRole,
    Campaign,
    Effect,
    Link,
    Partnership,
    PaymentMethod,
    PaymentShare,
    Person,
    Pixel,
    PixelAssignment,
    PixelLevel,
    PixelShare,
    RelationStatus,
    Token,
    Unbound,
    Website,
    World,
)

BUSINESSES = ("bc_1", "bc_2", "bc_3")
PEOPLE = ("ann", "ben", "cleo")
ACCOUNTS = ("acc_1", "acc_2", "acc_3", "acc_4")
PIXELS = ("px_1", "px_2")
FITTING: dict[str, tuple[str, ...]] = {
    "actor": ("ann", "ann", "ann", "ben", "cleo"),
    "person": ("ben", "cleo"),
    "bc": BUSINESSES,
    "active_bc": BUSINESSES,
    "partner": BUSINESSES,
    "account": ACCOUNTS,
    "pixel": PIXELS,
    "tracking_pixel": PIXELS,
    "website": ("site",),
    "campaign": ("camp_1", "camp_2"),
    "ad_group": ("ag_1", "ag_2"),
    "ad": ("ad_1", "ad_2"),
    "audience": ("aud_1", "aud_2"),
    "seed": ("aud_1", "aud_2"),
    "token": ("tok",),
    "payment": ("pay",),
    "id": ("camp_1", "camp_2", "ag_1", "ag_2", "ad_1", "ad_2"),
    "setting": ("name", "first_party_cookies", "advanced_matching", "events", "statistic_type"),
    "event": ("Purchase", "PageView"),
}
"""Ids that fit a field; one draw in twelve takes any id at all."""
IDS = tuple(dict.fromkeys([*(key for keys in FITTING.values() for key in keys), "new_1", "new_2", ""]))
MADE = {
    do.CreatePixel: "pixel",
    do.CreateCampaign: "campaign",
    do.CreateAdGroup: "ad_group",
    do.CreateAd: "ad",
    do.BuildAudience: "audience",
    do.BuildLookalike: "audience",
    do.IssueToken: "token",
}
"""The field that names what an action makes."""
KINDS = tuple(RULES)

seeds = st.integers(0, 2**63 - 1)


class Draw:
    """A source of choices that comes from one number."""

    def __init__(self, seed: int) -> None:
        self.generator = np.random.default_rng(seed)

    def pick(self, items: Sequence[Any] | type[Enum]) -> Any:
        """Choose one of some items, or a value of an enumeration."""
        listed = list(items)
        return listed[int(self.generator.integers(len(listed)))]

    def chance(self, probability: float) -> bool:
        """Say yes with a probability."""
        return bool(self.generator.random() < probability)

    def pairs(self, left: Sequence[str], right: Sequence[str], probability: float) -> list[tuple[str, str]]:
        """Choose some of all pairs."""
        return [(one, two) for one in left for two in right if self.chance(probability)]


def rulebook_of(seed: int) -> Rulebook:
    """Make a rulebook of any policy, settings and (now and then) tight limits."""
    draw = Draw(seed)
    rules = [UnshareRule(guard=draw.pick(Guard), effect=draw.pick(Effect)) for _ in range(2)]
    policy = UnsharePolicy(
        account=rules[0],
        partner=rules[1],
        tracking_only=draw.pick(Effect),
        guard_applies_to=draw.pick(GuardAppliesTo),
        after_refused_unshare=draw.pick(AfterRefusal),
        stop_first=draw.pick(StopFirst),
    )
    settings = SharingSettings(
        availability_side=draw.pick(AvailabilitySide),
        partner_may_link=draw.pick(PartnerMayLink),
        recipient_may_edit=draw.chance(0.5),
        partner_admin_may_grant_editing=draw.chance(0.5),
        partnership_acceptance=draw.pick([0.0, 1.0]),
        audience_after_access=draw.pick(AudienceAfter),
        audience_deadline_days=draw.pick([0.0, 3.0]),
        audience_ready_hours=draw.pick([0.0, 24.0]),
        audience_expiry_days=draw.pick([5.0, 365.0]),
        after_relink=draw.pick(AfterRelink),
        links_per_account=draw.pick([None, None, None, 2]),
    )
    limits = Limits()
    if draw.chance(0.2):
        limits = Limits(**{field.name: draw.pick([None, 2, 3]) for field in dataclasses.fields(Limits)})
    return Rulebook(policy=policy, settings=settings, limits=limits)


def world_of(seed: int) -> World:
    """Make a sound world; ``ann`` is Admin of every Business Center and ad account, so that much is allowed."""
    draw = Draw(seed)
    owners = (*BUSINESSES, *BUSINESSES, None)
    accounts = {key: draw.pick(owners) for key in ACCOUNTS}
    groups = [
        AdGroup(
            id=key,
            campaign=draw.pick(FITTING["campaign"]),
            name=key,
            pixel=draw.pick([*PIXELS, None]),
            start=draw.pick([0, 5 * DAY]),
            end=draw.pick([None, 8 * DAY]),
            review_until=draw.pick([0, 0, DAY]),
            on=draw.chance(0.8),
            audiences=draw.pick([(), ("aud_1",), ("aud_2",)]),
        )
        for key in FITTING["ad_group"]
    ]
    first = Audience(
        id="aud_1",
        account=draw.pick(ACCOUNTS),
        name="aud_1",
        pixel=draw.pick(PIXELS),
        built_at=-3 * DAY,
        shared_with=draw.pick([(), ("acc_1",)]),
    )
    world = World.of(
        *(
            BusinessCenter(id=b, name=b, type=draw.pick(BusinessCenterType), verified=draw.chance(0.5))
            for b in BUSINESSES
        ),
        *(Person(id=key, name=key, left=key == "cleo" and draw.chance(0.3)) for key in PEOPLE),
        *(
            AdAccount(
                id=key,
                name=key,
                owner_bc=owner,
                created_from_bc=draw.pick([owner, None]),
                status=AccountStatus.LIMIT if draw.chance(0.1) else AccountStatus.ENABLE,
                payment_method=draw.pick([None, None, "pay"]),
            )
            for key, owner in accounts.items()
        ),
        *(
            Pixel(code=key, number=str(n), name=key, creator=draw.pick(ACCOUNTS), owner_bc=draw.pick(owners))
            for n, key in enumerate(PIXELS)
        ),
        Website(id="site", name="site", pixels=draw.pick([(), ("px_1",), PIXELS])),
        Campaign(id="camp_1", account=draw.pick(ACCOUNTS), name="camp_1"),
        Campaign(id="camp_2", account=draw.pick(ACCOUNTS), name="camp_2", on=draw.chance(0.5)),
        *groups,
        *(
            Ad(id=f"ad{g.id[2:]}", ad_group=g.id, name=g.id, tracking_pixel=g.pixel or draw.pick([*PIXELS, None]))
            for g in groups
        ),
        first,
        dataclasses.replace(first, id="aud_2", seed=draw.pick([None, "aud_1"]), shared_with=()),
        Token(id="tok", pixel=draw.pick(PIXELS), holder_bc=draw.pick(BUSINESSES)),
        PaymentMethod(id="pay", name="pay", owner_bc=draw.pick(BUSINESSES)),
        members={
            **{(bc, "ann"): BusinessRole.ADMIN for bc in BUSINESSES},
            **{pair: draw.pick(BusinessRole) for pair in draw.pairs(BUSINESSES, ("ben", "cleo"), 0.5)},
        },
        account_people={
            **{(account, "ann"): AccountAssignment(role=AccountRole.ADMIN) for account in ACCOUNTS},
            **{
                pair: AccountAssignment(role=draw.pick(AccountRole), via=draw.pick([accounts[pair[0]], None]))
                for pair in draw.pairs(ACCOUNTS, ("ben", "cleo"), 0.4)
            },
        },
        account_grants={
            pair: AccountGrant(role=draw.pick(AccountRole)) for pair in draw.pairs(BUSINESSES, ACCOUNTS, 0.3)
        },
        payment_shares={pair: PaymentShare() for pair in draw.pairs(("pay",), BUSINESSES, 0.3)},
        pixel_people={
            pair: PixelAssignment(level=draw.pick(PixelLevel), via=draw.pick([*BUSINESSES, None]))
            for pair in draw.pairs(PIXELS, PEOPLE, 0.2)
        },
        partnerships={
            pair: Partnership(status=draw.pick([*RelationStatus, RelationStatus.BOUND, RelationStatus.PENDING]))
            for pair in draw.pairs(BUSINESSES, BUSINESSES, 0.6)
            if pair[0] < pair[1]
        },
    )
    return _with_shares(draw, world)


def _with_shares(draw: Draw, world: World) -> World:
    """Add shares over the partnerships of a world, links over them, and tombstones elsewhere."""
    alive = {RelationStatus.BOUND, RelationStatus.PENDING}
    for code, pixel in world.pixels.items():
        owner = pixel.owner_bc
        if owner is None:
            continue
        holders = [owner]
        for pair, partnership in world.partnerships.items():
            if owner in pair and partnership.status in alive and draw.chance(0.6):
                other = pair[0] if pair[1] == owner else pair[1]
                world = world.with_item("shares", (code, other), PixelShare())
                if partnership.status is RelationStatus.BOUND:
                    holders.append(other)
        for account in ACCOUNTS:
            kind = draw.pick(["none", "link", "tombstone"])
            if kind == "link":
                world = world.with_item("links", (code, account), Link(by_bc=draw.pick(holders)))
            elif kind == "tombstone" and account != pixel.creator:
                effects = {"effect": draw.pick(Effect), "tracking_only": draw.pick(Effect)}
                until = draw.pick([None, 4 * DAY])
                tombstone = Unbound(at=0, **effects, audiences=draw.pick(AudienceAfter), audience_until=until)
                world = world.with_item("unbound", (code, account), tombstone)
    return world


def action_of(seed: int, kind: type[Action], world: World) -> Action:
    """Make an action of a kind: mostly one that fits a relation of the world, else of ids that fit, or of any."""
    draw = Draw(seed)
    hints = typing.get_type_hints(kind, include_extras=True)
    names = [field.name for field in dataclasses.fields(kind) if field.name != "do"]
    values = {name: _value(draw, name, hints[name]) for name in names}
    made = MADE.get(kind)
    if made is not None and draw.chance(0.8):
        values[made] = draw.pick(["new_1", "new_2"])
    if kind is do.CreatePixel and draw.chance(0.8):
        values.update(number=draw.pick(["11", "12"]), name="new")
    if kind in {do.CreateAdGroup, do.BuildAudience} and draw.chance(0.9):
        values.update({n: v for n, v in _WINDOWS.items() if n in values})
    if kind is do.LeavePerson and draw.chance(0.8):
        values["actor"] = draw.pick(["ben", "cleo"])
    if kind is do.EditPixel and draw.chance(0.7):
        setting, value = draw.pick(list(_EDITS.items()))
        values.update(setting=setting, value=value)
    if kind is do.EditAdGroup and draw.chance(0.7):
        values.update(actor="ann", ad_group=draw.pick(FITTING["ad_group"]), active_bc=None)
    if kind is do.Switch and draw.chance(0.9):
        values["kind"] = {"ca": "campaign", "ag": "ad_group", "ad": "ad"}.get(values["id"][:2], "ad")
    if draw.chance(0.6):
        values.update(_fit(draw, kind, world, values))
    return kind(**values)


_WINDOWS = {"click_days": 7, "engaged_view_days": 1, "view_days": 1, "look_back_days": 30, "active_bc": None}
_EDITS = {
    "name": "better",
    "first_party_cookies": False,
    "advanced_matching": True,
    "events": ("Lead",),
    "statistic_type": "once",
}


def _fit(draw: Draw, kind: type[Action], world: World, values: dict[str, Any]) -> dict[str, Any]:
    """Take ids from a relation that is there, so that ending things is allowed as often as beginning them."""

    def some(mapping: str) -> tuple[str, str] | None:
        keys = list(getattr(world, mapping))
        return draw.pick(keys) if keys else None

    def owner(pixel: str) -> str | None:
        found = world.pixels.get(pixel)
        return None if found is None else found.owner_bc

    if kind is do.UnlinkPixel and (pair := some("links")):
        return {"pixel": pair[0], "account": pair[1], "bc": draw.pick([owner(pair[0]), world.links[pair].by_bc])}
    if kind is do.UnsharePixel and (pair := some("shares")):
        return {"pixel": pair[0], "partner": pair[1], "bc": owner(pair[0])}
    if kind in {do.ApprovePartnership, do.RejectPartnership} and (pair := some("partnerships")):
        return {"bc": pair[1], "partner": pair[0]}
    if kind is do.RemovePartner and (pair := some("partnerships")):
        return {"bc": pair[0], "partner": pair[1]}
    if kind is do.RevokeAccountAccess and (pair := some("account_grants")):
        return {"partner": pair[0], "account": pair[1], "bc": world.ad_accounts[pair[1]].owner_bc}
    if kind is do.UnassignAccount and (pair := some("account_people")):
        return {"account": pair[0], "person": pair[1], "bc": world.account_people[pair].via}
    if kind is do.UnassignPixel and (pair := some("pixel_people")):
        held = world.pixel_people[pair]
        return {"pixel": pair[0], "person": pair[1], "bc": held.via or owner(pair[0]) or "bc_1"}
    if kind in {do.UnsharePayment, do.SharePayment}:
        pair = some("payment_shares") if kind is do.UnsharePayment else None
        lent = {"partner": pair[1]} if pair else {}
        return {"payment": "pay", "bc": world.payment_methods["pay"].owner_bc, **lent}
    if kind in {do.AssignPixel, do.SharePixel, do.LinkPixel, do.IssueToken} and owner(values["pixel"]):
        return {"bc": owner(values["pixel"])}
    if kind in {do.GrantAccountAccess, do.AssignAccount} and values["account"] in world.ad_accounts:
        return {"bc": world.ad_accounts[values["account"]].owner_bc}
    if kind in {do.BuildAudience, do.CreateAdGroup} and (pair := some("links")):
        fitted = (
            {"pixel": pair[0], "account": pair[1]} if kind is do.BuildAudience else {"pixel": None, "audiences": ()}
        )
        return {**fitted, "active_bc": None}
    if kind in {do.ShareAudience, do.UnshareAudience, do.BuildLookalike}:
        audience = world.audiences["aud_1"]
        peers = [a for a in ACCOUNTS if world.ad_accounts[a].owner_bc == world.ad_accounts[audience.account].owner_bc]
        if kind is do.BuildLookalike:
            return {"seed": "aud_1", "account": audience.account, "active_bc": None}
        lent = audience.shared_with or peers
        return {"audience": "aud_1", "account": draw.pick(lent if kind is do.UnshareAudience else peers)}
    return {"active_bc": None} if "active_bc" in values else {}


def _value(draw: Draw, name: str, hint: Any) -> Any:
    """Choose what fits the annotation of an action's field."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin is Literal:
        return draw.pick(inner)
    if origin in {typing.Union, types.UnionType}:
        return _value(draw, name, draw.pick(inner))
    if origin is tuple:
        pool = FITTING["audience"] if name == "audiences" else ("Purchase", "Lead", "")
        return tuple(draw.pick(pool) for _ in range(draw.pick([0, 1, 2])))
    if isinstance(hint, type) and issubclass(hint, Enum):
        return draw.pick(hint)
    if hint is bool:
        return draw.chance(0.5)
    if hint is int:
        return draw.pick([-DAY, 0, 5 * DAY, 20 * DAY] if name in {"start", "end"} else [0, 1, 7, 14, 28, 30, 181])
    if hint is float:
        return draw.pick([0.5, 1.0, 1.2, 2.0, 0.0, -1.0])
    if name == "dayparting" and hint is str:
        return draw.pick(["1" * 336, "01" * 168, "0" * 336, "1", "x" * 336])
    if hint is type(None):
        return None
    if name in {"name", "value", "number"}:
        return draw.pick(["", "  ", "new", "every", "px_1", "0", "x" * 41, "\N{ROCKET}", "'=1+1"])
    return draw.pick(IDS) if draw.chance(1 / 12) else draw.pick(FITTING.get(name, IDS))


def time_of(seed: int) -> int:
    """Make an instant of the first days, or just before."""
    return Draw(seed).pick([-2, 0, 1, 4, 5, 9]) * DAY


worlds = seeds.map(world_of)
rulebooks = seeds.map(rulebook_of)
times = seeds.map(time_of)
