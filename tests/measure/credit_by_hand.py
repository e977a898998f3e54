"""Credit worked out by hand: a plain loop over every kept event and every touch of its person, without NumPy tricks.

It shares no code with the collector; what it needs of a run are the touches, which are recorded on their way in.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

DAY = 86_400_000
NAMES = ("PageView", "ViewContent", "AddToCart", "InitiateCheckout", "Purchase")
MEMORY = 28 * DAY


@dataclass(frozen=True)
class Touch:
    """One touch: when, by whom, of which kind (0 click, 1 engaged view, 2 view), on which ad of which account."""

    at: int
    person: int
    kind: int
    ad_group: str
    ad: str
    account: str
    pixel: str
    order: int


@dataclass(frozen=True)
class Verdict:
    """What becomes of one kept event: the credited touch, the reason, the account passed over, and all claims."""

    row: int
    touch: Touch | None
    reason: str
    refused: str | None
    claims: dict[str, Touch]


def touches_of(simulation: Any, recorded: list[Any]) -> list[Touch]:
    """Name what was recorded, in the order of time, ad group, kind and draw number."""
    numbering, world = simulation.numbering, simulation.history.now
    rows = sorted(
        (int(at), int(group), int(kind), int(number), int(person), int(ad))
        for part in recorded
        for at, group, kind, number, person, ad in zip(
            part.at, part.ad_group, part.kind, part.number, part.person, part.ad, strict=True
        )
    )
    found = []
    for order, (at, group, kind, _, person, ad) in enumerate(rows):
        key = numbering.ad_groups[group]
        account = world.campaigns[world.ad_groups[key].campaign].account
        pixel = world.ad_groups[key].pixel
        found.append(Touch(at, person, kind, key, numbering.ads[ad], account, pixel, order))
    return found


def access_of(simulation: Any, pixel: str, account: str) -> list[tuple[int, int]]:
    """Give the intervals in which an account had access, read off the change log alone."""
    start = simulation.scenario.structure
    creator = next(p.creator for p in start.pixels if p.code == pixel)
    if creator == account:
        return [(0, simulation.scenario.length)]
    linked = any((k.pixel, k.account) == (pixel, account) for k in start.links)
    edges = [0] if linked else []
    edges += [
        record.at
        for record in simulation.history.records
        for change in record.changes
        if change.kind == "links" and change.id == f"{pixel} > {account}"
    ]
    edges += [simulation.scenario.length] if len(edges) % 2 else []
    return list(zip(edges[::2], edges[1::2], strict=True))


def verdicts(simulation: Any, touches: list[Touch]) -> Iterator[Verdict]:
    """Decide every kept event of a run, by its own settings."""
    settings, world, log = simulation.scenario.measurement, simulation.history.now, simulation.log
    numbering = simulation.numbering
    groups = world.ad_groups
    held: dict[tuple[str, str], list[tuple[int, int]]] = {}
    by_person: dict[tuple[int, str], list[Touch]] = defaultdict(list)
    for touch in touches:
        by_person[touch.person, touch.pixel].append(touch)
        held.setdefault((touch.pixel, touch.account), access_of(simulation, touch.pixel, touch.account))

    def had(touch: Touch, at: int) -> bool:
        return any(one <= at < two for one, two in held[touch.pixel, touch.account])

    def may(touch: Touch, at: int) -> bool:
        return had(touch, touch.at) and (settings.in_flight == "until_window_ends" or had(touch, at))

    def within(touch: Touch, at: int) -> bool:
        group = groups[touch.ad_group]
        window = (group.click_days, group.engaged_view_days, group.view_days)[touch.kind] * DAY
        age = at - touch.at
        return 0 <= age < window or (age == window > 0 and settings.last_instant)

    for row in range(len(log)):
        if log.fate[row] != 0:
            continue
        at, pixel = int(log.at[row]), numbering.pixels[log.pixel[row]]
        earlier = [t for t in by_person.get((int(log.person[row]), pixel), ()) if t.at <= at]
        inside = sorted((t for t in earlier if within(t, at)), key=lambda t: (t.kind, -t.at, -t.order))
        good = [t for t in inside if may(t, at)]
        claims: dict[str, Touch] = {}
        for touch in good:
            if settings.scope == "account" or not claims:
                claims.setdefault(touch.account, touch)
        if good:
            reason = "credited"
        elif inside:
            reason = "access_ended"
        else:
            reason = "outside_window" if any(at - t.at <= MEMORY for t in earlier) else "no_touch"
        refused = inside[0].account if inside and not may(inside[0], at) else None
        yield Verdict(row, good[0] if good else None, reason, refused, claims)


def counted(simulation: Any, found: list[Verdict]) -> dict[tuple[int, str], bool]:
    """Tell for each claim, by row and account, whether it counts: purchases always, others once for each touch."""
    seen: set[tuple[int, int]] = set()
    result = {}
    for verdict in found:
        event = int(simulation.log.event[verdict.row])
        for account, touch in verdict.claims.items():
            first = (touch.order, event) not in seen
            seen.add((touch.order, event))
            result[verdict.row, account] = first or NAMES[event] == "Purchase"
    return result
