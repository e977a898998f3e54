"""A study on disk: design points, replications and failures as tidy tables, and any run of it again."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from pixelsim.base.errors import InputError, PixelsimError, UnknownNameError
from pixelsim.scenario.scenario import Scenario
from pixelsim.study.attempts import Failure
from pixelsim.study.choice import Wanted, choose, deciding, labels
from pixelsim.study.chunks import TABLES
from pixelsim.study.count_run import CountRun
from pixelsim.study.replicate import Replications
from pixelsim.study.responses import KEYS, Collected, Responses, joint_names, names_table
from pixelsim.study.run import Run, run_in
from pixelsim.study.statistics import summarise
from pixelsim.study.store import Identity, Store
from pixelsim.study.window import Window

__all__ = ["Study", "TemporaryFolder", "open_study", "rerun"]

Table = Literal["runs", "accounts", "daily", "responses"]


class TemporaryFolder:
    """A folder that is removed when nobody needs it any more, at the latest when Python ends."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="pixelsim-study-"))
        weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)


@dataclass(frozen=True, slots=True, eq=False)
class Study:
    """A sweep on disk; nothing of it is held in memory.

    Parameters
    ----------
    store
        Its folder.
    asked
        What was asked.
    points
        A row for each design point: ``point``, its factors by path, ``scenario_hash``, ``status`` (``ready``, or
        ``refused`` where the scenario does not take the levels) and ``message``.
    keeper
        Keeps the folder of a study that was not given one.
    """

    store: Store
    asked: Identity
    points: pd.DataFrame
    keeper: TemporaryFolder | None = None

    @property
    def folder(self) -> Path:
        """Where it is stored."""
        return self.store.folder

    @property
    def seed(self) -> int:
        """Root seed."""
        return self.asked.seed

    @property
    def replications(self) -> int:
        """Replications at each design point."""
        return self.asked.replications

    @property
    def window(self) -> Window:
        """The days simulated beside those that count."""
        return self.asked.window

    @property
    def factors(self) -> list[str]:
        """Paths of the factors."""
        return [
            str(name) for name in self.points.columns if name not in {"point", "scenario_hash", "status", "message"}
        ]

    @property
    def done(self) -> int:
        """Number of replications stored, failed ones included."""
        stored = self.store.stored()
        return sum(max(0, min(count, self.replications - first)) for (_, first), count in stored.items())

    @property
    def expected(self) -> int:
        """Number of replications of all design points that are ready."""
        return self.replications * int((self.points["status"] == "ready").sum())

    @property
    def complete(self) -> bool:
        """Whether everything that was asked for is stored; asking the same again goes on."""
        return self.done == self.expected

    def table(self, name: Table, *, parameters: bool = False) -> pd.DataFrame:
        """Read one of the tables.

        Parameters
        ----------
        name
            ``"runs"``, ``"accounts"``, ``"daily"`` or ``"responses"``.
        parameters
            Whether to join the factors to every row.

        Raises
        ------
        UnknownNameError
            There is no such table.
        """
        if name not in TABLES:
            raise UnknownNameError("table", name, TABLES)
        found = self.store.read(name, self.replications)
        return self._joined(found) if parameters else found

    def runs(self) -> pd.DataFrame:
        """Give a row for each replication: factors, status and message, and outcomes of the whole run."""
        return self.table("runs", parameters=True)

    def failures(self) -> pd.DataFrame:
        """Give the replications that failed, with their factors, seed and message."""
        found = self._joined(self.store.read("runs", self.replications, where={"status": "failed"}))
        kept = ["point", *self.factors, "replication", "seed", "scenario_hash", "message"]
        return found[kept] if len(found) else pd.DataFrame(columns=kept)

    def frame(self, response: str | None = None, **keys: str) -> pd.DataFrame:
        """Give responses as tidy rows with their factors.

        Parameters
        ----------
        response
            Name of one response; all of them by default.
        **keys
            Values of other columns, such as ``viewer="brand"`` or ``kind="outcome"``.

        Returns
        -------
        DataFrame
            ``point``, the factors, ``replication``, ``seed``, ``scenario_hash``, the columns that name a response, and
            ``value``.

        Raises
        ------
        UnknownNameError
            There is no such response or column.
        """
        wanted = {**({} if response is None else {"response": response}), **keys}
        for key in wanted:
            if key not in KEYS:
                raise UnknownNameError("column of responses", key, KEYS)
        found = self.store.read("responses", self.replications, where=wanted)
        if response is not None and not len(found):
            known = self.store.read("responses", self.replications, point=self._first_stored())
            if len(known) and response not in set(known["response"]):
                raise UnknownNameError("response", response, sorted(set(known["response"])))
        texts = [key for key in KEYS if key in found]
        return self._joined(found.fillna(dict.fromkeys(texts, "")))

    def _first_stored(self) -> int | None:
        return min((point for point, _ in self.store.chunks()), default=None)

    def _joined(self, table: pd.DataFrame) -> pd.DataFrame:
        """Put the factors of its design point beside each row."""
        if not len(table):
            return table
        return (
            table[["point"]]
            .merge(self.points[["point", *self.factors]], on="point", how="left")
            .join(table.drop(columns="point"))
        )

    def replications_of(self, point: int) -> Replications:
        """Give the replications of one design point, as far as none before them is missing.

        Raises
        ------
        InputError
            The point does not exist, its levels are refused, or nothing of it is stored.
        """
        scenario = self.scenario(point)
        runs = self.store.read("runs", self.replications, point=point)
        if not len(runs):
            raise self._refuse(point, "a point with stored replications", "run the sweep again, which goes on")
        rows = self.store.read("responses", self.replications, point=point).fillna(dict.fromkeys(KEYS, ""))
        by_replication = dict(list(rows.groupby("replication", sort=False)))
        collected = Collected()
        failures = []
        for number, status, message in zip(runs["replication"], runs["status"], runs["message"], strict=True):
            if number != collected.count:
                break  # a chunk before it is not stored yet
            if status == "failed":
                failures.append(
                    Failure(scenario, self.seed, int(number), self.window, str(message), "", self.asked.detail)
                )
                collected.add(None)
                continue
            part = by_replication[number]
            texts = zip(*(part[key].tolist() for key in KEYS), strict=True)
            told = tuple(part["exactness"]) if "exactness" in part else ()
            collected.add(Responses(tuple(texts), part["value"].to_numpy(dtype=np.float64), told))
        names = joint_names([collected])
        return Replications(
            scenario,
            self.seed,
            names_table(names.values()),
            collected.values(list(names)),
            asked=self.replications,
            failures=tuple(failures),
            window=self.window,
            detail=self.asked.detail,
            exactness=collected.exactness(list(names)),
        )

    def summary(self, outcomes: Wanted | Sequence[Wanted] | None = None, confidence: float = 0.95) -> pd.DataFrame:
        """Give the mean of each response at each design point.

        Parameters
        ----------
        outcomes
            Names, labels or columns of responses, as for :func:`pixelsim.study.compare`; those that decide by default.
        confidence
            Probability in (0, 1) for the interval of each mean.

        Returns
        -------
        DataFrame
            ``point``, the factors, ``outcome`` (its label), ``unit``, ``mean``, ``half_width``, ``low`` and ``high``
            (5-95 % of single replications), ``replications`` and ``missing``.

        Raises
        ------
        UnknownNameError
            A response does not exist.
        """
        rows: list[dict[str, Any]] = []
        for point in sorted({point for point, _ in self.store.chunks()}):
            found = self.replications_of(point)
            if not len(found.names):
                continue
            chosen = deciding(found.names, [found.scenario]) if outcomes is None else choose(found.names, outcomes)
            for label, position in zip(labels(found.names.iloc[chosen]), chosen, strict=True):
                one = summarise(found.values[:, position], confidence)
                rows.append(
                    {
                        "point": point,
                        "outcome": label,
                        "unit": found.names["unit"].iloc[position],
                        "mean": one.mean,
                        "half_width": one.half_width,
                        "low": one.low,
                        "high": one.high,
                        "replications": one.n,
                        "missing": one.missing,
                        **({"exactness": found.exactness[position]} if found.exactness else {}),
                    }
                )
        return self._joined(pd.DataFrame(rows))

    def scenario(self, point: int) -> Scenario:
        """Give the scenario of one design point.

        Raises
        ------
        InputError
            The point does not exist, or the scenario refuses its levels.
        """
        design = self.store.design()
        if not 0 <= point < len(design):
            raise self._refuse(point, f"from 0 to {len(design) - 1}", "choose a design point that exists")
        found = design.point(self.store.scenario(), point)
        if found.scenario is None:
            raise self._refuse(point, f"a point that the scenario takes ({found.message})", "choose another point")
        return found.scenario

    def rerun(self, replication: int, point: int = 0) -> Run | CountRun:
        """Repeat one replication of a design point alone, with its log, where it has one, and all figures.

        Raises
        ------
        PixelsimError
            What the replication failed with, if it failed; or the point does not exist.
        """
        return run_in(self.asked.detail, self.scenario(point), self.seed, replication, self.window)

    def _refuse(self, point: int, rule: str, remedy: str) -> InputError:
        return InputError.single(f"study in {self.folder}", field="point", value=point, rule=rule, remedy=remedy)

    def __str__(self) -> str:
        refused = int((self.points["status"] == "refused").sum())
        failed = len(self.store.read("runs", self.replications, where={"status": "failed"}))
        head = (
            f"{_count(len(self.points), 'design point')} of {_count(len(self.factors), 'factor')}, "
            f"{_count(self.replications, 'replication')} each, seed {self.seed}: {self.done} of {self.expected} done"
        )
        parts = [head]
        parts += [f"{failed} failed"] if failed else []
        parts += [f"{_count(refused, 'point')} refused"] if refused else []
        return ", ".join(parts) + f"; in {self.folder}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def open_study(folder: str | Path) -> Study:
    """Open a study that is stored.

    Raises
    ------
    InputError
        The folder holds no study.
    """
    store = Store(Path(folder))
    return Study(store, store.identity(), store.points())


def rerun(
    source: Study | Replications | Failure | str | Path, replication: int | None = None, *, point: int | None = None
) -> Run | CountRun:
    """Repeat one replication alone, with its log, where it has one, and all figures.

    Parameters
    ----------
    source
        A study or its folder, replications, or the row of a failure.
    replication
        Number of the replication; a failure knows its own.
    point
        Design point of a study; the first by default.

    Raises
    ------
    PixelsimError
        What the replication failed with, if it failed.
    InputError
        The replication is not named, or the point does not exist.
    """
    if isinstance(source, str | Path):
        source = open_study(source)
    number = source.replication if replication is None and isinstance(source, Failure) else replication
    if number is None:
        raise InputError.single(
            "rerun", field="replication", value=None, rule="the number of a replication", remedy="name it"
        )
    if isinstance(source, Study):
        return source.rerun(number, point or 0)
    if point is not None:
        msg = "only a study has design points; leave point out"
        raise PixelsimError(msg)
    return run_in(source.detail, source.scenario, source.seed, number, source.window)
