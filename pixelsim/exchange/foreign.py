"""Amounts in another currency at the rate of their own day (field case P110)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pixelsim.base.errors import Fault, InputError

__all__ = ["in_currency"]


def in_currency(frame: pd.DataFrame, rates: pd.DataFrame, target: str, *, amount: str = "spend") -> pd.DataFrame:
    """Convert amounts at the rate that was in force on each row's day, whenever the rows are imported.

    Parameters
    ----------
    frame
        Rows with ``date``, ``currency`` and the amount; the original amount and currency stay as they are.
    rates
        ``date``, ``currency`` and ``rate`` (units of the target for one unit of the currency). A rate is in force from
        its date until the next one.
    target
        Three-letter code of the wanted currency.
    amount
        Name of the column of amounts.

    Returns
    -------
    DataFrame
        The rows in their order, with ``rate``, ``rate_date`` and ``<amount>_<target>`` (lower case) added.

    Raises
    ------
    InputError
        A day has no rate on it or before it, or a row has no currency.
    """
    order = np.arange(len(frame))
    left = frame.assign(_order=order).sort_values("date", kind="stable")
    right = rates.rename(columns={"date": "rate_date"}).sort_values("rate_date", kind="stable")
    left["date"] = left["date"].astype("datetime64[ns]")
    right["rate_date"] = right["rate_date"].astype("datetime64[ns]")
    joined = pd.merge_asof(left, right, left_on="date", right_on="rate_date", by="currency", direction="backward")
    own = joined["currency"] == target
    joined.loc[own, "rate"] = 1.0
    joined.loc[own, "rate_date"] = joined.loc[own, "date"]
    lost = joined.loc[joined["rate"].isna()]
    if len(lost):
        first = lost.iloc[0]
        raise InputError(
            "rates",
            [
                Fault(
                    place=f"{len(lost)} rows, first on {first['date']:%Y-%m-%d}",
                    field="rate",
                    value=f"none from {first['currency']} to {target}",
                    rule="a rate on that day or before it",
                    remedy="add the historic rate; the rate of today would change closed months",
                )
            ],
        )
    joined[f"{amount}_{target.lower()}"] = joined[amount] * joined["rate"]
    return joined.sort_values("_order", ignore_index=True).drop(columns="_order")
