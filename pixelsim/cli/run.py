"""The main job: calibrate, simulate, print, and write what was found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from numpy.typing import NDArray
from tqdm import tqdm

from pixelsim.base.errors import InputError, UnknownNameError
from pixelsim.base.tables import write_csv, write_parquet
from pixelsim.cli.printing import Printer
from pixelsim.exchange.calibrate import calibrate
from pixelsim.exchange.origins import is_marked
from pixelsim.exchange.report import MISMATCH
from pixelsim.scenario.builtin import scenario as find_scenario
from pixelsim.scenario.scenario import Scenario
from pixelsim.scenario.toml import write_scenario
from pixelsim.sharing.rulebook import PRESETS
from pixelsim.show import write_timeline
from pixelsim.study.replicate import Replications, replicate
from pixelsim.study.run import Run, run

__all__ = ["RunJob", "progress"]


def progress(results: Iterable[NDArray], total: int) -> Iterator[NDArray]:  # type: ignore[type-arg]
    """Show a bar while replications come in, once they take longer than two seconds."""
    yield from tqdm(results, total=total, desc="replications", unit="run", delay=2.0, leave=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunJob:
    """One call of ``pixelsim run``; the fields are its options."""

    scenario: str
    report: Path | None = None
    organic_sessions: float | None = None
    days: int | None = None
    preset: str | None = None
    unshare_first: float | None = None
    seed: int = 1
    replications: int = 50
    workers: int = 1
    out: Path | None = None
    encoding: str | None = None
    accept_mismatch: bool = False

    def prepared(self) -> Scenario:
        """Give the scenario with the report and all options worked in.

        Raises
        ------
        InputError, UnknownNameError
            The scenario, the report or an option is refused.
        """
        found = find_scenario(self.scenario)
        if self.report is not None:
            found = calibrate(
                self.report,
                found,
                organic_sessions=self.organic_sessions,
                encoding=self.encoding,
                accept_mismatch=self.accept_mismatch,
            )
        elif self.organic_sessions is not None:
            found = _with_organic(found, self.organic_sessions)
        if self.unshare_first is not None:
            found = found.replace(plan=found.plan.unshare_first(self.unshare_first))
        if self.preset is not None:
            if self.preset not in PRESETS:
                raise UnknownNameError("preset", self.preset, list(PRESETS))
            found = found.replace(policy=PRESETS[self.preset])
        return found if self.days is None else found.replace(days=self.days)

    def do(self) -> None:
        """Do the job: nothing is written before everything is computed."""
        scenario = self.prepared()
        folder = self.out if self.out is not None else Path("out") / scenario.name
        if folder.exists() and not folder.is_dir():
            raise InputError.single(
                "run", field="out", value=folder, rule="a folder", remedy="choose another place", place="--out"
            )
        one = run(scenario, seed=self.seed)
        many = replicate(scenario, self.replications, seed=self.seed, workers=self.workers, progress=progress)
        tables = tables_of(one, many)
        try:
            self._write(folder, one, tables)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise InputError.single(
                "run", field="out", value=folder, rule=f"a folder to write to ({reason})", remedy="choose another place"
            ) from None
        Printer().run(one, many, tables, folder)

    @staticmethod
    def _write(folder: Path, one: Run, tables: dict[str, pd.DataFrame]) -> None:
        for name, table in tables.items():
            write_csv(table, folder / f"{name}.csv")
            write_parquet(table, folder / f"{name}.parquet")
        write_parquet(_marked(one.log(), one.asked), folder / "one_possible_history.parquet")
        write_scenario(one.asked, folder / "scenario.toml")
        write_timeline(one, folder / "timeline.png")


def _with_organic(scenario: Scenario, sessions: float) -> Scenario:
    sites = scenario.traffic.sites
    if not sites:
        raise InputError.single(
            "run", field="organic_sessions", value=sessions, rule="used with a website", remedy="leave it out"
        )
    changed = (sites[0].replace(organic_sessions=sessions), *sites[1:])
    return scenario.replace(traffic=scenario.traffic.replace(sites=changed))


def _marked(table: pd.DataFrame, scenario: Scenario) -> pd.DataFrame:
    """Mark every row of a result that rests on a file whose totals differ from its rows."""
    return table.assign(mark=MISMATCH) if is_marked(scenario) else table


def tables_of(one: Run, many: Replications) -> dict[str, pd.DataFrame]:
    """Give all tables of a job by file name."""
    summary = many.summary()
    summary.insert(0, "scenario_hash", many.scenario.content_hash)
    summary.insert(1, "seed", many.seed)
    kind = summary["kind"]
    metric = summary[kind == "metric"].drop(columns=["kind"])
    outcome = summary[kind == "outcome"].drop(columns=["kind", "viewer", "rule", "pixel", "event", "reason"])
    tables = {
        "metrics": metric.reset_index(drop=True),
        "outcomes": outcome.rename(columns={"surface": "plane", "response": "outcome"}).reset_index(drop=True),
        "metrics_by_day": one.metrics(by="day"),
        "change_log": one.change_log(),
        "refused": one.refused(),
        "delivery": one.delivery(),
        "conservation": one.conservation(),
        "parameters": one.parameters(),
    }
    return {name: _marked(table, one.asked) for name, table in tables.items()}
