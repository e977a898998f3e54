"""What exists: businesses, people, ad accounts, websites, pixels, campaigns, audiences, tokens, payment methods.

Ids are text everywhere. A pixel has two: ``code`` (20 characters, what people call Pixel ID) and ``number``
(19 digits, the API's ``pixel_id``). Times are milliseconds since the scenario's start.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from annotated_types import Ge, MinLen

__all__ = [
    "AccountRole",
    "AccountStatus",
    "Ad",
    "AdAccount",
    "AdGroup",
    "Audience",
    "BusinessCenter",
    "BusinessCenterType",
    "BusinessRole",
    "Campaign",
    "CountMode",
    "Identifier",
    "PaymentMethod",
    "Person",
    "Pixel",
    "PixelLevel",
    "Token",
    "Website",
]

Identifier = Annotated[str, MinLen(1)]


class BusinessCenterType(StrEnum):
    """Type of a Business Center, in the API's words."""

    NORMAL = "NORMAL"
    """Regular."""
    DIRECT = "DIRECT"
    """Managed direct advertiser."""
    AGENCY = "AGENCY"
    """Managed agency."""
    SELF_SERVICE = "SELF_SERVICE"
    """Small-business direct."""
    SELF_SERVICE_AGENCY = "SELF_SERVICE_AGENCY"
    """Small-business agency."""

    @property
    def is_agency(self) -> bool:
        """Whether R06 (agency) rather than R05 (non-agency) decides a transfer."""
        return self in {BusinessCenterType.AGENCY, BusinessCenterType.SELF_SERVICE_AGENCY}


class BusinessRole(StrEnum):
    """First permission layer: a person's role in a Business Center."""

    ADMIN = "ADMIN"
    STANDARD = "STANDARD"


class AccountRole(StrEnum):
    """Second permission layer: a person's (or a Business Center's) role on an ad account."""

    ADMIN = "ADMIN"
    OPERATOR = "OPERATOR"
    ANALYST = "ANALYST"

    @property
    def rank(self) -> int:
        """Order of the roles: 3 for Admin, 2 for Operator, 1 for Analyst."""
        return 3 if self is AccountRole.ADMIN else 2 if self is AccountRole.OPERATOR else 1

    def at_least(self, other: AccountRole) -> bool:
        """Whether this role may do all that ``other`` may."""
        return self is other or self.rank >= other.rank


class PixelLevel(StrEnum):
    """Level at which a pixel is assigned to a member (R10)."""

    VIEW = "VIEW"
    EDIT = "EDIT"


class AccountStatus(StrEnum):
    """Standing of an ad account."""

    ENABLE = "STATUS_ENABLE"
    DISABLE = "STATUS_DISABLE"
    LIMIT = "STATUS_LIMIT"


class CountMode(StrEnum):
    """Which repeats of an event count as conversions."""

    BY_GOAL = "by_goal"
    EVERY = "every"
    ONCE = "once"


@dataclass(frozen=True, slots=True, kw_only=True)
class BusinessCenter:
    """A Business Center: the container that owns pixels and accounts and knows partners."""

    id: Identifier
    name: str
    type: BusinessCenterType = BusinessCenterType.DIRECT
    managed: bool = False
    verified: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Someone who acts; ``left`` people can do nothing any more."""

    id: Identifier
    name: str
    left: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentMethod:
    """A payment method of a Business Center; ad accounts of partners may be billed through it while it is shared."""

    id: Identifier
    name: str
    owner_bc: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AdAccount:
    """An ad account with its own currency and its own clock (a fixed offset, in ms east of UTC).

    ``week_start`` is a midnight before a Monday on that clock, in ms since the scenario's start; dayparting counts its
    half hours from there. ``payment_method`` is the shared method that the account is billed through; None stands for
    its own billing.
    """

    id: Identifier
    name: str
    owner_bc: str | None = None
    created_from_bc: str | None = None
    currency: str = "USD"
    utc_offset: int = 0
    week_start: int = 0
    status: AccountStatus = AccountStatus.ENABLE
    payment_method: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Website:
    """A website, the registered domains it answers on, and the pixels its pages load."""

    id: Identifier
    name: str
    domains: tuple[str, ...] = ()
    pixels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pixel:
    """A pixel, created by one ad account for ever (R02), and owned by at most one Business Center (R03)."""

    code: Identifier
    number: str
    name: str
    creator: str
    owner_bc: str | None = None
    first_party_cookies: bool = True
    advanced_matching: bool = False
    events: tuple[str, ...] = ()
    statistic_type: CountMode = CountMode.EVERY


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """A campaign; switched off or deleted, nothing under it delivers."""

    id: Identifier
    account: str
    name: str
    on: bool = True
    deleted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AdGroup:
    """An ad group: pixel, optimisation event and windows, all fixed once published (R16a), and what may be edited.

    ``start`` and ``end`` are ms since the scenario's start, ``end`` excluded. ``dayparting`` tells for each half hour
    of the week, from Monday's midnight on the account's clock on, whether it may deliver: 336 times "0" or "1" as in
    the API, None for always. ``budget_factor`` and ``bid_factor`` are what edits have made of budget and bid, as
    factors of those it was published with.

    ``review_until`` is when the review of what was published or edited is over (``edited`` tells which), ``denied``
    whether it was turned down. ``learning_from`` is when an edit last set its learning back, in ms; None for never.
    ``click_days`` is 1, 7, 14 or 28; ``engaged_view_days`` 1 or 7; ``view_days`` 0 (off), 1 or 7. ``waiting`` marks one
    that stays *Pixel Unauthorized* after a re-link until a person switches it on again.
    """

    id: Identifier
    campaign: str
    name: str
    pixel: str | None = None
    event: str = "Purchase"
    start: int = 0
    end: int | None = None
    dayparting: str | None = None
    budget_factor: float = 1.0
    bid_factor: float = 1.0
    review_until: Annotated[int, Ge(0)] = 0
    edited: bool = False
    denied: bool = False
    learning_from: int | None = None
    on: bool = True
    deleted: bool = False
    waiting: bool = False
    click_days: int = 7
    engaged_view_days: int = 1
    view_days: int = 1
    count: CountMode = CountMode.BY_GOAL
    audiences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ad:
    """An ad; ``tracking_pixel`` measures only, and is the ad group's own pixel when that is set (R16a).

    ``review_until`` is when its first review is over, in ms since the scenario's start. ``waiting`` marks one that
    stays *Pixel Unauthorized* after a re-link until a person switches it on again.
    """

    id: Identifier
    ad_group: str
    name: str
    tracking_pixel: str | None = None
    review_until: Annotated[int, Ge(0)] = 0
    on: bool = True
    deleted: bool = False
    waiting: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """A website-traffic custom audience that an ad account built from a pixel (R18), or a lookalike of one.

    ``look_back_days`` is the window in which a person counts as matched. ``built_at`` and ``last_used`` are ms since
    the scenario's start, negative before it. ``seed`` is the audience that a lookalike was made from: a lookalike has
    its own members and keeps them when its seed goes (P32).
    """

    id: Identifier
    account: str
    name: str
    pixel: str
    event: str = "PageView"
    look_back_days: Annotated[int, Ge(1)] = 30
    built_at: int = 0
    last_used: int | None = None
    shared_with: tuple[str, ...] = ()
    seed: str | None = None
    deleted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A server-side access token for a pixel's Events API; it outlives a partnership until revoked (P29)."""

    id: Identifier
    pixel: str
    holder_bc: str
    revoked: bool = False
