from __future__ import annotations

import numpy as np
import pandas as pd

from pixelsim.exchange.columns import alias_table
from pixelsim.exchange.rates import PrintedRate, divide, recompute, verify_rates

IMPRESSIONS = np.array([1000.0, 3000.0, 7000.0, 0.0])
CLICKS = np.array([37.0, 41.0, 350.0, 0.0])
SPEND = np.array([9.99, 20.0, 33.33, 0.0])
CONVERSIONS = np.array([3.0, 2.0, 11.0, 1.0])
PARTS = {"impressions": IMPRESSIONS, "clicks": CLICKS, "spend": SPEND, "conversions": CONVERSIONS}


def verify(name: str, printed: np.ndarray, decimals: int = 2, *, percent: bool = False) -> tuple[pd.DataFrame, list]:
    return verify_rates(
        {name: PrintedRate(printed, decimals, percent)}, PARTS, {"spend": 2}, np.arange(2, 6), alias_table()
    )


def test_division_by_zero_or_missing_is_missing():
    assert np.isnan(divide(np.array([1.0, 1.0]), np.array([0.0, np.nan]))).all()


def test_recomputed_rates_follow_their_formulas():
    frame = recompute(pd.DataFrame(PARTS))
    assert frame.loc[0, "ctr"] == 37 / 1000
    assert frame.loc[0, "cpm"] == 9.99 * 1000 / 1000
    assert frame.loc[0, "cpc"] == 9.99 / 37
    assert frame.loc[0, "cpa"] == 9.99 / 3
    assert frame.loc[0, "cvr"] == 3 / 37
    assert np.isnan(frame.loc[3, "ctr"])


def test_rounded_and_cut_off_rates_fit_within_their_last_digit():
    exact = 100 * CLICKS[:3] / IMPRESSIONS[:3]
    for shown in (np.round(exact, 2), np.floor(exact * 100) / 100):
        checks, notes = verify("ctr", np.append(shown, 0.0))
        assert checks.loc[0, ["rows", "off", "ok"]].tolist() == [3, 0, True]
        assert not notes


def test_fractions_and_percent_signs_fit_too():
    fraction = np.append(np.round(CLICKS[:3] / IMPRESSIONS[:3], 4), 0.0)
    assert verify("ctr", fraction, 4)[0].loc[0, "ok"]
    percent = np.append(np.round(100 * CLICKS[:3] / IMPRESSIONS[:3], 2), 0.0)
    assert verify("ctr", percent, percent=True)[0].loc[0, "ok"]
    assert not verify("ctr", fraction, 4, percent=True)[0].loc[0, "ok"]


def test_conversion_rate_per_impression_is_recognised_and_said():
    checks, notes = verify("cvr", np.append(np.round(100 * CONVERSIONS[:3] / IMPRESSIONS[:3], 2), 0.0))
    assert checks.loc[0, "basis"] == "impressions"
    assert checks.loc[0, "ok"]
    assert "per impression" in notes[0]
    checks, notes = verify("cvr", np.append(np.round(100 * CONVERSIONS[:3] / CLICKS[:3], 2), 0.0))
    assert checks.loc[0, "basis"] == "clicks"
    assert not notes


def test_rate_that_does_not_fit_names_the_first_row():
    shown = np.append(np.round(SPEND[:3] / CLICKS[:3], 2), 0.0)
    shown[1] += 0.05
    checks, notes = verify("cpc", shown)
    assert checks.loc[0, ["off", "first_row"]].tolist() == [1, 3]
    assert "row 3" in notes[0]
