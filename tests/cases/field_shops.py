"""Small businesses whose visits and clicks are given and not drawn, so that field cases have their exact numbers.

Everything after that is the simulator's own: what pages fire, what is lost, de-duplication, credit, audiences.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import pixelsim as ps
from pixelsim.scenario import Scenario
from pixelsim.traffic.flow import AdFlow, FlowStep, TouchRows
from pixelsim.traffic.sessions import Sessions, SessionSource, Visit

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

CLEAN = {"blocked_people": 0.0, "refusing_people": 0.0, "lost_events": 0.0}
"""A site that loses nothing."""
SETTLED = {"orders_share": 1.0, "cpm_factor": 1.0, "noise": 0.0}
"""A learning phase that costs nothing."""
EVEN = {"daily_budget": 0.0, "budget_spent": 1.0, "cpm": 1.0, "cpm_sigma": 0.0, "click_rate": 0.0, "hours": [1.0] * 24}
"""Delivery without luck: the whole budget is spent, evenly over the day, at one price."""


@dataclass(frozen=True)
class Visits:
    """Given visits of one website; a visit with an order passes all steps, and orders at its end."""

    site: str
    at: np.ndarray
    person: np.ndarray
    number: np.ndarray
    ordered: np.ndarray
    length: np.ndarray
    kind: Visit


def visits(
    site: str,
    at: Any,
    person: Any,
    *,
    ordered: Any = False,
    length: Any = 0,
    number: Any = None,
    kind: Visit = Visit.PERSON,
) -> Visits:
    """Give visits at times in ms by people (numbers inside the site's population)."""
    rows = np.broadcast_arrays(np.asarray(at, np.int64), np.asarray(person, np.int64), ordered, length)
    count = len(np.atleast_1d(rows[0]))
    numbers = np.arange(count) if number is None else np.asarray(number, np.int64)
    times, people, buys, lengths = (np.atleast_1d(row) for row in rows)
    return Visits(site, times, people, numbers, buys.astype(np.bool_), lengths.astype(np.int64), kind)


@dataclass(frozen=True)
class Clicks:
    """Given clicks on one ad group's first ad."""

    ad_group: str
    at: np.ndarray
    person: np.ndarray


def clicks(ad_group: str, at: Any, person: Any) -> Clicks:
    """Give clicks at times in ms by people (numbers inside the population of the site that the ad group leads to)."""
    times, people = np.broadcast_arrays(np.asarray(at, np.int64), np.asarray(person, np.int64))
    return Clicks(ad_group, np.atleast_1d(times), np.atleast_1d(people))


def business(
    *,
    days: int = 1,
    sites: dict[str, dict[str, Any]] | None = None,
    pixels: dict[str, str] | None = None,
    links: Iterable[tuple[str, str]] = (),
    groups: dict[str, dict[str, Any]] | None = None,
    accounts: Sequence[str] = ("acc_0", "acc_1"),
    steps: Iterable[tuple[float, dict[str, Any]]] = (),
    structure: dict[str, Any] | None = None,
    **parts: Any,
) -> Scenario:
    """Make a Business Center ``bc`` with an Admin ``ann``, who may do everything in all of its ad accounts.

    Parameters
    ----------
    sites
        Traffic settings of each website, and ``pixels``: the codes on its pages (``px_1`` unless given).
    pixels
        Creating account of each pixel.
    links
        Further links of pixels to accounts.
    groups
        Settings of each ad group: ``account``, ``pixel``, ``site``, ``budget``, ``delivery``, and fields of the ad
        group itself.
    steps
        Days and actions of the plan; ``ann`` acts unless somebody else is named.
    """
    sites = {"shop": {}} if sites is None else sites
    pixels = {"px_1": "acc_0"} if pixels is None else pixels
    groups = {} if groups is None else groups
    website = {key: {"pixels": [*pixels][:1]} | settings for key, settings in sites.items()}
    own = ("account", "pixel", "site", "budget", "delivery")
    made = {
        "business_centers": [{"id": "bc", "name": "Owner", "verified": True}],
        "people": [{"id": "ann", "name": "Ann"}],
        "members": [{"bc": "bc", "person": "ann", "role": "ADMIN"}],
        "ad_accounts": [{"id": key, "name": key, "owner_bc": "bc"} for key in accounts],
        "account_people": [{"account": key, "person": "ann", "role": "ADMIN", "via": "bc"} for key in accounts],
        "websites": [
            {"id": key, "name": key, "domains": [f"{key}.example"], "pixels": list(settings["pixels"])}
            for key, settings in website.items()
        ],
        "pixels": [
            {"code": code, "number": str(number), "name": code, "creator": creator, "owner_bc": "bc"}
            for number, (code, creator) in enumerate(pixels.items(), start=1)
        ],
        "links": [{"pixel": pixel, "account": account, "by_bc": "bc"} for pixel, account in links],
        "campaigns": [{"id": f"{key}_camp", "account": g["account"], "name": key} for key, g in groups.items()],
        "ad_groups": [
            {"id": key, "campaign": f"{key}_camp", "name": key, "pixel": g.get("pixel", "px_1")}
            | {name: value for name, value in g.items() if name not in own}
            for key, g in groups.items()
        ],
        "ads": [{"id": f"{key}_ad", "ad_group": key, "name": key} for key in groups],
    }
    traffic = {
        "sites": [
            {"website": key, "organic_sessions": 0.0, "order_rate": 0.0, "value": {"median": 100.0, "sigma": 0.0}}
            | {"funnel": {"view": 0.0, "cart": 0.0, "checkout": 0.0}}
            | {name: value for name, value in settings.items() if name not in {"pixels", "capture"}}
            | {"capture": CLEAN | settings.get("capture", {})}
            for key, settings in website.items()
        ],
        "delivery": [
            EVEN
            | {"ad_group": key, "website": g.get("site", "shop"), "daily_budget": g.get("budget", 0.0)}
            | g.get("delivery", {})
            for key, g in groups.items()
        ],
        "learning": SETTLED,
    } | parts.pop("traffic", {})
    plan = {"steps": [{"day": day, "action": {"actor": "ann"} | action} for day, action in steps]}
    viewers = [{"name": key, "account": key} for key in accounts]
    return Scenario.read(
        {
            "name": "field case",
            "days": days,
            "structure": made | (structure or {}),
            "traffic": traffic,
            "plan": plan,
            "viewers": viewers,
        }
        | parts
    )


def play(scenario: Scenario, came: Iterable[Visits] = (), clicked: Iterable[Clicks] = (), *, seed: int = 1) -> ps.Run:
    """Run a scenario with given visits and clicks in place of drawn ones."""
    given, touched = list(came), list(clicked)

    class Given(SessionSource):
        """Hands out the given visits of its website."""

        def until(self, end: int, flow: FlowStep | None, pixels: Sequence[Any]) -> Sessions:
            mine = [v for v in given if v.site == self.traffic.website]
            done = getattr(self, "done", -1)
            self.done = end
            tables = []
            for part in mine:
                due = (part.at >= done) & (part.at < end)
                kind = {Visit.PREVIEW: "preview", Visit.FOREIGN: "foreign"}.get(part.kind, "organic")
                origin = [(o.kind, o.entity) for o in self.numbering.origins].index((kind, part.site))
                size = int(due.sum())
                tables.append(
                    Sessions(
                        part.at[due],
                        part.length[due],
                        part.person[due] + self.people.base,
                        np.full(size, origin, dtype=np.int32),
                        part.number[due],
                        part.ordered[due],
                        np.full(size, -1),
                        np.full(size, part.kind, dtype=np.int8),
                    )
                )
            if not tables:
                return super().until(end, flow, pixels)
            return self._staying(Sessions.join(tables), pixels)

    class Touched(AdFlow):
        """Shows what the budget buys, and hands out the given clicks."""

        def step(self, spans: Any, end: int, *paces: Any) -> FlowStep:
            made = super().step(spans, end, *paces)
            done = getattr(self, "done", -1)
            self.done = end
            tables = [made.touches]
            numbers = {source.delivery.ad_group: source.number for source in self.sources}
            for part in touched:
                if part.ad_group in numbers:
                    due = (part.at >= done) & (part.at < end)
                    size = int(due.sum())
                    ad = self.ads[f"{part.ad_group}_ad"]
                    tables.append(
                        TouchRows(
                            part.at[due],
                            part.person[due] + self._people[0],
                            np.zeros(size, dtype=np.int8),
                            np.full(size, numbers[part.ad_group], dtype=np.int32),
                            np.full(size, ad, dtype=np.int32),
                            np.flatnonzero(due),
                            np.zeros(size, dtype=np.bool_),
                        )
                    )
            touches = TouchRows.join(tables)
            order = np.argsort(touches.at, kind="stable")
            place = np.argsort(order)
            orders = made.orders.with_columns(touch=place[made.orders.touch])
            return FlowStep(made.shown, touches.take(order), place[made.landed], orders)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pixelsim.traffic.sites.SessionSource", Given)
        patch.setattr("pixelsim.traffic.plane.AdFlow", Touched)
        return ps.run(scenario, seed=seed)


def kept(run: ps.Run, *by: str, event: str | None = "Purchase") -> dict[Any, int]:
    """Count the events that count by columns of the log."""
    log = run.log()
    log = log[(log["fate"] == "kept") & ((log["event"] == event) | (event is None))]
    keys = by[0] if len(by) == 1 else list(by)
    return {key: int(n) for key, n in log.groupby(keys, observed=True).size().items()}


def read(run: ps.Run, viewer: str, metric: str, *, event: str = "Purchase", surface: str = "Events Manager") -> int:
    """Give one figure that a viewer reads, all pixels and objects added up."""
    table = run.metrics(viewer)
    rows = table[(table["metric"] == metric) & (table["event"] == event) & (table["surface"] == surface)]
    assert len(rows)
    return int(rows["value"].sum())
