"""Runs in which much goes wrong, and a plain recount of what figures count, row by row, without NumPy."""

from __future__ import annotations

import functools
from typing import Any

import pandas as pd

import pixelsim as ps
from pixelsim.measure import Figure, Stage
from pixelsim.scenario import Scenario
from pixelsim.traffic.simulate import Simulation

PIXEL = "BRANDSHOPPIXEL000001"
EVENTS = ("PageView", "ViewContent", "AddToCart", "InitiateCheckout", "Purchase")
DAY = 86_400_000
HOUR = 3_600_000
OFFSETS = {"acc_brand": "+05:30", "acc_agency": "-08:00", "acc_outsider": "+09:00"}

SERVER = {"lost": 0.1, "delay_seconds": 4_000.0, "delay_sigma": 2.0, "event_id": "shared"}
NO_ID = {"browser_event_id": False, "server": SERVER | {"event_id": "missing"}, "loads": {PIXEL: 2}}
WAITING = {
    "server": SERVER,
    "late_consent_people": 0.4,
    "consent_seconds": 20_000.0,
    "junk": {"preview_sessions": 20.0, "bots": 0.1},
    "resends_previous": True,
    "navigations": 0.5,
}


def _uninstalled() -> list[dict[str, Any]]:
    """Take the pixel off the page for a day and a half."""
    place = {"actor": "brand_admin", "website": "shop", "pixel": PIXEL}
    return [
        {"day": 2.5, "action": place | {"do": "uninstall_pixel"}},
        {"day": 4.0, "action": place | {"do": "install_pixel"}},
    ]


def _unshared() -> list[dict[str, Any]]:
    action = {"do": "unshare_pixel", "actor": "brand_admin", "bc": "bc_brand", "pixel": PIXEL, "partner": "bc_agency"}
    return [{"day": 4.25, "action": action}]


VARIANTS: dict[str, tuple[dict[str, Any], dict[str, Any], list[dict[str, Any]]]] = {
    "server leg": ({"server": SERVER}, {}, []),
    "no ids, each account claims": (NO_ID, {"scope": "account", "repeat_seconds": 600.0, "count": "once"}, []),
    "held, taken off the page": (WAITING, {"consent": "hold", "reporting_lag_hours": 11.0}, _uninstalled()),
    "unshared": ({"server": SERVER}, {"in_flight": "until_window_ends", "day_basis": "event"}, _unshared()),
}


@functools.cache
def measured(variant: str) -> Simulation:
    """Run 7 days with few people, many touches, and accounts on clocks far apart."""
    capture, measurement, steps = VARIANTS[variant]
    plain = ps.scenario("agency").plain() | {"days": 7, "plan": {"steps": steps}, "measurement": measurement}
    plain["policy"] = "continue"
    for account in plain["structure"]["ad_accounts"]:
        account["utc_offset"] = OFFSETS[account["id"]]
    for group in plain["structure"]["ad_groups"]:
        group |= {"start_day": 0.0, "end_day": None}
    for delivery in plain["traffic"]["delivery"]:
        delivery |= {"daily_budget": 4.0, "click_rate": 0.03, "conversion_rate": 0.2, "view_rate": 0.004}
    site = plain["traffic"]["sites"][0]
    site |= {"organic_sessions": 40.0, "people": 200, "order_rate": 0.1}
    site["capture"] |= capture
    return ps.run(Scenario.read(plain), seed=5).simulation


@functools.cache
def _rows(variant: str, event: str) -> list[dict[str, Any]]:
    """Give the log rows of one event, and the orders that have none, each with its claims by account."""
    simulation = measured(variant)
    log, claims = simulation.log, simulation.claims
    rows = [
        {"id": i, "key": int(log.key[i]), "at": int(log.at[i]), "received": int(log.received[i])}
        | {"loss": int(log.loss[i]), "fate": int(log.fate[i]), "visit": int(log.visit[i])}
        | {"reason": int(log.reason[i]), "touch_at": int(log.touch_at[i]), "claims": {}}
        for i in range(len(log))
        if EVENTS[log.event[i]] == event
    ]
    by_id = {row["id"]: row for row in rows}
    names = simulation.numbering
    for i in range(len(claims)):
        row = by_id.get(int(claims.row[i]))
        if row is not None:
            group = names.ad_groups[claims.ad_group[i]]
            campaign = simulation.history.now.ad_groups[group].campaign
            row["claims"][names.accounts[claims.account[i]]] = (
                campaign,
                int(claims.touch_at[i]),
                bool(claims.counted[i]),
            )
    if event == "Purchase":
        sent = {row["key"] for row in rows}
        orders = simulation.orders
        rows += [
            {"id": ("order", int(key)), "key": int(key), "at": int(at), "received": int(at), "loss": None, "fate": None}
            | {"visit": 0, "reason": None, "touch_at": -1, "claims": {}}
            for key, at in zip(orders.key, orders.at, strict=True)
            if int(key) not in sent
        ]
    best: dict[int, tuple[Any, ...]] = {}
    for row in rows:
        rank = 0 if row["fate"] == 0 else 1 if row["loss"] == 0 else 2
        mine = (rank, row["received"], str(row["id"]).zfill(12))
        if row["key"] not in best or mine < best[row["key"]][0]:
            best[row["key"]] = (mine, row["id"])
    stands = {found[1] for found in best.values()}
    return [row | {"happens": row["id"] in stands} for row in rows]


def counted(variant: str, figure: Figure) -> set[Any]:
    """Give the rows that a figure counts, by what its fields say."""
    simulation = measured(variant)
    stage = list(Stage).index(figure.stage)
    account = simulation.history.now.ad_accounts[figure.account] if figure.account else None
    offset = figure.utc_offset if figure.utc_offset is not None else account.utc_offset if account else 0
    lag = simulation.scenario.measurement.reporting_lag_hours * HOUR
    found = set()
    for row in _rows(variant, figure.event):
        touch_at = row["touch_at"]
        if stage == 0 and not row["happens"]:
            continue
        if stage >= 1 and row["loss"] is None:
            continue
        if stage >= 2 and row["loss"] != 0:
            continue
        if stage >= 3 and (row["fate"] != 0 or row["visit"] == 2):
            continue
        if stage == 4 and row["reason"] != 0:
            continue
        if stage >= 5:
            campaign, touch_at, counts = row["claims"].get(figure.account, (None, -1, False))
            if not counts or (stage == 6 and figure.campaign not in {None, campaign}):
                continue
        if figure.as_of is not None and row["received"] > round(figure.as_of * DAY) - lag:
            continue
        if figure.day is not None:
            at = touch_at if figure.basis == "interaction" and stage >= 4 else row["at"]
            local = pd.Timestamp(simulation.scenario.start).tz_convert("UTC").tz_localize(None)
            local += pd.Timedelta(milliseconds=at + offset)
            if local.strftime("%Y-%m-%d") != figure.day:
                continue
        found.add(row["id"])
    return found
