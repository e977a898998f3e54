"""Whether a world hangs together: every reference leads somewhere, and no relation contradicts another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from pixelsim.base.errors import Fault
from pixelsim.world.queries import partnership_status, share_in_force
from pixelsim.world.relations import RelationStatus
from pixelsim.world.world import ENTITY_FIELDS, RELATION_FIELDS, World

__all__ = ["integrity_faults"]

_ENTITY_REFERENCES: dict[str, dict[str, str]] = {
    "ad_accounts": {
        "owner_bc": "business_centers",
        "created_from_bc": "business_centers",
        "payment_method": "payment_methods",
    },
    "websites": {"pixels": "pixels"},
    "pixels": {"creator": "ad_accounts", "owner_bc": "business_centers"},
    "campaigns": {"account": "ad_accounts"},
    "ad_groups": {"campaign": "campaigns", "pixel": "pixels", "audiences": "audiences"},
    "ads": {"ad_group": "ad_groups", "tracking_pixel": "pixels"},
    "audiences": {"account": "ad_accounts", "pixel": "pixels", "shared_with": "ad_accounts", "seed": "audiences"},
    "tokens": {"pixel": "pixels", "holder_bc": "business_centers"},
    "payment_methods": {"owner_bc": "business_centers"},
}
_PAIRS: dict[str, tuple[str, str]] = {
    "members": ("business_centers", "people"),
    "account_grants": ("business_centers", "ad_accounts"),
    "account_people": ("ad_accounts", "people"),
    "partnerships": ("business_centers", "business_centers"),
    "shares": ("pixels", "business_centers"),
    "links": ("pixels", "ad_accounts"),
    "unbound": ("pixels", "ad_accounts"),
    "pixel_people": ("pixels", "people"),
    "payment_shares": ("payment_methods", "business_centers"),
}
_RELATION_REFERENCES: dict[str, dict[str, str]] = {
    "account_people": {"via": "business_centers"},
    "links": {"by_bc": "business_centers"},
    "pixel_people": {"via": "business_centers"},
}


def integrity_faults(world: World) -> list[Fault]:
    """List everything that does not hang together in a world; empty for a sound one.

    Checked are: the key of an entity is its id (a pixel's its code) and not empty; every reference leads to something
    that exists; pixel numbers are unique (R02); shares belong to pixels of a Business Center (R03), are over a
    partnership, and nobody is a partner of themselves (R08); a link was made by the owner or by a partner that the
    pixel is shared with (R09); the creating ad account has no tombstone (R11); nothing is linked and unbound at once
    (R20).
    """
    return [*_entity_faults(world), *_relation_faults(world), *_contradictions(world)]


def _entity_faults(world: World) -> Iterator[Fault]:
    for name in ENTITY_FIELDS:
        field = "code" if name == "pixels" else "id"
        for key, entity in getattr(world, name).items():
            if not key or getattr(entity, field) != key:
                yield Fault(
                    f"{name}[{key}]", field, str(getattr(entity, field)), f"{key!r}, its key", "give it its key"
                )
            for reference, target in _ENTITY_REFERENCES.get(name, {}).items():
                yield from _dangling(world, f"{name}[{key}]", reference, getattr(entity, reference), target)


def _relation_faults(world: World) -> Iterator[Fault]:
    for name in RELATION_FIELDS:
        for pair, relation in getattr(world, name).items():
            place = f"{name}[{' > '.join(pair)}]"
            for key, target in zip(pair, _PAIRS[name], strict=True):
                yield from _dangling(world, place, target, key, target)
            for reference, target in _RELATION_REFERENCES.get(name, {}).items():
                yield from _dangling(world, place, reference, getattr(relation, reference), target)


def _dangling(world: World, place: str, field: str, value: Any, target: str) -> Iterator[Fault]:
    for key in _ids(value):
        if key not in getattr(world, target):
            yield Fault(place, field, key, f"the id of one of {target}", f"add it to {target}, or correct it")


def _ids(value: Any) -> Iterable[str]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)


def _contradictions(world: World) -> Iterator[Fault]:
    numbers: dict[str, str] = {}
    for code, pixel in world.pixels.items():
        other = numbers.setdefault(pixel.number, code)
        if other != code:
            place = f"pixels[{code}]"
            yield Fault(place, "number", pixel.number, f"unlike that of pixel {other}", "give each pixel its own (R02)")
    for one, other in world.partnerships:
        if one == other:
            yield Fault(
                f"partnerships[{one} > {other}]", "partner", other, "another Business Center", "remove it (R08)"
            )
    for code, bc in world.shares:
        if code not in world.pixels:
            continue
        owner = world.pixels[code].owner_bc
        if owner is None or owner == bc:
            rule, remedy = (
                "a partner of the pixel's Business Center",
                "transfer the pixel first, or remove it (R03, R08)",
            )
            yield Fault(f"shares[{code} > {bc}]", "partner", bc, rule, remedy)
        elif partnership_status(world, owner, bc) not in {RelationStatus.BOUND, RelationStatus.PENDING}:
            rule = f"a partner of {owner}, bound or pending"
            yield Fault(f"shares[{code} > {bc}]", "partner", bc, rule, "add the partnership (R08)")
    for (code, account), link in world.links.items():
        linked = world.pixels.get(code)
        if linked is None or linked.creator == account:
            continue
        if link.by_bc != linked.owner_bc and not share_in_force(world, code, link.by_bc):
            rule = "the pixel's owner, or a bound partner that it is shared with"
            yield Fault(f"links[{code} > {account}]", "by_bc", link.by_bc, rule, "share the pixel first (R09)")
    for code, account in world.unbound:
        place = f"unbound[{code} > {account}]"
        if code in world.pixels and world.pixels[code].creator == account:
            yield Fault(place, "account", account, "not the creating ad account", "remove the tombstone (R11)")
        if (code, account) in world.links:
            yield Fault(place, "account", account, "linked or unbound, not both", "remove one of the two (R20)")
