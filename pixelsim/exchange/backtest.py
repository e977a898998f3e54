"""Check a forecast on days that it has not seen: estimate on the first part of a report, forecast the rest, compare.

The forecast is statistical, from the same estimates that calibrate a scenario: what each campaign's rates make one
expect, times a common level that drifts and scatters as it did in the first part.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from pixelsim.base.errors import InputError
from pixelsim.base.streams import Streams
from pixelsim.exchange.drift import Drift, fit_drift, weekday_effects
from pixelsim.exchange.estimate import Estimates, estimate
from pixelsim.exchange.report import AdsReport

__all__ = ["Backtest", "backtest"]

FloatArray = NDArray[np.float64]

FEWEST_FIRST, FEWEST_REST = 14, 7
MIX_DAYS = 14
"""Days at the end of the first part whose mix of campaigns goes on, where spend is not given (assumption)."""

LARGEST_MEAN = 1e15
"""Means above this are no counts any more; a forecast that runs away is held here."""

BANDS = (0.50, 0.90)


@dataclass(frozen=True, eq=False)
class Backtest:
    """A forecast beside what came.

    Parameters
    ----------
    table
        One row for each quantity: ``quantity``, ``days``, ``inside_50`` and ``inside_90`` (shares of days inside the
        bands), ``actual`` and ``forecast`` (totals), ``low_90`` and ``high_90`` (of the total), ``bias`` (forecast
        over actual total, less 1), and ``sheet_50``, ``sheet_90``, ``sheet_bias``: the same for the spreadsheet rule,
        mean of the first part plus and minus 0.674 or 1.645 standard deviations.
    days
        One row for each day and quantity: ``date``, ``quantity``, ``actual``, ``mean``, ``low_90``, ``low_50``,
        ``high_50``, ``high_90``, ``sheet_low_90``, ``sheet_high_90``.
    drift
        For each fitted figure: ``figure``, ``slope``, ``step`` and ``noise``, in shares a day.
    estimates
        What was estimated on the first part.
    spend
        ``given``: the days' spend was known; ``free``: it was forecast too.
    first_days, rest_days
        Calendar days of the two parts.
    notes
        What a reader should know.
    """

    table: pd.DataFrame
    days: pd.DataFrame
    drift: pd.DataFrame
    estimates: Estimates
    spend: Literal["given", "free"]
    first_days: int
    rest_days: int
    notes: tuple[str, ...]

    def __str__(self) -> str:
        head = f"Estimated on {self.first_days} days, forecast {self.rest_days} days, spend {self.spend}."
        lines = [
            f"{row['quantity']}: {row['inside_90']:.0%} of days inside the 90 % band, {row['inside_50']:.0%} inside "
            f"the 50 % band, total off by {row['bias']:+.1%}; spreadsheet rule {row['sheet_90']:.0%}, "
            f"{row['sheet_50']:.0%}, {row['sheet_bias']:+.1%}"
            for row in self.table.to_dict("records")
        ]
        return "\n".join([head, *lines])


def backtest(
    report: AdsReport,
    share: float = 0.5,
    spend: Literal["given", "free"] = "given",
    *,
    replications: int = 2000,
    seed: int = 1,
) -> Backtest:
    """Estimate on the first part of a report, forecast the rest, and compare with what came.

    Parameters
    ----------
    report
        A report by day with spend, impressions, clicks and conversions; value if it has ``purchase_value``.
    share
        Share of the calendar days that make the first part, in (0, 1).
    spend
        ``given``: each campaign's spend on the days to come is taken as known, so that the rates are tested;
        ``free``: it is forecast as well.
    replications
        Futures drawn, at least 100.
    seed
        Root seed, at least 0.

    Raises
    ------
    InputError
        The report is not by day, lacks a column, is too short, or a parameter is refused.
    """
    series = _Series.of(report, share, replications, seed, spend)
    first = replace(report, frame=report.frame[report.frame["date"] < series.cut])
    found = estimate(first)
    return _Forecast(series, found, spend, replications, Streams(seed)).compare()


@dataclass(frozen=True, eq=False)
class _Series:
    """Daily figures of each campaign, shape (days, campaigns); an absent row is 0, since it spent nothing."""

    dates: pd.DatetimeIndex
    campaigns: tuple[str, ...]
    values: dict[str, FloatArray]
    split: int

    @property
    def cut(self) -> pd.Timestamp:
        return self.dates[self.split]

    @property
    def weekday(self) -> NDArray[np.int64]:
        return np.asarray(self.dates.day_of_week, dtype=np.int64)

    @classmethod
    def of(cls, report: AdsReport, share: float, replications: int, seed: int, spend: str) -> _Series:
        """Check the parameters and add the report up to campaign days."""

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
        names = tuple(sorted(frame[key].astype(str).unique()))
        values = {}
        for column in ("spend", "impressions", "clicks", "conversions", "purchase_value"):
            if column in frame.columns and frame[column].notna().any():
                wide = frame.assign(_key=frame[key].astype(str)).pivot_table(
                    index="date", columns="_key", values=column, aggfunc="sum"
                )
                values[column] = wide.reindex(index=dates, columns=list(names)).fillna(0.0).to_numpy(dtype=np.float64)
        if len(values) < 4:
            raise refuse("columns", "no numbers", "spend, impressions, clicks and conversions", "export them")
        if not values["spend"][:split].sum() > 0 or not values["impressions"][:split].sum() > 0:
            raise refuse("spend", "0 in the first part", "days with delivery", "change the share, or the period")
        return cls(dates, names, values, split)


class _Forecast:
    """One forecast in the making."""

    def __init__(
        self, series: _Series, found: Estimates, spend: Literal["given", "free"], count: int, streams: Streams
    ) -> None:
        self.series, self.found, self.spend, self.count, self.streams = series, found, spend, count, streams
        self.drifts: list[tuple[str, Drift]] = []
        self.notes: list[str] = []
        self.horizon = len(series.dates) - series.split

    def _rates(self, name: str, top: str, bottom: str, factor: float = 1.0) -> FloatArray:
        """Give each campaign's rate of the first part; one without an estimate gets that of all."""
        part = {c: self.series.values[c][: self.series.split].sum() for c in (top, bottom)}
        pooled = factor * part[top] / part[bottom] if part[bottom] else 0.0
        known = {c.campaign: getattr(c, name) for c in self.found.campaigns}
        estimates = [known.get(c) for c in self.series.campaigns]
        return np.asarray([pooled if e is None or not e.value > 0 else e.value for e in estimates], dtype=np.float64)

    def _future(
        self, figure: str, actual: FloatArray, expected: FloatArray, *, counted: bool, factor: FloatArray | None = None
    ) -> Callable[[FloatArray, FloatArray | None], FloatArray]:
        """Fit a figure's drift on the first part, and give what draws its future from expectations.

        Parameters
        ----------
        figure
            Its name, which is also that of its random stream.
        actual, expected
            Totals of each day of the first part.
        counted
            It is a count, so that small numbers scatter by counting alone.
        factor
            Factor of the noise's variance for each day.
        """
        usable = (expected > 0) & ((actual > 0) | counted)
        shift = 0.5 if counted else 0.0
        ratio = np.full(len(actual), np.nan)
        ratio[usable] = np.log((actual[usable] + shift) / (expected[usable] + shift))
        weekday = self.series.weekday
        effects = weekday_effects(ratio, weekday[: self.series.split])
        known = 1 / (expected + 0.5) if counted else np.zeros(len(actual))
        scale = np.ones(len(actual)) if factor is None else factor
        drift = fit_drift(ratio - effects[weekday[: self.series.split]], scale, known)
        self.drifts.append((figure, drift))
        random = self.streams.generator("backtest", figure)
        level, noise = drift.paths(self.horizon, self.count, random)
        later = effects[weekday[self.series.split :]]

        def draw(mean: FloatArray, scale: FloatArray | None) -> FloatArray:
            spread = noise if scale is None else noise * np.sqrt(scale)
            made = np.minimum(mean * np.exp(np.minimum(level + later + spread, 30.0)), LARGEST_MEAN)
            return np.asarray(random.poisson(made), dtype=np.float64) if counted else made

        return draw

    def compare(self) -> Backtest:
        """Draw the futures and compare them with what came."""
        split, values = self.series.split, self.series.values
        cpm = self._rates("cpm", "spend", "impressions", 1000.0)
        click_rate = self._rates("click_rate", "clicks", "impressions")
        per_click = self._rates("conversions_per_click", "conversions", "clicks")
        first = {name: v[:split] for name, v in values.items()}
        drawn: dict[str, FloatArray] = {}

        spend = values["spend"][split:]
        if self.spend == "free":
            mix = first["spend"][-MIX_DAYS:].sum(axis=0)
            mix = mix / mix.sum() if mix.sum() > 0 else first["spend"].sum(axis=0) / first["spend"].sum()
            total = first["spend"].sum(axis=1)
            typical = np.full(split, float(np.exp(np.log(total[total > 0]).mean())))
            draw = self._future("spend", total, typical, counted=False)
            drawn["spend"] = draw(np.full((1, self.horizon), typical[0]), None)
            expected = drawn["spend"] * (1000 * mix / cpm).sum()
            shares = np.broadcast_to(mix / cpm / (mix / cpm).sum(), (self.horizon, len(cpm)))
        else:
            by_campaign = 1000 * spend / cpm
            expected = by_campaign.sum(axis=1)[None, :]
            shares = by_campaign / np.maximum(by_campaign.sum(axis=1, keepdims=True), 1e-300)

        seen = (1000 * first["spend"] / cpm).sum(axis=1)
        draw = self._future("impressions per spend", first["impressions"].sum(axis=1), seen, counted=False)
        drawn["impressions"] = draw(expected, None)

        seen = (first["impressions"] * click_rate).sum(axis=1)
        draw = self._future("clicks per impression", first["clicks"].sum(axis=1), seen, counted=True)
        drawn["clicks"] = draw(drawn["impressions"] * (shares * click_rate).sum(axis=1), None)

        clicked = shares * click_rate
        clicked = clicked / np.maximum(clicked.sum(axis=1, keepdims=True), 1e-300)
        seen = (first["clicks"] * per_click).sum(axis=1)
        draw = self._future("conversions per click", first["conversions"].sum(axis=1), seen, counted=True)
        drawn["conversions"] = draw(drawn["clicks"] * (clicked * per_click).sum(axis=1), None)

        if "purchase_value" in values:
            self._value(first, drawn)
        return self._result(drawn)

    def _value(self, first: dict[str, FloatArray], drawn: dict[str, FloatArray]) -> None:
        counts, value = first["conversions"].sum(axis=1), first["purchase_value"].sum(axis=1)
        if not counts.sum() > 0 or not value.sum() > 0:
            self.notes.append("no values in the first part; value is not forecast")
            return
        each = value.sum() / counts.sum()
        fewest = 1 / np.maximum(counts, 1)
        draw = self._future("value per conversion", value, counts * each, counted=False, factor=fewest)
        drawn["purchase_value"] = draw(drawn["conversions"] * each, 1 / np.maximum(drawn["conversions"], 1))

    def _result(self, drawn: dict[str, FloatArray]) -> Backtest:
        split = self.series.split
        table, parts = [], []
        for name, futures in drawn.items():
            daily = self.series.values[name].sum(axis=1)
            actual, past = daily[split:], daily[:split]
            low90, low50, high50, high90 = np.quantile(futures, [0.05, 0.25, 0.75, 0.95], axis=0)
            total_low, total_high = np.quantile(futures.sum(axis=1), [0.05, 0.95])
            forecast = float(futures.sum(axis=1).mean())
            mean, spread = float(past.mean()), float(past.std(ddof=1))
            half50, half90 = (spread * float(stats.norm.ppf(0.5 + band / 2)) for band in BANDS)
            came = float(actual.sum())
            off = np.abs(actual - mean)
            table.append(
                {
                    "quantity": name,
                    "days": self.horizon,
                    "inside_50": float(((actual >= low50) & (actual <= high50)).mean()),
                    "inside_90": float(((actual >= low90) & (actual <= high90)).mean()),
                    "actual": came,
                    "forecast": forecast,
                    "low_90": float(total_low),
                    "high_90": float(total_high),
                    "bias": forecast / came - 1 if came else float("nan"),
                    "sheet_50": float((off <= half50).mean()),
                    "sheet_90": float((off <= half90).mean()),
                    "sheet_bias": mean * self.horizon / came - 1 if came else float("nan"),
                }
            )
            parts.append(
                pd.DataFrame(
                    {
                        "date": self.series.dates[split:],
                        "quantity": name,
                        "actual": actual,
                        "mean": futures.mean(axis=0),
                        "low_90": low90,
                        "low_50": low50,
                        "high_50": high50,
                        "high_90": high90,
                        "sheet_low_90": mean - half90,
                        "sheet_high_90": mean + half90,
                    }
                )
            )
        drift = [(n, np.expm1(d.slope), np.expm1(d.typical_step), np.expm1(d.typical_noise)) for n, d in self.drifts]
        return Backtest(
            table=pd.DataFrame(table),
            days=pd.concat(parts, ignore_index=True),
            drift=pd.DataFrame(drift, columns=["figure", "slope", "step", "noise"]),
            estimates=self.found,
            spend=self.spend,
            first_days=split,
            rest_days=self.horizon,
            notes=(
                *self.notes,
                "bands are of single days; days whose conversions still come in late are compared as the file has them",
            ),
        )
