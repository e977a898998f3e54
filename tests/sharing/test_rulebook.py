"""The named settings: their defaults, their presets, and that every one of them is tested with every value."""

from __future__ import annotations

import dataclasses
import pathlib
from enum import Enum

import pytest

from pixelsim.sharing import (
    PRESETS,
    AfterRefusal,
    Guard,
    GuardAppliesTo,
    Limits,
    Rulebook,
    SharingSettings,
    StopFirst,
    UnsharePolicy,
    UnshareRule,
    rulebook,
)
from pixelsim.world import AudienceAfter, BusinessCenter, Effect


def test_the_documented_defaults():
    assert UnsharePolicy() == UnsharePolicy(
        account=UnshareRule(guard=Guard.ACTIVE, effect=Effect.NOT_DELIVERING),
        partner=UnshareRule(guard=Guard.ACTIVE, effect=Effect.KEEP_DELIVERING),
        tracking_only=Effect.NOT_DELIVERING,
        guard_applies_to=GuardAppliesTo.UI_AND_API,
        after_refused_unshare=AfterRefusal.RETRY_AFTER_STOP,
        stop_first=StopFirst.DELIVERING,
    )
    documented = SharingSettings()
    assert (documented.recipient_may_edit, documented.partner_admin_may_grant_editing) == (False, False)
    assert (documented.partner_may_link, documented.after_relink) == ("owned", "resumes")
    assert documented.audience_after_access is AudienceAfter.FROZEN
    assert (documented.audience_ready_hours, documented.audience_expiry_days) == (24.0, 365.0)
    assert (documented.audience_minimum, documented.accounts_per_call) == (1000, 100)
    assert (documented.partnership_acceptance, documented.links_per_account) == (0.0, None)
    assert (documented.review_minutes, documented.settings_refresh_hours) == (0.0, 0.0)
    assert documented.significant_change == 0.5
    assert documented.availability_side == "sharing_side"


@pytest.mark.parametrize(
    ("preset", "account", "partner", "tracking"),
    [
        ("documented", ("active", "not_delivering"), ("active", "keep_delivering"), "not_delivering"),
        (
            "strict",
            ("active_and_scheduled", "not_delivering"),
            ("active_and_scheduled", "not_delivering"),
            "not_delivering",
        ),
        ("pause", ("none", "not_delivering"), ("none", "not_delivering"), "not_delivering"),
        ("continue", ("none", "keep_delivering"), ("none", "keep_delivering"), "keep_delivering"),
    ],
)
def test_the_presets(preset, account, partner, tracking):
    policy = PRESETS[preset]
    assert (policy.account.guard, policy.account.effect) == account
    assert (policy.partner.guard, policy.partner.effect) == partner
    assert policy.tracking_only == tracking
    assert len(PRESETS) == 4


def test_the_documented_limits():
    documented = Limits()
    assert (documented.members_per_business_center, documented.admins_per_business_center) == (1000, 20)
    assert (documented.accounts_per_business_center, documented.campaigns_per_account) == (150, 5000)
    assert (documented.ad_groups_per_campaign, documented.ads_per_ad_group) == (999, 50)
    unknown = {"active_ad_groups_per_account", "ads_per_pixel", "pixels_per_account", "pixels_per_business_center"}
    unknown |= {"partners_per_pixel", "people_per_pixel"}
    assert {field.name for field in dataclasses.fields(Limits) if getattr(documented, field.name) is None} == unknown


def test_parts_of_a_rulebook_are_exchanged():
    changed = Rulebook().replace(policy=PRESETS["strict"], limits=Limits(ads_per_pixel=5))
    assert changed.policy is PRESETS["strict"]
    assert changed.limits.ads_per_pixel == 5
    assert changed.settings == SharingSettings()
    with pytest.raises(TypeError, match="nothing"):
        Rulebook().replace(nothing=1)


@pytest.mark.parametrize("verified", [True, False])
def test_the_default_condition_is_verification(verified):
    bc = BusinessCenter(id="bc", name="B", verified=verified)
    assert rulebook.regular_is_verified(bc) == (None if verified else "verified")


def test_every_setting_is_named_in_a_test_of_a_rule():
    source = "".join(path.read_text(encoding="utf-8") for path in pathlib.Path(__file__).parent.glob("test_R*.py"))
    source += pathlib.Path(__file__).with_name("test_link_all.py").read_text(encoding="utf-8")
    source += pathlib.Path(__file__).with_name("test_members_and_partners.py").read_text(encoding="utf-8")
    outside = {"after_refused_unshare", "settings_refresh_hours", "settings_refresh_from_hour"}
    """What people do after a refusal, and when pages hear of a change, is up to the control plane."""
    for kind in (SharingSettings, UnsharePolicy, Limits):
        for field in dataclasses.fields(kind):
            assert field.name in outside or f"{field.name}=" in source, field.name
    for values in (Guard, GuardAppliesTo, StopFirst, AudienceAfter, Effect):
        assert issubclass(values, Enum)
        assert f"list({values.__name__})" in source
