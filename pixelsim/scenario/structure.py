"""The structure part of a scenario: businesses, people, accounts, pixels and campaigns, as a file lists them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from pixelsim.base.clock import days, fixed_offset
from pixelsim.base.errors import Fault
from pixelsim.scenario.base import Currency, Input, Weight, checked_offset
from pixelsim.scenario.references import structure_faults
from pixelsim.world.entities import (
    AccountRole,
    AccountStatus,
    Ad,
    AdAccount,
    AdGroup,
    BusinessCenter,
    BusinessRole,
    Campaign,
    CountMode,
    Person,
    Pixel,
    PixelLevel,
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
    RelationStatus,
)
from pixelsim.world.world import World

__all__ = ["AccountSpec", "AdGroupSpec", "Structure"]


class AccountSpec(Input):
    """An ad account; ``utc_offset`` is a fixed offset in whole or half hours, a named zone its standard time."""

    id: str
    name: str
    owner_bc: str | None = None
    created_from_bc: str | None = None
    currency: Currency = "USD"
    utc_offset: str = "+00:00"
    status: AccountStatus = AccountStatus.ENABLE

    @field_validator("utc_offset")
    @classmethod
    def _offset(cls, text: str) -> str:
        return checked_offset(text)


class AdGroupSpec(Input):
    """An ad group; its schedule in days since the scenario's start."""

    id: str
    campaign: str
    name: str
    pixel: str | None = None
    event: str = "Purchase"
    start_day: Weight = 0.0
    end_day: Weight | None = None
    on: bool = True
    click_days: Annotated[int, Field(json_schema_extra={"allowed": (1, 7, 14, 28)})] = 7
    engaged_view_days: int = 1
    view_days: int = 1
    count: CountMode = CountMode.BY_GOAL

    @field_validator("click_days")
    @classmethod
    def _click(cls, value: int) -> int:
        return _one_of(value, (1, 7, 14, 28))

    @field_validator("engaged_view_days")
    @classmethod
    def _engaged(cls, value: int) -> int:
        return _one_of(value, (1, 7))

    @field_validator("view_days")
    @classmethod
    def _view(cls, value: int) -> int:
        return _one_of(value, (0, 1, 7))


def _one_of(value: int, allowed: tuple[int, ...]) -> int:
    if value not in allowed:
        msg = f"must be one of {', '.join(map(str, allowed))} days; choose a window that the platform has"
        raise ValueError(msg)
    return value


class MemberSpec(Input):
    """A person's role in a Business Center."""

    bc: str
    person: str
    role: BusinessRole = BusinessRole.STANDARD


class AccountPersonSpec(Input):
    """A person's role on an ad account, through a Business Center or by name."""

    account: str
    person: str
    role: AccountRole = AccountRole.OPERATOR
    via: str | None = None


class AccountGrantSpec(Input):
    """A Business Center's role on an ad account that another one owns."""

    bc: str
    account: str
    role: AccountRole = AccountRole.OPERATOR


class PartnershipSpec(Input):
    """A partnership of two Business Centers."""

    bc: str
    partner: str
    status: RelationStatus = RelationStatus.BOUND


class ShareSpec(Input):
    """A pixel shared with a partner."""

    pixel: str
    partner: str


class LinkSpec(Input):
    """A pixel linked to an ad account by a Business Center."""

    pixel: str
    account: str
    by_bc: str


class PixelPersonSpec(Input):
    """A person's level on a pixel."""

    pixel: str
    person: str
    level: PixelLevel = PixelLevel.VIEW
    via: str | None = None


class Structure(Input):
    """Everything that exists when the scenario starts."""

    business_centers: tuple[BusinessCenter, ...] = ()
    people: tuple[Person, ...] = ()
    ad_accounts: tuple[AccountSpec, ...] = ()
    websites: tuple[Website, ...] = ()
    pixels: tuple[Pixel, ...] = ()
    campaigns: tuple[Campaign, ...] = ()
    ad_groups: tuple[AdGroupSpec, ...] = ()
    ads: tuple[Ad, ...] = ()
    tokens: tuple[Token, ...] = ()
    members: tuple[MemberSpec, ...] = ()
    account_people: tuple[AccountPersonSpec, ...] = ()
    account_grants: tuple[AccountGrantSpec, ...] = ()
    partnerships: tuple[PartnershipSpec, ...] = ()
    shares: tuple[ShareSpec, ...] = ()
    links: tuple[LinkSpec, ...] = ()
    pixel_people: tuple[PixelPersonSpec, ...] = ()

    def world(self) -> World:
        """Build the world at the scenario's start."""
        accounts = {
            a.id: AdAccount(
                id=a.id,
                name=a.name,
                owner_bc=a.owner_bc,
                created_from_bc=a.created_from_bc,
                currency=a.currency,
                utc_offset=fixed_offset(a.utc_offset)[0],
                status=a.status,
            )
            for a in self.ad_accounts
        }
        groups = {
            g.id: AdGroup(
                id=g.id,
                campaign=g.campaign,
                name=g.name,
                pixel=g.pixel,
                event=g.event,
                start=days(g.start_day),
                end=None if g.end_day is None else days(g.end_day),
                on=g.on,
                click_days=g.click_days,
                engaged_view_days=g.engaged_view_days,
                view_days=g.view_days,
                count=g.count,
            )
            for g in self.ad_groups
        }
        return World(
            business_centers={b.id: b for b in self.business_centers},
            people={p.id: p for p in self.people},
            ad_accounts=accounts,
            websites={w.id: w for w in self.websites},
            pixels={p.code: p for p in self.pixels},
            campaigns={c.id: c for c in self.campaigns},
            ad_groups=groups,
            ads={a.id: a for a in self.ads},
            tokens={t.id: t for t in self.tokens},
            members={(m.bc, m.person): m.role for m in self.members},
            account_people={
                (a.account, a.person): AccountAssignment(role=a.role, via=a.via) for a in self.account_people
            },
            account_grants={(g.bc, g.account): AccountGrant(role=g.role) for g in self.account_grants},
            partnerships={(p.bc, p.partner): Partnership(status=p.status) for p in self.partnerships},
            shares={(s.pixel, s.partner): PixelShare() for s in self.shares},
            links={(k.pixel, k.account): Link(by_bc=k.by_bc) for k in self.links},
            pixel_people={(p.pixel, p.person): PixelAssignment(level=p.level, via=p.via) for p in self.pixel_people},
        )

    def faults(self, place: str = "$.structure") -> list[Fault]:
        """List ids that occur twice and references that lead nowhere, each with its place."""
        return structure_faults(self.model_dump(mode="json"), place)
