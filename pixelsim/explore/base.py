"""What all explorers share: controls, a message, a picture, a table, the same as Python code, and long work that stops.

An explorer is a widget that also tells its picture and table as plain HTML, so that a notebook that is saved, opened
again or exported still shows them. Results are put into image and HTML widgets, never into captured output.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import time
from collections.abc import Generator, Iterator, Mapping
from html import escape
from typing import Any, Self

from pixelsim.base.errors import InputError, PixelsimError, UnknownNameError
from pixelsim.explore.guarding import Guard, guarded
from pixelsim.explore.keys import EXPLORER_CLASS, keys_kept
from pixelsim.explore.toolkit import widgets
from pixelsim.explore.undisturbed import QUIET, Quiet, tidied, undisturbed, undisturbed_steps
from pixelsim.show.picture import LEGIBLE, picture_html

__all__ = ["STYLE", "WIDTH", "Explorer"]

WIDTH = 8.0
"""Inches of an explorer's picture, a hundred CSS pixels each."""
STYLE = (
    "<style>.pixelsim{line-height:1.4}.pixelsim ul{margin:2px 0}"
    # A table widget as wide as its page, so that each table in it scrolls and not all of them together.
    ".pixelsim-told>.widget-html-content{flex:1;min-width:0}"
    ".pixelsim table{border-collapse:collapse;font-size:13px}"
    ".pixelsim table th,.pixelsim table td{padding:2px 10px 2px 0;text-align:left;vertical-align:top;"
    "border-bottom:1px solid #9995}.pixelsim table .number{text-align:right;font-variant-numeric:tabular-nums}"
    ".pixelsim .missing{font-style:italic;opacity:.75}.pixelsim pre{user-select:all;white-space:pre-wrap;"
    "border:1px solid #9995;padding:6px 8px;margin:4px 0}</style>"
)
_BREATH = 0.001
"""Seconds that long work leaves to the page after each part, in which clicks and keys are taken."""
_LULL = 0.06
"""Seconds after an answer in which the next key comes where keys follow each other; others begin after them."""
_TICK = 0.25
"""Seconds between two steps of the bar of progress: every step goes through server and page."""


class Explorer(widgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """Base of all explorers.

    A subclass gives :meth:`refresh`, which shows what the controls say, and :meth:`as_code`.

    Parameters
    ----------
    title
        What it explores.
    controls
        Widgets with a value, by the name under which :meth:`state` saves it.
    told
        What the picture shows, for those who cannot see it.
    """

    kind = ""
    """Name under which a saved state tells what it belongs to."""

    def __init__(self, title: str, controls: Mapping[str, Any], told: str) -> None:
        self.title, self.controls = title, dict(controls)
        self.failures: list[Exception] = []
        self._task: asyncio.Task[None] | None = None
        self._idle: Quiet | None = None
        self._parts_done, self._chosen_at = 0, 0.0
        self.moved: tuple[str, Any] = ("", None)  # the control that was moved last, by name, and from which value
        for control in self.controls.values():
            control.style.description_width = "initial"
            # A control has a margin of 2 px on each side.
            control.layout.width = "min(calc(100% - 4px), 34em)"
        self.heading = widgets.HTML(f"{STYLE}<b>{escape(title)}</b>")
        self.message = widgets.HTML()
        # An image widget knows no text of its own, and one with a tooltip is not shown at all (ipywidgets 8.1).
        self.told = told
        self.picture = widgets.Image(format="png")
        self.caption = widgets.HTML(f'<div style="opacity:.75;font-size:12px">{escape(told)}</div>')
        self.picture.layout = widgets.Layout(width="100%", max_width=f"{WIDTH * 100:.0f}px")
        self.picture.layout.min_width = f"{LEGIBLE}px"
        self.frame = widgets.Box([self.picture], layout=widgets.Layout(overflow="auto"))
        self.table = widgets.HTML()
        self.table.add_class("pixelsim-told")
        self.progress = widgets.IntProgress(min=0, max=1, description="runs", tooltip="runs that are done")
        self.cancel = widgets.Button(description="Cancel", tooltip="Stop the runs; what is done is kept")
        self.cancel.on_click(self._on_cancel)
        self.work = widgets.HBox([self.progress, self.cancel])
        self.work.layout.visibility = "hidden"
        self.show_code = widgets.ToggleButton(
            value=False, description="Show as code", tooltip="The Python code that gives what is on the screen"
        )
        self.code = widgets.HTML()
        self.code.layout.display = "none"
        self.show_code.observe(self._on_show_code, names="value")
        parts = [self.heading, *self.controls.values(), self.work, self.message, self.frame]
        parts += [self.caption, self.table, self.show_code, self.code]
        super().__init__([*parts, keys_kept()])
        self.add_class(EXPLORER_CLASS)
        for control in self.controls.values():
            control.observe(self._on_control, names="value")

    # ---- what subclasses give ----------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Show what the controls say."""
        raise NotImplementedError

    def as_code(self) -> str:
        """Give the Python code that gives what is on the screen."""
        raise NotImplementedError

    def foresee(self) -> None:
        """Prepare what the next step of a slider would need, while the hand is waited for."""

    def expect(self) -> Iterator[None]:
        """Prepare step by step what the next choices may need, once nothing goes on."""
        yield from ()

    def arrange(self) -> None:
        """Fit the choices of controls to the values of others; called whenever a value is set."""

    def fingerprint(self) -> dict[str, Any]:
        """Give what a saved state must agree with, such as the scenario's hash."""
        return {}

    # ---- what they use -----------------------------------------------------------------------------------------------

    @property
    def reraises(self) -> bool:
        """Whether failures are let through: where pytest runs, also in the kernels that it started."""
        return "PYTEST_VERSION" in os.environ or "PYTEST_CURRENT_TEST" in os.environ

    def say(self, text: str) -> None:
        """Show one line; screen readers read it out."""
        self.message.value = f'<div role="status" aria-live="polite">{escape(text)}</div>' if text else ""

    def failed(self, error: Exception) -> None:
        """Show a failure in one line, and keep it."""
        self.failures.append(error)
        line = str(error).strip().partition("\n")[0]
        if not isinstance(error, PixelsimError):
            line = f"Something went wrong inside pixelsim, {type(error).__name__}: {line}"
        self.message.value = f'<div role="alert" style="color:#b32d00">{escape(line)}</div>'

    def paint(self, png: bytes) -> None:
        """Show a picture."""
        self.picture.value = png

    @guarded
    def update(self) -> None:
        """Show what the controls say, and the code for it."""
        self._chosen_at = time.monotonic()
        self.stop()
        self.say("")
        with self._quiet():
            self.arrange()
        with undisturbed():
            self.refresh()
        self.tell_code()
        if not self.working:
            with contextlib.suppress(RuntimeError):  # outside of a loop nobody waits for anything
                self._idle = Quiet(asyncio.get_running_loop(), self._expected(), _BREATH)

    def tell_code(self) -> None:
        """Give the code for what is on the screen."""
        code = escape(self.as_code())
        self.code.value = f'<div class="pixelsim"><pre tabindex="0" title="click, then copy">{code}</pre></div>'

    def _on_control(self, change: Mapping[str, Any]) -> None:
        self.moved = next(name for name, control in self.controls.items() if control is change["owner"]), change["old"]
        self.update()

    def _on_show_code(self, change: Mapping[str, Any]) -> None:
        self.code.layout.display = "" if change["new"] else "none"

    # ---- long work ---------------------------------------------------------------------------------------------------

    def start(self, work: Generator[int], parts: int, done: int = 0, rest: float = 0.0) -> None:
        """Do long work part by part, so that the page stays alive and Cancel stops it.

        In a notebook it goes on after the cell has ended; elsewhere it is done at once.

        Parameters
        ----------
        work
            Does a part with each step, and gives how many are done; closed when it is stopped. The first step comes
            before the rest is over, and does no more than to let others begin.
        parts
            How many parts there are.
        done
            How many of them are done already.
        rest
            Seconds from the choice to the first part, in which another choice may take its place.
        """
        self.stop()
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            for _ in undisturbed_steps(work):
                pass
            return
        self.progress.max = max(1, parts)
        self.progress.value = self._parts_done = done
        self.work.layout.visibility = "hidden" if rest else "visible"
        self._task = loop.create_task(self._drive(work, rest))

    async def _drive(self, work: Generator[int], rest: float) -> None:
        loop = asyncio.get_running_loop()
        # The rest counts from the choice: whoever waits for the answer moves on no sooner.
        begin = loop.time()
        until = max(self._chosen_at + rest, begin + min(_LULL, rest))
        try:
            with Guard(self), contextlib.closing(work):
                if rest:
                    # What is on the screen goes out first.
                    await asyncio.sleep(_BREATH)
                    with Guard(self), undisturbed():
                        self.foresee()
                    await asyncio.sleep(max(begin + min(_LULL, rest) - loop.time(), 0.0))
                self._parts_done = next(work, self._parts_done)
                await asyncio.sleep(max(until - loop.time(), 0.0))
                self.work.layout.visibility = "visible"
                shown = loop.time()
                for self._parts_done in undisturbed_steps(work):
                    if self._parts_done == self.progress.max or loop.time() >= shown + _TICK:
                        self.progress.value, shown = self._parts_done, loop.time()
                    await asyncio.sleep(_BREATH)
                self._idle = Quiet(loop, itertools.chain(self._expected(), tidied()), QUIET)
        finally:
            if self._task is asyncio.current_task():
                self.work.layout.visibility = "hidden"

    def _expected(self) -> Iterator[None]:
        with Guard(self):
            yield from undisturbed_steps(self.expect())

    @property
    def working(self) -> bool:
        """Whether long work is going on."""
        return self._task is not None and not self._task.done()

    def stop(self) -> None:
        """Stop long work, if any; what is done of it stays on the screen."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
        if self._idle is not None:
            self._idle.cancel()
        self._task = self._idle = None
        self.work.layout.visibility = "hidden"

    def stopped(self) -> None:
        """Show what is done of long work that was cancelled."""

    @guarded
    def _on_cancel(self, _button: object) -> None:
        if self.working:
            done, parts = self._parts_done, self.progress.max
            self.progress.value = done
            self.stop()
            self.stopped()
            self.say(f"Stopped after {done} of {parts} runs.")

    async def finished(self) -> Self:
        """Wait until long work is done, and give the explorer; await it before results are shown or checked."""
        while self._task is not None and not self._task.done():
            await asyncio.wait([self._task])
        if self._task is not None and not self._task.cancelled():
            self._task.result()
        return self

    # ---- state -------------------------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """Give what is on the screen as plain data, for :meth:`load`."""
        values = {name: control.value for name, control in self.controls.items()}
        return {"explorer": self.kind, **self.fingerprint(), "controls": values}

    def load(self, state: Mapping[str, Any]) -> None:
        """Set the controls as they were saved, all or none of them.

        Raises
        ------
        InputError
            The state belongs to another explorer or scenario, or a value is none that the control takes.
        UnknownNameError
            It names a control that does not exist.
        """
        for key, value in {"explorer": self.kind, **self.fingerprint()}.items():
            if state.get(key) != value:
                raise InputError.single(
                    "state", field=key, value=state.get(key), rule=f"{value}", remedy="load it where it was saved"
                )
        values = dict(state.get("controls", {}))
        for name in values:
            if name not in self.controls:
                raise UnknownNameError("control", name, list(self.controls))
        before = {name: control.value for name, control in self.controls.items()}
        self._set({**before, **values})
        taken = {name: self.controls[name].value for name in values}
        wrong = next((name for name, value in values.items() if taken[name] != value), None)
        if wrong is not None:
            self._set(before)
            raise InputError.single(
                "state",
                field=wrong,
                value=values[wrong],
                rule="a value that the control takes",
                remedy="choose another",
            )
        self.update()

    def _set(self, values: Mapping[str, Any]) -> None:
        """Set controls without showing what is between the first and the last of them."""
        with self._quiet():
            for name, control in self.controls.items():
                # A control that does not know a value keeps its own, which load() then finds out.
                if name in values and _takes(control, values[name]):
                    control.value = values[name]
                self.arrange()

    @contextlib.contextmanager
    def _quiet(self) -> Iterator[None]:
        """Change controls inside the block without an answer to each change."""
        for control in self.controls.values():
            control.unobserve(self._on_control, names="value")
        try:
            yield
        finally:
            for control in self.controls.values():
                control.observe(self._on_control, names="value")

    # ---- what is kept in a saved notebook ----------------------------------------------------------------------------

    def static_html(self) -> str:
        """Give what is on the screen as plain HTML: controls as words, picture and table."""
        controls = "".join(
            f"<li>{escape(str(control.description))}: {escape(str(_shown(control)))}</li>"
            for control in self._offered().values()
        )
        picture = ""
        if self.picture.value:
            picture = picture_html(self.picture.value, round(WIDTH * 100), self.told)
        return f"{STYLE}<div><b>{escape(self.title)}</b><ul>{controls}</ul>{picture}{self.table.value}</div>"

    def _offered(self) -> dict[str, Any]:
        """Give the controls that are not hidden."""
        return {name: control for name, control in self.controls.items() if control.layout.display != "none"}

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        bundle = super()._repr_mimebundle_(**kwargs)
        values = ", ".join(f"{name}={_shown(control)}" for name, control in self._offered().items())
        return {**bundle, "text/plain": f"{self.title}: {values}", "text/html": self.static_html()}


def _shown(control: Any) -> object:
    """Give a control's value in words: the label where it has one."""
    label = getattr(control, "label", None)
    return control.value if label is None else label


def _takes(control: Any, value: object) -> bool:
    """Whether a control knows a value: one of its options, or a whole number between its ends."""
    if hasattr(control, "options"):
        return value in [option[1] if isinstance(option, tuple) else option for option in control.options]
    return isinstance(value, int) and not isinstance(value, bool) and control.min <= value <= control.max
