"""Make ``constructed_120_days.csv``, an export with known causes, and ``constructed_120_days.json``, those causes.

Run it in this folder: ``python make_constructed.py``. All numbers are invented; the same seed gives the same file with
the same version of NumPy.

How a row comes about, for campaign ``c``, ad ``a``, day ``d``:

* the campaign spends ``daily_spend[c] * weekday[d] * noise``, noise log-normal with mean 1 and sigma ``SPEND_SIGMA``,
  on days on which it is not paused;
* its CPM that day is log-normal with ``cpm_log_mean[c]`` and ``cpm_log_sigma[c]``; impressions follow;
* impressions are parted among the ads that are on, by fixed shares;
* the click rate of an ad on a day is Beta with mean ``click_rate[c]`` and ``a + b = CLICK_CONCENTRATION``; clicks are
  binomial;
* conversions are binomial with ``conversions_per_click[c]``, booked on the day of the click.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
from pathlib import Path

import numpy as np

SEED = 20250106
START = dt.date(2025, 1, 6)
DAYS = 120
CAMPAIGNS = 12
ADS_PER_CAMPAIGN = 5
CURRENCY = "USD"
SPEND_SIGMA = 0.10
CLICK_CONCENTRATION = 813.0
WEEKDAY = (0.90, 0.92, 0.95, 1.00, 1.08, 1.12, 1.03)
PAUSES = {9: range(30, 44), 10: range(70, 77), 11: range(25)}
MARKETS = ("US", "CA", "UK", "AU")
GOALS = ("prospecting", "retargeting", "catalog")
GROUPS = ("broad 18-44", "lookalike 1%")
FORMATS = ("unboxing", "before-after", "voice-over", "text only", "creator")
HEADER = [
    "By Day",
    "Campaign name",
    "Campaign ID",
    "Ad group name",
    "Ad group ID",
    "Ad name",
    "Ad ID",
    "Cost",
    "CPC (destination)",
    "CPM",
    "Impressions",
    "Clicks (destination)",
    "CTR (destination)",
    "Conversions",
    "Cost per conversion",
    "Conversion rate (CVR)",
    "Currency",
]


def draw_causes(random: np.random.Generator) -> list[dict[str, float | str]]:
    """Draw what drives each campaign."""
    return [
        {
            "campaign_id": str(1850000000001001 + 17 * number),
            "campaign_name": f"{MARKETS[number % 4]} {GOALS[number % 3]} 2025",
            "cpm_log_mean": round(float(random.normal(np.log(6.0), 0.25)), 4),
            "cpm_log_sigma": round(float(random.uniform(0.15, 0.35)), 4),
            "click_rate": round(float(random.beta(4.0, 440.0)), 6),
            "conversions_per_click": round(float(random.beta(4.3, 140.7)), 6),
            "daily_spend": round(float(random.uniform(120.0, 600.0)), 2),
        }
        for number in range(CAMPAIGNS)
    ]


def draw_day(random: np.random.Generator, cause: dict[str, float | str], day: int, on: np.ndarray) -> np.ndarray:
    """Draw one campaign's day: impressions, clicks, conversions and cents for each of its ads, shape (ads, 4)."""
    shares = on / on.sum()
    weekday = WEEKDAY[(START + dt.timedelta(days=day)).weekday()]
    noise = np.exp(random.normal(-(SPEND_SIGMA**2) / 2, SPEND_SIGMA))
    spend = float(cause["daily_spend"]) * weekday * noise
    cpm = np.exp(random.normal(float(cause["cpm_log_mean"]), float(cause["cpm_log_sigma"])))
    impressions = random.multinomial(round(spend / cpm * 1000), shares)
    mean = float(cause["click_rate"])
    rates = random.beta(mean * CLICK_CONCENTRATION, (1 - mean) * CLICK_CONCENTRATION, len(on))
    clicks = random.binomial(impressions, rates)
    conversions = random.binomial(clicks, float(cause["conversions_per_click"]))
    return np.column_stack([impressions, clicks, conversions, np.round(impressions * cpm / 10).astype(np.int64)])


def printed(impressions: int, clicks: int, conversions: int, cents: int) -> list[str]:
    """Print quantities and rates as Ads Manager does: two decimals, 0 where a rate has no denominator."""

    def rate(top: float, bottom: float) -> str:
        return f"{top / bottom:.2f}" if bottom else "0.00"

    cost = cents / 100
    return [
        f"{cost:.2f}",
        rate(cost, clicks),
        rate(1000 * cost, impressions),
        str(impressions),
        str(clicks),
        rate(100 * clicks, impressions),
        str(conversions),
        rate(cost, conversions),
        rate(100 * conversions, impressions),
        CURRENCY,
    ]


def build(seed: int = SEED) -> tuple[list[list[str]], dict[str, object]]:
    """Make the rows of the file, header and totals included, and the causes behind them."""
    random = np.random.Generator(np.random.PCG64(seed))
    causes = draw_causes(random)
    rows: list[list[str]] = [HEADER]
    total = np.zeros(4, dtype=np.int64)
    for number, cause in enumerate(causes):
        weights = random.dirichlet(np.full(ADS_PER_CAMPAIGN, 4.0))
        first = np.concatenate([[0], random.integers(0, 40, ADS_PER_CAMPAIGN - 1)])
        last = np.concatenate([[DAYS], first[1:] + random.integers(40, 110, ADS_PER_CAMPAIGN - 1)])
        for day in range(DAYS):
            paused = day in PAUSES.get(number, ())
            on = np.where((first <= day) & (day < last), weights, 0.0)
            counts = np.zeros((ADS_PER_CAMPAIGN, 4), dtype=np.int64) if paused else draw_day(random, cause, day, on)
            total += counts.sum(axis=0)
            date = (START + dt.timedelta(days=day)).isoformat()
            for ad, quantities in enumerate(counts.tolist()):
                group = ad % 2
                keys = [
                    date,
                    str(cause["campaign_name"]),
                    str(cause["campaign_id"]),
                    GROUPS[group],
                    str(1850000000101001 + 100 * number + group),
                    FORMATS[ad],
                    str(1850000000201001 + 100 * number + ad),
                ]
                rows.append(keys + printed(*quantities))
    rows.append([f"Total of {len(rows) - 1} results", *["-"] * 6, *printed(*total.tolist())])
    truth = {
        "seed": seed,
        "start": START.isoformat(),
        "days": DAYS,
        "ads": CAMPAIGNS * ADS_PER_CAMPAIGN,
        "currency": CURRENCY,
        "spend_sigma": SPEND_SIGMA,
        "click_concentration": CLICK_CONCENTRATION,
        "weekday_monday_to_sunday": list(WEEKDAY),
        "paused_from_to": {str(causes[c]["campaign_id"]): [days[0], days[-1]] for c, days in PAUSES.items()},
        "campaigns": causes,
    }
    return rows, truth


def main(folder: Path) -> None:
    """Write both files into a folder."""
    rows, truth = build()
    with (folder / "constructed_120_days.csv").open("w", encoding="utf-8-sig", newline="") as out:
        csv.writer(out, lineterminator="\n").writerows(rows)
    text = json.dumps(truth, indent=2) + "\n"
    (folder / "constructed_120_days.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(__file__).parent)
