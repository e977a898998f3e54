"""Random streams keyed by meaning: replication, purpose, entity; never by order of creation."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

__all__ = ["Streams", "stable_hash"]


def stable_hash(text: str) -> tuple[int, int]:
    """Hash a text to two 32-bit words that are the same in every process (blake2b, never ``hash()``)."""
    digest = hashlib.blake2b(text.encode("utf-8"), digest_size=8).digest()
    return int.from_bytes(digest[:4], "little"), int.from_bytes(digest[4:], "little")


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
        key = (self.replication, *stable_hash(purpose), *stable_hash(entity), block)
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence(self.root, spawn_key=key)))

    def key(self, purpose: str, entity: str = "") -> int:
        """Give a 64-bit number that names the stream, for generators that work by counter and have no state.

        It is cheaper than opening a generator, and as far from every other stream's.
        """
        words = "\0".join([str(self.root), str(self.replication), purpose, entity])
        return int.from_bytes(hashlib.blake2b(words.encode("utf-8"), digest_size=8).digest(), "little")
