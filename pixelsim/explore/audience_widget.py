"""The explorer of audience growth: a thin shell over :mod:`pixelsim.explore.audience`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from matplotlib.figure import Figure

from pixelsim.base.errors import InputError
from pixelsim.explore.audience import Growth, access_ends, accounts_of, checked, grown, regrown
from pixelsim.explore.base import WIDTH
from pixelsim.explore.code import scenarios_code
from pixelsim.explore.moving import quick_png, rounded_up
from pixelsim.explore.settling import Settling, runs_told
from pixelsim.explore.tables import html_table
from pixelsim.explore.toolkit import widgets
from pixelsim.scenario.capture import EVENT_NAMES
from pixelsim.scenario.scenario import Scenario
from pixelsim.show.audience import AudienceCurve, audience_frame, audience_growth
from pixelsim.show.style import new_figure, placed, styled
from pixelsim.study.count_run import CountRun
from pixelsim.study.detail import Detail
from pixelsim.study.replicate import check_replications
from pixelsim.study.window import WHOLE
from pixelsim.world.relations import AudienceAfter

__all__ = ["AudienceGrowth", "growth_figure", "growth_table"]

_Chosen = tuple[str, str, int, str]
"""Account, event, look-back in days, and what becomes of the audience after access has ended."""
_Counted = tuple[str, str]
"""Account, and what becomes of its audience."""
LONGEST = 180
"""Days of the longest look-back that the explorer offers."""
_PLOT, _LEFT, _RIGHT, _LINE = 2.7, 0.7, 0.15, 0.18
"""Inches: height of the plot, room to its left and right, and a line of its title or its legend."""


def growth_figure(found: Growth, title: str) -> Figure:
    """Draw a growth in the size of an explorer; without any audience the picture says so."""
    figure = new_figure(WIDTH, _PLOT)
    with styled():
        ax = placed(figure, left=_LEFT, right=_RIGHT, top=0.0, height=_PLOT)
        if not found.ways:
            ax.set_axis_off()
            ax.text(0, 0.9, "No scenario has this audience.", va="top")
            return figure
        audience_growth(ax, found.ways, title=title + (" (approximate)" if found.detail == "counts" else ""))
        # A scale that stays for many choices is drawn once.
        ax.set_ylim(0, rounded_up(ax.get_ylim()[1]))
        legend: Any = ax.get_legend()
        titles, entries = ax.get_title(loc="left"), [text.get_text() for text in legend.get_texts()]
        top, below = 0.12 + _LINE * _lines(titles), 0.48 + _LINE * sum(map(_lines, entries))
        figure.set_size_inches(WIDTH, top + _PLOT + below)
        placed(figure, left=_LEFT, right=_RIGHT, top=top, height=_PLOT, ax=ax)
    return figure


def _lines(text: str) -> int:
    return text.count("\n") + 1


def growth_table(found: Growth, wanted: int, seed: int) -> str:
    """Give the table of an explorer: when the audience was usable and how large it became, under each scenario.

    Parameters
    ----------
    found
        What the runs brought so far.
    wanted
        How many runs there are to be.
    seed
        Their root seed.
    """
    told = ""
    if found.ways:
        frame = audience_frame(found.ways)
        numeric = [str(column) for column in frame.columns[1:5]]
        over = runs_told(found.runs, wanted, found.detail)
        rough = "; sizes of audiences are approximate in counts" if found.detail == "counts" else ""
        told = html_table(map(str, frame.columns), frame.itertuples(index=False), numeric=numeric)
        told += f"<div>Of each {over}, seed {seed}{rough}</div>"
    return told + (html_table(["no audience in", "why"], found.refused.items()) if found.refused else "")


class AudienceGrowth(Settling):
    """Grows one audience under each of several scenarios: whose, of which event, with which look-back.

    Parameters
    ----------
    ways
        Scenarios by name.
    replications
        Runs of each, at least 1, in counts.
    seed
        Root seed, at least 0.

    Raises
    ------
    InputError
        No ad account of any scenario can use a pixel, or there is to be no run.
    """

    kind = "audience_growth"

    def __init__(self, ways: Mapping[str, Scenario], *, replications: int = 20, seed: int = 1) -> None:
        check_replications(replications)
        accounts = accounts_of(ways)
        if not accounts:
            raise InputError.single(
                "audience_growth",
                field="ways",
                value=", ".join(ways) or "none",
                rule="a scenario in which an ad account can use a pixel",
                remedy="link a pixel to an account, or give another scenario",
            )
        self.ways, self.seed = dict(ways), seed
        self._source = scenarios_code(ways)
        self.found: Growth | None = None
        # Choices that were looked at before come back at once.
        self._curves: dict[tuple[Detail, str, _Chosen], list[AudienceCurve]] = {}
        self._taken = lru_cache(maxsize=256)(lambda chosen: checked(self.ways, *chosen))
        # Runs in counts of the present account, from which every event and look-back is read.
        self._counted: tuple[_Counted, dict[str, list[CountRun]]] = (("", ""), {})
        controls: dict[str, Any] = {
            "account": widgets.Dropdown(
                options=accounts, description="audience of", tooltip="the ad account that builds it"
            ),
            "event": widgets.Dropdown(
                options=list(EVENT_NAMES), description="people with", tooltip="the event that brings people into it"
            ),
            "look_back": widgets.IntSlider(
                value=30,
                min=1,
                max=LONGEST,
                description="look-back, days",
                tooltip="for how many days people stay in it",
            ),
            "after": widgets.Dropdown(
                options=[(after.value.replace("_", " "), after.value) for after in AudienceAfter],
                description="after access has ended",
                tooltip="what becomes of it then; no source tells, so it is a setting",
            ),
        }
        told = "People in the audience by day, under each scenario, against the number from which it can be targeted"
        super().__init__("How an audience grows", controls, told, replications=replications)
        if not access_ends(self.ways):
            self.controls["after"].layout.display = "none"
        self.update()

    def _chosen(self) -> _Chosen:
        values = (self.controls[name].value for name in ("account", "event", "look_back", "after"))
        account, event, look_back, after = values
        return str(account), str(event), int(look_back), str(after)

    def _of(self, name: str) -> list[AudienceCurve]:
        return self._curves.setdefault((self.detail, name, self._chosen()), [])

    def _scenarios(self) -> tuple[dict[str, Scenario], dict[str, str]]:
        """Give the scenarios that take the audience, and why the others do not."""
        account, event, look_back, after = self._chosen()
        if self.detail == "counts":
            # Read from the same runs, whatever is chosen of these.
            event, look_back = EVENT_NAMES[0], LONGEST
        return self._taken((account, event, look_back, after))

    def known(self) -> int:
        """Give how many runs of every scenario that takes the audience are there."""
        taken, _ = self._scenarios()
        return min((len(self._of(name)) for name in taken), default=self.replications)

    def prepare(self, replication: int) -> None:
        """Run every scenario once."""
        taken, _ = self._scenarios()
        for name, scenario in taken.items():
            curves = self._of(name)
            while len(curves) <= replication:
                curves.append(self._grown(name, scenario, len(curves)))

    def _grown(self, name: str, scenario: Scenario, replication: int) -> AudienceCurve:
        """Give the audience of one run; of runs in counts those of the present account are kept."""
        if self.detail == "events":
            return grown(scenario, seed=self.seed, replication=replication)
        account, event, look_back, after = self._chosen()
        if self._counted[0] != (account, after):
            self._counted = (account, after), {}
        runs = self._counted[1].setdefault(name, [])
        while len(runs) <= replication:
            runs.append(CountRun.of(scenario, self.seed, len(runs), WHOLE))
        return regrown(runs[replication], event, look_back)

    def answer(self, done: int) -> None:
        """Show picture and table of so many runs."""
        account, event, look_back, _ = self._chosen()
        label = {key: name for name, key in self.controls["account"].options}[account]
        taken, refused = self._scenarios()
        self.found = Growth({name: self._of(name)[:done] for name in taken}, refused, self.detail)
        self.table.value = growth_table(self.found, self.replications, self.seed)
        self.paint(quick_png(growth_figure(self.found, f"People with {event} in {look_back} days, {label}")))

    def as_code(self) -> str:
        """Give the call that brings the same numbers."""
        account, event, look_back, after = self._chosen()
        detail = " detail='counts'," if self.detail == "counts" else ""
        return (
            f"{self._source}\n"
            f"from pixelsim.explore.audience import growth\n\n"
            f"found = growth(\n"
            f"    ways, {account!r}, {event!r}, {look_back}, {after!r},\n"
            f"    replications={self.replications}, seed={self.seed},{detail}\n"
            f")\n"
            f"found.ways"
        )

    def fingerprint(self) -> dict[str, Any]:
        """Give the scenarios, the seed and the number of runs."""
        hashes = {name: scenario.content_hash for name, scenario in self.ways.items()}
        return {"scenarios": hashes, "seed": self.seed, "replications": self.replications}
