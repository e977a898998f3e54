from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from study_scenarios import ending

from pixelsim.base.clock import DAY
from pixelsim.base.errors import InputError
from pixelsim.scenario.measurement import DayBasis
from pixelsim.study import Window, replicate, run


@pytest.fixture(scope="module")
def plain(scenario):
    return run(scenario, seed=4)


@pytest.fixture(scope="module")
def cooled(scenario):
    return run(scenario, seed=4, cool_down_days=3)


@pytest.fixture(scope="module")
def warmed(scenario):
    return run(scenario, seed=4, warm_up_days=3)


class TestLengthened:
    def test_no_window_changes_nothing(self, scenario):
        assert Window().lengthened(scenario) is scenario

    def test_a_cool_down_only_adds_days(self, scenario):
        assert Window(0, 3).lengthened(scenario) == scenario.replace(days=8)

    def test_a_warm_up_keeps_every_date(self, scenario):
        longer = Window(3, 2).lengthened(scenario)
        assert longer.days == 10
        assert longer.start == scenario.start - dt.timedelta(days=3)
        before, after = ([s.clock.to_datetime(step.at) for step in s.plan.steps] for s in (scenario, longer))
        assert before == after

    def test_what_runs_from_the_start_runs_in_the_warm_up_and_what_is_scheduled_waits(self, scenario):
        groups = {g.id: (g.start_day, g.end_day) for g in Window(3, 0).lengthened(scenario).structure.ad_groups}
        assert groups == {
            "brand_always_on_1": (0.0, None),
            "prospecting_1": (0.0, None),
            "retargeting_1": (0.0, None),
            "launch_1": (6.0, 8.0),
        }

    @pytest.mark.parametrize("days", [-1, 1.5, "2"])
    def test_refuses_what_is_no_number_of_days(self, days):
        with pytest.raises(InputError, match="whole number of days"):
            Window(0, days)

    def test_refuses_a_step_that_a_cut_would_part(self):
        scenario = ending()
        odd = scenario.replace(traffic=scenario.traffic.replace(step_hours=5))
        with pytest.raises(InputError, match="divisor of 24"):
            run(odd, cool_down_days=1)
        assert run(odd).window.whole


class TestCoolDown:
    def test_delivery_is_that_of_the_run_alone(self, plain, cooled):
        assert cooled.delivery().equals(plain.delivery())
        for account in ("acc_agency", "acc_brand"):
            for outcome in ("spend", "orphaned spend", "blind days", "days with access"):
                assert cooled.response(outcome, object=account) == plain.response(outcome, object=account)

    def test_events_of_the_days_that_count_are_those_of_the_run_alone(self, plain, cooled):
        one, other = plain.metrics("brand"), cooled.metrics("brand")
        by_event = one["day_basis"] == "event"
        assert by_event.any()
        assert other[by_event].equals(one[by_event])

    def test_clicks_of_the_last_days_get_their_conversions(self, plain, cooled):
        claims, end = cooled.simulation.claims, 5 * DAY
        # By hand, from the whole log: what was earned by touches before the end, whenever it came in.
        brand = cooled.simulation.numbering.accounts.index("acc_brand")
        purchase = (claims.event == 4) & claims.counted & (claims.account == brand)
        expected = int(np.count_nonzero(purchase & (claims.touch_at < end)))
        late = int(np.count_nonzero(purchase & (claims.touch_at < end) & (claims.at >= end)))
        found = cooled.response("conversions attributed", object="acc_brand")
        assert found == expected
        assert found == plain.response("conversions attributed", object="acc_brand") + late
        assert late > 0
        read = {"viewer": "brand", "surface": "Ads Manager", "event": "Purchase", "object": "brand_always_on"}
        assert cooled.response("attributed events (campaign level)", **read) == expected

    def test_days_add_up_to_the_total(self, cooled):
        total, daily = cooled.metrics("brand"), cooled.metrics("brand", by="day")
        keys = ["surface", "metric", "event", "object"]
        assert daily.groupby(keys)["value"].sum().sort_index().equals(total.groupby(keys)["value"].sum().sort_index())
        assert daily["day"].min() == daily["day"].max() - np.timedelta64(4, "D")

    def test_a_report_of_a_day_is_that_of_the_run_alone(self, plain, cooled, warmed):
        assert cooled.metrics("brand", as_of=2.5).equals(plain.metrics("brand", as_of=2.5))
        early, late = (warmed.metrics("brand", as_of=day)["value"].sum() for day in (1.0, 5.0))
        assert 0 < early < late

    def test_log_and_change_log_show_everything(self, cooled):
        assert (cooled.simulation.log.at >= 5 * DAY).any()
        assert len(cooled.log()) == len(cooled.simulation.log)


class TestWarmUp:
    def test_what_counts_begins_at_the_scenarios_start(self, scenario, warmed):
        days = warmed.delivery()["day"]
        assert (days.min(), days.max()) == (
            scenario.start.replace(tzinfo=None),
            scenario.start.replace(tzinfo=None) + dt.timedelta(days=4),
        )
        assert warmed.response("days with access", object="acc_agency") == 2.0
        assert warmed.response("blind days", object="acc_agency") == 2.0

    def test_a_conversion_of_a_click_before_the_start_counts_for_no_day_that_counts(self, warmed):
        claims = warmed.window.cut(warmed.simulation).claims
        assert claims.touch_at.min() >= 3 * DAY
        assert (warmed.simulation.claims.touch_at < 3 * DAY).any()

    def test_orders_count_by_the_touch_behind_them_or_by_their_own_time(self, warmed):
        orders = warmed.simulation.orders
        own = np.where(orders.touch_at >= 0, orders.touch_at, orders.at)
        assert warmed.response("orders") == np.count_nonzero(own >= 3 * DAY)

    def test_cut_by_event_day_keeps_what_happened(self, warmed):
        log = warmed.window.cut(warmed.simulation, DayBasis.EVENT).log
        assert len(log) == np.count_nonzero(warmed.simulation.log.at >= 3 * DAY)


def test_replications_carry_the_window(scenario):
    found = replicate(scenario, 2, seed=4, cool_down_days=3)
    alone = run(scenario, seed=4, replication=1, cool_down_days=3)
    assert found.window == Window(0, 3)
    assert found.response("orders seen")[1] == alone.response("orders seen")
