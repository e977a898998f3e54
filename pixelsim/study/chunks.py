"""Chunks of a study: some replications of one design point, run together and stored together, as tables."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from pixelsim._version import __version__
from pixelsim.scenario.scenario import Scenario
from pixelsim.study.attempts import Failed, attempt
from pixelsim.study.count_run import CountRun, count_responses
from pixelsim.study.detail import Detail
from pixelsim.study.responses import KEYS, Responses, responses_of
from pixelsim.study.run import Run, run_in
from pixelsim.study.window import Window

__all__ = ["TABLES", "Chunk", "ChunkRows", "run_chunk"]

TABLES = ("responses", "daily", "accounts", "runs")
"""The tables of a study, in the order in which a chunk's files are written; a chunk is whole once its runs are."""

IDS = {"point": "int64", "replication": "int64", "seed": "int64", "scenario_hash": "str"}
_RUNS = {"version": "str", "status": "str", "message": "str"}
_ACCOUNTS = {"account": "str", "currency": "str"}
_DAILY = {
    **_ACCOUNTS,
    "day": "datetime64[ms]",
    "utc_offset": "str",
    "impressions": "int64",
    "clicks": "int64",
    "spend": "float64",
    "orphaned_spend": "float64",
    "conversions_attributed": "int64",
}
_RESPONSES = {**dict.fromkeys(KEYS, "str"), "value": "float64"}


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some replications of one design point.

    Parameters
    ----------
    point
        Number of the design point.
    scenario, seed, window
        What is run.
    first, end
        The replications from ``first`` up to, and not including, ``end``.
    detail
        How they are run.
    """

    point: int
    scenario: Scenario
    seed: int
    window: Window
    first: int
    end: int
    detail: Detail = "events"


@dataclass(frozen=True, slots=True, eq=False)
class ChunkRows:
    """What a chunk brought forth.

    Parameters
    ----------
    point, first, end
        Which chunk it is.
    tables
        A table for each of `TABLES`.
    beside
        For each replication what differs from one machine to the next: seconds, host, process, traceback.
    """

    point: int
    first: int
    end: int
    tables: Mapping[str, pd.DataFrame]
    beside: tuple[Mapping[str, Any], ...]


def run_chunk(chunk: Chunk) -> ChunkRows:
    """Run the replications of a chunk; one that fails is a row with its message."""
    made = _Rows(chunk)
    beside = []
    for replication in range(chunk.first, chunk.end):
        began = time.perf_counter()
        failed = made.add(replication)
        beside.append(
            {
                "point": chunk.point,
                "replication": replication,
                "seconds": round(time.perf_counter() - began, 4),
                "host": platform.node(),
                "process": os.getpid(),
                "traceback": failed.traceback if failed is not None else "",
            }
        )
    return ChunkRows(chunk.point, chunk.first, chunk.end, made.tables(), tuple(beside))


@dataclass(slots=True)
class _Rows:
    """The rows of a chunk in the making."""

    chunk: Chunk
    parts: dict[str, list[pd.DataFrame]] = field(default_factory=lambda: {name: [] for name in TABLES})

    def add(self, replication: int) -> Failed | None:
        """Run one replication and keep its rows; give back its failure."""
        ids: dict[str, Any] = {
            "point": self.chunk.point,
            "replication": replication,
            "seed": self.chunk.seed,
            "scenario_hash": self.chunk.scenario.content_hash,
        }
        found = attempt(lambda: self._run(replication))
        if isinstance(found, Failed):
            state: dict[str, Any] = {"version": __version__, "status": "failed", "message": found.message}
            self.parts["runs"].append(_frame([{**ids, **state}], {**IDS, **_RUNS}))
            return found
        for name, table in found.items():
            for place, (key, value) in enumerate(ids.items()):
                table.insert(place, key, value)
            self.parts[name].append(table)
        return None

    def _run(self, replication: int) -> dict[str, pd.DataFrame]:
        chunk = self.chunk
        one = run_in(chunk.detail, chunk.scenario, chunk.seed, replication, chunk.window)
        if isinstance(one, CountRun):
            responses = count_responses(one.simulation, chunk.window)
        else:
            responses = responses_of(one.simulation, chunk.window)
        return {
            "responses": responses.frame(),
            "daily": _daily(one.delivery(), one.purchases_by_day()),
            "accounts": pd.DataFrame(list(_accounts(one, responses))),
            "runs": pd.DataFrame([{"version": __version__, "status": "ok", "message": "", **_whole(one, responses)}]),
        }

    def tables(self) -> dict[str, pd.DataFrame]:
        """Give the tables with their types, which do not depend on what the rows hold."""
        told = {"exactness": "str"} if self.chunk.detail == "counts" else {}
        fixed = {"responses": {**_RESPONSES, **told}, "daily": _DAILY, "accounts": _ACCOUNTS, "runs": _RUNS}
        return {name: _typed(self.parts[name], {**IDS, **fixed[name]}) for name in TABLES}


def _frame(rows: Sequence[Mapping[str, Any]], types: Mapping[str, str]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=list(types)).astype(dict(types))


def _typed(parts: Sequence[pd.DataFrame], types: Mapping[str, str]) -> pd.DataFrame:
    """Put parts one after another: the known columns by their types, all further ones as numbers."""
    if not parts:
        return _frame([], types)
    table = pd.concat(parts, ignore_index=True)
    further = {name: "float64" for name in table.columns if name not in types}
    return table[[*types, *further]].astype({**types, **further})


def _column(outcome: str) -> str:
    return outcome.replace(" ", "_")


def _outcomes(responses: Responses) -> Iterator[tuple[str, str, float]]:
    """Give column, object and value of all outcomes and of days with access."""
    kind, response, thing = (KEYS.index(name) for name in ("kind", "response", "object"))
    for row, value in zip(responses.rows, responses.values.tolist(), strict=True):
        if row[kind] != "metric":
            yield _column(row[response]), row[thing], value


def _whole(one: Run | CountRun, responses: Responses) -> dict[str, float]:
    """Give the outcomes of the whole run, by column; those of ad groups and audiences stand in the responses only."""
    things = {*one.simulation.numbering.accounts, *one.simulation.numbering.ad_groups}
    things |= set(one.simulation.history.now.audiences)
    return {column: value for column, thing, value in _outcomes(responses) if thing not in things}


def _accounts(one: Run | CountRun, responses: Responses) -> Iterator[dict[str, Any]]:
    """Give a row for each ad account with its outcomes by column."""
    accounts = one.simulation.history.now.ad_accounts
    found: dict[str, dict[str, float]] = {account: {} for account in one.simulation.numbering.accounts}
    for column, thing, value in _outcomes(responses):
        if thing in found:
            found[thing][column] = value
    for account, outcomes in found.items():
        yield {"account": account, "currency": accounts[account].currency, **outcomes}


def _daily(delivery: pd.DataFrame, won: pd.DataFrame) -> pd.DataFrame:
    """Give delivery and conversions by account and day of the account's clock, conversions by interaction day."""
    keys = ["account", "currency", "day", "utc_offset"]
    sums = ["impressions", "clicks", "spend", "orphaned_spend"]
    delivered = delivery.groupby(keys, as_index=False, sort=True)[sums].sum()
    won = won[won["conversions_attributed"] > 0].astype({"day": delivered["day"].dtype})
    table = delivered.merge(won, how="left", on=["account", "day"])
    return table.fillna({"conversions_attributed": 0})[list(_DAILY)]
