"""How far a figure in counts can be trusted: exact in distribution, approximate, or outside of the tested range."""

from __future__ import annotations

from enum import StrEnum

from pixelsim.counts.result import Counts
from pixelsim.scenario.capture import Capture
from pixelsim.scenario.measurement import MeasurementSettings, Scope, WhileNoConsent

__all__ = ["TESTED", "Exactness", "of_attribution", "of_copies"]

TESTED = 2.2
"""Most touches a person in their windows at which attribution was compared with events: 2, and the best days more."""
TESTED_ONCE = {Scope.PIXEL: 1.1, Scope.ACCOUNT: 0.22}
"""The same for events that count once for each touch, by scope.

In 250 replications their mean was 1.3 % off at 2 touches a person, and over accounts that claim for themselves already
at 1 touch, which is more than a hundredth and more than a tenth of the standard deviation.
"""
SELDOM = 0.01
"""Expected events that rest on a closed form, below which a run is as good as without any."""


class Exactness(StrEnum):
    """How a figure compares with the same figure of a run with events."""

    EXACT = "exact"
    """It has the same distribution."""
    APPROXIMATE = "approximate"
    """Mean and spread agree within the tolerance that the closed form was tested to."""
    OUTSIDE = "outside tested range"
    """The closed form was not tested where it is used here."""


def of_copies(counts: Counts, pixel: int) -> Exactness:
    """Judge counts of copies and events at a pixel."""
    code, settings = counts.numbering.pixels[pixel], counts.scenario.measurement
    captures = [
        site.events.traffic.capture for site in counts.sites if any(code in state.pixels for state in site.pages.states)
    ]
    closed = any(_closed_form(capture, settings) for capture in captures)
    return Exactness.APPROXIMATE if closed else Exactness.EXACT


def _closed_form(capture: Capture, settings: MeasurementSettings) -> bool:
    """Tell whether copies meet across sessions, or wait for consent."""
    server = capture.server
    by_cookie = server is not None and server.cookie and server.event_id != "own"
    by_cookie &= server is not None and (server.event_id == "missing" or not capture.browser_event_id)
    waits = capture.late_consent_people > 0 and settings.consent is WhileNoConsent.HOLD
    return by_cookie or waits


def of_attribution(counts: Counts, pixel: int, event: int) -> Exactness:
    """Judge what the ad groups on a pixel earn with events of a name."""
    code = counts.numbering.pixels[pixel]
    found = [claimed for (_, of), claimed in counts.contests.items() if of == code]
    once = TESTED_ONCE[counts.scenario.measurement.scope]
    if any(claimed.densest > (once if claimed.once[event] else TESTED) for claimed in found):
        return Exactness.OUTSIDE
    own_only = all(claimed.moved[event] < SELDOM and not claimed.once[event] for claimed in found)
    return of_copies(counts, pixel) if own_only else Exactness.APPROXIMATE
