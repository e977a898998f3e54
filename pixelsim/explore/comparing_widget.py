"""The explorer of two variants: a thin shell over :mod:`pixelsim.explore.comparing` and ``ps.compare``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from pixelsim.base.errors import InputError
from pixelsim.explore.base import WIDTH
from pixelsim.explore.code import scenarios_code
from pixelsim.explore.comparing import costs, differing, differing_figure, same_outcomes
from pixelsim.explore.moving import quick_png
from pixelsim.explore.remembering import Remembering
from pixelsim.explore.settling import Settling, runs_told
from pixelsim.explore.tables import html_table
from pixelsim.explore.toolkit import widgets
from pixelsim.scenario.scenario import Scenario
from pixelsim.show.digits import number, plus_minus
from pixelsim.study.compare import Comparison, compare
from pixelsim.study.replicate import check_replications

__all__ = ["CompareVariants", "comparison_table"]

MOST = 30
"""Rows of the table at most."""
DEAREST = 500
"""Highest value of a conversion that the explorer offers, in currency units."""


def comparison_table(comparison: Comparison, wanted: int, conversion_value: float) -> str:
    """Give the tables of an explorer: the outcomes that differ, and what each variant is expected to cost.

    Parameters
    ----------
    comparison
        What the runs brought so far.
    wanted
        How many pairs there are to be.
    conversion_value
        What a lost conversion is worth, in the currency of the accounts.
    """
    found, same = differing(comparison), same_outcomes(comparison)
    columns = ["outcome", "of", comparison.baseline, comparison.names[1], "difference", "unit", "verdict"]
    cells = [
        [
            row.outcome,
            row.of,
            number(row.baseline),
            number(row.variant),
            plus_minus(row.difference.mean, row.difference.half_width, sign=True),
            row.difference.unit,
            row.difference.verdict.value,
            *([row.exactness] if row.exactness else []),
        ]
        for row in found[:MOST]
    ]
    if comparison.exactness:
        columns.append("in counts")
    told = html_table(columns, cells, numeric=columns[2:5]) if cells else ""
    notes = [f"{len(found) - MOST} more differ."] if len(found) > MOST else []
    if same:
        notes.append(f"The same in every pair: {', '.join(same)}.")
    notes.append(runs_told(len(comparison), wanted, comparison.detail, what="pairs"))
    told += f"<div>{' '.join(notes)}, seed {comparison.seed}; differences are judged together (Holm).</div>"
    return told + _cost_table(costs(comparison, conversion_value))


def _cost_table(ranked: pd.DataFrame | None) -> str:
    """Give the ranking by expected cost as HTML."""
    if ranked is None:
        return "<div>Costs are not added up: the accounts differ, or have several currencies.</div>"
    unit = str(ranked["unit"].iloc[0])
    columns = ("variant", f"expected cost, {unit}", "orphaned spend", "lost conversions", "cheapest in")
    cells = [
        (
            str(option),
            plus_minus(float(row["expected_cost"]), float(row["half_width"])),
            number(float(row["orphaned_spend"])),
            number(float(row["lost_conversions"])),
            f"{row['chance_best']:.0%} of pairs",
        )
        for option, row in ranked.iterrows()
    ]
    return "<br>" + html_table(columns, cells, numeric=columns[1:])


class CompareVariants(Settling):
    """Compares any two of several scenarios on the same random numbers.

    Parameters
    ----------
    variants
        Scenarios by name, at least two; the first is the baseline at first.
    replications
        Pairs, at least 1, in counts; two or more give intervals.
    seed
        Root seed, at least 0.

    Raises
    ------
    InputError
        There are fewer than two scenarios, or there is to be no run.
    """

    kind = "compare_variants"

    def __init__(self, variants: Mapping[str, Scenario], *, replications: int = 50, seed: int = 1) -> None:
        check_replications(replications)
        if len(variants) < 2:
            raise InputError.single(
                "compare_variants",
                field="variants",
                value=len(variants),
                rule="at least 2 scenarios by name",
                remedy="give another one to compare with",
            )
        self.variants, self.seed = dict(variants), seed
        self.found: Comparison | None = None
        self._asked: tuple[object, ...] = ()
        # Pairs that were run before come back at once, whatever they are compared with.
        self._memory = Remembering()
        names = list(self.variants)
        controls: dict[str, Any] = {
            "baseline": widgets.Dropdown(options=names, description="baseline", tooltip="what is compared with"),
            "variant": widgets.Dropdown(options=names[1:], description="variant", tooltip="what is compared"),
            "conversion_value": widgets.IntSlider(
                value=40,
                min=0,
                max=DEAREST,
                description="value of a conversion",
                tooltip="what a conversion lost to attribution is worth, in the currency of the accounts",
            ),
        }
        told = "Paired differences, variant minus baseline: the mean of each and its interval, against no difference"
        super().__init__("Two variants compared", controls, told, replications=replications)
        self.update()

    def arrange(self) -> None:
        """Offer as variant every scenario but the baseline."""
        options = [name for name in self.variants if name != self.controls["baseline"].value]
        control = self.controls["variant"]
        if list(control.options) != options:
            before = control.value
            control.options = options
            control.value = before if before in options else options[0]

    def _chosen(self) -> tuple[str, str]:
        return str(self.controls["baseline"].value), str(self.controls["variant"].value)

    def _pair(self) -> list[Scenario]:
        return [self.variants[name] for name in self._chosen()]

    def known(self) -> int:
        """Give how many pairs are there."""
        return self._memory.known(*self._pair(), seed=self.seed, detail=self.detail)

    def prepare(self, replication: int) -> None:
        """Run one pair."""
        self._memory.learn(*self._pair(), seed=self.seed, replication=replication, detail=self.detail)

    def answer(self, done: int) -> None:
        """Show picture and tables of so many pairs; another price is put on the same picture."""
        asked = (*self._chosen(), done, self.detail)
        if self.found is None or self._asked != asked:
            self.found = compare(
                *self._pair(),
                replications=done,
                seed=self.seed,
                names=self._chosen(),
                executor=self._memory,
                detail=self.detail,
            )
            self._asked = asked
            self.paint(quick_png(differing_figure(self.found, WIDTH)))
        value = float(self.controls["conversion_value"].value)
        self.table.value = comparison_table(self.found, self.replications, value)

    def as_code(self) -> str:
        """Give the call that brings the same numbers."""
        baseline, variant = self._chosen()
        chosen = {name: self.variants[name] for name in (baseline, variant)}
        detail = ", detail='counts'" if self.detail == "counts" else ""
        return (
            f"{scenarios_code(chosen)}\n\n"
            f"found = ps.compare(\n"
            f"    *ways.values(), names=list(ways), replications={self.replications}, seed={self.seed}{detail}\n"
            f")\n"
            f"print(found)\n"
            f"ps.decide(found, conversion_value={self.controls['conversion_value'].value})"
        )

    def fingerprint(self) -> dict[str, Any]:
        """Give the scenarios, the seed and the number of pairs."""
        hashes = {name: scenario.content_hash for name, scenario in self.variants.items()}
        return {"scenarios": hashes, "seed": self.seed, "replications": self.replications}
