"""Steps from impression to purchase; a quantity that was not exported is not zero (field case P125)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

import pandas as pd

from pixelsim.base.errors import Fault, InputError
from pixelsim.exchange.report import AdsReport

__all__ = ["Availability", "availability", "funnel"]

Availability = Literal["NOT_AVAILABLE", "EMPTY", "PARTLY", "AVAILABLE"]


def availability(report: AdsReport, column: str) -> Availability:
    """Say whether a report knows a quantity.

    Returns
    -------
    str
        ``NOT_AVAILABLE``: no such column was exported. ``EMPTY``: every cell says nothing. ``PARTLY``: some do.
        ``AVAILABLE``: every row has a number, which may be 0.
    """
    if column not in report.frame.columns:
        return "NOT_AVAILABLE"
    known = report.frame[column].notna()
    if not known.any():
        return "EMPTY"
    return "AVAILABLE" if known.all() else "PARTLY"


def funnel(report: AdsReport, steps: Sequence[str]) -> pd.DataFrame:
    """Add up steps and give the rate from each to the next.

    Parameters
    ----------
    report
        A report.
    steps
        Canonical names of quantities in their order, such as ``clicks``, ``add_to_cart``, ``purchases``.

    Returns
    -------
    DataFrame
        ``step``, ``total``, ``rate`` (of the step before; NaN for the first, and after a step of 0).

    Raises
    ------
    InputError
        A step is not known in every row; every such step is listed, with how it is missing.
    """
    faults = [
        Fault(
            place=f"column {step}",
            field=step,
            value=state,
            rule="known in every row when a rate is made of it; missing is not zero",
            remedy="export the column, or leave the step out",
        )
        for step in steps
        if (state := availability(report, step)) != "AVAILABLE"
    ]
    if faults:
        raise InputError(report.source, faults)
    totals = report.totals()
    wrong = [s for s in steps if s not in totals.index]
    if wrong:
        raise InputError.single(
            report.source,
            field=", ".join(wrong),
            value="a step",
            rule="a quantity that may be added up over rows",
            remedy="leave out people, budgets and mixed currencies",
        )
    sums = [float(totals[s]) for s in steps]
    rates = [float("nan")] + [b / a if a else float("nan") for a, b in pairwise(sums)]
    return pd.DataFrame({"step": list(steps), "total": sums, "rate": rates})
