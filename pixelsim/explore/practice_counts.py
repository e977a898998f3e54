"""What a run in counts says of the claims Q1 to Q5 and of what Business Centers read, as the figures of events do."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pixelsim.counts import Counts, Exactness
from pixelsim.counts.copies import HOPS
from pixelsim.counts.exactness import of_attribution, of_copies, of_sessions, worst
from pixelsim.counts.outcomes import of_audiences, of_learning
from pixelsim.measure.practice import consistency_rows
from pixelsim.scenario.capture import EVENT_NAMES

__all__ = ["CountedSales", "Key", "claim_rows", "counted_sales"]

PURCHASE = EVENT_NAMES.index("Purchase")
_KEPT = HOPS.index("kept")
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


def counted_sales(counts: Counts) -> CountedSales:
    """Count the sales of a run in counts in every way that there is."""
    numbering = counts.numbering
    kept = counts.copies[:, :, PURCHASE, _KEPT].sum(axis=1)
    orders, seen = counts.orders()
    of_account: dict[int, list[int]] = {}
    for group in counts.credit:
        of_account.setdefault(numbering.group_account[group], []).append(group)
    total, earning = 0, set()
    for groups in of_account.values():
        won = sum(int(counts.credit[group].claims[PURCHASE].sum()) for group in groups)
        total += won
        earning |= {int(numbering.group_pixel[group]) for group in groups if won}
    copies = worst(of_copies(counts, pixel) for pixel in range(len(kept)))
    claimed = worst(of_attribution(counts, pixel, PURCHASE) for pixel in sorted(earning))
    trust = of_sessions(counts.sites), copies, claimed
    return CountedSales(orders, seen, tuple(kept.tolist()), float(total), trust)


def claim_rows(counts: Counts, claims: Collection[str], sales: CountedSales | None = None) -> Iterator[ClaimRow]:
    """Measure some of the claims Q1 to Q5 in a run in counts; see :func:`pixelsim.measure.claims_measured`.

    Parameters
    ----------
    counts
        The run.
    claims
        Ids of the claims that are asked for; the others cost nothing.
    sales
        Its sales, where they have been counted already.
    """
    if not {"Q1", "Q2"}.isdisjoint(claims):
        yield from (row for row in _waiting_rows(counts) if row[0] in claims)
    sales = counted_sales(counts) if sales is None else sales
    exact, copies, _ = sales.exactness
    if "Q3" in claims:
        yield from _reporting_rows(sales)
    if "Q4" in claims:
        yield from _page_rows(counts, exact, copies)
    if "Q5" in claims:
        for measure, value, unit, better in consistency_rows(counts.history.now):
            yield "Q5", measure, value, unit, better, Exactness.EXACT


def _waiting_rows(counts: Counts) -> Iterator[ClaimRow]:
    """Q1 and Q2: tell how long learning and audiences take."""
    outcomes: dict[str, list[tuple[float, Exactness]]] = {}
    for one in (*of_learning(counts, 0, len(counts.cells)), *of_audiences(counts)):
        outcomes.setdefault(one.outcome.outcome, []).append((one.outcome.value, one.exactness))
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


def _reporting_rows(sales: CountedSales) -> Iterator[ClaimRow]:
    """Q3: tell whether everything is in one place, and whether anything is counted twice."""
    exact, copies, claimed = sales.exactness
    fullest, added = max(sales.of_pixels, default=0), sum(sales.of_pixels)
    yield "Q3", "share of seen orders in the fullest pixel", _over(fullest, sales.seen), "share", "higher", copies
    yield "Q3", "purchases of all pixels over distinct orders seen", _over(added, sales.seen), "times", "lower", copies
    told, rough = "claimed conversions over orders in truth", worst((exact, claimed))
    yield "Q3", told, _over(sales.claimed, sales.orders), "times", "lower", rough


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
