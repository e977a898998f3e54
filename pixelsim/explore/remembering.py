"""Replications that are asked for again and again, one more each time: run once, and remembered."""

from __future__ import annotations

import dataclasses
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

from pixelsim.scenario.scenario import Scenario
from pixelsim.study.attempts import Failed, Task
from pixelsim.study.detail import Detail
from pixelsim.study.responses import Responses, responses_of
from pixelsim.study.run import Run
from pixelsim.study.window import WHOLE

__all__ = ["Remembering"]

MOST = 1000
"""Replications that are kept; those asked for longest ago are forgotten first."""


class Remembering(Executor):
    """An executor that works at once, and gives a replication that it had before from memory.

    A study that gets it as ``executor`` computes the same as without, and can be asked for one replication more at a
    time at the cost of that one::

        memory = Remembering()
        for count in range(1, 51):
            found = compare(a, b, replications=count, executor=memory)
    """

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[tuple[str, Task], int], Responses | Failed] = OrderedDict()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Do a task now, each scenario of it from memory where that is possible; give a future that is done."""
        future: Future[Any] = Future()
        try:
            future.set_result(self._done(fn, args[0]) if isinstance(fn, Task) else fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - an executor hands over whatever its task raises
            future.set_exception(error)
        return future

    def keep(self, one: Run) -> None:
        """Remember a run that was made elsewhere, without warm-up and cool-down."""
        simulation = one.simulation
        question = _question(Task((one.scenario,), simulation.seed, WHOLE))
        self._known[question, simulation.replication] = responses_of(simulation)

    def learn(self, *scenarios: Scenario, seed: int, replication: int, detail: Detail = "events") -> None:
        """Run one replication of scenarios and remember it."""
        self.submit(Task(scenarios, seed, WHOLE, detail), replication)

    def known(self, *scenarios: Scenario, seed: int, detail: Detail = "events") -> int:
        """Give how many replications of all the scenarios, from the first on, it has in memory."""
        questions = [_question(Task((scenario,), seed, WHOLE, detail)) for scenario in scenarios]
        counted = 0
        while all((question, counted) in self._known for question in questions):
            counted += 1
        return counted

    def _done(self, task: Task, replication: int) -> tuple[Responses | Failed, ...]:
        found = []
        for scenario in task.scenarios:
            alone = dataclasses.replace(task, scenarios=(scenario,))
            key = (_question(alone), replication)
            if key not in self._known:
                self._known[key] = alone(replication)[0]
            self._known.move_to_end(key)
            found.append(self._known[key])
        while len(self._known) > MOST:
            self._known.popitem(last=False)
        return tuple(found)


def _question(task: Task) -> tuple[str, Task]:
    """Give what tells the tasks of one scenario apart: its hash, and everything else that is asked."""
    return task.scenarios[0].content_hash, dataclasses.replace(task, scenarios=())
