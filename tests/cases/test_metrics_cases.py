"""Field cases of who reads which figure, and of steps of a plan that the rules refuse."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

import pixelsim as ps
from pixelsim.measure import metrics
from pixelsim.scenario import MeasurementSettings, Scenario
from pixelsim.sharing.causes import Cause
from pixelsim.traffic.access import AccessBook
from pixelsim.traffic.capture import Copies
from pixelsim.traffic.collector import Collector
from pixelsim.traffic.columns import Columns
from pixelsim.traffic.flow import TouchRows
from pixelsim.traffic.simulate import Simulation
from pixelsim.traffic.touches import Windows

DAY = 86_400_000
PURCHASE = 4


def columns(kind: type[Columns], size: int, **values: Any) -> Any:
    """Make rows in which every column that is not given is 0."""
    given = {name: np.broadcast_to(np.asarray(value), (size,)) for name, value in values.items()}
    fields = [field.name for field in dataclasses.fields(kind)]  # type: ignore[arg-type]
    assert set(given) <= set(fields)
    return kind(*(np.array(given.get(name, np.zeros(size)), dtype=np.int64) for name in fields))


def two_accounts(scope: str) -> Scenario:
    """Make one pixel of an owner, linked to two accounts with a campaign each, and nothing that happens by itself."""
    accounts = ["acc_0", "acc_1", "acc_2"]
    return Scenario.read(
        {
            "name": "two_accounts",
            "days": 5,
            "structure": {
                "business_centers": [{"id": "bc", "name": "Owner", "verified": True}],
                "ad_accounts": [{"id": key, "name": key, "owner_bc": "bc"} for key in accounts],
                "websites": [{"id": "shop", "name": "Shop", "pixels": ["px_1"]}],
                "pixels": [{"code": "px_1", "number": "1", "name": "P", "creator": "acc_0", "owner_bc": "bc"}],
                "links": [{"pixel": "px_1", "account": key, "by_bc": "bc"} for key in accounts[1:]],
                "campaigns": [{"id": f"camp_{i}", "account": f"acc_{i}", "name": f"C{i}"} for i in (1, 2)],
                "ad_groups": [
                    {"id": f"g_{i}", "campaign": f"camp_{i}", "name": f"G{i}", "pixel": "px_1"} for i in (1, 2)
                ],
                "ads": [{"id": f"a_{i}", "ad_group": f"g_{i}", "name": f"A{i}"} for i in (1, 2)],
            },
            "traffic": {"sites": [{"website": "shop", "organic_sessions": 0.0}]},
            "measurement": {"scope": scope},
            "viewers": [{"name": key, "account": key} for key in accounts],
        }
    )


def collected(scope: str) -> Simulation:
    """Send the case's purchases through collection: 120 after acc_1's ads, 80 after acc_2's, 30 of these after both."""
    empty = ps.run(two_accounts(scope), seed=1).simulation
    numbering = empty.numbering
    group = {1: numbering.ad_groups.index("g_1"), 2: numbering.ad_groups.index("g_2")}
    ad = {1: numbering.ads.index("a_1"), 2: numbering.ads.index("a_2")}
    # Buyers 0 to 119 met acc_1's ads on day 1, buyers 90 to 169 acc_2's half a day before; so acc_1's are the last.
    account = np.repeat([1, 2], [120, 80])
    touches = columns(
        TouchRows,
        200,
        at=np.where(account == 1, DAY, DAY // 2),
        person=np.concatenate([np.arange(120), np.arange(90, 170)]),
        ad_group=[group[a] for a in account],
        ad=[ad[a] for a in account],
        number=np.arange(200),
    )
    buyer = np.arange(1_000)
    purchases = columns(
        Copies,
        1_000,
        at=2 * DAY,
        received=2 * DAY,
        person=buyer,
        visitor=buyer,
        match=buyer,
        event=PURCHASE,
        key=buyer,
        event_id=buyer,
    )
    collector = Collector(
        MeasurementSettings(scope=scope),
        numbering,
        Windows.alike(len(numbering.ad_groups)),
        np.zeros((len(numbering.ad_groups), 5), dtype=np.int8),
        AccessBook(empty.timeline, numbering),
    )
    log, claims = collector.collect([touches], [purchases], 5 * DAY)
    return dataclasses.replace(empty, log_parts=(log,), claim_parts=(claims,))


def figures(scope: str) -> dict[str, dict[str, int]]:
    """Give each viewer's purchases by metric, the campaign level summed over the viewer's campaigns."""
    table = metrics(collected(scope))
    table = table[(table["event"] == "Purchase") & ~((table["surface"] == "Ads Manager") & (table["rule"] == "R26"))]
    sums = table.groupby(["viewer", "metric"])["value"].sum()
    return {viewer: {k: int(v) for k, v in sums[viewer].items()} for viewer in ("acc_0", "acc_1", "acc_2")}


TOTAL, ATTRIBUTED, CAMPAIGN = "total events", "attributed events", "attributed events (campaign level)"


def test_P61_three_metrics_under_pixel_wide_last_touch():
    read = figures("pixel")
    assert {viewer: row[TOTAL] for viewer, row in read.items()} == dict.fromkeys(read, 1_000)
    assert {viewer: row[ATTRIBUTED] for viewer, row in read.items()} == dict.fromkeys(read, 170)
    assert (read["acc_1"][CAMPAIGN], read["acc_2"][CAMPAIGN]) == (120, 50)
    assert CAMPAIGN not in read["acc_0"]


def test_P61_three_metrics_where_each_account_claims_for_itself():
    read = figures("account")
    assert {viewer: row[TOTAL] for viewer, row in read.items()} == dict.fromkeys(read, 1_000)
    assert {viewer: row[ATTRIBUTED] for viewer, row in read.items()} == dict.fromkeys(read, 170)
    assert (read["acc_1"][CAMPAIGN], read["acc_2"][CAMPAIGN]) == (120, 80)
    assert read["acc_1"][CAMPAIGN] + read["acc_2"][CAMPAIGN] == 200


@pytest.mark.parametrize("scope", ["pixel", "account"])
def test_P61_attributed_is_never_more_than_total(scope):
    for row in figures(scope).values():
        assert row[ATTRIBUTED] <= row[TOTAL]


# Plans with steps that the rules refuse: refused rows in the result, and a world left as it was.


def acting(structure: dict[str, Any], actions: list[dict[str, Any]]) -> ps.Run:
    """Run a day on which people do one thing after the other."""
    one = {
        "name": "plan",
        "days": 1,
        "structure": structure | {"websites": [{"id": "shop", "name": "Shop"}]},
        "traffic": {"sites": [{"website": "shop", "organic_sessions": 0.0}]},
        "plan": {"steps": [{"day": 0.1 * (i + 1), "action": action} for i, action in enumerate(actions)]},
    }
    return ps.run(Scenario.read(one), seed=1)


def centers(**types: str) -> dict[str, Any]:
    """Make verified Business Centers, each with an Admin called ``admin_`` and its name."""
    return {
        "business_centers": [{"id": f"bc_{k}", "name": k, "type": t, "verified": True} for k, t in types.items()],
        "people": [{"id": f"admin_{key}", "name": f"Admin of {key}"} for key in types],
        "members": [{"bc": f"bc_{key}", "person": f"admin_{key}", "role": "ADMIN"} for key in types],
    }


def told(run: ps.Run) -> list[tuple[str, str]]:
    return [(r.decision.verdict.value, r.decision.cause.name) for r in run.simulation.history.records]


def test_P10_sharing_before_the_pixel_is_moved_into_the_business_center():
    structure = centers(a="DIRECT", b="DIRECT", partner="DIRECT") | {
        "ad_accounts": [{"id": "acc_1", "name": "Account", "owner_bc": "bc_a"}],
        "pixels": [{"code": "px_1", "number": "1", "name": "P", "creator": "acc_1"}],
        "partnerships": [{"bc": "bc_a", "partner": "bc_b"}],
        "account_grants": [{"bc": "bc_b", "account": "acc_1", "role": "OPERATOR"}],
    }
    share = {"do": "share_pixel", "actor": "admin_a", "bc": "bc_a", "pixel": "px_1", "partner": "bc_partner"}
    run = acting(
        structure,
        [
            share,
            {"do": "transfer_pixel", "actor": "admin_b", "bc": "bc_b", "pixel": "px_1"},
            {"do": "transfer_pixel", "actor": "admin_a", "bc": "bc_a", "pixel": "px_1"},
            share,
            {"do": "unlink_pixel", "actor": "admin_a", "bc": "bc_a", "pixel": "px_1", "account": "acc_1"},
        ],
    )
    assert told(run) == [
        ("no", Cause.NOT_IN_BC.name),
        ("no", Cause.NEED_ADMIN_ON_OWNER_ACCOUNT.name),
        ("yes", Cause.ALLOWED.name),
        ("yes", Cause.ALLOWED.name),
        ("no", Cause.CREATOR_STAYS.name),
    ]
    refused = run.refused()
    assert refused["rule"].tolist() == ["R03", "R05", "R11"]
    assert refused["actor"].tolist() == ["admin_a", "admin_b", "admin_a"]
    assert refused["cause"].tolist() == ["NOT_IN_BC", "NEED_ADMIN_ON_OWNER_ACCOUNT", "CREATOR_STAYS"]
    assert "transfer it to a Business Center first" in refused.loc[0, "remedy"]
    assert run.simulation.history.now.pixels["px_1"].creator == "acc_1"
    assert run.simulation.history.now.pixels["px_1"].owner_bc == "bc_a"


def test_P22_a_partner_uses_the_pixel_in_its_own_accounts_and_cannot_hand_it_on():
    structure = centers(o="DIRECT", ag="AGENCY", sub="AGENCY") | {
        "ad_accounts": [
            {"id": "acc_o", "name": "Owner", "owner_bc": "bc_o"},
            {"id": "acc_1", "name": "Agency", "owner_bc": "bc_ag"},
            {"id": "acc_2", "name": "Sub-agency", "owner_bc": "bc_sub"},
        ],
        "pixels": [{"code": "px_1", "number": "1", "name": "P", "creator": "acc_o", "owner_bc": "bc_o"}],
        "partnerships": [{"bc": "bc_o", "partner": "bc_ag"}],
        "shares": [{"pixel": "px_1", "partner": "bc_ag"}],
    }
    run = acting(
        structure,
        [
            {"do": "link_pixel", "actor": "admin_ag", "bc": "bc_ag", "pixel": "px_1", "account": "acc_1"},
            {"do": "share_pixel", "actor": "admin_ag", "bc": "bc_ag", "pixel": "px_1", "partner": "bc_sub"},
            {"do": "link_pixel", "actor": "admin_sub", "bc": "bc_sub", "pixel": "px_1", "account": "acc_2"},
            {"do": "share_pixel", "actor": "admin_o", "bc": "bc_o", "pixel": "px_1", "partner": "bc_sub"},
        ],
    )
    assert told(run) == [
        ("yes", Cause.ALLOWED.name),
        ("no", Cause.NO_RESHARE.name),
        ("no", Cause.NO_ACCESS.name),
        ("yes", Cause.ALLOWED.name),
    ]
    refused = run.refused()
    assert refused["cause"].tolist() == ["NO_RESHARE", "NO_ACCESS"]
    assert refused["rule"].tolist() == ["R09", "R09"]
    assert (refused["remedy"].str.len() > 0).all()
    assert set(run.simulation.history.now.links) == {("px_1", "acc_1")}
