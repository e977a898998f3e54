"""Money behind conversions: values that events lack, refunds that no ad report hears of, and several currencies."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from pixelsim.base.errors import Fault, InputError
from pixelsim.base.money import minor_units, to_major

__all__ = [
    "Ledger",
    "RefundDay",
    "SalesAnswer",
    "ValueQuality",
    "pixel_revenue",
    "return_on_spend",
    "sales_answer",
    "value_quality",
]

Longs = NDArray[np.int64]
Days = NDArray[np.datetime64]
CODE = re.compile(r"[A-Z]{3}")


def return_on_spend(revenue: int, spend: int) -> float:
    """Divide revenue by spend, both in smallest units of one currency; NaN without spend."""
    return revenue / spend if spend else float("nan")


@dataclass(frozen=True, slots=True)
class ValueQuality:
    """What the purchase events of a pixel say about money (P105).

    Parameters
    ----------
    purchases
        All purchase events, whatever they say.
    counted
        Those whose value and currency can be used.
    revenue
        Sum of the usable values by currency, in smallest units.
    missing, unparsable, zero
        Events without a value, with one that is no plain number of at least 0, and with the value 0.
    no_currency, bad_code
        Events with a usable value whose currency is missing, or is no code of three letters.
    normalised
        Events counted although their code was not in capitals.
    """

    purchases: int
    counted: int
    revenue: Mapping[str, int]
    missing: int = 0
    unparsable: int = 0
    zero: int = 0
    no_currency: int = 0
    bad_code: int = 0
    normalised: int = 0

    @property
    def coverage(self) -> str:
        """How many purchases the revenue is of, in words."""
        return f"value coverage {self.counted} of {self.purchases}"

    def describe_return(self, spend: int, currency: str) -> str:
        """Write the return on spend (smallest units of ``currency``) with the coverage that it rests on."""
        return f"ROAS {return_on_spend(self.revenue.get(currency, 0), spend):.2f}, {self.coverage}"


def value_quality(records: Iterable[tuple[object, object]], *, strict_code: bool = False) -> ValueQuality:
    """Look through the values of purchase events.

    Parameters
    ----------
    records
        Value and currency of each purchase, as they were sent: of any type, None where there is none.
    strict_code
        Whether a code in small letters is a fault instead of being read as its capitals.
    """
    found: Counter[str] = Counter()
    revenue: Counter[str] = Counter()
    for value, currency in records:
        found["purchases"] += 1
        amount, fault = _amount(value)
        if amount is None:
            found[fault] += 1
            continue
        code = "" if currency is None else str(currency).strip()
        if not code:
            found["no_currency"] += 1
        elif not CODE.fullmatch(code.upper()) or (strict_code and code != code.upper()):
            found["bad_code"] += 1
        else:
            found["counted"] += 1
            found["normalised"] += code != code.upper()
            revenue[code.upper()] += minor_units(amount, code.upper())
    names = ("missing", "unparsable", "zero", "no_currency", "bad_code", "normalised")
    counts = {name: found[name] for name in names}
    return ValueQuality(found["purchases"], found["counted"], dict(sorted(revenue.items())), **counts)


def _amount(value: object) -> tuple[Decimal | None, str]:
    """Read a value as an amount above 0, else give what is wrong with it."""
    if value is None or value == "" or (isinstance(value, float) and np.isnan(value)):
        return None, "missing"
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return None, "unparsable"
    if isinstance(value, bool) or not amount.is_finite() or amount < 0:
        return None, "unparsable"
    return (amount, "") if amount else (None, "zero")


def pixel_revenue(event: Sequence[str], value: ArrayLike, *, sale: str = "Purchase") -> int:
    """Add up what a pixel counts as revenue: the values of its sale events, and of no others (P106).

    A refund that is sent as an event of its own has a positive value and takes nothing back, so it is left out.

    Parameters
    ----------
    event
        Names of the events, shape (n,).
    value
        Values in smallest units, -1 where there is none, whole numbers of shape (n,).
    sale
        Name of the sale event.
    """
    values = np.asarray(value, dtype=np.int64)
    sold = np.array([name == sale for name in event], dtype=np.bool_) & (values > 0)
    return int(values[sold].sum())


class RefundDay(StrEnum):
    """On which day a refund stands in the books."""

    ORDER = "order"
    REFUND = "refund"


@dataclass(frozen=True, slots=True, eq=False)
class Ledger:
    """The books of a shop in one currency: orders, and refunds of them (P106, P107).

    Parameters
    ----------
    currency
        Currency of all amounts.
    order_day, order_amount
        Calendar day (datetime64[D]) and amount in smallest units of each order, at least 0, shape (n,).
    refund_order, refund_day, refund_amount
        Position of the order, calendar day and amount of each refund, shape (k,).

    Raises
    ------
    InputError
        An amount is negative, a refund names no order, lies before its order, or gives back more than was paid; all
        such faults are listed.
    """

    currency: str
    order_day: Days
    order_amount: Longs
    refund_order: Longs
    refund_day: Days
    refund_amount: Longs

    def __post_init__(self) -> None:
        faults = [
            Fault(f"$.orders[{row}]", "amount", str(self.order_amount[row]), "at least 0", "book refunds as refunds")
            for row in np.flatnonzero(self.order_amount < 0)
        ]
        known = (self.refund_order >= 0) & (self.refund_order < len(self.order_amount))
        last = len(self.order_amount) - 1
        for row in np.flatnonzero(~known):
            rule = f"the position of an order, from 0 to {last}"
            faults.append(
                Fault(f"$.refunds[{row}]", "order", str(self.refund_order[row]), rule, "name the order refunded")
            )
        for row in np.flatnonzero(self.refund_amount < 0):
            remedy = "give what was paid back as a positive amount"
            faults.append(Fault(f"$.refunds[{row}]", "amount", str(self.refund_amount[row]), "at least 0", remedy))
        for row in np.flatnonzero(known):
            paid_on = self.order_day[self.refund_order[row]]
            if self.refund_day[row] < paid_on:
                rule = f"not before its order's day, {paid_on}"
                faults.append(
                    Fault(f"$.refunds[{row}]", "day", str(self.refund_day[row]), rule, "give the refund's own day")
                )
        back = np.bincount(self.refund_order[known], weights=self.refund_amount[known], minlength=last + 1)
        for row in np.flatnonzero((back > self.order_amount) & (self.order_amount >= 0)):
            rule = f"at most what was paid, {self.order_amount[row]}"
            faults.append(Fault(f"$.orders[{row}]", "refunds", f"{back[row]:.0f}", rule, "correct order or refunds"))
        if faults:
            raise InputError("ledger", faults)

    @classmethod
    def of(
        cls,
        currency: str,
        order_day: ArrayLike,
        order_amount: ArrayLike,
        *,
        refund_order: ArrayLike = (),
        refund_day: ArrayLike = (),
        refund_amount: ArrayLike = (),
    ) -> Ledger:
        """Make the books of columns; a single order day or amount holds for all orders, of which the other tells."""
        days, amounts = np.broadcast_arrays(np.asarray(order_day, "datetime64[D]"), np.asarray(order_amount, np.int64))
        back, refunded = np.asarray(refund_order, np.int64), np.asarray(refund_amount, np.int64)
        return cls(currency, days, amounts, back, np.asarray(refund_day, "datetime64[D]"), refunded)

    @property
    def gross(self) -> int:
        """All orders, in smallest units."""
        return int(self.order_amount.sum())

    @property
    def refunded(self) -> int:
        """All refunds, in smallest units."""
        return int(self.refund_amount.sum())

    @property
    def net(self) -> int:
        """Orders less refunds, in smallest units."""
        return self.gross - self.refunded

    def by_month(self, basis: RefundDay | str) -> pd.DataFrame:
        """Give gross, refunds and net by calendar month, refunds on the day that the basis says.

        Returns
        -------
        DataFrame
            Index ``month`` (text such as ``"2026-01"``), columns ``gross``, ``refunds``, ``net`` in currency units
            and ``basis``. Over all months both bases have the same sums.
        """
        chosen = RefundDay(basis)
        booked = self.refund_day if chosen is RefundDay.REFUND else self.order_day[self.refund_order]
        parts = ((self.order_day, self.order_amount), (booked, self.refund_amount))
        gross, refunds = (
            pd.Series(amount).groupby(day.astype("datetime64[M]").astype(str)).sum() for day, amount in parts
        )
        table = pd.DataFrame({"gross": gross, "refunds": refunds}).fillna(0).astype(np.int64)
        table["net"] = table["gross"] - table["refunds"]
        money = table.map(lambda minor: to_major(int(minor), self.currency))
        return money.rename_axis("month").assign(basis=chosen.value)


@dataclass(frozen=True, slots=True)
class SalesAnswer:
    """An answer about orders and sales; what was not asked for is None (P109).

    Parameters
    ----------
    orders
        Number of orders.
    sales
        Sum of the sales in smallest units of ``currency``.
    currency
        Currency that the answer is limited to; None: orders of all currencies.
    note
        What a limit leaves out, in words.
    """

    orders: int | None
    sales: int | None
    currency: str | None
    note: str = ""


def sales_answer(
    order_currency: Sequence[str],
    amount: ArrayLike,
    *,
    orders: bool = True,
    sales: bool = False,
    currency: str | None = None,
) -> SalesAnswer:
    """Count orders, add up sales, or both; a currency narrows the answer only where money is asked for.

    Parameters
    ----------
    order_currency, amount
        Currency, and amount in its smallest units, of each order, shape (n,).
    orders, sales
        What is asked for.
    currency
        Currency of the sales; may be left out where all orders have the same one.

    Raises
    ------
    InputError
        Sales are asked for over several currencies without naming one, or in one that no order has.
    """
    codes, amounts = np.array(order_currency, dtype=object), np.asarray(amount, dtype=np.int64)
    if not sales:
        return SalesAnswer(len(codes) if orders else None, None, None)
    counts = Counter(sorted(codes.tolist()))
    target = currency if currency is not None else next(iter(counts), None) if len(counts) <= 1 else None
    if (target is None and counts) or (target is not None and target not in counts):
        listed = ", ".join(f"{code} {count} orders" for code, count in counts.items())
        raise InputError.single(
            "sales",
            field="currency",
            value=currency,
            rule=f"one of the orders' currencies ({listed})",
            remedy="name the currency to add up; amounts of several are never added",
        )
    mine = codes == target
    within = int(np.count_nonzero(mine))
    note = ""
    if within < len(codes):
        note = f"{target} orders only: {within} of {len(codes)} orders"
    return SalesAnswer(within if orders else None, int(amounts[mine].sum()), target, note)
