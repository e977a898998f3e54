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
    PaymentMethod,
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
    PaymentShare,
    PixelAssignment,
    PixelShare,
    Unbound,
)

__all__ = ["ENTITY_FIELDS", "RELATION_FIELDS", "Entity", "World"]

Pair = tuple[str, str]
Entity = (
    BusinessCenter | Person | AdAccount | Website | Pixel | Campaign | AdGroup | Ad | Audience | Token | PaymentMethod
)


@dataclass(frozen=True, kw_only=True)
class World:
    """Everything that exists and every relation in force; mappings are never changed in place.

    Entities are keyed by id (pixels by code). Relations are keyed by the pair they join, named in the order of the
    pair: ``members`` (Business Center, person), ``account_grants`` (Business Center, ad account), ``account_people``
    (ad account, person), ``partnerships`` (requesting, receiving Business Center), ``shares`` (pixel, Business
    Center), ``links`` and ``unbound`` (pixel, ad account), ``pixel_people`` (pixel, person), ``payment_shares``
    (payment method, Business Center).
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
    payment_methods: Mapping[str, PaymentMethod] = field(default_factory=dict)
    members: Mapping[Pair, BusinessRole] = field(default_factory=dict)
    account_grants: Mapping[Pair, AccountGrant] = field(default_factory=dict)
    account_people: Mapping[Pair, AccountAssignment] = field(default_factory=dict)
    partnerships: Mapping[Pair, Partnership] = field(default_factory=dict)
    shares: Mapping[Pair, PixelShare] = field(default_factory=dict)
    links: Mapping[Pair, Link] = field(default_factory=dict)
    unbound: Mapping[Pair, Unbound] = field(default_factory=dict)
    pixel_people: Mapping[Pair, PixelAssignment] = field(default_factory=dict)
    payment_shares: Mapping[Pair, PaymentShare] = field(default_factory=dict)

    @classmethod
    def of(cls, *entities: Entity, **relations: Mapping[Pair, Any]) -> Self:
        """Make a world from entities in any order, each filed under its id (pixels under their code).

        Parameters
        ----------
        entities
            What exists; of two with the same id the later one counts.
        relations
            Mappings of pairs by the names of this class, such as ``members={("bc_a", "ann"): BusinessRole.ADMIN}``.
        """
        mappings: dict[str, Any] = {name: dict(items) for name, items in relations.items()}
        for entity in entities:
            key = entity.code if isinstance(entity, Pixel) else entity.id
            mappings.setdefault(_MAPPING_OF[type(entity)], {})[key] = entity
        return cls(**mappings)

    def with_item(self, name: str, key: str | Pair, value: Any) -> Self:
        """Give a world in which one entry of the mapping ``name`` is set."""
        mapping = dict(getattr(self, name))
        mapping[key] = value
        return self._with(name, mapping)

    def with_items(self, name: str, items: Mapping[Any, Any]) -> Self:
        """Give a world in which several entries of the mapping ``name`` are set."""
        return self._with(name, {**getattr(self, name), **items}) if items else self

    def without(self, name: str, keys: Iterable[str | Pair]) -> Self:
        """Give a world in which the entries ``keys`` of the mapping ``name`` are gone; absent ones do not matter."""
        mapping = getattr(self, name)
        gone = {key for key in keys if key in mapping}
        if not gone:
            return self
        return self._with(name, {key: value for key, value in mapping.items() if key not in gone})

    def changed(self, name: str, key: str | Pair, /, **changes: Any) -> Self:
        """Give a world in which some fields of one entry are changed."""
        return self.with_item(name, key, dataclasses.replace(getattr(self, name)[key], **changes))

    def _with(self, name: str, mapping: Mapping[Any, Any]) -> Self:
        """Exchange one mapping; a copy of the fields is ten times as fast as ``dataclasses.replace`` here."""
        new = object.__new__(type(self))
        fields = vars(new)
        fields.update(vars(self))
        fields[name] = mapping
        return new


_MAPPING_OF: dict[type, str] = {
    BusinessCenter: "business_centers",
    Person: "people",
    AdAccount: "ad_accounts",
    Website: "websites",
    Pixel: "pixels",
    Campaign: "campaigns",
    AdGroup: "ad_groups",
    Ad: "ads",
    Audience: "audiences",
    Token: "tokens",
    PaymentMethod: "payment_methods",
}
ENTITY_FIELDS = tuple(_MAPPING_OF.values())
RELATION_FIELDS = tuple(f.name for f in dataclasses.fields(World) if f.name not in ENTITY_FIELDS)
