"""A small scenario that runs in a twentieth of a second, and its variants."""

from __future__ import annotations

from pixelsim.scenario import PlannedAction, Scenario, scenario
from pixelsim.scenario.plan import HumanDelay
from pixelsim.sharing.actions import Switch

SHOP = "BRANDSHOPPIXEL000001"


def ending(**changes: object) -> Scenario:
    """The agency scenario in five days: stops on day 1, unshared on day 2, a campaign forgotten for days 3 to 5."""
    data = scenario("agency").plain()
    data |= {"name": "ending", "days": 5}
    for step, day in zip(data["plan"]["steps"], (1.0, 1.0, 2.0), strict=True):
        step["day"] = day
    for group in data["structure"]["ad_groups"]:
        if group["id"] == "launch_1":
            group |= {"start_day": 3.0, "end_day": 5.0}
    data["traffic"]["sites"][0] |= {"organic_sessions": 20.0}
    data["viewers"] = [viewer for viewer in data["viewers"] if viewer["name"] != "outsider"]
    data |= changes
    return Scenario.read(data)


def cancelled(on: float) -> Scenario:
    """The same with the forgotten campaign cancelled after all."""
    made = ending()
    off = Switch(actor="agency_buyer", kind="campaign", id="launch", to="off")
    return made.replace(plan=made.plan.also(PlannedAction(day=on, action=off)))


def slow_people(median_hours: float = 36.0) -> Scenario:
    """The same with a brand that takes its time: it unshares within the run in some replications only."""
    made = ending()
    delay = HumanDelay(median_hours=median_hours, sigma=1.0)
    return made.replace(plan=made.plan.replace(delays={"brand_admin": delay}))
