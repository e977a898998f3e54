"""Explorers for notebooks: widgets over pure functions, which need the extra ``notebook``.

::

    import pixelsim as ps

    ps.explore.unshare_timing(ps.scenario("agency"))
    ps.explore.who_sees_what(ps.scenario("agency"))
    ps.explore.best_practice("one_domain")
    ps.explore.one_pixel_or_many(ps.scenario("one_domain"))
    ps.explore.permissions(ps.run(ps.scenario("agency")).simulation.history.now)
    ps.explore.metrics_by_viewer(ps.scenario("agency"))
    ps.explore.audience_growth({"right": ps.scenario("many_domains"), "wrong": ps.scenario("many_domains_wrong")})
    ps.explore.compare_variants({"right": ps.scenario("ending"), "wrong": ps.scenario("ending_unshare_first")})
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pixelsim.scenario.scenario import Scenario
from pixelsim.sharing.rulebook import Rulebook
from pixelsim.world.world import World

if TYPE_CHECKING:
    from pixelsim.explore.asking_widget import Permissions
    from pixelsim.explore.audience_widget import AudienceGrowth
    from pixelsim.explore.comparing_widget import CompareVariants
    from pixelsim.explore.metrics_widget import MetricsByViewer
    from pixelsim.explore.page_widget import Page
    from pixelsim.explore.pixels_widget import OnePixelOrMany
    from pixelsim.explore.practice_widget import BestPractice
    from pixelsim.explore.timing_widget import UnshareTiming
    from pixelsim.explore.viewing_widget import WhoSeesWhat

__all__ = [
    "audience_growth",
    "best_practice",
    "compare_variants",
    "metrics_by_viewer",
    "one_pixel_or_many",
    "page",
    "permissions",
    "unshare_timing",
    "who_sees_what",
]


def unshare_timing(scenario: Scenario, *, replications: int = 50, seed: int = 1) -> UnshareTiming:
    """Explore when to unshare: the day against the stop, under each unshare policy.

    While the slider moves, one run in counts answers; when the hand rests, all of them do.

    Parameters
    ----------
    scenario
        Its plan has at least one stop and one unshare.
    replications
        Runs for each choice, at least 1, in counts; a button runs as many event by event, and Cancel stops them.
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


def best_practice(
    business: str = "one_domain", *, sizes: Mapping[str, int] | None = None, replications: int = 50, seed: int = 1
) -> BestPractice:
    """Explore a good practice beside its usual wrong way: structure, metrics by Business Center, claims Q1 to Q5.

    Parameters
    ----------
    business
        ``"one_domain"`` (B1), ``"many_domains"`` (B2) or ``"agency_clients"`` (B3), with which it opens.
    sizes
        Its numbers at the opening: ``regions`` and ``accounts_of_region``; ``domains`` and ``brands``; ``clients``.
    replications
        Pairs for each choice, at least 1, in counts; a button runs as many event by event, and Cancel stops them.
    seed
        Root seed, at least 0.

    Raises
    ------
    MissingExtraError
        The extra ``notebook`` is not installed.
    UnknownNameError
        There is no such business, or it has no such size.
    InputError
        A size is refused, or there is to be no run.
    """
    from pixelsim.explore.practice_widget import BestPractice  # noqa: PLC0415 - ipywidgets is an extra

    return BestPractice(business, sizes=sizes, replications=replications, seed=seed)


def one_pixel_or_many(scenario: Scenario, *, replications: int = 50, seed: int = 1) -> OnePixelOrMany:
    """Explore what it costs when ad accounts that share a pixel bring pixels of their own: claims Q3 to Q5.

    Parameters
    ----------
    scenario
        A scenario in which ad accounts advertise with a pixel that another one created.
    replications
        Pairs for each choice, at least 1, in counts; a button runs as many event by event, and Cancel stops them.
    seed
        Root seed, at least 0.

    Raises
    ------
    MissingExtraError
        The extra ``notebook`` is not installed.
    InputError
        Nobody shares a pixel, or there is to be no run.
    """
    from pixelsim.explore.pixels_widget import OnePixelOrMany  # noqa: PLC0415 - ipywidgets is an extra

    return OnePixelOrMany(scenario, replications=replications, seed=seed)


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


def metrics_by_viewer(scenario: Scenario, *, replications: int = 50, seed: int = 1) -> MetricsByViewer:
    """Explore what each viewer reads of an event (R24 to R27), and why any two figures differ.

    Parameters
    ----------
    scenario
        What is run.
    replications
        How many runs, at least 1, in counts; a button runs as many event by event, and Cancel stops them.
    seed
        Root seed, at least 0.

    Raises
    ------
    MissingExtraError
        The extra ``notebook`` is not installed.
    InputError
        There is to be no run.
    """
    from pixelsim.explore.metrics_widget import MetricsByViewer  # noqa: PLC0415 - ipywidgets is an extra

    return MetricsByViewer(scenario, replications=replications, seed=seed)


def audience_growth(ways: Mapping[str, Scenario], *, replications: int = 20, seed: int = 1) -> AudienceGrowth:
    """Explore how an audience grows under each of several scenarios (Q2, R18).

    Parameters
    ----------
    ways
        Scenarios by name.
    replications
        Runs of each, at least 1, in counts; a button runs as many event by event, and Cancel stops them.
    seed
        Root seed, at least 0.

    Raises
    ------
    MissingExtraError
        The extra ``notebook`` is not installed.
    InputError
        No ad account of any scenario can use a pixel, or there is to be no run.
    """
    from pixelsim.explore.audience_widget import AudienceGrowth  # noqa: PLC0415 - ipywidgets is an extra

    return AudienceGrowth(ways, replications=replications, seed=seed)


def compare_variants(variants: Mapping[str, Scenario], *, replications: int = 50, seed: int = 1) -> CompareVariants:
    """Explore what changes from one scenario to another: paired differences, verdicts, expected cost.

    Parameters
    ----------
    variants
        Scenarios by name, at least two.
    replications
        Pairs, at least 1, in counts; a button runs as many event by event, and Cancel stops them.
    seed
        Root seed, at least 0.

    Raises
    ------
    MissingExtraError
        The extra ``notebook`` is not installed.
    InputError
        There are fewer than two scenarios, or there is to be no run.
    """
    from pixelsim.explore.comparing_widget import CompareVariants  # noqa: PLC0415 - ipywidgets is an extra

    return CompareVariants(variants, replications=replications, seed=seed)


def page(scenario: Scenario | None = None, *, replications: int = 5, seed: int = 1) -> Page:
    """Explore everything on one page: every explorer, in a scenario of choice.

    Parameters
    ----------
    scenario
        One of your own, offered beside the built-in ones.
    replications
        Runs event by event for each choice, at least 1; explorers in counts take ten times as many.
    seed
        Root seed, at least 0.

    Raises
    ------
    MissingExtraError
        The extra ``notebook`` is not installed.
    """
    from pixelsim.explore.page_widget import Page  # noqa: PLC0415 - ipywidgets is an extra

    return Page(scenario, replications=replications, seed=seed)
