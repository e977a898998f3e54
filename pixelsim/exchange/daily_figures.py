"""Daily figures of each campaign in two parts: one to estimate on, one to compare with; what is missing stays so."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pixelsim.base.errors import InputError
from pixelsim.exchange.report import AdsReport

__all__ = ["DailyFigures"]

FloatArray = NDArray[np.float64]

FEWEST_FIRST, FEWEST_REST = 14, 7
QUANTITIES = ("spend", "impressions", "clicks", "conversions", "purchase_value")


@dataclass(frozen=True, eq=False)
class DailyFigures:
    """Daily figures of each campaign, shape (days, campaigns).

    An absent row is 0, since the campaign spent nothing that day; an empty cell of a row that is there is NaN.

    Parameters
    ----------
    dates
        All days from the first to the last.
    campaigns
        Ids, or names where the report has no ids.
    values
        Quantities that the report has.
    split
        Days of the first part.
    notes
        What is missing, in words.
    """

    dates: pd.DatetimeIndex
    campaigns: tuple[str, ...]
    values: dict[str, FloatArray]
    split: int
    notes: tuple[str, ...]

    @property
    def cut(self) -> pd.Timestamp:
        """The first day of the second part."""
        return self.dates[self.split]

    @property
    def weekday(self) -> NDArray[np.int64]:
        """0 (Monday) to 6 for each day."""
        return np.asarray(self.dates.day_of_week, dtype=np.int64)

    @classmethod
    def of(cls, report: AdsReport, share: float, replications: int, seed: int, spend: str) -> DailyFigures:
        """Check what a forecast is asked for, and add its report up to campaign days.

        Parameters
        ----------
        report, share, replications, seed, spend
            As in :func:`~pixelsim.exchange.backtest.backtest`.

        Raises
        ------
        InputError
            A parameter is refused, or the report lacks a column, days or numbers.
        """

        def refuse(field: str, value: object, rule: str, remedy: str) -> InputError:
            return InputError.single(report.source or "report", field=field, value=value, rule=rule, remedy=remedy)

        if not 0 < share < 1:
            raise refuse("share", share, "between 0 and 1", "try 0.5")
        if replications < 100:
            raise refuse("replications", replications, "at least 100", "try 2000; fewer give ragged bands")
        if seed < 0:
            raise refuse("seed", seed, "at least 0", "use any whole number of at least 0")
        if spend not in {"given", "free"}:
            raise refuse("spend", spend, "'given' or 'free'", "say which")
        frame = report.frame
        lost = [c for c in ("date", "spend", "impressions", "clicks", "conversions") if c not in frame.columns]
        if lost:
            raise refuse("columns", f"no {', '.join(lost)}", "a report by day with rates", "export them, by day")
        key = "campaign_id" if "campaign_id" in frame.columns else "campaign_name"
        if key not in frame.columns or frame[key].isna().any():
            raise refuse(key, "missing", "the campaign of every row", "export with Campaign ID or Campaign name")
        dates = pd.date_range(frame["date"].min(), frame["date"].max(), freq="D")
        split = round(len(dates) * share)
        if split < FEWEST_FIRST or len(dates) - split < FEWEST_REST:
            value = f"{split} and {len(dates) - split} days"
            rule = f"at least {FEWEST_FIRST} days to estimate on and {FEWEST_REST} to compare with"
            raise refuse("days", value, rule, "export a longer period, or change the share")
        names, campaign = np.unique(frame[key].astype(str).to_numpy(dtype=object), return_inverse=True)
        day = (frame["date"] - dates[0]).dt.days.to_numpy()
        notes: list[str] = []
        empty = len(dates) - len(np.unique(day))
        if empty:
            notes.append(f"{empty} days have no row at all and are taken as days without delivery")
        values = {}
        for column in QUANTITIES:
            if column in frame.columns and frame[column].notna().any():
                cells = frame[column].to_numpy(dtype=np.float64)
                sums = np.zeros((len(dates), len(names)))
                unknown = np.zeros(sums.shape, dtype=bool)
                np.add.at(sums, (day, campaign), np.nan_to_num(cells))
                np.logical_or.at(unknown, (day, campaign), np.isnan(cells))
                # A campaign day with an empty cell is not known: its other rows add up to less than it was.
                sums[unknown] = np.nan
                values[column] = sums
                if unknown.any():
                    first, which = np.argwhere(unknown)[0]
                    notes.append(
                        f"{column}: {int(unknown.sum())} campaign days have empty cells, the first on "
                        f"{dates[first]:%Y-%m-%d} in {names[which]}; not read as zero, these days are left out"
                    )
        if len(values) < 4:
            raise refuse("columns", "no numbers", "spend, impressions, clicks and conversions", "export them")
        if not np.nansum(values["spend"][:split]) > 0 or not np.nansum(values["impressions"][:split]) > 0:
            raise refuse("spend", "0 in the first part", "days with delivery", "change the share, or the period")
        return cls(dates, tuple(names), values, split, tuple(notes))
