"""States as small tuples of numbers: every mapping of a world is interned, names that mean the same are merged.

A world differs from the one before it in one to three of its mappings. Each distinct mapping gets a number, so that a
state is a tuple of numbers, a successor changes a few of them, and renaming (two accounts that are alike) is a table
look-up for each number. Times are kept relative to the clock: it always stands at 0, and what lies so far in the past
that nobody asks how far has one and the same date.
"""

from __future__ import annotations

import dataclasses
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from pixelsim.base.clock import HOUR, days
from pixelsim.sharing import actions as do
from pixelsim.sharing.actions import Action
from pixelsim.sharing.rulebook import Rulebook
from pixelsim.world.schedule import WEEK
from pixelsim.world.world import World

__all__ = ["FIELDS", "Key", "Memory", "StateTable", "rename", "rewound", "symmetries"]

FIELDS: tuple[str, ...] = tuple(field.name for field in dataclasses.fields(World))
"""Names of a world's mappings, in the order in which a key lists their numbers."""

Key = tuple[int, ...]
_mappings: Callable[[World], tuple[Mapping[Any, Any], ...]] = operator.attrgetter(*FIELDS)
_PAST = ("since", "at", "learning_from")
"""Fields that only tell when something happened: no rule and no status reads them."""
_AGES = ("built_at", "last_used")
"""Fields that tell how long ago something happened, as R18 asks before an audience is applied or shared."""
_COMING = ("start", "end", "review_until", "audience_until")
"""Fields that tell when something will happen."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What of the past and of the calendar the actions under study read; the rest need not be told apart.

    Parameters
    ----------
    ages
        How many ms back it matters when an audience was built or last applied; all before that is alike.
    weekly
        Whether it matters at which point of the week the clock stands.
    """

    ages: int = 0
    weekly: bool = False

    @classmethod
    def of(cls, world: World, actions: Iterable[Action], rulebook: Rulebook) -> Memory:
        """Give what has to be remembered for some actions in a world: ages if one of them applies or shares audiences.

        The half hours of a week matter where an ad group has them, or where one of the actions gives it some.
        """
        actions = list(actions)
        settings = rulebook.settings
        ages = 0
        if any(getattr(action, "audiences", ()) or isinstance(action, do.ShareAudience) for action in actions):
            # One ms beyond the longest bound, so that what is over it stays over it.
            ages = max(days(settings.audience_expiry_days), round(settings.audience_ready_hours * HOUR)) + 1
        given = any(getattr(action, "dayparting", None) is not None for action in actions)
        return cls(ages, given or any(group.dayparting is not None for group in world.ad_groups.values()))


_NOTHING = Memory()


def _later(at: int | None, by: int) -> int | None:
    return None if at is None else max(0, at - by)


def _rewound_value(value: Any, by: int, memory: Memory) -> Any:
    """Give an entity or relation as it looks ``by`` ms later to a clock that is set back to 0."""
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return value
    changes: dict[str, Any] = {}
    for field in dataclasses.fields(value):
        held = getattr(value, field.name)
        if field.name in _COMING:
            moved = _later(held, by)
        elif field.name in _PAST and held is not None:
            moved = 0
        elif field.name in _AGES and held is not None:
            moved = max(-memory.ages, held - by)
        elif field.name == "week_start" and memory.weekly:
            moved = (held - by) % -WEEK
        else:
            continue
        if moved != held:
            changes[field.name] = moved
    return dataclasses.replace(value, **changes) if changes else value


def rewound(world: World, by: int, memory: Memory = _NOTHING) -> World:
    """Give a world as it looks ``by`` ms later, with the clock set back to 0 and what nobody remembers at one date."""
    changed: dict[str, dict[Any, Any]] = {}
    for name in FIELDS:
        mapping = getattr(world, name)
        moved = {key: _rewound_value(value, by, memory) for key, value in mapping.items()}
        if any(moved[key] is not value for key, value in mapping.items()):
            changed[name] = moved
    return dataclasses.replace(world, **changed) if changed else world


def rename(value: Any, names: Mapping[str, str]) -> Any:
    """Give a value in which every text that is one of ``names`` is exchanged, in keys, fields and tuples alike."""
    if isinstance(value, Enum):
        return value
    if isinstance(value, str):
        return names.get(value, value)
    if isinstance(value, tuple):
        return tuple(rename(item, names) for item in value)
    if isinstance(value, Mapping):
        return {rename(key, names): rename(item, names) for key, item in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        changes = {field.name: rename(getattr(value, field.name), names) for field in dataclasses.fields(value)}
        return dataclasses.replace(value, **changes)
    return value


def symmetries(
    world: World, swaps: Iterable[Mapping[str, str]], alike: Callable[[Mapping[str, str]], bool]
) -> list[dict[str, str]]:
    """Give all renamings, composed of swaps, that leave a world and whatever ``alike`` tests as they are.

    Parameters
    ----------
    swaps
        Renamings to try, each its own inverse, such as ``{"acc_p1": "acc_p2", "acc_p2": "acc_p1"}``; those that change
        the world or fail ``alike`` are dropped. They have to commute.
    alike
        Whether a renaming keeps everything else that matters, such as the alphabet.

    Returns
    -------
    list of dict
        All compositions of the kept swaps, the identity (an empty dict) first.
    """
    found: list[dict[str, str]] = [{}]
    for swap in swaps:
        if rename(world, swap) == world and alike(swap):
            found += [
                {**names, **swap} if not names.keys() & swap.keys() else _composed(names, swap) for names in found
            ]
    return found


def _composed(first: Mapping[str, str], second: Mapping[str, str]) -> dict[str, str]:
    keys = [*first, *(key for key in second if key not in first)]
    return {key: second.get(first.get(key, key), first.get(key, key)) for key in keys}


class StateTable:
    """Numbers for the mappings of worlds.

    Parameters
    ----------
    renamings
        Renamings under which two states count as one; the identity has to be the first.
    memory
        What of the past is told apart when the clock goes on.
    """

    def __init__(self, renamings: Sequence[Mapping[str, str]] = ({},), memory: Memory = _NOTHING) -> None:
        self.renamings = tuple(renamings)
        self._memory = memory
        size = len(FIELDS)
        self._known: list[list[Mapping[Any, Any]]] = [[] for _ in range(size)]
        self._numbers: list[dict[frozenset[int], int]] = [{} for _ in range(size)]
        self._items: list[dict[Any, dict[int, int]]] = [{} for _ in range(size)]
        self._values: dict[tuple[int, Any, Any], int] = {}
        self._kept: list[Any] = []
        self._images: list[list[list[int]]] = [[[] for _ in range(size)] for _ in self.renamings]
        self._rewound: dict[tuple[int, int, int], int] = {}

    def __len__(self) -> int:
        return sum(len(known) for known in self._known)

    def key(self, world: World) -> Key:
        """Give the key of any world."""
        return tuple(self._number(index, mapping) for index, mapping in enumerate(_mappings(world)))

    def successor(self, before: World, key: Key, after: World) -> Key:
        """Give the key of a world that came out of another one, whose key is known; quick where they share mappings."""
        numbers: list[int] | None = None
        for index, (old, new) in enumerate(zip(_mappings(before), _mappings(after), strict=True)):
            if old is not new:
                if numbers is None:
                    numbers = list(key)
                numbers[index] = self._number(index, new)
        return key if numbers is None else tuple(numbers)

    def world(self, key: Key) -> World:
        """Give the world of a key; worlds of the same number share the mapping."""
        known = self._known
        return World(**{name: known[index][key[index]] for index, name in enumerate(FIELDS)})

    def mapping(self, index: int, number: int) -> Mapping[Any, Any]:
        """Give the mapping with a number, of the field at an index of :data:`FIELDS`."""
        return self._known[index][number]

    def canonical(self, key: Key) -> Key:
        """Give the smallest key among those that a renaming leads to."""
        best = key
        for which in range(1, len(self.renamings)):
            best = min(best, self.image(which, key))
        return best

    def image(self, which: int, key: Key) -> Key:
        """Give the key of a state under the renaming of a number."""
        return tuple([images[number] for images, number in zip(self._images[which], key, strict=True)])

    def rewound(self, key: Key, by: int) -> Key:
        """Give the key of a state one step of ``by`` ms later."""
        numbers = []
        for index, number in enumerate(key):
            mark = (index, number, by)
            moved = self._rewound.get(mark)
            if moved is None:
                held = self._known[index][number]
                mapping = {name: _rewound_value(value, by, self._memory) for name, value in held.items()}
                moved = self._rewound[mark] = self._number(index, mapping)
            numbers.append(moved)
        return tuple(numbers)

    def _number(self, index: int, mapping: Mapping[Any, Any]) -> int:
        items = self._items[index]
        content = []
        for name, value in mapping.items():
            held = items.get(name)
            item = None if held is None else held.get(id(value))
            content.append(self._item(index, name, value) if item is None else item)
        mark = frozenset(content)
        number = self._numbers[index].get(mark)
        return self._add(index, mapping, mark) if number is None else number

    def _item(self, index: int, name: Any, value: Any) -> int:
        """Give one entry a number by its value, and remember the object so that it need not be compared again."""
        mark = (index, name, value)
        item = self._values.get(mark)
        if item is None:
            item = self._values[mark] = len(self._values)
            # Only an object that is kept alive may be known by its address.
            self._kept.append(value)
            self._items[index].setdefault(name, {})[id(value)] = item
        return item

    def _add(self, index: int, mapping: Mapping[Any, Any], mark: frozenset[int]) -> int:
        known = self._known[index]
        number = self._numbers[index][mark] = len(known)
        known.append(mapping)
        for images in self._images:
            images[index].append(-1)
        for which, names in enumerate(self.renamings):
            image = number if not names else self._number(index, rename(mapping, names))
            self._images[which][index][number] = image
        return number
