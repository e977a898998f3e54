"""The drift model against dense Gaussian algebra, and its weekday effects."""

from __future__ import annotations

import numpy as np
import pytest

from pixelsim.exchange.drift import LEVEL, SLOPE, fit_drift, weekday_effects


def test_filter_agrees_with_the_conditional_normal_of_the_whole_series():
    random = np.random.default_rng(3)
    days = 12
    y = random.normal(0.2, 0.3, days)
    y[4] = np.nan
    factor, known = random.uniform(0.5, 2, days), random.uniform(0, 0.05, days)
    drift = fit_drift(y, factor, known)
    at = np.arange(days)
    seen = ~np.isnan(y)
    for pair in (0, 40, 150, len(drift.weights) - 1):
        # Level of day t is level0 + t * slope + random walk; the joint covariance is written down directly.
        cover = LEVEL**2 + SLOPE**2 * np.outer(at, at) + drift.step[pair] ** 2 * np.minimum.outer(at, at)
        total = cover + np.diag(drift.noise[pair] ** 2 * factor + known)
        gain = cover[-1, seen] @ np.linalg.inv(total[np.ix_(seen, seen)])
        assert drift.mean[pair, 0] == pytest.approx(gain @ y[seen], rel=1e-9)
        assert drift.covariance[pair, 0, 0] == pytest.approx(cover[-1, -1] - gain @ cover[seen, -1], rel=1e-8)
        slope_gain = SLOPE**2 * at[seen] @ np.linalg.inv(total[np.ix_(seen, seen)])
        assert drift.mean[pair, 1] == pytest.approx(slope_gain @ y[seen], rel=1e-7, abs=1e-12)


def test_sizes_are_found_again():
    random = np.random.default_rng(8)
    level = np.cumsum(random.normal(0, 0.08, 400))
    y = level + random.normal(0, 0.2, 400)
    drift = fit_drift(y, np.ones(400), np.zeros(400))
    assert drift.typical_step == pytest.approx(0.08, rel=0.3)
    assert drift.typical_noise == pytest.approx(0.2, rel=0.15)
    still = fit_drift(random.normal(0, 0.2, 400), np.ones(400), np.zeros(400))
    assert still.typical_step < 0.005


def test_bands_widen_with_the_horizon():
    random = np.random.default_rng(1)
    y = np.cumsum(random.normal(0, 0.05, 60)) + random.normal(0, 0.05, 60)
    level, noise = fit_drift(y, np.ones(60), np.zeros(60)).paths(60, 4000, random)
    spread = (level + noise).std(axis=0)
    assert spread[-1] > 2 * spread[0]
    assert (np.diff(level.std(axis=0)) > -0.02).all()


def test_weekdays_are_found_and_noise_is_no_weekday():
    random = np.random.default_rng(2)
    truth = np.asarray([-0.2, -0.1, 0, 0.05, 0.1, 0.2, -0.05])
    weekday = np.arange(140) % 7
    found = weekday_effects(truth[weekday] + random.normal(0, 0.05, 140), weekday)
    assert found == pytest.approx(truth - truth.mean(), abs=0.05)
    assert abs(found.sum()) < 1e-12
    none = weekday_effects(random.normal(0, 0.3, 140), weekday)
    assert np.abs(none).max() < 0.12
    assert not weekday_effects(truth[weekday[:20]], weekday[:20]).any()
