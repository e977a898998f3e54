"""The explorer of audience growth: a thin shell over :mod:`pixelsim.explore.audience`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from matplotlib.figure import Figure

from pixelsim.base.errors import InputError
from pixelsim.explore.audience import Growth, access_ends, accounts_of, checked, grown
from pixelsim.explore.base import WIDTH, Explorer, html_table
from pixelsim.explore.code import scenarios_code
from pixelsim.explore.toolkit import widgets
from pixelsim.scenario.capture import EVENT_NAMES
from pixelsim.scenario.scenario import Scenario
from pixelsim.show.audience import AudienceCurve, audience_frame, audience_growth
from pixelsim.show.style import figure_png, new_figure, styled
from pixelsim.study.replicate import check_replications
from pixelsim.world.relations import AudienceAfter

__all__ = ["AudienceGrowth", "growth_figure", "growth_table"]

_Chosen = tuple[str, str, int, str]
"""Account, event, look-back in days, and what becomes of the audience after access has ended."""
LONGEST = 180
"""Days of the longest look-back that the explorer offers."""


def growth_figure(found: Growth, title: str) -> Figure:
    """Draw a growth in the size of an explorer; without any audience the picture says so."""
    figure = new_figure(WIDTH, 3.6 + 0.22 * max(1, len(found.ways)))
    with styled():
        ax = figure.subplots()
        if found.ways:
            audience_growth(ax, found.ways, title=title)
        else:
            ax.set_axis_off()
            ax.text(0, 1, "No scenario has this audience.", va="top")
    return figure


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
        over = f"{found.runs} runs" if found.runs == wanted else f"{found.runs} of {wanted} runs so far"
        told = html_table(map(str, frame.columns), frame.itertuples(index=False), numeric=numeric)
        told += f"<div>{over} of each, seed {seed}</div>"
    return told + (html_table(["no audience in", "why"], found.refused.items()) if found.refused else "")


class AudienceGrowth(Explorer):
    """Grows one audience under each of several scenarios: whose, of which event, with which look-back.

    Parameters
    ----------
    ways
        Scenarios by name.
    replications
        Runs of each, at least 1.
    seed
        Root seed, at least 0.

    Raises
    ------
    InputError
        No ad account of any scenario can use a pixel, or there is to be no run.
    """

    kind = "audience_growth"

    def __init__(self, ways: Mapping[str, Scenario], *, replications: int = 5, seed: int = 1) -> None:
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
        self.ways, self.replications, self.seed = dict(ways), replications, seed
        self.found: Growth | None = None
        # Choices that were looked at before come back at once.
        self._curves: dict[tuple[str, _Chosen], list[AudienceCurve]] = {}
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
                continuous_update=False,
            ),
            "after": widgets.Dropdown(
                options=[(after.value.replace("_", " "), after.value) for after in AudienceAfter],
                description="after access has ended",
                tooltip="what becomes of it then; no source tells, so it is a setting",
            ),
        }
        told = "People in the audience by day, under each scenario, against the number from which it can be targeted"
        super().__init__("How an audience grows", controls, told)
        if not access_ends(self.ways):
            self.controls["after"].layout.display = "none"
        self.update()

    def _chosen(self) -> _Chosen:
        values = (self.controls[name].value for name in ("account", "event", "look_back", "after"))
        account, event, look_back, after = values
        return str(account), str(event), int(look_back), str(after)

    def refresh(self) -> None:
        """Show one run at once, and bring the others in one by one."""
        work = self._replicate(self._chosen())
        next(work)
        self.start(work, self.replications, done=self.found.runs if self.found else 1)

    def _replicate(self, chosen: _Chosen) -> Iterator[None]:
        account, event, look_back, _ = chosen
        label = {key: name for name, key in self.controls["account"].options}[account]
        title = f"People with {event} in {look_back} days, {label}"
        taken, refused = checked(self.ways, *chosen)
        curves = {name: self._curves.setdefault((name, chosen), []) for name in taken}
        known = min((len(found) for found in curves.values()), default=self.replications)
        for count in range(max(1, min(known, self.replications)), self.replications + 1):
            for name, scenario in taken.items():
                while len(curves[name]) < count:
                    curves[name].append(grown(scenario, seed=self.seed, replication=len(curves[name])))
            self.found = Growth({name: found[:count] for name, found in curves.items()}, refused)
            self.table.value = growth_table(self.found, self.replications, self.seed)
            self.paint(figure_png(growth_figure(self.found, title)))
            yield

    def as_code(self) -> str:
        """Give the call that brings the same numbers."""
        account, event, look_back, after = self._chosen()
        return (
            f"{scenarios_code(self.ways)}\n"
            f"from pixelsim.explore.audience import growth\n\n"
            f"found = growth(\n"
            f"    ways, {account!r}, {event!r}, {look_back}, {after!r},\n"
            f"    replications={self.replications}, seed={self.seed},\n"
            f")\n"
            f"found.ways"
        )

    def fingerprint(self) -> dict[str, Any]:
        """Give the scenarios, the seed and the number of runs."""
        hashes = {name: scenario.content_hash for name, scenario in self.ways.items()}
        return {"scenarios": hashes, "seed": self.seed, "replications": self.replications}
