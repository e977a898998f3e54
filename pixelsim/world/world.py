"""The state of everything at one instant: an immutable value, changed only by making a new one."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from pixelsim.world.entities import (
    Ad,
    AdAccount,
    AdGroup,
    Audience,
    BusinessCenter,
    BusinessRole,
    Campaign,
    Person,
    Pixel,
    Token,
    Website,
)
from pixelsim.world.relations import (
    AccountAssignment,
    AccountGrant,
    Link,
    Partnership,
    PixelAssignment,
    PixelShare,
    Unbound,
)

__all__ = ["ENTITY_FIELDS", "RELATION_FIELDS", "World"]

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Everything that exists and every relation in force; mappings are never changed in place.

    Entities are keyed by id (pixels by code). Relations are keyed by the pair they join, named in the order of the
    pair: ``members`` (Business Center, person), ``account_grants`` (Business Center, ad account), ``account_people``
    (ad account, person), ``partnerships`` (requesting, receiving Business Center), ``shares`` (pixel, Business
    Center), ``links`` and ``unbound`` (pixel, ad account), ``pixel_people`` (pixel, person).
    """

    business_centers: Mapping[str, BusinessCenter] = field(default_factory=dict)
    people: Mapping[str, Person] = field(default_factory=dict)
    ad_accounts: Mapping[str, AdAccount] = field(default_factory=dict)
    websites: Mapping[str, Website] = field(default_factory=dict)
    pixels: Mapping[str, Pixel] = field(default_factory=dict)
    campaigns: Mapping[str, Campaign] = field(default_factory=dict)
    ad_groups: Mapping[str, AdGroup] = field(default_factory=dict)
    ads: Mapping[str, Ad] = field(default_factory=dict)
    audiences: Mapping[str, Audience] = field(default_factory=dict)
    tokens: Mapping[str, Token] = field(default_factory=dict)
    members: Mapping[Pair, BusinessRole] = field(default_factory=dict)
    account_grants: Mapping[Pair, AccountGrant] = field(default_factory=dict)
    account_people: Mapping[Pair, AccountAssignment] = field(default_factory=dict)
    partnerships: Mapping[Pair, Partnership] = field(default_factory=dict)
    shares: Mapping[Pair, PixelShare] = field(default_factory=dict)
    links: Mapping[Pair, Link] = field(default_factory=dict)
    unbound: Mapping[Pair, Unbound] = field(default_factory=dict)
    pixel_people: Mapping[Pair, PixelAssignment] = field(default_factory=dict)

    def with_item(self, name: str, key: str | Pair, value: Any) -> Self:
        """Give a world in which one entry of the mapping ``name`` is set."""
        return dataclasses.replace(self, **{name: {**getattr(self, name), key: value}})

    def without(self, name: str, keys: Iterable[str | Pair]) -> Self:
        """Give a world in which the entries ``keys`` of the mapping ``name`` are gone; absent ones do not matter."""
        gone = set(keys)
        kept = {key: value for key, value in getattr(self, name).items() if key not in gone}
        return dataclasses.replace(self, **{name: kept})

    def changed(self, name: str, key: str | Pair, **changes: Any) -> Self:
        """Give a world in which some fields of one entry are changed."""
        return self.with_item(name, key, dataclasses.replace(getattr(self, name)[key], **changes))


ENTITY_FIELDS = (
    "business_centers",
    "people",
    "ad_accounts",
    "websites",
    "pixels",
    "campaigns",
    "ad_groups",
    "ads",
    "audiences",
    "tokens",
)
RELATION_FIELDS = tuple(f.name for f in dataclasses.fields(World) if f.name not in ENTITY_FIELDS)
