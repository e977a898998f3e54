"""Calibration: what a file tells goes into the scenario with its rows, and the scenario gives its figures back."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pixelsim.base.errors import InputError, UnknownNameError
from pixelsim.exchange import calibrate, estimate, read_export
from pixelsim.exchange.estimates import CampaignEstimates
from pixelsim.exchange.evidence import CLAIM_COUNTS
from pixelsim.scenario import AdDelivery, Plan, Scenario, SourceKind, dump_scenario, scenario
from pixelsim.scenario.drawing import drawn
from pixelsim.scenario.parameters import parameters
from pixelsim.traffic.simulate import simulate

SEEN = 0.90 * 0.95 * 0.98
"""Share of orders that the default capture lets through: not blocked, not refused, not left too soon."""
WITHIN = {7: 0.784, 1: 0.599}
"""Share of orders within days, as the fit to 1,279,493 Criteo conversions gives it, rounded."""


@pytest.fixture(scope="module")
def file() -> Path:
    return Path(__file__).parents[2] / "data" / "samples" / "constructed_120_days.csv"


@pytest.fixture(scope="module")
def report(file):
    return read_export(file)


@pytest.fixture(scope="module")
def mine(report) -> Scenario:
    return calibrate(report)


@pytest.fixture(scope="module")
def found(report) -> dict[str, CampaignEstimates]:
    return {campaign.campaign: campaign for campaign in estimate(report).campaigns}


@pytest.fixture(scope="module")
def days(file) -> pd.DataFrame:
    """Campaign days with spend, read with pandas alone."""
    frame = pd.read_csv(file, dtype={"Campaign ID": str}).iloc[:-1]
    names = {
        "Cost": "spend",
        "Impressions": "impressions",
        "Clicks (destination)": "clicks",
        "Conversions": "conversions",
    }
    daily = frame.rename(columns=names).groupby(["Campaign ID", "By Day"])[list(names.values())].sum()
    return daily[daily["spend"] > 0]


def parts(mine: Scenario) -> dict[str, list[AdDelivery]]:
    """Give the deliveries of the file's campaigns, by campaign."""
    found: dict[str, list[AdDelivery]] = {}
    for delivery in mine.traffic.delivery:
        if " / " in delivery.ad_group:
            found.setdefault(delivery.ad_group.split(" / ")[0], []).append(delivery)
    return found


def test_the_files_campaigns_take_the_place_of_the_agencys_running_ones(mine, days):
    structure = mine.structure
    agency = {c.id for c in structure.campaigns if c.account == "acc_agency"}
    assert agency == {*days.index.unique("Campaign ID"), "launch"}
    assert len(parts(mine)) == 12
    assert {c.id for c in structure.campaigns if c.account == "acc_brand"} == {"brand_always_on"}
    groups = {g.id: g for g in structure.ad_groups}
    assert all(groups[d.ad_group].pixel == "BRANDSHOPPIXEL000001" for d in mine.traffic.delivery)
    assert sum(" / " in ad.id for ad in structure.ads) == 60
    assert {a.currency for a in structure.ad_accounts} == {"USD"}
    assert mine.cross_faults() == []
    assert mine.title.endswith("calibrated from constructed_120_days.csv")


def test_the_plan_stops_each_of_them_where_the_scenario_stopped_its_own(mine, found):
    steps = [(s.day, s.action.do, getattr(s.action, "id", "")) for s in mine.plan.steps]
    assert steps == [*((14.0, "switch", key) for key in found), (15.0, "unshare_pixel", "")]


def test_budget_prices_and_rates_equal_the_estimates(mine, found):
    for key, deliveries in parts(mine).items():
        campaign = found[key]
        assert sum(d.daily_budget for d in deliveries) == pytest.approx(campaign.daily_spend.value, rel=1e-12)
        rate = campaign.conversions_per_click.value
        for delivery in deliveries:
            assert delivery.click_rate == campaign.click_rate.value
            assert delivery.cpm_sigma == campaign.cpm_log_sigma.value
            assert (delivery.budget_spent, delivery.budget_spread) == (1.0, 0.0)
            expected = {
                "conversion_rate": rate * 189 / 321 / (WITHIN[7] * SEEN),
                "engaged_view_rate": rate * delivery.click_rate * 42 / 321 / (WITHIN[1] * SEEN),
                "view_rate": rate * delivery.click_rate * 90 / 321 / (WITHIN[1] * SEEN),
            }
            for name, value in expected.items():
                assert getattr(delivery, name) == pytest.approx(value, rel=2e-3), name
    assert CLAIM_COUNTS == {"click": 189, "engaged_view": 42, "view": 90}


def test_cpm_is_money_over_impressions(mine, days):
    # The parameter of a delivery is what a long report shows, not the mean of the days' CPMs, which lies above it.
    sums = days.groupby("Campaign ID")[["spend", "impressions"]].sum()
    in_file = 1000 * sums["spend"] / sums["impressions"]
    log_ratio = [np.log(deliveries[0].cpm / in_file[key]) for key, deliveries in parts(mine).items()]
    assert abs(np.mean(log_ratio)) < 0.01
    assert max(map(abs, log_ratio)) < 0.04


def test_weekdays_have_the_files_shape(mine, days):
    known = np.array([0.90, 0.92, 0.95, 1.00, 1.08, 1.12, 1.03])
    shape = np.array(next(iter(parts(mine).values()))[0].weekdays)
    weekday = pd.to_datetime(days.index.get_level_values("By Day")).day_of_week
    by_hand = days.groupby(weekday)["impressions"].mean()
    assert shape == pytest.approx(known / known.mean(), abs=0.08)
    assert np.corrcoef(shape, by_hand)[0, 1] > 0.95
    assert {d.weekdays for group in parts(mine).values() for d in group} == {tuple(shape)}


def test_the_parts_of_a_campaign_share_its_budget_as_they_spent(mine, file):
    frame = pd.read_csv(file, dtype=str).iloc[:-1]
    frame["Cost"] = frame["Cost"].astype(float)
    spent = frame.groupby(["Campaign ID", "Ad group ID"])["Cost"].sum()
    for key, deliveries in parts(mine).items():
        total = sum(d.daily_budget for d in deliveries)
        for delivery in deliveries:
            group = delivery.ad_group.split(" / ")[1]
            assert delivery.daily_budget / total == pytest.approx(spent[key, group] / spent[key].sum(), rel=1e-9)


def test_what_is_from_the_file_names_it_and_its_rows(mine, days):
    sources = {path: source for path, _, _, source in parameters(mine)}
    for deliveries in parts(mine).values():
        for delivery in deliveries:
            for field in ("daily_budget", "cpm", "cpm_sigma", "click_rate", "conversion_rate", "view_rate", "weekdays"):
                source = sources[f"traffic.delivery[{delivery.ad_group}].{field}"]
                assert source.kind is SourceKind.FILE, field
                assert "constructed_120_days.csv" in source.text
                assert source.rows is not None
                assert 0 < source.rows <= 7200


def test_a_report_without_budgets_says_that_spend_stands_in_for_them(mine):
    told = {path: source for path, _, _, source in parameters(mine) if path.endswith(".daily_budget") and " / " in path}
    assert told
    assert all("spend on days with spend, since the export has no budget" in source.text for source in told.values())
    spent = [source for path, _, _, source in parameters(mine) if path.endswith("].budget_spent") and " / " in path]
    assert {source.kind for source in spent} == {SourceKind.ASSUMPTION}


def test_what_the_file_cannot_tell_keeps_its_sourced_default(mine):
    base = {path: (value, source) for path, value, _, source in parameters(scenario("agency"))}
    changed = {"traffic.sites[shop].value.median"}
    for path, value, _, source in parameters(mine):
        leaf = path.rpartition("].")[2]
        if source.kind is SourceKind.FILE or path in changed:
            continue
        if path in base and "delivery[" not in path:
            assert (value, source.kind, source.text) == (base[path][0], base[path][1].kind, base[path][1].text), path
        elif " / " in path and leaf not in {"budget_spent", "budget_spread"}:
            info = AdDelivery.model_fields[leaf]
            assert value == info.default, path
            assert source.text == info.json_schema_extra["source"], path


@pytest.mark.parametrize("group", ["launch_1", "brand_always_on_1"])
def test_an_ad_group_that_the_file_does_not_have_gets_the_middle_rates_and_says_so(mine, found, group):
    (delivery,) = [d for d in mine.traffic.delivery if d.ad_group == group]
    (before,) = [d for d in scenario("agency").traffic.delivery if d.ad_group == group]
    assert delivery.click_rate == pytest.approx(np.median([c.click_rate.value for c in found.values()]))
    budgets = [d.daily_budget for deliveries in parts(mine).values() for d in deliveries]
    assert delivery.daily_budget == pytest.approx(np.median(budgets))
    sources = {path: source for path, _, _, source in parameters(mine)}
    pooled = {
        *("daily_budget", "budget_spent", "budget_spread", "cpm", "cpm_sigma", "click_rate"),
        *("conversion_rate", "engaged_view_rate", "view_rate"),
    }
    for field in pooled:
        told = sources[f"traffic.delivery[{group}].{field}"]
        assert told.kind is SourceKind.ASSUMPTION
        assert told.text == "median of the file's 12 campaigns; the file does not have this ad group"
    for field in set(AdDelivery.model_fields) - pooled:
        assert getattr(delivery, field) == getattr(before, field)


def test_order_values_follow_the_files_cost_per_conversion(mine, days):
    cost = days["spend"].sum() / days["conversions"].sum()
    assert mine.traffic.sites[0].value.median == pytest.approx(2.5 * cost, rel=1e-6)
    assert mine.sources["traffic.sites[shop].value.median"].kind is SourceKind.ASSUMPTION


# The calibrated scenario gives the file's daily figures back.


DAYS, SETTLED = 28, 21


def simulated(mine: Scenario, people: int) -> pd.DataFrame:
    """Give mean daily figures of each campaign without the plan; conversions by day of the click or view.

    Conversions are those of the first 21 days, whose windows of seven days are over when the run ends.
    """
    sites = tuple(site.replace(people=people) for site in mine.traffic.sites)
    one = mine.replace(plan=Plan(), days=DAYS, traffic=mine.traffic.replace(sites=sites))
    run = simulate(one, 5)
    campaign = [group.split(" / ")[0] for group in run.numbering.ad_groups]
    rows = [(campaign[p.ad_group], p.spend / 100, p.impressions, p.clicks) for p in run.shown]
    daily = pd.DataFrame(rows, columns=["campaign", "spend", "impressions", "clicks"]).groupby("campaign").sum() / DAYS
    claims = run.claims
    won = (claims.event == 4) & claims.counted & (claims.touch_at < SETTLED * 86_400_000)
    counts = pd.Series([campaign[group] for group in claims.ad_group[won]]).value_counts()
    return daily.assign(conversions=counts.reindex(daily.index).fillna(0) / SETTLED)


@pytest.fixture(scope="module")
def in_simulation(mine) -> pd.DataFrame:
    """Figures with so many people that nobody is met twice by chance."""
    return simulated(mine, 20_000_000)


def test_simulated_spend_per_day_is_the_files(in_simulation, days):
    mean = days.groupby("Campaign ID")["spend"].mean()
    assert in_simulation.loc[mean.index, "spend"].to_numpy() == pytest.approx(mean.to_numpy(), rel=1e-3)


@pytest.mark.parametrize("quantity", ["impressions", "clicks"])
def test_simulated_impressions_and_clicks_per_day_are_the_files(in_simulation, days, quantity):
    grouped = days.groupby("Campaign ID")[quantity]
    mean, error = grouped.mean(), grouped.std(ddof=1) / np.sqrt(grouped.size())
    # Days of the simulation scatter as those of the file do.
    scatter = grouped.std(ddof=1) / np.sqrt(DAYS)
    z = (in_simulation.loc[mean.index, quantity] - mean) / np.sqrt(error**2 + scatter**2)
    assert z.abs().max() < 4, z
    # Twelve campaigns together: a bias shows that hides in each one's scatter.
    assert abs(z.sum() / np.sqrt(len(z))) < 4, z


def test_simulated_conversions_per_day_are_the_files(in_simulation, days, found):
    grouped = days.groupby("Campaign ID")["conversions"]
    mean, error = grouped.mean(), grouped.std(ddof=1) / np.sqrt(grouped.size())
    simulated_error = np.sqrt(mean / SETTLED)
    own = (
        pd.Series({key: c.conversions_per_click.sd / c.conversions_per_click.value for key, c in found.items()}) * mean
    )
    z = (in_simulation.loc[mean.index, "conversions"] - mean) / np.sqrt(error**2 + simulated_error**2 + own**2)
    assert z.abs().max() < 4, z
    total, total_error = mean.sum(), np.sqrt((error**2 + simulated_error**2).sum())
    assert abs(in_simulation.loc[mean.index, "conversions"].sum() - total) < 4 * total_error


def test_credit_by_coincidence_stays_small_with_the_default_people(mine, in_simulation, days):
    # People who were touched anyway buy for other reasons, or are touched again before an order outside its window.
    campaigns = days.index.unique("Campaign ID")
    crowded = simulated(mine, 200_000).loc[campaigns, "conversions"].sum()
    alone = in_simulation.loc[campaigns, "conversions"].sum()
    error = np.sqrt((crowded + alone) / SETTLED)
    assert -4 * error < crowded - alone < 0.06 * alone + 4 * error


# How it is called.


def test_path_and_report_scenario_and_name_give_the_same(file, report, mine):
    assert calibrate(str(file)) == mine
    assert calibrate(report, scenario("agency")) == mine


def test_organic_sessions_of_the_user_are_given_and_else_the_assumption_stays(report, mine):
    path = "traffic.sites[shop].organic_sessions"
    assert {p: s for p, _, _, s in parameters(mine)}[path].kind is SourceKind.ASSUMPTION
    told = calibrate(report, organic_sessions=321.0)
    assert told.traffic.sites[0].organic_sessions == 321.0
    assert {p: s for p, _, _, s in parameters(told)}[path].kind is SourceKind.GIVEN
    for wrong in (-1.0, float("nan"), float("inf")):
        with pytest.raises(InputError, match="organic_sessions"):
            calibrate(report, organic_sessions=wrong)


def test_a_calibrated_scenario_goes_through_a_file(mine):
    assert Scenario.read(tomllib.loads(dump_scenario(mine))) == mine


def test_a_file_may_use_the_ids_of_campaigns_that_stay(write):
    names = {"launch": "Launch again", "brand_always_on": "Brand", "c1": "Other"}
    rows = "".join(
        f"2025-03-{day:02d},{name},{key},{10 + day}.00,4000,40,2,USD\n"
        for key, name in names.items()
        for day in range(1, 29)
    )
    head = "By Day,Campaign name,Campaign ID,Cost,Impressions,Clicks (destination),Conversions,Currency\n"
    mine = calibrate(write(head + rows))
    ids = [c.id for c in mine.structure.campaigns]
    assert ids == ["brand_always_on", "launch", "brand_always_on (file)", "c1", "launch (file)"]
    stopped = {s.action.id for s in mine.plan.steps if s.action.do == "switch"}
    assert stopped == {"brand_always_on (file)", "c1", "launch (file)"}


def test_every_parameter_can_be_varied_by_its_path(mine):
    group = next(iter(parts(mine).values()))[0].ad_group
    assert mine.vary(f"traffic.delivery[{group}].daily_budget", 7.0).content_hash != mine.content_hash


def test_a_scenario_without_a_partners_campaigns_cannot_take_the_files(report):
    bare = scenario("agency").plain()
    bare["structure"] |= {"links": [], "campaigns": [], "ad_groups": [], "ads": []}
    bare["traffic"]["delivery"], bare["plan"]["steps"] = [], []
    with pytest.raises(InputError, match="one linked ad account with campaigns"):
        calibrate(report, Scenario.read(bare))
    with pytest.raises(UnknownNameError, match="did you mean 'agency'"):
        calibrate(report, "agenci")


def test_a_file_in_which_nothing_ran_is_refused(write):
    text = (
        "By Day,Campaign name,Campaign ID,Cost,Impressions,Clicks (destination),Conversions,Currency\n"
        "2025-01-06,Spring,1850000000001001,0.00,0,0,0,USD\n"
        "2025-01-07,Spring,1850000000001001,0.00,0,0,0,USD\n"
    )
    with pytest.raises(InputError, match="at least one campaign with spend, impressions and clicks"):
        calibrate(write(text))


def test_ids_with_brackets_and_dots_work_all_the_way(write):
    days = "\n".join(
        f"2025-01-{day:02d},[US] spring.sale / A,{10 + day}.00,{3000 + 7 * day},{40 + day},{day % 3},USD"
        for day in range(1, 29)
    )
    text = f"By Day,Campaign name,Cost,Impressions,Clicks (destination),Conversions,Currency\n{days}\n"
    one = calibrate(write(text))
    (delivery,) = [d for d in one.traffic.delivery if d.ad_group.startswith("[US]")]
    assert drawn(one, 1, 0).traffic.delivery != one.traffic.delivery
    assert one.vary(f"traffic.delivery[{delivery.ad_group}].cpm", 9.0).traffic.delivery != one.traffic.delivery
    assert Scenario.read(tomllib.loads(dump_scenario(one))) == one
