"""How far a figure in counts can be trusted: exact in distribution, approximate, or outside of the tested range."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from pixelsim.counts.result import Counts, SiteCounts
from pixelsim.counts.trust import Exactness, worst
from pixelsim.scenario.capture import Capture
from pixelsim.scenario.measurement import MeasurementSettings, WhileNoConsent
from pixelsim.traffic.collector import dedup_rule

__all__ = ["TESTED", "Exactness", "of_attribution", "of_copies", "of_sessions", "worst"]

TESTED = 2.25
"""Most touches a person in their windows at which attribution was compared with events: 2, and the best days more."""
TESTED_REPEATS = 1.4
"""Most events of a name that a person has within the window of repeats, on average, at which these were compared."""
UNSEEN = 0.005
"""Share of copies that may repeat one of another session, which the counts do not look for, before it is said so."""
TESTED_RETURNS = 0.4
"""Largest share of sessions that lead to a further one, at which once-counted credit was compared with events."""
SELDOM = 0.01
"""Expected events that rest on a closed form, below which a run is as good as without any."""


def of_sessions(sites: Sequence[SiteCounts]) -> Exactness:
    """Judge counts of sessions and orders on some websites: steps of returns know no more than the cell before."""
    comes_back = any(site.events.traffic.return_share > 0 for site in sites)
    return Exactness.APPROXIMATE if comes_back else Exactness.EXACT


def _known(counts: Counts, judge: Callable[..., Exactness], *what: int) -> Exactness:
    """Judge what was not judged before."""
    if what not in counts.judged:
        counts.judged[what] = judge(counts, *what)
    return counts.judged[what]


def of_copies(counts: Counts, pixel: int) -> Exactness:
    """Judge counts of copies and events at a pixel."""
    return _known(counts, _of_copies, pixel)


def _of_copies(counts: Counts, pixel: int) -> Exactness:
    code, settings = counts.numbering.pixels[pixel], counts.scenario.measurement
    sites = counts.carrying[code]
    found = [repeated for (_, of), repeated in counts.repeated.items() if of == code]
    if any(repeated.densest > TESTED_REPEATS for repeated in found) or any(_untested(counts, site) for site in sites):
        return Exactness.OUTSIDE
    closed = any(_closed_form(site.events.traffic.capture, settings) for site in sites)
    return Exactness.APPROXIMATE if closed or found else of_sessions(sites)


def _closed_form(capture: Capture, settings: MeasurementSettings) -> bool:
    """Tell whether copies are told by a cookie, or wait for consent."""
    waits = capture.late_consent_people > 0 and settings.consent is WhileNoConsent.HOLD
    return _by_cookie(capture) or waits


def _by_cookie(capture: Capture) -> bool:
    """Tell whether a server's copies have no id, and a cookie tells of which event they are."""
    server = capture.server
    if server is None or not server.cookie or server.event_id == "own":
        return False
    return server.event_id == "missing" or not capture.browser_event_id


def _untested(counts: Counts, site: SiteCounts) -> bool:
    """Tell whether repeats were not compared with events on a site like this."""
    traffic, fates = site.events.traffic, site.events.fates
    windows = {
        one.events.fates.repeat_window for one in counts.sites if one.events.population == site.events.population
    }
    beside = traffic.return_share > 0 or traffic.capture.resends_previous or bool(traffic.markets)
    if len(windows) > 1 or (fates.repeat_window and beside):
        return True
    if not _by_cookie(traffic.capture) or traffic.capture.id_from == "visitor":
        return False
    # A copy of the server's alone repeats whatever the same person did within the window, in any session.
    rule = dedup_rule(fates.settings)
    sessions = (counts.sessions[counts.sites.index(site)] / np.diff(counts.cells.borders)).max(initial=0.0)
    people = site.events.visitors.people
    browser = np.array([kind.browser for kind in site.events.visitors.kinds])
    alone = 1 - float((people * browser).sum() / people.sum()) * (1 - traffic.capture.lost_events)
    return bool(alone * sessions * max(rule.window, rule.repeat) / people.sum() > UNSEEN)


def _repeats_across(counts: Counts, site: SiteCounts, code: str) -> bool:
    """Tell whether events can be repeats on pages where ads with another pixel earn, too."""
    others = {pixel for _, pixel in counts.contests} - {code}
    beside = any(code in state.pixels and others & set(state.pixels) for state in site.pages.states)
    return beside and site.events.fates.repeat_window > 0


def of_attribution(counts: Counts, pixel: int, event: int) -> Exactness:
    """Judge what the ad groups on a pixel earn with events of a name."""
    return _known(counts, _of_attribution, pixel, event)


def _of_attribution(counts: Counts, pixel: int, event: int) -> Exactness:
    code = counts.numbering.pixels[pixel]
    found = [claimed for (_, of), claimed in counts.contests.items() if of == code]
    of_pixel = of_copies(counts, pixel)
    if of_pixel is Exactness.OUTSIDE or any(claimed.densest > TESTED for claimed in found):
        return Exactness.OUTSIDE
    if any(_repeats_across(counts, site, code) for site in counts.carrying[code]):
        return Exactness.OUTSIDE
    returns = max((site.events.traffic.return_share for site in counts.carrying[code]), default=0.0)
    if returns > TESTED_RETURNS and any(claimed.once[event] for claimed in found):
        return Exactness.OUTSIDE
    own_only = all(claimed.moved[event] < SELDOM and not claimed.once[event] for claimed in found)
    return of_pixel if own_only else Exactness.APPROXIMATE
