"""The gap between what is claimed and what the books say: a pixel's conversions, and those of several networks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from pixelsim.base.errors import Fault, InputError
from pixelsim.base.money import to_major

__all__ = ["ClaimedSales", "GapStatus", "PixelGap", "claimed_sales", "pixel_gap"]


class GapStatus(StrEnum):
    """What a gap between shop orders and a pixel's conversions is called."""

    NORMAL = "NORMAL"
    WATCH = "WATCH"
    """Between what is called normal and what is called a fault."""
    FAULT_UNDER = "FAULT_UNDER"
    FAULT_OVER = "FAULT_OVER"
    """Likely duplicates: a pixel cannot see more orders than there are."""


@dataclass(frozen=True, slots=True)
class PixelGap:
    """A pixel's conversions against the shop's orders (P91).

    Parameters
    ----------
    orders, pixel
        Orders in the shop, and conversions of the pixel, over the same time.
    gap
        (pixel - orders) / orders; the sign matters. NaN without orders.
    status
        What that is called.
    """

    orders: int
    pixel: int
    gap: float
    status: GapStatus

    def __str__(self) -> str:
        likely = ", likely duplicates" if self.status is GapStatus.FAULT_OVER else ""
        return f"pixel {self.pixel}, orders {self.orders}: {self.gap:+.1%} {self.status}{likely}"


def pixel_gap(orders: int, pixel: int, *, normal: float = 0.10, fault: float = 0.15) -> PixelGap:
    """Compare a pixel's conversions with the shop's orders.

    Parameters
    ----------
    orders
        Orders in the shop, at least 1.
    pixel
        Conversions of the pixel, at least 0.
    normal, fault
        Largest gap that is called normal, and the gap above which it is a fault, shares of the orders. Defaults 10 %
        and 15 % (Admaxxer's glossary on the gap between pixel and orders: 5 to 10 % normal, over 15 % a fault).

    Raises
    ------
    InputError
        A count or a threshold is out of its range; all such faults are listed.
    """
    faults = []
    if orders < 1:
        faults.append(Fault("$.orders", "orders", str(orders), "at least 1", "compare a time in which something sold"))
    if pixel < 0:
        faults.append(Fault("$.pixel", "pixel", str(pixel), "at least 0", "give the pixel's conversions"))
    if not 0 <= normal <= fault:
        faults.append(
            Fault("$.normal", "normal", str(normal), f"from 0 to fault ({fault})", "lower it, or raise fault")
        )
    if faults:
        raise InputError("pixel gap", faults)
    gap = (pixel - orders) / orders
    if abs(gap) <= normal:
        status = GapStatus.NORMAL
    elif abs(gap) <= fault:
        status = GapStatus.WATCH
    else:
        status = GapStatus.FAULT_OVER if gap > 0 else GapStatus.FAULT_UNDER
    return PixelGap(orders, pixel, gap, status)


@dataclass(frozen=True, slots=True)
class ClaimedSales:
    """What several networks claim together, against the sales in the books (P58).

    Parameters
    ----------
    claimed, sales
        Sales that all networks claim, and those in the books.
    spend
        Money spent on all of them, in smallest units of ``currency``.
    """

    claimed: int
    sales: int
    spend: int
    currency: str

    @property
    def overcount(self) -> float:
        """How much more is claimed than was sold, as a share of the sales; negative where less is. NaN without any."""
        return self.claimed / self.sales - 1 if self.sales else float("nan")

    @property
    def cost_per_claimed(self) -> float:
        """Spend for each claimed sale in currency units; NaN without any."""
        return to_major(self.spend, self.currency) / self.claimed if self.claimed else float("nan")

    @property
    def cost_per_sale(self) -> float:
        """Spend for each real sale in currency units; NaN without any."""
        return to_major(self.spend, self.currency) / self.sales if self.sales else float("nan")


def claimed_sales(claims: Mapping[str, int], sales: int, spend: int, currency: str) -> ClaimedSales:
    """Put the claims of several networks beside the books.

    Parameters
    ----------
    claims
        Sales that each network claims, at least 0.
    sales
        Sales in the books, at least 0.
    spend
        Money spent, at least 0, in smallest units of ``currency``.

    Raises
    ------
    InputError
        A number is negative; all such faults are listed.
    """
    numbers = {**{f"claims.{name}": count for name, count in claims.items()}, "sales": sales, "spend": spend}
    faults = [
        Fault(f"$.{name}", name, str(number), "at least 0", "give a count, or leave the network out")
        for name, number in numbers.items()
        if number < 0
    ]
    if faults:
        raise InputError("claimed sales", faults)
    return ClaimedSales(sum(claims.values()), sales, spend, currency)
