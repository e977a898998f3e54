"""All explorers on one page: what is explored, and in which scenario; for a notebook or for ``pixelsim app``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from typing import Any, Self

from pixelsim import explore
from pixelsim.base.errors import InputError
from pixelsim.explore.base import STYLE, Explorer
from pixelsim.explore.keys import keys_kept
from pixelsim.explore.toolkit import widgets
from pixelsim.scenario import scenario as built_in
from pixelsim.scenario import scenario_names
from pixelsim.scenario.scenario import Scenario
from pixelsim.sharing import PRESETS

__all__ = ["BEST", "EXPLORERS", "WAYS", "Page", "twins", "variants"]

EARLY = 3.0
"""Days by which the wrong order unshares before the stop."""
WAYS = (
    ("one_domain", "one_domain_wrong"),
    ("many_domains", "many_domains_wrong"),
    ("agency_clients", "agency_clients_wrong"),
    ("ending", "ending_unshare_first", "ending_only_running", "ending_never"),
)
"""Built-in scenarios that are ways of the same practice: the good one first, then the wrong ones."""
COUNTED = 10
"""Runs in counts that take about as long as one event by event."""
BEST = "Best practice"
"""The explorer that brings its own scenarios."""
Make = Callable[[Scenario, int, int], Explorer]


def twins(scenario: Scenario) -> dict[str, Scenario]:
    """Give a scenario by name, and beside it the other ways of the same practice, where it is a built-in one."""
    ways = next((ways for ways in WAYS if scenario.name in ways), ())
    own = bool(ways) and built_in(scenario.name).content_hash == scenario.content_hash
    others = [name for name in ways if own and name != scenario.name]
    return {spoken(scenario.name): scenario, **{spoken(name): built_in(name) for name in others}}


def variants(scenario: Scenario) -> dict[str, Scenario]:
    """Give a scenario by name, and what it can be compared with: other ways, another order, other unshare policies."""
    found = twins(scenario)
    try:
        early = scenario.replace(plan=scenario.plan.unshare_first(EARLY))
    except InputError:
        return found
    found[f"unshare {EARLY:g} days before the stop"] = early
    for name, policy in PRESETS.items():
        if policy != scenario.policy:
            found[f"policy {name}"] = scenario.replace(policy=policy)
    return found


def spoken(name: str) -> str:
    """Write the name of a scenario as people say it."""
    return name.replace("_", " ")


EXPLORERS: dict[str, Make] = {
    "When to unshare": lambda mine, runs, seed: explore.unshare_timing(mine, replications=COUNTED * runs, seed=seed),
    "Who sees what": lambda mine, _, seed: explore.who_sees_what(mine, seed=seed),
    "Who may do what": lambda mine, _, __: explore.permissions(mine.structure.world(), mine.rulebook),
    "Metrics by viewer": lambda mine, runs, seed: explore.metrics_by_viewer(
        mine, replications=COUNTED * runs, seed=seed
    ),
    "How an audience grows": lambda mine, runs, seed: explore.audience_growth(
        twins(mine), replications=COUNTED * runs, seed=seed
    ),
    "Two variants compared": lambda mine, runs, seed: explore.compare_variants(
        variants(mine), replications=COUNTED * runs, seed=seed
    ),
    "One pixel or many": lambda mine, runs, seed: explore.one_pixel_or_many(
        mine, replications=COUNTED * runs, seed=seed
    ),
    BEST: lambda _, runs, seed: explore.best_practice(replications=COUNTED * runs, seed=seed),
}
"""Every explorer by its title: a function of scenario, runs and seed."""


class Page(Explorer):
    """Shows one explorer at a time, in a scenario of choice.

    Parameters
    ----------
    mine
        A scenario of the user's own, offered first; None for the built-in ones alone.
    replications
        Runs event by event for each choice, at least 1; explorers in counts take `COUNTED` times as many.
    seed
        Root seed, at least 0.
    """

    kind = "page"
    children: Any

    def __init__(self, mine: Scenario | None = None, *, replications: int = 5, seed: int = 1) -> None:
        self.mine, self.replications, self.seed = mine, replications, seed
        self.shown: Explorer | None = None
        self.slot = widgets.VBox()
        own = [] if mine is None else [f"{spoken(mine.name)} (yours)"]
        self._scenarios = {**dict.fromkeys(own, ""), **{spoken(name): name for name in scenario_names()}}
        first = own[0] if own else "agency"
        controls: dict[str, Any] = {
            "explorer": widgets.Dropdown(
                options=list(EXPLORERS), description="explore", tooltip="the question that is looked into"
            ),
            "scenario": widgets.Dropdown(
                options=list(self._scenarios),
                value=first,
                description="in scenario",
                tooltip="the business it is about",
            ),
        }
        super().__init__("pixelsim: rehearse pixel sharing", controls, "")
        # The explorer that is shown brings a picture, a table, long work and code of its own.
        self.children = (self.heading, *self.controls.values(), self.caption, self.message, self.slot, keys_kept())
        self.update()

    def arrange(self) -> None:
        """Ask for a scenario only where the explorer takes one."""
        self.controls["scenario"].layout.display = "none" if self.controls["explorer"].value == BEST else ""

    def _scenario(self) -> Scenario:
        name = self._scenarios[str(self.controls["scenario"].value)]
        return self.mine if self.mine is not None and not name else built_in(name)

    def refresh(self) -> None:
        """Show the explorer in the scenario, or say why it cannot be shown there."""
        title, scenario = str(self.controls["explorer"].value), self._scenario()
        if self.shown is not None:
            self.shown.stop()
        self.shown, self.slot.children = None, ()
        self.caption.value = "" if title == BEST else f"<i>{escape(scenario.title)}</i>"
        self.say("Running …")
        try:
            self.shown = EXPLORERS[title](scenario, self.replications, self.seed)
        except InputError as error:
            fault = error.faults[0]
            self.say(f"Not in this scenario: {fault.field} must be {fault.rule}; {fault.remedy}.")
            return
        self.slot.children = (self.shown,)
        self.say("")

    def as_code(self) -> str:
        """Give the code of the explorer that is shown."""
        return self.shown.as_code() if self.shown is not None else ""

    def fingerprint(self) -> dict[str, Any]:
        """Give the user's own scenario, the seed and the number of runs."""
        own = None if self.mine is None else self.mine.content_hash
        return {"scenario": own, "seed": self.seed, "replications": self.replications}

    def state(self) -> dict[str, Any]:
        """Give what is on the screen as plain data, the state of the explorer that is shown included."""
        return {**super().state(), "shown": None if self.shown is None else self.shown.state()}

    def load(self, state: Mapping[str, Any]) -> None:
        """Set the page and the explorer on it as they were saved; see :meth:`Explorer.load`."""
        super().load(state)
        if self.shown is not None and state.get("shown") is not None:
            self.shown.load(state["shown"])

    @property
    def working(self) -> bool:
        """Whether long work is going on."""
        return self.shown is not None and self.shown.working

    async def finished(self) -> Self:
        """Wait until long work is done, and give the page."""
        if self.shown is not None:
            await self.shown.finished()
        return self

    def static_html(self) -> str:
        """Give what is on the screen as plain HTML."""
        inner = self.shown.static_html() if self.shown is not None else self.message.value
        return f"{STYLE}<div><b>{escape(self.title)}</b>{self.caption.value}</div>{inner}"
