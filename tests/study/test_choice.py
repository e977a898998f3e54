from __future__ import annotations

import pytest

from pixelsim.base.errors import InputError, UnknownNameError
from pixelsim.measure import OUTCOMES
from pixelsim.study import Direction, run
from pixelsim.study.choice import DECIDING, by_label, choose, deciding, direction_of, labels


@pytest.fixture(scope="module")
def names(scenario):
    return run(scenario).responses()


def named(names, positions):
    return [labels(names)[i] for i in positions]


class TestLabels:
    def test_no_two_are_the_same(self, names):
        assert len(set(labels(names))) == len(names)

    def test_read_like_words(self, names):
        found = labels(names)
        assert "orphaned spend, acc_agency" in found
        assert "brand in Events Manager: total events, Purchase, BRANDSHOPPIXEL000001" in found
        assert (
            "agency in Ads Manager: attributed events (campaign level), Purchase, launch, BRANDSHOPPIXEL000001" in found
        )


class TestChoose:
    def test_by_name_means_all_that_bear_it(self, names):
        assert named(names, choose(names, "orphaned spend")) == [
            "orphaned spend, acc_agency",
            "orphaned spend, acc_brand",
            "orphaned spend, acc_outsider",
        ]

    def test_by_label_means_one(self, names):
        assert named(names, choose(names, "orphaned spend, acc_brand")) == ["orphaned spend, acc_brand"]

    def test_by_columns(self, names):
        found = choose(names, {"viewer": "brand", "surface": "Events Manager", "event": "Purchase"})
        assert list(names["response"].iloc[found]) == ["total events", "attributed events"]

    def test_several_in_the_order_of_the_question_and_none_twice(self, names):
        found = choose(names, ["orders seen, all sites", "orders, all sites", {"response": "orders seen"}])
        assert named(names, found) == ["orders seen, all sites", "orders, all sites"]

    def test_unknown_names_say_the_nearest(self, names):
        with pytest.raises(UnknownNameError, match="did you mean 'blind days'"):
            choose(names, "blind day")
        with pytest.raises(UnknownNameError, match="did you mean 'viewer'"):
            choose(names, {"viewers": "brand"})
        with pytest.raises(UnknownNameError, match="did you mean 'brand'"):
            choose(names, {"viewer": "brandt"})

    def test_refuses_nothing_and_what_does_not_fit_together(self, names):
        with pytest.raises(InputError, match="at least one response"):
            choose(names, [])
        with pytest.raises(InputError, match="leave one of the keys out"):
            choose(names, {"viewer": "brand", "response": "spend"})


class TestDeciding:
    def test_accounts_only_where_they_have_a_campaign(self, names, scenario):
        found = names.iloc[deciding(names, [scenario])]
        assert set(found["response"]) <= set(DECIDING)
        assert "acc_outsider" not in set(found["object"])
        assert {"acc_agency", "acc_brand", "all sites", "all people", "launch_1"} == set(found["object"])

    def test_names_exist_and_have_a_direction(self):
        assert set(DECIDING) <= set(OUTCOMES)
        assert all(direction_of(name) is not Direction.NEITHER for name in DECIDING)
        assert direction_of("spend") is Direction.NEITHER
        assert direction_of("total events") is Direction.NEITHER


class TestByLabel:
    def test_one_number_for_one_unit(self, names):
        money = names.iloc[choose(names, "orphaned spend")]
        assert by_label(5.0, money, "smallest_that_matters") == dict.fromkeys(labels(money), 5.0)

    def test_one_number_for_several_units_is_refused_with_the_way_out(self, names):
        mixed = names.iloc[choose(names, ["orphaned spend, acc_agency", "blind days, acc_agency"])]
        with pytest.raises(InputError, match=r"smallest_that_matters=\{'orphaned spend, acc_agency': 5\}"):
            by_label(5.0, mixed, "smallest_that_matters")

    def test_numbers_by_name_or_label(self, names):
        mixed = names.iloc[choose(names, ["orphaned spend, acc_agency", "blind days"])]
        assert by_label({"blind days": 1.0, "orphaned spend, acc_agency": 9.0}, mixed, "x") == {
            "orphaned spend, acc_agency": 9.0,
            "blind days, acc_agency": 1.0,
            "blind days, acc_brand": 1.0,
            "blind days, acc_outsider": 1.0,
        }
        with pytest.raises(UnknownNameError):
            by_label({"orders": 1.0}, mixed, "x")

    def test_none(self, names):
        assert by_label(None, names, "x") == {}
