"""Explorers that answer while a control moves: one run in counts at once, all of them when the hand rests.

A run event by event takes longer, and is exact where counts are approximate; it is a button.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from typing import Any

from pixelsim.counts.kept import share_room
from pixelsim.explore.base import Explorer
from pixelsim.explore.guarding import guarded
from pixelsim.explore.toolkit import widgets
from pixelsim.explore.workers import WORKERS
from pixelsim.study.detail import Detail, check_detail

__all__ = ["Settling", "runs_told"]

REST = 0.15
"""Seconds without another choice, after which the hand is taken to rest."""
REPAINT, SOON = 2.0, 0.5
"""Seconds after which what is there of long work is shown anew, unless the rest comes within as many; and how soon the
rest has to come so that a first answer is not worth a picture."""


def runs_told(done: int, wanted: int, detail: Detail, *, what: str = "runs") -> str:
    """Say how many runs there are so far, and in which detail."""
    one = what.removesuffix("s") if done == wanted == 1 else what
    over = f"{done} {one}" if done == wanted else f"{done} of {wanted} {what} so far"
    return f"{over}, {'in counts' if detail == 'counts' else 'event by event'}"


class Settling(Explorer):
    """Base of explorers that answer in counts.

    A subclass gives :meth:`known` and :meth:`answer`, and how a replication is run: either :meth:`prepare`, or
    :meth:`task` and :meth:`keep`, with ``shared`` set, by which worker processes help.

    Parameters
    ----------
    title, controls, told
        See :class:`~pixelsim.explore.base.Explorer`.
    replications
        Runs for each choice when the hand rests.
    """

    children: Any
    ahead = False
    """Whether there is something to show before the first run, which then waits for the hand to rest."""
    shared = False
    """Whether worker processes help with the runs, see :mod:`pixelsim.explore.workers`."""

    def __init__(self, title: str, controls: Mapping[str, Any], told: str, *, replications: int) -> None:
        self.replications = replications
        self.detail: Detail = "counts"
        self.run_events = widgets.Button(
            description="Run events",
            tooltip="Run the same choice event by event: slower, and nothing is approximate",
            layout=widgets.Layout(flex="0 0 auto"),
        )
        super().__init__(title, controls, told)
        self.run_events.on_click(self._on_run_events)
        # On a narrow screen the bar of progress goes below the button, which keeps its words.
        actions = widgets.HBox([self.run_events, self.work], layout=widgets.Layout(flex_flow="row wrap"))
        self.children = tuple(actions if part is self.work else part for part in self.children)

    # ---- what subclasses give ----------------------------------------------------------------------------------------

    def known(self) -> int:
        """Give how many runs of what the controls say are there already, in the present detail."""
        raise NotImplementedError

    def prepare(self, replication: int) -> None:
        """Run one replication of what the controls say, in the present detail, and keep it."""
        raise NotImplementedError

    def task(self) -> Callable[[Sequence[int]], Sequence[Any]]:
        """Give what runs replications of what the controls say: a function that other processes can import."""
        raise NotImplementedError

    def keep(self, replication: int, result: Any) -> None:
        """Keep what one replication came to; they come in any order."""
        raise NotImplementedError

    def left(self) -> list[int]:
        """Give the replications that are not there yet."""
        return list(range(self.known(), self.replications))

    def answer(self, done: int) -> None:
        """Show what so many runs say, all of which are there."""
        raise NotImplementedError

    # ---- what comes of it --------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Answer at once, and bring the other runs in when the hand rests."""
        self.detail = "counts"
        self._bring(REST)

    @guarded
    def _on_run_events(self, _button: object) -> None:
        self.stop()
        self.say("")
        self.detail = "events"
        self._bring(0.0)
        self.tell_code()

    def state(self) -> dict[str, Any]:
        """Give what is on the screen as plain data, the detail of its runs included."""
        return {**super().state(), "detail": self.detail}

    def load(self, state: Mapping[str, Any]) -> None:
        """Set the controls as they were saved; runs event by event come back if they are there, or else are asked for.

        Raises
        ------
        InputError, UnknownNameError
            See :meth:`Explorer.load`; also a detail that does not exist.
        """
        detail = str(state.get("detail", "counts"))
        check_detail(detail)
        super().load(state)
        if detail == "events":
            self.detail = "events"
            if self.known() >= self.replications:
                self._bring(0.0)
                self.tell_code()
            else:
                self.detail = "counts"
                self.say("This was saved event by event, and is shown in counts: press Run events to have it again.")

    def _bring(self, rest: float) -> None:
        if not self.known() and not self.ahead:
            self.prepare(0)
        done = min(self.known(), self.replications)
        self.answer(done)
        if done < self.replications:
            self.start(self._others(done), self.replications, done, rest)

    def _others(self, painted: int) -> Generator[int]:
        work = self._work()
        next(work)
        yield painted
        missing = len(self.left())
        begin = shown = time.monotonic()
        for _ in work:
            done, left, now = min(self.known(), self.replications), len(self.left()), time.monotonic()
            # What comes soon is waited for: a picture takes the time of several runs.
            ahead = (now - begin) / max(missing - left, 1) * left
            due = not left or (ahead >= SOON if not painted else now - shown >= REPAINT <= ahead)
            if due and done > painted:
                self.answer(done)
                painted, shown = done, time.monotonic()
            yield self.replications - left

    def _work(self) -> Iterator[None]:
        """Bring the runs in; the first step does no more than to let workers begin, if there are any."""
        if self.shared:
            with WORKERS.share(self.task(), self.left()) as together:
                together.begin()
                yield
                while together.left:
                    for replication, result in together.step():
                        self.keep(replication, result)
                    if WORKERS.loss:
                        self.say(WORKERS.loss)
                        WORKERS.loss = ""
                    yield
        else:
            share_room(1)
            yield
            for replication in self.left():
                self.prepare(replication)
                yield

    def stopped(self) -> None:
        """Show the runs that are done."""
        self.answer(min(self.known(), self.replications))
