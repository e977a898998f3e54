"""Which letters of an alphabet name only what exists in a state: those are worth a try."""

from __future__ import annotations

from collections.abc import Sequence

from pixelsim.plan.alphabet import Letter
from pixelsim.plan.states import FIELDS, Key, StateTable
from pixelsim.sharing import actions as do
from pixelsim.sharing.actions import Action

__all__ = ["Needs", "named_ids"]

_NAMED = {
    "pixel": "pixels",
    "account": "ad_accounts",
    "bc": "business_centers",
    "partner": "business_centers",
    "person": "people",
    "campaign": "campaigns",
    "ad_group": "ad_groups",
    "ad": "ads",
    "audience": "audiences",
    "token": "tokens",
    "website": "websites",
    "payment": "payment_methods",
    "seed": "audiences",
}
_MADE: dict[type[Action], str] = {
    do.CreatePixel: "pixel",
    do.CreateCampaign: "campaign",
    do.CreateAdGroup: "ad_group",
    do.CreateAd: "ad",
    do.BuildAudience: "audience",
    do.BuildLookalike: "audience",
    do.IssueToken: "token",
}
_SWITCHED = {"campaign": "campaigns", "ad_group": "ad_groups", "ad": "ads"}


def named_ids(letter: Letter) -> set[tuple[str, str]]:
    """List what has to exist before a letter can be done, as pairs (mapping, id); what it makes itself has not to."""
    made: set[tuple[str, str]] = set()
    needed: set[tuple[str, str]] = set()
    for action in letter.actions:
        new = _MADE.get(type(action))
        for name, mapping in _NAMED.items():
            key = getattr(action, name, None)
            if key is None:
                continue
            if name == new:
                made.add((mapping, key))
            elif (mapping, key) not in made:
                needed.add((mapping, key))
        if isinstance(action, do.Switch):
            needed.add((_SWITCHED[action.kind], action.id))
    return needed


class Needs:
    """Which letters name only what exists: for each mapping a bit pattern of letters, made once."""

    def __init__(self, letters: Sequence[Letter], table: StateTable) -> None:
        self._table = table
        self._all = (1 << len(letters)) - 1
        self._named: dict[int, list[tuple[int, str]]] = {}
        for number, letter in enumerate(letters):
            for mapping, key in sorted(named_ids(letter)):
                self._named.setdefault(FIELDS.index(mapping), []).append((1 << number, key))
        self._masks: dict[tuple[int, int], int] = {}
        self._lists: dict[int, list[int]] = {}

    def of(self, key: Key) -> list[int]:
        """Give the numbers of the letters that can be tried in a state."""
        mask = self._all
        for field, named in self._named.items():
            mark = (field, key[field])
            held = self._masks.get(mark)
            if held is None:
                mapping = self._table.mapping(*mark)
                held = self._all
                for bit, name in named:
                    if name not in mapping:
                        held &= ~bit
                self._masks[mark] = held
            mask &= held
        found = self._lists.get(mask)
        if found is None:
            found = self._lists[mask] = [number for number in range(mask.bit_length()) if mask >> number & 1]
        return found
