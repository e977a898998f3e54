"""What worker processes are given in tests: light to import, since each of them does."""

from __future__ import annotations

import os
import time
from pathlib import Path

from pixelsim.base.errors import InputError


def noted(folder: Path, number: int) -> int:
    """Leave a file that tells that a replication was begun, take a moment, and give the process that ran it."""
    (folder / str(number)).touch()
    time.sleep(0.05)
    return os.getpid()


def refused(number: int) -> int:
    if number == 3:
        raise InputError.single("test", field="number", value=number, rule="not 3", remedy="take another")
    return number
