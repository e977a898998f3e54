"""The traffic part of a scenario: sites, delivery of ad groups, delays and capture, each figure with its source."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, field_validator

from pixelsim.base.clock import fixed_offset
from pixelsim.scenario.base import Currency, Input, Positive, Share, Weight, checked_offset, figure
from pixelsim.scenario.capture import EVENT_NAMES, Capture
from pixelsim.scenario.shapes import FLAT_WEEK, Hours, HoursOfWeek, Weekdays, one_shape, some_hour
from pixelsim.scenario.shop import Market, OrderValue, Product, checked_parts

__all__ = [
    "EVENT_NAMES",
    "AdDelivery",
    "Capture",
    "ConversionDelay",
    "Funnel",
    "Learning",
    "Market",
    "OrderValue",
    "Product",
    "SiteTraffic",
    "Traffic",
]

HOURS_OF_ADS = (
    *(0.0684, 0.03, 0.0175, 0.0101, 0.0071, 0.0106, 0.0184, 0.0276, 0.0331, 0.0366, 0.0399, 0.0408),
    *(0.053, 0.0428, 0.0405, 0.04, 0.0398, 0.0435, 0.0469, 0.0527, 0.0668, 0.0782, 0.081, 0.0744),
)


class ConversionDelay(Input):
    """Delay from a touchpoint to the order: a fast log-normal part and a slow Weibull part, cut at ``limit_days``."""

    fast_share: Share = figure(0.484, "share", "fit to 1,279,493 Criteo sponsored-search conversions")
    fast_mu: float = figure(6.561, "ln seconds", "the same fit")
    fast_sigma: Positive = figure(1.223, "ln seconds", "the same fit")
    slow_shape: Positive = figure(0.576, "Weibull shape", "the same fit")
    slow_scale: Positive = figure(1_866_734.0, "seconds", "the same fit")
    limit_days: Positive = figure(30.0, "days", "the same fit is truncated at 30 days")


class Funnel(Input):
    """Chance that a session without an order reaches each step; a session with an order passes all of them."""

    view: Share = figure(0.55, "share of sessions", "no public figure fits all shops", assumption=True)
    cart: Share = figure(0.025, "share of sessions", "RetailRocket sessions, view to cart")
    checkout: Share = figure(0.012, "share of sessions", "half of the carts", assumption=True)


class SiteTraffic(Input):
    """A website's own traffic: organic sessions, funnel, orders, and what its pixel captures.

    ``hours_of_week`` takes the place of ``hours`` and ``weekdays``. ``markets`` have clocks, shapes and order rates of
    their own, which take the place of the site's for its organic sessions. ``products`` take the place of ``value``.

    An organic session of a person is followed by another with the chance ``return_share``, after the session time-out
    and an exponential time with the mean ``return_days``; that return may be followed by a further one, up to seven in
    a row. So many fewer people come for the first time that, once returns have set in, ``organic_sessions`` is the
    mean of all; in the first days of a run there are fewer, since nobody comes back from before its start.

    A refund gives an order's whole value back, at an exponential time after it; the platform never hears of it.
    """

    website: str
    organic_sessions: Weight = figure(1000.0, "sessions a day", "organic traffic is in no export", assumption=True)
    daily_growth: Annotated[float, Field(gt=-1.0, le=1.0)] = figure(
        0.0, "share a day", "no trend unless one is given", assumption=True
    )
    order_rate: Share = figure(0.008, "orders per organic session", "RetailRocket sessions, view to purchase")
    hours: Hours = figure(
        (
            *(0.0073, 0.0036, 0.0045, 0.0017, 0.0013, 0.0023, 0.0069, 0.0142, 0.0211, 0.0299, 0.0445, 0.0596),
            *(0.0674, 0.0682, 0.071, 0.077, 0.0897, 0.0999, 0.0936, 0.0794, 0.0645, 0.0482, 0.0296, 0.0146),
        ),
        "share of a day, local hours 0 to 23",
        "baskets by hour, Complete Journey",
    )
    weekdays: Weekdays = figure(FLAT_WEEK, "weight, Monday to Sunday", "no shape unless one is given", assumption=True)
    hours_of_week: HoursOfWeek | None = figure(
        None, "weight, local hours of the week from Monday 00 on", "hours and weekdays unless given", assumption=True
    )
    utc_offset: str = "+00:00"
    people: Annotated[int, Field(ge=1, le=2_000_000_000)] = figure(
        200_000, "people who can come", "no figure for this site", assumption=True
    )
    population: str = ""
    """Sites that name the same population are visited by the same people; empty: the site's own."""
    markets: tuple[Market, ...] = ()
    return_share: Share = figure(0.0, "share of organic sessions", "none unless given", assumption=True)
    return_days: Positive = figure(7.0, "mean days", "time until a person comes back", assumption=True)
    funnel: Funnel = Funnel()
    value: OrderValue = OrderValue()
    products: tuple[Product, ...] = ()
    refund_share: Share = figure(0.0, "share of orders", "none unless given", assumption=True)
    refund_days: Positive = figure(14.0, "mean days", "time from the order to the refund", assumption=True)
    currency: Currency = "USD"
    capture: Capture = Capture()

    _some = field_validator("hours")(some_hour)
    _one = field_validator("hours_of_week")(classmethod(one_shape))

    @field_validator("utc_offset")
    @classmethod
    def _fixed(cls, text: str) -> str:
        return checked_offset(text)

    @field_validator("products")
    @classmethod
    def _products(cls, parts: tuple[Product, ...]) -> tuple[Product, ...]:
        checked_parts(parts)
        return parts

    @field_validator("markets")
    @classmethod
    def _markets(cls, parts: tuple[Market, ...]) -> tuple[Market, ...]:
        checked_parts(parts)
        return parts

    @property
    def offset(self) -> int:
        """Milliseconds east of UTC of the site's clock."""
        return fixed_offset(self.utc_offset)[0]

    @property
    def mean_order_rate(self) -> float:
        """Orders for each organic session, over all markets."""
        if not self.markets:
            return self.order_rate
        rates = (self.order_rate if m.order_rate is None else m.order_rate for m in self.markets)
        return sum(market.share * rate for market, rate in zip(self.markets, rates, strict=True))

    def in_market(self, market: Market) -> SiteTraffic:
        """Give the organic traffic of one market as that of a site of its own: clock, shape, sessions, order rate."""
        own: dict[str, Any] = {"utc_offset": market.utc_offset, "markets": ()}
        own["organic_sessions"] = self.organic_sessions * market.share
        if market.order_rate is not None:
            own["order_rate"] = market.order_rate
        if market.has_shape:
            own["hours_of_week"] = market.hours_of_week
        if market.hours is not None:
            own["hours"] = market.hours
        if market.weekdays is not None:
            own["weekdays"] = market.weekdays
        return self.model_copy(update=own)


class AdDelivery(Input):
    """How one ad group delivers: budget, prices, and what its touchpoints lead to.

    ``conversion_rate`` is orders for each click in truth, within ``limit_days``; what a report shows is less, by the
    window and by the losses of capture. ``engaged_view_rate`` and ``view_rate`` are orders for each impression that
    follow an engaged view or a view without a click.

    ``hours_of_week`` takes the place of ``hours`` and ``weekdays``. ``market`` names the one market of the website
    whose people the ad group reaches. Edits of the budget multiply ``daily_budget`` from their instant on;
    ``budget_envelope`` is the largest factor that they may come to. What is drawn for an ad group depends on it, so
    variants that are compared have the same. Edits of the bid act on learning alone.
    """

    ad_group: str
    website: str
    market: str = ""
    """The only market whose people it reaches; empty: all people of the website."""
    daily_budget: Weight = figure(50.0, "currency units a day", "a usual starting budget", assumption=True)
    budget_spent: Share = figure(0.95, "mean share of the budget spent", "under-delivery exists", assumption=True)
    budget_spread: Share = figure(0.05, "standard deviation of that share", "under-delivery exists", assumption=True)
    budget_envelope: Annotated[float, Field(ge=1.0, le=100.0)] = 1.0
    cpm: Positive = figure(4.03, "currency units per 1000 impressions", "mean of three US accounts, 2022")
    cpm_sigma: Weight = figure(0.4511, "ln units, day to day", "6,522 ad x day rows, Indonesia 2023-24")
    click_rate: Share = figure(0.0095, "clicks per impression", "mean of three US accounts, 2022")
    conversion_rate: Share = figure(
        0.0379,
        "orders per click",
        "0.02973 conversions per click (183 campaigns, Indonesia 2023-24) over the 0.784 of orders within 7 days",
    )
    engaged_view_rate: Share = figure(0.0, "orders per impression", "none unless calibrated", assumption=True)
    view_rate: Share = figure(0.0, "orders per impression", "none unless calibrated", assumption=True)
    bots: Share = figure(0.0, "share of clicks", "none unless given; differs by source", assumption=True)
    landing_share: Share = figure(0.9, "sessions per click", "clicks that leave before the page", assumption=True)
    hours: Hours = figure(HOURS_OF_ADS, "share of a day, account's hours 0 to 23", "impressions by hour, Japan")
    weekdays: Weekdays = figure(FLAT_WEEK, "weight, Monday to Sunday", "no shape unless one is given", assumption=True)
    hours_of_week: HoursOfWeek | None = figure(
        None, "weight, account's hours of the week from Monday 00", "hours and weekdays unless given", assumption=True
    )

    _some = field_validator("hours")(some_hour)
    _one = field_validator("hours_of_week")(classmethod(one_shape))


class Learning(Input):
    """The learning phase of a new ad group: its thresholds, and what it costs until delivery has settled.

    ``learned_at_start`` says that ad groups which run when the scenario starts have learned before.
    ``shared_history`` is the share of the pixel's conversions of the last week that counts for a new ad group on it;
    no public figure exists, so it is a factor for studies and never a fact.
    """

    calm_conversions: Annotated[int, Field(ge=1)] = figure(25, "conversions", "practitioners, 2026: calmer delivery")
    calm_days: Annotated[int, Field(ge=1)] = figure(7, "days", "practitioners, 2026: calmer delivery")
    stable_conversions: Annotated[int, Field(ge=1)] = figure(50, "conversions", "TikTok help page on learning phase")
    stable_days: Annotated[int, Field(ge=1)] = figure(7, "days", "practitioners: 50 in a week")
    orders_share: Share = figure(0.8, "share of orders while learning", "no public figure", assumption=True)
    cpm_factor: Annotated[float, Field(ge=1.0, le=10.0)] = figure(
        1.15, "factor on CPM while learning", "no public figure", assumption=True
    )
    noise: Weight = figure(0.1, "ln units, day to day", "no public figure", assumption=True)
    shared_history: Share = figure(0.0, "share of the pixel's conversions", "no public figure", assumption=True)
    learned_at_start: bool = True


class Traffic(Input):
    """All traffic of a scenario."""

    sites: tuple[SiteTraffic, ...] = ()
    delivery: tuple[AdDelivery, ...] = ()
    delay: ConversionDelay = ConversionDelay()
    learning: Learning = Learning()
    session_minutes: Positive = figure(30.0, "minutes", "usual session time-out of web analytics")
    block_days: Annotated[int, Field(ge=1)] = 7
    """Days drawn at a time; a matter of speed and memory only, the drawn numbers do not depend on it."""
    step_hours: Annotated[int, Field(ge=1, le=24)] = 24
