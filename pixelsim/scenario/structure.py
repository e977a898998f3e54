"""The structure part of a scenario: businesses, people, accounts, pixels, campaigns, audiences and payment methods."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Self

from pydantic import Field, PrivateAttr, field_validator

from pixelsim.base.clock import days, fixed_offset
from pixelsim.base.errors import Fault
from pixelsim.scenario.base import Currency, Input, Weight, checked_offset
from pixelsim.scenario.references import structure_faults
from pixelsim.sharing.audiences import LONGEST_LOOK_BACK
from pixelsim.world.entities import (
    AccountRole,
    AccountStatus,
    Ad,
    AdAccount,
    AdGroup,
    Audience,
    BusinessCenter,
    BusinessRole,
    Campaign,
    CountMode,
    PaymentMethod,
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
    PaymentShare,
    PixelAssignment,
    PixelShare,
    RelationStatus,
)
from pixelsim.world.schedule import dayparting_fits
from pixelsim.world.world import World

__all__ = ["START", "AccountSpec", "AdGroupSpec", "AudienceSpec", "Structure"]

START = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
"""When a scenario starts unless it says otherwise: a Monday."""


class AccountSpec(Input):
    """An ad account; ``utc_offset`` is a fixed offset in whole or half hours, a named zone its standard time.

    ``payment_method`` is the shared method that the account is billed through; none stands for its own billing.
    """

    id: str
    name: str
    owner_bc: str | None = None
    created_from_bc: str | None = None
    currency: Currency = "USD"
    utc_offset: str = "+00:00"
    status: AccountStatus = AccountStatus.ENABLE
    payment_method: str | None = None

    @field_validator("utc_offset")
    @classmethod
    def _offset(cls, text: str) -> str:
        return checked_offset(text)

    def at_start(self, start: dt.datetime) -> AdAccount:
        """Give the ad account in a world whose clock begins at an instant, its week on its own clock."""
        offset = fixed_offset(self.utc_offset)[0]
        local = start.astimezone(dt.timezone(dt.timedelta(milliseconds=offset)))
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        since_monday = dt.timedelta(days=local.weekday()) + (local - midnight)
        return AdAccount(
            id=self.id,
            name=self.name,
            owner_bc=self.owner_bc,
            created_from_bc=self.created_from_bc,
            currency=self.currency,
            utc_offset=offset,
            week_start=-(since_monday // dt.timedelta(milliseconds=1)),
            status=self.status,
            payment_method=self.payment_method,
        )


class AdGroupSpec(Input):
    """An ad group; its schedule in days since the scenario's start.

    ``dayparting`` tells for each half hour of the week, from Monday 00:00 on the account's clock on, whether the ad
    group may deliver: 336 times "0" or "1", as in the API. One that is in review at the start is so until
    ``review_until_day``; ``denied`` says that its review turned it down.
    """

    id: str
    campaign: str
    name: str
    pixel: str | None = None
    event: str = "Purchase"
    start_day: Weight = 0.0
    end_day: Weight | None = None
    dayparting: str | None = None
    review_until_day: Weight = 0.0
    denied: bool = False
    on: bool = True
    click_days: Annotated[int, Field(json_schema_extra={"allowed": (1, 7, 14, 28)})] = 7
    engaged_view_days: int = 1
    view_days: int = 1
    count: CountMode = CountMode.BY_GOAL
    audiences: tuple[str, ...] = ()

    @field_validator("dayparting")
    @classmethod
    def _grid(cls, text: str | None) -> str | None:
        if text is not None and not dayparting_fits(text):
            msg = "must be 336 times 0 or 1, with at least one 1; write one for each half hour from Monday 00:00 on"
            raise ValueError(msg)
        return text

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

    def at_start(self) -> AdGroup:
        """Give the ad group in the world at the scenario's start."""
        return AdGroup(
            id=self.id,
            campaign=self.campaign,
            name=self.name,
            pixel=self.pixel,
            event=self.event,
            start=days(self.start_day),
            end=None if self.end_day is None else days(self.end_day),
            dayparting=self.dayparting,
            review_until=days(self.review_until_day),
            denied=self.denied,
            on=self.on,
            click_days=self.click_days,
            engaged_view_days=self.engaged_view_days,
            view_days=self.view_days,
            count=self.count,
            audiences=self.audiences,
        )


class AudienceSpec(Input):
    """A website-traffic audience that exists when the scenario starts, or a lookalike of one (R18).

    ``built_day`` and ``last_used_day`` are days since the scenario's start, at most 0; the default makes it ready when
    the scenario starts. ``seed`` is the audience that a lookalike was made from.
    """

    id: str
    account: str
    name: str
    pixel: str
    event: str = "PageView"
    look_back_days: Annotated[int, Field(ge=1, le=LONGEST_LOOK_BACK)] = 30
    built_day: Annotated[float, Field(le=0.0)] = -1.0
    last_used_day: Annotated[float, Field(le=0.0)] | None = None
    shared_with: tuple[str, ...] = ()
    seed: str | None = None

    def at_start(self) -> Audience:
        """Give the audience in the world at the scenario's start."""
        return Audience(
            id=self.id,
            account=self.account,
            name=self.name,
            pixel=self.pixel,
            event=self.event,
            look_back_days=self.look_back_days,
            built_at=days(self.built_day),
            last_used=None if self.last_used_day is None else days(self.last_used_day),
            shared_with=self.shared_with,
            seed=self.seed,
        )


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


class PaymentShareSpec(Input):
    """A payment method lent to a partner, whose ad accounts may be billed through it (P34)."""

    payment: str
    partner: str


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
    audiences: tuple[AudienceSpec, ...] = ()
    tokens: tuple[Token, ...] = ()
    payment_methods: tuple[PaymentMethod, ...] = ()
    members: tuple[MemberSpec, ...] = ()
    account_people: tuple[AccountPersonSpec, ...] = ()
    account_grants: tuple[AccountGrantSpec, ...] = ()
    partnerships: tuple[PartnershipSpec, ...] = ()
    shares: tuple[ShareSpec, ...] = ()
    links: tuple[LinkSpec, ...] = ()
    pixel_people: tuple[PixelPersonSpec, ...] = ()
    payment_shares: tuple[PaymentShareSpec, ...] = ()
    _start: dt.datetime = PrivateAttr(START)

    def beginning(self, start: dt.datetime) -> Self:
        """Give the structure of a scenario that starts at an instant, which fixes where its weeks begin."""
        copy = self.model_copy()
        copy._start = start  # noqa: SLF001 - one of its own kind
        return copy

    def world(self) -> World:
        """Build the world at the scenario's start."""
        return World(
            business_centers={b.id: b for b in self.business_centers},
            people={p.id: p for p in self.people},
            ad_accounts={a.id: a.at_start(self._start) for a in self.ad_accounts},
            websites={w.id: w for w in self.websites},
            pixels={p.code: p for p in self.pixels},
            campaigns={c.id: c for c in self.campaigns},
            ad_groups={g.id: g.at_start() for g in self.ad_groups},
            ads={a.id: a for a in self.ads},
            audiences={a.id: a.at_start() for a in self.audiences},
            tokens={t.id: t for t in self.tokens},
            payment_methods={p.id: p for p in self.payment_methods},
            members={(m.bc, m.person): m.role for m in self.members},
            account_people={
                (a.account, a.person): AccountAssignment(role=a.role, via=a.via) for a in self.account_people
            },
            account_grants={(g.bc, g.account): AccountGrant(role=g.role) for g in self.account_grants},
            partnerships={(p.bc, p.partner): Partnership(status=p.status) for p in self.partnerships},
            shares={(s.pixel, s.partner): PixelShare() for s in self.shares},
            links={(k.pixel, k.account): Link(by_bc=k.by_bc) for k in self.links},
            pixel_people={(p.pixel, p.person): PixelAssignment(level=p.level, via=p.via) for p in self.pixel_people},
            payment_shares={(p.payment, p.partner): PaymentShare() for p in self.payment_shares},
        )

    def faults(self, place: str = "$.structure") -> list[Fault]:
        """List ids that occur twice and references that lead nowhere, each with its place."""
        return structure_faults(self.model_dump(mode="json"), place)
