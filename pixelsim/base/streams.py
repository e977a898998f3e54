"""Random streams keyed by meaning: replication, purpose, entity; never by order of creation."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.random.bit_generator import ISpawnableSeedSequence
from numpy.typing import NDArray

__all__ = ["Streams"]


@dataclass(frozen=True, slots=True)
class Streams:
    """All random streams of one replication.

    A stream is named by its purpose and the entity it belongs to, so that adding an entity or drawing more for one
    purpose moves nobody else's numbers. Asking for a stream twice gives two generators at the same beginning.

    Parameters
    ----------
    root
        Root seed of the experiment, at least 0.
    replication
        Number of the replication, at least 0.
    """

    root: int
    replication: int = 0

    def generator(self, purpose: str, entity: str = "", block: int = 0) -> np.random.Generator:
        """Open the stream of one purpose and entity at its beginning.

        Parameters
        ----------
        purpose
            What the numbers decide: ``"sessions"``, ``"clicks"``, ``"delay"``.
        entity
            Id of the entity that they belong to.
        block
            Number of the calendar block, so that blocks can be drawn apart; at least 0.
        """
        words: Any = _Words(self._digest(f"{purpose}\0{entity}\0{block}", size=32))
        # NumPy takes any seed sequence; its annotations name one class only.
        return np.random.Generator(np.random.PCG64(words))

    def key(self, purpose: str, entity: str = "") -> int:
        """Give a 64-bit number that names the stream, for generators that work by counter and have no state.

        It is cheaper than opening a generator, and as far from every other stream's.
        """
        return int.from_bytes(self._digest(f"{purpose}\0{entity}", size=8), "little")

    def _digest(self, name: str, size: int) -> bytes:
        found = _begun(self.root, self.replication, size).copy()
        found.update(name.encode("utf-8"))
        return found.digest()


@functools.lru_cache(maxsize=256)
def _begun(root: int, replication: int, size: int) -> hashlib.blake2b:
    """Begin the hash of the names of a replication's streams: all of them begin alike."""
    return hashlib.blake2b(f"{root}\0{replication}\0".encode(), digest_size=size)


class _Words(ISpawnableSeedSequence):
    """Words that a generator starts from, ready made: hashed from a name, which is several times sooner done."""

    def __init__(self, digest: bytes) -> None:
        self._digest, self._children = digest, 0

    def generate_state(self, n_words: int, dtype: Any = np.uint32) -> NDArray[Any]:
        """Give the first words."""
        return np.frombuffer(self._digest, dtype, n_words)

    def spawn(self, n_children: int) -> list[Any]:
        """Give words for further generators, others at each call."""
        first, self._children = self._children, self._children + n_children
        names = (self._digest + number.to_bytes(8, "little") for number in range(first, self._children))
        return [_Words(hashlib.blake2b(name, digest_size=32).digest()) for name in names]
