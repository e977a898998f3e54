"""Replications that fail: a row with seed and message, so that one bad run does not cost the others."""

from __future__ import annotations

import traceback as tracebacks
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from pixelsim.base.errors import PixelsimError
from pixelsim.scenario.scenario import Scenario
from pixelsim.study.count_run import CountRun, count_responses
from pixelsim.study.detail import Detail, check_detail
from pixelsim.study.responses import Responses, responses_of
from pixelsim.study.window import WHOLE, Window
from pixelsim.traffic.simulate import simulate

__all__ = ["FAILURES", "Failed", "Failure", "Task", "attempt", "raise_if_all_failed", "respond"]

Result = TypeVar("Result")

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
        if self.detail == "counts":
            return _in_counts(self.scenarios, self.seed, replication, self.window)
        return tuple(respond(one, self.seed, replication, self.window) for one in self.scenarios)

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
        return _in_counts([scenario], seed, replication, window)[0]
    return attempt(
        lambda: responses_of(simulate(window.prepared(scenario, seed, replication), seed, replication), window)
    )


def _in_counts(
    scenarios: Sequence[Scenario], seed: int, replication: int, window: Window
) -> tuple[Responses | Failed, ...]:
    """Run one replication of scenarios in counts, side by side, and give the responses or the failure of each."""

    def responses(*asked: Scenario) -> list[Responses]:
        runs = CountRun.together([(one, seed, replication) for one in asked], window)
        return [count_responses(one.simulation, window) for one in runs]

    found = attempt(lambda: responses(*scenarios))
    if not isinstance(found, Failed):
        return tuple(found)
    if len(scenarios) == 1:
        return (found,)
    # Whichever fails costs the others nothing.
    return tuple(_in_counts([one], seed, replication, window)[0] for one in scenarios)


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
