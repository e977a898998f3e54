"""The log as a table: names for numbers, instants for milliseconds, missing for what does not apply."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest

from benchmarks.scenarios import SMALL_PIXEL, ending_of, small
from pixelsim.base.clock import Clock
from pixelsim.traffic.attribution import Reason
from pixelsim.traffic.capture import Loss
from pixelsim.traffic.dedup import DedupOutcome
from pixelsim.traffic.log import Fate, LogRows, log_frame
from pixelsim.traffic.numbering import Numbering
from pixelsim.traffic.simulate import Simulation, simulate


@pytest.fixture(scope="module")
def run() -> Simulation:
    steps = ending_of("agency", stop=None, unshare=3.3)
    return simulate(small(steps=steps, policy="continue", capture={"server": {"lost": 0.2}}), seed=7)


@pytest.fixture(scope="module")
def frame(run: Simulation) -> pd.DataFrame:
    return log_frame(run.log, run.numbering, run.scenario.clock, "USD")


def one_row(**changes: Any) -> LogRows:
    values: dict[str, int] = dict.fromkeys(LogRows.names(), -1)
    values |= {"at": 0, "received": 0, "person": 0, "event": 0, "key": 0, "pixel": 0, "channel": 0}
    values |= {"visit": 0, "loss": 0, "fate": 0, **changes}
    columns = {name: np.array([value], dtype=np.int64) for name, value in values.items()}
    return LogRows(**columns)  # type: ignore[arg-type]  # every number fits every type


def numbering() -> Numbering:
    given = small()
    return Numbering.of(given, given.structure.world())


CLOCK = Clock(dt.datetime(2026, 1, 5, 7, 30, tzinfo=dt.timezone(dt.timedelta(hours=5, minutes=30))))


def test_a_row_of_the_table_by_hand() -> None:
    numbers = numbering()
    shop = next(i for i, origin in enumerate(numbers.origins) if origin.key == "click > brand_group")
    row = one_row(
        at=1500,
        received=3500,
        person=12,
        event=4,
        key=((shop << 34 | 7) << 8) | 4,
        event_id=99,
        channel=1,
        value=12345,
        loss=0,
        fate=0,
        reason=0,
        ad_group=numbers.ad_groups.index("brand_group"),
        ad=numbers.ads.index("brand_group_ad_b"),
        touch_at=0,
        touch_kind=1,
    )
    found = log_frame(row, numbers, CLOCK, "USD").iloc[0].to_dict()
    assert found["at"] == pd.Timestamp("2026-01-05T02:00:01.500Z")
    assert found["received"] == pd.Timestamp("2026-01-05T02:00:03.500Z")
    assert found["touch_at"] == pd.Timestamp("2026-01-05T02:00:00Z")
    expected = {
        "person": 12,
        "event": "Purchase",
        "event_key": "click > brand_group:7:4",
        "event_id": 99,
        "pixel": SMALL_PIXEL,
        "channel": "server",
        "value": 123.45,
        "currency": "USD",
        "visit": "person",
        "fate": "kept",
        "loss": "received",
        "credit": "credited",
        "account": "acc_brand",
        "ad_group": "brand_group",
        "ad": "brand_group_ad_b",
        "touch": "engaged_view",
    }
    assert {name: found[name] for name in expected} == expected
    assert pd.isna(found["refused_account"])


def test_what_does_not_apply_is_missing() -> None:
    found = log_frame(one_row(fate=4, loss=1), numbering(), CLOCK, "USD").iloc[0]
    for name in ("event_id", "value", "currency", "credit", "account", "ad_group", "ad", "touch_at", "touch"):
        assert pd.isna(found[name]), name
    assert (found["fate"], found["loss"]) == ("lost", "blocked")


@pytest.mark.parametrize(("currency", "value"), [("JPY", 12345.0), ("USD", 123.45), ("KWD", 12.345)])
def test_values_have_the_decimals_of_their_currency(currency: str, value: float) -> None:
    found = log_frame(one_row(event=4, value=12345), numbering(), CLOCK, currency)
    assert found["value"].tolist() == [value]


def test_an_order_of_nothing_has_a_value() -> None:
    assert log_frame(one_row(event=4, value=0), numbering(), CLOCK, "USD")["value"].tolist() == [0.0]


def test_rows_of_a_run(run: Simulation, frame: pd.DataFrame) -> None:
    assert len(frame) == len(run.log)
    assert frame["received"].is_monotonic_increasing
    assert frame["at"].dt.tz is not None
    assert (frame["received"] >= frame["at"]).all()
    assert frame["value"].notna().equals(frame["event"] == "Purchase")
    assert frame["credit"].notna().equals(frame["fate"] == "kept")
    assert frame["ad"].notna().equals(frame["credit"].isin(["credited", "not_counted_again"]))
    assert frame["touch"].notna().equals(frame["touch_at"].notna())
    assert (frame["loss"] == "received").equals(frame["fate"] != "lost")
    assert set(frame.loc[frame["refused_account"].notna(), "refused_account"]) == {"acc_agency"}


def test_a_credited_touch_came_before_its_event(frame: pd.DataFrame) -> None:
    credited = frame[frame["touch"].notna()]
    age = credited["at"] - credited["touch_at"]
    assert age.min() >= pd.Timedelta(0)
    windows = {"click": {"acc_brand": 7, "acc_agency": 28, "acc_second": 1}, "engaged_view": {}, "view": {}}
    windows["engaged_view"] = {"acc_brand": 1, "acc_agency": 7, "acc_second": 1}
    windows["view"] = {"acc_brand": 1, "acc_agency": 7}
    for (touch, account), ages in age.groupby([credited["touch"], credited["account"]], observed=True):
        assert ages.max() <= pd.Timedelta(days=windows[str(touch)][str(account)])


def test_no_rows_give_the_same_columns(frame: pd.DataFrame) -> None:
    run = simulate(small(days=1, site={"organic_sessions": 0.0}, delivery={"daily_budget": 0.0}), seed=7)
    empty = log_frame(run.log, run.numbering, run.scenario.clock, "USD")
    assert len(empty) == 0
    assert list(empty.columns) == list(frame.columns)
    assert empty.dtypes.astype(str).to_dict() == frame.dtypes.astype(str).to_dict()


def test_fates_are_those_of_dedup_and_losses() -> None:
    assert {fate.name for fate in Fate} == {outcome.name for outcome in DedupOutcome} | {"LOST"}
    assert all(Fate[outcome.name] == outcome.value for outcome in DedupOutcome)
    assert Reason.CREDITED == 0
    assert Loss.RECEIVED == 0
