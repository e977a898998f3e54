"""How an audience grows, as pure functions: the account, the event and the look-back that are asked about (Q2, R18)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pixelsim.base.errors import InputError
from pixelsim.plan.people import who_can
from pixelsim.scenario.plan import PlannedAction
from pixelsim.scenario.scenario import Scenario
from pixelsim.sharing import usable_pixels
from pixelsim.sharing.actions import BuildAudience, RemovePartner, UnlinkPixel, UnsharePixel
from pixelsim.sharing.history import History
from pixelsim.show.audience import AudienceCurve, audience_curve
from pixelsim.show.names import Names
from pixelsim.study.count_run import CountRun
from pixelsim.study.detail import Detail, check_detail
from pixelsim.study.replicate import check_replications
from pixelsim.study.run import run_in
from pixelsim.study.window import WHOLE
from pixelsim.world.relations import AudienceAfter
from pixelsim.world.world import World

__all__ = ["Growth", "access_ends", "accounts_of", "checked", "grown", "growth", "regrown", "with_audience"]

AUDIENCE = "explored_audience"
"""Id of the audience that is put into each scenario."""


def accounts_of(ways: Mapping[str, Scenario]) -> list[tuple[str, str]]:
    """Give the ad accounts that can use a pixel at the start of any of the scenarios, as pairs of name and id."""
    found: dict[str, str] = {}
    for scenario in ways.values():
        world = scenario.structure.world()
        names = Names(world)
        for account in world.ad_accounts:
            if usable_pixels(world, account).pixels:
                found.setdefault(account, names.of("ad_accounts", account))
    return sorted(((name, account) for account, name in found.items()), key=lambda pair: pair[0].casefold())


def access_ends(ways: Mapping[str, Scenario]) -> bool:
    """Whether the plan of any of the scenarios ends somebody's access to a pixel."""
    ends = UnsharePixel | UnlinkPixel | RemovePartner
    return any(isinstance(step.action, ends) for scenario in ways.values() for step in scenario.plan.steps)


def _pixel(scenario: Scenario, account: str) -> str:
    """Choose the pixel an account would build from: that of its planned audience, of its ads, or the first it has.

    Raises
    ------
    InputError
        It has access to none.
    """
    usable = usable_pixels(scenario.structure.world(), account).pixels
    if not usable:
        raise InputError.single(
            f"scenario {scenario.name}",
            field="account",
            value=account,
            rule="an ad account with access to a pixel",
            remedy="choose another account, or link a pixel to it first",
        )
    campaigns = {c.id for c in scenario.structure.campaigns if c.account == account}
    wanted = [action.pixel for _, action in _planned(scenario, account)]
    wanted += [group.pixel for group in scenario.structure.ad_groups if group.campaign in campaigns and group.pixel]
    return next((pixel for pixel in wanted if pixel in usable), usable[0])


def _planned(scenario: Scenario, account: str) -> list[tuple[float, BuildAudience]]:
    """Give the audiences that a plan builds in an account, each with its day."""
    actions = [(step.day, step.action) for step in scenario.plan.steps]
    return [(day, action) for day, action in actions if isinstance(action, BuildAudience) and action.account == account]


def with_audience(
    scenario: Scenario,
    account: str,
    event: str = "PageView",
    look_back_days: int = 30,
    after: str = AudienceAfter.FROZEN.value,
) -> Scenario:
    """Give the scenario with one audience more: built by somebody who may, from a pixel that the account can use.

    Parameters
    ----------
    scenario
        What is run.
    account
        Id of the ad account in which it is built: on the day of its first planned audience, else on day 0.
    event
        A standard event; people who had it are in the audience.
    look_back_days
        Days for which people stay in it.
    after
        What becomes of it once access to the pixel has ended: ``frozen``, ``lost``, ``deadline`` or ``pause_users``.

    Raises
    ------
    InputError
        The account has access to no pixel, or nobody may build an audience there; or a value is refused.
    """
    planned = _planned(scenario, account)
    build = BuildAudience(
        actor="",
        account=account,
        audience=AUDIENCE,
        pixel=_pixel(scenario, account),
        name="Audience explored",
        event=event,
        look_back_days=look_back_days,
    )
    asked = who_can(scenario.structure.world(), build, scenario.rulebook, 0)
    able = [candidate.action for candidate in asked if candidate.decision.allowed]
    if not able:
        reason = asked[0].decision.reason if asked else "There are no people."
        raise InputError.single(
            f"scenario {scenario.name}",
            field="account",
            value=account,
            rule=f"an account in which somebody may build an audience ({reason})",
            remedy="choose another account, or make somebody Operator of it",
        )
    day = planned[0][0] if planned else 0.0
    step = PlannedAction.checked({"day": day, "action": able[0], "why": "asked for"}, "audience")
    built = scenario.replace(plan=scenario.plan.replace(steps=(step, *scenario.plan.steps)))
    return built.vary("settings.audience_after_access", after)


def grown(scenario: Scenario, *, seed: int = 1, replication: int = 0, detail: Detail = "events") -> AudienceCurve:
    """Run a scenario of :func:`with_audience` once, and give its audience day by day; in counts it is approximate."""
    check_detail(detail)
    return audience_curve(run_in(detail, scenario, seed, replication, WHOLE), AUDIENCE)


class _Alone(History):
    """A history in which there is no audience but the explored one, of another event and look-back."""

    def __init__(self, whole: History, event: str, look_back_days: int) -> None:
        self._whole = whole
        self._of: dict[str, Any] = {"event": event, "look_back_days": look_back_days}
        # By identity, since a state has no hash; the whole history keeps them all alive.
        self._seen: dict[int, World] = {}
        super().__init__(self.at(-1), whole.rulebook)

    @property
    def now(self) -> World:
        """The state after the last attempt."""
        return self._alone(self._whole.now)

    def at(self, instant: int) -> World:
        """Give the state in force at an instant."""
        return self._alone(self._whole.at(instant))

    def _alone(self, version: World) -> World:
        if id(version) not in self._seen:
            explored = {key: replace(one, **self._of) for key, one in version.audiences.items() if key == AUDIENCE}
            self._seen[id(version)] = replace(version, audiences=explored)
        return self._seen[id(version)]


def regrown(one: CountRun, event: str, look_back_days: int) -> AudienceCurve:
    """Give the explored audience of a run in counts as another event or look-back would have made it.

    Whom an audience takes in changes nothing else in a run, so that it need not be run again.

    Parameters
    ----------
    one
        A run of a scenario of :func:`with_audience`.
    event, look_back_days
        See :func:`with_audience`.
    """
    alone = replace(one.simulation, history=_Alone(one.simulation.history, event, look_back_days))
    return audience_curve(CountRun(alone, one.window, one.scenario), AUDIENCE)


@dataclass(frozen=True, slots=True)
class Growth:
    """How one audience grows under each of several scenarios.

    Parameters
    ----------
    ways
        Curves by the name of the scenario, one for each run; see :class:`~pixelsim.show.audience.AudienceCurve`.
    refused
        Why there is no audience, by the name of the scenario.
    detail
        How they were run; in counts, people are told apart by a closed form, so that every size is approximate.
    """

    ways: Mapping[str, Sequence[AudienceCurve]]
    refused: Mapping[str, str] = field(default_factory=dict)
    detail: Detail = "events"

    @property
    def runs(self) -> int:
        """Runs behind each curve."""
        return min((len(curves) for curves in self.ways.values()), default=0)


def checked(
    ways: Mapping[str, Scenario], account: str, event: str, look_back_days: int, after: str
) -> tuple[dict[str, Scenario], dict[str, str]]:
    """Put the audience into every scenario that takes it, and say of the others why not."""
    taken: dict[str, Scenario] = {}
    refused: dict[str, str] = {}
    for name, scenario in ways.items():
        if account not in {a.id for a in scenario.structure.ad_accounts}:
            refused[name] = "The ad account does not exist there."
            continue
        try:
            taken[name] = with_audience(scenario, account, event, look_back_days, after)
        except InputError as error:
            refused[name] = str(error).partition("\n")[0]
    return taken, refused


def growth(
    ways: Mapping[str, Scenario],
    account: str,
    event: str = "PageView",
    look_back_days: int = 30,
    after: str = AudienceAfter.FROZEN.value,
    *,
    replications: int = 5,
    seed: int = 1,
    detail: Detail = "events",
) -> Growth:
    """Run every scenario several times, and give how the audience of an ad account grows in each.

    Parameters
    ----------
    ways
        Scenarios by name; all see the same random numbers.
    account, event, look_back_days, after
        See :func:`with_audience`.
    replications
        Runs of each, at least 1.
    seed
        Root seed.
    detail
        ``"events"``, or ``"counts"`` for a cost that does not depend on traffic.

    Raises
    ------
    InputError
        There is to be no run, or a scenario that cannot be counted.
    """
    check_replications(replications)
    taken, refused = checked(ways, account, event, look_back_days, after)
    curves = {
        name: [grown(scenario, seed=seed, replication=k, detail=detail) for k in range(replications)]
        for name, scenario in taken.items()
    }
    return Growth(curves, refused, detail)
