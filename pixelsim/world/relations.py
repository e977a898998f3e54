"""Who stands in which relation to whom: grants, partnerships, shares, links and what is left after they end."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pixelsim.world.entities import AccountRole, PixelLevel

__all__ = [
    "AccountAssignment",
    "AccountGrant",
    "AudienceAfter",
    "Effect",
    "Link",
    "Partnership",
    "PaymentShare",
    "PixelAssignment",
    "PixelShare",
    "RelationStatus",
    "Unbound",
]


class RelationStatus(StrEnum):
    """State of a relation that two sides have to agree on."""

    PENDING = "PENDING"
    BOUND = "BOUND"
    REJECTED = "REJECTED"
    REMOVED = "REMOVED"


class Effect(StrEnum):
    """What happens to ads that still use a pixel once access is gone."""

    NOT_DELIVERING = "not_delivering"
    KEEP_DELIVERING = "keep_delivering"


class AudienceAfter(StrEnum):
    """What happens to audiences built from a pixel once access is gone."""

    FROZEN = "frozen"
    """Kept as a copy that no longer refreshes, and usable."""
    LOST = "lost"
    """Gone: ad groups that used it are disconnected from it and run on without."""
    DEADLINE = "deadline"
    """Usable until a deadline; what still uses it then stops."""
    PAUSE_USERS = "pause_users"
    """Everything that uses it stops at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Partnership:
    """A partnership, requested by one Business Center and answered by the other."""

    status: RelationStatus = RelationStatus.BOUND
    since: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountGrant:
    """A Business Center's role on an ad account that another one owns."""

    role: AccountRole
    since: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountAssignment:
    """A person's role on an ad account, through a Business Center, or added by name (``via`` is None)."""

    role: AccountRole
    via: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelAssignment:
    """A person's level on a pixel, through a Business Center, or added by name (``via`` is None)."""

    level: PixelLevel
    via: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelShare:
    """A pixel shared with a partner's Business Center; in force only while the partnership is bound."""

    since: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentShare:
    """A payment method that a Business Center lets a partner's ad accounts be billed through (P34)."""

    since: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A pixel linked to an ad account, and the Business Center that made the link."""

    by_bc: str
    since: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Unbound:
    """What a revoked link leaves behind: the tombstone that the API lists as ``UNBOUND`` (R20).

    It keeps the effects that were in force when the link was cut, so that a status follows from the world alone.
    ``audience_until`` is the instant in ms until which audiences stay usable under ``deadline``.
    """

    at: int
    effect: Effect
    tracking_only: Effect
    audiences: AudienceAfter
    audience_until: int | None = None
