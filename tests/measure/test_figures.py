"""Figures against the metrics that people read, against a plain recount, and the reasons that they give."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from measured_runs import EVENTS, PIXEL, VARIANTS, counted, measured

import pixelsim as ps
from pixelsim.base.errors import InputError, UnknownNameError
from pixelsim.measure import Figure, Stage, metrics, reconcile
from pixelsim.measure.figures import UNSENT, Unsent, rows_of
from pixelsim.scenario import Scenario
from pixelsim.scenario.measurement import DayBasis

BASES = {"event": "Events Manager", "interaction": "Ads Manager"}
ACCOUNTS = {"brand": "acc_brand", "agency": "acc_agency"}


def value(variant: str, figure: Figure) -> int:
    return int(rows_of(measured(variant), figure.event).contains(figure).sum())


@pytest.mark.parametrize("by", ["total", "day"])
@pytest.mark.parametrize("variant", VARIANTS)
def test_figures_have_the_values_that_viewers_read(variant, by):
    """Total, attributed and campaign level, in all and by day, on each viewer's clock."""
    simulation = measured(variant)
    campaign_basis = simulation.scenario.measurement.day_basis
    checked = 0
    for viewer, account in ACCOUNTS.items():
        table = metrics(simulation, viewer, by=by).dropna(subset="value")
        for event in ("Purchase", "AddToCart"):
            rows = rows_of(simulation, event)
            mine = table[table["event"] == event]
            for row in mine.to_dict("records"):
                stage = Stage(row["metric"])
                if (stage is Stage.TOTAL) and row["surface"] == "Ads Manager":
                    continue
                figure = Figure(
                    stage=stage,
                    event=event,
                    account=account,
                    campaign=row["object"] or None,
                    day=None if pd.isna(row["day"]) else str(row["day"].date()),
                    basis=row["day_basis"],
                )
                assert rows.contains(figure).sum() == row["value"], str(figure)
                checked += 1
    assert checked > (10 if by == "total" else 60)
    assert campaign_basis in BASES


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_figure_of_an_account_is_the_sum_of_its_campaigns(variant):
    simulation = measured(variant)
    for account in ACCOUNTS.values():
        campaigns = [key for key, camp in simulation.history.now.campaigns.items() if camp.account == account]
        for event in EVENTS:
            whole = value(variant, Figure(stage=Stage.ACCOUNT, event=event, account=account))
            parts = [Figure(stage=Stage.CAMPAIGN, event=event, account=account, campaign=c) for c in campaigns]
            assert whole == sum(value(variant, part) for part in parts)


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("variant", VARIANTS)
def test_early_stages_equal_a_recount(variant, event):
    simulation = measured(variant)
    log = simulation.log
    mine = log.event == EVENTS.index(event)
    found = {stage: value(variant, Figure(stage=stage, event=event)) for stage in Stage if list(Stage).index(stage) < 4}
    assert found[Stage.SENT] == np.count_nonzero(mine)
    assert found[Stage.RECEIVED] == np.count_nonzero(mine & (log.loss == 0))
    assert found[Stage.TOTAL] == np.count_nonzero(mine & (log.fate == 0) & (log.visit != 2))
    happened = len(simulation.orders) if event == "Purchase" else len(np.unique(log.key[mine]))
    assert found[Stage.HAPPENED] == happened


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_row_has_one_reason_or_is_counted(variant):
    rows = rows_of(measured(variant))
    for stage in Stage:
        account = "acc_agency" if list(Stage).index(stage) >= 5 else None
        figure = Figure(stage=stage, account=account)
        reasons = rows.reason(figure)
        assert (reasons == "").sum() == len(counted(variant, figure))
        assert "for another reason" not in reasons


def shop(**changes) -> Scenario:
    """Give two sites and two pixels, of which each site carries one, for two days without ads."""
    capture = {"blocked_people": 0.0, "refusing_people": 0.0, "lost_events": 0.0}
    plain = {
        "days": 2,
        "structure": {
            "business_centers": [{"id": "bc", "name": "Owner", "verified": True}],
            "people": [{"id": "ann", "name": "Ann"}],
            "members": [{"bc": "bc", "person": "ann", "role": "ADMIN"}],
            "ad_accounts": [{"id": "acc", "name": "Account", "owner_bc": "bc"}],
            "websites": [{"id": "a", "name": "a", "pixels": ["px_1"]}, {"id": "b", "name": "b", "pixels": ["px_2"]}],
            "pixels": [
                {"code": code, "number": code[-1], "name": code, "creator": "acc", "owner_bc": "bc"}
                for code in ("px_1", "px_2")
            ],
        },
        "traffic": {
            "sites": [
                {"website": key, "organic_sessions": 100.0, "order_rate": 0.5, "capture": capture} for key in ("a", "b")
            ]
        },
    }
    for path, changed in changes.items():
        plain["traffic"]["sites"][0]["capture"][path] = changed
    return Scenario.read(plain)


def steps(simulation, pixel: str = "px_1") -> dict[str, int]:
    start, end = Figure(stage=Stage.HAPPENED, pixel=pixel), Figure(stage=Stage.SENT, pixel=pixel)
    return dict(reconcile(simulation, start, end).steps.itertuples(index=False))


def site_of(simulation) -> np.ndarray:
    return np.array([simulation.numbering.origins[o].entity for o in simulation.orders.origin])


def test_orders_of_other_sites_were_not_on_a_page_of_the_pixel():
    simulation = ps.run(shop(), seed=1).simulation
    elsewhere = int(np.count_nonzero(site_of(simulation) == "b"))
    assert elsewhere > 50
    assert steps(simulation) == {"less: the pixel was not on the page": -elsewhere}


def test_orders_while_the_pixel_was_off_the_page_are_told_so():
    place = {"actor": "ann", "website": "a", "pixel": "px_1"}
    plan = [
        {"day": 0.5, "action": place | {"do": "uninstall_pixel"}},
        {"day": 1.25, "action": place | {"do": "install_pixel"}},
    ]
    simulation = ps.run(shop().replace(plan={"steps": plan}), seed=1).simulation
    at, site = simulation.orders.at, site_of(simulation)
    off = (site == "b") | ((at >= 0.5 * 86_400_000) & (at < 1.25 * 86_400_000))
    assert np.count_nonzero(off & (site == "a")) > 10
    assert steps(simulation) == {"less: the pixel was not on the page": -int(off.sum())}


@pytest.mark.parametrize(
    "change", [{"tags": [{"event": "PageView"}, {"event": "Purchase", "pixel": "px_2"}]}, {"loads": {"px_1": 0}}]
)
def test_orders_that_no_tag_sends_are_told_so(change):
    simulation = ps.run(shop(**change), seed=1).simulation
    mine = int(np.count_nonzero(site_of(simulation) == "a"))
    found = steps(simulation)
    assert found.pop("less: no tag of the page sends it to the pixel") == -mine
    assert found == {"less: the pixel was not on the page": mine - len(simulation.orders)}


def test_orders_that_wait_for_consent_when_the_run_ends_are_told_so():
    waiting = shop(late_consent_people=1.0, consent_seconds=20_000.0)
    simulation = ps.run(waiting.replace(measurement={"consent": "hold"}), seed=1).simulation
    mine = set(simulation.orders.key[site_of(simulation) == "a"].tolist())
    arrived = set(simulation.log.key[simulation.log.event == 4].tolist())
    late = len(mine - arrived)
    assert late > 5
    assert steps(simulation)["less: no copy had arrived when the run ended"] == -late
    assert set(UNSENT) == set(Unsent) - {Unsent.SENT}


def test_figures_that_cannot_be_are_refused_with_what_there_is():
    simulation = measured("server leg")
    with pytest.raises(UnknownNameError, match="Purchase"):
        rows_of(simulation, "Purchased")
    with pytest.raises(UnknownNameError, match="pixel"):
        rows_of(simulation, "Purchase", "NO SUCH PIXEL")
    rows = rows_of(simulation)
    with pytest.raises(InputError, match="ad_account"):
        rows.contains(Figure(stage=Stage.ACCOUNT))
    with pytest.raises(UnknownNameError, match="did you mean 'acc_brand'"):
        rows.contains(Figure(stage=Stage.ACCOUNT, account="acc_brend"))
    with pytest.raises(UnknownNameError, match="campaign"):
        rows.contains(Figure(stage=Stage.CAMPAIGN, account="acc_brand", campaign="nothing"))
    with pytest.raises(UnknownNameError, match="basis of a figure 'touch' does not exist; known: interaction, event"):
        Figure(stage=Stage.TOTAL, basis="touch")
    with pytest.raises(UnknownNameError, match="stage of a figure"):
        Figure(stage="nothing")
    with pytest.raises(InputError, match=r"px_1, px_2.*name the pixel"):
        rows_of(ps.run(shop(), seed=1).simulation)


def test_a_figure_says_what_it_is():
    figure = Figure(stage=Stage.CAMPAIGN, account="acc_brand", campaign="brand_always_on", day="2026-01-06", as_of=3.5)
    assert str(figure) == (
        "attributed events (campaign level), Purchase, account acc_brand, campaign brand_always_on, "
        "on 2026-01-06 by day of the event, read on day 3.5"
    )
    assert str(Figure(stage=Stage.HAPPENED)) == "happened, Purchase"
    assert Figure(stage="total events", basis="interaction") == Figure(stage=Stage.TOTAL, basis=DayBasis.INTERACTION)
    assert rows_of(measured("server leg"), "Purchase", PIXEL).table.equals(rows_of(measured("server leg")).table)
