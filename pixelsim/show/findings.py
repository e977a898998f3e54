"""What came of a scenario, in a few sentences with numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator

from pixelsim.sharing.visibility import account_may_see
from pixelsim.show.digits import number
from pixelsim.show.names import Names
from pixelsim.show.tables import Response, responses
from pixelsim.study.replicate import Replications
from pixelsim.study.run import Run

__all__ = ["findings"]


def findings(replications: Replications, run: Run) -> list[str]:
    """Say in a few sentences with numbers what came of a scenario.

    Parameters
    ----------
    replications
        Where the numbers come from.
    run
        One of the runs, for names and for who can see what at the end.
    """
    outcome = {(found["response"], found["object"]): found for found in responses(replications, "outcome")}
    names = Names(run.simulation.history.now)
    return [*_of_accounts(outcome, names, run), *_of_all(outcome), *_of_viewers(names, run)]


def _of_accounts(outcome: dict[tuple[str, str], Response], names: Names, run: Run) -> Iterator[str]:
    orphaned = False
    for account in run.simulation.numbering.accounts:
        name = names.of("ad_accounts", account)
        spent, days = outcome["orphaned spend", account], outcome["blind days", account]
        if spent.summary.mean > 0:
            orphaned = True
            yield (
                f"{name} spends {spent.text} {spent['unit']} after its access to the pixel has ended, on {days.text} "
                "days: delivery that nobody there can measure (R15)."
            )
        lost = outcome["conversions lost to attribution", account]
        if lost.summary.mean > 0:
            yield (
                f"{lost.text} purchases that ads of {name} would have been credited with are not credited to it, since "
                "access had ended."
            )
    if not orphaned:
        yield "No ad account spends after its access to the pixel has ended."


def _of_all(outcome: dict[tuple[str, str], Response]) -> Iterator[str]:
    refused = outcome["refused actions", "all people"]
    if refused.summary.mean > 0:
        actions = "action" if refused.text == "1" else "actions"
        yield f"The rules refuse {refused.text} {actions} in a run; what would repair them is told with each."
    else:
        yield "The rules refuse no action."
    share = outcome["share of orders seen", "all sites"].summary.mean
    if math.isfinite(share):
        yield f"The pixel sees {number(100 * share)} % of all orders; the rest is lost on the way to it."


def _of_viewers(names: Names, run: Run) -> Iterator[str]:
    world = run.simulation.history.now
    for viewer in run.scenario.viewers:
        for pixel in run.simulation.numbering.pixels:
            decision = account_may_see(world, viewer.account, pixel)
            if not decision.allowed:
                yield f"At the end {viewer.name} reads nothing ({decision.rule}): {names.reason(decision)}"
