"""What was made once and may be asked for again, such as by the next design on the same luck."""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from collections.abc import Hashable
from typing import Any, Generic, TypeVar

__all__ = ["Kept", "forget", "share_room"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
_EVERY: weakref.WeakSet[Kept[Any, Any]] = weakref.WeakSet()
_FEW = 8
_part = _FEW
"""Which part of the room is taken: a small one, but where designs on the same luck are looked at in turn."""


class Kept(Generic[K, V]):
    """Values by key, as many as there is room for: those asked for longest ago are forgotten first.

    Parameters
    ----------
    room
        Bytes that they may take together where designs are explored, in all processes that share this; an eighth of
        it in each process elsewhere.
    """

    def __init__(self, room: int) -> None:
        self._room, self.taken = room, 0
        self._values: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._lock = threading.Lock()
        _EVERY.add(self)

    def __len__(self) -> int:
        return len(self._values)

    @property
    def room(self) -> int:
        """Bytes that values may take in this process."""
        return self._room // _part

    def get(self, key: K) -> V | None:
        """Give the value of a key, if it is there."""
        with self._lock:
            found = self._values.get(key)
            if found is None:
                return None
            self._values.move_to_end(key)
            return found[0]

    def keep(self, key: K, value: V, size: int) -> None:
        """Keep a value of so many bytes, unless it would take all the room by itself."""
        if size > self.room:
            return
        with self._lock:
            _, before = self._values.pop(key, (None, 0))
            self._values[key] = value, size
            self.taken += size - before
            while self.taken > self.room:
                _, (_, gone) = self._values.popitem(last=False)
                self.taken -= gone

    def forget(self) -> None:
        """Forget all of them."""
        with self._lock:
            self._values.clear()
            self.taken = 0


def forget() -> None:
    """Forget what is kept of earlier runs in counts: the next one takes as long as the first of a process."""
    for one in list(_EVERY):
        one.forget()


def share_room(processes: int) -> None:
    """Take as much room as there is in this process and in those that share its replications; so many in all."""
    global _part  # noqa: PLW0603 - what a process is there for has no other place
    _part = processes
