"""What the commands print: tables of the figures that decide, each with its precision and its source."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pixelsim.measure import audit_run, organic_sensitivity
from pixelsim.scenario.parameters import parameters
from pixelsim.scenario.scenario import Scenario
from pixelsim.show.names import Names
from pixelsim.study.count_run import CountRun
from pixelsim.study.replicate import Replications
from pixelsim.study.run import Run

__all__ = ["Printer", "exact", "number", "spread"]

EVENTS_SHOWN = ("PageView", "Purchase")
PARTS = {"].products[": "product", "].markets[": "market"}
"""What the parameters of a site's parts are headed by."""


def number(value: float, *, digits: int = 3) -> str:
    """Write a number with about three significant digits, whole where it is large, and a dash where it is missing."""
    if value is None or math.isnan(value):
        return "-"
    if value == 0:
        return "0"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    return f"{value:,.{min(decimals, 6)}f}"


def exact(value: float) -> str:
    """Write a sum as it is, without decimals that say nothing, and a dash where it is missing."""
    if value is None or math.isnan(value):
        return "-"
    return f"{value:,.4f}".rstrip("0").rstrip(".")


def spread(row: pd.Series) -> tuple[str, str]:
    """Give a response as "mean ± half-width" and "low to high" with matching decimals."""
    if row["replications"] == 0:
        return "no access", ""
    mean, half = number(row["mean"]), number(row["half_width"], digits=2)
    return f"{mean} ± {half}", f"{number(row['low'])} to {number(row['high'])}"


class Printer:
    """Prints results to the terminal, or as plain text where there is none."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False, soft_wrap=False)
        if not self.console.is_terminal:
            self.console.width = 140

    def run(self, one: Run, many: Replications, tables: dict[str, pd.DataFrame], folder: Path) -> None:
        """Print the result of the main job."""
        scenario = one.asked
        self._heading(scenario, many)
        self._metrics(tables["metrics"], scenario)
        self._rests_on_organic(one)
        self._counted_how(scenario)
        self._outcomes(tables["outcomes"], scenario)
        self.change_log(one)
        self._refused(one)
        self._audit(one)
        self._parameters(scenario)
        self.console.print(f"\nTables, log and timeline are in [bold]{folder}[/bold].")

    def _heading(self, scenario: Scenario, many: Replications) -> None:
        self.console.print(f"[bold]{scenario.name}[/bold]: {scenario.title}")
        self.console.print(
            f"{scenario.days} days from {scenario.start:%d %B %Y}, {len(many)} replications, seed {many.seed}, "
            f"scenario {scenario.content_hash[:12]}"
        )

    def table(self, title: str, *columns: str, right: tuple[str, ...] = ()) -> Table:
        """Make an empty table; the columns of ``right`` are set flush right."""
        table = Table(title=title, title_justify="left", title_style="bold", header_style="bold")
        for column in columns:
            table.add_column(column, justify="right" if column in right else "left", overflow="fold")
        return table

    def _metrics(self, metrics: pd.DataFrame, scenario: Scenario) -> None:
        """Print the five metrics of each viewer (R24 to R27), and the reason where a viewer has no access."""
        names = {a.id: a.name for a in scenario.structure.ad_accounts} | {
            c.id: c.name for c in scenario.structure.campaigns
        }
        columns = [c for event in EVENTS_SHOWN for c in (event, f"{event}, single runs")]
        table = self.table(
            "What each viewer reads: mean ± half-width, 5-95 % of single runs",
            "viewer",
            "surface",
            "metric",
            "rule",
            *columns,
            right=tuple(columns),
        )
        keys = ["viewer", "surface", "response", "object", "rule"]
        reasons: dict[str, str] = {}
        for names_of_row, rows in metrics.groupby(keys, sort=False):
            viewer, surface, response, item, rule = (str(name) for name in names_of_row)
            cells: list[str] = []
            for event in EVENTS_SHOWN:
                found = rows[rows["event"] == event]
                cells.extend(spread(found.iloc[0]) if len(found) else ("-", ""))
            if rows["reason"].iloc[0]:
                reasons[f"{viewer}, {rule}"] = rows["reason"].iloc[0]
            star = "*" if response == "total events" and not rows["reason"].iloc[0] else ""
            shown = f"{response}{star}" if not item else f"{response}: {names.get(item, item)}"
            table.add_row(viewer, surface, shown, rule, *cells)
        self.console.print(table)
        for who, reason in reasons.items():
            self.console.print(Text(f"  {who}: {reason}"))

    def _rests_on_organic(self, one: Run) -> None:
        """Print the organic sessions of each site, which no export tells, and how far total events depend on them."""
        sources = {path: source for path, _, _, source in parameters(one.asked)}
        moved, several = organic_sensitivity(one.simulation), len(one.scenario.structure.pixels) > 1
        columns = ["event", "total", "halved", "doubled"]
        for site in one.scenario.traffic.sites:
            source = sources[f"traffic.sites[{site.website}].organic_sessions"]
            self.console.print(
                f"  * rests on {number(site.organic_sessions)} organic sessions a day on {site.website} "
                f"({source.kind}: {source.text}); set it with --organic-sessions"
            )
            mine = moved[(moved["website"] == site.website) & moved["event"].isin(EVENTS_SHOWN) & (moved["total"] > 0)]
            for pixel, rows in mine.groupby("pixel"):
                changes = "; ".join(
                    f"{event} {halved / total - 1:+.0%} or {doubled / total - 1:+.0%}"
                    for event, total, halved, doubled in rows[columns].to_numpy().tolist()
                )
                where = f" at pixel {pixel}" if several else ""
                self.console.print(f"    with half as many, or twice as many, total events{where} would be: {changes}")

    def _counted_how(self, scenario: Scenario) -> None:
        """Print the windows within which copies of one event are counted once (P53)."""
        rule = scenario.measurement
        repeats = f"once within {rule.repeat_seconds:g} s" if rule.repeat_seconds > 0 else "each time (window 0 s)"
        self.console.print(
            f"  Copies with one event id count once within {rule.dedup_hours:g} h (browser and server merge within "
            f"{rule.merge_minutes:g} min); repeats of a visitor without an id count {repeats}."
        )

    def _audit(self, one: Run) -> None:
        """Print what the audits of the installation find in replication 0."""
        found = audit_run(one.simulation)
        if not found:
            return
        self.console.print("[bold]Audit of replication 0[/bold]")
        for finding in found:
            self.console.print(Text(f"  {finding}"))

    def _outcomes(self, outcomes: pd.DataFrame, scenario: Scenario) -> None:
        structure = scenario.structure
        names = {a.id: a.name for a in structure.ad_accounts} | {g.id: g.name for g in structure.ad_groups}
        table = self.table(
            "Outcomes: mean ± half-width, 5-95 % of single runs",
            "outcome",
            "of",
            "from",
            "value",
            "single runs",
            "unit",
            right=("value", "single runs"),
        )
        for _, row in outcomes.iterrows():
            if row["mean"] == 0 and row["high"] == 0 and row["object"] in names:
                continue
            value, runs = spread(row)
            table.add_row(
                row["outcome"], names.get(row["object"], row["object"]), row["plane"], value, runs, row["unit"]
            )
        self.console.print(table)

    def change_log(self, one: Run | CountRun) -> None:
        """Print every attempt of one possible history with names, and what a passed guard left scheduled (R15)."""
        names = Names(one.simulation.history.now)
        title = "Change log of replication 0, one possible history"
        table = self.table(title, "when", "who", "what", "verdict", "rule", "what changed, or why not")
        for record in one.simulation.history.records:
            decision = record.decision
            told = "; ".join(names.change(change) for change in record.changes)
            if decision.refused:
                told = names.reason(decision)
            elif decision.scheduled:
                left = ", ".join(names.any(key) for key in decision.scheduled)
                told = f"{told}. Still scheduled on the pixel: {left}"
            when = f"{one.scenario.clock.to_datetime(record.at):%Y-%m-%d %H:%M}"
            cells = (when, names.who(record.action), names.action(record.action), decision.verdict, decision.rule, told)
            table.add_row(*(Text(cell) for cell in cells))
        self.console.print(table)

    def _refused(self, one: Run) -> None:
        """Print every refused action with rule, cause and remedy."""
        names = Names(one.simulation.history.now)
        refused = [record for record in one.simulation.history.records if not record.decision.allowed]
        if not refused:
            self.console.print("No action was refused.")
            return
        table = self.table("Refused actions", "when", "who", "what", "rule", "cause", "why", "remedy")
        for record in refused:
            decision = record.decision
            when = f"{one.scenario.clock.to_datetime(record.at):%Y-%m-%d %H:%M}"
            why, remedy = names.reason(decision), "; or ".join(names.remedies(decision))
            who, what = names.who(record.action), names.action(record.action)
            table.add_row(*(Text(cell) for cell in (when, who, what, decision.rule, decision.cause, why, remedy)))
        self.console.print(table)

    def _parameters(self, scenario: Scenario) -> None:
        """Print every parameter with its source; equal ones of several ad groups share a row."""
        table = self.table(
            "Parameters and where they come from",
            "parameter",
            "value",
            "unit",
            "source",
            "rows",
            right=("value", "rows"),
        )
        grouped: dict[tuple[str, str, str, str, str], int] = {}
        for path, value, unit, source in parameters(scenario):
            part, _, leaf = path.rpartition("].") if "]." in path else ("", "", path.removeprefix("traffic."))
            where = {"traffic.sites": "site: ", "traffic.delivery": "ad group: "}.get(part.split("[")[0], "")
            where = next((f"{word} {part.rpartition('[')[2]}: " for key, word in PARTS.items() if key in part), where)
            shown = "shape" if isinstance(value, tuple) else number(value) if isinstance(value, float) else str(value)
            rows = "" if source.rows is None else str(source.rows)
            key = (where + leaf, shown, unit, f"{source.kind}: {source.text}", rows)
            grouped[key] = grouped.get(key, 0) + 1
        for (leaf, shown, unit, told, rows), count in grouped.items():
            table.add_row(f"{leaf} ({count}x)" if count > 1 else leaf, shown, unit, Text(told), rows)
        self.console.print(table)
