"""What a website sells, and to which markets: products with values and refunds, markets with clocks of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field, field_validator

from pixelsim.base.clock import fixed_offset
from pixelsim.scenario.base import Input, Positive, Share, Weight, checked_offset, figure
from pixelsim.scenario.shapes import Hours, HoursOfWeek, Weekdays, one_shape, some_hour

__all__ = ["Market", "OrderValue", "Product", "checked_parts"]

Name = Annotated[str, Field(min_length=1)]


class OrderValue(Input):
    """Order value: log-normal by its median and its spread, in the site's currency."""

    median: Positive = figure(56.66, "currency units", "median of Criteo orders, in EUR")
    sigma: Weight = figure(1.24, "ln units", "mean 122.53 over median 56.66 of the same orders: sqrt(2 ln(2.163))")


class Product(Input):
    """One product of a website: its share of the orders, and what an order of it is worth.

    ``refund_share`` is the site's own unless one is given.
    """

    name: Name
    share: Share = figure(1.0, "share of orders", "all, unless others are given", assumption=True)
    value: OrderValue = OrderValue()
    refund_share: Share | None = figure(None, "share of its orders", "the site's own", assumption=True)


class Market(Input):
    """One regional market of a website: its share of people and of organic sessions, and its own clock and habits.

    People belong to one market for good. A market without any shape has the site's, on its own clock; one that gives
    hours or weekdays has the site's for the other of the two. What else it leaves out is the site's.
    """

    name: Name
    share: Share = figure(1.0, "share of people and sessions", "all, unless others are given", assumption=True)
    utc_offset: str = "+00:00"
    hours: Hours | None = figure(None, "share of a day, local hours 0 to 23", "the site's own", assumption=True)
    weekdays: Weekdays | None = figure(None, "weight, Monday to Sunday", "the site's own", assumption=True)
    hours_of_week: HoursOfWeek | None = figure(
        None, "weight, local hours of the week from Monday 00 on", "the site's own", assumption=True
    )
    order_rate: Share | None = figure(None, "orders per organic session", "the site's own", assumption=True)

    _some = field_validator("hours")(some_hour)
    _one = field_validator("hours_of_week")(classmethod(one_shape))

    @field_validator("utc_offset")
    @classmethod
    def _fixed(cls, text: str) -> str:
        return checked_offset(text)

    @property
    def offset(self) -> int:
        """Milliseconds east of UTC of the market's clock."""
        return fixed_offset(self.utc_offset)[0]

    @property
    def has_shape(self) -> bool:
        """Whether it has any shape of its own."""
        return (self.hours, self.weekdays, self.hours_of_week) != (None, None, None)


def checked_parts(parts: Sequence[Product] | Sequence[Market]) -> None:
    """Check parts of a whole.

    Raises
    ------
    ValueError
        Two have the same name, or their shares do not add up to 1.
    """
    names = [part.name for part in parts]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        msg = f"must be named once each, unlike {', '.join(twice)}; rename or merge them"
        raise ValueError(msg)
    total = sum(part.share for part in parts)
    if parts and abs(total - 1) > 1e-6:
        msg = f"must be parts whose shares add up to 1, not {total:g}; divide each share by {total:g}"
        raise ValueError(msg)
