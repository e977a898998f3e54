"""The explorer of one pixel or many: a thin shell over :mod:`pixelsim.explore.pixels`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any

from pixelsim.base.errors import InputError
from pixelsim.explore.base import WIDTH
from pixelsim.explore.code import scenario_code
from pixelsim.explore.moving import quick_strip, rounded_up, stacked_png
from pixelsim.explore.pixels import COUNTS, Choice, Counted, Designs, both_counted, sharers, weighed, with_own
from pixelsim.explore.practice_chart import Bars, pair_bars_figure, rough, waiting_strip
from pixelsim.explore.practice_shell import PairsExplorer, contrast_table, pairs_told, titled_table
from pixelsim.explore.toolkit import widgets
from pixelsim.scenario.measurement import Scope
from pixelsim.scenario.scenario import Scenario
from pixelsim.show.digits import plus_minus
from pixelsim.show.style import new_figure, placed, styled
from pixelsim.show.weight import page_weight
from pixelsim.study.replicate import check_replications
from pixelsim.study.statistics import Summary

__all__ = ["OnePixelOrMany", "pixels_picture", "pixels_tables"]

SHARED, MANY = "one pixel", "many"
AS_GIVEN = 0
"""Value of a choice that leaves the scenario's own."""
PEOPLE = (10_000, 50_000, 200_000)
"""Numbers of people that are offered (assumption: from a town to a large market)."""


def _mean(found: Summary, factor: float = 1) -> str:
    return plus_minus(factor * found.mean, factor * found.half_width)


def pixels_tables(found: Designs, wanted: int, seed: int) -> str:
    """Give the ways to count the sales and the claims Q3 to Q5 as HTML, one pixel and many side by side.

    Parameters
    ----------
    found
        What the runs brought so far.
    wanted, seed
        How many pairs of runs there are to be, and their seed.
    """
    if not found.runs:
        return "<div>no runs yet</div>"
    counted = found.detail == "counts"
    counts = [
        (told, _mean(shared), _mean(many), *([trust] if counted else []))
        for told, shared, many, trust in found.counts()
    ]
    pages = [
        (
            name,
            f"{page.pixels:,}",
            f"{page.milliseconds:,.0f}",
            _mean(page.lost_share, 100),
        )
        for name, loads in zip((SHARED, MANY), found.loads(), strict=True)
        for page in loads
    ]
    columns = ["design", "pixels on a page", "ms added", "sessions lost, %"]
    ways = ["count", SHARED, MANY, *(["in counts"] if counted else [])]
    sales = f"The same sales, counted in four ways, in {found.shared.days} days"
    return (
        titled_table("What pixels weigh on a page", columns, pages, numeric=columns[1:])
        + titled_table(sales, ways, counts, numeric=(SHARED, MANY))
        + contrast_table(found.claims(), MANY, SHARED)
        + pairs_told(len(found.runs), wanted, seed, found.detail)
    )


def pixels_picture(found: Designs) -> bytes:
    """Draw what pixels weigh on a page, and below it the ways to count the same sales, as PNG."""
    weight = new_figure(WIDTH, 3.2)
    with styled():
        ax = placed(weight, left=0.75, right=0.2, top=0.35, height=2.35)
        page_weight(ax, dict(zip((SHARED, MANY), found.loads(), strict=True)))
        ax.set_ylim(0, rounded_up(ax.get_ylim()[1]))
    words: dict[str, Any] = {"title": "The same sales, counted in four ways"}
    words["unit"] = f"number in {found.shared.days} days"
    if not found.runs:
        return stacked_png(quick_strip(weight), waiting_strip(COUNTS, (SHARED, MANY), width=WIDTH, **words))
    bars = [
        Bars(rough(told, trust), (shared.mean, many.mean), (shared.half_width, many.half_width))
        for told, shared, many, trust in found.counts()
    ]
    return stacked_png(quick_strip(weight), quick_strip(pair_bars_figure(bars, (SHARED, MANY), width=WIDTH, **words)))


def _slider(label: str, value: int, most: int, hint: str, *, step: int = 1) -> Any:
    """Make a slider from 0 to ``most``, which reaches further where the value does."""
    high = max(most, value)
    return widgets.IntSlider(value=value, min=0, max=high, step=step, description=label, tooltip=hint)


class OnePixelOrMany(PairsExplorer[tuple[Counted, Counted]]):
    """Shows what it costs when ad accounts that could share a pixel bring pixels of their own: claims Q3 to Q5.

    Parameters
    ----------
    scenario
        A scenario in which ad accounts share a pixel.
    replications
        Pairs of runs for each choice, at least 1, in counts.
    seed
        Root seed, at least 0.
    """

    kind = "one_pixel_or_many"

    def __init__(self, scenario: Scenario, *, replications: int = 50, seed: int = 1) -> None:
        most = len(sharers(scenario))
        if most == 0:
            raise InputError.single(
                "pixels",
                field="structure.links",
                value="no ad account that advertises with a shared pixel",
                rule="at least one",
                remedy="link a pixel to an ad account that uses it for ads",
                place="$.structure.links",
            )
        check_replications(replications)
        self.scenario, self.seed = scenario, seed
        self.found: Designs | None = None
        self._with_own = lru_cache(maxsize=None)(lambda own: with_own(scenario, own))
        self._designs = lru_cache(maxsize=16)(self._designed)
        weight = scenario.traffic.sites[0].capture.weight
        people = {site.people for site in scenario.traffic.sites}
        as_given = f"as given: {people.pop():,}" if len(people) == 1 else "as given"
        controls: dict[str, Any] = {
            "own": _slider("ad accounts with a pixel of their own", most, most, "the others share one"),
            "milliseconds": _slider(
                "load time of a pixel, ms", round(weight.milliseconds_per_pixel), 500, "added to each page", step=10
            ),
            "lost_percent": _slider(
                "sessions lost a second, %", round(100 * weight.lost_per_second), 30, "of those that come"
            ),
            "people": widgets.Dropdown(
                options=[(as_given, AS_GIVEN), *((f"{number:,}", number) for number in PEOPLE)],
                description="people who can come",
                tooltip="the fewer they are, the more of them see ads of several accounts",
            ),
            "scope": widgets.Dropdown(
                options=[("once for each pixel", Scope.PIXEL.value), ("by each ad account", Scope.ACCOUNT.value)],
                value=scenario.measurement.scope.value,
                description="a sale is credited",
                tooltip="sources disagree; the setting attribution scope",
            ),
        }
        told = "Sessions lost to load time by the number of pixels on a page, and the same sales counted in four ways"
        super().__init__("One pixel or many", controls, told, replications=replications)
        self.update()

    @property
    def choice(self) -> Choice:
        """What the controls say."""
        value = {name: control.value for name, control in self.controls.items()}
        return Choice(
            own=int(value["own"]),
            milliseconds=float(value["milliseconds"]),
            lost_percent=float(value["lost_percent"]),
            scope=Scope(value["scope"]),
            people=None if value["people"] == AS_GIVEN else int(value["people"]),
        )

    def chosen(self) -> Choice:
        """Give what the controls say."""
        return self.choice

    def _designed(self, choice: Choice) -> Designs:
        return Designs(weighed(self._with_own(0), choice), weighed(self._with_own(choice.own), choice))

    def _present(self) -> Designs:
        return replace(self._designs(self.choice), detail=self.detail)

    def task(self) -> Callable[[Sequence[int]], Sequence[tuple[Counted, Counted]]]:
        """Give what runs both designs once on the same luck."""
        return partial(both_counted, self._present(), self.seed)

    def show(self, pairs: tuple[tuple[Counted, Counted], ...]) -> None:
        """Show picture and tables of the pairs."""
        found = self.found = replace(self._present(), runs=pairs)
        self.paint(pixels_picture(found))
        self.table.value = pixels_tables(found, self.replications, self.seed)

    def as_code(self) -> str:
        """Give the call that brings the same numbers."""
        choice = self.choice
        people = "" if choice.people is None else f", people={choice.people}"
        detail = ", detail='counts'" if self.detail == "counts" else ""
        return (
            f"{scenario_code(self.scenario)}\n"
            f"from pixelsim.explore.pixels import Choice, compare_designs\n\n"
            f"choice = Choice({choice.own}, {choice.milliseconds:g}, {choice.lost_percent:g}, "
            f"{choice.scope.value!r}{people})\n"
            f"found = compare_designs(mine, choice, replications={self.replications}, seed={self.seed}{detail})\n"
            f"found.counts(), found.loads(), found.claims()"
        )

    def fingerprint(self) -> dict[str, Any]:
        """Give the scenario, the seed and the number of runs."""
        return {"scenario": self.scenario.content_hash, **super().fingerprint()}
