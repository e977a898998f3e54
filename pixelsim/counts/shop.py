"""The shop's own books from counts: orders and value by product and by market, in truth and as seen, refunds.

Products and refunds are drawn for the orders, exactly as often as each order alone would have them. Values are drawn
one by one as far as they are few; the sum of many is normal, with the mean and the variance of as many single ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pixelsim.base.money import decimals, to_major
from pixelsim.base.streams import Streams
from pixelsim.counts.draws import stream
from pixelsim.counts.exactness import Exactness, of_sessions, worst
from pixelsim.counts.result import Counts, SiteCounts
from pixelsim.measure.outcomes import Outcome
from pixelsim.measure.shop import COLUMNS
from pixelsim.scenario.traffic import OrderValue

__all__ = ["Book", "book_of", "count_by_market", "count_by_product", "shop_outcomes"]

Longs = NDArray[np.int64]
Stretch = tuple[int, int]

SINGLE = 10_000
"""So many values are drawn one by one; the sum of more is drawn as one number."""
SKEWED = 0.5
"""Most skewness of such a sum at which its distribution was compared with that of single values."""


@dataclass(frozen=True, slots=True, eq=False)
class Book:
    """Orders of one website and their value.

    Parameters
    ----------
    orders, value
        Number, and sum in smallest money units, int64 of shape (markets, products, 2, 2): not seen and seen, not
        refunded and refunded. A site without markets or products has one of them.
    exactness
        Of the value.
    """

    orders: Longs
    value: Longs
    exactness: Exactness


def book_of(counts: Counts, site: SiteCounts, stretch: Stretch | None = None) -> Book:
    """Draw the books of a website.

    Parameters
    ----------
    counts, site
        One replication in counts, and one of its sites.
    stretch
        Cells that count, as for :meth:`Counts.orders`; None: all of them.
    """
    traffic, streams = site.events.traffic, counts.streams
    name = traffic.website
    markets = [market.name for market in traffic.markets] or [""]
    products = [(one.name, one.share, one.value, one.refund_share) for one in traffic.products]
    products = products or [("", 1.0, traffic.value, None)]
    total, seen = _seen_by_market(counts, site, stretch)
    shares = np.array([share for _, share, _, _ in products])
    by_sight = np.stack([total - seen, seen], axis=-1)
    of_product = stream(streams, "products of orders", name).multinomial(by_sight, shares / shares.sum())
    refund = np.array([traffic.refund_share if given is None else given for _, _, _, given in products])
    refunded = stream(streams, "refunds", name).binomial(of_product, refund)
    orders = np.stack([of_product - refunded, refunded], axis=-1).swapaxes(1, 2)
    value, exact = np.zeros_like(orders), [of_sessions([site])]
    for place in np.argwhere(orders).tolist():
        market, product, sight, back = place
        key = " > ".join((name, markets[market], products[product][0]))
        worth, number = products[product][2], int(orders[tuple(place)])
        value[tuple(place)] = _sum(streams, (key, 2 * sight + back), worth, traffic.currency, number)
        exact.append(_of_sum(worth, number))
    return Book(orders, value, worst(exact))


def _seen_by_market(counts: Counts, site: SiteCounts, stretch: Stretch | None) -> tuple[Longs, Longs]:
    """Count orders and seen orders by market, shape (markets,).

    Each order of a cell is as likely to be seen as any other, whoever placed it.
    """
    of_market = np.zeros((len(counts.cells), max(len(site.markets), 1)), dtype=np.int64)
    for source in site.sources:
        of_market[:, max(source.market, 0)] += source.orders(stretch)
    for number in counts.leads[site.events.traffic.website]:
        of_market += _paid_by_market(counts, site, number, stretch)
    total, seen = counts.orders_of(site, stretch)
    rng = stream(counts.streams, "orders seen by market", site.events.traffic.website)
    found, left, rest = np.zeros_like(of_market), seen, total
    for place, orders in enumerate(of_market.T):
        rest = rest - orders
        found[:, place] = rng.hypergeometric(orders, rest, left)
        left = left - found[:, place]
    return of_market.sum(axis=0), found.sum(axis=0)


def _paid_by_market(counts: Counts, site: SiteCounts, number: int, stretch: Stretch | None = None) -> Longs:
    """Give the orders that touches of an ad group led to, by cell and market: each of somebody drawn at random."""
    orders, reached = counts.paid_orders(number, stretch), counts.reached[number]
    name = counts.numbering.ad_groups[number]
    shares = site.shares if reached < 0 else (np.arange(len(site.sizes)) == reached).astype(np.float64)
    return stream(counts.streams, "markets of orders", name).multinomial(orders, shares).astype(np.int64)


def _sum(streams: Streams, key: tuple[str, int], worth: OrderValue, currency: str, number: int) -> int:
    """Draw the sum of so many values in smallest units; those drawn one by one are whole each."""
    rng, scale = stream(streams, "order values", *key), 10.0 ** decimals(currency)
    if number <= SINGLE:
        score = rng.standard_normal(number)
        return int(np.rint(worth.median * np.exp(worth.sigma * score) * scale).sum())
    mean = worth.median * float(np.exp(worth.sigma**2 / 2))
    deviation = mean * np.sqrt(np.expm1(worth.sigma**2) * number)
    drawn = float(mean * number + deviation * rng.standard_normal())
    return max(round(drawn * scale), 0)


def _of_sum(worth: OrderValue, number: int) -> Exactness:
    """Judge a sum of values, by the skewness of a log-normal number over the root of how many there are."""
    if number <= SINGLE or worth.sigma == 0:
        return Exactness.EXACT
    spread = np.exp(worth.sigma**2)
    skewness = (spread + 2) * np.sqrt((spread - 1) / number)
    return Exactness.APPROXIMATE if skewness <= SKEWED else Exactness.OUTSIDE


def _row(orders: Longs, value: Longs, currency: str) -> tuple[float | int | str, ...]:
    """Give the columns of some orders, shape (2, 2): not seen and seen, not refunded and refunded."""
    numbers = (orders.sum(), orders[1].sum(), orders[:, 1].sum())
    money = (value.sum(), value[1].sum(), value[:, 0].sum())
    return (*(int(number) for number in numbers), *(to_major(int(minor), currency) for minor in money), currency)


def _books(counts: Counts, stretch: Stretch | None) -> Iterator[tuple[SiteCounts, Book]]:
    """Give the books of all websites that the scenario tells of, in its order."""
    sites = {site.events.traffic.website: site for site in counts.sites}
    for traffic in counts.scenario.traffic.sites:
        yield sites[traffic.website], book_of(counts, sites[traffic.website], stretch)


def count_by_product(counts: Counts, stretch: Stretch | None = None) -> pd.DataFrame:
    """Give the orders and their value by website and product, as :func:`pixelsim.measure.by_product` does.

    Parameters
    ----------
    counts, stretch
        As for `book_of`.

    Returns
    -------
    DataFrame
        The same columns, then ``exactness`` of the numbers of orders and ``exactness of value``.
    """
    rows = []
    for site, book in _books(counts, stretch):
        traffic, exact = site.events.traffic, (of_sessions([site]).value, book.exactness.value)
        for place, name in enumerate([product.name for product in traffic.products] or [""]):
            orders, value = (part[:, place].sum(axis=0) for part in (book.orders, book.value))
            rows.append((traffic.website, name, *_row(orders, value, traffic.currency), *exact))
    return pd.DataFrame(rows, columns=["website", "product", *COLUMNS, "currency", "exactness", "exactness of value"])


def count_by_market(counts: Counts, stretch: Stretch | None = None) -> pd.DataFrame:
    """Give sessions, orders and their value by website and market, as :func:`pixelsim.measure.by_market` does.

    Parameters
    ----------
    counts, stretch
        As for `book_of`; sessions are those of the whole run.

    Returns
    -------
    DataFrame
        The same columns, then ``exactness`` of the numbers and ``exactness of value``. Where there are several markets
        both are approximate: which orders were seen is dealt out to markets as if the people of all were alike.
    """
    rows = []
    for site, book in _books(counts, stretch):
        traffic = site.events.traffic
        found = [of_sessions([site]), Exactness.APPROXIMATE if len(site.markets) > 1 else Exactness.EXACT]
        exact = (worst(found).value, worst([*found, book.exactness]).value)
        sessions = _sessions_by_market(counts, site)
        nobodys = int(counts.sessions[counts.sites.index(site)].sum() - sessions.sum())
        orders, value = (part.sum(axis=1) for part in (book.orders, book.value))
        for place, market in enumerate(traffic.markets):
            told = _row(orders[place], value[place], traffic.currency)
            rows.append((traffic.website, market.name, int(sessions[place]), *told, *exact))
        if nobodys or not traffic.markets:
            # Whoever lives in no market of several buys nothing.
            own = np.int64(not traffic.markets)
            told = _row(own * orders[0], own * value[0], traffic.currency)
            rows.append((traffic.website, "", nobodys, *told, *exact))
    columns = ["website", "market", "sessions", *COLUMNS, "currency", "exactness", "exactness of value"]
    return pd.DataFrame(rows, columns=columns)


def _sessions_by_market(counts: Counts, site: SiteCounts) -> Longs:
    """Count the sessions of each market's people, and of the bots among its organic sessions."""
    found = np.zeros(len(site.markets), dtype=np.int64)
    if not site.markets:
        return found
    for source in site.sources:
        if source.market >= 0:
            found[source.market] += source.sessions.sum()
    for number in counts.leads[site.events.traffic.website]:
        paid, orders = counts.paid[number], _paid_by_market(counts, site, number).sum(axis=0)
        rest = int(paid.tally.sessions.sum() - paid.followed.landings_of_bots.sum() - orders.sum())
        reached, rng = counts.reached[number], stream(counts.streams, "markets", counts.numbering.ad_groups[number])
        shares = site.shares if reached < 0 else (np.arange(len(site.sizes)) == reached).astype(np.float64)
        found += orders + rng.multinomial(rest, shares)
    return found


def shop_outcomes(counts: Counts, stretch: Stretch | None = None) -> Iterator[tuple[Outcome, Exactness]]:
    """Give what the shops' own books say, as far as the scenario tells refunds, products and markets apart.

    Parameters
    ----------
    counts, stretch
        As for `book_of`.
    """
    specs = counts.scenario.traffic.sites
    refunds = any(site.refund_share > 0 or any(p.refund_share for p in site.products) for site in specs)
    products, markets = (any(getattr(site, part) for site in specs) for part in ("products", "markets"))
    if not (refunds or products or markets):
        return
    books = list(_books(counts, stretch))
    exact = of_sessions([site for site, _ in books])
    if refunds:
        kept = sum(int(book.orders[..., 0].sum()) for _, book in books)
        yield Outcome("net orders", "all sites", float(kept), "orders", "truth"), exact
        for currency in sorted({site.events.traffic.currency for site, _ in books}):
            mine = [book for site, book in books if site.events.traffic.currency == currency]
            of_value = worst(book.exactness for book in mine)
            for name, value in (
                ("order value", sum(int(book.value.sum()) for book in mine)),
                ("net order value", sum(int(book.value[..., 0].sum()) for book in mine)),
            ):
                yield Outcome(name, "all sites", to_major(value, currency), currency, "truth"), of_value
    for kind, told, axis in (("product", products, 1), ("market", markets, 0)):
        for site, book in books if told else []:
            traffic = site.events.traffic
            names = {"product": [one.name for one in traffic.products], "market": [one.name for one in traffic.markets]}
            for name, number in zip(names[kind], np.moveaxis(book.orders, axis, 0), strict=False):
                item = f"{name} ({traffic.website})"
                yield Outcome(f"orders of a {kind}", item, float(number.sum()), "orders", "truth"), of_sessions([site])
