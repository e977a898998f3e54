"""Two variants compared, as pure functions: which differences there are, in names, and which variant costs less."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from pixelsim.base.errors import InputError
from pixelsim.counts import Exactness
from pixelsim.scenario.scenario import Scenario
from pixelsim.sharing.actions import BuildAudience, CreateAdGroup
from pixelsim.show.differences import difference
from pixelsim.show.names import Names
from pixelsim.show.style import new_figure, placed, styled
from pixelsim.study.compare import Comparison
from pixelsim.study.decision import decide
from pixelsim.study.paired import PairedDifference

__all__ = ["Row", "costs", "differing", "differing_figure", "in_names", "rows", "same_outcomes"]

DRAWN = 8
"""Differences that a picture has room for."""


@dataclass(frozen=True, slots=True)
class Row:
    """One outcome of two variants.

    Parameters
    ----------
    outcome, of
        Name of the outcome, and of what it is an outcome, in words.
    baseline, variant
        Means over the pairs that are complete; NaN without any.
    difference
        Variant minus baseline, pair by pair.
    exactness
        How far it can be trusted, of runs in counts; empty for runs with events.
    """

    outcome: str
    of: str
    baseline: float
    variant: float
    difference: PairedDifference
    exactness: str = ""

    @property
    def same(self) -> bool:
        """Whether it is the same in every pair, as far as it has values."""
        found = self.difference
        return not found.n or (found.mean == 0 and (found.n < 2 or found.standard_deviation == 0))


def in_names(*scenarios: Scenario) -> dict[str, str]:
    """Name what outcomes are of: accounts, ad groups and audiences, those that a plan makes included."""
    found: dict[str, str] = {}
    for scenario in reversed(scenarios):
        names = Names(scenario.structure.world())
        found |= {key: names.of("ad_accounts", key) for key in (a.id for a in scenario.structure.ad_accounts)}
        found |= {key: names.of("ad_groups", key) for key in (g.id for g in scenario.structure.ad_groups)}
        for action in (step.action for step in scenario.plan.steps):
            if isinstance(action, BuildAudience):
                account = names.of("ad_accounts", action.account)
                found[action.audience] = f"{action.name or action.audience}, {account}"
            elif isinstance(action, CreateAdGroup):
                found[action.ad_group] = action.name or action.ad_group
    return found


def rows(comparison: Comparison) -> list[Row]:
    """Give every outcome of a comparison's baseline and first variant, in words and in its order."""
    names, table = in_names(*comparison.scenarios), comparison.summary()
    table = table[table["variant"] == comparison.names[1]]
    differences = comparison.of()
    return [
        Row(
            outcome=str(row["response"]),
            of=names.get(str(row["object"]), str(row["object"])),
            baseline=float(row["baseline_mean"]),
            variant=float(row["variant_mean"]),
            difference=differences[str(row["outcome"])],
            exactness=str(row.get("exactness", "")),
        )
        for _, row in table.iterrows()
    ]


def differing(comparison: Comparison) -> list[Row]:
    """Give the outcomes that are not the same in every pair."""
    return [row for row in rows(comparison) if not row.same]


def differing_figure(comparison: Comparison, width: float) -> Figure:
    """Draw the outcomes that differ, those shown most surely first where there are too many for a picture.

    Parameters
    ----------
    comparison
        Of a baseline and a variant.
    width
        Inches.
    """
    found = differing(comparison)
    surest = sorted(found, key=lambda row: np.nan_to_num(row.difference.p_value, nan=1.0))[:DRAWN]
    drawn = {_drawn_name(row): row.difference for row in found if row in surest}
    rows_inches = 0.68 * max(1, len(drawn))
    figure = new_figure(width, 0.35 + rows_inches + 0.5)
    title = f"{comparison.names[1]} minus {comparison.baseline}"
    with styled():
        ax = placed(figure, left=0.1, right=0.1, top=0.35, height=rows_inches)
        if drawn:
            difference(ax, drawn, title=title)
        else:
            ax.set_axis_off()
            ax.set_title(title)
            ax.text(0, 0.9, f"No outcome differs in any of {len(comparison)} pairs.", va="top")
    return figure


def _drawn_name(row: Row) -> str:
    rough = f" ({row.exactness})" if row.exactness not in ("", Exactness.EXACT.value) else ""
    return f"{row.outcome}, {row.of}{rough}"


def costs(comparison: Comparison, conversion_value: float) -> pd.DataFrame | None:
    """Rank the variants by expected cost; see :func:`pixelsim.study.decide`.

    Parameters
    ----------
    comparison
        Of a baseline and its variants.
    conversion_value
        What a lost conversion is worth, in the currency of the accounts, at least 0.

    Returns
    -------
    DataFrame or None
        None where costs cannot be added up, since the accounts have several currencies or an account is missing in
        one of the variants.
    """
    orphaned = comparison.responses["response"] == "orphaned spend"
    accounts = sorted(set(comparison.responses["object"][orphaned]))
    known = [{account.id for account in scenario.structure.ad_accounts} for scenario in comparison.scenarios]
    if not all(account in some for some in known for account in accounts):
        return None
    try:
        return decide(comparison, conversion_value=conversion_value)
    except InputError:
        return None


def same_outcomes(comparison: Comparison) -> list[str]:
    """Name the outcomes that are the same in every pair, wherever they have values."""
    kept = {row.outcome for row in differing(comparison)}
    return list(dict.fromkeys(row.outcome for row in rows(comparison) if row.outcome not in kept))
