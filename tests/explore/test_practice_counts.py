from __future__ import annotations

import pytest

from pixelsim.counts import CountReading, Counts, Exactness, count, count_outcome_values
from pixelsim.counts.exactness import worst
from pixelsim.explore.practice_counts import claim_rows, counted_reader, counted_sales
from pixelsim.scenario.measurement import AttributedShown
from pixelsim.scenario.practices import agency_clients, one_domain
from pixelsim.sharing import account_may_see


@pytest.fixture(
    scope="module",
    params=[
        ("agency_clients", AttributedShown.ANY_AD_ON_PIXEL),
        ("agency_clients", AttributedShown.OWN_ADS),
        ("one_domain", AttributedShown.OWN_ADS),
    ],
    ids="-".join,
)
def counts(request: pytest.FixtureRequest) -> Counts:
    """A run of six days in which every ad account is a viewer."""
    business, shown = request.param
    mine = agency_clients(clients=2) if business == "agency_clients" else one_domain(regions=2, accounts_of_region=1)
    measurement = mine.measurement.replace(attributed_shown=shown)
    return count(mine.replace(days=6, viewers=(), measurement=measurement), 3)


@pytest.mark.parametrize("event", ["Purchase", "ViewContent"])
def test_an_account_reads_what_the_report_of_a_viewer_says(counts: Counts, event: str) -> None:
    reported: dict[tuple[str, str], dict[tuple[str, str, str], tuple[float, Exactness]]] = {}
    for row in CountReading(counts).rows():
        if row.event == event and row.value is not None:
            table = reported.setdefault((row.account, row.pixel), {})
            key = row.surface, row.metric, row.rule
            value, exactness = table.get(key, (0.0, Exactness.EXACT))
            table[key] = value + row.value, worst((exactness, Exactness(row.exactness)))
    read, world = counted_reader(counts, event), counts.history.now
    found = {
        (account, code): {key: (value, exactness) for key, value, exactness in read(account, number)}
        for account in counts.numbering.accounts
        for number, code in enumerate(counts.numbering.pixels)
        if account_may_see(world, account, code).allowed
    }
    assert found == reported
    assert len(found) >= 2


def test_sales_are_the_orders_and_conversions_of_the_outcomes(counts: Counts) -> None:
    outcomes = [(one.outcome.outcome, one.outcome.value, one.exactness) for one in count_outcome_values(counts)]
    won = [(value, exactness) for name, value, exactness in outcomes if name == "conversions attributed"]
    sales = counted_sales(counts)
    assert sales.orders == next(value for name, value, _ in outcomes if name == "orders")
    assert sales.seen == next(value for name, value, _ in outcomes if name == "orders seen")
    assert sales.claimed == sum(value for value, _ in won) > 0
    assert sales.exactness[0] == next(exactness for name, _, exactness in outcomes if name == "orders")
    assert sales.exactness[2] == worst(exactness for value, exactness in won if value)
    read = [row for row in CountReading(counts).rows() if (row.metric, row.event) == ("total events", "Purchase")]
    totals = {row.pixel: row.value for row in read if row.value is not None}
    assert sales.of_pixels == tuple(totals[code] for code in counts.numbering.pixels)


def test_only_the_claims_that_are_asked_for_are_measured(counts: Counts) -> None:
    every = list(claim_rows(counts, ("Q1", "Q2", "Q3", "Q4", "Q5")))
    assert [row[0] for row in every] == sorted(row[0] for row in every)
    assert {row[0] for row in every} == {"Q1", "Q2", "Q3", "Q4", "Q5"}
    for asked in (("Q2",), ("Q3", "Q5"), ()):
        assert repr(list(claim_rows(counts, asked))) == repr([row for row in every if row[0] in asked])
