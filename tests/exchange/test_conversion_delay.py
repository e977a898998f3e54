"""The delay from click to order: known mixtures are found again, from logs that end and from pulls that grow."""

from __future__ import annotations

import numpy as np
import pytest

from pixelsim.exchange import AdsReport
from pixelsim.exchange.api_report import report_of_table
from pixelsim.exchange.conversion_delay import FittedDelay, SeenDelays, SeenPulls, fit_delay, pulls_of
from pixelsim.scenario.traffic import ConversionDelay

DAY = 86_400.0
TRUE = ConversionDelay(fast_share=0.7, fast_mu=7.5, fast_sigma=1.0, slow_shape=0.8, slow_scale=400_000.0)


def waits(random: np.random.Generator, count: int) -> np.ndarray:
    """Draw delays in seconds from the true mixture by its definition, cut at 30 days by drawing again."""
    out = np.empty(0)
    while len(out) < count:
        fast = random.lognormal(7.5, 1.0, count)
        slow = 400_000.0 * random.weibull(0.8, count)
        both = np.where(random.random(count) < 0.7, fast, slow)
        out = np.concatenate([out, both[both <= 30 * DAY]])
    return out[:count]


def share(values: np.ndarray, days: float) -> float:
    return float((values <= days * DAY).mean())


def fitted_shares(found: FittedDelay, days: tuple[float, ...]) -> list[float]:
    """Draw many delays from the fitted mixture by its definition and count them."""
    random, one = np.random.default_rng(9), found.delay
    count = 200_000
    fast = random.lognormal(one.fast_mu, one.fast_sigma, count)
    slow = one.slow_scale * random.weibull(one.slow_shape, count)
    fast, slow = fast[fast <= 30 * DAY], slow[slow <= 30 * DAY]
    return [one.fast_share * share(fast, d) + (1 - one.fast_share) * share(slow, d) for d in days]


def log(seed: int, clicks: int, length: float = 20.0) -> SeenDelays:
    random = np.random.default_rng(seed)
    at, wait = random.uniform(0, length * DAY, clicks), waits(random, clicks)
    seen = at + wait <= length * DAY
    return SeenDelays(wait[seen], length * DAY - at[seen], "log")


def test_a_log_that_ends_early_gives_the_true_shares_and_not_those_it_shows():
    delays = log(1, 4000)
    found = fit_delay(ConversionDelay(), delays, None)
    assert isinstance(found, FittedDelay)
    truth = waits(np.random.default_rng(2), 200_000)
    days = (1 / 24, 1.0, 3.0, 7.0)
    true = [share(truth, d) for d in days]
    # 4,000 orders tell a share to 0.7 points; the log itself is off by more, as late orders of late clicks lack.
    assert fitted_shares(found, days) == pytest.approx(true, abs=0.025)
    assert abs(share(delays.seconds, 3.0) - true[2]) > 0.025
    assert found.rows == len(delays.seconds)


def test_uncertainty_shrinks_with_orders_and_covers_the_truth():
    sizes = {}
    for clicks in (150, 6000):
        found = fit_delay(ConversionDelay(), log(3, clicks), None)
        assert isinstance(found, FittedDelay)
        sizes[clicks] = np.sqrt((found.loadings**2).sum(axis=0))
    assert (sizes[6000] < 0.5 * sizes[150]).all()
    off = [abs(np.log(found.delay.fast_sigma / 1.0)), abs(found.delay.fast_mu - 7.5)]
    assert (np.array(off) < 4 * sizes[6000][[2, 1]]).all()


def test_a_cause_moves_the_delay_on_its_scales():
    found = fit_delay(ConversionDelay(), log(3, 500), None)
    assert isinstance(found, FittedDelay)
    moved = found.moved(np.array([0.0, 0.3, np.log(2.0), 0.0, np.log(3.0)]))
    assert moved.fast_mu == pytest.approx(found.delay.fast_mu + 0.3)
    assert moved.fast_sigma == pytest.approx(2 * found.delay.fast_sigma)
    assert moved.slow_scale == pytest.approx(3 * found.delay.slow_scale)
    assert moved.fast_share == pytest.approx(found.delay.fast_share)


def pulls(seed: int, ends: tuple[int, ...]) -> list[AdsReport]:
    """Make pulls of one account at the ends of some days: 150 conversions a day, shown once they have come."""
    random = np.random.default_rng(seed)
    begin = np.datetime64("2025-03-01")
    came = [random.random(150) + waits(random, 150) / DAY for _ in range(max(ends) + 1)]
    made = []
    for end in ends:
        rows = []
        for day in range(end + 1):
            age = end - day + 1
            count = int(((came[day] <= age) & (came[day] <= 7.0)).sum())
            rows.append(["c1", str(begin + day), "100.00", "10000", "500", str(count)])
        names = ["campaign_id", "stat_time_day", "spend", "impressions", "clicks", "conversion"]
        made.append(report_of_table(names, rows, f"pull_{end}"))
    return made


def test_days_that_grow_from_pull_to_pull_tell_the_delay():
    seen = pulls_of(pulls(5, (20, 21, 24, 27)))
    assert isinstance(seen, SeenPulls)
    assert (seen.before <= seen.after).all()
    assert seen.early.max() < 7
    found = fit_delay(ConversionDelay(), None, seen)
    assert isinstance(found, FittedDelay)
    truth = waits(np.random.default_rng(2), 200_000)
    true = [share(truth, d) / share(truth, 7.0) for d in (1.0, 3.0)]
    week = fitted_shares(found, (1.0, 3.0, 7.0))
    # What a report has after a day and after three days, of what it has after the window.
    assert [week[0] / week[2], week[1] / week[2]] == pytest.approx(true, abs=0.03)


def test_what_tells_nothing_says_why():
    one = pulls(5, (20,))
    assert "no day is in two reports" in str(pulls_of(one))
    assert "no day is in two reports" in str(pulls_of([one[0], one[0]]))
    few = SeenDelays(np.array([60.0]), np.array([DAY]), "log")
    assert "fewer than 30" in str(fit_delay(ConversionDelay(), few, None))
