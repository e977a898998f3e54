"""Field cases of money: events without value, refunds, several currencies, versions that declare currencies anew."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from field_shops import HOUR, MINUTE, business, clicks, play, read, visits
from hypothesis import given, settings
from hypothesis import strategies as st

from pixelsim.base.errors import InputError
from pixelsim.exchange.event_log import read_events
from pixelsim.exchange.gather import gather
from pixelsim.exchange.layouts import read_versions
from pixelsim.measure import double_counting, shop_ledger
from pixelsim.measure.money import Ledger, RefundDay, pixel_revenue, return_on_spend, sales_answer, value_quality

# P105: purchases of 9 and 900 USD; one without value; '12,50' as text; 0; 20 'usd'; 20 without currency.

PURCHASES = [(9, "USD"), (900, "USD"), (None, "USD"), ("12,50", "USD"), (0, "USD"), (20, "usd"), (20, None)]


@pytest.mark.parametrize(("strict", "revenue", "covered", "bad"), [(False, 929, 3, 0), (True, 909, 2, 1)])
def test_P105_purchases_without_a_value(strict, revenue, covered, bad):
    quality = value_quality(PURCHASES, strict_code=strict)
    assert quality.purchases == 7
    assert quality.revenue == {"USD": revenue * 100}
    faults = (quality.missing, quality.unparsable, quality.zero, quality.no_currency, quality.bad_code)
    assert faults == (1, 1, 1, 1, bad)
    assert quality.coverage == f"value coverage {covered} of 7"
    assert quality.describe_return(100_00, "USD") == f"ROAS {revenue / 100:.2f}, value coverage {covered} of 7"
    assert quality.normalised == (0 if strict else 1)


values = st.sampled_from([None, float("nan"), "", "12,50", "abc", -1, True, float("inf"), 0, "0", 0.0, 5, 7.25, "3.10"])


@settings(derandomize=True, deadline=None)
@given(st.lists(st.tuples(values, st.sampled_from(["USD", "usd", "JPY", None, "", "EURO", "U1"]))))
def test_P105_every_purchase_has_one_fate(records):
    quality = value_quality(records)
    faults = quality.missing + quality.unparsable + quality.zero + quality.no_currency + quality.bad_code
    assert quality.purchases == len(records) == quality.counted + faults
    good = {5: 5.0, 7.25: 7.25, "3.10": 3.1}
    usable = [v is not True and v in good for v, _ in records]
    total = sum(good[v] for (v, c), ok in zip(records, usable, strict=True) if ok and c in {"USD", "usd"})
    assert quality.revenue.get("USD", 0) == pytest.approx(100 * total)
    assert quality.counted == sum(ok and c in {"USD", "usd", "JPY"} for (_, c), ok in zip(records, usable, strict=True))


# P106: 100 orders of 50; 12 full refunds and 3 of a half; spend 1,250.


def test_P106_refunds_never_reach_the_ad_report():
    one = business(
        sites={"shop": {"value": {"median": 50.0, "sigma": 0.0}}},
        groups={"g_1": {"account": "acc_1", "budget": 1_250.0}},
        links=[("px_1", "acc_1")],
    )
    run = play(one, [visits("shop", np.arange(100) * MINUTE, np.arange(100), ordered=True)])
    log = run.log()
    spend = round(100 * run.delivery()["spend"].sum())
    assert spend == 1_250_00
    minor = np.where(log["value"].isna(), -1, np.rint(100 * log["value"].fillna(0))).astype(np.int64)
    gross = pixel_revenue(log["event"].tolist(), minor)
    assert gross == 5_000_00
    assert f"{return_on_spend(gross, spend):.2f}" == "4.00"

    orders = run.simulation.orders
    books = Ledger.of(
        "USD",
        "2026-01-05",
        orders.value,
        refund_order=np.arange(15),
        refund_day=["2026-01-20"] * 15,
        refund_amount=[50_00] * 12 + [25_00] * 3,
    )
    assert (books.gross, books.refunded, books.net) == (5_000_00, 675_00, 4_325_00)
    assert f"{return_on_spend(books.net, spend):.2f}" == "3.46"

    # Refund events of +50 and +25 are sent as well: they are no sales, and raise nothing.
    sent = [*log["event"], *["Refund"] * 15]
    assert pixel_revenue(sent, [*minor, *books.refund_amount]) == gross


def test_P106_refunds_of_a_run_move_no_figure_of_the_platform():
    """Half of the orders are refunded; what every viewer reads, and what is claimed, stays the same to the last row."""
    shop = {"value": {"median": 50.0, "sigma": 0.0}}
    groups = {"g_1": {"account": "acc_1", "budget": 1_250.0}}
    runs = []
    for share in (0.0, 0.5):
        one = business(sites={"shop": shop | {"refund_share": share}}, groups=groups, links=[("px_1", "acc_1")])
        came = visits("shop", 2 * HOUR + np.arange(100) * MINUTE, np.arange(100), ordered=True)
        runs.append(play(one, [came], [clicks("g_1", HOUR, np.arange(100))]))
    kept, back = runs
    pd.testing.assert_frame_equal(kept.metrics(), back.metrics())
    assert read(back, "acc_1", "attributed events") == 100
    claimed = [run.simulation.claims.value for run in runs]
    assert [value[value >= 0].sum() for value in claimed] == [5_000_00, 5_000_00]
    refunded = np.count_nonzero(back.simulation.orders.refund_at >= 0)
    assert abs(refunded - 50) < 4 * np.sqrt(25)
    books = shop_ledger(back.simulation)
    assert (books.gross, books.refunded) == (5_000_00, 50_00 * refunded)
    table = double_counting(back.simulation)["value"]
    assert table["cost for each claimed"] == pytest.approx(12.50)
    assert table["cost for each true, net of refunds"] == pytest.approx(1_250 / (100 - refunded))


# P107: sales of 10,000 in January and 8,000 in March; 500 paid back on 15 March for an order of 15 January.


@pytest.mark.parametrize(
    ("basis", "net"),
    [
        (RefundDay.ORDER, {"2026-01": 9_500.0, "2026-03": 8_000.0}),
        (RefundDay.REFUND, {"2026-01": 10_000.0, "2026-03": 7_500.0}),
    ],
)
def test_P107_a_refund_stands_on_its_orders_day_or_on_its_own(basis, net):
    books = Ledger.of(
        "USD",
        ["2026-01-15", "2026-01-31", "2026-03-01"],
        [500_00, 9_500_00, 8_000_00],
        refund_order=[0],
        refund_day=["2026-03-15"],
        refund_amount=[500_00],
    )
    table = books.by_month(basis)
    assert table["net"].to_dict() == net
    assert table["basis"].unique().tolist() == [basis.value]
    assert table["net"].sum() == 17_500 == books.net / 100


@settings(derandomize=True, deadline=None, max_examples=50)
@given(
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 10_000)), min_size=1, max_size=20),
    st.lists(st.tuples(st.integers(0, 19), st.integers(0, 90), st.floats(0, 1)), max_size=10),
)
def test_P107_the_sum_over_all_months_is_the_same_on_both_bases(orders, refunds):
    left = [amount for _, amount in orders]
    rows = []
    for order, later, share in refunds:
        place = order % len(orders)
        amount = int(left[place] * share)
        left[place] -= amount
        rows.append((place, orders[place][0] + later, amount))
    start = np.datetime64("2026-01-01")
    books = Ledger.of(
        "JPY",
        [start + day for day, _ in orders],
        [amount for _, amount in orders],
        refund_order=[place for place, _, _ in rows],
        refund_day=np.array([start + day for _, day, _ in rows], dtype="datetime64[D]"),
        refund_amount=[amount for _, _, amount in rows],
    )
    sums = [books.by_month(basis)[["gross", "refunds", "net"]].sum().tolist() for basis in RefundDay]
    assert sums[0] == sums[1] == [books.gross, books.refunded, books.net]
    assert books.net == sum(left)


def test_P107_books_that_cannot_be_are_refused_with_every_fault():
    with pytest.raises(InputError) as error:
        Ledger.of(
            "USD",
            ["2026-01-15", "2026-01-16"],
            [-1, 100],
            refund_order=[1, 1, 7],
            refund_day=["2026-01-10", "2026-01-20", "2026-01-20"],
            refund_amount=[60, 50, -5],
        )
    found = {(fault.place, fault.field) for fault in error.value.faults}
    assert found == {
        ("$.orders[0]", "amount"),
        ("$.refunds[2]", "order"),
        ("$.refunds[2]", "amount"),
        ("$.refunds[0]", "day"),
        ("$.orders[1]", "refunds"),
    }


# P109: 60 orders in EUR and 40 in USD.

CURRENCIES = ["EUR"] * 60 + ["USD"] * 40
AMOUNTS = [10_00] * 60 + [20_00] * 40


def test_P109_orders_are_counted_over_all_currencies():
    assert sales_answer(CURRENCIES, AMOUNTS).orders == 100
    assert sales_answer(CURRENCIES, AMOUNTS, currency="EUR").orders == 100
    assert sales_answer(CURRENCIES, AMOUNTS).note == ""


def test_P109_sales_are_refused_without_a_target_currency():
    with pytest.raises(InputError, match="EUR 60 orders, USD 40 orders"):
        sales_answer(CURRENCIES, AMOUNTS, orders=False, sales=True)
    with pytest.raises(InputError, match="EUR 60 orders"):
        sales_answer(CURRENCIES, AMOUNTS, sales=True, currency="GBP")
    alone = sales_answer(CURRENCIES, AMOUNTS, orders=False, sales=True, currency="EUR")
    assert (alone.orders, alone.sales, alone.currency) == (None, 60 * 10_00, "EUR")
    assert alone.note == "EUR orders only: 60 of 100 orders"


def test_P109_asked_together_the_answer_says_which_orders_it_counts():
    both = sales_answer(CURRENCIES, AMOUNTS, sales=True, currency="EUR")
    assert (both.orders, both.sales, both.note) == (60, 60 * 10_00, "EUR orders only: 60 of 100 orders")
    one = sales_answer(["USD"] * 3, [1, 2, 3], sales=True)
    assert (one.orders, one.sales, one.currency, one.note) == (3, 6, "USD", "")
    assert sales_answer([], [], sales=True).sales == 0


# P135: file v1 (active=0/1, age='25-34'), file v2 (active=true/false, age_groups=['25-34','35-44']), currency=true.

V1 = "id,active,age\n1,0,25-34\n2,1,25-34\n"
V2_CSV = 'id,active,age_groups\n3,true,"[""25-34"",""35-44""]"\n4,false,"[""25-34"",""35-44""]"\n'
V2_JSON = (
    '[{"id": "3", "active": true, "age_groups": ["25-34", "35-44"]},'
    ' {"id": "4", "active": false, "age_groups": ["25-34", "35-44"]}]'
)


def stored(folder: Path, **texts: str) -> list[Path]:
    paths = [folder / name.replace("__", ".") for name in texts]
    for path, text in zip(paths, texts.values(), strict=True):
        path.write_text(text, "utf-8")
    return paths


@pytest.mark.parametrize("second", [{"v2__csv": V2_CSV}, {"v2__json": V2_JSON}])
def test_P135_files_of_two_versions_mean_the_same_and_keep_unlike_columns_apart(tmp_path: Path, second: dict[str, str]):
    both = read_versions(stored(tmp_path, v1__csv=V1, **second))
    assert both["id"].tolist() == ["1", "2", "3", "4"]
    assert both["active"].tolist() == [False, True, True, False]
    assert both["age"].tolist()[:2] == ["25-34", "25-34"]
    assert both["age"].isna().tolist() == [False, False, True, True]
    assert both["age_groups"].isna().tolist()[:2] == [True, True]
    assert both["age_groups"].tolist()[2:] == [["25-34", "35-44"]] * 2
    assert both["version"].tolist() == ["v1.csv"] * 2 + [next(iter(second)).replace("__", ".")] * 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"v2__csv": 'id,active,age_groups,currency\n3,true,"[""25-34""]",true\n'},
        {"v2__jsonl": '{"id": "3", "active": true, "age_groups": ["25-34"], "currency": true}\n'},
    ],
)
def test_P135_a_currency_that_is_true_is_refused_with_its_file_and_row(tmp_path: Path, wrong: dict[str, str]):
    with pytest.raises(InputError, match="three-letter code") as refused:
        read_versions(stored(tmp_path, v1__csv=V1, **wrong))
    (fault,) = refused.value.faults
    assert fault.place == f"{next(iter(wrong)).replace('__', '.')}, row 1"
    assert (fault.field, fault.value.lower()) == ("currency", "true")


def test_P135_one_name_with_unlike_types_is_not_merged(tmp_path: Path):
    with pytest.raises(InputError, match="unlike types are not merged") as refused:
        read_versions(stored(tmp_path, v1__csv=V1, v2__csv=V2_CSV.replace("age_groups", "age")))
    assert [fault.place for fault in refused.value.faults] == ["v2.csv, column age"]


def test_P135_events_whose_currency_is_true_have_none_and_say_so(tmp_path: Path):
    table = "event,event_id,timestamp,value,currency\nPurchase,{},2026-01-05T10:00:00Z,20,{}\n"
    good, flag = stored(tmp_path, v1__csv=table.format("a", "EUR"), v2__csv=table.format("b", "true"))
    assert read_events(good).frame["currency"].tolist() == ["EUR"]
    events = read_events(flag)
    assert events.frame["currency"].isna().tolist() == [True]
    assert events.rejects[["row", "column", "value"]].to_numpy().tolist() == [[2, "currency", "true"]]
    (payload,) = stored(
        tmp_path,
        v3__json='{"event_source": "web", "event_source_id": "P", "data": [{"event": "Purchase", "event_id": "c",'
        ' "event_time": 1767607200, "properties": {"value": 20, "currency": true}}]}',
    )
    sent = read_events(payload)
    assert sent.frame["currency"].isna().tolist() == [True]
    assert sent.rejects["column"].tolist() == ["currency"]
    found = gather([good, flag, payload])
    assert sum(len(events.rejects) for events in found.events) == 2


def test_P135_files_that_cannot_be_read_are_all_named(tmp_path: Path):
    paths = stored(tmp_path, v1__csv="id,active\n1\n", v2__json="[1, 2", v3__csv="id,ages\n1,[25\n")
    with pytest.raises(InputError) as refused:
        read_versions([*paths, tmp_path / "nowhere.csv"])
    assert {fault.place.partition(",")[0] for fault in refused.value.faults} == {"v1.csv", "v2.json", "nowhere.csv"}
