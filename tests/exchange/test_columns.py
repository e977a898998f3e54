from __future__ import annotations

import pytest

from pixelsim.base.errors import UnknownNameError
from pixelsim.exchange.columns import alias_table, normalise


def test_matching_ignores_case_spaces_punctuation_and_width():
    assert normalise("CTR（誘導先）") == normalise("CTR (誘導先)") == normalise(" ctr(誘導先) ")
    assert normalise("\ufeffCampaign  Name") == normalise("campaign_name")


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("Ad Group Name", "ad_group_name"),
        ("Ad group name", "ad_group_name"),
        ("Impression", "impressions"),
        ("Impressions", "impressions"),
        ("CPA", "cpa"),
        ("Cost per conversion", "cpa"),
        ("Clicks (Destination)", "clicks"),
        ("클릭수(목적지)", "clicks"),
        ("クリック（誘導先）", "clicks"),
        ("点击量（目标页面）", "clicks"),
        ("Cliques (destino)", "clicks"),
        ("Clics (destino)", "clicks"),
        ("Klicks (Ziel)", "clicks"),
        ("Clics (destination)", "clicks"),
        ("Kampagnen-ID", "campaign_id"),
        ("STAT_TIME_DAY", "date"),
        ("adgroup_id", "ad_group_id"),
    ],
)
def test_header_of_every_edition_is_known(header: str, name: str):
    assert alias_table().lookup(header)[0] == name


def test_every_language_names_the_columns_an_analyst_needs():
    needed = {"date", "campaign_name", "ad_group_name", "ad_name", "spend", "impressions", "clicks", "conversions"}
    for language in ("en", "ko", "ja", "zh", "pt", "es", "de", "fr"):
        assert needed <= set(alias_table([language]).aliases.values()), language


def test_currency_in_a_header_is_taken_only_from_amounts():
    assert alias_table().lookup("Cost (USD)") == ("spend", "USD", False)
    assert alias_table().lookup("Impressions (USD)") == (None, None, False)


def test_unit_in_a_header_is_reported_not_guessed():
    assert alias_table().lookup("cost_micros") == ("spend", None, True)


def test_headers_without_a_quantity_or_an_object_are_no_export():
    table = alias_table()
    assert table.score(["Campaign name", "Cost"]) == 2
    assert table.score(["Campaign name", "Status"]) == 0
    assert table.score(["Date", "Cost", "Impressions"]) == 0


def test_name_that_occurs_twice_is_told_apart_by_position():
    name = "총 구매 수(모든 채널)"
    mapped = alias_table().match(["캠페인 이름", name, "비용", name])
    assert mapped.positions["purchases"] == (1,)
    assert mapped.positions["purchase_value"] == (3,)
    assert len(mapped.repeated) == 1


def test_unknown_language_names_the_known_ones():
    with pytest.raises(UnknownNameError, match="language 'xx' does not exist"):
        alias_table(["xx"])


def test_nearest_known_header_is_offered():
    assert alias_table().nearest("Campaing name")[0] == "Campaign name"
