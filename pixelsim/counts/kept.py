"""What was made once and may be asked for again, such as by the next design on the same luck."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

__all__ = ["Kept"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


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
