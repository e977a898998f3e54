"""The explorer of permissions: a thin shell over :mod:`pixelsim.explore.asking`."""

from __future__ import annotations

from typing import Any

from pixelsim.explore.asking import QUESTIONS, ask, choices, told
from pixelsim.explore.base import WIDTH, Explorer
from pixelsim.explore.moving import quick_png
from pixelsim.explore.tables import html_table
from pixelsim.explore.toolkit import widgets
from pixelsim.sharing import Rulebook
from pixelsim.show.graph import access_graph_figure
from pixelsim.world.world import World

__all__ = ["Permissions"]

NOBODY = ""
"""Value of a choice that is left open."""


class Permissions(Explorer):
    """Asks who may do what on which pixel or ad account, and shows the answer with its rule and its repair.

    Parameters
    ----------
    world
        The state that is asked about.
    rulebook
        Unshare policy, settings and limits; the documented ones by default.
    """

    kind = "permissions"

    def __init__(self, world: World, rulebook: Rulebook | None = None) -> None:
        self.world, self.rulebook = world, rulebook
        controls: dict[str, Any] = {
            "what": widgets.Dropdown(options=list(QUESTIONS), description="may do", tooltip="what is to be done"),
            "who": widgets.Dropdown(description="who", tooltip="the person, ad account or token that is to do it"),
            "first": widgets.Dropdown(description="on", tooltip="the pixel or ad account that it is about"),
            "second": widgets.Dropdown(description="with", tooltip="the ad account or partner besides"),
            "active_bc": widgets.Dropdown(
                options=[("any of theirs", NOBODY), *choices(world, ("business_centers",))],
                description="from Business Center",
                tooltip="the Business Center that is open on the screen",
            ),
        }
        super().__init__("Who may do what", controls, "Who has access to what: Business Centers, pixels, ad accounts")
        self.paint(quick_png(access_graph_figure(world, WIDTH)))
        self.update()

    def arrange(self) -> None:
        """Offer what the verb can be asked about, and keep the choices that still fit."""
        question = QUESTIONS[str(self.controls["what"].value)]
        self._offer("who", choices(self.world, question.who))
        self._offer("first", choices(self.world, (question.first,)))
        second = choices(self.world, (question.second,)) if question.second else []
        self._offer("second", second if question.needs_second else [("any", NOBODY), *second])
        self.controls["second"].layout.display = "" if question.second else "none"

    def _offer(self, name: str, options: list[tuple[str, str]]) -> None:
        control = self.controls[name]
        if list(control.options) != options:
            before, values = control.value, [value for _, value in options]
            control.options = options
            control.value = before if before in values else values[0] if values else None

    def _chosen(self) -> dict[str, str | None]:
        return {name: control.value or None for name, control in self.controls.items()}

    def refresh(self) -> None:
        """Ask, and show the answer."""
        chosen = self._chosen()
        what, who, first = chosen["what"], chosen["who"], chosen["first"]
        if what is None or who is None or first is None:
            self.table.value = html_table(["", ""], [("Answer", "there is nobody or nothing to ask about")])
            return
        decision = ask(
            self.world, who, what, first, chosen["second"], active_bc=chosen["active_bc"], rulebook=self.rulebook
        )
        self.table.value = html_table(["", ""], told(self.world, decision))

    def as_code(self) -> str:
        """Give the call that brings the same answer; ``world`` is the state that is asked about."""
        chosen = self._chosen()
        known = QUESTIONS[str(chosen["what"])].second is not None and chosen["second"] is not None
        on = (chosen["first"], chosen["second"]) if known else chosen["first"]
        more = "" if chosen["active_bc"] is None else f", active_bc={chosen['active_bc']!r}"
        more += "" if self.rulebook is None else ", rulebook=rulebook"
        call = f"explain(world, {chosen['who']!r}, {chosen['what']!r}, {on!r}{more})"
        return f"from pixelsim.sharing import explain\n\nprint({call})"
