"""Grants and statuses as intervals: what the data plane looks up, and what the timeline picture shows."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pixelsim.sharing.history import History
from pixelsim.world.queries import account_of_ad_group, ads_of_ad_group, is_linked
from pixelsim.world.status import DeliveryStatus, ad_group_status, ad_status, status_borders, status_changes
from pixelsim.world.world import World

__all__ = ["Span", "Timeline"]


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time in which an ad group's state does not change.

    Parameters
    ----------
    start, end
        Milliseconds since the scenario's start, ``end`` excluded.
    status
        Effective status of the ad group.
    ads
        Ids of the ads that deliver; empty unless the ad group delivers.
    authorised
        Whether the ad group's account has access to its pixel; True for ad groups without a pixel.
    budget
        What edits have made of the ad group's budget, as a factor of the one it was published with.
    """

    start: int
    end: int
    status: DeliveryStatus
    ads: tuple[str, ...]
    authorised: bool
    budget: float = 1.0

    def between(self, start: int, end: int) -> Span:
        """Give the same state between two other instants in ms."""
        return Span(start, end, self.status, self.ads, self.authorised, self.budget)

    @property
    def delivering(self) -> bool:
        """Whether anything is shown in this stretch."""
        return bool(self.ads)


class Timeline:
    """Looks the history of a run up by interval.

    Parameters
    ----------
    history
        The record that the control plane writes; only instants up to its last attempt are settled.
    """

    def __init__(self, history: History) -> None:
        self.history = history
        self._last: dict[str, tuple[World, Span, float]] = {}

    def ad_group(self, ad_group: str, start: int, end: int) -> list[Span]:
        """Give the states of an ad group between two instants, without gaps; none before it was created."""
        return self.states([ad_group], start, end)[0]

    def states(self, ad_groups: Iterable[str], start: int, end: int) -> list[list[Span]]:
        """Give the states of several ad groups between two instants."""
        worlds = list(self.history.spans(start, end))
        return [self._spans(ad_group, worlds) for ad_group in ad_groups]

    def _spans(self, ad_group: str, worlds: Sequence[tuple[int, int, World]]) -> list[Span]:
        """Give the states of an ad group in worlds that follow one another, as (from, to, world)."""
        spans: list[Span] = []
        for begin, upto, world in worlds:
            if ad_group not in world.ad_groups:
                continue
            for span in self._states(world, ad_group, begin, upto):
                one, two = span.start, span.end
                last = spans[-1] if spans else None
                if last is not None and last.end == one and _same(last, span):
                    spans[-1] = last.between(last.start, two)
                else:
                    spans.append(span)
        return spans

    def _states(self, world: World, ad_group: str, start: int, end: int) -> list[Span]:
        """Give the states of an ad group in one world; where nothing can have changed since the last one, that one."""
        known = self._last.get(ad_group)
        if known is not None and known[0] is world and known[1].start <= start and end <= known[2]:
            return [known[1].between(start, end)]
        cuts = [start, *status_changes(world, ad_group, start, end), end]
        spans = [_span(world, ad_group, one, two) for one, two in itertools.pairwise(cuts)]
        if not world.ad_groups[ad_group].dayparting:
            later = [border for border in status_borders(world, ad_group) if border > spans[-1].start]
            self._last[ad_group] = world, spans[-1], min(later, default=math.inf)
        return spans

    def access(self, pixel: str, account: str, start: int, end: int) -> list[tuple[int, int]]:
        """Give the intervals between two instants in which an ad account has access to a pixel."""
        found: list[tuple[int, int]] = []
        for begin, upto, world in self.history.spans(start, end):
            if not is_linked(world, pixel, account):
                continue
            if found and found[-1][1] == begin:
                found[-1] = (found[-1][0], upto)
            else:
                found.append((begin, upto))
        return found

    def relearns(self, ad_group: str, start: int, end: int) -> list[int]:
        """List the instants between two others, ``end`` excluded, at which an edit set an ad group's learning back."""
        return [
            change.after
            for record in self.history.records
            for change in record.changes
            if (change.kind, change.id, change.field) == ("ad_groups", ad_group, "learning_from")
            and start <= change.after < end
        ]

    def ad_groups(self) -> Iterator[str]:
        """Give the ids of all ad groups that ever existed, those of the start first."""
        yield from self.history.now.ad_groups


def _same(one: Span, other: Span) -> bool:
    return one.between(other.start, other.end) == other


def _span(world: World, ad_group: str, start: int, end: int) -> Span:
    status = ad_group_status(world, ad_group, start)
    ads: tuple[str, ...] = ()
    if status is DeliveryStatus.DELIVERY_OK:
        ads = tuple(
            ad.id
            for ad in ads_of_ad_group(world, ad_group)
            if ad_status(world, ad.id, start) is DeliveryStatus.DELIVERY_OK
        )
    group = world.ad_groups[ad_group]
    authorised = group.pixel is None or is_linked(world, group.pixel, account_of_ad_group(world, ad_group))
    return Span(start, end, status, ads, authorised, group.budget_factor)
