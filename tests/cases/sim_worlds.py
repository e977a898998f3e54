"""Worlds of any size for the cases of the simulation itself, built from plain data; importable by fresh processes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pixelsim.base.tables import write_csv, write_parquet
from pixelsim.scenario import Scenario
from pixelsim.study import run

PIXELS = ("SIMULATEDPIXEL000001", "SIMULATEDPIXEL000002")
SITES = ("shop_1", "shop_2")
SEED = 42


def structure(accounts: int, campaigns: int, schedule: dict[str, Any]) -> dict[str, Any]:
    """Two shops with a pixel each; every other account is the agency's, and so are its campaigns."""
    names = [f"acc_{n:02d}" for n in range(accounts)]
    owners = ["hq" if n % 2 == 0 else "agency" for n in range(accounts)]
    held = list(zip(names, owners, strict=True))
    used = [f"camp_{n:02d}" for n in range(campaigns)]
    return {
        "business_centers": [{"id": bc, "name": bc, "type": "DIRECT", "managed": True} for bc in ("hq", "agency")],
        "people": [{"id": f"{bc}_admin", "name": bc} for bc in ("hq", "agency")],
        "members": [{"bc": bc, "person": f"{bc}_admin", "role": "ADMIN"} for bc in ("hq", "agency")],
        "ad_accounts": [{"id": a, "name": a, "owner_bc": bc, "created_from_bc": bc} for a, bc in held],
        "account_people": [{"account": a, "person": f"{bc}_admin", "role": "ADMIN", "via": bc} for a, bc in held],
        "websites": [
            {"id": site, "name": site, "domains": [f"{site}.example"], "pixels": [pixel]}
            for site, pixel in zip(SITES, PIXELS, strict=True)
        ],
        "pixels": [
            {"code": pixel, "number": f"{7_644_201_699_552_690_001 + n}", "name": pixel, "creator": names[0]}
            | {"owner_bc": "hq"}
            for n, pixel in enumerate(PIXELS)
        ],
        "partnerships": [{"bc": "hq", "partner": "agency"}],
        "shares": [{"pixel": pixel, "partner": "agency"} for pixel in PIXELS],
        "links": [{"pixel": p, "account": a, "by_bc": bc} for p in PIXELS for a, bc in held if a != names[0]],
        "campaigns": [{"id": c, "account": names[n % accounts], "name": c} for n, c in enumerate(used)],
        "ad_groups": [
            {"id": f"{c}_group", "campaign": c, "name": c, "pixel": PIXELS[n // accounts % 2]} | schedule
            for n, c in enumerate(used)
        ],
        "ads": [{"id": f"{c}_ad", "ad_group": f"{c}_group", "name": c} for c in used],
    }


def world(
    *,
    accounts: int = 2,
    campaigns: int = 2,
    days: int = 3,
    organic: float = 30.0,
    budget: float = 30.0,
    unshare: float | None = None,
    **more: Any,
) -> Scenario:
    """A business whose agency loses both pixels on some day; ``schedule`` is that of all ad groups."""
    made = structure(accounts, campaigns, more.pop("schedule", {}))
    groups = {group["id"]: SITES[PIXELS.index(group["pixel"])] for group in made["ad_groups"]}
    ends = [
        {"day": unshare, "action": {"do": "unshare_pixel", "actor": "hq_admin", "bc": "hq", "pixel": p}}
        for p in PIXELS
        if unshare is not None
    ]
    for step in ends:
        step["action"] |= {"partner": "agency"}
    data = {
        "name": "simulated",
        "days": days,
        "structure": made,
        "traffic": {
            "sites": [{"website": site, "organic_sessions": organic} for site in SITES],
            "delivery": [{"ad_group": g, "website": site, "daily_budget": budget} for g, site in groups.items()],
        },
        "plan": {"steps": ends},
        "policy": "continue",
        "viewers": [{"name": "hq", "account": "acc_00"}, {"name": "agency", "account": "acc_01"}],
        **more,
    }
    return Scenario.read(data)


def reference() -> Scenario:
    """20 accounts, 50 campaigns, 100,000 events and more in ten days; the agency loses the pixels on day 6."""
    people = {"hq_admin": {"median_hours": 12.0, "sigma": 0.7}}
    made = world(accounts=20, campaigns=50, days=10, organic=1_350.0, budget=40.0, unshare=6.0)
    return made.replace(plan=made.plan.replace(delays=people))


def write_all(folder: str, replication: int) -> None:
    """Run the reference world, and write its event log and all its reports."""
    found = run(reference(), seed=SEED, replication=replication)
    at = Path(folder) / f"replication_{replication}"
    write_parquet(found.log(), at / "log.parquet")
    reports = {
        "metrics": found.metrics(),
        "metrics_by_day": found.metrics(by="day", level="ad"),
        "outcomes": found.outcomes(),
        "delivery": found.delivery(),
        "change_log": found.change_log(),
        "conservation": found.conservation(),
    }
    for name, table in reports.items():
        write_csv(table, at / f"{name}.csv")
