"""Explorers for notebooks: widgets over pure functions, which need the extra ``notebook``.

::

    import pixelsim as ps

    ps.explore.unshare_timing(ps.scenario("agency"))
    ps.explore.who_sees_what(ps.scenario("agency"))
    ps.explore.permissions(ps.run(ps.scenario("agency")).simulation.history.now)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pixelsim.scenario.scenario import Scenario
from pixelsim.sharing.rulebook import Rulebook
from pixelsim.world.world import World

if TYPE_CHECKING:
    from pixelsim.explore.asking_widget import Permissions
    from pixelsim.explore.timing_widget import UnshareTiming
    from pixelsim.explore.viewing_widget import WhoSeesWhat

__all__ = ["permissions", "unshare_timing", "who_sees_what"]


def unshare_timing(scenario: Scenario, *, replications: int = 10, seed: int = 1) -> UnshareTiming:
    """Explore when to unshare: the day against the stop, under each unshare policy.

    Parameters
    ----------
    scenario
        Its plan has at least one stop and one unshare.
    replications
        Runs for each choice, at least 1; they come in one by one, and Cancel stops them.
    seed
        Root seed, at least 0.

    Raises
    ------
    MissingExtraError
        The extra ``notebook`` is not installed.
    InputError
        The plan lacks a stop or an unshare, or there is to be no run.
    """
    from pixelsim.explore.timing_widget import UnshareTiming  # noqa: PLC0415 - ipywidgets is an extra

    return UnshareTiming(scenario, replications=replications, seed=seed)


def who_sees_what(scenario: Scenario, *, seed: int = 1) -> WhoSeesWhat:
    """Explore what each viewer sees of a pixel on each day of one run.

    Parameters
    ----------
    scenario
        What is run, once.
    seed
        Root seed, at least 0.

    Raises
    ------
    MissingExtraError
        The extra ``notebook`` is not installed.
    """
    from pixelsim.explore.viewing_widget import WhoSeesWhat  # noqa: PLC0415 - ipywidgets is an extra

    return WhoSeesWhat(scenario, seed=seed)


def permissions(world: World, rulebook: Rulebook | None = None) -> Permissions:
    """Explore who may do what on which pixel or ad account, with the rule and the repair of each refusal.

    Parameters
    ----------
    world
        The state that is asked about.
    rulebook
        Unshare policy, settings and limits; the documented ones by default.

    Raises
    ------
    MissingExtraError
        The extra ``notebook`` is not installed.
    """
    from pixelsim.explore.asking_widget import Permissions  # noqa: PLC0415 - ipywidgets is an extra

    return Permissions(world, rulebook)
