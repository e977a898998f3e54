"""The named settings that decide where sources disagree, and the unshare policy with its four presets."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any

from annotated_types import Ge
from pydantic import BeforeValidator

from pixelsim.world.entities import BusinessCenter
from pixelsim.world.relations import AudienceAfter, Effect

__all__ = [
    "PRESETS",
    "UNLIMITED",
    "AfterRefusal",
    "AfterRelink",
    "AvailabilitySide",
    "Guard",
    "GuardAppliesTo",
    "Limits",
    "PartnerMayLink",
    "Rulebook",
    "SharingSettings",
    "StopFirst",
    "UnsharePolicy",
    "UnshareRule",
    "regular_is_verified",
]


class Guard(StrEnum):
    """While what is in use an unlink or unshare is refused (R12)."""

    NONE = "none"
    ACTIVE = "active"
    ACTIVE_AND_SCHEDULED = "active_and_scheduled"


class GuardAppliesTo(StrEnum):
    """Which ways of unsharing the guard watches."""

    UI_AND_API = "ui_and_api"
    UI_ONLY = "ui_only"


class AfterRefusal(StrEnum):
    """What people do when the guard refused their unshare."""

    RETRY_AFTER_STOP = "retry_after_stop"
    GIVE_UP = "give_up"
    FORCE = "force"


class StopFirst(StrEnum):
    """How the practice "stop first" is read (R15)."""

    DELIVERING = "delivering"
    UNDER_PACING = "under_pacing"


class PartnerMayLink(StrEnum):
    """Which ad accounts a partner may link a shared pixel to (R09)."""

    OWNED = "owned"
    """Those that the partner owns."""
    ADMIN_ACCESS = "admin_access"
    """Any that the partner has Admin access to, whoever owns them."""


class AfterRelink(StrEnum):
    """Whether ads deliver again by themselves after a re-link."""

    RESUMES = "resumes"
    BY_HAND = "by_hand"


class AvailabilitySide(StrEnum):
    """Which side of a share has to be eligible (R01)."""

    SHARING_SIDE = "sharing_side"
    BOTH_SIDES = "both_sides"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnshareRule:
    """Guard and effect of one way of ending access."""

    guard: Guard
    effect: Effect


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsharePolicy:
    """What an account unlink and a partner unshare do to what still uses the pixel (R12, R13, R14, R15).

    The defaults are the preset ``documented``; a guard of the page's words, and for the partner no pausing, since the
    page names none there.
    """

    account: UnshareRule = UnshareRule(guard=Guard.ACTIVE, effect=Effect.NOT_DELIVERING)
    partner: UnshareRule = UnshareRule(guard=Guard.ACTIVE, effect=Effect.KEEP_DELIVERING)
    tracking_only: Effect = Effect.NOT_DELIVERING
    guard_applies_to: GuardAppliesTo = GuardAppliesTo.UI_AND_API
    after_refused_unshare: AfterRefusal = AfterRefusal.RETRY_AFTER_STOP
    stop_first: StopFirst = StopFirst.DELIVERING

    @classmethod
    def of(cls, guard: Guard, effect: Effect) -> UnsharePolicy:
        """Make the policy with the same guard and effect for accounts, partners and tracking-only ads."""
        rule = UnshareRule(guard=guard, effect=effect)
        return cls(account=rule, partner=rule, tracking_only=effect)


PRESETS: dict[str, UnsharePolicy] = {
    "documented": UnsharePolicy(),
    "strict": UnsharePolicy.of(Guard.ACTIVE_AND_SCHEDULED, Effect.NOT_DELIVERING),
    "pause": UnsharePolicy.of(Guard.NONE, Effect.NOT_DELIVERING),
    "continue": UnsharePolicy.of(Guard.NONE, Effect.KEEP_DELIVERING),
}
"""The four readings of R12, R13 and R15 by name; the field cases' REFUSE, PAUSE, CONTINUE are the last three."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SharingSettings:
    """Every other disagreement about sharing between sources, as a named setting with its documented default.

    ``partnership_acceptance`` is the delay in days until the other side approves a request (0: at once).
    ``audience_deadline_days`` counts from the loss of access, under ``deadline``. ``audience_ready_hours`` (24,
    assumption) is the time until a new audience can be used, ``audience_expiry_days`` its life without use (365, API
    default). ``links_per_account`` limits how many pixels an account may hold (None: no limit; another network's rule,
    P23). ``accounts_per_call`` is the API's limit of one link call (100).

    ``settings_refresh_hours`` is how often pages fetch the settings of their pixels, counted from the scenario's hour
    ``settings_refresh_from_hour``; what is installed, taken off or edited counts from the next time on (0: at once).

    ``review_minutes`` is how long the review of what is published, or edited in its targeting or creatives, takes; the
    help centre says "most within 24 hours" and nothing more, so that the default is 0: nobody waits. An edit of budget
    or bid by more than the share ``significant_change`` sets learning back (0.5: the help centre's page on budgets
    advises to keep changes within 50 %), and so does every edit of targeting or creatives.
    """

    availability_side: AvailabilitySide = AvailabilitySide.SHARING_SIDE
    partner_may_link: PartnerMayLink = PartnerMayLink.OWNED
    recipient_may_edit: bool = False
    partner_admin_may_grant_editing: bool = False
    partnership_acceptance: Annotated[float, Ge(0)] = 0.0
    audience_after_access: AudienceAfter = AudienceAfter.FROZEN
    audience_deadline_days: Annotated[float, Ge(0)] = 30.0
    audience_ready_hours: Annotated[float, Ge(0)] = 24.0
    audience_expiry_days: Annotated[float, Ge(0)] = 365.0
    audience_minimum: Annotated[int, Ge(0)] = 1000
    after_relink: AfterRelink = AfterRelink.RESUMES
    links_per_account: Annotated[int, Ge(1)] | None = None
    accounts_per_call: Annotated[int, Ge(1)] = 100
    settings_refresh_hours: Annotated[float, Ge(0)] = 0.0
    settings_refresh_from_hour: Annotated[float, Ge(0)] = 0.0
    review_minutes: Annotated[float, Ge(0)] = 0.0
    significant_change: Annotated[float, Ge(0)] = 0.5


UNLIMITED = "unlimited"
"""How files write that there is no limit."""
Limit = Annotated[Annotated[int, Ge(1)] | None, BeforeValidator(lambda value: None if value == UNLIMITED else value)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many of a thing the platform allows; None (in files ``"unlimited"``) where no public source names a number.

    Members and Admins of a Business Center: 1,000 and 20 by the help centre's Business Center FAQ of 2024, where the
    API's documentation says 4,000. Ad accounts of a Business Center that is no agency, its own and those granted to it:
    150 by the same FAQ. Campaigns of an account, ad groups of a campaign and ads of an ad group: the help centre's page
    on ad-account limits. By the same page an account may have 50, 200 or 1,000 active ad groups, by its best monthly
    spend; which it is has to be said, and an attempt over it is refused, where the platform switches the new one off.
    That a pixel can be bound to a limited number of ads is documented by the API, the number is not; nor is any for
    pixels of an account or a Business Center, or for partners and members of a pixel.
    """

    members_per_business_center: Limit = 1000
    admins_per_business_center: Limit = 20
    accounts_per_business_center: Limit = 150
    campaigns_per_account: Limit = 5000
    active_ad_groups_per_account: Limit = None
    ad_groups_per_campaign: Limit = 999
    ads_per_ad_group: Limit = 50
    ads_per_pixel: Limit = None
    pixels_per_account: Limit = None
    pixels_per_business_center: Limit = None
    partners_per_pixel: Limit = None
    people_per_pixel: Limit = None


Condition = Callable[[BusinessCenter], str | None]
"""Names the condition of R01 that an unmanaged regular Business Center fails, or None when it fails none."""


def regular_is_verified(bc: BusinessCenter) -> str | None:
    """Give the default condition of R01: an unmanaged regular Business Center has to be verified."""
    return None if bc.verified else "verified"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rulebook:
    """All that decides besides the world: unshare policy, settings, limits, and the condition of R01."""

    policy: UnsharePolicy = field(default_factory=UnsharePolicy)
    settings: SharingSettings = field(default_factory=SharingSettings)
    limits: Limits = field(default_factory=Limits)
    condition: Condition = regular_is_verified

    def replace(self, **changes: Any) -> Rulebook:
        """Give a rulebook with some parts exchanged."""
        return dataclasses.replace(self, **changes)
