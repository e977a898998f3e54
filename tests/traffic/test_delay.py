"""Delays from a touch to its order, against SciPy's distributions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from pixelsim.base.clock import DAY
from pixelsim.scenario.traffic import ConversionDelay
from pixelsim.traffic.delay import delay_share, delays

exact = settings(derandomize=True, deadline=None, max_examples=100)
parameters = st.builds(
    ConversionDelay,
    fast_share=st.floats(0.0, 1.0),
    fast_mu=st.floats(0.0, 12.0),
    fast_sigma=st.floats(0.1, 3.0),
    slow_shape=st.floats(0.2, 3.0),
    slow_scale=st.floats(1e3, 1e7),
    limit_days=st.floats(0.5, 90.0),
)


def parts(delay: ConversionDelay) -> tuple[stats.distributions.rv_frozen, stats.distributions.rv_frozen]:
    return (
        stats.lognorm(s=delay.fast_sigma, scale=np.exp(delay.fast_mu)),
        stats.weibull_min(c=delay.slow_shape, scale=delay.slow_scale),
    )


@exact
@given(parameters, st.floats(0.0, 1.0, exclude_max=True))
def test_each_part_is_the_inverse_of_its_cut_distribution(delay: ConversionDelay, quantile: float) -> None:
    limit = delay.limit_days * 86_400
    fast, slow = parts(delay)
    for which in (0.0, 0.5, np.nextafter(1.0, 0.0)):
        part = fast if which < delay.fast_share else slow
        found = delays(delay, np.array([which]), np.array([quantile]))[0]
        expected = part.ppf(quantile * part.cdf(limit)) * 1000
        assert 0 <= found <= limit * 1000
        assert found == pytest.approx(min(expected, limit * 1000), rel=1e-6, abs=1.0)


@exact
@given(parameters, st.floats(0.0, 100.0))
def test_share_within_days(delay: ConversionDelay, days: float) -> None:
    seconds, limit = min(days, delay.limit_days) * 86_400, delay.limit_days * 86_400
    expected = sum(
        share * part.cdf(seconds) / part.cdf(limit)
        for share, part in zip((delay.fast_share, 1 - delay.fast_share), parts(delay), strict=True)
    )
    assert delay_share(delay, days) == pytest.approx(expected, abs=1e-9)


def test_published_share_within_seven_days() -> None:
    """The fit to 1,279,493 conversions has 78.4 % of them within seven days."""
    assert delay_share(ConversionDelay(), 7) == pytest.approx(0.784, abs=0.001)


def test_drawn_delays_have_the_shares() -> None:
    delay = ConversionDelay()
    generator = np.random.default_rng(7)
    found = delays(delay, generator.random(100_000), generator.random(100_000))
    for days in (0.02, 1, 7, 28):
        share = delay_share(delay, days)
        assert abs(np.mean(found <= days * DAY) - share) < 4 * np.sqrt(share * (1 - share) / 100_000)
    assert found.max() <= 30 * DAY


def test_ends_of_the_scale() -> None:
    assert delay_share(ConversionDelay(), 0.0) == 0.0
    assert delay_share(ConversionDelay(), 30.0) == pytest.approx(1.0)
    assert delay_share(ConversionDelay(), 300.0) == pytest.approx(1.0)
    assert delays(ConversionDelay(), np.array([0.0, 0.9]), np.array([0.0, 0.0])).tolist() == [0, 0]
    assert len(delays(ConversionDelay(), np.empty(0), np.empty(0))) == 0
