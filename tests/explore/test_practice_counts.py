from __future__ import annotations

import pytest

from pixelsim.counts import CountReading, Counts, count, count_outcome_values
from pixelsim.counts.exactness import worst
from pixelsim.explore.practice import reads
from pixelsim.explore.practice_counts import claim_rows, counted_sales
from pixelsim.measure.metrics import Metric
from pixelsim.scenario.measurement import AttributedShown
from pixelsim.scenario.practices import agency_clients, one_domain
from pixelsim.scenario.scenario import Viewer
from pixelsim.sharing import account_may_see
from pixelsim.study.count_run import CountRun
from pixelsim.study.window import WHOLE
from pixelsim.world.queries import accounts_of_person


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
def test_one_event_is_read_as_among_all_of_them(counts: Counts, event: str) -> None:
    read = list(CountReading(counts, event=event).rows())
    assert read == [row for row in CountReading(counts).rows() if row.event == event]
    assert sum(row.value is not None for row in read) > 5


def test_campaigns_alone_are_read_as_among_all_metrics(counts: Counts) -> None:
    reading, pixels = CountReading(counts), range(len(counts.numbering.pixels))
    viewers = [Viewer(name=account, account=account) for account in counts.numbering.accounts]
    read = [row for one in viewers for pixel in pixels for row in reading.of_viewer(one, pixel, campaigns_only=True)]
    assert read == [row for row in reading.rows() if row.metric == Metric.CAMPAIGN]
    assert sum(row.value or 0 for row in read) > 0


@pytest.mark.parametrize("event", ["Purchase", "ViewContent"])
def test_people_read_what_the_reports_of_their_accounts_say(counts: Counts, event: str) -> None:
    world = counts.history.now
    seats = {
        bc: {a for home, person in world.members if home == bc for a in accounts_of_person(world, person)}
        for bc in world.business_centers
    }
    expected: dict[tuple[str, tuple[str, str, str]], float] = {}
    for bc, accounts in seats.items():
        told: set[tuple[str, str]] = set()
        for row in CountReading(counts).rows():
            if row.account not in accounts or row.event != event or row.value is None:
                continue
            if not account_may_see(world, row.account, row.pixel).allowed:
                continue
            # Totals of a pixel are the same from every account that sees it.
            once = (row.pixel, f"{row.surface} {row.metric}")
            if row.metric == Metric.CAMPAIGN or once not in told:
                key = bc, (row.surface, row.metric, row.rule)
                expected[key] = expected.get(key, 0.0) + row.value
            told.add(once)
    values, trust = reads(CountRun(counts, WHOLE), list(seats), event)
    assert {key: value for key, value in values.items() if value == value} == expected  # noqa: PLR0124 - NaN is not
    assert trust.keys() == expected.keys()
    assert len(expected) >= 5


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
