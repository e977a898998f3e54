"""Where the values of a calibrated scenario come from, and how uncertain each is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from pixelsim.exchange.estimates import Estimate, shown
from pixelsim.exchange.report import MISMATCH
from pixelsim.scenario.base import Source, SourceKind, Spread
from pixelsim.scenario.scenario import Scenario
from pixelsim.scenario.traffic import AdDelivery, SiteTraffic

__all__ = ["Origins", "Spreads", "is_marked", "logit_spread", "relative", "shape_fields"]

Spreads = Mapping[str, float | tuple[float, ...]]
"""Standard errors by cause, on the scale of the value."""


def relative(found: Estimate) -> float:
    """Give the relative standard error of an estimate; 0 where it is unknown."""
    return found.sd / abs(found.value) if found.value and math.isfinite(found.sd) else 0.0


def logit_spread(share: float, spread: Mapping[str, float]) -> dict[str, float]:
    """Turn relative errors of a share into errors of its logit."""
    return {cause: error / (1 - share) for cause, error in spread.items()} if 0 < share < 1 else {}


def is_marked(scenario: Scenario) -> bool:
    """Say whether a scenario rests on a file whose totals differ from its rows, which its user accepted."""
    return any(MISMATCH in source.text for source in scenario.sources.values())


@dataclass
class Origins:
    """Collects the source of each value while a scenario is fitted.

    Parameters
    ----------
    marked
        A file's totals differ and the caller accepted it: every value from the files says so.
    """

    marked: bool = False
    sources: dict[str, Source] = field(default_factory=dict)

    def from_file(
        self,
        path: str,
        found: Estimate,
        *,
        more: str = "",
        spread: Spreads | None = None,
        scale: Literal["ln", "logit", "plain"] = "ln",
    ) -> None:
        """Note a value that an estimate gives, with its interval."""
        interval = ""
        if math.isfinite(found.low) and found.low < found.high:
            name = found.name.replace("_", " ")
            interval = f"; {name} {shown(found.value)}, 95 % {shown(found.low)} to {shown(found.high)}"
        self.told(path, f"{found.source}{interval}{more}", found.rows, spread=spread, scale=scale)

    def told(
        self,
        path: str,
        text: str,
        rows: int,
        *,
        spread: Spreads | None = None,
        scale: Literal["ln", "logit", "plain"] = "ln",
    ) -> None:
        """Note a value from the files, in words."""
        text = f"{text}; {MISMATCH}" if self.marked else text
        self._put(path, SourceKind.FILE, text, rows, spread=spread, scale=scale)

    def assumed(
        self, path: str, text: str, *, spread: Spreads | None = None, scale: Literal["ln", "logit", "plain"] = "ln"
    ) -> None:
        """Note a value that no file tells."""
        self._put(path, SourceKind.ASSUMPTION, text, None, spread=spread, scale=scale)

    def given(self, path: str) -> None:
        """Note a value that the user gave."""
        self._put(path, SourceKind.GIVEN, "given by the user", None, spread=None, scale="ln")

    def _put(
        self,
        path: str,
        kind: SourceKind,
        text: str,
        rows: int | None,
        *,
        spread: Spreads | None,
        scale: Literal["ln", "logit", "plain"],
    ) -> None:
        causes = tuple(
            Spread(cause=cause, error=rounded)
            for cause, error in (spread or {}).items()
            if np.any(np.asarray(rounded := _rounded(error)))
        )
        self.sources[path] = Source(kind=kind, text=text, rows=rows, spread=causes, scale=scale if causes else "ln")


def shape_fields(
    origins: Origins,
    path: str,
    whose: str,
    model: type[AdDelivery | SiteTraffic],
    *,
    hours: tuple[Estimate, ...] | None,
    weekdays: tuple[Estimate, ...] | None,
    week: tuple[Estimate, ...] | None,
) -> dict[str, tuple[float, ...] | None]:
    """Give the fields of the shapes that files tell, with their sources; a week by the hour takes the others' place.

    Parameters
    ----------
    origins, path
        Where sources are noted, and the path of what has the shapes.
    whose
        Whose shapes they are, for the causes of their uncertainty.
    model
        Class of what has the shapes, for its defaults.
    hours, weekdays, week
        Shapes of 24, 7 and 168 numbers; None where no file tells.
    """
    if week is not None and weekdays is not None:
        # A weekday as a whole and its hours are uncertain apart.
        daily = tuple(relative(part) for part in weekdays)
        own = np.sqrt(np.maximum(0.0, np.array([relative(p) for p in week]) ** 2 - np.repeat(daily, 24) ** 2))
        spread = {f"weekdays of {whose}": daily, f"hours of the week of {whose}": tuple(own.tolist())}
        origins.told(f"{path}.hours_of_week", week[0].source, week[0].rows, spread=spread)
        rest = {name: model.model_fields[name].default for name in ("hours", "weekdays")}
        # Four digits of 168 numbers are more than is known of them, and can still be read in a file.
        return rest | {"hours_of_week": tuple(float(f"{part.value:.4g}") for part in week)}
    made: dict[str, tuple[float, ...] | None] = {}
    for name, shape in (("weekdays", weekdays), ("hours", hours)):
        if shape is not None:
            # A week by the hour of the scenario's own would take the place of what the files tell.
            made |= {name: tuple(part.value for part in shape), "hours_of_week": None}
            origins.told(
                f"{path}.{name}",
                shape[0].source,
                shape[0].rows,
                spread={f"{name} of {whose}": tuple(relative(part) for part in shape)},
            )
    return made


def _rounded(error: float | tuple[float, ...]) -> float | tuple[float, ...]:
    """Round an error to four digits, which is more than is known of it."""
    if isinstance(error, tuple):
        return tuple(float(f"{e:.4g}") for e in error)
    return float(f"{error:.4g}")
