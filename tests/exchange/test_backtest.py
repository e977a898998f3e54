"""Forecast checks: the constructed sample, series that drift by known laws, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pixelsim.base.errors import InputError
from pixelsim.exchange import AdsReport, read_export
from pixelsim.exchange.api_report import report_of_table
from pixelsim.exchange.backtest import backtest


def made(seed: int, *, step: float, days: int = 90, trend: float = 0.0) -> AdsReport:
    """Make a report whose rates wander by ``step`` a day, with values of conversions."""
    random = np.random.default_rng(seed)

    def wander(size: float) -> np.ndarray:
        return np.exp(np.cumsum(random.normal(trend, step, days) * size) + random.normal(0, 0.1, days))

    spend = 300 * np.exp(random.normal(0, 0.1, days))
    impressions = np.round(spend / 6 * 1000 * wander(1)).astype(int)
    clicks = random.binomial(impressions, np.clip(0.01 * wander(1), 0, 0.5))
    conversions = random.binomial(clicks, np.clip(0.03 * wander(0.5), 0, 1))
    values = [random.lognormal(3.5, 0.6, n).sum() for n in conversions]
    names = ["campaign_id", "stat_time_day", "spend", "impressions", "clicks", "conversion", "total_purchase_value"]
    rows = [
        ["c1", f"{day:%Y-%m-%d}", f"{s:.2f}", str(i), str(c), str(k), f"{v:.2f}"]
        for day, s, i, c, k, v in zip(
            pd.date_range("2025-01-06", periods=days), spend, impressions, clicks, conversions, values, strict=True
        )
    ]
    return report_of_table(names, rows, "made")


def test_constructed_sample_stays_inside_its_bands(samples: Path):
    found = backtest(read_export(samples / "constructed_120_days.csv"), 0.5)
    table = found.table.set_index("quantity")
    assert list(table.index) == ["impressions", "clicks", "conversions"]
    assert (found.first_days, found.rest_days) == (60, 60)
    assert table["inside_90"].between(0.85, 0.95).all()
    assert table["inside_50"].between(0.35, 0.75).all()
    assert (table["bias"].abs() < 0.08).all()
    assert (table["actual"] > table["low_90"]).all()
    assert (table["actual"] < table["high_90"]).all()
    assert "spreadsheet rule" in str(found)


def test_actual_totals_and_the_spreadsheet_rule_are_those_of_the_file(samples: Path):
    report = read_export(samples / "constructed_120_days.csv")
    found = backtest(report, 0.5, replications=200)
    raw = pd.read_csv(samples / "constructed_120_days.csv", encoding="utf-8-sig").iloc[:-1]
    daily = raw.groupby("By Day")["Clicks (destination)"].sum().to_numpy(dtype=float)
    first, rest = daily[:60], daily[60:]
    row = found.table.set_index("quantity").loc["clicks"]
    assert row["actual"] == rest.sum()
    assert row["sheet_90"] == np.mean(np.abs(rest - first.mean()) <= 1.6448536 * first.std(ddof=1))
    assert row["sheet_bias"] == pytest.approx(60 * first.mean() / rest.sum() - 1)


@pytest.mark.parametrize(("step", "trend"), [(0.0, 0.0), (0.02, 0.0), (0.04, 0.0)])
def test_bands_cover_as_they_promise_on_drifting_series(step: float, trend: float):
    runs = [
        backtest(made(seed, step=step, trend=trend), 0.5, replications=800, seed=seed).table.set_index("quantity")
        for seed in range(14)
    ]
    mean = sum(run["inside_90"] for run in runs) / len(runs)
    # 14 series of 45 dependent days each: the mean over quantities is known to about 3 points.
    assert 0.85 <= mean.mean() <= 0.95
    assert (mean > 0.80).all()
    half = sum(run["inside_50"] for run in runs) / len(runs)
    assert 0.42 <= half.mean() <= 0.62
    if step == 0.04:
        sheet = sum(run["sheet_90"] for run in runs) / len(runs)
        assert sheet["impressions"] < mean["impressions"] - 0.1


def test_a_steady_trend_is_followed_where_the_spreadsheet_is_left_behind():
    runs = [backtest(made(seed, step=0.0, trend=0.004), replications=500, seed=seed).table for seed in range(6)]
    mean = sum(run.set_index("quantity")[["inside_90", "sheet_90"]] for run in runs) / len(runs)
    assert mean.loc["clicks", "inside_90"] > 0.8
    assert mean.loc["clicks", "sheet_90"] < 0.65


def test_bands_of_single_days_widen_with_the_horizon():
    report = made(4, step=0.05)
    days = backtest(report, 0.5, replications=2000).days
    clicks = days[days["quantity"] == "impressions"]
    width = np.log(clicks["high_90"] / clicks["low_90"]).to_numpy()
    assert width[-5:].mean() > 1.5 * width[:5].mean()


def test_free_spend_is_forecast_too_and_is_less_sure(samples: Path):
    report = read_export(samples / "constructed_120_days.csv")
    given, free = (backtest(report, 0.5, spend, replications=1000) for spend in ("given", "free"))
    assert list(free.table["quantity"]) == ["spend", "impressions", "clicks", "conversions"]

    def width(found: Any) -> float:
        row = found.table.set_index("quantity").loc["impressions"]
        return float((row["high_90"] - row["low_90"]) / row["forecast"])

    assert width(free) > width(given)


def blanked(report: AdsReport, cells: dict[str, list[int]]) -> AdsReport:
    """Give a report in which some cells are empty."""
    frame = report.frame.copy()
    for column, rows in cells.items():
        frame.loc[rows, column] = np.nan
    return replace(report, frame=frame)


def test_empty_cells_inside_campaign_days_are_left_out_and_told_not_read_as_zero():
    report = made(3, step=0.0)
    whole = backtest(report, replications=500)
    found = backtest(blanked(report, {"conversions": [10, 20, 60, 70, 80]}), replications=500)
    (note,) = [n for n in found.notes if n.startswith("conversions:")]
    assert "5 campaign days have empty cells, the first on 2025-01-16 in c1" in note
    table, before = found.table.set_index("quantity"), whole.table.set_index("quantity")
    assert table["days"].to_dict() == {"impressions": 45, "clicks": 45, "conversions": 42, "purchase_value": 45}
    pd.testing.assert_series_equal(table.loc["impressions"], before.loc["impressions"])
    rest = report.frame["conversions"].iloc[45:]
    assert table.loc["conversions", "actual"] == rest.drop([60, 70, 80]).sum()
    # Five zeros among 90 days would pull the forecast down by a share of 2 in 45; the three in the rest are 7 %.
    assert table.loc["conversions", "bias"] == pytest.approx(before.loc["conversions", "bias"], abs=0.03)
    assert not any("empty cells" in note for note in whole.notes)


def test_days_whose_spend_is_not_known_are_compared_in_nothing():
    report = made(3, step=0.0)
    found = backtest(blanked(report, {"spend": [5, 50, 51]}), replications=300)
    assert set(found.table["days"]) == {43}
    lost = report.frame["date"].iloc[[50, 51]]
    assert not found.days["date"].isin(lost).any()
    free = backtest(blanked(report, {"spend": [5, 50, 51]}), spend="free", replications=300)
    days = free.table.set_index("quantity")["days"]
    assert (days["spend"], days["clicks"]) == (43, 45)


def test_days_without_any_row_are_told():
    report = made(3, step=0.0)
    found = backtest(replace(report, frame=report.frame.drop([30, 31])), replications=300)
    assert "2 days have no row at all and are taken as days without delivery" in found.notes


def test_a_pause_in_the_first_part_is_no_drift_of_the_spend():
    random, days = np.random.default_rng(8), 90
    rows = []
    for campaign, mean in (("c1", 100.0), ("c2", 100.0)):
        for day, at in enumerate(pd.date_range("2025-01-06", periods=days)):
            paused = campaign == "c2" and 5 <= day < 25
            spend = 0.0 if paused else mean * float(np.exp(random.normal(0, 0.05)))
            rows.append(
                [campaign, f"{at:%Y-%m-%d}", f"{spend:.2f}", str(round(spend * 200)), str(round(spend * 2)), "3"]
            )
    names = ["campaign_id", "stat_time_day", "spend", "impressions", "clicks", "conversion"]
    found = backtest(report_of_table(names, rows, "paused"), spend="free", replications=1000)
    row = found.table.set_index("quantity").loc["spend"]
    assert row["forecast"] == pytest.approx(45 * 200, rel=0.03)
    # Two campaigns with 5 % each scatter by 3.5 % together; a pause read as drift would be steps of a factor of two.
    assert found.drift.set_index("figure").loc["spend", "step"] < 0.01
    assert found.drift.set_index("figure").loc["spend", "noise"] == pytest.approx(0.035, abs=0.015)
    assert 0.85 <= row["inside_90"] <= 1.0


def test_same_seed_same_bytes_and_another_seed_another_draw():
    report = made(1, step=0.01)
    one, again, other = (backtest(report, replications=300, seed=s).days for s in (1, 1, 2))
    pd.testing.assert_frame_equal(one, again)
    assert not one["mean"].equals(other["mean"])


def test_days_without_delivery_are_forecast_as_nothing():
    report = made(2, step=0.0)
    late = report.frame["date"] > report.frame["date"].iloc[60]
    frame = report.frame.copy()
    frame.loc[late, ["spend", "impressions", "clicks", "conversions", "purchase_value"]] = 0.0
    found = backtest(AdsReport(**{**vars(report), "frame": frame}), 0.5, replications=300)
    quiet = found.days[found.days["date"] > report.frame["date"].iloc[60]]
    assert (quiet["mean"] == 0).all()
    assert (quiet["actual"] == 0).all()


@pytest.mark.parametrize(
    ("change", "words"),
    [({"share": 1.0}, "between 0 and 1"), ({"share": 0.05}, "at least 14 days"), ({"replications": 5}, "at least 100")],
)
def test_refused_parameters(change: dict[str, Any], words: str):
    with pytest.raises(InputError, match=words):
        backtest(made(1, step=0.0), **change)


def test_reports_without_days_or_columns_are_refused(samples: Path):
    with pytest.raises(InputError, match="by day"):
        backtest(read_export(samples / "ads_manager_and_api" / "ja_campaign_cp932.csv"))
    with pytest.raises(InputError, match="at least 14 days"):
        backtest(read_export(samples / "ads_manager_and_api" / "ko_ad_day_bom_dupheader.csv"))
