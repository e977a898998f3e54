"""A log that goes to disk while the run goes on, so that memory does not grow with it.

Each block of a run is a file of its own for log, claims and orders; rows are in the order of time within a file and
from file to file. What stays in memory is the block in hand and what later blocks can still need: touches, unfinished
orders, and kept copies inside the window of de-duplication. The files hold numbers; ``run.json``, which is written
last, has the names, so that a folder without it is a run that did not end.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
import pandas as pd

from pixelsim._version import __version__
from pixelsim.base.errors import InputError
from pixelsim.base.files import write_text
from pixelsim.base.streams import Streams
from pixelsim.base.tables import read_parquet, write_parquet
from pixelsim.scenario.scenario import Scenario
from pixelsim.traffic.columns import Columns
from pixelsim.traffic.kernels import kernels
from pixelsim.traffic.log import ClaimRows, Fate, LogRows, log_frame
from pixelsim.traffic.numbering import Numbering
from pixelsim.traffic.plane import DataPlane
from pixelsim.traffic.setup import check_run, timeline_of
from pixelsim.traffic.simulate import run_clock

if TYPE_CHECKING:
    from pixelsim.traffic.events import Orders
    from pixelsim.traffic.flow import Shown

__all__ = ["LogFiles", "stream_log"]

TABLES = ("log", "claims", "orders")


@dataclass(frozen=True, slots=True, eq=False)
class LogFiles:
    """The event log of one replication in a folder.

    Parameters
    ----------
    folder
        Where the files are.
    scenario, seed, replication
        What was run.
    blocks
        Number of files of each table.
    rows
        Number of rows of each table.
    fates
        Number of log rows by what became of them, lower-case names of `Fate`.
    """

    folder: Path
    scenario: Scenario
    seed: int
    replication: int
    blocks: int
    rows: dict[str, int]
    fates: dict[str, int]

    def path(self, table: str, block: int) -> Path:
        """Give the file of one block of ``log``, ``claims`` or ``orders``."""
        return _path(self.folder, table, block)

    def frame(self, block: int) -> pd.DataFrame:
        """Give the log of one block with names and instants, as ``Run.log()`` gives the whole."""
        numbers = read_parquet(self.path("log", block))
        rows = LogRows(*(numbers[name].to_numpy() for name in LogRows.names()))
        sites = self.scenario.traffic.sites
        numbering = Numbering.of(self.scenario, self.scenario.structure.world())
        return log_frame(rows, numbering, self.scenario.clock, sites[0].currency if sites else "USD")

    def frames(self) -> Iterator[pd.DataFrame]:
        """Give the log block by block; only one is in memory at a time."""
        for block in range(self.blocks):
            yield self.frame(block)


class _Files:
    """A store that writes each step to files of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.blocks = 0
        self.rows = dict.fromkeys(TABLES, 0)
        self.fates = np.zeros(len(Fate), dtype=np.int64)

    def add(self, log: LogRows, claims: ClaimRows, orders: Orders, shown: list[Shown]) -> None:
        """Write the rows of one step."""
        del shown  # Spend and impressions are in the run's figures; the log has events.
        for name, table in zip(TABLES, (log, claims, orders), strict=True):
            write_parquet(_numbers(table), _path(self._folder, name, self.blocks))
            self.rows[name] += len(table)
        self.fates += np.bincount(log.fate, minlength=len(Fate))
        self.blocks += 1

    def fork(self) -> NoReturn:
        """Refuse: files have one past and one future."""
        raise TypeError("a log on disk cannot be forked")


def stream_log(
    scenario: Scenario, folder: Path | str, *, seed: int, replication: int = 0, compiled: bool = False
) -> LogFiles:
    """Run one replication and write its event log to Parquet, block by block.

    Parameters
    ----------
    scenario
        What to run.
    folder
        Where the files go; it is made, and has to be empty.
    seed, replication
        As for ``run``; the rows are the same.
    compiled
        Whether Numba's compiled kernels (extra ``fast``) do the heavy loops; the result is the same bytes.

    Raises
    ------
    InputError
        The folder has something in it, or the scenario, seed or replication is refused.
    """
    check_run(scenario, seed, replication)
    target = Path(folder)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise InputError.single(
            "log", field="folder", value=target, rule="a new or empty folder", remedy="choose another place"
        )
    streams = Streams(seed, replication)
    store = _Files(target)
    with kernels(compiled=compiled):
        plane = DataPlane(scenario, timeline_of(scenario), streams, store)
        run_clock(plane, streams)
    fates = {fate.name.lower(): int(store.fates[fate]) for fate in Fate}
    found = LogFiles(target, scenario, seed, replication, store.blocks, store.rows, fates)
    write_text(target / "run.json", json.dumps(_about(found, plane.numbering), indent=2, ensure_ascii=False) + "\n")
    return found


def _path(folder: Path, table: str, block: int) -> Path:
    return folder / f"{table}-{block:05d}.parquet"


def _numbers(table: Columns) -> pd.DataFrame:
    """Give a table as it is, in numbers."""
    return pd.DataFrame(dict(zip(table.names(), table.columns(), strict=True)), copy=False)


def _about(files: LogFiles, numbering: Numbering) -> dict[str, Any]:
    """Tell what the folder holds, and the names of the numbers in it."""
    names = ("sites", "populations", "pixels", "accounts", "ad_groups", "ads")
    return {
        "scenario": files.scenario.name,
        "scenario_hash": files.scenario.content_hash,
        "seed": files.seed,
        "replication": files.replication,
        "pixelsim": __version__,
        "blocks": files.blocks,
        "rows": files.rows,
        "fates": files.fates,
        "names": {name: list(getattr(numbering, name)) for name in names},
    }
