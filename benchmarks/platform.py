"""The platform in plain Python: copies come in one by one and are de-duplicated, credited, counted and logged.

Every copy becomes one row of the log, a tuple with the columns of :class:`pixelsim.traffic.log.LogRows`; every claim
of an account on a kept event becomes a tuple too.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import defaultdict

from pixelsim.base.clock import DAY, HOUR, MINUTE, SECOND, days
from pixelsim.control.timeline import Timeline
from pixelsim.scenario.capture import EVENT_NAMES
from pixelsim.scenario.measurement import InFlight, MeasurementSettings, Scope
from pixelsim.scenario.scenario import Scenario
from pixelsim.traffic.attribution import Reason
from pixelsim.traffic.dedup import BROWSER, SERVER
from pixelsim.traffic.log import Fate
from pixelsim.traffic.numbering import Numbering
from pixelsim.traffic.touches import TouchKind
from pixelsim.world.entities import AdGroup, CountMode

__all__ = ["Platform"]

Touch = tuple[int, int, int, int, int]
"""Time in ms, ad group, kind, draw number, ad; in the order in which touches of one instant stand."""
MEMORY = 28 * DAY
"""How long the platform remembers a touch: its longest window."""
KEPT, MERGED, DUPLICATE, REPEAT, LOST = (int(fate) for fate in Fate)
CREDITED, NO_TOUCH, OUTSIDE_WINDOW, ACCESS_ENDED, NOT_COUNTED_AGAIN = (int(reason) for reason in Reason)
PURCHASE = EVENT_NAMES.index("Purchase")


class Platform:
    """What the platform knows while a run goes on.

    Parameters
    ----------
    scenario, timeline, numbering, groups
        What is run, who had access when, the numbers of ids, and all ad groups by id.
    """

    def __init__(
        self, scenario: Scenario, timeline: Timeline, numbering: Numbering, groups: dict[str, AdGroup]
    ) -> None:
        settings = scenario.measurement
        self.log: list[tuple[int, ...]] = []
        self.claims: list[tuple[int, ...]] = []
        self.conversions: dict[tuple[int, int, int], int] = defaultdict(int)
        self._touches: dict[tuple[int, int], list[Touch]] = {}
        self._counted: set[tuple[int, int, int, int]] = set()
        self._by_id: dict[tuple[int, int, int], tuple[int, int]] = {}
        self._by_visitor: dict[tuple[int, int, int], tuple[int, int]] = {}
        self._last_instant = settings.last_instant
        self._window = round(settings.dedup_hours * HOUR)
        self._merge = min(round(settings.merge_minutes * MINUTE), self._window)
        self._repeat = round(settings.repeat_seconds * SECOND)
        # Without servers and repeat windows nobody asks for the last copy of a visitor.
        self._visitors = self._repeat > 0 or any(site.capture.server is not None for site in scenario.traffic.sites)
        self._cut = settings.in_flight is InFlight.CUT
        self._each_account = settings.scope is Scope.ACCOUNT
        self._account = numbering.group_account.tolist()
        self._pixel = numbering.group_pixel.tolist()
        self._access = _access(timeline, numbering, scenario.length)
        self._windows = [_windows(groups[key], scenario) for key in numbering.ad_groups]
        self._once = [_once(groups[key], settings) for key in numbering.ad_groups]

    def touch(self, at: int, person: int, kind: int, ad_group: int, ad: int, number: int) -> None:
        """Remember that a person was touched."""
        key = person, self._pixel[ad_group]
        touch = at, ad_group, kind, number, ad
        known = self._touches.get(key)
        if known is None:
            self._touches[key] = [touch]
        elif known[-1] < touch:
            known.append(touch)
        else:
            insort(known, touch)

    def settle(self, now: int) -> None:
        """Be done with all that arrived before an instant; here everything is settled as it arrives."""

    def lost(self, row: tuple[int, ...]) -> None:
        """Log a copy that never arrived; ``row`` are the columns from ``at`` to ``loss``."""
        self.log.append((*row, LOST, -1, -1, -1, -1, -1, -1))

    def receive(self, row: tuple[int, ...], match: int) -> None:
        """Take a copy at the instant at which it arrives; ``match`` is the person for attribution, -1 for nobody."""
        at, received, _, visitor, event, _, event_id, pixel, channel, _, _, _ = row
        fate = self._fate(received, pixel, event, event_id, channel, visitor)
        if fate != KEPT:
            self.log.append((*row, fate, -1, -1, -1, -1, -1, -1))
            return
        known = self._touches.get((match, pixel)) if match >= 0 else None
        if known is None:
            self.log.append((*row, KEPT, NO_TOUCH, -1, -1, -1, -1, -1))
            return
        inside, reason = self._inside(known, at)
        chosen, refused = None, None
        for touch in inside:
            if self._may_earn(touch, at):
                chosen = touch
                break
            refused = refused or touch
        refused_account = -1 if refused is None else self._account[refused[1]]
        if chosen is None:
            if refused is not None:
                reason = ACCESS_ENDED
            self.log.append((*row, KEPT, reason, -1, -1, -1, -1, refused_account))
            return
        counts = self._claim(row, chosen)
        if self._each_account:
            self._other_claims(row, inside, chosen)
        reason = CREDITED if counts else NOT_COUNTED_AGAIN
        self.log.append((*row, KEPT, reason, chosen[1], chosen[4], chosen[0], chosen[2], refused_account))

    def _fate(self, now: int, pixel: int, event: int, event_id: int, channel: int, visitor: int) -> int:
        """De-duplicate: by event id, or, without one, by the visitor's last kept copy."""
        if event_id >= 0:
            first = self._by_id.get((pixel, event, event_id))
            if first is not None and self._within(now - first[0], self._window):
                other = channel != first[1] and self._within(now - first[0], self._merge)
                return MERGED if other else DUPLICATE
            self._by_id[pixel, event, event_id] = now, channel
        elif visitor >= 0 and self._visitors:
            last = self._by_visitor.get((pixel, event, visitor))
            if last is not None:
                age = now - last[0]
                if channel == SERVER and self._within(age, self._window):
                    return MERGED if last[1] == BROWSER and self._within(age, self._merge) else DUPLICATE
                if self._within(age, self._repeat):
                    return REPEAT
        if visitor >= 0 and self._visitors:
            self._by_visitor[pixel, event, visitor] = now, channel
        return KEPT

    def _within(self, age: int, window: int) -> bool:
        return window > 0 and (age <= window if self._last_instant else age < window)

    def _inside(self, known: list[Touch], at: int) -> tuple[list[Touch], int]:
        """Give the touches inside their windows, the best first, and the reason if there is none."""
        inside: list[Touch] = []
        reason = NO_TOUCH
        for touch in reversed(known):
            age = at - touch[0]
            if age < 0:
                continue
            if age > MEMORY:
                break
            reason = OUTSIDE_WINDOW
            if self._within(age, self._windows[touch[1]][touch[2]]):
                inside.append(touch)
        if len(inside) > 1:
            inside.sort(key=_kind)
        return inside, reason

    def _may_earn(self, touch: Touch, at: int) -> bool:
        """Tell whether the touch's account had access to the pixel at the touch, and, where it is cut, at the event."""
        held = self._access[self._pixel[touch[1]], self._account[touch[1]]]
        return _holds(held, touch[0]) and (not self._cut or _holds(held, at))

    def _claim(self, row: tuple[int, ...], touch: Touch) -> bool:
        """Write a claim, and tell whether it counts as a conversion."""
        event, key = row[4], row[5]
        counts = True
        if self._once[touch[1]][event]:
            mark = touch[1], touch[2], touch[3], event
            counts = mark not in self._counted
            self._counted.add(mark)
        if counts:
            self.conversions[row[1] // DAY, touch[1], event] += 1
        self.claims.append(
            (len(self.log), row[0], touch[0], event, key, self._account[touch[1]], touch[1], touch[4], touch[2], counts)
        )
        return counts

    def _other_claims(self, row: tuple[int, ...], inside: list[Touch], chosen: Touch) -> None:
        """Let every other account claim the event by its own best touch."""
        done = {self._account[chosen[1]]}
        for touch in inside:
            account = self._account[touch[1]]
            if account not in done and self._may_earn(touch, row[0]):
                done.add(account)
                self._claim(row, touch)


def _kind(touch: Touch) -> int:
    return touch[2]


def _holds(held: list[tuple[int, int]], at: int) -> bool:
    """Tell whether an instant lies in one of some ascending intervals."""
    if len(held) == 1:
        return held[0][0] <= at < held[0][1]
    place = bisect_right(held, (at, MEMORY * MEMORY)) - 1
    return place >= 0 and at < held[place][1]


def _access(timeline: Timeline, numbering: Numbering, length: int) -> dict[tuple[int, int], list[tuple[int, int]]]:
    """Give the intervals of access of every pair of pixel and account that has ad groups."""
    pairs = zip(numbering.group_pixel.tolist(), numbering.group_account.tolist(), strict=True)
    return {
        (pixel, account): timeline.access(numbering.pixels[pixel], numbering.accounts[account], 0, length)
        for pixel, account in pairs
        if pixel >= 0 and account >= 0
    }


def _windows(group: AdGroup, scenario: Scenario) -> tuple[int, int, int]:
    """Give an ad group's windows in ms by kind; a click is found by its id, or as long as the site's cookie lives."""
    cookies = {site.website: site.capture.cookie_days for site in scenario.traffic.sites}
    click = group.click_days * DAY
    for delivery in scenario.traffic.delivery:
        if delivery.ad_group == group.id:
            found = max(scenario.measurement.click_id_days, cookies.get(delivery.website, 0.0))
            click = min(click, days(found))
    windows = {
        TouchKind.CLICK: click,
        TouchKind.ENGAGED_VIEW: group.engaged_view_days * DAY,
        TouchKind.VIEW: group.view_days * DAY,
    }
    return windows[TouchKind.CLICK], windows[TouchKind.ENGAGED_VIEW], windows[TouchKind.VIEW]


def _once(group: AdGroup, settings: MeasurementSettings) -> list[bool]:
    """Tell for each event name whether a touch counts it once only: by goal, all but purchases."""
    mode = settings.count if group.count is CountMode.BY_GOAL else group.count
    if mode is CountMode.BY_GOAL:
        return [event != PURCHASE for event in range(len(EVENT_NAMES))]
    return [mode is CountMode.ONCE] * len(EVENT_NAMES)
