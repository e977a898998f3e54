from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from study_scenarios import cancelled

from pixelsim.base.errors import InputError, UnknownNameError
from pixelsim.study import compare, decide


@pytest.fixture(scope="module")
def found(scenario):
    names = ["forgotten", "cancelled", "strict"]
    return compare(scenario, cancelled(4.0), scenario.replace(policy="strict"), replications=4, names=names)


def values(found, name, response, account):
    one = found.replications(name)
    return one.response(response, object=account)


class TestDecide:
    def test_costs_by_hand(self, found):
        table = decide(found, conversion_value=30.0, delay_cost_per_day=7.0, accounts="acc_agency")
        for name in found.names:
            cost = (
                values(found, name, "orphaned spend", "acc_agency")
                + 30.0 * values(found, name, "conversions lost to attribution", "acc_agency")
                + 7.0 * values(found, name, "days with access", "acc_agency")
            )
            assert table.loc[name, "expected_cost"] == pytest.approx(cost.mean())
            assert (table.loc[name, "low"], table.loc[name, "high"]) == pytest.approx(
                tuple(np.quantile(cost, [0.05, 0.95]))
            )
            parts = ["orphaned_spend", "lost_conversions", "delay"]
            assert table.loc[name, parts].sum() == pytest.approx(cost.mean())
        assert table["expected_cost"].is_monotonic_increasing
        assert table["chance_best"].sum() == pytest.approx(1)
        assert set(table["unit"]) == {"USD"}

    def test_what_is_not_worth_anything_costs_nothing(self, found):
        table = decide(found, conversion_value=0.0)
        assert (table["lost_conversions"] == 0).all()
        assert (table["delay"] == 0).all()
        assert table.index[0] == "strict"
        assert table.loc["strict", "expected_cost"] == 0

    def test_delays_of_several_accounts_are_not_added_up(self, found):
        both = decide(found, conversion_value=0.0, delay_cost_per_day=1.0)
        one = decide(found, conversion_value=0.0, delay_cost_per_day=1.0, accounts=["acc_agency"])
        assert both["delay"].tolist() == one["delay"].tolist() == [2.0, 2.0, 2.0]

    def test_a_high_price_of_a_conversion_changes_the_order(self, found):
        lost = {
            name: values(found, name, "conversions lost to attribution", "acc_agency").mean() for name in found.names
        }
        table = decide(found, conversion_value=1e6)
        assert table.index[0] == min(lost, key=lambda name: (lost[name], name != table.index[0]))

    @pytest.mark.parametrize(
        ("arguments", "error", "part"),
        [
            ({"conversion_value": -1}, InputError, "conversion_value"),
            ({"conversion_value": 1, "delay_cost_per_day": float("nan")}, InputError, "delay_cost_per_day"),
            ({"conversion_value": 1, "accounts": "acc_agenc"}, UnknownNameError, "acc_agency"),
            ({"conversion_value": 1, "accounts": []}, InputError, "one currency"),
        ],
    )
    def test_refusals(self, found, arguments, error, part):
        with pytest.raises(error, match=part):
            decide(found, **arguments)

    def test_several_currencies_have_to_be_told_apart(self, found):
        names = found.responses.copy()
        names.loc[(names["object"] == "acc_brand") & (names["unit"] == "USD"), "unit"] = "EUR"
        mixed = dataclasses.replace(found, responses=names)
        with pytest.raises(InputError, match="not of EUR, USD"):
            decide(mixed, conversion_value=1.0)
        assert set(decide(mixed, conversion_value=1.0, accounts="acc_brand")["unit"]) == {"EUR"}
