"""Field cases of domains, through the simulator: one pixel on several sites, several pixels for one brand."""

from __future__ import annotations

import numpy as np
import pytest
from field_shops import DAY, HOUR, MINUTE, business, clicks, kept, play, read, visits

from pixelsim.base.errors import InputError
from pixelsim.measure import Figure, Stage, reconcile
from pixelsim.measure.domains import brand_total, events_by_host, events_by_site, new_host_alerts, resolve_pixel

# P83: 100 clickers buy; 40 of them check out on another registered domain.


def checking_out_elsewhere(passed: bool):
    one = business(
        days=2,
        sites={"shop": {"capture": {"other_checkout": 0.4, "click_id_passed": passed}}},
        links=[("px_1", "acc_1")],
        groups={"g_1": {"account": "acc_1"}},
    )
    pilot = play(one, [visits("shop", HOUR, np.arange(1_000), ordered=True)]).simulation.log
    bought = pilot.event == 4
    elsewhere = np.sort(pilot.person[bought & (pilot.visitor != pilot.person)])
    at_home = np.sort(pilot.person[bought & (pilot.visitor == pilot.person)])
    # A share of 40 % of 1,000 people, within four standard deviations.
    assert abs(len(elsewhere) - 400) < 4 * np.sqrt(1_000 * 0.4 * 0.6)
    buyers = np.concatenate([at_home[:60], elsewhere[:40]])
    came = visits("shop", DAY + np.arange(100) * MINUTE, buyers, ordered=True)
    return play(one, [came], [clicks("g_1", np.arange(100) * MINUTE, buyers)])


@pytest.mark.parametrize(("passed", "attributed"), [(False, 60), (True, 100)])
def test_P83_checkout_on_another_registered_domain_gives_a_new_cookie(passed, attributed):
    run = checking_out_elsewhere(passed)
    assert read(run, "acc_1", "attributed events") == attributed
    assert read(run, "acc_1", "total events") == 100
    log = run.simulation.log
    assert len(np.unique(log.visitor)) == 140
    assert len(np.unique(log.person)) == 100
    if not passed:
        bridge = reconcile(run.simulation, Figure(stage=Stage.TOTAL), Figure(stage=Stage.ATTRIBUTED))
        assert bridge.steps.to_dict("records") == [{"step": "less: no ad was touched before", "change": -40}]


# P85: px_1 gets 1,000 events a day from a.example; from day 5 to 9 it stands on b.example too, with 4,000 a day.


@pytest.fixture(scope="module")
def second_site():
    put = {"do": "install_pixel", "website": "b", "pixel": "px_1"}
    take = {"do": "uninstall_pixel", "website": "b", "pixel": "px_1"}
    one = business(days=12, sites={"a": {"pixels": ["px_1"]}, "b": {"pixels": []}}, steps=[(5.0, put), (10.0, take)])
    per_day = {"a": 1_000, "b": 4_000}
    came = [
        visits(
            site,
            (np.arange(12)[:, None] * DAY + np.arange(count) * (DAY // count)).ravel(),
            np.arange(12 * count),
        )
        for site, count in per_day.items()
    ]
    return play(one, came)


def test_P85_a_second_site_sends_most_of_the_pixels_events(second_site):
    table = events_by_host(second_site.simulation, pixel="px_1")
    mix = table.pivot_table(index="day", columns="host", values="share", fill_value=0.0)
    assert mix["a.example"].tolist() == [1.0] * 5 + [0.2] * 5 + [1.0] * 2
    assert mix["b.example"].tolist() == [0.0] * 5 + [0.8] * 5 + [0.0] * 2
    assert table.loc[table["host"] == "b.example", "events"].tolist() == [4_000] * 5
    (alert,) = new_host_alerts(table)
    assert (alert.host, alert.first_day, alert.last_day, alert.share) == ("b.example", 5, 9, 0.8)
    assert str(alert) == "new domain sends most events: b.example, 80% on days 5-9"


def test_P85_no_stop_of_delivery_is_claimed(second_site):
    told = str(new_host_alerts(events_by_host(second_site.simulation, pixel="px_1"))[0])
    assert "deliver" not in told
    assert "stop" not in told
    assert "spend" not in told


def test_P85_a_site_that_was_there_from_the_start_or_sends_little_is_no_alert(second_site):
    table = events_by_host(second_site.simulation, pixel="px_1")
    assert new_host_alerts(table[table["day"] >= 5]) == ()
    assert new_host_alerts(table, threshold=0.8) == ()
    assert len(new_host_alerts(table, threshold=0.79)) == 1


# P87: global px_g, store de px_de, store fr none; 100, 60 and 40 orders on en, de and fr.

STORES = {"en": 100, "de": 60, "fr": 40}
PIXELS = {"global": "px_g", "de": "px_de", "fr": None}
PARENTS = {"en": "global", "de": "global", "fr": "global"}


def orders_of_stores(pixel_of: dict[str, str]):
    sites = {store: {"pixels": [pixel_of[store]]} for store in STORES}
    one = business(sites=sites, pixels={"px_g": "acc_0", "px_de": "acc_1"})
    came = [visits(store, np.arange(n) * MINUTE, np.arange(n), ordered=True) for store, n in STORES.items()]
    return kept(play(one, came), "pixel")


def test_P87_settings_of_a_store_view_fall_back_upwards():
    resolved = {store: resolve_pixel(store, PIXELS, PARENTS) for store in STORES}
    assert resolved == {"en": "px_g", "de": "px_de", "fr": "px_g"}
    assert orders_of_stores(resolved) == {"px_g": 140, "px_de": 60}
    fault = dict.fromkeys(STORES, PIXELS["global"])
    assert orders_of_stores(fault) == {"px_g": 200}


def test_P87_a_pixel_may_be_set_on_any_level_or_none():
    parents = PARENTS | {"de_at": "de", "de_at_vienna": "de_at"}
    assert resolve_pixel("de_at_vienna", PIXELS, parents) == "px_de"
    assert resolve_pixel("de_at_vienna", PIXELS | {"de_at": "px_at"}, parents) == "px_at"
    assert resolve_pixel("en", {}, PARENTS) is None
    with pytest.raises(InputError, match="en > global > en"):
        resolve_pixel("en", {}, {"en": "global", "global": "en"})


# P89: window 28 days, click id 7 days; orders 1, 6, 8 and 20 days after the click.


@pytest.mark.parametrize(("cookie_days", "attributed"), [(0.0, 2), (390.0, 4)])
def test_P89_a_click_can_be_found_as_long_as_its_id_or_the_cookie_lives(cookie_days, attributed):
    one = business(
        days=22,
        sites={"shop": {"capture": {"cookie_days": cookie_days}}},
        links=[("px_1", "acc_1")],
        groups={"g_1": {"account": "acc_1", "click_days": 28}},
    )
    assert one.measurement.click_id_days == 7
    came = visits("shop", np.array([1, 6, 8, 20]) * DAY, np.arange(4), ordered=True)
    run = play(one, [came], [clicks("g_1", 0, np.arange(4))])
    assert read(run, "acc_1", "attributed events") == attributed
    assert read(run, "acc_1", "total events") == 4


# P90: 10 locations with 30 leads each; a hub pixel on all sites, a pixel for each site, or both. Leads are orders here.

LOCATIONS = [f"location_{n}" for n in range(10)]


def franchise(design: str):
    own = {site: f"px_{n}" for n, site in enumerate(LOCATIONS)}
    sites = {
        site: {"pixels": (["px_h"] if design != "local" else []) + ([own[site]] if design != "hub" else [])}
        for site in LOCATIONS
    }
    one = business(sites=sites, pixels={"px_h": "acc_0"} | dict.fromkeys(own.values(), "acc_1"))
    came = [visits(site, np.arange(30) * MINUTE, np.arange(30), ordered=True) for site in LOCATIONS]
    return play(one, came)


def test_P90_a_hub_pixel_tells_locations_apart_by_their_sites_only():
    run = franchise("hub")
    assert kept(run, "pixel") == {"px_h": 300}
    table = events_by_site(run.simulation)
    assert table["pixel"].unique().tolist() == ["px_h"]
    assert table.set_index("website")["events"].to_dict() == dict.fromkeys(LOCATIONS, 30)
    assert str(brand_total(run.simulation)) == "300 events"


def test_P90_local_pixels_have_to_be_added_up_and_people_may_repeat():
    run = franchise("local")
    assert kept(run, "pixel") == {f"px_{n}": 30 for n in range(10)}
    total = brand_total(run.simulation)
    assert (total.added, total.distinct) == (300, 300)
    assert "people may stand in several" in str(total)


def test_P90_the_hybrid_counts_the_same_action_on_both():
    run = franchise("hybrid")
    found = kept(run, "pixel")
    assert found.pop("px_h") == 300
    assert found == {f"px_{n}": 30 for n in range(10)}
    total = brand_total(run.simulation)
    assert (total.added, total.distinct) == (600, 300)
    assert "name the pixel" in str(total)
