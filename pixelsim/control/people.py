"""People on the SimPy clock: each planned action, its delay, and what they do about a refusal."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Generator
from typing import Literal

import simpy

from pixelsim.base.clock import DAY, HOUR, days
from pixelsim.base.streams import Streams
from pixelsim.scenario.plan import HumanDelay, Plan, PlannedAction
from pixelsim.sharing import actions as do
from pixelsim.sharing.causes import Cause
from pixelsim.sharing.history import History, Record
from pixelsim.sharing.rulebook import AfterRefusal
from pixelsim.world.entities import AccountRole, BusinessRole
from pixelsim.world.queries import account_of_ad, account_of_ad_group, account_role_of_person
from pixelsim.world.relations import RelationStatus
from pixelsim.world.status import DeliveryStatus, ad_status, is_delivering, is_scheduled
from pixelsim.world.world import World

__all__ = ["ControlPlane"]

_Process = Generator[simpy.Event, object, None]


class ControlPlane:
    """The processes of all people of one run.

    Actions of the same instant happen in the order of the plan; what a refusal leads to comes after them. What a delay
    carries past the end of the run does not happen.

    Parameters
    ----------
    env
        SimPy's clock, in whole milliseconds since the scenario's start.
    history
        The world and its record of attempts.
    plan
        Dated actions and the delays of people.
    streams
        Random streams of the replication. A delay belongs to a person and to what that person does, so that a plan in
        another order has the same delays.
    end
        Milliseconds since the scenario's start at which the run ends; nothing happens at that instant or later. None:
        whoever runs the clock decides.
    """

    def __init__(
        self, env: simpy.Environment, history: History, plan: Plan, streams: Streams, *, end: int | None = None
    ) -> None:
        self.env, self.history, self.plan, self.streams, self.end = env, history, plan, streams, end
        seen: Counter[str] = Counter()
        for number, step in enumerate(plan.steps):
            meaning = _meaning(step.action)
            seen[meaning] += 1
            env.process(self._step(step, f"{meaning} #{seen[meaning]}", step.why or f"step {number + 1} of the plan"))

    def _step(self, step: PlannedAction, meaning: str, why: str) -> _Process:
        """One planned action: wait for its date, then for its person, then act."""
        action = step.action
        yield self._after(step.at + self._delay(action.actor, meaning))
        lag = self._until_refresh(action)
        if lag:
            why = f"{why}, asked for on day {self.env.now / DAY:.4g}"
            yield self._after(lag)
        record = self._attempt(action, why)
        self._after_partnership(action)
        if record.decision.cause is Cause.ACTIVE_CAMPAIGNS:
            yield from self._after_refusal(meaning, record)

    def _until_refresh(self, action: do.Action) -> int:
        """Give the ms until pages fetch what somebody does to the pixels that they carry; 0 for everything else."""
        settings = self.history.rulebook.settings
        period = round(settings.settings_refresh_hours * HOUR)
        if period == 0 or not isinstance(action, do.InstallPixel | do.UninstallPixel | do.EditPixel):
            return 0
        return int(round(settings.settings_refresh_from_hour * HOUR) - self.env.now) % period

    def _after(self, delay: int) -> simpy.Event:
        """Wake after a delay in ms, or never where the run is over by then."""
        if self.end is not None and self.env.now + delay >= self.end:
            return self.env.event()
        return self.env.timeout(delay)

    def _delay(self, person: str, meaning: str) -> int:
        """Draw how long a person takes, in ms."""
        delay = self.plan.delays.get(person, HumanDelay())
        if delay.median_hours == 0:
            return 0
        normal = self.streams.generator("human delay", f"{person} > {meaning}").standard_normal()
        return round(delay.median_hours * math.exp(delay.sigma * normal) * HOUR)

    def _attempt(self, action: do.Action, note: str) -> Record:
        return self.history.attempt(action, int(self.env.now), note)

    def _after_partnership(self, action: do.Action) -> None:
        """Let the other side approve a partnership that is now pending, after the delay of the setting."""
        if not isinstance(action, do.RequestPartnership | do.SharePixel):
            return
        found = self.history.now.partnerships.get((action.bc, action.partner))
        if found is not None and found.status is RelationStatus.PENDING and found.since == self.env.now:
            self.env.process(self._approve(action.bc, action.partner))

    def _approve(self, asking: str, asked: str) -> _Process:
        yield self._after(days(self.history.rulebook.settings.partnership_acceptance))
        admins = sorted(
            person
            for (bc, person), role in self.history.now.members.items()
            if bc == asked and role is BusinessRole.ADMIN and not self.history.now.people[person].left
        )
        found = self.history.now.partnerships.get((asking, asked))
        if admins and found is not None and found.status is RelationStatus.PENDING:
            self._attempt(do.ApprovePartnership(actor=admins[0], bc=asked, partner=asking), "answer to the request")

    def _after_refusal(self, meaning: str, record: Record) -> _Process:
        """Do what the policy says about a refused unshare: retry after stopping, force, or give up."""
        policy, action = self.history.rulebook.policy, record.action
        if policy.after_refused_unshare is AfterRefusal.GIVE_UP:
            return
        if policy.after_refused_unshare is AfterRefusal.FORCE:
            self._attempt(_forced(action), "forced, without the guard")
            return
        for _ in range(len(self.history.now.ad_groups) + len(self.history.now.ads) + 1):
            stops = [
                self.env.process(self._stop(meaning, key, person, record.number))
                for key in record.decision.blocking
                if (person := _stopper(self.history.now, key)) is not None
            ]
            if not stops:
                return
            yield self.env.all_of(stops)
            record = self._attempt(action, f"retry of the refused attempt {record.number}")
            if record.decision.cause is not Cause.ACTIVE_CAMPAIGNS:
                return

    def _stop(self, meaning: str, key: str, person: str, refused: int) -> _Process:
        """Let somebody stop what a refusal listed, unless it has stopped by the time that they come to it."""
        yield self._after(self._delay(person, f"{meaning}, stop of {key}"))
        if not _runs(self.history.now, key, int(self.env.now)):
            return
        kind: Literal["ad_group", "ad"] = "ad_group" if key in self.history.now.ad_groups else "ad"
        action = do.Switch(actor=person, kind=kind, id=key, to="off")
        self._attempt(action, f"listed by the refused attempt {refused}")


def _meaning(action: do.Action) -> str:
    """Name what an action does and to what, whoever does it and wherever it stands in the plan."""
    names = (field.name for field in dataclasses.fields(action) if field.name not in {"actor", "do"})
    return " ".join([str(getattr(action, "do", "")), *(str(getattr(action, name)) for name in names)])


def _runs(world: World, key: str, at: int) -> bool:
    """Whether an ad group or an ad is in delivery, or scheduled to be."""
    if key in world.ad_groups:
        return is_delivering(world, key, at) or is_scheduled(world, key, at)
    delivering = ad_status(world, key, at) is DeliveryStatus.DELIVERY_OK
    return delivering or (world.ads[key].on and is_scheduled(world, world.ads[key].ad_group, at))


def _forced(action: do.Action) -> do.Action:
    """Give the same unlink, unshare or removal without the guard."""
    if isinstance(action, do.UnlinkPixel | do.UnsharePixel | do.RemovePartner):
        return dataclasses.replace(action, force=True)
    return action


def _stopper(world: World, key: str) -> str | None:
    """Name who stops an ad group or an ad: by id, the first person with the right to, Operators before Admins."""
    account = account_of_ad_group(world, key) if key in world.ad_groups else account_of_ad(world, key)
    roles = {
        person: role
        for holder, person in sorted(world.account_people)
        if holder == account and (role := account_role_of_person(world, account, person)) is not None
    }
    for wanted in (AccountRole.OPERATOR, AccountRole.ADMIN):
        for person, role in roles.items():
            if role is wanted:
                return person
    return None
