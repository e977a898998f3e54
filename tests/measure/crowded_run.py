"""Small runs in which people meet the ads of two accounts, on clocks far apart, and the agency loses its access."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import pandas as pd
from credit_by_hand import Touch, Verdict

import pixelsim as ps
from pixelsim.scenario import Plan, PlannedAction, Scenario
from pixelsim.sharing import actions as do
from pixelsim.study import Run

PIXEL = "BRANDSHOPPIXEL000001"
UNSHARED = 6.25


def crowded(*, again: bool = False, server: bool = False) -> Scenario:
    """Make 12 days with few people and many touches; the agency's access ends on day 6.25, and may come back."""
    unshare = do.UnsharePixel(actor="brand_admin", bc="bc_brand", pixel=PIXEL, partner="bc_agency")
    share = do.SharePixel(actor="brand_admin", bc="bc_brand", pixel=PIXEL, partner="bc_agency")
    link = do.LinkPixel(actor="agency_admin", bc="bc_agency", pixel=PIXEL, account="acc_agency")
    steps = [PlannedAction(day=UNSHARED, action=unshare)]
    if again:
        steps += [PlannedAction(day=9.5, action=share), PlannedAction(day=9.5, action=link)]
    one = ps.scenario("agency").replace(days=12, plan=Plan(steps=tuple(steps)), policy="continue")
    plain = one.plain()
    offsets = {"acc_brand": "+05:30", "acc_agency": "-08:00", "acc_outsider": "+09:00"}
    for account in plain["structure"]["ad_accounts"]:
        account["utc_offset"] = offsets[account["id"]]
    windows = {"prospecting_1": (7, 1, 1), "retargeting_1": (1, 1, 1), "brand_always_on_1": (7, 7, 0)}
    for group in plain["structure"]["ad_groups"]:
        click, engaged, view = windows.get(group["id"], (7, 1, 1))
        group |= {"click_days": click, "engaged_view_days": engaged, "view_days": view}
        if group["id"] == "launch_1":
            group |= {"start_day": 8.0, "end_day": None}
    for delivery in plain["traffic"]["delivery"]:
        delivery |= {"daily_budget": 4.0, "click_rate": 0.03, "conversion_rate": 0.2}
        delivery |= {"engaged_view_rate": 0.004, "view_rate": 0.004}
    site = plain["traffic"]["sites"][0]
    site |= {"organic_sessions": 60.0, "people": 250, "order_rate": 0.1}
    if server:
        site["capture"]["server"] = {"lost": 0.1, "delay_seconds": 200.0, "delay_sigma": 2.0}
    return Scenario.read(plain)


@dataclass(frozen=True)
class Story:
    """A run, its touches, and its credit worked out by hand."""

    run: Run
    touches: list[Touch]
    verdicts: list[Verdict]
    counts: dict[tuple[int, str], bool]

    @functools.cached_property
    def log(self) -> pd.DataFrame:
        """The decoded log, as the user gets it."""
        return self.run.log()

    def claims(self) -> pd.DataFrame:
        """Every claim that counts, by hand: event name, account, objects, and the instants of event and touch."""
        event, at = (self.log[name].tolist() for name in ("event", "at"))
        start = pd.Timestamp(self.run.scenario.start)
        world = self.run.simulation.history.now
        rows = [
            {
                "event": event[v.row],
                "account": account,
                "campaign": world.ad_groups[touch.ad_group].campaign,
                "ad_group": touch.ad_group,
                "ad": touch.ad,
                "at": at[v.row],
                "touch_at": start + pd.Timedelta(milliseconds=touch.at),
            }
            for v in self.verdicts
            for account, touch in v.claims.items()
            if self.counts[v.row, account]
        ]
        return pd.DataFrame(rows)
