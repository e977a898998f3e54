"""Replications that fail: a row with seed and message, so that one bad run does not cost the others."""

from __future__ import annotations

import functools
import itertools
import traceback as tracebacks
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from pixelsim.base.errors import PixelsimError
from pixelsim.scenario.scenario import Scenario
from pixelsim.study.count_run import CountRun, count_responses
from pixelsim.study.detail import Detail, check_detail
from pixelsim.study.execution import Execution
from pixelsim.study.responses import Responses, responses_of
from pixelsim.study.window import WHOLE, Window
from pixelsim.traffic.simulate import simulate

__all__ = ["AT_ONCE", "FAILURES", "Failed", "Failure", "Task", "attempt", "raise_if_all_failed", "respond"]

Result = TypeVar("Result")
AT_ONCE = 8
"""Runs in counts at a time: more of them take hardly less time each, and the work can be stopped between."""

FAILURES: tuple[type[Exception], ...] = (
    PixelsimError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    MemoryError,
    NameError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    Warning,
)
"""What a refused scenario, a defect or a full machine raises; an interrupt from the keyboard is none of these."""


@dataclass(frozen=True, slots=True)
class Failed:
    """What is left of a failed attempt: one line that is the same everywhere, and the traceback of this machine."""

    message: str
    traceback: str
    error: PixelsimError | None


@dataclass(frozen=True, slots=True)
class Failure:
    """A replication that failed; `rerun` repeats it alone.

    Parameters
    ----------
    scenario, seed, replication, window, detail
        What was run, and how.
    message
        Kind of the error and its text.
    traceback
        Where it happened.
    """

    scenario: Scenario
    seed: int
    replication: int
    window: Window
    message: str
    traceback: str
    detail: Detail = "events"

    def __str__(self) -> str:
        return f"replication {self.replication} of {self.scenario.name}, seed {self.seed}: {self.message}"


@dataclass(frozen=True, slots=True)
class Task:
    """What a replication needs to know besides its number; sent to the process that runs it."""

    scenarios: tuple[Scenario, ...]
    seed: int
    window: Window
    detail: Detail = "events"

    def __post_init__(self) -> None:
        check_detail(self.detail)

    def __call__(self, replication: int) -> tuple[Responses | Failed, ...]:
        """Run one replication of every scenario, on the same random numbers."""
        return self.several((replication,))[0]

    @property
    def at_once(self) -> int:
        """How many replications to run at a time: what is small in runs in counts is done for several at once."""
        return max(AT_ONCE // len(self.scenarios), 1) if self.detail == "counts" else 1

    def several(self, replications: Sequence[int]) -> list[tuple[Responses | Failed, ...]]:
        """Run several replications of every scenario; each comes out as if it ran alone."""
        asked = [(one, self.seed, replication) for replication in replications for one in self.scenarios]
        if self.detail == "counts":
            found = iter(_in_counts(asked, self.window))
        else:
            found = iter([respond(*one, self.window) for one in asked])
        return [tuple(itertools.islice(found, len(self.scenarios))) for _ in replications]

    def rows(self, execution: Execution, replications: int) -> Generator[tuple[Responses | Failed, ...]]:
        """Run so many replications, and give what each came to in their order."""
        numbers = range(replications)
        return execution.in_order(self, numbers, replications, several=self.several, at_once=self.at_once)

    def failure(self, number: int, replication: int, failed: Failed) -> Failure:
        """Give the row of a failed replication of one of the scenarios."""
        scenario = self.scenarios[number]
        return Failure(scenario, self.seed, replication, self.window, failed.message, failed.traceback, self.detail)


def attempt(make: Callable[[], Result]) -> Result | Failed:
    """Call a function, and take a failure as a result."""
    try:
        return make()
    except FAILURES as error:
        message = f"{type(error).__name__}: {error}"
        return Failed(message, tracebacks.format_exc(), error if isinstance(error, PixelsimError) else None)


def respond(
    scenario: Scenario, seed: int, replication: int, window: Window = WHOLE, detail: Detail = "events"
) -> Responses | Failed:
    """Run one replication and give its responses, or its failure."""
    if detail == "counts":
        return _in_counts([(scenario, seed, replication)], window)[0]
    return attempt(
        lambda: responses_of(simulate(window.prepared(scenario, seed, replication), seed, replication), window)
    )


def _in_counts(asked: Sequence[tuple[Scenario, int, int]], window: Window) -> list[Responses | Failed]:
    """Run replications in counts, by scenario, seed and number, side by side; give each one's responses or failure."""
    runs = attempt(lambda: CountRun.together(asked, window))
    if isinstance(runs, Failed):
        # Whichever fails costs the others nothing.
        return [runs] if len(asked) == 1 else [_in_counts([one], window)[0] for one in asked]
    return [attempt(functools.partial(count_responses, one.simulation, window)) for one in runs]


def raise_if_all_failed(results: Sequence[Responses | Failed]) -> None:
    """Raise the first error when nothing succeeded: then it is the input that is wrong, and no replication's luck.

    Raises
    ------
    PixelsimError
        What the first replication failed with.
    """
    failed = [result for result in results if isinstance(result, Failed)]
    if failed and len(failed) == len(results):
        raise failed[0].error or PixelsimError(f"every replication failed; the first with {failed[0].message}")
