"""Field cases of visits that are none, through the simulator: preview hosts, fake visits, invalid traffic."""

from __future__ import annotations

import numpy as np
import pytest
from field_shops import DAY, HOUR, MINUTE, business, kept, play, visits

from pixelsim.base.errors import InputError
from pixelsim.measure.audit import InvalidTraffic
from pixelsim.measure.domains import events_by_host
from pixelsim.traffic.sessions import Visit

# P99: 1,000 events a day from the site; 3,000 from the tag manager's preview host on two working days.


def test_P99_preview_hosts_are_excluded_by_default_and_listed():
    one = business(days=5)
    site = visits("shop", (np.arange(5)[:, None] * DAY + np.arange(1_000) * MINUTE).ravel(), np.arange(5_000))
    preview_at = (np.array([1, 2])[:, None] * DAY + np.arange(3_000) * (HOUR // 200)).ravel()
    preview = visits("shop", preview_at, 10_000 + np.arange(6_000), kind=Visit.PREVIEW)
    run = play(one, [site, preview])
    table = events_by_host(run.simulation, pixel="px_1", event="PageView")
    assert table.groupby("day")["events"].sum().tolist() == [1_000, 4_000, 4_000, 1_000, 1_000]
    assert table[~table["excluded"]].groupby("day")["events"].sum().tolist() == [1_000] * 5
    listed = table[table["excluded"]]
    assert listed[["day", "host", "events"]].to_numpy().tolist() == [
        [1, "preview host", 3_000],
        [2, "preview host", 3_000],
    ]
    by_day = run.metrics("acc_0", by="day")
    clean = by_day[(by_day["rule"] == "R24") & (by_day["event"] == "PageView")]
    assert clean["value"].tolist() == [1_000] * 5


# P100: visits by source, and the share of them that is fake: T 2.56 %, F 2.01 %, X 75.9 %.

SOURCES = {"T": (40_000, 0.0256), "F": (8_100, 0.0201), "X": (144, 0.759)}


@pytest.fixture(scope="module")
def by_source():
    """One site, an ad group for each source; the source's visitors come by its clicks, its bots are no people."""
    fake = {source: round(count * share) for source, (count, share) in SOURCES.items()}
    assert fake == {"T": 1_024, "F": 163, "X": 109}
    build = {"do": "build_audience", "account": "acc_0", "audience": "visitors", "pixel": "px_1"}
    one = business(days=2, steps=[(0.0, build)])
    came, first = [], 0
    for source, (count, _) in SOURCES.items():
        people = first + np.arange(count)
        real = count - fake[source]
        at = np.arange(count) % DAY
        # One in a hundred real visitors buys; bots never do.
        came.append(visits("shop", at[:real], people[:real], number=people[:real], ordered=np.arange(real) % 100 == 0))
        came.append(visits("shop", at[real:], people[real:], number=people[real:], kind=Visit.BOT))
        first += count
    return play(one, came), fake


def test_P100_the_share_of_fake_visits_belongs_to_the_source(by_source):
    run, fake = by_source
    views = kept(run, "visit", event="PageView")
    total = sum(count for count, _ in SOURCES.values())
    assert views == {"person": total - sum(fake.values()), "bot": sum(fake.values())}
    assert (sum(fake.values()), total) == (1_296, 48_244)
    assert round(100 * views["bot"] / total, 2) == 2.69


def test_P100_audiences_are_inflated_and_purchases_are_not(by_source):
    run, fake = by_source
    people = run.simulation.audiences[-1].people
    real = 48_244 - 1_296
    assert people == 48_244
    assert round(100 * (people / real - 1), 2) == 2.76
    purchases = kept(run, "visit")
    assert set(purchases) == {"person"}
    bought = purchases["person"]
    assert bought == sum(-(-(count - fake[source]) // 100) for source, (count, _) in SOURCES.items())
    assert bought / 48_244 < bought / real, "the conversion rate is understated"


def test_P100_each_ad_group_has_a_bot_rate_of_its_own():
    """Drawn clicks: the share of bots of each source lies within four standard deviations of its rate."""
    one = business(
        days=2,
        groups={
            source: {
                "account": "acc_1",
                "budget": 20.0,
                "delivery": {"click_rate": 0.5, "bots": share, "landing_share": 1.0, "conversion_rate": 0.1},
            }
            for source, (_, share) in SOURCES.items()
        },
        links=[("px_1", "acc_1")],
    )
    log = play(one).log()
    views = log[(log["event"] == "PageView") & log["event_key"].str.startswith("click > ")]
    source = views["event_key"].str.extract(r"click > (\w+):")[0]
    for name, (_, share) in SOURCES.items():
        mine = views[source == name]
        n = len(mine)
        assert n > 5_000
        assert abs((mine["visit"] == "bot").mean() - share) < 4 * np.sqrt(share * (1 - share) / n)
    assert set(log.loc[log["event"] == "Purchase", "visit"]) == {"person"}


# P101: 79.4 % valid, 12.3 % simple and 8.3 % clever invalid; a filter catches the simple kind only.


def test_P101_only_the_simple_kind_can_be_filtered_by_list():
    left, invalid = InvalidTraffic(simple=0.123, clever=0.083).after_filter(10_000)
    assert (left, invalid) == (8_770, 830)
    assert round(100 * invalid / left, 2) == 9.46


def test_P101_a_filter_that_catches_nothing_or_everything():
    traffic = InvalidTraffic(simple=0.123, clever=0.083)
    assert traffic.after_filter(10_000, caught_simple=0.0) == (10_000, 2_060)
    assert traffic.after_filter(10_000, caught_clever=1.0) == (7_940, 0)
    with pytest.raises(InputError, match="at most 1"):
        InvalidTraffic(simple=0.6, clever=0.5)
    with pytest.raises(InputError, match="2 faults"):
        InvalidTraffic(simple=-0.1, clever=1.2)
