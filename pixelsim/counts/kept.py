"""What was made once and may be asked for again, such as by the next design on the same luck."""

from __future__ import annotations

import weakref
from collections import OrderedDict
from collections.abc import Hashable
from typing import Any, Generic, TypeVar

__all__ = ["Kept", "forget"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


_EVERY: weakref.WeakSet[Kept[Any, Any]] = weakref.WeakSet()


class Kept(Generic[K, V]):
    """Values by key, as many as there is room for: those asked for longest ago are forgotten first.

    Parameters
    ----------
    room
        Bytes that they may take together.
    """

    def __init__(self, room: int) -> None:
        self.room, self.taken = room, 0
        self._values: OrderedDict[K, tuple[V, int]] = OrderedDict()
        _EVERY.add(self)

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: K) -> V | None:
        """Give the value of a key, if it is there."""
        found = self._values.get(key)
        if found is None:
            return None
        self._values.move_to_end(key)
        return found[0]

    def keep(self, key: K, value: V, size: int) -> None:
        """Keep a value of so many bytes, unless it would take all the room by itself."""
        if size > self.room:
            return
        _, before = self._values.pop(key, (None, 0))
        self._values[key] = value, size
        self.taken += size - before
        while self.taken > self.room:
            _, (_, gone) = self._values.popitem(last=False)
            self.taken -= gone

    def forget(self) -> None:
        """Forget all of them."""
        self._values.clear()
        self.taken = 0


def forget() -> None:
    """Forget what is kept of earlier runs in counts: the next one takes as long as the first of a process."""
    for one in _EVERY:
        one.forget()
