"""What only events can tell, and counts refuse."""

from __future__ import annotations

from pixelsim.base.errors import Fault
from pixelsim.scenario.scenario import Scenario

__all__ = ["refusals"]

REMEDY = 'run it with detail="events"'


def refusals(scenario: Scenario) -> list[Fault]:
    """List everything in a scenario that counts cannot tell; nothing is run."""
    faults = []
    if scenario.measurement.repeat_seconds > 0:
        value = str(scenario.measurement.repeat_seconds)
        faults.append(Fault("$.measurement.repeat_seconds", "repeat_seconds", value, "0 in counts", REMEDY))
    for place, site in enumerate(scenario.traffic.sites):
        where = f"$.traffic.sites[{place}]"
        refused = (
            (site.capture.id_from != "event", "capture.id_from", site.capture.id_from, "event in counts"),
            (site.return_share > 0, "return_share", site.return_share, "0 in counts"),
            (bool(site.markets), "markets", f"{len(site.markets)} markets", "none in counts"),
        )
        faults += [Fault(f"{where}.{f}", f, str(value), rule, REMEDY) for wrong, f, value, rule in refused if wrong]
    for place, delivery in enumerate(scenario.traffic.delivery):
        where = f"$.traffic.delivery[{place}]"
        if delivery.market:
            faults.append(Fault(f"{where}.market", "market", delivery.market, "none in counts", REMEDY))
    return faults
