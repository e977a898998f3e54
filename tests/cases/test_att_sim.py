"""Field cases of attribution, through the simulator: claims against the books, two definitions, two shops."""

from __future__ import annotations

import numpy as np
import pytest
from field_shops import DAY, HOUR, MINUTE, business, clicks, kept, play, read, visits

from pixelsim.base.errors import InputError
from pixelsim.measure import double_counting
from pixelsim.measure.domains import attributed_by_site
from pixelsim.measure.gap import claimed_sales
from pixelsim.traffic.counting import definitions_audit

# P58: three networks claim 80, 65 and 30 sales, the books say 95; spend 9,500.


def test_P58_claims_of_three_networks_against_the_books():
    found = claimed_sales({"a": 80, "b": 65, "c": 30}, sales=95, spend=9_500_00, currency="USD")
    assert found.claimed == 175
    assert round(found.cost_per_claimed, 2) == 54.29
    assert found.cost_per_sale == 100.00
    assert round(100 * found.overcount, 1) == 84.2


def test_P58_nothing_sold_has_no_cost_and_negative_numbers_are_refused():
    empty = claimed_sales({"a": 0}, sales=0, spend=100, currency="JPY")
    assert np.isnan([empty.cost_per_claimed, empty.cost_per_sale, empty.overcount]).all()
    with pytest.raises(InputError) as error:
        claimed_sales({"a": -1}, sales=-2, spend=1, currency="USD")
    assert [fault.field for fault in error.value.faults] == ["claims.a", "sales"]


def test_P58_accounts_that_each_claim_for_themselves_are_the_same_case():
    """95 orders; 80 after account 1's ads, 65 after account 2's, 30 after account 3's: each account claims its own."""
    accounts = ["acc_1", "acc_2", "acc_3"]
    ends = {"acc_1": (0, 80), "acc_2": (15, 80), "acc_3": (65, 95)}
    one = business(
        days=4,
        accounts=["acc_0", *accounts],
        links=[("px_1", account) for account in accounts],
        groups={f"g_{account}": {"account": account, "budget": 9_500 / 12} for account in accounts},
        measurement={"scope": "account"},
    )
    touched = [clicks(f"g_{account}", HOUR, np.arange(*ends[account])) for account in accounts]
    run = play(one, [visits("shop", DAY + np.arange(95) * MINUTE, np.arange(95), ordered=True)], touched)
    campaign = "attributed events (campaign level)"
    claims = {account: read(run, account, campaign, surface="Ads Manager") for account in accounts}
    assert claims == {"acc_1": 80, "acc_2": 65, "acc_3": 30}
    table = double_counting(run.simulation)["value"]
    assert table["claimed conversions"] == 175
    assert table["orders in truth"] == 95
    assert round(100 * (table["claimed over true"] - 1), 1) == 84.2
    spend = run.delivery()["spend"].sum()
    assert spend == pytest.approx(9_500, abs=0.12)
    assert table["cost for each true"] == pytest.approx(spend / 95)
    assert table["cost for each claimed"] == pytest.approx(spend / 175)
    assert round(table["cost for each claimed"], 2) == 54.29


# P59: px_hq is shared to acc_1, which has px_1 of its own on the same site; 40 orders.


def test_P59_a_definition_of_ones_own_and_one_shared_count_twice():
    one = business(
        sites={"shop": {"pixels": ["px_hq", "px_1"]}},
        pixels={"px_hq": "acc_0", "px_1": "acc_1"},
        links=[("px_hq", "acc_1")],
    )
    run = play(one, [visits("shop", np.arange(40) * MINUTE, np.arange(40), ordered=True)])
    assert read(run, "acc_1", "total events") == 80
    by_pixel = kept(run, "pixel")
    sources = {pixel: ["Purchase"] for pixel in sorted(by_pixel, key=["px_hq", "px_1"].index)}
    assert [str(clash) for clash in definitions_audit(sources)] == ["two sources for Purchase: px_hq, px_1"]
    assert by_pixel["px_hq"] == 40
    assert read(run, "acc_0", "total events") == 40
    assert len(run.simulation.orders) == 40


# P60: px_1 on a.example and b.example; 100 clicks to b, of whom 10 buy at a later, 5 at b.


def two_shops(pixels: dict[str, str]):
    both = {"population": "people of both"}
    one = business(
        days=3,
        sites={"a": both | {"pixels": [pixels["a"]]}, "b": both | {"pixels": [pixels["b"]]}},
        pixels=dict.fromkeys(pixels.values(), "acc_0"),
        links=[(pixels["b"], "acc_1")],
        groups={"g_b": {"account": "acc_1", "pixel": pixels["b"], "site": "b"}},
    )
    came = [
        visits("a", DAY + np.arange(10) * MINUTE, np.arange(10), ordered=True),
        visits("b", DAY + np.arange(5) * MINUTE, np.arange(10, 15), ordered=True),
        visits("a", DAY + np.arange(20) * MINUTE, np.arange(200, 220), ordered=True, number=np.arange(200, 220)),
    ]
    return play(one, came, [clicks("g_b", np.arange(100) * MINUTE, np.arange(100))])


def test_P60_one_pixel_on_two_shops_credits_b_with_sales_at_a():
    run = two_shops({"a": "px_1", "b": "px_1"})
    assert read(run, "acc_1", "attributed events (campaign level)", surface="Ads Manager") == 15
    table = attributed_by_site(run.simulation, "acc_1")
    assert table.to_dict("records") == [
        {"host": "a.example", "ad_leads_to": "b.example", "conversions": 10, "elsewhere": True},
        {"host": "b.example", "ad_leads_to": "b.example", "conversions": 5, "elsewhere": False},
    ]
    assert table.loc[table["host"] == "b.example", "conversions"].sum() == 5
    assert table.loc[table["elsewhere"], "conversions"].sum() == 10, "listed apart, not dropped"
    assert attributed_by_site(run.simulation, "acc_0").empty


def test_P60_a_pixel_for_each_shop_credits_only_its_own_sales():
    run = two_shops({"a": "px_a", "b": "px_b"})
    assert read(run, "acc_1", "attributed events (campaign level)", surface="Ads Manager") == 5
    table = attributed_by_site(run.simulation, "acc_1")
    assert table["conversions"].tolist() == [5]
    assert not table["elsewhere"].any()
    assert kept(run, "pixel") == {"px_a": 30, "px_b": 5}
