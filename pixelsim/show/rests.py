"""What a report adds where a run has it: orders by product and market, what organic traffic is worth, and audits."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from pixelsim.measure import audit_run, organic_sensitivity
from pixelsim.scenario.parameters import parameters
from pixelsim.show.digits import count, number
from pixelsim.show.names import Names
from pixelsim.show.page import Cell, paragraph, table
from pixelsim.show.timeline import ONE_HISTORY
from pixelsim.study.run import Run

__all__ = ["audit_table", "order_tables", "organic_table"]

_ORDERS = ("orders", "orders seen", "orders refunded")
_VALUES = ("value", "value seen", "net value")
_NOTHING_FOUND = (
    "Audits of tags, installations, event ids, purchases, senders and learning find nothing in this history."
)


def order_tables(run: Run, names: Names) -> str:
    """Give the orders of a run by product and by market, as HTML; nothing where no website has either."""
    sites = run.scenario.traffic.sites
    parts = []
    if any(site.products for site in sites):
        parts.append(_orders("Orders by product", run.by_product(), "product", names))
    if any(site.markets for site in sites):
        parts.append(_orders("Orders by market", run.by_market(), "market", names, first=("sessions",)))
    note = f"{ONE_HISTORY}; refunds count whenever they come."
    return paragraph(note) + "".join(parts) if parts else ""


def _orders(title: str, found: pd.DataFrame, of: str, names: Names, first: tuple[str, ...] = ()) -> str:
    counts = (*first, *_ORDERS)
    cells = [
        (
            names.of("websites", row["website"]),
            row[of] or "none",
            *(Cell(count(row[name]), row[name]) for name in counts),
            *(Cell(number(row[name]), row[name]) for name in _VALUES),
            row["currency"],
        )
        for row in found.to_dict("records")
    ]
    numeric = [name.capitalize() for name in (*counts, *_VALUES)]
    return table(title, ["Website", of.capitalize(), *numeric, "Currency"], cells, numeric=numeric)


def _change(share: float) -> Cell:
    return Cell(f"{share:+.0%}".replace("-", "−"), share)


def organic_table(run: Run, names: Names) -> str:
    """Give how far total events rest on the organic sessions of each website, which no export tells, as HTML."""
    sources = {path: source for path, _, _, source in parameters(run.asked)}
    found = organic_sensitivity(run.simulation)
    found = found[found["total"] > 0]
    if found.empty:
        return ""
    columns = ["Event", "Website", "Pixel", "Total", "Of organic sessions", "With half as many", "With twice as many"]
    cells = [
        (
            row["event"],
            names.of("websites", row["website"]),
            names.of("pixels", row["pixel"]),
            *(Cell(count(row[name]), row[name]) for name in ("total", "organic")),
            *(_change(row[name] / row["total"] - 1) for name in ("halved", "doubled")),
        )
        for row in found.to_dict("records")
    ]

    def rests() -> Iterator[str]:
        for site in run.asked.traffic.sites:
            source = sources[f"traffic.sites[{site.website}].organic_sessions"]
            where = names.of("websites", site.website)
            yield f"{number(site.organic_sessions)} a day on {where} ({source.kind.value}: {source.text})"

    told = f"Total events rest on organic sessions, which no export tells: {'; '.join(rests())}. {ONE_HISTORY}."
    return paragraph(told) + table("What organic traffic is worth", columns, cells, numeric=columns[3:])


def audit_table(run: Run, names: Names) -> str:
    """Give what the audits find in a run, and what to do, as HTML."""
    cells = [(names.text(found.sentence), names.text(found.remedy)) for found in audit_run(run.simulation)]
    if not cells:
        return paragraph(_NOTHING_FOUND)
    return table("What the audits find", ["Finding", "What to do"], cells, numeric=[])
