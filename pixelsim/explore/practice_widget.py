"""The explorer of the good practices: a thin shell over :mod:`pixelsim.explore.practice`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any

from pixelsim.explore.base import WIDTH
from pixelsim.explore.moving import Strip, quick_strip, stacked_png
from pixelsim.explore.practice import BUSINESSES, Measured, Ways, both_measured, ways
from pixelsim.explore.practice_chart import Bars, pair_bars_figure, rough, waiting_strip
from pixelsim.explore.practice_shell import PairsExplorer, contrast_table, pairs_told, titled_table
from pixelsim.explore.toolkit import widgets
from pixelsim.measure.metrics import Metric, Surface
from pixelsim.show.digits import NO_ACCESS, plus_minus
from pixelsim.show.graph import access_graph_figure
from pixelsim.study.replicate import check_replications
from pixelsim.study.statistics import Summary

__all__ = ["BestPractice", "practice_picture", "practice_tables", "structure_strip"]

WAYS = ("right", "wrong")
_Chosen = tuple[str, tuple[tuple[str, int], ...]]
"""Business, and its sizes by name."""
NO_CAMPAIGN = "no campaign"
"""What stands where an ad account with access has no campaign of which it could read anything."""
SHOWN_METRICS = (
    (Surface.EVENTS_MANAGER, Metric.TOTAL, "total events (R24, R26)"),
    (Surface.EVENTS_MANAGER, Metric.ATTRIBUTED, "attributed events (R25, R26)"),
    (Surface.ADS_MANAGER, Metric.CAMPAIGN, "attributed events, campaign level (R27)"),
)
"""The quantities that the picture shows; both surfaces read the first two."""


def _absent(key: tuple[str, str, str]) -> str:
    """Say why there is nothing to read."""
    return NO_CAMPAIGN if key[1] == Metric.CAMPAIGN else NO_ACCESS


def _reading(key: tuple[str, str, str], found: Summary) -> str:
    return _absent(key) if found.n == 0 else plus_minus(found.mean, found.half_width)


def structure_table(found: Ways) -> str:
    """Give the structure as HTML, the right and the wrong way side by side; no run changes it."""
    rows = [("altogether", what, "", f"{right:,}", f"{wrong:,}") for what, right, wrong in found.sizes()]
    rows += [(who, r.told, r.rule, str(r), str(w)) for who, r, w in found.structure()]
    return titled_table("Structure at the start", ["of", "what", "rule", *WAYS], rows, numeric=WAYS)


def practice_tables(found: Ways, wanted: int, seed: int, structure: str | None = None) -> str:
    """Give structure, metrics by Business Center and claims as HTML, the right and the wrong way side by side.

    Parameters
    ----------
    found
        What the runs brought so far.
    wanted, seed
        How many pairs of runs there are to be, and their seed.
    structure
        The table of the structure, where it is there already.
    """
    told = structure_table(found) if structure is None else structure
    if not found.runs:
        return told
    readings = [
        (who, *key, _reading(key, right), _reading(key, wrong), *([trust] if trust else []))
        for who, key, right, wrong, trust in found.readings()
    ]
    columns = ["of", "where", "metric", "rule", *WAYS, *(["in counts"] if found.detail == "counts" else [])]
    title = f"Purchases that each one's people read, in {found.right.days} days"
    return (
        told
        + titled_table(title, columns, readings, numeric=WAYS)
        + contrast_table(found.claims(), "wrong", "right")
        + pairs_told(len(found.runs), wanted, seed, found.detail)
    )


def structure_strip(found: Ways, way: str) -> Strip:
    """Draw the structure of one way, which no run changes."""
    shown = found.right if way == "right" else found.wrong
    figure = access_graph_figure(shown.structure.world(), WIDTH)
    return quick_strip(figure)


def practice_picture(found: Ways, structure: Strip) -> bytes:
    """Draw below a structure what each Business Center's people read under both ways, as PNG."""
    wanted = {(surface.value, metric.value): told for surface, metric, told in SHOWN_METRICS}
    bars = [
        Bars(
            rough(f"{who}: {wanted[key[:2]]}", trust),
            (right.mean, wrong.mean),
            (right.half_width, wrong.half_width),
            _absent(key),
        )
        for who, key, right, wrong, trust in found.readings()
        if key[:2] in wanted
    ]
    words: dict[str, Any] = {"title": "Purchases that are read", "unit": f"Purchase events in {found.right.days} days"}
    designs = ("right way", "wrong way")
    if not found.runs:
        return stacked_png(structure, waiting_strip(tuple(bar.heading for bar in bars), designs, width=WIDTH, **words))
    return stacked_png(structure, quick_strip(pair_bars_figure(bars, designs, width=WIDTH, **words)))


class BestPractice(PairsExplorer[tuple[Measured, Measured]]):
    """Shows a good practice beside its usual wrong way: structure, metrics by Business Center, claims Q1 to Q5.

    Parameters
    ----------
    business
        One of :data:`~pixelsim.explore.practice.BUSINESSES`, with which it opens.
    sizes
        Its numbers at the opening, by name; those left out take their usual value.
    replications
        Pairs of runs for each choice, at least 1, in counts.
    seed
        Root seed, at least 0.
    """

    kind = "best_practice"

    def __init__(
        self,
        business: str = "one_domain",
        *,
        sizes: Mapping[str, int] | None = None,
        replications: int = 50,
        seed: int = 1,
    ) -> None:
        check_replications(replications)
        # What cannot be explored is refused before anything is shown.
        ways(business, sizes)
        self.seed = seed
        self.found: Ways | None = None
        self._before: _Chosen | None = None
        self._ways = lru_cache(maxsize=16)(lambda business, sizes: ways(business, dict(sizes)))
        self._structure = lru_cache(maxsize=16)(self._drawn)
        self._told = lru_cache(maxsize=16)(lambda chosen: structure_table(Ways(chosen[0], *self._ways(*chosen))))
        kinds = [(f"{one.title} ({one.rule})", key) for key, one in BUSINESSES.items()]
        controls: dict[str, Any] = {
            "business": widgets.Dropdown(
                options=kinds, value=business, description="business", tooltip="the kind of business"
            ),
            "way": widgets.Dropdown(
                options=self._way_options(business), description="picture of", tooltip="whose structure is drawn"
            ),
        }
        for one in BUSINESSES.values():
            for size in one.sizes:
                value = (sizes or {}).get(size.name, size.usual)
                controls[size.name] = widgets.IntSlider(
                    value=value,
                    min=1,
                    max=max(size.most, value),
                    description=size.label,
                    tooltip=f"number of {size.label}",
                )
        self._most_brands = controls["brands"].max
        told = "Who has access to what under one way, and what each Business Center's people read under both"
        title = "Good practice and its wrong way"
        super().__init__(title, controls, told, replications=replications)
        self.update()

    @staticmethod
    def _way_options(business: str) -> list[tuple[str, str]]:
        one = BUSINESSES[business]
        return [(f"right: {one.right}", "right"), (f"wrong: {one.wrong}", "wrong")]

    @property
    def sizes(self) -> dict[str, int]:
        """The chosen numbers of the chosen business."""
        return {
            size.name: int(self.controls[size.name].value) for size in BUSINESSES[self.controls["business"].value].sizes
        }

    def arrange(self) -> None:
        """Offer the sizes of the business and its ways in words; no brand is without a domain."""
        business = str(self.controls["business"].value)
        way, options = self.controls["way"], self._way_options(business)
        if list(way.options) != options:
            kept = way.value
            way.options = options
            way.value = kept
        self.controls["brands"].max = min(self._most_brands, self.controls["domains"].value)
        for key, one in BUSINESSES.items():
            for size in one.sizes:
                self.controls[size.name].layout.display = "" if key == business else "none"

    def foresee(self) -> None:
        """Draw the structure of the next step of the slider that was moved last, in the same direction."""
        (business, now), before = self.chosen(), self._before
        self._before = business, now
        if before is None or before[0] != business or before[1] == now:
            return
        ahead = tuple((name, 2 * value - earlier) for (name, value), (_, earlier) in zip(now, before[1], strict=True))
        if self._within(ahead):
            self._structure((business, ahead), str(self.controls["way"].value))

    def expect(self) -> Iterator[None]:
        """Draw the structures of one step of any slider in either direction."""
        business, now = self.chosen()
        for name, value in now:
            for step in (-1, 1):
                choice = tuple({**dict(now), name: value + step}.items())
                if self._within(choice):
                    self._structure((business, choice), str(self.controls["way"].value))
                    self._told((business, choice))
                    yield

    def _within(self, sizes: tuple[tuple[str, int], ...]) -> bool:
        within = all(self.controls[name].min <= value <= self.controls[name].max for name, value in sizes)
        return within and dict(sizes).get("brands", 0) <= dict(sizes).get("domains", 0)

    def chosen(self) -> _Chosen:
        """Give the business and its sizes."""
        return str(self.controls["business"].value), tuple(self.sizes.items())

    def _present(self) -> Ways:
        business, sizes = self.chosen()
        return Ways(business, *self._ways(business, sizes), detail=self.detail)

    def _drawn(self, chosen: _Chosen, way: str) -> Strip:
        return structure_strip(Ways(chosen[0], *self._ways(*chosen)), way)

    def task(self) -> Callable[[Sequence[int]], Sequence[tuple[Measured, Measured]]]:
        """Give what runs both ways on the same luck."""
        return partial(both_measured, self._present(), self.seed)

    def show(self, pairs: tuple[tuple[Measured, Measured], ...]) -> None:
        """Show structure, picture and tables of the pairs."""
        found = self.found = replace(self._present(), runs=pairs)
        self.paint(practice_picture(found, self._structure(self.chosen(), str(self.controls["way"].value))))
        self.table.value = practice_tables(found, self.replications, self.seed, self._told(self.chosen()))

    def as_code(self) -> str:
        """Give the call that brings the same numbers."""
        business, sizes = str(self.controls["business"].value), self.sizes
        detail = ", detail='counts'" if self.detail == "counts" else ""
        return (
            f"from pixelsim.explore.practice import compare_ways\n\n"
            f"found = compare_ways(\n"
            f"    {business!r}, {sizes!r}, replications={self.replications}, seed={self.seed}{detail}\n"
            f")\n"
            f"found.structure(), found.readings(), found.claims()"
        )
