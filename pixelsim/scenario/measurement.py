"""The measurement part of a scenario: how the platform counts, credits and reports; each field a named setting."""

from __future__ import annotations

from enum import StrEnum

from pixelsim.scenario.base import Input, Weight
from pixelsim.world.entities import CountMode

__all__ = ["AttributedShown", "DayBasis", "InFlight", "MeasurementSettings", "Scope", "WhileNoConsent"]


class Scope(StrEnum):
    """Over which ads one event is credited once."""

    PIXEL = "pixel"
    ACCOUNT = "account"


class InFlight(StrEnum):
    """What happens to conversions of clicks made before access ended."""

    CUT = "cut"
    UNTIL_WINDOW_ENDS = "until_window_ends"


class AttributedShown(StrEnum):
    """Which attributed events a receiver is shown."""

    ANY_AD_ON_PIXEL = "any_ad_on_pixel"
    OWN_ADS = "own_ads"


class DayBasis(StrEnum):
    """Which day an attributed event is reported on."""

    INTERACTION = "interaction"
    EVENT = "event"


class WhileNoConsent(StrEnum):
    """What becomes of events before a visitor's consent."""

    DROP = "drop"
    HOLD = "hold"


class MeasurementSettings(Input):
    """Settings of counting and credit where sources disagree; defaults first in each enumeration.

    ``dedup_hours``, ``merge_minutes`` and ``repeat_seconds`` are the windows of de-duplication; ``last_instant`` says
    whether an event exactly at a window's end is inside it (for attribution, dedup and merge alike);
    ``click_id_days`` is the life of a click id; ``reporting_lag_hours`` the age below which rows are incomplete.
    """

    scope: Scope = Scope.PIXEL
    in_flight: InFlight = InFlight.CUT
    attributed_shown: AttributedShown = AttributedShown.ANY_AD_ON_PIXEL
    count: CountMode = CountMode.BY_GOAL
    dedup_hours: Weight = 48.0
    merge_minutes: Weight = 5.0
    repeat_seconds: Weight = 0.0
    last_instant: bool = True
    click_id_days: Weight = 7.0
    consent: WhileNoConsent = WhileNoConsent.DROP
    day_basis: DayBasis = DayBasis.INTERACTION
    reporting_lag_hours: Weight = 0.0
