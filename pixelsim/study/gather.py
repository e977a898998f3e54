"""Replications of several scenarios as they come in: laid side by side, and watched until they are enough."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from pixelsim.base.errors import PixelsimError
from pixelsim.study.attempts import Failed, Failure, Task, raise_if_all_failed
from pixelsim.study.choice import Wanted, by_label, choose, deciding, labels
from pixelsim.study.responses import Collected, Key, Responses, joint_names, least_exact, names_table
from pixelsim.study.statistics import Floats
from pixelsim.study.stopping import HalfWidthWatch, Stopping

__all__ = ["Gathered", "Pair", "Rows", "Targets"]

Pair = tuple[str, str]
"""A variant and the label of a response."""
Rows = tuple[Responses | Failed, ...]
"""One replication of all scenarios."""


class Gathered:
    """The responses of all scenarios in the making, and what is asked of them."""

    def __init__(self, task: Task, outcomes: Wanted | Sequence[Wanted] | None) -> None:
        self._task, self._outcomes = task, outcomes
        self._collected = [Collected() for _ in task.scenarios]
        self._first: list[Failed | None] = [None] * len(task.scenarios)
        self._good = [0] * len(task.scenarios)
        self._keys: tuple[Key, ...] = ()
        self.failures: list[Failure] = []
        self.responses = names_table([])
        self.chosen: list[int] = []

    def add(self, row: Rows) -> None:
        """Take one replication of all scenarios."""
        for place, (collected, result) in enumerate(zip(self._collected, row, strict=True)):
            if isinstance(result, Failed):
                self._first[place] = self._first[place] or result
                self.failures.append(self._task.failure(place, collected.count, result))
                collected.add(None)
            else:
                self._good[place] += 1
                collected.add(result)
        names = joint_names(self._collected)
        keys = tuple(names)
        self.responses = names_table(names.values())
        if keys != self._keys and keys:
            self._keys = keys
            asked = self._outcomes
            scenarios = self._task.scenarios
            self.chosen = deciding(self.responses, scenarios) if asked is None else choose(self.responses, asked)

    def check(self) -> None:
        """Refuse to compare when a scenario has no result at all."""
        if not self._collected[0].count:
            msg = "the work was stopped before the first replication was done"
            raise PixelsimError(msg)
        for first, good in zip(self._first, self._good, strict=True):
            if first is not None and not good:
                raise_if_all_failed([first])

    def values(self) -> Floats:
        """Give values of shape (replications, scenarios, responses)."""
        return np.stack([collected.values(self._keys) for collected in self._collected], axis=1)

    def exactness(self) -> tuple[str, ...]:
        """Give the least exactness of each response over the scenarios; empty for runs with events."""
        return least_exact([collected.exactness(self._keys) for collected in self._collected])

    def differences(self, position: int) -> list[float]:
        """Give the newest differences of a response, variant by variant."""
        first, *others = [collected.latest(self._keys[position]) for collected in self._collected]
        return [value - first for value in others]

    @property
    def known(self) -> bool:
        """Whether any replication has shown what responses there are."""
        return bool(self._keys)

    @property
    def count(self) -> int:
        """Number of replications taken."""
        return self._collected[0].count


class Targets:
    """The half-widths that are asked for, and whether they hold."""

    def __init__(
        self,
        gathered: Gathered,
        names: Sequence[str],
        targets: float | Mapping[str, float] | None,
        *,
        confidence: float,
        look_ahead: int,
        minimum: int,
    ) -> None:
        self._gathered, self._names, self._targets = gathered, names, targets
        self._confidence, self._look_ahead, self._minimum = confidence, look_ahead, max(2, minimum)
        self._watches: dict[Pair, HalfWidthWatch] = {}
        self._met: dict[Pair, bool] = {}

    def held(self) -> bool:
        """Take the newest replication, and tell whether every half-width has held its target."""
        if self._targets is None or not self._gathered.chosen:
            return False
        chosen = self._gathered.chosen
        responses = self._gathered.responses.iloc[chosen]
        wanted = by_label(self._targets, responses, "until_half_width")
        for position, label in zip(chosen, labels(responses), strict=True):
            if label not in wanted:
                continue
            for variant, difference in zip(self._names[1:], self._gathered.differences(position), strict=True):
                self._met[variant, label] = self._watch(variant, label, wanted[label]).add(difference)
        return all(self._met.values())

    def _watch(self, variant: str, label: str, target: float) -> HalfWidthWatch:
        """Give the watch of one difference; what was not there before is missing up to now."""
        if (variant, label) not in self._watches:
            watch = HalfWidthWatch(target, self._confidence, look_ahead=self._look_ahead, minimum=self._minimum)
            for _ in range(self._gathered.count - 1):
                watch.add(np.nan)
            self._watches[variant, label] = watch
        return self._watches[variant, label]

    def stopping(self) -> dict[Pair, Stopping]:
        """Give what each search came to."""
        return {pair: watch.stopping() for pair, watch in self._watches.items()}
