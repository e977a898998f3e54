"""What worker processes are given in tests: light to import, since each of them does."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

from pixelsim.base.errors import InputError
from pixelsim.counts import kept


def noted(folder: Path, replications: Sequence[int]) -> list[int]:
    """Leave a file for each replication that was begun, take a moment, and give the process that ran it."""
    for number in replications:
        (folder / str(number)).touch()
        time.sleep(0.05)
    return [os.getpid()] * len(replications)


class Unpacked:
    """Work that leaves a file where it is unpacked, and others where it is done."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __setstate__(self, state: dict[str, Path]) -> None:
        self.folder = state["folder"]
        (self.folder / "unpacked").touch()

    def __call__(self, replications: Sequence[int]) -> list[int]:
        return noted(self.folder, replications)


def parts(replications: Sequence[int]) -> list[tuple[int, int]]:
    """Give the process, and which part it takes of the room for what is kept of runs."""
    time.sleep(0.02 * len(replications))
    return [(os.getpid(), kept._part)] * len(replications)


def waited(seconds: float, replications: Sequence[int]) -> list[None]:
    """Take a moment for each replication."""
    time.sleep(seconds * len(replications))
    return [None] * len(replications)


def processes(replications: Sequence[int]) -> list[int]:
    """Give the process that runs replications."""
    return [os.getpid()] * len(replications)


def refused(replications: Sequence[int]) -> list[int]:
    if 3 in replications:
        raise InputError.single("test", field="number", value=3, rule="not 3", remedy="take another")
    return list(replications)
