"""A study's folder: what was asked, the parameters once, and the tables in one file for each chunk.

::

    study.json            what was asked: version, scenario hash, seed, replications, size of chunks
    scenario.toml         the scenario that the factors are a part of
    design.json           the factors and their levels at each design point
    points.parquet        the same as a table, with the hash of each point's scenario
    runs/...parquet       a row for each replication: status, message, outcomes of the whole run
    accounts/...parquet   a row for each replication and ad account
    daily/...parquet      a row for each replication, ad account and day
    responses/...parquet  a row for each replication and response: metrics by viewer, and outcomes
    run_times.jsonl       seconds, host, process and tracebacks: all that differs from one machine to the next

Files are written beside their place and renamed, so a file is whole or not there. Their bytes depend on what was asked
alone, not on workers, order or interruptions; borders between chunks come from replication numbers.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from pixelsim._version import __version__
from pixelsim.base.errors import InputError
from pixelsim.base.files import replacing, write_text
from pixelsim.base.tables import read_parquet, write_parquet
from pixelsim.scenario.scenario import Scenario
from pixelsim.scenario.toml import load_scenario, write_scenario
from pixelsim.study.chunks import TABLES, Chunk, ChunkRows
from pixelsim.study.design import Design
from pixelsim.study.detail import Detail
from pixelsim.study.window import Window

if TYPE_CHECKING:
    import duckdb

__all__ = ["Identity", "Store"]

FORMAT = 1
_STALE = 3600.0
"""Seconds after which a half-written file is one that a killed process left, and no longer one in the making."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What was asked; a study goes on only when it is asked the same, replications apart."""

    scenario: str
    scenario_hash: str
    design_hash: str
    seed: int
    replications: int
    chunk: int
    warm_up_days: int
    cool_down_days: int
    detail: Detail = "events"
    version: str = __version__
    format: int = FORMAT

    @property
    def window(self) -> Window:
        """The days simulated beside those that count."""
        return Window(self.warm_up_days, self.cool_down_days)


@dataclass(frozen=True, slots=True)
class Store:
    """The files of one study."""

    folder: Path

    @property
    def exists(self) -> bool:
        """Whether a study is stored here."""
        return (self.folder / "study.json").is_file()

    def begin(self, asked: Identity, scenario: Scenario, design: Design, points: pd.DataFrame) -> None:
        """Write down what is asked, or check that it is what was asked before.

        Raises
        ------
        InputError
            The folder is a file, holds something else, or holds another study.
        """
        if self.exists:
            self._check(asked)
        elif self.folder.exists() and (not self.folder.is_dir() or any(self.folder.iterdir())):
            raise InputError.single(
                "study",
                field="out",
                value=self.folder,
                rule="a new or empty folder, or one with this study",
                remedy="choose another folder",
            )
        self._sweep_up()
        write_scenario(scenario, self.folder / "scenario.toml")
        write_text(self.folder / "design.json", design.text)
        write_parquet(points, self.folder / "points.parquet")
        write_text(self.folder / "study.json", json.dumps(asdict(asked), indent=2) + "\n")

    def _check(self, asked: Identity) -> None:
        known, wanted = asdict(self.identity()), asdict(asked)
        differ = [key for key in wanted if key not in {"replications", "scenario"} and known.get(key) != wanted[key]]
        if differ:
            raise InputError.single(
                "study",
                place=str(self.folder),
                field=differ[0],
                value=wanted[differ[0]],
                rule=f"{known.get(differ[0])}, as in the study that the folder holds",
                remedy="choose another folder, or ask the same",
            )

    def _sweep_up(self) -> None:
        """Remove half-written files that a killed process left."""
        for part in self.folder.glob("*/.*.part"):
            if time.time() - part.stat().st_mtime > _STALE:
                part.unlink(missing_ok=True)

    def identity(self) -> Identity:
        """Read what was asked.

        Raises
        ------
        InputError
            The folder holds no study, or one of another format.
        """
        try:
            return Identity(**json.loads((self.folder / "study.json").read_text("utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise InputError.single(
                "study",
                field="folder",
                value=self.folder,
                rule=f"a folder with a study ({type(error).__name__})",
                remedy="give the folder that was out of a sweep",
            ) from None

    def scenario(self) -> Scenario:
        """Read the scenario that the factors are a part of."""
        return load_scenario(self.folder / "scenario.toml")

    def design(self) -> Design:
        """Read the design."""
        return Design.from_text((self.folder / "design.json").read_text("utf-8"))

    def points(self) -> pd.DataFrame:
        """Read the design points with their hashes."""
        return read_parquet(self.folder / "points.parquet").fillna({"message": ""})

    def path(self, table: str, point: int, first: int) -> Path:
        """Give the file of a chunk."""
        return self.folder / table / f"point-{point:06d}-from-{first:07d}.parquet"

    def write(self, rows: ChunkRows) -> None:
        """Write a chunk; its runs come last, and make it whole."""
        self._write_beside(rows)
        # One connection for all: opening one takes as long as a small run.
        with contextlib.closing(_connect()) as connection:
            for name in TABLES:
                connection.register("rows_of_chunk", rows.tables[name])
                with replacing(self.path(name, rows.point, rows.first)) as temporary:
                    target = str(temporary).replace("'", "''")
                    connection.execute(
                        f"COPY (SELECT * FROM rows_of_chunk) TO '{target}' (FORMAT parquet, COMPRESSION zstd)"  # noqa: S608
                    )
                connection.unregister("rows_of_chunk")

    def _write_beside(self, rows: ChunkRows) -> None:
        """Add to the side file; a chunk that is run again, since a process was killed, stands there twice."""
        with (self.folder / "run_times.jsonl").open("a", encoding="utf-8", newline="\n") as beside:
            beside.writelines(json.dumps(row) + "\n" for row in rows.beside)

    def chunks(self, point: int | None = None) -> list[tuple[int, int]]:
        """Give the chunks that are whole, by point and first replication; of one point, or of all."""
        which = "point-*.parquet" if point is None else f"point-{point:06d}-*.parquet"
        return sorted(_chunk_of(path) for path in (self.folder / "runs").glob(which))

    def stored(self) -> dict[tuple[int, int], int]:
        """Give the number of replications in each chunk that is whole, by its point and first replication."""
        files = {str(self.path("runs", *chunk)): chunk for chunk in self.chunks()}
        if not files:
            return {}
        found = _query("SELECT file_name, num_rows FROM parquet_file_metadata(?)", [list(files)])
        return {files[name]: int(rows) for name, rows in zip(found["file_name"], found["num_rows"], strict=True)}

    def missing(self, chunks: Iterator[Chunk]) -> Iterator[Chunk]:
        """Give the chunks that are not stored, or not with all of their replications."""
        stored = self.stored()
        return (c for c in chunks if stored.get((c.point, c.first), 0) < c.end - c.first)

    def read(
        self, table: str, replications: int, *, point: int | None = None, where: Mapping[str, Any] | None = None
    ) -> pd.DataFrame:
        """Read a table of all whole chunks, in the order of points and replications.

        Parameters
        ----------
        table
            One of `TABLES`.
        replications
            Replications from 0 up to, and not including, this one.
        point
            One design point; all of them by default.
        where
            Values of columns that the rows have to have.
        """
        chunks = [chunk for chunk in self.chunks(point) if chunk[1] < replications]
        if not chunks:
            return pd.DataFrame()
        files = [str(self.path(table, *chunk)) for chunk in chunks]
        wanted = dict(where or {})
        conditions = "".join(f' AND "{name}" = ?' for name in wanted)
        return _query(
            f"SELECT * FROM read_parquet(?, union_by_name = true) WHERE replication < ?{conditions}",  # noqa: S608
            [files, replications, *wanted.values()],
        )


def _chunk_of(path: Path) -> tuple[int, int]:
    _, point, _, first = path.stem.split("-")
    return int(point), int(first)


def _connect() -> duckdb.DuckDBPyConnection:
    import duckdb  # noqa: PLC0415 - heavy, and needed only where a study is stored

    return duckdb.connect(":memory:", config={"threads": 1, "preserve_insertion_order": True})


def _query(sql: str, values: Sequence[Any]) -> pd.DataFrame:
    with contextlib.closing(_connect()) as connection:
        result = connection.execute(sql, list(values))
        texts = [name for name, kind, *_ in result.description or [] if str(kind) in {"STRING", "VARCHAR"}]
        found: pd.DataFrame = result.df()
    for name in texts:
        found[name] = found[name].astype("str").mask(found[name].isna(), np.nan)
    return found
