"""What a run in counts says of the claims Q1 to Q5 and of what Business Centers read, as the figures of events do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pixelsim.counts import CountReading, Counts, Exactness, count_outcome_values
from pixelsim.counts.copies import HOPS
from pixelsim.counts.exactness import of_copies, worst
from pixelsim.measure.practice import consistency
from pixelsim.scenario.capture import EVENT_NAMES

__all__ = ["CountedSales", "Key", "claim_rows", "counted_readings", "counted_sales"]

PURCHASE = EVENT_NAMES.index("Purchase")
Key = tuple[str, str, str]
"""Surface, metric and rule."""
ClaimRow = tuple[str, str, float, str, str, Exactness]
"""Claim, measure, value, unit, which way is better, and how far the value can be trusted."""


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else float("nan")


def _over(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")


@dataclass(frozen=True, slots=True)
class CountedSales:
    """The same sales, counted in each way that there is.

    Parameters
    ----------
    orders, seen
        Orders in truth, and those whose purchase event a pixel kept.
    of_pixels
        Purchase events that each pixel kept, in the order of the pixels.
    claimed
        Conversions that all ad accounts claim.
    exactness
        How far orders, events of pixels and claims can be trusted, in this order.
    """

    orders: int
    seen: int
    of_pixels: tuple[int, ...]
    claimed: float
    exactness: tuple[Exactness, Exactness, Exactness]


def _outcomes(counts: Counts) -> dict[str, list[tuple[float, Exactness]]]:
    found: dict[str, list[tuple[float, Exactness]]] = {}
    for one in count_outcome_values(counts):
        found.setdefault(one.outcome.outcome, []).append((one.outcome.value, one.exactness))
    return found


def _sales(counts: Counts, outcomes: Mapping[str, list[tuple[float, Exactness]]]) -> CountedSales:
    kept = counts.copies[:, :, PURCHASE, HOPS.index("kept")].sum(axis=1)
    won = outcomes.get("conversions attributed", [])
    [(orders, exact)], [(seen, _)] = outcomes["orders"], outcomes["orders seen"]
    copies = worst(of_copies(counts, pixel) for pixel in range(len(kept)))
    claimed = worst(exactness for value, exactness in won if value)
    total = sum(value for value, _ in won)
    return CountedSales(int(orders), int(seen), tuple(kept.tolist()), total, (exact, copies, claimed))


def counted_sales(counts: Counts) -> CountedSales:
    """Count the sales of a run in counts in every way that there is."""
    return _sales(counts, _outcomes(counts))


def claim_rows(counts: Counts) -> Iterator[ClaimRow]:
    """Measure the claims Q1 to Q5 in a run in counts; see :func:`pixelsim.measure.claims_measured`."""
    outcomes = _outcomes(counts)
    for claim, measure, outcome in (
        ("Q1", "days in learning, mean of new ad groups", "days in learning"),
        ("Q2", "days until usable, mean of audiences", "days until usable"),
    ):
        known = [(value, exactness) for value, exactness in outcomes.get(outcome, []) if np.isfinite(value)]
        yield (
            claim,
            measure,
            _mean([value for value, _ in known]),
            "days",
            "lower",
            worst(exactness for _, exactness in known),
        )
    sales = _sales(counts, outcomes)
    exact, copies, claimed = sales.exactness
    fullest, added = max(sales.of_pixels, default=0), sum(sales.of_pixels)
    yield "Q3", "share of seen orders in the fullest pixel", _over(fullest, sales.seen), "share", "higher", copies
    yield "Q3", "purchases of all pixels over distinct orders seen", _over(added, sales.seen), "times", "lower", copies
    told, rough = "claimed conversions over orders in truth", worst((exact, claimed))
    yield "Q3", told, _over(sales.claimed, sales.orders), "times", "lower", rough
    yield from _page_rows(counts, exact, copies)
    for measure, value, unit, better in consistency(counts.history.now).itertuples(index=False):
        yield "Q5", measure, float(value), unit, better, Exactness.EXACT


def _page_rows(counts: Counts, exact: Exactness, copies: Exactness) -> Iterator[ClaimRow]:
    """Q4: tell what pixels weigh on the pages."""
    sites = {site.website: site.capture for site in counts.scenario.traffic.sites}
    pages = [(sites.get(key), website.pixels) for key, website in sorted(counts.history.now.websites.items())]
    loads = [sum(of.loads.get(code, 1) if of else 1 for code in codes) for of, codes in pages]
    added = [n * (of.weight.milliseconds_per_pixel if of else 0.0) for n, (of, _) in zip(loads, pages, strict=True)]
    lost, stayed = int(counts.lost_sessions.sum()), int(counts.sessions.sum())
    sent = HOPS.index("sent")
    requests = int(counts.copies[..., sent].sum() + counts.previews[..., sent].sum())
    yield "Q4", "pixels on a page, mean of sites", _mean(loads), "pixels", "lower", Exactness.EXACT
    yield "Q4", "load time added to a page", _mean(added), "ms", "lower", Exactness.EXACT
    yield "Q4", "events sent", float(requests), "requests", "lower", copies
    yield "Q4", "sessions lost to load time", lost / max(lost + stayed, 1), "share", "lower", exact


def counted_readings(counts: Counts, event: str) -> dict[tuple[str, str], dict[Key, tuple[float, Exactness]]]:
    """Give what is read of one event from every ad account, by account and pixel code.

    Parameters
    ----------
    counts
        A run in counts of a scenario without viewers of its own, so that every ad account is one.
    event
        A standard event.
    """
    found: dict[tuple[str, str], dict[Key, tuple[float, Exactness]]] = {}
    for row in CountReading(counts).rows():
        if row.event == event and row.value is not None:
            table = found.setdefault((row.account, row.pixel), {})
            key = row.surface, row.metric, row.rule
            value, exactness = table.get(key, (0.0, Exactness.EXACT))
            table[key] = value + row.value, worst((exactness, Exactness(row.exactness)))
    return found
