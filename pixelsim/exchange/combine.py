"""Several reports made ready for estimates: pulls of one shape are merged, and all are added up to campaign days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pixelsim.base.errors import Fault, InputError
from pixelsim.exchange.merge import merge_reports
from pixelsim.exchange.report import AdsReport, key_columns, several_currencies

__all__ = ["Combined", "campaign_days", "combine", "object_label"]

QUANTITIES = ("spend", "impressions", "clicks", "conversions")


@dataclass(frozen=True, eq=False)
class Combined:
    """Reports put together.

    Parameters
    ----------
    reports
        One for each shape of report (level, days, keys), the one with most rows first.
    pulls
        The reports behind each of these, the earliest first.
    notes
        What was put together and what a later pull changed, in words.
    """

    reports: tuple[AdsReport, ...]
    pulls: tuple[tuple[AdsReport, ...], ...]
    notes: tuple[str, ...] = ()

    @property
    def currency(self) -> str | None:
        """The one currency of all amounts, or None if no report says."""
        return next((report.currency for report in self.reports if report.currency), None)

    @property
    def mismatch(self) -> bool:
        """Whether the totals of a report differ from its rows and the caller accepted it."""
        return any(report.mismatch for report in self.reports)

    @property
    def source(self) -> str:
        """The names of all reports."""
        return " + ".join(report.source for report in self.reports)


def combine(reports: Sequence[AdsReport]) -> Combined:
    """Put reports together: those of one shape are merged, the pull with the latest day winning.

    Parameters
    ----------
    reports
        In the order in which they were exported, where their last days do not tell.

    Raises
    ------
    InputError
        There are none, their amounts are in several currencies, or rows of pulls that overlap share a key.
    """
    if not reports:
        raise InputError.single(
            "reports", field="reports", value="none", rule="at least one report", remedy="name an export"
        )
    _one_currency(reports)
    groups: dict[tuple[object, ...], list[AdsReport]] = {}
    for report in reports:
        shape = (report.level, report.by_day, report.currency, tuple(key_columns(report.frame)))
        groups.setdefault(shape, []).append(report)
    made: list[tuple[AdsReport, tuple[AdsReport, ...]]] = []
    notes: list[str] = []
    for group in groups.values():
        pulls = sorted(group, key=_last_day)
        if len(pulls) == 1:
            made.append((pulls[0], tuple(pulls)))
            continue
        merged = merge_reports(pulls)
        notes.append(
            f"{len(pulls)} reports of one shape merged: {', '.join(p.source for p in pulls)}; later ones changed "
            f"{len(merged.restatements)} numbers"
        )
        made.append((merged.report, tuple(pulls)))
    clocks = {zone for report in reports if "time_zone" in report.frame for zone in report.frame["time_zone"].dropna()}
    if len(clocks) > 1:
        notes.append(f"ad accounts on several clocks ({', '.join(sorted(clocks))}): days and hours are each one's own")
    made.sort(key=lambda pair: -len(pair[0].frame))
    return Combined(tuple(r for r, _ in made), tuple(p for _, p in made), tuple(notes))


def _last_day(report: AdsReport) -> pd.Timestamp:
    return pd.Timestamp(report.frame["date"].max() if report.by_day else 0)


def _one_currency(reports: Sequence[AdsReport]) -> None:
    """Refuse amounts that cannot be added up."""
    faults = [
        Fault(
            report.source,
            "currency",
            ", ".join(sorted(report.frame["currency"].dropna().unique())),
            "one currency",
            "convert the amounts first, or estimate each account alone",
        )
        for report in reports
        if several_currencies(report.frame)
    ]
    known = {report.currency: report.source for report in reversed(reports) if report.currency}
    if len(known) > 1 and not faults:
        faults.append(
            Fault(
                ", ".join(known.values()),
                "currency",
                ", ".join(sorted(known)),
                "one currency over all reports",
                "convert the amounts first, or calibrate each account alone",
            )
        )
    if faults:
        raise InputError(faults[0].place, [Fault("$", f.field, f.value, f.rule, f.remedy) for f in faults])


def object_label(frame: pd.DataFrame, level: str) -> pd.Series:
    """Give what names the objects of a level: the id where the file has ids, else the name."""
    ids = f"{level}_id"
    if ids in frame.columns and frame[ids].notna().all():
        return frame[ids].astype(str)
    return frame[f"{level}_name"].astype(str)


def _last_days(frame: pd.DataFrame) -> pd.Series:
    """Give the last day of each row's ad account."""
    known = "account_id" in frame.columns and frame["account_id"].notna().all()
    return frame.groupby(frame["account_id"] if known else np.zeros(len(frame)))["date"].transform("max")


def _pulled(frame: pd.DataFrame, pulls: Sequence[AdsReport]) -> pd.Series:
    """Give the last day of each row's ad account in the pull that the row is from."""
    if len(pulls) == 1:
        return _last_days(frame)
    known = "account_id" in frame.columns and frame["account_id"].notna().all()
    keys = ["source", "account_id"] if known else ["source"]
    every = [pull.frame.assign(source=pull.source)[[*keys, "date"]] for pull in pulls]
    last = pd.concat(every, ignore_index=True).groupby(keys)["date"].max().rename("pulled").reset_index()
    found = frame[keys].merge(last, on=keys, how="left")["pulled"]
    return found.set_axis(frame.index)


def _days(report: AdsReport, number: int, pulls: Sequence[AdsReport]) -> pd.DataFrame:
    """Add one report up to campaign days."""
    frame = report.frame
    key = "campaign_id" if "campaign_id" in frame.columns else "campaign_name"
    if key not in frame.columns or frame[key].isna().any():
        raise InputError.single(
            report.source,
            field=key,
            value="missing",
            rule="the campaign of every row",
            remedy="export with the column Campaign ID or Campaign name",
        )
    wanted = [c for c in QUANTITIES if c in frame.columns]
    table = frame.assign(campaign=frame[key].astype(str))
    table["name"] = frame["campaign_name"].fillna(table["campaign"]) if "campaign_name" in frame.columns else frame[key]
    if report.by_day:
        table["until"], table["pulled"] = _last_days(frame), _pulled(frame, pulls)
    grouped = table.groupby(["campaign", *(["date"] if report.by_day else [])], sort=True)
    # min_count keeps a day missing when every one of its rows is.
    days = grouped[wanted].sum(min_count=1)
    days["name"], days["rows"] = grouped["name"].last(), grouped.size()
    if report.by_day:
        days["until"], days["pulled"] = grouped["until"].max(), grouped["pulled"].min()
    return days.reset_index().assign(report=number)


def campaign_days(combined: Combined) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Add reports up to campaign days, each campaign from the report that has most rows.

    Returns
    -------
    days : DataFrame
        ``campaign``, ``name``, ``date`` (NaT in reports that are not by day), the quantities that a report has
        (NaN where missing), ``rows``, ``report`` (its number), and in reports by day ``until``, the last day that the
        report has of the campaign's ad account, and ``pulled``, the last day of the pull that the day's row is from.
    notes : tuple of str
        Campaigns that a second report has too, and which is left out of it.

    Raises
    ------
    InputError
        A row does not name its campaign.
    """
    parts: list[pd.DataFrame] = []
    notes: list[str] = []
    taken: set[str] = set()
    for number, (report, pulls) in enumerate(zip(combined.reports, combined.pulls, strict=True)):
        days = _days(report, number, pulls)
        again = days["campaign"].isin(taken) | days["name"].isin(taken)
        if again.any():
            lost = sorted(days.loc[again, "name"].unique())
            shown = ", ".join(lost[:3]) + (", ..." if len(lost) > 3 else "")
            notes.append(
                f"{report.source}: {len(lost)} campaigns are in a report with more rows too ({shown}); left out"
            )
        parts.append(days.loc[~again])
        taken |= {*days["campaign"], *days["name"]}
    days = pd.concat([part for part in parts if len(part)], ignore_index=True) if len(parts) > 1 else parts[0]
    if "date" not in days.columns:
        days["date"] = np.datetime64("NaT")
    return days, tuple(notes)
